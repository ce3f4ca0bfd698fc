//! The settings file's JSON Schema, by which editors complete and check.
//!
//! The settings themselves are read by [`super::reader`], which says more than a schema can. The types here
//! are never made: they are what a file looks like, and tests hold them against the reader.

mod forms;
mod policy;
mod scaler;
#[cfg(test)]
mod tests;

use super::notify::DAY_SECS;
use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

/// The JSON Schema of the settings file and of its drop-ins: draft 7, which all editors know, without
/// references.
#[must_use]
pub fn schema() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    settings.with_transform(as_toml).into_generator().into_root_schema_for::<File>().into()
}

/// TOML has no null, and a number no width; a description is one line.
fn as_toml(schema: &mut Schema) {
    schema.remove("format");
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|each| each != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|each| !each.is_null());
    }
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = text.replace('\n', " ");
    }
    transform_subschemas(&mut as_toml, schema);
}

/// Settings of backlogd. More scalers may stand in conf.d/*.toml beside the main file: `[[scaler]]` tables
/// only.
#[derive(JsonSchema)]
#[schemars(title = "backlogd.toml", deny_unknown_fields)]
#[expect(dead_code, reason = "only its form counts")]
struct File {
    /// Where calls to AWS go, and as whom. A scaler's own `aws` overrides it key by key.
    aws: Option<Aws>,
    /// The daemon itself.
    daemon: Option<Daemon>,
    /// When and where troubles are told, such as dead letters that arrive.
    notify: Option<Notify>,
    /// One or more queues, a policy, and the group that works on them.
    scaler: Option<Vec<scaler::Scaler>>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its form counts")]
struct Aws {
    /// The region. By default that of the environment, the profile, or the instance this runs on.
    #[schemars(regex(pattern = forms::REGION), example = &"eu-west-1")]
    region: Option<String>,
    /// Another endpoint for all calls, such as an emulator's: a URL.
    #[schemars(regex(pattern = forms::ENDPOINT_URL), example = &"http://127.0.0.1:4566")]
    endpoint_url: Option<String>,
    /// A role to assume with the credentials at hand.
    assume_role: Option<Role>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its form counts")]
struct Role {
    /// The role.
    #[schemars(regex(pattern = forms::ROLE_ARN), example = &"arn:aws:iam::123456789012:role/backlogd")]
    arn: String,
    /// What the role's trust policy asks for.
    #[schemars(regex(pattern = forms::EXTERNAL_ID), length(min = 2, max = 1224))]
    external_id: Option<String>,
    /// What CloudTrail shows, 2 to 64 characters.
    #[schemars(regex(pattern = forms::SESSION_NAME), extend("default" = "backlogd"))]
    session_name: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("dependencies" = json!({ "listen_token_file": ["listen"] })))]
#[expect(dead_code, reason = "only its form counts")]
struct Daemon {
    /// Where it remembers cooldowns, windows and what was learnt across a restart: an absolute path.
    #[schemars(regex(pattern = forms::DIRECTORY), extend("default" = "/var/lib/backlogd"))]
    state_dir: Option<String>,
    /// How much of its decision records it keeps there, in MiB. With 0 none is kept.
    #[schemars(range(max = 4_096), extend("default" = 64))]
    history_mib: Option<u32>,
    /// For how many days it keeps them. With 0 none is kept.
    #[schemars(range(max = 3_650), extend("default" = 14))]
    history_days: Option<u32>,
    /// Where its status page and figures can be had over HTTP: an address with a port,
    /// `unix:/run/backlogd/http.sock`, or `systemd` for the sockets of a socket unit. By default nowhere.
    #[schemars(regex(pattern = forms::LISTEN), example = &"127.0.0.1:9464")]
    listen: Option<String>,
    /// A file with the bearer token that requests must carry, 16 characters or more: an absolute path.
    /// Required where other hosts can reach it.
    #[schemars(regex(pattern = forms::DIRECTORY), example = &"/etc/backlogd/token")]
    listen_token_file: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its form counts")]
struct Notify {
    /// An SNS topic that is told as well, by its ARN. By default only the journal, the status page and the metrics
    /// are.
    #[schemars(regex(pattern = forms::TOPIC_ARN), example = &"arn:aws:sns:eu-west-1:123456789012:backlogd")]
    topic_arn: Option<String>,
    /// Seconds for which a scaler must be at its maximum with the objective missed, lack a reading, or, once its
    /// instances have booted, see none of the waiting messages taken, before that is a trouble, and for which any
    /// trouble must not show before it is over.
    #[schemars(range(max = DAY_SECS), extend("default" = 600))]
    after_secs: Option<u32>,
    /// Seconds from one word of a trouble that lasts to the next.
    #[schemars(range(min = 60, max = 30 * DAY_SECS), extend("default" = 14_400))]
    remind_secs: Option<u32>,
}
