;; Calls one of eight small functions through a table, n times. Which one depends on the top bits of a linear
;; congruential sequence mixed with the last result, so that no branch predictor can learn the order.
(module
  (type $operation (func (param i32) (result i32)))
  (table 8 8 funcref)
  (elem (i32.const 0) $add $subtract $xor $multiply $rotate $invert $shift_add $count)
  (func $add (param i32) (result i32) (i32.add (local.get 0) (i32.const 0x9e3779b9)))
  (func $subtract (param i32) (result i32) (i32.sub (local.get 0) (i32.const 0x7f4a7c15)))
  (func $xor (param i32) (result i32) (i32.xor (local.get 0) (i32.const 0x5bd1e995)))
  (func $multiply (param i32) (result i32) (i32.mul (local.get 0) (i32.const 0x01000193)))
  (func $rotate (param i32) (result i32) (i32.rotl (local.get 0) (i32.const 7)))
  (func $invert (param i32) (result i32) (i32.xor (local.get 0) (i32.const -1)))
  (func $shift_add (param i32) (result i32)
    (i32.add (local.get 0) (i32.shr_u (local.get 0) (i32.const 11))))
  (func $count (param i32) (result i32) (i32.add (i32.popcnt (local.get 0)) (local.get 0)))
  (func (export "run") (param $n i32) (result i32)
    (local $random i32) (local $value i32)
    (local.set $random (i32.const 12345))
    (loop $next
      (local.set $random
        (i32.add (i32.mul (local.get $random) (i32.const 1664525)) (i32.const 1013904223)))
      (local.set $value
        (call_indirect (type $operation)
          (local.get $value)
          (i32.shr_u (i32.xor (local.get $random) (local.get $value)) (i32.const 29))))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $next (local.get $n)))
    (local.get $value)))
