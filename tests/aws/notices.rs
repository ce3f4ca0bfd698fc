//! Troubles, from a record to whoever is told: the journal, `/events`, and a topic with its subscribers.

use crate::bad_day::{BRISK, Daemon};
use crate::emulator::{Emulator, shared};
use crate::running::eventually;
use crate::world::{World, config, eager};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A world whose scaler is at its maximum and misses its objective, with a topic that tells a queue.
#[derive(Debug)]
pub(crate) struct Troubled {
    pub(crate) world: World,
    pub(crate) topic: String,
    /// The queue whose messages are too many.
    pub(crate) queue: String,
    sns: aws_sdk_sns::Client,
    inbox: String,
}

/// A trouble begins after a second and is over after a second.
pub(crate) fn settings(topic: &str, name: &str) -> String {
    format!("[notify]\ntopic_arn = {topic:?}\nafter_secs = 1\n{}", eager(name, BRISK))
}

impl Troubled {
    pub(crate) async fn new(name: &str) -> Self {
        Self::at(shared(), name, "").await
    }

    /// The same at an emulator of one's own, with a `suffix` to the topic's name.
    pub(crate) async fn at(emulator: &'static Emulator, name: &str, suffix: &str) -> Self {
        let world = World::at(emulator, name).await;
        let sns = aws_sdk_sns::Client::new(&config(world.emulator).await);
        let queue = world.queue("").await;
        world.messages(&queue, 20).await;
        world.group("", 0, 1, 1).await;
        let mut create = sns.create_topic().name(format!("{name}{suffix}"));
        if suffix == ".fifo" {
            create = create.attributes("FifoTopic", "true");
        }
        let topic = create.send().await.unwrap().topic_arn.unwrap();
        let mut create = world.sqs.create_queue().queue_name(format!("{name}-inbox{suffix}"));
        if suffix == ".fifo" {
            create = create.attributes(aws_sdk_sqs::types::QueueAttributeName::FifoQueue, "true");
        }
        let inbox = create.send().await.unwrap().queue_url.unwrap();
        let arn = format!("arn:aws:sqs:eu-west-1:123456789012:{name}-inbox{suffix}");
        sns.subscribe().topic_arn(&topic).protocol("sqs").endpoint(arn).send().await.unwrap();
        world.settings(&settings(&topic, name));
        Self { world, topic, queue, sns, inbox }
    }

    /// No message is left to wait for anybody.
    pub(crate) async fn relieve(&self) {
        self.world.sqs.purge_queue().queue_url(&self.queue).send().await.unwrap();
    }

    /// What SNS has delivered to the queue since it was last asked: the envelopes.
    pub(crate) async fn delivered(&self) -> Vec<Value> {
        let mut envelopes = Vec::new();
        loop {
            let call = self.world.sqs.receive_message().queue_url(&self.inbox).max_number_of_messages(10);
            let messages = call.send().await.unwrap().messages.unwrap_or_default();
            if messages.is_empty() {
                return envelopes;
            }
            for message in messages {
                envelopes.push(serde_json::from_str(message.body().unwrap()).unwrap());
                let handle = message.receipt_handle.unwrap();
                self.world
                    .sqs
                    .delete_message()
                    .queue_url(&self.inbox)
                    .receipt_handle(handle)
                    .send()
                    .await
                    .unwrap();
            }
        }
    }

