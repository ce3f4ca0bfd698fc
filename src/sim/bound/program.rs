//! A linear program, and its solution by clarabel, an interior-point method.

use clarabel::algebra::CscMatrix;
use clarabel::solver::SupportedConeT::NonnegativeConeT;
use clarabel::solver::{DefaultSettings, DefaultSolver, IPSolver, SolverStatus};

/// What the cost of an answer may be above what every answer is proved to cost: relative.
const GAP: f64 = 1e-6;

/// What is to cost as little as possible, and within what.
#[derive(Debug, Default)]
pub(super) struct Program {
    costs: Vec<f64>,
    /// The coefficients that are not 0: their rows, their variables, and they themselves.
    entries: (Vec<usize>, Vec<usize>, Vec<f64>),
    at_most: Vec<f64>,
}

impl Program {
    /// A variable from 0 to `most`, each unit of which costs so much, and its number.
    pub(super) fn variable(&mut self, cost: f64, most: f64) -> usize {
        let number = self.costs.len();
        self.costs.push(cost);
        self.at_least([(number, 1.0)], 0.0);
        if most.is_finite() {
            self.at_least([(number, -1.0)], -most);
        }
        number
    }

    /// Demands the sum of variables, each by its coefficient, to be `least` or more.
    pub(super) fn at_least(&mut self, terms: impl IntoIterator<Item = (usize, f64)>, least: f64) {
        for (variable, coefficient) in terms {
            self.entries.0.push(self.at_most.len());
            self.entries.1.push(variable);
            self.entries.2.push(-coefficient);
        }
        self.at_most.push(-least);
    }

    /// The least cost, from below, and variables that cost no more: both to [`GAP`]. Nothing when no
    /// variables are within all demands, or none are found.
    pub(super) fn least(self) -> Option<(f64, Vec<f64>)> {
        let (variables, rows) = (self.costs.len(), self.at_most.len());
        if variables == 0 {
            return Some((0.0, Vec::new())); // clarabel panics on it
        }
        let (row, variable, coefficient) = self.entries;
        let matrix = CscMatrix::new_from_triplets(rows, variables, row, variable, coefficient);
        let settings = DefaultSettings { verbose: false, tol_gap_rel: GAP, ..DefaultSettings::default() };
        let mut solver = DefaultSolver::new(
            &CscMatrix::zeros((variables, variables)),
            &self.costs,
            &matrix,
            &self.at_most,
            &[NonnegativeConeT(rows)],
            settings,
        )
        .ok()?;
        solver.solve();
        let solution = solver.solution;
        matches!(solution.status, SolverStatus::Solved).then_some((solution.obj_val_dual, solution.x))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cheapest_corner_is_found() {
        // Least 2x + 3y with x + y >= 4, 1 <= x <= 3, y >= 0: x = 3, y = 1.
        let mut program = Program::default();
        let (x, y) = (program.variable(2.0, 3.0), program.variable(3.0, f64::INFINITY));
        program.at_least([(x, 1.0), (y, 1.0)], 4.0);
        program.at_least([(x, 1.0)], 1.0);
        let (cost, at) = program.least().unwrap();
        assert!((cost - 9.0).abs() < 1e-4 && (at[x] - 3.0).abs() < 1e-3, "{cost} {at:?}");
    }

    #[test]
    fn what_cannot_be_has_no_least_cost() {
        let mut program = Program::default();
        let x = program.variable(1.0, 1.0);
        program.at_least([(x, 1.0)], 2.0);
        assert_eq!(program.least(), None);
    }

    #[test]
    fn a_chain_of_rows_is_solved_from_end_to_end() {
        // Each of 50 variables at least 1 above the one before, the first at least 1: the last is 50.
        let mut program = Program::default();
        let chain: Vec<usize> = (1..=50)
            .map(|turn| program.variable(if turn == 50 { 1.0 } else { 0.0 }, f64::INFINITY))
            .collect();
        program.at_least([(chain[0], 1.0)], 1.0);
        for two in chain.windows(2) {
            program.at_least([(two[1], 1.0), (two[0], -1.0)], 1.0);
        }
        let (cost, _) = program.least().unwrap();
        assert!((cost - 50.0).abs() < 1e-3, "{cost}");
    }
}
