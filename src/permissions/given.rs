use super::pattern::Pattern;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;

/// An identity-based policy that somebody wrote.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Policy {
    #[serde(rename = "Version", default)]
    _version: Option<Version>,
    #[serde(rename = "Id", default)]
    _id: Option<String>,
    #[serde(deserialize_with = "one_or_more_statements")]
    pub(super) statement: Vec<Statement>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
enum Version {
    #[serde(rename = "2008-10-17")]
    First,
    #[serde(rename = "2012-10-17")]
    Current,
}

/// One statement, with exactly one of each pair.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Raw")]
pub(super) struct Statement {
    pub(super) sid: Option<String>,
    pub(super) effect: Effect,
    pub(super) actions: Matched,
    pub(super) resources: Matched,
    /// Operator, key, values.
    pub(super) conditions: BTreeMap<String, BTreeMap<String, Texts>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum Effect {
    Allow,
    Deny,
}

/// What matches one of these patterns, or, inverted, what matches none.
#[derive(Clone, Debug)]
pub(super) struct Matched {
    pub(super) patterns: Vec<Pattern>,
    pub(super) inverted: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Raw {
    sid: Option<String>,
    effect: Effect,
    action: Option<Texts>,
    not_action: Option<Texts>,
    resource: Option<Texts>,
    not_resource: Option<Texts>,
    principal: Option<serde_json::Value>,
    not_principal: Option<serde_json::Value>,
    #[serde(default)]
    condition: BTreeMap<String, BTreeMap<String, Texts>>,
}

/// A text or a list of them; in conditions also numbers and truth values.
#[derive(Clone, Debug)]
pub(super) struct Texts(pub(super) Vec<String>);

/// What is wrong with a policy, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {what}")]
pub struct Malformed {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1; 0 for the end of the line before.
    pub column: usize,
    /// What is wrong.
    pub what: String,
}

impl Policy {
    /// Reads a policy's JSON.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        serde_json::from_str(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let said = error.to_string();
            let place = format!(" at line {line} column {column}");
            Malformed { line, column, what: said.strip_suffix(&place).unwrap_or(&said).to_owned() }
        })
    }
}

impl Statement {
    /// What a message calls it: by its `Sid`, or by its number, the first being 1.
    pub(super) fn name(&self, number: usize) -> String {
        self.sid.as_ref().map_or_else(|| format!("statement {number}"), |sid| format!("statement {sid:?}"))
    }
}

impl TryFrom<Raw> for Statement {
    type Error = String;

    fn try_from(raw: Raw) -> Result<Self, String> {
        if raw.principal.is_some() || raw.not_principal.is_some() {
            return Err("`Principal` belongs into a trust policy or a resource's own policy; \
                        an identity-based policy is wanted"
                .to_owned());
        }
        Ok(Self {
            sid: raw.sid.filter(|sid| !sid.is_empty()),
            effect: raw.effect,
            actions: matched("Action", raw.action, raw.not_action, Pattern::of_action)?,
            resources: matched("Resource", raw.resource, raw.not_resource, Pattern::new)?,
            conditions: raw.condition,
        })
    }
}

fn matched(
    name: &str,
    these: Option<Texts>,
    others: Option<Texts>,
    pattern: fn(&str) -> Pattern,
) -> Result<Matched, String> {
    let patterns = |texts: &Texts| texts.0.iter().map(|text| pattern(text)).collect();
    match (these, others) {
        (Some(these), None) => Ok(Matched { patterns: patterns(&these), inverted: false }),
        (None, Some(others)) => Ok(Matched { patterns: patterns(&others), inverted: true }),
        (None, None) => Err(format!("the statement has neither `{name}` nor `Not{name}`")),
        (Some(_), Some(_)) => Err(format!("the statement has both `{name}` and `Not{name}`")),
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextsVisitor)
    }
}

struct TextsVisitor;

