//! A decision of the past, from the history that the daemon keeps.

use super::{Page, free, show};
use crate::calendar::amount;
use crate::model::Timestamp;
use crate::publish::history::{self, Entry, moment};
use crate::publish::{Recorded, json, text};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

/// A moment of the past, as people say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// A time of day.
    At(Timestamp),
    /// So long before now.
    Ago(Duration),
}

/// A decision of the past.
#[derive(Clone, Debug)]
pub struct Past {
    /// The record, as it was kept: a JSON object.
    pub line: String,
    recorded: Recorded,
    asked: Timestamp,
}

/// Why there is nothing to tell of the past.
#[derive(Debug, thiserror::Error)]
pub enum Unknown {
    /// No history was kept.
    #[error(
        "there is no history in {}: the daemon keeps one as it runs, unless `history_mib` or `history_days` under [daemon] is 0",
        .0.display()
    )]
    None(PathBuf),
    /// It cannot be read.
    #[error("cannot read the history in {}: {why}", dir.display())]
    Unreadable {
        /// Where it is.
        dir: PathBuf,
        /// Why not.
        why: io::Error,
    },
    /// It does not tell of this scaler.
    #[error("the history does not tell of scaler {asked:?}; it tells of: {known}")]
    Scaler {
        /// The name asked for.
        asked: String,
        /// The names there are.
        known: String,
    },
    /// It does not reach so far back.
    #[error("the history of {scaler} begins after {asked}: there are records from {first} to {last}")]
    TooEarly {
        /// The scaler's name.
        scaler: String,
        /// The time asked for.
        asked: String,
        /// The first there is.
        first: String,
        /// The last there is.
        last: String,
    },
    /// A record makes no sense.
    #[error("the record of {time} cannot be understood: {why}")]
    Strange {
        /// The time of the record.
        time: String,
        /// What is wrong with it.
        why: serde_json::Error,
    },
}

impl When {
    /// When it is, if it is `now` now.
    #[must_use]
    pub fn resolved(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(time) => time,
            Self::Ago(ago) => now.shifted(i64::try_from(ago.as_millis()).map_or(i64::MIN, |millis| -millis)),
        }
    }
}

impl FromStr for When {
    type Err = &'static str;

    /// A time as in records, or how long ago: `10m ago`, and `10m` for short.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let ago = || amount(text.strip_suffix("ago").unwrap_or(text).trim_end()).map(Self::Ago);
        moment(text).map(Self::At).or_else(ago).ok_or(
            "must be a time with its zone, such as 2026-11-20T10:00:10Z, or how long ago, such as \"10m ago\": \
             a whole number of s, m, h or d",
        )
    }
}

/// The record of `scaler` at or just before `asked`, from the history in the state directory.
pub fn look_back(state_dir: &Path, scaler: &str, asked: Timestamp) -> Result<Past, Unknown> {
    let dir = history::directory(state_dir);
    let mut names = BTreeSet::new();
    let mut span: Option<(Timestamp, Timestamp)> = None;
    let mut found: Option<Entry> = None;
    let read = history::visit(&dir, |entry| {
        if entry.scaler != scaler {
            names.insert(entry.scaler);
            return;
        }
        let (first, last) = span.unwrap_or((entry.time, entry.time));
        span = Some((first.min(entry.time), last.max(entry.time)));
        // Of several at the same time the one that was written last; a clock may have been set back.
        let nearer = found.as_ref().is_none_or(|found| entry.time >= found.time);
        if entry.time <= asked && nearer {
            found = Some(entry);
        }
    });
    match read {
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Err(Unknown::None(dir)),
        Err(why) => return Err(Unknown::Unreadable { dir, why }),
        Ok(()) => {}
    }
    let Some((first, last)) = span else {
        if names.is_empty() {
            return Err(Unknown::None(dir));
        }
        let known = names.into_iter().collect::<Vec<_>>().join(", ");
        return Err(Unknown::Scaler { asked: scaler.to_owned(), known });
    };
    let Some(Entry { line, time, .. }) = found else {
        let [asked, first, last] = [asked, first, last].map(json::time);
        return Err(Unknown::TooEarly { scaler: scaler.to_owned(), asked, first, last });
    };
    match serde_json::from_str(&line) {
        Ok(recorded) => Ok(Past { line, recorded, asked }),
        Err(why) => Err(Unknown::Strange { time: json::time(time), why }),
    }
}

