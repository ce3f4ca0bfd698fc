//! Sockets that systemd hands over, by systemd's own `systemd-socket-activate`, which not every host has:
//! `cargo test --test aws -- --ignored`.

use crate::http::{JSON, ONCE, TOKEN, answer, scene, settings};
use crate::running::{Running, eventually};
use crate::world::{World, eager};
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::process::Command;

/// The daemon, started at the first connection to where systemd listens for it.
fn activated(world: &World, listen: &str) -> Command {
    let daemon = world.backlogd(&JSON);
    let mut command = Command::new("systemd-socket-activate");
    command.args(["--listen", listen]);
    let envs: Vec<_> = daemon.get_envs().filter_map(|(name, value)| Some((name, value?))).collect();
    for (name, value) in &envs {
        command.arg("--setenv").arg(format!("{}={}", name.display(), value.display()));
    }
    command.arg(daemon.get_program()).args(daemon.get_args()).current_dir(world.dir.path());
    command.env_clear().envs(envs);
    command
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test]
#[ignore = "needs systemd-socket-activate"]
async fn a_unix_socket_of_systemds_is_taken_over_with_the_connection_that_woke_the_daemon() {
    let world = scene("activated-unix", ONCE, "listen = \"systemd\"").await;
    let socket = world.dir.path().join("systemd.sock");
    let daemon = Running::start(activated(&world, socket.to_str().unwrap()));
    let stream = eventually("the socket", || UnixStream::connect(&socket).ok());
    let (status, _, body) = answer(stream, "GET", "/healthz", "");
    assert_eq!((status, body.as_str()), (200, "ok\n"), "it waited for the daemon");
    daemon.logged("the status page is at systemd's Unix socket");
    let record = daemon.record();
    let shown = world.run(&["status", "--listen", &format!("unix:{}", socket.display()), "--output", "json"]);
    assert!(String::from_utf8(shown.stdout).unwrap().contains(record["time"].as_str().unwrap()));
    let told = world.run(&["status"]);
    assert_eq!(told.status.code(), Some(78));
    assert!(String::from_utf8_lossy(&told.stderr).contains("name the address with --listen"));
    daemon.signal("TERM");
    assert_eq!(daemon.end().0.code(), Some(0));
    assert!(socket.exists(), "it is systemd's, and left to it");
}

#[tokio::test]
#[ignore = "needs systemd-socket-activate"]
async fn a_port_of_systemds_is_taken_over() {
    let world = scene("activated-tcp", ONCE, "listen = \"systemd\"").await;
    let address = format!("127.0.0.1:{}", free_port());
    let daemon = Running::start(activated(&world, &address));
    let stream = eventually("the port", || TcpStream::connect(&address).ok());
    assert_eq!(answer(stream, "GET", "/healthz", "").0, 200);
    daemon.logged(&format!("the status page is at http://{address}"));
}

#[tokio::test]
#[ignore = "needs systemd-socket-activate"]
async fn a_port_of_systemds_that_others_can_reach_takes_a_token() {
    let world = scene("activated-open", ONCE, "listen = \"systemd\"").await;
    let start = || {
        let port = free_port();
        let daemon = Running::start(activated(&world, &format!("0.0.0.0:{port}")));
        (daemon, eventually("the port", || TcpStream::connect(("127.0.0.1", port)).ok()))
    };
    let (daemon, _waiting) = start();
    let line = daemon.logged("can be reached by other hosts");
    assert!(line.contains("set daemon.listen_token_file"), "{line}");
    assert_eq!(daemon.end().0.code(), Some(78));

    let token = world.dir.path().join("token");
    fs::write(&token, TOKEN).unwrap();
    let guarded = format!("listen = \"systemd\"\nlisten_token_file = {token:?}");
    settings(&world, &eager("activated-open", ONCE), &guarded);
    let (_daemon, stream) = start();
    assert_eq!(answer(stream, "GET", "/status.json", "").0, 401);
}
