//! What a scrape finds, parsed back from the text.

mod packaged;

use super::*;
use crate::model::{Cause, DeadLetters, Decision, Missing, Mode, Outcome, Pause, Timestamp};
use crate::publish::scene;

/// A family as its description and samples tell it.
#[derive(Clone, Debug, Default)]
struct Family {
    kind: String,
    help: String,
    unit: String,
    samples: Vec<Sample>,
}

#[derive(Clone, Debug)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

/// The families of `text` by name, which has no label values with commas or quotes in it.
fn families(text: &str) -> BTreeMap<String, Family> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut current = String::new();
    let body = text.strip_suffix("# EOF\n").expect("the text has its end");
    for line in body.lines() {
        if let Some(about) = line.strip_prefix("# ") {
            let (what, rest) = about.split_once(' ').unwrap();
            let (name, words) = rest.split_once(' ').unwrap();
            name.clone_into(&mut current);
            let family = families.entry(name.to_owned()).or_default();
            let field = match what {
                "HELP" => &mut family.help,
                "TYPE" => &mut family.kind,
                _ => &mut family.unit,
            };
            assert!(field.is_empty(), "{what} of {name} is told twice");
            words.clone_into(field);
        } else {
            families.get_mut(&current).expect("a description first").samples.push(sample(line));
        }
    }
    families
}

fn sample(line: &str) -> Sample {
    let (head, value) = line.rsplit_once(' ').unwrap();
    let (name, labels) = head.split_once('{').unwrap_or((head, "}"));
    let pairs = labels.strip_suffix('}').unwrap().split(',').filter(|pair| !pair.is_empty());
    let pair = |pair: &str| {
        let (label, value) = pair.split_once('=').unwrap();
        (label.to_owned(), value.trim_matches('"').to_owned())
    };
    Sample { name: name.to_owned(), labels: pairs.map(pair).collect(), value: value.parse().unwrap() }
}

/// The labels that a family's samples have, in order; `le` belongs to a histogram as such.
fn labels(family: &Family) -> BTreeSet<&str> {
    family
        .samples
        .iter()
        .flat_map(|sample| sample.labels.keys())
        .map(String::as_str)
        .filter(|it| *it != "le")
        .collect()
}

async fn tell(exposition: &Exposition, records: &[Record]) {
    let mut publisher = exposition.publisher("images");
    for record in records {
        publisher.publish(record).await;
        publisher.took(Duration::from_millis(70));
    }
}

