//! Quantiles of Student's t distribution.

use statrs::function::beta::beta_reg;

/// The value that a t variable with this many degrees of freedom exceeds in absolute value with probability
/// `1 - confidence`: 2.365 for 7 and 95 %. Infinite without degrees of freedom.
pub fn two_sided(confidence: f64, freedom: f64) -> f64 {
    if freedom.is_nan() || freedom <= 0.0 {
        return f64::INFINITY;
    }
    // The two tails together hold I(x; freedom / 2, 1 / 2) at x = freedom / (freedom + t^2), which grows with x.
    let tails = 1.0 - confidence;
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..200 {
        let middle = (low + high) / 2.0;
        if middle <= low || middle >= high {
            // There is no number between the two.
            break;
        }
        if beta_reg(freedom / 2.0, 0.5, middle) < tails {
            low = middle;
        } else {
            high = middle;
        }
    }
    let x = (low + high) / 2.0;
    (freedom * (1.0 - x) / x).sqrt()
}

#[cfg(test)]
#[path = "../../tests/unit/student.rs"]
mod tests;
