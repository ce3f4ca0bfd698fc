//! What nobody waits for is asked for once a minute, and once it is refused, every ten minutes.

use crate::aws::Failure;
use crate::model::{Cause, Timestamp};
use std::time::Duration;

/// Whether the credentials may make a call that no scaling depends on, as far as was seen.
#[derive(Debug, Default)]
pub(super) struct Permission {
    /// When it was last refused, by the steady clock.
    refused: Option<Timestamp>,
}

/// How long a refused permission is not tried.
const REFUSED_FOR: Duration = Duration::from_mins(10);

pub(super) const MINUTE: Duration = Duration::from_mins(1);

impl Permission {
    pub(super) fn may_be_tried(&self, now: Timestamp) -> bool {
        self.refused.is_none_or(|last| now.since(last) >= REFUSED_FOR)
    }

    /// Keeps what came of a call. Whether it is refused, and was not when it was last tried.
    pub(super) fn note(&mut self, now: Timestamp, failure: Option<&Failure>) -> bool {
        match failure {
            None => {
                self.refused = None;
                false
            }
            // A 403 without a code is no word of AWS's about the permission: some proxy's, perhaps.
            Some(failure) if failure.cause == Cause::Denied && failure.code.is_some() => {
                self.refused.replace(now).is_none()
            }
            Some(_) => false,
        }
    }
}

/// The beginning of the minute that `time` is in.
pub(super) fn minute_of(time: Timestamp) -> Timestamp {
    time.shifted(-time.as_millis().rem_euclid(millis(MINUTE)))
}

pub(super) fn millis(time: Duration) -> i64 {
    time.as_millis().try_into().unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_permission_is_tried_again_after_ten_minutes() {
        let failure = |code: Option<&str>| Failure {
            cause: Cause::Denied,
            code: code.map(ToOwned::to_owned),
            why: "AccessDenied".to_owned(),
        };
        let (start, later) = (Timestamp::from_secs(0), Timestamp::from_secs(600));
        let mut permission = Permission::default();
        assert!(!permission.note(start, Some(&failure(None))));
        assert!(permission.may_be_tried(start), "a proxy's refusal is none of AWS's");
        assert!(permission.note(start, Some(&failure(Some("AccessDenied")))));
        assert!(!permission.may_be_tried(later.shifted(-1)) && permission.may_be_tried(later));
        assert!(!permission.note(later, Some(&failure(Some("AccessDenied")))), "it is no news");
        assert!(!permission.note(later, None) && permission.may_be_tried(later));
    }
}
