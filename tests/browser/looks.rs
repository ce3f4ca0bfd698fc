//! What cannot be trusted looks like it.

use crate::WIDE;
use crate::driver::{Browser, keep, text};
use crate::site::{NOW, Site, ledger, story, watch};
use backlogd::model::Timestamp;

#[test]
#[ignore = "needs Chromium: .ci/run has a step for it"]
fn what_is_old_looks_old_until_it_is_new_again() {
    let stories = vec![story("images", 1, 13), story("thumbnails", 2, 30)];
    let site = Site::of(ledger(&stories, &[]));
    let browser = Browser::at(&site.url, WIDE);
    browser.until("document.querySelectorAll('#rows tr').length === 2");
    assert_eq!(browser.run("return document.querySelectorAll('#rows .stale, #rows tr.stale').length"), 0);

    watch(&site.ledger, &stories, &[], NOW + 120);
    browser.until("document.querySelectorAll('#rows tr.stale').length === 2");
    let row = "[...document.querySelectorAll('#rows tr')].find((row) => row.dataset.name === 'images')";
    let shown = browser.run(&format!(
        "const row = {row}, style = (cell) => getComputedStyle(row.querySelector(cell));
         return [row.querySelector('.age').textContent, row.querySelector('.badge').textContent,
                 style('td').fontStyle, style('.age').fontWeight, style('svg').opacity]"
    ));
    assert_eq!(shown, serde_json::json!(["2 min ago", "stale", "italic", "600", "0.4"]));
    keep("stale.png", &browser.picture(400));

    let mut fresh = story("images", 1, 14).pop().unwrap();
    fresh.time = Timestamp::from_secs(NOW + 120);
    site.ledger.note(&fresh);
    browser.until(&format!(
        "!{row}.classList.contains('stale') && document.querySelectorAll('tr.stale').length === 1"
    ));
}

#[test]
#[ignore = "needs Chromium: .ci/run has a step for it"]
fn a_lost_connection_is_told_and_mends_by_itself() {
    let mut site = Site::of(ledger(&[story("images", 1, 13)], &[]));
    let browser = Browser::at(&site.url, WIDE);
    browser.until("document.getElementById('link').textContent === 'live'");

    site.close();
    browser.until("document.getElementById('link').textContent === 'connection lost'");
    let told = browser.run("return document.getElementById('banners').textContent");
    assert!(text(&told).starts_with("Connection to the daemon lost at 10:00:0"), "{told}");
    assert_eq!(
        browser.run("return getComputedStyle(document.querySelector('tbody td')).fontStyle"),
        "italic"
    );
    keep("lost.png", &browser.picture(400));

    browser.run("run.heard -= 120");
    browser.until("document.querySelector('#rows .age').textContent === '2 min ago'");

    site.reopen();
    browser.until("document.getElementById('link').textContent === 'live' && !document.getElementById('banners').textContent");
    assert_eq!(browser.run("return document.body.classList.contains('lost')"), false);
}
