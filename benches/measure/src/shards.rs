//! The matrix of layouts and workloads, and parts of it for several machines.
//!
//! All strategies of a workload stay together: a ratio of two times means something only if both were measured within
//! the same block, on the same machine.

use std::fmt;
use std::str::FromStr;

use wasm_dispatch_record::record::Part;

use crate::error::Error;

/// One of several equal parts of a matrix: `2/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: usize,
    count: usize,
}

impl Shard {
    /// The shard of this number, from 1, of `count`.
    ///
    /// # Errors
    ///
    /// If there is no such shard.
    pub fn new(index: usize, count: usize) -> Result<Shard, Error> {
        match (1..=count).contains(&index) {
            true => Ok(Shard { index, count }),
            false => Err(Error::Asked(format!("there is no shard {index} of {count}"))),
        }
    }

    /// What this shard measures of `parts`. Whole layouts stay together as far as that goes.
    ///
    /// # Errors
    ///
    /// If there are fewer cells than shards, so that some would have nothing to do.
    pub fn of(self, parts: &[Part]) -> Result<Vec<Part>, Error> {
        let cells = parts.iter();
        let cells = cells.flat_map(|part| part.workloads.iter().map(|workload| (part.layout, workload)));
        let cells: Vec<(Option<u64>, &String)> = cells.collect();
        if cells.len() < self.count {
            let (shards, cells) = (self.count, cells.len());
            return Err(Error::Asked(format!(
                "{shards} shards are too many for {cells} combinations of workload and layout"
            )));
        }
        let from = cells.len() * (self.index - 1) / self.count;
        let to = cells.len() * self.index / self.count;
        let mut own: Vec<Part> = Vec::new();
        for (layout, workload) in cells.get(from..to).unwrap_or_default() {
            match own.last_mut().filter(|part| part.layout == *layout) {
                Some(part) => part.workloads.push((*workload).clone()),
                None => own.push(Part {
                    layout: *layout,
                    workloads: vec![(*workload).clone()],
                }),
            }
        }
        Ok(own)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = Error;

    fn from_str(text: &str) -> Result<Shard, Error> {
        let numbers = text.split_once('/');
        match numbers.and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?))) {
            Some((index, count)) => Shard::new(index, count),
            None => Err(Error::Asked(format!("a shard is written like 2/8, not '{text}'"))),
        }
    }
}

/// Every workload in every layout.
pub fn matrix(layouts: &[Option<u64>], workloads: &[String]) -> Vec<Part> {
    let part = |&layout: &Option<u64>| Part {
        layout,
        workloads: workloads.to_vec(),
    };
    layouts.iter().map(part).collect()
}

/// The same with each workload in a part of its own, so that it has processes of its own.
pub fn apart(layouts: &[Option<u64>], workloads: &[String]) -> Vec<Part> {
    let parts = layouts
        .chunks(1)
        .flat_map(|layout| workloads.chunks(1).map(move |one| matrix(layout, one)));
    parts.flatten().collect()
}

#[cfg(test)]
#[path = "../tests/unit/shards.rs"]
mod tests;
