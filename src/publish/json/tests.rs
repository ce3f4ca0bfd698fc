use super::*;
use crate::model::Pause;
use crate::publish::scene;
use serde_json::{Value, json};

fn parsed(record: &Record) -> Value {
    serde_json::from_str(&line(record)).unwrap()
}

/// A record laid out over lines for people, as the one line that it is.
fn unfolded(text: &str) -> String {
    text.lines().map(str::trim_start).collect()
}

#[test]
fn a_full_record_is_pinned_to_the_letter() {
    let expected = r#"
        {"time":"2026-11-20T10:00:10Z","scaler":"images","dry_run":false,"mode":"drive",
        "sample":{"queues":[{"name":"images","visible":212,"in_flight":31,"delayed":2,"counted":212.0,"age_secs":0.212}],
        "fleet":{"desired":9,"min":0,"max":14,"in_service":8,"pending":1,"terminating":2,
        "standby":3,"warmed":4,"unknown":5,"weighted":false,
        "launch_suspended":false,"terminate_suspended":false,"operator":null},
        "missing":[]},
        "metrics":{"backlog_per_instance":26.5,"acceptable_backlog":6.122},
        "decision":{"action":"scale_out","from":9,"to":14,"recommended":14,
        "reasons":[{"code":"backlog_per_instance","text":"backlog 212 at 6.5 acceptable per instance asks for 33",
        "otherwise":"above 214.5 counted messages it asks for 34 and more, at 208 and below for 32 and fewer"},
        {"code":"limit_max","text":"33 wanted, the group's max is 14","otherwise":"without the group's max 33"}]},
        "outcome":{"kind":"done"}}"#;
    assert_eq!(line(&scene::scaled_out()), unfolded(expected));
}

#[test]
fn a_record_with_missing_readings_is_pinned_to_the_letter() {
    let expected = r#"
        {"time":"2026-11-20T10:00:10Z","scaler":"images","dry_run":true,"mode":"dry_run",
        "sample":{"queues":[{"name":"images","visible":212,"in_flight":31,"delayed":2,"counted":212.0,"age_secs":0.212}],
        "fleet":null,
        "missing":[{"what":"queue thumbs","cause":"denied","why":"AccessDenied","retryable":false},
        {"what":"group image-workers","cause":"timeout","why":"no answer in 2 s","retryable":true}]},
        "metrics":{"backlog_per_instance":null,"acceptable_backlog":6.122},
        "decision":{"action":"hold","from":null,"to":null,"recommended":null,
        "reasons":[{"code":"missing","text":"queue thumbs: AccessDenied","otherwise":"as soon as it can be read"},
        {"code":"missing","text":"group image-workers: no answer in 2 s","otherwise":"as soon as it can be read"}]},
        "outcome":{"kind":"none"}}"#;
    let rehearsed = Record { mode: Mode::DryRun, ..scene::blind() };
    assert_eq!(line(&rehearsed), unfolded(expected));
}

#[test]
fn the_example_in_the_documentation_is_what_is_printed_field_by_field_in_order() {
    let document = include_str!("../../../docs/record.md");
    let (_, after) = document.split_once("```json\n").unwrap();
    let (example, _) = after.split_once("```").unwrap();
    assert_eq!(unfolded(example), line(&scene::documented()));
}

#[test]
fn what_would_never_drain_has_no_time_to_drain_in() {
    let mut record = scene::documented();
    assert_eq!(parsed(&record)["estimate"]["drain_secs"], json!(230.8));
    record.estimate.as_mut().unwrap().drain_secs = None;
    assert_eq!(parsed(&record)["estimate"]["drain_secs"], Value::Null);
}

#[test]
fn the_documentation_names_every_mode() {
    let document = include_str!("../../../docs/record.md");
    let row = document.lines().find(|line| line.starts_with("| `mode` |")).unwrap();
    for mode in [Mode::Drive, Mode::PublishOnly, Mode::DryRun] {
        let record = Record { mode, ..scene::scaled_out() };
        let code = parsed(&record)["mode"].as_str().unwrap().to_owned();
        assert!(row.contains(&format!("`{code}`")), "{code}");
    }
}

#[test]
fn the_counted_messages_are_told_as_the_policy_reckoned_with_them() {
    let mut record = scene::scaled_out();
    let counted = 2125.0 / 3.0;
    record.sample.queues[0].backlog.as_mut().unwrap().counted = counted;
    let told = parsed(&record)["sample"]["queues"][0]["counted"].as_f64().unwrap();
    assert!((told - counted).abs() < 1e-9, "{told}");
}

#[test]
fn every_outcome_has_its_kind_and_a_failure_its_why() {
    let mut record = scene::scaled_out();
    record.outcome = Outcome::Withheld;
    assert_eq!(parsed(&record)["outcome"], json!({ "kind": "withheld" }));
    record.outcome = Outcome::Failed { why: "ScalingActivityInProgress".to_owned(), refused: true };
    let failed = json!({ "kind": "failed", "why": "ScalingActivityInProgress" });
    assert_eq!(parsed(&record)["outcome"], failed);
}

#[test]
fn a_hold_leads_from_the_desired_capacity_to_itself() {
    let mut record = scene::scaled_out();
    record.decision.action = crate::model::Action::Hold;
    let decision = &parsed(&record)["decision"];
    assert_eq!((&decision["from"], &decision["to"]), (&json!(9), &json!(9)));
}

#[test]
fn what_is_paused_is_told_and_no_word_of_it_where_nothing_is() {
    let (since, until) = (Timestamp::from_secs(1_795_168_800), Timestamp::from_secs(1_795_176_000));
    let mut record = scene::scaled_out();
    assert_eq!(parsed(&record).get("paused"), None);
    record.paused = Some(Pause::Asked { out: true, r#in: false, since, until: Some(until) });
    let told = json!({ "out": true, "in": false,
        "since": "2026-11-20T10:00:00Z", "until": "2026-11-20T12:00:00Z" });
    assert_eq!(parsed(&record)["paused"], told);
    record.paused = Some(Pause::Unknown { why: "no".to_owned() });
    let told = json!({ "out": true, "in": true, "since": null, "until": null, "why": "no" });
    assert_eq!(parsed(&record)["paused"], told);
}

#[test]
fn a_scaler_that_only_publishes_is_not_a_dry_run() {
    let mut record = scene::scaled_out();
    record.mode = Mode::PublishOnly;
    let told = parsed(&record);
    assert_eq!((&told["dry_run"], &told["mode"]), (&json!(false), &json!("publish_only")));
}

#[test]
fn a_record_is_one_line_whatever_is_in_it() {
    let mut record = scene::scaled_out();
    record.outcome = Outcome::Failed { why: "two\nlines".to_owned(), refused: true };
    for queue in &mut record.sample.queues {
        queue.age_secs = f64::INFINITY;
    }
    assert!(!line(&record).contains('\n'));
    assert_eq!(parsed(&record)["sample"]["queues"][0]["age_secs"], Value::Null, "no number, no figure");
}

#[test]
fn a_time_no_calendar_knows_is_told_as_unknown() {
    assert_eq!(time(Timestamp::from_millis(i64::MAX)), "?");
    assert_eq!(time(Timestamp::from_millis(1999)), "1970-01-01T00:00:01Z");
}
