//! The drawings of one comparison.

use super::scale::{Axis, real};
use super::svg::Plot;
use super::thin::thinned;
use crate::sim::compare::{Comparison, Entry, LATE_PERCENT_MAX};
use crate::sim::run::Point;
use crate::sim::words::{duration, percent};
use std::time::Duration;

/// Rivals drawn over time: more lines than colours can be told apart are none.
const RIVALS: usize = 3;
const CLASSES: [&str; RIVALS + 1] = ["c0", "c1", "c2", "c3"];
/// Waits are drawn up to so many times the objective.
const WAITS_SHOWN: f64 = 4.0;

/// What is drawn over time: the shipped controller and the best of the others, each with its colour.
struct Cast<'a> {
    comparison: &'a Comparison,
    actors: Vec<(&'static str, &'a Entry)>,
    end: Duration,
    points: usize,
}

/// One policy's figures over time.
struct Line {
    class: &'static str,
    name: String,
    points: Vec<(f64, f64)>,
}

/// All drawings, one below the other; those over time share their axis.
pub(super) fn charts(comparison: &Comparison, points: usize) -> String {
    let drawn = |entry: &&Entry| !entry.run.history.is_empty();
    let rivals = comparison.rivals().into_iter().filter(drawn).take(RIVALS);
    let shipped = comparison.shipped().into_iter().filter(drawn);
    let coloured = rivals.map(|entry| (false, entry)).chain(shipped.map(|entry| (true, entry)));
    let mut colours = CLASSES.into_iter().skip(1);
    let mut actors: Vec<_> = coloured
        .filter_map(|(shipped, entry)| Some((if shipped { CLASSES[0] } else { colours.next()? }, entry)))
        .collect();
    actors.sort_by_key(|(class, _)| *class);
    let ends = actors.iter().filter_map(|(_, entry)| entry.run.history.last()).map(|point| point.at);
    let end = ends.chain([comparison.case.trace.lasts]).max().unwrap_or_default();
    let cast = Cast { comparison, actors, end, points };
    let mut drawn = cast.scatter();
    drawn.push_str(&cast.arrivals());
    if !cast.actors.is_empty() {
        drawn.push_str(&cast.fleet());
        drawn.push_str(&cast.waits());
        drawn.push_str(&cast.backlog());
    }
    drawn
}

