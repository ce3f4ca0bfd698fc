use crate::model::{Aged, Fleet, Instance, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The instances that were ordered, and since when each is known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Members {
    all: Vec<Member>,
    /// When one of them was last found to be gone.
    shrunk: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Member {
    id: Arc<str>,
    /// Nothing for one that was in service when first seen: nobody knows for how long.
    since: Option<Timestamp>,
    capacity: u32,
}

impl Members {
    /// Meets the fleet at `now`. Who is new was ordered after the sample `before`, or would have been in it.
    pub(super) fn meet(&mut self, now: Timestamp, before: Option<Timestamp>, fleet: &Fleet) {
        let known = std::mem::take(&mut self.all);
        let mut stayed = 0_usize;
        let mut next = 0;
        for instance in &fleet.instances {
            let same = |member: &Member| Arc::ptr_eq(&member.id, &instance.id) || member.id == instance.id;
            // Groups list their instances in the same order each time, as a rule.
            let ahead = known.iter().skip(next).position(same).map(|skipped| next.saturating_add(skipped));
            let place = ahead.or_else(|| known.iter().take(next).position(same));
            let member = place.and_then(|place| known.get(place));
            if let Some(place) = place {
                next = place.saturating_add(1);
                stayed = stayed.saturating_add(1);
            }
            let since = member.map_or_else(|| since(instance, now, before), |member| member.since);
            self.all.push(Member { id: instance.id.clone(), since, capacity: instance.capacity });
        }
        if stayed < known.len() {
            self.shrunk = Some(now);
        }
    }

    /// Whether none has gone for so long.
    pub(super) fn settled(&self, now: Timestamp, secs: f64) -> bool {
        self.shrunk.is_none_or(|shrunk| now.since(shrunk).as_secs_f64() > secs)
    }

    /// Seconds since each instance was ordered; very many for one that was there before all samples.
    pub(super) fn ages(&self, now: Timestamp) -> Vec<Aged> {
        let age = |since: Option<Timestamp>| since.map_or(f64::MAX, |since| now.since(since).as_secs_f64());
        let aged = |member: &Member| Aged { secs: age(member.since), units: member.capacity };
        self.all.iter().map(aged).collect()
    }

    pub(super) fn shift(&mut self, millis: i64, latest: Timestamp) {
        let times = self.all.iter_mut().filter_map(|member| member.since.as_mut());
        for at in times.chain(&mut self.shrunk) {
            *at = at.shifted(millis).min(latest);
        }
    }
}

fn since(instance: &Instance, now: Timestamp, before: Option<Timestamp>) -> Option<Timestamp> {
    match before {
        Some(before) => Some(before),
        None => (!instance.in_service).then_some(now),
    }
}
