//! What the daemon costs at rest: `cargo bench --bench footprint`.
//!
//! Runs the release binary against the emulator with 1 and with 100 scalers on a 10-second schedule,
//! and prints a table for `docs/figures.md`. Times vary with the machine; the ratios between the
//! columns, and the counts, do not.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a measurement ends where it fails, and measures time"
)]

#[path = "../tests/aws/emulator.rs"]
#[expect(dead_code, reason = "shared with the tests")]
mod emulator;
#[path = "../tests/aws/world.rs"]
#[expect(dead_code, reason = "shared with the tests")]
mod world;

use std::fmt::Write;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use world::World;

/// How long the daemon is watched; a whole number of ticks.
const WATCHED: Duration = Duration::from_mins(1);
const TICK: Duration = Duration::from_secs(10);

/// What was seen of one run.
struct Figures {
    first_sample: Duration,
    resident_kib: u64,
    cpu: Duration,
    calls: Vec<(&'static str, usize)>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let size = std::fs::metadata(env!("CARGO_BIN_EXE_backlogd")).unwrap().len();
    let (one, hundred) = (measure(1).await, measure(100).await);
    let ticks = WATCHED.as_secs_f64() / TICK.as_secs_f64();
    let ms = |figures: &Figures| format!("{:.0} ms", figures.first_sample.as_secs_f64() * 1000.0);
    let mib = |figures: &Figures| format!("{:.1} MiB", mebibytes(figures.resident_kib * 1024));
    let cpu =
        |figures: &Figures| format!("{:.2} %", 100.0 * figures.cpu.as_secs_f64() / WATCHED.as_secs_f64());
    println!("| figure | 1 scaler | 100 scalers |\n|---|---|---|");
    println!("| process start to first record | {} | {} |", ms(&one), ms(&hundred));
    println!("| resident memory at rest | {} | {} |", mib(&one), mib(&hundred));
    println!("| CPU at rest, of one core | {} | {} |", cpu(&one), cpu(&hundred));
    for ((operation, few), (_, many)) in one.calls.iter().zip(&hundred.calls) {
        println!("| `{operation}` a tick | {:.1} | {:.1} |", per(*few, ticks), per(*many, ticks));
    }
    println!("\nBinary: {:.1} MiB.", mebibytes(size));
}

async fn measure(scalers: usize) -> Figures {
    let world = World::new(&format!("footprint{scalers}-")).await;
    let mut settings = String::new();
    for number in 0..scalers {
        let queue = world.queue(&number.to_string()).await;
        world.messages(&queue, 1).await;
        world.group(&number.to_string(), 1, 1, 1).await;
        let name = format!("{}{number}", world.name);
        write!(
            settings,
            "[[scaler]]\nname = {name:?}\nsource = [{{ queue = {name:?} }}]\ntarget = {{ name = {name:?} }}\n\
             policy = {{ kind = \"backlog_per_instance\", acceptable_backlog = 10 }}\n\
             publish = {{ namespace = \"Footprint\" }}\ndrive = true\n\n"
        )
        .unwrap();
    }
    world.settings(&settings);
    let started = Instant::now();
    let mut command = world.backlogd(&["run", "--output", "json"]);
    let mut daemon = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(daemon.stdout.take().unwrap()).lines();
    let _record = lines.next().unwrap().unwrap();
    let first_sample = started.elapsed();
    std::thread::spawn(move || lines.for_each(drop));

    tokio::time::sleep(TICK + TICK / 2).await;
    let (cpu_before, calls_before) = (cpu(&daemon), calls(&world));
    tokio::time::sleep(WATCHED).await;
    let (cpu_after, calls_after) = (cpu(&daemon), calls(&world));
    let resident_kib = resident_kib(&daemon);
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    let calls =
        calls_after.into_iter().zip(calls_before).map(|((name, after), (_, before))| (name, after - before));
    Figures { first_sample, resident_kib, cpu: cpu_after.saturating_sub(cpu_before), calls: calls.collect() }
}

fn calls(world: &World) -> Vec<(&'static str, usize)> {
    ["GetQueueAttributes", "DescribeAutoScalingGroups", "PutMetricData", "SetDesiredCapacity"]
        .into_iter()
        .map(|operation| (operation, world.emulator.calls(operation, &world.name).len()))
        .collect()
}

/// User and system time so far, from `/proc/PID/stat` (fields 14 and 15, in hundredths of a second).
fn cpu(daemon: &Child) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", daemon.id())).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let hundredths: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(hundredths * 10)
}

fn resident_kib(daemon: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[expect(clippy::cast_precision_loss, reason = "sizes far below 2^52")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn per(count: usize, ticks: f64) -> f64 {
    count as f64 / ticks
}
