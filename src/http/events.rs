use crate::publish::{Ledger, News};
use futures_util::stream::{Stream, unfold};
use std::convert::Infallible;
use std::fmt::Write as _;
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// How often it is told how the run is doing, so that silence means a lost connection.
const BEAT: Duration = Duration::from_secs(3);

struct Follower {
    ledger: Ledger,
    news: Receiver<News>,
    beat: Interval,
}

/// Server-sent events for as long as it is polled: `record`, each as it comes; `trouble`, when one begins, lasts
/// or is over; `status`, every few seconds; and `lost`, when records came faster than they were taken and some are gone.
pub(super) fn events(ledger: Ledger) -> impl Stream<Item = Result<String, Infallible>> + Send {
    let mut beat = interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let follower = Follower { news: ledger.follow(), ledger, beat };
    unfold(follower, |mut follower| async {
        let event = follower.next().await?;
        Some((Ok(event), follower))
    })
}

impl Follower {
    /// All that is there, as one piece: a busy second of many scalers is one write.
    async fn next(&mut self) -> Option<String> {
        let mut text = tokio::select! {
            _ = self.beat.tick() => event("status", &self.ledger.heartbeat()),
            news = self.news.recv() => match news {
                Ok(news) => told(&news),
                Err(RecvError::Lagged(count)) => event("lost", &count.to_string()),
                Err(RecvError::Closed) => return None,
            },
        };
        while text.len() < PIECE
            && let Ok(news) = self.news.try_recv()
        {
            text.push_str(&told(&news));
        }
        Some(text)
    }
}

/// About the most bytes that are written at once.
const PIECE: usize = 64 * 1024;

fn told(news: &News) -> String {
    match news {
        News::Record(line) => event("record", line),
        News::Trouble(line) => event("trouble", line),
    }
}

/// One event; `data` is a single line.
fn event(name: &str, data: &str) -> String {
    let mut text = String::with_capacity(name.len() + data.len() + 16);
    // Writing into a string does not fail.
    let _ = write!(text, "event: {name}\ndata: {data}\n\n");
    text
}
