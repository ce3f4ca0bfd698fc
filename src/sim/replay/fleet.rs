use crate::model::{Fleet, Instance};
use std::collections::VecDeque;
use std::sync::Arc;

/// Names for instances of which records give the number only.
///
/// Who was ordered first is in service first. Of those in service the oldest is given back, and of those that
/// are pending the newest.
#[derive(Debug, Default)]
pub(super) struct Instances {
    /// Oldest first.
    all: VecDeque<Arc<str>>,
    ever: u64,
    in_service: usize,
}

impl Instances {
    /// The fleet with an instance for each unit of its capacity.
    pub(super) fn name(&mut self, fleet: Fleet) -> Fleet {
        let (in_service, pending) = (fleet.in_service as usize, fleet.pending as usize);
        let count = in_service.saturating_add(pending);
        let gone = self.all.len().saturating_sub(count);
        let retired = self.in_service.saturating_sub(in_service).min(gone);
        self.all.drain(..retired);
        self.all.truncate(count);
        self.in_service = in_service;
        while self.all.len() < count {
            self.ever = self.ever.saturating_add(1);
            self.all.push_back(format!("i-{:017x}", self.ever).into());
        }
        let instance = |(place, id): (usize, &Arc<str>)| Instance {
            id: id.clone(),
            in_service: place < in_service,
            capacity: 1,
        };
        Fleet { instances: self.all.iter().enumerate().map(instance).collect(), ..fleet }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(instances: &mut Instances, in_service: u32, pending: u32) -> Vec<(String, bool)> {
        let fleet = instances.name(Fleet { in_service, pending, ..Fleet::default() });
        let short = |id: &str| id.trim_start_matches("i-0").trim_start_matches('0').to_owned();
        fleet.instances.iter().map(|each| (short(&each.id), each.in_service)).collect()
    }

    fn ids(named: &[(String, bool)]) -> String {
        named
            .iter()
            .map(|(id, in_service)| if *in_service { id.clone() } else { format!("({id})") })
            .collect()
    }

    #[test]
    fn an_instance_keeps_its_name_from_its_order_to_its_end() {
        let mut instances = Instances::default();
        let mut next = |in_service, pending| ids(&named(&mut instances, in_service, pending));
        assert_eq!(next(2, 0), "12");
        assert_eq!(next(2, 2), "12(3)(4)");
        assert_eq!(next(3, 1), "123(4)");
        assert_eq!(next(3, 0), "123", "an order taken back");
        assert_eq!(next(2, 0), "23", "the oldest goes");
        assert_eq!(next(0, 0), "");
        assert_eq!(next(0, 1), "(5)");
    }
}
