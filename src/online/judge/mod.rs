//! From facts and settings to findings. Pure: no I/O, no clock, no log.

mod group;
mod place;
mod queues;
mod rivals;
mod workload;

pub(super) use place::place;

use super::facts::ScalerFacts;
use super::finding::{Code, Finding, Level};
use crate::settings::Scaler;

/// What there is to say of `scaler`, given what was read for it and what the settings alone hint at.
pub(super) fn scaler(scaler: &Scaler, facts: &ScalerFacts, hints: Vec<String>) -> Vec<Finding> {
    let hinted = |hint| Finding::new(Level::Note, Code::Settings, hint);
    let mut findings: Vec<Finding> = hints.into_iter().map(hinted).collect();
    let workload = workload::Workload::of(scaler, facts.learnt.as_ref());
    findings.extend(queues::findings(scaler, facts, &workload));
    match &facts.group {
        Ok(group) => {
            findings.extend(group::findings(scaler, group));
            findings.extend(workload::findings(scaler, group, facts, &workload));
            findings.extend(rivals::findings(scaler, group, facts));
        }
        Err(failure) => {
            let what = format!("group {}", scaler.group);
            findings.push(Finding::failed(Level::Error, Code::Group, &what, failure));
        }
    }
    findings
}
