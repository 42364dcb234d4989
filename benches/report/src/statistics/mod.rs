//! The arithmetic of the report: medians, geometric means, and bootstrap intervals of ratios of medians.
//!
//! Times are compared as ratios, so everything here works on logarithms where it can. Intervals are percentile bootstrap
//! intervals: draw the samples again with replacement, compute the statistic, repeat, and take the middle 95 %. All
//! randomness comes from a seed, so the same file gives the same report.

//! Where processes and layouts are known, [`paired`] takes their place: intervals over layouts, by Student's t.

pub mod paired;
#[cfg(test)]
mod simulations;
pub mod student;

use serde::{Deserialize, Serialize};

pub use paired::{Components, Level, Observation, Paired};

/// How many times a bootstrap draws.
pub const REPLICATES: usize = 1000;

/// Probability that an interval should hold the true value.
pub const CONFIDENCE: f64 = 0.95;

/// A value and the interval around it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The value itself.
    pub value: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end of the 95 % interval.
    pub high: f64,
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

    /// Whether the interval holds `value`.
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// SplitMix64: a small generator that is good enough to draw samples with, and needs no dependency.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A generator that gives the same numbers for the same seed.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// A generator for a purpose that has a name.
    pub fn named(names: &[&str]) -> Random {
        // FNV-1a over the names, with a separator between them.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in names.iter().flat_map(|name| name.bytes().chain([0])) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Random(hash)
    }

    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number below `bound`; 0 if `bound` is 0. The bias of multiply-and-shift is below 2^-32 for the sizes used here.
    pub fn below(&mut self, bound: usize) -> usize {
        let product = u128::from(self.next_u64()) * bound as u128;
        (product >> 64) as usize
    }

    /// A number from 0 to 1, 1 excluded.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Median; the mean of the middle two for an even number of values. `None` for no values.
pub fn median(values: &[f64]) -> Option<f64> {
    median_in_place(&mut values.to_vec())
}

