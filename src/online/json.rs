//! The report as JSON: the contract with whoever reads the output, described in `docs/check.md`.

use super::cost::Row;
use super::finding::Finding;
use super::{Report, Section};
use crate::model::rounded;
use serde::Serialize;

#[derive(Serialize)]
struct FindingJson<'a> {
    kind: &'static str,
    place: &'a str,
    scaler: Option<&'a str>,
    level: &'static str,
    code: &'static str,
    text: &'a str,
    remedy: Option<&'a str>,
    cause: Option<&'static str>,
}

#[derive(Serialize)]
struct CostJson {
    kind: &'static str,
    item: &'static str,
    count: f64,
    unit: &'static str,
    usd: f64,
}

/// `report` as JSON objects, one a line: first the findings, then the costs.
#[must_use]
pub fn lines(report: &Report) -> String {
    let findings = report.sections.iter().flat_map(|section| {
        section.findings.iter().map(move |finding| line(&FindingJson::of(section, finding)))
    });
    let costs = report.cost.rows.iter().map(|row| line(&CostJson::of(row)));
    findings.chain(costs).collect::<Vec<_>>().join("\n")
}

/// Only maps with keys of other types than text can fail, and there is none.
fn line(object: &impl Serialize) -> String {
    serde_json::to_string(object).unwrap_or_default()
}

impl<'a> FindingJson<'a> {
    fn of(section: &'a Section, finding: &'a Finding) -> Self {
        Self {
            kind: "finding",
            place: &section.place,
            scaler: section.scaler.as_deref(),
            level: finding.level.name(),
            code: finding.code.name(),
            text: &finding.text,
            remedy: finding.remedy.as_deref(),
            cause: finding.cause().map(crate::model::Cause::code),
        }
    }
}

impl CostJson {
    fn of(row: &Row) -> Self {
        Self { kind: "cost", item: row.item, count: row.count.round(), unit: row.unit, usd: rounded(row.usd) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::online::cost::Cost;
    use crate::online::finding::{Code, Level};
    use crate::online::scene::{failure, scalers};

    #[test]
    fn a_line_a_finding_and_a_line_a_cost_with_every_key_there() {
        let section = |scaler: Option<&str>, finding| Section {
            title: String::new(),
            place: "eu-west-1".to_owned(),
            scaler: scaler.map(ToOwned::to_owned),
            findings: vec![finding],
        };
        let denied = failure(crate::model::Cause::Denied);
        let report = Report {
            sections: vec![
                section(None, Finding::ok(Code::Clock, "right")),
                section(Some("images"), Finding::failed(Level::Error, Code::Queue, "queue images", &denied)),
            ],
            cost: Cost::of(&scalers(&[""])),
        };
        let expected = r#"{"kind":"finding","place":"eu-west-1","scaler":null,"level":"ok","code":"clock","text":"right","remedy":null,"cause":null}
{"kind":"finding","place":"eu-west-1","scaler":"images","level":"error","code":"queue","text":"queue images: its words","remedy":"grant the permission that the call is named after; `backlogd iam` prints all that are needed","cause":"denied"}
{"kind":"cost","item":"sqs:GetQueueAttributes","count":302400.0,"unit":"requests","usd":0.121}
{"kind":"cost","item":"autoscaling:DescribeAutoScalingGroups","count":259200.0,"unit":"requests","usd":0.0}"#;
        assert_eq!(lines(&report), expected);
    }
}
