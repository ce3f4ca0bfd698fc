//! Claims about one turn of the crank, on ports that follow a script and write down what is asked of them.

use super::Engine;
use crate::controller::{Controller, Limits, Rules, State};
use crate::model::{
    Action, Backlog, Cause, Fleet, Hints, Instance, Missing, Mode, Now, Outcome, Pause, Queue, Reason,
    Record, Timestamp, Tuning,
};
use crate::policy::{BacklogPerInstance, Latency};
use crate::publish::Publisher;
use crate::source::Source;
use crate::store::Store;
use crate::target::{Target, Withheld};
use crate::trouble::{Known, Watch};
use async_trait::async_trait;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What happened, in order; shared by all ports of an engine.
#[derive(Clone, Debug, Default)]
struct Script(Arc<Mutex<Vec<String>>>);

impl Script {
    fn note(&self, event: impl Into<String>) {
        self.0.lock().unwrap().push(event.into());
    }

    fn events(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[derive(Debug)]
struct FakeQueue {
    script: Script,
    backlog: Result<Backlog, Missing>,
    takes: Duration,
}

#[async_trait]
impl Source for FakeQueue {
    async fn read(&mut self) -> Queue {
        self.script.note("read queue");
        tokio::time::sleep(self.takes).await;
        Queue::new("a", self.backlog.clone())
    }
}

#[derive(Debug)]
struct FakeGroup {
    script: Script,
    takes: Duration,
    obstacle: Option<Reason>,
    answer: Outcome,
}

#[async_trait]
impl Target for FakeGroup {
    async fn read(&mut self) -> Result<Fleet, Missing> {
        self.script.note("read group");
        tokio::time::sleep(self.takes).await;
        let instance = |number| Instance { id: format!("i-{number}").into(), in_service: true, capacity: 1 };
        let instances = (0..5).map(instance).collect();
        Ok(Fleet { desired: 5, max: 100, in_service: 5, instances, ..Fleet::default() })
    }

    async fn obstacle(&mut self, action: Action) -> Option<Reason> {
        self.script.note(format!("obstacle to {}?", action.code()));
        self.obstacle.clone()
    }

    async fn set_desired(&mut self, to: u32) -> Outcome {
        assert_ne!(self.answer, Outcome::Withheld, "a withheld group was written to");
        self.script.note(format!("set {to}"));
        self.answer.clone()
    }
}

/// Notes whether what is saved knows of another last action than the state it began with.
#[derive(Debug)]
struct FakeStore {
    script: Script,
    first: State,
    pause: Option<Pause>,
}

impl Store for FakeStore {
    fn save(&mut self, _now: Now, state: &State) {
        let cooling = if state.same_actions(&self.first) { "without" } else { "with" };
        self.script.note(format!("save {cooling} a new action"));
    }

    fn pause(&mut self, _wall: Timestamp) -> Option<Pause> {
        self.pause.clone()
    }

    fn save_troubles(&mut self, known: &Known) {
        if *known != Known::default() {
            self.script.note("save troubles");
        }
    }
}

#[derive(Debug)]
struct FakeListener(Script);

#[async_trait]
impl Publisher for FakeListener {
    async fn publish(&mut self, record: &Record) {
        let (action, outcome) = (record.decision.action.code(), record.outcome.code());
        self.0.note(format!("publish {action}, {outcome}"));
    }
}

/// An engine at five instances that accept ten messages each, with `visible` waiting.
struct Scene {
    script: Script,
    group: FakeGroup,
    queues: Vec<FakeQueue>,
}

impl Scene {
    fn visible(visible: u32) -> Self {
        let script = Script::default();
        let takes = Duration::ZERO;
        let group = FakeGroup { script: script.clone(), takes, obstacle: None, answer: Outcome::Done };
        let mut scene = Self { script, group, queues: vec![] };
        scene.queue(Ok(Backlog { visible: visible.into(), counted: visible.into(), ..Backlog::default() }));
        scene
    }

    fn queue(&mut self, backlog: Result<Backlog, Missing>) {
        self.queues.push(FakeQueue { script: self.script.clone(), backlog, takes: Duration::ZERO });
    }

    fn engine(self) -> (Engine, Script) {
        let script = self.script.clone();
        (assembled(&script, self.queues, Box::new(self.group), Mode::Drive), script)
    }

    fn withheld(self) -> (Engine, Script) {
        let script = self.script.clone();
        let group = FakeGroup { answer: Outcome::Withheld, ..self.group };
        (assembled(&script, self.queues, Box::new(Withheld::rehearsal(group)), Mode::DryRun), script)
    }
}

fn assembled(script: &Script, queues: Vec<FakeQueue>, target: Box<dyn Target>, mode: Mode) -> Engine {
    let rules = Rules {
        limits: Limits { min: 0, max: None, step_out_max: None, step_in_max: None },
        stabilization: Duration::ZERO,
        cooldown_in: Duration::from_mins(5),
        ..Rules::default()
    };
    let policy = BacklogPerInstance { acceptable_backlog: 10.0, tolerance_percent: 0.0 };
    Engine {
        name: "images".to_owned(),
        mode,
        sources: queues.into_iter().map(|queue| Box::new(queue) as Box<dyn Source>).collect(),
        target,
        controller: Controller::new(Box::new(policy), rules, State::default()),
        watch: Watch::default(),
        store: Box::new(FakeStore { script: script.clone(), first: State::default(), pause: None }),
        publishers: vec![Box::new(FakeListener(script.clone())), Box::new(FakeListener(script.clone()))],
    }
}

fn denied() -> Missing {
    Missing::new("queue b", Cause::Denied, "AccessDenied")
}

fn at(secs: i64) -> Now {
    Now { wall: Timestamp::from_secs(1_800_000_000 + secs), steady: Timestamp::from_secs(1_000_000 + secs) }
}

fn failed() -> Outcome {
    Outcome::Failed { why: "SetDesiredCapacity of g: ScalingActivityInProgress".to_owned(), refused: true }
}

#[tokio::test]
async fn a_tick_reads_decides_remembers_acts_and_tells_in_that_order() {
    let (mut engine, script) = Scene::visible(90).engine();
    let record = engine.tick(at(0)).await;
    let expected = [
        "read queue",
        "read group",
        "obstacle to scale_out?",
        "save with a new action",
        "set 9",
        "publish scale_out, done",
        "publish scale_out, done",
    ];
    assert_eq!(script.events(), expected);
    assert_eq!((record.time, record.scaler.as_str()), (at(0).wall, "images"));
    assert_eq!(record.decision.action, Action::ScaleOut { from: 5, to: 9 });
    assert_eq!(record.metrics.backlog_per_instance, Some(18.0));
    assert_eq!(record.metrics.acceptable_backlog, Some(10.0));
}

#[tokio::test]
async fn a_hold_asks_for_no_obstacle_and_writes_nothing_but_is_remembered_and_told() {
    let (mut engine, script) = Scene::visible(50).engine();
    assert_eq!(engine.tick(at(0)).await.outcome, Outcome::None);
    let expected =
        ["read queue", "read group", "save without a new action", "publish hold, none", "publish hold, none"];
    assert_eq!(script.events(), expected);
}

#[tokio::test]
async fn a_failed_write_is_remembered_as_not_done_and_still_told() {
    let mut scene = Scene::visible(90);
    scene.group.answer = failed();
    let (mut engine, script) = scene.engine();
    assert_eq!(engine.tick(at(0)).await.outcome, failed());
    let expected = [
        "save with a new action",
        "set 9",
        "save without a new action",
        "publish scale_out, failed",
        "publish scale_out, failed",
    ];
    assert_eq!(script.events().get(3..).unwrap(), expected);
    let again = engine.tick(at(1)).await;
    assert_eq!(again.decision.action, Action::ScaleOut { from: 5, to: 9 }, "no cooldown began");
}

#[tokio::test]
async fn an_action_that_was_done_starts_the_cooldown() {
    let (mut engine, _) = Scene::visible(20).engine();
    assert_eq!(engine.tick(at(0)).await.decision.action, Action::ScaleIn { from: 5, to: 2 });
    let next = engine.tick(at(10)).await.decision;
    assert_eq!(next.reasons.last(), Some(&Reason::CooldownIn { remaining_secs: 290 }));
}

#[tokio::test]
async fn cooldowns_are_measured_on_the_steady_clock() {
    let (mut engine, _) = Scene::visible(20).engine();
    engine.tick(at(0)).await;
    let set_forward = Now { wall: at(86_400).wall, steady: at(10).steady };
    let next = engine.tick(set_forward).await;
    assert_eq!(next.time, at(86_400).wall);
    assert_eq!(next.decision.reasons.last(), Some(&Reason::CooldownIn { remaining_secs: 290 }));
}

#[tokio::test]
async fn an_obstacle_turns_the_action_into_a_hold_that_says_why() {
    let refresh = Reason::InstanceRefresh { status: "InProgress".to_owned() };
    let mut scene = Scene::visible(90);
    scene.group.obstacle = Some(refresh.clone());
    let (mut engine, script) = scene.engine();
    let decision = engine.tick(at(0)).await.decision;
    assert_eq!((decision.action, decision.recommended), (Action::Hold, Some(9)));
    assert_eq!(decision.reasons.last(), Some(&refresh));
    assert_eq!(decision.reasons.len(), 2, "the thought up to there is kept");
    let expected =
        ["obstacle to scale_out?", "save without a new action", "publish hold, none", "publish hold, none"];
    assert_eq!(script.events().get(2..).unwrap(), expected);
}

#[tokio::test]
async fn a_withheld_group_is_read_and_asked_and_never_written_to() {
    let (mut engine, script) = Scene::visible(90).withheld();
    let record = engine.tick(at(0)).await;
    assert_eq!((record.outcome, record.mode), (Outcome::Withheld, Mode::DryRun));
    let expected = [
        "read group",
        "obstacle to scale_out?",
        "save with a new action",
        "publish scale_out, withheld",
        "publish scale_out, withheld",
    ];
    assert_eq!(script.events().get(1..).unwrap(), expected);
}

#[tokio::test]
async fn a_withheld_obstacle_is_the_groups_own() {
    let mut scene = Scene::visible(90);
    scene.group.obstacle = Some(Reason::LaunchSuspended);
    let (mut engine, _) = scene.withheld();
    assert_eq!(engine.tick(at(0)).await.decision.reasons.last(), Some(&Reason::LaunchSuspended));
}

#[tokio::test]
async fn one_missing_queue_of_two_holds_and_is_part_of_the_record() {
    let mut scene = Scene::visible(0);
    scene.queue(Err(denied()));
    let (mut engine, script) = scene.engine();
    let record = engine.tick(at(0)).await;
    assert_eq!(record.sample.missing().count(), 1);
    assert_eq!(record.metrics.backlog_per_instance, None);
    let expected = [
        "save without a new action",
        "save troubles", // before they are told
        "publish hold, none",
        "publish hold, none",
    ];
    assert_eq!(script.events().get(3..).unwrap(), expected);
}

#[tokio::test]
async fn how_long_the_queue_takes_to_drain_is_not_told_while_a_reading_is_missing() {
    let hints = Hints { objective_secs: 300.0, processing_secs: Some(10.0), ..Hints::default() };
    let latency = Latency { hints, drains: false, tuning: Tuning::SHIPPED };
    let (mut engine, _) = Scene::visible(90).engine();
    engine.controller = Controller::new(Box::new(latency), Rules::unhurried(), State::default());
    let drain = |record: &Record| record.estimate.and_then(|estimate| estimate.drain_secs);
    assert!(drain(&engine.tick(at(0)).await).is_some());
    let mut blind = Scene::visible(0);
    blind.queue(Err(denied()));
    engine.sources = blind.engine().0.sources;
    let record = engine.tick(at(10)).await;
    assert!(record.estimate.is_some(), "what was learnt stands");
    assert_eq!(drain(&record), None);
}

#[tokio::test(start_paused = true)]
async fn everything_is_read_at_once() {
    let mut scene = Scene::visible(90);
    scene.queue(Ok(Backlog::default()));
    scene.queue(Ok(Backlog::default()));
    for (queue, secs) in scene.queues.iter_mut().zip([1, 3, 2]) {
        queue.takes = Duration::from_secs(secs);
    }
    scene.group.takes = Duration::from_secs(3);
    let (mut engine, _) = scene.engine();
    let tick = tokio::time::timeout(Duration::from_millis(3001), engine.tick(at(0))).await;
    let record = tick.expect("a tick takes as long as its slowest reading");
    let counted: Vec<_> = record.sample.queues.iter().map(|queue| queue.backlog.clone().unwrap()).collect();
    assert_eq!(counted.first().unwrap().visible, 90, "in the settings' order, not that of arrival");
}

#[tokio::test]
async fn what_is_paused_is_looked_at_every_tick_held_and_told() {
    let (mut engine, script) = Scene::visible(90).engine();
    let pause = |until| Pause::Asked { out: true, r#in: true, since: at(0).wall, until };
    let store = |pause| Box::new(FakeStore { script: script.clone(), first: State::default(), pause });
    engine.store = store(Some(pause(None)));
    let record = engine.tick(at(10)).await;
    assert_eq!((record.decision.action, record.paused), (Action::Hold, Some(pause(None))));
    assert_eq!(record.decision.reasons.last().unwrap().code(), "paused_out");
    assert_eq!(record.metrics.backlog_per_instance, Some(18.0), "measured as ever");
    assert_eq!(
        script.events()[2..],
        ["save without a new action", "publish hold, none", "publish hold, none"]
    );
    engine.store = store(None);
    let record = engine.tick(at(20)).await;
    assert_eq!((record.decision.action, record.paused), (Action::ScaleOut { from: 5, to: 9 }, None));
}
