use crate::online::facts::ScalerFacts;
use crate::online::finding::{Code, Finding, Level};
use crate::publish::Destination;
use crate::settings::Scaler;
use crate::target::scaling::{Group, PolicyKind, ScalingPolicy, ScheduledAction, TrackedMetric};
use std::collections::BTreeMap;

/// What else moves the group; or, where the scaler only publishes, whether anything goes by its metric.
/// Of what could not be read the place's findings tell.
pub(super) fn findings(scaler: &Scaler, group: &Group, facts: &ScalerFacts) -> Vec<Finding> {
    let deaf = group.suspended.iter().any(|(process, _)| process == "AlarmNotification");
    let policies = facts.policies.as_deref().unwrap_or_default();
    let mut findings = Vec::new();
    if scaler.drive {
        findings.extend(policies.iter().map(|policy| against(policy, deaf)));
        if facts.policies.is_ok() && policies.is_empty() {
            let text = format!("no scaling policy is on group {}", scaler.group);
            findings.push(Finding::ok(Code::ScalingPolicy, text));
        }
        let scheduled = facts.scheduled.iter().flatten();
        findings.extend(scheduled.map(scheduled_against));
    } else if let (Some(publish), Ok(policies)) = (&scaler.publish, &facts.policies) {
        findings.extend(followers(scaler, publish, policies));
    }
    findings
}

/// A policy on a group that the scaler drives.
fn against(policy: &ScalingPolicy, deaf: bool) -> Finding {
    let name = &policy.name;
    let (by_alarm, how) = match &policy.kind {
        PolicyKind::Tracking(_) | PolicyKind::OtherTracking { .. } => (true, "target tracking"),
        PolicyKind::Alarms(_) => (true, "by an alarm"),
        PolicyKind::Predictive { .. } => (false, "predictive"),
    };
    let unheard = (deaf && by_alarm).then_some("does nothing while AlarmNotification is suspended");
    if let Some(why) = policy.idle().or(unheard) {
        let text = format!("scaling policy {name} ({how}) {why}");
        return Finding::new(Level::Note, Code::ScalingPolicy, text);
    }
    let text = format!(
        "scaling policy {name} ({how}) is on the group as well: it and backlogd undo each other's changes"
    );
    Finding::new(Level::Warning, Code::ScalingPolicy, text)
        .advising("remove or disable it, or set drive = false and let it go by the published metric")
}

/// A scheduled action on a group that the scaler drives.
fn scheduled_against(action: &ScheduledAction) -> Finding {
    let sets = [("desired", action.desired), ("min", action.min), ("max", action.max)];
    let sets = sets.iter().filter_map(|(size, to)| Some(format!("{size} to {}", (*to)?)));
    let sets = sets.collect::<Vec<_>>().join(", ");
    let text = format!("scheduled action {} sets {sets} {}", action.name, action.when);
    if action.desired.is_some() {
        return Finding::new(
            Level::Warning,
            Code::ScheduledAction,
            format!("{text}; the next tick sets desired anew"),
        )
        .advising("leave desired out of it: a change of min or max alone is heeded");
    }
    Finding::new(Level::Note, Code::ScheduledAction, format!("{text}, which is heeded"))
}

/// The policies that go by what the scaler publishes.
fn followers(scaler: &Scaler, publish: &Destination, policies: &[ScalingPolicy]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for policy in policies.iter().filter(|policy| policy.enabled) {
        let metrics = policy.metrics();
        let named = metrics.iter().filter(|metric| names(publish, metric));
        findings.extend(named.map(|metric| follower(policy, publish, metric)));
    }
    if findings.is_empty() {
        let by_alarms =
            |policy: &ScalingPolicy| policy.enabled && matches!(policy.kind, PolicyKind::Alarms(_));
        let others = policies.iter().any(by_alarms);
        let seen = if others { "; what the alarms of its other policies watch is not read" } else { "" };
        let text =
            format!("no target-tracking policy of group {} goes by the published metric{seen}", scaler.group);
        let advice = "hang one on it (`backlogd policy`), or set drive = true";
        findings.push(Finding::new(Level::Note, Code::ScalingPolicy, text).advising(advice));
    }
    findings
}

/// Whether `metric` has the name of one that is published.
fn names(publish: &Destination, metric: &TrackedMetric) -> bool {
    let published = publish.metrics.iter().any(|each| publish.name_of(*each) == metric.series.name);
    published && publish.namespace == metric.series.namespace
}

