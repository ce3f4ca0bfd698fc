use super::{Asked, Replay, Tick, Verdict, lines, text};
use crate::controller::State;
use crate::engine::Engine;
use crate::model::{Action, Mode, Now, Pause, Record, Timestamp};
use crate::publish::{Step, json};
use crate::settings::{self, Settings};
use crate::sim::case::Case;
use crate::sim::drive::{Driver, PERIOD};
use crate::sim::ports::{SimSource, SimTarget, lock, share};
use crate::sim::run::Course;
use crate::sim::shapes::Shape;
use crate::store::{Store, Unkept};
use crate::trouble::{Known, Watch};
use futures_util::FutureExt;
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;
use tempfile::TempDir;

const BACKLOG: &str = "policy = { kind = \"backlog_per_instance\", acceptable_backlog = 6 }";
const LATENCY: &str = "policy = { kind = \"latency\", latency_objective_secs = 60 }";

fn settings(policy: &str) -> Settings {
    let text = format!(
        "[[scaler]]\nname = \"images\"\nsource = [{{ queue = \"images\" }}]\ntarget = {{ name = \"b\" }}\n{policy}\n"
    );
    settings::parse(&[("backlogd.toml".to_owned(), text)]).unwrap()
}

/// Records of the shipped engine in a simulated world.
fn recorded(policy: &str, hours: u64) -> Vec<Record> {
    recorded_beside(policy, hours, Box::new(Unkept))
}

/// Somebody pauses the scaler for the second half of every hour.
#[derive(Debug)]
struct HalfPaused;

impl Store for HalfPaused {
    fn save(&mut self, _now: Now, _state: &State) {}

    fn save_troubles(&mut self, _known: &Known) {}

