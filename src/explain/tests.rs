use super::*;
use crate::model::{Cause, Decision, Mode, Outcome, Queue, TroubleKind, Turn};

fn queue(name: &str, backlog: Result<Backlog, Missing>) -> Queue {
    Queue { age_secs: 0.2, ..Queue::new(name, backlog) }
}

fn explanation(sample: Sample, decision: Decision) -> Explanation {
    let metrics = Metrics::of(&sample, Some(300.0 / 49.0));
    let (time, scaler) = (Timestamp::from_millis(1_795_168_810_999), "images".to_owned());
    let (mode, outcome, troubles) = (Mode::DryRun, Outcome::Withheld, Vec::new());
    let (estimate, paused) = (None, None);
    let record =
        Record { time, scaler, mode, paused, sample, estimate, metrics, decision, outcome, troubles };
    Explanation { record, drive: true }
}

fn crowded() -> Explanation {
    let plain = Backlog { visible: 12, in_flight: 3, delayed: 0, counted: 12.0 };
    let weighty = Backlog { visible: 40, in_flight: 9, delayed: 1, counted: 81.666_666 };
    let fleet = Fleet {
        desired: 2,
        max: 9,
        in_service: 1,
        pending: 1,
        standby: 3,
        warmed: 4,
        unknown: 5,
        weighted: true,
        launch_suspended: true,
        terminate_suspended: true,
        operator: Some("eks".to_owned()),
        ..Fleet::default()
    };
    let reasons = vec![
        Reason::BacklogPerInstance { backlog: 93.666_666, acceptable: 300.0 / 49.0, wanted: 16 },
        Reason::StepOutMax { step: 3, wanted: 16 },
    ];
    let queues = vec![queue("images", Ok(plain)), queue("videos", Ok(weighty))];
    let action = Action::ScaleOut { from: 2, to: 5 };
    explanation(Sample { queues, fleet: Ok(fleet) }, Decision { action, recommended: Some(16), reasons })
}

#[test]
fn a_page_shows_all_that_was_read_and_each_step() {
    let expected = "\
images at 2026-11-20T10:00:10Z

read
  queue images: 12 visible, 3 in flight
  queue videos: 40 visible, 9 in flight, 1 delayed, 81.667 counted
  group: desired 2, min 0, max 9; 1 in service, 1 pending, 0 terminating, 3 standby, 4 warmed, 5 in unknown states
  group: sizes are sums of instance weights
  group: the process Launch is suspended
  group: the process Terminate is suspended
  group: managed by its operator eks

backlog per instance
  93.667, 6.122 acceptable

thought
  1. backlog 93.667 at 6.122 acceptable per instance asks for 16 [backlog_per_instance]
  2. 16 wanted, at most 3 more at a time [step_out_max]

decision
  scale out from 2 to 5
  the daemon would set it; nothing was set now

otherwise
  1. more than 97.959 counted messages would ask for 17 or more, 91.837 or fewer for 15 or fewer
  2. without this limit it would be 16 at once; the next tick asks for the rest
  without step_out_max: scale out from 2 to 16";
    assert_eq!(at_length(&crowded()), expected);
}

#[test]
fn a_page_shows_what_lies_in_dead_letter_queues_or_why_nobody_knows() {
    let mut page = crowded();
    let queues = &mut page.record.sample.queues;
    let dead = |count| Some(DeadLetters { queue: "dead".to_owned(), count });
    queues[0].dead_letters = dead(Ok(3));
    queues[1].dead_letters = dead(Err(Missing::new("dead-letter queue dead", Cause::Denied, "AccessDenied")));
    let shown = at_length(&page);
    let expected =
        "\n  dead-letter queue dead: 3 messages\n  not counted: dead-letter queue dead: AccessDenied\n";
    assert!(shown.contains(expected), "{shown}");
}

