//! Lets AWS drive: the target-tracking policy on the backlog per instance that this program publishes.
//!
//! It is planned, applied and removed by the command line alone; the daemon knows nothing of it.

mod plan;
mod present;
mod wanted;
mod words;

pub use plan::{Plan, Step};
pub use wanted::{Options, Unsuited};
pub use words::{applied, at_length};

use crate::assemble::{self, Sessions, Unfit, policy, sessions};
use crate::aws::{self, Patience};
use crate::clock::Clock;
use crate::model::Cause;
use crate::settings::{Scaler, Settings};
use crate::store::StateFile;
use crate::target::scaling::{ByGroup, Scaling};
use present::{Own, Present};
use wanted::{Wanted, published_by};

#[cfg(test)]
mod tests;

/// Why a policy is not planned, applied or removed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// No scaler has this name.
    #[error(transparent)]
    Unknown(#[from] crate::settings::NoScaler),
    /// No policy can be made of its settings.
    #[error("scaler {scaler:?}: {}", listed(.why))]
    Unsuited {
        /// The scaler.
        scaler: String,
        /// All that stands against it.
        why: Vec<Unsuited>,
    },
    /// The daemon drives the group.
    #[error("{0}")]
    Driven(String),
    /// The settings do not fit the environment.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The group is not as it would have to be.
    #[error("nothing was changed: {}", listed(.0))]
    InTheWay(Vec<String>),
    /// A call failed.
    #[error("{what}: {failure}{}", if *.unsure { "; it may have been done all the same: `backlogd policy plan` tells" } else { "" })]
    Aws {
        /// What it was about.
        what: String,
        /// The failure.
        failure: aws::Failure,
        /// Whether it was a write that may have been done.
        unsure: bool,
    },
}

impl Failure {
    /// Whether it is for the settings to mend.
    #[must_use]
    pub const fn is_of_settings(&self) -> bool {
        matches!(self, Self::Unsuited { .. } | Self::Driven(_) | Self::Unfit(_))
    }

    /// Whether no answer came from AWS.
    #[must_use]
    pub const fn is_unreachable(&self) -> bool {
        matches!(
            self,
            Self::Aws { failure: aws::Failure { cause: Cause::Timeout | Cause::Unreachable, .. }, .. }
        )
    }
}

/// What became of a removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    /// It is gone, and its alarms with it.
    Gone,
    /// There was none.
    Absent,
}

/// What `apply` would do for `scaler`. Writes nothing.
pub async fn plan(settings: &Settings, scaler: &str, options: Options) -> Result<Plan, Failure> {
    let scaler = settings.scaler(scaler)?;
    let wanted = wanted(settings, scaler, options)?;
    let sessions = sessions(settings, Patience::LONGEST).await?;
    let present = look(&groups(&sessions, scaler)?, scaler).await?;
    Ok(Plan::new(scaler, &assemble::drivers(settings, &sessions, scaler), wanted, &present))
}

/// Makes the policy of `scaler`, or brings it to what it should be: what was done, and the alarms that AWS
/// made for it.
pub async fn apply(
    settings: &Settings,
    scaler: &str,
    options: Options,
) -> Result<(Plan, Vec<String>), Failure> {
    let scaler = settings.scaler(scaler)?;
    let sessions = sessions(settings, Patience::LONGEST).await?;
    let drivers = assemble::drivers(settings, &sessions, scaler);
    if let Some(driver) = drivers.first() {
        return Err(Failure::Driven(words::driven(driver, &scaler.group)));
    }
    let wanted = wanted(settings, scaler, options)?;
    let groups = groups(&sessions, scaler)?;
    let plan = Plan::new(scaler, &drivers, wanted, &look(&groups, scaler).await?);
    if !plan.obstacles.is_empty() {
        return Err(Failure::InTheWay(plan.obstacles));
    }
    let alarms = match plan.step {
        Step::Make | Step::Change(_) => {
            let put = groups.put(&scaler.group, &plan.wanted.name, &plan.wanted.tracking).await;
            put.map_err(|failure| unwritten(&plan.wanted.name, &scaler.group, failure))?
        }
        Step::Keep | Step::Nothing => Vec::new(),
    };
    Ok((plan, alarms))
}

