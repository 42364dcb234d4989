//! fused_closures
