//! Claims about a scaler's loop: an engine of ports that a test holds back, under paused time.

use super::turn::{Deadlines, turn};
use super::{Ending, round};
use crate::aws::Patience;
use crate::clock::Clock;
use crate::controller::{Controller, Rules, State};
use crate::daemon::pulse::Pulse;
use crate::daemon::schedule::Bell;
use crate::engine::Engine;
use crate::model::{Action, Backlog, Cause, Fleet, Missing, Mode, Now, Outcome, Queue, Reason, Timestamp};
use crate::policy::BacklogPerInstance;
use crate::settings::Schedule;
use crate::source::Source;
use crate::store::Unkept;
use crate::target::Target;
use crate::trouble::Watch;
use async_trait::async_trait;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

const EVERY_TEN: &str = "*/10 * * * * *";

/// Two days of 2026 that have gone by.
const OVER: &str = "0 0 0 2,3 1 * 2026";

/// A queue of ten messages whose every reading is told, and waits for leave.
#[derive(Debug)]
pub(super) struct HeldQueue {
    pub(super) began: mpsc::UnboundedSender<()>,
    pub(super) leave: Arc<Semaphore>,
    pub(super) backlog: Result<Backlog, Missing>,
}

#[async_trait]
impl Source for HeldQueue {
    async fn read(&mut self) -> Queue {
        // In some tests nobody listens.
        self.began.send(()).unwrap_or_default();
        self.leave.acquire().await.unwrap().forget();
        Queue::new("a", self.backlog.clone())
    }
}

/// A group of one instance, which accepts ten messages.
#[derive(Debug)]
struct FakeGroup {
    answer: Outcome,
}

#[async_trait]
impl Target for FakeGroup {
    async fn read(&mut self) -> Result<Fleet, Missing> {
        Ok(Fleet { desired: 1, max: 9, in_service: 1, ..Fleet::default() })
    }

    async fn obstacle(&mut self, _action: Action) -> Option<Reason> {
        None
    }

    async fn set_desired(&mut self, _to: u32) -> Outcome {
        self.answer.clone()
    }
}

pub(super) fn engine(queue: HeldQueue, answer: Outcome) -> Engine {
    let policy = BacklogPerInstance { acceptable_backlog: 10.0, tolerance_percent: 0.0 };
    Engine {
        name: "images".to_owned(),
        mode: Mode::Drive,
        sources: vec![Box::new(queue)],
        target: Box::new(FakeGroup { answer }),
        controller: Controller::new(Box::new(policy), Rules::default(), State::default()),
        watch: Watch::default(),
        store: Box::new(Unkept),
        publishers: Vec::new(),
    }
}

pub(super) fn holding(visible: u32) -> Backlog {
    Backlog { visible: visible.into(), counted: visible.into(), ..Backlog::default() }
}

fn deadlines(pattern: &str) -> Deadlines {
    let schedule = Schedule::parse(pattern).unwrap();
    Deadlines { patience: Patience::for_period(schedule.period()), schedule }
}

/// One scaler's loop, and all the strings it hangs on.
struct Stage {
    bell: Bell,
    began: mpsc::UnboundedReceiver<()>,
    leave: Arc<Semaphore>,
    pulse: Arc<Pulse>,
    stop: CancellationToken,
    running: JoinHandle<Engine>,
}

impl Stage {
    /// A loop whose first tick has begun, and waits for leave to end.
    async fn in_its_first_tick(pattern: &str) -> Self {
        let (tell, began) = mpsc::unbounded_channel();
        let leave = Arc::new(Semaphore::new(0));
        let queue = HeldQueue { began: tell, leave: leave.clone(), backlog: Ok(holding(10)) };
        let (clock, deadlines, stop) = (Clock::start(), deadlines(pattern), CancellationToken::new());
        let pulse = Arc::new(Pulse::new("images".to_owned(), deadlines.after(clock.now())));
        let (bell, ear) = Bell::new(pulse.clone());
        let looping = turn(engine(queue, Outcome::Done), ear, pulse.clone(), deadlines, clock, stop.clone());
        let running = tokio::spawn(looping);
        let mut stage = Self { bell, began, leave, pulse, stop, running };
        assert!(stage.begins_within(1).await, "the first tick waits for no ring");
        stage
    }

