//! What there is to tell of a record: every gauge of a scaler.

use crate::model::{Backlog, Estimate, Fleet, Mode, Pause, Record, TroubleKind};

/// A figure of a record, where it has one.
type Figure = fn(&Record) -> Option<f64>;

/// A family of gauges: one figure of each scaler, or several told apart by a label.
#[derive(Debug)]
pub(super) struct Gauge {
    /// The name without `backlogd_` and the unit.
    pub(super) name: &'static str,
    /// The unit, which ends the name.
    pub(super) unit: &'static str,
    /// What it means.
    pub(super) help: &'static str,
    pub(super) figures: Figures,
}

#[derive(Debug)]
pub(super) enum Figures {
    One(Figure),
    /// The label's name; its values, and the figure of each.
    Each(&'static str, &'static [(&'static str, Figure)]),
}

const fn one(name: &'static str, unit: &'static str, help: &'static str, figure: Figure) -> Gauge {
    Gauge { name, unit, help, figures: Figures::One(figure) }
}

/// All of them, in the order they are told.
#[expect(clippy::cast_precision_loss, reason = "counters and times stay far below 2^52")]
pub(super) const GAUGES: [Gauge; 25] = [
    Gauge {
        name: "backlog",
        unit: "messages",
        help: "Messages in all queues of the scaler together, as SQS counts them; absent while one cannot be read",
        figures: Figures::Each(
            "kind",
            &[
                ("visible", |record| backlog(record, |sum| sum.visible as f64)),
                ("in_flight", |record| backlog(record, |sum| sum.in_flight as f64)),
                ("delayed", |record| backlog(record, |sum| sum.delayed as f64)),
            ],
        ),
    },
    one(
        "backlog_per_instance",
        "",
        "Counted messages per unit of capacity in service; at none in service, the backlog itself",
        |record| record.metrics.backlog_per_instance,
    ),
    one(
        "acceptable_backlog_per_instance",
        "",
        "Counted messages per unit of capacity that the policy accepts",
        |record| record.metrics.acceptable_backlog,
    ),
    one(
        "drain",
        "seconds",
        "Estimated wait: the time in which the capacity in service would empty the queue if nothing more arrived",
        |record| record.estimate.as_ref().and_then(|estimate| estimate.drain_secs),
    ),
    one(
        "late",
        "ratio",
        "Share of the messages of late that waited longer than the latency objective, 0 to 1",
        |record| estimate(record, |estimate| estimate.late_percent / 100.0),
    ),
    one(
        "arrivals_per_second",
        "",
        "Messages expected to arrive a second, over the next boot time",
        |record| estimate(record, |estimate| estimate.arrivals_per_sec.value),
    ),
    one("processing", "seconds", "Time a worker takes over one message, as learnt", |record| {
        estimate(record, |estimate| estimate.processing_secs.value)
    }),
    one("slots", "", "Messages one unit of capacity works on at once, as learnt", |record| {
        estimate(record, |estimate| estimate.slots.value)
    }),
    one(
        "boot",
        "seconds",
        "Time from ordering an instance until it works on its first message, as learnt",
        |record| estimate(record, |estimate| estimate.boot_secs.value),
    ),
    one(
        "boot_spread",
        "ratio",
        "Share of that time by which instances take less or more, as learnt",
        |record| estimate(record, |estimate| estimate.boot_spread.value),
    ),
    one(
        "dead_letters",
        "",
        "Messages in the dead-letter queues of the scaler's queues; absent where there is none, or one cannot be counted",
        |record| record.sample.dead_letters().map(|count| count as f64),
    ),
    one(
        "oldest_message_age",
        "seconds",
        "Age of the oldest message in any queue of the scaler, as CloudWatch tells it some minutes late",
        |record| record.sample.oldest_secs(),
    ),
    one("fleet_desired", "", "Capacity asked for", |record| fleet(record, |fleet| fleet.desired)),
    one("fleet_min", "", "The group's own lower limit", |record| fleet(record, |fleet| fleet.min)),
    one("fleet_max", "", "The group's own upper limit", |record| fleet(record, |fleet| fleet.max)),
    Gauge {
        name: "fleet_capacity",
        unit: "",
        help: "Capacity by its state in the group; warmed is in a warm pool, unknown is none of the others",
        figures: Figures::Each(
            "state",
            &[
                ("in_service", |record| fleet(record, |fleet| fleet.in_service)),
                ("pending", |record| fleet(record, |fleet| fleet.pending)),
                ("terminating", |record| fleet(record, |fleet| fleet.terminating)),
                ("standby", |record| fleet(record, |fleet| fleet.standby)),
                ("warmed", |record| fleet(record, |fleet| fleet.warmed)),
                ("unknown", |record| fleet(record, |fleet| fleet.unknown)),
            ],
        ),
    },
    one(
        "recommended_capacity",
        "",
        "Capacity that the policy asks for within the limits, before cooldowns, windows and confirmations",
        |record| record.decision.recommended.map(f64::from),
    ),
    one("sample_missing", "", "Readings that the last sample lacks", |record| {
        Some(record.sample.missing().count() as f64)
    }),
    one("sample_age", "seconds", "Age of the oldest reading of a queue when it arrived, at most", |record| {
        let read = record.sample.queues.iter().filter(|queue| queue.backlog.is_ok());
        read.map(|queue| queue.age_secs).reduce(f64::max)
    }),
    one("last_tick_timestamp", "seconds", "When the last tick began, since 1970", |record| {
        Some(record.time.as_millis() as f64 / 1000.0)
    }),
    one("driving", "", "1 where decisions reach the group, 0 where they are withheld", |record| {
        Some(flag(record.mode == Mode::Drive))
    }),
    one("dry_run", "", "1 where the run was asked to write nothing, 0 otherwise", |record| {
        Some(flag(record.mode == Mode::DryRun))
    }),
    Gauge {
        name: "paused",
        unit: "",
        help: "1 where somebody paused this direction, 0 otherwise",
        figures: Figures::Each(
            "direction",
            &[
                ("out", |record| Some(flag(record.paused.as_ref().is_some_and(Pause::holds_out)))),
                ("in", |record| Some(flag(record.paused.as_ref().is_some_and(Pause::holds_in)))),
            ],
        ),
    },
    one(
        "paused_since_timestamp",
        "seconds",
        "When the pause was asked for, since 1970; absent where nothing is paused, or nobody knows since when",
        |record| Some(record.paused.as_ref()?.since()?.as_millis() as f64 / 1000.0),
    ),
    Gauge {
        name: "trouble",
        unit: "",
        help: "1 while there is trouble of this kind, 0 otherwise; docs/events.md has the kinds",
        figures: Figures::Each(
            "kind",
            &[
                ("dead_letters", |record| Some(trouble(record, TroubleKind::DeadLetters))),
                ("at_max", |record| Some(trouble(record, TroubleKind::AtMax))),
                ("capacity_stalled", |record| Some(trouble(record, TroubleKind::CapacityStalled))),
                ("none_taken", |record| Some(trouble(record, TroubleKind::NoneTaken))),
                ("readings_missing", |record| Some(trouble(record, TroubleKind::ReadingsMissing))),
                ("visibility_timeout", |record| Some(trouble(record, TroubleKind::VisibilityTimeout))),
                ("near_retention", |record| Some(trouble(record, TroubleKind::NearRetention))),
            ],
        ),
    },
];

fn backlog(record: &Record, figure: impl Fn(Backlog) -> f64) -> Option<f64> {
    record.sample.backlog().map(figure)
}

fn fleet(record: &Record, size: impl Fn(&Fleet) -> u32) -> Option<f64> {
    record.sample.fleet.as_ref().ok().map(|fleet| f64::from(size(fleet)))
}

fn estimate(record: &Record, figure: impl Fn(&Estimate) -> f64) -> Option<f64> {
    record.estimate.as_ref().map(figure)
}

fn trouble(record: &Record, kind: TroubleKind) -> f64 {
    flag(record.troubles.iter().any(|trouble| trouble.kind == kind && trouble.turn.is_on()))
}

fn flag(set: bool) -> f64 {
    f64::from(u8::from(set))
}
