//! Logarithmic axes: from values to positions, and where the ticks go.

/// A logarithmic axis from `low` to `high` over positions `begin` to `end`.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogScale {
    pub low: f64,
    pub high: f64,
    pub begin: f64,
    pub end: f64,
}

impl LogScale {
    /// Position of a value; values beyond the ends are put at the ends.
    pub fn at(&self, value: f64) -> f64 {
        let share = (value / self.low).ln() / (self.high / self.low).ln();
        self.begin + share.clamp(0.0, 1.0) * (self.end - self.begin)
    }

    /// Round values for at most about eight ticks.
    pub fn ticks(&self) -> Vec<f64> {
        if self.high / self.low < 4.0 {
            return self.even_ticks();
        }
        let decades = (self.high / self.low).log10();
        let steps: &[f64] = match decades {
            ..1.1 => &[1.0, 1.5, 2.0, 3.0, 5.0, 7.0],
            ..2.5 => &[1.0, 2.0, 5.0],
            _ => &[1.0],
        };
        let first = self.low.log10().floor() as i32;
        let last = self.high.log10().ceil() as i32;
        let every = ((f64::from(last - first) / 8.0).ceil() as usize).max(1);
        (first..=last)
            .step_by(every)
            .flat_map(|power| steps.iter().map(move |step| step * 10_f64.powi(power)))
            .filter(|&tick| self.holds(tick))
            .collect()
    }

    /// Evenly spaced values, for a range too small for powers of ten.
    fn even_ticks(&self) -> Vec<f64> {
        let rough = (self.high - self.low) / 6.0;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|factor| factor * power)
            .find(|&step| step >= rough)
            .unwrap_or(power * 10.0);
        let first = (self.low / step).ceil() as i64;
        (first..first + 20)
            .map(|index| index as f64 * step)
            .filter(|&tick| self.holds(tick))
            .collect()
    }

    fn holds(&self, value: f64) -> bool {
        value >= self.low * 0.9999 && value <= self.high * 1.0001
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(low: f64, high: f64) -> LogScale {
        LogScale {
            low,
            high,
            begin: 0.0,
            end: 100.0,
        }
    }

    #[test]
    fn positions_are_logarithmic_and_stay_inside() {
        let scale = scale(1.0, 100.0);
        assert!((scale.at(10.0) - 50.0).abs() < 1e-9);
        assert_eq!(scale.at(0.5), 0.0);
        assert_eq!(scale.at(1e9), 100.0);
    }

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(scale(0.8, 20.0).ticks(), [1.0, 2.0, 5.0, 10.0, 20.0]);
        assert_eq!(scale(1e-3, 1e3).ticks().len(), 7);
        for (low, high) in [(0.99, 1.01), (0.9, 1.6), (1.0, 3.9), (1e-9, 1e12)] {
            let ticks = scale(low, high).ticks();
            assert!((2..=11).contains(&ticks.len()), "{low} to {high}: {ticks:?}");
        }
    }
}
