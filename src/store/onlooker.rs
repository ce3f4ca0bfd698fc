use super::{PauseFile, Store};
use crate::controller::State;
use crate::model::{Now, Pause, Timestamp};
use crate::trouble::Known;
use std::path::Path;

/// Keeps nothing and touches nothing, but heeds a pause: for runs beside those that keep state.
#[derive(Debug)]
pub struct Onlooker {
    pauses: PauseFile,
}

impl Onlooker {
    /// For `scaler`, beside those that keep its state in `dir`.
    ///
    /// Where its user may not look there, it warns and goes on as if nothing were paused: it changes nothing.
    #[must_use]
    pub fn of(dir: &Path, scaler: &str) -> Self {
        let pauses = PauseFile::of(dir, scaler);
        if pauses.is_hidden() {
            tracing::warn!(
                scaler,
                state_dir = %dir.display(),
                "this user may not read the state directory: thinking as if nothing were paused; sudo sees what is"
            );
        }
        Self { pauses }
    }
}

impl Store for Onlooker {
    fn save(&mut self, _now: Now, _state: &State) {}

    fn save_troubles(&mut self, _known: &Known) {}

    fn pause(&mut self, wall: Timestamp) -> Option<Pause> {
        self.pauses.read(wall)
    }
}
