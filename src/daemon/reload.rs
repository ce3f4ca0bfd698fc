//! The settings, taken up at the start and anew at each SIGHUP.

use super::Failure;
use super::crew::{Crew, Recruit};
use super::notify::{self, Board};
use crate::assemble::Workshop;
use crate::publish::Event;
use crate::settings::{self, Http, Mistakes, Scaler, Settings};
use std::fmt;
use std::future::pending;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::signal::unix::Signal;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// How long the end of a reload waits for scalers to end their last tick under the old settings and to do
/// their first under the new ones.
const SETTLE_MAX: Duration = Duration::from_secs(5);

/// How often it is looked for them.
const PAUSE: Duration = Duration::from_millis(20);

/// The crew, and what it takes to give it other settings.
pub(super) struct Reloads<'b> {
    pub(super) crew: Crew,
    pub(super) workshop: Workshop,
    pub(super) board: &'b Board,
    /// What cannot change before the process ends.
    pub(super) state_dir: PathBuf,
    /// Nor this.
    pub(super) http: Option<Http>,
    pub(super) stop: CancellationToken,
}

/// What two sets of settings, old and new, mean for each scaler, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    added: Vec<String>,
    changed: Vec<String>,
    removed: Vec<String>,
    unchanged: Vec<String>,
}

/// Why the settings on disk are not taken up.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    /// They are wrong in themselves, or cannot be read.
    #[error("{}", .0.in_a_line())]
    Mistakes(#[from] Mistakes),
    /// They would not do at a start either.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl Reloads<'_> {
    /// Reads the settings at a path anew whenever SIGHUP comes, for as long as it is polled. Several that
    /// come during a reload are one more.
    pub(super) async fn follow(&mut self, reload: Option<(PathBuf, Signal)>) {
        if let Some((path, mut hangups)) = reload {
            while hangups.recv().await.is_some() {
                if !self.stop.is_cancelled() {
                    self.reload(&path).await;
                }
            }
        }
        pending::<()>().await;
    }

    async fn reload(&mut self, path: &Path) {
        let reloading = notify::reloading(self.board);
        let taken = match settings::load(path) {
            Ok(settings) => self.take_up(settings).await.map_err(Refusal::from),
            Err(mistakes) => Err(mistakes.into()),
        };
        self.workshop.exposition.reloaded(taken.is_ok());
        match taken {
            Ok(change) => {
                self.board.refuse(None);
                change.tell();
                self.settle().await;
            }
            Err(refusal) => {
                tell_of_refusal(path, "the old ones stay in force", &refusal);
                self.board.refuse(Some(refusal.to_string()));
            }
        }
        if let Some(reloading) = reloading
            && !self.stop.is_cancelled()
        {
            reloading.over();
        }
    }

    /// Lets the crew work by `settings`. If they are refused, all goes on as before.
    pub(super) async fn take_up(&mut self, mut settings: Settings) -> Result<Change, Failure> {
        let state_dir = std::mem::replace(&mut settings.state_dir, self.state_dir.clone());
        let change = Change::between(&self.crew.scalers().collect::<Vec<_>>(), &settings.scalers);
        let kits = self.workshop.kits(&settings, |scaler| change.concerns(scaler)).await?;
        self.crew.change(&settings.scalers, kits.into_iter().map(Recruit::from).collect()).await?;
        for scaler in &change.removed {
            self.workshop.exposition.remove(scaler);
        }
        self.board.show(self.crew.pulses());
        if state_dir != self.state_dir {
            tracing::warn!(
                "state_dir needs a restart to change: state stays in {} until then, not in {}",
                self.state_dir.display(),
                state_dir.display()
            );
        }
        if settings.http != self.http {
            let listens =
                self.http.as_ref().map_or_else(|| "nowhere".to_owned(), |http| format!("on {}", http.listen));
            tracing::warn!(
                "listen and listen_token_file need a restart to change: until then it listens {listens}, as before"
            );
        }
        Ok(change)
    }

    /// Waits until the settings are in force everywhere, but not for long.
    async fn settle(&self) {
        let in_force = async {
            while !self.crew.changing().is_empty() && !self.stop.is_cancelled() {
                sleep(PAUSE).await;
            }
        };
        if timeout(SETTLE_MAX, in_force).await.is_err() {
            let scalers = self.crew.changing().join(",");
            tracing::info!(
                scalers,
                "the new settings are not in force everywhere yet: waiting for ticks of {scalers}"
            );
        }
    }
}

