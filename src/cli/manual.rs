//! Claims about `docs/backlogd.8`, the manual page of the program.

use super::Cli;
use clap::{Arg, Command, CommandFactory};
use std::collections::{BTreeMap, BTreeSet};

const PAGE: &str = include_str!("../../docs/backlogd.8");

/// What all commands take stands under this heading.
const COMMON: &str = "Common options";

type Options<'n> = BTreeMap<String, BTreeSet<&'n str>>;

/// The long options under each heading, which is a command's name before its arguments.
fn told() -> Options<'static> {
    let mut told = Options::new();
    let mut heading = String::new();
    for line in PAGE.lines() {
        if let Some(text) = line.strip_prefix(".Ss ") {
            text.split(" Ar ").next().unwrap_or(text).clone_into(&mut heading);
            told.entry(heading.clone()).or_default();
        } else if let Some(item) = line.strip_prefix(".It Fl ") {
            let long = item.split(' ').filter_map(|word| word.strip_prefix('-'));
            told.entry(heading.clone()).or_default().extend(long);
        }
    }
    told
}

/// The long options of each command below `command`.
fn options_below<'n>(command: &'n Command, prefix: &str, found: &mut Options<'n>) {
    for each in command.get_subcommands() {
        let name = format!("{prefix}{}", each.get_name());
        options_below(each, &format!("{name} "), found);
        found.insert(name, each.get_arguments().filter_map(Arg::get_long).collect());
    }
}

fn variables(command: &Command) -> BTreeSet<&str> {
    let own = command.get_arguments().filter_map(|arg| arg.get_env()?.to_str());
    own.chain(command.get_subcommands().flat_map(variables)).collect()
}

#[test]
fn the_manual_page_tells_of_every_command_and_option() {
    let command = Cli::command();
    let common = command.get_arguments().filter_map(Arg::get_long).chain(["help", "version"]).collect();
    let mut known = Options::from([(COMMON.to_owned(), common)]);
    options_below(&command, "", &mut known);
    assert_eq!(known, told());
}

#[test]
fn the_manual_page_tells_of_every_variable() {
    let told: BTreeSet<&str> = PAGE.lines().filter_map(|line| line.strip_prefix(".It Ev ")).collect();
    assert_eq!(variables(&Cli::command()), told);
}

/// One that stands in another's line is quoted within its quotes.
#[test]
fn literals_of_the_manual_pages_stand_in_lines_of_their_own() {
    for page in [PAGE, include_str!("../../docs/backlogd.toml.5")] {
        for line in page.lines().filter(|line| line.starts_with('.')) {
            assert!(line.matches("Ql ").count() < 2, "{line}");
        }
    }
}
