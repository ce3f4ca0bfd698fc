use super::changed;
use crate::sim::run::{Glance, Peer};
use std::time::Duration;

/// No autoscaler: a group of one size.
#[derive(Clone, Copy, Debug)]
pub struct Fixed {
    size: u32,
}

impl Fixed {
    /// Of this size.
    #[must_use]
    pub fn new(size: u32) -> Self {
        Self { size }
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
    use super::super::tests::glance;
    use super::*;

    #[test]
    fn it_orders_its_size_once() {
        assert_eq!(Fixed::new(7).tick(&glance(300, 900, 0, 3)), Some(7));
        assert_eq!(Fixed::new(7).tick(&glance(600, 900, 0, 7)), None);
    }
}
