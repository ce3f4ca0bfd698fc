use super::Store;
use crate::controller::State;
use crate::model::{Now, Pause, Timestamp};
use crate::trouble::Known;

/// Keeps nothing, and is never paused: for runs in a world of their own.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unkept;

impl Store for Unkept {
    fn save(&mut self, _now: Now, _state: &State) {}

    fn pause(&mut self, _wall: Timestamp) -> Option<Pause> {
        None
    }

    fn save_troubles(&mut self, _known: &Known) {}
}
