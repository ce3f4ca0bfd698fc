//! What a configuration's calls and metrics cost, by arithmetic alone.

use crate::aws::Place;
use crate::publish::Destination;
use crate::settings::{PolicyKind, Scaler};
use std::collections::HashMap;
use std::fmt::Write as _;

/// A month's calls and metrics, and what they cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// What there is anything of, in the order of the calls.
    pub rows: Vec<Row>,
}

/// One kind of call, or the metrics.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// Its name.
    pub item: &'static str,
    /// How many in 30 days.
    pub count: f64,
    /// Of what.
    pub unit: &'static str,
    /// What they cost, in US dollars; 0 where AWS charges nothing.
    pub usd: f64,
}

/// The day and the region of the list prices below. No free tier is taken off, for it is the account's.
pub const PRICES: &str = "list prices of us-east-1 on 2026-11-20, before any free tier";

/// A request to a queue, standard or FIFO (which costs more only for sending, receiving and deleting).
/// Source: <https://aws.amazon.com/sqs/pricing/>, $0.40 a million.
const SQS_REQUEST: f64 = 0.40e-6;
/// A request of `PutMetricData`. Source: <https://aws.amazon.com/cloudwatch/pricing/>, $0.01 a thousand.
const PUT_METRIC_DATA: f64 = 0.01e-3;
/// A metric that `GetMetricData` is asked for. Source: the same page, $0.01 a thousand.
const METRIC_READ: f64 = 0.01e-3;
/// Custom metrics a month: how many at each price. Source: the same page.
const METRIC_TIERS: [(f64, f64); 3] = [(10_000.0, 0.30), (240_000.0, 0.10), (f64::INFINITY, 0.05)];

/// Groups in one `DescribeAutoScalingGroups`, data in one `PutMetricData`: as many as the daemon batches.
const GROUPS_A_CALL: f64 = 100.0;
const DATA_A_CALL: f64 = 1000.0;

/// How often the age of the oldest message is read at most: every five minutes.
const OLDEST_A_MONTH: f64 = 30.0 * 24.0 * 12.0;

/// Scalers that sample together share batches: those of one place and schedule.
#[derive(Debug, Default)]
struct Together<'a> {
    samples: f64,
    groups: f64,
    /// Data of a sample by their namespace.
    data: HashMap<&'a str, f64>,
}

impl Cost {
    /// The cost of `scalers` in 30 days.
    #[must_use]
    pub fn of(scalers: &[Scaler]) -> Self {
        let (mut reads, mut figures, mut metrics) = (0.0, 0.0, 0.0);
        let mut batches: HashMap<(&Place, &str), Together<'_>> = HashMap::new();
        for scaler in scalers {
            let samples = scaler.schedule.samples_a_month();
            let queues = count(&scaler.sources);
            let minutes = scaler.schedule.minutes_a_month();
            // Of dead-letter queues the settings do not tell: as if each queue had one.
            reads += (samples + minutes) * queues;
            if let PolicyKind::Latency(_) = scaler.policy {
                figures += (minutes + minutes.min(OLDEST_A_MONTH)) * queues;
            }
            let batch = batches.entry((&scaler.place, scaler.schedule.pattern())).or_default();
            batch.samples = samples;
            batch.groups += 1.0;
            if let Some(Destination { namespace, metrics: published, .. }) = &scaler.publish {
                *batch.data.entry(namespace).or_default() += count(published);
                metrics += count(published);
            }
        }
        let describes = batches.values().map(|batch| batch.samples * (batch.groups / GROUPS_A_CALL).ceil());
        let puts = batches.values().map(|batch| {
            let calls = batch.data.values().map(|data| (data / DATA_A_CALL).ceil());
            batch.samples * calls.sum::<f64>()
        });
        let (describes, puts) = (describes.sum::<f64>(), puts.sum::<f64>());
        let row = |item, count, unit, usd| Row { item, count, unit, usd };
        let rows = [
            row("sqs:GetQueueAttributes", reads, "requests", reads * SQS_REQUEST),
            row("autoscaling:DescribeAutoScalingGroups", describes, "requests", 0.0),
            row("cloudwatch:GetMetricData", figures, "metrics read", figures * METRIC_READ),
            row("cloudwatch:PutMetricData", puts, "requests", puts * PUT_METRIC_DATA),
            row("custom metrics", metrics, "published", tiered(metrics)),
        ];
        Self { rows: rows.into_iter().filter(|row| row.count > 0.0).collect() }
    }

    /// All of it, in US dollars a month.
    #[must_use]
    pub fn usd(&self) -> f64 {
        self.rows.iter().map(|row| row.usd).sum()
    }

    /// A table for people.
    #[must_use]
    pub fn table(&self) -> String {
        let mut table = format!("AWS calls and their cost in 30 days, estimated ({PRICES}):\n");
        for row in &self.rows {
            let usd = if row.usd > 0.0 { dollars(row.usd) } else { "free".to_owned() };
            let count = grouped(row.count);
            let _ = writeln!(table, "  {:<38} {count:>13} {:<12} {usd:>10}", row.item, row.unit);
        }
        let _ = writeln!(table, "  {:<38} {:>13} {:<12} {:>10}", "together", "", "", dollars(self.usd()));
        table
    }
}

#[expect(clippy::cast_precision_loss, reason = "what fits into a settings file stays far below 2^52")]
fn count<T>(all: &[T]) -> f64 {
    all.len() as f64
}

/// What so many custom metrics cost a month.
fn tiered(metrics: f64) -> f64 {
    let mut left = metrics;
    let mut usd = 0.0;
    for (size, price) in METRIC_TIERS {
        usd += left.min(size) * price;
        left = (left - size).max(0.0);
    }
    usd
}

