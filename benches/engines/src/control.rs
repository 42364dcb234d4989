//! Control experiments: strategies that are there to learn something from, and not to be shipped.

use crate::Entrant;

/// The feature of the packages that measure with which this was built, if any: other layouts are linked with the same.
#[cfg(feature = "stencils")]
pub const FEATURE: &str = "stencils";
/// None.
#[cfg(not(feature = "stencils"))]
pub const FEATURE: &str = "";

/// Those of this build: what is left of handlers when dispatch costs nothing.
#[cfg(feature = "stencils")]
pub fn all() -> impl Iterator<Item = Entrant> {
    let mut plain = Entrant::of::<wasm_dispatch_stencils::Plain>();
    plain.control_of = Some("threaded");
    std::iter::once(plain)
}

/// Those of this build.
#[cfg(not(feature = "stencils"))]
pub fn all() -> impl Iterator<Item = Entrant> {
    std::iter::empty()
}
