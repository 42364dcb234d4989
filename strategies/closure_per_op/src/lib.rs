//! closure_per_op
