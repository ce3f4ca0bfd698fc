use super::shelf::{Shelf, shelf_max};
use super::{Publisher, json, notice};
use crate::model::{Record, Timestamp};
use async_trait::async_trait;
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::broadcast;

/// The records of the last hours, in memory, for whoever looks at a run from outside; and each new one as
/// it comes. All handles show the same.
#[derive(Clone, Debug)]
pub struct Ledger(Arc<Inner>);

/// How a scaler's loop is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sign {
    /// The scaler's name.
    pub scaler: String,
    /// Whether it has done a tick at all.
    pub ticked: bool,
    /// Whether its next tick should have been done by now.
    pub late: bool,
}

/// How the run is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signs {
    /// The present time of day; the run's own, where it has one.
    pub time: Option<Timestamp>,
    /// The scalers at work, in the settings' order.
    pub scalers: Vec<Sign>,
}

/// What is new, as a line of JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// A record.
    Record(Arc<str>),
    /// A trouble that began, is due for another word, or is over.
    Trouble(Arc<str>),
}

type Watch = Box<dyn Fn() -> Signs + Send + Sync>;

struct Inner {
    /// One for each scaler at work.
    shelves: Mutex<BTreeMap<String, Shelf>>,
    /// What tells how the run is doing.
    watch: Mutex<Watch>,
    /// Why the settings on disk were refused, if they were.
    refused: Mutex<Option<String>>,
    news: broadcast::Sender<News>,
}

/// New records that wait for whoever follows too slowly; beyond it, the oldest are lost to them.
const NEWS_MAX: usize = 1024;

#[derive(Serialize)]
struct StatusJson<'a> {
    version: &'static str,
    time: Option<String>,
    ready: bool,
    refused: Option<&'a str>,
    scalers: Vec<ScalerJson<'a>>,
}

#[derive(Serialize)]
struct ScalerJson<'a> {
    name: &'a str,
    late: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<&'a RawValue>,
    /// The last one that was no hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trend: Option<Vec<(i64, Option<f64>)>>,
}

impl Default for Ledger {
    fn default() -> Self {
        Self(Arc::new(Inner {
            shelves: Mutex::default(),
            watch: Mutex::new(Box::new(Signs::default)),
            refused: Mutex::default(),
            news: broadcast::Sender::new(NEWS_MAX),
        }))
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").field("shelves", &self.shelves).finish_non_exhaustive()
    }
}

impl Ledger {
    /// From now on `watch` tells how the run is doing. Records of scalers that it does not name are forgotten,
    /// and no more of them are taken, whatever their last tick still tells.
    pub fn watch(&self, watch: impl Fn() -> Signs + Send + Sync + 'static) {
        let mut shelves = lock(&self.0.shelves);
        let mut before = std::mem::take(&mut *shelves);
        for Sign { scaler, .. } in watch().scalers {
            shelves.insert(scaler.clone(), before.remove(&scaler).unwrap_or_default());
        }
        drop(shelves);
        *lock(&self.0.watch) = Box::new(watch);
    }

    /// The settings on disk were refused for this reason; or taken.
    pub fn refuse(&self, why: Option<String>) {
        *lock(&self.0.refused) = why;
    }

    /// How the run is doing.
    #[must_use]
    pub fn signs(&self) -> Signs {
        lock(&self.0.watch)()
    }

    /// Takes one record, of a scaler that is at work.
    pub fn note(&self, record: &Record) {
        let mut shelves = lock(&self.0.shelves);
        let most = shelf_max(shelves.len());
        let Some(own) = shelves.get_mut(&record.scaler) else { return };
        let line: Arc<str> = json::line(record).into();
        own.take(record, line.clone());
        own.thin(record.time, most);
        drop(shelves);
        // Nobody may be following.
        drop(self.0.news.send(News::Record(line)));
        for trouble in record.troubles.iter().filter(|trouble| trouble.turn.is_news()) {
            drop(self.0.news.send(News::Trouble(notice::line(record, trouble).into())));
        }
    }

    /// The scaler's records as JSON lines, the oldest first; nothing if it is not at work.
    #[must_use]
    pub fn records(&self, scaler: &str) -> Option<Vec<Arc<str>>> {
        lock(&self.0.shelves).get(scaler).map(Shelf::lines)
    }

    /// All that is new from now on.
    #[must_use]
    pub fn follow(&self) -> broadcast::Receiver<News> {
        self.0.news.subscribe()
    }

    /// How the run and each scaler is doing, with its last record and the trend of its backlog, as JSON.
    #[must_use]
    pub fn status(&self) -> String {
        self.render(true)
    }

    /// The same without the records.
    #[must_use]
    pub fn heartbeat(&self) -> String {
        self.render(false)
    }

    fn render(&self, whole: bool) -> String {
        let signs = self.signs();
        let (shelves, refused) = (lock(&self.0.shelves), lock(&self.0.refused));
        let scaler = |sign| {
            let Sign { scaler, late, .. }: &Sign = sign;
            let own = shelves.get(scaler).filter(|_| whole);
            ScalerJson {
                name: scaler,
                late: *late,
                record: own.and_then(Shelf::last).and_then(raw),
                changed: own.and_then(Shelf::changed).and_then(raw),
                trend: own.map(Shelf::trend),
            }
        };
        let status = StatusJson {
            version: env!("CARGO_PKG_VERSION"),
            time: signs.time.map(json::time),
            ready: signs.ready(),
            refused: refused.as_deref(),
            scalers: signs.scalers.iter().map(scaler).collect(),
        };
        // Only maps with keys of other types than text can fail, and there is none.
        serde_json::to_string(&status).unwrap_or_default()
    }
}

