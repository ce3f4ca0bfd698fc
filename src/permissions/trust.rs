use super::Identity;
use super::document::{Document, Statement, VERSION, equal, json};
use crate::aws::{Arn, is_account};
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

/// Who may assume a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trusted {
    /// The kind, as policies name it: `Service` or `AWS`.
    kind: &'static str,
    name: String,
}

impl FromStr for Trusted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.to_owned();
        let host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
        let is_service = text.strip_suffix(".cn").unwrap_or(text).ends_with(".amazonaws.com");
        if is_service && text.bytes().all(host) {
            return Ok(Self { kind: "Service", name });
        }
        let arn = Arn::of_service("iam", text);
        let known = |arn: &Arn<'_>| {
            let kinds = ["role/", "user/"];
            let named = |kind: &&str| arn.resource.strip_prefix(kind).is_some_and(|name| !name.is_empty());
            arn.resource == "root" || kinds.iter().any(named)
        };
        if is_account(text) || arn.as_ref().is_ok_and(known) {
            return Ok(Self { kind: "AWS", name });
        }
        let reason =
            arn.err().filter(|_| text.starts_with("arn:")).map(|why| format!("{why}; ")).unwrap_or_default();
        Err(format!(
            "{reason}must be a role's or user's ARN, an account's 12 digits, or a service such as ec2.amazonaws.com"
        ))
    }
}

/// The trust policy by which `trusted` may assume the role of `identity`, as JSON. Where all scalers
/// give an external id, it must be one of theirs.
#[must_use]
pub fn trust(identity: &Identity, trusted: &Trusted) -> String {
    let ids: Option<BTreeSet<String>> = identity.external_ids.iter().cloned().collect();
    let ids = ids.unwrap_or_default();
    let statement = Statement {
        sid: if identity.role.is_some() { "TrustBacklogd" } else { "TrustHost" },
        effect: "Allow",
        principal: Some(BTreeMap::from([(trusted.kind, trusted.name.clone())])),
        action: "sts:AssumeRole",
        resource: None,
        condition: (!ids.is_empty()).then(|| equal("sts:ExternalId", &ids)),
    };
    json(&Document { version: VERSION, statement: vec![statement] })
}
