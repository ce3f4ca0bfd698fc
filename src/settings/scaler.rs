use super::cross::Claims;
use super::reader::{At, Here, Table};
use super::rules::Timing;
use super::whereabouts::Whereabouts;
use super::{Notify, QueueSource, Scaler, Schedule, forms, policy, publish, rules, windows};
use crate::controller::Rules;
use crate::source::QueueAddress;

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
    let mut whereabouts = base.overlaid(table.child("aws"));
    let (group, group_account) = target(&mut table, &mut whereabouts).unzip();
    let sources = sources(&mut table, &whereabouts);
    let mut control = table.child("control");
    let slots = rules::slots(&mut control);
    let policy = table.require("policy", "policy = { kind = \"latency\", latency_objective_secs = 60 }");
    let policy = policy.and_then(At::table).and_then(|policy| policy::read(policy, slots));
    let timing = schedule.as_ref().map(|schedule| Timing { schedule, here: schedule_here, drive });
    let rules = rules::read(table.child("limits"), control, slots, policy.as_ref(), timing);
    let rules = Rules { windows: windows::read(&mut table, &rules.limits), ..rules };
    let publish = table.take("publish").and_then(At::table).and_then(|publish| {
        let default_name = name.as_ref().map(|at| at.value.as_str());
        publish::read(publish, default_name)
    });
    table.finish();

    let place = whereabouts.place();
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
            group_account: group_account.flatten(),
            policy: policy?,
            rules,
            publish: claims.publishes.as_ref().map(|at| at.value.clone()),
            notify: Notify::default(),
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

/// The group's name, and the account that its ARN tells. The region that it tells is the scaler's, if none
/// is set.
fn target<'a>(
    table: &mut Table<'a>,
    whereabouts: &mut Whereabouts<'a>,
) -> Option<(At<'a, String>, Option<String>)> {
    let mut table = table.require("target", "target = { name = \"image-workers\" }")?.table()?;
    table.text("kind", forms::one_of(&["asg"]));
    let name = table.require("name", "name = \"image-workers\"").and_then(|value| value.text(forms::group));
    table.finish();
    let At { value: (name, place), here } = name?;
    let (region, account) = place.unzip();
    if let Some(region) = region {
        same_region(&region, &here, whereabouts);
        whereabouts.region.get_or_insert(At { value: region, here: here.clone() });
    }
    Some((At { value: name, here }, account))
}

fn sources<'a>(table: &mut Table<'a>, whereabouts: &Whereabouts<'a>) -> Option<Vec<QueueSource>> {
    let example = "source = [{ queue = \"images\" }]";
    let value = table.require("source", example)?;
    let here = value.here.clone();
    let list =
        value.list(&format!("must be a list of queues: {example}\nor a table [[scaler.source]] for each"))?;
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
    let mistake = here.mistake(says, "of another region").and(&set.here.at, "that region");
    here.note(mistake.help(format!("give the scaler its own: aws = {{ region = {region:?} }}")));
}

#[cfg(test)]
mod tests {
    use super::super::tests::{accepted, refused, scaler, titles};

    #[test]
    fn a_pattern_of_five_fields_is_shown_with_all_fields_and_the_right_one() {
        let expected = "\
error: scaler \"images\": schedule cannot be \"*/5 * * * *\"
 --> main.toml:6:12
  |
6 | schedule = \"*/5 * * * *\"
  |            ^^^^^^^^^^^^^ must have 6 or 7 fields: second, minute, hour, day of month, month, day of week, \
and perhaps a year; it has 5
  |
  = help: the seconds come first: \"0 */5 * * * *\"";
        assert_eq!(refused(&[&scaler("schedule = \"*/5 * * * *\"")]), expected);
    }

    #[test]
    fn a_field_of_a_pattern_that_is_wrong_is_named_with_its_value_and_what_is_allowed() {
        let expected = "\
error: scaler \"images\": schedule cannot be \"0 60 24 * * *\"
 --> main.toml:6:12
  |
6 | schedule = \"0 60 24 * * *\"
  |            ^^^^^^^^^^^^^^^ minutes \"60\": must be 0 to 59; hours \"24\": must be 0 to 23
  |
  = help: a field is `*`, or one or more of these, separated by commas: a value, a range (8-18), a step (*/10)";
        assert_eq!(refused(&[&scaler("schedule = \"0 60 24 * * *\"")]), expected);
        for (pattern, words) in [
            ("10-5 * * * * *", "seconds \"10-5\": must be 0 to 59"),
            ("0 0,x * * * *", "minutes \"0,x\": must be 0 to 59"),
            ("0 */0 * * * *", "minutes \"*/0\": must be 0 to 59"),
            ("0 0 0 0 * *", "day of month \"0\": must be 1 to 31, L (the last), or 15W"),
            ("0 0 0 * Mai *", "month \"Mai\": must be 1 to 12, or JAN to DEC"),
            ("0 0 0 * * Mo-Fr", "day of week \"Mo-Fr\": must be 0 to 7 (0 and 7 are Sunday), or SUN to SAT"),
            ("0 0 0 * * 8 5001", "day of week \"8\""),
            ("0 0 0 * * 8 5001", "; year \"5001\": must be 1 to 5000"),
            ("@often", "must be @yearly, @monthly, @weekly, @daily or @hourly"),
            ("", "must have 6 or 7 fields: "),
        ] {
            let shown = refused(&[&scaler(&format!("schedule = {pattern:?}"))]);
            assert!(shown.contains(words), "{pattern}: {shown}");
        }
        let shown = refused(&[&scaler("schedule = \"0 61 * * *\"")]);
        assert!(!shown.contains("0 0 61"), "what is wrong as well is not proposed: {shown}");
        for good in [
            "59 59 23 L 12 *",
            "0 0 0 15W JAN ?",
            "0 0 0 * * FRI#2",
            "0 0 0 * * fri#L",
            "0 0 0 * * 0-7 *",
            "@hourly",
        ] {
            accepted(&[&scaler(&format!("schedule = {good:?}"))]);
        }
    }

