//! What the tests of bad days share: a scaler that would scale in at the first false zero, one round
//! of it under a fault, a daemon to watch, and servers that are none.

use crate::world::{World, eager, records};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

/// No wait of a test is longer.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// A scaler of the queue and the group called `name`, with `more` keys, and with nothing that delays
/// a scale-in: were a failed reading taken for a zero, the whole fleet would go at once.
pub(crate) fn tempted(name: &str, more: &str) -> String {
    let everything = "\"backlog_per_instance\", \"visible\", \"in_flight\", \"delayed\", \"in_service\", \
        \"desired\", \"recommended\"";
    let publish = format!("publish = {{ namespace = {name:?}, metrics = [{everything}] }}");
    eager(name, &format!("{publish}\n{more}")).replace("acceptable_backlog = 5", "acceptable_backlog = 1")
}

/// A schedule under which a call has 0.9 s and an attempt 0.6 s.
pub(crate) const BRISK: &str = "schedule = \"* * * * * *\"";

/// The service's own refusal, in the protocol of the call.
pub(crate) fn error(code: &str) -> Value {
    json!({ "kind": "error", "code": code, "message": "as the test\nasked" })
}

/// A bare HTTP status.
pub(crate) fn status(status: u16) -> Value {
    json!({ "kind": "status", "status": status })
}

/// One of the faults without parameters: `hang`, `close`, `truncate`, `garbage`.
pub(crate) fn kind(kind: &str) -> Value {
    json!({ "kind": kind })
}

/// What the body of `operation` contains where it is about the queue, group or namespace `name`.
pub(crate) fn about(operation: &str, name: &str) -> String {
    if operation == "GetQueueAttributes" { format!("/{name}\"") } else { format!("\"{name}\"") }
}

/// A world of one queue with `messages`, and a group of five.
pub(crate) async fn five_workers(name: &str, messages: usize) -> World {
    let world = World::new(name).await;
    let queue = world.queue("").await;
    world.messages(&queue, messages).await;
    world.group("", 0, 5, 10).await;
    world
}

/// Shows counters of the queue `name` that a test makes up.
pub(crate) fn show_counters(world: &World, name: &str, visible: &Value, in_flight: &Value) {
    let attributes = json!({
        "ApproximateNumberOfMessages": visible,
        "ApproximateNumberOfMessagesNotVisible": in_flight,
    });
    world.emulator.post("/emulator/queue", &json!({ "name": name, "attributes": attributes }));
}

/// One round of one scaler, and all that was seen of it.
#[derive(Debug)]
pub(crate) struct Round {
    pub(crate) world: World,
    pub(crate) record: Value,
    pub(crate) exit: i32,
    /// Warnings and errors on standard error.
    pub(crate) complaints: Vec<String>,
}

impl Round {
    /// A tempted scaler's round, in which every call of `operation` meets `fault`.
    pub(crate) async fn under(name: &str, operation: &str, fault: &Value) -> Self {
        let world = five_workers(name, 0).await;
        world.settings(&tempted(name, BRISK));
        world.emulator.fault(operation, &about(operation, name), fault);
        Self::of(world)
    }

    /// A round of whatever is set up, without the SDK's own repetitions.
    pub(crate) fn of(world: World) -> Self {
        Self::with(world, |command| command.env("AWS_MAX_ATTEMPTS", "1"))
    }

    /// A round with an environment of one's own.
    pub(crate) fn with(world: World, change: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        let mut command =
            world.backlogd(&["run", "--once", "--output", "json", "--log", "text", "--log-level", "info"]);
        let output = change(&mut command).output().unwrap();
        let log = String::from_utf8_lossy(&output.stderr);
        Self {
            record: records(&output)[0].clone(),
            exit: output.status.code().unwrap(),
            complaints: log.lines().filter(|line| is_complaint(line)).map(str::to_owned).collect(),
            world,
        }
    }

    /// Claims that the reading of `what` was missing for this cause, that therefore nothing was
    /// decided or written, that no figure was made up for it, and that it was said once, in `words`.
    pub(crate) fn holds_for_want_of(&self, what: &str, cause: &str, words: &[&str]) {
        let Self { record, complaints, .. } = self;
        let missing = record["sample"]["missing"].as_array().unwrap();
        assert_eq!(missing.len(), 1, "{record}");
        assert_eq!((&missing[0]["what"], &missing[0]["cause"]), (&json!(what), &json!(cause)), "{record}");
        assert_eq!(record["decision"]["action"], "hold", "{record}");
        assert_eq!(record["decision"]["reasons"][0]["code"], "missing", "{record}");
        assert_eq!(record["outcome"]["kind"], "none", "{record}");
        assert_eq!(record["metrics"]["backlog_per_instance"], Value::Null, "{record}");
        assert_eq!(self.world.emulator.calls("SetDesiredCapacity", &self.world.name).len(), 0);
        let expected: &[&str] = if what.starts_with("queue") {
            &["Desired", "InService"]
        } else {
            &["Delayed", "InFlight", "Visible"]
        };
        assert_eq!(self.published(), expected.iter().map(|&name| name.to_owned()).collect());
        assert_eq!(complaints.len(), 1, "{complaints:#?}");
        for text in [&missing[0]["why"], &record["decision"]["reasons"][0]["text"], &json!(complaints[0])] {
            let text = text.as_str().unwrap();
            assert!(words.iter().all(|word| text.contains(word)), "{words:?} are not all in: {text}");
        }
        assert!(complaints[0].contains(what), "{complaints:?}");
        let unreachable = ["timeout", "unreachable"].contains(&cause);
        assert_eq!(self.exit, if unreachable { 69 } else { 1 });
    }

