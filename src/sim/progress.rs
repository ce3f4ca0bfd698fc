use crate::clock::Stopwatch;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

/// How far a long computation is, on one line of standard error; only on a terminal, and only once it has
/// taken a second.
#[derive(Debug)]
pub(super) struct Progress {
    watch: Option<Stopwatch>,
    done: usize,
    all: usize,
    shown: bool,
}

const PATIENCE: Duration = Duration::from_secs(1);
/// Characters of the bar.
const WIDTH: usize = 30;

impl Progress {
    /// For so many steps.
    pub(super) fn of(all: usize) -> Self {
        let watch = io::stderr().is_terminal().then(Stopwatch::start);
        Self { watch, done: 0, all, shown: false }
    }

    /// Another step is done.
    pub(super) fn step(&mut self) {
        self.done = self.done.saturating_add(1);
        if self.watch.is_some_and(|watch| watch.elapsed() >= PATIENCE) {
            self.shown = true;
            show(&bar(self.done, self.all));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            show("");
        }
    }
}

/// Writes over the line that was there.
fn show(line: &str) {
    let mut out = io::stderr().lock();
    // A terminal that is gone needs no progress.
    let _written = write!(out, "\r\x1b[K{line}").and_then(|()| out.flush());
}

fn bar(done: usize, all: usize) -> String {
    let filled = done.saturating_mul(WIDTH).checked_div(all).unwrap_or(WIDTH).min(WIDTH);
    format!("{}{} {done} of {all} runs", "█".repeat(filled), "░".repeat(WIDTH - filled))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_full_at_the_end_and_never_longer() {
        assert_eq!(bar(0, 4), format!("{} 0 of 4 runs", "░".repeat(30)));
        assert_eq!(bar(2, 4), format!("{}{} 2 of 4 runs", "█".repeat(15), "░".repeat(15)));
        for (done, all) in [(4, 4), (5, 4), (1, 0)] {
            assert!(bar(done, all).starts_with(&"█".repeat(30)), "{done} of {all}");
            assert!(bar(done, all).chars().count() < 50);
        }
    }
}
