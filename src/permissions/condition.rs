use super::given::Statement;
use super::pattern::Pattern;

/// Whether a statement's conditions hold for a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Held {
    Yes,
    No,
    /// It depends on what only the call tells; by this condition.
    Unknown(String),
}

/// The one key whose value is known beforehand; only `PutMetricData` has it.
pub(super) const NAMESPACE: &str = "cloudwatch:namespace";

/// Whether the conditions of `statement` hold for a call about this `CloudWatch` namespace, if any.
pub(super) fn holds(statement: &Statement, namespace: Option<&str>) -> Held {
    let mut all = Held::Yes;
    for (operator, keys) in &statement.conditions {
        for (key, values) in keys {
            match one(operator, key, &values.0, namespace) {
                Some(true) => {}
                Some(false) => return Held::No,
                None => all = Held::Unknown(format!("{operator} {key}")),
            }
        }
    }
    all
}

fn one(operator: &str, key: &str, values: &[String], namespace: Option<&str>) -> Option<bool> {
    if !key.eq_ignore_ascii_case(NAMESPACE) || values.iter().any(|value| Pattern::new(value).is_variable) {
        return None;
    }
    let (operator, if_exists) = match operator.strip_suffix("IfExists") {
        Some(operator) => (operator, true),
        None => (operator, false),
    };
    let (is_negated, is_one): (bool, fn(&str, &str) -> bool) = match operator {
        "StringEquals" => (false, |value, name| unescaped(value) == name),
        "StringNotEquals" => (true, |value, name| unescaped(value) == name),
        "StringEqualsIgnoreCase" => (false, |value, name| unescaped(value).eq_ignore_ascii_case(name)),
        "StringNotEqualsIgnoreCase" => (true, |value, name| unescaped(value).eq_ignore_ascii_case(name)),
        "StringLike" => (false, like),
        "StringNotLike" => (true, like),
        _ => return None,
    };
    let Some(name) = namespace else { return Some(is_negated || if_exists) };
    Some(values.iter().any(|value| is_one(value, name)) != is_negated)
}

fn like(value: &str, name: &str) -> bool {
    Pattern::new(value).covers(&Pattern::new(&super::pattern::literal(name)))
}

/// What an operator without wildcards takes a value for.
pub(super) fn unescaped(value: &str) -> String {
    value.replace("${$}", "$").replace("${*}", "*").replace("${?}", "?")
}
