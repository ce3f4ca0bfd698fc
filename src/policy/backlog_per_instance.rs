use super::{Memory, Policy, View, Want};
use crate::model::{Outlook, Reason, whole_units};

/// As many instances as bring the backlog of each down to the acceptable one.
///
/// Source: EC2 Auto Scaling user guide, "Scaling based on Amazon SQS": capacity × (backlog per
/// instance ÷ acceptable backlog per instance), which is backlog ÷ acceptable backlog; rounded up, as
/// target tracking does when it adds and as it errs when it removes.
#[derive(Clone, Debug, PartialEq)]
pub struct BacklogPerInstance {
    /// Counted messages one unit of capacity may have waiting; above 0.
    pub acceptable_backlog: f64,
    /// Width of the band round the acceptable backlog, to either side, within which nothing changes; 0 to 99.
    pub tolerance_percent: f64,
}

impl Policy for BacklogPerInstance {
    fn want(&self, view: &View<'_>, _memory: &Memory) -> Want {
        let View { backlog, fleet, .. } = *view;
        // Against the desired capacity, not the one in service: what is pending is already ordered.
        let accepted = self.acceptable_backlog * f64::from(fleet.desired);
        let distance = (backlog.counted - accepted).abs();
        if fleet.desired > 0 && distance <= accepted * self.tolerance_percent / 100.0 {
            let reason = Reason::WithinTolerance {
                backlog: backlog.counted,
                accepted,
                tolerance_percent: self.tolerance_percent,
            };
            return Want { capacity: fleet.desired, reasons: vec![reason] };
        }
        let capacity = whole_units(backlog.counted / self.acceptable_backlog);
        let reason = Reason::BacklogPerInstance {
            backlog: backlog.counted,
            acceptable: self.acceptable_backlog,
            wanted: capacity,
        };
        Want { capacity, reasons: vec![reason] }
    }

    fn acceptable_backlog(&self, _outlook: Option<&Outlook>) -> Option<f64> {
        Some(self.acceptable_backlog)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Backlog, Fleet};
    use crate::policy::wanted_by;

    fn wanted(counted: f64, desired: u32) -> u32 {
        let policy = BacklogPerInstance { acceptable_backlog: 100.0, tolerance_percent: 10.0 };
        let backlog = Backlog { counted, ..Backlog::default() };
        wanted_by(&policy, &backlog, &Fleet { desired, in_service: desired, ..Fleet::default() })
    }

    #[test]
    fn the_guides_example_of_1500_messages_at_100_asks_for_15() {
        assert_eq!(wanted(1500.0, 10), 15);
    }

    #[test]
    fn a_backlog_within_tolerance_keeps_the_desired_capacity() {
        assert_eq!(wanted(1100.0, 10), 10);
        assert_eq!(wanted(1101.0, 10), 12);
        assert_eq!(wanted(900.0, 10), 10);
        assert_eq!(wanted(899.0, 10), 9);
    }

    #[test]
    fn one_message_at_zero_instances_asks_for_one() {
        assert_eq!(wanted(1.0, 0), 1);
        assert_eq!(wanted(0.0, 0), 0);
    }

    #[test]
    fn pending_instances_are_not_ordered_twice() {
        let policy = BacklogPerInstance { acceptable_backlog: 100.0, tolerance_percent: 0.0 };
        let backlog = Backlog { counted: 1000.0, ..Backlog::default() };
        let booting = Fleet { desired: 10, in_service: 2, pending: 8, ..Fleet::default() };
        assert_eq!(wanted_by(&policy, &backlog, &booting), 10);
    }
}
