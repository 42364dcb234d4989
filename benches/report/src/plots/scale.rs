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
    /// An axis that holds all values, with a share of its length as air at both ends.
    pub fn around(values: impl Iterator<Item = f64>, air: f64, (begin, end): (f64, f64)) -> LogScale {
        let widened = |(low, high): (f64, f64), value: f64| (low.min(value), high.max(value));
        let (low, high) = values.fold((f64::INFINITY, 0.0), widened);
        let high = high.max(low * 1.1);
        let air = (high / low).powf(air);
        LogScale {
            low: low / air,
            high: high * air,
            begin,
            end,
        }
    }

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
        let steps: &[f64] = match (self.high / self.low).log10() {
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
        let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
        let step = steps.into_iter().find(|&step| step >= rough).unwrap_or(power * 10.0);
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
