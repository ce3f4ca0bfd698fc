use super::{PolicyKind, QueueSource, Scaler, Settings};
use crate::aws::Place;
use crate::controller::{Limits, Rules};
use crate::publish::{Destination, Metric};
use std::fmt::Write as _;

/// What was understood, in plain words: a paragraph a scaler, with hints at what is allowed but
/// perhaps not meant.
#[must_use]
pub fn describe(settings: &Settings) -> String {
    let paragraphs: Vec<String> = settings.scalers.iter().map(scaler).collect();
    paragraphs.join("\n")
}

fn scaler(scaler: &Scaler) -> String {
    let mut lines = vec![format!("{}, {},", scaler.schedule.describe(), place(&scaler.place))];
    lines.extend(scaler.sources.iter().map(|each| format!("reads {},", source(each))));
    lines.push(format!("{},", aim(scaler)));
    lines.push(format!(
        "{};",
        scaler.publish.as_ref().map_or_else(|| "publishes nothing".to_owned(), publishes)
    ));
    if scaler.drive {
        lines.push("sets desired capacity (drive = true):".to_owned());
        lines.extend(control(&scaler.rules).into_iter().map(|rule| format!("- {rule}")));
    } else {
        lines.push("does not set desired capacity (drive = false).".to_owned());
    }
    lines.extend(hints(scaler).into_iter().map(|hint| format!("hint: {hint}")));
    let mut text = format!("{}: ", scaler.name);
    text.push_str(&lines.join("\n  "));
    text.push('\n');
    text
}

fn place(place: &Place) -> String {
    let mut text = match &place.region {
        Some(region) => format!("in {region}"),
        None => "in the region of the environment".to_owned(),
    };
    if let Some(url) = &place.endpoint_url {
        let _ = write!(text, " at {url}");
    }
    if let Some(role) = &place.assume_role {
        let _ = write!(text, " as {}", role.arn);
    }
    text
}

fn source(source: &QueueSource) -> String {
    let counted = match (source.count_in_flight, source.count_delayed) {
        (false, false) => "visible messages",
        (true, false) => "visible messages and those in flight",
        (false, true) => "visible messages and delayed ones",
        (true, true) => "visible messages, those in flight and delayed ones",
    };
    let mut text = format!("queue {} ({counted}", source.address.name);
    if (source.weight - 1.0).abs() > f64::EPSILON {
        let _ = write!(text, ", each counting {}", source.weight);
    }
    text.push(')');
    if let Some(owner) = &source.address.owner {
        let _ = write!(text, " of account {owner}");
    }
    text
}

