//! The programs that are measured.

use crate::events::Failed;

/// `host` calls an import [`MORE`] + 1 times a turn and `host_once` once, `own` and `own_once` a function of the module; `without`
/// adds one itself. All give the number of turns.
const COUNT: &str = r#"(module
    (import "host" "step" (func $step (param i64) (result i64)))
    (func $own (param i64) (result i64) (i64.add (local.get 0) (i64.const 1)))
    LOOPS)"#;

/// One of them.
const LOOP: &str = r#"
    (func (export "NAME") (param $turns i32) (result i64) (local $sum i64)
        (loop $again
            STEPS
            (br_if $again (local.tee $turns (i32.sub (local.get $turns) (i32.const 1)))))
        (i64.div_u (local.get $sum) (i64.const TIMES)))"#;

/// Calls in a turn of one loop beyond those of the other. The same loop around both, and a call in either: where their code
/// happens to lie matters least so.
pub const MORE: u32 = 8;

/// The same, with a memory that begins with the number one.
const MEMORY: &str = r#"(memory (export "memory") 1) (data (i32.const 0) "\01")"#;

/// What `host` may call in another instance, which has a memory of its own.
const STEP: &str = r#"(module
    (memory 1)
    (func (export "step") (param i64) (result i64) (i64.add (local.get 0) (i64.const 1))))"#;

/// `wait` recurses so deep and then counts without end.
const WAIT: &str = r#"(module
    MEMORY
    (func $wait (export "wait") (param $depth i32) (result i64) (local $sum i64)
        TOUCH
        (if (local.get $depth) (then
            (drop (call $wait (i32.sub (local.get $depth) (i32.const 1))))))
        (loop $again
            (local.set $sum (i64.add (local.get $sum) (i64.const 1)))
            (br $again))
        (local.get $sum)))"#;

/// The counting program.
pub fn count() -> Result<Vec<u8>, Failed> {
    counting("")
}

/// The counting program with a memory, for host functions that read it.
pub fn count_with_memory() -> Result<Vec<u8>, Failed> {
    counting(MEMORY)
}

fn counting(memory: &str) -> Result<Vec<u8>, Failed> {
    let loops = [
        ("host", "call $step (local.get $sum)", MORE + 1),
        ("host_once", "call $step (local.get $sum)", 1),
        ("own", "call $own (local.get $sum)", MORE + 1),
        ("own_once", "call $own (local.get $sum)", 1),
        ("without", "i64.add (local.get $sum) (i64.const 1)", 1),
    ];
    let loops = loops.map(|(name, step, times)| {
        let steps = format!("(local.set $sum ({step}))").repeat(times as usize);
        LOOP.replace("NAME", name)
            .replace("STEPS", &steps)
            .replace("TIMES", &times.to_string())
    });
    Ok(wat::parse_str(
        COUNT.replace("LOOPS", &format!("{memory}{}", loops.concat())),
    )?)
}

/// The function that the counting program may import from another instance, `step`.
pub fn step() -> Result<Vec<u8>, Failed> {
    Ok(wat::parse_str(STEP)?)
}

/// A program that never ends, with this many pages of memory, of which it writes to one.
pub fn wait(pages: u32) -> Result<Vec<u8>, Failed> {
    let memory = format!("(memory {pages})");
    let (memory, touch) = match pages {
        0 => ("", ""),
        _ => (memory.as_str(), "(i32.store (i32.const 100) (i32.const 1))"),
    };
    Ok(wat::parse_str(WAIT.replace("MEMORY", memory).replace("TOUCH", touch))?)
}

/// A large program: `first` needs one function and `all` needs every one.
pub fn large(functions: u32) -> Result<Vec<u8>, Failed> {
    let mut text = String::from(
        "(module (func (export \"first\") (result i32) (i32.const 1))\n(func (export \"all\") (result i32) (local i32)",
    );
    for number in 0..functions {
        text += &format!("(local.set 0 (i32.add (local.get 0) (call $f{number} (local.get 0))))");
    }
    text += "(local.get 0))\n";
    for number in 0..functions {
        text += &format!("(func $f{number} (param i32) (result i32) (local i32)");
        for step in 0..40 {
            text += &format!(
                "(local.set 1 (i32.xor (i32.mul (local.get 1) (i32.const {})) (i32.add (local.get 0) (i32.const {step}))))",
                number * 97 + step
            );
        }
        text += "(local.get 1))\n";
    }
    text += ")";
    Ok(wat::parse_str(text)?)
}
