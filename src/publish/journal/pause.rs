use crate::calendar::paused;
use crate::model::{Pause, Record, Timestamp};
use crate::publish::Event;
use std::time::Duration;

/// Tells of pauses: of each that comes, changes or goes, and of one that lasts, day by day.
#[derive(Clone, Debug, Default)]
pub(super) struct Vigil {
    /// What was told last, and when.
    told: Option<(Pause, Timestamp)>,
}

/// What there is to tell of a pause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// It has come, or become another.
    Paused(String),
    /// It lasts, or cannot be read: somebody should look.
    Look(String),
    /// It is lifted, or over.
    Resumed(String),
}

/// A pause that lasts is told again after so long.
const REMINDER: Duration = Duration::from_hours(24);

impl Vigil {
    /// What `record` has to tell after all that has been told.
    pub(super) fn news(&mut self, record: &Record) -> Option<News> {
        let now = record.time;
        let Some(pause) = &record.paused else {
            let (gone, _) = self.told.take()?;
            let how = if gone.is_over(now) { "its time is over" } else { "resumed" };
            return Some(News::Resumed(format!("{} is not paused any more: {how}", gone.what())));
        };
        let again = match &self.told {
            Some((told, at)) if told == pause => {
                if now.since(*at) < REMINDER {
                    return None;
                }
                true
            }
            _ => false,
        };
        self.told = Some((pause.clone(), now));
        let words = paused(pause, now);
        Some(match pause {
            Pause::Asked { .. } if again => News::Look(format!("still {words}")),
            Pause::Asked { .. } => News::Paused(words),
            Pause::Unknown { .. } => News::Look(words),
        })
    }
}

impl News {
    pub(super) const fn event(&self) -> Event {
        match self {
            Self::Paused(_) | Self::Look(_) => Event::Paused,
            Self::Resumed(_) => Event::Resumed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::scene;

    const START: Timestamp = Timestamp::from_secs(1_795_183_320);

    fn asked(r#in: bool, until: Option<Timestamp>) -> Pause {
        Pause::Asked { out: true, r#in, since: START, until }
    }

    /// What is told at these hours.
    fn told(ticks: &[(u64, Option<Pause>)]) -> Vec<Option<News>> {
        let mut vigil = Vigil::default();
        let at = |hours: u64| START + Duration::from_hours(hours);
        let record = |(hours, paused): &(u64, Option<Pause>)| Record {
            time: at(*hours),
            paused: paused.clone(),
            ..scene::scaled_out()
        };
        ticks.iter().map(|tick| vigil.news(&record(tick))).collect()
    }

    #[test]
    fn a_pause_is_told_when_it_comes_when_it_changes_and_when_it_goes() {
        let ticks = [
            (0, None),
            (0, Some(asked(true, None))),
            (1, Some(asked(true, None))),
            (1, Some(asked(false, None))),
            (2, None),
        ];
        let said = |words: &str| words.to_owned();
        let expected = [
            None,
            Some(News::Paused(said(
                "scale-out and scale-in are paused since 14:02 UTC, until it is resumed",
            ))),
            None,
            Some(News::Paused(said("scale-out is paused since 14:02 UTC, until it is resumed"))),
            Some(News::Resumed(said("scale-out is not paused any more: resumed"))),
        ];
        assert_eq!(told(&ticks), expected);
    }

    #[test]
    fn one_whose_time_is_over_is_told_as_such_and_once() {
        let until = Some(START + Duration::from_hours(1));
        let said = told(&[(0, Some(asked(false, until))), (1, None), (2, None)]);
        let over = News::Resumed("scale-out is not paused any more: its time is over".to_owned());
        assert_eq!(said[1..], [Some(over), None]);
    }

    #[test]
    fn one_that_lasts_is_told_again_every_day() {
        let pause = || Some(asked(false, None));
        let said = told(&[(0, pause()), (23, pause()), (24, pause()), (47, pause()), (48, pause())]);
        let is_look = |news: &Option<News>| matches!(news, Some(News::Look(_)));
        assert_eq!(said.iter().map(is_look).collect::<Vec<_>>(), [false, false, true, false, true]);
        assert!(said[1].is_none() && said[3].is_none());
    }

    #[test]
    fn one_that_cannot_be_read_asks_somebody_to_look_and_once() {
        let unknown = || Some(Pause::Unknown { why: "images.pause is damaged".to_owned() });
        let said = told(&[(0, unknown()), (1, unknown())]);
        assert!(matches!(&said[0], Some(News::Look(words)) if words.contains("is damaged")), "{said:?}");
        assert_eq!(said[1], None);
    }
}
