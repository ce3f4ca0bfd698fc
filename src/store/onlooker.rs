use super::{PauseFile, Store};
use crate::controller::State;
use crate::model::{Now, Pause, Timestamp};
use crate::trouble::Known;

/// Keeps nothing and touches nothing, but heeds a pause: for runs beside those that keep state.
#[derive(Debug)]
pub struct Onlooker {
    /// Where a pause would stand.
    pub pauses: PauseFile,
}

impl Store for Onlooker {
    fn save(&mut self, _now: Now, _state: &State) {}

    fn save_troubles(&mut self, _known: &Known) {}

    fn pause(&mut self, wall: Timestamp) -> Option<Pause> {
        self.pauses.read(wall)
    }
}
