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
