use crate::Stencils;
use crate::table;

wasm_dispatch_testing::vector_tests! {
    vectors: Stencils;
}

wasm_dispatch_testing::strategy_tests! {
    stencils: Stencils;
}

/// Reasons for which the build refuses to copy a handler; any other would be of a compiler that nobody has looked at.
const REASONS: [&str; 4] = [
    "calls a function",
    "hands on the node's address",
    "has a stack frame",
    "reads a table of its own",
];

#[test]
fn the_build_refuses_handlers_for_known_reasons_only() {
    for (reason, count) in table::REFUSED {
        assert!(REASONS.contains(reason), "{count} handlers: {reason}");
    }
}

#[test]
fn most_handlers_have_a_stencil() {
    let refused: u32 = table::REFUSED.iter().map(|&(_, count)| count).sum();
    let found = table::STENCILS.len();
    assert!(found > 3 * refused as usize, "{found} stencils, {refused} refused");
}

#[test]
fn holes_lie_within_their_stencils_one_behind_the_other() {
    for stencil in table::STENCILS {
        let mut free = 0;
        for hole in stencil.holes() {
            assert!(usize::from(hole.at) >= free, "{stencil:?}: {hole:?}");
            free = usize::from(hole.at) + size_of::<u32>();
            assert!(free <= stencil.code().len(), "{stencil:?}: {hole:?}");
        }
    }
}

mod maps {
    use std::fs;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use wasm_dispatch_machine::backend::Backend;
    use wasm_dispatch_testing::{counting_loop, run};

    use super::*;
    use crate::memory::Region;

    /// Address ranges of this process, and what may be done there, such as `r-xp`.
    fn maps() -> Vec<(std::ops::Range<u64>, String)> {
        let text = fs::read_to_string("/proc/self/maps").expect("Linux has it");
        let map = |line: &str| {
            let mut words = line.split_whitespace();
            let (from, to) = words.next()?.split_once('-')?;
            let address = |text| u64::from_str_radix(text, 16).ok();
            Some((address(from)?..address(to)?, words.next()?.to_owned()))
        };
        text.lines().filter_map(map).collect()
    }

    fn allowed(address: u64) -> String {
        let found = maps().into_iter().find(|(range, _)| range.contains(&address));
        found.expect("it is mapped").1
    }

    #[test]
    fn constants_can_be_read_and_code_can_be_read_and_executed() {
        let region = Region::new(&[1, 2, 3], &[0xc3]).expect("the system allows it");
        assert_eq!(allowed(region.code()), "r-xp");
        assert_eq!(allowed(region.code() - 1), "r--p");
    }

    #[test]
    fn a_function_frees_its_machine_code() {
        let before = maps().len();
        for _ in 0..1_000 {
            drop(Stencils::compile(&counting_loop()));
        }
        let after = maps().len();
        // Other tests map memory meanwhile.
        assert!(after < before + 500, "{before} mappings before, {after} afterwards");
    }

    #[test]
    fn no_page_is_writable_and_executable_while_functions_are_compiled_and_run() {
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..300 {
                    run::<Stencils>(&[counting_loop()], &[1_000]);
                }
                done.store(true, Ordering::Relaxed);
            });
            let mut executable = 0;
            while !done.load(Ordering::Relaxed) {
                for (range, allowed) in maps() {
                    let both = allowed.contains('w') && allowed.contains('x');
                    assert!(!both, "{range:x?} is {allowed}");
                    executable += usize::from(allowed.contains('x'));
                }
            }
            assert!(executable > 0);
        });
    }
}
