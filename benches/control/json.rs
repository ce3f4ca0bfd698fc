//! The figures as one JSON object, for whoever compares two states of the code.

use crate::contest::{Contest, Score};
use crate::summary::{Line, lines};
use serde_json::{Map, Value, json};

/// `{contest: [{family, label, met, ratio, worst_late_percent, traces: {name: {ratio, late_percent}}}]}`.
pub(crate) fn text(scores: &[Score], contests: &[Contest], names: &[String]) -> String {
    let contest = |(number, contest): (usize, &Contest)| {
        let lines = lines(scores, contests, number, names.len());
        (contest.name.clone(), lines.iter().map(|line| policy(line, names)).collect::<Value>())
    };
    let all: Map<String, Value> = contests.iter().enumerate().map(contest).collect();
    format!("{:#}\n", Value::Object(all))
}

fn policy(line: &Line, names: &[String]) -> Value {
    let traces: Map<String, Value> = (names.iter().zip(&line.means))
        .filter_map(|(name, mean)| Some((name.clone(), (*mean)?)))
        .map(|(name, mean)| (name, json!({ "ratio": mean.ratio, "late_percent": mean.late_percent })))
        .collect();
    json!({
        "family": line.family,
        "label": line.label,
        "met": line.met(),
        "ratio": line.geomean(),
        "worst_late_percent": line.worst_late_percent(),
        "traces": traces,
    })
}
