//! Many samples in one row: what a process took in one phase.
//!
//! A record is kept in the repository, and a row for each batch would repeat the names of workload, class and strategy, of
//! which there are few, ten thousand times.

use std::collections::BTreeMap;

use super::rows::{Cells, OfWorkload, Phase, Row, Sample};

impl Cells {
    /// The same, a sample for each batch. A batch without a time is left out.
    pub fn samples(&self) -> Vec<Sample> {
        let mut samples = Vec::new();
        for of in &self.of {
            for (strategy, batches) in &of.times {
                for batch in batches {
                    let [iterations, nanoseconds, ref cpu @ ..] = batch[..] else {
                        continue;
                    };
                    samples.push(Sample {
                        workload: of.workload.clone(),
                        class: of.class.clone(),
                        strategy: strategy.clone(),
                        phase: self.phase,
                        iterations,
                        nanoseconds,
                        cpu_nanoseconds: cpu.first().copied(),
                        block: self.block,
                        layout: self.layout,
                        process: self.process,
                        verified: true,
                    });
                }
            }
        }
        samples
    }

    fn new(sample: &Sample) -> Cells {
        Cells {
            phase: sample.phase,
            block: sample.block,
            layout: sample.layout,
            process: sample.process,
            of: Vec::new(),
        }
    }

    /// Takes a sample of the same process and phase in.
    fn push(&mut self, sample: &Sample) {
        let at = self.of.iter().position(|of| of.workload == sample.workload);
        let at = at.unwrap_or_else(|| {
            self.of.push(OfWorkload {
                workload: sample.workload.clone(),
                class: sample.class.clone(),
                times: Vec::new(),
            });
            self.of.len() - 1
        });
        let times = &mut self.of[at].times;
        let at = times.iter().position(|(strategy, _)| *strategy == sample.strategy);
        let at = at.unwrap_or_else(|| {
            times.push((sample.strategy.clone(), Vec::new()));
            times.len() - 1
        });
        let batch = [sample.iterations, sample.nanoseconds].into_iter();
        times[at].1.push(batch.chain(sample.cpu_nanoseconds).collect());
    }
}

/// Rows of a block with the verified samples of each process and phase in one row, behind the others. A sample that is not
/// verified stays as it is.
pub(super) fn gathered(rows: &[Row]) -> Vec<Row> {
    type Key = (Phase, Option<u32>, Option<u64>, Option<u32>);
    let mut cells: BTreeMap<Key, Cells> = BTreeMap::new();
    let mut others = Vec::new();
    for row in rows {
        match row {
            Row::Sample(sample) if sample.verified => {
                let key = (sample.phase, sample.block, sample.layout, sample.process);
                cells.entry(key).or_insert_with(|| Cells::new(sample)).push(sample);
            }
            other => others.push(other.clone()),
        }
    }
    others.extend(cells.into_values().map(Row::Cells));
    others
}
