//! A record of several machines, apart.

use std::collections::BTreeSet;

use super::reader::Recording;
use super::rows::{Origin, Process};
use crate::fingerprint::{Fingerprint, Machine};

impl Recording {
    /// The run on one machine each, in the order of the record; the record itself if there is only one. Times of two machines
    /// describe neither, so a mean is always taken of one of these.
    pub fn by_machine(&self) -> Vec<Recording> {
        let mut machines: Vec<(Machine, &Fingerprint)> = Vec::new();
        for fingerprint in self.processes.iter().filter_map(|process| self.fingerprint_of(process)) {
            let machine = fingerprint.machine();
            if !machines.iter().any(|(known, _)| known.is(&machine)) {
                machines.push((machine, fingerprint));
            }
        }
        if machines.len() < 2 {
            return vec![self.clone()];
        }
        let machines = machines.iter();
        machines
            .map(|(machine, fingerprint)| self.on(machine, fingerprint))
            .collect()
    }

    /// What a process ran on.
    pub fn fingerprint_of(&self, process: &Process) -> Option<&Fingerprint> {
        match process.origin {
            Some(number) => self.origin(number).map(|origin| &origin.fingerprint),
            None => Some(&self.run.fingerprint),
        }
    }

    fn origin(&self, number: u32) -> Option<&Origin> {
        self.origins.iter().find(|origin| origin.origin == number)
    }

    fn on(&self, machine: &Machine, fingerprint: &Fingerprint) -> Recording {
        let mut part = self.clone();
        let here = |process: &Process| {
            let found = self.fingerprint_of(process);
            found.is_some_and(|fingerprint| machine.is(&fingerprint.machine()))
        };
        part.processes.retain(here);
        part.origins.retain(|origin| machine.is(&origin.fingerprint.machine()));
        part.run.fingerprint = fingerprint.clone();
        if let Some(origin) = part.origins.first() {
            (part.run.started, part.run.kind) = (origin.started, origin.kind);
        }
        if let [only] = part.origins.as_slice() {
            part.run.id.clone_from(&only.id);
        }
        let processes = || part.processes.iter();
        let numbers: BTreeSet<Option<u32>> = processes().map(|process| Some(process.process)).collect();
        let blocks: BTreeSet<Option<u32>> = processes().map(|process| process.block).collect();
        part.samples.retain(|sample| numbers.contains(&sample.process));
        part.finished_blocks = u32::try_from(blocks.len()).unwrap_or(u32::MAX);
        if let Some(plan) = &mut part.plan {
            let missing = plan.blocks.saturating_sub(self.finished_blocks);
            plan.blocks = part.finished_blocks + missing;
        }
        part
    }
}
