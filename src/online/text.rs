use super::finding::{Finding, Level};
use super::{Report, Section, common, count};
use std::fmt::{self, Write as _};

/// `report` for people: a paragraph a place and a scaler, a line a finding, what to do below it; what several readings
/// failed of once.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut page = String::new();
    // Writing to a string cannot fail; were it to, half a page is better than none.
    let _written = write(&mut page, report);
    page
}

fn write(page: &mut String, report: &Report) -> fmt::Result {
    let sections = common::told_once(&report.sections);
    for Section { title, findings, .. } in &sections {
        writeln!(page, "{title}")?;
        let width = findings.iter().map(|finding| finding.code.name().len()).max().unwrap_or_default();
        for Finding { level, code, text, remedy, .. } in findings {
            writeln!(page, "  {:<7}  {:<width$}  {text}", level.name(), code.name())?;
            if let Some(remedy) = remedy {
                writeln!(page, "  {:<7}  {:<width$}  -> {remedy}", "", "")?;
            }
        }
        writeln!(page)?;
    }
    writeln!(page, "{}", report.cost.table())?;
    writeln!(page, "{}", summary(&sections))
}

/// How many findings there are of each level that asks for attention.
fn summary(sections: &[Section]) -> String {
    let count = |level, one: &str| match count(sections, level) {
        1 => format!("1 {one}"),
        count => format!("{count} {one}s"),
    };
    let counts = [(Level::Error, "error"), (Level::Warning, "warning"), (Level::Note, "note")]
        .map(|(level, one)| count(level, one));
    counts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::online::cost::Cost;
    use crate::online::finding::Code;
    use crate::online::scene::scalers;

    #[test]
    fn findings_stand_in_columns_with_what_to_do_below() {
        let findings = vec![
            Finding::ok(Code::Queue, "queue images: 12 visible, 3 in flight"),
            Finding::new(Level::Warning, Code::VisibilityTimeout, "too short").advising("raise it"),
        ];
        let title = "images".to_owned();
        let sections =
            vec![Section { title: title.clone(), place: String::new(), scaler: Some(title), findings }];
        let report = Report { sections, cost: Cost::of(&scalers(&[""])) };
        let expected = "\
images
  ok       queue               queue images: 12 visible, 3 in flight
  warning  visibility_timeout  too short
                               -> raise it

AWS calls";
        let page = text(&report);
        assert!(page.starts_with(expected), "{page}");
        assert!(page.ends_with("\n0 errors, 1 warning, 0 notes\n"), "{page}");
    }
}
