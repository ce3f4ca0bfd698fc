//! A live process with a dead loop: systemd's watchdog is to notice.

use crate::bad_day::{BRISK, collect, five_workers, tempted, wait_until};
use std::io::{Read, Write};
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::spawn;
use std::time::Duration;

/// What comes in on the socket that stands for systemd.
fn told(socket: UnixDatagram) -> Receiver<String> {
    let (tell, told) = channel();
    spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count) = socket.recv(&mut bytes) {
            if tell.send(String::from_utf8_lossy(&bytes[..count]).into_owned()).is_err() {
                return;
            }
        }
    });
    told
}

/// Whether `wanted` is told within `longest`.
fn comes(told: &Receiver<String>, wanted: &str, longest: Duration) -> bool {
    wait_until(longest, || told.try_iter().any(|states| states.lines().any(|state| state == wanted)))
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Whoever reads the records stops reading: the pipe fills, and the next record cannot be written.
#[tokio::test]
async fn a_daemon_stuck_in_a_write_withholds_the_watchdog_signal_and_comes_back() {
    let world = five_workers("stuck", 5).await;
    world.settings(&tempted("stuck", BRISK));
    let socket = UnixDatagram::bind(world.dir.path().join("notify")).unwrap();
    let told = told(socket);
    let (mut reader, mut writer) = std::io::pipe().unwrap();
    let mut command = world.backlogd(&["run", "--output", "json", "--log", "text"]);
    command.env("NOTIFY_SOCKET", world.dir.path().join("notify")).env("WATCHDOG_USEC", "1000000");
    command.stdout(writer.try_clone().unwrap()).stderr(Stdio::piped());
    let mut child = Killed(command.spawn().unwrap());
    let log = collect(child.0.stderr.take().unwrap());
    drop(command);
    assert!(comes(&told, "READY=1", Duration::from_secs(20)), "{log:?}");
    for _ in 0..3 {
        assert!(comes(&told, "WATCHDOG=1", Duration::from_secs(5)), "{log:?}");
    }

    // Blocks as soon as the pipe is full, until it is read again.
    let filling = spawn(move || writer.write_all(&vec![b'\n'; 128 * 1024]));
    // One more signal may be on its way, and one more tick may find room.
    let silent = (0..5).any(|_| !comes(&told, "WATCHDOG=1", Duration::from_secs(2)));
    assert!(silent, "it is stuck, and signals: {log:?}");
    assert_eq!(child.0.try_wait().unwrap(), None, "a live process is what this is about");

    spawn(move || reader.read_to_end(&mut Vec::new()));
    assert!(comes(&told, "WATCHDOG=1", Duration::from_secs(10)), "{log:?}");
    filling.join().unwrap().unwrap();
}
