;; Fills an array of n 32-bit words (at most 65536, four pages) with a linear congruential sequence that runs on from
;; round to round, and sums it up again; does so `rounds` times. One store or one load an iteration, in ascending order.
(module
  (memory (export "memory") 4)
  (func (export "run") (param $n i32) (param $rounds i32) (result i64)
    (local $address i32) (local $end i32) (local $x i32) (local $sum i64)
    (local.set $end (i32.shl (local.get $n) (i32.const 2)))
    (local.set $x (i32.const 1))
    (loop $round
      (local.set $address (i32.const 0))
      (loop $fill
        (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 1664525)) (i32.const 1013904223)))
        (i32.store (local.get $address) (local.get $x))
        (local.set $address (i32.add (local.get $address) (i32.const 4)))
        (br_if $fill (i32.lt_u (local.get $address) (local.get $end))))
      (local.set $address (i32.const 0))
      (loop $sum
        (local.set $sum
          (i64.add (local.get $sum) (i64.extend_i32_u (i32.load (local.get $address)))))
        (local.set $address (i32.add (local.get $address) (i32.const 4)))
        (br_if $sum (i32.lt_u (local.get $address) (local.get $end))))
      (local.set $rounds (i32.sub (local.get $rounds) (i32.const 1)))
      (br_if $round (local.get $rounds)))
    (local.get $sum)))
