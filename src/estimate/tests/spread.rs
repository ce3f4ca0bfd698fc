use super::*;

const BOOT_SECS: f64 = 150.0;
const UNITS: u32 = 8;
const TOLD: Hints = Hints { boot_secs: Some(BOOT_SECS), ..HINTS };

/// So many times, eight units are ordered at once for a queue that they do not empty. Their boots lie evenly between
/// `spread` less and more than the mean.
fn after_boots(batches: u32, spread: f64) -> Watch {
    let mut watch = Watch::new(TOLD);
    for _ in 0..batches {
        batch(&mut watch, spread, 40);
    }
    watch
}

/// One batch, looked at for so many ticks.
fn batch(watch: &mut Watch, spread: f64, ticks: u32) {
    watch.instances.clear();
    (0..5).for_each(|_| watch.see(0, 0));
    watch.see(1000, 0);
    watch.see(1000, 0);
    watch.launch(UNITS.try_into().unwrap());
    (0..ticks).for_each(|tick| watch.see(1000, in_flight(tick, spread)));
}

/// Two messages for each unit that works after so many ticks.
fn in_flight(tick: u32, spread: f64) -> u64 {
    let boot = |unit: u32| {
        let place = (f64::from(unit) + 0.5) / f64::from(UNITS);
        BOOT_SECS * (1.0 - spread + 2.0 * spread * place)
    };
    let at_work = (0..UNITS).filter(|unit| boot(*unit) <= f64::from(10 * tick)).count();
    2 * u64::try_from(at_work).unwrap()
}

fn spread(watch: &Watch) -> Learnt {
    watch.outlook().estimate.boot_spread
}

#[test]
fn boots_that_vary_much_are_learnt_to_vary() {
    let learnt = spread(&after_boots(10, 0.5));
    assert!(learnt.value > 0.4 && learnt.belief > 0.5, "{learnt:?}");
    let mean = after_boots(10, 0.5).outlook().estimate.boot_secs.value;
    assert!(near(mean, BOOT_SECS, 15.0), "{mean}");
}

#[test]
fn equal_boots_are_learnt_to_be_equal() {
    let learnt = spread(&after_boots(10, 0.0));
    assert!(learnt.value < 0.1 && learnt.belief > 0.5, "{learnt:?}");
}

#[test]
fn a_sixth_is_assumed_until_there_is_evidence() {
    let mut watch = after_boots(0, 0.5);
    watch.see(0, 0);
    let assumed = spread(&watch);
    assert!(near(assumed.value, 1.0 / 6.0, 0.02) && assumed.belief.abs() < 1e-9, "{assumed:?}");
    let one = spread(&after_boots(1, 0.5));
    assert!(one.value < spread(&after_boots(5, 0.5)).value && one.belief < 0.5, "{one:?}");
}

#[test]
fn a_missing_reading_teaches_no_spread() {
    let mut watch = after_boots(3, 0.5);
    batch(&mut watch, 0.5, 10);
    let before = spread(&watch);
    // All counters read zero: they are old.
    watch.see(0, 0);
    let mut hole = watch.sample(0, 0);
    hole.queues[0].backlog = Err(Missing::new("queue a", Cause::Timeout, "no answer in 2 s"));
    watch.learn(&hole);
    let mut blind = watch.sample(1000, 16);
    blind.fleet = Err(Missing::new("group a", Cause::Timeout, "no answer in 2 s"));
    watch.learn(&blind);
    assert_eq!(spread(&watch), before);
    watch.see(1000, in_flight(12, 0.5));
    assert_ne!(spread(&watch), before);
}

#[test]
fn slots_that_were_misjudged_prove_no_spread() {
    let mut boot = Boot::default();
    let ages = [Aged { secs: 0.75 * BOOT_SECS, units: UNITS }];
    let sure = |value| Learnt { value, belief: 1.0 };
    let tuning = Tuning::SHIPPED;
    (0..100).for_each(|_| boot.learn(1.0, 16.0, sure(2.0), &ages, BOOT_SECS, &tuning));
    let learnt = boot.spread(&tuning).belief;
    boot.learn(1.0, 16.0, sure(4.0), &ages, BOOT_SECS, &tuning);
    assert!(boot.spread(&tuning).belief < 0.1 && learnt > 0.1, "{learnt}");
}

#[test]
fn the_spread_survives_a_restart() {
    let watch = after_boots(10, 0.5);
    let kept = serde_json::to_value(&watch.estimates).unwrap();
    let restored = Watch { estimates: serde_json::from_value(kept.clone()).unwrap(), ..after_boots(0, 0.5) };
    let again = restored.estimates.outlook(by(&TOLD), watch.now().steady).unwrap().estimate;
    assert_eq!(again.boot_spread, spread(&watch));
    // A state of before there was one.
    let mut old = kept;
    let boot = old["boot"].as_object_mut().unwrap();
    assert!(boot.remove("spread_errors").is_some() && boot.remove("spread_samples").is_some());
    let old: Estimates = serde_json::from_value(old).unwrap();
    let assumed = old.outlook(by(&TOLD), watch.now().steady).unwrap().estimate;
    assert!(near(assumed.boot_spread.value, 1.0 / 6.0, 0.02), "{assumed:?}");
    assert!(near(assumed.boot_secs.belief, again.boot_secs.belief, 1e-9), "{assumed:?}");
}
