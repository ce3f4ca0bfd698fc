use super::workload::largest;
use crate::calendar::Window;
use crate::model::Fleet;
use crate::online::finding::{Code, Finding, Level};
use crate::settings::{Latency, PolicyKind, Scaler};
use crate::target::scaling::Group;

/// What there is to say of the group by itself.
pub(super) fn findings(scaler: &Scaler, group: &Group) -> Vec<Finding> {
    let fleet = &group.fleet;
    let sizes = format!(
        "group {}: desired {}, min {}, max {}; {} in service",
        scaler.group, fleet.desired, fleet.min, fleet.max, fleet.in_service
    );
    let mut findings = vec![Finding::ok(Code::Group, sizes)];
    findings.extend(operator(scaler, group));
    findings.extend(group.suspended.iter().map(|(process, reason)| suspended(scaler, process, reason)));
    findings.extend(limits(scaler, group));
    findings.push(metrics(scaler, group));
    findings.extend(protection(scaler, group));
    findings
}

fn operator(scaler: &Scaler, group: &Group) -> Option<Finding> {
    let operator = group.fleet.operator.as_ref()?;
    let text = format!("group {} is managed by {operator}, which alone may change it", scaler.group);
    Some(if scaler.drive {
        Finding::new(Level::Error, Code::Operator, text)
            .advising("set drive = false, or name a group of your own")
    } else {
        Finding::new(Level::Note, Code::Operator, text)
    })
}

/// What a suspended process means for the scaler.
/// Source: the EC2 Auto Scaling user guide, "Suspend and resume Amazon EC2 Auto Scaling processes".
fn suspended(scaler: &Scaler, process: &str, reason: &str) -> Finding {
    let moved = if scaler.drive { Level::Warning } else { Level::Note };
    let (level, meaning) = match process {
        "Launch" => (moved, "no instance is launched, whatever is asked for: scale-outs are withheld"),
        "Terminate" => (moved, "no instance is terminated, whatever is asked for: scale-ins are withheld"),
        "AlarmNotification" if scaler.drive => (
            Level::Note,
            "scaling policies that go by alarms do nothing, which is right while backlogd drives",
        ),
        "AlarmNotification" => (
            Level::Warning,
            "scaling policies that go by alarms do nothing, so the published metric moves nothing",
        ),
        "HealthCheck" | "ReplaceUnhealthy" => {
            (Level::Warning, "unhealthy instances stay, counted as in service although they may not work")
        }
        "ScheduledActions" => (Level::Note, "scheduled actions do nothing"),
        "InstanceRefresh" => {
            (Level::Note, "no instance refresh makes progress, and one that runs holds scaling up")
        }
        "AZRebalance" => (Level::Note, "zones are not rebalanced; scaling goes on"),
        "AddToLoadBalancer" => (Level::Note, "new instances join no load balancer, which queues do not need"),
        _ => (Level::Note, "what that means for scaling is not known to this program"),
    };
    let why = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
    let text = format!("group {}: the process {process} is suspended{why}: {meaning}", scaler.group);
    let finding = Finding::new(level, Code::SuspendedProcess, text);
    if level == Level::Warning { finding.advising(format!("resume {process}")) } else { finding }
}

/// The limits of the settings against the group's own, which have the last word.
fn limits(scaler: &Scaler, group: &Group) -> Vec<Finding> {
    let (own, fleet) = (scaler.rules.limits, &group.fleet);
    let level = if scaler.drive { Level::Warning } else { Level::Note };
    let mut findings = Vec::new();
    let mut find = |level, text: String, remedy: &str| {
        findings.push(Finding::new(level, Code::Limits, text).advising(remedy));
    };
    if fleet.max == 0 {
        let text = format!("group {} has max 0: nothing can be started", scaler.group);
        find(level, text, "raise the group's max");
        return findings;
    }
    if own.min > fleet.max {
        let text =
            format!("limits.min = {} is above the group's max of {}, and never reached", own.min, fleet.max);
        find(level, text, "raise the group's max, or lower limits.min");
    } else if own.min < fleet.min && own.max.is_none_or(|max| max >= fleet.min) {
        let text = format!("the group's min of {} ends before limits.min = {}", fleet.min, own.min);
        find(Level::Note, text, "lower the group's min to let the fleet shrink so far");
    }
    match own.max {
        Some(max) if max < fleet.min => {
            let text =
                format!("limits.max = {max} is below the group's min of {}, and never holds", fleet.min);
            find(level, text, "lower the group's min, or raise limits.max");
        }
        Some(max) if max > fleet.max => {
            let text = format!("the group's max of {} ends before limits.max = {max}", fleet.max);
            find(Level::Note, text, "raise the group's max to let the fleet grow so far");
        }
        Some(max) if scaler.drive && fleet.desired > max => {
            let text = format!(
                "desired is {} and limits.max = {max}: the fleet will be scaled in to that",
                fleet.desired
            );
            find(Level::Note, text, "raise limits.max if so many are needed");
        }
        _ => {}
    }
    for window in &scaler.rules.windows {
        for (text, remedy) in beyond(window, fleet) {
            find(level, text, remedy);
        }
    }
    if findings.is_empty() {
        let text = format!("between {} and {} instances", own.min.max(fleet.min), largest(scaler, group));
        findings.push(Finding::ok(Code::Limits, text));
    }
    findings
}

