//! The built program against a real emulator, over HTTP, through the real SDK.
//!
//! The emulator is moto (see `tests/emulator`). What moto cannot do, such as throttling, hangs and
//! answers that make no sense, is injected in front of it, and the tests that use it say so.

mod bad_day;
mod emulator;
mod faults_boot;
mod faults_numbers;
mod faults_pace;
mod faults_publish;
mod faults_read;
mod faults_state;
mod faults_watchdog;
mod faults_write;
mod first;
mod world;