    /// The names of the metrics that were sent.
    pub(crate) fn published(&self) -> BTreeSet<String> {
        let calls = self.world.emulator.calls("PutMetricData", &self.world.name);
        let data = calls.iter().flat_map(|call| call["body"]["MetricData"].as_array().unwrap());
        data.map(|datum| datum["MetricName"].as_str().unwrap().to_owned()).collect()
    }
}

fn is_complaint(line: &str) -> bool {
    line.contains(" WARN ") || line.contains(" ERROR ")
}

/// The program running on, with all that it prints.
#[derive(Debug)]
pub(crate) struct Daemon {
    child: Child,
    out: Lines,
    log: Lines,
}

pub(crate) type Lines = Arc<Mutex<Vec<String>>>;

impl Daemon {
    /// Starts `run` with records on standard output and the log from INFO on, without the SDK's own
    /// repetitions.
    pub(crate) fn start(world: &World) -> Self {
        let mut command =
            world.backlogd(&["run", "--output", "json", "--log", "text", "--log-level", "info"]);
        Self::of(command.env("AWS_MAX_ATTEMPTS", "1"))
    }

    pub(crate) fn of(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (out, log) = (collect(child.stdout.take().unwrap()), collect(child.stderr.take().unwrap()));
        Self { child, out, log }
    }

    /// The same with its output somewhere else: there are no records to look at.
    pub(crate) fn with_output(command: &mut Command, output: Stdio) -> Self {
        let mut child = command.stdout(output).stderr(Stdio::piped()).spawn().unwrap();
        let log = collect(child.stderr.take().unwrap());
        Self { child, out: Lines::default(), log }
    }

    /// The records of `scaler` so far.
    pub(crate) fn records(&self, scaler: &str) -> Vec<Value> {
        let lines = self.out.lock().unwrap();
        let all = lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
        all.filter(|record| record["scaler"] == scaler).collect()
    }

    /// The lines of the log with `words` in them so far.
    pub(crate) fn said(&self, words: &str) -> Vec<String> {
        self.log.lock().unwrap().iter().filter(|line| line.contains(words)).cloned().collect()
    }

    /// Waits until the log has `words`.
    pub(crate) fn await_words(&self, words: &str) {
        self.wait(words, || !self.said(words).is_empty());
    }

    /// Waits for `count` more records of `scaler` than there are now, and returns those.
    pub(crate) fn more(&self, scaler: &str, count: usize) -> Vec<Value> {
        let had = self.records(scaler).len();
        self.wait("more records", || self.records(scaler).len() >= had + count);
        self.records(scaler).split_off(had)
    }

    /// Waits until `done`, for so long as a test may.
    pub(crate) fn wait(&self, what: &str, done: impl FnMut() -> bool) {
        let came = wait_until(LONGEST_WAIT, done);
        assert!(came, "waited in vain for: {what}\n{self:#?}");
    }

    /// The process's number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let done = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(done.success());
    }

    /// Waits for its end, and says how long that took.
    pub(crate) fn end(&mut self) -> (ExitStatus, Duration) {
        let start = now();
        let mut status = None;
        let ended = wait_until(LONGEST_WAIT, || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        assert!(ended, "it goes on and on: {self:#?}");
        (status.unwrap(), start.elapsed())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The lines that come out of `stream`, as they come.
pub(crate) fn collect(stream: impl Read + Send + 'static) -> Lines {
    let lines = Lines::default();
    let shared = lines.clone();
    spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            shared.lock().unwrap().push(line);
        }
    });
    lines
}

/// Looks again and again, and says whether it came in time.
pub(crate) fn wait_until(longest: Duration, mut done: impl FnMut() -> bool) -> bool {
    let start = now();
    while !done() {
        if start.elapsed() > longest {
            return false;
        }
        sleep(Duration::from_millis(10));
    }
    true
}

#[expect(clippy::disallowed_methods, reason = "a test measures the program from outside")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The URL of a server that takes every connection and never says a word, and a message for each.
pub(crate) fn silent_server() -> (String, mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (tell, told) = mpsc::channel();
    spawn(move || {
        let mut held: Vec<TcpStream> = Vec::new();
        for stream in listener.incoming().map_while(Result::ok) {
            held.push(stream);
            // The test may have seen enough.
            tell.send(()).unwrap_or_default();
        }
    });
    (url, told)
}

/// The URL of a port where nobody listens.
pub(crate) fn closed_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}
