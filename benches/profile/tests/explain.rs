//! What is told about a function is what the strategies made of it.

mod common;

use common::module;
use wasm_dispatch::{Module, Strategy};
use wasm_dispatch_engines::Entrant;
use wasm_dispatch_profile::explain::{explain, find, functions};

fn all() -> Vec<Entrant> {
    Entrant::all().collect()
}

#[test]
fn functions_are_found_by_index_export_and_name() {
    let module = module();
    assert_eq!(find(&module, "0"), Ok(0));
    assert_eq!(find(&module, "leaf"), Ok(0));
    assert_eq!(find(&module, "run"), Ok(1));
    for unknown in ["3", "-1", "memory", "", "99999999999"] {
        let error = find(&module, unknown).unwrap_err();
        assert!(error.contains(unknown) && error.contains("no function"), "{error}");
    }
    let names: Vec<Option<String>> = functions(&module).into_iter().map(|line| line.name).collect();
    let name = |text: &str| Some(text.to_owned());
    assert_eq!(names, [name("leaf"), name("run"), name("unused")]);
}

#[test]
fn names_of_rust_are_as_their_authors_wrote_them() {
    let wat = "(module (func $_ZN5tests6parser5parse17h0123456789abcdefE))";
    let module = Module::new(&wat::parse_str(wat).unwrap()).unwrap();
    let line = functions(&module).remove(0);
    assert_eq!(line.name.as_deref(), Some("tests::parser::parse"));
    let explained = explain(&module, 0, &all()).unwrap();
    assert_eq!(explained.name.as_deref(), Some("tests::parser::parse"));
    assert_eq!(find(&module, "tests::parser::parse"), Ok(0));
    assert_eq!(find(&module, "_ZN5tests6parser5parse17h0123456789abcdefE"), Ok(0));

    let wat = "(module (func $_ZN5tests5parse17h0123456789abcdefE) (func $_ZN5tests5parse17hfedcba9876543210E))";
    let module = Module::new(&wat::parse_str(wat).unwrap()).unwrap();
    let several = "several functions are called 'tests::parse': 0, 1".to_owned();
    assert_eq!(find(&module, "tests::parse"), Err(several));
    assert_eq!(find(&module, "_ZN5tests5parse17hfedcba9876543210E"), Ok(1));
}

#[test]
fn an_imported_function_has_nothing_to_explain() {
    let wat = r#"(module (import "host" "f" (func)) (func (export "own")))"#;
    let module = Module::new(&wat::parse_str(wat).unwrap()).unwrap();
    assert!(find(&module, "0").unwrap_err().contains("imported"));
    assert_eq!(explain(&module, 0, &all()), None);
    assert_eq!(explain(&module, 7, &all()), None);
    let lines = functions(&module);
    assert_eq!((lines.len(), lines[0].function), (1, 1));
    assert_eq!(find(&module, "own"), Ok(1));
}

#[test]
fn blocks_say_what_they_do_and_what_each_strategy_makes_of_it() {
    let module = module();
    let explained = explain(&module, 1, &all()).unwrap();
    let body = module.function(1).unwrap().body().unwrap();
    assert_eq!(explained.name.as_deref(), Some("run"));
    assert_eq!(explained.ty, "(i32) -> (i32)");
    assert_eq!(explained.blocks.len(), body.blocks.len());
    let code: Vec<&str> = (explained.blocks.iter())
        .flat_map(|block| block.statements.iter().map(String::as_str))
        .collect();
    for part in ["call function 0", "i32.store[16 + 8] = s", "i32.add(s", "return", "if "] {
        assert!(code.iter().any(|line| line.contains(part)), "{part}: {code:#?}");
    }
    for (at, (strategy, whole)) in Strategy::ALL.iter().zip(&explained.strategies).enumerate() {
        assert_eq!(whole.strategy, strategy.name());
        let blocks: Vec<u32> = explained.blocks.iter().map(|block| block.dispatches[at]).collect();
        assert_eq!(blocks, strategy.dispatches(body), "{strategy}");
        assert_eq!(
            whole.dispatches,
            blocks.iter().map(|&count| u64::from(count)).sum::<u64>()
        );
        assert!(whole.code_bytes > 0, "{strategy}");
    }
    // The handlers that run with the block are those that are counted as dispatches.
    let mut known = Strategy::ALL.iter();
    let default = known.position(|&known| known == Strategy::default()).unwrap();
    for block in &explained.blocks {
        let handlers = block.handlers.as_ref().unwrap();
        let run = handlers.iter().filter(|handler| !handler.aside).count();
        assert_eq!(run as u32, block.dispatches[default], "{handlers:#?}");
    }
    let leaf = explain(&module, 0, &[Entrant::default()]).unwrap();
    let handlers = leaf.blocks[0].handlers.as_ref().unwrap();
    assert!(handlers[0].nodes[0].contains("i32.mul"), "{handlers:#?}");
}