    /// Waits for so many more, and returns the notices in them.
    pub(crate) async fn notices(&self, count: usize) -> Vec<Value> {
        let mut envelopes = Vec::new();
        for _ in 0..600 {
            envelopes.extend(self.delivered().await);
            if envelopes.len() >= count {
                assert_eq!(envelopes.len(), count, "{envelopes:#?}");
                return envelopes.iter().map(notice).collect();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{count} notices never come: {envelopes:#?}");
    }
}

/// The notice in an envelope.
fn notice(envelope: &Value) -> Value {
    serde_json::from_str(envelope["Message"].as_str().unwrap()).unwrap()
}

/// Kinds and states of notices.
fn told(notices: &[Value]) -> Vec<(&str, &str)> {
    notices.iter().map(|each| (each["kind"].as_str().unwrap(), each["state"].as_str().unwrap())).collect()
}

const BEGAN: (&str, &str) = ("at_max", "began");
const RECOVERED: (&str, &str) = ("at_max", "recovered");

#[tokio::test]
async fn a_topics_queue_is_told_once_when_a_trouble_begins_and_once_when_it_is_over() {
    let troubled = Troubled::new("notice-once").await;
    let daemon = Daemon::start(&troubled.world);

    let began = troubled.notices(1).await;
    assert_eq!(told(&began), [BEGAN]);
    daemon.more("notice-once", 3);
    assert_eq!(troubled.delivered().await, Vec::<Value>::new(), "nothing is told twice");
    troubled.relieve().await;
    let over = troubled.notices(1).await;
    assert_eq!(told(&over), [RECOVERED]);
    daemon.more("notice-once", 3);
    assert_eq!(troubled.delivered().await, Vec::<Value>::new());

    // What is told is what the record of that tick has.
    let records = daemon.records("notice-once");
    for notice in [&began[0], &over[0]] {
        let record = records.iter().find(|record| record["time"] == notice["time"]).unwrap();
        let trouble = record["troubles"].as_array().unwrap().iter().find(|each| each["kind"] == "at_max");
        let same = ["kind", "state", "since", "text"].map(|key| trouble.unwrap()[key] == notice[key]);
        assert_eq!(same, [true; 4], "{notice} {record}");
        assert_eq!((&notice["version"], &notice["mode"]), (&json!(1), &json!("drive")));
    }
    assert_eq!(began[0]["since"], over[0]["since"]);
    assert_eq!(daemon.said("event=\"at_max\"").len(), 1, "{daemon:#?}");
    assert_eq!(daemon.said("recovered: at max").len(), 1, "{daemon:#?}");
}

#[tokio::test]
async fn explain_tells_of_the_troubles_that_the_daemon_knows_of_now_and_then() {
    let troubled = Troubled::new("notice-explained").await;
    let alone = troubled.world.run(&["explain", "notice-explained"]);
    assert!(
        !String::from_utf8(alone.stdout).unwrap().contains("troubles"),
        "nothing has lasted for long enough"
    );
    let daemon = Daemon::start(&troubled.world);
    let began = troubled.notices(1).await;
    daemon.more("notice-explained", 1);

    for args in [&["explain", "notice-explained"][..], &["explain", "notice-explained", "--at", "0s ago"]] {
        let page = String::from_utf8(troubled.world.run(args).stdout).unwrap();
        let since = began[0]["since"].as_str().unwrap();
        let words = format!("\n\ntroubles\n  at max, objective missed since {since}: ");
        assert!(page.contains(&words), "{words:?} is not in:\n{page}");
    }
}

#[tokio::test]
async fn an_envelope_has_a_subject_and_attributes_to_choose_by() {
    let troubled = Troubled::new("notice-envelope").await;
    let _daemon = Daemon::start(&troubled.world);
    let mut envelopes = Vec::new();
    while envelopes.is_empty() {
        envelopes = troubled.delivered().await;
    }
    assert_eq!(envelopes[0]["Subject"], "backlogd: notice-envelope: at max, objective missed");
    let attributes = envelopes[0]["MessageAttributes"].as_object().unwrap();
    let attributes: BTreeMap<&str, &Value> =
        attributes.iter().map(|(name, attribute)| (name.as_str(), &attribute["Value"])).collect();
    let expected = [("kind", "at_max"), ("scaler", "notice-envelope"), ("state", "began")];
    let expected = expected.map(|(name, value)| (name, json!(value)));
    assert_eq!(attributes, expected.iter().map(|(name, value)| (*name, value)).collect());
}

#[tokio::test]
async fn a_restart_tells_nothing_again_and_does_not_forget_the_end() {
    let troubled = Troubled::new("notice-restart").await;
    let mut daemon = Daemon::start(&troubled.world);
    assert_eq!(told(&troubled.notices(1).await), [BEGAN]);
    daemon.signal("KILL");
    daemon.end();

    let daemon = Daemon::start(&troubled.world);
    let records = daemon.more("notice-restart", 4);
    let state = |record: &Value| record["troubles"][0]["state"].clone();
    assert_eq!(records.iter().map(state).collect::<Vec<_>>(), vec![json!("stands"); records.len()]);
    assert_eq!(troubled.delivered().await, Vec::<Value>::new());
    troubled.relieve().await;
    assert_eq!(told(&troubled.notices(1).await), [RECOVERED]);
}

#[tokio::test]
async fn a_fifo_topic_is_told_in_groups_of_scalers() {
    let troubled = Troubled::at(shared(), "notice-fifo", ".fifo").await;
    let _daemon = Daemon::start(&troubled.world);
    let notices = troubled.notices(1).await;
    assert_eq!(told(&notices), [BEGAN]);
    let calls = troubled.world.emulator.calls("Publish", &troubled.topic);
    let body = &calls[0]["body"];
    assert_eq!(body["MessageGroupId"], "notice-fifo");
    let id = body["MessageDeduplicationId"].as_str().unwrap();
    assert!(id.starts_with("notice-fifo.at_max.began."), "{id}");
}

/// The body of the next request to a server of our own.
fn served() -> (String, Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (tell, bodies) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let body = body(&stream);
            (&stream)
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                .unwrap();
            if tell.send(body).is_err() {
                return;
            }
        }
    });
    (url, bodies)
}

