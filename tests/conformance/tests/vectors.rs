//! Every operation on vectors, on random inputs with edges among them, gives the same on every strategy and on wasmi.
//!
//! Each function takes 30 inputs, or as many as `WASM_DISPATCH_VECTORS` says.

#![forbid(unsafe_code)]

use wasm_dispatch::ir::V128;
use wasm_dispatch::{Extern, Imports, Module, Strategy, Value, Vm};
use wasm_dispatch_conformance::differential::peer;
use wasm_dispatch_conformance::differential::rows::{Function, module, rows};
use wasm_dispatch_conformance::random::setting;
use wasm_dispatch_testing::vectors::{Vectors, same};
use wasmi::{Linker, Store, Val};

/// A result of any type, in a vector's bytes.
fn bits(value: &Value) -> V128 {
    V128::from(match *value {
        Value::I32(value) => u128::from(value as u32),
        Value::I64(value) => u128::from(value as u64),
        Value::F32(value) => u128::from(value.to_bits()),
        Value::F64(value) => u128::from(value.to_bits()),
        Value::V128(value) => value,
        _ => 0,
    })
}

fn peer_value(value: &Value) -> Val {
    match *value {
        Value::I32(value) => Val::I32(value),
        Value::I64(value) => Val::I64(value),
        Value::F32(value) => Val::F32(value.into()),
        Value::F64(value) => Val::F64(value.into()),
        Value::V128(value) => Val::V128(value.into()),
        _ => unreachable!("no operation takes a reference"),
    }
}

fn peer_bits(value: &Val) -> V128 {
    V128::from(match value {
        Val::I32(value) => u128::from(*value as u32),
        Val::I64(value) => u128::from(*value as u64),
        Val::F32(value) => u128::from(f32::from(*value).to_bits()),
        Val::F64(value) => u128::from(f64::from(*value).to_bits()),
        Val::V128(value) => value.as_u128(),
        _ => 0,
    })
}

/// What a call gives: a result, or nothing if it traps.
type Outcome = Option<V128>;

struct Ours {
    strategy: Strategy,
    vm: Vm,
    instance: wasm_dispatch::Instance,
}

impl Ours {
    fn new(strategy: Strategy, module: &Module) -> Ours {
        let mut vm = Vm::with(strategy, Default::default());
        let instance = vm.instantiate(module, &Imports::new()).expect("an instance");
        Ours { strategy, vm, instance }
    }

    fn call(&mut self, function: &Function, arguments: &[Value]) -> Outcome {
        match self.vm.call(self.instance, &function.name, arguments) {
            Ok(results) => Some(bits(&results[0])),
            Err(error) => {
                assert!(
                    error.trap().is_some(),
                    "{} on {}: {error}",
                    function.name,
                    self.strategy
                );
                None
            }
        }
    }

    fn memory(&self, name: &str) -> &[u8] {
        match self.vm.export(self.instance, name) {
            Ok(Some(Extern::Memory(memory))) => self.vm.memory(memory).expect("a memory"),
            other => panic!("{other:?}"),
        }
    }
}

/// Where wasmi multiplies and adds with one rounding, this machine always rounds twice.
fn is_rounded_once_elsewhere(mnemonic: &str) -> bool {
    mnemonic.ends_with("madd")
}

/// Multiplication and addition, lane by lane.
fn rounded_twice(mnemonic: &str, [a, b, c]: [V128; 3]) -> V128 {
    let negative = mnemonic.contains("nmadd");
    if mnemonic.starts_with("f32x4") {
        let [a, b, c]: [[f32; 4]; 3] = [a, b, c].map(V128::to_lanes);
        V128::from_lanes(std::array::from_fn::<f32, 4, _>(|lane| {
            let product = a[lane] * b[lane];
            (if negative { -product } else { product }) + c[lane]
        }))
    } else {
        let [a, b, c]: [[f64; 2]; 3] = [a, b, c].map(V128::to_lanes);
        V128::from_lanes(std::array::from_fn::<f64, 2, _>(|lane| {
            let product = a[lane] * b[lane];
            (if negative { -product } else { product }) + c[lane]
        }))
    }
}

