//! Each rule complains about what it forbids, however that is written, and about nothing else.

use crate::text::Source;
use crate::{
    Rule, clock, differing, file_length, floors, function_length, left_open, purity, rehearsal, sdk,
};

/// Claims that `rule` complains about exactly one thing in each text, were it the file `path`.
fn offend(rule: Rule, path: &str, texts: &[&str]) {
    for text in texts {
        let found = rule(&Source::new(path, text));
        assert_eq!(found.len(), 1, "in {path}:\n{text}\nfound: {found:?}");
    }
}

/// Claims that `rule` does not complain.
fn pass(rule: Rule, path: &str, texts: &[&str]) {
    for text in texts {
        let found = rule(&Source::new(path, text));
        assert!(found.is_empty(), "in {path}:\n{text}\nfound: {found:?}");
    }
}

#[test]
fn an_upward_import_is_seen_however_it_is_written() {
    let texts = [
        "use crate::settings::Settings;",
        "    let settings = crate::settings::load(path);",
        "pub use crate::settings;",
        "use crate::settings as below;",
        "use crate::{model::Now, settings::Settings};",
        "use crate::{model::{Now, Record}, settings};",
        "use crate::{\n    model::{Now as Then, Record},\n    settings::Settings as Words,\n};",
        "use crate::\n    settings::Settings;",
        "use {crate::model::Now, crate::settings::Settings};",
        "use super::super::settings::Settings;",
        "use super::{super::settings::Settings, Target};",
        "use self::super::super::settings::Settings;",
        "use crate::*;",
        "use crate as all;",
        "use crate::{self as all};",
        "use crate::nowhere::Thing;",
        "#[cfg(test)]\nmod tests;\n\nuse crate::settings::Settings;",
        "#[cfg(test)]\nuse crate::model::Now;\n\nuse crate::settings::Settings;",
        "fn f() -> crate::settings::Settings {}",
    ];
    offend(floors, "target/asg.rs", &texts);
    offend(floors, "target/mod.rs", &["use super::settings::Settings;", "use crate::source::Source;"]);
    offend(floors, "target/deep/mod.rs", &["use super::super::settings::Settings;"]);
    offend(floors, "target/deep/er.rs", &["use super::super::super::settings::Settings;"]);
    offend(floors, "attic/mod.rs", &["use std::fmt;"]);
    offend(floors, "daemon/mod.rs", &["use crate::sim::demo;"]);
}

#[test]
fn each_of_several_upward_imports_is_named_with_its_line() {
    let text = "use crate::{\n    daemon::{self, Options},\n    model::Now,\n    cli,\n};";
    let found = floors(&Source::new("engine/mod.rs", text));
    let expected = [(2, "daemon"), (2, "daemon"), (4, "cli")];
    assert_eq!(found, expected.map(|(number, room)| (number, format!("engine names {room}"))));
}

#[test]
fn downward_imports_and_those_within_a_room_are_innocent() {
    let texts = [
        "use crate::model::{Now, Record};",
        "use crate::{aws::{Failure, Session}, model::Now, policy};",
        "use super::Target;",
        "use super::withheld::{self, Withheld};",
        "use crate::target::Target;",
        "use std::settings::Settings;",
        "pub(crate) fn f() {}",
        "pub(in crate::target) fn f() {}",
        "// use crate::settings::Settings;",
        "    /// Like [`crate::settings::Settings`].",
        "use crate::model::Now;\n\n#[cfg(test)]\nmod tests {\n    use crate::settings::Settings;\n}",
        "#[cfg(test)]\n#[expect(unused, reason = \"none\")]\nmod tests {\n    use crate::settings::Settings;\n}",
    ];
    pass(floors, "target/asg.rs", &texts);
    pass(floors, "target/deep/er.rs", &["use super::super::Target;", "use super::super::super::model::Now;"]);
    pass(floors, "main.rs", &["use crate::cli::Cli;"]);
}

#[test]
fn the_sdk_is_seen_wherever_it_is_named() {
    let texts = [
        "fn f(client: &aws_sdk_sqs::Client) {}",
        "let region = aws_config::Region::new(name);",
        "#[cfg(test)]\nmod tests;\n\nfn f(client: &aws_sdk_sqs::Client) {}",
        "use aws_sdk_sqs as queues;",
        "extern crate aws_sdk_sqs;",
    ];
    offend(sdk, "engine/mod.rs", &texts);
    assert!(!sdk(&Source::new("engine/mod.rs", "use {std::fmt, aws_config::Region};")).is_empty());
    assert!(!sdk(&Source::new("engine/mod.rs", "use aws_sdk_sqs::{\n    Client,\n};")).is_empty());
    pass(
        sdk,
        "engine/mod.rs",
        &[
            "let aws_region = crate::aws::open(place);",
            "fn f(a: u8, aws_region: u8) {}",
            "// aws_sdk_sqs::Client",
        ],
    );
    pass(sdk, "aws/session.rs", &["use aws_config::Region;"]);
    pass(sdk, "source/sqs.rs", &["use aws_sdk_sqs::Client;"]);
}

