//! What a decision says would have changed it is put to the test.

use super::*;

/// What would change the last step.
fn said(decision: &Decision) -> String {
    decision.reasons.last().unwrap().otherwise()
}

/// Claims that what is decided now says `words`, which hold a number of seconds, and that so long afterwards,
/// and not ten seconds earlier, something else is decided.
fn comes_true(scene: &Scene, words: &str) {
    let decision = scene.decide();
    assert_eq!(said(&decision), words, "{decision:?}");
    let secs: u64 = words.split(' ').find_map(|word| word.parse().ok()).unwrap();
    assert_eq!(scene.clone().watched(secs - 10).decide().action, decision.action, "{words}");
    assert_ne!(scene.clone().watched(secs).decide().action, decision.action, "{words}");
}

#[test]
fn a_backlog_asks_for_another_size_from_where_it_says() {
    let scene = |visible| Scene::new().visible(visible);
    let words = "more than 70 counted messages would ask for 8 or more, 60 or fewer for 6 or fewer";
    assert_eq!(said(&scene(68).decide()), words);
    let recommended = |visible| scene(visible).decide().recommended;
    assert_eq!([60, 61, 70, 71].map(recommended), [6, 7, 7, 8].map(Some));
    assert_eq!(said(&scene(0).decide()), "more than 0 counted messages would ask for 1 or more");
    assert_eq!([0, 1].map(recommended), [0, 1].map(Some));
}

#[test]
fn what_waits_for_its_time_comes_when_it_says() {
    let cooling = Scene::new().rules(|rules| rules.cooldown_out = secs(60)).visible(80).watched(10);
    comes_true(&cooling.in_service(8).visible(120), "in 50 s it may scale out, if that is wanted then");
    let changed = Scene::new().rules(|rules| rules.cooldown_in = secs(120)).visible(80).watched(10);
    comes_true(
        &changed.in_service(8).visible(20),
        "in 110 s it may scale in, if that is wanted then and nothing changes before",
    );
    let windowed = || Scene::new().rules(|rules| rules.stabilization = secs(300));
    comes_true(&windowed().visible(30).watched(100), "after another 200 s of watching it may scale in");
    let peak = windowed().visible(80).desired(8).watched(300).visible(30);
    comes_true(&peak.watched(50), "after another 240 s in which fewer are needed it may scale in");
    let empty = Scene::new().rules(|rules| rules.empty_for = secs(180)).desired(1).visible(0).watched(50);
    comes_true(&empty, "after another 130 s in which every counter reads 0 it may scale in");
}

#[test]
fn one_more_sample_wakes_where_it_says_so() {
    let asleep = Scene::new().rules(|rules| rules.wake_samples = 3).desired(0).visible(9);
    assert_eq!(said(&asleep.decide()), "2 more samples in a row with messages would wake it");
    let nearly = asleep.watched(10);
    assert_eq!(said(&nearly.decide()), "one more sample with messages would wake it");
    assert_eq!(nearly.watched(10).decide().action, out(0, 1));
}

#[test]
fn work_in_flight_gives_way_as_soon_as_it_says() {
    let busy = Scene::new().rules(|rules| rules.slots = 2).visible(0).in_flight(7);
    assert_eq!(
        said(&busy.decide()),
        "once the messages in flight occupy fewer than 4 it may scale in further"
    );
    assert_eq!([7, 6].map(|count| busy.clone().in_flight(count).decide().action), [back(5, 4), back(5, 3)]);
}
