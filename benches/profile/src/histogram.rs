//! Shares by shape, each program counting the same: frequency over many programs, not in the one that runs longest.

use std::collections::HashMap;

use serde::Serialize;

/// Shapes and their shares, summed over programs.
#[derive(Default)]
pub struct Histogram {
    shares: HashMap<String, (f64, u32)>,
    programs: u32,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The shape.
    pub shape: String,
    /// Mean share over all programs, in percent.
    pub percent: f64,
    /// In how many programs it has a share of at least 0.1 %.
    pub programs: u32,
}

impl Histogram {
    /// Adds the counts of a program.
    pub fn add(&mut self, counts: HashMap<String, u64>) {
        let total: u64 = counts.values().sum();
        self.programs += 1;
        for (shape, count) in counts {
            let share = count as f64 / total.max(1) as f64;
            let entry = self.shares.entry(shape).or_default();
            entry.0 += share;
            entry.1 += u32::from(share >= 0.001);
        }
    }

    /// The rows with the largest shares.
    pub fn rows(&self, count: usize) -> Vec<Row> {
        let rows = self.shares.iter().map(|(shape, &(share, programs))| Row {
            shape: shape.clone(),
            percent: 100.0 * share / f64::from(self.programs.max(1)),
            programs,
        });
        let mut rows: Vec<Row> = rows.collect();
        rows.sort_by(|a, b| b.percent.total_cmp(&a.percent).then_with(|| a.shape.cmp(&b.shape)));
        rows.truncate(count);
        rows
    }
}
