//! Sides of a run that compares two builds of the same strategies: how each side's samples are named in the record.

/// A side: a build, or a build in other layouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// What is compared with.
    Base,
    /// What is compared.
    New,
    /// The base once more, linked in other layouts: what the same code may come to.
    Control,
}

impl Side {
    /// Every side.
    pub const ALL: [Side; 3] = [Side::Base, Side::New, Side::Control];

    /// The word for it in records and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Side::Base => "base",
            Side::New => "new",
            Side::Control => "control",
        }
    }

    /// A strategy's name on this side, as samples have it: `threaded@new`.
    pub fn of(self, strategy: &str) -> String {
        format!("{strategy}@{}", self.name())
    }

    /// The side and the strategy of a name in a record; none if the run has no sides.
    pub fn split(name: &str) -> Option<(&str, Side)> {
        let (strategy, side) = name.rsplit_once('@')?;
        let side = Side::ALL.into_iter().find(|known| known.name() == side)?;
        Some((strategy, side))
    }
}

#[cfg(test)]
#[path = "../tests/unit/side.rs"]
mod tests;
