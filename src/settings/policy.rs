use super::reader::{At, Here, Table};
use super::{Latency, PolicyKind, forms};
use crate::policy::{BacklogPerInstance, Step, StepIn, StepOut};
use std::time::Duration;
use toml::de::DeValue;

/// The largest change of one step, in capacity units.
pub(super) const CHANGE_MAX: u32 = 1_000_000;

/// The longest latency objective in seconds: 14 days, the longest that SQS keeps a message.
pub(super) const OBJECTIVE_MAX: u32 = 1_209_600;

/// Reads a `policy` table. `slots` are those of `control`, if it gives any.
pub(super) fn read(mut table: Table<'_>, slots: Option<u32>) -> Option<PolicyKind> {
    let kind = table.require("kind", "kind = \"latency\"")?;
    // Of an unknown kind the keys are unknown too: nothing can be said of them.
    let kind = kind.text(forms::one_of(&["latency", "backlog_per_instance", "step"]))?.value;
    let policy = match kind {
        "latency" => latency(&mut table, slots).map(PolicyKind::Latency),
        "step" => step(&mut table).map(PolicyKind::Step),
        _ => backlog_per_instance(&mut table).map(PolicyKind::BacklogPerInstance),
    };
    table.finish();
    policy
}

fn latency(table: &mut Table<'_>, slots: Option<u32>) -> Option<Latency> {
    let objective = table.require("latency_objective_secs", "latency_objective_secs = 60");
    let objective = objective.and_then(|value| value.whole(1..=OBJECTIVE_MAX));
    let secs = |at: Option<At<'_, f64>>| at.map(|at| Duration::from_secs_f64(at.value));
    let processing = secs(table.number("processing_secs", forms::duration_secs));
    let boot = secs(table.number("boot_secs", forms::duration_secs));
    let drains = table.flag("drains").unwrap_or(false);
    Some(Latency { objective: Duration::from_secs(objective?.value.into()), processing, boot, slots, drains })
}

fn backlog_per_instance(table: &mut Table<'_>) -> Option<BacklogPerInstance> {
    let acceptable = table.require("acceptable_backlog", "acceptable_backlog = 100");
    let acceptable = acceptable.and_then(|value| value.number(forms::above_zero));
    let tolerance = table.number("tolerance_percent", forms::tolerance_percent);
    Some(BacklogPerInstance {
        acceptable_backlog: acceptable?.value,
        tolerance_percent: tolerance.map_or(10.0, |at| at.value),
    })
}

/// One step: its threshold and its change.
type Rung<'a> = (At<'a, f64>, At<'a, u32>);

/// The steps may stand in any order; the policy wants each direction from its nearest threshold to
/// its farthest.
fn step(table: &mut Table<'_>) -> Option<Step> {
    let here = table.here.clone();
    let out = rungs(table, "out", "above", forms::not_negative, "add");
    let r#in = rungs(table, "in", "below", forms::above_zero, "remove");
    let (mut out, mut r#in) = (out?, r#in?);
    if out.is_empty() && r#in.is_empty() {
        here.note(here.mistake("has no step", "at least one of `out` and `in` is wanted"));
    }
    out.sort_by(|(a, _), (b, _)| a.value.total_cmp(&b.value));
    r#in.sort_by(|(a, _), (b, _)| b.value.total_cmp(&a.value));
    ordered(&out);
    ordered(&r#in);
    if let (Some((above, _)), Some((below, _))) = (out.first(), r#in.first())
        && below.value >= above.value
    {
        let mistake = below.here.mistake("reaches into the steps out", "steps in must end below");
        below.here.note(mistake.and(&above.here.at, "where steps out begin"));
    }
    Some(Step {
        out: out.iter().map(|(above, add)| StepOut { above: above.value, add: add.value }).collect(),
        r#in: r#in
            .iter()
            .map(|(below, remove)| StepIn { below: below.value, remove: remove.value })
            .collect(),
    })
}

/// The steps in the list under `list`, each of a threshold of this `form` and a change.
fn rungs<'a>(
    table: &mut Table<'a>,
    list: &'static str,
    threshold: &'static str,
    form: fn(f64) -> Result<f64, String>,
    change: &'static str,
) -> Option<Vec<Rung<'a>>> {
    let example = format!("{{ {threshold} = 100, {change} = 1 }}");
    let Some(value) = table.take(list) else { return Some(Vec::new()) };
    let elements = value.list(&format!("must be a list of steps: [{example}]"))?;
    let rung = |element: At<'a, DeValue<'a>>| {
        let mut table = element.table()?;
        let at = table.require(threshold, &format!("{threshold} = 100"));
        let at = at.and_then(|value| value.number(form));
        let by = table.require(change, &format!("{change} = 1"));
        let by = by.and_then(|value| value.whole(1..=CHANGE_MAX));
        table.finish();
        at.zip(by)
    };
    // All of them are read before one that failed is missed.
    elements.into_iter().map(rung).collect::<Vec<_>>().into_iter().collect()
}

