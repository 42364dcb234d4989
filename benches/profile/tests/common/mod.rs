//! A module whose code one can count by hand.

use wasm_dispatch::Module;

/// `run` calls `leaf` in each of `n` turns of a loop; nobody calls `unused`.
pub const WAT: &str = r#"(module
    (memory (export "memory") 1)
    (func $leaf (param $x i32) (result i32)
        (i32.mul (local.get $x) (i32.const 3)))
    (func (export "run") (param $n i32) (result i32) (local $sum i32)
        (loop $next
            (local.set $sum (i32.add (local.get $sum) (call $leaf (local.get $n))))
            (i32.store offset=8 (i32.const 16) (local.get $sum))
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (br_if $next (local.get $n)))
        (local.get $sum))
    (func (export "unused") (result f64) (f64.const 0.5)))"#;

/// It, loaded.
pub fn module() -> Module {
    Module::new(&wat::parse_str(WAT).unwrap()).unwrap()
}
