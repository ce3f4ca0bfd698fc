//! Linear programs whose rows touch a few neighbouring variables each, as programs over time do.
//!
//! A primal-dual interior-point method with Mehrotra's predictor and corrector (S. J. Wright, "Primal-Dual
//! Interior-Point Methods", 1997, chapter 10) for: least `costs · x` with `row · x >= at_least` for every
//! row. The matrix of each Newton step has as few diagonals as a row has variables, so a step takes
//! time in proportion to their number; 20 to 50 steps are usual.

#![expect(
    clippy::indexing_slicing,
    reason = "band matrices; Program::row keeps every row within the variables"
)]

/// How many neighbouring variables a row can touch.
pub(super) const WIDTH: usize = 4;

/// When the answer is good enough: relative. Rounding errors of the last steps allow little more.
const PRECISION: f64 = 1e-5;
/// More Newton steps than any program that has an answer needs.
const STEPS_MAX: u32 = 200;
/// How much of the way to the nearest bound a step goes.
const DAMPING: f64 = 0.995;

/// What is to be as small as possible, and within what.
#[derive(Debug)]
pub(super) struct Program {
    costs: Vec<f64>,
    rows: Vec<Row>,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    first: usize,
    coefficients: [f64; WIDTH],
    at_least: f64,
}

/// A matrix as its diagonal and those below it, symmetric or triangular.
type Band = Vec<[f64; WIDTH]>;

impl Program {
    pub(super) fn new(costs: Vec<f64>) -> Self {
        Self { costs, rows: Vec::new() }
    }

    /// Demands `coefficients` · the variables from `first` on to be `at_least` so much. A row that goes
    /// beyond the last variable is not taken.
    pub(super) fn row(&mut self, first: usize, coefficients: [f64; WIDTH], at_least: f64) {
        if first + WIDTH <= self.costs.len() {
            self.rows.push(Row { first, coefficients, at_least });
        }
    }

    /// The least cost, from below: no `x` within all rows costs less, to about 1 in 100,000; and an `x` that
    /// costs no more, to as much. Nothing when no `x` is within all rows.
    pub(super) fn least(&self) -> Option<(f64, Vec<f64>)> {
        let mut iterate = Iterate::new(self);
        for _ in 0..STEPS_MAX {
            let errors = Errors::of(self, &iterate);
            if errors.are_small(self) {
                return Some((errors.dual_cost, iterate.x));
            }
            iterate.improve(self, &errors);
        }
        None
    }
}

impl Row {
    fn of(&self, x: &[f64]) -> f64 {
        self.coefficients.iter().zip(&x[self.first..]).map(|(coefficient, x)| coefficient * x).sum()
    }

    /// Adds the row, `times` over, to `x`.
    fn add_to(&self, x: &mut [f64], times: f64) {
        for (x, coefficient) in x[self.first..].iter_mut().zip(self.coefficients) {
            *x += coefficient * times;
        }
    }
}

/// Where the method is: the variables, and what each row has to spare and costs.
#[derive(Debug)]
struct Iterate {
    x: Vec<f64>,
    slacks: Vec<f64>,
    prices: Vec<f64>,
}

/// How far an iterate is from an answer.
#[derive(Debug)]
struct Errors {
    /// By row: what it has to spare, less what its slack says.
    primal: Vec<f64>,
    /// By variable: what all prices make of it, less its cost.
    dual: Vec<f64>,
    /// Mean of slack times price.
    gap: f64,
    primal_cost: f64,
    dual_cost: f64,
}

impl Errors {
    fn of(program: &Program, at: &Iterate) -> Self {
        let mut dual: Vec<f64> = program.costs.iter().map(|cost| -cost).collect();
        let mut primal = Vec::with_capacity(program.rows.len());
        let (mut gap, mut dual_cost) = (0.0, 0.0);
        for ((row, slack), price) in program.rows.iter().zip(&at.slacks).zip(&at.prices) {
            row.add_to(&mut dual, *price);
            primal.push(row.of(&at.x) - slack - row.at_least);
            gap += slack * price;
            dual_cost += row.at_least * price;
        }
        let primal_cost = program.costs.iter().zip(&at.x).map(|(cost, x)| cost * x).sum();
        Self { primal, dual, gap: gap / count(&program.rows), primal_cost, dual_cost }
    }

