//! How a run is looked at: a status page, its figures and its records, over HTTP.
//!
//! All is rendered from the records in the [`Ledger`]; nothing here can change anything. On the one thread
//! that there is, no request does more than render what is in memory, and whoever is slow, to ask or to
//! take, waits for himself: see [`Server::serve`].

mod access;
mod client;
mod events;
mod listen;
mod page;
mod serve;
mod site;
mod table;

pub use access::{Access, NoToken};
pub use client::{Unanswered, ask};
pub use listen::{Listener, Unheard};
pub use table::table;

use crate::publish::Ledger;
use crate::settings::{Http, Listen};
use std::fmt;

/// Something to look at, where it is to be had, and who may.
pub struct Server {
    listener: Listener,
    access: Access,
    metrics: Option<site::Metrics>,
}

/// Why nobody can look.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It cannot listen there.
    #[error(transparent)]
    Unheard(#[from] Unheard),
    /// There is no usable token.
    #[error(transparent)]
    NoToken(#[from] NoToken),
    /// Sockets of systemd's are within others' reach, and nothing guards them.
    #[error(
        "the socket that systemd hands over, {0}, can be reached by other hosts: set daemon.listen_token_file, or let the socket unit listen on 127.0.0.1 or a Unix socket"
    )]
    Unguarded(String),
}

impl Failure {
    /// Whether other settings would mend it.
    #[must_use]
    pub const fn is_of_settings(&self) -> bool {
        !matches!(self, Self::Unheard(_))
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("listener", &self.listener).finish_non_exhaustive()
    }
}

impl Server {
    /// Listens as `http` says. Within a runtime.
    pub fn open(http: &Http) -> Result<Self, Failure> {
        let access = Access::of(http.token_file.as_deref())?;
        let listener = Listener::open(&http.listen)?;
        match listener.exposed() {
            Some(address) if !access.is_guarded() => Err(Failure::Unguarded(address)),
            _ => Ok(Self { listener, access, metrics: None }),
        }
    }

    /// Listens without a token, wherever that is: for what is made up.
    pub fn open_to_all(listen: &Listen) -> Result<Self, Unheard> {
        Ok(Self { listener: Listener::open(listen)?, access: Access::default(), metrics: None })
    }

    /// Where it listens, for people: `http://127.0.0.1:9464`.
    #[must_use]
    pub fn address(&self) -> String {
        self.listener.address()
    }

    /// The same with `/metrics`, as `render` gives them: `OpenMetrics` text.
    #[must_use]
    pub fn with_metrics(mut self, render: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.metrics = Some(Box::new(render));
        self
    }

    /// Answers for as long as it is polled.
    pub async fn serve(self, ledger: Ledger) {
        let Self { listener, access, metrics } = self;
        serve::serve(&listener, &site::site(ledger, access, metrics)).await;
    }
}
