//! An exposition as `OpenMetrics` text.

use super::families::{Figures, GAUGES};
use super::{Counts, Exposition, Told, held};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeLabelSet, EncodeMetric, MetricEncoder, NoLabelSet,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};
use std::fmt::Error;
use std::sync::MutexGuard;

/// What every name begins with.
const PREFIX: &str = "backlogd";

/// Decisions and writes that there are: counted from 0 on, so that a first one is an increase.
const ACTIONS: [&str; 3] = ["hold", "scale_out", "scale_in"];
const WRITES: [&str; 3] = ["done", "withheld", "failed"];

pub(super) fn render(exposition: &Exposition) -> String {
    let mut registry = Registry::with_prefix(PREFIX);
    registry.register_collector(Box::new(exposition.clone()));
    let mut text = String::new();
    // Writing into a string does not fail; and a text without its end is refused by whoever reads it.
    let _written = encode(&mut text, &registry);
    text
}

/// A scaler that has told of a tick, by name.
type Scaler<'t> = (&'t str, MutexGuard<'t, Told>);

/// A sample of a counter: its labels beside the scaler's, and its value.
type Counted = (Vec<(&'static str, String)>, u64);

impl Collector for Exposition {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), Error> {
        let scalers = held(&self.0.scalers);
        let told: Vec<Scaler> = scalers.iter().map(|(name, told)| (name.as_str(), held(told))).collect();
        let told: Vec<Scaler> = told.into_iter().filter(|(_, told)| told.last.is_some()).collect();
        gauges(&mut encoder, &told)?;
        counters(&mut encoder, &told)?;
        ticks(&mut encoder, &told)?;
        self.process(&mut encoder)
    }
}

fn gauges(encoder: &mut DescriptorEncoder, scalers: &[Scaler]) -> Result<(), Error> {
    for gauge in &GAUGES {
        let mut samples = Vec::new();
        for (scaler, told) in scalers {
            let Some(record) = &told.last else { continue };
            match &gauge.figures {
                Figures::One(figure) => samples.push((vec![("scaler", *scaler)], figure(record))),
                Figures::Each(label, figures) => samples.extend(
                    figures
                        .iter()
                        .map(|(value, figure)| (vec![("scaler", *scaler), (*label, *value)], figure(record))),
                ),
            }
        }
        let samples = samples.into_iter();
        let known = |(labels, figure): (_, Option<f64>)| Some((labels, figure.filter(|it| it.is_finite())?));
        let samples: Vec<_> = samples.filter_map(known).collect();
        let unit = (!gauge.unit.is_empty()).then(|| Unit::Other(gauge.unit.to_owned()));
        family(
            encoder,
            (gauge.name, gauge.help),
            unit.as_ref(),
            MetricType::Gauge,
            &samples,
            |mut it, value| it.encode_gauge(value),
        )?;
    }
    Ok(())
}

fn counters(encoder: &mut DescriptorEncoder, scalers: &[Scaler]) -> Result<(), Error> {
    let mut counter = |name: &str, help: &str, counted: &dyn Fn(&Counts) -> Vec<Counted>| {
        let of = |(scaler, told): &Scaler| {
            let scaler = ("scaler", (*scaler).to_owned());
            let labelled = |(labels, count): Counted| ([vec![scaler.clone()], labels].concat(), count);
            counted(&told.counts).into_iter().map(labelled).collect::<Vec<_>>()
        };
        let samples: Vec<Counted> = scalers.iter().flat_map(of).collect();
        totals(encoder, name, help, &samples)
    };
    let by = |label: &'static str, value: &str, count: u64| (vec![(label, value.to_owned())], count);
    counter("decisions", "Ticks by what they decided", &|counts| {
        let count = |action: &&str| by("action", action, counts.decisions.get(action).copied().unwrap_or(0));
        ACTIONS.iter().map(count).collect()
    })?;
    counter("holds", "Ticks that left the group alone, by each reason", &|counts| {
        counts.holds.iter().map(|(reason, count)| by("reason", reason, *count)).collect()
    })?;
    counter("writes", "Changes of desired capacity by their outcome", &|counts| {
        let count = |outcome: &&str| by("outcome", outcome, counts.writes.get(outcome).copied().unwrap_or(0));
        WRITES.iter().map(count).collect()
    })?;
    counter("missing_readings", "Readings that failed, by what was to be read and cause", &|counts| {
        let labels = |what: &str, cause: &str| vec![("what", what.to_owned()), ("cause", cause.to_owned())];
        counts.missing.iter().map(|((what, cause), count)| (labels(what, cause), *count)).collect()
    })
}

fn ticks(encoder: &mut DescriptorEncoder, scalers: &[Scaler]) -> Result<(), Error> {
    let ticks =
        scalers.iter().filter_map(|(scaler, told)| Some(([("scaler", *scaler)], told.ticks.clone()?)));
    let about = ("tick_duration", "Time from the begin of a tick to its end, publishing included");
    let ticks: Vec<_> = ticks.collect();
    family(encoder, about, Some(&Unit::Seconds), MetricType::Histogram, &ticks, |it, ticks| ticks.encode(it))
}

impl Exposition {
    /// What is told of the process.
    fn process(&self, encoder: &mut DescriptorEncoder) -> Result<(), Error> {
        let calls = self.0.calls.counts().into_iter();
        let labels = |operation, result: &str| vec![("operation", operation), ("result", result.to_owned())];
        let calls: Vec<Counted> =
            calls.map(|(operation, result, count)| (labels(operation, result), count)).collect();
        totals(
            encoder,
            "aws_requests",
            "Requests to AWS, each attempt of a call, by operation and result",
            &calls,
        )?;
        let lost: u64 = self.0.losses.total().try_into().unwrap_or(u64::MAX);
        let help = "Data that did not reach CloudWatch";
        let mut failures = encoder.encode_descriptor("publish_failures", help, None, MetricType::Counter)?;
        failures.encode_counter::<NoLabelSet, _, u64>(&lost, None)?;
        let reloads = *held(&self.0.reloads);
        let results = [("taken", reloads.taken), ("refused", reloads.refused)];
        let results = results.map(|(result, count)| (vec![("result", result.to_owned())], count));
        totals(encoder, "reloads", "Reloads of the settings by their result", &results)?;
        let help = "1 where the settings on disk were refused and older ones are in force, 0 otherwise";
        let mut refused = encoder.encode_descriptor("settings_refused", help, None, MetricType::Gauge)?;
        refused.encode_gauge(&u32::from(reloads.last_refused))?;
        let mut build = encoder.encode_descriptor("build", "The program", None, MetricType::Info)?;
        build.encode_info(&[("version", env!("CARGO_PKG_VERSION"))])
    }
}

/// A family of counters without a unit.
fn totals(encoder: &mut DescriptorEncoder, name: &str, help: &str, samples: &[Counted]) -> Result<(), Error> {
    family(encoder, (name, help), None, MetricType::Counter, samples, |mut it, count| {
        it.encode_counter::<NoLabelSet, _, u64>(count, None)
    })
}

/// A family with its samples; nothing where it has none.
fn family<L: EncodeLabelSet, V>(
    encoder: &mut DescriptorEncoder,
    (name, help): (&str, &str),
    unit: Option<&Unit>,
    kind: MetricType,
    samples: &[(L, V)],
    write: impl Fn(MetricEncoder, &V) -> Result<(), Error>,
) -> Result<(), Error> {
    if samples.is_empty() {
        return Ok(());
    }
    let mut family = encoder.encode_descriptor(name, help, unit, kind)?;
    for (labels, value) in samples {
        write(family.encode_family(labels)?, value)?;
    }
    Ok(())
}
