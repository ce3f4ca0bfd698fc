use super::cross::Claims;
use super::file::Whereabouts;
use super::reader::{At, Here, Table};
use super::{QueueSource, Scaler, Schedule, forms, policy, publish, rules};
use crate::source::QueueAddress;
use toml::de::DeValue;

/// Often enough to notice a burst well within a minute.
const DEFAULT_SCHEDULE: &str = "*/10 * * * * *";

/// Reads one `[[scaler]]`, the `index`-th of its file: the scaler if it can be had, and what it claims
/// for itself.
pub(super) fn read<'a>(
    mut table: Table<'a>,
    index: usize,
    base: &Whereabouts<'a>,
) -> (Option<Scaler>, Claims<'a>) {
    let owner = table
        .peek("name")
        .map_or_else(|| format!("scaler #{}", index + 1), |name| format!("scaler {name:?}"));
    table.owned_by(&owner);
    let name = table.require("name", "name = \"images\"").and_then(|value| value.text(forms::scaler_name));
    let (schedule, schedule_here) = schedule(&mut table);
    let drive = table.flag("drive").unwrap_or(false);
    let whereabouts = base.overlaid(table.child("aws"));
    let target = target(&mut table);
    let sources = sources(&mut table, &whereabouts);
    let policy =
        table.require("policy", "policy = { kind = \"backlog_per_instance\", acceptable_backlog = 100 }");
    let policy = policy.and_then(At::table).and_then(policy::read);
    let timing = schedule.as_ref().map(|schedule| (schedule.period(), schedule_here));
    let rules = rules::read(table.child("limits"), table.child("control"), timing);
    let publish = table.take("publish").and_then(At::table).and_then(|publish| {
        let default_name = name.as_ref().map(|at| at.value.as_str());
        publish::read(publish, default_name)
    });
    table.finish();

    if let Some(target) = &target
        && let Some(region) = &target.value.1
    {
        same_region(region, &target.here, &whereabouts);
    }
    let place = whereabouts.place(target.as_ref().and_then(|target| target.value.1.clone()));
    let group = target.map(|target| At { value: target.value.0, here: target.here });
    let claims =
        Claims { place: place.clone(), name, drives: group.clone().filter(|_| drive), publishes: publish };
    let scaler = || {
        Some(Scaler {
            name: claims.name.clone()?.value,
            schedule: schedule?,
            drive,
            place,
            sources: sources?,
            group: group?.value,
            policy: policy?,
            rules,
            publish: claims.publishes.as_ref().map(|at| at.value.clone()),
        })
    };
    (scaler(), claims)
}

/// The schedule, and where it stands if it was given.
fn schedule<'a>(table: &mut Table<'a>) -> (Option<Schedule>, Option<Here<'a>>) {
    let Some(value) = table.take("schedule") else { return (Schedule::parse(DEFAULT_SCHEDULE).ok(), None) };
    let here = value.here.clone();
    let read = value.text(forms::schedule);
    (read.map(|at| at.value), Some(here))
}

/// The group's name, and the region its ARN tells.
fn target<'a>(table: &mut Table<'a>) -> Option<At<'a, (String, Option<String>)>> {
    let example = "target = { name = \"image-workers\" }";
    let mut table = table.require("target", example)?.table()?;
    table.text("kind", forms::one_of(&["asg"]));
    let name = table.require("name", "name = \"image-workers\"").and_then(|value| value.text(forms::group));
    table.finish();
    name
}

fn sources<'a>(table: &mut Table<'a>, whereabouts: &Whereabouts<'a>) -> Option<Vec<QueueSource>> {
    let example = "source = [{ queue = \"images\" }]";
    let value = table.require("source", example)?;
    let here = value.here.clone();
    let list = value.list(&format!("must be a list of queues: {example}"))?;
    if list.is_empty() {
        here.note(here.mistake("is empty", "at least one queue is wanted"));
    }
    let mut seen: Vec<At<'a, QueueAddress>> = Vec::new();
    let mut sources = Some(Vec::new());
    for element in list {
        let read = element.table().and_then(|table| source(table, whereabouts));
        if let Some((source, here)) = &read {
            once(&seen, &source.address, here, whereabouts);
            seen.push(At { value: source.address.clone(), here: here.clone() });
        }
        sources = sources.zip(read).map(|(mut sources, (source, _))| {
            sources.push(source);
            sources
        });
    }
    sources
}

fn source<'a>(mut table: Table<'a>, whereabouts: &Whereabouts<'a>) -> Option<(QueueSource, Here<'a>)> {
    table.text("kind", forms::one_of(&["sqs"]));
    let queue = table.require("queue", "queue = \"images\"").and_then(|value| value.text(forms::queue));
    let owner = table.text("owner", forms::account);
    let weight = table.number("weight", forms::above_zero).map_or(1.0, |at| at.value);
    let count_in_flight = table.flag("count_in_flight").unwrap_or(false);
    let count_delayed = table.flag("count_delayed").unwrap_or(false);
    table.finish();

    let At { value: mut address, here } = queue?;
    if let Some(region) = &address.region {
        same_region(region, &here, whereabouts);
    }
    if let Some(owner) = owner {
        match &address.owner {
            Some(told) if *told != owner.value => {
                let label = format!("but this is a queue of {told}");
                let mistake = owner.here.mistake("contradicts the queue", format!("{} here", owner.value));
                owner.here.note(mistake.and(&here.at, label));
            }
            _ => address.owner = Some(owner.value),
        }
    }
    Some((QueueSource { address, weight, count_in_flight, count_delayed }, here))
}

/// Notes a mistake if `address` is one of those `seen`, however each of them was written.
fn once(
    seen: &[At<'_, QueueAddress>],
    address: &QueueAddress,
    here: &Here<'_>,
    whereabouts: &Whereabouts<'_>,
) {
    let own = whereabouts.region.as_ref().map(|at| &at.value);
    let identity = |queue: &QueueAddress| {
        (queue.name.clone(), queue.owner.clone(), queue.region.as_ref().or(own).cloned())
    };
    if let Some(first) = seen.iter().find(|first| identity(&first.value) == identity(address)) {
        let mistake = here.mistake("is the same queue once more", "its messages would count twice");
        here.note(mistake.and(&first.here.at, "first here"));
    }
}

/// Notes a mistake if `here`, which is in `region`, is not where the scaler's calls go.
fn same_region(region: &str, here: &Here<'_>, whereabouts: &Whereabouts<'_>) {
    let Some(set) = whereabouts.region.as_ref().filter(|set| set.value != region) else { return };
    let says = format!("is in {region}, but the scaler's region is {}", set.value);
    let mistake = here.mistake(says, "of another region").and(&set.here.at, "set here");
    here.note(mistake.help(format!("give the scaler its own: aws = {{ region = {region:?} }}")));
}

/// The tables in the list under `key`; none if it is absent.
pub(super) fn tables<'a>(table: &mut Table<'a>, key: &'static str, wanted: &str) -> Vec<Table<'a>> {
    let list = table.take(key).and_then(|value: At<'a, DeValue<'a>>| value.list(wanted));
    list.into_iter().flatten().filter_map(At::table).collect()
}
