//! What was read, in words.

use crate::model::{Backlog, DeadLetters, Fleet, Missing, Sample};
use crate::publish::text;

/// A line for each reading, and for what stands in the way of changing the group.
pub(super) fn lines(sample: &Sample) -> Vec<String> {
    let missing = |missing: &Missing| format!("missing: {missing}");
    let queue = |name: &str, backlog: &Backlog| format!("queue {name}: {}", text::messages(backlog));
    let queues =
        sample.queues.iter().map(|each| each.backlog.as_ref().map(|backlog| queue(&each.name, backlog)));
    let mut lines: Vec<String> = queues.map(|read| read.unwrap_or_else(missing)).collect();
    lines.extend(sample.queues.iter().filter_map(|queue| queue.dead_letters.as_ref()).map(dead_letters));
    match &sample.fleet {
        Ok(fleet) => {
            lines.push(sizes(fleet));
            lines.extend(peculiarities(fleet).into_iter().map(|words| format!("group: {words}")));
        }
        Err(hole) => lines.push(missing(hole)),
    }
    lines
}

fn dead_letters(dead: &DeadLetters) -> String {
    match &dead.count {
        Ok(count) => format!("dead-letter queue {}: {count} messages", dead.queue),
        Err(hole) => format!("not counted: {hole}"),
    }
}

/// The group's sizes: those that every group has, and the rest where there is any.
fn sizes(fleet: &Fleet) -> String {
    let mut words = format!(
        "group: desired {}, min {}, max {}; {} in service, {} pending, {} terminating",
        fleet.desired, fleet.min, fleet.max, fleet.in_service, fleet.pending, fleet.terminating
    );
    for (count, state) in
        [(fleet.standby, "standby"), (fleet.warmed, "warmed"), (fleet.unknown, "in unknown states")]
    {
        if count > 0 {
            words = format!("{words}, {count} {state}");
        }
    }
    words
}

/// What is not so with most groups.
fn peculiarities(fleet: &Fleet) -> Vec<String> {
    let mut all = Vec::new();
    if fleet.weighted {
        all.push("sizes are sums of instance weights".to_owned());
    }
    for (suspended, process) in [(fleet.launch_suspended, "Launch"), (fleet.terminate_suspended, "Terminate")]
    {
        if suspended {
            all.push(format!("the process {process} is suspended"));
        }
    }
    all.extend(fleet.operator.as_ref().map(|operator| format!("managed by its operator {operator}")));
    all
}