impl Cast<'_> {
    /// Cost against lateness, a dot a setting.
    fn scatter(&self) -> String {
        let entries = &self.comparison.entries;
        let all = entries.iter().flat_map(|entry| {
            let tried = entry.tried.iter().map(|tried| (tried.late_percent, tried.instance_hours));
            tried.chain([(entry.run.late_percent, entry.run.instance_hours)])
        });
        let (late, least, most) =
            all.fold((0.0_f64, 1.0_f64, 1.0_f64), |(late, least, most), (percent, hours)| {
                let ratio = self.ratio(hours);
                (late.max(percent), least.min(ratio), most.max(ratio))
            });
        let unit = if self.comparison.bound_hours.is_some() { "the least possible" } else { "backlogd's" };
        let title = format!(
            "Cost, as a multiple of {unit}, against messages that waited too long: down and left is better"
        );
        let mut plot = Plot::new(&title, Axis::lateness(late), Axis::factors(least, most), 300.0);
        plot.good_until(LATE_PERCENT_MAX, &format!("at most {LATE_PERCENT_MAX} % late"));
        plot.level("line bound", 1.0, unit);
        for entry in entries {
            for tried in &entry.tried {
                let at = (tried.late_percent, self.ratio(tried.instance_hours));
                let words = [entry.policy.as_str(), ", ", &tried.setting].concat();
                plot.dot(&format!("{} tried", self.class(entry)), at, 3.0, &told(&words, at));
            }
        }
        for entry in entries.iter().rev() {
            let at = (entry.run.late_percent, self.ratio(entry.run.instance_hours));
            let words = [entry.policy.as_str(), ", ", &entry.setting].concat();
            let size = if entry.shipped { 7.0 } else { 5.0 };
            plot.dot(self.class(entry), at, size, &told(&words, at));
        }
        for entry in self.comparison.shipped().into_iter().chain(self.comparison.rivals()) {
            let at = (entry.run.late_percent, self.ratio(entry.run.instance_hours));
            plot.name(if entry.shipped { "c0" } else { "" }, at, &entry.policy);
        }
        plot.done()
    }

    /// The colour of a policy, the same in all drawings.
    fn class(&self, entry: &Entry) -> &'static str {
        let same = |other: &&(&'static str, &Entry)| {
            other.1.policy == entry.policy && other.1.shipped == entry.shipped
        };
        match self.actors.iter().find(same) {
            Some((class, _)) => class,
            None if entry.shipped => CLASSES[0],
            None => "",
        }
    }

    /// The cost against the least possible; where nothing is known of that, against the shipped controller's.
    fn ratio(&self, instance_hours: f64) -> f64 {
        let own = self.comparison.shipped().map_or(instance_hours, |entry| entry.run.instance_hours);
        self.comparison.ratio(instance_hours).unwrap_or(instance_hours / own)
    }

    fn arrivals(&self) -> String {
        let rates = self.rates();
        let most = rates.iter().map(|(_, rate)| *rate).fold(0.0, f64::max);
        let mut plot =
            Plot::new("Messages that arrive, a minute", Axis::time(self.end), Axis::counts(most), 110.0);
        plot.area("load", &rates);
        plot.done()
    }

    /// Arrivals a minute over stretches of the trace, silence included.
    fn rates(&self) -> Vec<(f64, f64)> {
        let trace = &self.comparison.case.trace;
        let stretches = (self.points / 2).max(10) as u64;
        let stretch = self.end.as_secs().div_ceil(stretches).max(trace.bin.as_secs()).max(60);
        let mut counts = vec![0_u64; usize::try_from(self.end.as_secs() / stretch + 1).unwrap_or(1)];
        for (at, count) in &trace.counts {
            if let Some(sum) = usize::try_from(at / stretch).ok().and_then(|nth| counts.get_mut(nth)) {
                *sum += u64::from(*count);
            }
        }
        let rate = |count: u64| real(count) * 60.0 / real(stretch);
        let corners = |(nth, count): (u64, u64)| {
            [nth, nth + 1].map(|edge| (real((edge * stretch).min(self.end.as_secs())), rate(count)))
        };
        (0..).zip(counts).flat_map(corners).collect()
    }

    fn fleet(&self) -> String {
        let lines = self.lines(|point| f64::from(point.working));
        let case = &self.comparison.case;
        let busy = case.work_mean.as_secs_f64() / 60.0 / f64::from(case.slots.max(1));
        let load: Vec<(f64, f64)> = self.rates().into_iter().map(|(at, rate)| (at, rate * busy)).collect();
        let least = self.comparison.bound_fleet.iter().map(|(from, size)| (from.as_secs_f64(), *size));
        let least: Vec<(f64, f64)> = least.filter(|(from, _)| *from <= self.end.as_secs_f64()).collect();
        let most = least.iter().map(|(_, size)| *size).fold(most(&lines), f64::max);
        let title = "Instances that take messages; the area is what arriving work would keep busy";
        let mut plot = Plot::new(title, Axis::time(self.end), Axis::counts(most), 220.0);
        plot.area("load", &load);
        for Line { class, name, points } in lines {
            plot.steps(class, &name, &thinned(&points, self.points));
        }
        if !least.is_empty() {
            plot.steps("bound", "the least possible", &thinned(&least, self.points));
        }
        plot.done()
    }

    fn waits(&self) -> String {
        let objective = self.comparison.case.objective;
        let lines = self.lines(|point| point.oldest_wait.as_secs_f64());
        let longest = most(&lines);
        let shown = longest.min(objective.as_secs_f64() * WAITS_SHOWN).max(objective.as_secs_f64() * 1.25);
        let cut = if longest > shown {
            format!(
                ", drawn up to {} (the longest was {})",
                duration(Duration::from_secs_f64(shown)),
                whole_secs(longest)
            )
        } else {
            String::new()
        };
        let title = format!("Seconds that the longest-waiting message has waited{cut}");
        let mut plot = Plot::new(&title, Axis::time(self.end), Axis::seconds(shown), 200.0);
        for Line { class, name, points } in lines {
            plot.line(class, &name, &thinned(&points, self.points));
        }
        plot.level("limit", objective.as_secs_f64(), &format!("objective {}", duration(objective)));
        plot.done()
    }

    fn backlog(&self) -> String {
        let lines = self.lines(|point| real(point.visible));
        let most = most(&lines);
        let mut plot = Plot::new("Messages waiting", Axis::time(self.end), Axis::counts(most), 160.0);
        for Line { class, name, points } in lines {
            plot.line(class, &name, &thinned(&points, self.points));
        }
        plot.done()
    }

    /// A figure of every actor over time, the shipped controller's first.
    fn lines(&self, figure: impl Fn(&Point) -> f64) -> Vec<Line> {
        let line = |(class, entry): &(&'static str, &Entry)| {
            let points = entry.run.history.iter().map(|point| (point.at.as_secs_f64(), figure(point)));
            Line { class, name: entry.policy.clone(), points: points.collect() }
        };
        self.actors.iter().map(line).collect()
    }
}

fn told(words: &str, (late, ratio): (f64, f64)) -> String {
    format!("{words}: {} % late, {ratio:.2} ×", percent(late))
}

fn whole_secs(secs: f64) -> String {
    format!("{secs:.0} s")
}

fn most(lines: &[Line]) -> f64 {
    lines.iter().flat_map(|line| &line.points).map(|(_, figure)| *figure).fold(0.0, f64::max)
}