fn aim(scaler: &Scaler) -> String {
    let aim = match &scaler.policy {
        PolicyKind::BacklogPerInstance(policy) => format!(
            "aims at {} messages per instance (±{} %)",
            policy.acceptable_backlog, policy.tolerance_percent
        ),
        PolicyKind::Step(policy) => {
            let out = policy.out.iter().map(|step| format!("+{} above {}", step.add, step.above));
            let r#in = policy.r#in.iter().map(|step| format!("-{} below {}", step.remove, step.below));
            let steps: Vec<String> = out.chain(r#in).collect();
            format!("steps by messages per instance ({})", steps.join(", "))
        }
    };
    format!("{aim} in group {}, {}", scaler.group, limits(&scaler.rules.limits))
}

fn limits(limits: &Limits) -> String {
    let mut text = match limits.max {
        Some(max) => format!("between {} and {max}", limits.min),
        None => format!("from {} to the group's own maximum", limits.min),
    };
    if let Some(step) = limits.step_out_max {
        let _ = write!(text, ", at most {step} more at once");
    }
    if let Some(step) = limits.step_in_max {
        let _ = write!(text, ", at most {step} fewer at once");
    }
    text
}

fn publishes(to: &Destination) -> String {
    let dimensions: Vec<String> =
        to.dimensions.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let named = |metric: &Metric| to.name_of(*metric).to_owned();
    let metrics: Vec<String> = to.metrics.iter().map(named).collect();
    format!(
        "publishes {}/{} {{{}}} at {} s resolution",
        to.namespace,
        metrics.join("+"),
        dimensions.join(", "),
        to.resolution_secs
    )
}

fn control(rules: &Rules) -> Vec<String> {
    let mut lines = vec![
        format!("not below what it takes for the messages in flight, {} an instance", rules.slots),
        format!("out {} s after the last time at the earliest", rules.cooldown_out.as_secs()),
        format!("in {} s after any change at the earliest", rules.cooldown_in.as_secs()),
    ];
    if !rules.stabilization.is_zero() {
        lines.push(format!("in to the highest wish of the last {} s", rules.stabilization.as_secs()));
    }
    lines.push(format!("to 0 after {} s without a message", rules.empty_for.as_secs()));
    lines.push(format!("from 0 after {} samples with messages", rules.wake_samples));
    lines.push(format!("no more orders when nothing came of them for {} s", rules.stalled_after.as_secs()));
    lines
}

fn hints(scaler: &Scaler) -> Vec<String> {
    let mut hints = Vec::new();
    if !scaler.drive && scaler.publish.is_none() {
        hints.push("it neither publishes nor drives: it is only watched".to_owned());
    }
    if scaler.drive && scaler.rules.limits.max.is_none() {
        hints.push("without limits.max only the group's own maximum bounds the cost".to_owned());
    }
    if scaler.drive && scaler.rules.empty_for.is_zero() && scaler.rules.limits.min == 0 {
        let hint =
            "empty_for_secs = 0 takes a first empty reading at its word; SQS counts settle within minutes";
        hints.push(hint.to_owned());
    }
    if let PolicyKind::Step(policy) = &scaler.policy
        && let Some(first) = policy.out.first()
        && first.above > 0.0
        && scaler.rules.limits.min == 0
    {
        hints
            .push(format!("at 0 instances nothing is started until more than {} messages wait", first.above));
    }
    if let Some(publish) = &scaler.publish
        && scaler.schedule.period().as_secs() >= 60
        && publish.resolution_secs < 60
    {
        hints.push("samples come too seldom for resolution_secs = 1 to show anything finer".to_owned());
    }
    hints
}

#[cfg(test)]
mod tests {
    use super::super::tests::{accepted, scaler};
    use super::*;

    #[test]
    fn a_scaler_that_publishes_reads_as_a_paragraph() {
        let expected = "\
images: every 10 seconds, in the region of the environment,
  reads queue images (visible messages),
  aims at 100 messages per instance (±10 %) in group image-workers, between 0 and 20,
  publishes Backlogd/BacklogPerInstance {Scaler=images} at 60 s resolution;
  does not set desired capacity (drive = false).
";
        assert_eq!(describe(&accepted(&[&scaler("limits = { max = 20 }\npublish = {}")])), expected);
    }

    #[test]
    fn a_scaler_that_drives_says_what_it_waits_for() {
        let text = scaler(
            "drive = true\nlimits = { min = 1, step_in_max = 2 }\n\
             source = [{ queue = \"a\", weight = 2.5, count_in_flight = true }, { queue = \"b\", owner = \"123456789012\" }]\n\
             policy = { kind = \"step\", out = [{ above = 100, add = 1 }], in = [{ below = 20, remove = 2 }] }\n\
             aws = { region = \"eu-west-1\", endpoint_url = \"http://localhost:4566\" }",
        );
        let expected = "\
images: every 10 seconds, in eu-west-1 at http://localhost:4566,
  reads queue a (visible messages and those in flight, each counting 2.5),
  reads queue b (visible messages) of account 123456789012,
  steps by messages per instance (+1 above 100, -2 below 20) in group image-workers, from 1 to the group's own \
maximum, at most 2 fewer at once,
  publishes nothing;
  sets desired capacity (drive = true):
  - not below what it takes for the messages in flight, 1 an instance
  - out 30 s after the last time at the earliest
  - in 300 s after any change at the earliest
  - in to the highest wish of the last 300 s
  - to 0 after 180 s without a message
  - from 0 after 2 samples with messages
  - no more orders when nothing came of them for 600 s
  hint: without limits.max only the group's own maximum bounds the cost
";
        assert_eq!(describe(&accepted(&[&text])), expected);
    }

    #[test]
    fn what_is_perhaps_not_meant_is_hinted_at() {
        for (lines, hint) in [
            ("", "only watched"),
            ("drive = true", "without limits.max"),
            ("drive = true\ncontrol = { empty_for_secs = 0 }", "at its word"),
            (
                "policy = { kind = \"step\", out = [{ above = 5, add = 1 }] }",
                "until more than 5 messages wait",
            ),
            ("schedule = \"0 * * * * *\"\npublish = { resolution_secs = 1 }", "too seldom"),
        ] {
            let words = describe(&accepted(&[&scaler(lines)]));
            assert!(words.contains("\n  hint: ") && words.contains(hint), "{words}");
        }
    }
}
