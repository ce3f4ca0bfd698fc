//! What only shows when all scalers of all files are seen together.

use super::reader::At;
use crate::aws::Place;
use crate::publish::{Destination, Metric};
use std::collections::BTreeSet;

/// What a scaler claims for itself alone, as far as it could be read.
#[derive(Debug)]
pub(super) struct Claims<'a> {
    /// Where its calls go.
    pub(super) place: Place,
    /// Its name.
    pub(super) name: Option<At<'a, String>>,
    /// The group it drives, if it drives one.
    pub(super) drives: Option<At<'a, String>>,
    /// Where it publishes.
    pub(super) publishes: Option<At<'a, Destination>>,
}

/// Notes every claim made twice, at its second place, with the first.
pub(super) fn check(claims: &[Claims<'_>]) {
    let mut earlier: Vec<&Claims<'_>> = Vec::new();
    for later in claims {
        names(&earlier, later);
        groups(&earlier, later);
        metrics(&earlier, later);
        earlier.push(later);
    }
}

fn names(earlier: &[&Claims<'_>], later: &Claims<'_>) {
    let Some(name) = &later.name else { return };
    let mut others = earlier.iter().filter_map(|claims| claims.name.as_ref());
    if let Some(first) = others.find(|other| other.value == name.value) {
        let mistake = name.here.mistake("is another scaler's too", "each name once");
        name.here.note(mistake.and(&first.here.at, "first here"));
    }
}

fn groups(earlier: &[&Claims<'_>], later: &Claims<'_>) {
    let Some(group) = &later.drives else { return };
    let mut others = earlier
        .iter()
        .filter(|claims| claims.place == later.place)
        .filter_map(|claims| claims.drives.as_ref());
    if let Some(first) = others.find(|other| other.value == group.value) {
        let says = format!("{:?} is driven by another scaler too", group.value);
        let mistake = group.here.mistake(says, "driven here as well");
        let help =
            "two would undo each other's changes: give one scaler both queues, or drive = false to one";
        group.here.note(mistake.and(&first.here.at, "driven here").help(help));
    }
}

fn metrics(earlier: &[&Claims<'_>], later: &Claims<'_>) {
    let Some(publish) = &later.publishes else { return };
    let mut own = BTreeSet::new();
    let repeated = series(&publish.value).into_iter().find(|each| !own.insert(each.clone()));
    if let Some(series) = repeated {
        let label = format!("two metrics would be called {}", series.1);
        publish.here.note(publish.here.mistake("publishes two metrics under one name", label));
    }
    for other in earlier.iter().filter(|claims| claims.place == later.place) {
        let Some(first) = &other.publishes else { continue };
        let taken = series(&first.value).into_iter().find(|each| own.contains(each));
        if let Some((namespace, name, _)) = taken {
            let says = format!("publishes {namespace}/{name} with the dimensions of another scaler's");
            let mistake = publish.here.mistake(says, "the two would be mixed up");
            return publish.here.note(mistake.and(&first.here.at, "the other"));
        }
    }
}

/// A metric as `CloudWatch` tells it from others.
type Series<'a> = (&'a str, &'a str, BTreeSet<&'a (String, String)>);

fn series(to: &Destination) -> Vec<Series<'_>> {
    let dimensions: BTreeSet<_> = to.dimensions.iter().collect();
    let published = Metric::ALL.iter().filter(|(metric, ..)| to.metrics.contains(metric));
    let named = |(metric, _, name): &(Metric, &'static str, &'static str)| {
        let renamed = *metric == Metric::BacklogPerInstance;
        let name = if renamed { to.metric_name.as_str() } else { *name };
        (to.namespace.as_str(), name, dimensions.clone())
    };
    published.map(named).collect()
}