/// `past` at length: what was read, what followed, each step to the decision, what came of it, and, as far
/// as its figures tell, what would have led to another.
#[must_use]
pub fn at_length(Past { recorded, asked, .. }: &Past) -> String {
    let action = recorded.decision.action();
    let mut ending = vec![text::action(action), outcome(recorded)];
    let before = asked.since(recorded.time).as_secs();
    if before > 0 {
        ending.push(format!("from the history; {before} s before {}", json::time(*asked)));
    }
    let thought = &recorded.decision;
    show(&Page {
        scaler: &recorded.scaler,
        time: recorded.time,
        paused: recorded.paused.as_ref(),
        troubles: &recorded.troubles,
        sample: &recorded.sample,
        metrics: recorded.metrics,
        estimate: recorded.estimate.as_ref(),
        thoughts: thought.reasons.iter().map(|step| (step.text.clone(), step.code.as_str())).collect(),
        otherwise: thought.reasons.iter().map(|step| step.otherwise.clone()).collect(),
        free: free(&recorded.sample, thought.recommended, action, thought.codes()),
        ending,
    })
}

fn outcome(recorded: &Recorded) -> String {
    match (recorded.outcome.kind.as_str(), &recorded.outcome.why, recorded.mode.as_str()) {
        ("none", ..) => "nothing to set".to_owned(),
        ("done", ..) => "it was set".to_owned(),
        ("withheld", _, "publish_only") => {
            "publish only: it was recorded and not set (drive = false)".to_owned()
        }
        ("failed", Some(why), _) => format!("it could not be set: {why}"),
        (kind, ..) => kind.to_owned(),
    }
}

