//! stack_loop
