//! Claims about `config/backlogd.toml`, the file that shows every key.

use super::reader::Book;
use super::{describe, file, load, parse};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;
use toml::de::{DeTable, DeValue};

pub(super) const SHIPPED: &str = include_str!("../../config/backlogd.toml");

/// The least that can be said, publishing included.
const MINIMAL: &str = r#"
[[scaler]]
name = "images"
source = [{ queue = "images" }]
target = { name = "image-workers" }
policy = { kind = "latency", latency_objective_secs = 60 }
publish = {}
"#;

/// The file with every key that stands behind a `#` without a space.
pub(super) fn with_all_keys() -> String {
    uncommented(SHIPPED)
}

/// `text` with what stands behind a `#`, unless that is a comment or a directive for editors.
pub(super) fn uncommented(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix('#') {
        Some(key) if !key.is_empty() && !key.starts_with([' ', ':']) => format!("{key}\n"),
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

pub(super) fn one_file(text: &str) -> Vec<(String, String)> {
    vec![("backlogd.toml".to_owned(), text.to_owned())]
}

/// Reads `text`, whatever it is: without a panic, and not refusing it without a word.
fn reads(text: &str) {
    if let Err(mistakes) = parse(&one_file(text)) {
        assert!(mistakes.to_string().starts_with("error: "));
    }
}

/// The kinds of all keys in `table`, such as `scaler.limits.max`.
fn kinds(table: &DeTable<'_>, prefix: &str, found: &mut BTreeSet<String>) {
    for (key, value) in table {
        let kind = format!("{prefix}{}", key.get_ref());
        collect(value.get_ref(), &kind, found);
        found.insert(kind);
    }
}

fn collect(value: &DeValue<'_>, kind: &str, found: &mut BTreeSet<String>) {
    match value {
        DeValue::Table(table) => kinds(table, &format!("{kind}."), found),
        DeValue::Array(items) => items.iter().for_each(|item| collect(item.get_ref(), kind, found)),
        _ => {}
    }
}

#[test]
fn the_shipped_file_parses_and_shows_the_defaults() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/backlogd.toml");
    assert_eq!(load(&path).unwrap(), parse(&one_file(MINIMAL)).unwrap());
}

#[test]
fn the_shipped_file_publishes_and_drives_nothing() {
    let settings = parse(&one_file(SHIPPED)).unwrap();
    assert!(settings.scalers.iter().all(|scaler| !scaler.drive && scaler.publish.is_some()));
}

#[test]
fn every_key_the_reader_knows_stands_in_the_reference_file() {
    let files = one_file(&with_all_keys());
    let book = Book::default();
    assert!(file::read(&files, &book).is_some());
    let known = book.known();
    let mut shown = BTreeSet::new();
    kinds(DeTable::parse(&files[0].1).unwrap().get_ref(), "", &mut shown);
    // Names of dimensions are the user's own.
    shown.retain(|kind| !kind.starts_with("scaler.publish.dimensions."));
    assert_eq!(known, shown);
}

#[test]
fn the_reference_file_with_all_its_keys_is_valid() {
    let settings = parse(&one_file(&with_all_keys())).unwrap();
    assert_eq!(settings.scalers.len(), 3);
    assert!(describe(&settings).contains("videos"));
}

#[test]
fn a_file_cut_short_anywhere_is_read_without_a_panic() {
    let text = with_all_keys();
    for cut in (0..text.len()).step_by(13) {
        let start = text.get(..cut).unwrap();
        reads(start);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_file_with_any_stretch_replaced_is_read_without_a_panic(
        start in 0_usize..9000,
        length in 0_usize..40,
        patch in "[ -~äß\n\r\t\"'\\[\\]{}=#]{0,20}",
    ) {
        let mut text = with_all_keys();
        let start = start.min(text.len());
        let end = (start + length).min(text.len());
        text.replace_range(start..end, &patch);
        reads(&text);
    }

    #[test]
    fn anything_like_a_schedule_is_read_without_a_panic(
        pattern in "((\\*|\\?|[0-9]{1,2}(-[0-9]{1,2})?|L|[0-9]{1,2}[LW]|[1-7]#[0-6L]|[A-Zä]{3}|\\+[0-7]|@[a-z]{4,6})(/[0-9]{1,3})?[ ,]){1,7}",
    ) {
        let text = MINIMAL.replace("publish", &format!("schedule = {pattern:?}\npublish"));
        reads(&text);
    }

    #[test]
    fn any_text_for_a_queue_is_read_without_a_panic(queue in "(arn:|http://|https://)?[a-z0-9:/.äß-]{0,40}") {
        let text = MINIMAL.replace("\"images\" }]", &format!("{queue:?} }}]"));
        reads(&text);
    }
}
