//! Least squares without negative coefficients.
//!
//! What an operation takes cannot be less than nothing, so each coefficient is at least zero (Lawson and Hanson, *Solving
//! least squares problems*, 1974, chapter 23). There are few coefficients, so they are found one at a time, over and over:
//! the problem is convex, and that converges.

use crate::statistics::mean;

/// Enough for any problem here; each pass is a few hundred multiplications.
const PASSES: usize = 20_000;

/// The coefficients `x >= 0` that minimise the sum of squares of `rows * x - values`. Columns that are zero everywhere get
/// zero.
pub fn non_negative(rows: &[Vec<f64>], values: &[f64]) -> Vec<f64> {
    let columns = rows.first().map_or(0, Vec::len);
    let product = |a: usize, b: usize| rows.iter().map(|row| row[a] * row[b]).sum::<f64>();
    let of_column = |a| (0..columns).map(|b| product(a, b)).collect();
    let squares: Vec<Vec<f64>> = (0..columns).map(of_column).collect();
    let by_values = |a: usize| rows.iter().zip(values).map(|(row, value)| row[a] * value).sum();
    let right: Vec<f64> = (0..columns).map(by_values).collect();
    let mut found = vec![0.0; columns];
    for _ in 0..PASSES {
        let mut largest_step = 0.0_f64;
        for column in 0..columns {
            let of_it = squares[column][column];
            if of_it <= 0.0 {
                continue;
            }
            let others: f64 = (squares[column].iter().zip(&found))
                .map(|(square, found)| square * found)
                .sum();
            let better = (found[column] + (right[column] - others) / of_it).max(0.0);
            // In units of what the column contributes to the values.
            largest_step = largest_step.max((better - found[column]).abs() * of_it.sqrt());
            found[column] = better;
        }
        if largest_step < 1e-13 {
            break;
        }
    }
    found
}

/// Share of the variance of `values` that `predicted` explains: 1 if they are equal, 0 if the mean is as good a prediction,
/// negative if it is a better one. `None` for fewer than two values, or values that are all equal.
pub fn explained(values: &[f64], predicted: &[f64]) -> Option<f64> {
    let mean = mean(values);
    let total: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let left: f64 = (values.iter().zip(predicted))
        .map(|(value, predicted)| (value - predicted).powi(2))
        .sum();
    (values.len() > 1 && total > 0.0).then_some(1.0 - left / total)
}

#[cfg(test)]
#[path = "../../tests/unit/fit.rs"]
mod tests;
