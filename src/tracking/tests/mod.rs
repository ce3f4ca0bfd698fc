//! A scaler, what it has learnt, and a group to put a policy on.

mod difference;
mod target;

use super::plan::Plan;
use super::present::Present;
use super::wanted::{Options, Wanted};
use crate::model::{Estimate, Fleet, Learnt};
use crate::settings::{Scaler, Settings, parse};
use crate::target::scaling::{Group, PolicyKind, ScalingPolicy, Tracking};

const USUAL: Options = Options { period_secs: 60, scale_in: true };

/// Settings of one scaler that watches for a wait of 300 s, with `policy` besides, and `lines`.
fn settings(policy: &str, lines: &str) -> Settings {
    let publish = if lines.contains("publish =") { "" } else { "publish = {}" };
    let text = format!(
        "[[scaler]]\nname = \"images\"\nsource = [{{ queue = \"images\" }}]\ntarget = {{ name = \"image-workers\" }}\n\
         policy = {{ kind = \"latency\", latency_objective_secs = 300{policy} }}\n{publish}\n{lines}\n"
    );
    parse(&[("main.toml".to_owned(), text)]).unwrap()
}

fn only(settings: &Settings) -> &Scaler {
    &settings.scalers[0]
}

fn wanted(policy: &str, lines: &str) -> Wanted {
    Wanted::of(only(&settings(policy, lines)), None, USUAL).unwrap()
}

/// A scaler to which all is told: 300 s ÷ 10 s × 2.
fn told() -> Wanted {
    wanted(", processing_secs = 10, boot_secs = 149.2", "control = { slots = 2 }")
}

fn figures(processing: (f64, f64), slots: (f64, f64), boot: (f64, f64)) -> Estimate {
    let learnt = |(value, belief)| Learnt { value, belief };
    Estimate {
        arrivals_per_sec: learnt((1.0, 1.0)),
        processing_secs: learnt(processing),
        slots: learnt(slots),
        boot_secs: learnt(boot),
        boot_spread: learnt((0.15, 1.0)),
        drain_secs: None,
        late_percent: 0.0,
    }
}

fn with(estimate: &Estimate, policy: &str) -> Wanted {
    Wanted::of(only(&settings(policy, "")), Some(estimate), USUAL).unwrap()
}

fn named(name: &str, kind: PolicyKind) -> ScalingPolicy {
    ScalingPolicy { name: name.to_owned(), enabled: true, kind }
}

fn ours(tracking: Tracking) -> ScalingPolicy {
    named("backlogd-images", PolicyKind::Tracking(Box::new(tracking)))
}

fn present(policies: Vec<ScalingPolicy>) -> Present {
    let fleet = Fleet { max: 10, ..Fleet::default() };
    let group = Group { fleet, protects: true, ..Group::default() };
    Present { region: "eu-west-1".to_owned(), group, policies, ..Present::default() }
}

fn plan(policies: Vec<ScalingPolicy>) -> Plan {
    let settings = settings("", "");
    Plan::new(only(&settings), &[], told(), &present(policies))
}