/// The documented record of a scaler that is paused.
fn paused(out: bool, r#in: bool) -> Record {
    let since = Timestamp::from_secs(1_795_168_800);
    let pause = Pause::Asked { out, r#in, since, until: None };
    Record { paused: Some(pause), ..scene::documented() }
}

async fn told(records: &[Record]) -> BTreeMap<String, Family> {
    let exposition = Exposition::new(Arc::default());
    tell(&exposition, records).await;
    families(&exposition.encode())
}

/// Every family that there is.
async fn everything() -> BTreeMap<String, Family> {
    let exposition = Exposition::new(Arc::default());
    exposition.calls().note("GetQueueUrl", None);
    let all = Record { paused: paused(true, false).paused, ..losing(Ok(3)) };
    tell(&exposition, &[scene::blind(), all]).await;
    families(&exposition.encode())
}

/// The record of the documentation, with an old message, and with this in its dead-letter queue.
fn losing(count: Result<u64, Missing>) -> Record {
    let mut record = scene::documented();
    let queue = &mut record.sample.queues[0];
    queue.oldest_secs = Some(61.5);
    queue.dead_letters = Some(DeadLetters { queue: "images-dead".to_owned(), count });
    record
}

/// The figure of the one sample with these labels beside the scaler's, if there is one.
fn figure(families: &BTreeMap<String, Family>, name: &str, with: &[(&str, &str)]) -> Option<f64> {
    let has = |sample: &&Sample| {
        with.iter().all(|(label, value)| sample.labels.get(*label).is_some_and(|it| it == value))
    };
    let mut found =
        families.values().flat_map(|family| &family.samples).filter(|it| it.name == name).filter(has);
    let figure = found.next().map(|sample| sample.value);
    assert!(found.next().is_none(), "several samples of {name} with {with:?}");
    figure
}

#[tokio::test]
async fn a_pause_is_told_by_direction_and_since_when_and_one_that_cannot_be_read_without() {
    let directions = |families: &_| {
        ["out", "in"].map(|direction| figure(families, "backlogd_paused", &[("direction", direction)]))
    };
    let since = |families: &_| figure(families, "backlogd_paused_since_timestamp_seconds", &[]);
    let families = told(&[paused(false, true)]).await;
    assert_eq!((directions(&families), since(&families)), ([Some(0.0), Some(1.0)], Some(1_795_168_800.0)));
    let unknown = Some(Pause::Unknown { why: "no".to_owned() });
    let families = told(&[paused(true, true), Record { paused: unknown, ..scene::documented() }]).await;
    assert_eq!((directions(&families), since(&families)), ([Some(1.0), Some(1.0)], None));
    let families = told(&[paused(true, true), scene::documented()]).await;
    assert_eq!((directions(&families), since(&families)), ([Some(0.0), Some(0.0)], None), "resumed");
}

#[tokio::test]
async fn a_record_is_told_in_figures() {
    let families = told(&[scene::scaled_out()]).await;
    for (name, label, expected) in [
        ("backlogd_backlog_messages", ("kind", "visible"), 212.0),
        ("backlogd_backlog_messages", ("kind", "in_flight"), 31.0),
        ("backlogd_backlog_messages", ("kind", "delayed"), 2.0),
        ("backlogd_backlog_per_instance", ("scaler", "images"), 26.5),
        ("backlogd_acceptable_backlog_per_instance", ("scaler", "images"), 6.122_44),
        ("backlogd_fleet_desired", ("scaler", "images"), 9.0),
        ("backlogd_fleet_max", ("scaler", "images"), 14.0),
        ("backlogd_fleet_capacity", ("state", "in_service"), 8.0),
        ("backlogd_fleet_capacity", ("state", "standby"), 3.0),
        ("backlogd_fleet_capacity", ("state", "unknown"), 5.0),
        ("backlogd_recommended_capacity", ("scaler", "images"), 14.0),
        ("backlogd_sample_missing", ("scaler", "images"), 0.0),
        ("backlogd_sample_age_seconds", ("scaler", "images"), 0.212_34),
        ("backlogd_last_tick_timestamp_seconds", ("scaler", "images"), 1_795_168_810.999),
        ("backlogd_driving", ("scaler", "images"), 1.0),
        ("backlogd_dry_run", ("scaler", "images"), 0.0),
        ("backlogd_paused", ("direction", "out"), 0.0),
        ("backlogd_paused", ("direction", "in"), 0.0),
        ("backlogd_decisions_total", ("action", "scale_out"), 1.0),
        ("backlogd_decisions_total", ("action", "hold"), 0.0),
        ("backlogd_writes_total", ("outcome", "done"), 1.0),
        ("backlogd_tick_duration_seconds_count", ("scaler", "images"), 1.0),
        ("backlogd_tick_duration_seconds_bucket", ("le", "0.1"), 1.0),
        ("backlogd_tick_duration_seconds_bucket", ("le", "0.05"), 0.0),
        ("backlogd_publish_failures_total", ("", ""), 0.0),
        ("backlogd_build_info", ("version", env!("CARGO_PKG_VERSION")), 1.0),
    ] {
        let with = [label];
        let found = figure(&families, name, if label.0.is_empty() { &[] } else { &with });
        assert_eq!(found, Some(expected), "{name} {label:?}");
    }
}

#[tokio::test]
async fn what_was_learnt_is_told_where_the_policy_learns() {
    let families = told(&[scene::documented()]).await;
    for (name, expected) in [
        ("backlogd_arrivals_per_second", 0.5),
        ("backlogd_processing_seconds", 9.8),
        ("backlogd_slots", 1.0),
        ("backlogd_boot_seconds", 142.000_4),
        ("backlogd_boot_spread_ratio", 0.2),
        ("backlogd_drain_seconds", 230.8),
        ("backlogd_late_ratio", 0.002),
    ] {
        assert_eq!(figure(&families, name, &[]), Some(expected), "{name}");
    }
    let without = told(&[scene::scaled_out()]).await;
    assert!(!without.contains_key("backlogd_drain_seconds") && !without.contains_key("backlogd_slots"));
}

#[tokio::test]
async fn dead_letters_that_were_not_counted_are_no_zero() {
    let counted = everything().await;
    assert_eq!(figure(&counted, "backlogd_dead_letters", &[]), Some(3.0));
    assert_eq!(figure(&counted, "backlogd_oldest_message_age_seconds", &[]), Some(61.5));
    let denied = Missing::new("dead-letter queue images-dead", Cause::Denied, "AccessDenied");
    let denied = told(&[losing(Err(denied))]).await;
    assert_eq!(figure(&denied, "backlogd_dead_letters", &[]), None);
    assert_eq!(figure(&denied, "backlogd_sample_missing", &[]), Some(0.0), "scaling lacks nothing");
}

#[tokio::test]
async fn missing_readings_remove_the_series_that_need_them_and_are_counted() {
    let families = told(&[scene::scaled_out(), scene::blind(), scene::blind()]).await;
    for gone in [
        "backlogd_backlog_messages",
        "backlogd_backlog_per_instance",
        "backlogd_fleet_desired",
        "backlogd_fleet_capacity",
        "backlogd_recommended_capacity",
    ] {
        assert!(!families.contains_key(gone), "{gone} is stale");
    }
    assert_eq!(figure(&families, "backlogd_sample_missing", &[]), Some(2.0));
    let missing = |what, cause| {
        figure(&families, "backlogd_missing_readings_total", &[("what", what), ("cause", cause)])
    };
    assert_eq!(missing("queue thumbs", "denied"), Some(2.0));
    assert_eq!(missing("group image-workers", "timeout"), Some(2.0));
    assert_eq!(figure(&families, "backlogd_decisions_total", &[("action", "hold")]), Some(2.0));
    let back = told(&[scene::blind(), scene::scaled_out()]).await;
    assert_eq!(figure(&back, "backlogd_fleet_desired", &[]), Some(9.0));
    assert_eq!(figure(&back, "backlogd_sample_missing", &[]), Some(0.0));
}

#[tokio::test]
async fn a_hold_counts_each_of_its_reasons_once_and_a_change_counts_none() {
    let reasons =
        vec![Reason::LaunchSuspended, Reason::CooldownOut { remaining_secs: 7 }, Reason::LaunchSuspended];
    let held =
        Record { decision: Decision::hold(Some(9), reasons), outcome: Outcome::None, ..scene::scaled_out() };
    let families = told(&[scene::scaled_out(), held.clone(), held]).await;
    let holds = families["backlogd_holds"].samples.iter();
    let holds: Vec<_> = holds.map(|sample| (sample.labels["reason"].as_str(), sample.value)).collect();
    assert_eq!(holds, [("cooldown_out", 2.0), ("launch_suspended", 2.0)]);
}

#[tokio::test]
async fn a_removed_scalers_series_go_and_stay_away_whatever_it_still_publishes() {
    let exposition = Exposition::new(Arc::default());
    let mut leaving = exposition.publisher("leaving");
    let mut staying = exposition.publisher("staying");
    for publisher in [&mut leaving, &mut staying] {
        publisher.publish(&scene::scaled_out()).await;
    }
    assert!(exposition.encode().contains("scaler=\"leaving\""));
    exposition.remove("leaving");
    leaving.publish(&scene::scaled_out()).await;
    let text = exposition.encode();
    assert!(!text.contains("leaving") && text.contains("scaler=\"staying\""), "{text}");
}

#[tokio::test]
async fn a_scaler_that_comes_back_counts_anew_and_is_shown_from_its_first_tick_on() {
    let exposition = Exposition::new(Arc::default());
    tell(&exposition, &[scene::scaled_out(), scene::blind()]).await;
    let mut publisher = exposition.publisher("images");
    assert!(!exposition.encode().contains("images"));
    publisher.publish(&scene::scaled_out()).await;
    let families = families(&exposition.encode());
    assert_eq!(figure(&families, "backlogd_decisions_total", &[("action", "scale_out")]), Some(1.0));
    assert!(!families.contains_key("backlogd_missing_readings"), "those of its settings before");
}

#[tokio::test]
async fn a_figure_that_is_no_number_is_absent() {
    for strange in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut record = scene::documented();
        record.estimate.as_mut().unwrap().drain_secs = Some(strange);
        record.metrics.backlog_per_instance = Some(strange);
        record.sample.queues[0].age_secs = strange;
        let families = told(&[record]).await;
        let samples = families.values().flat_map(|family| &family.samples);
        assert!(samples.clone().all(|sample| sample.value.is_finite()));
        assert!(!families.contains_key("backlogd_drain_seconds"));
        assert_eq!(figure(&families, "backlogd_boot_seconds", &[]), Some(142.000_4));
    }
}

