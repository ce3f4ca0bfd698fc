//! Other accounts, and permissions that are lacking.

use crate::emulator::Emulator;
use crate::world::{World, eager, of, reasons, records};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::{Command, Output};

const OTHER: &str = "222222222222";

/// The key that each call was signed with, without repetitions.
fn keys(calls: &[Value]) -> BTreeSet<&str> {
    calls.iter().map(|call| call["access_key"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn two_scalers_work_in_two_accounts_from_one_file() {
    let here = World::new("abroad").await;
    let there = World::in_account(OTHER, "abroad").await;
    for (world, messages, desired) in [(&here, 10, 1), (&there, 20, 2)] {
        let queue = world.queue("").await;
        world.messages(&queue, messages).await;
        world.group("", 0, desired, 10).await;
    }
    let role = format!(
        r#"aws = {{ assume_role = {{ arn = "arn:aws:iam::{OTHER}:role/scaling", external_id = "abroad-1",
                                     session_name = "abroad-2" }} }}"#
    );
    here.settings(
        &[
            eager("abroad", "publish = { namespace = \"Abroad\" }"),
            eager("abroad", &format!("{role}\npublish = {{ namespace = \"Abroad\" }}")).replacen(
                "name = \"abroad\"",
                "name = \"abroad-there\"",
                1,
            ),
        ]
        .concat(),
    );

    let records = here.once(&[]);

    assert_eq!(of(&records, "abroad")["sample"]["queues"][0]["visible"], 10);
    assert_eq!(of(&records, "abroad-there")["sample"]["queues"][0]["visible"], 20);
    assert_eq!((here.desired("abroad").await, there.desired("abroad").await), (2, 4));

    let assumed = here.emulator.calls("AssumeRole", "abroad-1");
    assert_eq!(assumed.len(), 1);
    assert_eq!(assumed[0]["body"]["RoleArn"], format!("arn:aws:iam::{OTHER}:role/scaling"));
    assert_eq!(assumed[0]["body"]["RoleSessionName"], "abroad-2");
    for operation in ["GetQueueAttributes", "SetDesiredCapacity"] {
        let calls = here.emulator.calls(operation, "abroad");
        let keys = keys(&calls);
        assert!(keys.len() == 2 && keys.contains("test"), "{operation} signed by {keys:?}");
    }
    let published = here.emulator.calls("PutMetricData", "Abroad");
    assert_eq!((published.len(), keys(&published).len()), (2, 2), "one call an account");
    let described = here.emulator.calls("DescribeAutoScalingGroups", "\"MaxRecords\": \"100\"");
    let described: Vec<Value> =
        described.into_iter().filter(|call| call["body"].to_string().contains("\"abroad\"")).collect();
    assert_eq!((described.len(), keys(&described).len()), (2, 2), "one call an account");
}

#[tokio::test]
async fn two_scalers_work_in_two_regions_from_one_file() {
    let near = World::new("regions").await;
    let far = World::in_region("us-west-2", "regions").await;
    for (world, messages, desired) in [(&near, 10, 1), (&far, 20, 2)] {
        let queue = world.queue("").await;
        world.messages(&queue, messages).await;
        world.group("", 0, desired, 10).await;
    }
    let there = eager("regions", "aws = { region = \"us-west-2\" }");
    near.settings(
        &[eager("regions", ""), there.replacen("name = \"regions\"", "name = \"regions-far\"", 1)].concat(),
    );

    let records = near.once(&[]);

    assert_eq!(of(&records, "regions")["sample"]["queues"][0]["visible"], 10);
    assert_eq!(of(&records, "regions-far")["sample"]["queues"][0]["visible"], 20);
    assert_eq!((near.desired("regions").await, far.desired("regions").await), (2, 4));
}

/// A user of an emulator that checks permissions, and its keys.
pub(crate) struct User {
    name: String,
    id: String,
    secret: String,
}

