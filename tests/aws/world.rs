//! What a test sets up in the emulator, and the program under test beside it.

use crate::emulator::{Emulator, shared};
use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_autoscaling::operation::create_auto_scaling_group::CreateAutoScalingGroupError;
use aws_sdk_autoscaling::types::Tag;
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// The region of every test.
pub(crate) const REGION: &str = "eu-west-1";

/// One test's corner of an emulator: a prefix for its names, clients, and a directory of its own.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) emulator: &'static Emulator,
    pub(crate) name: String,
    pub(crate) dir: TempDir,
    pub(crate) sqs: aws_sdk_sqs::Client,
    pub(crate) groups: aws_sdk_autoscaling::Client,
    pub(crate) metrics: aws_sdk_cloudwatch::Client,
}

impl World {
    /// A corner named after the test; `name` must be unique among all tests.
    pub(crate) async fn new(name: &str) -> Self {
        Self::at(shared(), name).await
    }

    pub(crate) async fn at(emulator: &'static Emulator, name: &str) -> Self {
        Self::seen_by(&config(emulator).await, emulator, name)
    }

    /// A corner of another account, entered by a role of it.
    pub(crate) async fn in_account(account: &str, name: &str) -> Self {
        let base = config(shared()).await;
        let role = AssumeRoleProvider::builder(format!("arn:aws:iam::{account}:role/tests"));
        let role = SharedCredentialsProvider::new(role.session_name("tests").configure(&base).build().await);
        Self::seen_by(&base.into_builder().credentials_provider(role).build(), shared(), name)
    }

    /// A corner of another region.
    pub(crate) async fn in_region(region: &'static str, name: &str) -> Self {
        let config = config(shared()).await.into_builder().region(Region::new(region)).build();
        Self::seen_by(&config, shared(), name)
    }

    fn seen_by(config: &SdkConfig, emulator: &'static Emulator, name: &str) -> Self {
        Self {
            emulator,
            name: name.to_owned(),
            dir: tempfile::tempdir().unwrap(),
            sqs: aws_sdk_sqs::Client::new(config),
            groups: aws_sdk_autoscaling::Client::new(config),
            metrics: aws_sdk_cloudwatch::Client::new(config),
        }
    }

    /// A queue called `NAME` + `suffix`, and its URL.
    pub(crate) async fn queue(&self, suffix: &str) -> String {
        let queue =
            self.sqs.create_queue().queue_name(format!("{}{suffix}", self.name)).send().await.unwrap();
        queue.queue_url.unwrap()
    }

    /// Sends `count` messages.
    pub(crate) async fn messages(&self, url: &str, count: usize) {
        for number in 0..count {
            self.sqs.send_message().queue_url(url).message_body(number.to_string()).send().await.unwrap();
        }
    }

    /// An Auto Scaling group called `NAME` + `suffix`.
    pub(crate) async fn group(&self, suffix: &str, min: i32, desired: i32, max: i32) -> String {
        let name = format!("{}{suffix}", self.name);
        let template = format!("{name}-template");
        let region = self.groups.config().region().expect("every test has a region");
        self.groups
            .create_launch_configuration()
            .launch_configuration_name(&template)
            .image_id("ami-12c6146b")
            .instance_type("t3.micro")
            .send()
            .await
            .unwrap();
        let made = self
            .groups
            .create_auto_scaling_group()
            .auto_scaling_group_name(&name)
            .launch_configuration_name(&template)
            .availability_zones(format!("{region}a"))
            .min_size(min)
            .desired_capacity(desired)
            .max_size(max)
            .tags(Tag::builder().key("test").value(&self.name).build())
            .send()
            .await;
        // The SDK asks again when an answer was lost, and finds what it made.
        if let Err(error) = made {
            assert!(
                error.as_service_error().is_some_and(CreateAutoScalingGroupError::is_already_exists_fault),
                "{error:?}"
            );
        }
        name
    }

    /// The group's desired capacity, by AWS's own word.
    pub(crate) async fn desired(&self, group: &str) -> i32 {
        let answer = self.groups.describe_auto_scaling_groups().auto_scaling_group_names(group).send().await;
        answer.unwrap().auto_scaling_groups()[0].desired_capacity().unwrap()
    }

    /// Sets the group's desired capacity, as a person would.
    pub(crate) async fn set_desired(&self, group: &str, to: i32) {
        self.groups
            .set_desired_capacity()
            .auto_scaling_group_name(group)
            .desired_capacity(to)
            .send()
            .await
            .unwrap();
    }

