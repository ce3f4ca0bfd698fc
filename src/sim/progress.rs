use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

/// How far a long computation is, on one line of standard error; only on a terminal, and only once it has
/// taken a second.
#[derive(Debug)]
pub(super) struct Progress(ProgressBar);

const PATIENCE: Duration = Duration::from_secs(1);

impl Progress {
    /// For so many steps.
    pub(super) fn of(all: usize) -> Self {
        let bar = ProgressBar::with_draw_target(u64::try_from(all).ok(), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("{bar:30} {pos} of {len} runs");
        Self(style.map_or(bar.clone(), |style| bar.with_style(style.progress_chars("█░"))))
    }

    /// Another step is done.
    pub(super) fn step(&self) {
        if self.0.is_hidden() && self.0.elapsed() >= PATIENCE {
            // Where standard error is no terminal, it stays hidden.
            self.0.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.0.inc(1);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