#[tokio::test]
async fn a_rehearsal_is_told_from_a_scaler_that_only_publishes() {
    let of = async |mode| {
        let families = told(&[Record { mode, ..scene::scaled_out() }]).await;
        ["backlogd_driving", "backlogd_dry_run"].map(|name| figure(&families, name, &[]))
    };
    assert_eq!(of(Mode::Drive).await, [Some(1.0), Some(0.0)]);
    assert_eq!(of(Mode::PublishOnly).await, [Some(0.0), Some(0.0)]);
    assert_eq!(of(Mode::DryRun).await, [Some(0.0), Some(1.0)]);
}

#[tokio::test]
async fn a_refused_reload_is_told_until_the_settings_are_taken_up() {
    let exposition = Exposition::new(Arc::default());
    let told = || {
        let families = families(&exposition.encode());
        let reloads = |result| figure(&families, "backlogd_reloads_total", &[("result", result)]);
        [figure(&families, "backlogd_settings_refused", &[]), reloads("taken"), reloads("refused")]
    };
    assert_eq!(told(), [0.0, 0.0, 0.0].map(Some));
    exposition.reloaded(false);
    assert_eq!(told(), [1.0, 0.0, 1.0].map(Some));
    exposition.reloaded(true);
    assert_eq!(told(), [0.0, 1.0, 1.0].map(Some));
}