    /// Receives `count` messages, which are in flight from then on.
    pub(crate) async fn receive(&self, url: &str, count: usize) {
        for _ in 0..count {
            let call = self.sqs.receive_message().queue_url(url).visibility_timeout(600);
            assert_eq!(call.send().await.unwrap().messages().len(), 1);
        }
    }

    /// Writes the settings: `[aws]` for the emulator, a state directory, and `scalers` as given.
    pub(crate) fn settings(&self, scalers: &str) -> PathBuf {
        let path = self.dir.path().join("backlogd.toml");
        let url = &self.emulator.url;
        let state = self.state_dir();
        let state = state.display();
        let text = format!(
            "[aws]\nregion = {REGION:?}\nendpoint_url = {url:?}\n\n[daemon]\nstate_dir = \"{state}\"\n\n{scalers}\n"
        );
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Where the program keeps its state.
    pub(crate) fn state_dir(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    /// The program with an environment that keeps it off any address but the emulator's.
    pub(crate) fn backlogd(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_backlogd"));
        command.args(args).env_clear().envs(environment()).current_dir(self.dir.path());
        // Whoever runs the tests may sit at a terminal.
        command.stdin(Stdio::null());
        command.env("BACKLOGD_CONFIG", self.dir.path().join("backlogd.toml"));
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.backlogd(args).output().unwrap()
    }

    /// One round of `run --once --output json`: the records it prints, one a scaler.
    pub(crate) fn once(&self, args: &[&str]) -> Vec<Value> {
        records(&self.run(&[&["run", "--once", "--output", "json"], args].concat()))
    }
}

/// A scaler called `name` that drives the group of that name by the queue of that name, five messages
/// an instance, and acts at once on what it sees; `more` is added to its table.
pub(crate) fn eager(name: &str, more: &str) -> String {
    format!(
        r#"
        [[scaler]]
        name = "{name}"
        drive = true
        source = [{{ queue = "{name}" }}]
        target = {{ name = "{name}" }}
        policy = {{ kind = "backlog_per_instance", acceptable_backlog = 5 }}
        {AT_ONCE}
        {more}
        "#
    )
}

/// A scaler called `name` that watches the group of that name by the queue of that name for a wait of a
/// minute; `more` is added to its table.
pub(crate) fn patient(name: &str, more: &str) -> String {
    let policy = "policy = { kind = \"latency\", latency_objective_secs = 60 }";
    let eager = eager(name, more).replace("drive = true", "drive = false");
    eager.replace("policy = { kind = \"backlog_per_instance\", acceptable_backlog = 5 }", policy)
}

/// No cooldown, no window, no confirmation.
pub(crate) const AT_ONCE: &str = "control = { cooldown_out_secs = 0, cooldown_in_secs = 0, \
    stabilization_secs = 0, empty_for_secs = 0, wake_samples = 1 }";

/// The codes of a record's reasons, in order.
pub(crate) fn reasons(record: &Value) -> Vec<&str> {
    let reasons = record["decision"]["reasons"].as_array().expect("a record has reasons");
    reasons.iter().map(|reason| reason["code"].as_str().unwrap()).collect()
}

/// The one record of `scaler`.
pub(crate) fn of<'r>(records: &'r [Value], scaler: &str) -> &'r Value {
    let mut found = records.iter().filter(|record| record["scaler"] == scaler);
    let record = found.next().unwrap_or_else(|| panic!("no record of {scaler}"));
    assert!(found.next().is_none(), "several records of {scaler}");
    record
}

/// The decision records on a program's standard output.
pub(crate) fn records(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    let records = text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")));
    let records: Vec<Value> = records.collect();
    assert!(!records.is_empty(), "no record; on standard error: {}", String::from_utf8_lossy(&output.stderr));
    records
}

/// Test credentials, and no way to the instance metadata service or anybody's AWS profile.
fn environment() -> [(&'static str, &'static str); 5] {
    [
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
    ]
}

/// What clients of the emulator share.
pub(crate) async fn config(emulator: &Emulator) -> SdkConfig {
    let keys = aws_credential_types::Credentials::new("test", "test", None, None, "tests");
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .region(Region::new(REGION))
        .endpoint_url(&emulator.url)
        .credentials_provider(keys)
        .load()
        .await
}
