use super::Target;
use crate::aws::{Arn, Failure, Gathering, Session, gather};
use crate::model::{self, Action, Cause, Fleet, Missing, Outcome, Reason};
use async_trait::async_trait;
use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::config::Builder;
use aws_sdk_autoscaling::types::{AutoScalingGroup, Instance, InstanceRefreshStatus, LifecycleState};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// An EC2 Auto Scaling group.
#[derive(Debug)]
pub struct Asg {
    groups: Groups,
    name: String,
    /// Whether it has been said that the permission to look for instance refreshes is lacking.
    blind_to_refreshes: bool,
}

/// The groups of one session, read together: all that are asked for at about the same time go into
/// one `DescribeAutoScalingGroups`, because its rate is shared with every other tool of the account.
#[derive(Clone, Debug)]
pub struct Groups {
    client: Client,
    asks: mpsc::Sender<Ask>,
}

/// Where the groups are.
#[derive(Clone, Debug)]
struct Whereabouts {
    region: String,
    /// Told by the first group that is read.
    account: Arc<OnceLock<String>>,
}

#[derive(Debug)]
struct Ask {
    name: String,
    reply: oneshot::Sender<Result<Fleet, Failure>>,
}

/// Up to 100 names fit into one call, provided `MaxRecords` says so too.
pub(super) const NAMES_MAX: usize = 100;
const RECORDS_MAX: i32 = 100;

/// Scalers of one schedule are rung within milliseconds of each other.
const GATHERING: Gathering =
    Gathering { quiet: Duration::from_millis(20), longest: Duration::from_millis(200), most: NAMES_MAX };

const DESCRIBE: &str = "autoscaling:DescribeAutoScalingGroups";
const REFRESHES: &str = "autoscaling:DescribeInstanceRefreshes";
const SET: &str = "autoscaling:SetDesiredCapacity";

impl Groups {
    /// Starts reading the groups of `session`. It ends when the last handle is dropped.
    #[must_use]
    pub fn start(session: &Session) -> Self {
        let client =
            Client::from_conf(Builder::from(&session.config).interceptor(session.calls.clone()).build());
        let (asks, receiver) = mpsc::channel(NAMES_MAX);
        let of = Whereabouts { region: session.region.clone(), account: session.account.clone() };
        tokio::spawn(serve(client.clone(), of, receiver));
        Self { client, asks }
    }

    /// The group called `name`.
    #[must_use]
    pub fn group(&self, name: &str) -> Asg {
        Asg { groups: self.clone(), name: name.to_owned(), blind_to_refreshes: false }
    }

    async fn read(&self, name: &str) -> Result<Fleet, Failure> {
        let (reply, answer) = oneshot::channel();
        let ask = Ask { name: name.to_owned(), reply };
        let gone = || Failure::malformed(DESCRIBE, "the reader of groups has ended");
        self.asks.send(ask).await.map_err(|_gone| gone())?;
        answer.await.map_err(|_gone| gone())?
    }
}

#[async_trait]
impl Target for Asg {
    async fn read(&mut self) -> Result<Fleet, Missing> {
        let fleet = self.groups.read(&self.name).await;
        fleet.map_err(|failure| failure.missing(format!("group {}", self.name)))
    }

    /// A running instance refresh. Looking for one is a permission of its own: without it the
    /// refresh is not seen. When the look fails otherwise, a scale-in waits for the next tick.
    async fn obstacle(&mut self, action: Action) -> Option<Reason> {
        let call = self.groups.client.describe_instance_refreshes().auto_scaling_group_name(&self.name);
        match call.send().await {
            Ok(answer) => answer.instance_refreshes().iter().find_map(|refresh| running(refresh.status()?)),
            Err(error) => {
                let failure = Failure::of(REFRESHES, &error);
                // A 403 without a code is no word of AWS's about the permission: some proxy's, perhaps.
                if failure.cause == Cause::Denied && failure.code.is_some() {
                    if !self.blind_to_refreshes {
                        tracing::warn!(group = self.name, why = %failure, "cannot see instance refreshes, deciding without");
                    }
                    self.blind_to_refreshes = true;
                    return None;
                }
                tracing::debug!(group = self.name, why = %failure, "no word on instance refreshes");
                let missing = failure.missing(format!("instance refreshes of group {}", self.name));
                matches!(action, Action::ScaleIn { .. }).then_some(Reason::Missing(missing))
            }
        }
    }

