//! The emulator: moto behind `tests/emulator/launch.py`, started by the tests themselves.

use crate::world::REGION;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// A running emulator on loopback. It ends with the process that started it: its standard input closes.
#[derive(Debug)]
pub(crate) struct Emulator {
    /// `http://127.0.0.1:PORT`.
    pub(crate) url: String,
    _process: Child,
}

/// The emulator that all tests of this binary share. Each test keeps to names of its own.
pub(crate) fn shared() -> &'static Emulator {
    static SHARED: OnceLock<Emulator> = OnceLock::new();
    SHARED.get_or_init(|| Emulator::start(&[]))
}

impl Emulator {
    /// Starts one more, for tests that change what all calls see.
    pub(crate) fn start(flags: &[&str]) -> Self {
        let python = python();
        let mut process = Command::new(python)
            .arg(home().join("launch.py"))
            .args(flags)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the emulator starts");
        let mut line = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("ready ").expect("the emulator says that it is ready").to_owned();
        Self { url, _process: process }
    }

    /// Asks the emulator itself (not AWS) for something.
    pub(crate) fn post(&self, path: &str, body: &Value) {
        ureq::post(format!("{}{path}", self.url)).send_json(body).expect("the emulator obeys");
    }

    /// A raw call of `action`, for the services the tests have no client of: the answer's XML.
    pub(crate) fn query(&self, service: &str, action: &str, parameters: &[(&str, &str)]) -> String {
        let signed = format!("AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/{service}/aws4_request");
        let form = [&[("Action", action)], parameters].concat();
        let request = ureq::post(&self.url).header("Authorization", signed);
        request.send_form(form).expect("the raw call is answered").body_mut().read_to_string().unwrap()
    }

    /// From now on, every call must be signed with keys that the emulator gave out, and be allowed.
    pub(crate) fn guard(&self) {
        ureq::post(format!("{}/moto-api/reset-auth", self.url)).send("0").expect("the emulator obeys");
    }

    /// From now on, calls whose body contains `matching` meet a fault.
    pub(crate) fn fault(&self, operation: &str, matching: &str, fault: &Value) {
        let mut body = json!({ "operation": operation, "match": matching });
        body.as_object_mut().unwrap().extend(fault.as_object().unwrap().clone());
        self.post("/emulator/faults", &body);
    }

    /// Ends the faults that were set with exactly this `matching`.
    pub(crate) fn mend(&self, matching: &str) {
        let request = ureq::delete(format!("{}/emulator/faults", self.url)).force_send_body();
        request.send_json(json!({ "match": matching })).unwrap();
    }

    /// The calls received so far whose body contains `matching`, in order.
    pub(crate) fn calls(&self, operation: &str, matching: &str) -> Vec<Value> {
        let url = format!("{}/emulator/calls", self.url);
        let request = ureq::get(url).query("operation", operation).query("match", matching);
        request.call().unwrap().body_mut().read_json().unwrap()
    }
}

pub(crate) fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/emulator")
}

/// A Python with the pinned packages: a virtual environment below `target`, made once for each
/// version of the requirements. Test binaries that start at the same moment wait for one another.
pub(crate) fn python() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let requirements = home().join("requirements.txt");
    let venv = target.join("emulator-venv");
    let python = venv.join("bin/python");
    let installed = venv.join("requirements.txt");
    let lock = File::create(target.join("emulator.lock")).unwrap();
    lock.lock().unwrap();
    let wanted = fs::read_to_string(&requirements).unwrap();
    if fs::read_to_string(&installed).ok().as_deref() != Some(wanted.as_str()) {
        drop(fs::remove_dir_all(&venv));
        run(Command::new("python3").args(["-m", "venv"]).arg(&venv));
        run(Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"])
            .arg(&requirements));
        fs::write(&installed, wanted).unwrap();
    }
    python
}

fn run(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?}: {status}; Python 3 with venv and pip is needed");
}
