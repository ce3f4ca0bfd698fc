//! The policies that `iam` prints, in force: with all of a document every call goes through, and without
//! any one statement the daemon names what it lacks and does the rest.
//!
//! The emulator checks each call's signature, action, resource and conditions (see `tests/emulator/policy.py`).

use crate::accounts::User;
use crate::bad_day::{Daemon, error};
use crate::dead::redrive;
use crate::emulator::{Emulator, shared};
use crate::notices::Troubled;
use crate::world::{REGION, World, eager, of, patient};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The emulator's account.
const ACCOUNT: &str = "123456789012";

/// The key that the tests sign with themselves.
const TEST_KEY: &str = "test";

/// Two ticks come soon, and a dozen daemons that begin at once still have time for each call.
const OFTEN: &str = "schedule = \"*/5 * * * * *\"";

fn emulator() -> &'static Emulator {
    Box::leak(Box::new(Emulator::start(&[])))
}

/// A world in which one scaler drives and publishes, and has to scale out, and another learns, by a
/// queue that is given by its URL; `more` is added to both.
async fn busy(emulator: &'static Emulator, name: &str, more: &str) -> World {
    let world = World::at(emulator, name).await;
    let mut url = String::new();
    for suffix in ["", "-watched"] {
        url = world.queue(suffix).await;
        world.messages(&url, 10).await;
        world.group(suffix, 0, 1, 10).await;
    }
    let metrics = "[\"backlog_per_instance\", \"visible\", \"in_service\"]";
    let publish = format!("publish = {{ namespace = {name:?}, metrics = {metrics} }}");
    let watched = format!("{name}-watched");
    let by_url = patient(&watched, &format!("{OFTEN}\n{more}"))
        .replace(&format!("queue = {watched:?}"), &format!("queue = {url:?}"));
    world.settings(&(eager(name, &format!("{OFTEN}\n{publish}\n{more}")) + &by_url));
    world
}

/// Writes something else into the settings.
fn change(world: &World, this: &str, that: &str) {
    let settings = world.dir.path().join("backlogd.toml");
    let changed = std::fs::read_to_string(&settings).unwrap().replace(this, that);
    std::fs::write(&settings, changed).unwrap();
}

/// What `iam` prints with these arguments.
fn document(world: &World, args: &[&str]) -> Value {
    let output = world.run(&[&["iam"], args].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn statements(document: &Value) -> &[Value] {
    document["Statement"].as_array().unwrap()
}

/// The document without one statement. IAM accepts none without any.
fn without(document: &Value, statement: &Value) -> String {
    let mut rest = statements(document).to_vec();
    rest.retain(|each| each != statement);
    rest.push(json!({ "Effect": "Allow", "Action": "iam:GetUser", "Resource": "*" }));
    json!({ "Version": document["Version"], "Statement": rest }).to_string()
}

/// The document with one statement confined to something else; nothing where it is not confined.
fn astray(document: &Value, statement: &Value, name: &str) -> Option<String> {
    let moved: Value = serde_json::from_str(&statement.to_string().replace(name, "elsewhere")).unwrap();
    let mut all: Value = document.clone();
    let place = all["Statement"].as_array_mut().unwrap().iter_mut().find(|each| *each == statement).unwrap();
    *place = moved;
    (all != *document).then(|| all.to_string())
}

fn text<'v>(statement: &'v Value, key: &str) -> &'v str {
    statement[key].as_str().unwrap()
}

fn actions(document: &Value) -> BTreeSet<String> {
    statements(document).iter().map(|each| text(each, "Action").to_owned()).collect()
}

/// What the program asked for in this world, and was answered with this status; each as policies name it.
fn answered(world: &World, status: u16) -> BTreeSet<String> {
    let calls = world.emulator.calls("", &world.name);
    let calls = calls.iter().filter(|call| call["status"] == status && call["access_key"] != TEST_KEY);
    calls.map(|call| format!("{}:{}", text(call, "service"), text(call, "operation"))).collect()
}

fn daemon(world: &World, user: &User) -> Daemon {
    let mut command = world.backlogd(&["run", "--output", "json", "--log", "text", "--log-level", "info"]);
    Daemon::of(user.runs(&mut command))
}

