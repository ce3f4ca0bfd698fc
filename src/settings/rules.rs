use super::forms::SECS_MAX;
use super::reader::{At, Here, Table};
use super::{PolicyKind, Schedule};
use crate::controller::{Limits, Rules};
use std::time::Duration;

/// The largest size, in capacity units: far beyond any group.
pub(super) const CAPACITY_MAX: u32 = 1_000_000;

/// What the windows of `control` are held against.
#[derive(Debug)]
pub(super) struct Timing<'a> {
    /// When samples are taken.
    pub(super) schedule: &'a Schedule,
    /// Where that stands, if it was given.
    pub(super) here: Option<Here<'a>>,
    /// Whether the scaler drives: if not, defaults that would not do are no mistake yet.
    pub(super) drive: bool,
}

/// The `slots` of a `control`, if it gives any.
pub(super) fn slots(control: &mut Table<'_>) -> Option<u32> {
    control.whole("slots", 1..=CAPACITY_MAX).map(|at| at.value)
}

/// What holds under `policy` where a key is absent.
fn default(policy: Option<&PolicyKind>) -> Rules {
    match policy {
        Some(PolicyKind::Latency(_)) => Rules::unhurried(),
        Some(PolicyKind::BacklogPerInstance(_) | PolicyKind::Step(_)) | None => Rules::default(),
    }
}

/// Reads a scaler's `limits` and `control`, with the defaults of its `policy`; the latter's `slots` have
/// been read, and its windows are held against `timing`.
pub(super) fn read<'a>(
    limits: Table<'a>,
    mut control: Table<'a>,
    slots: Option<u32>,
    policy: Option<&PolicyKind>,
    timing: Option<Timing<'a>>,
) -> Rules {
    let default = default(policy);
    let limits = self::limits(limits, default.limits);
    let cooldown_out = secs(&mut control, "cooldown_out_secs", 0, default.cooldown_out);
    let cooldown_in = secs(&mut control, "cooldown_in_secs", 0, default.cooldown_in);
    let stabilization = secs(&mut control, "stabilization_secs", 0, default.stabilization);
    let empty_for = secs(&mut control, "empty_for_secs", 0, default.empty_for);
    let wake_samples = control.whole("wake_samples", 1..=1000).map_or(default.wake_samples, |at| at.value);
    let stalled_after = secs(&mut control, "stalled_after_secs", 1, default.stalled_after);
    control.finish();
    if let Some(timing) = timing {
        let no_scale_in = ("0, or ", "otherwise no scale-in could ever be confirmed");
        spans_three_samples(&stabilization, &timing, no_scale_in);
        spans_three_samples(&empty_for, &timing, no_scale_in);
        spans_three_samples(&stalled_after, &timing, ("", "otherwise no standstill could ever be seen"));
    }
    Rules {
        limits,
        windows: default.windows,
        slots: slots.unwrap_or(default.slots),
        cooldown_out: cooldown_out.value.0,
        cooldown_in: cooldown_in.value.0,
        stabilization: stabilization.value.0,
        empty_for: empty_for.value.0,
        wake_samples,
        stalled_after: stalled_after.value.0,
    }
}

fn limits(mut table: Table<'_>, default: Limits) -> Limits {
    let min = table.whole("min", 0..=CAPACITY_MAX);
    let max = table.whole("max", 0..=CAPACITY_MAX);
    let step_out_max = table.whole("step_out_max", 1..=CAPACITY_MAX).map(|at| at.value);
    let step_in_max = table.whole("step_in_max", 1..=CAPACITY_MAX).map(|at| at.value);
    table.finish();
    if let (Some(min), Some(max)) = (&min, &max)
        && min.value > max.value
    {
        let mistake = min.here.mistake("is above limits.max", format!("at least {}", min.value));
        min.here.note(mistake.and(&max.here.at, format!("at most {}", max.value)));
    }
    Limits {
        min: min.map_or(default.min, |at| at.value),
        max: max.map(|at| at.value),
        step_out_max,
        step_in_max,
    }
}

/// The time under `key`, and whether it is the default for want of one.
fn secs<'a>(
    table: &mut Table<'a>,
    key: &'static str,
    least: u32,
    default: Duration,
) -> At<'a, (Duration, bool)> {
    let absent = table.place_of(key);
    match table.whole(key, least..=SECS_MAX) {
        Some(at) => At { value: (Duration::from_secs(at.value.into()), false), here: at.here },
        None => At { value: (default, true), here: absent },
    }
}

/// Notes a time that is not three samples long: a gap of half of it breaks the watch, so that one late
/// sample would, and it might never be seen through. `words` are what else is allowed, and what would
/// come of it.
fn spans_three_samples(window: &At<'_, (Duration, bool)>, timing: &Timing<'_>, words: (&str, &str)) {
    let (or, otherwise) = words;
    let (length, default) = window.value;
    if length.is_zero() || (default && !timing.drive) {
        return;
    }
    let origin = if default { " (the default)" } else { "" };
    let (secs, period) = (length.as_secs(), timing.schedule.period().as_secs());
    let (says, allowed, samples) = if length < timing.schedule.period() * 3 {
        let says = format!("of {secs} s{origin} is too short for the {period} s between samples");
        (says, format!("at least {}", period * 3), format!("a sample every {period} s"))
    } else if timing.schedule.can_watch(length) {
        return;
    } else {
        let says = format!("of {secs} s{origin} is never watched whole, for the schedule pauses too soon");
        (says, "more than twice its pauses".to_owned(), format!("samples every {period} s, and pauses"))
    };
    let mut mistake = window.here.mistake(says, format!("must be {or}{allowed}"));
    if let Some(here) = &timing.here {
        mistake = mistake.and(&here.at, samples);
    }
    window.here.note(mistake.help(otherwise));
}

