//! The status page in a real browser. Needs Chromium: `cargo test --test browser -- --ignored`.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic, in its helpers too")]

use backlogd::http::Server;
use backlogd::model::{Cause, Missing, Pause, Record, Timestamp};
use backlogd::publish::{Ledger, Sign, Signs};
use backlogd::sim::Stage;
use std::process::Command;
use tokio::task::spawn_blocking;

const HOSTILE: &str = "<script>document.title='taken'</script><img src=x onerror=alert(1)>";
const SCALERS: usize = 200;

/// Records of so many scalers, as the demo's engine makes them; of one, words that are markup.
async fn ledger() -> Ledger {
    let ledger = Ledger::default();
    let mut stage = Stage::new(1);
    let mut records: Vec<Record> = Vec::new();
    for _ in 0..30 {
        records.push(stage.tick().await);
    }
    let time = records.last().map(|record| record.time);
    let name = |number: usize| if number == 0 { HOSTILE.to_owned() } else { format!("scaler-{number}") };
    let sign = move |number| Sign { scaler: name(number), ticked: true, late: number == 7 };
    let scalers: Vec<Sign> = (0..SCALERS).map(sign).collect();
    ledger.watch(move || Signs { time, scalers: scalers.clone() });
    for record in records {
        for number in 0..SCALERS {
            let mut record = Record { scaler: name(number), ..record.clone() };
            if number == 0 {
                let what = format!("group {HOSTILE}");
                record.sample.fleet = Err(Missing::new(what, Cause::Denied, HOSTILE));
            }
            if number == 5 {
                let since = Timestamp::from_secs(1_795_168_800);
                record.paused = Some(Pause::Asked { out: true, r#in: false, since, until: None });
            }
            ledger.note(&record);
        }
    }
    ledger
}

/// The page as the browser has it once it holds `wanted`, and what it complains about. The browser shows it
/// as soon as it is loaded, which may be before its figures are there.
async fn browse(url: &str, wanted: &str) -> (String, String) {
    let mut seen = (String::new(), String::new());
    for _ in 0..5 {
        let url = url.to_owned();
        seen = spawn_blocking(move || look(&url)).await.unwrap();
        if seen.0.contains(wanted) {
            break;
        }
    }
    seen
}

fn look(url: &str) -> (String, String) {
    let profile = tempfile::tempdir().unwrap();
    let mut command = Command::new("chromium");
    command.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--enable-logging=stderr",
        "--timeout=8000",
        "--virtual-time-budget=3000",
    ]);
    command.arg(format!("--user-data-dir={}", profile.path().display()));
    let output = command.args(["--dump-dom", url]).output().unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    let complaints: Vec<&str> = complaints.lines().filter(|line| line.contains(":CONSOLE")).collect();
    (String::from_utf8(output.stdout).unwrap(), complaints.join("\n"))
}

#[tokio::test]
#[ignore = "needs Chromium: .ci/run has a step for it"]
async fn two_hundred_scalers_are_shown_and_markup_in_a_name_is_text() {
    let server = Server::open_to_all(&"127.0.0.1:0".parse().unwrap()).unwrap();
    let url = server.address();
    let serving = tokio::spawn(server.serve(ledger().await));

    let (page, complaints) = browse(&url, ">live</p>").await;
    assert_eq!(complaints, "", "no script fails, and nothing is against the page's policy");
    assert_eq!(page.matches("<tr role=\"row\" ").count(), SCALERS, "{page}");
    assert!(page.contains("<title>backlogd</title>") && page.contains(">live</p>"), "{page}");
    assert!(page.contains("&lt;script&gt;document.title=") && !page.contains("<img"), "{page}");
    assert!(page.contains("No tick in time: scaler-7"), "{page}");

    let paused = "scale-out, since 2026-11-20 10:00 UTC, until it is resumed";
    assert!(page.contains(&format!("Paused: scaler-5 ({paused})")), "{page}");
    assert!(page.contains("<span class=\"badge warn\">paused</span>"), "{page}");

    let (page, complaints) = browse(&format!("{url}/#/scaler/scaler-5"), "<figure>").await;
    assert_eq!(complaints, "");
    assert_eq!(page.matches("<figure>").count(), 4, "{page}");
    assert!(page.contains("30 of 30 records in memory"), "{page}");
    let words = format!("Paused: {paused}. “backlogd resume scaler-5” ends it.");
    assert!(page.contains(&words), "{page}");
    serving.abort();
}
