//! The picture for the README: what each policy costs at its best single setting.

use crate::contest::OURS;
use crate::summary::{Line, best_single, families};
use std::fmt::Write;

const WIDTH: f64 = 760.0;
const ROW: f64 = 30.0;
const LEFT: f64 = 250.0;
/// What the longest bar has room for, in times the least possible.
const LONGEST: f64 = 6.6;

/// Draws the bars of `lines`, cheapest first; who is dearer than all bars have room for is left out.
pub(crate) fn draw(lines: &[Line], seeds: &str) -> String {
    let ours = lines.iter().find(|line| line.family == OURS);
    let peers = families(lines).into_iter().filter_map(|(_, members)| best_single(&members));
    let mut bars: Vec<&Line> =
        peers.filter(|line| line.is_peer() && line.geomean() < LONGEST).chain(ours).collect();
    bars.sort_by(|one, other| one.geomean().total_cmp(&other.geomean()));
    let height = ROW * (bars.len() as f64 + 2.6);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"14\" role=\"img\">\n\
         <title>Instance-hours of each policy, in times the least possible</title>\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n\
         <text x=\"16\" y=\"24\" font-weight=\"600\" fill=\"#1f2933\">Instance-hours ÷ the least possible, \
         and traces of {} with at most 1 % late</text>\n",
        bars.first().map_or(0, |line| line.means.len())
    );
    for (row, line) in (0_u32..).zip(&bars) {
        bar(&mut svg, line, ROW * (f64::from(row) + 1.4));
    }
    let foot = height - 12.0;
    let _written = writeln!(
        svg,
        "<text x=\"16\" y=\"{foot}\" font-size=\"12\" fill=\"#52606d\">Each at its best single setting; \
         geometric mean over the traces, seeds {seeds}; removed instances are killed.</text>\n</svg>"
    );
    svg
}

fn bar(svg: &mut String, line: &Line, top: f64) {
    let ours = line.family == OURS;
    let (fill, weight) = if ours { ("#0f766e", "700") } else { ("#9aa5b1", "400") };
    let name =
        if ours { "backlogd, the wait alone".to_owned() } else { format!("{} {}", line.family, line.label) };
    let (ratio, met) = (line.geomean(), line.met());
    let length = ratio / LONGEST * (WIDTH - LEFT - 130.0);
    let (middle, beside) = (top + 17.0, LEFT + length + 8.0);
    let _written = write!(
        svg,
        "<text x=\"{}\" y=\"{middle}\" text-anchor=\"end\" font-weight=\"{weight}\" fill=\"#1f2933\">{name}</text>\n\
         <rect x=\"{LEFT}\" y=\"{top}\" width=\"{length:.1}\" height=\"22\" rx=\"3\" fill=\"{fill}\"/>\n\
         <text x=\"{beside:.1}\" y=\"{middle}\" font-weight=\"{weight}\" fill=\"#1f2933\">{ratio:.2} ×, {met} met</text>\n",
        LEFT - 10.0
    );
}