/// Tells that the settings at `path` are refused, and what follows: one line.
pub fn tell_of_refusal(path: &Path, what_follows: &str, why: &dyn fmt::Display) {
    tracing::error!(
        settings = %path.display(),
        event = Event::SettingsRefused.code(),
        "settings refused, {what_follows}: {why}"
    );
}

impl Change {
    pub(super) fn tell(&self) {
        tracing::info!(
            added = self.added.len(),
            changed = self.changed.len(),
            removed = self.removed.len(),
            unchanged = self.unchanged.len(),
            event = Event::SettingsReloaded.code(),
            "settings reloaded: {self}"
        );
    }

    /// What it takes to get from `old` to `new`.
    fn between(old: &[&Scaler], new: &[Scaler]) -> Self {
        let mut change = Self::default();
        for scaler in new {
            let before = old.iter().find(|before| before.name == scaler.name);
            let names = match before {
                None => &mut change.added,
                Some(before) if *before == scaler => &mut change.unchanged,
                Some(_) => &mut change.changed,
            };
            names.push(scaler.name.clone());
        }
        let gone = old.iter().filter(|before| new.iter().all(|scaler| scaler.name != before.name));
        change.removed = gone.map(|scaler| scaler.name.clone()).collect();
        change
    }

    /// Whether there is something to build for `scaler`.
    fn concerns(&self, scaler: &Scaler) -> bool {
        self.added.contains(&scaler.name) || self.changed.contains(&scaler.name)
    }
}

impl fmt::Display for Change {
    /// Such as `1 added (videos), 2 unchanged`; of the unchanged only the number is told.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (names, what) in [(&self.added, "added"), (&self.changed, "changed"), (&self.removed, "removed")]
        {
            if !names.is_empty() {
                write!(f, "{} {what} ({}), ", names.len(), names.join(", "))?;
            }
        }
        write!(f, "{} unchanged", self.unchanged.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assemble::Purpose;
    use crate::clock::Clock;
    use crate::model::{Cause, Decision, Metrics, Missing, Mode, Outcome, Record, Sample};
    use crate::publish::Exposition;
    use crate::publish::Publisher;
    use std::fs;

    /// Settings of these scalers, which nobody will call AWS for.
    fn settings(names: &[&str]) -> Settings {
        let aws = "[aws]\nregion = \"eu-west-1\"\nendpoint_url = \"http://127.0.0.1:1\"\n".to_owned();
        let scalers: Vec<String> = names.iter().map(|name| text(name, "")).collect();
        settings::parse(&[("test.toml".to_owned(), aws + &scalers.concat())]).unwrap()
    }

    fn text(name: &str, more: &str) -> String {
        format!(
            "[[scaler]]\nname = \"{name}\"\nsource = [{{ queue = \"a\" }}]\ntarget = {{ name = \"{name}\" }}\n\
             policy = {{ kind = \"backlog_per_instance\", acceptable_backlog = 5 }}\n{more}\n"
        )
    }

    fn scaler(name: &str, more: &str) -> Scaler {
        settings::parse(&[("test.toml".to_owned(), text(name, more))]).unwrap().scalers.remove(0)
    }

    fn between(old: &[Scaler], new: &[Scaler]) -> Change {
        Change::between(&old.iter().collect::<Vec<_>>(), new)
    }

    #[test]
    fn each_scaler_is_added_changed_removed_or_unchanged_by_its_name() {
        let old = [scaler("a", ""), scaler("b", ""), scaler("c", "")];
        let new = [scaler("d", ""), scaler("c", "drive = true"), scaler("a", "")];
        let change = between(&old, &new);
        assert_eq!(change.to_string(), "1 added (d), 1 changed (c), 1 removed (b), 1 unchanged");
        let concerned = |scaler: &&Scaler| change.concerns(scaler);
        assert_eq!(
            new.iter().filter(concerned).map(|each| each.name.as_str()).collect::<Vec<_>>(),
            ["d", "c"]
        );
    }

    #[test]
    fn another_order_and_a_default_spelt_out_change_nothing() {
        let old = [scaler("a", ""), scaler("b", "")];
        let new = [scaler("b", "schedule = \"*/10 * * * * *\"\ndrive = false"), scaler("a", "")];
        assert_eq!(between(&old, &new).to_string(), "2 unchanged");
    }

    #[test]
    fn whatever_a_scaler_says_counts_and_so_does_where_its_calls_go() {
        for more in [
            "drive = true",
            "schedule = \"* * * * * *\"",
            "limits = { max = 3 }",
            "control = { cooldown_in_secs = 7 }",
            "publish = { namespace = \"Backlogd\" }",
            "aws = { region = \"eu-west-1\" }",
        ] {
            let change = between(&[scaler("a", "")], &[scaler("a", more)]);
            assert_eq!(change.to_string(), "1 changed (a), 0 unchanged", "{more}");
        }
    }

    /// A crew that will stop before its first tick, with metrics all the same.
    async fn reloads(board: &Board) -> Reloads<'_> {
        let stop = CancellationToken::new();
        stop.cancel();
        let crew = Crew::assemble(Clock::start(), stop.clone()).await.unwrap();
        let workshop = Workshop::new(Purpose {
            dry_run: true,
            console: None,
            ledger: None,
            exposition: Exposition::default(),
        });
        Reloads { crew, workshop, board, state_dir: PathBuf::new(), http: None, stop }
    }

