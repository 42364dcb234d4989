use super::*;

use wasm_dispatch::{Imports, Limits, Module, Strategy, Vm};

#[test]
fn where_the_largest_function_of_a_strategy_lies_is_read_from_the_binary() {
    // What no test uses, the linker leaves out.
    let module = Module::new(b"\0asm\x01\0\0\0").unwrap();
    for &strategy in Strategy::ALL {
        let mut vm = Vm::with(strategy, Limits::default());
        vm.instantiate(&module, &Imports::new()).unwrap();
    }
    let own = std::env::current_exe().unwrap();
    let names = ["match_loop", "threaded", "nobody"].map(str::to_owned);
    let found = hot(&own, &names);
    assert_eq!(found.keys().collect::<Vec<_>>(), ["match_loop", "threaded"]);
    assert!(found.values().all(|address| *address > 0), "{found:?}");
    assert_eq!(hot(Path::new("nowhere"), &names), BTreeMap::new());
}
