use super::{Grant, Identity};
use crate::permissions::pattern::literal;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The most characters that a managed policy may have, white space not counted. Source: the IAM user
/// guide's quotas.
pub const MANAGED_SIZE_MAX: usize = 6144;

/// A policy or a trust policy, in the order that people are used to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Document {
    pub(super) version: &'static str,
    pub(super) statement: Vec<Statement>,
}

/// One statement; `Principal` is a trust policy's, `Resource` any other's.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Statement {
    pub(super) sid: &'static str,
    pub(super) effect: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) principal: Option<BTreeMap<&'static str, String>>,
    pub(super) action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) resource: Option<OneOrMore>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) condition: Option<Condition>,
}

/// Operator, key and values.
pub(super) type Condition = BTreeMap<&'static str, BTreeMap<&'static str, OneOrMore>>;

/// A single text is not put into a list.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum OneOrMore {
    One(String),
    More(Vec<String>),
}

/// The version with policy variables, which is the current one since 2012.
pub(super) const VERSION: &str = "2012-10-17";

/// The least that `identity` must be allowed: a policy to attach to it, as JSON.
#[must_use]
pub fn policy(identity: &Identity) -> String {
    let statement = identity.grants.iter().map(statement).collect();
    json(&Document { version: VERSION, statement })
}

fn statement(grant: &Grant) -> Statement {
    // A variable's beginning is all that a condition of equality does not take literally.
    let namespaces = grant.namespaces.iter().map(|name| name.replace("${", &format!("{}{{", literal("$"))));
    let namespaces: BTreeSet<String> = namespaces.collect();
    Statement {
        sid: grant.permission.sid(),
        effect: "Allow",
        principal: None,
        action: grant.permission.action(),
        resource: Some(OneOrMore::of(&grant.resources)),
        condition: (!namespaces.is_empty()).then(|| equal("cloudwatch:namespace", &namespaces)),
    }
}

/// That `key` is one of `values`.
pub(super) fn equal(key: &'static str, values: &BTreeSet<String>) -> Condition {
    BTreeMap::from([("StringEquals", BTreeMap::from([(key, OneOrMore::of(values))]))])
}

impl OneOrMore {
    fn of(texts: &BTreeSet<String>) -> Self {
        let mut texts: Vec<String> = texts.iter().cloned().collect();
        match (texts.pop(), texts.is_empty()) {
            (Some(only), true) => Self::One(only),
            (last, _) => {
                texts.extend(last);
                Self::More(texts)
            }
        }
    }
}

pub(super) fn json(document: &Document) -> String {
    // Texts and lists of texts: there is nothing in it that JSON cannot have.
    serde_json::to_string_pretty(document).unwrap_or_default()
}

/// How long IAM takes `document` for: white space does not count.
#[must_use]
pub fn size(document: &str) -> usize {
    document.chars().filter(|each| !each.is_whitespace()).count()
}