    fn are_small(&self, program: &Program) -> bool {
        let largest =
            |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, |most: f64, one| most.max(one.abs()));
        let primal = largest(&mut self.primal.iter().copied());
        let dual = largest(&mut self.dual.iter().copied());
        let (scale, costs) = (
            largest(&mut program.rows.iter().map(|row| row.at_least)),
            largest(&mut program.costs.iter().copied()),
        );
        (self.primal_cost - self.dual_cost).abs() < PRECISION * (1.0 + self.primal_cost.abs())
            && primal < PRECISION * (1.0 + scale)
            && dual < PRECISION * (1.0 + costs)
    }
}

/// A direction to go in, and how far it is to the nearest bound: of the slacks, and of the prices.
#[derive(Debug)]
struct Direction {
    x: Vec<f64>,
    slacks: Vec<f64>,
    prices: Vec<f64>,
    room: (f64, f64),
}

impl Iterate {
    /// Well inside, wherever that is: the method needs no allowed point to begin with.
    fn new(program: &Program) -> Self {
        let x = vec![0.0; program.costs.len()];
        let slacks = program.rows.iter().map(|row| row.at_least.abs().max(100.0)).collect();
        Self { x, slacks, prices: vec![10.0; program.rows.len()] }
    }

    fn improve(&mut self, program: &Program, errors: &Errors) {
        let mut matrix = self.matrix(program);
        factor(&mut matrix);
        let products: Vec<f64> =
            self.slacks.iter().zip(&self.prices).map(|(slack, price)| slack * price).collect();
        let straight = self.direction(program, errors, &matrix, &products);
        let (primal, dual) = (straight.room.0.min(1.0), straight.room.1.min(1.0));
        let ahead: f64 = (self.slacks.iter().zip(&straight.slacks))
            .zip(self.prices.iter().zip(&straight.prices))
            .map(|((slack, slack_by), (price, price_by))| {
                (slack + primal * slack_by) * (price + dual * price_by)
            })
            .sum::<f64>()
            / count(&program.rows);
        let centre = (ahead / errors.gap).powi(3) * errors.gap;
        let bent: Vec<f64> = (products.iter().zip(&straight.slacks).zip(&straight.prices))
            .map(|((product, slack_by), price_by)| product + slack_by * price_by - centre)
            .collect();
        let direction = self.direction(program, errors, &matrix, &bent);
        let (primal, dual) = ((DAMPING * direction.room.0).min(1.0), (DAMPING * direction.room.1).min(1.0));
        go(&mut self.x, &direction.x, primal);
        go(&mut self.slacks, &direction.slacks, primal);
        go(&mut self.prices, &direction.prices, dual);
    }

    /// The Newton step that takes all errors and the `products` of slacks and prices to 0.
    fn direction(&self, program: &Program, errors: &Errors, factors: &Band, products: &[f64]) -> Direction {
        let mut x = errors.dual.clone();
        for (i, row) in program.rows.iter().enumerate() {
            row.add_to(&mut x, -(products[i] + self.prices[i] * errors.primal[i]) / self.slacks[i]);
        }
        solve(factors, &mut x);
        let (mut slacks, mut prices) =
            (Vec::with_capacity(products.len()), Vec::with_capacity(products.len()));
        let mut room = (f64::INFINITY, f64::INFINITY);
        for (i, row) in program.rows.iter().enumerate() {
            let slack = row.of(&x) + errors.primal[i];
            let price = -(products[i] + self.prices[i] * slack) / self.slacks[i];
            if slack < 0.0 {
                room.0 = room.0.min(-self.slacks[i] / slack);
            }
            if price < 0.0 {
                room.1 = room.1.min(-self.prices[i] / price);
            }
            slacks.push(slack);
            prices.push(price);
        }
        Direction { x, slacks, prices, room }
    }

