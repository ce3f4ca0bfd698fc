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
fn every_permission_has_an_id_and_an_action_of_its_own() {
    let sids: BTreeSet<&str> = Permission::ALL.iter().map(|each| each.sid()).collect();
    let actions: BTreeSet<&str> = Permission::ALL.iter().map(|each| each.action()).collect();
    assert_eq!((sids.len(), actions.len()), (Permission::ALL.len(), Permission::ALL.len()));
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

/// What the comparison with a policy of these statements says.
fn compared(identity: &Identity, statements: &Value) -> Comparison {
    compare(identity, &Policy::parse(&json!({ "Statement": statements }).to_string()).unwrap())
}

fn everything() -> Identity {
    own(IRELAND, &[&format!("{QUEUE}\ndrive = true\npublish = {{ namespace = \"A\" }}")])
}

#[test]
fn what_is_printed_grants_exactly_what_is_needed_in_all_its_forms() {
    for identity in
        identities_of(IRELAND, &[&format!("{QUEUE}\npublish = {{}}"), &abroad(", external_id = \"x1\"")])
    {
        let comparison = compare(&identity, &Policy::parse(&policy(&identity)).unwrap());
        assert_eq!((comparison.suffices(), comparison.notes), (true, Vec::new()));
    }
}

#[test]
fn each_statement_taken_out_is_missed_by_action_and_resource_and_nothing_else_is() {
    let identity = everything();
    let all = statements(&identity);
    for (without, statement) in all.iter().enumerate() {
        let rest: Vec<&Value> =
            all.iter().enumerate().filter(|(at, _)| *at != without).map(|(_, each)| each).collect();
        let comparison = compared(&identity, &json!(rest));
        let [missing] = comparison.missing.as_slice() else { panic!("{comparison}") };
        let resource = statement["Resource"].as_str().unwrap();
        assert!(
            missing.starts_with(&format!("{} on {resource}", statement["Action"].as_str().unwrap())),
            "{missing}"
        );
        assert!(comparison.unknown.is_empty() && comparison.notes.is_empty(), "{comparison}");
    }
}

#[test]
fn wildcards_grant_and_are_told_as_more_than_is_needed() {
    let identity = everything();
    let all = compared(&identity, &json!({ "Effect": "Allow", "Action": "*", "Resource": "*" }));
    assert!(
        all.suffices() && all.notes[0].starts_with("statement 1 allows *, where sqs:GetQueueUrl, "),
        "{all}"
    );
    let some = compared(
        &identity,
        &json!([
            { "Sid": "Q", "Effect": "Allow", "Action": ["sqs:GetQueue*", "sqs:DeleteQueue"], "Resource": "arn:aws:sqs:*:*:*" },
            { "Effect": "Allow", "Action": ["autoscaling:Describe*", "cloudwatch:putmetricdata"], "Resource": "*" },
            { "Effect": "Allow", "Action": "autoscaling:SetDesiredCapacity", "Resource": ["*", "arn:aws:sqs:::x"] },
        ]),
    );
    assert!(some.suffices(), "{some}");
    assert_eq!(
        some.notes,
        [
            "statement \"Q\" allows sqs:GetQueue*, where sqs:GetQueueUrl, sqs:GetQueueAttributes would do",
            "statement \"Q\" allows sqs:DeleteQueue, which is not needed",
            "statement 2 allows autoscaling:Describe*, where autoscaling:DescribeAutoScalingGroups, \
         autoscaling:DescribeInstanceRefreshes would do",
            "statement 2 allows cloudwatch:putmetricdata in any namespace, where A would do",
            "statement 3 allows autoscaling:SetDesiredCapacity on *, which is wider than is needed",
            "statement 3 allows autoscaling:SetDesiredCapacity on arn:aws:sqs:::x, which is not needed",
        ]
    );
}

/// What is said of publishing by a policy that otherwise allows everything.
fn publishing(statement: &Value) -> (Vec<String>, Vec<String>, Vec<String>) {
    let identity = everything();
    let mut all = statements(&identity);
    all.retain(|each| each["Sid"] != "PublishMetrics");
    all.extend(statement.as_array().unwrap().clone());
    let Comparison { missing, unknown, notes, .. } = compared(&identity, &json!(all));
    (missing, unknown, notes)
}

#[test]
fn the_condition_on_namespaces_is_understood_and_any_other_cannot_be_judged() {
    let put = |condition: Value| {
        let put = json!([{ "Sid": "P", "Effect": "Allow", "Action": "cloudwatch:PutMetricData", "Resource": "*",
                           "Condition": condition }]);
        let (missing, unknown, notes) = publishing(&put);
        (missing.len(), unknown, notes)
    };
    let fine = (0, Vec::new(), Vec::new());
    for (operator, value, expected) in [
        ("StringEquals", json!("A"), fine.clone()),
        ("StringLikeIfExists", json!(["A"]), fine.clone()),
        ("StringEqualsIgnoreCase", json!("A"), fine.clone()),
        (
            "StringEquals",
            json!("a"),
            (
                1,
                Vec::new(),
                vec!["statement \"P\" allows cloudwatch:PutMetricData in a, which is not needed".to_owned()],
            ),
        ),
        (
            "StringNotEquals",
            json!("A"),
            (
                1,
                Vec::new(),
                vec![
                    "statement \"P\" allows cloudwatch:PutMetricData in any namespace, where A would do"
                        .to_owned(),
                ],
            ),
        ),
        (
            "StringEquals",
            json!(["A", "B"]),
            (
                0,
                Vec::new(),
                vec!["statement \"P\" allows cloudwatch:PutMetricData in B, which is not needed".to_owned()],
            ),
        ),
        (
            "StringLike",
            json!("*"),
            (
                0,
                Vec::new(),
                vec![
                    "statement \"P\" allows cloudwatch:PutMetricData in any namespace, where A would do"
                        .to_owned(),
                ],
            ),
        ),
    ] {
        assert_eq!(
            put(json!({ operator: { "CloudWatch:Namespace": value } })),
            expected,
            "{operator} {value}"
        );
    }
    let why = |condition: &str| {
        vec![format!(
            "cloudwatch:PutMetricData on * in namespace A: statement \"P\" allows it under the condition {condition}"
        )]
    };
    let (missing, unknown, _) = put(json!({ "IpAddress": { "aws:SourceIp": "10.0.0.0/8" } }));
    assert_eq!((missing, unknown), (0, why("IpAddress aws:SourceIp")));
    let (missing, unknown, _) =
        put(json!({ "StringEquals": { "cloudwatch:namespace": "${aws:PrincipalTag/n}" } }));
    assert_eq!((missing, unknown), (0, why("StringEquals cloudwatch:namespace")));
}

#[test]
fn a_denial_outweighs_and_one_that_depends_cannot_be_judged() {
    let allow = json!({ "Effect": "Allow", "Action": "cloudwatch:*", "Resource": "*" });
    let denied = |condition: Value| {
        let deny = json!({ "Sid": "No", "Effect": "Deny", "NotAction": "sqs:*", "Resource": "*", "Condition": condition });
        let identity = own(IRELAND, &[&format!("{QUEUE}\npublish = {{ namespace = \"A\" }}")]);
        let read = json!({ "Effect": "Allow", "Action": ["sqs:*", "autoscaling:*"], "Resource": "*" });
        compared(&identity, &json!([read, allow, deny]))
    };
    let all = denied(json!({}));
    assert_eq!((all.missing.len(), all.unknown.len()), (2, 0), "{all}");
    assert!(
        all.missing[1]
            .contains("in namespace A, which statement \"No\" denies; without it nothing is published"),
        "{all}"
    );
    let elsewhere = denied(json!({ "StringNotEquals": { "cloudwatch:namespace": "A" } }));
    assert_eq!(elsewhere.missing.len(), 1, "the groups' reading has no namespace: {elsewhere}");
    let some = denied(json!({ "Bool": { "aws:SecureTransport": "false" } }));
    assert_eq!((some.missing.len(), some.unknown.len()), (0, 2), "{some}");
    assert!(
        some.unknown[0].ends_with("statement \"No\" denies it under the condition Bool aws:SecureTransport"),
        "{some}"
    );
}

#[test]
fn a_part_of_what_the_settings_leave_open_is_enough_and_said() {
    let identity = everything();
    let mut all = statements(&identity);
    for statement in &mut all {
        let concrete = statement["Resource"].as_str().unwrap().replace(":*:", ":123456789012:");
        statement["Resource"] = json!(concrete);
    }
    let comparison = compared(&identity, &json!(all));
    assert!(comparison.suffices(), "{comparison}");
    assert_eq!(comparison.notes.len(), 3, "{comparison}");
    assert!(
        comparison.notes[0].contains("is granted on arn:aws:sqs:eu-west-1:123456789012:images only"),
        "{comparison}"
    );
    for (resource, judged) in
        [("arn:aws:sqs:eu-west-1:*:${aws:username}", (0, 2)), ("arn:aws:sqs:*:*:films", (2, 0))]
    {
        let queues = json!({ "Effect": "Allow", "Action": "sqs:*", "Resource": resource });
        let mut some: Vec<Value> = statements(&identity);
        some.retain(|statement| !statement["Action"].as_str().unwrap().starts_with("sqs:"));
        some.push(queues);
        let comparison = compared(&identity, &json!(some));
        assert_eq!((comparison.missing.len(), comparison.unknown.len()), judged, "{comparison}");
    }
}

#[test]
fn what_knows_no_resources_is_not_granted_on_one() {
    let groups = json!({ "Effect": "Allow", "Action": "*", "Resource": "arn:aws:*:eu-west-1:*:*" });
    let comparison = compared(&everything(), &groups);
    let missing: Vec<&str> = comparison.missing.iter().filter_map(|each| each.split(" on ").next()).collect();
    assert_eq!(
        missing,
        [
            "autoscaling:DescribeAutoScalingGroups",
            "autoscaling:DescribeInstanceRefreshes",
            "cloudwatch:PutMetricData"
        ]
    );
}

#[test]
fn what_is_excepted_is_not_granted() {
    let but = |resource: &str| {
        compared(&everything(), &json!({ "Effect": "Allow", "NotAction": "iam:*", "NotResource": resource }))
    };
    assert!(
        but("arn:aws:s3:::*").missing.len() == 3,
        "of all resources, some are excepted: {}",
        but("arn:aws:s3:::*")
    );
    assert_eq!(but("arn:aws:sqs:*").missing.len(), 5, "{}", but("arn:aws:sqs:*"));
    assert!(but("arn:aws:sqs:*").notes[0].contains("NotAction"));
}
