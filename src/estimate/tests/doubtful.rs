//! Samples that are not what they seem, and what nobody saw.

use super::*;

#[test]
fn hung_workers_are_no_arrivals() {
    let mut watch = Watch::new(HINTS);
    for minute in 0..10 {
        for _ in 0..6 {
            watch.see(100, 50);
        }
        let mut sample = watch.sample(100, 50);
        let from = Timestamp::from_secs(watch.at - 120);
        sample.queues[0].deleted = Some(Deleted { from, lasts: Duration::from_mins(1), count: 0.0 });
        watch.learn(&sample);
        if minute > 0 {
            assert!(near(watch.outlook().sample_arrived, 0.0, 1e-9));
        }
    }
    assert!(near(watch.outlook().estimate.processing_secs.value, 10.0, 1e-9), "nor long messages");
}

#[test]
fn an_outage_is_not_foretold_an_hour_later() {
    let mut watch = Watch::new(HINTS);
    for _ in 0..3 * 360 {
        watch.see(0, 20);
    }
    watch.at += 1200;
    for _ in 0..240 {
        watch.see(0, 20);
    }
    let now = watch.now().steady;
    assert_eq!(watch.estimates.history.sum(now, 3600.0, 300.0), None, "nobody watched");
    assert!(near(watch.outlook().estimate.arrivals_per_sec.value, 2.0, 0.05));
    let json = serde_json::to_string(&watch.estimates).unwrap();
    let restored: Estimates = serde_json::from_str(&json).unwrap();
    assert_eq!(restored.history.sum(now, 3600.0, 300.0), None);
}

#[test]
fn a_minute_without_a_sample_in_it_is_learnt_from_those_around_it() {
    let mut watch = Watch::new(NOTHING);
    for _ in 0..20 {
        watch.at += 290;
        let mut sample = watch.sample(0, 50);
        let from = Timestamp::from_secs(watch.at - 170);
        sample.queues[0].deleted = Some(Deleted { from, lasts: Duration::from_mins(1), count: 120.0 });
        watch.learn(&sample);
    }
    assert!(near(watch.outlook().estimate.processing_secs.value, 25.0, 1.0));
}

#[test]
fn an_idle_queue_without_word_does_not_keep_the_others_from_teaching() {
    let watch = Watch::new(HINTS);
    let mut sample = watch.sample(0, 50);
    let told = Deleted { from: Timestamp::default(), lasts: Duration::from_mins(1), count: 60.0 };
    sample.queues[0].deleted = Some(told);
    let idle = watch.sample(0, 0).queues.remove(0);
    sample.queues.push(idle);
    assert_eq!(deleted(&sample), Some(told));
    sample.queues[1] = watch.sample(0, 7).queues.remove(0);
    assert_eq!(deleted(&sample), None, "a busy one's work is not known");
}

#[test]
fn a_false_zero_is_neither_work_done_nor_a_surge_afterwards() {
    let mut watch = Watch::new(HINTS);
    watch.launch(10);
    for _ in 0..60 {
        watch.see(400, 20);
    }
    let before = watch.outlook();
    watch.see(0, 0);
    watch.see(400, 20);
    let after = watch.outlook();
    assert!(near(after.estimate.arrivals_per_sec.value, 2.0, 0.05), "{:?}", after.estimate);
    assert!(near(after.arrived[2], before.arrived[2], 5.0), "{} {}", after.arrived[2], before.arrived[2]);
    assert!(after.jump_per_sec.is_none());
}

#[test]
fn a_queue_that_stays_empty_was_purged() {
    let mut watch = Watch::new(HINTS);
    watch.launch(10);
    for _ in 0..60 {
        watch.see(400, 20);
    }
    for _ in 0..4 {
        watch.see(0, 0);
    }
    assert!(near(watch.outlook().estimate.drain_secs.unwrap(), 0.0, 1e-9));
}

#[test]
fn units_that_may_or_may_not_work_yet_show_no_slots() {
    // Told twice the boot time: of 30 that work, 25 are still taken for booting.
    let mut watch = Watch::new(Hints { boot_secs: Some(400.0), ..HINTS });
    watch.see(0, 10);
    watch.launch(5);
    for _ in 0..60 {
        watch.see(0, 10);
    }
    watch.launch(25);
    for _ in 0..25 {
        watch.see(500, 60);
    }
    assert!(watch.outlook().estimate.slots.value < 2.5, "{:?}", watch.outlook().estimate.slots);
}