impl User {
    /// One that may do everything except `denied`.
    fn without(denied: &str, name: &str, emulator: &Emulator) -> Self {
        let policy = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": "*", "Resource": "*" },
            { "Effect": "Deny", "Action": denied, "Resource": "*" },
        ] });
        Self::with(&policy.to_string(), name, emulator)
    }

    /// One that may do what this policy says.
    pub(crate) fn with(policy: &str, name: &str, emulator: &Emulator) -> Self {
        let user = [("UserName", name)];
        emulator.query("iam", "CreateUser", &user);
        let policy = [("UserName", name), ("PolicyName", "only"), ("PolicyDocument", policy)];
        emulator.query("iam", "PutUserPolicy", &policy);
        let answer = emulator.query("iam", "CreateAccessKey", &user);
        let field = |name: &str| {
            let (_, rest) = answer.split_once(&format!("<{name}>")).unwrap();
            rest.split_once('<').unwrap().0.to_owned()
        };
        Self { name: name.to_owned(), id: field("AccessKeyId"), secret: field("SecretAccessKey") }
    }

    fn runs_once(&self, world: &World) -> Output {
        self.runs(&mut world.backlogd(&["run", "--once", "--output", "json"])).output().unwrap()
    }

    /// The same command with the user's keys.
    pub(crate) fn runs<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.env("AWS_ACCESS_KEY_ID", &self.id).env("AWS_SECRET_ACCESS_KEY", &self.secret)
    }
}

/// That `why` names the call, who was denied, and the permission that lacks.
fn assert_tells(why: &str, user: &User, permission: &str) {
    assert!(why.contains(&format!("{permission}: AccessDenied")), "{why}");
    assert!(why.contains(&format!("user/{}", user.name)), "{why}");
    assert!(why.contains(&format!("not authorized to perform: {permission}")), "{why}");
}

#[tokio::test]
async fn a_denied_permission_is_named_and_never_scales_in() {
    let emulator: &'static Emulator = Box::leak(Box::new(Emulator::start(&[])));
    let world = World::at(emulator, "denied").await;
    let queue = world.queue("").await;
    world.messages(&queue, 10).await;
    world.group("", 0, 5, 10).await;
    world.settings(&eager("denied", "publish = { namespace = \"Denied\" }"));
    let writer = User::without("autoscaling:SetDesiredCapacity", "no-writer", emulator);
    let reader = User::without("sqs:GetQueueAttributes", "no-reader", emulator);
    let viewer = User::without("autoscaling:DescribeAutoScalingGroups", "no-viewer", emulator);
    let publisher = User::without("cloudwatch:PutMetricData", "no-publisher", emulator);
    let refresher = User::without("autoscaling:DescribeInstanceRefreshes", "no-refresher", emulator);
    emulator.guard();

    let output = writer.runs_once(&world);
    assert_eq!(output.status.code(), Some(1));
    let record = records(&output).remove(0);
    assert_eq!(record["decision"]["action"], "scale_in");
    assert_eq!(record["outcome"]["kind"], "failed");
    let why = record["outcome"]["why"].as_str().unwrap();
    assert!(why.starts_with("group denied to 2: the permission is lacking: "), "{why}");
    assert_tells(why, &writer, "autoscaling:SetDesiredCapacity");

    for (user, what, permission) in [
        (&reader, "queue denied", "sqs:GetQueueAttributes"),
        (&viewer, "group denied", "autoscaling:DescribeAutoScalingGroups"),
    ] {
        let output = user.runs_once(&world);
        assert_eq!(output.status.code(), Some(1));
        let record = records(&output).remove(0);
        assert_eq!((&record["decision"]["action"], reasons(&record)), (&json!("hold"), vec!["missing"]));
        let missing = &record["sample"]["missing"][0];
        assert_eq!((&missing["what"], &missing["cause"]), (&json!(what), &json!("denied")));
        assert_eq!(missing["retryable"], false);
        assert_tells(missing["why"].as_str().unwrap(), user, permission);
    }
    let refused = emulator.calls("SetDesiredCapacity", "denied");
    assert!(refused.iter().all(|call| call["status"] == 403), "{refused:?}");

    // Publishing and looking for refreshes may be denied without harm to the scaling.
    for (user, permission, outcome, exit) in [
        (&refresher, "autoscaling:DescribeInstanceRefreshes", "done", 0),
        (&publisher, "cloudwatch:PutMetricData", "none", 1),
    ] {
        let output = user.runs_once(&world);
        assert_eq!(output.status.code(), Some(exit), "unpublished figures are worth an exit code");
        let record = records(&output).remove(0);
        assert_eq!((&record["decision"]["to"], &record["outcome"]["kind"]), (&json!(2), &json!(outcome)));
        let log = String::from_utf8(output.stderr).unwrap();
        assert_eq!(log.lines().count(), 1, "{permission}: {log}");
        assert_tells(&log, user, permission);
    }
}
