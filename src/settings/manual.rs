//! Claims about `docs/backlogd.toml.5`, the manual page of the settings file.

use super::file;
use super::reader::Book;
use super::reference::{SHIPPED, one_file, with_all_keys};
use std::collections::{BTreeMap, BTreeSet};

const PAGE: &str = include_str!("../../docs/backlogd.toml.5");

/// The keys that the page tells of, such as `scaler.limits.max`, each with its default, if one is shown.
pub(super) fn told() -> BTreeMap<String, Option<String>> {
    let mut told = BTreeMap::new();
    let mut table = "";
    for line in PAGE.lines() {
        if let Some(heading) = line.strip_prefix(".Ss ") {
            table = heading.trim_end_matches(" table").trim_matches(['[', ']']);
            told.insert(table.to_owned(), None);
        } else if let Some(item) = line.strip_prefix(".It Ic ") {
            let (key, default) = item.split_once(" = ").unzip();
            let default = default.map(|text| text.replace(r"\(dq", "\""));
            told.insert(format!("{table}.{}", key.unwrap_or(item)), default);
        }
    }
    told
}

#[test]
fn every_key_the_reader_knows_stands_in_the_manual_page() {
    let book = Book::default();
    assert!(file::read(&one_file(&with_all_keys()), &book).is_some());
    // A scaler's own `aws` is told of as a table with the keys of `[aws]`.
    let known: BTreeSet<_> = book.known().into_iter().filter(|key| !key.starts_with("scaler.aws.")).collect();
    assert_eq!(known, told().into_keys().collect());
}

/// The reference file shows the defaults of the latency policy, and those of the others as examples.
#[test]
fn the_manual_page_shows_the_defaults_of_the_reference_file() {
    let lines: BTreeSet<&str> = SHIPPED.lines().map(|line| line.trim_start_matches('#')).collect();
    for (key, default) in told() {
        let Some(default) = default else { continue };
        let line = format!("{} = {default}", key.rsplit('.').next().unwrap_or(&key));
        assert!(lines.contains(line.as_str()), "config/backlogd.toml does not say {line}");
    }
}