/// What cannot be asked for once this cannot be read: nothing is written, and no deletions are asked for of
/// a queue whose owner is told before a group has told who asks.
fn idle_without(sid: &str) -> &'static [&'static str] {
    match sid {
        "FindQueues" | "ReadQueues" => {
            &["autoscaling:SetDesiredCapacity", "autoscaling:DescribeInstanceRefreshes"]
        }
        "ReadGroups" => &[
            "autoscaling:SetDesiredCapacity",
            "autoscaling:DescribeInstanceRefreshes",
            "cloudwatch:GetMetricData",
        ],
        _ => &[],
    }
}

/// That the log names the action of `statement`, and each of the resources or namespaces it is confined to.
fn assert_names(daemon: &Daemon, statement: &Value) {
    let action = text(statement, "Action");
    daemon.await_words(action);
    let confined = match &statement["Condition"]["StringEquals"]["cloudwatch:namespace"] {
        Value::Null => &statement["Resource"],
        namespaces => namespaces,
    };
    let names = confined.as_array().map_or_else(|| vec![confined.clone()], Clone::clone);
    for name in names.iter().map(|name| name.as_str().unwrap()).filter(|name| *name != "*") {
        let parts: Vec<&str> = name.split('*').collect();
        daemon.wait(name, || {
            let said = daemon.said(action);
            said.iter().any(|line| parts.iter().all(|part| line.contains(part)))
        });
    }
}

/// What `iam` prints for this world, and one statement of it.
fn statement_of(world: &World, sid: &str) -> (Value, Value) {
    let all = document(world, &[]);
    let statement = statements(&all).iter().find(|each| each["Sid"] == sid).unwrap().clone();
    (all, statement)
}

#[tokio::test]
async fn a_printed_policy_suffices_and_without_any_statement_the_lack_is_named_and_the_rest_is_done() {
    let emulator = emulator();
    let whole = busy(emulator, "iam-whole", "").await;
    let all = document(&whole, &[]);
    let user = User::with(&all.to_string(), &whole.name, emulator);
    let watching = busy(emulator, "watching", "").await;
    change(&watching, "drive = true", "drive = false");
    let watched = document(&watching, &[]);
    assert_eq!(actions(&all).difference(&actions(&watched)).count(), 2, "what driving takes");
    let looker = User::with(&watched.to_string(), &watching.name, emulator);
    let mut lacking = Vec::new();
    let mut led_astray = 0;
    for sid in statements(&all).iter().map(|each| text(each, "Sid")) {
        let world = busy(emulator, &format!("iam-{sid}"), "").await;
        let (all, statement) = statement_of(&world, sid);
        let user = User::with(&without(&all, &statement), &world.name, emulator);
        lacking.push((world, user, statement));
        let world = busy(emulator, &format!("astray-{sid}"), "").await;
        let (all, statement) = statement_of(&world, sid);
        if let Some(policy) = astray(&all, &statement, &world.name) {
            led_astray += 1;
            let user = User::with(&policy, &world.name, emulator);
            lacking.push((world, user, statement));
        }
    }
    assert_eq!(led_astray, 4, "by queue twice, by group and by namespace");
    emulator.guard();
    let (daemon_of_whole, daemon_of_watcher) = (daemon(&whole, &user), daemon(&watching, &looker));
    let daemons: Vec<Daemon> = lacking.iter().map(|(world, user, _)| daemon(world, user)).collect();

    for (world, daemon, policy) in
        [(&whole, &daemon_of_whole, &all), (&watching, &daemon_of_watcher, &watched)]
    {
        daemon.wait("every call", || answered(world, 200).is_superset(&actions(policy)));
        assert_eq!(answered(world, 200), actions(policy), "nothing is allowed that is not used");
        assert_eq!(answered(world, 403), BTreeSet::new());
        assert_eq!(daemon.said("not authorized"), Vec::<String>::new());
    }

    for ((world, _, statement), daemon) in lacking.iter().zip(&daemons) {
        let (sid, action) = (text(statement, "Sid"), text(statement, "Action"));
        assert_names(daemon, statement);
        let idle: BTreeSet<String> = idle_without(sid).iter().map(|each| (*each).to_owned()).collect();
        let mut rest: BTreeSet<String> = actions(&all).difference(&idle).cloned().collect();
        rest.remove(action);
        daemon.wait("the rest of the calls", || answered(world, 200).is_superset(&rest));
        // The ticks that it took are enough for a wrong one.
        assert_eq!(answered(world, 200), rest, "without {action}");
        assert_eq!(answered(world, 403), BTreeSet::from([action.to_owned()]));
        let holds = idle.contains("autoscaling:SetDesiredCapacity");
        for record in daemon.records(&world.name) {
            assert!(!holds || record["decision"]["action"] == "hold", "{record}");
        }
    }
}

