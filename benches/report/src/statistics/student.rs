//! Quantiles of Student's t distribution.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// The value that a t variable with this many degrees of freedom exceeds in absolute value with probability
/// `1 - confidence`: 2.365 for 7 and 95 %. Infinite without degrees of freedom.
pub fn two_sided(confidence: f64, freedom: f64) -> f64 {
    let distribution = StudentsT::new(0.0, 1.0, freedom);
    distribution.map_or(f64::INFINITY, |t| t.inverse_cdf((1.0 + confidence) / 2.0))
}

#[cfg(test)]
#[path = "../../tests/unit/student.rs"]
mod tests;
