//! A directory of traces and what they do not say: `<name>.csv` and `worlds.json`.

use backlogd::sim::{Case, Trace};
use serde_json::{Map, Value};
use std::path::Path;
use std::time::Duration;

const KEYS: [&str; 9] = ["bin", "S", "cv", "c", "boot", "W", "V", "mx", "together"];

/// The cases of a directory, by name. A complaint names the file, the world, the key and the value.
pub(crate) fn read(directory: &Path) -> Result<Vec<Case>, String> {
    let path = directory.join("worlds.json");
    let at = |what: &dyn std::fmt::Display| format!("{}: {what}", path.display());
    let text = std::fs::read_to_string(&path).map_err(|error| at(&error))?;
    let worlds: Map<String, Value> = serde_json::from_str(&text).map_err(|error| at(&error))?;
    let case = |(name, world): (&String, &Value)| {
        let mut case = case(name, world).map_err(|wrong| at(&format!("{name}: {wrong}")))?;
        let csv = directory.join(format!("{name}.csv"));
        let text = std::fs::read_to_string(&csv).map_err(|error| format!("{}: {error}", csv.display()))?;
        case.trace =
            Trace::parse(&text, case.trace.bin).map_err(|error| format!("{}: {error}", csv.display()))?;
        Ok(case)
    };
    worlds.iter().map(case).collect()
}

/// A case whose trace has nothing but its bin.
fn case(name: &str, world: &Value) -> Result<Case, String> {
    let world = world.as_object().ok_or_else(|| format!("expected a table, found {world}"))?;
    if let Some(key) = world.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(format!("unknown key {key:?}; known are {}", KEYS.join(", ")));
    }
    let boot = boot(world)?;
    Ok(Case {
        name: name.to_owned(),
        trace: Trace { bin: secs(world, "bin", 1.0)?, ..Trace::default() },
        together: match world.get("together") {
            None => false,
            Some(value) => value.as_bool().ok_or_else(|| wrong("together", "true or false", value))?,
        },
        work_mean: secs(world, "S", 0.001)?,
        work_cv: number(world, "cv", 0.0)?,
        slots: whole(world, "c")?,
        boot,
        objective: secs(world, "W", 0.001)?,
        visibility_timeout: secs(world, "V", 0.0)?,
        max: whole(world, "mx")?,
        ..Case::default()
    })
}

fn boot(world: &Map<String, Value>) -> Result<std::ops::RangeInclusive<Duration>, String> {
    let value = field(world, "boot")?;
    let ends = value.as_array().map(|ends| ends.iter().map(Value::as_f64).collect::<Vec<_>>());
    match ends.as_deref() {
        Some([Some(low), Some(high)]) if 0.0 <= *low && low <= high => {
            Ok(Duration::from_secs_f64(*low)..=Duration::from_secs_f64(*high))
        }
        _ => Err(wrong("boot", "two numbers of seconds, the smaller first", value)),
    }
}

fn field<'w>(world: &'w Map<String, Value>, key: &str) -> Result<&'w Value, String> {
    world.get(key).ok_or_else(|| format!("{key:?} is missing"))
}

fn number(world: &Map<String, Value>, key: &str, least: f64) -> Result<f64, String> {
    let value = field(world, key)?;
    let number = value.as_f64().filter(|number| *number >= least && *number < 1e9);
    number.ok_or_else(|| wrong(key, &format!("a number of at least {least}"), value))
}

fn secs(world: &Map<String, Value>, key: &str, least: f64) -> Result<Duration, String> {
    number(world, key, least).map(Duration::from_secs_f64)
}

fn whole(world: &Map<String, Value>, key: &str) -> Result<u32, String> {
    let value = field(world, key)?;
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok()).filter(|number| *number > 0);
    number.ok_or_else(|| wrong(key, "a whole number of at least 1", value))
}

fn wrong(key: &str, expected: &str, found: &Value) -> String {
    format!("{key:?}: expected {expected}, found {found}")
}
