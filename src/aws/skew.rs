use crate::clock::Clock;
use crate::model::Timestamp;
use aws_sdk_sqs::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_sqs::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_sqs::error::BoxError;
use aws_sdk_sqs::primitives::{DateTime, DateTimeFormat};
use std::sync::{Arc, Mutex, PoisonError};

/// How far this host's clock is off AWS's, by the `Date` header of the answers to the clients that it is
/// an interceptor of.
#[derive(Clone, Debug)]
pub struct Skew {
    clock: Clock,
    /// The least that was seen.
    millis: Arc<Mutex<Option<i64>>>,
}

impl Skew {
    /// Nothing seen yet, by `clock`.
    #[must_use]
    pub fn by(clock: Clock) -> Self {
        Self { clock, millis: Arc::default() }
    }

    /// Milliseconds that the host's clock is ahead; below 0 if it is behind. Good to a second and the
    /// time of an answer; nothing without an answer.
    ///
    /// Of several answers the least is told: a clock that is wrong is wrong against all, and one stale
    /// answer of a proxy proves nothing.
    #[must_use]
    pub fn millis(&self) -> Option<i64> {
        *self.millis.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, date: &str) {
        let Ok(date) = DateTime::from_str(date, DateTimeFormat::HttpDate) else { return };
        let Ok(date) = date.to_millis() else { return };
        let ahead = ahead(self.clock.now().wall, date);
        let mut least = self.millis.lock().unwrap_or_else(PoisonError::into_inner);
        *least = Some(least.map_or(ahead, |least| if ahead.abs() < least.abs() { ahead } else { least }));
    }
}

/// How far `now` is ahead of a date that was cut to whole seconds.
const fn ahead(now: Timestamp, date: i64) -> i64 {
    now.as_millis().saturating_sub(date).saturating_sub(500)
}

impl Intercept for Skew {
    fn name(&self) -> &'static str {
        "Skew"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(date) = context.response().headers().get("date") {
            self.note(date);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_skew_of_several_answers_counts_and_no_answer_is_no_skew() {
        let skew = Skew::by(Clock::start());
        assert_eq!(skew.millis(), None);
        skew.note("yesterday");
        assert_eq!(skew.millis(), None);
        skew.note("Thu, 01 Jan 1970 00:00:00 GMT");
        assert!(skew.millis().unwrap() > 1_700_000_000_000);
        let now = DateTime::from_millis(skew.clock.now().wall.as_millis());
        skew.note(&now.fmt(DateTimeFormat::HttpDate).unwrap());
        assert!(skew.millis().unwrap().abs() < 5000, "{skew:?}");
        skew.note("Thu, 01 Jan 1970 00:00:00 GMT");
        assert!(skew.millis().unwrap().abs() < 5000, "{skew:?}");
    }

    #[test]
    fn a_date_stands_for_the_middle_of_its_second() {
        assert_eq!(ahead(Timestamp::from_millis(10_900), 10_000), 400);
        assert_eq!(ahead(Timestamp::from_millis(10_000), 40_000), -30_500);
    }
}
