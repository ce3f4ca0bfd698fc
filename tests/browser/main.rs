//! The status page in a real browser. Needs Chromium and its driver: `cargo test --test browser -- --ignored`.
//! Pictures of it come to `target/screenshots`; with `SCREENSHOTS=docs`, those in the documents are renewed.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by a panic, in its helpers too"
)]

mod access;
mod axe;
mod driver;
mod looks;
mod site;

use backlogd::model::{Pause, Timestamp, Trouble, TroubleKind, Turn};
use driver::{Browser, text};
use serde_json::Value;
use site::{LATE, Site, city, ledger, town};
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

const WIDE: u32 = 1280;
/// The names in the table, from the top down.
const NAMES: &str = "[...document.querySelectorAll('#rows th a')].map((link) => link.textContent)";

fn names(browser: &Browser) -> Vec<String> {
    let names = browser.run(&format!("return {NAMES}"));
    names.as_array().unwrap().iter().map(|name| text(name).to_owned()).collect()
}

/// A demo that ends with the test, and the address of its page.
struct Demo(Child, String);

impl Demo {
    fn start() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_backlogd"));
        command.args(["demo", "--listen", "127.0.0.1:0", "--output", "json", "--speed", "20"]);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut words = BufReader::new(process.stderr.take().unwrap()).lines().map(Result::unwrap);
        let said =
            words.find_map(|line| Some(line.split_once("The status page is at ")?.1.to_owned())).unwrap();
        // What else it says goes nowhere, but is taken.
        std::thread::spawn(move || words.count());
        Self(process, said)
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
#[ignore = "needs Chromium: .ci/run has a step for it"]
fn two_hundred_scalers_are_shown_and_markup_in_a_name_is_text() {
    let site = Site::of(ledger(&city(200), &["scaler-7"]));
    let browser = Browser::at(&site.url, WIDE);

    browser.until("document.querySelectorAll('#rows tr').length === 200");
    assert_eq!(names(&browser)[..2], ["scaler-7", site::HOSTILE], "the worst first");
    assert_eq!(browser.run("return document.title"), "backlogd");
    assert_eq!(browser.run("return document.querySelectorAll('img, #rows script').length"), 0);
    browser.until("document.getElementById('banners').textContent.includes('No tick in time: scaler-7')");
    browser.write("#search", "scaler-19");
    browser.within(500, "document.querySelectorAll('#rows tr').length === 11");
    assert_eq!(browser.complaints(), [""; 0], "no script fails, and nothing is against the page's policy");
}

#[test]
#[ignore = "needs Chromium: .ci/run has a step for it"]
fn the_table_is_searched_by_name_and_state_and_the_worst_comes_first() {
    let site = Site::of(ledger(&town(), LATE));
    let browser = Browser::at(&site.url, WIDE);

    browser.until("document.querySelectorAll('#rows tr').length === 6");
    assert_eq!(names(&browser)[..2], ["videos", "mail"], "late is worse than blind, and blind than any load");
    for (words, found) in [("image", "images"), ("no tick", "videos"), ("MISSING", "mail")] {
        browser.write("#search", words);
        browser.until(&format!("{NAMES}.join() === '{found}'"));
    }
    browser.write("#search", "nobody");
    browser.until("document.getElementById('count').textContent === '0 of 6 scalers'");
    browser.write("#search", " ");
    browser.click("#sort option[value=name]");
    browser.until(&format!("{NAMES}.join() === 'images,invoices,mail,reports,thumbnails,videos'"));
    let row = "return [...document.querySelectorAll('#rows tr:first-child td')].map((cell) => cell.textContent).join(' | ')";
    let shown = browser.run(row);
    assert!(text(&shown).contains("scale out from 4 to 5: "), "{shown}");
}

#[test]
#[ignore = "needs Chromium: .ci/run has a step for it"]
fn a_trouble_is_found_in_the_table_and_told_with_its_scaler_until_it_is_over() {
    let mut stories = town();
    let last = stories[3].last_mut().unwrap();
    let (kind, since) = (TroubleKind::DeadLetters, Timestamp::from_secs(site::NOW - 600));
    let text = "3 came into reports-dlq, 8 are there now".to_owned();
    last.troubles = vec![Trouble { kind, turn: Turn::Stands, since, text }];
    let mut over = last.clone();
    over.troubles[0].turn = Turn::Recovered;
    let site = Site::of(ledger(&stories, LATE));
    let browser = Browser::at(&site.url, WIDE);

    browser.write("#search", "dead letters");
    browser.until(&format!("{NAMES}.join() === 'reports'"));
    browser.until("document.querySelector('#rows .badge.warn')?.textContent === 'dead letters'");
    browser.go(&format!("{}/#/scaler/reports", site.url));
    let banner = "dead letters, since 2026-11-20 09:50:00: 3 came into reports-dlq, 8 are there now";
    browser.until(&format!("document.querySelector('#said .banner')?.textContent === '{banner}'"));
    site.ledger.note(&over);
    browser.until("document.getElementById('said').textContent && !document.querySelector('#said .banner')");
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
#[ignore = "needs Chromium: .ci/run has a step for it"]
fn a_pause_is_a_banner_and_a_badge_and_can_be_searched_for() {
    let mut stories = town();
    let since = Timestamp::from_secs(site::NOW - 3600);
    let pause = Pause::Asked { out: true, r#in: false, since, until: None };
    stories[3].last_mut().unwrap().paused = Some(pause);
    let site = Site::of(ledger(&stories, LATE));
    let browser = Browser::at(&site.url, WIDE);

    let words = "scale-out, since 2026-11-20 09:00 UTC, until it is resumed";
    browser.until("document.querySelectorAll('#rows tr').length === 6");
    browser.until(&format!(
        "document.getElementById('banners').textContent.includes('Paused: reports ({words})')"
    ));
    browser.write("#search", "paused");
    browser.until(&format!("{NAMES}.join() === 'reports'"));
    browser.go(&format!("{}/#/scaler/reports", site.url));
    let advice = "“sudo backlogd resume reports” ends it.";
    browser.until(&format!(
        "document.querySelector('#scaler .banner')?.textContent === 'Paused: {words}. {advice}'"
    ));
    browser.until("document.getElementById('state').textContent.includes('paused')");
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
#[ignore = "needs Chromium: .ci/run has a step for it"]
fn a_scale_out_is_shown_within_one_second_of_its_tick() {
    let browser = Browser::at("about:blank", WIDE);
    let mut demo = Demo::start();
    browser.go(&format!("{}/#/scaler/images", demo.1));

    let mut seen = 0;
    for line in BufReader::new(demo.0.stdout.take().unwrap()).lines() {
        let record: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let decision = &record["decision"];
        if decision["action"] == "scale_out" {
            let words = format!("scale out from {} to {}", decision["from"], decision["to"]);
            let time = format!("#decisions time[datetime=\"{}\"]", text(&record["time"]));
            browser.within(
                1000,
                &format!("document.querySelector('{time}')?.parentNode.textContent.includes('{words}')"),
            );
            seen += 1;
        } else if seen > 1 {
            break;
        }
    }
    assert_eq!((seen, browser.complaints()), (5, Vec::new()));
}

#[test]
#[ignore = "needs Chromium: .ci/run has a step for it"]
fn a_scaler_tells_its_decision_why_what_else_would_lead_to_and_its_last_change() {
    let site = Site::of(ledger(&town(), LATE));
    let browser = Browser::at(&format!("{}/#/scaler/images", site.url), WIDE);
    let said = "document.querySelector('.decision')?.innerText.replaceAll('\\u00a0', ' ')";

    let said_first = browser.until(said);
    assert_eq!(
        text(&said_first).lines().filter(|line| !line.is_empty()).collect::<Vec<_>>(),
        [
            "scale out from 4 to 5",
            "13 messages, 7 of them yet to come, are due within 180 s, more than the fleet and the 3 instances that do not work yet can start: +1",
            "otherwise: with 10 fewer messages due nothing would be ordered"
        ]
    );
    browser.run("location.hash = '#/scaler/mail'");
    browser.until(&format!("{said}.includes('once it can be read')"));
    let mail = browser.until(said);
    assert!(text(&mail).contains("Last change 60 s ago, at 09:59:00: scale out from 9 to 10: "), "{mail}");
}

#[test]
#[ignore = "needs Chromium: .ci/run has a step for it"]
fn the_charts_of_a_scaler_draw_its_records_with_an_arrow_at_each_change() {
    let stories = town();
    let site = Site::of(ledger(&stories, LATE));
    let browser = Browser::at(&format!("{}/#/scaler/invoices", site.url), WIDE);

    browser.until("document.querySelectorAll('figure svg').length === 4");
    let drawn = browser.run(
        "return [...document.querySelectorAll('figure svg')].map((drawing) => {
           const lines = [...drawing.querySelectorAll('path.line')];
           return {
             title: drawing.getAttribute('aria-label'),
             lines: lines.map((line) => line.getAttribute('d').match(/[LHM]/g).length),
             high: Math.max(...lines.map((line) => line.getBoundingClientRect().height)),
             wide: drawing.getBoundingClientRect().width,
             out: drawing.querySelectorAll('path.out').length, in: drawing.querySelectorAll('path.in').length };
         })",
    );
    let made = |code: &str| stories[2].iter().filter(|record| record.decision.action.code() == code).count();
    assert!(made("scale_out") > 1 && made("scale_in") > 0);
    for chart in drawn.as_array().unwrap() {
        assert_eq!(chart["lines"].as_array().unwrap().len(), 2, "{chart}");
        assert!(
            chart["lines"].as_array().unwrap().iter().all(|points| points.as_u64() > Some(40)),
            "{chart}"
        );
        assert!(chart["wide"].as_f64() > Some(300.0) && chart["high"].as_f64() > Some(50.0), "{chart}");
        let arrows = (chart["out"].as_u64().unwrap(), chart["in"].as_u64().unwrap());
        assert_eq!(arrows, (made("scale_out") as u64, made("scale_in") as u64), "{chart}");
    }
    let wait = text(&drawn[2]["title"]);
    assert!(wait.starts_with("Estimated wait") && wait.contains("objective last 3 min"), "{wait}");
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
#[ignore = "needs Chromium: .ci/run has a step for it"]
fn decisions_are_filtered_and_the_download_is_what_the_daemon_has() {
    let site = Site::of(ledger(&town(), LATE));
    let browser = Browser::at(&format!("{}/#/scaler/images", site.url), WIDE);
    let listed = "[...document.querySelectorAll('#decisions li')]";

    browser.until(&format!("{listed}.length === 13"));
    browser.click("#changes");
    browser.until(&format!(
        "{listed}.length === 3 && {listed}.every((each) => each.textContent.includes('scale out from'))"
    ));
    browser.write("#filter", "latency_objective +1");
    browser.until(&format!("{listed}.length === 1 && document.getElementById('listed').textContent === '1 of 13 records in memory'"));
    browser.click("#decisions summary");
    let shown: Value =
        serde_json::from_str(text(&browser.until("document.querySelector('#decisions pre')?.textContent")))
            .unwrap();
    assert_eq!(shown["decision"]["to"], 5);

    let place = browser.downloads().join("images.jsonl");
    browser.click("#scaler button");
    let mut looks = (0..500).map(|_| sleep(Duration::from_millis(10)));
    while !place.exists() {
        looks.next().expect("the download comes within five seconds");
    }
    let saved = fs::read_to_string(place).unwrap();
    let served = ureq::get(format!("{}/records.jsonl?scaler=images", site.url)).call().unwrap();
    assert_eq!(saved, served.into_body().read_to_string().unwrap());
    let last = saved.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).next_back().unwrap();
    assert_eq!(last["time"], shown["time"]);
}
