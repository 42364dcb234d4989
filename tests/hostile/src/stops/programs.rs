//! Programs that are made to be hard to stop: each runs for ever, or until it has used up what it can.

/// A program: its name, what is slow about it, and its text. It exports `run`.
pub type Program = (&'static str, &'static str, String);

/// All of them.
pub fn programs() -> Vec<Program> {
    let looping = |before: &str, body: &str, rest: &str| {
        format!(
            r#"(module {rest}
            (func (export "run") (local $i i32) (local $x f64) (local $n i64) {before}
                (loop $next {body} (br $next))))"#
        )
    };
    let memory = "(memory 4096) (memory 4096)";
    let tables = "(table 4000000 funcref) (table 4000000 funcref)";
    let many = |text: &str, count: usize| text.repeat(count);
    vec![
        ("spin", "an empty loop", looping("", "", "")),
        ("fills", "memory.fill of 16 MiB", looping("", "(memory.fill (i32.const 0) (i32.const 7) (i32.const 0x1000000))", memory)),
        (
            "copies",
            "memory.copy of 16 MiB between memories, there and back",
            looping(
                "",
                "(memory.copy 0 1 (i32.const 1) (i32.const 0) (i32.const 0x1000000)) (memory.copy 0 0 (i32.const 1) (i32.const 0) (i32.const 0x1000000))",
                memory,
            ),
        ),
        (
            "tables",
            "table.fill and table.copy of 4,000,000 elements",
            looping(
                "",
                "(table.fill 0 (i32.const 0) (ref.null func) (i32.const 4000000)) (table.copy 1 0 (i32.const 0) (i32.const 0) (i32.const 4000000))",
                tables,
            ),
        ),
        (
            "misses",
            "loads that miss every cache",
            looping(
                "",
                "(local.set $i (i32.add (i32.mul (local.get $i) (i32.const 1664525)) (i32.const 1013904223)))
                 (local.set $n (i64.add (local.get $n) (i64.load (i32.and (local.get $i) (i32.const 0x0ffffff0)))))",
                memory,
            ),
        ),
        (
            "fresh",
            "stores to pages that were never touched",
            looping(
                "",
                "(i32.store8 (local.get $i) (i32.const 1)) (local.set $i (i32.and (i32.add (local.get $i) (i32.const 4096)) (i32.const 0x0fffffff)))",
                memory,
            ),
        ),
        (
            "divisions",
            "divisions of 64 bits and square roots of subnormal numbers",
            looping(
                "(local.set $x (f64.const 0x1p-1070)) (local.set $n (i64.const -3))",
                &many(
                    "(local.set $n (i64.div_s (i64.const 0x7fffffffffffffff) (i64.or (local.get $n) (i64.const 1))))
                     (local.set $x (f64.div (f64.sqrt (f64.mul (local.get $x) (f64.const 0x1p-1000))) (f64.const 0x1.3p3)))",
                    20,
                ),
                "",
            ),
        ),
        (
            "straight",
            "20,000 additions without a branch",
            looping("", &many("(local.set $i (i32.add (local.get $i) (i32.const 3)))", 20_000), ""),
        ),
        (
            "locals",
            "calls of a function of 50,000 locals",
            looping("", "(call $f)", &format!("(func $f (local {}))", many("i64 ", 50_000))),
        ),
        (
            "deep",
            "recursion until the stack is used up, again and again",
            r#"(module
                (func $down (param $n i32) (if (local.get $n) (then (call $down (i32.sub (local.get $n) (i32.const 1))))))
                (func (export "run") (loop $next (call $down (i32.const 60000)) (br $next))))"#
                .to_owned(),
        ),
        (
            "carrying",
            "branches that carry 1,000 values",
            format!(
                r#"(module (type $many (func (result {})))
                (func (export "run") (loop $next (block (type $many) {} (br 0)) {} (br $next))))"#,
                many("i64 ", 1000),
                many("(i64.const 1) ", 1000),
                many("drop ", 1000)
            ),
        ),
        (
            "indirect",
            "indirect calls and switches whose targets cannot be foretold",
            r#"(module (type $f (func (param i32) (result i32))) (table funcref (elem $a $b $c $d))
                (func $a (type $f) (i32.add (local.get 0) (i32.const 1013904223)))
                (func $b (type $f) (i32.xor (local.get 0) (i32.const 0x55aa55aa)))
                (func $c (type $f) (i32.rotl (local.get 0) (i32.const 7)))
                (func $d (type $f) (i32.mul (local.get 0) (i32.const 1664525)))
                (func (export "run") (local $i i32)
                    (loop $next
                        (local.set $i (i32.add (i32.const 99991) (call_indirect (type $f) (local.get $i)
                            (i32.and (i32.shr_u (i32.mul (local.get $i) (i32.const 0x9e3779b1)) (i32.const 29)) (i32.const 3)))))
                        (block (block (block (block (br_table 0 1 2 3 (i32.shr_u (local.get $i) (i32.const 30)))) (br $next)) (br $next)) (br $next))
                        (br $next))))"#
                .to_owned(),
        ),
        (
            "vectors",
            "shuffles and sums of bytes",
            r#"(module (memory 1)
                (func (export "run") (local $v v128)
                    (loop $next
                        (local.set $v (i8x16.shuffle 1 3 5 7 9 11 13 15 17 19 21 23 25 27 29 31 (local.get $v) (v128.load (i32.const 8))))
                        (local.set $v (i8x16.avgr_u (i8x16.popcnt (local.get $v)) (i16x8.extadd_pairwise_i8x16_u (local.get $v))))
                        (v128.store (i32.const 40) (f64x2.sqrt (f32x4.div (local.get $v) (v128.load (i32.const 8)))))
                        (br $next))))"#
                .to_owned(),
        ),
    ]
}
