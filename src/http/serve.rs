use super::listen::{Listener, Stream};
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tokio_io_timeout::TimeoutStream;

/// Connections at a time; those beyond are closed as they come.
const CONNECTIONS_MAX: usize = 64;
/// From a connection's begin, or the answer before, to the end of a request's head.
const HEAD_WAIT_MAX: Duration = Duration::from_secs(10);
/// The size of a request's head in bytes.
const HEAD_MAX: usize = 16 * 1024;
/// Who takes nothing of an answer for so long is let go.
const TAKE_WAIT_MAX: Duration = Duration::from_secs(20);
/// After a failure to accept, which may be a lack of file descriptors.
const PAUSE: Duration = Duration::from_secs(1);

/// Answers for as long as it is polled, each connection in a task of its own. A request's body is not read.
pub(super) async fn serve(listener: &Listener, site: &Router) {
    let seats = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut failing = false;
    loop {
        let stream = match listener.accept().await {
            Ok(stream) => stream,
            Err(error) => {
                if !failing {
                    tracing::warn!(%error, "cannot accept a connection to the status page; scaling goes on");
                }
                failing = true;
                sleep(PAUSE).await;
                continue;
            }
        };
        failing = false;
        if let Ok(seat) = seats.clone().try_acquire_owned() {
            let site = site.clone();
            tokio::spawn(async move {
                answer(Box::into_pin(stream), site).await;
                drop(seat);
            });
        }
    }
}

async fn answer(stream: std::pin::Pin<Box<dyn Stream>>, site: Router) {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(TAKE_WAIT_MAX));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WAIT_MAX)
        .max_buf_size(HEAD_MAX)
        .serve_connection(TokioIo::new(Box::pin(stream)), TowerToHyperService::new(site));
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection to the status page ended early");
    }
}

#[cfg(test)]
mod tests {
    use super::super::access::Access;
    use super::super::site::site;
    use super::*;
    use crate::publish::Ledger;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::task::JoinHandle;
    use tokio::time::timeout;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

    /// A client's end of a connection that holds so many bytes, and the server's work on the other.
    fn connected(bytes: usize) -> (DuplexStream, JoinHandle<()>) {
        let (client, server) = duplex(bytes);
        let site = site(Ledger::default(), Access::default(), None);
        (client, tokio::spawn(answer(Box::pin(server), site)))
    }

    /// Whether the connection is closed after so long, and not before.
    async fn ends_after(longest: Duration, mut work: JoinHandle<()>) -> bool {
        let second = Duration::from_secs(1);
        let early = timeout(longest.saturating_sub(second), &mut work).await.is_ok();
        !early && timeout(2 * second, work).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_does_not_end_is_waited_for_ten_seconds() {
        for part in [&b""[..], b"GET / HT", b"GET / HTTP/1.1\r\nHost: localhost\r\nX: "] {
            let (mut client, work) = connected(4096);
            client.write_all(part).await.unwrap();
            assert!(ends_after(HEAD_WAIT_MAX, work).await, "{part:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_comes_a_byte_a_second_is_waited_for_no_longer() {
        let (mut client, work) = connected(4096);
        tokio::spawn(async move {
            client.write_all(b"GET / HTTP/1.1\r\nX: ").await.unwrap();
            while client.write_all(b"x").await.is_ok() {
                sleep(Duration::from_secs(1)).await;
            }
        });
        assert!(ends_after(HEAD_WAIT_MAX, work).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_is_kept_open_for_nothing_is_closed_after_ten_seconds() {
        let (mut client, work) = connected(1 << 20);
        client.write_all(REQUEST).await.unwrap();
        assert!(ends_after(HEAD_WAIT_MAX, work).await);
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("</html>\n"), "{answer}");
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_of_an_answer_is_let_go_after_twenty_seconds() {
        let (mut client, work) = connected(100);
        client.write_all(REQUEST).await.unwrap();
        assert!(ends_after(TAKE_WAIT_MAX, work).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_is_not_waited_for() {
        let (mut client, work) = connected(1 << 20);
        let request = b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\nx";
        client.write_all(request).await.unwrap();
        assert!(timeout(Duration::from_secs(1), work).await.is_ok());
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    }
}
