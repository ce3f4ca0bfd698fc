use super::case::Case;
use super::drive::Driver;
use super::words::duration;
use crate::assemble;
use crate::controller::{Controller, Limits, Rules, State};
use crate::policy::{BacklogPerInstance, Policy};
use crate::settings::{Latency, PolicyKind, QueueSource, Scaler};
use crate::source::Counting;

/// The shipped controller: its policy and rules, as the settings have them or as they are by default.
#[derive(Clone, Debug)]
pub struct Shipped {
    policy: Option<PolicyKind>,
    rules: Rules,
    counting: Counting,
}

impl Shipped {
    /// As the settings of `scaler` have it, but for what was asked for here; by default the latency policy.
    #[must_use]
    pub fn new(scaler: Option<Scaler>, slots: u32, max: u32) -> Self {
        let queue = scaler.as_ref().and_then(|scaler| scaler.sources.first());
        let counting = queue.map_or(Counting { weight: 1.0, in_flight: false, delayed: false }, counting);
        let (policy, rules) = scaler.map_or((None, Rules::default()), |own| (Some(own.policy), own.rules));
        let limits = Limits { max: Some(max), ..rules.limits };
        Self { policy, rules: Rules { limits, slots, ..rules }, counting }
    }

    /// It, at its beginning, for `case`.
    #[must_use]
    pub fn driver(&self, case: &Case) -> Driver {
        let controller =
            Controller::new(policy(&self.kind(case), case), self.rules.clone(), State::default());
        Driver { controller, counting: self.counting }
    }

    /// What it is set to, in words.
    #[must_use]
    pub fn setting(&self, case: &Case) -> String {
        match self.kind(case) {
            PolicyKind::Latency(latency) => format!("latency, {}", duration(latency.objective)),
            PolicyKind::BacklogPerInstance(policy) => {
                format!("backlog per instance, {}", policy.acceptable_backlog)
            }
            PolicyKind::Step(_) => "steps".to_owned(),
        }
    }

    /// The policy, with the objective of `case` where it has one.
    fn kind(&self, case: &Case) -> PolicyKind {
        let objective = case.objective;
        match &self.policy {
            Some(PolicyKind::Latency(latency)) => {
                PolicyKind::Latency(Latency { objective, ..latency.clone() })
            }
            Some(other) => other.clone(),
            None => PolicyKind::Latency(Latency {
                objective,
                processing: None,
                boot: None,
                slots: Some(case.slots),
                drains: false,
            }),
        }
    }
}

/// The policy that the settings ask for.
fn policy(kind: &PolicyKind, case: &Case) -> Box<dyn Policy> {
    match kind {
        // Until there is a latency policy: the acceptable backlog that AWS's guide makes of the objective.
        PolicyKind::Latency(latency) => Box::new(BacklogPerInstance {
            acceptable_backlog: latency.objective.as_secs_f64() / case.work_mean.as_secs_f64()
                * f64::from(case.slots),
            tolerance_percent: 10.0,
        }),
        other => assemble::policy(other),
    }
}

fn counting(queue: &QueueSource) -> Counting {
    Counting { weight: queue.weight, in_flight: queue.count_in_flight, delayed: queue.count_delayed }
}
