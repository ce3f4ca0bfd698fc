use super::forms;
use super::reader::Table;
use super::whereabouts::Whereabouts;
use crate::aws::{Arn, Place};
use crate::trouble::Terms;
use std::time::Duration;

/// When and where troubles are told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notify {
    /// When.
    pub terms: Terms,
    /// Where, beside the journal and whoever looks; nothing: nowhere else.
    pub topic: Option<Topic>,
}

/// An SNS topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Its ARN.
    pub arn: String,
    /// Where calls about it go, and as whom: as `[aws]` says, in the topic's own region.
    pub place: Place,
}

pub(super) const DAY_SECS: u32 = 86_400;

/// Reads the `[notify]` table. `base` is what `[aws]` says.
pub(super) fn read(mut table: Table<'_>, base: &Whereabouts<'_>) -> Notify {
    let usual = Terms::default();
    let topic = table.text("topic_arn", forms::topic_arn).map(|at| at.value);
    let after = table.whole("after_secs", 0..=DAY_SECS).map(|at| at.value);
    let remind = table.whole("remind_secs", 60..=30 * DAY_SECS).map(|at| at.value);
    table.finish();
    let secs = |given: Option<u32>, usual| given.map_or(usual, |secs| Duration::from_secs(secs.into()));
    let topic = topic.map(|arn| {
        let region = Arn::of_service("sns", &arn).ok().map(|arn| arn.region.to_owned());
        Topic { place: Place { region, ..base.place() }, arn }
    });
    Notify { terms: Terms { after: secs(after, usual.after), remind: secs(remind, usual.remind) }, topic }
}

#[cfg(test)]
mod tests {
    use super::super::describe;
    use super::super::tests::{accepted, refused, scaler, titles};
    use super::*;

    const ARN: &str = "arn:aws:sns:eu-central-1:123456789012:alerts";

    fn notify(table: &str) -> String {
        format!(
            "[aws]\nregion = \"eu-west-1\"\nendpoint_url = \"http://127.0.0.1:1\"\n[notify]\n{table}\n{}",
            scaler("")
        )
    }

    fn told(table: &str) -> Notify {
        accepted(&[&notify(table)]).scalers[0].notify.clone()
    }

    #[test]
    fn without_the_table_nobody_is_told_elsewhere_and_terms_are_the_usual() {
        assert_eq!(accepted(&[&scaler("")]).scalers[0].notify, Notify::default());
        let terms = Terms { after: Duration::from_mins(10), remind: Duration::from_hours(4) };
        assert_eq!(Notify::default().terms, terms);
    }

    #[test]
    fn a_topics_calls_go_where_aws_says_but_to_its_own_region() {
        let topic = told(&format!("topic_arn = {ARN:?}")).topic.unwrap();
        assert_eq!(topic.arn, ARN);
        let told = describe(&accepted(&[&notify(&format!("topic_arn = {ARN:?}"))]));
        assert!(told.ends_with(&format!("\n\ntells of troubles: {ARN}\n")), "{told}");
        assert!(!describe(&accepted(&[&notify("")])).contains("troubles"));
        let place = Place {
            region: Some("eu-central-1".to_owned()),
            endpoint_url: Some("http://127.0.0.1:1".to_owned()),
            assume_role: None,
        };
        assert_eq!(topic.place, place);
    }

    #[test]
    fn its_times_are_whole_seconds_within_bounds() {
        let Notify { terms, .. } = told("after_secs = 0\nremind_secs = 60");
        assert_eq!((terms.after, terms.remind), (Duration::ZERO, Duration::from_mins(1)));
        let shown = refused(&[&notify("after_secs = -1\nremind_secs = 59")]);
        for words in ["main.toml:5:14", "from 0 to 86400", "main.toml:6:15", "from 60 to 2592000"] {
            assert!(shown.contains(words), "{words:?} is not in {shown}");
        }
    }

    #[test]
    fn what_is_no_topic_is_refused_with_what_is_one() {
        for (text, why) in [
            ("alerts", "an ARN has six parts"),
            ("arn:aws:sqs:eu-west-1:123456789012:alerts", "an ARN of `sqs`, where one of `sns` is wanted"),
            ("arn:aws:sns:eu-west-1:123456789012:alerts:0a1b", "arn:aws:sns:REGION:ACCOUNT:NAME"),
            ("arn:aws:sns:eu-west-1:123456789012:", "arn:aws:sns:REGION:ACCOUNT:NAME"),
            ("arn:aws:sns::123456789012:alerts", "arn:aws:sns:REGION:ACCOUNT:NAME"),
        ] {
            let shown = refused(&[&notify(&format!("topic_arn = {text:?}"))]);
            assert!(shown.contains("main.toml:5:13") && shown.contains(why), "{text}: {shown}");
        }
        for arn in ["arn:aws-cn:sns:cn-north-1:123456789012:a-b_C.fifo", ARN] {
            assert_eq!(told(&format!("topic_arn = {arn:?}")).topic.unwrap().arn, arn);
        }
    }

    #[test]
    fn a_slip_is_shown_with_what_was_meant_and_a_drop_in_may_not_have_it() {
        let shown = refused(&[&notify("topic = \"x\"")]);
        assert!(shown.contains("did you mean `topic_arn`?"), "{shown}");
        let drop_in = format!("[notify]\n{}", scaler("name = \"b\""));
        assert_eq!(titles(&[&scaler(""), &drop_in]), ["notify belongs in the main file"]);
    }
}
