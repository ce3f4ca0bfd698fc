use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use std::fmt;
use std::ops::Range;

/// All that is wrong with the settings, in the order of the files. At least one mistake.
#[derive(Clone, PartialEq, Eq)]
pub struct Mistakes {
    /// Names and texts, for the lines that are shown.
    files: Vec<(String, String)>,
    list: Vec<Mistake>,
}

/// One mistake: what is wrong, where, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    title: String,
    labels: Vec<(Spot, String)>,
    help: Option<String>,
}

/// A stretch of text in one of the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    /// Which file, by its place in the list.
    pub(super) file: usize,
    /// Which bytes of it.
    pub(super) span: Range<usize>,
}

// === impl Mistake ===

impl Mistake {
    /// A mistake that has no place in a file's text.
    pub(super) fn without_place(title: impl Into<String>) -> Self {
        Self { title: title.into(), labels: Vec::new(), help: None }
    }

    /// A mistake at `at`, the label standing under the text there.
    pub(super) fn new(title: impl Into<String>, at: &Spot, label: impl Into<String>) -> Self {
        Self::without_place(title).and(at, label)
    }

    /// The same, naming another place that it takes to see the mistake.
    pub(super) fn and(mut self, at: &Spot, label: impl Into<String>) -> Self {
        self.labels.push((at.clone(), label.into()));
        self
    }

    /// The same, with advice below the text.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The mistake in one line, its place first: `FILE:LINE:COLUMN: title (label)`.
    fn in_a_line(&self, files: &[(String, String)]) -> String {
        let first = |text: &str| text.lines().next().unwrap_or_default().trim().to_owned();
        let title = first(&self.title);
        let Some((at, label)) = self.labels.first() else { return title };
        let label = first(label);
        let label = if label.is_empty() { label } else { format!(" ({label})") };
        let place = files.get(at.file).map_or_else(String::new, |(name, text)| {
            let before = text.get(..text.floor_char_boundary(at.span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|sign| *sign != '\n').count() + 1;
            format!("{name}:{line}:{column}: ")
        });
        format!("{place}{title}{label}")
    }

    fn position(&self) -> Option<(usize, usize)> {
        self.labels.first().map(|(at, _)| (at.file, at.span.start))
    }

    fn render(&self, files: &[(String, String)], renderer: &Renderer) -> String {
        let mut report = Level::ERROR.primary_title(self.title.as_str()).elements(self.snippets(files));
        if let Some(help) = &self.help {
            report = report.element(Level::HELP.message(help.as_str()));
        }
        renderer.render(&[report])
    }

    /// A snippet a file, the file of the first label first, which is the primary one.
    fn snippets<'a>(
        &'a self,
        files: &'a [(String, String)],
    ) -> Vec<Snippet<'a, annotate_snippets::Annotation<'a>>> {
        let mut order: Vec<usize> = Vec::new();
        for (at, _) in &self.labels {
            if !order.contains(&at.file) {
                order.push(at.file);
            }
        }
        let snippet = |file: usize| {
            let (name, text) = files.get(file)?;
            let here = self.labels.iter().enumerate().filter(move |(_, (at, _))| at.file == file);
            let annotations = here.map(|(index, (at, label))| {
                let kind = if index == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
                kind.span(first_line(text, &at.span)).label(label.as_str())
            });
            Some(Snippet::source(text.as_str()).path(name.as_str()).annotations(annotations))
        };
        order.into_iter().filter_map(snippet).collect()
    }
}

/// The part of `span` on its first line: a table of many lines is named by its beginning.
fn first_line(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(span.start);
    let shown = text.get(start..text.floor_char_boundary(span.end)).unwrap_or_default();
    start..start + shown.find(['\r', '\n']).unwrap_or(shown.len())
}

// === impl Mistakes ===

impl Mistakes {
    /// The mistakes in `files`, ordered by place; those without one come first.
    pub(super) fn new(files: Vec<(String, String)>, mut list: Vec<Mistake>) -> Self {
        list.sort_by_key(Mistake::position);
        Self { files, list }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.list.len()
    }

