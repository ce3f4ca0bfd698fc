#![expect(clippy::indexing_slicing, reason = "a JSON value has Null where there is nothing of a name")]

use crate::model::Timestamp;
use chrono::DateTime;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// What a column of numbers says where there is none.
const UNKNOWN: &str = "?";

const HEADS: [&str; 9] =
    ["scaler", "backlog", "per inst.", "accepted", "in service", "pending", "desired", "min..max", "age"];

/// The answer of `/status.json` as a table: a row a scaler, with what is amiss below it; of one scaler, if
/// it is named, with every reason. Nothing if there is none of that name, or the answer is none.
#[must_use]
pub fn table(status: &str, scaler: Option<&str>) -> Option<String> {
    let status: Value = serde_json::from_str(status).ok()?;
    let now = time(&status["time"]);
    let all = status["scalers"].as_array()?;
    let shown: Vec<&Value> =
        all.iter().filter(|each| scaler.is_none_or(|name| each["name"] == name)).collect();
    if shown.is_empty() && scaler.is_some() {
        return None;
    }
    let rows: Vec<_> = shown.iter().map(|each| row(each, now)).collect();
    let widths: [usize; 9] = std::array::from_fn(|column| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(HEADS.get(column).map(|head| head.len())).max().unwrap_or(0)
    });
    let mut text = String::new();
    if let Some(why) = status["refused"].as_str() {
        let _ =
            writeln!(text, "the settings on disk are refused, the old ones are in force: {}\n", plain(why));
    }
    text.push_str(&line(&HEADS.map(str::to_owned), &widths));
    for (each, row) in shown.iter().zip(&rows) {
        text.push_str(&line(row, &widths));
        for remark in remarks(each, scaler.is_some()) {
            let _ = writeln!(text, "  {remark}");
        }
    }
    Some(text)
}

fn row(scaler: &Value, now: Option<Timestamp>) -> [String; 9] {
    let record = &scaler["record"];
    let (fleet, metrics) = (&record["sample"]["fleet"], &record["metrics"]);
    let age = now.zip(time(&record["time"])).map(|(now, then)| format!("{} s", now.since(then).as_secs()));
    let bounds = format!("{}..{}", figure(&fleet["min"]), figure(&fleet["max"]));
    [
        plain(scaler["name"].as_str().unwrap_or(UNKNOWN)),
        backlog(record).map_or_else(|| UNKNOWN.to_owned(), |count| count.to_string()),
        figure(&metrics["backlog_per_instance"]),
        if metrics["acceptable_backlog"].is_null() {
            "-".to_owned()
        } else {
            figure(&metrics["acceptable_backlog"])
        },
        figure(&fleet["in_service"]),
        figure(&fleet["pending"]),
        figure(&fleet["desired"]),
        bounds,
        age.unwrap_or_else(|| UNKNOWN.to_owned()),
    ]
}

/// The visible messages of all queues; nothing if any is missing.
fn backlog(record: &Value) -> Option<u64> {
    let missing = record["sample"]["missing"].as_array()?;
    if missing.iter().any(|each| each["what"].as_str().is_some_and(|what| what.starts_with("queue "))) {
        return None;
    }
    record["sample"]["queues"].as_array()?.iter().map(|queue| queue["visible"].as_u64()).sum()
}

/// Each dead-letter queue with messages in it, once.
fn dead_letters(record: &Value) -> BTreeSet<String> {
    let dead =
        record["sample"]["queues"].as_array().into_iter().flatten().map(|queue| &queue["dead_letters"]);
    let told = dead.filter_map(|dead| Some((dead["queue"].as_str()?, dead["count"].as_u64()?)));
    told.filter(|(_, count)| *count > 0)
        .map(|(queue, count)| format!("DEAD LETTERS: {count} in {}", plain(queue)))
        .collect()
}

