use super::Store;
use crate::controller::State;
use crate::model::Now;
use crate::trouble::Known;

/// Keeps nothing: for runs that must leave no trace.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unkept;

impl Store for Unkept {
    fn save(&mut self, _now: Now, _state: &State) {}

    fn save_troubles(&mut self, _known: &Known) {}
}
