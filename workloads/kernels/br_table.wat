;; An interpreter's main loop without a program: n times, a pseudo-random opcode selects one of eight operations on an
;; accumulator by br_table. The order cannot be predicted, so every strategy pays for the wasm program's own dispatch on
;; top of its own.
(module
  (func (export "run") (param $n i32) (result i32)
    (local $random i32) (local $acc i32)
    (local.set $random (i32.const 2463534242))
    (loop $next
      ;; xorshift32
      (local.set $random (i32.xor (local.get $random) (i32.shl (local.get $random) (i32.const 13))))
      (local.set $random (i32.xor (local.get $random) (i32.shr_u (local.get $random) (i32.const 17))))
      (local.set $random (i32.xor (local.get $random) (i32.shl (local.get $random) (i32.const 5))))
      (block $done
        (block $halt
          (block $jump
            (block $shift
              (block $and
                (block $or
                  (block $xor
                    (block $sub
                      (block $add
                        (br_table $add $sub $xor $or $and $shift $jump $halt
                          (i32.shr_u (local.get $random) (i32.const 29))))
                      (local.set $acc (i32.add (local.get $acc) (local.get $random)))
                      (br $done))
                    (local.set $acc (i32.sub (local.get $acc) (i32.const 0x12345678)))
                    (br $done))
                  (local.set $acc (i32.xor (local.get $acc) (local.get $random)))
                  (br $done))
                (local.set $acc (i32.or (local.get $acc) (i32.const 0x00010001)))
                (br $done))
              (local.set $acc (i32.and (local.get $acc) (i32.const 0xfffffffe)))
              (br $done))
            (local.set $acc (i32.rotl (local.get $acc) (i32.const 3)))
            (br $done))
          (local.set $acc (i32.mul (local.get $acc) (i32.const 0x01000193)))
          (br $done))
        (local.set $acc (i32.add (local.get $acc) (i32.const 1))))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $next (local.get $n)))
    (local.get $acc)))
