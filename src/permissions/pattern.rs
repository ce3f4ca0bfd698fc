use std::fmt;

/// A text with wildcards, as policies have them in actions, resources and some conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    text: String,
    tokens: Vec<Token>,
    /// Whether a part of it is only known when a call is made, as in `${aws:username}`.
    pub(super) is_variable: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    /// `*`: any characters, or none.
    Any,
    /// `?`: one character.
    One,
    Just(char),
}

impl Pattern {
    /// The pattern that `text` is. A policy variable may stand for anything.
    pub(super) fn new(text: &str) -> Self {
        let (mut tokens, mut is_variable) = (Vec::new(), false);
        let mut rest = text.chars();
        while let Some(each) = rest.next() {
            let variable = rest.as_str().strip_prefix('{').filter(|_| each == '$');
            if let Some((name, after)) = variable.and_then(|variable| variable.split_once('}')) {
                rest = after.chars();
                tokens.push(match name {
                    "*" => Token::Just('*'),
                    "?" => Token::Just('?'),
                    "$" => Token::Just('$'),
                    _ => {
                        is_variable = true;
                        Token::Any
                    }
                });
                continue;
            }
            tokens.push(match each {
                '*' => Token::Any,
                '?' => Token::One,
                other => Token::Just(other),
            });
        }
        Self { text: text.to_owned(), tokens, is_variable }
    }

    /// What a call is about whose action knows no resources: the text `*`, which no ARN matches.
    pub(super) fn nameless() -> Self {
        Self { text: "*".to_owned(), ..Self::new("${*}") }
    }

    /// Whether both are written alike.
    pub(super) fn reads_as(&self, other: &Self) -> bool {
        self.text == other.text
    }

    /// An action, of which policies do not mind the case.
    pub(super) fn of_action(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::new(&text.to_ascii_lowercase()) }
    }

    /// Whether this matches everything that `other` matches.
    pub(super) fn covers(&self, other: &Self) -> bool {
        !self.is_variable && meet(&self.tokens, &other.tokens, false)
    }

    /// Whether there is anything that both match.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        meet(&self.tokens, &other.tokens, true)
    }

    /// Whether it matches more than one text.
    pub(super) fn is_wild(&self) -> bool {
        self.tokens.iter().any(|token| !matches!(token, Token::Just(_)))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether `one` matches all of `other` or, where the wildcards of `other` stand for something `too`,
/// some of it.
fn meet(one: &[Token], other: &[Token], too: bool) -> bool {
    // Of every pair of remainders, whether they meet: `below` for the remainder of `one` after the next.
    let at = |row: &[bool], index: usize| row.get(index).copied().unwrap_or_default();
    let mut below: Vec<bool> = Vec::new();
    for i in (0..=one.len()).rev() {
        let mut row = vec![false; other.len() + 1];
        for j in (0..=other.len()).rev() {
            let (here, there) = (one.get(i), other.get(j));
            let met = match (here, there) {
                (None, None) => true,
                (Some(Token::Any), _) => at(&below, j) || (there.is_some() && at(&row, j + 1)),
                (_, Some(Token::Any)) if too => at(&row, j + 1) || (here.is_some() && at(&below, j)),
                (Some(Token::One), Some(Token::One | Token::Just(_))) => at(&below, j + 1),
                (Some(Token::Just(_)), Some(Token::One)) => too && at(&below, j + 1),
                (Some(Token::Just(here)), Some(Token::Just(there))) => here == there && at(&below, j + 1),
                _ => false,
            };
            if let Some(place) = row.get_mut(j) {
                *place = met;
            }
        }
        below = row;
    }
    at(&below, 0)
}

/// The pattern that matches `text` and, for characters that policies cannot have, one in their place.
pub(super) fn literal(text: &str) -> String {
    let each = |each: char| match each {
        '*' | '?' | '$' => format!("${{{each}}}"),
        ' '..='\u{ff}' => each.to_string(),
        _ => "?".to_owned(),
    };
    text.chars().map(each).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(one: &str, other: &str) -> bool {
        Pattern::new(one).covers(&Pattern::new(other))
    }

    fn overlaps(one: &str, other: &str) -> bool {
        let (one, other) = (Pattern::new(one), Pattern::new(other));
        assert_eq!(one.overlaps(&other), other.overlaps(&one), "{one} and {other}");
        one.overlaps(&other)
    }

    #[test]
    fn a_pattern_covers_what_it_matches_and_no_more() {
        for (one, other) in [
            ("*", ""),
            ("*", "*"),
            ("a*", "a?"),
            ("a*c", "abbc"),
            ("?", "?"),
            ("a*", "a*b"),
            ("*b*", "abc"),
            ("arn:*", "arn:aws:sqs:eu-west-1:*:images"),
            ("**", "*"),
            ("", ""),
        ] {
            assert!(covers(one, other), "{one} and {other}");
            assert!(overlaps(one, other), "{one} and {other}");
        }
        for (one, other) in [
            ("", "*"),
            ("a", "a*"),
            ("?", "*"),
            ("a?", "a"),
            ("a*c", "abcd"),
            ("a", "?"),
            ("a*", "*"),
            ("a", "A"),
            ("*:images", "*:image"),
        ] {
            assert!(!covers(one, other), "{one} and {other}");
        }
    }

    #[test]
    fn two_patterns_overlap_where_one_text_matches_both() {
        for (one, other) in [("a*", "*b"), ("?b", "a?"), ("a*c*", "*bc"), ("*", "?")] {
            assert!(overlaps(one, other), "{one} and {other}");
        }
        for (one, other) in [("a*", "b*"), ("?", "ab"), ("*a", "*b"), ("a?c", "ab"), ("", "?")] {
            assert!(!overlaps(one, other), "{one} and {other}");
        }
    }

    #[test]
    fn what_is_escaped_stands_for_itself_and_a_variable_for_anything() {
        assert!(covers("a${*}", "a${*}") && !covers("a${*}", "ab") && covers("${$}{x}", "${$}{x}"));
        assert_eq!(literal("50% of *? for $1"), "50% of ${*}${?} for ${$}1");
        assert!(covers(&literal("gr\u{fc}n-\u{7dd1}"), "gr\u{fc}n-\u{7dd1}"));
        assert!(overlaps("a/${aws:username}", "a/b") && !covers("a/${aws:username}", "a/b"));
        assert!(!overlaps("a/${aws:username}", "b"));
    }

    #[test]
    fn the_case_of_actions_does_not_matter() {
        assert!(Pattern::of_action("SQS:getqueue*").covers(&Pattern::of_action("sqs:GetQueueUrl")));
    }
}
