//! The built program against a real emulator, over HTTP, through the real SDK.
//!
//! The emulator is moto (see `tests/emulator`). What moto cannot do, such as throttling, hangs and
//! answers that make no sense, is injected in front of it, and the tests that use it say so.

mod bad_day;
mod emulator;
mod faults_read;
mod first;
mod world;
