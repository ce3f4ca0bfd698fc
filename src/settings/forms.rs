//! The forms of single values: what the text under a key is, or what it must be instead.

use super::Schedule;
use super::reader::meant;
use super::schedule::REFERENCE;
use crate::aws::{Arn, is_account, is_region};
use crate::calendar::{Pattern, Zone};
use crate::source::QueueAddress;
use std::path::PathBuf;

/// The longest time, in seconds: a year.
pub(super) const SECS_MAX: u32 = 31_536_000;

/// One of the words in `allowed`.
pub(super) fn one_of(allowed: &[&'static str]) -> impl Fn(&str) -> Result<&'static str, String> {
    move |text| {
        let exact = allowed.iter().find(|each| **each == text);
        exact.copied().ok_or_else(|| match (meant(text, allowed), allowed) {
            (Some(meant), [_]) => format!("did you mean {meant:?}?"),
            (Some(meant), several) => format!("did you mean {meant:?}?\n{}", must_be(several)),
            (None, [only]) => format!("must be {only:?}"),
            (None, several) => must_be(several),
        })
    }
}

fn must_be(several: &[&str]) -> String {
    format!("must be one of {several:?}").replace(['[', ']'], "")
}

/// A scaler's name, which also names a file.
pub(super) fn scaler_name(text: &str) -> Result<String, String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let begins = text.starts_with(|first: char| first.is_ascii_alphanumeric());
    if !begins || text.len() > 64 || !text.bytes().all(allowed) {
        return Err("must be 1 to 64 of a-z A-Z 0-9 . _ - and begin with a letter or digit".to_owned());
    }
    Ok(text.to_owned())
}

/// A directory that does not depend on where the daemon was started.
pub(super) fn directory(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if path.is_absolute() { Ok(path) } else { Err("must be an absolute path".to_owned()) }
}

/// A region.
pub(super) fn region(text: &str) -> Result<String, String> {
    if is_region(text) {
        return Ok(text.to_owned());
    }
    let zone_of = text.trim_end_matches(|last: char| last.is_ascii_lowercase());
    if is_region(zone_of) {
        return Err(format!("an availability zone; its region is {zone_of:?}"));
    }
    Err("must be a region, such as \"eu-west-1\"".to_owned())
}

/// A URL to send calls to.
pub(super) fn endpoint_url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let host = rest.map(|rest| rest.split(['/', ':', '?', '#']).next().unwrap_or_default());
    if host.is_none_or(str::is_empty) || text.contains(|each: char| each.is_whitespace() || each.is_control())
    {
        return Err("must be a URL, such as \"http://127.0.0.1:4566\"".to_owned());
    }
    Ok(text.to_owned())
}

/// A role's ARN.
pub(super) fn role_arn(text: &str) -> Result<String, String> {
    let form = "must be a role's ARN: arn:aws:iam::ACCOUNT:role/NAME";
    let arn = Arn::of_service("iam", text).map_err(|reason| format!("{reason}\n{form}"))?;
    let named = arn.resource.strip_prefix("role/").is_some_and(|name| !name.is_empty());
    if named && arn.region.is_empty() { Ok(text.to_owned()) } else { Err(form.to_owned()) }
}

/// A topic's ARN.
pub(super) fn topic_arn(text: &str) -> Result<String, String> {
    let form = "must be an SNS topic's ARN: arn:aws:sns:REGION:ACCOUNT:NAME";
    let arn = Arn::of_service("sns", text).map_err(|reason| format!("{reason}\n{form}"))?;
    let name = arn.resource.strip_suffix(".fifo").unwrap_or(arn.resource);
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    let named = (1..=256).contains(&name.len()) && name.bytes().all(allowed);
    if named && is_region(arn.region) { Ok(text.to_owned()) } else { Err(form.to_owned()) }
}

/// The external id of a role's trust policy.
pub(super) fn external_id(text: &str) -> Result<String, String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&byte);
    if !(2..=1224).contains(&text.len()) || !text.bytes().all(allowed) {
        return Err("must be 2 to 1224 of a-z A-Z 0-9 _ + = , . @ : / -".to_owned());
    }
    Ok(text.to_owned())
}

/// A role session's name.
pub(super) fn session_name(text: &str) -> Result<String, String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
    if !(2..=64).contains(&text.len()) || !text.bytes().all(allowed) {
        return Err("must be 2 to 64 of a-z A-Z 0-9 _ + = , . @ -".to_owned());
    }
    Ok(text.to_owned())
}

/// An account's id.
pub(super) fn account(text: &str) -> Result<String, String> {
    if is_account(text) { Ok(text.to_owned()) } else { Err("must be an account's 12 digits".to_owned()) }
}

