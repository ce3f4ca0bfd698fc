use super::html::escaped;
use super::scale::Axis;
use super::thin::corners;
use std::fmt::Write;

/// A drawing in the making: axes, and what was drawn on them so far. Colours are the style sheet's.
#[derive(Debug)]
pub(super) struct Plot {
    title: String,
    x: Axis,
    y: Axis,
    /// Pixels between the axes' ends.
    height: f64,
    /// The ground, the lines on it, and what stands above them.
    ground: String,
    lines: String,
    inner: String,
    /// What the colours mean: class and name.
    legend: Vec<(String, String)>,
    /// Where words stand already: left, top, right, bottom.
    taken: Vec<[f64; 4]>,
}

/// Pixels of the whole drawing.
const WIDTH: f64 = 960.0;
const LEFT: f64 = 62.0;
const RIGHT: f64 = 22.0;
const BOTTOM: f64 = 26.0;
/// One line of words.
const LINE: f64 = 20.0;
/// About the width of a letter.
const LETTER: f64 = 6.8;

impl Plot {
    pub(super) fn new(title: &str, x: Axis, y: Axis, height: f64) -> Self {
        let mut plot = Self {
            title: title.to_owned(),
            x,
            y,
            height,
            ground: String::new(),
            lines: String::new(),
            inner: String::new(),
            legend: Vec::new(),
            taken: Vec::new(),
        };
        plot.grid();
        std::mem::swap(&mut plot.ground, &mut plot.inner);
        plot
    }

    /// A line through `points`.
    pub(super) fn line(&mut self, class: &str, name: &str, points: &[(f64, f64)]) {
        let path = self.path(points);
        // Drawn below what was drawn before: the first line is the one to be seen.
        self.lines.insert_str(0, &format!("<path class=\"line {class}\" d=\"{path}\"/>"));
        self.legend.push((class.to_owned(), name.to_owned()));
    }

    /// A line that keeps its height until the next point.
    pub(super) fn steps(&mut self, class: &str, name: &str, points: &[(f64, f64)]) {
        let mut corner = Vec::with_capacity(points.len() * 2);
        for pair in points.windows(2) {
            if let [from, to] = pair {
                corner.extend([*from, (to.0, from.1)]);
            }
        }
        corner.extend(points.last());
        self.line(class, name, &corners(&corner));
    }

    /// The area between `points` and 0.
    pub(super) fn area(&mut self, class: &str, points: &[(f64, f64)]) {
        let (Some(first), Some(last)) = (points.first(), points.last()) else { return };
        let bottom = self.height;
        let path = self.path(points);
        let (left, right) = (self.left(first.0), self.left(last.0));
        self.add(format_args!(
            "<path class=\"area {class}\" d=\"{path}L{right:.1} {bottom:.1}L{left:.1} {bottom:.1}Z\"/>"
        ));
    }

    /// A level line across, with its name at the right.
    pub(super) fn level(&mut self, class: &str, height: f64, name: &str) {
        let top = self.top(height);
        self.add(format_args!("<path class=\"{class}\" d=\"M{LEFT} {top:.1}H{}\"/>", WIDTH - RIGHT));
        let (words, right) = (escaped(name), WIDTH - RIGHT - 4.0);
        self.add(format_args!(
            "<text class=\"note\" x=\"{right}\" y=\"{:.1}\" text-anchor=\"end\">{words}</text>",
            top - 4.0
        ));
        self.taken.push([right - letters(name), top - 18.0, right, top]);
    }

    /// The part of the paper left of `limit`, marked as the good one.
    pub(super) fn good_until(&mut self, limit: f64, name: &str) {
        let right = self.left(limit);
        let (height, words) = (self.height, escaped(name));
        self.add(format_args!(
            "<rect class=\"good\" x=\"{LEFT}\" y=\"0\" width=\"{:.1}\" height=\"{height}\"/>\
             <text class=\"note\" x=\"{:.1}\" y=\"14\" text-anchor=\"end\">{words}</text>",
            right - LEFT,
            right - 5.0
        ));
        self.taken.push([right - 5.0 - letters(name), 0.0, right, 18.0]);
    }

    /// A dot, with words for who points at it.
    pub(super) fn dot(&mut self, class: &str, at: (f64, f64), size: f64, words: &str) {
        let (left, top) = (self.left(at.0), self.top(at.1));
        self.taken.push([left - size, top - size, left + size, top + size]);
        let words = escaped(words);
        self.add(format_args!(
            "<circle class=\"dot {class}\" cx=\"{left:.1}\" cy=\"{top:.1}\" r=\"{size}\"><title>{words}</title></circle>"
        ));
    }

    /// A name beside a dot, where it covers nothing; where it finds no such place, none.
    pub(super) fn name(&mut self, class: &str, at: (f64, f64), name: &str) {
        let (left, top, long) = (self.left(at.0), self.top(at.1), letters(name));
        let places = [(9.0, 4.0), (-9.0 - long, 4.0), (-long / 2.0, -10.0), (-long / 2.0, 19.0)];
        let more = [(7.0, -9.0), (-7.0 - long, -9.0), (7.0, 17.0), (-7.0 - long, 17.0)];
        let far = [(14.0, 26.0), (14.0, -22.0), (-14.0 - long, 26.0), (-14.0 - long, -22.0)];
        let free = places.into_iter().chain(more).chain(far).find_map(|(right, down)| {
            let (x, y) = (left + right, top + down);
            let words = [x, y - 11.0, x + long, y + 3.0];
            let on_paper = x >= LEFT && x + long <= WIDTH - RIGHT && y >= 11.0 && y <= self.height - 3.0;
            (on_paper && !self.taken.iter().any(|other| overlap(*other, words))).then_some((x, y, words))
        });
        if let Some((x, y, box_)) = free {
            self.taken.push(box_);
            let words = escaped(name);
            self.add(format_args!("<text class=\"name {class}\" x=\"{x:.1}\" y=\"{y:.1}\">{words}</text>"));
        }
    }

