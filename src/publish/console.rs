use super::{Publisher, json, text};
use crate::model::Record;
use async_trait::async_trait;
use std::io::{self, Write};
use tokio_util::sync::CancellationToken;

/// Prints each record on standard output, as a line for people or as a JSON object.
///
/// When nobody reads on, as after `backlogd run --dry-run | head -1`, a run whose purpose is to be read
/// ends. A daemon at work goes on, whatever becomes of its output.
#[derive(Clone, Debug)]
pub struct Console {
    form: Form,
    /// Cancelled when the reader is gone.
    gone: Option<CancellationToken>,
    failing: bool,
}

/// How records are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A line for people.
    Text,
    /// A JSON object a line.
    Json,
}

impl Console {
    /// For a run that is only there to be read: it ends, by `gone`, with its reader.
    #[must_use]
    pub const fn to_be_read(form: Form, gone: CancellationToken) -> Self {
        Self { form, gone: Some(gone), failing: false }
    }

    /// For a run with work to do.
    #[must_use]
    pub const fn beside_work(form: Form) -> Self {
        Self { form, gone: None, failing: false }
    }
}

#[async_trait]
impl Publisher for Console {
    async fn publish(&mut self, record: &Record) {
        let line = match self.form {
            Form::Text => text::line(record),
            Form::Json => json::line(record),
        };
        match (print(&line), &self.gone) {
            (Ok(()), _) => self.failing = false,
            (Err(error), Some(gone)) if error.kind() == io::ErrorKind::BrokenPipe => gone.cancel(),
            (Err(error), _) => {
                if !self.failing {
                    tracing::warn!(%error, "cannot print records; the work goes on");
                }
                self.failing = true;
            }
        }
    }
}

/// Writes one line to standard output, at once.
pub fn print(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