#[test]
fn every_operation_on_vectors_gives_the_same_on_every_strategy_and_on_wasmi() {
    let inputs = setting("WASM_DISPATCH_VECTORS").unwrap_or(30);
    let mut vectors = Vectors::new(setting("WASM_DISPATCH_SEED").unwrap_or(1));
    let rows = rows(&mut vectors);
    let (text, functions) = module(&rows, &mut vectors);
    let wasm = wat::parse_str(&text).expect("a module");
    let ours = Module::new(&wasm).expect("a module");
    let mut strategies: Vec<Ours> = Strategy::ALL
        .iter()
        .map(|&strategy| Ours::new(strategy, &ours))
        .collect();

    let engine = peer::engine();
    let peer = wasmi::Module::new(&engine, &wasm).expect("a module");
    let mut store = Store::new(&engine, ());
    let linker = Linker::new(&engine);
    let instance = linker.instantiate_and_start(&mut store, &peer).expect("an instance");

    let (mut returned, mut trapped) = (0, 0);
    for function in &functions {
        let mnemonic = function.row.mnemonic;
        let peer_function = instance.get_func(&store, &function.name).expect("an export");
        for _ in 0..inputs {
            let arguments: Vec<Value> = function
                .params
                .iter()
                .map(|&ty| function.row.argument(ty, &mut vectors))
                .collect();
            let mut outcomes = strategies
                .iter_mut()
                .map(|ours| (ours.strategy, ours.call(function, &arguments)));
            let (_, first) = outcomes.next().expect("a strategy");
            for (strategy, outcome) in outcomes {
                let agree = match (first, outcome) {
                    (Some(a), Some(b)) => same(mnemonic, a, b),
                    (a, b) => a == b,
                };
                assert!(
                    agree,
                    "{} of {arguments:x?} on {strategy}: {outcome:?} is not {first:?}",
                    function.name
                );
            }
            let expected = if is_rounded_once_elsewhere(mnemonic) {
                match function.name.ends_with("locals") {
                    true => {
                        let operands: Vec<V128> = arguments.iter().map(bits).collect();
                        Some(rounded_twice(mnemonic, operands.try_into().expect("three operands")))
                    }
                    false => first,
                }
            } else {
                let arguments: Vec<Val> = arguments.iter().map(peer_value).collect();
                let mut results = [Val::I32(0)];
                let result = peer_function.call(&mut store, &arguments, &mut results);
                result.ok().map(|()| peer_bits(&results[0]))
            };
            let agree = match (first, expected) {
                (Some(a), Some(b)) => same(mnemonic, a, b),
                (a, b) => a == b,
            };
            assert!(
                agree,
                "{} of {arguments:x?}: {first:?}, elsewhere {expected:?}",
                function.name
            );
            match first {
                Some(_) => returned += 1,
                None => trapped += 1,
            }
        }
    }
    for name in ["memory", "other"] {
        let peer = instance.get_memory(&store, name).expect("a memory");
        // NaNs of floats that were stored differ; what single operations on memory do has been compared.
        for ours in &strategies {
            let bytes = std::iter::zip(&ours.memory(name)[..0x9000], &peer.data(&store)[..0x9000]);
            assert!(bytes.into_iter().all(|(a, b)| a == b), "{name} on {}", ours.strategy);
            assert_eq!(
                ours.memory(name)[0xa000..],
                peer.data(&store)[0xa000..],
                "{name} on {}",
                ours.strategy
            );
        }
    }
    println!(
        "{} functions, {returned} calls returned, {trapped} trapped",
        functions.len()
    );
    assert!(
        returned > functions.len() as u64 * inputs * 9 / 10 && trapped > inputs,
        "{returned}, {trapped}"
    );
}
