//! In place of `lookup` where there are no superinstructions.

use crate::abi::Entry;
use crate::kind::Nodes;

/// Nodes that follow each other have a handler each.
#[inline]
pub(crate) fn find(_: Nodes) -> Option<Entry> {
    None
}
