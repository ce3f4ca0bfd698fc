//! The built program against a real emulator, over HTTP, through the real SDK.
//!
//! The emulator is moto (see `tests/emulator`). What moto cannot do, such as throttling, hangs and
//! answers that make no sense, is injected in front of it, and the tests that use it say so.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test fails by a panic, in its helpers too"
)]

mod accounts;
mod alarms;
mod bad_day;
mod batch;
mod command;
mod dead;
mod drive;
mod dry;
mod emulator;
mod faults_boot;
mod faults_dead;
mod faults_deletions;
mod faults_history;
mod faults_http;
mod faults_learning;
mod faults_notify;
mod faults_numbers;
mod faults_pace;
mod faults_publish;
mod faults_read;
mod faults_reload;
mod faults_state;
mod faults_together;
mod faults_tracking;
mod faults_watchdog;
mod faults_write;
mod figures;
mod group;
mod history;
mod http;
mod http_systemd;
mod iam;
mod metrics;
mod notices;
mod online;
mod pause;
mod process;
mod publish;
mod reload;
mod running;
mod sample;
mod systemd;
mod terminal;
mod tracking;
mod windows;
mod world;