/// What a window asks for that the group's own limits never let it have, and what would help.
fn beyond(window: &Window, fleet: &Fleet) -> Vec<(String, &'static str)> {
    let name = &window.name;
    let min = window.min.filter(|min| *min > fleet.max).map(|min| {
        let words = format!(
            "window {name:?}: its min of {min} is above the group's max of {}, and never reached",
            fleet.max
        );
        (words, "raise the group's max, or lower the window's min")
    });
    let max = window.max.filter(|max| *max < fleet.min).map(|max| {
        let words = format!(
            "window {name:?}: its max of {max} is below the group's min of {}, and never holds",
            fleet.min
        );
        (words, "lower the group's min, or raise the window's max")
    });
    min.into_iter().chain(max).collect()
}

fn metrics(scaler: &Scaler, group: &Group) -> Finding {
    if group.publishes {
        return Finding::ok(Code::GroupMetrics, format!("group {} publishes its own metrics", scaler.group));
    }
    let text = format!(
        "group {} publishes no metrics of its own: its sizes are on no graph. backlogd does not need them",
        scaler.group
    );
    Finding::new(Level::Note, Code::GroupMetrics, text)
        .advising("enable them (EnableMetricsCollection); AWS charges nothing for them")
}

/// Whether instances are given back as the settings say.
fn protection(scaler: &Scaler, group: &Group) -> Option<Finding> {
    if !scaler.drive {
        return None;
    }
    let drains = match &scaler.policy {
        PolicyKind::Latency(Latency { drains, .. }) => Some(*drains),
        PolicyKind::BacklogPerInstance(_) | PolicyKind::Step(_) => None,
    };
    let name = &scaler.group;
    let protected = format!(
        "group {name} protects new instances from scale-in: desired falls at once, but an instance goes only when \
         its worker lifts the protection"
    );
    let note = |text: String, remedy: &str| {
        Some(Finding::new(Level::Note, Code::ScaleInProtection, text).advising(remedy))
    };
    match (group.protects, drains) {
        (true, Some(false)) => {
            note(format!("{protected}, and drains = false reckons that work is lost"), "set drains = true")
        }
        (true, _) => note(protected, "see that workers lift it (SetInstanceProtection) while they are idle"),
        (false, Some(true)) => note(
            format!(
                "drains = true, and group {name} does not protect new instances from scale-in: it holds only if \
                 workers finish within a lifecycle hook, or protect themselves while they work"
            ),
            "see that one of them is so; this check does not read hooks",
        ),
        (false, Some(false)) => {
            let text = format!("group {name} does not protect new instances, as drains = false reckons");
            Some(Finding::ok(Code::ScaleInProtection, text))
        }
        (false, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::online::scene::{group, latency, plain};

    const DRIVE: &str = "drive = true";

    fn found(scaler: &Scaler, code: Code, change: impl Fn(&mut Group)) -> Vec<Finding> {
        let mut group = group();
        change(&mut group);
        findings(scaler, &group).into_iter().filter(|finding| finding.code == code).collect()
    }

    fn level(found: &[Finding]) -> Level {
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].level
    }

    #[test]
    fn a_group_shows_its_sizes() {
        let all = found(&plain(""), Code::Group, |_| {});
        assert_eq!(all[0].text, "group image-workers: desired 2, min 0, max 20; 2 in service");
    }

    #[test]
    fn a_group_of_another_operator_cannot_be_driven_but_watched() {
        let managed = |group: &mut Group| group.fleet.operator = Some("eks.amazonaws.com".to_owned());
        assert_eq!(level(&found(&plain(DRIVE), Code::Operator, managed)), Level::Error);
        assert_eq!(level(&found(&plain(""), Code::Operator, managed)), Level::Note);
        assert_eq!(found(&plain(DRIVE), Code::Operator, |_| {}), []);
    }

    #[test]
    fn a_suspended_process_is_judged_by_what_it_means_for_the_scaler() {
        let (note, warning) = (Level::Note, Level::Warning);
        for (process, driving, watching) in [
            ("Launch", warning, note),
            ("Terminate", warning, note),
            ("AlarmNotification", note, warning),
            ("HealthCheck", warning, warning),
            ("ReplaceUnhealthy", warning, warning),
            ("ScheduledActions", note, note),
            ("InstanceRefresh", note, note),
            ("AZRebalance", note, note),
            ("AddToLoadBalancer", note, note),
            ("SomethingNew", note, note),
        ] {
            let suspended =
                |group: &mut Group| group.suspended = vec![(process.to_owned(), "by hand".to_owned())];
            let driven = found(&plain(DRIVE), Code::SuspendedProcess, suspended);
            assert_eq!(level(&driven), driving, "{process}");
            assert!(driven[0].text.contains(&format!("the process {process} is suspended (by hand): ")));
            assert_eq!(level(&found(&plain(""), Code::SuspendedProcess, suspended)), watching, "{process}");
        }
    }

    /// The one finding on limits of `min` to `max` against a group of `group`.
    fn limit(drive: &str, limits: &str, group: (u32, u32, u32)) -> (Level, String) {
        let scaler = plain(&format!("{drive}\nlimits = {{ {limits} }}"));
        let all = found(&scaler, Code::Limits, |of| {
            (of.fleet.min, of.fleet.desired, of.fleet.max) = group;
        });
        assert_eq!(all.len(), 1, "{all:?}");
        (all[0].level, all[0].text.clone())
    }

    /// Limits, and beside them a window.
    const WINDOWED: &str = "max = 20 }\nwindow = [{ name = \"day\", start = \"0 0 8 * * *\", lasts_mins = 60, \
        min = 7, max = 8 }]\naws = { region = \"eu-west-1\"";

    #[test]
    fn limits_that_are_never_reached_are_warned_of() {
        for (limits, group, words) in [
            ("min = 21, max = 30", (20, 20, 20), "limits.min = 21 is above the group's max of 20"),
            ("max = 2", (3, 3, 20), "limits.max = 2 is below the group's min of 3"),
            ("max = 5", (0, 0, 0), "has max 0: nothing can be started"),
            (WINDOWED, (0, 3, 6), "window \"day\": its min of 7 is above the group's max of 6"),
            (WINDOWED, (9, 9, 20), "window \"day\": its max of 8 is below the group's min of 9"),
        ] {
            for (drive, level) in [(DRIVE, Level::Warning), ("", Level::Note)] {
                let scaler = plain(&format!("{drive}\nlimits = {{ {limits} }}"));
                let all = found(&scaler, Code::Limits, |of| {
                    (of.fleet.min, of.fleet.desired, of.fleet.max) = group;
                });
                let hit = all.iter().find(|finding| finding.text.contains(words));
                assert_eq!(hit.map(|finding| finding.level), Some(level), "{words}: {all:?}");
            }
        }
    }

    #[test]
    fn limits_that_the_group_cuts_short_are_noted() {
        let (level, text) = limit(DRIVE, "max = 30", (0, 2, 20));
        assert_eq!(
            (level, text.as_str()),
            (Level::Note, "the group's max of 20 ends before limits.max = 30")
        );
        let (level, text) = limit(DRIVE, "max = 9", (1, 2, 20));
        assert_eq!((level, text.as_str()), (Level::Note, "the group's min of 1 ends before limits.min = 0"));
    }

    #[test]
    fn a_fleet_that_is_larger_than_the_settings_allow_is_noted_before_it_shrinks() {
        let (level, text) = limit(DRIVE, "max = 5", (0, 7, 20));
        assert_eq!(level, Level::Note);
        assert!(text.contains("desired is 7 and limits.max = 5"), "{text}");
        assert_eq!(limit("", "max = 5", (0, 7, 20)).0, Level::Ok);
    }

    #[test]
    fn limits_within_the_groups_own_are_fine() {
        let within = (Level::Ok, "between 1 and 9 instances".to_owned());
        assert_eq!(limit(DRIVE, "min = 1, max = 9", (0, 2, 20)), within);
    }

    #[test]
    fn a_group_without_metrics_is_no_more_than_noted() {
        assert_eq!(level(&found(&plain(DRIVE), Code::GroupMetrics, |_| {})), Level::Note);
        assert_eq!(
            level(&found(&plain(DRIVE), Code::GroupMetrics, |group| group.publishes = true)),
            Level::Ok
        );
    }

    #[test]
    fn protection_from_scale_in_is_held_against_drains() {
        let policy = |drains| {
            format!(
                "{DRIVE}\npolicy = {{ kind = \"latency\", latency_objective_secs = 60, drains = {drains} }}"
            )
        };
        let found = |scaler: &Scaler, protects| {
            found(scaler, Code::ScaleInProtection, |group| group.protects = protects).pop()
        };
        let drains = |drains, protects| found(&latency(&policy(drains)), protects).unwrap();
        assert_eq!(drains(false, true).remedy.as_deref(), Some("set drains = true"));
        assert_eq!(drains(true, true).level, Level::Note);
        assert!(drains(true, false).text.contains("lifecycle hook"));
        assert_eq!(drains(false, false).level, Level::Ok);
        assert_eq!(found(&plain(DRIVE), true).unwrap().level, Level::Note);
        assert_eq!(found(&plain(DRIVE), false), None);
        assert_eq!(found(&plain(""), true), None);
    }
}