#[tokio::test]
async fn dead_letters_are_counted_with_what_is_printed_for_their_queue_and_without_it_scaling_goes_on() {
    let emulator = emulator();
    let arn = |name: &str| format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{name}-dead");
    let mut watched = Vec::new();
    for (name, args) in [
        ("iam-losing", vec!["--dead-letter-queue".to_owned(), arn("iam-losing")]),
        ("iam-unaware", Vec::new()),
    ] {
        let world = busy(emulator, name, "").await;
        world.queue("-dead").await;
        redrive(&world, name, &format!("{name}-dead")).await;
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let user = User::with(&document(&world, &args).to_string(), name, emulator);
        watched.push((world, user));
    }
    emulator.guard();
    let daemons: Vec<Daemon> = watched.iter().map(|(world, user)| daemon(world, user)).collect();
    let counts = |name: &str, daemon: &Daemon| -> Vec<Value> {
        let records = daemon.records(name);
        records.iter().map(|record| record["sample"]["queues"][0]["dead_letters"]["count"].clone()).collect()
    };
    daemons[0].wait("a count", || counts("iam-losing", &daemons[0]).contains(&json!(0)));
    assert_eq!(answered(&watched[0].0, 403), BTreeSet::new());

    let lacking = json!({ "Action": "sqs:GetQueueUrl", "Resource": arn("iam-unaware") });
    assert_names(&daemons[1], &lacking);
    let scaled =
        || daemons[1].records("iam-unaware").iter().any(|record| record["outcome"]["kind"] == "done");
    daemons[1].wait("a write", scaled);
    assert!(counts("iam-unaware", &daemons[1]).iter().all(Value::is_null));
}

#[tokio::test]
async fn a_printed_policy_lets_a_topic_be_told_and_without_its_statement_the_lack_is_named() {
    let emulator = emulator();
    let whole = Troubled::at(emulator, "iam-topic", "").await.world;
    let poor = Troubled::at(emulator, "iam-untold", "").await.world;
    let user = User::with(&document(&whole, &[]).to_string(), &whole.name, emulator);
    let (all, statement) = statement_of(&poor, "SendNotices");
    let untold = User::with(&without(&all, &statement), &poor.name, emulator);
    emulator.guard();
    let (daemon_of_whole, daemon_of_poor) = (daemon(&whole, &user), daemon(&poor, &untold));
    daemon_of_whole.wait("a notice", || answered(&whole, 200).contains("sns:Publish"));
    assert_eq!(answered(&whole, 403), BTreeSet::new());
    assert_names(&daemon_of_poor, &statement);
    assert_eq!(answered(&poor, 403), BTreeSet::from(["sns:Publish".to_owned()]));
}

const OTHER_ID: &str = "abroad-2";

/// A world whose scalers work in a role's name, with the role's ARN.
async fn with_role(emulator: &'static Emulator, name: &str) -> (World, String) {
    let role = format!("arn:aws:iam::{ACCOUNT}:role/{name}");
    let aws = format!("aws = {{ assume_role = {{ arn = {role:?}, external_id = \"abroad-1\" }} }}");
    (busy(emulator, name, &aws).await, role)
}

