//! What this strategy's compiler does besides choosing handlers: each can be left out, to see what it is worth.

/// The techniques, all on by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Techniques {
    /// Handlers jump to each other; if not, a loop calls them. Pairs exist for jumps only.
    pub jumps: bool,
    /// Two nodes are fused: they share a handler.
    pub pairs: bool,
    /// A third one is fused with them.
    pub triples: bool,
    /// A comparison and the branch on it are one node.
    pub tests: bool,
    /// An address that is a sum is part of the access.
    pub sums: bool,
    /// What is cached in an accumulator is taken from there, not from its slot.
    pub accumulators: bool,
    /// Vectors are left in an accumulator, and taken from there.
    pub vectors: bool,
    /// Values that only move leave the accumulator alone.
    pub moves: bool,
    /// The accumulators live on across edges between blocks.
    pub edges: bool,
    /// A loop of one block hands its last value on in the accumulator.
    pub loops: bool,
    /// Short blocks are copied in place of jumps to them.
    pub copies: bool,
}

impl Techniques {
    /// All of them.
    pub const ALL: Techniques = Techniques {
        jumps: true,
        pairs: true,
        triples: true,
        tests: true,
        sums: true,
        accumulators: true,
        vectors: true,
        moves: true,
        edges: true,
        loops: true,
        copies: true,
    };

    /// What functions are compiled with.
    pub(crate) fn current() -> Techniques {
        #[cfg(feature = "ablation")]
        return *chosen::CHOSEN.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        #[cfg(not(feature = "ablation"))]
        Techniques::ALL
    }
}

#[cfg(feature = "ablation")]
mod chosen {
    use std::sync::{PoisonError, RwLock};

    use super::Techniques;

    pub(super) static CHOSEN: RwLock<Techniques> = RwLock::new(Techniques::ALL);

    impl Techniques {
        /// Compiles functions with these from now on, in the whole process: for the lab, which compares them.
        pub fn choose(self) {
            *CHOSEN.write().unwrap_or_else(PoisonError::into_inner) = self;
        }
    }
}
