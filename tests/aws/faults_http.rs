//! Requests that are wrong, too many or never end, and a daemon that answers while its loops do not turn.

use crate::http::{EACH_SECOND, JSON, ONCE, get, listening, scene};
use crate::running::eventually;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::thread::spawn;
use std::time::Duration;

/// What comes back for these bytes, until the connection is closed.
fn sent(address: &str, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    // It may be closed before all is taken, and then what was answered is lost.
    drop(stream.write_all(bytes));
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    answer
}

#[tokio::test]
async fn what_is_no_request_or_too_much_of_one_is_refused_and_others_are_answered() {
    let world = scene("http-malformed", ONCE, "listen = \"127.0.0.1:0\"").await;
    let (daemon, address) = listening(world.backlogd(&JSON));
    daemon.record();
    let long = "x".repeat(100_000);
    let many = "X: y\r\n".repeat(200);
    for (bytes, status) in [
        ("\r\n\r\nHELO\r\n\r\n".to_owned(), "400"),
        ("GET /\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/9.9\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/1.1\r\nno colon\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n".to_owned(), "400"),
        ("\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3}".to_owned(), "400"),
        ("GET / HTTP/1.1\r\nContent-Length: one\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n".to_owned(), "400"),
        (format!("GET / HTTP/1.1\r\n{many}\r\n"), "431"),
        (format!("GET / HTTP/1.1\r\nX: {long}\r\n\r\n"), "431"),
        // Nothing of what is beyond the limit is read, so that the answer may be lost on the way.
        (format!("GET /{long} HTTP/1.1\r\n\r\n"), "4"),
    ] {
        let answer = sent(&address, bytes.as_bytes());
        let answer = String::from_utf8_lossy(&answer);
        let start = &bytes[..bytes.len().min(40)];
        let refused = answer.starts_with(&format!("HTTP/1.1 {status}"));
        assert!(refused || (bytes.len() > 50_000 && answer.is_empty()), "{start:?}: {answer}");
        assert!(!answer.contains("http-malformed"), "{start:?}: {answer}");
    }
    for path in
        ["//", "/../etc/passwd", "/status.json/", "/%2e%2e/", "/records.jsonl?scaler=%00", "/STATUS.JSON"]
    {
        assert_eq!(get(&address, path).0, 404, "{path}");
    }
    assert_eq!(get(&address, "/healthz").0, 200);
    daemon.signal("TERM");
    assert_eq!(daemon.end().0.code(), Some(0));
}

/// Asks so often, over a connection that stays open, and counts the good answers.
fn asked(address: &str, times: usize) -> usize {
    let mut stream = TcpStream::connect(address).unwrap();
    let mut answers = BufReader::new(stream.try_clone().unwrap());
    let paths = ["/healthz", "/readyz", "/status.json", "/metrics", "/"];
    let mut good = 0;
    for path in paths.iter().cycle().take(times) {
        // In one piece: of several, the second would wait for the first to be acknowledged.
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).unwrap();
        let (mut line, mut length, mut first) = (String::new(), 0, true);
        while answers.read_line(&mut line).unwrap() > 2 {
            good += usize::from(first && line.contains(" 200 "));
            first = false;
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim().parse().unwrap();
            }
            line.clear();
        }
        answers.read_exact(&mut vec![0; length]).unwrap();
    }
    good
}

/// A sixtieth of them within each second, over connections that stay open.
#[tokio::test]
async fn ten_thousand_requests_a_minute_delay_no_tick() {
    let world = scene("http-many", EACH_SECOND, "listen = \"127.0.0.1:0\"").await;
    let (daemon, address) = listening(world.backlogd(&JSON));
    daemon.record();
    daemon.record();
    let before = world.emulator.calls("GetQueueAttributes", "/http-many\"").len();
    for second in 0..6 {
        let askers: Vec<_> = (0..4)
            .map(|_| {
                let address = address.clone();
                spawn(move || asked(&address, 42))
            })
            .collect();
        let good: usize = askers.into_iter().map(|asker| asker.join().unwrap()).sum();
        assert_eq!(good, 168, "second {second}");
        daemon.record();
    }
    let calls = world.emulator.calls("GetQueueAttributes", "/http-many\"");
    let secs = |call: &Value| call["time"].as_f64().unwrap();
    let gaps: Vec<f64> = calls[before..].windows(2).map(|pair| secs(&pair[1]) - secs(&pair[0])).collect();
    assert!(gaps.len() >= 5 && gaps.iter().all(|gap| *gap < 1.9), "a tick was missed: {gaps:?}");
}

/// The process is stopped for longer than the deadline, as a host that is frozen is, and goes on: until a tick
/// is done, for which AWS's answer is waited, its port answers and its loop is behind.
#[tokio::test]
async fn health_fails_while_a_loop_is_behind_its_deadline_although_the_port_answers() {
    let world = scene("http-behind", EACH_SECOND, "listen = \"127.0.0.1:0\"").await;
    let (daemon, address) = listening(world.backlogd(&JSON));
    daemon.record();
    assert_eq!(get(&address, "/healthz").2, "ok\n");
    let slow = json!({ "kind": "delay", "seconds": 0.8 });
    world.emulator.fault("GetQueueAttributes", "/http-behind\"", &slow);
    daemon.signal("STOP");
    // Three periods, and four times the nine tenths of a period that a call may take.
    std::thread::sleep(Duration::from_secs(7));
    daemon.signal("CONT");
    let (status, _, body) = get(&address, "/healthz");
    assert_eq!((status, body.as_str()), (503, "no tick in time: http-behind\n"));
    let shown: Value = serde_json::from_str(&get(&address, "/status.json").2).unwrap();
    assert_eq!(shown["scalers"][0]["late"], true, "{shown}");
    world.emulator.mend("/http-behind\"");
    eventually("health", || (get(&address, "/healthz").0 == 200).then_some(()));
}

/// Nobody reads the records any more: the write blocks the loop, and with it the answer that a prober waits for.
#[tokio::test]
async fn a_daemon_stuck_in_a_write_does_not_tell_that_it_is_well() {
    let world = scene("http-stuck", EACH_SECOND, "listen = \"unix:SOCKET\"").await;
    let socket = world.dir.path().join("http.sock");
    let path = world.dir.path().join("backlogd.toml");
    let text = std::fs::read_to_string(&path).unwrap().replace("SOCKET", socket.to_str().unwrap());
    std::fs::write(&path, text).unwrap();
    let (reader, mut writer) = std::io::pipe().unwrap();
    let mut command = world.backlogd(&["run", "--output", "json", "--log", "text"]);
    let _daemon = crate::bad_day::Daemon::with_output(&mut command, writer.try_clone().unwrap().into());
    let health = || {
        let mut stream = std::os::unix::net::UnixStream::connect(&socket).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).is_ok().then_some(text)
    };
    eventually("health", || health().filter(|text| text.contains(" 200 ")));
    let filling = spawn(move || writer.write_all(&vec![b'\n'; 1 << 20]));
    eventually("silence", || health().is_none().then_some(()));
    let mut reader = reader;
    let reading = spawn(move || std::io::copy(&mut reader, &mut std::io::sink()));
    eventually("health again", || health().filter(|text| text.contains(" 200 ")));
    filling.join().unwrap().unwrap();
    drop(reading);
}
