/// At most about `most` of `points`, in their order: of each stretch the lowest and the highest, so that
/// no peak and no dip is lost; and the last, so that a line reaches its end.
pub(super) fn thinned(points: &[(f64, f64)], most: usize) -> Vec<(f64, f64)> {
    if points.len() <= most {
        return points.to_vec();
    }
    let stretch = points.len().div_ceil((most / 2).max(1));
    let mut kept = Vec::with_capacity(most + 1);
    for points in points.chunks(stretch) {
        let by_height = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
        let ends = points.iter().min_by(by_height).zip(points.iter().max_by(by_height));
        let Some((low, high)) = ends else { continue };
        let (first, second) = if low.0 <= high.0 { (low, high) } else { (high, low) };
        kept.push(*first);
        if second != first {
            kept.push(*second);
        }
    }
    if let Some(last) = points.last().filter(|last| kept.last() != Some(last)) {
        kept.push(*last);
    }
    kept
}

/// `points` without those in the middle of a level stretch.
pub(super) fn corners(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let level = |a: f64, b: f64| (a - b).abs() < 1e-9;
    let mut kept: Vec<(f64, f64)> = Vec::new();
    for (index, point) in points.iter().enumerate() {
        let before = kept.last().is_some_and(|before| level(before.1, point.1));
        let after = points.get(index + 1).is_some_and(|after| level(after.1, point.1));
        if !(before && after) {
            kept.push(*point);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(count: u32) -> Vec<(f64, f64)> {
        (0..count).map(|at| (f64::from(at), f64::from(at * 7_919 % 1_000))).collect()
    }

    #[test]
    fn few_points_are_left_alone() {
        assert_eq!(thinned(&wave(600), 600), wave(600));
    }

    #[test]
    fn many_points_become_few_and_keep_their_order_their_peaks_and_their_end() {
        let mut points = wave(100_000);
        points[54_321].1 = 5_000.0;
        points[77_777].1 = -5_000.0;
        let thin = thinned(&points, 600);
        assert!((300..=601).contains(&thin.len()), "{}", thin.len());
        assert!(thin.is_sorted_by(|a, b| a.0 < b.0));
        assert!(thin.contains(&points[54_321]) && thin.contains(&points[77_777]));
        assert_eq!(thin.last(), points.last());
    }

    #[test]
    fn a_level_stretch_is_its_two_ends() {
        let points = [(0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (3.0, 2.0), (4.0, 2.0)];
        assert_eq!(corners(&points), [(0.0, 1.0), (2.0, 1.0), (3.0, 2.0), (4.0, 2.0)]);
    }
}