/// A policy that names a published metric, rightly or not.
fn follower(policy: &ScalingPolicy, publish: &Destination, metric: &TrackedMetric) -> Finding {
    let (name, of) = (&policy.name, format!("{}/{}", metric.series.namespace, metric.series.name));
    let published: BTreeMap<String, String> = publish.dimensions.iter().cloned().collect();
    let wrong = if published != metric.series.dimensions {
        "but not its dimensions"
    } else if metric.unit.as_ref().is_some_and(|unit| unit != "None") {
        "but with another unit than None"
    } else {
        return Finding::ok(Code::ScalingPolicy, format!("scaling policy {name} goes by {of}"));
    };
    let text = format!("scaling policy {name} names {of}, {wrong}: it sees no data and does nothing");
    let dimensions: Vec<String> =
        publish.dimensions.iter().map(|(name, value)| format!("{name}={value}")).collect();
    Finding::new(Level::Warning, Code::ScalingPolicy, text)
        .advising(format!("give it the dimensions {{{}}} and the unit None", dimensions.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Cause;
    use crate::online::scene::{failure, group, plain, scaler_facts};
    use crate::target::scaling::Series;

    const DRIVE: &str = "drive = true";

    fn policy(kind: PolicyKind) -> ScalingPolicy {
        ScalingPolicy { name: "rival".to_owned(), enabled: true, kind }
    }

    fn cpu() -> PolicyKind {
        PolicyKind::OtherTracking { what: "CPU".to_owned(), metrics: Vec::new() }
    }

    fn alarms() -> PolicyKind {
        PolicyKind::Alarms("StepScaling".to_owned())
    }

    fn tracked(metric: &str, scaler: &str, unit: Option<&str>) -> PolicyKind {
        let series = Series {
            namespace: "Backlogd".to_owned(),
            name: metric.to_owned(),
            dimensions: [("Scaler".to_owned(), scaler.to_owned())].into(),
        };
        let metrics = vec![TrackedMetric { series, unit: unit.map(ToOwned::to_owned) }];
        PolicyKind::OtherTracking { what: "metric math".to_owned(), metrics }
    }

    fn found(lines: &str, group: &Group, policies: Vec<ScalingPolicy>) -> Vec<(Level, String)> {
        let facts = ScalerFacts { policies: Ok(policies), ..scaler_facts() };
        let all = findings(&plain(lines), group, &facts);
        all.into_iter().map(|finding| (finding.level, finding.text)).collect()
    }

    #[test]
    fn a_policy_that_acts_on_a_driven_group_is_a_fight() {
        for kind in [cpu(), alarms(), PolicyKind::Predictive { forecast_only: false }] {
            let all = found(DRIVE, &group(), vec![policy(kind)]);
            assert_eq!(all[0].0, Level::Warning);
            assert!(all[0].1.contains("undo each other's changes"), "{all:?}");
        }
    }

    #[test]
    fn a_policy_that_cannot_act_is_no_fight() {
        let mut deaf = group();
        deaf.suspended = vec![("AlarmNotification".to_owned(), String::new())];
        let disabled = ScalingPolicy { enabled: false, ..policy(alarms()) };
        for (group, policy, words) in [
            (&group(), policy(PolicyKind::Predictive { forecast_only: true }), "only forecasts"),
            (&group(), disabled, "is disabled"),
            (&deaf, policy(cpu()), "AlarmNotification is suspended"),
        ] {
            let all = found(DRIVE, group, vec![policy]);
            assert_eq!(all[0].0, Level::Note);
            assert!(all[0].1.contains(words), "{all:?}");
        }
        let predictive = policy(PolicyKind::Predictive { forecast_only: false });
        assert_eq!(found(DRIVE, &deaf, vec![predictive])[0].0, Level::Warning, "a forecast needs no alarm");
    }

    #[test]
    fn a_driven_group_without_policies_is_fine() {
        assert_eq!(found(DRIVE, &group(), Vec::new())[0].0, Level::Ok);
    }

    #[test]
    fn policies_that_could_not_be_read_are_not_taken_for_none() {
        let facts = ScalerFacts { policies: Err(failure(Cause::Denied)), ..scaler_facts() };
        assert_eq!(findings(&plain(DRIVE), &group(), &facts), []);
        assert_eq!(findings(&plain("publish = {}"), &group(), &facts), []);
    }

    #[test]
    fn a_scheduled_action_that_sets_desired_is_undone_and_one_that_sets_bounds_is_heeded() {
        let judged = |desired, min| {
            let when = "at 2026-12-01T00:00:00Z".to_owned();
            let action = ScheduledAction { name: "night".to_owned(), desired, min, max: None, when };
            let facts = ScalerFacts { scheduled: Ok(vec![action]), ..scaler_facts() };
            let all = findings(&plain(DRIVE), &group(), &facts);
            let hit = all.into_iter().find(|finding| finding.code == Code::ScheduledAction);
            hit.map(|finding| (finding.level, finding.text)).unwrap()
        };
        let (level, text) = judged(Some(4), Some(2));
        assert_eq!(level, Level::Warning);
        assert!(
            text.starts_with("scheduled action night sets desired to 4, min to 2 at 2026-12-01"),
            "{text}"
        );
        assert_eq!(judged(None, Some(2)).0, Level::Note);
    }

    #[test]
    fn a_policy_that_goes_by_the_published_metric_is_as_it_should_be() {
        for unit in [None, Some("None")] {
            let follower = policy(tracked("BacklogPerInstance", "images", unit));
            let all = found("publish = {}", &group(), vec![follower]);
            let text = "scaling policy rival goes by Backlogd/BacklogPerInstance".to_owned();
            assert_eq!(all, [(Level::Ok, text)]);
        }
    }

    #[test]
    fn a_policy_that_names_the_metric_wrongly_is_warned_of() {
        for (kind, words) in [
            (tracked("BacklogPerInstance", "videos", None), "but not its dimensions"),
            (tracked("BacklogPerInstance", "images", Some("Count")), "but with another unit"),
        ] {
            let all = found("publish = {}", &group(), vec![policy(kind)]);
            assert_eq!(all[0].0, Level::Warning);
            assert!(all[0].1.contains(words), "{all:?}");
        }
    }

    #[test]
    fn a_metric_that_nothing_goes_by_is_noted() {
        let other = policy(tracked("Other", "images", None));
        for policies in [Vec::new(), vec![other], vec![policy(alarms())]] {
            let alarms = policies.iter().any(|policy| policy.kind == alarms());
            let all = found("publish = {}", &group(), policies);
            assert_eq!((all.len(), all[0].0), (1, Level::Note));
            assert_eq!(all[0].1.contains("is not read"), alarms);
        }
        assert_eq!(found("", &group(), vec![policy(alarms())]), [], "nothing is published");
    }
}