/// An Auto Scaling group's name, and the region and the account if it was given as an ARN.
pub(super) fn group(text: &str) -> Result<(String, Option<(String, String)>), String> {
    let plain = |name: &str| {
        let allowed = !name.contains(|each: char| each.is_control() || each == ':');
        if name.trim().is_empty() || name.chars().count() > 255 || !allowed {
            return Err("must be a group's name, 1 to 255 characters without a colon, or its ARN".to_owned());
        }
        Ok(name.to_owned())
    };
    if !text.starts_with("arn:") {
        return Ok((plain(text)?, None));
    }
    let form = "a group is given by its name, or by its ARN: \
        arn:aws:autoscaling:REGION:ACCOUNT:autoScalingGroup:UUID:autoScalingGroupName/NAME";
    let arn = Arn::of_service("autoscaling", text).map_err(|reason| format!("{reason}\n{form}"))?;
    let name = arn.resource.strip_prefix("autoScalingGroup:").and_then(|rest| rest.split_once(':'));
    let name = name.and_then(|(_uuid, rest)| rest.strip_prefix("autoScalingGroupName/"));
    match name {
        Some(name) if is_region(arn.region) => {
            Ok((plain(name)?, Some((arn.region.to_owned(), arn.account.to_owned()))))
        }
        _ => Err(format!("not the ARN of a group\n{form}")),
    }
}

/// A queue's name, URL or ARN.
pub(super) fn queue(text: &str) -> Result<QueueAddress, String> {
    let forms = "a queue is given by its name, by its URL (https://sqs.REGION.amazonaws.com/ACCOUNT/NAME) \
        or by its ARN (arn:aws:sqs:REGION:ACCOUNT:NAME)";
    QueueAddress::parse(text).map_err(|reason| format!("{reason}\n{forms}"))
}

/// A cron pattern.
pub(super) fn schedule(text: &str) -> Result<Schedule, String> {
    Schedule::parse(text).map_err(|reason| seconds_first(text, reason))
}

/// A cron pattern by which a window opens at least once.
pub(super) fn window_start(text: &str) -> Result<Pattern, String> {
    let pattern = Pattern::parse(text).map_err(|reason| seconds_first(text, reason))?;
    if pattern.occurrences(REFERENCE).next().is_none() {
        return Err("it never comes from 2026 on".to_owned());
    }
    Ok(pattern)
}

/// The `reason`, and what is most likely wrong with the `text`.
fn seconds_first(text: &str, reason: String) -> String {
    let with_seconds = format!("0 {text}");
    match text.split_whitespace().count() {
        5 if Pattern::parse(&with_seconds).is_ok() => {
            format!("{reason}\nthe seconds come first: {with_seconds:?}")
        }
        _ => reason,
    }
}

/// A time zone, by its name in the IANA database.
pub(super) fn time_zone(text: &str) -> Result<Zone, String> {
    Zone::named(text).ok_or_else(|| {
        let plain = |name: &str| name.to_lowercase().replace(' ', "_");
        let place = |name: &'static str| name.rsplit('/').next().unwrap_or(name);
        let names: Vec<&str> = Zone::names().collect();
        let same = names.iter().find(|name| [**name, place(name)].map(plain).contains(&plain(text)));
        let meant = same.copied().or_else(|| meant(text, &names)).or_else(|| {
            let places: Vec<&str> = names.iter().map(|name| place(name)).collect();
            let meant = meant(text, &places)?;
            names.iter().find(|name| place(name) == meant).copied()
        });
        match meant {
            Some(meant) => format!("did you mean {meant:?}?"),
            None => "must be a time zone of the IANA database, such as \"Europe/Berlin\"".to_owned(),
        }
    })
}

/// A `CloudWatch` namespace of one's own.
pub(super) fn namespace(text: &str) -> Result<String, String> {
    if text.starts_with("AWS/") {
        return Err("namespaces beginning with AWS/ are Amazon's own".to_owned());
    }
    label(text, 255)
}

/// A name in `CloudWatch`.
pub(super) fn metric_name(text: &str) -> Result<String, String> {
    label(text, 255)
}

/// `text`, if it is up to `longest` printable ASCII characters, not blank, and not beginning with a colon.
pub(super) fn label(text: &str, longest: usize) -> Result<String, String> {
    let printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if text.trim().is_empty() || text.len() > longest || text.starts_with(':') || !printable {
        return Err(format!("must be 1 to {longest} printable ASCII characters, not beginning with a colon"));
    }
    Ok(text.to_owned())
}

