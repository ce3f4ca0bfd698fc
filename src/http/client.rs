use super::access::Access;
use crate::settings::Listen;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// Nobody is there.
    #[error("the daemon does not answer on {listen}: {source}")]
    Unreachable {
        /// Where.
        listen: Listen,
        /// The complaint.
        source: io::Error,
    },
    /// What came is not the whole answer.
    #[error("the daemon's answer on {listen} ended early: {why}")]
    Broken {
        /// Where.
        listen: Listen,
        /// What happened.
        why: String,
    },
    /// It came too late.
    #[error("the daemon does not answer on {listen} within {} s", WAIT_MAX.as_secs())]
    Late {
        /// Where.
        listen: Listen,
    },
    /// It was a refusal.
    #[error("the daemon on {listen} refuses: {status}: {why}")]
    Refused {
        /// Where.
        listen: Listen,
        /// The refusal.
        status: StatusCode,
        /// In its own words.
        why: String,
    },
    /// The settings do not say where it listens.
    #[error("daemon.listen is \"systemd\", which does not say where that is: name the address with --listen")]
    Nowhere,
}

/// How long an answer may take.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// The size of an answer in bytes: two hundred scalers take about a megabyte.
const ANSWER_MAX: usize = 64 << 20;

/// The answer to a GET of `path` from whatever listens at `listen`.
pub async fn ask(listen: &Listen, access: &Access, path: &str) -> Result<String, Unanswered> {
    let unreachable = |source| Unanswered::Unreachable { listen: listen.clone(), source };
    let answer = async {
        match listen {
            Listen::Tcp(address) => {
                let stream = TcpStream::connect(reachable(*address)).await.map_err(unreachable)?;
                get(stream, listen, access, path).await
            }
            Listen::Unix(socket) => {
                let stream = UnixStream::connect(socket).await.map_err(unreachable)?;
                get(stream, listen, access, path).await
            }
            Listen::Systemd => Err(Unanswered::Nowhere),
        }
    };
    let late = |_elapsed| Unanswered::Late { listen: listen.clone() };
    timeout(WAIT_MAX, answer).await.map_err(late)?
}

/// What listens on every address is asked on this host's own.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() {
            [127, 0, 0, 1].into()
        } else {
            std::net::Ipv6Addr::LOCALHOST.into()
        });
    }
    address
}

async fn get(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    listen: &Listen,
    access: &Access,
    path: &str,
) -> Result<String, Unanswered> {
    let broken =
        |why: &dyn std::fmt::Display| Unanswered::Broken { listen: listen.clone(), why: why.to_string() };
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
    let talking = tokio::spawn(connection);
    let mut request = Request::get(path).header(HOST, "localhost");
    if let Some(header) = access.header() {
        request = request.header(AUTHORIZATION, header);
    }
    let request = request.body(Empty::<Bytes>::new()).map_err(|error| broken(&error))?;
    let response = sender.send_request(request).await.map_err(|error| broken(&error))?;
    let status = response.status();
    let body =
        Limited::new(response.into_body(), ANSWER_MAX).collect().await.map_err(|error| broken(&error))?;
    talking.abort();
    let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
    if status == StatusCode::OK {
        return Ok(text);
    }
    Err(Unanswered::Refused { listen: listen.clone(), status, why: text.trim().to_owned() })
}