    async fn set_desired(&mut self, to: u32) -> Outcome {
        let Ok(capacity) = i32::try_from(to) else {
            let why = format!("{SET}: {to} is more than any group can have");
            return Outcome::Failed { why, refused: true };
        };
        let call = self.groups.client.set_desired_capacity();
        match call.auto_scaling_group_name(&self.name).desired_capacity(capacity).send().await {
            Ok(_) => Outcome::Done,
            Err(error) => {
                let failure = Failure::of(SET, &error);
                Outcome::Failed { why: refusal(&self.name, to, &failure), refused: failure.is_refusal() }
            }
        }
    }
}

/// What a refused write means. The modelled codes and the others alike are told apart by their code:
/// the texts have changed over the years.
fn refusal(group: &str, to: u32, failure: &Failure) -> String {
    let meaning = match failure.code.as_deref() {
        Some("ScalingActivityInProgress") => "the group is busy with a scaling activity",
        Some("ResourceContention") => "another update of the group is pending",
        Some("ValidationError") => "the group does not accept this size; its limits may just have changed",
        _ => match failure.cause {
            Cause::Throttled => "the account's request rate is exhausted",
            Cause::Denied => "the permission is lacking",
            _ => "no success",
        },
    };
    format!("group {group} to {to}: {meaning}: {failure}")
}

/// The reason that a refresh in this state is, unless it has ended. States that are new to this program
/// count as running.
fn running(status: &InstanceRefreshStatus) -> Option<Reason> {
    let ended = matches!(
        status,
        InstanceRefreshStatus::Successful
            | InstanceRefreshStatus::Failed
            | InstanceRefreshStatus::Cancelled
            | InstanceRefreshStatus::RollbackSuccessful
            | InstanceRefreshStatus::RollbackFailed
    );
    (!ended).then(|| Reason::InstanceRefresh { status: status.as_str().to_owned() })
}

/// Answers batch after batch. Each call runs beside the next batch, so that one without an answer
/// holds up only those who asked in it.
async fn serve(client: Client, of: Whereabouts, mut asks: mpsc::Receiver<Ask>) {
    while let Some(batch) = gather(&mut asks, GATHERING).await {
        tokio::spawn(answer(client.clone(), of.clone(), batch));
    }
}

async fn answer(client: Client, of: Whereabouts, batch: Vec<Ask>) {
    let fleets = describe(&client, &of, batch.iter().map(|ask| ask.name.clone()).collect()).await;
    for ask in batch {
        let fleet = match &fleets {
            Ok(fleets) => {
                fleets.get(&ask.name).cloned().unwrap_or_else(|| Err(absent(&ask.name, &of.region)))
            }
            Err(failure) => Err(failure.clone()),
        };
        // Whoever no longer waits needs no answer.
        drop(ask.reply.send(fleet));
    }
}

async fn describe(
    client: &Client,
    of: &Whereabouts,
    names: BTreeSet<String>,
) -> Result<HashMap<String, Result<Fleet, Failure>>, Failure> {
    let mut fleets = HashMap::new();
    for group in described(client, names.into_iter().collect()).await? {
        let name = group.auto_scaling_group_name().unwrap_or_default().to_owned();
        if let Some(account) = account(&group) {
            of.account.get_or_init(|| account);
        }
        fleets.insert(name, fleet(&group));
    }
    Ok(fleets)
}

/// The groups called `names`, of which there are up to 100, as far as they exist.
pub(super) async fn described(client: &Client, names: Vec<String>) -> Result<Vec<AutoScalingGroup>, Failure> {
    let call = client.describe_auto_scaling_groups().set_auto_scaling_group_names(Some(names));
    let mut pages = call.max_records(RECORDS_MAX).into_paginator().items().send();
    let mut groups = Vec::new();
    while let Some(group) = pages.next().await {
        groups.push(group.map_err(|error| Failure::of(DESCRIBE, &error))?);
    }
    Ok(groups)
}

/// The account that a group is in, which is that of the credentials.
fn account(group: &AutoScalingGroup) -> Option<String> {
    let arn = Arn::of_service("autoscaling", group.auto_scaling_group_arn()?).ok()?;
    Some(arn.account.to_owned())
}

