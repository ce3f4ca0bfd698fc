use super::super::forms::SECS_MAX;
use super::super::rules::CAPACITY_MAX;
use super::super::windows::MINS_MAX;
use super::policy::Policy;
use super::{Aws, forms};
use schemars::JsonSchema;
use serde_json::json;
use std::collections::BTreeMap;

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its form counts")]
pub(super) struct Scaler {
    /// 1 to 64 of a-z A-Z 0-9 . _ - beginning with a letter or digit; each name once.
    #[schemars(regex(pattern = forms::SCALER_NAME), example = &"images")]
    name: String,
    /// When to sample: a cron pattern in UTC. Second, minute, hour, day of month, month, day of week.
    #[schemars(regex(pattern = forms::CRON), extend("default" = "*/10 * * * * *"))]
    schedule: Option<String>,
    /// Whether to set the group's desired capacity. With false it is only watched and published.
    #[schemars(extend("default" = false))]
    drive: Option<bool>,
    /// This scaler's own place: it overrides `[aws]` key by key.
    aws: Option<Aws>,
    /// The queues: their messages are added up.
    #[schemars(length(min = 1))]
    source: Vec<Source>,
    /// The group that works on them.
    target: Target,
    /// What capacity a backlog asks for.
    policy: Policy,
    /// Sizes to keep within, in the group's capacity units. The group's own minimum and maximum hold as well.
    limits: Option<Limits>,
    /// Times with a floor, a ceiling or both. The limits hold at all times, windows narrow them.
    window: Option<Vec<Window>>,
    /// How a wish becomes a change.
    control: Option<Control>,
    /// What is published. Without this table: nothing.
    publish: Option<Publish>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its form counts")]
struct Source {
    /// The kind of queue; there is only this one.
    #[schemars(extend("enum" = ["sqs"], "default" = "sqs"))]
    kind: Option<String>,
    /// The queue's name, URL or ARN.
    #[schemars(regex(pattern = forms::QUEUE), example = &"images")]
    queue: String,
    /// The account that owns the queue, 12 digits. By default that of the credentials, or the URL's or ARN's.
    #[schemars(regex(pattern = forms::ACCOUNT))]
    owner: Option<String>,
    /// What one message counts for. For queues whose messages take longer than others'.
    #[schemars(extend("exclusiveMinimum" = 0, "default" = 1))]
    weight: Option<f64>,
    /// Whether messages being worked on count as backlog.
    #[schemars(extend("default" = false))]
    count_in_flight: Option<bool>,
    /// Whether messages that are not due yet count as backlog.
    #[schemars(extend("default" = false))]
    count_delayed: Option<bool>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its form counts")]
struct Target {
    /// The kind of fleet; there is only this one: an EC2 Auto Scaling group.
    #[schemars(extend("enum" = ["asg"], "default" = "asg"))]
    kind: Option<String>,
    /// The group's name or ARN.
    #[schemars(schema_with = "forms::group", example = &"image-workers")]
    name: String,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its form counts")]
struct Limits {
    /// Smallest desired capacity to ask for.
    #[schemars(range(max = CAPACITY_MAX), extend("default" = 0))]
    min: Option<u32>,
    /// Largest desired capacity to ask for. By default the group's own.
    #[schemars(range(max = CAPACITY_MAX))]
    max: Option<u32>,
    /// Largest change out in one sample. By default any.
    #[schemars(range(min = 1, max = CAPACITY_MAX))]
    step_out_max: Option<u32>,
    /// Largest change in in one sample. By default any.
    #[schemars(range(min = 1, max = CAPACITY_MAX))]
    step_in_max: Option<u32>,
}

#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    extend(
        "anyOf" = json!([{ "required": ["min"] }, { "required": ["max"] }]),
        "dependencies" = json!({ "lead_secs": ["min"] }),
    )
)]
#[expect(dead_code, reason = "only its form counts")]
struct Window {
    /// 1 to 64 printable ASCII characters; each name once.
    #[schemars(regex(pattern = forms::LABEL), length(max = 64), example = &"office hours")]
    name: String,
    /// When it opens, in its time zone: a cron pattern as in `schedule`.
    #[schemars(regex(pattern = forms::CRON), example = &"0 0 8 * * Mon-Fri")]
    start: String,
    /// Minutes that it stays open, whatever the clocks do meanwhile; a year at most.
    #[schemars(range(min = 1, max = MINS_MAX), example = 600)]
    lasts_mins: u32,
    /// The time zone, by its name in the IANA database.
    #[schemars(default, schema_with = "forms::time_zone", extend("default" = "UTC"))]
    time_zone: Option<String>,
    /// Smallest desired capacity to ask for meanwhile. A window has a min, a max, or both.
    #[schemars(range(max = CAPACITY_MAX))]
    min: Option<u32>,
    /// Largest desired capacity to ask for meanwhile. What is more goes by the rules of a scale-in.
    #[schemars(range(max = CAPACITY_MAX))]
    max: Option<u32>,
    /// Seconds before it opens from which its min holds, so that instances are in service by then. By
    /// default under the latency policy the boot time it learns, and a margin; else 0.
    #[schemars(range(max = 86_400))]
    lead_secs: Option<u32>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its form counts")]
struct Control {
    /// Messages that one instance (one unit of its capacity, where the group has weights) works on at once.
    /// By default 1; under the latency policy learnt, and a hint for the first minutes.
    #[schemars(range(min = 1, max = CAPACITY_MAX))]
    slots: Option<u32>,
    /// Seconds from one scale-out to the next. By default 0 under the latency policy, else 30.
    #[schemars(range(max = SECS_MAX))]
    cooldown_out_secs: Option<u32>,
    /// Seconds from any change to the next scale-in. By default 0 under the latency policy, else 300.
    #[schemars(range(max = SECS_MAX))]
    cooldown_in_secs: Option<u32>,
    /// A scale-in goes to the highest size needed within so many seconds, all of them watched: 0, or at least
    /// three times the time between two samples. By default 0 under the latency policy, else 300.
    #[schemars(range(max = SECS_MAX))]
    stabilization_secs: Option<u32>,
    /// Seconds for which all counters must read 0 before the last instance goes: 0, or at least three times
    /// the time between two samples. By default 60 under the latency policy, else 180.
    #[schemars(range(max = SECS_MAX))]
    empty_for_secs: Option<u32>,
    /// Samples in a row that must show messages before a group at 0 is woken.
    #[schemars(range(min = 1, max = 1000), extend("default" = 2))]
    wake_samples: Option<u32>,
    /// Seconds for which ordered instances may fail to come into service before no more are ordered: at least
    /// three times the time between two samples.
    #[schemars(range(min = 1, max = SECS_MAX), extend("default" = 600))]
    stalled_after_secs: Option<u32>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its form counts")]
struct Publish {
    /// The kind of listener; there is only this one.
    #[schemars(extend("enum" = ["cloudwatch"], "default" = "cloudwatch"))]
    kind: Option<String>,
    /// The namespace: not one of Amazon's, which begin with AWS/.
    #[schemars(regex(pattern = forms::LABEL), length(max = 255))]
    #[schemars(extend("not" = json!({ "pattern": "^AWS/" }), "default" = "Backlogd"))]
    namespace: Option<String>,
    /// What the metric `backlog_per_instance` is called there. The others have fixed names.
    #[schemars(regex(pattern = forms::LABEL), length(max = 255), extend("default" = "BacklogPerInstance"))]
    metric_name: Option<String>,
    /// Storage resolution in seconds: 60, or 1 for high resolution.
    #[schemars(extend("enum" = [1, 60], "default" = 60))]
    resolution_secs: Option<u32>,
    /// Dimensions, up to 30. By default `Scaler`, with the scaler's name.
    #[schemars(default, schema_with = "forms::dimensions")]
    dimensions: Option<BTreeMap<String, String>>,
    /// What is published, each as one custom metric, which is what CloudWatch charges for.
    #[schemars(default, schema_with = "forms::metrics", extend("default" = ["backlog_per_instance"]))]
    metrics: Option<Vec<String>>,
}
