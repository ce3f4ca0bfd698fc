//! Scalers of one schedule share their calls.

use crate::world::{World, eager, of};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The names that a `DescribeAutoScalingGroups` asked for.
fn names(call: &Value) -> BTreeSet<String> {
    let body = call["body"].as_object().unwrap();
    let names = body.iter().filter(|(key, _)| key.starts_with("AutoScalingGroupNames"));
    names.map(|(_, name)| name.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn three_scalers_cost_one_describe_and_one_put() {
    let world = World::new("shared").await;
    let mut settings = String::new();
    for (suffix, messages) in [("-a", 1), ("-b", 2), ("-c", 3)] {
        let queue = world.queue(suffix).await;
        world.messages(&queue, messages).await;
        let group = world.group(suffix, 0, 1, 10).await;
        settings += &eager(&group, "publish = { namespace = \"Shared\" }");
    }
    world.settings(&settings);

    assert_eq!(world.once(&[]).len(), 3);

    let described = world.emulator.calls("DescribeAutoScalingGroups", "shared-");
    assert_eq!(described.len(), 1);
    assert_eq!(names(&described[0]), ["shared-a", "shared-b", "shared-c"].map(str::to_owned).into());
    assert_eq!(described[0]["body"]["MaxRecords"], "100");
    let published = world.emulator.calls("PutMetricData", "\"Shared\"");
    assert_eq!(published.len(), 1);
    let data = published[0]["body"]["MetricData"].as_array().unwrap();
    let mut values: Vec<f64> = data.iter().map(|datum| datum["Value"].as_f64().unwrap()).collect();
    values.sort_by(f64::total_cmp);
    assert_eq!(values, [1.0, 2.0, 3.0]);
}

#[tokio::test]
async fn scalers_of_two_namespaces_share_no_put() {
    let world = World::new("apart").await;
    world.queue("").await;
    world.group("", 0, 1, 10).await;
    let looking = |name: &str| {
        let text = eager("apart", &format!("publish = {{ namespace = \"Apart-{name}\" }}"));
        let text = text.replace("drive = true", "drive = false");
        text.replacen("name = \"apart\"", &format!("name = \"apart-{name}\""), 1)
    };
    world.settings(&[looking("a"), looking("b")].concat());

    world.once(&[]);

    assert_eq!(world.emulator.calls("DescribeAutoScalingGroups", "\"apart\"").len(), 1);
    for namespace in ["Apart-a", "Apart-b"] {
        assert_eq!(world.emulator.calls("PutMetricData", &format!("{namespace:?}")).len(), 1);
    }
}

/// Two, where the process is not kept waiting: one that must share a processor may find the first
/// hundred together in more than one go.
#[tokio::test]
async fn a_hundred_and_twenty_groups_share_a_few_describes_of_at_most_a_hundred() {
    let world = World::new("crowd").await;
    let queue = world.queue("").await;
    world.messages(&queue, 10).await;
    let existing = ["crowd-000", "crowd-119"];
    for group in existing {
        world.group(group.strip_prefix("crowd").unwrap(), 0, 1, 10).await;
    }
    let all = (0..120).map(|number| format!("crowd-{number:03}"));
    let scalers =
        all.clone().map(|name| eager(&name, "").replace(&format!("queue = \"{name}\""), "queue = \"crowd\""));
    world.settings(&scalers.collect::<String>());

    let records = world.once(&[]);

    let described: Vec<Value> = world.emulator.calls("DescribeAutoScalingGroups", "crowd-");
    let asked: Vec<usize> = described.iter().map(|call| names(call).len()).collect();
    assert!((2..=5).contains(&asked.len()) && asked.iter().all(|count| *count <= 100), "{asked:?}");
    assert_eq!(asked.iter().sum::<usize>(), 120, "each once: {asked:?}");
    assert_eq!(described.iter().flat_map(names).collect::<BTreeSet<_>>(), all.collect());
    assert!(described.iter().all(|call| call["body"]["MaxRecords"] == "100"));
    let done = records.iter().filter(|record| record["outcome"]["kind"] == "done");
    let done: BTreeSet<&str> = done.map(|record| record["scaler"].as_str().unwrap()).collect();
    assert_eq!(done, existing.into());
    let absent = records.iter().filter(|record| record["sample"]["missing"][0]["cause"] == "not_found");
    assert_eq!(absent.count(), 118);
}

/// AWS documents that a page may hold fewer groups than asked for while there are more.
#[tokio::test]
async fn groups_that_come_in_pages_reach_every_scaler() {
    let world = World::new("paged").await;
    let queue = world.queue("").await;
    world.messages(&queue, 10).await;
    let mut settings = String::new();
    for number in 1..=5 {
        let group = world.group(&format!("-{number}"), 0, number, 10).await;
        settings += &eager(&group, "").replace(&format!("queue = \"{group}\""), "queue = \"paged\"");
    }
    world.settings(&settings);
    world.emulator.post("/emulator/pages", &json!({ "match": "paged-", "size": 2 }));

    let records = world.once(&[]);

    for number in 1..=5 {
        let record = of(&records, &format!("paged-{number}"));
        assert_eq!(record["sample"]["fleet"]["desired"], number, "{record}");
        assert_eq!(record["sample"]["missing"], json!([]), "{record}");
    }
    let pages = world.emulator.calls("DescribeAutoScalingGroups", "\"paged-");
    let tokens: Vec<&Value> = pages.iter().map(|page| &page["body"]["NextToken"]).collect();
    assert_eq!(
        tokens,
        [&Value::Null, &json!("paged-2"), &json!("paged-4")],
        "each page by the last one's token"
    );
    let all: BTreeSet<String> = (1..=5).map(|number| format!("paged-{number}")).collect();
    assert!(pages.iter().all(|page| names(page) == all && page["body"]["MaxRecords"] == "100"), "{pages:#?}");
}