/// A name that does not exist is simply absent from the answer.
pub(super) fn absent(name: &str, region: &str) -> Failure {
    let why = format!("{DESCRIBE}: no group is called {name} in {region}, the account of the credentials");
    Failure { cause: Cause::NotFound, code: None, why }
}

/// The sizes and states of `group`.
pub(super) fn fleet(group: &AutoScalingGroup) -> Result<Fleet, Failure> {
    let instances = group.instances();
    let mut fleet = Fleet {
        desired: size(group.desired_capacity(), "DesiredCapacity")?,
        min: size(group.min_size(), "MinSize")?,
        max: size(group.max_size(), "MaxSize")?,
        weighted: instances.iter().any(|instance| instance.weighted_capacity().is_some()),
        operator: group.operator().map(|operator| operator.principal().unwrap_or("unnamed").to_owned()),
        ..Fleet::default()
    };
    for process in group.suspended_processes() {
        match process.process_name() {
            Some("Launch") => fleet.launch_suspended = true,
            Some("Terminate") => fleet.terminate_suspended = true,
            _ => {}
        }
    }
    for instance in instances {
        let count = state(&mut fleet, instance.lifecycle_state());
        *count = count.saturating_add(units(instance)?);
    }
    fleet.instances = instances.iter().filter_map(ordered).collect();
    Ok(fleet)
}

/// Where an instance of this state is counted.
fn state<'f>(fleet: &'f mut Fleet, state: Option<&LifecycleState>) -> &'f mut u32 {
    let name = state.map(LifecycleState::as_str).unwrap_or_default();
    match name.split(':').next().unwrap_or_default() {
        "InService" => &mut fleet.in_service,
        "Pending" => &mut fleet.pending,
        "Terminating" | "Terminated" | "Detaching" | "Detached" => &mut fleet.terminating,
        "EnteringStandby" | "Standby" => &mut fleet.standby,
        "Warmed" => &mut fleet.warmed,
        _ => &mut fleet.unknown,
    }
}

/// An instance that is pending or in service.
fn ordered(instance: &Instance) -> Option<model::Instance> {
    let state = instance.lifecycle_state()?.as_str();
    let in_service = state == "InService";
    let id = instance.instance_id().filter(|_| in_service || state.starts_with("Pending"))?;
    Some(model::Instance { id: id.into(), in_service, capacity: units(instance).ok()? })
}

/// An instance's share of the capacity: 1, unless the group gives it a weight (1 to 999, as text).
fn units(instance: &Instance) -> Result<u32, Failure> {
    let Some(weight) = instance.weighted_capacity() else { return Ok(1) };
    weight.parse().map_err(|_not_a_number| {
        Failure::malformed(DESCRIBE, format_args!("WeightedCapacity is {weight:?}, not a whole number"))
    })
}

