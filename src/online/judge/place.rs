use crate::aws::{Failure, Place};
use crate::model::Cause;
use crate::online::facts::{PlaceFacts, ScalerFacts};
use crate::online::finding::{Code, Finding, Level, is_answer};
use crate::settings::{PolicyKind, Scaler};
use crate::target::scaling::Group;

/// Beyond this a clock is warned of: metrics land in the wrong minute.
const SKEW_WARN_MILLIS: u64 = 30_000;
/// Beyond this AWS refuses what is signed. Source: the IAM user guide, "Troubleshooting Signature
/// Version 4": a request must reach AWS within five minutes of its time stamp.
const SKEW_MAX_MILLIS: u64 = 300_000;

/// What there is to say of a place: whose credentials, the clock, and the permissions as far as the
/// readings for its `scalers` prove them.
pub(in crate::online) fn place(
    place: &Place,
    facts: &PlaceFacts,
    scalers: &[(&Scaler, &ScalerFacts)],
) -> Vec<Finding> {
    let drive = scalers.iter().any(|(scaler, _)| scaler.drive);
    let publish = scalers.iter().any(|(scaler, _)| scaler.publish.is_some());
    let learn = scalers.iter().any(|(scaler, _)| matches!(scaler.policy, PolicyKind::Latency(_)));
    let mut findings = identity(place, facts);
    findings.extend(facts.skew_millis.map(clock));
    findings.extend(queues(scalers));
    findings.extend(groups(scalers));
    findings.extend(facts.refreshes.as_ref().map(refreshes));
    if let Some(read) = &facts.metrics {
        findings.extend(metrics(read, publish, learn));
    }
    findings.extend(rivals(drive, scalers));
    let unproven = |call: &str| {
        let text = format!("{call}: a write, which no read can prove");
        Finding::new(Level::Note, Code::Permission, text)
            .advising("`backlogd iam --check` says whether a policy allows it")
    };
    findings.extend(drive.then(|| unproven("autoscaling:SetDesiredCapacity")));
    findings.extend(publish.then(|| unproven("cloudwatch:PutMetricData")));
    let told = scalers.iter().filter_map(|(scaler, _)| scaler.notify.topic.as_ref()).any(|topic| {
        (&topic.place.assume_role, &topic.place.endpoint_url) == (&place.assume_role, &place.endpoint_url)
    });
    findings.extend(told.then(|| unproven("sns:Publish")));
    findings
}

fn proved(call: &str, by: &str) -> Finding {
    Finding::ok(Code::Permission, format!("{call}: proved by {by}"))
}

fn identity(place: &Place, facts: &PlaceFacts) -> Vec<Finding> {
    match &facts.identity {
        Ok(identity) => {
            let text = format!("{} (account {})", identity.arn, identity.account);
            let assumed = place
                .assume_role
                .as_ref()
                .map(|role| proved(&format!("sts:AssumeRole of {}", role.arn), "the calls"));
            [Finding::ok(Code::Identity, text)].into_iter().chain(assumed).collect()
        }
        Err(failure) => {
            // Only this check asks STS who it is: without an answer the daemon works all the same.
            let level = if failure.cause == Cause::Credentials { Level::Error } else { Level::Warning };
            vec![Finding::unseen(
                level,
                Code::Identity,
                "whose credentials these are",
                "is not known",
                failure,
            )]
        }
    }
}

fn clock(ahead: i64) -> Finding {
    #[expect(clippy::cast_precision_loss, reason = "a clock's skew in seconds, to be read by people")]
    let secs = (ahead.unsigned_abs() as f64 / 1000.0).round();
    let side = if ahead < 0 { "behind" } else { "ahead of" };
    let off = match secs {
        0.0..0.5 => "this host's clock agrees with AWS's".to_owned(),
        _ => format!("this host's clock is {secs} s {side} AWS's"),
    };
    let remedy = "let NTP or chrony set the clock (on EC2 from 169.254.169.123)";
    if ahead.unsigned_abs() <= SKEW_WARN_MILLIS {
        return Finding::ok(Code::Clock, off);
    }
    let (level, text) = if ahead.unsigned_abs() <= SKEW_MAX_MILLIS {
        let text =
            format!("{off}: ticks and metrics are dated wrongly, and beyond 300 s AWS refuses signatures");
        (Level::Warning, text)
    } else {
        (Level::Error, format!("{off}: AWS refuses what is signed more than 300 s off"))
    };
    Finding::new(level, Code::Clock, text).advising(remedy)
}