    /// A loop that has done its first tick, and may do as many as it likes.
    async fn waiting(pattern: &str) -> Self {
        let mut stage = Self::in_its_first_tick(pattern).await;
        stage.leave.add_permits(1000);
        assert!(!stage.begins_within(1).await, "one tick, and then one a ring");
        stage
    }

    /// Whether a tick begins within so many seconds.
    async fn begins_within(&mut self, secs: u64) -> bool {
        matches!(timeout(Duration::from_secs(secs), self.began.recv()).await, Ok(Some(())))
    }

    /// Whether the loop ends, within a second.
    async fn ends(&mut self) -> bool {
        timeout(Duration::from_secs(1), &mut self.running).await.is_ok_and(|end| end.is_ok())
    }
}

/// What is logged from WARN on, on this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn listen(&self) -> tracing::subscriber::DefaultGuard {
        let log = self.clone();
        let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_ansi(false);
        tracing::subscriber::set_default(subscriber.with_writer(move || log.clone()).finish())
    }

    fn lines(&self) -> Vec<String> {
        String::from_utf8_lossy(&self.0.lock().unwrap()).lines().map(str::to_owned).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_ring_makes_one_tick() {
    let mut stage = Stage::waiting(EVERY_TEN).await;
    for _ in 0..3 {
        stage.bell.ring();
        assert!(stage.begins_within(1).await);
        assert!(!stage.begins_within(5).await);
    }
    assert_eq!(stage.pulse.missed_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_busy_scaler_misses_its_rings_and_catches_up_on_none() {
    let mut stage = Stage::in_its_first_tick(EVERY_TEN).await;
    for _ in 0..5 {
        stage.bell.ring();
        assert!(!stage.begins_within(10).await, "a tick overlaps itself");
    }
    stage.leave.add_permits(1000);
    assert!(!stage.begins_within(5).await, "a stale ring was run");
    assert_eq!(stage.pulse.missed_count(), 5, "the one that was taken down is a missed one too");
    stage.bell.ring();
    assert!(stage.begins_within(1).await, "the next ring is heard");
    assert!(!stage.begins_within(5).await);
    assert_eq!(stage.pulse.missed_count(), 5);
}

/// Goes through so many ticks of which each is rung for before it ends.
async fn late(stage: &mut Stage, ticks: usize) {
    for _ in 0..ticks {
        stage.bell.ring();
        assert!(stage.begins_within(1).await);
        stage.bell.ring();
        stage.leave.add_permits(1);
        assert!(!stage.begins_within(1).await);
    }
}

#[tokio::test(start_paused = true)]
async fn ticks_that_outlast_the_schedule_three_times_in_a_row_are_said_once() {
    let log = Log::default();
    let _listening = log.listen();
    let mut stage = Stage::in_its_first_tick(EVERY_TEN).await;
    stage.leave.add_permits(1);
    assert!(!stage.begins_within(1).await);
    late(&mut stage, 2).await;
    assert_eq!(log.lines(), [""; 0]);
    late(&mut stage, 5).await;
    let [only] = log.lines().try_into().unwrap();
    assert!(only.contains("longer than the schedule allows") && only.contains("images"), "{only}");
    stage.bell.ring();
    stage.leave.add_permits(1);
    assert!(stage.begins_within(1).await);
    assert!(!stage.begins_within(1).await, "a tick in time");
    late(&mut stage, 3).await;
    assert_eq!(log.lines().len(), 2, "said again, since it had ended");
}

/// Three periods of ten seconds are twenty to thirty, by when in its period the tick was.
#[tokio::test(start_paused = true)]
async fn without_any_ring_it_samples_after_three_periods_and_says_so_once() {
    let log = Log::default();
    let _listening = log.listen();
    let mut stage = Stage::waiting(EVERY_TEN).await;
    for _ in 0..3 {
        assert!(!stage.begins_within(18).await, "sooner than the third ring was due");
        assert!(stage.begins_within(13).await);
        let [only] = log.lines().try_into().unwrap();
        assert!(only.contains("no ring for three periods") && only.contains("images"), "{only}");
    }
}

#[tokio::test(start_paused = true)]
async fn rings_that_come_again_are_followed_and_a_second_silence_is_said_again() {
    let log = Log::default();
    let _listening = log.listen();
    let mut stage = Stage::waiting(EVERY_TEN).await;
    assert!(stage.begins_within(30).await);
    for _ in 0..10 {
        stage.bell.ring();
        assert!(stage.begins_within(1).await);
        assert!(!stage.begins_within(10).await, "it was rung for, and ticked by itself");
    }
    assert_eq!(log.lines().len(), 1);
    assert!(stage.begins_within(30).await);
    assert_eq!(log.lines().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_scaler_whose_pattern_is_over_waits_and_never_ticks_by_itself() {
    let mut stage = Stage::waiting(OVER).await;
    assert!(!stage.begins_within(30 * 86_400).await);
    assert!(!stage.pulse.overdue(Timestamp::from_millis(i64::MAX)));
    stage.stop.cancel();
    assert!(stage.ends().await);
}

#[tokio::test(start_paused = true)]
async fn told_to_stop_it_finishes_the_tick_in_progress_and_begins_no_other() {
    let mut stage = Stage::in_its_first_tick(EVERY_TEN).await;
    stage.stop.cancel();
    assert!(!stage.ends().await, "the tick in progress was dropped");
    assert!(!stage.pulse.has_ticked());
    stage.bell.ring();
    stage.leave.add_permits(1000);
    assert!(stage.ends().await);
    assert!(stage.pulse.has_ticked());
    assert!(!stage.begins_within(60).await);
}

#[tokio::test(start_paused = true)]
async fn told_to_stop_between_two_ticks_it_ends_at_once() {
    let mut stage = Stage::waiting(EVERY_TEN).await;
    stage.stop.cancel();
    assert!(stage.ends().await);
    assert!(!stage.begins_within(60).await);
}

#[tokio::test(start_paused = true)]
async fn a_loop_whose_bell_is_gone_ends() {
    let Stage { bell, running, .. } = Stage::waiting(EVERY_TEN).await;
    drop(bell);
    assert!(timeout(Duration::from_secs(1), running).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn each_tick_leaves_its_record_and_the_next_deadline() {
    let mut stage = Stage::in_its_first_tick(EVERY_TEN).await;
    assert!(!stage.pulse.has_ticked());
    assert_eq!(stage.pulse.last(|record| record.time), None);
    stage.leave.add_permits(1);
    assert!(!stage.begins_within(1).await);
    assert!(stage.pulse.has_ticked());
    let ticked = stage.pulse.last(|record| record.time).unwrap();
    // The steady time begins with the time of day, which no test steps.
    assert!(!stage.pulse.overdue(ticked + Duration::from_secs(20)));
    assert!(stage.pulse.overdue(ticked + Duration::from_mins(10)));
}

/// Whatever the moment of the tick: the loop itself goes on without a bell then, and its calls take time.
#[test]
fn the_deadline_lies_beyond_three_rings_and_the_calls_of_a_tick() {
    let steady = Timestamp::from_secs(5_000);
    for (pattern, millis, third) in [
        (EVERY_TEN, 0, 30_000),
        (EVERY_TEN, 1, 29_999),
        (EVERY_TEN, 9_999, 20_001),
        ("* * * * * *", 500, 2_500),
        ("0 0 0 * * *", 0, 3 * 86_400_000),
    ] {
        let deadlines = deadlines(pattern);
        // Midnight, and the steady time is another.
        let now = Now { wall: Timestamp::from_secs(1_800_057_600).shifted(millis), steady };
        assert_eq!(deadlines.patience_with_bell(now), Duration::from_millis(third), "{pattern} at {millis}");
        let beyond = deadlines.after(now).since(steady.shifted(third.try_into().unwrap()));
        assert!(beyond >= deadlines.patience.call * 3, "{pattern} at {millis}: {beyond:?}");
    }
}

#[test]
fn a_pattern_that_never_comes_round_again_has_no_deadline() {
    let deadlines = deadlines("0 0 0 * * * 2026");
    let now = Now::at(Timestamp::from_secs(2_000_000_000));
    assert_eq!(deadlines.patience_with_bell(now), Duration::MAX);
    assert_eq!(deadlines.after(now), Timestamp::from_millis(i64::MAX));
}

#[test]
fn a_scaler_is_overdue_only_after_its_deadline() {
    let pulse = Pulse::new("images".to_owned(), Timestamp::from_millis(100));
    assert!(!pulse.overdue(Timestamp::from_millis(100)));
    assert!(pulse.overdue(Timestamp::from_millis(101)));
}

/// An engine of its own for [`round`]: a backlog, and the group's answer to a write.
fn free(backlog: Result<Backlog, Missing>, answer: Outcome) -> (Engine, Patience) {
    let (began, _nobody) = mpsc::unbounded_channel();
    patient(engine(HeldQueue { began, leave: Arc::new(Semaphore::new(1)), backlog }, answer))
}

fn patient(engine: Engine) -> (Engine, Patience) {
    (engine, Patience::for_period(Duration::from_secs(10)))
}

fn unread(cause: Cause) -> Result<Backlog, Missing> {
    Err(Missing::new("queue a", cause, "as the test wished"))
}

#[tokio::test]
async fn a_single_round_ends_as_its_worst_scaler_did() {
    let refused = || Outcome::Failed { why: "busy".to_owned(), refused: true };
    let well = || free(Ok(holding(10)), Outcome::Done);
    for (engines, expected) in [
        (vec![], Ending::Well),
        (vec![well(), free(Ok(holding(90)), Outcome::Done)], Ending::Well),
        (vec![well(), free(Ok(holding(90)), refused())], Ending::Troubled),
        (vec![free(unread(Cause::Denied), Outcome::Done), well()], Ending::Troubled),
        (vec![free(unread(Cause::Timeout), Outcome::Done), well()], Ending::Unreachable),
        (vec![free(unread(Cause::Unreachable), Outcome::Done), well()], Ending::Unreachable),
        (
            vec![free(unread(Cause::Timeout), Outcome::Done), free(unread(Cause::Denied), Outcome::Done)],
            Ending::Unreachable,
        ),
    ] {
        assert_eq!(round(engines, Clock::start(), &CancellationToken::new()).await, expected);
    }
}

#[tokio::test]
async fn a_single_round_that_is_told_to_stop_finishes_and_ends_well() {
    let stop = CancellationToken::new();
    stop.cancel();
    let troubled = vec![free(unread(Cause::Denied), Outcome::Done)];
    assert_eq!(round(troubled, Clock::start(), &stop).await, Ending::Well);
}

/// Each reading waits for another's permit: one after the other, none would ever end.
#[tokio::test(start_paused = true)]
async fn a_single_round_ticks_all_scalers_at_once() {
    let (tell, mut began) = mpsc::unbounded_channel();
    let leave = Arc::new(Semaphore::new(0));
    let held = || HeldQueue { began: tell.clone(), leave: leave.clone(), backlog: Ok(holding(10)) };
    let engines = [held(), held()].map(|queue| patient(engine(queue, Outcome::Done)));
    let stop = CancellationToken::new();
    let all_begun = async {
        for _ in 0..2 {
            began.recv().await.unwrap();
        }
        leave.add_permits(2);
    };
    let both = futures_util::future::join(round(engines.into(), Clock::start(), &stop), all_begun);
    let (ending, ()) = timeout(Duration::from_secs(1), both).await.expect("both begin before either ends");
    assert_eq!(ending, Ending::Well);
}
