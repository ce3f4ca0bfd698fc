//! A run, looked at from outside: over real sockets, through the built program.

use crate::running::{Running, eventually};
use crate::world::{World, eager};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::process::Command;

pub(crate) const JSON: [&str; 5] = ["run", "--output", "json", "--log-level", "info"];
/// A tick at the start, and then none for long.
pub(crate) const ONCE: &str = "schedule = \"59 59 23 * * *\"";
pub(crate) const EACH_SECOND: &str = "schedule = \"* * * * * *\"";
pub(crate) const TOKEN: &str = "0123456789abcdef";

/// A queue of three messages, a group of one, a scaler with `more`, and `daemon` in `[daemon]`.
pub(crate) async fn scene(name: &str, more: &str, daemon: &str) -> World {
    let world = World::new(name).await;
    let queue = world.queue("").await;
    world.messages(&queue, 3).await;
    world.group("", 0, 1, 10).await;
    settings(&world, &eager(name, more), daemon);
    world
}

pub(crate) fn settings(world: &World, scalers: &str, daemon: &str) {
    // Long enough for any schedule.
    let scalers = scalers.replace("wake_samples = 1 }", "wake_samples = 1, stalled_after_secs = 300000 }");
    let path = world.settings(&scalers);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(path, text.replace("[daemon]\n", &format!("[daemon]\n{daemon}\n"))).unwrap();
}

/// A daemon, and the address that it says it listens at.
pub(crate) fn listening(command: Command) -> (Running, String) {
    let daemon = Running::start(command);
    let line = daemon.logged("the status page is at http://");
    let address = line.trim().rsplit('/').next().unwrap().to_owned();
    (daemon, address)
}

/// An answer's status, its head in small letters, and its body.
pub(crate) type Answer = (u16, String, String);

pub(crate) fn answer(mut stream: impl Read + Write, method: &str, path: &str, more: &str) -> Answer {
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{more}\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), head.to_lowercase(), body.to_owned())
}

pub(crate) fn get(address: &str, path: &str) -> Answer {
    answer(TcpStream::connect(address).unwrap(), "GET", path, "")
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| panic!("{text}"))
}

#[tokio::test]
async fn what_is_shown_is_the_record_that_is_printed() {
    let world = scene("http-record", ONCE, "listen = \"127.0.0.1:0\"").await;
    let (daemon, address) = listening(world.backlogd(&JSON));
    let printed = daemon.record();

    let (status, head, body) = eventually("a record", || {
        Some(get(&address, "/status.json")).filter(|(_, _, body)| body.contains("\"record\""))
    });
    assert_eq!(status, 200);
    assert!(head.contains("content-type: application/json") && head.contains("nosniff"), "{head}");
    let shown = parsed(&body);
    assert_eq!(shown["scalers"][0]["record"], printed);
    assert_eq!((&shown["scalers"][0]["late"], &shown["ready"]), (&json!(false), &json!(true)));
    let (_, head, lines) = get(&address, "/records.jsonl?scaler=http-record");
    assert!(head.contains("content-type: application/jsonl"), "{head}");
    assert_eq!(parsed(lines.trim_end()), printed);
    assert_eq!(get(&address, "/records.jsonl?scaler=nobody").0, 404);
    assert_eq!(get(&address, "/records.jsonl").0, 400);
    assert_eq!((get(&address, "/readyz").0, get(&address, "/healthz").2.as_str()), (200, "ok\n"));
}

#[tokio::test]
async fn prometheus_is_told_what_is_shown() {
    let world = scene("http-metrics", ONCE, "listen = \"127.0.0.1:0\"").await;
    let (daemon, address) = listening(world.backlogd(&JSON));
    let printed = daemon.record();

    let (status, head, text) = eventually("metrics of a tick", || {
        Some(get(&address, "/metrics")).filter(|(_, _, text)| text.contains("backlogd_decisions_total{"))
    });

    assert_eq!(status, 200);
    assert!(head.contains("content-type: application/openmetrics-text; version=1.0.0"), "{head}");
    let visible = &printed["sample"]["queues"][0]["visible"];
    let line = format!("backlogd_backlog_messages{{scaler=\"http-metrics\",kind=\"visible\"}} {visible}");
    assert!(text.contains(&line), "{line}: {text}");
    let samples = crate::metrics::parsed(&text);
    assert_eq!(samples["backlogd_decisions_total"].as_array().map(Vec::len), Some(3), "{samples}");
}