fn size(size: Option<i32>, name: &str) -> Result<u32, Failure> {
    size.and_then(|size| u32::try_from(size).ok())
        .ok_or_else(|| Failure::malformed(DESCRIBE, format_args!("{name} is {size:?}, not a size")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_autoscaling::types::SuspendedProcess;

    fn group(instances: Vec<Instance>) -> AutoScalingGroup {
        let group = AutoScalingGroup::builder().desired_capacity(4).min_size(1).max_size(9);
        group.set_instances(Some(instances)).build()
    }

    fn instance(state: &str) -> Instance {
        Instance::builder().lifecycle_state(state.into()).build()
    }

    #[test]
    fn every_lifecycle_state_is_counted_where_it_belongs_and_only_in_service_works() {
        for (states, expected) in [
            ("InService", Fleet { in_service: 1, ..Fleet::default() }),
            ("Pending Pending:Wait Pending:Proceed", Fleet { pending: 3, ..Fleet::default() }),
            (
                "Terminating Terminating:Wait Terminating:Proceed Terminating:Retained Terminated Detaching Detached",
                Fleet { terminating: 7, ..Fleet::default() },
            ),
            ("EnteringStandby Standby", Fleet { standby: 2, ..Fleet::default() }),
            (
                "Warmed:Pending Warmed:Pending:Wait Warmed:Stopped Warmed:Running Warmed:Hibernated Warmed:Terminated",
                Fleet { warmed: 6, ..Fleet::default() },
            ),
            ("Quarantined Inservice ReplacingRootVolume", Fleet { unknown: 3, ..Fleet::default() }),
        ] {
            let fleet = fleet(&group(states.split(' ').map(instance).collect())).unwrap();
            let sizes = Fleet { desired: 4, min: 1, max: 9, ..expected };
            assert_eq!(fleet, sizes, "{states}");
        }
    }

    #[test]
    fn a_groups_arn_tells_the_account() {
        let arn =
            "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:0a:autoScalingGroupName/workers";
        let group = |arn: &str| AutoScalingGroup::builder().auto_scaling_group_arn(arn).build();
        assert_eq!(account(&group(arn)).as_deref(), Some("123456789012"));
        assert_eq!(account(&group("workers")), None);
    }

    #[test]
    fn an_instance_without_a_state_is_unknown() {
        assert_eq!(fleet(&group(vec![Instance::builder().build()])).unwrap().unknown, 1);
    }

    #[test]
    fn weights_are_summed_and_a_weight_that_is_no_number_is_malformed() {
        let weighing = |weight: &str| {
            let instance = Instance::builder().lifecycle_state(LifecycleState::InService);
            instance.weighted_capacity(weight).build()
        };
        let weighted = fleet(&group(vec![weighing("3"), weighing("16")])).unwrap();
        assert_eq!((weighted.in_service, weighted.weighted), (19, true));
        let failure = fleet(&group(vec![weighing("heavy")])).unwrap_err();
        assert_eq!(failure.cause, Cause::Malformed);
        assert!(failure.why.contains("WeightedCapacity is \"heavy\""), "{failure}");
    }

    #[test]
    fn a_group_whose_sizes_are_absent_or_below_zero_is_malformed() {
        let absent = AutoScalingGroup::builder().min_size(0).max_size(9).build();
        let negative = AutoScalingGroup::builder().desired_capacity(4).min_size(-1).max_size(9).build();
        for (group, words) in
            [(absent, "DesiredCapacity is None"), (negative, "MinSize is Some(-1), not a size")]
        {
            let failure = fleet(&group).unwrap_err();
            assert_eq!(failure.cause, Cause::Malformed);
            assert!(failure.why.contains(words), "{failure}");
        }
    }

    #[test]
    fn of_the_suspended_processes_launch_and_terminate_matter() {
        let suspended = |names: &[&str]| {
            let processes = names.iter().map(|name| SuspendedProcess::builder().process_name(*name).build());
            let group = AutoScalingGroup::builder().desired_capacity(0).min_size(0).max_size(0);
            let fleet = fleet(&group.set_suspended_processes(Some(processes.collect())).build()).unwrap();
            (fleet.launch_suspended, fleet.terminate_suspended)
        };
        assert_eq!(suspended(&["AZRebalance", "Launch"]), (true, false));
        assert_eq!(suspended(&["Terminate", "HealthCheck"]), (false, true));
        assert_eq!(suspended(&["AlarmNotification"]), (false, false));
    }

    #[test]
    fn a_refused_write_says_what_it_means_and_what_the_service_said() {
        for (code, cause, meaning) in [
            (Some("ScalingActivityInProgress"), Cause::Refused, "the group is busy with a scaling activity"),
            (Some("ResourceContention"), Cause::Server, "another update of the group is pending"),
            (Some("ValidationError"), Cause::Refused, "the group does not accept this size"),
            (Some("Throttling"), Cause::Throttled, "the account's request rate is exhausted"),
            (Some("AccessDenied"), Cause::Denied, "the permission is lacking"),
            (None, Cause::Timeout, "no success"),
        ] {
            let failure = Failure { cause, code: code.map(str::to_owned), why: "its words".to_owned() };
            let said = refusal("workers", 7, &failure);
            assert!(said.starts_with(&format!("group workers to 7: {meaning}")), "{said}");
            assert!(said.ends_with(": its words"), "{said}");
        }
    }

    #[test]
    fn an_instance_refresh_stands_in_the_way_until_it_has_ended() {
        for status in ["Pending", "InProgress", "Baking", "Cancelling", "RollbackInProgress"] {
            let status = InstanceRefreshStatus::from(status);
            assert!(running(&status).is_some(), "{status}");
        }
        for status in ["Successful", "Failed", "Cancelled", "RollbackFailed", "RollbackSuccessful"] {
            let status = InstanceRefreshStatus::from(status);
            assert!(running(&status).is_none(), "{status}");
        }
    }
}