    /// The first mistake in one line, with file, line and column, and how many more there are.
    #[must_use]
    pub fn in_a_line(&self) -> String {
        let first = self.list.first().map_or_else(String::new, |mistake| mistake.in_a_line(&self.files));
        match self.list.len() {
            0 | 1 => first,
            2 => format!("{first}, and 1 more mistake"),
            count => format!("{first}, and {} more mistakes", count - 1),
        }
    }

    /// Every mistake with file, line, column and the offending line; in colour for terminals that show it.
    #[must_use]
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let shown: Vec<String> = self.list.iter().map(|each| each.render(&self.files, &renderer)).collect();
        shown.join("\n\n")
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl fmt::Debug for Mistakes {
    /// As shown to people: this is what a test's `unwrap` prints.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{self}")
    }
}

impl std::error::Error for Mistakes {}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot(file: usize, span: Range<usize>) -> Spot {
        Spot { file, span }
    }

    fn files() -> Vec<(String, String)> {
        vec![("a.toml".into(), "min = 9\nmax = 2\n".into()), ("b.toml".into(), "\n\nname = 'ü'\n".into())]
    }

    #[test]
    fn a_mistake_of_two_places_shows_both_and_the_help() {
        let mistake = Mistake::new("min is above max", &spot(0, 6..7), "at least 9")
            .and(&spot(0, 14..15), "at most 2")
            .help("swap them");
        let shown = Mistakes::new(files(), vec![mistake]).to_string();
        let expected = "\
error: min is above max
 --> a.toml:1:7
  |
1 | min = 9
  |       ^ at least 9
2 | max = 2
  |       - at most 2
  |
  = help: swap them";
        assert_eq!(shown, expected);
    }

    #[test]
    fn places_in_two_files_are_both_named() {
        let mistake = Mistake::new("twice", &spot(1, 9..13), "again").and(&spot(0, 0..3), "first");
        let shown = Mistakes::new(files(), vec![mistake]).to_string();
        assert!(shown.contains("--> b.toml:3:8") && shown.contains("::: a.toml:1:1"), "{shown}");
    }

    #[test]
    fn mistakes_come_in_the_order_of_files_and_lines() {
        let at = |title: &str, at: Spot| Mistake::new(title, &at, "");
        let list =
            vec![at("third", spot(1, 0..0)), at("second", spot(0, 8..9)), Mistake::without_place("first")];
        let shown = Mistakes::new(files(), list).to_string();
        let places: Vec<_> = ["first", "second", "third"].iter().map(|title| shown.find(title)).collect();
        assert!(places.is_sorted(), "{shown}");
    }

    #[test]
    fn in_a_line_the_first_mistake_stands_with_its_place_and_the_number_of_the_others() {
        let at = |span| Mistake::new("no such name", &spot(1, span), "did you mean\nthis?");
        let line = |list| Mistakes::new(files(), list).in_a_line();
        assert_eq!(line(vec![at(9..13)]), "b.toml:3:8: no such name (did you mean)");
        let whole = || Mistake::without_place("cannot read c.toml: no");
        assert_eq!(line(vec![at(0..1), whole()]), "cannot read c.toml: no, and 1 more mistake");
        assert_eq!(
            line(vec![at(11..12), at(2..3), at(0..1)]),
            "b.toml:1:1: no such name (did you mean), and 2 more mistakes"
        );
    }

    #[test]
    fn colour_is_only_for_those_who_ask() {
        let mistakes = Mistakes::new(files(), vec![Mistake::new("x", &spot(0, 0..3), "y")]);
        assert!(mistakes.render(true).contains('\u{1b}'));
        assert!(!mistakes.to_string().contains('\u{1b}'));
    }

    #[test]
    fn a_span_beyond_the_text_does_not_panic() {
        let mistake = Mistake::new("x", &spot(0, 90..99), "y").and(&spot(1, 11..12), "z");
        assert!(Mistakes::new(files(), vec![mistake]).to_string().contains("a.toml"));
    }
}
