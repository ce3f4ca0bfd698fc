use super::hints::hints;
use super::windows;
use super::{Latency, PolicyKind, QueueSource, Scaler, Settings};
use crate::aws::Place;
use crate::controller::{Limits, Rules};
use crate::model::Timestamp;
use crate::publish::{Destination, Metric};
use std::fmt::Write as _;
use std::time::Duration;

/// What was understood, in plain words: a paragraph a scaler, with hints at what is allowed but
/// perhaps not meant.
#[must_use]
pub fn describe(settings: &Settings) -> String {
    let paragraph = |(index, each)| scaler(each, settings.scalers.iter().take(index));
    let paragraphs: Vec<String> = settings.scalers.iter().enumerate().map(paragraph).collect();
    let topic = settings.scalers.first().and_then(|scaler| scaler.notify.topic.as_ref());
    let told = topic.map(|topic| format!("\ntells of troubles: {}\n", topic.arn)).unwrap_or_default();
    paragraphs.join("\n") + &told
}

/// When the windows of each scaler open next after the time of day `wall`; empty where there are none.
#[must_use]
pub fn openings(settings: &Settings, wall: Timestamp) -> String {
    let lines = |scaler: &Scaler| {
        let lines = windows::openings(&scaler.rules.windows, wall);
        lines.into_iter().map(|line| format!("{}: {line}\n", scaler.name)).collect::<Vec<_>>()
    };
    settings.scalers.iter().flat_map(lines).collect()
}

