//! What several readings of a place failed of, said once. Pure.

use super::Section;
use super::finding::{Code, Finding};
use crate::model::Cause;

/// `sections` with each cause that more than one reading of a place failed of told once, at the place; there, and in
/// the sections of its scalers, stands what was not checked for that reason.
pub(super) fn told_once(sections: &[Section]) -> Vec<Section> {
    // A place's own section comes before those of its scalers.
    sections.chunk_by(|_, next| next.scaler.is_some()).flat_map(place).collect()
}

fn place(sections: &[Section]) -> Vec<Section> {
    let causes: Vec<&str> =
        sections.iter().flat_map(|section| &section.findings).filter_map(cause_of).collect();
    let mut told: Vec<&str> = Vec::new();
    let mut sections = sections.to_vec();
    for cause in &causes {
        let repeated = causes.iter().filter(|other| *other == cause).count() > 1;
        if repeated && !told.contains(cause) {
            told.push(cause);
            tell(&mut sections, cause);
        }
    }
    sections
}

/// What a finding's reading failed of, where others may have failed of the same.
fn cause_of(finding: &Finding) -> Option<&str> {
    finding.unread.as_ref()?.common.as_deref()
}

/// Replaces what failed of `cause` by a line a section, the place's with the cause.
fn tell(sections: &mut [Section], cause: &str) {
    let failed = |finding: &&Finding| cause_of(finding) == Some(cause);
    let all = sections.iter().flat_map(|section| &section.findings).filter(failed);
    let Some(worst) = gravest(all).cloned() else { return };
    for section in sections {
        let of_place = section.scaler.is_none();
        let own: Vec<Finding> = section.findings.iter().filter(failed).cloned().collect();
        let whats: Vec<&str> =
            own.iter().filter_map(|finding| Some(finding.unread.as_ref()?.what.as_str())).collect();
        let whats = whats.join("; ");
        let line = match gravest(own.iter()) {
            Some(_) if of_place => Some(heading(&worst, format!("{cause}; not checked: {whats}"))),
            None if of_place => Some(heading(&worst, cause.to_owned())),
            Some(own) => {
                let text = format!("not checked, for the reason given above: {whats}");
                Some(Finding::new(own.level, own.code, text))
            }
            None => None,
        };
        let at = section.findings.iter().position(|finding| failed(&finding)).unwrap_or_default();
        section.findings.retain(|finding| !failed(&finding));
        if let Some(line) = line {
            section.findings.insert(at, line);
        }
    }
}

/// The first of the gravest.
fn gravest<'a>(findings: impl DoubleEndedIterator<Item = &'a Finding>) -> Option<&'a Finding> {
    findings.rev().max_by_key(|finding| finding.level)
}

/// The line that tells the cause of `gravest`, and what to do about it.
fn heading(gravest: &Finding, text: String) -> Finding {
    let code = if gravest.cause() == Some(Cause::Credentials) { Code::Identity } else { Code::Endpoint };
    Finding { remedy: gravest.remedy.clone(), ..Finding::new(gravest.level, code, text) }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;
    use crate::aws::Failure;

    fn failed(level: Level, code: Code, what: &str, (call, words): (&str, &str)) -> Finding {
        let why = format!("{call}: {words}");
        let cause = if words.starts_with("none") { Cause::Credentials } else { Cause::Unreachable };
        Finding::failed(level, code, what, &Failure { cause, code: None, why })
    }

    fn section(scaler: Option<&str>, findings: Vec<Finding>) -> Section {
        let title = scaler.unwrap_or("eu-west-1").to_owned();
        Section { title, place: "eu-west-1".to_owned(), scaler: scaler.map(ToOwned::to_owned), findings }
    }

    fn lines(sections: &[Section]) -> Vec<Vec<(Level, Code, String)>> {
        let of = |section: &Section| section.findings.iter().map(crate::online::scene::of).collect();
        told_once(sections).iter().map(of).collect()
    }

    #[test]
    fn a_cause_that_several_readings_share_is_told_once_at_the_place_with_what_was_not_checked() {
        let who = failed(Level::Warning, Code::Identity, "whose", ("sts:Who", "none"));
        let remedy = who.remedy.clone();
        let fine = Finding::ok(Code::Limits, "fine");
        let sections = [
            section(None, vec![who]),
            section(
                Some("images"),
                vec![
                    fine.clone(),
                    failed(Level::Error, Code::Queue, "queue a", ("sqs:A", "none")),
                    failed(Level::Error, Code::Group, "group b", ("autoscaling:B", "none (request 1)")),
                ],
            ),
            section(Some("videos"), vec![fine.clone()]),
        ];
        let not_checked = "not checked, for the reason given above: queue a; group b".to_owned();
        let fine = (Level::Ok, Code::Limits, "fine".to_owned());
        assert_eq!(
            lines(&sections),
            [
                vec![(Level::Error, Code::Identity, "none; not checked: whose".to_owned())],
                vec![fine.clone(), (Level::Error, Code::Queue, not_checked)],
                vec![fine],
            ]
        );
        assert_eq!(told_once(&sections)[0].findings[0].remedy, remedy);
    }

    #[test]
    fn what_only_scalers_lack_stands_at_their_place_as_well() {
        let queue = |what| failed(Level::Error, Code::Queue, what, ("sqs:A", "shut"));
        let sections = [
            section(None, vec![Finding::ok(Code::Identity, "somebody")]),
            section(Some("a"), vec![queue("queue a")]),
            section(Some("b"), vec![queue("queue b")]),
        ];
        let told = lines(&sections);
        assert_eq!(told[0][0], (Level::Error, Code::Endpoint, "shut".to_owned()));
        assert_eq!((told[0].len(), told[1].len(), told[2].len()), (2, 1, 1));
    }

    #[test]
    fn what_failed_of_its_own_or_in_another_place_is_left_as_it_is() {
        let queue = |what, words| failed(Level::Error, Code::Queue, what, ("sqs:A", words));
        let answer = |what| {
            let why = "sqs:A: AccessDenied: no".to_owned();
            let code = Some("AccessDenied".to_owned());
            Finding::failed(Level::Error, Code::Queue, what, &Failure { cause: Cause::Denied, code, why })
        };
        let sections = [
            section(None, Vec::new()),
            section(Some("a"), vec![queue("a", "shut"), queue("b", "odd"), answer("c"), answer("d")]),
            section(None, vec![queue("e", "shut")]),
        ];
        let findings =
            |sections: &[Section]| sections.iter().map(|each| each.findings.clone()).collect::<Vec<_>>();
        assert_eq!(findings(&told_once(&sections)), findings(&sections));
    }
}
