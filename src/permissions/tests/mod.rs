mod compared;

use super::*;
use crate::settings;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The identities of settings in one region, with these tables `[[scaler]]`.
fn identities_of(aws: &str, scalers: &[&str]) -> Vec<Identity> {
    let mut text = format!("[aws]\n{aws}\n");
    for (number, scaler) in scalers.iter().enumerate() {
        let policy = "policy = { kind = \"backlog_per_instance\", acceptable_backlog = 5 }\n";
        let policy = if scaler.contains("policy =") { "" } else { policy };
        let target = "target = { name = \"workers\" }\n";
        let target = if scaler.contains("target =") { "" } else { target };
        writeln!(text, "[[scaler]]\nname = \"s{number}\"\n{policy}{target}{scaler}").unwrap();
    }
    let settings = settings::parse(&[("main.toml".to_owned(), text)]);
    identities(&settings.unwrap_or_else(|mistakes| panic!("{mistakes}")))
}

const IRELAND: &str = "region = \"eu-west-1\"";

fn own(aws: &str, scalers: &[&str]) -> Identity {
    identities_of(aws, scalers).remove(0)
}

fn statements(identity: &Identity) -> Vec<Value> {
    let document: Value = serde_json::from_str(&policy(identity)).unwrap();
    assert_eq!(document["Version"], "2012-10-17");
    document["Statement"].as_array().unwrap().clone()
}

fn actions(identity: &Identity) -> Vec<&'static str> {
    identity.grants.iter().map(|grant| grant.permission.action()).collect()
}

/// The resources of the one statement with this id.
fn resources(identity: &Identity, permission: Permission) -> Value {
    let found = statements(identity).into_iter().find(|statement| statement["Sid"] == permission.sid());
    found.expect("it is there")["Resource"].clone()
}

const QUEUE: &str = "source = [{ queue = \"images\" }]";

#[test]
fn every_permission_has_an_id_of_its_own() {
    let sids: BTreeSet<&str> = Permission::ALL.iter().map(|each| each.sid()).collect();
    assert_eq!(sids.len(), Permission::ALL.len());
    assert!(sids.iter().all(|sid| sid.bytes().all(|byte| byte.is_ascii_alphanumeric())));
}

