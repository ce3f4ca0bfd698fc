//! Which messages count as late, and what follows from it.

use super::*;

#[test]
fn a_wait_is_too_long_from_as_long_before_the_objective_as_counters_are_old() {
    let late_percent = |steps: usize| {
        let moment = Moment::new(300.0).units(10, 1e9).arriving(1.0).in_flight(20);
        let mut moment = (0..steps).fold(moment, |moment, ago| moment.waiting(10, ago));
        moment.outlook.sample_arrived = 10.0;
        moment.after(10);
        moment.memory.late_percent()
    };
    // The counters are 15 s old, on average.
    assert!(late_percent(28) < 1e-9 && late_percent(30) > 50.0, "{}", late_percent(30));
}

#[test]
fn of_a_short_objective_half_is_left_before_a_wait_is_too_long() {
    let late_secs = |objective| format!("{}", Moment::new(objective).policy.late_secs());
    assert_eq!([300.0, 40.0, 30.0, 10.0].map(late_secs), ["285", "25", "15", "5"]);
}

#[test]
fn a_wait_is_told_finer_than_the_steps_of_arrivals() {
    let mut moment = Moment::new(300.0).waiting(25, 0);
    moment.outlook.step_secs = 10.0;
    moment.outlook.arrived = vec![0.0, 10.0, 20.0, 40.0];
    let waits_secs = |moment: &Moment| moment.policy.figures(&moment.view(), &moment.outlook).oldest_secs;
    assert!((waits_secs(&moment) - 22.5).abs() < 1e-9, "{}", waits_secs(&moment));
}

#[test]
fn of_the_messages_started_as_the_oldest_became_late_some_are_late() {
    let share = |before, after| format!("{:.2}", late_share(before, after, 300.0));
    let shares = [share(280.0, 290.0), share(295.0, 305.0), share(310.0, 270.0), share(310.0, 310.0)];
    assert_eq!(shares, ["0.00", "0.50", "0.25", "1.00"]);
}

#[test]
fn late_messages_use_up_the_reserve() {
    let mut calm = Moment::new(300.0).units(20, 1e9).arriving(2.0).in_flight(20);
    calm.outlook.sample_arrived = 20.0;
    calm.after(300);
    let mut late = Moment::new(300.0).units(20, 1e9).arriving(2.0).in_flight(20).waiting(50, 40);
    late.outlook.sample_arrived = 20.0;
    late.after(300);
    let aim = |moment: &Moment| {
        let figures = moment.policy.figures(&moment.view(), &moment.outlook);
        (moment.policy.aim(&figures, &moment.memory), moment.policy.spare(&figures, &moment.memory).late)
    };
    let even = 300.0 * (1.0 - Tuning::SHIPPED.reserve);
    assert!(aim(&calm).0 > even + 10.0 && aim(&late).0 < even - 10.0, "{:?} {:?}", aim(&calm), aim(&late));
    assert!(aim(&calm).1 < 0.01 && aim(&late).1 > 2.0);
    assert!(late.memory.late_percent() > 50.0 && calm.memory.late_percent() < 0.01);
}

#[test]
fn only_what_a_lasting_shortage_of_capacity_made_late_is_not_made_up_for() {
    let ease = |orders_lacking: u32| {
        // All of it waits for longer than the objective, the whole time.
        let mut moment = Moment::new(300.0).units(5, 1e9).waiting(4000, 40).in_flight(10).arriving(1.0);
        moment.outlook.sample_arrived = 300.0;
        moment.fleet.desired += orders_lacking;
        moment.after(60);
        let figures = moment.policy.figures(&moment.view(), &moment.outlook);
        assert!(moment.memory.late_percent() > 3.0, "it is told all the same");
        moment.memory.budget.ease(figures.hourly(), &Tuning::SHIPPED)
    };
    assert!(ease(0) < -0.9, "{}", ease(0));
    // Only the first boot time counts.
    assert!(ease(7) > -0.6, "{}", ease(7));
}
