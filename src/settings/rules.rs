use super::reader::{At, Here, Table};
use crate::controller::{Limits, Rules};
use std::time::Duration;

/// The largest size, in capacity units: far beyond any group.
const CAPACITY_MAX: u32 = 1_000_000;

/// The longest time, in seconds: a year.
const SECS_MAX: u32 = 31_536_000;

/// Reads a scaler's `limits` and `control`. `timing` is the time between samples, and where the
/// schedule stands if it was given.
pub(super) fn read<'a>(
    limits: Table<'a>,
    mut control: Table<'a>,
    timing: Option<(Duration, Option<Here<'a>>)>,
) -> Rules {
    let default = Rules::default();
    let limits = self::limits(limits, default.limits);
    let slots = control.whole("slots", 1..=CAPACITY_MAX).map_or(default.slots, |at| at.value);
    let cooldown_out = secs(&mut control, "cooldown_out_secs", 0, default.cooldown_out);
    let cooldown_in = secs(&mut control, "cooldown_in_secs", 0, default.cooldown_in);
    let stabilization = secs(&mut control, "stabilization_secs", 0, default.stabilization);
    let empty_for = secs(&mut control, "empty_for_secs", 0, default.empty_for);
    let wake_samples = control.whole("wake_samples", 1..=1000).map_or(default.wake_samples, |at| at.value);
    let stalled_after = secs(&mut control, "stalled_after_secs", 1, default.stalled_after);
    control.finish();
    if let Some((period, schedule)) = timing {
        for window in [&stabilization, &empty_for] {
            spans_two_samples(window, period, schedule.as_ref());
        }
    }
    Rules {
        limits,
        slots,
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

/// Notes a window so short that no two samples fall into it: it could never be seen through, and
/// nothing would ever scale in.
fn spans_two_samples(window: &At<'_, (Duration, bool)>, period: Duration, schedule: Option<&Here<'_>>) {
    let (length, default) = window.value;
    if length.is_zero() || length > period {
        return;
    }
    let origin = if default { " (the default)" } else { "" };
    let says = format!(
        "of {} s{origin} is not longer than the {} s between samples",
        length.as_secs(),
        period.as_secs()
    );
    let label = format!("must be 0, or more than {}", period.as_secs());
    let mut mistake = window.here.mistake(says, label);
    if let Some(schedule) = schedule {
        mistake = mistake.and(&schedule.at, format!("a sample every {} s", period.as_secs()));
    }
    window.here.note(mistake.help("otherwise no scale-in could ever be confirmed"));
}
