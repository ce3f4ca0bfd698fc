//! Metrics of real ticks, as Prometheus's own parser reads them.

use crate::emulator::{home, python};
use crate::world::{REGION, World, config, eager};
use aws_config::timeout::TimeoutConfig;
use backlogd::assemble::policy;
use backlogd::aws::{Patience, Session};
use backlogd::clock::Clock;
use backlogd::controller::{Controller, State};
use backlogd::engine::Engine;
use backlogd::model::{Mode, Record};
use backlogd::publish::{Exposition, Losses};
use backlogd::settings;
use backlogd::source::{Counting, QueueAddress, Queues};
use backlogd::store::Unkept;
use backlogd::target::Groups;
use backlogd::trouble::Watch;
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// A scaler of one queue and one group, whose every tick an exposition tells of.
struct Watched {
    world: World,
    engine: Engine,
    exposition: Exposition,
}

impl Watched {
    /// 25 messages, at five an instance, for a group of four.
    async fn new(name: &str) -> Self {
        let world = World::new(name).await;
        let queue = world.queue("").await;
        world.messages(&queue, 25).await;
        world.group("", 0, 4, 10).await;
        let scaler = settings::load(&world.settings(&eager(name, ""))).unwrap().scalers.remove(0);
        let exposition = Exposition::new(Arc::<Losses>::default());
        let session = session(&world, &exposition).await;
        let address = QueueAddress { name: name.to_owned(), owner: None, region: None, url: None };
        let counting = Counting { weight: 1.0, in_flight: false, delayed: false };
        let engine = Engine {
            name: name.to_owned(),
            mode: Mode::Drive,
            sources: vec![Box::new(Queues::new(&session).queue(address, counting))],
            target: Box::new(Groups::start(&session).group(name)),
            controller: Controller::new(policy(&scaler.policy), scaler.rules, State::default()),
            watch: Watch::default(),
            store: Box::new(Unkept),
            publishers: vec![Box::new(exposition.publisher(name))],
        };
        Self { world, engine, exposition }
    }

    async fn tick(&mut self) -> Record {
        let record = self.engine.tick(Clock::start().now()).await;
        self.engine.took(Duration::from_millis(3));
        record
    }

    /// What Prometheus reads now.
    fn scraped(&self) -> Scraped {
        Scraped(parsed(&self.exposition.encode()))
    }
}

/// The samples of a scrape by name, as the parser reads them.
struct Scraped(Value);

impl Scraped {
    /// The first sample called `metric` with these labels.
    fn figure(&self, metric: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let has = |sample: &&Value| labels.iter().all(|(label, value)| sample[0][label] == json!(value));
        self.0[metric].as_array()?.iter().find(has)?[1].as_f64()
    }

    /// How often an operation had a result.
    fn requests(&self, operation: &str, result: &str) -> Option<f64> {
        self.figure("backlogd_aws_requests_total", &[("operation", operation), ("result", result)])
    }
}

/// A session whose attempts give up soon, and whose requests `exposition` tells of.
async fn session(world: &World, exposition: &Exposition) -> Session {
    let config = config(world.emulator).await;
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_secs(2));
    Session {
        config: config.into_builder().timeout_config(timeouts.build()).build(),
        region: REGION.to_owned(),
        permits: Arc::new(Semaphore::new(9)),
        patience: Patience::for_period(Duration::from_mins(1)),
        calls: exposition.calls(),
        account: Arc::default(),
    }
}

