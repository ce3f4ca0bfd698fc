use super::{Buildkite, Fixed, Keda, Mig, Nomad, ScaleIn, Share, StepScaling, TargetTracking, Told, Wpa};
use crate::sim::run::Peer;
use std::fmt;
use std::time::Duration;

/// Shares of the acceptable backlog that are tried as targets.
pub const WAIT_SHARES: [f64; 8] = [0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0];
/// Shares of the slots that are tried as targets, by peers that count what is in flight.
pub const SLOT_SHARES: [f64; 5] = [0.3, 0.5, 0.65, 0.8, 1.0];

type Make = Box<dyn Fn(&Told) -> Box<dyn Peer> + Send + Sync>;

/// A peer with its knobs set.
pub struct Setting {
    /// The peer's name.
    pub family: &'static str,
    /// Its knobs: `x` is a share of the acceptable backlog, `c` the slots.
    pub label: String,
    make: Make,
}

impl Setting {
    fn new<P: Peer + 'static>(
        family: &'static str,
        label: String,
        make: impl Fn(&Told) -> P + Send + Sync + 'static,
    ) -> Self {
        Self { family, label, make: Box::new(move |told| Box::new(make(told))) }
    }

    /// The peer at its beginning.
    #[must_use]
    pub fn peer(&self, told: &Told) -> Box<dyn Peer> {
        (self.make)(told)
    }
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.family, self.label)
    }
}

/// Every setting of every peer that the benchmark tries.
#[must_use]
pub fn all() -> Vec<Setting> {
    let mut settings = Vec::new();
    let minute = Duration::from_mins(1);
    for x in WAIT_SHARES {
        let label = || format!("x={x}");
        let tracking = |family, period, scale_in| {
            Setting::new(family, label(), move |told| TargetTracking::new(told, x, period, scale_in))
        };
        settings.push(tracking("target tracking", minute, ScaleIn::Gradual));
        settings.push(tracking("target tracking, proportional in", minute, ScaleIn::Proportional));
        settings.push(tracking("target tracking, 10 s metric", Duration::from_secs(10), ScaleIn::Gradual));
        settings.push(Setting::new("step scaling", label(), move |told| StepScaling::new(told, x)));
    }
    let waiting = WAIT_SHARES.map(|x| (Share::Waiting(x), format!("x={x}")));
    let slots = SLOT_SHARES.map(|share| (Share::Slots(share), format!("T={share}c")));
    for (share, label) in waiting.into_iter().chain(slots) {
        settings.push(Setting::new("google mig", label.clone(), move |told| Mig::new(told, share)));
        settings.push(Setting::new("keda", label.clone(), move |told| Keda::new(told, share)));
        settings.push(Setting::new("nomad", label.clone(), move |told| Nomad::new(told, share)));
        settings.push(Setting::new("wpa", label, move |told| Wpa::new(told, share)));
    }
    let default = Share::Messages(5.0);
    settings.push(Setting::new("keda", "queueLength=5".to_owned(), move |told| Keda::new(told, default)));
    for out_factor in [0.1, 0.25, 0.5, 1.0] {
        for in_cooldown in [0, 600, 3600].map(Duration::from_secs) {
            let label = format!("out={out_factor} in_cooldown={}", in_cooldown.as_secs());
            let make = move |told: &Told| Buildkite::new(told, out_factor, in_cooldown);
            settings.push(Setting::new("buildkite", label, make));
        }
    }
    for share in [0.25, 0.5, 1.0] {
        let label = format!("{} % of max", share * 100.0);
        settings.push(Setting::new("fixed size", label, move |told| Fixed::new(told, share)));
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_setting_is_tried_twice() {
        let mut names: Vec<String> = all().iter().map(|setting| format!("{setting:?}")).collect();
        assert_eq!(names.len(), 100);
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 100);
    }
}
