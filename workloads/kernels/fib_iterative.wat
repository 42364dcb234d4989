;; The n-th Fibonacci number modulo 2^64 in a loop: a short dependent chain of moves and additions between locals, with
;; one well-predicted branch.
(module
  (func (export "run") (param $n i32) (result i64)
    (local $a i64) (local $b i64) (local $sum i64)
    (local.set $b (i64.const 1))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $n)))
        (local.set $sum (i64.add (local.get $a) (local.get $b)))
        (local.set $a (local.get $b))
        (local.set $b (local.get $sum))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $next)))
    (local.get $a)))
