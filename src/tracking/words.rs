use super::plan::{Plan, Step};
use super::present::Change;
use super::wanted::{Basis, Figure, Wanted, rounded_at_all};
use crate::model::rounded;
use crate::target::scaling::{PolicyKind, ScalingPolicy, Series, Tracking};

/// A plan at length: the policy and how it is reckoned, what would be done, what to know, and the exact
/// configuration.
#[must_use]
pub fn at_length(plan: &Plan) -> String {
    let Plan { scaler, wanted, warmup, step, .. } = plan;
    let tracking = &wanted.tracking;
    let mut lines = vec![
        format!("{scaler}: AWS is to hold group {} by {}", wanted.group, tracking.series),
        String::new(),
        format!("target: {} messages per instance", rounded_at_all(tracking.target)),
        format!("  {}", basis(&wanted.basis)),
        format!("warm-up: {}", warm_up(wanted, warmup)),
        format!("looked at every {} s", tracking.period_secs),
    ];
    if !tracking.scale_in {
        lines.push("scales out only (--no-scale-in)".to_owned());
    }
    lines.extend([alarms(tracking.period_secs), String::new()]);
    lines.extend(to_do(
        &wanted.name,
        step,
        if plan.obstacles.is_empty() { "" } else { ", were nothing in the way" },
    ));
    let notes = [("in the way", &plan.obstacles), ("warning", &plan.warnings)];
    if notes.iter().any(|(_, notes)| !notes.is_empty()) {
        lines.push(String::new());
    }
    for (what, notes) in notes {
        lines.extend(notes.iter().map(|note| format!("{what}: {note}")));
    }
    lines.extend([String::new(), format!("{:#}", wanted.request())]);
    lines.join("\n")
}

/// Alarms that AWS makes for a policy: one for each direction.
/// Source: EC2 Auto Scaling user guide, "Target tracking scaling policies".
const ALARMS: u32 = 2;
/// What an alarm on one metric costs a month, in US cents, and one that looks more often than every minute.
/// Source: <https://aws.amazon.com/cloudwatch/pricing/>.
const ALARM_CENTS: u32 = 10;
const ALARM_OFTEN_CENTS: u32 = 30;

fn alarms(period_secs: u32) -> String {
    let (cents, often) =
        if period_secs < 60 { (ALARM_OFTEN_CENTS, " of high resolution") } else { (ALARM_CENTS, "") };
    let cents = cents * ALARMS;
    format!(
        "AWS makes {ALARMS} alarms{often} for it: ${}.{:02} a month, by the list prices of us-east-1 on 2026-11-20, \
         before any free tier",
        cents / 100,
        cents % 100
    )
}

/// What `apply` did: `alarms` are those that AWS made for the policy.
#[must_use]
pub fn applied(plan: &Plan, alarms: &[String]) -> String {
    let Wanted { name, group, tracking, .. } = &plan.wanted;
    let target = rounded_at_all(tracking.target);
    let mut lines = match &plan.step {
        Step::Make => {
            vec![format!("made policy {name} of group {group}: {target} messages per instance")]
        }
        Step::Change(changes) => {
            let head = format!("changed policy {name} of group {group}:");
            std::iter::once(head).chain(changes.iter().map(line)).collect()
        }
        Step::Keep | Step::Nothing => {
            return format!("policy {name} of group {group} is in place; nothing was changed");
        }
    };
    if alarms.is_empty() {
        lines.push("AWS named no alarms of it".to_owned());
    } else {
        lines.push(format!("its alarms, which AWS keeps by itself: {}", alarms.join(", ")));
    }
    lines.join("\n")
}

/// What would be done, `unless` something is in the way.
fn to_do(name: &str, step: &Step, unless: &str) -> Vec<String> {
    match step {
        Step::Make => vec![format!("would make policy {name}{unless}")],
        Step::Change(changes) => {
            let head = format!("policy {name} is in place, and differs; would change{unless}:");
            std::iter::once(head).chain(changes.iter().map(line)).collect()
        }
        Step::Keep => vec![format!("policy {name} is in place; nothing to change")],
        Step::Nothing => vec![format!("would leave policy {name} alone")],
    }
}

fn line(Change { field, from, to }: &Change) -> String {
    format!("  {field}: {from} → {to}")
}