fn remarks(scaler: &Value, at_length: bool) -> Vec<String> {
    let record = &scaler["record"];
    let mut remarks = Vec::new();
    if scaler["late"] == true {
        remarks.push("LATE: no tick in time".to_owned());
    }
    if record.is_null() {
        remarks.push("waiting for the first tick".to_owned());
        return remarks;
    }
    let words = |value: &Value| plain(value.as_str().unwrap_or(UNKNOWN));
    for missing in record["sample"]["missing"].as_array().into_iter().flatten() {
        remarks.push(format!("MISSING: {}: {}", words(&missing["what"]), words(&missing["why"])));
    }
    remarks.extend(dead_letters(record));
    if record["paused"].is_object() {
        remarks.push(format!("PAUSED: {}", pause(&record["paused"])));
    }
    let troubles = record["troubles"].as_array().into_iter().flatten();
    // What is missing is told already.
    for trouble in troubles.filter(|each| each["state"] != "recovered" && each["kind"] != "readings_missing")
    {
        let (kind, since) = (words(&trouble["kind"]), words(&trouble["since"]));
        remarks.push(format!("TROUBLE: {kind} since {since}: {}", words(&trouble["text"])));
    }
    let decision = &record["decision"];
    let (from, to) = (figure(&decision["from"]), figure(&decision["to"]));
    let action = match decision["action"].as_str() {
        Some("scale_out") => format!("scale out from {from} to {to}"),
        Some("scale_in") => format!("scale in from {from} to {to}"),
        _ => "hold".to_owned(),
    };
    let outcome = match (record["outcome"]["kind"].as_str(), &record["outcome"]["why"]) {
        (Some("withheld"), _) => format!(", withheld ({})", words(&record["mode"])),
        (Some("failed"), why) => format!(", FAILED: {}", words(why)),
        _ => String::new(),
    };
    // What is missing is told already.
    let reasons =
        decision["reasons"].as_array().into_iter().flatten().filter(|each| each["code"] != "missing");
    let reasons: Vec<String> = reasons.map(|reason| words(&reason["text"])).collect();
    if at_length {
        remarks.push(format!("{action}{outcome}"));
        remarks.extend(reasons.iter().map(|reason| format!("- {reason}")));
    } else if reasons.is_empty() {
        remarks.push(format!("{action}{outcome}"));
    } else {
        remarks.push(format!("{action} ({}){outcome}", reasons.join("; ")));
    }
    remarks
}

/// What is paused, since and until when.
fn pause(paused: &Value) -> String {
    let what = match (paused["out"] == true, paused["in"] == true) {
        (true, false) => "scale-out",
        (false, true) => "scale-in",
        _ => "scale-out and scale-in",
    };
    let words = |value: &Value| value.as_str().map(plain);
    match (words(&paused["why"]), words(&paused["since"]), words(&paused["until"])) {
        (Some(why), ..) => format!("{what}: {why}"),
        (None, since, Some(until)) => {
            format!("{what}, since {} until {until}", since.unwrap_or(UNKNOWN.to_owned()))
        }
        (None, since, None) => {
            format!("{what}, since {}, until it is resumed", since.unwrap_or(UNKNOWN.to_owned()))
        }
    }
}

