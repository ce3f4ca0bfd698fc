use super::reader::{At, Here, Table};
use super::{PolicyKind, forms};
use crate::policy::{BacklogPerInstance, Step, StepIn, StepOut};
use toml::de::DeValue;

/// The largest change of one step, in capacity units.
const CHANGE_MAX: u32 = 1_000_000;

/// Reads a `policy` table.
pub(super) fn read(mut table: Table<'_>) -> Option<PolicyKind> {
    let kind = table.require("kind", "kind = \"backlog_per_instance\"")?;
    // Of an unknown kind the keys are unknown too: nothing can be said of them.
    let kind = kind.text(forms::one_of(&["backlog_per_instance", "step"]))?.value;
    let policy = match kind {
        "step" => step(&mut table).map(PolicyKind::Step),
        _ => backlog_per_instance(&mut table).map(PolicyKind::BacklogPerInstance),
    };
    table.finish();
    policy
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
        let shown = refused(&[&policy("kind = \"latency\", latency_objective_secs = 60")]);
        assert!(shown.contains("policy.kind cannot be \"latency\""), "{shown}");
        assert!(shown.contains("must be one of \"backlog_per_instance\", \"step\""), "{shown}");
        assert_eq!(shown.matches("error: ").count(), 1);
    }

    #[test]
    fn the_tolerance_is_10_percent_unless_it_is_given() {
        let read = |table: &str| match &accepted(&[&policy(table)]).scalers[0].policy {
            PolicyKind::BacklogPerInstance(policy) => policy.clone(),
            PolicyKind::Step(_) => panic!("another kind"),
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
