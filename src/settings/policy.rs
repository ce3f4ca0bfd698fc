use super::reader::{At, Here, Table};
use super::scaler::tables;
use super::{PolicyKind, forms};
use crate::policy::{BacklogPerInstance, Step, StepIn, StepOut};

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
    let given = table.has("out") || table.has("in");
    let out = tables(table, "out", "must be a list of steps: [{ above = 100, add = 1 }]");
    let r#in = tables(table, "in", "must be a list of steps: [{ below = 20, remove = 1 }]");
    if out.is_empty() && r#in.is_empty() {
        if !given {
            here.note(here.mistake("has no step", "at least one of `out` and `in` is wanted"));
        }
        return None;
    }
    let mut out = rungs(out, ("above", forms::not_negative), "add")?;
    let mut r#in = rungs(r#in, ("below", forms::above_zero), "remove")?;
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

/// A threshold's key and form.
type Threshold = (&'static str, fn(f64) -> Result<f64, String>);

fn rungs<'a>(tables: Vec<Table<'a>>, threshold: Threshold, change: &'static str) -> Option<Vec<Rung<'a>>> {
    let (key, form) = threshold;
    let rung = |mut table: Table<'a>| {
        let at = table.require(key, &format!("{key} = 100")).and_then(|value| value.number(form));
        let by = table.require(change, &format!("{change} = 1"));
        let by = by.and_then(|value| value.whole(1..=CHANGE_MAX));
        table.finish();
        at.zip(by)
    };
    // All of them are read before one that failed is missed.
    tables.into_iter().map(rung).collect::<Vec<_>>().into_iter().collect()
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
