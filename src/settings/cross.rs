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
    let named = |metric: &Metric| (to.namespace.as_str(), to.name_of(*metric), dimensions.clone());
    to.metrics.iter().map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{accepted, refused, scaler, titles};

    #[test]
    fn a_name_given_twice_is_shown_at_both_places_across_files() {
        let expected = "\
error: scaler \"images\": name is another scaler's too
 --> conf.d/1.toml:5:8
  |
5 | name = \"images\"
  |        ^^^^^^^^ each name once
  |
 ::: main.toml:2:8
  |
2 | name = \"images\"
  |        -------- first here";
        assert_eq!(refused(&[&scaler(""), &scaler("name = \"images\"")]), expected);
        let twice = scaler("") + &scaler("");
        assert!(refused(&[&twice]).contains("main.toml:7:8"));
    }

    #[test]
    fn a_group_has_one_driver() {
        let two =
            |first: &str, second: &str| [scaler(first), scaler(&format!("name = \"b\"\n{second}"))].concat();
        let text = two("drive = true", "drive = true");
        let shown = refused(&[&text]);
        assert!(shown.contains("target.name \"image-workers\" is driven by another scaler too"), "{shown}");
        assert!(shown.contains("main.toml:9:19") && shown.contains("driven here\n"), "{shown}");

        accepted(&[&two("drive = true", "")]);
        accepted(&[&two("drive = true", "drive = true\ntarget = { name = \"c\" }")]);
        accepted(&[&two("drive = true", "drive = true\naws = { region = \"eu-west-1\" }")]);
    }

    #[test]
    fn two_scalers_do_not_publish_the_same_metric() {
        let publish = "publish = { dimensions = { Team = \"a\" } }";
        let text = [scaler(publish), scaler(&format!("name = \"b\"\n{publish}"))].concat();
        let says = "scaler \"b\": publish publishes Backlogd/BacklogPerInstance with the dimensions of another scaler's";
        assert_eq!(titles(&[&text]), [says]);
        let own = [scaler("publish = {}"), scaler("name = \"b\"\npublish = {}")].concat();
        accepted(&[&own]);
    }

    #[test]
    fn one_scaler_does_not_publish_two_metrics_under_one_name() {
        let publish =
            "publish = { metric_name = \"Visible\", metrics = [\"backlog_per_instance\", \"visible\"] }";
        assert_eq!(
            titles(&[&scaler(publish)]),
            ["scaler \"images\": publish publishes two metrics under one name"]
        );
    }

    #[test]
    fn what_cannot_be_read_claims_nothing() {
        let text = [scaler("name = \"a b\""), scaler("name = \"a b\"")].concat();
        assert_eq!(titles(&[&text]).len(), 2);
    }
}