#[test]
fn what_is_believed_is_told_with_how_far() {
    let mut page = crowded();
    let learnt = |value, belief| Learnt { value, belief };
    let estimate = Estimate {
        arrivals_per_sec: learnt(3.1, 0.904),
        processing_secs: learnt(9.8, 1.0),
        slots: learnt(1.0, 0.0),
        boot_secs: learnt(142.0, 0.8),
        boot_spread: learnt(0.2, 0.4),
        drain_secs: Some(70.1),
        late_percent: 0.2,
    };
    page.record.estimate = Some(estimate);
    let expected = "

believed
  within the next boot time 3.1 messages will arrive a second (90 % learnt)
  a message takes 9.8 s (100 % learnt)
  messages an instance works on at once: 1 (assumed, nothing seen yet)
  an instance works 142 s after it was ordered (80 % learnt)
  some take less and some more, by up to 20 % (40 % learnt)
  if nothing more arrived, the queue would be drained in 70.1 s
  of late 0.2 % of the messages waited too long

thought";
    let shown = at_length(&page);
    assert!(shown.contains(expected), "{shown}");
    page.record.estimate = Some(Estimate { drain_secs: None, ..estimate });
    assert!(at_length(&page).contains("\n  nothing is known to be in service that would drain the queue\n"));
}

#[test]
fn a_missing_reading_is_told_once_with_its_cause() {
    let denied = Missing::new("queue images", Cause::Denied, "AccessDenied");
    let silent = Missing::new("group image-workers", Cause::Timeout, "no answer in 2 s");
    let reasons = [denied.clone(), silent.clone()].map(Reason::Missing).to_vec();
    let sample = Sample { queues: vec![queue("images", Err(denied))], fleet: Err(silent) };
    let expected = "\
images at 2026-11-20T10:00:10Z

read
  missing: queue images: AccessDenied
  missing: group image-workers: no answer in 2 s

thought
  1. queue images could not be read [missing]
  2. group image-workers could not be read [missing]

decision
  hold
  nothing to set

otherwise
  1. once it can be read, the next tick decides
  2. once it can be read, the next tick decides";
    assert_eq!(at_length(&explanation(sample, Decision::hold(None, reasons))), expected);
}

#[test]
fn a_reading_that_was_missing_only_when_deciding_is_told_with_its_cause_there() {
    let mut hindered = crowded();
    let hole = Missing::new("instance refreshes of group workers", Cause::Timeout, "no answer in 2 s");
    hindered.record.decision = Decision::hold(None, vec![Reason::Missing(hole)]);
    let page = at_length(&hindered);
    assert!(page.contains("1. instance refreshes of group workers: no answer in 2 s [missing]"), "{page}");
}

#[test]
fn a_scaler_that_only_publishes_is_said_to_set_nothing() {
    let page = at_length(&Explanation { drive: false, ..crowded() });
    let line = "\n  publish only: the daemon records this and sets nothing (drive = false)\n";
    assert!(page.contains(line), "{page}");
}

#[test]
fn what_the_scaler_is_in_trouble_with_stands_before_the_thought_with_what_to_do() {
    let mut page = crowded();
    let since = Timestamp::from_millis(1_795_165_200_000);
    let trouble = |kind, turn, text: &str| Trouble { kind, turn, since, text: text.to_owned() };
    page.record.troubles = vec![
        trouble(TroubleKind::AtMax, Turn::Stands, "9 of 9"),
        trouble(TroubleKind::CapacityStalled, Turn::Recovered, "over after 9 min"),
    ];
    let expected = "

troubles
  at max, objective missed since 2026-11-20T09:00:00Z: 9 of 9
    -> raise the limit that holds it (limits.max, a window's max or the group's own), make the work faster, \
       or accept a longer wait
  recovered: capacity stalled: over after 9 min

thought
";
    assert!(at_length(&page).contains(expected), "{}", at_length(&page));
}

#[test]
fn what_is_paused_stands_before_the_thought() {
    let mut page = crowded();
    let since = Timestamp::from_millis(1_795_165_200_000);
    page.record.paused = Some(Pause::Asked { out: true, r#in: false, since, until: None });
    let words = "\n\npaused\n  scale-out is paused since 09:00 UTC, until it is resumed\n\nthought\n";
    assert!(at_length(&page).contains(words), "{}", at_length(&page));
}
