use crate::settings::Listen;
use listenfd::ListenFd;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};

/// Where requests come in.
#[derive(Debug)]
pub struct Listener {
    socket: Socket,
    /// A Unix socket of our own, to be cleared away.
    path: Option<PathBuf>,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// Why it cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum Unheard {
    /// Something else is there, or it may not.
    #[error("cannot listen on {listen} (daemon.listen): {source}{}", advice(.source))]
    Refused {
        /// Where.
        listen: Listen,
        /// The complaint.
        source: io::Error,
    },
    /// There is no socket to take over.
    #[error(
        "daemon.listen is \"systemd\", but systemd hands over no listening socket: is the socket unit active, and does it name this service?"
    )]
    NoSocket,
}

/// A connection, of either kind.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send {}

impl<S: AsyncRead + AsyncWrite + Send> Stream for S {}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => "; end what listens there (`ss -lnp` names it), or choose another port",
        io::ErrorKind::PermissionDenied => {
            "; choose a port above 1023, or a path that the daemon may write to"
        }
        io::ErrorKind::AddrNotAvailable => "; no interface of this host has this address",
        _ => "",
    }
}

impl Listener {
    /// Listens at once. Within a runtime.
    pub fn open(listen: &Listen) -> Result<Self, Unheard> {
        let refused = |source| Unheard::Refused { listen: listen.clone(), source };
        match listen {
            Listen::Tcp(address) => {
                // By the standard library's, so that nothing has to be waited for.
                let listener = std::net::TcpListener::bind(address).map_err(refused)?;
                Self::tcp(listener).map_err(refused)
            }
            Listen::Unix(path) => {
                let socket = unix(path).map_err(refused)?;
                Ok(Self { socket: Socket::Unix(socket), path: Some(path.clone()) })
            }
            Listen::Systemd => Self::handed_over().map_err(refused)?.ok_or(Unheard::NoSocket),
        }
    }

    fn tcp(listener: std::net::TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Ok(Self { socket: Socket::Tcp(TcpListener::from_std(listener)?), path: None })
    }

    /// The first socket that systemd hands over, of either kind.
    fn handed_over() -> io::Result<Option<Self>> {
        let mut sockets = ListenFd::from_env();
        if let Ok(Some(listener)) = sockets.take_tcp_listener(0) {
            return Self::tcp(listener).map(Some);
        }
        let Ok(Some(listener)) = sockets.take_unix_listener(0) else { return Ok(None) };
        listener.set_nonblocking(true)?;
        Ok(Some(Self { socket: Socket::Unix(UnixListener::from_std(listener)?), path: None }))
    }

    /// The address at which other hosts can reach it, if they can.
    pub(super) fn exposed(&self) -> Option<String> {
        let Socket::Tcp(listener) = &self.socket else { return None };
        // What has no address is not trusted.
        let address = listener.local_addr();
        let local = address.as_ref().is_ok_and(|address| address.ip().is_loopback());
        (!local).then(|| address.map_or_else(|_error| "?".to_owned(), |address| address.to_string()))
    }

    /// Where it listens, for people.
    pub(super) fn address(&self) -> String {
        match (&self.socket, &self.path) {
            (Socket::Tcp(listener), _) => listener
                .local_addr()
                .map_or_else(|_error| "?".to_owned(), |address| format!("http://{address}")),
            (Socket::Unix(_), Some(path)) => format!("unix:{}", path.display()),
            (Socket::Unix(_), None) => "systemd's Unix socket".to_owned(),
        }
    }

    pub(super) async fn accept(&self) -> io::Result<Box<dyn Stream>> {
        match &self.socket {
            Socket::Tcp(listener) => listener.accept().await.map(|(stream, _)| Box::new(stream) as _),
            Socket::Unix(listener) => listener.accept().await.map(|(stream, _)| Box::new(stream) as _),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // If somebody was quicker, it is gone all the same.
            drop(fs::remove_file(path));
        }
    }
}

/// A Unix socket that the user and the group may open. One that nobody listens on any more is cleared away.
fn unix(path: &Path) -> io::Result<UnixListener> {
    // To connect to a file that is no socket is refused as well.
    let is_socket = fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
    let left = |error: io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
    if is_socket && UnixStream::connect(path).is_err_and(left) {
        fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, Permissions::from_mode(0o660))?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_that_a_killed_daemon_left_is_taken_and_a_live_one_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let listen = Listen::Unix(dir.path().join("http.sock"));
        let path = dir.path().join("http.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let live = Listener::open(&listen).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
        let refused = Listener::open(&listen).unwrap_err().to_string();
        assert!(refused.contains("(daemon.listen): Address already in use"), "{refused}");
        drop(live);
        assert!(!path.exists(), "it is cleared away");
    }

    #[tokio::test]
    async fn a_file_that_is_no_socket_is_left_alone() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "precious").unwrap();
        assert!(Listener::open(&Listen::Unix(file.path().to_owned())).is_err());
        assert_eq!(fs::read_to_string(file.path()).unwrap(), "precious");
    }

    #[tokio::test]
    async fn a_port_in_use_is_told_with_what_to_do() {
        let first = Listener::open(&"127.0.0.1:0".parse().unwrap()).unwrap();
        let address = first.address();
        let again = address.trim_start_matches("http://").parse().unwrap();
        let refused = Listener::open(&again).unwrap_err().to_string();
        assert!(refused.contains("Address already in use") && refused.contains("`ss -lnp`"), "{refused}");
        assert_eq!(first.exposed(), None);
        assert!(Listener::open(&"0.0.0.0:0".parse().unwrap()).unwrap().exposed().is_some());
    }
}
