//! What `docs/simulate.md` shows is what comes out.

use super::{out, place, simulate, words};
use std::fs;
use std::path::Path;

fn page() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/simulate.md")).unwrap()
}

/// What stands in `page` from one mark to another.
fn between<'p>(page: &'p str, from: &str, to: &str) -> &'p str {
    let (_, rest) = page.split_once(from).unwrap_or_else(|| panic!("docs/simulate.md has no {from:?}"));
    rest.split_once(to).unwrap().0
}

/// What the table and the JSON of the page come from, as it says before the table.
fn flags(page: &str) -> Vec<&str> {
    between(page, "The first of them, with `", "`:\n").split(' ').collect()
}

#[test]
fn the_trace_is_read() {
    let dir = place();
    fs::write(dir.path().join("arrivals.csv"), between(&page(), "```csv\n", "```")).unwrap();
    let output = simulate(&dir, &["--trace", "arrivals.csv"]);
    assert!(output.status.success(), "{}", words(&output));
    assert!(words(&output).contains("workload: arrivals.csv; 366 messages in 62 min"), "{}", words(&output));
}

/// To renew what it shows, put what is printed here in its place.
#[test]
fn the_table_is_the_one_that_its_flags_print() {
    let page = page();
    let told = between(&page, "`:\n\n```\n", "```\n");
    let printed = out(&simulate(&place(), &flags(&page)));
    assert!(told == printed, "docs/simulate.md shows another table than:\n{printed}");
}

/// The same. Whom it is compared with does not matter to its own line, which the page breaks behind commas.
#[test]
fn the_json_is_the_one_that_its_flags_print() {
    let page = page();
    let told = between(&page, "```json\n", "```\n").lines().map(str::trim).collect::<String>();
    let flags = flags(&page);
    let compared = flags.iter().position(|flag| *flag == "--compare").unwrap();
    let alone = [&flags[..compared], &flags[compared + 2..], &["--output", "json"]].concat();
    let printed = out(&simulate(&place(), &alone));
    assert!(told == printed.trim_end(), "docs/simulate.md shows another object than:\n{printed}");
}
