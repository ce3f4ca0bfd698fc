//! Values to hold the schema and the reader against.

use proptest::prelude::*;
use serde_json::{Value, json};

/// Words of each form there is, and such as are no such word.
const WORDS: &str = r#"
[
    "", " ", "a", "-", "a b", ":a", " :a", "a/b", "ä", "a\nb", "images.fifo", "arn:aws", "AWS/SQS", "Backlogd", "sqs",
    "asg", "cloudwatch", "latency", "step", "kafka", "visible", "UTC", "Europe/Berlin", "europe/berlin", "eu-west-1",
    "eu-west-1a", "Ireland", "123456789012", "1234", "/srv/state", "state", "systemd", "unix:/run/a", "unix:a",
    "127.0.0.1:9464", "127.0.0.1", "[::1]:80", "[fe80::1%3]:80", "0.0.0.0:80", "localhost:80", "*/5 * * * *",
    "0 */5 * * * *", "0 0 8 * * Mon-Fri 2027", " 0  */5 * * * * ", "@hourly", "@Daily", "hourly",
    "http://127.0.0.1:4566", "https://", "ftp://a", "http://a b", "http://localhost:4566/queue/images",
    "https://sqs.eu-west-1.amazonaws.com/123456789012/images", "arn:aws:sqs:eu-west-1:123456789012:images",
    "arn:aws-cn:sqs:cn-north-1:123456789012:images.fifo", "arn:aws:sns:eu-west-1:123456789012:images",
    "arn:aws:sns:eu-west-1:123456789012:alerts.fifo", "arn:aws:sns:eu-west-1:123456789012:a b",
    "arn:aws:iam::123456789012:role/path/a", "arn:aws:iam::1234:role/a", "arn:aws:iam::123456789012:user/a",
    "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:0a:autoScalingGroupName/my workers",
    "arn:aws:autoscaling:eu-west-1:123456789012:x", true, 1, [], {}
]"#;

/// How long words may be, and a letter more.
const LENGTHS: [usize; 10] = [64, 65, 80, 81, 255, 256, 1024, 1025, 1224, 1225];

/// Numbers at the ends of each range there is, and beyond.
const NUMBERS: &str = "
[
    0, 1, 2, 60, 99, 100, 1000, 1001, 3650, 3651, 4096, 4097, 86400, 86401, 525600, 525601, 1000000, 1000001, 1209600,
    1209601, 31536000, 31536001, 59, 2592000, 2592001, -1, 99999999999, 0.5, 0.001, 0.0009, -0.5, 99.5, 1e300, \"1\", true, []
]";

const OTHERS: &str = r#"
[
    true, false, 0, 1, "a", "true", [], {}, [1], [{}], [[]], ["visible"], ["visible", "desired"], ["visible", "visible"],
    ["a"], { "a": "b" }, { ":a": "b" }, { "a": " " }, { "a": "ü" }, { "a": 1 }, [{ "queue": "a" }, { "queue": "b" }]
]"#;

/// Values that may be meant for a property of the type `kind`, or are just not: a table, a list, a truth or
/// a word of a few where it is none of text and numbers.
pub(super) fn values(kind: Option<&str>) -> Vec<Value> {
    let parsed = |text| serde_json::from_str::<Vec<Value>>(text).unwrap();
    match kind {
        Some("string") => {
            parsed(WORDS).into_iter().chain(LENGTHS.map(|count| json!("a".repeat(count)))).collect()
        }
        Some("integer" | "number") => parsed(NUMBERS),
        _ => parsed(OTHERS),
    }
}

/// Texts of all forms, right and wrong.
fn any_text() -> impl Strategy<Value = String> {
    let cron = "[ \t]{0,2}((\\*|\\?|[0-9]{1,2}(-[0-9]{1,2})?|L|[0-9]{1,2}[LW]|[1-7]#[1-5L]|[A-Z]{3})(/[0-9]{1,2})?[ \t]){6,7}";
    let group = "arn:aws:autoscaling:eu-west-1:[0-9]{12}:autoScalingGroup:[a-f0-9-]{0,9}:autoScalingGroupName/[ -~]{0,20}";
    prop_oneof![
        "[ -~]{0,70}",
        "[ -~äß€]{0,20}",
        "[a-z]{1,5}(-[a-z]{1,5}){1,3}-[0-9]{1,2}",
        "(https?|ftp)://[a-z0-9.:\\[\\]@/?#_-]{0,30}",
        "arn:aws[a-z-]{0,4}:(sqs|iam|autoscaling):(eu-west-1)?:[0-9]{12}:(role/)?[ -~]{0,20}",
        group,
        "(unix:/[ -~ä]{0,110}|[0-9]{1,3}([.][0-9]{1,3}){3}:[0-9]{1,5}|\\[[0-9a-f:.%]{2,12}\\]:[0-9]{1,5})",
        cron,
        "@[A-Za-z]{4,8}",
    ]
}

pub(super) fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => any_text().prop_map(|text| json!(text)),
        1 => (-2_i64..40_000_000).prop_map(|number| json!(number)),
        1 => (-2_i64..120).prop_map(|number| json!(number)),
        1 => any::<f64>().prop_map(|number| json!(number)),
        1 => (any_text(), any_text()).prop_map(|(key, value)| json!({ key: value })),
    ]
}
