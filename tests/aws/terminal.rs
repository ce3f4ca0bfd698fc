//! `status --watch` on a terminal, and where nobody reads any more.

use crate::http::{EACH_SECOND, JSON, listening, scene};
use crate::running::Running;
use serde_json::Value;
use std::process::{Command, Stdio};

/// Runs its arguments on a terminal, interrupts them after three drawings, and tells as JSON what they drew, how
/// they ended, and whether the terminal is as it was.
const TERMINAL: &str = r#"
import json, os, pty, sys, termios
parent, child = pty.openpty()
before = termios.tcgetattr(child)
pid = os.fork()
if pid == 0:
    os.login_tty(child) if hasattr(os, "login_tty") else (os.setsid(), __import__("fcntl").ioctl(child, termios.TIOCSCTTY, 0), [os.dup2(child, fd) for fd in range(3)])
    os.execv(sys.argv[1], sys.argv[1:])
seen = b""
while seen.count(b"\x1b[2J") < 3 or not seen.endswith(b"\n"):
    seen += os.read(parent, 4096)
os.write(parent, b"\x03")
status = os.waitpid(pid, 0)[1]
same = termios.tcgetattr(child) == before
print(json.dumps({"seen": seen.decode(), "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, "same": same}))
"#;

#[tokio::test]
async fn status_is_drawn_again_and_again_and_an_interrupt_leaves_the_terminal_as_it_was() {
    let world = scene("watched", EACH_SECOND, "listen = \"127.0.0.1:0\"").await;
    let (daemon, address) = listening(world.backlogd(&JSON));
    daemon.record();
    let status = world.backlogd(&["status", "--watch", "--listen", &address]);
    let mut command = Command::new("python3");
    command.args(["-c", TERMINAL]).arg(status.get_program()).args(status.get_args());
    command.envs(status.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(world.dir.path()).stdin(Stdio::null());
    let told = Running::start(command).record();
    assert_eq!((&told["signal"], &told["same"]), (&Value::from(2), &Value::from(true)), "{told}");
    let drawn: Vec<&str> = told["seen"].as_str().unwrap().split("\u{1b}[H\u{1b}[2J").skip(1).collect();
    assert_eq!(drawn.len(), 3, "{drawn:?}");
    for table in &drawn {
        assert!(table.starts_with("scaler ") && table.contains("\r\nwatched "), "{table}");
        assert!(!table.contains('\u{1b}'), "nothing to be undone: {table:?}");
    }
}

#[tokio::test]
async fn whoever_has_seen_enough_ends_it() {
    let world = scene("seen-enough", EACH_SECOND, "listen = \"127.0.0.1:0\"").await;
    let (daemon, address) = listening(world.backlogd(&JSON));
    daemon.record();
    let mut command = world.backlogd(&["status", "--watch", "--listen", &address]);
    let mut watch = command.stdout(Stdio::piped()).spawn().unwrap();
    drop(watch.stdout.take());
    assert_eq!(crate::running::ended(&mut watch).code(), Some(0));
}