/// Each queue that could be read; those that could not have findings of their own.
fn queues(scalers: &[(&Scaler, &ScalerFacts)]) -> Vec<Finding> {
    let queues: Vec<_> = scalers.iter().flat_map(|(_, facts)| &facts.queues).collect();
    let read = queues.iter().filter(|queue| queue.read.is_ok()).count();
    let named = queues.iter().filter(|queue| queue.read.is_ok() && queue.by_name).count();
    let all = queues.len();
    let by = |count: usize| match (count, all) {
        (1, 1) => "a read of the queue".to_owned(),
        (count, all) if count == all => format!("a read of each of the {all} queues"),
        (count, all) => format!("a read of {count} of the {all} queues"),
    };
    let calls = [("sqs:GetQueueUrl", named), ("sqs:GetQueueAttributes", read)];
    calls.iter().filter(|(_, count)| *count > 0).map(|(call, count)| proved(call, &by(*count))).collect()
}

/// That a group was not found proves the permission as well.
fn groups(scalers: &[(&Scaler, &ScalerFacts)]) -> Option<Finding> {
    let answered = |group: &Result<Group, Failure>| match group {
        Ok(_) => true,
        Err(failure) => matches!(failure.cause, Cause::NotFound),
    };
    let read = scalers.iter().any(|(_, facts)| answered(&facts.group));
    read.then(|| proved("autoscaling:DescribeAutoScalingGroups", "a read"))
}

fn refreshes(read: &Result<(), Failure>) -> Finding {
    let call = "autoscaling:DescribeInstanceRefreshes";
    match read {
        Ok(()) => proved(call, "a read"),
        Err(failure) => {
            let without = "cannot be seen, so the daemon decides without";
            Finding::unseen(Level::Warning, Code::Permission, "a running instance refresh", without, failure)
        }
    }
}

/// The read of a metric proves that `CloudWatch` answers, which publishing needs, and the permission to
/// read metrics, which only learning makes use of.
fn metrics(read: &Result<(), Failure>, publish: bool, learn: bool) -> Vec<Finding> {
    // Without credentials nobody was asked.
    let asked = !matches!(read, Err(failure) if failure.cause == Cause::Credentials);
    if let Err(failure) = read
        && asked
        && !is_answer(failure)
    {
        let level = if publish { Level::Error } else { Level::Warning };
        return vec![Finding::failed(level, Code::Endpoint, "CloudWatch", failure)];
    }
    let answers = (publish && asked).then(|| Finding::ok(Code::Endpoint, "CloudWatch answers"));
    let permission = learn.then(|| match read {
        Ok(()) => proved("cloudwatch:GetMetricData", "a read"),
        Err(failure) => {
            let what = "deletions of messages and the age of the oldest";
            let alone = "cannot be seen, so the daemon learns from the counters alone";
            Finding::unseen(Level::Warning, Code::Permission, what, alone, failure)
        }
    });
    answers.into_iter().chain(permission).collect()
}

