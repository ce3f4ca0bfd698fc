//! Other policies by the names that a command line gives them.

use super::peers::{self, Setting};
use super::refusal::Refusal;

/// The settings of other policies under the names asked for.
pub(super) fn rivals(names: &[String]) -> Result<Vec<Setting>, Refusal> {
    let all = peers::all();
    let is = |setting: &Setting, name: &str| plain(name) == "all" || plain(setting.family) == plain(name);
    if let Some(unknown) = names.iter().find(|name| !all.iter().any(|setting| is(setting, name))) {
        return Err(Refusal::NoPeer { asked: unknown.clone(), known: known_rivals().join(", ") });
    }
    Ok(all.into_iter().filter(|setting| names.iter().any(|name| is(setting, name))).collect())
}

/// The names there are, without `all`.
#[must_use]
pub fn known_rivals() -> Vec<String> {
    let mut known: Vec<String> = peers::all().iter().map(|setting| plain(setting.family)).collect();
    known.sort();
    known.dedup();
    known
}

/// A name for command lines, where commas stand between names, and blanks are a nuisance.
fn plain(name: &str) -> String {
    let words = name.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_are_found_however_their_names_are_written() {
        let count = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            rivals(&names).map(|settings| settings.len()).ok()
        };
        assert_eq!((count(&["all"]), count(&["wpa", "All"])), (Some(100), Some(100)));
        assert_eq!(count(&["target-tracking"]), Some(8));
        assert_eq!(count(&["Target Tracking, proportional in"]), count(&["target-tracking-proportional-in"]));
        assert_eq!((count(&["wpa", "wpa"]), count(&["target"]), count(&[])), (Some(13), None, Some(0)));
    }
}
