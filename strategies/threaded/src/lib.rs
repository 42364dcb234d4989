//! threaded
