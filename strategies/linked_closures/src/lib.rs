//! linked_closures
