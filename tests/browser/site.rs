//! What the browser looks at: the page over a ledger of the demo's records, on a thread of its own.

use backlogd::http::Server;
use backlogd::model::{Cause, Decision, Missing, Outcome, Reason, Record, Timestamp};
use backlogd::publish::{Ledger, Sign, Signs};
use backlogd::settings::Listen;
use backlogd::sim::Stage;
use std::future::Future;
use std::sync::mpsc::channel;
use std::thread::{self, JoinHandle};
use tokio::runtime::Builder;
use tokio_util::sync::CancellationToken;

/// A server, and what it shows.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) ledger: Ledger,
    pub(crate) url: String,
    stop: CancellationToken,
    serving: Option<JoinHandle<()>>,
}

/// From one tick of the demo to the next, in seconds.
const TICK_SECS: i64 = 10;
/// When all stories have come to where they are: 2026-11-20T10:00:00Z.
pub(crate) const NOW: i64 = 1_795_168_800;
/// A name that is markup.
pub(crate) const HOSTILE: &str = "<script>document.title='taken'</script><img src=x onerror=alert(1)>";

fn block_on<T>(future: impl Future<Output = T>) -> T {
    Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

impl Site {
    pub(crate) fn of(ledger: Ledger) -> Self {
        Self::open(ledger, "127.0.0.1:0")
    }

    fn open(ledger: Ledger, address: &str) -> Self {
        let listen: Listen = address.parse().unwrap();
        let (stop, shown, (tell, told)) = (CancellationToken::new(), ledger.clone(), channel());
        let stopped = stop.clone();
        let serving = thread::spawn(move || {
            block_on(async {
                let server = Server::open_to_all(&listen).unwrap();
                tell.send(server.address()).unwrap();
                stopped.run_until_cancelled(server.serve(shown)).await;
            });
        });
        Self { ledger, url: told.recv().unwrap(), stop, serving: Some(serving) }
    }

    /// Ends all connections, and takes no more.
    pub(crate) fn close(&mut self) {
        self.stop.cancel();
        if let Some(serving) = self.serving.take() {
            serving.join().unwrap();
        }
    }

    /// Listens again where it did.
    pub(crate) fn reopen(&mut self) {
        *self = Self::open(self.ledger.clone(), self.url.strip_prefix("http://").unwrap());
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// The first so many ticks of the demo's story, told of `scaler`; the last of them happens now.
pub(crate) fn story(scaler: &str, seed: u64, ticks: usize) -> Vec<Record> {
    let mut stage = Stage::new(seed);
    let mut records: Vec<Record> = Vec::new();
    block_on(async {
        for _ in 0..ticks {
            records.push(stage.tick().await);
        }
    });
    for (record, back) in records.iter_mut().rev().zip(0..) {
        scaler.clone_into(&mut record.scaler);
        record.time = Timestamp::from_secs(NOW - TICK_SECS * back);
    }
    records
}

/// The same records, so many seconds earlier.
pub(crate) fn earlier(mut records: Vec<Record>, secs: i64) -> Vec<Record> {
    for record in &mut records {
        record.time = Timestamp::from_secs(record.time.as_millis() / 1000 - secs);
    }
    records
}

/// The same, but the last of them could not read its group.
pub(crate) fn denied(mut records: Vec<Record>, group: &str, why: &str) -> Vec<Record> {
    let last = records.last_mut().unwrap();
    let missing = Missing::new(format!("group {group}"), Cause::Denied, why);
    last.sample.fleet = Err(missing.clone());
    last.metrics.backlog_per_instance = None;
    last.decision = Decision::hold(None, vec![Reason::Missing(missing)]);
    last.outcome = Outcome::None;
    records
}

/// Shows the scalers of these records, of which those named are late, at a time of day.
pub(crate) fn watch(ledger: &Ledger, stories: &[Vec<Record>], late: &'static [&'static str], time: i64) {
    let names: Vec<String> = stories.iter().filter_map(|story| Some(story.first()?.scaler.clone())).collect();
    ledger.watch(move || Signs {
        time: Some(Timestamp::from_secs(time)),
        scalers: names
            .iter()
            .map(|name| Sign { scaler: name.clone(), ticked: true, late: late.contains(&name.as_str()) })
            .collect(),
    });
}

pub(crate) fn ledger(stories: &[Vec<Record>], late: &'static [&'static str]) -> Ledger {
    let ledger = Ledger::default();
    watch(&ledger, stories, late, NOW);
    for record in stories.iter().flatten() {
        ledger.note(record);
    }
    ledger
}

const FORBIDDEN: &str = "DescribeAutoScalingGroups: not authorized (AccessDenied)";

/// A good day's and a bad day's scalers, each at another moment of its story.
pub(crate) fn town() -> Vec<Vec<Record>> {
    vec![
        story("images", 1, 13),
        story("thumbnails", 2, 30),
        story("invoices", 3, 54),
        story("reports", 4, 84),
        earlier(story("videos", 5, 40), 240),
        denied(story("mail", 6, 22), "mail-workers", FORBIDDEN),
    ]
}

/// The late one of [`town`].
pub(crate) const LATE: &[&str] = &["videos"];

/// So many scalers with the same story; of the first, the name is markup, and so are the words of a failed reading.
pub(crate) fn city(scalers: usize) -> Vec<Vec<Record>> {
    let common = story("scaler-0", 1, 30);
    let named = |number: usize| {
        let own = |record: &Record| Record { scaler: format!("scaler-{number}"), ..record.clone() };
        common.iter().map(own).collect::<Vec<_>>()
    };
    let hostile =
        common.iter().map(|record| Record { scaler: HOSTILE.to_owned(), ..record.clone() }).collect();
    let first = denied(hostile, HOSTILE, HOSTILE);
    std::iter::once(first).chain((1..scalers).map(named)).collect()
}
