//! Chromium, driven over `WebDriver`: the few calls that the tests need, by the HTTP client that they have anyway.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;
use ureq::Agent;

/// A browser with one window, and all that it keeps. It ends with the test, however that ends.
#[derive(Debug)]
pub(crate) struct Browser {
    driver: Child,
    agent: Agent,
    /// Where the session's calls go.
    session: String,
    home: TempDir,
}

/// As `WebDriver` names an element in JSON.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// The longest wait for anything that is sure to come, in milliseconds.
const LONGEST_MS: u32 = 10_000;

/// Keys without a sign of their own, as `WebDriver` has them.
pub(crate) const TAB: &str = "\u{e004}";
pub(crate) const ENTER: &str = "\u{e007}";

impl Browser {
    /// Starts a browser of this width, in CSS pixels, and shows it `url`.
    pub(crate) fn at(url: &str, width: u32) -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is there: .ci/run installs it");
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines().map(Result::unwrap);
        let said = lines
            .find(|line| line.contains("successfully on port "))
            .expect("chromedriver says where it listens");
        let port = said.rsplit("on port ").next().unwrap().trim_end_matches('.');
        let agent = Agent::config_builder().http_status_as_error(false).build().new_agent();
        let home = tempfile::tempdir().unwrap();
        let mut browser = Self { driver, agent, session: format!("http://127.0.0.1:{port}/session"), home };
        let opened = browser.call("", &browser.wishes());
        browser.session = format!("{}/{}", browser.session, opened["sessionId"].as_str().unwrap());
        let screen = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600 });
        browser.devtools("Emulation.setDeviceMetricsOverride", &screen);
        browser.go(url);
        browser
    }

    fn wishes(&self) -> Value {
        let profile = format!("--user-data-dir={}", self.home.path().join("profile").display());
        json!({ "capabilities": { "alwaysMatch": {
            "timeouts": { "script": LONGEST_MS + 1000 },
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": { "args": ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage", profile] },
        } } })
    }

    /// Sends a call of the session, and gives its value.
    fn call(&self, path: &str, body: &Value) -> Value {
        let answer = self.agent.post(format!("{}{path}", self.session)).send_json(body);
        let mut answer: Value = answer.unwrap().body_mut().read_json().unwrap();
        let value = answer["value"].take();
        assert!(value["error"].is_null(), "{path} {body}: {}: {}", value["error"], value["message"]);
        value
    }

    /// A command of the browser's own protocol, for what `WebDriver` has no words for.
    pub(crate) fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.call("/goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    pub(crate) fn go(&self, url: &str) {
        self.call("/url", &json!({ "url": url }));
    }

    /// What the function body `script` returns.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.call("/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// What `script` calls its function `done` with, sooner or later.
    pub(crate) fn ask(&self, script: &str) -> Value {
        let script = format!("const [done] = arguments; {script}");
        self.call("/execute/async", &json!({ "script": script, "args": [] }))
    }

    /// Waits until the expression holds, and gives its value.
    pub(crate) fn until(&self, expression: &str) -> Value {
        self.within(LONGEST_MS, expression)
    }

    /// The same, and so many milliseconds at most.
    pub(crate) fn within(&self, limit_ms: u32, expression: &str) -> Value {
        let mut found = self.ask(&format!(
            "const began = performance.now();
             const look = () => {{
               const value = {expression};
               if (value) done({{ value }});
               else if (performance.now() - began > {limit_ms}) done({{ text: document.body.innerText }});
               else setTimeout(look, 10);
             }};
             look();"
        ));
        assert!(found["text"].is_null(), "not within {limit_ms} ms: {expression}\n{}", text(&found["text"]));
        found["value"].take()
    }

    /// Gives keys to whatever has the focus.
    pub(crate) fn press(&self, keys: &str) {
        let each = keys
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key })));
        let actions: Vec<Value> = each.collect();
        self.call("/actions", &json!({ "actions": [{ "type": "key", "id": "keys", "actions": actions }] }));
    }

    fn element(&self, selector: &str) -> String {
        let found = self.call("/element", &json!({ "using": "css selector", "value": selector }));
        format!("/element/{}", text(&found[ELEMENT]))
    }

    pub(crate) fn click(&self, selector: &str) {
        self.call(&format!("{}/click", self.element(selector)), &json!({}));
    }

    /// Writes `words` into a field instead of what is there.
    pub(crate) fn write(&self, selector: &str, words: &str) {
        let field = self.element(selector);
        self.call(&format!("{field}/clear"), &json!({}));
        self.call(&format!("{field}/value"), &json!({ "text": words }));
    }

    /// What the browser has to complain about since it was last asked: failed scripts and requests, and what
    /// is against a page's security policy.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let log = self.call("/se/log", &json!({ "type": "browser" }));
        log.as_array().unwrap().iter().map(|entry| text(&entry["message"]).to_owned()).collect()
    }

    /// The directory that downloads come to.
    pub(crate) fn downloads(&self) -> &Path {
        let to = json!({ "behavior": "allow", "downloadPath": self.home.path() });
        self.devtools("Browser.setDownloadBehavior", &to);
        self.home.path()
    }

    /// The upper part of the page as PNG, so many CSS pixels high at most.
    pub(crate) fn picture(&self, height_max: u32) -> Vec<u8> {
        let size =
            self.run("return [document.documentElement.clientWidth, Math.ceil(document.body.getBoundingClientRect().height)]");
        let height = size[1].as_u64().unwrap().min(height_max.into());
        let clip = json!({ "x": 0, "y": 0, "width": size[0], "height": height, "scale": 1 });
        let wanted = json!({ "format": "png", "clip": clip, "captureBeyondViewport": true });
        let taken = self.devtools("Page.captureScreenshot", &wanted);
        STANDARD.decode(text(&taken["data"])).unwrap()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It takes the browser with it; what is gone already need not go.
        drop(self.agent.delete(&self.session).call());
        drop(self.driver.kill());
        drop(self.driver.wait());
    }
}

/// The text of a JSON string.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The pictures that documents show.
const SHOWN: [&str; 2] = ["overview-light.png", "scaler-light.png"];

/// Keeps a picture below `target/screenshots`. Where the environment has `SCREENSHOTS=docs`, those that documents
/// show are renewed, by way of pngquant, which makes them a third as large.
pub(crate) fn keep(name: &str, png: &[u8]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let place = root.join("target/screenshots");
    fs::create_dir_all(&place).unwrap();
    fs::write(place.join(name), png).unwrap();
    if SHOWN.contains(&name) && std::env::var_os("SCREENSHOTS").is_some_and(|wanted| wanted == "docs") {
        let mut smaller = Command::new("pngquant");
        smaller.args(["--force", "--strip", "--output"]).arg(root.join("docs/screenshots").join(name));
        let done = smaller.arg(place.join(name)).status().expect("pngquant is there");
        assert!(done.success(), "{smaller:?}: {done}");
    }
}
