//! Counted instructions.

use serde::{Deserialize, Serialize};

/// What Callgrind counted in one call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Name of the workload.
    pub workload: String,
    /// Name of the strategy.
    pub strategy: String,
    /// Instructions executed; never 0.
    pub instructions: u64,
    /// Reads of data.
    pub reads: u64,
    /// Writes of data.
    pub writes: u64,
}