#[test]
fn one_that_certainly_works_shows_too_many_slots_while_all_others_boot() {
    let mut watch = Watch::new(HINTS);
    watch.launch(1);
    for _ in 0..40 {
        watch.see(0, 1);
    }
    watch.launch(20);
    for _ in 0..8 {
        // It works on one message, not on two.
        watch.see(500, 1);
    }
    let Estimate { boot_secs, slots, .. } = watch.outlook().estimate;
    assert!(slots.value < 1.3, "{slots:?}");
    assert!(boot_secs.value < 160.0, "booting is not to blame: {boot_secs:?}");
}

#[test]
fn boots_are_judged_anew_once_slots_turn_out_different() {
    let mut boot = Boot::default();
    let ages = |secs| [Aged { secs, units: 10 }];
    let slots = |value| Learnt { value, belief: 0.9 };
    let secs = |boot: &Boot| boot.secs(Some(100.0), &Tuning::SHIPPED);
    for step in 0..40 {
        boot.learn(1.0, 10.0, slots(2.0), &ages(100.0 + 10.0 * f64::from(step)), 100.0, &Tuning::SHIPPED);
    }
    assert!(secs(&boot).value > 200.0, "half of them seem to boot: {:?}", secs(&boot));
    boot.learn(1.0, 10.0, slots(1.5), &ages(500.0), 100.0, &Tuning::SHIPPED);
    boot.learn(1.0, 10.0, slots(1.0), &ages(510.0), 100.0, &Tuning::SHIPPED);
    assert!(near(secs(&boot).value, 100.0, 20.0), "{:?}", secs(&boot));
}

#[test]
fn workers_that_take_nothing_are_no_long_boot() {
    let mut watch = Watch::new(HINTS);
    watch.see(0, 0);
    watch.launch(4);
    for _ in 0..360 {
        watch.see(100, 0);
    }
    let boot = watch.outlook().estimate.boot_secs;
    assert!(boot.value < 3.5 * HINTS.boot_secs.unwrap(), "an hour later: {boot:?}");
}

#[test]
fn what_came_before_a_false_zero_is_not_counted_again() {
    let mut watch = Watch::new(HINTS);
    watch.launch(10);
    watch.see(0, 20);
    watch.see(300, 20);
    assert!(near(watch.outlook().sample_arrived, 320.0, 1e-9));
    watch.see(0, 0);
    assert!(near(watch.outlook().sample_arrived, 0.0, 1e-9));
    watch.see(300, 20);
    assert!(near(watch.outlook().sample_arrived, 40.0, 1e-9), "but for what was finished since");
}

#[test]
fn work_that_outlasts_the_guess_is_known_before_any_is_finished() {
    let mut watch = Watch::new(NOTHING);
    watch.see(10, 0);
    watch.see(6, 4);
    for secs in [10.0, 20.0] {
        watch.see(6, 4);
        assert!(near(processing_secs(&watch), 10.0, 1e-9), "{secs} s prove nothing: counters may be as old");
    }
    watch.see(6, 4);
    assert!(near(processing_secs(&watch), 120.0, 1e-9), "four that nobody finished in 30 s");
    watch.see(16, 4);
    assert!(near(processing_secs(&watch), 120.0, 1e-9), "ten came: whether any went, nobody knows");
    watch.see(16, 4);
    assert!(near(processing_secs(&watch), 160.0, 1e-9));
    assert!(watch.outlook().estimate.processing_secs.belief < 1e-9);
    watch.see(15, 4);
    assert!(near(processing_secs(&watch), 10.0, 1e-9), "one was finished");
}

#[test]
fn a_queue_in_motion_shows_no_long_work() {
    let mut watch = Watch::new(NOTHING);
    for tick in 0..60 {
        watch.see(20 + tick % 2, 50);
        assert!(near(processing_secs(&watch), 10.0, 1e-9), "{tick}");
    }
}

#[test]
fn a_steady_flow_of_which_nothing_waits_shows_no_long_work() {
    let mut watch = Watch::new(NOTHING);
    for _ in 0..60 {
        watch.see(0, 11);
        assert!(near(processing_secs(&watch), 10.0, 1e-9), "as many went as came: slots are free");
    }
}

