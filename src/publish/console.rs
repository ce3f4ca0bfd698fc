use super::{Publisher, json, text};
use crate::model::Record;
use async_trait::async_trait;
use std::io::{self, Write};
use tokio_util::sync::CancellationToken;

/// Prints each record on standard output, as a line for people or as a JSON object.
#[derive(Clone, Debug)]
pub struct Console {
    /// How records are printed.
    pub form: Form,
    /// Cancelled when standard output is gone, as after `backlogd run --dry-run | head -1`.
    pub gone: CancellationToken,
}

/// How records are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A line for people.
    Text,
    /// A JSON object a line.
    Json,
}

#[async_trait]
impl Publisher for Console {
    async fn publish(&mut self, record: &Record) {
        let line = match self.form {
            Form::Text => text::line(record),
            Form::Json => json::line(record),
        };
        if print(&line).is_err() {
            self.gone.cancel();
        }
    }
}

/// Writes one line to standard output, at once.
pub fn print(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