fn scaler<'a>(scaler: &Scaler, earlier: impl Iterator<Item = &'a Scaler>) -> String {
    let mut lines = vec![format!("{}, {},", scaler.schedule.describe(), place(&scaler.place))];
    lines.extend(scaler.sources.iter().map(|each| format!("reads {},", source(each))));
    lines.push(format!("{},", aim(scaler)));
    let learns = matches!(scaler.policy, PolicyKind::Latency(_));
    lines.extend(scaler.rules.windows.iter().map(|each| format!("{},", windows::words(each, learns))));
    if let PolicyKind::Latency(policy) = &scaler.policy {
        lines.extend(learning(policy).into_iter().map(|each| format!("{each},")));
    }
    lines.push(format!(
        "{};",
        scaler.publish.as_ref().map_or_else(|| "publishes nothing".to_owned(), publishes)
    ));
    if scaler.drive {
        lines.push("sets desired capacity (drive = true):".to_owned());
        lines.extend(control(scaler).into_iter().map(|rule| format!("- {rule}")));
    } else {
        lines.push("does not set desired capacity (drive = false).".to_owned());
    }
    lines.extend(hints(scaler, earlier).into_iter().map(|hint| format!("hint: {hint}")));
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
        PolicyKind::Latency(policy) => format!("aims at a wait of at most {} s", policy.objective.as_secs()),
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

/// What the latency policy learns, what it begins with, and what it takes a scale-in to cost.
fn learning(policy: &Latency) -> Vec<String> {
    let secs = |time: Option<Duration>, of: &str| Some(format!("{} s {of}", time?.as_secs_f64()));
    let guesses = [
        secs(policy.processing, "a message"),
        secs(policy.boot, "a boot"),
        policy.slots.map(|slots| format!("{slots} slots")),
    ];
    let guesses: Vec<String> = guesses.into_iter().flatten().collect();
    let mut learns = "learns processing time, boot time and slots".to_owned();
    if !guesses.is_empty() {
        let _ = write!(learns, ", beginning with {}", guesses.join(", "));
    }
    let leaving = if policy.drains { "finishes" } else { "loses" };
    vec![
        learns,
        format!(
            "reckons that an instance that is given back {leaving} its messages (drains = {})",
            policy.drains
        ),
    ]
}

fn limits(limits: &Limits) -> String {
    let mut text = match limits.max {
        Some(max) => format!("between {} and {max}", limits.min),
        None => format!("from {} to the group's own max", limits.min),
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

/// How the scaler goes about setting desired capacity, a sentence each.
fn control(Scaler { rules, policy, .. }: &Scaler) -> Vec<String> {
    let mut lines = vec![scale_out(rules), scale_in(rules, policy), at_work(rules.slots, policy)];
    if rules.limits.min == 0 {
        lines.extend([to_zero(rules), from_zero(rules)]);
    }
    let stalled = rules.stalled_after.as_secs();
    lines.push(format!("orders no more once what was ordered has not come into service for {stalled} s"));
    lines
}

fn scale_out(rules: &Rules) -> String {
    match rules.cooldown_out.as_secs() {
        0 => "scales out at once".to_owned(),
        cooldown => format!("scales out at once, but not within {cooldown} s of the last scale-out"),
    }
}

fn scale_in(rules: &Rules, policy: &PolicyKind) -> String {
    match (rules.stabilization.as_secs(), rules.cooldown_in.as_secs()) {
        (0, 0) if matches!(policy, PolicyKind::Latency(_)) => {
            "scales in what costs more to keep than to launch again when it is needed".to_owned()
        }
        (0, 0) => "scales in at once".to_owned(),
        (0, cooldown) => format!("scales in at once, but not within {cooldown} s of the last change"),
        (window, 0) => format!("scales in to the highest need of the last {window} s"),
        (window, cooldown) => format!(
            "scales in to the highest need of the last {window} s, not within {cooldown} s of the last change"
        ),
    }
}

fn at_work(slots: u32, policy: &PolicyKind) -> String {
    if matches!(policy, PolicyKind::Latency(Latency { slots: None, .. })) {
        return "never scales in below the instances at work, by the slots it learns".to_owned();
    }
    let messages = if slots == 1 { "message".to_owned() } else { format!("{slots} messages") };
    format!("never scales in below the instances at work, one for every {messages} in flight")
}

fn to_zero(rules: &Rules) -> String {
    match rules.empty_for.as_secs() {
        0 => "scales in to 0 at the first sample without messages".to_owned(),
        secs => format!("scales in to 0 only after {secs} s without messages"),
    }
}

fn from_zero(rules: &Rules) -> String {
    match rules.wake_samples {
        0 | 1 => "scales out from 0 at the first sample with messages".to_owned(),
        count => format!("scales out from 0 only after {count} samples in a row with messages"),
    }
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
max, at most 2 fewer at once,
  publishes nothing;
  sets desired capacity (drive = true):
  - scales out at once, but not within 30 s of the last scale-out
  - scales in to the highest need of the last 300 s, not within 300 s of the last change
  - never scales in below the instances at work, one for every message in flight
  - orders no more once what was ordered has not come into service for 600 s
  hint: without limits.max only the group's own max bounds the cost
";
        assert_eq!(describe(&accepted(&[&text])), expected);
    }

    #[test]
    fn a_scaler_that_may_go_to_zero_says_when() {
        let words = describe(&accepted(&[&scaler("drive = true\nlimits = { max = 9 }")]));
        assert!(words.contains("\n  - scales in to 0 only after 180 s without messages\n"), "{words}");
        assert!(words.contains("\n  - scales out from 0 only after 2 samples in a row with messages\n"));
    }

    #[test]
    fn a_scaler_that_waits_for_nothing_says_so() {
        let control = "control = { slots = 10, cooldown_out_secs = 0, cooldown_in_secs = 0, \
            stabilization_secs = 0, empty_for_secs = 0, wake_samples = 1 }";
        let words = describe(&accepted(&[&scaler(&format!("drive = true\n{control}"))]));
        let expected = "
  - scales out at once
  - scales in at once
  - never scales in below the instances at work, one for every 10 messages in flight
  - scales in to 0 at the first sample without messages
  - scales out from 0 at the first sample with messages
  - orders no more once what was ordered has not come into service for 600 s
";
        assert!(words.contains(expected), "{words}");
    }

    #[test]
    fn a_latency_policy_says_what_it_learns_and_begins_with() {
        let words = |policy: &str, lines: &str| {
            let policy = format!("policy = {{ kind = \"latency\", latency_objective_secs = 60{policy} }}");
            describe(&accepted(&[&scaler(&format!(
                "drive = true\nlimits = {{ max = 9 }}\n{policy}\n{lines}"
            ))]))
        };
        let expected = "\
images: every 10 seconds, in the region of the environment,
  reads queue images (visible messages),
  aims at a wait of at most 60 s in group image-workers, between 0 and 9,
  learns processing time, boot time and slots,
  reckons that an instance that is given back loses its messages (drains = false),
  publishes nothing;
  sets desired capacity (drive = true):
  - scales out at once
  - scales in what costs more to keep than to launch again when it is needed
  - never scales in below the instances at work, by the slots it learns
  - scales in to 0 only after 60 s without messages
  - scales out from 0 only after 2 samples in a row with messages
  - orders no more once what was ordered has not come into service for 600 s
  hint: whether 60 s can be held when arrivals rise depends on how long an instance takes to boot: until that is learnt, which can take hours, about 240 s are assumed; boot_secs tells it
";
        assert_eq!(words("", ""), expected);
        let told =
            words(", processing_secs = 9.5, boot_secs = 150, drains = true", "control = { slots = 4 }");
        for line in [
            "learns processing time, boot time and slots, beginning with 9.5 s a message, 150 s a boot, 4 slots,",
            "reckons that an instance that is given back finishes its messages (drains = true),",
            "- never scales in below the instances at work, one for every 4 messages in flight",
        ] {
            assert!(told.contains(&format!("\n  {line}\n")), "{told}");
        }
    }

    #[test]
    fn a_window_and_a_cooldown_stand_for_themselves() {
        for (control, expected) in [
            ("stabilization_secs = 0", "scales in at once, but not within 300 s of the last change"),
            ("cooldown_in_secs = 0", "scales in to the highest need of the last 300 s\n"),
        ] {
            let text = scaler(&format!("drive = true\ncontrol = {{ {control} }}"));
            let words = describe(&accepted(&[&text]));
            assert!(words.contains(&format!("\n  - {expected}")), "{words}");
        }
    }
}