    #[tokio::test]
    async fn a_scaler_that_a_reload_removes_is_gone_from_the_metrics_and_the_others_stay() {
        let board = Board::new(None, Clock::start());
        let mut reloads = reloads(&board).await;
        reloads.take_up(settings(&["gone", "same"])).await.unwrap();
        reloads.crew.loops().wait().await;
        let metrics = reloads.workshop.exposition.clone();
        let [mut gone, mut same] = ["gone", "same"].map(|name| metrics.publisher(name));
        let fleet = Err(Missing::new("group", Cause::Timeout, "no answer"));
        let record = Record {
            time: Clock::start().now().wall,
            scaler: String::new(),
            mode: Mode::Drive,
            paused: None,
            sample: Sample { queues: Vec::new(), fleet },
            estimate: None,
            metrics: Metrics::default(),
            decision: Decision::hold(None, Vec::new()),
            outcome: Outcome::None,
            troubles: Vec::new(),
        };
        gone.publish(&record).await;
        same.publish(&record).await;
        assert!(metrics.encode().contains("scaler=\"gone\""));

        reloads.take_up(settings(&["same"])).await.unwrap();

        gone.publish(&record).await;
        let text = metrics.encode();
        assert!(!text.contains("gone") && text.contains("scaler=\"same\""), "{text}");
    }

    #[tokio::test]
    async fn a_reload_is_counted_by_its_result() {
        let board = Board::new(None, Clock::start());
        let mut reloads = reloads(&board).await;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("backlogd.toml");
        let told = |reloads: &Reloads, line: &str| {
            let text = reloads.workshop.exposition.encode();
            assert!(text.lines().any(|told| told == line), "{line}: {text}");
        };
        fs::write(&path, "[[scaler]\n").unwrap();
        reloads.reload(&path).await;
        told(&reloads, "backlogd_reloads_total{result=\"refused\"} 1");
        told(&reloads, "backlogd_settings_refused 1");
        fs::write(&path, format!("[aws]\nregion = \"eu-west-1\"\n{}", text("a", ""))).unwrap();
        reloads.reload(&path).await;
        told(&reloads, "backlogd_reloads_total{result=\"taken\"} 1");
        told(&reloads, "backlogd_settings_refused 0");
    }
}
