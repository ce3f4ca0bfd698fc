use super::case::Case;
use super::drive::{Driver, Names};
use super::words::duration;
use super::world::Victims;
use crate::assemble::policy;
use crate::controller::{Controller, Limits, Rules, State};
use crate::settings::{Latency, PolicyKind, Scaler};
use crate::source::Counting;

/// The shipped controller: its policy and rules, as the settings have them or as they are by default.
#[derive(Clone, Debug)]
pub struct Shipped {
    policy: Option<PolicyKind>,
    rules: Rules,
    counting: Counting,
    /// Of the scaler and its first queue.
    names: Option<Names>,
}

impl Shipped {
    /// As the settings of `scaler` have it, but for what was asked for here; by default the latency policy.
    #[must_use]
    pub fn new(scaler: Option<Scaler>, slots: u32, max: u32) -> Self {
        let counting = scaler.as_ref().map_or(Counting::VISIBLE, |own| Driver::of(own).counting);
        let names = scaler.as_ref().and_then(|own| {
            let queue = own.sources.first()?.address.name.clone();
            Some(Names { scaler: own.name.clone(), queue })
        });
        let (policy, rules) = scaler.map_or((None, Rules::unhurried()), |own| (Some(own.policy), own.rules));
        let limits = Limits { min: rules.limits.min.min(max), max: Some(max), ..rules.limits };
        Self { policy, rules: Rules { limits, slots, ..rules }, counting, names }
    }

    /// It, at its beginning, for `case`.
    #[must_use]
    pub fn driver(&self, case: &Case) -> Driver {
        let controller = Controller::new(policy(&self.kind(case)), self.rules.clone(), State::default());
        Driver { controller, counting: self.counting }
    }

