//! What a tick costs.

use crate::contest::Entry;
use crate::ours::{Hints, driver};
use backlogd::model::{Backlog, Fleet, Instance, Now, Outcome, Queue, QueueFacts, Sample, Timestamp, Tuning};
use backlogd::sim::Case;
use std::time::Duration;

const FLEET: u32 = 150;
/// Enough that the kernel's own tick, every few milliseconds, does not matter.
const TICKS: u32 = 20_000;

/// Prints the CPU time of one tick at a large fleet, and of a whole run on the longest trace.
pub(crate) fn print(cases: &[Case]) {
    let Some(case) = cases.iter().max_by_key(|case| case.trace.total()) else { return };
    println!("\n## CPU time\n");
    println!("- one tick at a fleet of {FLEET}: {:.2} µs", tick(case).as_secs_f64() * 1e6);
    let messages = case.messages();
    let before = cpu();
    let run = Entry::ours(Hints::right).play(case, &messages, false);
    let took = cpu().saturating_sub(before).as_secs_f64();
    println!("- one run on {} ({:.0} instance-hours): {took:.2} s", case.name, run.instance_hours);
}

/// One tick of the controller, learning included, with a backlog that rises and falls.
fn tick(case: &Case) -> Duration {
    let mut controller = driver(case, &Hints::right(case), &Tuning::SHIPPED).controller;
    let instances = (0..FLEET)
        .map(|id| Instance { id: format!("i-{id:017x}").into(), in_service: true, capacity: 1 })
        .collect();
    let fleet = Fleet { desired: FLEET, max: 2 * FLEET, in_service: FLEET, instances, ..Fleet::default() };
    let mut sample = Sample { queues: Vec::new(), fleet: Ok(fleet) };
    let before = cpu();
    for turn in 0..TICKS {
        let visible = u64::from(turn % 997);
        let in_flight = u64::from(FLEET * case.slots);
        let counted = (visible + in_flight) as f64;
        let backlog = Backlog { visible, in_flight, delayed: 0, counted };
        let facts = QueueFacts { visibility_timeout_secs: Some(60), ..QueueFacts::default() };
        sample.queues = vec![Queue { facts, ..Queue::new("", Ok(backlog)) }];
        let now = Timestamp::from_secs(i64::from(turn) * 10);
        controller.observe(Now::at(now), &sample);
        let decision = controller.decide(now, &sample);
        let foreseen = controller.foresee(now, &sample, &decision);
        controller.settle(foreseen, &Outcome::None);
    }
    cpu().saturating_sub(before) / TICKS
}

/// CPU time of this thread, from `/proc/thread-self/schedstat` (field 1, in nanoseconds).
fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split_whitespace().next().unwrap().parse().unwrap())
}