/// A finite number above 0.
pub(super) fn above_zero(number: f64) -> Result<f64, String> {
    if number.is_finite() && number > 0.0 { Ok(number) } else { Err("must be above 0".to_owned()) }
}

/// Seconds, from a millisecond to a year.
pub(super) fn duration_secs(number: f64) -> Result<f64, String> {
    if (0.001..=f64::from(SECS_MAX)).contains(&number) {
        return Ok(number);
    }
    Err(format!("must be from 0.001 to {SECS_MAX}"))
}

/// A finite number, 0 or more.
pub(super) fn not_negative(number: f64) -> Result<f64, String> {
    if number.is_finite() && number >= 0.0 { Ok(number) } else { Err("must be 0 or more".to_owned()) }
}

/// A tolerance: at 100 % an empty queue would be within it.
pub(super) fn tolerance_percent(number: f64) -> Result<f64, String> {
    if (0.0..=99.0).contains(&number) { Ok(number) } else { Err("must be from 0 to 99".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scalers_name_can_name_a_file() {
        for good in ["a", "9", "images", "a.b_c-D", &"a".repeat(64)] {
            assert_eq!(scaler_name(good).as_deref(), Ok(good));
        }
        for bad in ["", ".", "..", "-a", "a/b", "a b", "ü", &"a".repeat(65)] {
            assert!(scaler_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_availability_zone_is_told_from_a_region() {
        assert_eq!(region("eu-west-1").as_deref(), Ok("eu-west-1"));
        assert!(region("eu-west-1b").unwrap_err().contains("its region is \"eu-west-1\""));
        assert!(region("Ireland").unwrap_err().contains("such as"));
    }

    #[test]
    fn an_endpoint_is_an_http_url_with_a_host() {
        for good in ["http://127.0.0.1:4566", "https://vpce-1.example/", "http://[::1]:4566"] {
            assert_eq!(endpoint_url(good).as_deref(), Ok(good));
        }
        for bad in ["", "127.0.0.1:4566", "http://", "http://:80", "ftp://x", "http://a b"] {
            assert!(endpoint_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_role_has_an_arn_of_iam_without_a_region() {
        assert!(role_arn("arn:aws-us-gov:iam::123456789012:role/path/backlogd").is_ok());
        assert!(role_arn("arn:aws:iam::123456789012:user/x").is_err());
        assert!(role_arn("arn:aws:iam::123456789012:role/").is_err());
        assert!(role_arn("arn:aws:sts::123456789012:role/x").unwrap_err().contains("`sts`"));
        assert!(session_name("b").is_err() && session_name("a b").is_err() && session_name("a@b").is_ok());
        assert!(external_id("x").is_err() && external_id("team/a:1").is_ok());
    }

    #[test]
    fn a_group_is_a_name_or_an_arn_that_tells_its_region() {
        let arn =
            "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:0a-1b:autoScalingGroupName/my group";
        let place = ("eu-west-1".to_owned(), "123456789012".to_owned());
        assert_eq!(group(arn), Ok(("my group".to_owned(), Some(place))));
        assert_eq!(group("my group"), Ok(("my group".to_owned(), None)));
        for bad in ["", " ", "a:b", "a\nb", &"a".repeat(256), "arn:aws:autoscaling:eu-west-1:123456789012:x"]
        {
            assert!(group(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_namespace_is_not_amazons() {
        assert!(namespace("AWS/SQS").unwrap_err().contains("Amazon's own"));
        assert!(namespace(":x").is_err() && namespace(" ").is_err() && namespace("ä").is_err());
        assert!(namespace(&"a".repeat(256)).is_err() && namespace("My Team/Backlogd").is_ok());
    }

    #[test]
    fn numbers_that_are_none_are_refused() {
        for bad in [f64::NAN, f64::INFINITY, -1.0] {
            assert!(
                above_zero(bad).is_err() && not_negative(bad).is_err() && tolerance_percent(bad).is_err()
            );
        }
        assert!(above_zero(0.0).is_err() && not_negative(0.0).is_ok() && tolerance_percent(100.0).is_err());
    }

    #[test]
    fn a_word_that_is_nearly_right_is_recognised() {
        let kind = one_of(&["latency", "step"]);
        assert_eq!(kind("step"), Ok("step"));
        assert_eq!(
            kind("steps").unwrap_err(),
            "did you mean \"step\"?\nmust be one of \"latency\", \"step\""
        );
        assert_eq!(kind("cpu").unwrap_err(), "must be one of \"latency\", \"step\"");
        assert_eq!(one_of(&["sqs"])("kafka").unwrap_err(), "must be \"sqs\"");
    }
}
