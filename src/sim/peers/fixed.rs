use super::{Told, changed};
use crate::model::whole_units;
use crate::sim::run::{Glance, Peer};
use std::time::Duration;

/// No autoscaler: a group of one size.
#[derive(Clone, Copy, Debug)]
pub struct Fixed {
    size: u32,
}

impl Fixed {
    /// Of so much of the group's upper limit.
    #[must_use]
    pub fn new(told: &Told, share: f64) -> Self {
        Self { size: whole_units(share * f64::from(told.max)) }
    }
}

impl Peer for Fixed {
    fn period(&self) -> Duration {
        Duration::from_mins(5)
    }

    fn least(&self) -> u32 {
        0
    }

    fn tick(&mut self, seen: &Glance<'_>) -> Option<u32> {
        changed(seen, self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{TOLD, glance};
    use super::*;

    #[test]
    fn it_orders_its_size_once() {
        assert_eq!(Fixed::new(&TOLD, 0.25).tick(&glance(300, 900, 0, 3)), Some(13));
        assert_eq!(Fixed::new(&TOLD, 0.25).tick(&glance(600, 900, 0, 13)), None);
    }
}
