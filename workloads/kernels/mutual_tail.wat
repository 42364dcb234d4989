;; The Collatz rule as three states that tail-call each other: $step looks at the parity of x and goes on to $even or
;; $odd, which go back to $step. Returns the steps of all numbers from 1 to n together. Where fib_tail always calls the
;; same function, here the next function depends on the data.
(module
  (func $step (param $x i64) (param $steps i64) (result i64)
    (if (i64.eq (local.get $x) (i64.const 1))
      (then (return (local.get $steps))))
    (if (i64.eqz (i64.and (local.get $x) (i64.const 1)))
      (then (return_call $even (local.get $x) (local.get $steps))))
    (return_call $odd (local.get $x) (local.get $steps)))
  (func $even (param $x i64) (param $steps i64) (result i64)
    (return_call $step
      (i64.shr_u (local.get $x) (i64.const 1))
      (i64.add (local.get $steps) (i64.const 1))))
  (func $odd (param $x i64) (param $steps i64) (result i64)
    (return_call $step
      (i64.add (i64.mul (local.get $x) (i64.const 3)) (i64.const 1))
      (i64.add (local.get $steps) (i64.const 1))))
  (func (export "run") (param $n i32) (result i64)
    (local $i i32) (local $total i64)
    (loop $next
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (local.set $total (call $step (i64.extend_i32_u (local.get $i)) (local.get $total)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $n))))
    (local.get $total)))
