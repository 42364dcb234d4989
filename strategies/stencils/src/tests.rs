use std::cell::Cell;

use wasm_dispatch_ir::code::vector::VectorNode;
use wasm_dispatch_ir::code::{FunctionBody, Node, Statement};
use wasm_dispatch_ir::ops::{BinaryOp, LoadOp};
use wasm_dispatch_ir::types::ValType;
use wasm_dispatch_ir::vector_ops::Vector2Op;
use wasm_dispatch_machine::cell::CodeCell;
use wasm_dispatch_testing::{BodyBuilder, counting_loop, run};
use wasm_dispatch_threaded::copies::{Draft, Role, draft};
use wasm_dispatch_threaded::trial;

use crate::access::{FLOATS, Form, INTS, Register};
use crate::compile::{Plan, assemble, put_together};
use crate::form::{PLAIN, PRODUCT};
use crate::key::key;
use crate::nodes::{Cells, Nodes};
use crate::pins::{Pin, Pins, is_vector};
use crate::run::compile_draft;
use crate::table;
use crate::{Plain, Stencils};

wasm_dispatch_testing::vector_tests! {
    vectors: Stencils;
    plain_vectors: Plain;
}

wasm_dispatch_testing::strategy_tests! {
    stencils: Stencils;
    plain: Plain;
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
fn nearly_all_uses_of_slots_may_be_uses_of_registers() {
    let uses = table::STENCILS.iter().flat_map(table::Stencil::accesses);
    let (memory, registers): (Vec<&table::Access>, Vec<&table::Access>) =
        uses.partition(|access| access.form == Form::Memory);
    let unknown = table::STENCILS.iter().filter(|stencil| stencil.in_memory).count();
    assert!(
        registers.len() > 10 * memory.len(),
        "{} and {}",
        registers.len(),
        memory.len()
    );
    // Most of them are branches on what no program branches on, such as a quotient: they touch registers in which slots may live.
    assert!(
        unknown * 20 < table::STENCILS.len(),
        "{unknown} use slots in unknown ways"
    );
}

#[test]
fn holes_lie_within_their_stencils_one_behind_the_other() {
    for stencil in table::STENCILS {
        let mut free = 0;
        for hole in stencil.holes() {
            assert!(usize::from(hole.at) >= free, "{stencil:?}: {hole:?}");
            free = usize::from(hole.at) + hole.what.bytes();
            assert!(free <= stencil.code().len(), "{stencil:?}: {hole:?}");
        }
    }
}

fn is_copied(name: &str, v2: bool) -> bool {
    table::Stencil::find(key(name, v2)).is_some()
}

/// Handlers that were tried, and what their copies have done otherwise: nothing, and most were.
fn none_differs((handlers, differences): (usize, Vec<String>)) {
    assert!(
        differences.is_empty(),
        "{} of {handlers}:\n{}",
        differences.len(),
        differences.join("\n")
    );
    // Not tried: what this machine has a better form of, and what needs more of a machine.
    let stencils = table::STENCILS.len();
    assert!(handlers * 4 > stencils * 3, "{handlers} of {stencils}");
}

#[test]
fn every_stencil_leaves_behind_what_its_handler_does() {
    let plan = Plan {
        pins: &Pins::none(),
        aligned: &[],
        numbers: false,
        cells: Cells::Of(&[]),
    };
    let plain = |draft: &_| put_together(&Nodes::of(draft, Cells::Of(&[])), &plan);
    let compile = |draft| compile_draft(draft, plain, None);
    none_differs(trial::differences(20, is_copied, compile, false));
}

#[test]
fn every_stencil_does_so_with_slots_in_each_register_in_which_they_may_live() {
    let body = FunctionBody::default();
    let turn = Cell::new(0);
    let pinned = |draft: &Draft| {
        let (nodes, turn) = (Nodes::of(draft, Cells::Of(&[])), turn.replace(turn.get() + 1));
        let mut slots: Vec<(u32, u32)> = Vec::new();
        for (slot, access) in nodes.list[0].uses() {
            let first = slot + u32::from(access.first);
            // A vector's two as one, or each by itself.
            match is_vector(access.form) && turn % 4 != 3 {
                true => slots.push((first, 2)),
                false => slots.extend((first..).take(usize::from(access.count)).map(|slot| (slot, 1))),
            }
        }
        // None in two of them.
        slots.sort_unstable_by_key(|&(slot, slots)| (slot, std::cmp::Reverse(slots)));
        let mut free = 0;
        slots.retain(|&(slot, slots)| {
            let kept = slot >= free;
            free = if kept { slot + slots } else { free };
            kept
        });
        // General registers, vector registers, or some of each, and some slots in none.
        let register = |(place, (slot, slots)): (usize, (u32, u32))| {
            let ints = INTS.get((place + turn) % INTS.len()).map(|&n| Register::Int(n));
            let floats = FLOATS.get((place + turn) % FLOATS.len()).map(|&n| Register::Float(n));
            let register = match turn / 8 % 4 {
                0 => ints,
                1 => floats,
                _ if place % 3 == 2 => None,
                mixed => [ints, floats][(place + mixed) % 2],
            };
            let register = match (slots, register) {
                (2, Some(Register::Int(n))) => Some(Register::Vector(n)).filter(|_| FLOATS.contains(&n)),
                (2, Some(Register::Float(n))) => Some(Register::Vector(n)),
                (_, register) => register,
            };
            Pin { slot, slots, register }
        };
        let mut list: Vec<_> = slots.into_iter().enumerate().map(register).collect();
        // No two in one.
        let mut taken = Vec::new();
        for Pin { register, .. } in &mut list {
            *register = register.filter(|register| !taken.contains(&register.bit()));
            taken.extend(register.map(Register::bit));
        }
        let pins = Pins::given(list, &nodes, &body);
        let plan = Plan {
            pins: &pins,
            aligned: &[],
            numbers: true,
            cells: Cells::Of(&[]),
        };
        put_together(&nodes, &plan)
    };
    let compile = |draft| compile_draft(draft, pinned, None);
    none_differs(trial::differences(32, is_copied, compile, true));
}

#[test]
fn numbers_that_a_module_chooses_are_no_machine_code() {
    const CHOSEN: u32 = 0x3cb4_90e8;
    let mut b = BodyBuilder::new(&[ValType::I32, ValType::I64], 0);
    b.add(0, CHOSEN as i32);
    let value = b.i32(CHOSEN as i32);
    b.set(0, value);
    let (address, wide) = (b.local(0), u64::from(CHOSEN) << 32 | 1);
    let (long, wide) = (b.local(1), b.node(Node::Const(wide), ValType::I64));
    let mixed = b.binary(BinaryOp::I64Xor, long, wide);
    b.set(1, mixed);
    let loaded = b.load(LoadOp::I32Load, address, CHOSEN);
    b.set(0, loaded);
    let (a, value) = (b.local(0), b.i32(CHOSEN as i32));
    let condition = b.binary(BinaryOp::I32LtU, a, value);
    b.statement(Statement::Branch {
        condition,
        when: true,
        target: 0,
    });
    b.statement(Statement::Return);
    let body = b.finish();
    for form in [PLAIN, PRODUCT] {
        let assembly = assemble(&draft(&body), &body, form, Cells::Of(&[]));
        let has = |bytes: &[u8]| bytes.windows(4).filter(|part| *part == CHOSEN.to_le_bytes()).count();
        assert_eq!((has(&assembly.constants), has(&assembly.code)), (5, 0));
    }
}

#[test]
fn selects_are_copied_and_use_slots_as_registers() {
    let mut selects = 0;
    for (name, v2) in trial::tried().filter(|(name, _)| name.contains("::SelectOf<")) {
        let stencil =
            table::Finder::with(|finder| finder.find(name, v2)).unwrap_or_else(|| panic!("{name} is not copied"));
        let in_memory = stencil.accesses().iter().filter(|access| access.form == Form::Memory);
        assert_eq!((stencil.in_memory, in_memory.count()), (false, 0), "{name}");
        selects += 1;
    }
    assert!(selects > 50, "{selects}");
}

#[test]
fn calls_returns_and_switches_are_copied() {
    let mut b = BodyBuilder::new(&[ValType::I32, ValType::I32], 2);
    let (a, index) = (b.local(0), b.local(1));
    (0..5).for_each(|_| b.statement(Statement::Return));
    let mut body = b.finish();
    body.targets = vec![1];
    let leaves = [
        Statement::Switch {
            index: a,
            first: 0,
            count: 1,
        },
        Statement::Call { function: 0, base: 2 },
        Statement::CallIndirect {
            table: 0,
            ty: 0,
            index,
            base: 2,
        },
        Statement::TailCall { function: 0 },
    ];
    body.statements[..leaves.len()].copy_from_slice(&leaves);
    let draft = draft(&body);
    let handlers = |cells: &[CodeCell]| {
        let nodes = Nodes::of(&draft, Cells::Of(cells)).list.into_iter();
        let handlers = nodes.filter(|node| node.stencil.is_none());
        handlers.map(|node| node.role).collect::<Vec<Role>>()
    };
    // It is reached by returns from other instances alone.
    assert_eq!(handlers(&[CodeCell::new()]), [Role::SwitchBack]);
    // Without the cells of a module, there is nothing to call by.
    let calls = [Role::Call, Role::CallAnywhere, Role::SwitchBack, Role::TailCall];
    assert_eq!(handlers(&[]), calls);
}

#[test]
fn copies_of_calls_go_on_at_odd_addresses_with_their_own_frame() {
    for call in [
        Statement::Call { function: 0, base: 2 },
        Statement::CallIndirect {
            table: 0,
            ty: 0,
            index: 0,
            base: 2,
        },
    ] {
        let mut b = BodyBuilder::new(&[ValType::I32, ValType::I32], 2);
        b.local(0);
        (0..2).for_each(|_| b.statement(Statement::Return));
        let mut body = b.finish();
        body.statements[0] = call;
        // sub rsi, 8 * base
        let sub = [0x48, 0x81, 0xee, 16, 0, 0, 0];
        for form in [PLAIN, PRODUCT] {
            let code = assemble(&draft(&body), &body, form, Cells::Of(&[CodeCell::new()])).code;
            let places = (0..code.len()).filter(|&place| code[place..].starts_with(&sub));
            let places: Vec<usize> = places.collect();
            assert!(
                matches!(places[..], [place] if place % 2 == 1),
                "{places:?} in {code:x?}"
            );
        }
    }
}

#[test]
fn numbers_of_16_bits_are_in_the_code_of_the_product_and_no_longer_ones_are() {
    let has = |number: i32, form| {
        let mut b = BodyBuilder::new(&[ValType::I32], 0);
        b.add(0, number);
        b.statement(Statement::Return);
        let body = b.finish();
        let assembly = assemble(&draft(&body), &body, form, Cells::Of(&[]));
        let bytes = (number as u32).to_le_bytes();
        let count = |all: &[u8]| all.windows(4).filter(|part| *part == bytes).count();
        (count(&assembly.code), count(&assembly.constants))
    };
    for number in [0xfedc, -0x124] {
        assert_eq!(has(number, PRODUCT), (1, 0), "{number:x}");
        assert_eq!(has(number, PLAIN), (0, 1), "{number:x}");
    }
    for number in [0x1_fedc, -0x8124, i32::MIN] {
        assert_eq!(has(number, PRODUCT), (0, 1), "{number:x}");
    }
}

#[test]
fn loops_begin_at_multiples_of_32_in_the_product_alone() {
    let body = counting_loop();
    let draft = draft(&body);
    let nodes: Vec<_> = draft.nodes().collect();
    let blocks = nodes.iter().filter(|node| node.start < draft.end());
    let back = blocks.flat_map(|node| node.targets().find(|&target| target <= node.start));
    let [head] = back.collect::<Vec<_>>()[..] else {
        panic!("one loop goes back to one place");
    };
    let head = nodes.partition_point(|node| node.start < head);
    let place = |form| assemble(&draft, &body, form, Cells::Of(&[])).starts[head] % 32;
    assert_eq!(place(PRODUCT), 0);
    assert_ne!(place(PLAIN), 0);
}

/// A loop that adds a vector to another one, in each turn.
fn sum_of_vectors() -> FunctionBody {
    let locals = [
        ValType::I32,
        ValType::V128Low,
        ValType::V128High,
        ValType::V128Low,
        ValType::V128High,
    ];
    let mut b = BodyBuilder::new(&locals, 0);
    b.statement(Statement::Jump(1));
    let [a, other] = [1, 3].map(|slot| b.node(Node::Vector(VectorNode::Slot(slot)), ValType::V128));
    let op = Vector2Op::I32x4Add;
    let two = VectorNode::Two { op, a, b: other };
    let sum = b.node(Node::Vector(two), ValType::V128);
    b.statement(Statement::VectorSet { slot: 1, value: sum });
    b.end_loop();
    b.finish()
}

#[test]
fn vectors_that_a_loop_uses_live_in_registers_with_both_of_their_slots() {
    let body = sum_of_vectors();
    let draft = draft(&body);
    let head = draft
        .nodes()
        .position(|node| node.name.contains("I32x4Add"))
        .expect("it is there");
    // Instructions that move 16 bytes from or to [rsi + 8 bits] or [rsi + 32 bits].
    let of_frame = |code: &&[u8]| {
        code[0] == 0x0f && matches!(code[1], 0x10 | 0x11 | 0x6f | 0x7f) && matches!(code[2] & 0xc7, 0x46 | 0x86)
    };
    let in_frame = |form| {
        let assembly = assemble(&draft, &body, form, Cells::Of(&[]));
        let (from, to) = (assembly.starts[head] as usize, assembly.starts[head + 1] as usize);
        assembly.code[from..to].windows(3).filter(of_frame).count()
    };
    // Two loads and a store.
    assert_eq!((in_frame(PLAIN), in_frame(PRODUCT)), (3, 0));
    // movaps: the second operand is used where it is.
    let code = assemble(&draft, &body, PRODUCT, Cells::Of(&[]));
    let code = &code.code[code.starts[head] as usize..code.starts[head + 1] as usize];
    let moves = code.windows(2).filter(|part| part == &[0x0f, 0x28]);
    assert_eq!(moves.count(), 2, "{code:x?}");
    let sum =
        |a: u64, b: u64| (a as u32).wrapping_add(5 * b as u32) as u64 | ((a >> 32).wrapping_add(5 * (b >> 32)) << 32);
    let [a, b, c, d] = [1 << 32 | 2, 3 << 32 | 4, 7 << 32 | 11, 13 << 32 | 17];
    let results = run::<Stencils>(&[body], &[5, a, b, c, d]);
    assert_eq!(results.slots[..3], [0, sum(a, c), sum(b, d)]);
}

#[test]
fn two_instructions_become_one_where_slots_live_in_registers_and_numbers_in_the_code() {
    let locals = [
        ValType::I32,
        ValType::I32,
        ValType::F32,
        ValType::F32,
        ValType::F64,
        ValType::F64,
    ];
    let mut b = BodyBuilder::new(&locals, 0);
    b.statement(Statement::Jump(1));
    let seven = b.i32(7);
    b.set(1, seven);
    let x = b.local(1);
    let twice = b.binary(BinaryOp::I32Add, x, x);
    b.set(1, twice);
    let (x, five) = (b.local(1), b.i32(5));
    let shifted = b.binary(BinaryOp::I32Shl, x, five);
    b.set(1, shifted);
    let [sum, more] = [2, 3].map(|slot| b.local(slot));
    let sum = b.binary(BinaryOp::F32Add, sum, more);
    b.set(2, sum);
    let other = b.local(5);
    b.set(4, other);
    b.end_loop();
    let body = b.finish();
    let draft = draft(&body);
    let count = |form, is_wanted: fn(&[u8]) -> bool| {
        let code = assemble(&draft, &body, form, Cells::Of(&[])).code;
        code.windows(4).filter(|part| is_wanted(part)).count()
    };
    // shl r32, 5
    let by_number = |code: &[u8]| code[0] == 0xc1 && code[1] & 0xf8 == 0xe0 && code[2] == 5;
    // lea of a sum with -1, and with a register
    let with_number = |code: &[u8]| code[0] == 0x8d && code[1] & 0xc0 == 0x40 && code[2] == 0xff;
    // mov of a number to a slot's register, in place of one to eax
    let of_seven = |code: &[u8]| code[1..] == [7, 0, 0];
    let to_eax = |code: &[u8]| code[..3] == [0xb8, 7, 0];
    let with_register = |code: &[u8]| code[0] == 0x8d && code[1] & 0xc7 == 4;
    // movd r32, xmm, with or without a prefix for other registers, but not of 64 bits
    let to_general = |code: &[u8]| match code {
        [0x66, 0x0f, 0x7e, _] => true,
        [0x66, prefix, 0x0f, 0x7e] => prefix & 0xf8 == 0x40,
        _ => false,
    };
    assert_eq!((count(PLAIN, by_number), count(PRODUCT, by_number)), (1, 1));
    assert_eq!((count(PRODUCT, of_seven), count(PRODUCT, to_eax)), (1, 0));
    assert_eq!((count(PLAIN, with_number), count(PRODUCT, with_number)), (0, 1));
    assert_eq!((count(PLAIN, with_register), count(PRODUCT, with_register)), (0, 1));
    assert_eq!((count(PLAIN, to_general), count(PRODUCT, to_general)), (1, 0));
    let single = |value: f32| u64::from(value.to_bits());
    let arguments = [2, 3, single(1.5), single(0.25), 0, 7.5_f64.to_bits()];
    let results = run::<Stencils>(&[body], &arguments);
    let expected = [0, 7 << 6, single(2.0), single(0.25), arguments[5], arguments[5]];
    assert_eq!(results.slots[..6], expected);
}

mod maps {
    use std::fs;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use wasm_dispatch_machine::backend::{Backend, Shared};
    use wasm_dispatch_testing::{counting_loop, run};

    use super::*;
    use crate::code::Assembly;
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
    fn constants_can_be_read_and_written_and_code_can_be_read_and_executed() {
        let function = || Assembly {
            constants: vec![1, 2, 3],
            code: vec![0xc3],
            ..Assembly::default()
        };
        let arena = Arc::default();
        for count in [1, 3, 1] {
            let functions: Vec<Assembly> = (0..count).map(|_| function()).collect();
            let regions = Region::place(&arena, &functions).expect("the system allows it");
            assert_eq!(regions.len(), count);
            for region in regions {
                assert_eq!(allowed(region.code()), "r-xp");
                assert_eq!(allowed(region.constants()), "rw-p");
            }
        }
    }

    #[test]
    fn functions_that_are_compiled_at_once_share_pages() {
        let bodies: Vec<_> = (0..50).map(|_| Arc::new(counting_loop())).collect();
        let bytes = |codes: &[_]| codes.iter().map(Stencils::code_bytes).sum::<usize>();
        let together = bytes(&Stencils::compile_batch(&bodies, &Shared::default()));
        let shared = Shared::default();
        let each: Vec<_> = bodies
            .iter()
            .map(|body| Stencils::compile_within(body, &shared))
            .collect();
        let apart = bytes(&each);
        // Each takes a page of code by itself, and of constants no more than it has.
        assert!(
            together * 4 < apart && apart < bodies.len() * 5_000,
            "{together}, {apart}"
        );
    }

    #[test]
    fn functions_of_a_module_share_mappings() {
        let shared = Shared::default();
        let before = maps().len();
        let functions: Vec<_> = (0..500)
            .map(|_| Stencils::compile_within(&counting_loop(), &shared))
            .collect();
        let after = maps().len();
        assert!(
            after < before + functions.len() / 5,
            "{before} mappings before, {after} afterwards"
        );
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
