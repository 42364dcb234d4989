;; What the interpreter inside the interpreter runs: loops, memory and calls.
(module
  (memory 1)

  ;; Steps of the Collatz rule for all numbers from 1 to n together.
  (func (export "collatz") (param $n i32) (result i64)
    (local $x i64) (local $steps i64)
    (loop $numbers
      (local.set $x (i64.extend_i32_u (local.get $n)))
      (block $one
        (loop $next
          (br_if $one (i64.eq (local.get $x) (i64.const 1)))
          (local.set $steps (i64.add (local.get $steps) (i64.const 1)))
          (if (i64.eqz (i64.and (local.get $x) (i64.const 1)))
            (then (local.set $x (i64.shr_u (local.get $x) (i64.const 1))))
            (else (local.set $x (i64.add (i64.mul (local.get $x) (i64.const 3)) (i64.const 1)))))
          (br $next)))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $numbers (local.get $n)))
    (local.get $steps))

  ;; Number of primes below n, by the sieve of Eratosthenes over bytes.
  (func (export "sieve") (param $n i32) (result i64)
    (local $i i32) (local $j i32) (local $count i64)
    (local.set $i (i32.const 0))
    (loop $clear
      (i32.store8 (local.get $i) (i32.const 0))
      (br_if $clear (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.set $i (i32.const 2))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
        (if (i32.eqz (i32.load8_u (local.get $i)))
          (then
            (local.set $count (i64.add (local.get $count) (i64.const 1)))
            (local.set $j (i32.mul (local.get $i) (local.get $i)))
            (block $out
              (loop $strike
                (br_if $out (i32.ge_u (local.get $j) (local.get $n)))
                (i32.store8 (local.get $j) (i32.const 1))
                (local.set $j (i32.add (local.get $j) (local.get $i)))
                (br $strike)))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
    (local.get $count))

  (func $fib (export "fib") (param $n i32) (result i64)
    (if (result i64) (i32.lt_u (local.get $n) (i32.const 2))
      (then (i64.extend_i32_u (local.get $n)))
      (else (i64.add
        (call $fib (i32.sub (local.get $n) (i32.const 1)))
        (call $fib (i32.sub (local.get $n) (i32.const 2))))))))