/// Deletes the policy of `scaler`, and none that is somebody else's.
pub async fn remove(settings: &Settings, scaler: &str) -> Result<Removed, Failure> {
    let scaler = settings.scaler(scaler)?;
    let unpublished = || unsuited(scaler, vec![Unsuited::Unpublished]);
    let series = published_by(scaler).ok_or_else(unpublished)?;
    let name = Wanted::name_for(&scaler.name);
    let groups = groups(&sessions(settings, Patience::LONGEST).await?, scaler)?;
    match look(&groups, scaler).await?.own(&name, &series) {
        Own::Absent => Ok(Removed::Absent),
        Own::Foreign(policy) => Err(Failure::InTheWay(vec![words::foreign(policy, &scaler.group, &series)])),
        Own::Ours(..) => {
            let deleted = groups.delete(&scaler.group, &name).await;
            deleted.map_err(|failure| unwritten(&name, &scaler.group, failure))?;
            Ok(Removed::Gone)
        }
    }
}

/// What became of the policy of `scaler`.
#[must_use]
pub fn removed(scaler: &str, removed: Removed) -> String {
    let name = Wanted::name_for(scaler);
    match removed {
        Removed::Gone => format!("removed policy {name}, and with it its alarms"),
        Removed::Absent => format!("there is no policy {name}; nothing was changed"),
    }
}

/// The policy by the settings and by what the daemon has learnt, of which its state is only looked at.
fn wanted(settings: &Settings, scaler: &Scaler, options: Options) -> Result<Wanted, Failure> {
    let now = Clock::start().now();
    let estimate = policy(&scaler.policy).learning().and_then(|learning| {
        StateFile::peek(&settings.state_dir, &scaler.name, now).estimate(learning, now.steady)
    });
    Wanted::of(scaler, estimate.as_ref(), options).map_err(|why| unsuited(scaler, why))
}

/// Where the group of `scaler` is; `sessions` has one for each place of the settings.
fn groups(sessions: &Sessions, scaler: &Scaler) -> Result<Scaling, Failure> {
    let session = sessions.get(&scaler.place);
    let none = || Unfit::NoRegion { scaler: scaler.name.clone(), source: aws::NoRegion };
    Ok(Scaling::of(session.ok_or_else(none)?))
}

/// The group of `scaler`, and all that changes its size.
async fn look(groups: &Scaling, scaler: &Scaler) -> Result<Present, Failure> {
    let present = present(groups, &scaler.group).await;
    let what = format!("group {}", scaler.group);
    present.map_err(|failure| Failure::Aws { what, failure, unsure: false })
}

/// Scheduled actions are a permission of their own, without which they are not seen.
async fn present(groups: &Scaling, name: &str) -> Result<Present, aws::Failure> {
    let names = [name.to_owned()];
    let group = only(groups.read(&names).await)?;
    let policies = only(groups.policies(&names).await)?;
    let (scheduled, blind) = match only(groups.scheduled(&names).await) {
        Ok(scheduled) => (scheduled, None),
        Err(failure) if failure.cause == Cause::Denied => (Vec::new(), Some(failure.to_string())),
        Err(failure) => return Err(failure),
    };
    Ok(Present { region: groups.region().to_owned(), group, policies, scheduled, blind })
}

/// What was read of the one group that was asked for.
fn only<T>(read: ByGroup<T>) -> Result<T, aws::Failure> {
    read.into_values().next().unwrap_or_else(|| Err(aws::Failure::malformed("", "nobody asked")))
}

fn unwritten(policy: &str, group: &str, failure: aws::Failure) -> Failure {
    let unsure = !failure.is_refusal();
    Failure::Aws { what: format!("policy {policy} of group {group}"), failure, unsure }
}

fn unsuited(scaler: &Scaler, why: Vec<Unsuited>) -> Failure {
    Failure::Unsuited { scaler: scaler.name.clone(), why }
}

fn listed(why: &[impl ToString]) -> String {
    let sentences: Vec<String> = why.iter().map(ToString::to_string).collect();
    sentences.join("\n  and ")
}
