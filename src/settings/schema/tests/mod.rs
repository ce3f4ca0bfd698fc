//! Claims about the schema: that it is the reader's twin, as far as a schema can be.

mod values;

use super::super::reader::Book;
use super::super::reference::{one_file, uncommented, with_all_keys};
use super::super::{Settings, file, manual, parse};
use super::schema;
use crate::controller::Rules;
use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;
use values::{any_value, values};

/// A property of the schema.
struct Property {
    /// What its key is called, such as `scaler.limits.max`.
    key: String,
    /// The kind of policy it is of, if of one.
    policy: Option<String>,
    schema: Value,
}

fn properties() -> Vec<Property> {
    let mut found = Vec::new();
    collect(&schema(), "", None, &mut found);
    found
}

fn collect(schema: &Value, table: &str, policy: Option<&str>, found: &mut Vec<Property>) {
    for branch in schema["oneOf"].as_array().into_iter().flatten() {
        collect(branch, table, branch["properties"]["kind"]["const"].as_str(), found);
    }
    if schema["items"].is_object() {
        collect(&schema["items"], table, policy, found);
    }
    for (key, schema) in schema["properties"].as_object().into_iter().flatten() {
        let key = if table.is_empty() { key.clone() } else { format!("{table}.{key}") };
        collect(schema, &key, policy, found);
        found.push(Property { key, policy: policy.map(ToOwned::to_owned), schema: schema.clone() });
    }
}

fn validator() -> Validator {
    jsonschema::draft7::new(&schema()).unwrap()
}

/// Settings with every table there is, a policy of this kind, and no key that may be left out.
fn document(policy: &str) -> Value {
    let policy = match policy {
        "step" => {
            json!({ "out": [{ "above": 100, "add": 1 }], "in": [{ "below": 20, "remove": 1 }], "kind": "step" })
        }
        "latency" => json!({ "kind": "latency", "latency_objective_secs": 60 }),
        _ => json!({ "kind": "backlog_per_instance", "acceptable_backlog": 100 }),
    };
    let aws = json!({ "assume_role": { "arn": "arn:aws:iam::123456789012:role/backlogd" } });
    let window = json!({ "name": "office hours", "start": "0 0 8 * * Mon-Fri", "lasts_mins": 600, "min": 5 });
    json!({ "aws": aws, "daemon": {}, "notify": {}, "scaler": [{
        "name": "images", "aws": aws, "source": [{ "queue": "images" }], "target": { "name": "workers" },
        "policy": policy, "limits": {}, "window": [window], "control": {}, "publish": {},
    }] })
}

const POLICIES: [&str; 3] = ["latency", "backlog_per_instance", "step"];

/// The table that holds `key` in `document`, the first of several, and the key's name there.
fn place<'d, 'k>(document: &'d mut Value, key: &'k str) -> (&'d mut Map<String, Value>, &'k str) {
    fn first(value: &mut Value) -> &mut Value {
        if value.is_array() { &mut value[0] } else { value }
    }
    let (tables, name) = key.rsplit_once('.').unwrap_or(("", key));
    let keys = tables.split('.').filter(|table| !table.is_empty());
    let table = keys.fold(document, |value, key| first(value.get_mut(key).unwrap()));
    (table.as_object_mut().unwrap(), name)
}

fn set(document: &mut Value, key: &str, value: Value) {
    let (table, name) = place(document, key);
    table.insert(name.to_owned(), value);
}

/// `value` as TOML. A string of JSON is one of TOML.
fn toml(value: &Value) -> String {
    let inside = |items: Vec<String>| items.join(", ");
    match value {
        Value::Array(items) => format!("[{}]", inside(items.iter().map(toml).collect())),
        Value::Object(items) => {
            let item = |(key, value): (&String, &Value)| format!("{} = {}", json!(key), toml(value));
            format!("{{ {} }}", inside(items.iter().map(item).collect()))
        }
        other => other.to_string(),
    }
}