/// What only this check reads, and could not.
fn rivals(drive: bool, scalers: &[(&Scaler, &ScalerFacts)]) -> Vec<Finding> {
    let level = if drive { Level::Warning } else { Level::Note };
    let policies = scalers.iter().find_map(|(_, facts)| facts.policies.as_ref().err());
    let scheduled = scalers.iter().find_map(|(_, facts)| facts.scheduled.as_ref().err());
    let reads = [
        (policies, "scaling policies", "autoscaling:DescribePolicies"),
        (scheduled, "scheduled actions", "autoscaling:DescribeScheduledActions"),
    ];
    let blind = |(failure, what, action): (Option<&Failure>, &str, &str)| {
        let what = format!("whether {what} pull at the groups");
        let finding = Finding::unseen(level, Code::Permission, &what, "cannot be seen", failure?);
        Some(finding.of_check_alone(failure?, action, "*"))
    };
    reads.into_iter().filter_map(blind).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::Role;
    use crate::online::scene::{failure, latency, place_facts, plain, read, scaler_facts};
    use crate::settings::Topic;

    const ALL_OK: [Level; 1] = [Level::Ok];

    fn judged(scaler: &Scaler, facts: &PlaceFacts, of_scaler: &ScalerFacts) -> Vec<Finding> {
        place(&Place::default(), facts, &[(scaler, of_scaler)])
    }

    /// Level and text of the findings of `code`.
    fn of(code: Code, scaler: &Scaler, facts: &PlaceFacts) -> Vec<(Level, String)> {
        let all = judged(scaler, facts, &scaler_facts()).into_iter().filter(|finding| finding.code == code);
        all.map(|finding| (finding.level, finding.text)).collect()
    }

    fn levels(found: &[(Level, String)]) -> Vec<Level> {
        found.iter().map(|(level, _)| *level).collect()
    }

    #[test]
    fn whose_credentials_they_are_is_told_by_arn_and_account() {
        let expected =
            "arn:aws:sts::123456789012:assumed-role/backlogd/i-0a (account 123456789012)".to_owned();
        assert_eq!(of(Code::Identity, &plain(""), &place_facts()), [(Level::Ok, expected)]);
    }

    #[test]
    fn without_credentials_the_identity_is_an_error_and_without_sts_only_unknown() {
        let found = |cause| {
            let facts = PlaceFacts { identity: Err(failure(cause)), ..place_facts() };
            levels(&of(Code::Identity, &plain(""), &facts))
        };
        assert_eq!(found(Cause::Credentials), [Level::Error]);
        assert_eq!(found(Cause::Unreachable), [Level::Warning]);
    }

    #[test]
    fn a_role_that_was_assumed_is_a_permission_proved() {
        let arn = "arn:aws:iam::123456789012:role/b".to_owned();
        let role = Role { arn, external_id: None, session_name: "backlogd".to_owned() };
        let assuming = Place { assume_role: Some(role), ..Place::default() };
        let all = place(&assuming, &place_facts(), &[(&plain(""), &scaler_facts())]);
        assert!(
            all.iter()
                .any(|each| each.text.starts_with("sts:AssumeRole of arn:aws:iam::123456789012:role/b"))
        );
    }

    #[test]
    fn a_clock_is_right_within_30_s_warned_of_beyond_and_useless_beyond_300() {
        let found =
            |millis| of(Code::Clock, &plain(""), &PlaceFacts { skew_millis: Some(millis), ..place_facts() });
        for (millis, level) in [
            (0, Level::Ok),
            (30_000, Level::Ok),
            (-30_001, Level::Warning),
            (300_000, Level::Warning),
            (-300_001, Level::Error),
        ] {
            assert_eq!(levels(&found(millis)), [level], "{millis}");
        }
        assert!(found(95_400)[0].1.starts_with("this host's clock is 95 s ahead of AWS's"));
        assert!(found(-95_400)[0].1.starts_with("this host's clock is 95 s behind AWS's"));
        assert_eq!(found(-499)[0].1, "this host's clock agrees with AWS's");
        let unanswered = PlaceFacts { skew_millis: None, ..place_facts() };
        assert_eq!(of(Code::Clock, &plain(""), &unanswered), []);
    }

    #[test]
    fn what_reads_prove_is_said_permission_by_permission() {
        let mut scaler = latency("drive = true\npublish = {}");
        let place = Place { region: Some("eu-central-1".to_owned()), ..Place::default() };
        scaler.notify.topic = Some(Topic { arn: String::new(), place });
        let found = of(Code::Permission, &scaler, &place_facts());
        let told: Vec<_> = found.iter().map(|(level, text)| (*level, text.as_str())).collect();
        let expected = [
            (Level::Ok, "sqs:GetQueueUrl: proved by a read of the queue"),
            (Level::Ok, "sqs:GetQueueAttributes: proved by a read of the queue"),
            (Level::Ok, "autoscaling:DescribeAutoScalingGroups: proved by a read"),
            (Level::Ok, "autoscaling:DescribeInstanceRefreshes: proved by a read"),
            (Level::Ok, "cloudwatch:GetMetricData: proved by a read"),
            (Level::Note, "autoscaling:SetDesiredCapacity: a write, which no read can prove"),
            (Level::Note, "cloudwatch:PutMetricData: a write, which no read can prove"),
            (Level::Note, "sns:Publish: a write, which no read can prove"),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_write_that_is_not_made_needs_no_permission() {
        let facts = PlaceFacts { refreshes: None, metrics: None, ..place_facts() };
        let found = of(Code::Permission, &plain(""), &facts);
        assert!(found.iter().all(|(level, _)| *level == Level::Ok), "{found:?}");
    }

    #[test]
    fn of_several_queues_those_that_were_read_are_counted() {
        let mut unread = read(|_| {});
        unread.read = Err(failure(Cause::Denied));
        let by_url = || crate::online::facts::Queue { by_name: false, ..read(|_| {}) };
        let facts = |queues| ScalerFacts { queues, ..scaler_facts() };
        let texts = |queues| {
            let all = judged(&plain(""), &place_facts(), &facts(queues)).into_iter();
            all.map(|finding| finding.text).filter(|text| text.starts_with("sqs:")).collect::<Vec<_>>()
        };
        let expected = "sqs:GetQueueAttributes: proved by a read of 1 of the 2 queues";
        assert_eq!(texts(vec![by_url(), unread.clone()]), [expected]);
        assert_eq!(
            texts(vec![by_url(), by_url()]),
            ["sqs:GetQueueAttributes: proved by a read of each of the 2 queues"]
        );
        assert_eq!(texts(vec![unread]), [""; 0]);
    }

    #[test]
    fn a_group_that_was_not_found_proves_the_permission_and_one_that_was_denied_does_not() {
        let proved = |cause| {
            let facts = ScalerFacts { group: Err(failure(cause)), ..scaler_facts() };
            let all = judged(&plain(""), &place_facts(), &facts);
            all.iter().any(|each| each.text.starts_with("autoscaling:DescribeAutoScalingGroups"))
        };
        assert!(proved(Cause::NotFound));
        assert!(!proved(Cause::Denied));
    }

    #[test]
    fn what_the_daemon_can_do_without_is_a_warning_when_denied() {
        let denied = || Some(Err(failure(Cause::Denied)));
        let facts = PlaceFacts { refreshes: denied(), metrics: denied(), ..place_facts() };
        let found = of(Code::Permission, &latency("drive = true"), &facts);
        let warned = found.iter().filter(|(level, _)| *level == Level::Warning).count();
        assert_eq!(warned, 2, "{found:?}");
    }

    #[test]
    fn cloudwatch_must_answer_whoever_publishes_and_a_refusal_is_an_answer() {
        let endpoint = |lines: &str, cause: Option<Cause>| {
            let metrics = Some(cause.map_or(Ok(()), |cause| Err(failure(cause))));
            levels(&of(Code::Endpoint, &latency(lines), &PlaceFacts { metrics, ..place_facts() }))
        };
        assert_eq!(endpoint("publish = {}", None), ALL_OK);
        assert_eq!(endpoint("publish = {}", Some(Cause::Denied)), ALL_OK);
        assert_eq!(endpoint("publish = {}", Some(Cause::Timeout)), [Level::Error]);
        assert_eq!(endpoint("publish = {}", Some(Cause::Malformed)), [Level::Error]);
        assert_eq!(endpoint("", Some(Cause::Timeout)), [Level::Warning]);
        assert_eq!(endpoint("publish = {}", Some(Cause::Credentials)), [], "nobody was asked");
        assert_eq!(endpoint("", None), []);
    }

    #[test]
    fn rivals_that_cannot_be_seen_are_warned_of_where_something_is_driven() {
        let denied = ScalerFacts {
            policies: Err(failure(Cause::Denied)),
            scheduled: Err(failure(Cause::Denied)),
            ..scaler_facts()
        };
        let found = |lines: &str| {
            let all = judged(&plain(lines), &place_facts(), &denied).into_iter();
            all.filter(|each| each.text.contains("pull at the groups"))
                .map(|each| each.level)
                .collect::<Vec<_>>()
        };
        assert_eq!(found("drive = true"), [Level::Warning; 2]);
        assert_eq!(found(""), [Level::Note; 2]);
        let remedies = judged(&plain(""), &place_facts(), &denied).into_iter();
        let remedies: Vec<String> = remedies.filter_map(|each| each.remedy).collect();
        assert_eq!(remedies.len(), 2);
        for (remedy, action) in remedies.iter().zip(["DescribePolicies", "DescribeScheduledActions"]) {
            assert!(remedy.starts_with(&format!("grant autoscaling:{action} on * to ")), "{remedy}");
        }
    }
}