#[cfg(test)]
mod tests {
    use super::super::tests::{accepted, refused, scaler, titles};
    use crate::controller::Rules;
    use std::time::Duration;

    #[test]
    fn without_a_key_the_rules_are_the_controllers_own() {
        assert_eq!(accepted(&[&scaler("")]).scalers[0].rules, Rules::default());
    }

    const LATENCY: &str = "policy = { kind = \"latency\", latency_objective_secs = 60 }";

    #[test]
    fn the_latency_policy_waits_for_nothing_that_it_was_not_told_to() {
        let unhurried = Rules {
            cooldown_out: Duration::ZERO,
            cooldown_in: Duration::ZERO,
            stabilization: Duration::ZERO,
            empty_for: Duration::from_mins(1),
            ..Rules::default()
        };
        assert_eq!(accepted(&[&scaler(LATENCY)]).scalers[0].rules, unhurried);
        let control = "control = { slots = 4, cooldown_out_secs = 1, cooldown_in_secs = 2, \
                       stabilization_secs = 120, empty_for_secs = 90, wake_samples = 3, stalled_after_secs = 200 }";
        let told = Rules {
            limits: Rules::default().limits,
            windows: Vec::new(),
            slots: 4,
            cooldown_out: Duration::from_secs(1),
            cooldown_in: Duration::from_secs(2),
            stabilization: Duration::from_mins(2),
            empty_for: Duration::from_secs(90),
            wake_samples: 3,
            stalled_after: Duration::from_secs(200),
        };
        assert_eq!(accepted(&[&scaler(&format!("{LATENCY}\n{control}"))]).scalers[0].rules, told);
    }

    #[test]
    fn min_above_max_is_shown_at_both_places() {
        let expected = "\
error: scaler \"images\": limits.min is above limits.max
 --> main.toml:6:18
  |
6 | limits = { min = 9, max = 2 }
  |                  ^        - at most 2
  |                  |
  |                  at least 9";
        assert_eq!(refused(&[&scaler("limits = { min = 9, max = 2 }")]), expected);
        accepted(&[&scaler("limits = { min = 2, max = 2 }")]);
    }

    #[test]
    fn what_must_be_one_or_more_is_not_0() {
        let text = scaler(
            "limits = { step_out_max = 0, step_in_max = 0 }\n\
             control = { slots = 0, wake_samples = 0, stalled_after_secs = 0 }",
        );
        let keys = ["limits.step_out_max", "limits.step_in_max", "control.slots", "control.wake_samples"];
        let expected = keys.into_iter().chain(["control.stalled_after_secs"]);
        let expected: Vec<String> =
            expected.map(|key| format!("scaler \"images\": {key} cannot be 0")).collect();
        assert_eq!(titles(&[&text]), expected);
    }

    #[test]
    fn a_window_not_longer_than_the_time_between_samples_is_refused() {
        let expected = "\
error: scaler \"images\": control.empty_for_secs of 179 s is too short for the 60 s between samples
 --> main.toml:7:30
  |
6 | schedule = \"0 * * * * *\"
  |            ------------- a sample every 60 s
7 | control = { empty_for_secs = 179 }
  |                              ^^^ must be 0, or at least 180
  |
  = help: otherwise no scale-in could ever be confirmed";
        let text =
            |secs| scaler(&format!("schedule = \"0 * * * * *\"\ncontrol = {{ empty_for_secs = {secs} }}"));
        assert_eq!(refused(&[&text(179)]), expected);
        accepted(&[&text(180)]);
        accepted(&[&text(0)]);
    }

    #[test]
    fn a_window_that_the_schedule_never_watches_whole_is_shown() {
        let bursts =
            scaler("schedule = \"0 0,1 * * * *\"\ndrive = true\ncontrol = { stabilization_secs = 600 }");
        let shown = titles(&[&bursts]);
        let told = "stabilization_secs of 600 s is never watched whole";
        assert!(shown.iter().any(|title| title.contains(told)), "{shown:?}");
        accepted(&[&scaler("schedule = \"*/10 * 8-18 * * MON-FRI\"\ndrive = true")]);
    }

    #[test]
    fn defaults_too_short_for_the_schedule_matter_once_the_scaler_drives() {
        let watching = scaler("schedule = \"0 0 * * * *\"");
        accepted(&[&watching]);
        let shown = titles(&[&format!("{watching}drive = true\n")]);
        assert_eq!(shown.len(), 3);
        for (title, says) in shown.iter().zip([
            "stabilization_secs of 300 s",
            "empty_for_secs of 180 s",
            "stalled_after_secs of 600 s",
        ]) {
            assert!(
                title.contains(&format!("{says} (the default) is too short for the 3600 s")),
                "{shown:?}"
            );
        }
    }
}
