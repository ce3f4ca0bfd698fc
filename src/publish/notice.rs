//! A trouble as JSON and in words: what records, server-sent events and SNS carry. `docs/events.md` describes it.

use super::json;
use crate::model::{Record, Trouble, Turn};
use serde::Serialize;

/// A trouble as the record has it.
#[derive(Serialize)]
pub(super) struct TroubleJson<'a> {
    kind: &'static str,
    state: &'static str,
    since: String,
    text: &'a str,
}

impl<'a> TroubleJson<'a> {
    pub(super) fn of(trouble: &'a Trouble) -> Self {
        Self {
            kind: trouble.kind.code(),
            state: trouble.turn.code(),
            since: json::time(trouble.since),
            text: &trouble.text,
        }
    }
}

/// A trouble by itself, which the record is not at hand for.
#[derive(Serialize)]
struct NoticeJson<'a> {
    version: u32,
    time: String,
    scaler: &'a str,
    mode: &'static str,
    #[serde(flatten)]
    trouble: TroubleJson<'a>,
    advice: &'static str,
}

/// The version of the notice. Fields may be added to it; it is raised when one goes, or comes to mean something else.
const VERSION: u32 = 1;

/// What `record` says of `trouble`, as one line of JSON without a line end.
#[must_use]
pub fn line(record: &Record, trouble: &Trouble) -> String {
    let notice = NoticeJson {
        version: VERSION,
        time: json::time(record.time),
        scaler: &record.scaler,
        mode: record.mode.code(),
        trouble: TroubleJson::of(trouble),
        advice: trouble.kind.advice(),
    };
    // Only maps with keys of other types than text can fail, and there is none.
    serde_json::to_string(&notice).unwrap_or_default()
}

/// The same in a sentence.
#[must_use]
pub fn sentence(trouble: &Trouble) -> String {
    let Trouble { kind, turn, text, .. } = trouble;
    match turn {
        Turn::Began | Turn::Stands => format!("{}: {text}", kind.title()),
        Turn::Reminder => format!("still {}: {text}", kind.title()),
        Turn::Recovered => format!("recovered: {}: {text}", kind.title()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TroubleKind;
    use crate::publish::scene;
    use serde_json::Value;
    use std::collections::BTreeSet;

    const DOCUMENT: &str = include_str!("../../docs/events.md");

    /// What the document shows.
    fn documented() -> (Record, Trouble) {
        let record = scene::scaled_out();
        let since = record.time;
        let text = "3 came into images-dlq, 8 are there now".to_owned();
        (record, Trouble { kind: TroubleKind::DeadLetters, turn: Turn::Began, since, text })
    }

    #[test]
    fn the_example_in_the_documentation_is_what_is_told() {
        let (_, after) = DOCUMENT.split_once("```json\n").unwrap();
        let (example, _) = after.split_once("```").unwrap();
        let (record, trouble) = documented();
        let unfolded: String = example.lines().map(str::trim_start).collect();
        assert_eq!(unfolded, line(&record, &trouble));
    }

    #[test]
    fn every_kind_has_a_row_in_the_documentation_with_its_title_and_advice_and_every_row_a_kind() {
        let (_, table) = DOCUMENT.split_once("## What is told").unwrap();
        let (table, _) = table.split_once("\n## ").unwrap();
        let rows: Vec<Vec<&str>> = table
            .lines()
            .filter_map(|line| line.strip_prefix("| `"))
            .map(|row| row.split(" | ").collect())
            .collect();
        let expected = TroubleKind::ALL.map(|kind| {
            let advice = kind.advice();
            (format!("{}`", kind.code()), kind.title(), format!("{advice} |"))
        });
        let told: Vec<_> = rows.iter().map(|row| (row[0].to_owned(), row[1], row[4].to_owned())).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn every_field_and_state_of_a_notice_stands_in_the_documentation() {
        let (record, trouble) = documented();
        let notice: Value = serde_json::from_str(&line(&record, &trouble)).unwrap();
        let states = Turn::ALL.map(Turn::code);
        let words: BTreeSet<&str> =
            notice.as_object().unwrap().keys().map(String::as_str).chain(states).collect();
        for word in words {
            assert!(DOCUMENT.contains(&format!("`{word}`")), "{word}");
        }
    }

    #[test]
    fn a_sentence_says_whether_it_is_new_old_or_over() {
        let (_, trouble) = documented();
        let said = |turn| sentence(&Trouble { turn, ..trouble.clone() });
        let text = "dead letters arriving: 3 came into images-dlq, 8 are there now";
        assert_eq!(said(Turn::Began), text);
        assert_eq!(said(Turn::Reminder), format!("still {text}"));
        assert_eq!(said(Turn::Recovered), format!("recovered: {text}"));
    }
}
