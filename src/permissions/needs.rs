use super::pattern::literal;
use super::{Grant, Identity, Permission};
use crate::aws::Arn;
use crate::settings::{PolicyKind, QueueSource, Scaler, Settings, Topic};
use std::collections::{BTreeMap, BTreeSet};

/// The identities that `settings` call for: the daemon's own first, then the roles in the order of their ARNs.
///
/// Without scalers of its own, what the daemon's identity needs is to assume the roles.
#[must_use]
pub fn identities(settings: &Settings) -> Vec<Identity> {
    let mut scalers: BTreeMap<Option<&str>, Vec<&Scaler>> = BTreeMap::from([(None, Vec::new())]);
    for scaler in &settings.scalers {
        let role = scaler.place.assume_role.as_ref().map(|role| role.arn.as_str());
        scalers.entry(role).or_default().push(scaler);
    }
    let topic = settings.scalers.first().and_then(|scaler| scaler.notify.topic.as_ref());
    if let Some(topic) = topic {
        scalers.entry(role_of(topic)).or_default();
    }
    let roles: BTreeSet<String> = scalers.keys().flatten().map(|role| (*role).to_owned()).collect();
    let own = |role| topic.filter(|topic| role_of(topic) == role);
    scalers.into_iter().map(|(role, scalers)| identity(role, &scalers, own(role), &roles)).collect()
}

/// The role in whose name the topic is told.
fn role_of(topic: &Topic) -> Option<&str> {
    topic.place.assume_role.as_ref().map(|role| role.arn.as_str())
}

fn identity(
    role: Option<&str>,
    scalers: &[&Scaler],
    topic: Option<&Topic>,
    roles: &BTreeSet<String>,
) -> Identity {
    let whose = Whose::of(role, scalers);
    let mut grants: BTreeMap<Permission, Grant> = BTreeMap::new();
    if role.is_none() && !roles.is_empty() {
        needs(&mut grants, Permission::AssumeRoles).resources.clone_from(roles);
    }
    for scaler in scalers {
        reading(&mut grants, scaler, &whose);
        writing(&mut grants, scaler, &whose);
    }
    if let Some(topic) = topic {
        needs(&mut grants, Permission::SendNotices).resources.insert(topic.arn.clone());
    }
    let places = scalers.iter().map(|scaler| &scaler.place).chain(topic.map(|topic| &topic.place));
    let external_ids = places.filter_map(|place| place.assume_role.as_ref());
    Identity {
        role: role.map(ToOwned::to_owned),
        external_ids: external_ids.map(|role| role.external_id.clone()).collect(),
        grants: grants.into_values().collect(),
        remarks: remarks(scalers, &whose),
    }
}

impl Identity {
    /// The same identity, which counts what lies in the dead-letter queues of these ARNs as well. Of these the
    /// settings do not tell: they are in the queues' redrive policies.
    #[must_use]
    pub fn with_dead_letter_queues(self, arns: &[String]) -> Self {
        if arns.is_empty() || !self.grants.iter().any(|grant| grant.permission == Permission::ReadQueues) {
            return self;
        }
        let mut grants: BTreeMap<Permission, Grant> =
            self.grants.into_iter().map(|grant| (grant.permission, grant)).collect();
        for permission in [Permission::FindDeadLetterQueues, Permission::ReadDeadLetterQueues] {
            needs(&mut grants, permission).resources.extend(arns.iter().cloned());
        }
        Self { grants: grants.into_values().collect(), ..self }
    }
}

fn needs(grants: &mut BTreeMap<Permission, Grant>, permission: Permission) -> &mut Grant {
    let nothing = || Grant { permission, resources: BTreeSet::new(), namespaces: BTreeSet::new() };
    grants.entry(permission).or_insert_with(nothing)
}

/// AWS knows no resources for the action: it is allowed on everything or not at all.
pub(super) const EVERYTHING: &str = "*";

fn reading(grants: &mut BTreeMap<Permission, Grant>, scaler: &Scaler, whose: &Whose<'_>) {
    for source in &scaler.sources {
        let queue = whose.queue(source, region(scaler));
        // A URL is used as it is given.
        if source.address.url.is_none() {
            needs(grants, Permission::FindQueues).resources.insert(queue.clone());
        }
        needs(grants, Permission::ReadQueues).resources.insert(queue);
    }
    needs(grants, Permission::ReadGroups).resources.insert(EVERYTHING.to_owned());
    // Another account's metrics are not asked for.
    let learns = matches!(scaler.policy, PolicyKind::Latency(_));
    if learns && scaler.sources.iter().any(|source| !whose.is_foreign(source)) {
        needs(grants, Permission::ReadMetrics).resources.insert(EVERYTHING.to_owned());
    }
}