    /// What its records call the scaler and its queue: as the settings do, else by what `case` is called.
    #[must_use]
    pub fn names(&self, case: &Case) -> Names {
        let own = || Names { scaler: case.name.clone(), queue: case.name.clone() };
        self.names.clone().unwrap_or_else(own)
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
                drains: case.victims == Victims::Drain,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use crate::settings;
    use crate::sim::case::START;
    use crate::sim::drive::run_engine;
    use crate::sim::run::Run;
    use crate::sim::shapes::Shape;
    use crate::sim::trace::Trace;
    use crate::sim::world::Faults;
    use std::time::Duration;

    fn scaler(policy: &str) -> Scaler {
        let text = format!(
            "[[scaler]]\nname = \"a\"\nsource = [{{ queue = \"a\", weight = 2.0, count_in_flight = true }}]\n\
             target = {{ name = \"a\" }}\nlimits = {{ min = 5, max = 9, step_in_max = 2 }}\npolicy = {{ {policy} }}\n"
        );
        let settings = settings::parse(&[("a.toml".to_owned(), text)]).unwrap();
        settings.scalers[0].clone()
    }

    fn case() -> Case {
        Case { objective: Duration::from_secs(45), slots: 2, ..Case::default() }
    }

    #[test]
    fn limits_and_slots_are_those_asked_for_the_rest_is_the_settings() {
        let shipped = Shipped::new(Some(scaler("kind = \"latency\", latency_objective_secs = 60")), 4, 3);
        let limits = Limits { min: 3, max: Some(3), step_out_max: None, step_in_max: Some(2) };
        assert_eq!((shipped.rules.slots, shipped.rules.limits), (4, limits), "min never above max");
        let Counting { weight, in_flight, delayed } = shipped.counting;
        assert!((weight - 2.0).abs() < 1e-9 && in_flight && !delayed);
    }

    #[test]
    fn only_the_latency_policy_knows_the_objective() {
        let latency = Shipped::new(Some(scaler("kind = \"latency\", latency_objective_secs = 60")), 2, 9);
        assert_eq!(latency.setting(&case()), "latency, 45 s");
        assert_eq!(Shipped::new(None, 2, 9).setting(&case()), "latency, 45 s");
        let fixed =
            Shipped::new(Some(scaler("kind = \"backlog_per_instance\", acceptable_backlog = 7")), 2, 9);
        assert_eq!(fixed.setting(&case()), "backlog per instance, 7");
    }

    /// A rising half of a day on a group with these faults.
    fn morning(faults: Faults) -> Run {
        let trace = Shape::Daily.trace(hours(12), 60.0, 5);
        let case = Case { trace, faults, seed: 7, ..Case::default() };
        let driver = Shipped::new(None, case.slots, case.max).driver(&case);
        run_engine(&case, &case.messages(), driver, true)
    }

    const fn hours(count: u64) -> Duration {
        Duration::from_hours(count)
    }

    fn sound() -> Run {
        morning(Faults::default())
    }

    #[test]
    fn instances_that_live_for_an_hour_cost_little_and_make_few_late() {
        let ran = morning(Faults { mean_life: Some(hours(1)), ..Faults::default() });
        assert!(ran.late_percent < 1.0, "{}", ran.late_percent);
        assert!(ran.instance_hours < 1.1 * sound().instance_hours);
    }

    #[test]
    fn launches_of_which_a_third_fails_make_few_late() {
        let ran = morning(Faults { failed_launches_percent: 30.0, ..Faults::default() });
        assert!(ran.late_percent < 1.0, "{}", ran.late_percent);
        assert!(ran.instance_hours < 1.1 * sound().instance_hours);
    }

    #[test]
    fn what_somebody_else_orders_without_need_is_given_back() {
        let ran = morning(Faults { meddling: vec![(hours(4), 60)], ..Faults::default() });
        assert!(ran.instance_hours < 1.1 * sound().instance_hours);
    }

    #[test]
    fn while_the_provider_has_no_room_orders_stop_and_afterwards_the_fleet_comes_back_down() {
        let ran = morning(Faults { ceilings: vec![(hours(4), 5), (hours(8), 1000)], ..Faults::default() });
        let desired = |run: &Run, at| run.history.iter().find(|point| point.at >= at).unwrap().desired;
        assert_eq!(desired(&ran, hours(6)), desired(&ran, hours(8)), "orders stopped");
        let usual = desired(&sound(), hours(11));
        assert!(desired(&ran, hours(11)) <= usual + usual / 2, "{} of {usual}", desired(&ran, hours(11)));
    }

    #[test]
    fn a_batch_at_every_full_hour_comes_to_find_its_fleet_at_work() {
        let trace = Shape::Batch.trace(hours(8), 10.0, 5);
        let objective = Duration::from_mins(1);
        let case = Case { trace, together: true, objective, max: 1000, seed: 7, ..Case::default() };
        let driver = Shipped::new(None, case.slots, case.max).driver(&case);
        let ran = run_engine(&case, &case.messages(), driver, true);
        let just_before = ran.history.iter().rfind(|point| point.at < hours(7)).unwrap();
        assert_eq!((just_before.visible, just_before.in_flight), (0, 0));
        assert!(just_before.working > 30, "{just_before:?}");
    }

    #[test]
    fn after_a_single_burst_an_idle_queue_has_no_fleet_ordered_and_thrown_away_again() {
        let trace = Trace { bin: Duration::from_mins(1), counts: vec![(7200, 60)], lasts: hours(8) };
        let objective = Duration::from_mins(1);
        let case = Case { trace, objective, max: 1000, seed: 1, ..Case::default() };
        let driver = Shipped::new(None, case.slots, case.max).driver(&case);
        let ran = run_engine(&case, &case.messages(), driver, false);
        assert!(ran.launches < 40 && ran.instance_hours < 3.0, "{ran:?}");
    }

    /// The desired capacity over half a quiet day that begins at midnight UTC, with a window of two hours.
    fn with_window(window: &str) -> Run {
        beginning(START, window)
    }

    /// The same, beginning at this time of day.
    fn beginning(begins: Timestamp, window: &str) -> Run {
        let text = format!(
            "[[scaler]]\nname = \"a\"\nsource = [{{ queue = \"a\" }}]\ntarget = {{ name = \"a\" }}\n\
             policy = {{ kind = \"latency\", latency_objective_secs = 300 }}\n[[scaler.window]]\nname = \"day\"\n\
             start = \"0 0 8 * * *\"\ntime_zone = \"Europe/Berlin\"\nlasts_mins = 120\n{window}\n"
        );
        let scaler = settings::parse(&[("a.toml".to_owned(), text)]).unwrap().scalers.remove(0);
        let trace = Shape::Steady.trace(hours(12), 30.0, 5);
        let case = Case { trace, seed: 7, begins, ..Case::default() };
        let driver = Shipped::new(Some(scaler), case.slots, case.max).driver(&case);
        run_engine(&case, &case.messages(), driver, true)
    }

    #[test]
    fn a_floor_is_at_work_when_its_window_opens_and_given_back_when_it_has_closed() {
        let ran = with_window("min = 20");
        let at = |time: Duration| ran.history.iter().find(|point| point.at >= time).unwrap();
        // 08:00 in Berlin is 07:00 in UTC.
        let opens = hours(7);
        assert!(at(Duration::from_mins(405)).desired < 12, "{:?}", at(opens));
        assert!(at(opens).working >= 20, "{:?}", at(opens));
        assert!(
            ran.history
                .iter()
                .filter(|point| point.at >= opens && point.at < hours(9))
                .all(|p| p.desired >= 20)
        );
        assert!(at(hours(10)).desired < 12, "{:?}", at(hours(10)));
        let unled = with_window("min = 20\nlead_secs = 0");
        let late = unled.history.iter().find(|point| point.at >= opens).unwrap();
        assert!(late.working < 20, "without a lead it boots first: {late:?}");
    }

    #[test]
    fn windows_go_by_the_time_of_day_at_which_it_begins() {
        // 05:00 in UTC on a summer's day: the window opens an hour later, at 08:00 in Berlin.
        let ran = beginning(Timestamp::from_secs(1_783_054_800), "min = 20");
        let at = |time: Duration| ran.history.iter().find(|point| point.at >= time).unwrap();
        assert!(at(hours(1)).working >= 20, "{:?}", at(hours(1)));
        assert!(at(hours(4)).desired < 12, "{:?}", at(hours(4)));
    }

    #[test]
    fn a_ceiling_holds_in_its_window_alone() {
        let ran = with_window("max = 3");
        let most = |from, until| {
            let points = ran.history.iter().filter(|point| point.at >= from && point.at < until);
            points.map(|point| point.desired).max().unwrap()
        };
        assert!(most(hours(5), hours(7)) >= 5);
        // The first minutes in which instances at work are let go.
        assert!(most(hours(8), hours(9)) <= 3);
        assert!(most(hours(9), hours(10)) > 3);
    }
}