#[test]
fn locals_that_start_as_zero_are_named() {
    for locals in ["i32", &"i64 ".repeat(100)] {
        let wat = format!(r#"(module (func (export "f") (result i32) (local i32 {locals}) (local.get 0)))"#);
        let module = Module::new(&wat::parse_str(wat).unwrap()).unwrap();
        let explained = explain(&module, 0, &[Entrant::default()]).unwrap();
        let handlers = explained.blocks[0].handlers.as_ref().unwrap();
        assert_eq!(handlers[0].nodes, ["clear locals"], "{locals}");
    }
}

#[test]
fn only_the_strategies_that_were_asked_for_are_shown() {
    let explained = explain(&module(), 1, &[Entrant::named("match_loop").unwrap()]).unwrap();
    let text = explained.text();
    assert!(text.contains("match_loop") && text.contains("block 0:"), "{text}");
    assert!(!text.contains("threaded"), "{text}");
    assert!(explained.blocks.iter().all(|block| block.handlers.is_none()));
}

#[test]
fn constants_are_shown_as_numbers_of_their_type() {
    let wat = r#"(module (func (export "f") (param f64 i64 f32) (result i32)
        (i32.and
            (i32.and (f64.lt (local.get 0) (f64.const -0.5)) (i64.lt_s (local.get 1) (i64.const -7)))
            (f32.lt (local.get 2) (f32.const nan)))))"#;
    let module = Module::new(&wat::parse_str(wat).unwrap()).unwrap();
    let text = explain(&module, 0, &[]).unwrap().text();
    for constant in ["-0.5", "-7", "NaN"] {
        assert!(text.contains(&format!(", {constant})")), "{constant}: {text}");
    }
}

#[cfg(all(feature = "stencils", target_arch = "x86_64", target_os = "linux"))]
#[test]
fn machine_code_is_shown_node_by_node_where_a_strategy_makes_it() {
    let module = module();
    let explained = explain(&module, 1, &all()).unwrap();
    let body = module.function(1).unwrap().body().unwrap();
    let made = Strategy::ALL.iter().find(|strategy| strategy.makes_code()).unwrap();
    let listing = made.listing(body);
    let (mut places, mut instructions) = (Vec::new(), Vec::new());
    for (block, lines) in explained.blocks.iter().zip(listing) {
        let of = |code: &&wasm_dispatch_profile::explain::MachineCode| code.strategy == made.name();
        let code = block.machine_code.iter().find(of).unwrap();
        let nodes: Vec<&str> = code.nodes.iter().map(|node| node.node.as_str()).collect();
        assert_eq!(nodes, lines.iter().map(|line| line.text()).collect::<Vec<String>>());
        for node in &code.nodes {
            places.push((node.place as usize, node.place as usize + node.bytes));
            instructions.extend(&node.instructions);
        }
    }
    // All nodes lie in a row, and what is there are instructions.
    places.sort_unstable();
    assert!(places.windows(2).all(|two| two[0].1 == two[1].0), "{places:?}");
    assert!(instructions.len() > 10 && instructions.iter().all(|text| !text.contains("bad")));
    assert!(explained.text().contains("jmp") && explained.text().contains("mov"));
}