fn line(cells: &[String; 9], widths: &[usize; 9]) -> String {
    let mut text = String::new();
    for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let _ = if column == 0 { write!(text, "{cell:<width$}") } else { write!(text, "  {cell:>width$}") };
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn figure(value: &Value) -> String {
    if value.is_number() { value.to_string().trim_end_matches(".0").to_owned() } else { UNKNOWN.to_owned() }
}

fn time(value: &Value) -> Option<Timestamp> {
    let time = DateTime::parse_from_rfc3339(value.as_str()?).ok()?;
    Some(Timestamp::from_millis(time.timestamp_millis()))
}

/// What a service answered may hold what a terminal obeys.
fn plain(text: &str) -> String {
    text.chars().map(|each| if each.is_control() { '\u{fffd}' } else { each }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn status(change: impl FnOnce(&mut Value)) -> String {
        let (block, _) =
            include_str!("../../docs/record.md").split_once("```json").unwrap().1.split_once("```").unwrap();
        let record: Value = serde_json::from_str(block).unwrap();
        let mut status = json!({ "time": "2026-11-20T10:00:17Z", "refused": null, "scalers": [
            { "name": "images", "late": false, "record": record }, { "name": "thumbs", "late": true },
        ]});
        change(&mut status);
        status.to_string()
    }

    #[test]
    fn a_row_holds_the_figures_of_the_record_and_its_decision() {
        let shown = table(&status(|_| ()), None).unwrap();
        let expected = "\
scaler  backlog  per inst.  accepted  in service  pending  desired  min..max  age
images      212     23.556    18.367           9        0        9     0..20  7 s
  scale out from 9 to 19 (55 messages are due within 190 s, more than the fleet can start: +10)
thumbs        ?          ?         -           ?        ?        ?      ?..?    ?
  LATE: no tick in time
  waiting for the first tick
";
        assert_eq!(shown, expected);
    }

    #[test]
    fn one_scaler_is_shown_with_its_reasons_one_by_one_and_a_stranger_not_at_all() {
        let shown = table(&status(|_| ()), Some("images")).unwrap();
        assert!(shown.ends_with("  scale out from 9 to 19\n  - 55 messages are due within 190 s, more than the fleet can start: +10\n"), "{shown}");
        assert!(!shown.contains("thumbs"));
        assert_eq!(table(&status(|_| ()), Some("nobody")), None);
        assert_eq!(table("no JSON", None), None);
    }

    #[test]
    fn dead_letters_are_told_below_the_row_once_a_queue_and_only_where_there_are_any() {
        let shown = table(
            &status(|status| {
                let queues = &mut status["scalers"][0]["record"]["sample"]["queues"];
                let queue = |dead: Value| json!({ "visible": 1, "dead_letters": dead });
                let three = || queue(json!({ "queue": "images-dead", "count": 3 }));
                let unread = json!({ "queue": "thumbs-dead", "count": null });
                let empty = json!({ "queue": "videos-dead", "count": 0 });
                *queues = json!([three(), three(), queue(unread), queue(empty)]);
            }),
            None,
        )
        .unwrap();
        let told: Vec<&str> = shown.lines().filter(|line| line.contains("DEAD LETTERS")).collect();
        assert_eq!(told, ["  DEAD LETTERS: 3 in images-dead"]);
    }

    #[test]
    fn a_pause_is_told_with_its_times_or_with_why_it_is_not_known() {
        let (since, until) = ("2026-11-20T09:00:00Z", "2026-11-20T11:00:00Z");
        let of = |out: bool, until: Value| json!({ "out": out, "in": true, "since": since, "until": until });
        let unknown = json!({ "out": true, "in": true, "since": null, "until": null, "why": "a\u{7}b" });
        for (paused, words) in [
            (of(true, json!(until)), format!("scale-out and scale-in, since {since} until {until}")),
            (of(false, Value::Null), format!("scale-in, since {since}, until it is resumed")),
            (unknown, "scale-out and scale-in: a\u{fffd}b".to_owned()),
        ] {
            let status = status(|status| status["scalers"][0]["record"]["paused"] = paused);
            for scaler in [None, Some("images")] {
                let shown = table(&status, scaler).unwrap();
                assert!(shown.contains(&format!("\n  PAUSED: {words}\n")), "{shown}");
            }
        }
    }

    #[test]
    fn a_trouble_is_shown_while_it_stands() {
        let troubled = |state: &str| {
            let trouble = json!([{ "kind": "at_max", "state": state, "since": "2026-11-20T09:00:00Z", "text": "9 of 9" }]);
            table(&status(|status| status["scalers"][0]["record"]["troubles"] = trouble), None).unwrap()
        };
        let line = "\n  TROUBLE: at_max since 2026-11-20T09:00:00Z: 9 of 9\n  scale out";
        assert!(troubled("stands").contains(line), "{}", troubled("stands"));
        assert!(!troubled("recovered").contains("TROUBLE"));
    }

    #[test]
    fn a_missing_reading_is_unknown_and_never_a_zero() {
        let shown = table(
            &status(|status| {
                let record = &mut status["scalers"][0]["record"];
                record["sample"]["missing"] = json!([{ "what": "queue \u{1b}[2J", "why": "denied" }]);
                record["sample"]["fleet"] = Value::Null;
            }),
            None,
        )
        .unwrap();
        assert!(shown.contains("\n  MISSING: queue \u{fffd}[2J: denied\n"), "{shown}");
        let row = shown.lines().nth(1).unwrap();
        assert_eq!(row.split_whitespace().nth(1), Some("?"), "{row}");
    }
}