/// The samples of `text` by name; the parser of the Prometheus project refuses what is not `OpenMetrics`.
pub(crate) fn parsed(text: &str) -> Value {
    let mut parser = Command::new(python());
    let parser = parser.arg(home().join("openmetrics.py")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut parser = parser.spawn().unwrap();
    parser.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = parser.wait_with_output().unwrap();
    assert!(output.status.success(), "the parser refuses:\n{text}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn prometheus_reads_what_a_tick_saw_did_and_asked_for() {
    let mut watched = Watched::new("scraped").await;
    watched.tick().await;
    assert_eq!(watched.world.desired("scraped").await, 5);
    let (scraped, scaler) = (watched.scraped(), ("scaler", "scraped"));
    for (metric, labels, expected) in [
        ("backlogd_backlog_messages", vec![scaler, ("kind", "visible")], 25.0),
        ("backlogd_backlog_per_instance", vec![scaler], 6.25),
        ("backlogd_acceptable_backlog_per_instance", vec![scaler], 5.0),
        ("backlogd_fleet_desired", vec![scaler], 4.0),
        ("backlogd_fleet_capacity", vec![scaler, ("state", "in_service")], 4.0),
        ("backlogd_recommended_capacity", vec![scaler], 5.0),
        ("backlogd_decisions_total", vec![scaler, ("action", "scale_out")], 1.0),
        ("backlogd_writes_total", vec![scaler, ("outcome", "done")], 1.0),
        ("backlogd_tick_duration_seconds_bucket", vec![scaler, ("le", "0.01")], 1.0),
        ("backlogd_build_info", vec![("version", env!("CARGO_PKG_VERSION"))], 1.0),
    ] {
        assert_eq!(scraped.figure(metric, &labels), Some(expected), "{metric} {labels:?}");
    }
    for operation in ["GetQueueUrl", "GetQueueAttributes", "DescribeAutoScalingGroups", "SetDesiredCapacity"]
    {
        assert_eq!(scraped.requests(operation, "ok"), Some(1.0), "{operation}");
    }
}

#[tokio::test]
async fn each_attempt_of_a_request_is_counted_with_the_cause_of_its_failure() {
    let mut watched = Watched::new("attempts").await;
    let fault = |fault: Value| {
        let mut once = fault;
        once["times"] = json!(1);
        watched.world.emulator.fault("GetQueueAttributes", "/attempts\"", &once);
    };
    let error = |code: &str| json!({ "kind": "error", "code": code });
    let faults = [
        ("throttled", error("RequestThrottled")),
        ("throttled", error("ThrottlingException")),
        ("server", json!({ "kind": "status", "status": 503 })),
        ("unreachable", json!({ "kind": "close" })),
        ("timeout", json!({ "kind": "hang" })),
        ("denied", error("AccessDenied")),
        ("malformed", json!({ "kind": "garbage" })),
    ];
    for (_, each) in &faults {
        fault(each.clone());
    }
    for _ in 0..faults.len() {
        watched.tick().await;
    }
    let scraped = watched.scraped();
    for (result, expected) in [
        ("throttled", 2.0),
        ("server", 1.0),
        ("unreachable", 1.0),
        ("timeout", 1.0),
        ("denied", 1.0),
        ("malformed", 1.0),
    ] {
        assert_eq!(scraped.requests("GetQueueAttributes", result), Some(expected), "{result}");
    }
    assert!(scraped.requests("GetQueueAttributes", "ok").is_some_and(|count| count >= 1.0));
}

#[tokio::test]
async fn a_queue_that_cannot_be_read_takes_its_series_away_and_brings_them_back() {
    let mut watched = Watched::new("gaps").await;
    let there = |scraped: &Scraped| {
        ["backlogd_backlog_messages", "backlogd_backlog_per_instance", "backlogd_fleet_desired"]
            .map(|metric| scraped.figure(metric, &[]).is_some())
    };
    watched.tick().await;
    assert_eq!(there(&watched.scraped()), [true; 3]);
    let denied = json!({ "kind": "error", "code": "AccessDenied" });
    watched.world.emulator.fault("GetQueueAttributes", "/gaps\"", &denied);
    watched.tick().await;
    let scraped = watched.scraped();
    assert_eq!(there(&scraped), [false, false, true]);
    let missing = [("what", "queue gaps"), ("cause", "denied"), ("scaler", "gaps")];
    assert_eq!(scraped.figure("backlogd_missing_readings_total", &missing), Some(1.0));
    assert_eq!(scraped.figure("backlogd_holds_total", &[("reason", "missing")]), Some(1.0));
    watched.world.emulator.mend("/gaps\"");
    watched.tick().await;
    let scraped = watched.scraped();
    assert_eq!(there(&scraped), [true; 3]);
    assert_eq!(scraped.figure("backlogd_missing_readings_total", &missing), Some(1.0), "it happened");
}
