use super::reader::meant;
use super::{Latency, PolicyKind, QueueSource, Scaler};
use crate::aws::{Arn, Place};
use crate::model::Tuning;
use crate::source::QueueAddress;
use std::time::Duration;

/// What of `scaler` is perhaps not meant, given the scalers that come earlier.
#[must_use]
pub fn hints<'a>(scaler: &Scaler, earlier: impl Iterator<Item = &'a Scaler>) -> Vec<String> {
    let mut hints = Vec::new();
    let earlier: Vec<&Scaler> = earlier.collect();
    if !earlier.iter().any(|other| other.place.region == scaler.place.region) {
        hints.extend(unlikely_region(&scaler.place));
    }
    if !scaler.drive && scaler.publish.is_none() {
        hints.push("it neither publishes nor drives: it is only watched".to_owned());
    }
    if scaler.drive && scaler.rules.limits.max.is_none() {
        hints.push("without limits.max only the group's own max bounds the cost".to_owned());
    }
    if scaler.drive && scaler.rules.empty_for.is_zero() && scaler.rules.limits.min == 0 {
        let hint =
            "empty_for_secs = 0 takes a first empty reading at its word; SQS counts settle within minutes";
        hints.push(hint.to_owned());
    }
    if let PolicyKind::Step(policy) = &scaler.policy
        && let Some(first) = policy.out.first()
        && first.above > 0.0
        && scaler.rules.limits.min == 0
    {
        hints
            .push(format!("at 0 instances nothing is started until more than {} messages wait", first.above));
    }
    if let PolicyKind::Latency(policy) = &scaler.policy {
        hints.extend(seldom(policy, scaler.schedule.period()));
        hints.extend(scaler.sources.iter().filter_map(uncounted));
        hints.extend(reach(policy, scaler.rules.limits.min));
    }
    if let Some(publish) = &scaler.publish
        && scaler.schedule.period().as_secs() >= 60
        && publish.resolution_secs < 60
    {
        hints.push("samples come too seldom for resolution_secs = 1 to show anything finer".to_owned());
    }
    hints.extend(scaler.sources.iter().filter_map(|source| host_unused(&source.address, &scaler.place)));
    hints.extend(earlier.into_iter().filter(|other| may_share_group(scaler, other)).map(|other| {
        format!(
            "scaler {} drives a group called {} too; if it is the same one, the two undo each other's changes",
            other.name, scaler.group
        )
    }));
    hints
}

/// What the names of AWS's regions begin with, and what stands before their number.
const AREAS: [&str; 11] = ["af", "ap", "ca", "cn", "eu", "eusc", "il", "me", "mx", "sa", "us"];
const DIRECTIONS: [&str; 9] =
    ["central", "east", "north", "northeast", "northwest", "south", "southeast", "southwest", "west"];

/// A word on a region that is named like none of AWS's: there may be a new one, or a slip of the finger.
fn unlikely_region(place: &Place) -> Option<String> {
    let region = place.region.as_ref().filter(|_| place.endpoint_url.is_none())?;
    let (name, number) = region.rsplit_once('-')?;
    let (area, direction) = name.rsplit_once('-')?;
    // Partitions of their own have a word between the two: us-iso-east-1, eusc-de-east-1.
    let area = area.split('-').next().unwrap_or(area);
    if AREAS.contains(&area) && DIRECTIONS.contains(&direction) {
        return None;
    }
    let likely = |word: &str, known: &[&'static str]| {
        known.iter().find(|each| **each == word).copied().or_else(|| meant(word, known))
    };
    let likely = likely(area, &AREAS).zip(likely(direction, &DIRECTIONS));
    let question = likely
        .map_or_else(String::new, |(area, direction)| format!(": did you mean {area}-{direction}-{number}?"));
    Some(format!("region {region} is named like none of AWS's{question}"))
}

/// The longest time between two samples from which arrivals, work and boots can be learnt well.
const LEARNING_PERIOD_MAX: Duration = Duration::from_secs(10);

