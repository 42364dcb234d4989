//! The arithmetic of the report: medians, geometric means, ratios with their intervals, and what they come to.
//!
//! Times are compared as ratios, so everything here works on logarithms where it can. Intervals are by Student's t, over the
//! outermost level with several cases: [`paired`].

pub mod paired;
#[cfg(test)]
#[path = "../../tests/unit/simulations.rs"]
mod simulations;
pub mod student;

use serde::{Deserialize, Serialize};

pub use paired::{Components, Level, Observation, Paired};

/// Probability that an interval should hold the true value.
pub const CONFIDENCE: f64 = 0.95;

/// A value and the interval around it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The value itself.
    pub value: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end of the 95 % interval. Infinite, which JSON calls null, if nothing is known.
    #[serde(deserialize_with = "or_infinite")]
    pub high: f64,
}

fn or_infinite<'de, D: serde::Deserializer<'de>>(value: D) -> Result<f64, D::Error> {
    Ok(Option::<f64>::deserialize(value)?.unwrap_or(f64::INFINITY))
}

impl Estimate {
    /// A value that is known exactly, such as the ratio of something to itself.
    pub fn exact(value: f64) -> Estimate {
        Estimate {
            value,
            low: value,
            high: value,
        }
    }

    /// What it comes to, as a ratio of times.
    pub fn verdict(&self) -> Verdict {
        self.verdict_within(1.0 + EQUIVALENCE)
    }

    /// The same with another band that counts as no difference: the largest ratio in it.
    pub fn verdict_within(&self, band: f64) -> Verdict {
        if self.low >= 1.0 / band && self.high <= band {
            Verdict::Equivalent
        } else if self.low > 1.0 {
            Verdict::Slower
        } else if self.high < 1.0 {
            Verdict::Faster
        } else {
            Verdict::Unsure
        }
    }

    /// The ratio of which this is the logarithm, give or take half a width.
    pub fn of_log(mean: f64, half: f64) -> Estimate {
        Estimate {
            value: mean.exp(),
            low: (mean - half).exp(),
            high: (mean + half).exp(),
        }
    }

    /// By how much a ratio must differ from this one to lie outside an interval as wide: 0.1 is 10 %.
    pub fn half_width(&self) -> f64 {
        (self.high / self.low).sqrt() - 1.0
    }

    /// This by another that is independent of it.
    pub fn by(&self, other: Estimate) -> Estimate {
        let [own, its] = [self, &other].map(|of| (of.high / of.low).ln() / 2.0);
        Estimate::of_log((self.value / other.value).ln(), own.hypot(its))
    }

    /// Whether the interval holds `value`.
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// By how much a ratio may differ from 1 to be no difference.
pub const EQUIVALENCE: f64 = 0.02;

/// What a ratio of times comes to, by its interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// What stands above the line is faster: the whole interval lies below 1.
    Faster,
    /// What stands above the line is slower: the whole interval lies above 1.
    Slower,
    /// The whole interval lies within [`EQUIVALENCE`] of 1: choose by other reasons.
    Equivalent,
    /// The samples do not say; more of them may.
    Unsure,
}

impl Verdict {
    /// The same about what stands below the line.
    pub fn turned(self) -> Verdict {
        match self {
            Verdict::Faster => Verdict::Slower,
            Verdict::Slower => Verdict::Faster,
            other => other,
        }
    }

    /// Whether the two differ.
    pub fn differs(self) -> bool {
        matches!(self, Verdict::Faster | Verdict::Slower)
    }
}

/// Arithmetic mean; 0 for no values.
pub fn mean(values: &[f64]) -> f64 {
    mean_of(values.iter().copied())
}

/// The same of values that are computed on the way.
pub fn mean_of(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len().max(1) as f64;
    values.sum::<f64>() / count
}

/// Median; the mean of the middle two for an even number of values. `None` for no values.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    quantile(&sorted, 0.5)
}

/// Median with an interval of at least 95 % that knows nothing of how the values are spread, some of which may be infinite: by order,
/// since each value lies below the true median with a chance of one half. With fewer than six values it is everything.
pub fn median_estimate(values: &[f64]) -> Option<Estimate> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let count = sorted.len();
    // How many values may be cut off at each end, and the chance that so many lie on one side.
    let (mut cut, mut chance, mut ways) = (0, 0.0, 0.5_f64.powi(count as i32));
    loop {
        chance += ways;
        if 2.0 * chance > 1.0 - CONFIDENCE {
            break;
        }
        ways *= (count - cut) as f64 / (cut + 1) as f64;
        cut += 1;
    }
    let [below, above] = [sorted.get(count.checked_sub(1)? / 2)?, sorted.get(count / 2)?];
    Some(Estimate {
        value: (below + above) / 2.0,
        low: if cut > 0 { sorted[cut - 1] } else { 0.0 },
        high: if cut > 0 { sorted[count - cut] } else { f64::INFINITY },
    })
}

/// Geometric mean. `None` for no values or if one is not a positive number.
pub fn geometric_mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() || values.iter().any(|&value| !(value > 0.0 && value.is_finite())) {
        return None;
    }
    let sum: f64 = values.iter().map(|value| value.ln()).sum();
    Some((sum / values.len() as f64).exp())
}

/// Quantile `q` (0 to 1) of sorted values, interpolated between neighbours. `None` for no values.
pub fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let position = q.clamp(0.0, 1.0) * last as f64;
    let below = position.floor() as usize;
    let low = *sorted.get(below)?;
    let high = *sorted.get((below + 1).min(last))?;
    Some(low + (high - low) * (position - below as f64))
}

#[cfg(test)]
#[path = "../../tests/unit/statistics.rs"]
mod tests;