#[test]
fn each_setting_asks_for_what_it_needs_and_no_more() {
    let read = ["sqs:GetQueueUrl", "sqs:GetQueueAttributes", "autoscaling:DescribeAutoScalingGroups"];
    let with = |more: &[&'static str]| [read.as_slice(), more].concat();
    let latency = "policy = { kind = \"latency\", latency_objective_secs = 60 }";
    for (more, expected) in [
        ("", with(&[])),
        (latency, with(&["cloudwatch:GetMetricData"])),
        ("publish = {}", with(&["cloudwatch:PutMetricData"])),
        ("drive = true", with(&["autoscaling:DescribeInstanceRefreshes", "autoscaling:SetDesiredCapacity"])),
    ] {
        assert_eq!(actions(&own(IRELAND, &[&format!("{QUEUE}\n{more}")])), expected, "{more}");
    }
}

#[test]
fn a_topic_is_told_in_the_name_of_the_file_whoever_the_scalers_work_for() {
    let topic = "arn:aws:sns:eu-central-1:999999999999:alerts";
    let aws = |more: &str| format!("{IRELAND}\n{more}\n[notify]\ntopic_arn = {topic:?}");
    let own = own(&aws(""), &[QUEUE]);
    assert_eq!(resources(&own, Permission::SendNotices), topic);

    let base = "arn:aws:iam::111111111111:role/base";
    let as_base = aws(&format!("assume_role = {{ arn = {base:?}, external_id = \"x9\" }}"));
    let all = identities_of(&as_base, &[&abroad("")]);
    let roles: Vec<_> = all.iter().map(|each| each.role.as_deref()).collect();
    assert_eq!(roles, [None, Some(ROLE), Some(base)]);
    assert_eq!(actions(&all[2]), ["sns:Publish"]);
    assert_eq!(all[2].external_ids, BTreeSet::from([Some("x9".to_owned())]));
    assert!(!actions(&all[1]).contains(&"sns:Publish"));
    assert_eq!(resources(&all[0], Permission::AssumeRoles), json!([ROLE, base]));
}

#[test]
fn a_queue_given_by_its_url_needs_no_permission_to_find_it() {
    let by_url =
        own(IRELAND, &["source = [{ queue = \"https://sqs.eu-west-1.amazonaws.com/123456789012/images\" }]"]);
    assert!(!actions(&by_url).contains(&"sqs:GetQueueUrl"));
    let arn = "arn:aws:sqs:eu-west-1:123456789012:images";
    assert_eq!(resources(&by_url, Permission::ReadQueues), arn);
    let by_arn = own(IRELAND, &[&format!("source = [{{ queue = {arn:?} }}]")]);
    assert_eq!(resources(&by_arn, Permission::FindQueues), arn);
}

#[test]
fn dead_letter_queues_are_read_where_they_are_named_by_whoever_reads_queues() {
    let dead = ["arn:aws:sqs:eu-west-1:123456789012:images-dead".to_owned()];
    let reader = own(IRELAND, &[QUEUE]);
    assert_eq!(reader.clone().with_dead_letter_queues(&[]), reader);
    let reader = reader.with_dead_letter_queues(&dead);
    for permission in [Permission::FindDeadLetterQueues, Permission::ReadDeadLetterQueues] {
        assert_eq!(resources(&reader, permission), json!(dead[0]));
    }
    assert_eq!(resources(&reader, Permission::ReadQueues), "arn:aws:sqs:eu-west-1:*:images");
    let order: Vec<Permission> = reader.grants.iter().map(|grant| grant.permission).collect();
    assert!(order.is_sorted(), "{order:?}");
    let role = "aws = { assume_role = { arn = \"arn:aws:iam::222222222222:role/scaling\" } }";
    let nobody = own(IRELAND, &[&format!("{QUEUE}\n{role}")]);
    assert_eq!(nobody.clone().with_dead_letter_queues(&dead), nobody);
}

#[test]
fn what_the_settings_do_not_tell_is_a_wildcard_and_said() {
    let bare = own("", &[&format!("{QUEUE}\ndrive = true")]);
    assert_eq!(resources(&bare, Permission::ReadQueues), "arn:aws:sqs:*:*:images");
    assert_eq!(
        resources(&bare, Permission::SetDesiredCapacity),
        "arn:aws:autoscaling:*:*:autoScalingGroup:*:autoScalingGroupName/workers"
    );
    assert!(
        bare.remarks[0].contains("no region") && bare.remarks[1].contains("account"),
        "{:?}",
        bare.remarks
    );
    assert_eq!(bare.remarks.len(), 2);

    let group = "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:0a:autoScalingGroupName/workers";
    let told = own("", &[&format!("{QUEUE}\ndrive = true\ntarget = {{ name = {group:?} }}")]);
    assert_eq!(resources(&told, Permission::ReadQueues), "arn:aws:sqs:eu-west-1:123456789012:images");
    assert_eq!(
        resources(&told, Permission::SetDesiredCapacity),
        "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:*:autoScalingGroupName/workers"
    );
    assert_eq!(told.remarks, Vec::<String>::new());

    let url = "https://sqs.eu-west-1.amazonaws.com/123456789012/images";
    let by_url = own("", &[&format!("source = [{{ queue = {url:?} }}]\ndrive = true")]);
    assert_eq!(
        resources(&by_url, Permission::SetDesiredCapacity),
        "arn:aws:autoscaling:eu-west-1:*:autoScalingGroup:*:autoScalingGroupName/workers",
        "a queue tells the region, but not the account of the credentials"
    );
}

#[test]
fn the_partition_is_that_of_the_region() {
    for (region, partition) in [
        ("eu-west-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
        ("eusc-de-east-1", "aws-eusc"),
    ] {
        let identity = own(&format!("region = {region:?}"), &[&format!("{QUEUE}\ndrive = true")]);
        let expected = format!("arn:{partition}:sqs:{region}:*:images");
        assert_eq!(resources(&identity, Permission::ReadQueues), expected);
        let group = resources(&identity, Permission::SetDesiredCapacity);
        assert!(group.as_str().unwrap().starts_with(&format!("arn:{partition}:autoscaling:{region}:")));
    }
}

#[test]
fn a_groups_name_is_meant_to_the_letter() {
    let identity =
        own(IRELAND, &[&format!("{QUEUE}\ndrive = true\ntarget = {{ name = \"a*b ${{x}} 緑\" }}")]);
    let group = resources(&identity, Permission::SetDesiredCapacity);
    assert!(group.as_str().unwrap().ends_with("autoScalingGroupName/a${*}b ${$}{x} ?"), "{group}");
}

#[test]
fn the_resources_of_all_scalers_stand_in_one_statement_each_once() {
    let other = "source = [{ queue = \"films\" }, { queue = \"images\" }]\npublish = { namespace = \"B\" }";
    let identity = own(IRELAND, &[&format!("{QUEUE}\npublish = {{ namespace = \"A\" }}"), other]);
    let queues = json!(["arn:aws:sqs:eu-west-1:*:films", "arn:aws:sqs:eu-west-1:*:images"]);
    assert_eq!(resources(&identity, Permission::ReadQueues), queues);
    let publish = statements(&identity).into_iter().find(|each| each["Sid"] == "PublishMetrics").unwrap();
    assert_eq!(publish["Resource"], "*");
    assert_eq!(publish["Condition"], json!({ "StringEquals": { "cloudwatch:namespace": ["A", "B"] } }));
}

const ROLE: &str = "arn:aws-cn:iam::222222222222:role/team/scaling";

fn abroad(id: &str) -> String {
    format!("{QUEUE}\naws = {{ assume_role = {{ arn = {ROLE:?}{id} }} }}")
}

#[test]
fn each_role_has_a_document_of_its_own_and_the_daemon_may_assume_it() {
    let all = identities_of("region = \"cn-north-1\"", &[QUEUE, &abroad(""), &abroad("")]);
    assert_eq!(all.len(), 2);
    assert_eq!(resources(&all[0], Permission::AssumeRoles), ROLE);
    assert_eq!(resources(&all[0], Permission::ReadQueues), "arn:aws-cn:sqs:cn-north-1:*:images");
    assert_eq!(all[1].role.as_deref(), Some(ROLE));
    let queue = "arn:aws-cn:sqs:cn-north-1:222222222222:images";
    assert_eq!(resources(&all[1], Permission::ReadQueues), queue, "the role tells the account");
    assert!(!actions(&all[1]).contains(&"sts:AssumeRole"));

    let only = own("region = \"cn-north-1\"", &[&abroad("")]);
    assert_eq!(actions(&only), ["sts:AssumeRole"]);
}

#[test]
fn another_accounts_queue_is_told_of_and_its_deletions_are_not_asked_for() {
    let theirs = "source = [{ queue = \"arn:aws-cn:sqs:cn-north-1:333333333333:images\" }]\n\
        policy = { kind = \"latency\", latency_objective_secs = 60 }";
    let text = format!("{theirs}\naws = {{ assume_role = {{ arn = {ROLE:?} }} }}");
    let identity = identities_of("region = \"cn-north-1\"", &[&text]).remove(1);
    assert!(!actions(&identity).contains(&"cloudwatch:GetMetricData"));
    assert_eq!(identity.remarks.len(), 1);
    assert!(
        identity.remarks[0].contains("333333333333:images is another account's"),
        "{:?}",
        identity.remarks
    );
}

#[test]
fn a_trust_policy_asks_for_the_external_ids_where_every_scaler_gives_one() {
    let trusted = "111111111111".parse().unwrap();
    let condition = |scalers: &[&str]| {
        let role = identities_of(IRELAND, scalers).remove(1);
        let document: Value = serde_json::from_str(&trust(&role, &trusted)).unwrap();
        let statement = &document["Statement"][0];
        assert_eq!(statement["Principal"], json!({ "AWS": "111111111111" }));
        assert_eq!((&statement["Action"], &statement["Resource"]), (&json!("sts:AssumeRole"), &Value::Null));
        statement["Condition"].clone()
    };
    let (one, other, none) = (abroad(", external_id = \"x1\""), abroad(", external_id = \"x2\""), abroad(""));
    assert_eq!(condition(&[&one]), json!({ "StringEquals": { "sts:ExternalId": "x1" } }));
    assert_eq!(condition(&[&one, &other]), json!({ "StringEquals": { "sts:ExternalId": ["x1", "x2"] } }));
    assert_eq!(condition(&[&one, &none]), Value::Null);
}

#[test]
fn a_host_is_trusted_by_its_service_and_a_person_by_an_arn() {
    let identity = own(IRELAND, &[QUEUE]);
    for (who, principal) in [
        ("ec2.amazonaws.com", json!({ "Service": "ec2.amazonaws.com" })),
        ("ec2.amazonaws.com.cn", json!({ "Service": "ec2.amazonaws.com.cn" })),
        ("arn:aws:iam::1111111111111:root", Value::Null),
        ("arn:aws:iam::111111111111:root", json!({ "AWS": "arn:aws:iam::111111111111:root" })),
        ("arn:aws:iam::111111111111:role/a/b", json!({ "AWS": "arn:aws:iam::111111111111:role/a/b" })),
        ("arn:aws:iam::111111111111:group/a", Value::Null),
        ("arn:aws:sts::111111111111:role/a", Value::Null),
        ("ec2", Value::Null),
        ("*", Value::Null),
    ] {
        let trusted: Result<Trusted, String> = who.parse();
        let Ok(trusted) = trusted else {
            assert_eq!(principal, Value::Null, "{who}");
            assert!(trusted.unwrap_err().contains("such as ec2.amazonaws.com"), "{who}");
            continue;
        };
        let document: Value = serde_json::from_str(&trust(&identity, &trusted)).unwrap();
        assert_eq!(document["Statement"][0]["Principal"], principal, "{who}");
    }
}

#[test]
fn white_space_does_not_count_as_size() {
    assert_eq!(size("{\n  \"a\": \"b c\"\t}"), "{\"a\":\"bc\"}".len());
}