#[tokio::test]
async fn a_role_that_may_not_be_assumed_is_named_even_where_aws_does_not_say_which() {
    let (world, role) = with_role(shared(), "iam-mute").await;
    world.emulator.fault("AssumeRole", &role, &error("AccessDenied"));

    let records = world.once(&[]);

    let missing = &of(&records, "iam-mute")["sample"]["missing"];
    for (missing, call) in
        [(&missing[0], "sqs:GetQueueUrl"), (&missing[1], "autoscaling:DescribeAutoScalingGroups")]
    {
        let why = format!(
            "{call}: no usable AWS credentials: sts:AssumeRole on {role}: AccessDenied: as the test asked"
        );
        assert_eq!(
            (missing["cause"].as_str(), missing["why"].as_str()),
            (Some("credentials"), Some(why.as_str()))
        );
    }
}

/// Makes the role, with the policy and the trust that are printed for it.
fn make_role(world: &World, role: &str, policy: &str, user: &str) {
    let trust = document(world, &["--role", role, "--trust", &format!("arn:aws:iam::{ACCOUNT}:user/{user}")]);
    let name = ("RoleName", world.name.as_str());
    world.emulator.query("iam", "CreateRole", &[name, ("AssumeRolePolicyDocument", &trust.to_string())]);
    world.emulator.query("iam", "PutRolePolicy", &[name, ("PolicyName", "only"), ("PolicyDocument", policy)]);
}

#[tokio::test]
async fn a_roles_policy_and_trust_suffice_and_what_lacks_to_enter_it_is_named() {
    let emulator = emulator();
    let (whole, role) = with_role(emulator, "iam-role").await;
    let (own, theirs) = (document(&whole, &[]), document(&whole, &["--role", &role]));
    assert_eq!(actions(&own), BTreeSet::from(["sts:AssumeRole".to_owned()]));
    let user = User::with(&own.to_string(), &whole.name, emulator);
    make_role(&whole, &role, &theirs.to_string(), &whole.name);

    let (outside, role) = with_role(emulator, "iam-outside").await;
    let assume = statements(&document(&outside, &[]))[0].clone();
    let outsider = User::with(&without(&own, &statements(&own)[0]), &outside.name, emulator);
    make_role(&outside, &role, &theirs.to_string(), &outside.name);

    let (mistrusted, role) = with_role(emulator, "iam-mistrusted").await;
    let stranger = User::with(&document(&mistrusted, &[]).to_string(), &mistrusted.name, emulator);
    make_role(&mistrusted, &role, &theirs.to_string(), &mistrusted.name);
    change(&mistrusted, "abroad-1", OTHER_ID);

    let (poor, role) = with_role(emulator, "iam-poor").await;
    let theirs_there = document(&poor, &["--role", &role]);
    let put = statements(&theirs_there).iter().find(|each| each["Sid"] == "PublishMetrics").unwrap().clone();
    let servant = User::with(&document(&poor, &[]).to_string(), &poor.name, emulator);
    make_role(&poor, &role, &without(&theirs_there, &put), &poor.name);
    emulator.guard();
    let (whole_daemon, poor_daemon) = (daemon(&whole, &user), daemon(&poor, &servant));
    let (outside_daemon, mistrusted_daemon) = (daemon(&outside, &outsider), daemon(&mistrusted, &stranger));

    let both: BTreeSet<String> = actions(&own).union(&actions(&theirs)).cloned().collect();
    whole_daemon.wait("every call", || answered(&whole, 200).is_superset(&both));
    assert_eq!((answered(&whole, 200), answered(&whole, 403)), (both.clone(), BTreeSet::new()));

    assert_names(&poor_daemon, &put);
    let rest: BTreeSet<String> = both.into_iter().filter(|action| action != text(&put, "Action")).collect();
    poor_daemon.wait("the rest of the calls", || answered(&poor, 200).is_superset(&rest));

    for (world, daemon) in [(&outside, &outside_daemon), (&mistrusted, &mistrusted_daemon)] {
        let role = assume["Resource"].as_str().unwrap().replace(&outside.name, &world.name);
        assert_names(daemon, &json!({ "Action": "sts:AssumeRole", "Resource": role }));
        let records = daemon.more(&world.name, 1);
        assert_eq!(records[0]["decision"]["action"], "hold");
        assert_eq!(answered(world, 200), BTreeSet::new());
    }
}