    /// The drawing as an element of a page.
    pub(super) fn done(self) -> String {
        let head = if self.legend.is_empty() { 8.0 } else { LINE + 8.0 };
        let (full, label) = (head + self.height + BOTTOM, escaped(&self.title));
        format!(
            "<figure><figcaption>{label}</figcaption><div class=\"paper\">\
             <svg viewBox=\"0 0 {WIDTH} {full}\" role=\"img\" aria-label=\"{label}\">{}\
             <g transform=\"translate(0 {head})\">{}{}{}</g></svg></div></figure>\n",
            self.keys(),
            self.ground,
            self.lines,
            self.inner
        )
    }

    /// The legend, in a row above the drawing.
    fn keys(&self) -> String {
        let mut keys = String::new();
        let mut left = LEFT;
        for (class, name) in &self.legend {
            let words = escaped(name);
            let (end, text) = (left + 22.0, left + 28.0);
            push(
                &mut keys,
                format_args!(
                    "<path class=\"line {class}\" d=\"M{left:.0} 10H{end:.0}\"/>\
                     <text class=\"key\" x=\"{text:.0}\" y=\"14\">{words}</text>"
                ),
            );
            left = text + letters(name) + 18.0;
        }
        keys
    }

    fn grid(&mut self) {
        let (right, bottom) = (WIDTH - RIGHT, self.height);
        for (figure, label) in self.y.ticks.clone() {
            let top = self.top(figure);
            self.add(format_args!(
                "<path class=\"grid\" d=\"M{LEFT} {top:.1}H{right}\"/>\
                 <text class=\"tick\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
                LEFT - 6.0,
                top + 4.0
            ));
        }
        for (figure, label) in self.x.ticks.clone() {
            let left = self.left(figure);
            self.add(format_args!(
                "<path class=\"grid\" d=\"M{left:.1} 0V{bottom}\"/>\
                 <text class=\"tick\" x=\"{left:.1}\" y=\"{}\" text-anchor=\"middle\">{label}</text>",
                bottom + 17.0
            ));
        }
    }

    fn path(&self, points: &[(f64, f64)]) -> String {
        let mut path = String::new();
        for (index, (x, y)) in points.iter().enumerate() {
            let letter = if index == 0 { 'M' } else { 'L' };
            push(&mut path, format_args!("{letter}{:.1} {:.1}", self.left(*x), self.top(*y)));
        }
        path
    }

    fn left(&self, figure: f64) -> f64 {
        LEFT + self.x.share(figure) * (WIDTH - LEFT - RIGHT)
    }

    fn top(&self, figure: f64) -> f64 {
        (1.0 - self.y.share(figure)) * self.height
    }

    fn add(&mut self, element: std::fmt::Arguments<'_>) {
        push(&mut self.inner, element);
    }
}

fn push(text: &mut String, more: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _written = text.write_fmt(more);
}

fn letters(words: &str) -> f64 {
    f64::from(u32::try_from(words.chars().count()).unwrap_or(u32::MAX)) * LETTER
}

fn overlap(a: [f64; 4], b: [f64; 4]) -> bool {
    let [a_left, a_top, a_right, a_bottom] = a;
    let [b_left, b_top, b_right, b_bottom] = b;
    a_left < b_right && b_left < a_right && a_top < b_bottom && b_top < a_bottom
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn plot() -> Plot {
        Plot::new("Fleet", Axis::time(Duration::from_hours(1)), Axis::counts(10.0), 100.0)
    }

    #[test]
    fn a_step_keeps_its_height_until_the_next_point() {
        let mut plot = plot();
        plot.steps("c1", "backlogd", &[(0.0, 0.0), (1800.0, 10.0), (3600.0, 10.0)]);
        assert!(plot.done().contains("d=\"M62.0 100.0L500.0 100.0L500.0 0.0L938.0 0.0\""));
    }

    #[test]
    fn names_of_dots_do_not_cover_each_other() {
        let mut plot = plot();
        for name in
            ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]
        {
            plot.name("c1", (1800.0, 5.0), name);
        }
        let boxes = plot.taken.clone();
        assert!(boxes.len() > 3);
        let clash = |a: usize| (0..a).any(|b| overlap(boxes[a], boxes[b]));
        assert!(!(0..boxes.len()).any(clash));
        assert_eq!(plot.done().matches("class=\"name").count(), boxes.len());
    }

    #[test]
    fn words_are_escaped() {
        let mut plot = Plot::new("<a>", Axis::counts(1.0), Axis::counts(1.0), 10.0);
        plot.line("c1", "<b>", &[(0.0, 0.0)]);
        plot.dot("c1", (0.0, 0.0), 3.0, "<c>");
        plot.name("c1", (0.0, 0.0), "<d>");
        plot.level("c1", 1.0, "<e>");
        let drawn = plot.done();
        assert!(["<a>", "<b>", "<c>", "<d>", "<e>"].iter().all(|raw| !drawn.contains(raw)), "{drawn}");
    }
}