    fn pause(&mut self, wall: Timestamp) -> Option<Pause> {
        let millis = wall.as_millis().rem_euclid(3_600_000);
        let since = wall.shifted(1_800_000 - millis);
        (millis >= 1_800_000).then_some(Pause::Asked { out: true, r#in: true, since, until: None })
    }
}

fn recorded_beside(policy: &str, hours: u64, store: Box<dyn Store>) -> Vec<Record> {
    let trace = Shape::Spikes.trace(Duration::from_hours(hours), 30.0, 1);
    let case = Case { name: "images".to_owned(), trace, deletions: true, ..Case::default() };
    let world = share(case.world(case.messages()));
    let Driver { controller, counting } = Driver::of(&settings(policy).scalers[0]);
    assert_eq!(*controller.state(), State::default());
    let source = SimSource {
        name: "images".to_owned(),
        world: world.clone(),
        counting,
        deletions: true,
        ahead_millis: 0,
    };
    let mut engine = Engine {
        name: "images".to_owned(),
        mode: Mode::Drive,
        sources: vec![Box::new(source)],
        target: Box::new(SimTarget { world: world.clone() }),
        controller,
        watch: Watch::default(),
        store,
        publishers: Vec::new(),
    };
    let mut course = Course::new(&case, PERIOD, false);
    let mut records = Vec::new();
    loop {
        let Some(now) = course.next(&mut lock(&world)) else { break };
        records.extend(engine.tick(Now::at(now)).now_or_never());
    }
    records
}

fn file(records: &[String]) -> (TempDir, Asked) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("records.jsonl");
    fs::write(&path, records.join("\n")).unwrap();
    (dir, Asked { records: path, scaler: None })
}

fn replayed(records: &[Record], policy: &str) -> Replay {
    let (_dir, asked) = file(&records.iter().map(json::line).collect::<Vec<_>>());
    asked.replay(&settings(policy)).unwrap()
}

fn differing(replay: &Replay) -> usize {
    replay.ticks.iter().filter(|tick| tick.differs()).count()
}

#[test]
fn the_same_settings_decide_the_same() {
    let records = recorded(BACKLOG, 6);
    let replay = replayed(&records, BACKLOG);
    let acted = replay.ticks.iter().filter(|tick| tick.recorded.action.to().is_some()).count();
    assert!(acted > 10, "{acted}");
    assert_eq!((replay.ticks.len(), differing(&replay)), (records.len(), 0));
    assert!(replay.ticks.iter().all(|tick| tick.recorded == tick.replayed), "to the last word");
    assert!(
        text(&replay).contains("\n0 differ; what the policy recommends differs at 0\n"),
        "{}",
        text(&replay)
    );
}

#[test]
fn what_was_paused_is_paused_in_the_replay() {
    let records = recorded_beside(BACKLOG, 6, Box::new(HalfPaused));
    let replay = replayed(&records, BACKLOG);
    let held = |tick: &&Tick| tick.recorded.reasons.iter().any(|step| step.code.starts_with("paused_"));
    assert!(replay.ticks.iter().filter(held).count() > 10);
    assert!(replay.ticks.iter().all(|tick| tick.recorded == tick.replayed), "to the last word");
}

#[test]
fn a_policy_that_learns_learns_the_same_from_records() {
    let records = recorded(LATENCY, 6);
    let replay = replayed(&records, LATENCY);
    let acted = replay.ticks.iter().filter(|tick| tick.recorded.action.to().is_some()).count();
    let differing = differing(&replay);
    assert!(replay.learns && acted > 10, "{acted}");
    // Which instance is given back no record tells.
    assert!(differing * 100 <= replay.ticks.len(), "{differing} of {}", replay.ticks.len());
}

#[test]
fn other_settings_decide_otherwise_and_the_differences_are_counted() {
    let records = recorded(BACKLOG, 6);
    let replay = replayed(&records, &BACKLOG.replace('6', "3"));
    let differing = differing(&replay);
    assert!(differing > 10, "{differing}");
    let all = lines(&replay);
    let summary: Value = serde_json::from_str(all.last().unwrap()).unwrap();
    assert_eq!(summary["summary"]["differences"], json!(differing));
    assert_eq!(summary["summary"]["fleet_reacts"], json!(false));
    let told = all.iter().filter(|line| line.contains("\"differs\":true")).count();
    assert_eq!((all.len(), told), (records.len() + 1, differing));
    let page = text(&replay);
    assert!(page.contains(&format!("\n{differing} differ; ")), "{page}");
    assert!(page.contains("they do not react to the replayed decisions"), "{page}");
}

#[test]
fn a_page_shows_each_stretch_of_equal_differences_once() {
    let records = recorded(BACKLOG, 2);
    let lower = format!("{BACKLOG}\nlimits = {{ max = 1 }}");
    let replay = replayed(&records, &lower);
    let first = replay.ticks.iter().find(|tick| tick.differs()).unwrap();
    let page = text(&replay);
    let row = page.lines().find(|line| line.starts_with(&json::time(first.time))).unwrap();
    let code = |verdict: &Verdict| format!("[{}]", verdict.reasons.last().unwrap().code);
    assert!(row.contains(&code(&first.recorded)) && row.ends_with(&code(&first.replayed)), "{row}");
    let rows = page.lines().filter(|line| line.starts_with("20")).count();
    assert!(rows <= differing(&replay).min(40), "{page}");
}

#[test]
fn a_row_names_the_step_that_decided_not_what_is_remarked_besides() {
    let verdict = |to: u32, codes: &[&str]| Verdict {
        action: Action::between(11, to),
        recommended: Some(12),
        reasons: codes.iter().map(|code| step(code)).collect(),
    };
    let tick = Tick {
        time: Timestamp::from_secs(0),
        desired: Some(11),
        recorded: verdict(12, &["latency_objective", "out_of_reach"]),
        replayed: verdict(11, &["latency_objective", "out_of_reach", "cooldown_out"]),
    };
    let page = text(&Replay { scaler: "images".to_owned(), ticks: vec![tick], learns: false });
    let row = page.lines().find(|line| line.starts_with("1970")).unwrap();
    assert!(row.contains("scale out from 11 to 12 [latency_objective]"), "{row}");
    assert!(row.ends_with("hold [cooldown_out]"), "{row}");
}

fn step(code: &str) -> Step {
    Step { code: code.to_owned(), text: String::new(), otherwise: String::new() }
}

fn line(time: &str, queue: &str, visible: u64) -> String {
    let sample = json!({
        "queues": [{ "name": queue, "visible": visible, "in_flight": 2, "delayed": 1, "counted": 0.0, "age_secs": 0.1 }],
        "fleet": { "desired": 1, "max": 9, "in_service": 1 },
        "missing": [],
    });
    let decision = json!({
        "action": "hold", "from": 1, "to": 1, "recommended": 1,
        "reasons": [{ "code": "instance_refresh", "text": "an instance refresh is running (InProgress)" }],
    });
    json!({
        "time": time, "scaler": "images", "mode": "drive", "sample": sample,
        "metrics": { "backlog_per_instance": null, "acceptable_backlog": null },
        "decision": decision, "outcome": { "kind": "none" },
    })
    .to_string()
}

#[test]
fn messages_are_counted_as_the_new_settings_count_them() {
    let (_dir, asked) = file(&[line("2026-11-20T10:00:00Z", "images", 5)]);
    let counting = settings(BACKLOG).scalers[0].clone();
    let mut settings = settings(&BACKLOG.replace('6', "1"));
    settings.scalers[0].sources[0].count_in_flight = true;
    settings.scalers[0].sources[0].weight = 0.5;
    assert!(!counting.sources[0].count_in_flight);
    let [Tick { replayed, .. }] = asked.replay(&settings).unwrap().ticks.try_into().unwrap();
    assert_eq!(replayed.recommended, Some(4), "half of 5 and 2");
}

#[test]
fn what_stood_in_the_way_then_does_so_again() {
    let (_dir, asked) = file(&[line("2026-11-20T10:00:00Z", "images", 50)]);
    let [tick] = asked.replay(&settings(BACKLOG)).unwrap().ticks.try_into().unwrap();
    let Tick { replayed, .. } = &tick;
    assert!(!tick.differs() && replayed.recommended == Some(9), "{replayed:?}");
    assert_eq!(replayed.reasons.last().unwrap().code, "instance_refresh");
}

#[test]
fn a_clock_that_was_set_back_is_no_obstacle() {
    let times = ["2026-11-20T10:00:10Z", "2026-11-20T09:00:00Z", "2026-11-20T10:00:20Z"];
    let (_dir, asked) = file(&times.map(|time| line(time, "images", 50)));
    assert_eq!(asked.replay(&settings(BACKLOG)).unwrap().ticks.len(), 3);
}

#[test]
fn a_directory_of_history_is_read_and_torn_lines_in_it_are_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let whole = line("2026-11-20T10:00:10Z", "images", 50);
    fs::write(dir.path().join("0000000001.jsonl"), format!("{whole}\n{{\"time\":\n{whole}\n")).unwrap();
    let asked = Asked { records: dir.path().to_owned(), scaler: None };
    assert_eq!(asked.replay(&settings(BACKLOG)).unwrap().ticks.len(), 2);
}