/// What bends a recommendation, after the limits.
pub(super) const BENDING: [&str; 16] = [
    "paused_out",
    "paused_in",
    "operator_managed",
    "launch_suspended",
    "wake_unconfirmed",
    "capacity_stalled",
    "step_out_max",
    "cooldown_out",
    "terminate_suspended",
    "stabilization",
    "stabilization_filling",
    "in_flight_floor",
    "zero_unconfirmed",
    "step_in_max",
    "cooldown_in",
    "instance_refresh",
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const LINE: &str = r#"{"time":"2026-11-20T10:00:10Z","scaler":"images","dry_run":false,"mode":"drive","sample":{"queues":[{"name":"images","visible":212,"in_flight":9,"delayed":0,"counted":212.0,"age_secs":0.021}],"fleet":{"desired":9,"min":0,"max":40,"in_service":8,"pending":1,"terminating":0,"standby":0,"warmed":0,"unknown":0,"weighted":false,"launch_suspended":false,"terminate_suspended":false,"operator":null},"missing":[]},"metrics":{"backlog_per_instance":26.5,"acceptable_backlog":6.5},"decision":{"action":"hold","from":9,"to":9,"recommended":33,"reasons":[{"code":"backlog_per_instance","text":"backlog 212 at 6.5 acceptable per instance asks for 33","otherwise":"more than 214.5 counted messages would ask for 34 or more, 208 or fewer for 32 or fewer"},{"code":"cooldown_out","text":"scaled out less than 60 s ago: another 12 s"}]},"outcome":{"kind":"none"}}"#;

    fn at(text: &str) -> Timestamp {
        moment(text).unwrap()
    }

    fn history(lines: &[String]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("history")).unwrap();
        fs::write(dir.path().join("history/0000000001.jsonl"), lines.join("\n")).unwrap();
        dir
    }

    fn line(time: &str, scaler: &str) -> String {
        LINE.replace("10:00:10", time).replace("\"scaler\":\"images\"", &format!("\"scaler\":{scaler:?}"))
    }

    #[test]
    fn the_record_at_or_just_before_a_time_is_found() {
        let dir = history(&[
            line("10:00:10", "a"),
            line("10:00:15", "b"),
            line("10:00:20", "a"),
            "{\"ti".to_owned(),
        ]);
        let found = |time: &str| look_back(dir.path(), "a", at(time)).unwrap().line;
        assert_eq!(found("2026-11-20T10:00:10Z"), line("10:00:10", "a"));
        assert_eq!(found("2026-11-20T10:00:19.9Z"), line("10:00:10", "a"));
        assert_eq!(found("2026-11-20T12:00:20+02:00"), line("10:00:20", "a"));
        assert_eq!(found("2027-01-01T00:00:00Z"), line("10:00:20", "a"));
    }

    #[test]
    fn where_a_clock_was_set_back_the_nearest_time_counts_and_of_two_the_later_written() {
        let twice = |mode: &str| line("10:00:20", "a").replace("\"drive\"", mode);
        let dir = history(&[
            line("10:00:10", "a"),
            twice("\"drive\""),
            line("10:30:00", "a"),
            twice("\"publish_only\""),
            line("10:00:30", "a"),
        ]);
        let found = |time: &str| look_back(dir.path(), "a", at(time)).unwrap().line;
        assert_eq!(found("2026-11-20T10:00:19Z"), line("10:00:10", "a"));
        assert_eq!(found("2026-11-20T10:00:29Z"), twice("\"publish_only\""));
        assert_eq!(found("2026-11-20T10:29:59Z"), line("10:00:30", "a"));
        assert_eq!(found("2026-11-20T10:30:00Z"), line("10:30:00", "a"));
        let told = look_back(dir.path(), "a", at("2026-11-20T10:00:09Z")).unwrap_err().to_string();
        assert!(told.ends_with("from 2026-11-20T10:00:10Z to 2026-11-20T10:30:00Z"), "{told}");
    }

    #[test]
    fn where_history_tells_nothing_it_is_said_what_it_tells_of() {
        let dir = history(&[line("10:00:10", "a"), line("10:00:20", "a"), line("10:00:30", "b")]);
        let told = |scaler, time: &str| look_back(dir.path(), scaler, at(time)).unwrap_err().to_string();
        assert_eq!(
            told("a", "2026-11-20T10:00:09Z"),
            "the history of a begins after 2026-11-20T10:00:09Z: there are records from 2026-11-20T10:00:10Z to \
             2026-11-20T10:00:20Z"
        );
        assert_eq!(
            told("c", "2026-11-20T10:00:09Z"),
            "the history does not tell of scaler \"c\"; it tells of: a, b"
        );
        let none = tempfile::tempdir().unwrap();
        let told = look_back(none.path(), "a", at("2026-11-20T10:00:09Z")).unwrap_err().to_string();
        assert!(told.starts_with("there is no history in") && told.contains("history_mib"), "{told}");
    }

    #[test]
    fn a_page_of_the_past_tells_what_came_of_it_and_what_would_have_led_elsewhere() {
        let dir = history(&[line("10:00:10", "images")]);
        let past = look_back(dir.path(), "images", at("2026-11-20T10:00:14Z")).unwrap();
        let expected = "\
images at 2026-11-20T10:00:10Z

read
  queue images: 212 visible, 9 in flight
  group: desired 9, min 0, max 40; 8 in service, 1 pending, 0 terminating

backlog per instance
  26.5, 6.5 acceptable

thought
  1. backlog 212 at 6.5 acceptable per instance asks for 33 [backlog_per_instance]
  2. scaled out less than 60 s ago: another 12 s [cooldown_out]

decision
  hold
  nothing to set
  from the history; 4 s before 2026-11-20T10:00:14Z

otherwise
  1. more than 214.5 counted messages would ask for 34 or more, 208 or fewer for 32 or fewer
  without cooldown_out: scale out from 9 to 33";
        assert_eq!(at_length(&past), expected);
    }

    #[test]
    fn a_page_of_the_past_tells_of_the_troubles_of_then() {
        let trouble = r#","troubles":[{"kind":"near_retention","state":"began","since":"2026-11-20T10:00:10Z","text":"9 h left"}]}"#;
        let line = line("10:00:10", "images");
        let line = format!("{}{trouble}", line.strip_suffix('}').unwrap());
        let dir = history(&[line]);
        let past = look_back(dir.path(), "images", at("2026-11-20T10:00:14Z")).unwrap();
        let words = "\ntroubles\n  oldest message near retention since 2026-11-20T10:00:10Z: 9 h left\n    -> order more";
        assert!(at_length(&past).contains(words), "{}", at_length(&past));
    }

    #[test]
    fn a_time_is_said_by_the_calendar_or_by_how_long_ago() {
        let now = at("2026-11-20T10:00:00Z");
        let resolved = |text: &str| When::from_str(text).map(|when| json::time(when.resolved(now)));
        for (text, time) in [
            ("2026-11-20T11:00:00+02:00", "2026-11-20T09:00:00Z"),
            ("10m ago", "2026-11-20T09:50:00Z"),
            ("90s", "2026-11-20T09:58:30Z"),
            ("2 h ago", "2026-11-20T08:00:00Z"),
            ("1d", "2026-11-19T10:00:00Z"),
        ] {
            assert_eq!(resolved(text).as_deref(), Ok(time), "{text}");
        }
        for bad in ["", "m", "ago", "10", "10 years ago", "-5m", "yesterday", "2026-11-20T10:00:00", "5ä"] {
            assert!(resolved(bad).unwrap_err().contains("2026-11-20T10:00:10Z"), "{bad}");
        }
    }
}