/// Notes steps at the same threshold, and any farther step of a smaller change.
fn ordered(rungs: &[Rung<'_>]) {
    for pair in rungs.windows(2) {
        let [(near, small), (far, large)] = pair else { continue };
        if near.value.total_cmp(&far.value).is_eq() {
            two_places(&far.here, "is the threshold of two steps", "again", &near.here, "first here");
        } else if large.value < small.value {
            let says = "is less than a nearer step's";
            two_places(&large.here, says, "the farther step", &small.here, "the nearer step");
        }
    }
}

fn two_places(here: &Here<'_>, says: &str, label: &str, other: &Here<'_>, other_label: &str) {
    here.note(here.mistake(says, label).and(&other.at, other_label));
}

#[cfg(test)]
mod tests {
    use super::super::tests::{accepted, refused, scaler, titles};
    use super::*;

    fn policy(table: &str) -> String {
        scaler(&format!("policy = {{ {table} }}"))
    }

    #[test]
    fn an_unknown_kind_is_shown_with_the_known_ones() {
        let shown = refused(&[&policy("kind = \"cpu\", target_percent = 60")]);
        assert!(shown.contains("policy.kind cannot be \"cpu\""), "{shown}");
        assert!(shown.contains("must be one of \"latency\", \"backlog_per_instance\", \"step\""), "{shown}");
        assert_eq!(shown.matches("error: ").count(), 1);
    }

    /// The latency policy of `lines` besides its kind and those that are required.
    fn latency(policy: &str, lines: &str) -> Latency {
        let text = scaler(&format!(
            "policy = {{ kind = \"latency\", latency_objective_secs = 60{policy} }}\n{lines}"
        ));
        match accepted(&[&text]).scalers.remove(0).policy {
            PolicyKind::Latency(latency) => latency,
            other => panic!("another kind: {other:?}"),
        }
    }

    #[test]
    fn a_latency_objective_is_all_that_has_to_be_said() {
        let unknown = Latency {
            objective: Duration::from_mins(1),
            processing: None,
            boot: None,
            slots: None,
            drains: false,
        };
        assert_eq!(latency("", ""), unknown);
        let known = Latency {
            objective: Duration::from_mins(1),
            processing: Some(Duration::from_millis(500)),
            boot: Some(Duration::from_secs(150)),
            slots: Some(4),
            drains: true,
        };
        let told = ", processing_secs = 0.5, boot_secs = 150, drains = true";
        assert_eq!(latency(told, "control = { slots = 4 }"), known);
    }

    #[test]
    fn slots_that_are_given_as_1_are_told_from_none() {
        assert_eq!(latency("", "control = { slots = 1 }").slots, Some(1));
    }

    #[test]
    fn an_objective_out_of_range_is_shown_with_the_range() {
        let wanted = "must be a whole number from 1 to 1209600";
        for given in ["0", "1_209_601", "0.5", "-1", "\"60\""] {
            let shown = refused(&[&policy(&format!("kind = \"latency\", latency_objective_secs = {given}"))]);
            assert!(shown.contains(wanted) && shown.contains("main.toml:5:"), "{shown}");
        }
        let missing = refused(&[&policy("kind = \"latency\"")]);
        assert!(missing.contains("policy.latency_objective_secs is missing"), "{missing}");
        assert!(missing.contains("a line such as `latency_objective_secs = 60` is wanted here"), "{missing}");
    }

    #[test]
    fn hints_that_no_workload_could_have_are_refused() {
        for (given, wanted) in [
            ("processing_secs = 0", "must be from 0.001 to 31536000"),
            ("boot_secs = -1", "must be from 0.001 to 31536000"),
            ("processing_secs = 1e-9", "must be from 0.001 to 31536000"),
            ("processing_secs = 1e300", "must be from 0.001 to 31536000"),
            ("boot_secs = nan", "must be from 0.001 to 31536000"),
            ("drains = 1", "must be true or false"),
        ] {
            let shown =
                refused(&[&policy(&format!("kind = \"latency\", latency_objective_secs = 60, {given}"))]);
            let key = given.split(' ').next().unwrap();
            assert!(shown.contains(&format!("policy.{key} cannot be")) && shown.contains(wanted), "{shown}");
        }
    }

    #[test]
    fn the_tolerance_is_10_percent_unless_it_is_given() {
        let read = |table: &str| match &accepted(&[&policy(table)]).scalers[0].policy {
            PolicyKind::BacklogPerInstance(policy) => policy.clone(),
            other => panic!("another kind: {other:?}"),
        };
        let minimal = read("kind = \"backlog_per_instance\", acceptable_backlog = 0.5");
        assert_eq!(minimal, BacklogPerInstance { acceptable_backlog: 0.5, tolerance_percent: 10.0 });
        let exact = read("kind = \"backlog_per_instance\", acceptable_backlog = 7, tolerance_percent = 0");
        assert_eq!(exact, BacklogPerInstance { acceptable_backlog: 7.0, tolerance_percent: 0.0 });
    }

    #[test]
    fn figures_out_of_range_are_refused() {
        let text = policy("kind = \"backlog_per_instance\", acceptable_backlog = 0, tolerance_percent = 100");
        let expected = [
            "scaler \"images\": policy.acceptable_backlog cannot be 0",
            "scaler \"images\": policy.tolerance_percent cannot be 100",
        ];
        assert_eq!(titles(&[&text]), expected);
        let text =
            policy("kind = \"backlog_per_instance\", acceptable_backlog = inf, tolerance_percent = nan");
        assert_eq!(titles(&[&text]).len(), 2);
    }

    #[test]
    fn steps_may_stand_in_any_order() {
        let text = policy(
            "kind = \"step\", out = [{ above = 500, add = 5 }, { above = 100, add = 1 }], \
             in = [{ below = 5, remove = 3 }, { below = 20, remove = 1 }]",
        );
        let expected = Step {
            out: vec![StepOut { above: 100.0, add: 1 }, StepOut { above: 500.0, add: 5 }],
            r#in: vec![StepIn { below: 20.0, remove: 1 }, StepIn { below: 5.0, remove: 3 }],
        };
        assert_eq!(accepted(&[&text]).scalers[0].policy, PolicyKind::Step(expected));
    }

    #[test]
    fn steps_that_contradict_each_other_are_shown_at_both_places() {
        for (steps, says, labels) in [
            (
                "out = [{ above = 1, add = 5 }, { above = 9, add = 1 }]",
                "add is less than a nearer step's",
                ["the farther", "the nearer"],
            ),
            (
                "in = [{ below = 9, remove = 2 }, { below = 1, remove = 1 }]",
                "remove is less than a nearer step's",
                ["the farther", "the nearer"],
            ),
            (
                "out = [{ above = 1, add = 5 }, { above = 1, add = 5 }]",
                "above is the threshold of two steps",
                ["again", "first here"],
            ),
            (
                "out = [{ above = 9, add = 1 }], in = [{ below = 9, remove = 1 }]",
                "below reaches into the steps out",
                ["must end below", "begin"],
            ),
        ] {
            let shown = refused(&[&policy(&format!("kind = \"step\", {steps}"))]);
            assert!(shown.contains(says), "{shown}");
            assert!(labels.iter().all(|label| shown.contains(label)), "{shown}");
        }
    }

    #[test]
    fn a_step_policy_has_a_step() {
        for steps in ["kind = \"step\"", "kind = \"step\", out = []"] {
            assert!(titles(&[&policy(steps)])[0].contains("policy has no step"), "{steps}");
        }
        assert_eq!(
            titles(&[&policy("kind = \"step\", out = 3")]),
            ["scaler \"images\": policy.out cannot be 3"]
        );
    }

    #[test]
    fn every_faulty_step_is_shown() {
        let text =
            policy("kind = \"step\", out = [{ above = -1, add = 0 }, { add = 1 }], in = [{ below = 0 }]");
        let expected = [
            "policy.out[0].above cannot be -1",
            "policy.out[0].add cannot be 0",
            "policy.out[1].above is missing",
            "policy.in[0].remove is missing",
            "policy.in[0].below cannot be 0",
        ];
        assert_eq!(titles(&[&text]), expected.map(|title| format!("scaler \"images\": {title}")));
    }
}