#[test]
fn a_look_at_a_clock_is_seen() {
    let texts = [
        "let now = Instant::now();",
        "let now = std::time::SystemTime::now();",
        "let now = Utc::now();",
        "let now = chrono::Local::now();",
        "#[cfg(test)]\nmod tests;\n\nfn f() { Instant::now() }",
    ];
    offend(clock, "engine/mod.rs", &texts);
    pass(clock, "clock.rs", &texts);
    pass(clock, "engine/mod.rs", &["let now = clock.now();", "// Instant::now"]);
}

#[test]
fn impurity_is_seen_in_the_pure_rooms_and_the_simulated_world() {
    let texts = [
        "use std::fs::File;",
        "use std::{fmt, fs::{self}};",
        "use std::{\n    collections::BTreeMap,\n    net::TcpStream,\n};",
        "let home = std::env::var(\"HOME\");",
        "use tokio::time::sleep;",
        "tracing::warn!(\"so it is\");",
        "let luck = rand::rng();",
        "use crate::clock::Clock;",
        "pub async fn decide() {}",
        "println!(\"so it is\");",
        "#[cfg(test)]\nmod tests;\n\nuse std::fs;",
    ];
    for path in
        ["controller/mod.rs", "model/time.rs", "sim/world/mod.rs", "sim/world/group.rs", "sim/load.rs"]
    {
        offend(purity, path, &texts);
    }
    pass(purity, "store/file.rs", &texts);
    pass(purity, "sim/show.rs", &texts);
    let innocent = [
        "use std::time::Duration;",
        "use std::fmt;",
        "use rand::RngExt;",
        "let x = a.log();",
        "// tokio::time",
    ];
    pass(purity, "controller/mod.rs", &innocent);
}

#[test]
fn talk_of_a_rehearsal_is_heard_below_assemble() {
    let texts = [
        "if self.dry_run {",
        "struct DryRun;",
        "let why = \"this is a dry run\";",
        "fn simulated() {}",
        "#[cfg(test)]\nmod tests;\n\nif dry_run {}",
    ];
    offend(rehearsal, "engine/mod.rs", &texts);
    for path in ["assemble.rs", "daemon/mod.rs", "target/withheld.rs"] {
        pass(rehearsal, path, &texts);
    }
    let test = Source { is_test: true, ..Source::new("engine/tests.rs", "fn dry_run() {}") };
    assert!(rehearsal(&test).is_empty());
    pass(rehearsal, "engine/mod.rs", &["// not in a dry run", "fn run() {}"]);
}

#[test]
fn long_files_and_long_functions_are_measured() {
    let file = |lines: usize| "//\n".repeat(lines);
    offend(file_length, "engine/mod.rs", &[&file(401)]);
    pass(file_length, "engine/mod.rs", &[&file(400)]);
    for head in [
        "fn f() {",
        "pub fn f() {",
        "pub(super) async fn f() {",
        "pub(in crate::engine) fn f() {",
        "pub const unsafe fn f() {",
        "fn f(\n    a: u32,\n) {",
    ] {
        let body = 70 - head.lines().count() - 1;
        let with = |more: usize| format!("{head}\n{}}}\n", "    a();\n".repeat(body + more));
        offend(function_length, "engine/mod.rs", &[&with(1)]);
        pass(function_length, "engine/mod.rs", &[&with(0)]);
    }
    let method = format!("impl Engine {{\n    fn f() {{\n{}    }}\n}}\n", "        a();\n".repeat(69));
    offend(function_length, "engine/mod.rs", &[&method]);
    let module = format!("mod tests {{\n{}}}\n", "    fn f() {}\n".repeat(99));
    pass(function_length, "engine/mod.rs", &[&module]);
}

#[test]
fn code_that_differs_under_test_is_seen() {
    offend(
        differing,
        "engine/mod.rs",
        &["#[cfg(not(test))]", "if cfg!(test) {", "#[cfg_attr(test, derive(Debug))]"],
    );
    pass(differing, "engine/mod.rs", &["#[cfg(test)]\nmod tests;", "#[cfg(unix)]"]);
}

#[test]
fn things_left_open_are_seen_in_code_comments_and_tests() {
    let texts =
        ["todo!(\"later\")", "unimplemented!()", "// FIXME", "#[cfg(test)]\nmod tests {\n    // XXX\n}"];
    offend(left_open, "engine/mod.rs", &texts);
    pass(left_open, "engine/mod.rs", &["fn f() {}", "// done"]);
}
