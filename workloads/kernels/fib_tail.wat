;; The n-th Fibonacci number modulo 2^64 by tail calls, with both accumulators as parameters: fib_iterative with the
;; loop replaced by return_call. The depth of calls must stay 1, however large n is.
(module
  (func $fib (param $n i32) (param $a i64) (param $b i64) (result i64)
    (if (i32.eqz (local.get $n))
      (then (return (local.get $a))))
    (return_call $fib
      (i32.sub (local.get $n) (i32.const 1))
      (local.get $b)
      (i64.add (local.get $a) (local.get $b))))
  (func (export "run") (param $n i32) (result i64)
    (return_call $fib (local.get $n) (i64.const 0) (i64.const 1))))