#[tokio::test]
async fn the_page_stands_alone_and_nothing_can_be_changed() {
    let world = scene("http-page", ONCE, "listen = \"127.0.0.1:0\"").await;
    let (_daemon, address) = listening(world.backlogd(&JSON));

    let (status, head, page) = get(&address, "/");
    assert_eq!(status, 200);
    assert!(head.contains("content-security-policy: default-src 'none'; style-src 'sha256-"), "{head}");
    assert!(page.starts_with("<!DOCTYPE html>") && !page.contains("http-page"), "its figures come apart");
    let stream = || TcpStream::connect(&address).unwrap();
    let (status, head, body) = answer(stream(), "HEAD", "/", "");
    assert_eq!((status, body.as_str()), (200, ""));
    assert!(head.contains(&format!("content-length: {}", page.len())), "{head}");
    for method in ["POST", "PUT", "DELETE"] {
        let (status, head, _) = answer(stream(), method, "/status.json", "Content-Length: 0\r\n");
        assert_eq!((status, head.contains("allow: get,head")), (405, true), "{head}");
    }
    assert_eq!(get(&address, "/etc/passwd").0, 404);
    let (status, _, _) = answer(stream(), "GET", "/", &format!("X: {}\r\n", "x".repeat(20_000)));
    assert_eq!(status, 431);
}

#[tokio::test]
async fn a_name_that_somebody_pointed_here_is_not_answered() {
    let world = scene("http-rebound", ONCE, "listen = \"127.0.0.1:0\"").await;
    let (_daemon, address) = listening(world.backlogd(&JSON));
    let mut stream = TcpStream::connect(&address).unwrap();
    stream
        .write_all(b"GET /status.json HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 403 ") && !text.contains("http-rebound"), "{text}");
}

#[tokio::test]
async fn each_record_is_sent_as_it_comes() {
    let world = scene("http-events", EACH_SECOND, "listen = \"127.0.0.1:0\"").await;
    let (daemon, address) = listening(world.backlogd(&JSON));
    let mut stream = TcpStream::connect(&address).unwrap();
    stream.write_all(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    assert!(lines.any(|line| line == "content-type: text/event-stream"));
    assert!(lines.any(|line| line == "event: status"));
    assert!(lines.any(|line| line == "event: record"));
    let sent = parsed(lines.next().unwrap().strip_prefix("data: ").unwrap());
    let printed = (0..10).map(|_| daemon.record()).find(|record| record["time"] == sent["time"]);
    assert_eq!(printed, Some(sent));
}

/// Calls that hang end in time, and the loop goes on: the daemon is alive, and what is missing is shown.
#[tokio::test]
async fn aws_that_hangs_is_shown_and_is_no_reason_to_restart_the_daemon() {
    let world = scene("http-hang", EACH_SECOND, "listen = \"127.0.0.1:0\"").await;
    world.emulator.fault("GetQueueAttributes", "http-hang", &json!({ "kind": "hang" }));
    let (daemon, address) = listening(world.backlogd(&JSON));
    eventually("a word on what is waited for", || {
        let (status, _, body) = get(&address, "/readyz");
        (status == 503 && body == "waiting for the first tick of 1 scalers\n").then_some(())
    });
    daemon.record();
    let record = daemon.record();
    assert_eq!(record["sample"]["missing"][0]["cause"], "timeout", "{record}");
    assert_eq!((get(&address, "/healthz").0, get(&address, "/readyz").0), (200, 200));
    world.emulator.mend("http-hang");
}

#[tokio::test]
async fn with_a_token_figures_are_for_those_who_have_it() {
    let world = World::new("http-token").await;
    let token = world.dir.path().join("token");
    fs::write(&token, format!("{TOKEN}\n")).unwrap();
    let daemon = format!("listen = \"0.0.0.0:0\"\nlisten_token_file = {token:?}");
    settings(&world, &eager("http-token", ONCE), &daemon);
    let (_daemon, address) = listening(world.backlogd(&JSON));
    let address = address.replace("0.0.0.0", "127.0.0.1");

    let with = |path, token: &str| {
        let header = format!("Authorization: Bearer {token}\r\n");
        answer(TcpStream::connect(&address).unwrap(), "GET", path, &header)
    };
    for path in ["/status.json", "/events", "/records.jsonl?scaler=http-token"] {
        let (status, head, body) = get(&address, path);
        assert!(status == 401 && head.contains("www-authenticate: bearer"), "{path}: {head}");
        assert!(!body.contains("http-token"), "{body}");
        assert_eq!(with(path, "0123456789abcdeX").0, 401);
    }
    for path in ["/", "/healthz"] {
        assert_eq!(get(&address, path).0, 200, "{path}");
    }
    assert_eq!(with("/status.json", TOKEN).0, 200);
    let asked = world.run(&["status", "--listen", &address]);
    assert_eq!(asked.status.code(), Some(0), "{}", String::from_utf8_lossy(&asked.stderr));
    fs::write(&token, "another token, and none").unwrap();
    let refused = world.run(&["status", "--listen", &address]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("holds no token"));
}

#[tokio::test]
async fn the_status_command_asks_on_a_unix_socket_and_says_what_to_do_when_nobody_answers() {
    let world = scene("http-unix", ONCE, "").await;
    let socket = world.dir.path().join("http.sock");
    settings(&world, &eager("http-unix", ONCE), &format!("listen = \"unix:{}\"", socket.display()));
    let daemon = Running::start(world.backlogd(&JSON));
    let record = daemon.record();
    daemon.logged("ready");

    let shown = world.run(&["status"]);
    let text = String::from_utf8(shown.stdout).unwrap();
    assert_eq!(shown.status.code(), Some(0), "{text}");
    assert!(
        text.starts_with("scaler     backlog  per inst.") && text.contains("\nhttp-unix        3"),
        "{text}"
    );
    assert!(text.contains(record["decision"]["reasons"][0]["text"].as_str().unwrap()), "{text}");
    let lines = world.run(&["status", "http-unix", "--output", "json"]).stdout;
    assert_eq!(parsed(String::from_utf8(lines).unwrap().trim_end()), record);
    assert_eq!(answer(UnixStream::connect(&socket).unwrap(), "GET", "/healthz", "").0, 200);
    for stranger in ["nobody", "a b"] {
        let output = world.run(&["status", stranger]);
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&output.stderr).contains("there is no scaler"));
    }

    daemon.signal("TERM");
    assert_eq!(daemon.end().0.code(), Some(0));
    assert!(!socket.exists(), "it is cleared away");
    let output = world.run(&["status"]);
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(69), "{log}");
    assert!(log.contains("does not answer on unix:") && log.contains("systemctl status backlogd"), "{log}");
}

