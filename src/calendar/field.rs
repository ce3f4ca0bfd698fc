//! What is wrong with a cron pattern, field by field.

/// The fields in their order: what they are called, and what they may have.
const FIELDS: [(&str, &str); 7] = [
    ("seconds", "0 to 59"),
    ("minutes", "0 to 59"),
    ("hours", "0 to 23"),
    ("day of month", "1 to 31, L (the last), or 15W (the weekday nearest to the 15th)"),
    ("month", "1 to 12, or JAN to DEC"),
    (
        "day of week",
        "0 to 7 (0 and 7 are Sunday), or SUN to SAT; FRI#2 is the month's second, FRI#L its last",
    ),
    ("year", "1 to 5000"),
];

/// Why the pattern `text` is refused by `is_pattern`: what is wrong on the first line, what helps on the next. Nothing
/// where no field is to blame.
pub(super) fn mistake(text: &str, is_pattern: impl Fn(&str) -> bool) -> Option<String> {
    let given: Vec<&str> = text.split_whitespace().collect();
    if text.contains('@') {
        return Some("must be @yearly, @monthly, @weekly, @daily or @hourly, or have fields".to_owned());
    }
    if !matches!(given.len(), 6 | 7) {
        let names = "second, minute, hour, day of month, month, day of week, and perhaps a year";
        return Some(format!("must have 6 or 7 fields: {names}; it has {}", given.len()));
    }
    let wrong = |(place, field): (usize, &&str)| {
        let mut alone = ["*"; FIELDS.len()];
        *alone.get_mut(place)? = field;
        let (name, allowed) = FIELDS.get(place)?;
        (!is_pattern(&alone.join(" "))).then(|| format!("{name} {field:?}: must be {allowed}"))
    };
    let wrong: Vec<String> = given.iter().enumerate().filter_map(wrong).collect();
    let forms = "a field is `*`, or one or more of these, separated by commas: a value, a range (8-18), a step (*/10)";
    (!wrong.is_empty()).then(|| format!("{}\n{forms}", wrong.join("; ")))
}