/// A word on samples that come too seldom for a latency policy.
fn seldom(policy: &Latency, period: Duration) -> Option<String> {
    let (secs, objective) = (period.as_secs(), policy.objective.as_secs());
    if period > policy.objective / 4 {
        return Some(format!(
            "samples every {secs} s notice much of an objective of {objective} s too late: \
             a quarter of it, {} s, is advised",
            policy.objective.as_secs_f64() / 4.0
        ));
    }
    (period > LEARNING_PERIOD_MAX).then(|| {
        let advised = LEARNING_PERIOD_MAX.as_secs();
        format!("samples every {secs} s are few to learn from: every {advised} s is advised")
    })
}

/// A word on an objective that capacity which is ordered on demand cannot reach, or perhaps cannot.
fn reach(policy: &Latency, min: u32) -> Option<String> {
    let objective = policy.objective.as_secs();
    match policy.boot {
        Some(boot) if boot > policy.objective => {
            let boot_secs = boot.as_secs_f64();
            let reach = Tuning::SHIPPED.lead_secs(boot_secs).ceil();
            Some(format!(
                "an objective of {objective} s is out of reach when arrivals rise, for booting takes {boot_secs} s: \
                 it takes an objective of {reach} s, or a limits.min that the peaks need (it is {min})"
            ))
        }
        None if policy.objective.as_secs_f64() < Tuning::SHIPPED.boot.guess_secs => {
            let guess = Tuning::SHIPPED.boot.guess_secs;
            Some(format!(
                "whether {objective} s can be held when arrivals rise depends on how long an instance takes to boot: \
                 until that is learnt, which can take hours, about {guess} s are assumed; boot_secs tells it"
            ))
        }
        _ => None,
    }
}

/// A word on what of a queue the latency policy does not go by.
fn uncounted(queue: &QueueSource) -> Option<String> {
    let weighted = (queue.weight - 1.0).abs() > f64::EPSILON;
    let set = [
        (weighted, "weight"),
        (queue.count_in_flight, "count_in_flight"),
        (queue.count_delayed, "count_delayed"),
    ];
    let set: Vec<&str> = set.iter().filter(|(set, _)| *set).map(|(_, key)| *key).collect();
    (!set.is_empty()).then(|| {
        format!(
            "queue {}: the latency policy reckons with the messages themselves, whatever {} says: \
             only the published backlog per instance goes by it",
            queue.address.name,
            set.join(", ")
        )
    })
}

/// A word on a queue's URL whose host is not the one that is called.
fn host_unused(queue: &QueueAddress, place: &Place) -> Option<String> {
    let host = authority(queue.url.as_ref()?);
    let (called, of) = match &place.endpoint_url {
        Some(url) => (authority(url) == host, url.as_str()),
        None => (is_regional(host, queue), "the region's endpoint (or endpoint_url)"),
    };
    (!called).then(|| format!("queue {}: calls go to {of}, never to the URL's host {host}", queue.name))
}

/// Host and port of a URL.
fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_scheme, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

/// Whether `host` is the one that calls in the queue's region go to anyway.
fn is_regional(host: &str, queue: &QueueAddress) -> bool {
    let name = |region: &String| format!("sqs.{region}.amazonaws.com");
    let regional = queue.region.as_ref().map(name);
    regional.is_some_and(|regional| host.strip_suffix(".cn").unwrap_or(host) == regional)
}

/// Whether both drive a group of one name in places that may turn out to be the same. Equal places are
/// a mistake, and found before.
fn may_share_group(one: &Scaler, other: &Scaler) -> bool {
    let unlike = |a: Option<&str>, b: Option<&str>| a.zip(b).is_some_and(|(a, b)| a != b);
    let (here, there) = (&one.place, &other.place);
    one.drive
        && other.drive
        && one.group == other.group
        && here.endpoint_url == there.endpoint_url
        && !unlike(here.region.as_deref(), there.region.as_deref())
        && !unlike(account(here), account(there))
}

