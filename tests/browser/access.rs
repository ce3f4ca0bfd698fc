//! By other means than a mouse and good eyes.

use crate::axe::faults;
use crate::driver::{Browser, ENTER, TAB, keep, text};
use crate::site::{LATE, NOW, Site, ledger, story, town};
use crate::{NAMES, WIDE};
use backlogd::model::Timestamp;
use serde_json::json;

fn prefer(browser: &Browser, feature: &str, value: &str) {
    let features = json!({ "features": [{ "name": feature, "value": value }] });
    browser.devtools("Emulation.setEmulatedMedia", &features);
}

#[test]
#[ignore = "needs Chromium: .ci/run has a step for it"]
fn axe_finds_nothing_wrong_in_light_or_dark() {
    let site = Site::of(ledger(&town(), LATE));
    let browser = Browser::at(&site.url, WIDE);
    for scheme in ["light", "dark"] {
        prefer(&browser, "prefers-color-scheme", scheme);
        browser.go(&format!("{}/#/", site.url));
        browser.until("document.querySelectorAll('#rows tr').length === 6");
        let dark =
            browser.run("return getComputedStyle(document.body).backgroundColor === 'rgb(20, 24, 28)'");
        assert_eq!(dark, scheme == "dark");
        keep(&format!("overview-{scheme}.png"), &browser.picture(900));
        assert_eq!(faults(&browser), [""; 0], "all scalers, {scheme}");
        browser.go(&format!("{}/#/scaler/images", site.url));
        browser.until("document.querySelectorAll('figure svg').length === 4");
        assert_eq!(faults(&browser), [""; 0], "a scaler, {scheme}");
        browser.go(&format!("{}/#/scaler/invoices", site.url));
        browser.until("document.querySelectorAll('figure path.in').length > 0");
        keep(&format!("scaler-{scheme}.png"), &browser.picture(1000));
        browser.run("showToken(true)");
        assert_eq!(faults(&browser), [""; 0], "the question for a token, {scheme}");
        browser.run("showToken(false)");
    }
}

#[test]
#[ignore = "needs Chromium: .ci/run has a step for it"]
fn on_a_phone_nothing_is_wider_than_the_screen() {
    let site = Site::of(ledger(&town(), LATE));
    let browser = Browser::at(&site.url, 390);
    let fits = "return document.documentElement.scrollWidth <= 390 && innerWidth === 390";
    browser.until("document.querySelectorAll('#rows tr').length === 6");
    assert_eq!(browser.run(fits), true);
    let labels = "return [...document.querySelectorAll('#rows tr:first-child td')].map((cell) => getComputedStyle(cell, '::before').content).join()";
    let labels = browser.run(labels);
    assert!(text(&labels).contains("\"Backlog\"") && text(&labels).contains("\"Desired\""), "{labels}");
    keep("overview-phone.png", &browser.picture(844));
    browser.go(&format!("{}/#/scaler/invoices", site.url));
    browser.until("document.querySelectorAll('figure svg').length === 4");
    browser.click("#decisions summary");
    browser.until("document.querySelector('#decisions pre')");
    assert_eq!(browser.run(fits), true);
    keep("scaler-phone.png", &browser.picture(1600));
    assert_eq!(faults(&browser), [""; 0]);
}

#[test]
#[ignore = "needs Chromium: .ci/run has a step for it"]
fn the_keyboard_is_enough_and_keeps_its_place_while_figures_change() {
    let mut stories = town();
    let site = Site::of(ledger(&stories, LATE));
    let browser = Browser::at(&site.url, WIDE);
    browser.until("document.querySelectorAll('#rows tr').length === 6");
    let focused = || browser.run("return document.activeElement.textContent");

    browser.press(TAB);
    assert_eq!(focused(), "To the scalers", "past the head of the page in one step");
    for _ in 0..10 {
        if focused() == "images" {
            break;
        }
        browser.press(TAB);
    }
    assert_eq!(focused(), "images");
    let outlined = "return document.activeElement.matches(':focus-visible') && getComputedStyle(document.activeElement).outlineStyle === 'solid'";
    assert_eq!(browser.run(outlined), true);
    let next = {
        let mut record = story("images", 1, 14).pop().unwrap();
        record.time = Timestamp::from_secs(NOW + 10);
        record
    };
    browser.run("window.before = document.activeElement");
    stories[0].push(next.clone());
    site.ledger.note(&next);
    browser.until("before.closest('tr').textContent.includes('scale out from 5 to 9')");
    assert_eq!(browser.run("return document.activeElement === before"), true, "nothing is announced anew");

    browser.press(ENTER);
    browser.until("document.getElementById('title')?.textContent === 'images'");
    assert_eq!(browser.run("return document.activeElement.id"), "main", "what comes next is the scaler");
    browser.press(TAB);
    assert_eq!(focused(), "← all scalers");
    browser.press(ENTER);
    browser.until(&format!("!document.getElementById('overview').hidden && {NAMES}.length === 6"));
}

#[test]
#[ignore = "needs Chromium: .ci/run has a step for it"]
fn who_wants_no_motion_gets_none() {
    let site = Site::of(ledger(&town(), LATE));
    let browser = Browser::at(&site.url, WIDE);
    browser.until("document.querySelector('.meter i')");
    let moves = "return getComputedStyle(document.querySelector('.meter i')).transitionDuration";
    prefer(&browser, "prefers-reduced-motion", "no-preference");
    assert_eq!(browser.run(moves), "0.3s");
    prefer(&browser, "prefers-reduced-motion", "reduce");
    assert_eq!(browser.run(moves), "0s");
}