#[test]
fn what_cannot_be_replayed_is_said_with_what_there_is() {
    let refused = |asked: &Asked, settings: &Settings| asked.replay(settings).unwrap_err().to_string();
    let (dir, asked) = file(&[line("2026-11-20T10:00:10Z", "thumbs", 50)]);
    let told = refused(&asked, &settings(BACKLOG));
    assert!(told.ends_with("no record tells of queue \"images\"; there are: thumbs"), "{told}");
    let other = Asked { scaler: Some("videos".to_owned()), ..asked };
    let told = refused(&other, &settings(BACKLOG));
    assert!(told.ends_with("no record is of scaler \"videos\"; there are: images"), "{told}");
    let renamed = settings::parse(&[(
        "backlogd.toml".to_owned(),
        ["a", "b"].map(|name| format!("[[scaler]]\nname = {name:?}\nsource = [{{ queue = {name:?} }}]\ntarget = {{ name = {name:?} }}\n{BACKLOG}\n")).concat(),
    )])
    .unwrap();
    let asked = Asked { scaler: None, ..other };
    assert_eq!(refused(&asked, &renamed), "no scaler is called \"images\"; there are: a, b");
    fs::write(&asked.records, "").unwrap();
    assert!(refused(&asked, &settings(BACKLOG)).contains("there is no record in"));
    let gone = Asked { records: dir.path().join("gone"), scaler: None };
    assert!(refused(&gone, &settings(BACKLOG)).starts_with("cannot read"));
}
