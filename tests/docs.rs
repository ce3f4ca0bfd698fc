//! What the documents promise is there.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic, in its helpers too")]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The tests named in the last column of the table of failures, with their line's number.
fn tests_named() -> Vec<(usize, String)> {
    let text = fs::read_to_string(root().join("docs/failures.md")).unwrap();
    let rows = (1..).zip(text.lines()).filter(|(_, line)| line.starts_with("| ") && line.contains("::"));
    let last = |(number, line): (usize, &str)| {
        let cell = line.trim().trim_end_matches('|').rsplit('|').next().unwrap_or_default();
        (number, cell.trim().trim_matches('`').to_owned())
    };
    rows.map(last).collect()
}

/// The files that the test `module::module::name` may stand in, as `cargo test` prints it.
fn files_of(modules: &str) -> Vec<PathBuf> {
    let inline = modules.strip_suffix("::tests").unwrap_or(modules);
    let paths = [modules, inline].map(|path| path.replace("::", "/"));
    let places = paths.iter().flat_map(|path| {
        [
            format!("src/{path}.rs"),
            format!("src/{path}/mod.rs"),
            format!("tests/{path}.rs"),
            format!("tests/aws/{path}.rs"),
        ]
    });
    places.map(|place| root().join(place)).collect()
}

fn has_test(text: &str, name: &str) -> bool {
    text.contains(&format!("fn {name}("))
}

/// The Markdown files at `path` and below, but for what is built or fetched.
fn pages(path: &Path) -> Vec<PathBuf> {
    let below = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    let mine = |path: &PathBuf| path.file_name().is_some_and(|name| name != "target" && name != ".git");
    let found = below.filter(mine).map(|path| if path.is_dir() { pages(&path) } else { vec![path] });
    found.flatten().filter(|path| path.extension().is_some_and(|kind| kind == "md")).collect()
}

/// Where the links of a page lead: what stands in `](…)`, without the part behind `#`.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let ends = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    ends.filter_map(|(link, _)| link.split('#').next())
}

#[test]
fn every_link_within_the_project_leads_somewhere() {
    let mut followed = 0;
    for page in pages(&root()) {
        let text = fs::read_to_string(&page).unwrap();
        for link in links(&text).filter(|link| !link.is_empty() && !link.contains("://")) {
            followed += 1;
            assert!(page.parent().unwrap().join(link).exists(), "{}: {link} is not there", page.display());
        }
    }
    assert!(followed > 5, "the links are not where they were looked for");
}

#[test]
fn every_failure_in_the_table_has_the_test_it_names() {
    let named = tests_named();
    assert!(named.len() > 50, "the table is not where it was looked for");
    for (number, test) in named {
        let (modules, name) = test.rsplit_once("::").unwrap();
        let found = files_of(modules).iter().any(|file| {
            let text = fs::read_to_string(file).unwrap_or_default();
            has_test(&text, name)
        });
        assert!(found, "docs/failures.md:{number}: there is no test {test}");
    }
}

#[test]
fn every_test_of_a_bad_day_is_in_the_table() {
    let named: Vec<String> = tests_named().into_iter().map(|(_, test)| test).collect();
    for entry in fs::read_dir(root().join("tests/aws")).unwrap() {
        let path = entry.unwrap().path();
        let module = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if !module.starts_with("faults_") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let mut lines = text.lines();
        while lines.any(|line| line == "#[tokio::test]") {
            let head = lines.find(|line| !line.starts_with("#[")).unwrap_or_default();
            let name = head.trim_start_matches("async fn ").split('(').next().unwrap_or_default();
            let wanted = format!("{module}::{name}");
            assert!(named.contains(&wanted), "docs/failures.md has no row for {wanted}");
        }
    }
}