/// The account of the place's role; without a role only the credentials know.
fn account(place: &Place) -> Option<&str> {
    let role = place.assume_role.as_ref()?;
    Arn::of_service("iam", &role.arn).ok().map(|arn| arn.account)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{accepted, scaler};
    use crate::settings::describe;

    #[test]
    fn what_is_perhaps_not_meant_is_hinted_at() {
        for (lines, hint) in [
            ("", "only watched"),
            ("drive = true", "without limits.max"),
            ("drive = true\ncontrol = { empty_for_secs = 0 }", "at its word"),
            (
                "policy = { kind = \"step\", out = [{ above = 5, add = 1 }] }",
                "until more than 5 messages wait",
            ),
            ("schedule = \"0 * * * * *\"\npublish = { resolution_secs = 1 }", "too seldom"),
        ] {
            let words = describe(&accepted(&[&scaler(lines)]));
            assert!(words.contains("\n  hint: ") && words.contains(hint), "{words}");
        }
    }

    #[test]
    fn a_region_named_like_none_is_hinted_at_once() {
        let words = |lines: &str| {
            let own = |name: &str| {
                scaler(&format!("name = \"{name}\"\npublish = {{ dimensions = {{ a = \"{name}\" }} }}"))
            };
            describe(&accepted(&[&format!("[aws]\n{lines}\n{}{}", own("a"), own("b"))]))
        };
        let hint = "hint: region eu-wset-1 is named like none of AWS's: did you mean eu-west-1?";
        assert_eq!(words("region = \"eu-wset-1\"").matches(hint).count(), 1);
        assert!(words("region = \"moon-sea-1\"").contains("region moon-sea-1 is named like none of AWS's\n"));
        for sound in
            ["ap-southeast-10", "us-gov-east-1", "us-isob-east-1", "eusc-de-east-1", "cn-northwest-1"]
        {
            assert!(!words(&format!("region = \"{sound}\"")).contains("hint: region"), "{sound}");
        }
        assert!(
            !words("region = \"moon-sea-1\"\nendpoint_url = \"http://127.0.0.1:1\"").contains("hint: region")
        );
    }

    /// The hint about samples on `schedule` for an objective of `secs`.
    fn seldom(schedule: &str, secs: u32) -> Option<String> {
        let text = scaler(&format!(
            "schedule = \"{schedule}\"\npublish = {{}}\n\
             policy = {{ kind = \"latency\", latency_objective_secs = {secs} }}"
        ));
        let words = describe(&accepted(&[&text]));
        words.lines().find_map(|line| line.strip_prefix("  hint: ")).map(ToOwned::to_owned)
    }

    #[test]
    fn samples_too_seldom_for_the_objective_or_for_learning_are_hinted_at() {
        assert_eq!(
            seldom("*/10 * * * * *", 39).as_deref(),
            Some(
                "samples every 10 s notice much of an objective of 39 s too late: a quarter of it, 9.75 s, is advised"
            )
        );
        assert_eq!(
            seldom("*/15 * * * * *", 60).as_deref(),
            Some("samples every 15 s are few to learn from: every 10 s is advised")
        );
        assert_eq!(seldom("*/10 * * * * *", 240), None);
    }

    #[test]
    fn what_the_latency_policy_does_not_count_by_is_hinted_at() {
        let hint = |policy: &str, keys: &str| {
            let source = format!("source = [{{ queue = \"images\"{keys} }}]\npublish = {{}}");
            let words = describe(&accepted(&[&scaler(&format!("{source}\n{policy}"))]));
            words.lines().find_map(|line| line.strip_prefix("  hint: ")).map(ToOwned::to_owned)
        };
        let latency = "policy = { kind = \"latency\", latency_objective_secs = 300 }";
        assert_eq!(
            hint(latency, ", weight = 2.0, count_delayed = true").as_deref(),
            Some(
                "queue images: the latency policy reckons with the messages themselves, whatever weight, \
                 count_delayed says: only the published backlog per instance goes by it"
            )
        );
        assert!(hint(latency, ", count_in_flight = true").unwrap().contains("whatever count_in_flight says"));
        assert_eq!(hint(latency, ""), None);
        assert_eq!(hint("", ", weight = 2.0, count_in_flight = true"), None);
    }

    /// The hint about a queue given by `url`, with this `aws` table.
    fn hint_on(url: &str, aws: &str) -> Option<String> {
        let text =
            scaler(&format!("publish = {}\nsource = [{{ queue = \"{url}\" }}]\naws = {{ {aws} }}", "{}"));
        let words = describe(&accepted(&[&text]));
        words.lines().find_map(|line| line.strip_prefix("  hint: ")).map(ToOwned::to_owned)
    }

    #[test]
    fn a_url_whose_host_is_not_called_is_hinted_at() {
        let endpoint = "https://vpce-1-2.sqs.eu-west-1.vpce.amazonaws.com/123456789012/images";
        assert_eq!(
            hint_on(endpoint, "").as_deref(),
            Some(
                "queue images: calls go to the region's endpoint (or endpoint_url), \
                 never to the URL's host vpce-1-2.sqs.eu-west-1.vpce.amazonaws.com"
            )
        );
        let regional = "https://sqs.eu-west-1.amazonaws.com/123456789012/images";
        assert_eq!(
            hint_on(regional, "endpoint_url = \"http://localhost:4566\"").as_deref(),
            Some(
                "queue images: calls go to http://localhost:4566, never to the URL's host sqs.eu-west-1.amazonaws.com"
            )
        );
    }

    #[test]
    fn a_url_whose_host_is_called_anyway_needs_no_hint() {
        for (url, aws) in [
            ("https://sqs.eu-west-1.amazonaws.com/123456789012/images", ""),
            ("https://sqs.cn-north-1.amazonaws.com.cn/123456789012/images", ""),
            ("http://localhost:4566/000000000000/images", "endpoint_url = \"http://localhost:4566/\""),
            ("images", ""),
            ("arn:aws:sqs:eu-west-1:123456789012:images", ""),
        ] {
            assert_eq!(hint_on(url, aws), None, "{url}");
        }
    }

    /// Whether two scalers that drive groups of one name, in these places, are hinted at.
    fn hinted(first: &str, second: &str) -> bool {
        let one = |name: &str, aws: &str| {
            scaler(&format!("name = \"{name}\"\ndrive = true\nlimits = {{ max = 9 }}\naws = {{ {aws} }}"))
        };
        let words = describe(&accepted(&[&(one("a", first) + &one("b", second))]));
        let hint = "\n  hint: scaler a drives a group called image-workers too; if it is the same one, \
                    the two undo each other's changes\n";
        assert_eq!(words.contains("hint:"), words.contains(hint), "{words}");
        words.contains(hint)
    }

    #[test]
    fn two_drivers_of_what_may_be_one_group_are_hinted_at() {
        let role = |account: &str, name: &str| {
            format!("assume_role = {{ arn = \"arn:aws:iam::{account}:role/{name}\" }}")
        };
        let (own, other) = (role("123456789012", "a"), role("123456789012", "b"));
        assert!(hinted("", "region = \"eu-west-1\""));
        assert!(hinted("region = \"eu-west-1\"", ""));
        assert!(hinted("", &own));
        assert!(hinted(&own, &other));
    }

    #[test]
    fn drivers_of_groups_that_must_be_two_are_not_hinted_at() {
        let role = |account: &str| format!("assume_role = {{ arn = \"arn:aws:iam::{account}:role/a\" }}");
        assert!(!hinted("region = \"eu-west-1\"", "region = \"us-east-1\""));
        assert!(!hinted(&role("123456789012"), &role("210987654321")));
        assert!(!hinted("", "endpoint_url = \"http://localhost:4566\""));
    }

    #[test]
    fn an_objective_shorter_than_a_boot_is_said_once_to_be_out_of_reach() {
        let words = |boot: u32| {
            let policy = format!("kind = \"latency\", latency_objective_secs = 60, boot_secs = {boot}");
            describe(&accepted(&[&scaler(&format!("policy = {{ {policy} }}\nlimits = {{ min = 2 }}"))]))
        };
        let hint = "\n  hint: an objective of 60 s is out of reach when arrivals rise, for booting takes 150 s: \
                    it takes an objective of 206 s, or a limits.min that the peaks need (it is 2)\n";
        assert_eq!(format!("{}\n", words(150)).matches(hint).count(), 1, "{}", words(150));
        assert!(!words(60).contains("out of reach"), "{}", words(60));
    }

    #[test]
    fn whether_an_untold_boot_time_leaves_the_objective_within_reach_is_said_to_be_unknown() {
        let words = |objective: u32| {
            let policy = format!("policy = {{ kind = \"latency\", latency_objective_secs = {objective} }}");
            describe(&accepted(&[&scaler(&policy)]))
        };
        let hint = "\n  hint: whether 60 s can be held when arrivals rise depends on how long an instance takes to \
                    boot: until that is learnt, which can take hours, about 240 s are assumed; boot_secs tells it\n";
        assert!(format!("{}\n", words(60)).contains(hint), "{}", words(60));
        assert!(!words(240).contains("depends on"), "{}", words(240));
    }
}
