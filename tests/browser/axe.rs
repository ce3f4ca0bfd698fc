//! axe-core, which finds what stands in the way of people who use a page by other means than most.

use crate::driver::{Browser, text};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The script, fetched once from the Python package index and kept below `target`.
fn script() -> &'static str {
    static SCRIPT: OnceLock<String> = OnceLock::new();
    SCRIPT.get_or_init(|| fs::read_to_string(fetched()).unwrap())
}

fn fetched() -> PathBuf {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("axe");
    let script = home.join("axe_playwright_python/axe.min.js");
    if !script.exists() {
        let venv = home.join("venv");
        run(Command::new("python3").args(["-m", "venv"]).arg(&venv));
        let mut pip = Command::new(venv.join("bin/pip"));
        pip.args([
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--require-hashes",
            "-r",
        ]);
        pip.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/axe.txt"));
        run(pip.arg("--target").arg(&home));
    }
    script
}

fn run(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?}: {status}; Python 3 with venv and pip is needed");
}

/// What axe finds wrong in what the browser shows, by all of its rules, each with the elements.
pub(crate) fn faults(browser: &Browser) -> Vec<String> {
    browser.run(script());
    let found = browser.ask(
        "axe.run(document).then(({ violations, passes }) => done({ passes: passes.length, violations: violations.map(
           ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join('; ')}`) }))",
    );
    assert!(found["passes"].as_u64().unwrap() > 10, "axe has looked: {found}");
    found["violations"].as_array().unwrap().iter().map(|fault| text(fault).to_owned()).collect()
}
