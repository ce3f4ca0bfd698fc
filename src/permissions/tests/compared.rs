use super::*;

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

/// The same of one that allows it under this condition.
fn publishing_under(condition: &Value) -> (Vec<String>, Vec<String>, Vec<String>) {
    let put = "cloudwatch:PutMetricData";
    publishing(
        &json!([{ "Sid": "P", "Effect": "Allow", "Action": put, "Resource": "*", "Condition": condition }]),
    )
}

#[test]
fn the_condition_on_namespaces_is_understood() {
    let any = Some("in any namespace, where A would do");
    for (operator, values, is_missing, more) in [
        ("StringEquals", json!("A"), false, None),
        ("StringLikeIfExists", json!(["A"]), false, None),
        ("StringEqualsIgnoreCase", json!("A"), false, None),
        ("StringEquals", json!("a"), true, Some("in a, which is not needed")),
        ("StringNotEquals", json!("A"), true, any),
        ("StringEquals", json!(["A", "B"]), false, Some("in B, which is not needed")),
        ("StringLike", json!("*"), false, any),
    ] {
        let (missing, unknown, notes) =
            publishing_under(&json!({ operator: { "CloudWatch:Namespace": values } }));
        assert_eq!((missing.len(), unknown.len()), (usize::from(is_missing), 0), "{operator} {values}");
        let more = more.map(|more| format!("statement \"P\" allows cloudwatch:PutMetricData {more}"));
        assert_eq!(notes, Vec::from_iter(more), "{operator} {values}");
    }
}

#[test]
fn any_other_condition_cannot_be_judged() {
    for (operator, key, value) in [
        ("IpAddress", "aws:SourceIp", "10.0.0.0/8"),
        ("StringEquals", "cloudwatch:namespace", "${aws:PrincipalTag/n}"),
        ("ForAnyValue:StringEquals", "cloudwatch:namespace", "A"),
    ] {
        let (missing, unknown, _) = publishing_under(&json!({ operator: { key: value } }));
        let why = format!(
            "cloudwatch:PutMetricData on * in namespace A: statement \"P\" allows it under the condition {operator} {key}"
        );
        assert_eq!((missing.len(), unknown), (0, vec![why]));
    }
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
fn what_nothing_allows_is_missing_whatever_denies_it() {
    let condition = json!({ "Bool": { "aws:SecureTransport": "false" } });
    let deny = json!({ "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition });
    let comparison = compared(&everything(), &deny);
    assert_eq!((comparison.missing.len(), comparison.unknown.len()), (comparison.needed, 0), "{comparison}");
}

#[test]
fn of_a_part_of_what_the_settings_leave_open_it_cannot_be_judged_whether_it_is_the_right_one() {
    let identity = everything();
    let mut all = statements(&identity);
    for statement in &mut all {
        let concrete = statement["Resource"].as_str().unwrap().replace(":*:", ":123456789012:");
        statement["Resource"] = json!(concrete);
    }
    let comparison = compared(&identity, &json!(all));
    assert!(!comparison.suffices() && !comparison.to_string().contains("everything"), "{comparison}");
    assert_eq!((comparison.missing.len(), comparison.unknown.len()), (0, 3), "{comparison}");
    let part = "it is granted on arn:aws:sqs:eu-west-1:123456789012:images only";
    let advice = "give queue and group by their ARNs";
    assert!(comparison.unknown[0].contains(part) && comparison.unknown[0].contains(advice), "{comparison}");
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
fn a_group_by_its_uuid_cannot_be_judged_and_the_advice_is_not_to_name_it() {
    let arn =
        "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:0a-1b:autoScalingGroupName/workers";
    let queue = "source = [{ queue = \"arn:aws:sqs:eu-west-1:123456789012:images\" }]";
    let identity = own(IRELAND, &[&format!("{queue}\ndrive = true\ntarget = {{ name = {arn:?} }}")]);
    let mut all = statements(&identity);
    all.retain(|each| each["Sid"] != "SetDesiredCapacity");
    all.push(json!({ "Effect": "Allow", "Action": "autoscaling:SetDesiredCapacity", "Resource": arn }));
    let comparison = compared(&identity, &json!(all));
    assert_eq!((comparison.missing.len(), comparison.unknown.len()), (0, 1), "{comparison}");
    assert!(comparison.unknown[0].ends_with("let the policy have * in its place"), "{comparison}");
}

#[test]
fn what_only_commands_need_is_told_with_the_commands() {
    let identity = everything();
    let mut all = statements(&identity);
    all.push(json!({
        "Sid": "Operator", "Effect": "Allow", "Resource": "*",
        "Action": ["autoscaling:DescribePolicies", "autoscaling:putscalingpolicy", "autoscaling:D*Policies", "autoscaling:DeleteAutoScalingGroup"],
    }));
    let dead = "arn:aws:sqs:eu-west-1:123456789012:images-dead";
    all.push(
        json!({ "Sid": "Dead", "Effect": "Allow", "Resource": dead, "Action": "sqs:GetQueueAttributes" }),
    );
    let comparison = compared(&identity, &json!(all));
    assert!(comparison.suffices(), "{comparison}");
    let expected = [
        "statement \"Operator\" allows autoscaling:DescribePolicies, which the daemon does not need; whoever runs `check --online` and `policy` does",
        "statement \"Operator\" allows autoscaling:putscalingpolicy, which the daemon does not need; whoever runs `policy apply` does",
        "statement \"Operator\" allows autoscaling:D*Policies, which the daemon does not need; whoever runs `check --online` and `policy` does",
        "statement \"Operator\" allows autoscaling:DeleteAutoScalingGroup, which is not needed",
        "statement \"Dead\" allows sqs:GetQueueAttributes on arn:aws:sqs:eu-west-1:123456789012:images-dead, which is not needed, unless it is a dead-letter queue: name it by --dead-letter-queue",
    ];
    assert_eq!(comparison.notes, expected);
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
    assert!(but("arn:aws:s3:::*").suffices(), "{}", but("arn:aws:s3:::*"));
    assert_eq!(but("arn:aws:sqs:*").missing.len(), 2, "{}", but("arn:aws:sqs:*"));
    assert_eq!(but("*").missing.len(), but("*").needed, "{}", but("*"));
    assert!(but("arn:aws:sqs:*").notes[0].contains("NotAction"));
}

#[test]
fn a_denial_of_resources_does_not_touch_what_knows_none() {
    let identity = everything();
    let mut all = statements(&identity);
    all.push(
        json!({ "Effect": "Deny", "Action": "*", "Resource": ["arn:aws:s3:::secret", "arn:aws:sqs:us-*"] }),
    );
    assert!(compared(&identity, &json!(all)).suffices());
}