impl Signs {
    /// Whether every scaler has done a tick, whatever it found.
    #[must_use]
    pub fn ready(&self) -> bool {
        self.scalers.iter().all(|sign| sign.ticked)
    }

    /// The scalers that have missed their deadline.
    #[must_use]
    pub fn late(&self) -> Vec<&str> {
        self.scalers.iter().filter(|sign| sign.late).map(|sign| sign.scaler.as_str()).collect()
    }
}

#[async_trait]
impl Publisher for Ledger {
    async fn publish(&mut self, record: &Record) {
        self.note(record);
    }
}

fn raw(line: &str) -> Option<&RawValue> {
    serde_json::from_str(line).ok()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Outcome;
    use crate::publish::scene::{blind, scaled_out};
    use crate::publish::shelf::{SHELF_MAX, TREND_POINTS};
    use serde_json::Value;

    fn at(record: &Record, secs: i64) -> Record {
        Record { time: Timestamp::from_secs(secs), ..record.clone() }
    }

    fn quiet(secs: i64) -> Record {
        at(&Record { outcome: Outcome::None, ..blind() }, secs)
    }

    fn watched(ledger: &Ledger, scalers: &[(&str, bool)]) {
        let sign =
            |(scaler, late): &(&str, bool)| Sign { scaler: (*scaler).to_owned(), ticked: true, late: *late };
        let scalers: Vec<_> = scalers.iter().map(sign).collect();
        ledger.watch(move || Signs { time: Some(Timestamp::from_secs(60)), scalers: scalers.clone() });
    }

    #[test]
    fn the_status_holds_the_last_record_as_it_is_printed() {
        let ledger = Ledger::default();
        watched(&ledger, &[("images", false), ("thumbs", true)]);
        ledger.note(&blind());
        ledger.note(&scaled_out());
        let status: Value = serde_json::from_str(&ledger.status()).unwrap();
        let printed: Value = serde_json::from_str(&json::line(&scaled_out())).unwrap();
        assert_eq!(status["scalers"][0]["record"], printed);
        assert_eq!(status["scalers"][0]["trend"].as_array().unwrap().len(), 2);
        assert_eq!(
            (&status["scalers"][1]["late"], &status["time"]),
            (&true.into(), &"1970-01-01T00:01:00Z".into())
        );
        assert!(ledger.heartbeat().len() < 200 && !ledger.heartbeat().contains("record"));
    }

    #[test]
    fn the_last_change_is_told_long_after_its_record_is_gone() {
        let ledger = Ledger::default();
        watched(&ledger, &[("images", false)]);
        ledger.note(&quiet(0));
        let status = || serde_json::from_str::<Value>(&ledger.status()).unwrap();
        assert_eq!(status()["scalers"][0]["changed"], Value::Null);
        ledger.note(&at(&scaled_out(), 10));
        ledger.note(&quiet(7 * 3600));
        let printed: Value = serde_json::from_str(&json::line(&at(&scaled_out(), 10))).unwrap();
        assert_eq!(status()["scalers"][0]["changed"], printed);
        assert_eq!(ledger.records("images").unwrap().len(), 1);
    }

    #[test]
    fn a_scaler_that_left_is_forgotten_and_one_without_a_record_is_known() {
        let ledger = Ledger::default();
        watched(&ledger, &[("images", false)]);
        ledger.note(&blind());
        watched(&ledger, &[("thumbs", false)]);
        let mut news = ledger.follow();
        ledger.note(&scaled_out());
        assert!(news.try_recv().is_err(), "the last tick of one that was removed");
        assert_eq!(ledger.records("images"), None);
        assert_eq!(ledger.records("thumbs"), Some(Vec::new()));
    }

    #[test]
    fn what_changed_outlives_what_did_not() {
        let ledger = Ledger::default();
        watched(&ledger, &[("images", false)]);
        ledger.note(&at(&scaled_out(), 0));
        for tick in 1..2000 {
            ledger.note(&quiet(tick * 10));
        }
        let lines = ledger.records("images").unwrap_or_default();
        assert!((SHELF_MAX / 2..=SHELF_MAX).contains(&lines.len()), "{}", lines.len());
        assert!(lines[0].contains("scale_out"), "{}", lines[0]);
        assert_eq!(**lines.last().unwrap(), *json::line(&quiet(19_990)));
        let trend = lock(&ledger.0.shelves)["images"].trend();
        assert!((30..=TREND_POINTS).contains(&trend.len()) && trend.is_sorted_by_key(|point| point.0));
    }

    #[test]
    fn nothing_is_kept_for_longer_than_six_hours() {
        let ledger = Ledger::default();
        watched(&ledger, &[("images", false)]);
        ledger.note(&at(&scaled_out(), 0));
        ledger.note(&quiet(6 * 3600 + 1));
        assert_eq!(ledger.records("images").unwrap().len(), 1);
    }

    #[test]
    fn who_follows_gets_each_record_and_who_is_slow_hears_of_a_loss() {
        let ledger = Ledger::default();
        watched(&ledger, &[("images", false)]);
        let mut news = ledger.follow();
        ledger.note(&scaled_out());
        assert_eq!(news.try_recv().unwrap(), News::Record(json::line(&scaled_out()).into()));
        for tick in 0..=i64::try_from(NEWS_MAX).unwrap() {
            ledger.note(&quiet(tick));
        }
        assert_eq!(news.try_recv(), Err(broadcast::error::TryRecvError::Lagged(1)));
    }
}
