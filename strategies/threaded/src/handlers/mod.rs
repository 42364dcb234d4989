//! The handlers, by concept, and for each group the function that picks one.

pub(crate) mod call;
pub(crate) mod control;
pub(crate) mod memory;
pub(crate) mod numeric;
pub(crate) mod pairs;