    /// The sum over all rows of row × row, weighted by price ÷ slack.
    fn matrix(&self, program: &Program) -> Band {
        let mut matrix = vec![[0.0; WIDTH]; program.costs.len()];
        for ((row, slack), price) in program.rows.iter().zip(&self.slacks).zip(&self.prices) {
            for (i, one) in row.coefficients.iter().enumerate().filter(|(_, one)| **one != 0.0) {
                for (k, other) in row.coefficients[i..].iter().enumerate() {
                    matrix[row.first + i][k] += price / slack * one * other;
                }
            }
        }
        matrix
    }
}

fn go(values: &mut [f64], direction: &[f64], far: f64) {
    for (value, by) in values.iter_mut().zip(direction) {
        *value += far * by;
    }
}

/// L·D·Lᵀ in place: D on the diagonal. A variable that no row touches stays where it is.
fn factor(matrix: &mut Band) {
    for i in 0..matrix.len() {
        let column = matrix[i];
        if column[0] <= f64::MIN_POSITIVE {
            matrix[i] = [1.0, 0.0, 0.0, 0.0];
            continue;
        }
        for k in 1..WIDTH.min(matrix.len() - i) {
            let share = column[k] / column[0];
            matrix[i][k] = share;
            for l in k..WIDTH {
                matrix[i + k][l - k] -= share * column[l];
            }
        }
    }
}

/// Solves `factors` · x = `x` in place.
fn solve(factors: &Band, x: &mut [f64]) {
    for (i, column) in factors.iter().enumerate() {
        for k in 1..WIDTH.min(x.len() - i) {
            x[i + k] -= column[k] * x[i];
        }
    }
    for (i, column) in factors.iter().enumerate().rev() {
        x[i] /= column[0];
        for k in 1..WIDTH.min(x.len() - i) {
            x[i] -= column[k] * x[i + k];
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn count(rows: &[Row]) -> f64 {
    rows.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn least(costs: &[f64], rows: &[([f64; WIDTH], f64)]) -> Option<f64> {
        let mut program = Program::new(costs.to_vec());
        for (coefficients, at_least) in rows {
            program.row(0, *coefficients, *at_least);
        }
        program.least().map(|(cost, _)| cost)
    }

    #[test]
    fn the_cheapest_corner_is_found() {
        // Least 2x + 3y with x + y >= 4, x >= 1, x <= 3, y >= 0: x = 3, y = 1.
        let rows = [
            ([1.0, 1.0, 0.0, 0.0], 4.0),
            ([1.0, 0.0, 0.0, 0.0], 1.0),
            ([-1.0, 0.0, 0.0, 0.0], -3.0),
            ([0.0, 1.0, 0.0, 0.0], 0.0),
        ];
        let cost = least(&[2.0, 3.0, 0.0, 0.0], &rows).unwrap();
        assert!((cost - 9.0).abs() < 1e-4, "{cost}");
    }

    #[test]
    fn what_cannot_be_has_no_least_cost() {
        let rows = [([1.0, 0.0, 0.0, 0.0], 2.0), ([-1.0, 0.0, 0.0, 0.0], -1.0)];
        assert_eq!(least(&[1.0, 0.0, 0.0, 0.0], &rows), None);
    }

    #[test]
    fn a_chain_of_rows_is_solved_from_end_to_end() {
        // Each of 50 variables at least 1 above the one before, the first at least 1: the last is 50.
        let mut program = Program::new([vec![0.0; 49], vec![1.0], vec![0.0; 3]].concat());
        program.row(0, [1.0, 0.0, 0.0, 0.0], 1.0);
        for first in 0..49 {
            program.row(first, [-1.0, 1.0, 0.0, 0.0], 1.0);
        }
        let (cost, x) = program.least().unwrap();
        assert!((cost - 50.0).abs() < 1e-3 && (x[24] - 25.0).abs() < 0.1, "{cost} {}", x[24]);
    }
}