fn dollars(usd: f64) -> String {
    format!("${usd:.2}")
}

/// A whole number with its thousands set apart.
fn grouped(count: f64) -> String {
    let digits = format!("{count:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::online::scene::scalers;

    fn close(usd: f64, expected: f64) {
        assert!((usd - expected).abs() < 0.006, "{usd} is not {expected}");
    }

    /// A scaler called by `number` that publishes `metrics`.
    fn publishing(number: usize, metrics: &str) -> String {
        format!(
            "name = \"s{number}\"\npublish = {{ metrics = [{metrics}] }}\ntarget = {{ name = \"g{number}\" }}"
        )
    }

    #[test]
    fn one_scaler_every_ten_seconds_costs_three_dollars_of_which_most_is_publishing() {
        let cost = Cost::of(&scalers(&[&publishing(0, "\"backlog_per_instance\"")]));
        let rows: Vec<_> = cost.rows.iter().map(|row| (row.item, row.count)).collect();
        let expected = [
            ("sqs:GetQueueAttributes", 259_200.0 + 43_200.0),
            ("autoscaling:DescribeAutoScalingGroups", 259_200.0),
            ("cloudwatch:PutMetricData", 259_200.0),
            ("custom metrics", 1.0),
        ];
        assert_eq!(rows, expected);
        close(cost.usd(), 3.01);
    }

    #[test]
    fn what_samples_together_shares_its_batches() {
        let hundred: Vec<String> =
            (0..101).map(|number| publishing(number, "\"backlog_per_instance\"")).collect();
        let cost = Cost::of(&scalers(&hundred.iter().map(String::as_str).collect::<Vec<_>>()));
        let count = |item| cost.rows.iter().find(|row| row.item == item).unwrap().count;
        close(count("autoscaling:DescribeAutoScalingGroups"), 2.0 * 259_200.0);
        close(count("cloudwatch:PutMetricData"), 259_200.0);
        close(count("sqs:GetQueueAttributes"), 101.0 * (259_200.0 + 43_200.0));
    }

    #[test]
    fn more_than_a_thousand_data_of_a_sample_take_a_second_call_and_so_does_another_namespace() {
        let seven = "\"backlog_per_instance\", \"visible\", \"in_flight\", \"delayed\", \"in_service\", \
                     \"desired\", \"recommended\"";
        let many: Vec<String> = (0..143).map(|number| publishing(number, seven)).collect();
        let cost = Cost::of(&scalers(&many.iter().map(String::as_str).collect::<Vec<_>>()));
        let puts =
            |cost: &Cost| cost.rows.iter().find(|row| row.item == "cloudwatch:PutMetricData").unwrap().count;
        close(puts(&cost), 2.0 * 259_200.0);
        let other = "name = \"other\"\ntarget = { name = \"other\" }\npublish = { namespace = \"Other\" }";
        let two = Cost::of(&scalers(&[&publishing(0, "\"visible\""), other]));
        close(puts(&two), 2.0 * 259_200.0);
    }

    #[test]
    fn a_policy_that_learns_reads_one_metric_of_each_queue_once_a_minute_and_another_every_five() {
        let latency = "policy = { kind = \"latency\", latency_objective_secs = 60 }";
        let two = "source = [{ queue = \"a\" }, { queue = \"b\" }]";
        let cost = Cost::of(&scalers(&[&format!("{latency}\n{two}")]));
        let reads = cost.rows.iter().find(|row| row.item == "cloudwatch:GetMetricData").unwrap();
        assert_eq!((reads.count, reads.unit), (2.0 * (43_200.0 + 8_640.0), "metrics read"));
        close(reads.usd, 1.04);
        let seldom = Cost::of(&scalers(&[&format!("{latency}\n{two}\nschedule = \"0 */10 * * * *\"")]));
        let reads = seldom.rows.iter().find(|row| row.item == "cloudwatch:GetMetricData").unwrap();
        close(reads.count, 2.0 * (4_320.0 + 4_320.0));
    }

    #[test]
    fn nothing_that_is_not_done_has_a_row() {
        let cost = Cost::of(&scalers(&["drive = true"]));
        let items: Vec<&str> = cost.rows.iter().map(|row| row.item).collect();
        assert_eq!(items, ["sqs:GetQueueAttributes", "autoscaling:DescribeAutoScalingGroups"]);
        close(cost.usd(), 0.121);
    }

    #[test]
    fn custom_metrics_get_cheaper_by_the_tier() {
        close(tiered(1.0), 0.30);
        close(tiered(10_000.0), 3000.0);
        close(tiered(10_001.0), 3000.10);
        close(tiered(250_001.0), 3000.0 + 24_000.0 + 0.05);
    }

    #[test]
    fn the_table_is_aligned_and_says_of_when_its_prices_are() {
        let table = Cost::of(&scalers(&[&publishing(0, "\"visible\"")])).table();
        let expected = "\
AWS calls and their cost in 30 days, estimated (list prices of us-east-1 on 2026-11-20, before any free tier):
  sqs:GetQueueAttributes                       302,400 requests          $0.12
  autoscaling:DescribeAutoScalingGroups        259,200 requests           free
  cloudwatch:PutMetricData                     259,200 requests          $2.59
  custom metrics                                     1 published         $0.30
  together                                                               $3.01
";
        assert_eq!(table, expected);
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([0.0, 999.0, 1000.0, 2_592_000.4].map(grouped), ["0", "999", "1,000", "2,592,000"]);
    }
}