#[tokio::test]
async fn it_refuses_to_start_where_it_cannot_or_must_not_listen() {
    let world = scene("http-refused", ONCE, "listen = \"0.0.0.0:0\"").await;
    let start = || {
        let output = world.run(&["run", "--output", "json"]);
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, log) = start();
    assert!(code == 78 && log.contains("backlogd.toml:6:10") && log.contains("without a token"), "{log}");

    let scaler = eager("http-refused", ONCE);
    settings(&world, &scaler, "listen = \"0.0.0.0:0\"\nlisten_token_file = \"/nowhere/token\"");
    let (code, log) = start();
    assert!(code == 78 && log.contains("cannot read the token in /nowhere/token"), "{log}");

    settings(&world, &scaler, "listen = \"systemd\"");
    let (code, log) = start();
    assert!(code == 1 && log.contains("hands over no listening socket"), "{log}");

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    settings(&world, &scaler, &format!("listen = \"{}\"", taken.local_addr().unwrap()));
    let (code, log) = start();
    assert!(code == 1 && log.contains("(daemon.listen): Address already in use"), "{log}");
    // A dry run may stand beside the daemon that listens there.
    let daemon = Running::start(world.backlogd(&["run", "--dry-run", "--output", "json"]));
    daemon.logged("this run has no status page");
    assert_eq!(daemon.record()["mode"], "dry_run");
}

#[tokio::test]
async fn those_who_ask_slowly_or_take_nothing_hold_up_no_tick() {
    let world = scene("http-slow", EACH_SECOND, "listen = \"127.0.0.1:0\"").await;
    let (daemon, address) = listening(world.backlogd(&JSON));
    let mut follower = TcpStream::connect(&address).unwrap();
    follower.write_all(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let idle: Vec<_> = (0..100).map(|_| TcpStream::connect(&address).unwrap()).collect();
    for mut stream in &idle {
        // Those beyond the limit may be closed already.
        drop(stream.write_all(b"GET / HT"));
    }
    let times: Vec<String> = (0..5).map(|_| daemon.record()["time"].as_str().unwrap().to_owned()).collect();
    assert!(times.is_sorted(), "{times:?}");
    drop((idle, follower));
    eventually("an answer", || {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        text.contains(" 200 OK").then_some(())
    });
}

#[tokio::test]
async fn another_address_takes_a_restart() {
    let world = scene("http-reload", ONCE, "listen = \"127.0.0.1:0\"").await;
    let (daemon, address) = listening(world.backlogd(&JSON));
    daemon.logged("ready");
    settings(&world, &eager("http-reload", ONCE), "");
    daemon.signal("HUP");
    daemon.logged(
        "listen and listen_token_file need a restart to change: until then it listens on 127.0.0.1:0",
    );
    assert_eq!(get(&address, "/healthz").0, 200);
}

#[tokio::test]
async fn the_demo_can_be_looked_at() {
    let world = World::new("http-demo").await;
    let command = world.backlogd(&["demo", "--speed", "0", "--output", "json", "--listen", "127.0.0.1:0"]);
    let demo = Running::start(command);
    let line = demo.logged("The status page is at http://");
    demo.logged("The status page stays at");
    let (_, _, body) = get(line.rsplit('/').next().unwrap(), "/status.json");
    let status = parsed(&body);
    assert_eq!(status["scalers"][0]["name"], "images");
    assert_eq!(status["time"], status["scalers"][0]["record"]["time"], "it goes by the demo's own time");
    demo.signal("INT");
    assert_eq!(demo.end().0.code(), Some(0));
}