impl<'de> Visitor<'de> for TextsVisitor {
    type Value = Texts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a list of strings")
    }

    fn visit_str<E>(self, text: &str) -> Result<Texts, E> {
        Ok(Texts(vec![text.to_owned()]))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Texts, E> {
        Ok(Texts(vec![value.to_string()]))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Texts, E> {
        Ok(Texts(vec![value.to_string()]))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Texts, E> {
        Ok(Texts(vec![value.to_string()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Texts, A::Error> {
        let mut texts = Vec::new();
        while let Some(Texts(mut text)) = list.next_element()? {
            texts.append(&mut text);
        }
        Ok(Texts(texts))
    }
}

fn one_or_more_statements<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Statement>, D::Error> {
    deserializer.deserialize_any(Statements)
}

struct Statements;

impl<'de> Visitor<'de> for Statements {
    type Value = Vec<Statement>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a statement or a list of statements")
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let only = Statement::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
        Ok(vec![only])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut statements = Vec::new();
        while let Some(statement) = list.next_element()? {
            statements.push(statement);
        }
        if statements.is_empty() {
            return Err(A::Error::custom("the list of statements is empty"));
        }
        Ok(statements)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        Policy::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_statement_may_stand_alone_and_a_text_without_a_list() {
        let alone = r#"{"Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}}"#;
        let listed = r#"{"Version": "2012-10-17", "Id": "x", "Statement": [{"Sid": "A", "Effect": "Deny",
            "NotAction": ["sqs:*"], "NotResource": ["a", "b"], "Condition": {"Bool": {"x": true}, "Null": {"y": ["false", 3]}}}]}"#;
        let alone = &Policy::parse(alone).unwrap().statement[0];
        assert_eq!((alone.effect, alone.name(1)), (Effect::Allow, "statement 1".to_owned()));
        let listed = &Policy::parse(listed).unwrap().statement[0];
        assert_eq!((listed.effect, listed.name(1)), (Effect::Deny, "statement \"A\"".to_owned()));
        assert!(listed.actions.inverted && listed.resources.inverted && listed.resources.patterns.len() == 2);
        assert_eq!(listed.conditions["Bool"]["x"].0, ["true"]);
        assert_eq!(listed.conditions["Null"]["y"].0, ["false", "3"]);
    }

    #[test]
    fn what_is_no_policy_is_refused_at_its_line_and_column() {
        assert_eq!(wrong(""), "1:0: EOF while parsing a value");
        assert_eq!(wrong("{\n  \"Statement\": [,]\n}"), "2:17: expected value");
        assert!(wrong("[]").starts_with("1:"));
        assert_eq!(wrong("{}"), "1:2: missing field `Statement`");
        assert!(wrong("{\"Statement\": []}").ends_with("the list of statements is empty"));
        let statement = |inner: &str| wrong(&format!("{{\"Statement\":\n[{{{inner}}}]}}"));
        assert!(
            statement("\"Effect\": \"allow\"")
                .starts_with("2:19: unknown variant `allow`, expected `Allow` or `Deny`")
        );
        assert!(statement("\"Efect\": \"Allow\"").contains("unknown field `Efect`"));
        assert!(statement("\"Effect\": \"Allow\"").contains("neither `Action` nor `NotAction`"));
        assert!(
            statement("\"Effect\": \"Allow\", \"Action\": 3.5")
                .contains("expected a string or a list of strings")
        );
        let both = r#""Effect": "Allow", "Action": "*", "Resource": "*", "NotResource": "*""#;
        assert!(statement(both).contains("both `Resource` and `NotResource`"));
        let trust =
            r#""Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}"#;
        assert!(statement(trust).starts_with("2:"), "{}", statement(trust));
        assert!(statement(trust).contains("an identity-based policy is wanted"));
        assert!(wrong("{\"Version\": \"2012\", \"Statement\": []}").contains("unknown variant `2012`"));
    }
}
