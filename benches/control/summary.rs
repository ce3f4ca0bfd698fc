//! What the scores of a contest amount to.

use crate::contest::{Contest, LATE_MAX, OURS, Place, Score};

/// Means over seeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mean {
    /// Instance-hours ÷ the bound.
    pub(crate) ratio: f64,
    /// Late messages of 100.
    pub(crate) late_percent: f64,
}

impl Mean {
    /// Over some scores, if there are any.
    fn of(scores: &[&Score]) -> Option<Self> {
        let count = scores.len() as f64;
        let mean = |value: fn(&Score) -> f64| scores.iter().map(|score| value(score)).sum::<f64>() / count;
        (!scores.is_empty()).then(|| Self {
            ratio: mean(|score| score.ratio),
            late_percent: mean(|score| score.late_percent),
        })
    }

    pub(crate) fn is_met(&self) -> bool {
        self.late_percent <= LATE_MAX
    }
}

/// A policy in a contest: one mean a trace, or nothing where it took no part.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) family: String,
    pub(crate) label: String,
    pub(crate) means: Vec<Option<Mean>>,
}

impl Line {
    /// The line of a contest's place, over all its seeds or only these.
    pub(crate) fn of(
        scores: &[Score],
        contest: usize,
        (index, place): (usize, &Place),
        cases: usize,
        seeds: &[u64],
    ) -> Self {
        let mean = |case: usize| {
            let mine = scores.iter().filter(|score| score.at == (contest, index, case));
            Mean::of(&mine.filter(|score| seeds.contains(&score.seed)).collect::<Vec<_>>())
        };
        Self {
            family: place.entry.family.clone(),
            label: place.entry.label.clone(),
            means: (0..cases).map(mean).collect(),
        }
    }

    /// Whether it is somebody else's.
    pub(crate) fn is_peer(&self) -> bool {
        !self.family.starts_with(OURS)
    }

    fn present(&self) -> impl Iterator<Item = Mean> {
        self.means.iter().flatten().copied()
    }

    /// Traces on which it is late for no more than is accepted.
    pub(crate) fn met(&self) -> usize {
        self.present().filter(Mean::is_met).count()
    }

    /// Geometric mean of the ratios.
    pub(crate) fn geomean(&self) -> f64 {
        let logs: Vec<f64> =
            self.present().map(|mean| mean.ratio.ln()).filter(|log| log.is_finite()).collect();
        (logs.iter().sum::<f64>() / logs.len() as f64).exp()
    }

    pub(crate) fn worst_late_percent(&self) -> f64 {
        self.present().map(|mean| mean.late_percent).fold(0.0, f64::max)
    }

    /// Only the traces that are wanted.
    pub(crate) fn only(&self, wanted: impl Fn(usize) -> bool) -> Self {
        let means = self.means.iter().enumerate().map(|(case, mean)| mean.filter(|_| wanted(case))).collect();
        Self { means, ..self.clone() }
    }
}

/// All lines of a contest, each over its own seeds.
pub(crate) fn lines(scores: &[Score], contests: &[Contest], contest: usize, cases: usize) -> Vec<Line> {
    let places = contests[contest].field.iter().enumerate();
    places.map(|(index, place)| Line::of(scores, contest, (index, place), cases, &place.seeds)).collect()
}

/// By family, in order of appearance, without our own: its lines.
pub(crate) fn families(lines: &[Line]) -> Vec<(&str, Vec<&Line>)> {
    let mut families: Vec<(&str, Vec<&Line>)> = Vec::new();
    for line in lines.iter().filter(|line| line.family != OURS) {
        match families.iter_mut().find(|(family, _)| *family == line.family) {
            Some((_, members)) => members.push(line),
            None => families.push((&line.family, vec![line])),
        }
    }
    families
}

/// The one setting that meets most traces; of those, the cheapest.
pub(crate) fn best_single<'l>(members: &[&'l Line]) -> Option<&'l Line> {
    members
        .iter()
        .copied()
        .max_by(|one, other| one.met().cmp(&other.met()).then(other.geomean().total_cmp(&one.geomean())))
}

/// The setting of each trace that is cheapest among those that meet it; where none does, the least late.
pub(crate) fn best_each(family: &str, members: &[&Line]) -> Line {
    let cases = members.first().map_or(0, |line| line.means.len());
    let best = |case: usize| {
        let all = members.iter().filter_map(|line| line.means[case]);
        let met = all.clone().filter(Mean::is_met).min_by(|one, other| one.ratio.total_cmp(&other.ratio));
        met.or_else(|| all.min_by(|one, other| one.late_percent.total_cmp(&other.late_percent)))
    };
    Line { family: family.to_owned(), label: "tuned".to_owned(), means: (0..cases).map(best).collect() }
}

/// Points of peers that are cheaper than ours and meet the trace.
pub(crate) fn better_points(ours: &Line, lines: &[Line], cases: &[String]) -> Vec<String> {
    points(ours, lines, cases, |peer, ours| peer.ratio < ours.ratio && peer.is_met())
}

/// Points of peers that are both cheaper and less late than ours.
pub(crate) fn dominating_points(ours: &Line, lines: &[Line], cases: &[String]) -> Vec<String> {
    points(ours, lines, cases, |peer, ours| peer.ratio < ours.ratio && peer.late_percent < ours.late_percent)
}

fn points(
    ours: &Line,
    lines: &[Line],
    cases: &[String],
    beats: impl Fn(&Mean, &Mean) -> bool,
) -> Vec<String> {
    let mut found = Vec::new();
    for line in lines.iter().filter(|line| line.is_peer()) {
        for ((peer, own), case) in line.means.iter().zip(&ours.means).zip(cases) {
            if let (Some(peer), Some(own)) = (peer, own)
                && beats(peer, own)
            {
                let Line { family, label, .. } = line;
                let (ratio, late) = (peer.ratio, peer.late_percent);
                found.push(format!(
                    "{case}: {family} {label} {ratio:.2} ({late:.1}), ours {:.2} ({:.1})",
                    own.ratio, own.late_percent
                ));
            }
        }
    }
    found.sort();
    found
}
