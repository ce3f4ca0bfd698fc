//! Figures and findings of a comparison in words.

use super::compare::{Comparison, Entry, LATE_PERCENT_MAX};
use std::time::Duration;

/// What a comparison comes to, in a few sentences.
#[must_use]
pub fn verdict(comparison: &Comparison) -> String {
    let Some(shipped) = comparison.shipped() else { return String::new() };
    let mut sentences = vec![achieved(comparison, shipped)];
    sentences.extend(too_short(comparison, shipped));
    sentences.extend(impossible(comparison));
    sentences.extend(best_other(comparison));
    sentences.join(" ")
}

fn achieved(comparison: &Comparison, entry: &Entry) -> String {
    let objective = duration(comparison.case.objective);
    let run = &entry.run;
    let only = if entry.holds() { "" } else { "only " };
    let cost = cost(comparison, run.instance_hours);
    let least = comparison.ratio(run.instance_hours);
    let least = least.map_or_else(String::new, |ratio| format!(", {ratio:.2} × the least possible"));
    format!(
        "backlogd keeps waits within {objective} for {only}{} with {cost}{least}.",
        in_time(run.late_percent)
    )
}

/// Why the objective is not held where no order can hold it.
fn too_short(comparison: &Comparison, entry: &Entry) -> Option<String> {
    let case = &comparison.case;
    let (objective, boots) = (duration(case.objective), range(*case.boot.start(), *case.boot.end()));
    let said = format!(
        "An instance takes {boots} to boot: what arrives out of the blue cannot be served within {objective} by any that is ordered then."
    );
    (!entry.holds() && case.objective < *case.boot.end()).then_some(said)
}

fn impossible(comparison: &Comparison) -> Option<String> {
    let max = comparison.case.max;
    let said = format!("Even {max} instances all the time would be too few to keep it for all of them.");
    comparison.bound_hours.is_none().then_some(said)
}

fn best_other(comparison: &Comparison) -> Option<String> {
    let rivals = comparison.rivals();
    let best = rivals.first()?;
    let others = comparison.others();
    let settings = if others == 1 { "setting" } else { "settings" };
    let name = format!("{}, {}", best.policy, best.setting);
    Some(if best.holds() {
        let hours = best.run.instance_hours;
        let least = comparison.ratio(hours);
        let paid = least.map_or_else(|| cost(comparison, hours), |ratio| format!("{ratio:.2} ×"));
        let lot = if others == 1 { String::new() } else { format!(" of {others} other {settings}") };
        format!("The cheapest{lot} that keeps them for {} pays {paid} ({name}).", aim())
    } else {
        let lot = if others == 1 {
            "The other setting does not keep".to_owned()
        } else {
            format!("None of {others} other {settings} keeps")
        };
        format!("{lot} them for {}; the nearest is {name}: {}.", aim(), in_time(best.run.late_percent))
    })
}

fn aim() -> String {
    format!("{} % of messages", 100.0 - LATE_PERCENT_MAX)
}

/// The messages in time, rounded down: what is not all is never told as all.
fn in_time(late_percent: f64) -> String {
    if late_percent <= 0.0 {
        return "all messages".to_owned();
    }
    let tenths = ((100.0 - late_percent) * 10.0 + 1e-6).floor().clamp(0.0, 999.0);
    format!("{} % of messages", tenths / 10.0)
}

fn cost(comparison: &Comparison, instance_hours: f64) -> String {
    let dollars = comparison.dollars(instance_hours).map(|dollars| format!(" (${dollars:.2})"));
    format!("{} instance-hours{}", hours(instance_hours), dollars.unwrap_or_default())
}

/// Hours with three digits that count: `0.71`, `13.4`, `131`.
#[must_use]
pub fn hours(hours: f64) -> String {
    match hours {
        _ if hours < 9.995 => format!("{hours:.2}"),
        _ if hours < 99.95 => format!("{hours:.1}"),
        _ => format!("{hours:.0}"),
    }
}

/// Percent with two digits that count where there is little: `0.04`, `0.3`, `12.5`.
#[must_use]
pub fn percent(percent: f64) -> String {
    match percent {
        _ if percent <= 0.0 => "0".to_owned(),
        _ if percent < 0.005 => "<0.01".to_owned(),
        _ if percent < 0.1 => format!("{percent:.2}"),
        _ => format!("{percent:.1}"),
    }
}

/// Whole seconds, and tenths where they count.
#[must_use]
pub fn secs(time: Duration) -> String {
    let secs = time.as_secs_f64();
    if secs < 9.95 && time.subsec_millis() >= 50 { format!("{secs:.1}") } else { format!("{secs:.0}") }
}

