//! The forms of single values, as regular expressions that every dialect understands. Where one cannot say
//! all that [`super::super::forms`] asks for, it allows more.

use crate::calendar::Zone;
use crate::publish::Metric;
use schemars::{Schema, SchemaGenerator, json_schema};

pub(super) const REGION: &str = "^[a-z]+(-[a-z]+)+-[0-9]+$";
pub(super) const ENDPOINT_URL: &str = "^https?://[^ \\t\\r\\n/:?#][^ \\t\\r\\n]*$";
pub(super) const ROLE_ARN: &str = "^arn:aws[^:]*:iam::[0-9]{12}:role/.";
pub(super) const TOPIC_ARN: &str =
    "^arn:aws[^:]*:sns:[a-z]+(-[a-z]+)+-[0-9]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}([.]fifo)?$";
pub(super) const EXTERNAL_ID: &str = "^[A-Za-z0-9_+=,.@:/-]*$";
pub(super) const SESSION_NAME: &str = "^[A-Za-z0-9_+=,.@-]{2,64}$";
pub(super) const DIRECTORY: &str = "^/";
pub(super) const ACCOUNT: &str = "^[0-9]{12}$";
pub(super) const SCALER_NAME: &str = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$";

/// An address of version 4 or 6 with a port, a Unix socket's path of up to 107 bytes, or `systemd`.
pub(super) const LISTEN: &str =
    "^(systemd|unix:/.{0,106}|[0-9]{1,3}([.][0-9]{1,3}){3}:[0-9]+|\\[[0-9A-Fa-f:.]+(%[0-9]+)?\\]:[0-9]+)$";

/// Six or seven fields, the first of them the second; or a name such as `@hourly`.
pub(super) const CRON: &str = "^\\s*(@[A-Za-z]+|\\S+(\\s+\\S+){5,6})\\s*$";

/// A queue's name, URL or ARN.
pub(super) const QUEUE: &str = "^(arn:aws[^:]*:sqs:[a-z]+(-[a-z]+)+-[0-9]+:[0-9]{12}:|https?://[^/:].*/)?\
     ([A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\\.fifo)$";

/// Printable ASCII, not blank, not beginning with a colon.
pub(super) const LABEL: &str = "^([!-9;-~][ -~]*| +[!-~][ -~]*)$";

/// A group's name or ARN.
pub(super) fn group(_: &mut SchemaGenerator) -> Schema {
    let name = "[^:\\x00-\\x1f\\x7f]*[^:\\s\\x00-\\x1f\\x7f][^:\\x00-\\x1f\\x7f]*$";
    let arn = "arn:aws[^:]*:autoscaling:[a-z]+(-[a-z]+)+-[0-9]+:[0-9]{12}:autoScalingGroup:[^:]*:autoScalingGroupName/";
    json_schema!({
        "type": "string",
        "anyOf": [{ "pattern": format!("^{name}"), "maxLength": 255 }, { "pattern": format!("^{arn}{name}") }],
    })
}

/// All time zones there are.
pub(super) fn time_zone(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": Zone::names().collect::<Vec<_>>() })
}

/// All metrics there are, each once.
pub(super) fn metrics(_: &mut SchemaGenerator) -> Schema {
    let names = Metric::ALL.map(|(_, name, _)| name);
    json_schema!({ "type": "array", "items": { "enum": names }, "minItems": 1, "uniqueItems": true })
}

/// Names and values of dimensions.
pub(super) fn dimensions(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 30,
        "propertyNames": { "pattern": LABEL, "maxLength": 255 },
        "additionalProperties": { "type": "string", "pattern": LABEL, "maxLength": 1024 },
    })
}
