;; A program and a library that it is linked with: they share a memory, and the program has the library fold short pieces of it.
(module
  (import "library" "memory" (memory 1))
  (import "library" "fold" (func $fold (param i32 i32) (result i32)))
  (func (export "run") (param $n i32) (result i32)
    (local $random i32) (local $at i32) (local $end i32) (local $sum i32)
    (local.set $random (i32.const 1))
    (loop $next
      ;; Sixteen words, at one of 64 places.
      (local.set $at (i32.and (i32.shr_u (local.get $random) (i32.const 10)) (i32.const 4032)))
      (local.set $end (i32.add (local.get $at) (i32.const 64)))
      (loop $word
        (local.set $random (i32.add (i32.mul (local.get $random) (i32.const 1664525)) (i32.const 1013904223)))
        (i32.store (local.get $at) (local.get $random))
        (br_if $word (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4))) (local.get $end))))
      (local.set $sum
        (i32.add
          (i32.mul (local.get $sum) (i32.const 31))
          (call $fold (i32.sub (local.get $end) (i32.const 64)) (i32.const 16))))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))
