use super::super::forms::SECS_MAX;
use super::super::policy::{CHANGE_MAX, OBJECTIVE_MAX};
use schemars::JsonSchema;
use serde_json::{Value, json};

/// What capacity a backlog asks for.
#[derive(JsonSchema)]
#[schemars(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[expect(dead_code, reason = "only its form counts")]
pub(super) enum Policy {
    /// The wait that is acceptable is all that has to be said; the rest is learnt.
    Latency {
        /// The longest wait you can accept, in seconds, from a message's arrival until a worker receives it.
        #[schemars(range(min = 1, max = OBJECTIVE_MAX), example = 300)]
        latency_objective_secs: u32,
        /// Whether an instance that is given back finishes the messages it works on. If not, its work on
        /// them is lost, and fewer are given back.
        #[schemars(extend("default" = false))]
        drains: Option<bool>,
        /// Seconds that one message takes. Learnt; a hint for the first minutes. Without it a few instances are
        /// ordered at once, to find out.
        #[schemars(range(min = 0.001, max = SECS_MAX))]
        processing_secs: Option<f64>,
        /// Seconds from ordering an instance until it works on its first message. Learnt; a hint for the
        /// first minutes.
        #[schemars(range(min = 0.001, max = SECS_MAX))]
        boot_secs: Option<f64>,
    },
    /// A fixed backlog per instance.
    BacklogPerInstance {
        /// Messages that one instance may have waiting.
        #[schemars(extend("exclusiveMinimum" = 0), example = 100)]
        acceptable_backlog: f64,
        /// How far off that is left alone, in percent to either side.
        #[schemars(range(min = 0, max = 99), extend("default" = 10))]
        tolerance_percent: Option<f64>,
    },
    /// Changes at fixed backlogs per instance, in any order: the farthest step that is reached applies.
    /// Farther steps may not change less than nearer ones, and all steps in must lie below all steps out.
    #[schemars(extend("anyOf" = a_step()))]
    Step {
        /// Steps out.
        out: Option<Vec<Out>>,
        /// Steps in.
        r#in: Option<Vec<In>>,
    },
}

/// At least one of the two lists has a step.
fn a_step() -> Value {
    let some = |list: &str| json!({ "required": [list], "properties": { list: { "minItems": 1 } } });
    json!([some("out"), some("in")])
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its form counts")]
pub(super) struct Out {
    /// Above so many messages per instance…
    #[schemars(range(min = 0))]
    above: f64,
    /// …add so many instances.
    #[schemars(range(min = 1, max = CHANGE_MAX))]
    add: u32,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its form counts")]
pub(super) struct In {
    /// Below so many messages per instance…
    #[schemars(extend("exclusiveMinimum" = 0))]
    below: f64,
    /// …remove so many instances.
    #[schemars(range(min = 1, max = CHANGE_MAX))]
    remove: u32,
}