/// What the reader makes of `document`, or the titles of its mistakes.
fn read(document: &Value) -> Result<Settings, Vec<String>> {
    let line = |(key, value): (&String, &Value)| format!("{key} = {}\n", toml(value));
    let text: String = document.as_object().unwrap().iter().map(line).collect();
    parse(&one_file(&text)).map_err(|mistakes| {
        let shown = mistakes.to_string();
        shown.lines().filter_map(|line| line.strip_prefix("error: ")).map(ToOwned::to_owned).collect()
    })
}

/// Mistakes that only show when several values are held together: no schema's business.
const TOGETHER: [&str; 13] = [
    "there is no [[scaler]]",
    "is above",
    "is below",
    "is another",
    "is less than a nearer step's",
    "is the threshold of two steps",
    "reaches into the steps out",
    "is the same queue once more",
    "contradicts the queue",
    "too short for the",
    "cannot be reached by other hosts",
    "publishes two metrics under one name",
    "is in eu-west-1, but the scaler's region is",
];

/// Where the schema's answer is not the reader's, in words: what the one accepts, the other does, and it
/// refuses what has a mistake in a value or a key by itself.
fn difference(validator: &Validator, document: &Value, what: &str) -> Option<String> {
    let read = read(document);
    if !validator.is_valid(document) {
        let says = || validator.iter_errors(document).map(|error| error.to_string()).collect::<Vec<_>>();
        return read.is_ok().then(|| format!("{what}: refused, but the reader accepts it: {:?}", says()));
    }
    let own = |title: &String| !TOGETHER.iter().any(|says| title.contains(says));
    let title = read.err()?.into_iter().find(own)?;
    Some(format!("{what}: accepted, but the reader says: {title}"))
}

#[test]
fn the_schema_is_one() {
    jsonschema::draft7::meta::validate(&schema()).unwrap();
}

#[test]
fn every_key_the_reader_knows_is_in_the_schema() {
    let book = Book::default();
    assert!(file::read(&one_file(&with_all_keys()), &book).is_some());
    let shown: BTreeSet<String> = properties().into_iter().map(|property| property.key).collect();
    assert_eq!(book.known(), shown);
}

#[test]
fn every_key_is_described() {
    for Property { key, schema, .. } in properties() {
        assert!(schema["description"].is_string() || key == "scaler.policy.kind", "{key}");
    }
}

#[test]
fn the_schema_shows_the_readers_defaults() {
    let mut shown = 0;
    for Property { key, policy, schema } in properties() {
        let Some(default) = schema.get("default") else { continue };
        shown += 1;
        let mut told = document(policy.as_deref().unwrap_or("latency"));
        let silent = read(&told);
        set(&mut told, &key, default.clone());
        assert_eq!(read(&told), silent, "{key} = {default}");
    }
    assert!(shown > 20, "defaults are not where they were looked for");
}

#[test]
fn defaults_that_depend_on_the_policy_are_told_for_each() {
    type Time = fn(&Rules) -> Duration;
    let times: [(&str, Time); 4] = [
        ("cooldown_out_secs", |rules| rules.cooldown_out),
        ("cooldown_in_secs", |rules| rules.cooldown_in),
        ("stabilization_secs", |rules| rules.stabilization),
        ("empty_for_secs", |rules| rules.empty_for),
    ];
    for (key, time) in times {
        let secs = |policy: &str| time(&read(&document(policy)).unwrap().scalers[0].rules).as_secs();
        let told = format!("By default {} under the latency policy, else {}.", secs("latency"), secs("step"));
        let property = properties().into_iter().find(|each| each.key == format!("scaler.control.{key}"));
        let description = property.unwrap().schema["description"].clone();
        assert!(description.as_str().unwrap().ends_with(&told), "{key}: {description}");
    }
}

#[test]
fn the_manual_page_and_the_schema_show_the_same_defaults() {
    let page = manual::told();
    for Property { key, schema, .. } in properties() {
        let Some(Some(told)) = page.get(&key) else { continue };
        let as_json: Value = toml::from_str::<Value>(&format!("told = {told}")).unwrap()["told"].take();
        match schema.get("default") {
            Some(default) if default.is_number() => assert_eq!(as_json.as_f64(), default.as_f64(), "{key}"),
            Some(default) => assert_eq!(as_json, *default, "{key}"),
            None => {
                let description = schema["description"].as_str().unwrap();
                assert!(description.contains(&format!("By default {told} ")), "{key}: {description}");
            }
        }
    }
}