/// A time for people: `90 s`, `15 min`, `1 h`, `36 h`, `7 d`.
#[must_use]
pub fn duration(time: Duration) -> String {
    let whole = time.as_secs();
    let fits = |unit: u64| time.subsec_nanos() == 0 && whole.is_multiple_of(unit);
    match whole {
        172_800.. if fits(86_400) => format!("{} d", whole / 86_400),
        3_600.. if fits(3_600) => format!("{} h", whole / 3_600),
        180.. if fits(60) => format!("{} min", whole / 60),
        _ => format!("{} s", (time.as_secs_f64() * 10.0).round() / 10.0),
    }
}

/// Two times for people, in one unit: `3 to 10 min`, `90 to 180 s`.
fn range(from: Duration, to: Duration) -> String {
    let times = [from, to].map(duration);
    match times.each_ref().map(|time| time.split_once(' ')) {
        [Some((from, unit)), Some((to, other))] if unit == other => format!("{from} to {to} {unit}"),
        _ => {
            let [from, to] = [from, to].map(|time| (time.as_secs_f64() * 10.0).round() / 10.0);
            format!("{from} to {to} s")
        }
    }
}

/// Killed messages, and the hours of work that were lost with them: `12 (0.3 h)`.
#[must_use]
pub fn lost(killed: u64, lost_hours: f64) -> String {
    if killed == 0 { "0".to_owned() } else { format!("{killed} ({lost_hours:.1} h)") }
}

#[cfg(test)]
mod tests {
    use super::super::scene::{compared, entry, run};
    use super::*;

    #[test]
    fn a_verdict_says_who_waits_what_it_costs_and_what_the_cheapest_other_pays() {
        let expected = "backlogd keeps waits within 60 s for 99.6 % of messages with 131 instance-hours ($12.61), \
            1.17 × the least possible. The cheapest of 5 other settings that keeps them for 99 % of messages pays \
            1.38 × (keda, x=0.1).";
        assert_eq!(verdict(&compared()), expected);
    }

    #[test]
    fn where_nobody_else_holds_the_objective_the_nearest_is_named() {
        let mut comparison = compared();
        comparison.price_per_hour = None;
        comparison.entries.retain(|entry| entry.policy != "keda");
        let told = verdict(&comparison);
        let expected = "The other setting does not keep them for 99 % of messages; the nearest is step scaling, \
            x=0.1: 95.7 % of messages.";
        assert!(told.ends_with(expected) && !told.contains('$'), "{told}");
        comparison.entries.push(entry("wpa", "x=1", false, run(1.3, 100.0)));
        let expected = "None of 2 other settings keeps them for 99 % of messages; the nearest is wpa, x=1: 98.7 % of \
            messages.";
        assert!(verdict(&comparison).ends_with(expected), "{}", verdict(&comparison));
    }

    #[test]
    fn a_missed_objective_is_not_glossed_over() {
        let mut comparison = compared();
        comparison.entries = vec![entry("backlogd", "latency, 60 s", true, run(1.01, 131.0))];
        comparison.bound_hours = None;
        let expected = "backlogd keeps waits within 60 s for only 98.9 % of messages with 131 instance-hours ($12.58). \
            An instance takes 120 to 180 s to boot: what arrives out of the blue cannot be served within 60 s by any that \
            is ordered then. Even 20 instances all the time would be too few to keep it for all of them.";
        assert_eq!(verdict(&comparison), expected);
    }

    #[test]
    fn not_quite_all_is_never_told_as_all() {
        assert_eq!(in_time(0.0), "all messages");
        assert_eq!(in_time(0.000_1), "99.9 % of messages");
        assert_eq!(in_time(0.1), "99.9 % of messages");
        assert_eq!(in_time(100.0), "0 % of messages");
    }

    #[test]
    fn figures_have_the_digits_that_count() {
        assert_eq!([0.714, 9.999, 13.42, 130.6].map(hours), ["0.71", "10.0", "13.4", "131"]);
        assert_eq!([0.0, 0.001, 0.036, 0.36, 12.5].map(percent), ["0", "<0.01", "0.04", "0.4", "12.5"]);
        let times = [0, 40, 3_250, 34_700, 96_104].map(Duration::from_millis);
        assert_eq!(times.map(secs), ["0", "0", "3.2", "35", "96"]);
        let times = [0.5, 90.0, 120.0, 900.0, 3_600.0, 86_400.0, 604_800.0].map(Duration::from_secs_f64);
        let ranges = [(120.0, 180.0), (90.0, 100.5), (180.0, 600.0)];
        let ranges =
            ranges.map(|(from, to)| range(Duration::from_secs_f64(from), Duration::from_secs_f64(to)));
        assert_eq!(ranges, ["120 to 180 s", "90 to 100.5 s", "3 to 10 min"]);
        assert_eq!(times.map(duration), ["0.5 s", "90 s", "120 s", "15 min", "1 h", "24 h", "7 d"]);
    }
}