/// Like [`median`], but reorders the values instead of copying them.
fn median_in_place(values: &mut [f64]) -> Option<f64> {
    let middle = values.len() / 2;
    let odd = values.len() % 2 == 1;
    if values.is_empty() {
        return None;
    }
    let (below, &mut upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    if odd {
        return Some(upper);
    }
    let lower = below.iter().copied().max_by(f64::total_cmp)?;
    Some((lower + upper) / 2.0)
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

/// The middle 95 % of bootstrap replicates.
pub fn interval(replicates: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    let mut sorted: Vec<f64> = replicates.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let tail = (1.0 - CONFIDENCE) / 2.0;
    Some((quantile(&sorted, tail)?, quantile(&sorted, 1.0 - tail)?))
}

/// Logarithms of medians of samples drawn again, [`REPLICATES`] of them.
///
/// Whole clusters are drawn, not single values: samples that were taken together (one block, one process) share their
/// disturbances. Two strategies with equally many clusters and the same `random` get the same draws, which makes the
/// comparison a paired one. Empty if there is nothing to draw from.
pub fn log_medians(clusters: &[Vec<f64>], mut random: Random) -> Vec<f64> {
    let mut drawn = Vec::with_capacity(clusters.iter().map(Vec::len).sum());
    let mut replicates = Vec::with_capacity(REPLICATES);
    for _ in 0..REPLICATES {
        drawn.clear();
        for _ in 0..clusters.len() {
            if let Some(cluster) = clusters.get(random.below(clusters.len())) {
                drawn.extend_from_slice(cluster);
            }
        }
        if let Some(median) = median_in_place(&mut drawn) {
            replicates.push(median.ln());
        }
    }
    replicates
}

/// Median of `values` divided by the median of `reference`, with its interval, from independent samples.
pub fn median_ratio(values: &[f64], reference: &[f64], seed: u64) -> Option<Estimate> {
    let alone = |values: &[f64]| values.iter().map(|&value| vec![value]).collect::<Vec<_>>();
    let mut seeds = Random::new(seed);
    let above = log_medians(&alone(values), Random::new(seeds.next_u64()));
    let below = log_medians(&alone(reference), Random::new(seeds.next_u64()));
    let (low, high) = interval(above.iter().zip(&below).map(|(above, below)| above - below))?;
    Some(Estimate {
        value: median(values)? / median(reference)?,
        low: low.exp(),
        high: high.exp(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A value with the spread of a real timing: a log-normal body, by the sum of twelve uniform numbers.
    fn noisy(random: &mut Random, scale: f64, spread: f64) -> f64 {
        let normal: f64 = (0..12).map(|_| random.unit()).sum::<f64>() - 6.0;
        scale * (normal * spread).exp()
    }

    #[test]
    fn medians_of_known_values() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0]), Some(3.0));
        assert_eq!(median(&[9.0, 1.0, 5.0]), Some(5.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 100.0]), Some(3.0));
    }

    #[test]
    fn geometric_means_of_known_values() {
        assert_eq!(geometric_mean(&[]), None);
        assert_eq!(geometric_mean(&[1.0, 0.0]), None);
        assert_eq!(geometric_mean(&[1.0, f64::NAN]), None);
        assert!((geometric_mean(&[1.0, 4.0, 16.0]).unwrap() - 4.0).abs() < 1e-12);
    }

    #[test]
    fn quantiles_of_known_values() {
        let values = [10.0, 20.0, 30.0, 40.0, 50.0];
        assert_eq!(quantile(&values, 0.0), Some(10.0));
        assert_eq!(quantile(&values, 0.5), Some(30.0));
        assert_eq!(quantile(&values, 0.625), Some(35.0));
        assert_eq!(quantile(&values, 1.0), Some(50.0));
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn a_known_effect_is_found_and_its_interval_is_narrow() {
        let mut random = Random::new(7);
        let slow: Vec<f64> = (0..60).map(|_| noisy(&mut random, 190.0, 0.05)).collect();
        let fast: Vec<f64> = (0..60).map(|_| noisy(&mut random, 100.0, 0.05)).collect();
        let ratio = median_ratio(&slow, &fast, 1).unwrap();
        assert!(ratio.contains(1.9), "{ratio:?}");
        assert!((ratio.value - 1.9).abs() < 0.06, "{ratio:?}");
        assert!(ratio.high - ratio.low < 0.15, "{ratio:?}");
        assert_eq!(Some(ratio), median_ratio(&slow, &fast, 1), "same seed, same answer");
    }

    #[test]
    fn the_interval_covers_the_truth_about_as_often_as_it_says() {
        let mut random = Random::new(11);
        let trials = 200;
        let mut covered = 0;
        for trial in 0..trials {
            let slow: Vec<f64> = (0..20).map(|_| noisy(&mut random, 130.0, 0.1)).collect();
            let fast: Vec<f64> = (0..20).map(|_| noisy(&mut random, 100.0, 0.1)).collect();
            if median_ratio(&slow, &fast, trial).unwrap().contains(1.3) {
                covered += 1;
            }
        }
        let share = f64::from(covered) / trials as f64;
        assert!((0.90..=0.995).contains(&share), "covered {share}");
    }

    #[test]
    fn paired_blocks_cancel_what_they_share() {
        // Each block has its own speed (by a factor of up to e), which both sides feel.
        let mut random = Random::new(3);
        let speeds: Vec<f64> = (0..30).map(|_| random.unit().exp()).collect();
        let slow: Vec<Vec<f64>> = speeds.iter().map(|speed| vec![120.0 * speed]).collect();
        let fast: Vec<Vec<f64>> = speeds.iter().map(|speed| vec![100.0 * speed]).collect();
        let above = log_medians(&slow, Random::named(&["block"]));
        let below = log_medians(&fast, Random::named(&["block"]));
        let (low, high) = interval(above.iter().zip(&below).map(|(a, b)| (a - b).exp())).unwrap();
        assert!((low - 1.2).abs() < 1e-9 && (high - 1.2).abs() < 1e-9, "{low} {high}");
    }
}
