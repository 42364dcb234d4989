//! Modules of one shape at any size. What a module takes, in time and memory, must grow as its bytes do, whatever its shape.
//!
//! Each is valid and exports `run`, which takes nothing and ends.

mod calls;
mod control;
mod expressions;
mod parts;
mod sections;

pub use self::calls::{carrying, dead_results};

/// A shape.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Its name.
    pub name: &'static str,
    /// What there is many of.
    pub about: &'static str,
    /// A size that makes a module of some kilobytes.
    pub size: usize,
    /// A module of this size.
    pub make: fn(usize) -> Vec<u8>,
}

macro_rules! shapes {
    ($($kind:ident { $($name:ident $size:literal $about:literal;)* })*) => {
        /// Every shape.
        pub const SHAPES: &[Shape] = &[$($(Shape {
            name: stringify!($name),
            about: $about,
            size: $size,
            make: $kind::$name,
        }),*),*];
    };
}

shapes! {
    sections {
        types 300 "types, each different";
        wide_types 40 "parameters of types of 1,000";
        imports 300 "imported globals";
        imported_functions 300 "imported functions, of WASI by their names";
        long_names 40 "exports with names of 1,000 bytes";
        functions 1000 "functions, none of them called";
        functions_called 500 "functions, each called once";
        functions_in_a_row 500 "functions, each of which calls the next";
        functions_of_many_locals 300 "functions of 50,000 locals, each called once";
        exports 500 "exports of one function";
        functions_exported 300 "functions, each exported";
        function_names 400 "functions with names";
        globals 600 "globals";
        global_expression 800 "operations in the first value of a global";
        vector_globals 200 "globals that are vectors";
        data_segments 1000 "passive data segments";
        data 4000 "bytes of data";
        data_active 600 "active data segments";
        element_segments 800 "passive element segments";
        elements_active 4000 "elements of an active segment";
        elements_passive 4000 "elements of a passive segment";
        element_expressions 1500 "elements that are expressions";
        custom 4000 "bytes of a custom section";
        customs 500 "custom sections";
    }
    expressions {
        straight 600 "additions to a local, one after another";
        deep_trees 1500 "operations in one expression";
        deep_stack 1500 "operands at once";
        constants 1500 "constants that are dropped";
        loads_and_stores 500 "loads and stores";
        selects 700 "selects in one expression";
        tees 1000 "assignments that are also read";
        ranges 400 "operations on ranges";
        vectors 300 "operations on vectors";
        vector_constants 200 "constants that are vectors";
        shuffles 200 "shuffles in one expression";
        wide_memory 400 "loads and stores with 64-bit addresses and offsets";
        local_groups 600 "groups of locals";
        dead_code 1500 "operations that cannot be reached";
        nops 4000 "operations that do nothing";
    }
    control {
        blocks 1500 "blocks inside each other";
        blocks_of_many 1500 "blocks inside each other, in a module with a type of 1,000 results";
        loops 1000 "loops inside each other";
        ifs 700 "ifs inside each other, with else";
        ifs_in_a_row 400 "ifs with else, one after another";
        loops_in_a_row 500 "loops, one after another";
        branches_out 600 "blocks inside each other, each with a branch out of all";
        stack_across_ifs 500 "operands kept across as many ifs";
        switches 400 "switches of four targets, one after another";
        switch 2000 "targets of one switch";
        blocks_and_switches 400 "blocks inside each other, and as many switches in the innermost";
        switches_with_values 60 "switches whose targets take 10 values";
        switch_in_loop 250 "targets of a switch in a loop, and as many ways back to it";
    }
    calls {
        calls 1000 "calls, one after another";
        calls_indirect 600 "indirect calls";
        tail_calls 500 "functions, each with tail calls";
        calls_with_results 1000 "calls with 1,000 results";
        ifs_with_results 600 "ifs with 1,000 results";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_is_a_valid_module_that_grows_with_its_size() {
        for shape in SHAPES {
            let (small, large) = ((shape.make)(shape.size), (shape.make)(4 * shape.size));
            for module in [&small, &large] {
                if let Err(error) = wasmparser::Validator::new().validate_all(module) {
                    panic!("{}: {error}", shape.name);
                }
            }
            let (before, after) = (small.len(), large.len());
            assert!(after > 2 * before, "{}: {before} and {after} bytes", shape.name);
        }
    }
}