fn basis(basis: &Basis) -> String {
    match basis {
        Basis::Acceptable => "as policy.acceptable_backlog says".to_owned(),
        Basis::Latency { objective_secs, processing, slots } => format!(
            "latency objective {objective_secs} s ÷ {} s a message ({}) × {} at once ({})",
            rounded(processing.learnt.value),
            origin(processing, "policy.processing_secs"),
            rounded(slots.learnt.value),
            origin(slots, "control.slots"),
        ),
    }
}

fn warm_up(wanted: &Wanted, groups: &str) -> String {
    match (wanted.tracking.warmup_secs, &wanted.boot) {
        (Some(secs), Some(boot)) => {
            format!("{secs} s, for so long booting takes ({})", origin(boot, "policy.boot_secs"))
        }
        _ => format!("{groups}, for it is not known how long booting takes"),
    }
}

/// Where a figure comes from, and how far it is believed.
fn origin(figure: &Figure, key: &str) -> String {
    let percent = (figure.learnt.belief * 100.0).round();
    match figure.hint {
        Some(_) if !figure.is_learnt() => format!("as {key} says"),
        Some(hint) => format!("{percent} % learnt, where {key} says {hint}"),
        None if !figure.is_learnt() => "assumed".to_owned(),
        None => format!("{percent} % learnt"),
    }
}

pub(super) fn driven(driver: &str, group: &str) -> String {
    format!(
        "scaler {driver} drives group {group} (drive = true): it and AWS would pull against each other; set \
         drive = false to let AWS drive, or leave the policy out"
    )
}

pub(super) fn foreign(policy: &ScalingPolicy, group: &str, series: &Series) -> String {
    let ScalingPolicy { name, kind, .. } = policy;
    let who = match kind {
        PolicyKind::Tracking(_) => {
            "somebody else made it, or backlogd did before `publish` was changed: to remove it, put `publish` back \
             as it was and say `backlogd policy remove`, or, if it may go"
        }
        PolicyKind::OtherTracking { .. } | PolicyKind::Predictive { .. } | PolicyKind::Alarms(_) => {
            "somebody else made it; if it may go"
        }
    };
    format!(
        "policy {name} of group {group} {}, not by {series}: {who}: aws autoscaling delete-policy \
         --auto-scaling-group-name {group} --policy-name {name}",
        goes_by(kind)
    )
}

pub(super) fn rival(name: &str, group: &str) -> String {
    format!(
        "policy {name} of group {group} tracks the same metric, and two targets for one metric contradict each \
         other; remove it first: aws autoscaling delete-policy --auto-scaling-group-name {group} --policy-name \
         {name}"
    )
}

/// A word on a policy that would be a rival, if it did not do `nothing` as it is.
pub(super) fn idle_rival(name: &str, nothing: &str) -> String {
    format!(
        "policy {name} tracks the same metric, and {nothing}: it does nothing as long as it stays so, and contradicts \
         this one from then on"
    )
}

/// A word on another policy of the group.
pub(super) fn other(name: &str, kind: &PolicyKind) -> String {
    let effect = match kind {
        PolicyKind::Tracking(_) | PolicyKind::OtherTracking { .. } => {
            "AWS scales out when either asks for it, and in only when both do"
        }
        PolicyKind::Predictive { .. } => "of its size and the backlog's AWS takes the larger",
        PolicyKind::Alarms(_) => "it will change the size against the backlog's",
    };
    format!("policy {name} {}: {effect}", goes_by(kind))
}

fn goes_by(kind: &PolicyKind) -> String {
    match kind {
        PolicyKind::Tracking(tracking) => {
            let Tracking { series, .. } = tracking.as_ref();
            format!("scales by {series}")
        }
        PolicyKind::OtherTracking { what, .. } => format!("scales by {what}"),
        PolicyKind::Predictive { .. } => "scales by forecast".to_owned(),
        PolicyKind::Alarms(kind) => format!("scales by alarms ({kind})"),
    }
}

pub(super) fn suspended(process: &str) -> Option<String> {
    let effect = match process {
        "AlarmNotification" => "AWS acts on no scaling policy",
        "Launch" => "nothing is launched",
        "Terminate" => "nothing is terminated",
        _ => return None,
    };
    Some(format!("the group's process {process} is suspended: {effect} until it is resumed"))
}

pub(super) fn below_one(objective_secs: f64, processing_secs: f64, target: f64) -> String {
    format!(
        "a message takes {} s and may wait {objective_secs} s: by a target below 1 a single message that waits \
         asks for {} instances; kind = \"latency\" with drive = true reckons better with such work",
        rounded(processing_secs),
        (1.0 / target).ceil()
    )
}
