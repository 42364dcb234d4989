//! Entrants besides the strategies: control experiments, which are there to learn from and not to be shipped, and tiers.

use crate::Entrant;

/// The feature of the packages that measure with which this was built, if any: other layouts are linked with the same.
#[cfg(feature = "stencils")]
pub const FEATURE: &str = "stencils";
/// None.
#[cfg(not(feature = "stencils"))]
pub const FEATURE: &str = "";

/// Instructions after which a machine with tiers changes: about what the second tier's compiler takes for the functions of
/// a small program.
pub const AFTER: u64 = 300_000;

/// Those of this build: what is left of handlers when dispatch costs nothing; and machines that begin under the default
/// strategy and go on under one that makes machine code.
#[cfg(feature = "stencils")]
pub fn all() -> impl Iterator<Item = Entrant> {
    use wasm_dispatch::{Strategy, Tiers};

    let mut plain = Entrant::of::<wasm_dispatch_stencils::Plain>();
    plain.control_of = Some("threaded");
    let compiled = Strategy::ALL.iter().find(|strategy| strategy.makes_code());
    let tiered = compiled.map(|&compiled| {
        let tiers = Tiers::new(Strategy::default(), compiled, AFTER);
        Entrant::tiered("tiered", "the default at first, then machine code", tiers)
    });
    std::iter::once(plain).chain(tiered)
}

/// Those of this build.
#[cfg(not(feature = "stencils"))]
pub fn all() -> impl Iterator<Item = Entrant> {
    std::iter::empty()
}