/// The pieces of a document that begin with a `[[scaler]]`.
fn scalers_in(page: &str) -> Vec<String> {
    let (mut found, mut inside) = (Vec::new(), false);
    for line in page.lines().map(str::trim_start) {
        if line.starts_with("[[scaler]]") {
            inside = true;
            found.push(String::new());
        }
        inside &= !["```", ".Ed", "END", "- "].iter().any(|end| line.starts_with(end));
        if let (true, Some(piece)) = (inside, found.last_mut()) {
            piece.push_str(line);
            piece.push('\n');
        }
    }
    found
}

#[test]
fn every_example_in_the_repository_is_valid() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = |path: &Path| fs::read_to_string(path).unwrap();
    let mut examples = vec![with_all_keys(), uncommented(&text(&root.join("packaging/backlogd.toml")))];
    let settings = fs::read_dir(root.join("packaging/iam")).unwrap().map(|entry| entry.unwrap().path());
    examples.extend(
        settings.filter(|path| path.extension().is_some_and(|kind| kind == "toml")).map(|path| text(&path)),
    );
    for page in ["README.md", "docs/backlogd.toml.5", "packaging/user-data/backlogd.yaml"] {
        examples.extend(scalers_in(&text(&root.join(page))));
    }
    let validator = validator();
    for example in &examples {
        let document: Value = toml::from_str(example).unwrap();
        let says: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert!(document["scaler"][0].is_object() && says.is_empty(), "{says:?}\n{example}");
    }
    assert!(examples.len() >= 10, "examples are not where they were looked for");
}

#[test]
fn an_unknown_key_is_refused_in_every_table() {
    let validator = validator();
    let tables: BTreeSet<String> =
        properties().iter().filter_map(|each| Some(each.key.rsplit_once('.')?.0.to_owned())).collect();
    for table in tables {
        let policy = if table.starts_with("scaler.policy.") { "step" } else { "latency" };
        let mut odd = document(policy);
        set(&mut odd, &format!("{table}.x"), json!(1));
        assert!(read(&odd).unwrap_err()[0].contains("unknown key"), "{table}");
        assert!(!validator.is_valid(&odd), "{table}");
    }
}

#[test]
fn a_key_that_is_missing_is_missed_by_both() {
    let (validator, mut different) = (validator(), Vec::new());
    for policy in POLICIES {
        for Property { key, .. } in properties() {
            let mut bare = document(policy);
            let is_there =
                key.split('.').try_fold(&bare, |value, key| value.get(key).or_else(|| value[0].get(key)));
            if is_there.is_some() {
                let (table, name) = place(&mut bare, &key);
                table.remove(name);
                different.extend(difference(&validator, &bare, &format!("{policy} without {key}")));
            }
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn the_schema_refuses_what_the_reader_refuses_and_nothing_else() {
    let (validator, mut different) = (validator(), Vec::new());
    // A scaler's own `aws` is that of the file.
    let other = |property: &Property| !property.key.starts_with("scaler.aws.");
    for Property { key, policy, schema } in properties().into_iter().filter(other) {
        for value in values(schema["type"].as_str()) {
            let mut odd = document(policy.as_deref().unwrap_or("latency"));
            let what = format!("{key} = {value}");
            set(&mut odd, &key, value);
            different.extend(difference(&validator, &odd, &what));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    /// An editor must not underline what the daemon takes.
    #[test]
    fn what_the_reader_accepts_the_schema_accepts(key in 0_usize..1000, value in any_value()) {
        thread_local! {
            static SHARED: (Vec<Property>, Validator) = (properties(), validator());
        }
        SHARED.with(|(properties, validator)| {
            let Property { key, policy, .. } = &properties[key % properties.len()];
            let mut odd = document(policy.as_deref().unwrap_or("latency"));
            set(&mut odd, key, value.clone());
            assert!(validator.is_valid(&odd) || read(&odd).is_err(), "{key} = {value}");
        });
    }
}