fn writing(grants: &mut BTreeMap<Permission, Grant>, scaler: &Scaler, whose: &Whose<'_>) {
    if scaler.drive {
        let group = whose.group(&scaler.group, region(scaler));
        needs(grants, Permission::SetDesiredCapacity).resources.insert(group);
        needs(grants, Permission::ReadInstanceRefreshes).resources.insert(EVERYTHING.to_owned());
    }
    if let Some(destination) = &scaler.publish {
        let grant = needs(grants, Permission::PublishMetrics);
        grant.resources.insert(EVERYTHING.to_owned());
        grant.namespaces.insert(destination.namespace.clone());
    }
}

/// The region of a scaler's calls, in which its queues must be too.
fn region(scaler: &Scaler) -> Option<&str> {
    let queues = || scaler.sources.iter().find_map(|source| source.address.region.as_deref());
    scaler.place.region.as_deref().or_else(queues)
}

/// Whose credentials are at work, as far as the settings tell.
struct Whose<'a> {
    /// The account: of the role, or of a group that is given by its ARN and so must be in it.
    account: Option<&'a str>,
    /// The partition of the role.
    partition: Option<&'a str>,
}

impl<'a> Whose<'a> {
    fn of(role: Option<&'a str>, scalers: &[&'a Scaler]) -> Self {
        let arn = role.and_then(|role| Arn::of_service("iam", role).ok());
        let groups = scalers.iter().find_map(|scaler| scaler.group_account.as_deref());
        Self {
            account: arn.map(|arn| arn.account).or(groups),
            partition: role.and_then(|role| role.split(':').nth(1)),
        }
    }

    fn queue(&self, source: &QueueSource, region: Option<&str>) -> String {
        let account = source.address.owner.as_deref().or(self.account).unwrap_or("*");
        let name = &source.address.name;
        format!("arn:{}:sqs:{}:{account}:{name}", self.partition_of(region), region.unwrap_or("*"))
    }

    /// The UUID changes whenever the group is made anew.
    fn group(&self, name: &str, region: Option<&str>) -> String {
        format!(
            "arn:{}:autoscaling:{}:{}:autoScalingGroup:*:autoScalingGroupName/{}",
            self.partition_of(region),
            region.unwrap_or("*"),
            self.account.unwrap_or("*"),
            literal(name)
        )
    }

    fn partition_of(&self, region: Option<&str>) -> &str {
        match region {
            Some(region) => partition(region),
            None => self.partition.unwrap_or("aws"),
        }
    }

    /// Whether the queue is known to be another account's.
    fn is_foreign(&self, source: &QueueSource) -> bool {
        source.address.owner.as_deref().zip(self.account).is_some_and(|(owner, account)| owner != account)
    }
}

/// The partition that a region is in. Source: `partitions.json` of the AWS SDKs.
pub(super) fn partition(region: &str) -> &'static str {
    const BY_PREFIX: [(&str, &str); 7] = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-iso-", "aws-iso"),
        ("us-isob-", "aws-iso-b"),
        ("us-isof-", "aws-iso-f"),
        ("eu-isoe-", "aws-iso-e"),
        ("eusc-", "aws-eusc"),
    ];
    BY_PREFIX.iter().find(|(prefix, _)| region.starts_with(prefix)).map_or("aws", |(_, partition)| partition)
}

fn remarks(scalers: &[&Scaler], whose: &Whose<'_>) -> Vec<String> {
    let mut remarks = Vec::new();
    let queues = || scalers.iter().flat_map(|scaler| scaler.sources.iter().map(move |queue| (scaler, queue)));
    if scalers.iter().any(|scaler| region(scaler).is_none()) {
        remarks.push(
            "the settings name no region: `*` stands for it; set `region` under [aws] to name it".to_owned(),
        );
    }
    let unowned = queues().any(|(_, queue)| queue.address.owner.is_none());
    if whose.account.is_none() && (unowned || scalers.iter().any(|scaler| scaler.drive)) {
        remarks.push(
            "the settings do not tell the account: `*` stands for it, which allows nothing in another account \
             unless that account allows it too; give queue and group by their ARNs to name it"
                .to_owned(),
        );
    }
    let foreign = queues().filter(|(_, queue)| whose.is_foreign(queue));
    let mut foreign: Vec<String> = foreign
        .map(|(scaler, queue)| {
            let arn = whose.queue(queue, region(scaler));
            format!("{arn} is another account's: the queue's own policy must allow this identity the same")
        })
        .collect();
    foreign.sort();
    foreign.dedup();
    remarks.append(&mut foreign);
    remarks
}
