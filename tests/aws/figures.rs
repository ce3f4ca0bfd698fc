//! What `CloudWatch` tells of queues some minutes later: messages deleted, and the age of the oldest.

use crate::bad_day::{BRISK, Daemon};
use crate::world::{REGION, World, config, eager, patient};
use backlogd::aws::{Calls, Patience, Session};
use backlogd::model::{Deleted, Timestamp};
use backlogd::source::{Counting, Figures, QueueAddress, Queues, Source, SqsQueue};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::Semaphore;

/// The emulator's account.
const ACCOUNT: &str = "123456789012";

/// The beginning of this minute, in seconds since the epoch.
#[expect(clippy::disallowed_methods, reason = "a test tells CloudWatch's time")]
fn this_minute() -> i64 {
    let secs = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    i64::try_from(secs / 60 * 60).unwrap()
}

/// Lets SQS publish such figures of `metric` in the minutes that began so many seconds before `minute`.
fn publish(world: &World, metric: &str, queue: &str, minute: i64, minutes: &[(i64, f64)]) {
    let minutes: Vec<Value> = minutes.iter().map(|(ago, count)| json!([minute - ago, count])).collect();
    let metric = json!({
        "account": ACCOUNT, "region": REGION, "namespace": "AWS/SQS", "metric": metric,
        "dimension": { "Name": "QueueName", "Value": queue }, "minutes": minutes,
    });
    world.emulator.post("/emulator/metric", &metric);
}

/// A session with the emulator whose account is known.
async fn session(world: &World) -> Session {
    let session = Session {
        config: config(world.emulator).await,
        region: REGION.to_owned(),
        permits: Arc::new(Semaphore::new(9)),
        patience: Patience::for_period(Duration::from_secs(10)),
        calls: Calls::default(),
        account: Arc::default(),
    };
    session.account.set(ACCOUNT.to_owned()).unwrap();
    session
}

fn queue(session: &Session, figures: &Figures, name: &str, owner: Option<&str>) -> SqsQueue {
    let owner = owner.map(str::to_owned);
    let address = QueueAddress { name: name.to_owned(), owner, region: None, url: None };
    let counting = Counting { weight: 1.0, in_flight: false, delayed: false };
    Queues::new(session).queue(address, counting).with_figures(figures)
}

/// What three queues tell of deletions and of the oldest message by the time that the first of them tells
/// something.
async fn figures_of(queues: &mut [SqsQueue; 3]) -> [(Option<Deleted>, Option<f64>); 3] {
    for _ in 0..200 {
        let mut told = [(None, None); 3];
        // The first last: what the others have to say is there by then.
        for (queue, told) in queues.iter_mut().zip(&mut told).rev() {
            let read = queue.read().await;
            *told = (read.deleted, read.oldest_secs);
        }
        if told[0].0.is_some() {
            return told;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("waited in vain for figures");
}

#[tokio::test]
async fn the_deletions_of_all_queues_come_from_one_call_with_the_oldest_messages_and_none_is_no_zero() {
    let world = World::new("deleted").await;
    let minute = this_minute();
    let minutes = [(240, 5.0), (180, 7.0), (60, 99.0), (0, 99.0)];
    publish(&world, "NumberOfMessagesDeleted", "deleted-busy", minute, &minutes);
    publish(&world, "ApproximateAgeOfOldestMessage", "deleted-busy", minute, &[(240, 310.0), (180, 370.0)]);
    let session = session(&world).await;
    let figures = Figures::start(&session);
    let name = |name, owner| queue(&session, &figures, name, owner);
    let mut queues = [
        name("deleted-busy", Some(ACCOUNT)),
        name("deleted-idle", None),
        name("deleted-theirs", Some("222222222222")),
    ];

    let told = figures_of(&mut queues).await;

    let settled =
        Deleted { from: Timestamp::from_secs(minute - 180), lasts: Duration::from_mins(1), count: 7.0 };
    assert_eq!(told, [(Some(settled), Some(370.0)), (None, None), (None, None)]);
    let again = queues[0].read().await;
    assert_eq!((again.deleted, again.oldest_secs), (None, Some(370.0)), "deletions are told once");
    let calls = world.emulator.calls("GetMetricData", "\"deleted-busy\"");
    let queries = calls[0]["body"]["MetricDataQueries"].as_array().unwrap();
    let names: Vec<&Value> =
        queries.iter().map(|query| &query["MetricStat"]["Metric"]["Dimensions"][0]["Value"]).collect();
    assert_eq!(names.len(), 4, "another account's queue is not asked for");
    assert!(names.contains(&&json!("deleted-busy")) && names.contains(&&json!("deleted-idle")), "{names:?}");
}

#[tokio::test]
async fn scalers_that_learn_ask_for_deletions_once_their_group_has_told_the_account() {
    let world = World::new("learning").await;
    for name in ["", "-not"] {
        world.queue(name).await;
        world.group(name, 0, 1, 10).await;
    }
    let (named, by_url) =
        ("queue = \"learning\"", format!("queue = \"{}/{ACCOUNT}/learning\"", world.emulator.url));
    let learning = patient("learning", BRISK).replace(named, &by_url);
    world.settings(&(learning + &eager("learning-not", BRISK)));
    let daemon = Daemon::start(&world);

    daemon.wait("a call", || !world.emulator.calls("GetMetricData", "\"learning\"").is_empty());
    assert_eq!(world.emulator.calls("GetMetricData", "learning-not").len(), 0);
}
