use super::history::moment;
use super::json;
use crate::model::Pause;
use serde::{Deserialize, Serialize};

/// A pause in JSON, both ways.
#[derive(Deserialize, Serialize)]
pub(super) struct PausedJson {
    out: bool,
    r#in: bool,
    since: Option<String>,
    until: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

impl PausedJson {
    pub(super) fn of(pause: &Pause) -> Self {
        let (out, r#in) = (pause.holds_out(), pause.holds_in());
        let (until, why) = match pause {
            Pause::Asked { until, .. } => (until.map(json::time), None),
            Pause::Unknown { why } => (None, Some(why.clone())),
        };
        Self { out, r#in, since: pause.since().map(json::time), until, why }
    }

    pub(super) fn told(self) -> Pause {
        let Self { out, r#in, since, until, why } = self;
        let until = until.as_deref().and_then(moment);
        match (since.as_deref().and_then(moment), why) {
            (Some(since), None) => Pause::Asked { out, r#in, since, until },
            (_, why) => Pause::Unknown { why: why.unwrap_or_else(|| "the record does not tell".to_owned()) },
        }
    }
}