#[test]
fn workers_that_hang_from_the_start_lift_the_guess_to_its_bound_and_teach_nothing_that_stays() {
    let mut watch = Watch::new(NOTHING);
    let told = |watch: &mut Watch, count: f64| {
        let mut sample = watch.sample(100, 20);
        let from = Timestamp::from_secs(watch.at - 120);
        sample.queues[0].deleted = Some(Deleted { from, lasts: Duration::from_mins(1), count });
        watch.learn(&sample);
    };
    for _ in 0..60 {
        for _ in 0..5 {
            watch.see(100, 20);
        }
        told(&mut watch, 0.0);
        assert!(processing_secs(&watch) <= 300.0, "{}", processing_secs(&watch));
    }
    for _ in 0..5 {
        watch.see(100, 20);
    }
    // 120 in a minute, by 20 at once: 10 s.
    told(&mut watch, 120.0);
    assert!(near(processing_secs(&watch), 10.0, 1.0), "{}", processing_secs(&watch));
}

#[test]
fn two_equal_counts_far_apart_are_no_proof_of_long_work() {
    let mut watch = Watch::new(NOTHING);
    watch.see(100, 20);
    for apart in [60, 600] {
        watch.at += apart;
        watch.see(100, 20);
        watch.see(101, 20);
        assert!(near(processing_secs(&watch), 10.0, 1e-9), "{apart}");
        watch.see(100, 20);
    }
}

#[test]
fn a_hint_is_not_outdone_by_work_that_nobody_finished() {
    let mut watch = Watch::new(HINTS);
    for _ in 0..60 {
        watch.see(100, 20);
    }
    assert!(near(processing_secs(&watch), 10.0, 1e-9));
}

fn processing_secs(watch: &Watch) -> f64 {
    watch.outlook().estimate.processing_secs.value
}

#[test]
fn a_release_that_halves_the_slots_is_followed_within_the_hour() {
    let mut watch = Watch::new(NOTHING);
    watch.launch(10);
    watch.at += 10_000;
    (0..720).for_each(|_| watch.see(500, 80));
    assert!(near(watch.outlook().estimate.slots.value, 8.0, 0.1));
    (0..360).for_each(|_| watch.see(500, 40));
    let slots = watch.outlook().estimate.slots.value;
    assert!(slots < 5.0, "{slots}");
}

#[test]
fn after_an_outage_a_queue_that_empties_teaches_nothing_before_completions_had_time_to_be_told() {
    let mut watch = Watch::new(Hints { processing_secs: None, ..HINTS });
    let empties = |watch: &mut Watch, fewer: u64| {
        (0..40_u64).for_each(|tick| watch.see(1000 - fewer * tick, 50));
        watch.outlook().estimate.processing_secs.value
    };
    (0..10).for_each(|_| _ = empties(&mut watch, 20));
    let learnt = empties(&mut watch, 20);
    assert!(near(learnt, 25.0, 1.0), "{learnt}");
    watch.at += 1200;
    assert!(near(empties(&mut watch, 24), learnt, 1e-9) && near(empties(&mut watch, 24), learnt, 1e-9));
    (0..20).for_each(|_| _ = empties(&mut watch, 24));
    let after = watch.outlook().estimate.processing_secs.value;
    assert!(after < 0.95 * learnt, "{after} {learnt}");
}

/// What is learnt of slots when, of 20 units with a slot each, all but 5 go while messages wait and nothing in flight goes
/// for so many samples.
fn slots_after_a_removal(visibility_timeout_secs: u32, samples: u32) -> f64 {
    let mut watch = Watch::new(Hints { slots: Some(1), ..HINTS });
    watch.launch(20);
    watch.at += 10_000;
    let see = |watch: &mut Watch| {
        let mut sample = watch.sample(500, 20);
        sample.queues[0].facts.visibility_timeout_secs = Some(visibility_timeout_secs);
        watch.learn(&sample);
    };
    (0..30).for_each(|_| see(&mut watch));
    watch.instances.truncate(5);
    (0..samples).for_each(|_| see(&mut watch));
    watch.outlook().estimate.slots.value
}

#[test]
fn what_a_removed_instance_left_hidden_shows_no_slots() {
    assert!(near(slots_after_a_removal(120, 14), 1.0, 0.01));
    assert!(slots_after_a_removal(120, 60) > 2.0, "after that it is no removed one's");
}

#[test]
fn a_visibility_timeout_of_hours_does_not_keep_from_learning_for_hours() {
    assert!(slots_after_a_removal(7200, 140) > 2.0);
}
