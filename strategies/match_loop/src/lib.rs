//! match_loop