    #[test]
    fn a_queue_of_another_region_is_shown_with_the_region_set() {
        let main = "[aws]\nregion = \"eu-west-1\"\n";
        let queue = "source = [{ queue = \"https://sqs.us-east-1.amazonaws.com/123456789012/images\" }]";
        let shown = refused(&[main, &scaler(queue)]);
        assert!(
            shown.contains("source[0].queue is in us-east-1, but the scaler's region is eu-west-1"),
            "{shown}"
        );
        assert!(shown.contains("conf.d/1.toml:5:21") && shown.contains("main.toml:2:10"), "{shown}");
        accepted(&[main, &scaler(&format!("{queue}\naws = {{ region = \"us-east-1\" }}"))]);
        accepted(&["", &scaler(queue)]);
    }

    #[test]
    fn a_groups_arn_tells_the_region_if_none_is_set() {
        let arn =
            "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:0a:autoScalingGroupName/workers";
        let target = format!("target = {{ name = \"{arn}\" }}");
        let read = accepted(&[&scaler(&target)]).scalers.remove(0);
        assert_eq!((read.group.as_str(), read.place.region.as_deref()), ("workers", Some("eu-west-1")));

        let elsewhere = scaler(&format!("{target}\naws = {{ region = \"us-east-1\" }}"));
        assert!(titles(&[&elsewhere])[0].contains("target.name is in eu-west-1, but"));
        let queue = "source = [{ queue = \"arn:aws:sqs:us-east-1:123456789012:images\" }]";
        let apart = scaler(&format!("{target}\n{queue}"));
        assert!(titles(&[&apart])[0].contains("source[0].queue is in us-east-1, but"));
    }

    #[test]
    fn an_arn_of_another_service_is_refused_with_the_allowed_forms() {
        let shown =
            refused(&[&scaler("source = [{ queue = \"arn:aws:sns:eu-west-1:123456789012:images\" }]")]);
        assert!(shown.contains("an ARN of `sns`, where one of `sqs` is wanted"), "{shown}");
        assert!(shown.contains("help: a queue is given by its name, by its URL"), "{shown}");
        let shown = refused(&[&scaler("target = { name = \"arn:aws:sqs:eu-west-1:123456789012:images\" }")]);
        assert!(shown.contains("help: a group is given by its name"), "{shown}");
    }

    #[test]
    fn an_owner_is_kept_unless_it_contradicts_the_queue() {
        let queue = |owner: &str| {
            scaler(&format!(
                "source = [{{ queue = \"arn:aws:sqs:eu-west-1:123456789012:images\", owner = \"{owner}\" }}]"
            ))
        };
        let shown = refused(&[&queue("210987654321")]);
        assert!(shown.contains("source[0].owner contradicts the queue"), "{shown}");
        assert!(shown.contains("but this is a queue of 123456789012"), "{shown}");
        accepted(&[&queue("123456789012")]);
        let named = scaler("source = [{ queue = \"images\", owner = \"123456789012\" }]");
        let address = accepted(&[&named]).scalers.remove(0).sources.remove(0).address;
        assert_eq!(address.owner.as_deref(), Some("123456789012"));
        assert!(refused(&[&queue("1234")]).contains("must be an account's 12 digits"));
    }

    #[test]
    fn a_queue_is_read_once_however_it_is_written() {
        let arn = "arn:aws:sqs:eu-west-1:123456789012:images";
        let url = "https://sqs.eu-west-1.amazonaws.com/123456789012/images";
        let two =
            |second: &str| scaler(&format!("source = [{{ queue = \"{arn}\" }}, {{ queue = \"{second}\" }}]"));
        let shown = refused(&[&two(url)]);
        assert!(shown.contains("source[1].queue is the same queue once more"), "{shown}");
        assert!(shown.contains("first here"), "{shown}");
        accepted(&[&two(&arn.replace("images", "videos"))]);
        accepted(&[&two(&arn.replace("123456789012", "210987654321"))]);
    }

    #[test]
    fn names_weights_and_kinds_are_checked() {
        let text = scaler(
            "name = \"a/b\"\nsource = [{ kind = \"kafka\", queue = \"images\", weight = -1 }]\n\
             target = { kind = \"asgs\", name = \"\" }",
        );
        let expected = [
            "name cannot be \"a/b\"",
            "source[0].kind cannot be \"kafka\"",
            "source[0].weight cannot be -1",
            "target.kind cannot be \"asgs\"",
            "target.name cannot be \"\"",
        ];
        assert_eq!(titles(&[&text]), expected.map(|title| format!("scaler \"a/b\": {title}")));
        assert_eq!(titles(&[&scaler("source = []")]), ["scaler \"images\": source is empty"]);
    }
}
