//! Entrants besides the strategies: control experiments, which are there to learn from and not to be shipped, and tiers.

use wasm_dispatch::{Strategy, Tiers};

use crate::Entrant;

/// The feature of the packages that measure with which this was built, if any: other layouts are linked with the same.
#[cfg(feature = "stencils")]
pub const FEATURE: &str = "stencils";
/// None.
#[cfg(not(feature = "stencils"))]
pub const FEATURE: &str = "";

/// Instructions after which a machine with tiers changes, if what it runs is little code: about what it takes to map the first pages
/// of the second tier's code and to make it.
const AFTER: u64 = 30_000;

/// The default and what makes machine code, in a build that has such a strategy; the best that is safe and the default, otherwise.
pub fn tiers() -> Tiers {
    let default = Strategy::default();
    match Strategy::ALL.iter().find(|strategy| strategy.makes_code()) {
        Some(&compiled) => Tiers::new(default, compiled, AFTER),
        None => Tiers::new(Strategy::best_safe(), default, AFTER),
    }
}

/// Those of this build: what is left of handlers when dispatch costs nothing; and machines that begin under the default
/// strategy and go on under one that makes machine code.
#[cfg(feature = "stencils")]
pub fn all() -> impl Iterator<Item = Entrant> {
    let mut plain = Entrant::of::<wasm_dispatch_stencils::Plain>();
    plain.control_of = Some("threaded");
    let tiered = Entrant::tiered("tiered", "the default at first, then machine code", tiers());
    [plain, tiered].into_iter()
}

/// Those of this build.
#[cfg(not(feature = "stencils"))]
pub fn all() -> impl Iterator<Item = Entrant> {
    std::iter::empty()
}
