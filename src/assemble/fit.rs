//! What settings cannot tell by themselves: whether they fit where they are used.

use crate::aws::{NoRegion, Patience, Place, Role, Session, open};
use crate::settings::{QueueSource, Scaler, Settings};
use std::collections::HashMap;

/// Settings that are sound in themselves, but not here.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// No region is named anywhere.
    #[error("scaler {scaler:?}: {source}")]
    NoRegion {
        /// The scaler that needs one.
        scaler: String,
        /// The complaint.
        source: NoRegion,
    },
    /// A queue lives elsewhere.
    #[error(
        "scaler {scaler:?}: queue {queue} is in region {region}, but its calls go to {session}; set `aws = {{ region = {region:?} }}` for this scaler"
    )]
    OtherRegion {
        /// The scaler.
        scaler: String,
        /// The queue's name.
        queue: String,
        /// The region its URL or ARN names.
        region: String,
        /// The region the scaler's calls go to.
        session: String,
    },
    /// One group would be driven twice.
    #[error(
        "scalers {first:?} and {second:?} both drive group {group} in {region}: they would pull against each other; set `drive = false` for one"
    )]
    TwoDrivers {
        /// The scaler that came first in the settings.
        first: String,
        /// The other.
        second: String,
        /// The group's name.
        group: String,
        /// The region in which both look for it.
        region: String,
    },
}

/// A session for each place of the settings.
pub type Sessions = HashMap<Place, Session>;

/// A session for each place of `settings`, if these fit the environment, in which calls may take so long.
/// Calls nothing but, where no region is named, the instance metadata service.
pub async fn sessions(settings: &Settings, patience: Patience) -> Result<Sessions, Unfit> {
    let mut sessions = Sessions::new();
    let mut driven = HashMap::new();
    for scaler in &settings.scalers {
        let session = match sessions.get(&scaler.place) {
            Some(session) => session.clone(),
            None => session(scaler, &scaler.place, patience).await?,
        };
        check_regions(scaler, &session)?;
        check_drivers(scaler, &session, &mut driven)?;
        sessions.insert(scaler.place.clone(), session);
    }
    Ok(sessions)
}

/// The scalers of `settings` that drive the group of `scaler`, itself among them; `sessions` are those of
/// the settings.
#[must_use]
pub fn drivers<'s>(settings: &'s Settings, sessions: &Sessions, scaler: &Scaler) -> Vec<&'s str> {
    let at = |scaler: &Scaler| Some(whereabouts(scaler, sessions.get(&scaler.place)?));
    let driving = settings.scalers.iter().filter(|other| other.drive && at(other) == at(scaler));
    driving.map(|other| other.name.as_str()).collect()
}

/// Opens a place that `scaler` needs.
pub(super) async fn session(scaler: &Scaler, place: &Place, patience: Patience) -> Result<Session, Unfit> {
    let session = open(place, patience).await;
    session.map_err(|source| Unfit::NoRegion { scaler: scaler.name.clone(), source })
}

/// Where a group is: region, endpoint, and the role with which it is looked for.
pub(super) type Whereabouts = (String, Option<String>, Option<Role>, String);

fn whereabouts(scaler: &Scaler, session: &Session) -> Whereabouts {
    let Place { endpoint_url, assume_role, .. } = scaler.place.clone();
    (session.region.clone(), endpoint_url, assume_role, scaler.group.clone())
}

/// The settings could not check this where the region comes from the environment.
pub(super) fn check_regions(scaler: &Scaler, session: &Session) -> Result<(), Unfit> {
    for QueueSource { address, .. } in &scaler.sources {
        if let Some(region) = address.region.as_ref().filter(|region| **region != session.region) {
            return Err(Unfit::OtherRegion {
                scaler: scaler.name.clone(),
                queue: address.name.clone(),
                region: region.clone(),
                session: session.region.clone(),
            });
        }
    }
    Ok(())
}

/// Nor could they this, where one scaler names the region and the other leaves it to the environment.
pub(super) fn check_drivers(
    scaler: &Scaler,
    session: &Session,
    driven: &mut HashMap<Whereabouts, String>,
) -> Result<(), Unfit> {
    if !scaler.drive {
        return Ok(());
    }
    match driven.insert(whereabouts(scaler, session), scaler.name.clone()) {
        Some(first) => Err(Unfit::TwoDrivers {
            first,
            second: scaler.name.clone(),
            group: scaler.group.clone(),
            region: session.region.clone(),
        }),
        None => Ok(()),
    }
}
