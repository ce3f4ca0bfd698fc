//! The program as a process that goes on, and systemd as far as it listens.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// The longest wait for anything that is sure to come.
const LONGEST: Duration = Duration::from_secs(20);

/// A running program. It is killed when the test ends, however that ends.
#[derive(Debug)]
pub(crate) struct Running {
    process: Child,
    output: Receiver<String>,
    log: Receiver<String>,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let output = lines(process.stdout.take().unwrap());
        let log = lines(process.stderr.take().unwrap());
        Self { process, output, log }
    }

    /// The next record it prints.
    pub(crate) fn record(&self) -> Value {
        let line = self.output.recv_timeout(LONGEST).expect("it prints another record");
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"))
    }

    /// The next line of its log.
    pub(crate) fn log_line(&self) -> String {
        self.log.recv_timeout(LONGEST).expect("it logs another line")
    }

    /// Waits for a line of its log that contains `words`.
    pub(crate) fn logged(&self, words: &str) -> String {
        loop {
            let line = self.log_line();
            if line.contains(words) {
                return line;
            }
        }
    }

    /// Sends it signals by their short names, such as `TERM` or `TERM INT`, one right after the other.
    pub(crate) fn signal(&self, names: &str) {
        let script = "for name in $1; do kill -s $name $0; done";
        let pid = self.process.id().to_string();
        assert!(Command::new("sh").args(["-c", script, &pid, names]).status().unwrap().success());
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.process.try_wait().unwrap().is_some()
    }

    /// Waits for its end: how it ended, and the records it had not been asked for.
    pub(crate) fn end(mut self) -> (ExitStatus, Vec<Value>) {
        let status = ended(&mut self.process);
        (status, self.output.iter().map(|line| serde_json::from_str(&line).unwrap()).collect())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Waits for a process's end.
pub(crate) fn ended(process: &mut Child) -> ExitStatus {
    eventually("the end of the process", || process.try_wait().unwrap())
}

/// Asks until there is an answer.
pub(crate) fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    const PAUSE: Duration = Duration::from_millis(10);
    for _ in 0..LONGEST.as_millis() / PAUSE.as_millis() {
        if let Some(answer) = ask() {
            return answer;
        }
        std::thread::sleep(PAUSE);
    }
    panic!("waited in vain for {what}");
}

fn lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let lines = BufReader::new(pipe).lines().map_while(Result::ok);
        lines.map_while(|line| sender.send(line).ok()).for_each(drop);
    });
    receiver
}

/// Listens where systemd would: on a socket of its own, which is read whether or not the test looks.
#[derive(Debug)]
pub(crate) struct Systemd {
    datagrams: Receiver<String>,
    /// The value of `NOTIFY_SOCKET`.
    pub(crate) path: PathBuf,
}

impl Systemd {
    pub(crate) fn listen(dir: &Path) -> Self {
        let path = dir.join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        let (sender, datagrams) = channel();
        std::thread::spawn(move || {
            let mut datagram = [0; 4096];
            while let Ok(length) = socket.recv(&mut datagram) {
                let text = String::from_utf8_lossy(&datagram[..length]).into_owned();
                if sender.send(text).is_err() {
                    return;
                }
            }
        });
        Self { datagrams, path }
    }

    /// What it is told, as lines, up to and with the message in which one begins with `start`.
    pub(crate) fn told(&self, start: &str) -> Vec<String> {
        let mut told = Vec::new();
        loop {
            let datagram = self.datagrams.recv_timeout(LONGEST);
            let text = datagram.unwrap_or_else(|_| panic!("{start} never comes: {told:?}"));
            told.extend(text.lines().map(str::to_owned));
            if told.iter().any(|line| line.starts_with(start)) {
                return told;
            }
        }
    }
}
