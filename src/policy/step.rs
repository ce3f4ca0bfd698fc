use super::{Memory, Policy, View, Want};
use crate::model::{Outlook, Reason};

/// Fixed changes at fixed thresholds of the backlog per instance.
///
/// To scale out, the divisor is all that was ordered, so that instances that still boot, or have not
/// even begun to, are not ordered again, as EC2 step scaling counts warming instances when it adds.
/// To scale in, it is what is there or on its way in, so that capacity that never arrives makes no
/// backlog look small.
/// Source: EC2 Auto Scaling user guide, "Step and simple scaling policies".
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Steps out by rising threshold, with changes that do not fall.
    pub out: Vec<StepOut>,
    /// Steps in by falling threshold, with changes that do not fall; all below the first step out.
    pub r#in: Vec<StepIn>,
}

/// More capacity from this much backlog per instance on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepOut {
    /// Applies when there are more counted messages per instance than this; 0 or more.
    pub above: f64,
    /// Capacity to add; 1 or more.
    pub add: u32,
}

/// Less capacity below this much backlog per instance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepIn {
    /// Applies when there are fewer counted messages per instance than this; above 0.
    pub below: f64,
    /// Capacity to remove; 1 or more.
    pub remove: u32,
}

impl Policy for Step {
    fn want(&self, view: &View<'_>, _memory: &Memory) -> Want {
        let View { backlog, fleet, .. } = *view;
        let arriving = fleet.in_service.saturating_add(fleet.pending);
        let per_instance = backlog.per_instance(arriving.max(fleet.desired));
        if let Some(step) = self.out.iter().rfind(|step| per_instance > step.above) {
            let reason = Reason::Step { per_instance, threshold: step.above, change: i64::from(step.add) };
            return Want { capacity: fleet.desired.saturating_add(step.add), reasons: vec![reason] };
        }
        let per_instance = backlog.per_instance(arriving);
        if let Some(step) = self.r#in.iter().rfind(|step| per_instance < step.below) {
            let reason =
                Reason::Step { per_instance, threshold: step.below, change: -i64::from(step.remove) };
            return Want { capacity: fleet.desired.saturating_sub(step.remove), reasons: vec![reason] };
        }
        let above = self.out.first().map(|step| step.above);
        let below = self.r#in.first().map(|step| step.below);
        Want { capacity: fleet.desired, reasons: vec![Reason::NoStep { per_instance, above, below }] }
    }

    fn acceptable_backlog(&self, _outlook: Option<&Outlook>) -> Option<f64> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Backlog, Fleet};
    use crate::policy::wanted_by;

    fn wanted(counted: f64, in_service: u32, pending: u32) -> u32 {
        let policy = Step {
            out: vec![StepOut { above: 100.0, add: 1 }, StepOut { above: 500.0, add: 5 }],
            r#in: vec![StepIn { below: 20.0, remove: 1 }, StepIn { below: 5.0, remove: 3 }],
        };
        let fleet = Fleet { desired: in_service + pending, in_service, pending, ..Fleet::default() };
        wanted_by(&policy, &Backlog { counted, ..Backlog::default() }, &fleet)
    }

    #[test]
    fn the_farthest_step_reached_applies() {
        assert_eq!(wanted(1010.0, 10, 0), 11);
        assert_eq!(wanted(5010.0, 10, 0), 15);
        assert_eq!(wanted(190.0, 10, 0), 9);
        assert_eq!(wanted(0.0, 10, 0), 7);
    }

    #[test]
    fn between_the_thresholds_nothing_changes() {
        assert_eq!(wanted(1000.0, 10, 0), 10);
        assert_eq!(wanted(200.0, 10, 0), 10);
    }

    #[test]
    fn pending_instances_share_the_backlog() {
        assert_eq!(wanted(1010.0, 5, 0), 6);
        assert_eq!(wanted(1010.0, 5, 6), 11);
    }

    #[test]
    fn what_was_ordered_and_does_not_even_begin_to_boot_is_not_ordered_again() {
        let policy = Step { out: vec![StepOut { above: 100.0, add: 5 }], r#in: vec![] };
        let missing = Fleet { desired: 10, in_service: 5, ..Fleet::default() };
        let backlog = Backlog { counted: 900.0, ..Backlog::default() };
        assert_eq!(wanted_by(&policy, &backlog, &missing), 10);
    }

    #[test]
    fn a_message_at_zero_instances_reaches_a_step_at_zero() {
        let policy = Step { out: vec![StepOut { above: 0.0, add: 2 }], r#in: vec![] };
        let backlog = Backlog { counted: 1.0, ..Backlog::default() };
        assert_eq!(wanted_by(&policy, &backlog, &Fleet::default()), 2);
    }
}