#[tokio::test]
async fn requests_to_aws_are_told_by_operation_and_result() {
    let exposition = Exposition::new(Arc::default());
    for failed in [None, None, Some(Cause::Throttled)] {
        exposition.calls().note("GetQueueAttributes", failed);
    }
    let families = families(&exposition.encode());
    let requests = |result| {
        figure(
            &families,
            "backlogd_aws_requests_total",
            &[("operation", "GetQueueAttributes"), ("result", result)],
        )
    };
    assert_eq!((requests("ok"), requests("throttled"), requests("denied")), (Some(2.0), Some(1.0), None));
}

#[tokio::test]
async fn a_label_is_escaped_whatever_it_says() {
    let mut record = scene::blind();
    record.sample.fleet = Err(Missing::new("group \"a\\b\"\n", Cause::Denied, ""));
    let exposition = Exposition::new(Arc::default());
    tell(&exposition, &[record]).await;
    let text = exposition.encode();
    assert!(text.contains(r#"what="group \"a\\b\"\n",cause="denied"} 1"#), "{text}");
}

#[tokio::test]
async fn names_follow_the_conventions() {
    let base_units = ["seconds", "ratio", "messages"];
    for (name, family) in everything().await {
        let well_formed = |text: &str| text.chars().all(|char| char.is_ascii_lowercase() || char == '_');
        assert!(name.starts_with("backlogd_") && well_formed(&name), "{name}");
        let reserved = ["_total", "_count", "_sum", "_bucket", "_info", "_created"];
        assert!(reserved.iter().all(|end| !name.ends_with(end)), "{name}: the suffix is for samples");
        assert!(!family.help.is_empty() && !family.help.ends_with('.'), "{name}: {}", family.help);
        assert!(family.unit.is_empty() || name.ends_with(&format!("_{}", family.unit)), "{name}");
        for unit in base_units {
            assert_eq!(name.ends_with(&format!("_{unit}")), family.unit == unit, "{name}");
        }
        let foreign = ["_secs", "_millis", "_ms", "_percent", "_minutes", "_count"];
        assert!(foreign.iter().all(|unit| !name.ends_with(unit)), "{name}");
        for sample in &family.samples {
            let end = sample.name.strip_prefix(&name).unwrap();
            let ends: &[&str] = match family.kind.as_str() {
                "counter" => &["_total"],
                "gauge" => &[""],
                "info" => &["_info"],
                "histogram" => &["_sum", "_count", "_bucket"],
                other => panic!("{name} is of type {other}"),
            };
            assert!(ends.contains(&end), "{}", sample.name);
            assert!(sample.labels.keys().all(|label| well_formed(label)), "{sample:?}");
        }
    }
}

#[tokio::test]
async fn nothing_is_told_of_a_scaler_before_its_first_tick_and_the_process_tells_of_itself() {
    let exposition = Exposition::new(Arc::default());
    let _publisher = exposition.publisher("images");
    let families = families(&exposition.encode());
    let names: Vec<&str> = families.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["backlogd_build", "backlogd_publish_failures", "backlogd_reloads", "backlogd_settings_refused"]
    );
}