fn body(stream: &TcpStream) -> Value {
    let mut reader = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    while line != "\r\n" {
        line.clear();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    serde_json::from_slice(&body).unwrap()
}

#[tokio::test]
async fn a_web_hook_of_the_topic_is_told() {
    let troubled = Troubled::new("notice-hook").await;
    let (url, bodies) = served();
    troubled.sns.subscribe().topic_arn(&troubled.topic).protocol("http").endpoint(url).send().await.unwrap();
    let _daemon = Daemon::start(&troubled.world);
    let posted = eventually("a post", || bodies.try_recv().ok());
    assert_eq!(posted["Type"], "Notification");
    assert_eq!(told(&[notice(&posted)]), [BEGAN]);
}

#[tokio::test]
async fn whoever_follows_the_events_hears_of_a_trouble() {
    let troubled = Troubled::new("notice-events").await;
    let path = troubled.world.dir.path().join("backlogd.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("[daemon]\n", "[daemon]\nlisten = \"127.0.0.1:0\"\n")).unwrap();
    let daemon = Daemon::start(&troubled.world);
    daemon.await_words("the status page is at http://");
    let line = &daemon.said("the status page is at http://")[0];
    let address = line.trim().rsplit('/').next().unwrap().trim_end_matches('"').to_owned();

    let mut stream = TcpStream::connect(&address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(stream, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    assert!(lines.any(|line| line == "event: trouble"));
    let data: Value = serde_json::from_str(lines.next().unwrap().strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!(told(std::slice::from_ref(&data)), [BEGAN]);
    assert_eq!(data, troubled.notices(1).await[0], "the topic is told the same");

    let shown = troubled.world.run(&["status", "--listen", &address]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("TROUBLE: at_max since "), "{shown}");
    let url = format!("http://{address}/metrics");
    let metrics = ureq::get(url).call().unwrap().body_mut().read_to_string().unwrap();
    for (kind, value) in [("at_max", 1), ("dead_letters", 0)] {
        let line = format!("backlogd_trouble{{scaler=\"notice-events\",kind=\"{kind}\"}} {value}");
        assert!(metrics.contains(&line), "{line}: {metrics}");
    }
}

#[tokio::test]
async fn a_topic_that_comes_by_a_reload_is_told_from_then_on() {
    let troubled = Troubled::new("notice-reload").await;
    let name = "notice-reload";
    troubled.world.settings(&format!("[notify]\nafter_secs = 1\n{}", eager(name, BRISK)));
    let daemon = Daemon::start(&troubled.world);
    daemon.await_words("at max, objective missed");
    assert_eq!(troubled.delivered().await, Vec::<Value>::new());
    troubled.world.settings(&settings(&troubled.topic, name));
    daemon.signal("HUP");
    daemon.await_words("settings reloaded");
    daemon.more(name, 3);
    assert_eq!(troubled.delivered().await, Vec::<Value>::new(), "it began before");
    troubled.relieve().await;
    assert_eq!(told(&troubled.notices(1).await), [RECOVERED]);
}

#[tokio::test]
async fn dead_letters_that_come_while_nobody_watches_are_told_afterwards() {
    let world = World::new("notice-dead").await;
    let (queue, dead) = (world.queue("").await, world.queue("-dead").await);
    let redrive = json!({ "deadLetterTargetArn": "arn:aws:sqs:eu-west-1:123456789012:notice-dead-dead",
                          "maxReceiveCount": "1" });
    let set = world.sqs.set_queue_attributes().queue_url(&queue);
    let redrive_policy = aws_sdk_sqs::types::QueueAttributeName::RedrivePolicy;
    set.attributes(redrive_policy, redrive.to_string()).send().await.unwrap();
    world.group("", 0, 0, 1).await;
    world.messages(&dead, 3).await;
    world.settings(&eager("notice-dead", BRISK));
    let mut daemon = Daemon::start(&world);
    let kept = world.state_dir().join("troubles/notice-dead.json");
    daemon.wait("a first count", || {
        std::fs::read_to_string(&kept).is_ok_and(|text| text.contains("notice-dead-dead"))
    });
    assert_eq!(daemon.said("dead letters"), Vec::<String>::new(), "what lay there before is no news");
    daemon.signal("TERM");
    daemon.end();
    world.messages(&dead, 2).await;

    let daemon = Daemon::start(&world);
    daemon.await_words("event=\"dead_letters\"");
    let said = daemon.said("event=\"dead_letters\"");
    assert!(
        said[0].contains("dead letters arriving: 2 came into notice-dead-dead, 5 are there now"),
        "{said:?}"
    );
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a test writes what a daemon would have kept")]
async fn workers_that_take_nothing_are_told_of_until_one_takes_a_message() {
    let name = "notice-taken";
    let world = World::new(name).await;
    let queue = world.queue("").await;
    world.messages(&queue, 20).await;
    world.group("", 0, 2, 9).await;
    let watching = eager(name, BRISK).replace("drive = true", "drive = false");
    world.settings(&format!("[notify]\nafter_secs = 1\n{watching}"));
    // Five minutes and a second are long for a test: another daemon has looked until now.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() - 301_000;
    let before = json!({ "since": since, "looked": since + 300_000, "waiting": 20, "boot_secs": 300.0 });
    let path = world.state_dir().join(format!("troubles/{name}.json"));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, json!({ "none_taken": before }).to_string()).unwrap();
    let daemon = Daemon::start(&world);
    daemon.await_words("event=\"none_taken\"");
    let told = daemon.said("event=\"none_taken\"");
    let words = format!(
        "messages wait, no worker takes any: waiting: 20 in {name}; none taken for 5 min by 2 in service"
    );
    assert!(told.len() == 1 && told[0].contains(&words), "{told:?}");
    let record = daemon.more(name, 1).remove(0);
    let trouble = &record["troubles"].as_array().unwrap()[0];
    assert_eq!((&trouble["kind"], &trouble["state"]), (&json!("none_taken"), &json!("stands")));
    assert_eq!(record["troubles"].as_array().unwrap().len(), 1, "{record}");

    let taken = world.sqs.receive_message().queue_url(&queue).send().await.unwrap();
    assert_eq!(taken.messages().len(), 1);
    daemon.await_words("recovered: messages wait, no worker takes any: over after 5 min");
    let kept: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(kept["none_taken"], Value::Null, "{kept}");
}

#[tokio::test]
async fn workers_that_take_nothing_yet_may_boot() {
    let name = "notice-boots";
    let world = World::new(name).await;
    let queue = world.queue("").await;
    world.messages(&queue, 20).await;
    world.group("", 0, 2, 9).await;
    world.settings(&format!("[notify]\nafter_secs = 0\n{}", eager(name, BRISK)));
    let records = Daemon::start(&world).more(name, 4);
    assert!(records.iter().all(|record| record["troubles"].is_null()), "{records:#?}");
}

#[tokio::test]
async fn a_dry_run_tells_nobody_elsewhere_and_keeps_nothing() {
    let troubled = Troubled::new("notice-dry").await;
    let mut command = troubled.world.backlogd(&["run", "--dry-run", "--output", "json"]);
    let daemon = Daemon::of(&mut command);
    daemon.wait("a trouble", || {
        daemon.records("notice-dry").iter().any(|record| record["troubles"][0]["state"] == "stands")
    });
    assert_eq!(troubled.world.emulator.calls("Publish", &troubled.topic), Vec::<Value>::new());
    assert!(!troubled.world.state_dir().exists());
}
