//! Sides of a run that compares two builds of the same strategies: how each side's samples are named in the record.

use crate::named::named;

named! {
    /// A side: a build, or a build in other layouts.
    Side {
        /// What is compared with.
        Base = "base",
        /// What is compared.
        New = "new",
        /// The base once more, linked in other layouts: what the same code may come to.
        Control = "control",
    }
}

impl Side {
    /// A strategy's name on this side, as samples have it: `threaded@new`.
    pub fn of(self, strategy: &str) -> String {
        format!("{strategy}@{}", self.name())
    }

    /// The side and the strategy of a name in a record; none if the run has no sides.
    pub fn split(name: &str) -> Option<(&str, Side)> {
        let (strategy, side) = name.rsplit_once('@')?;
        Some((strategy, Side::named(side)?))
    }
}

#[cfg(test)]
#[path = "../tests/unit/side.rs"]
mod tests;
