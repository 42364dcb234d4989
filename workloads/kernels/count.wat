;; Counts from 0 to n. Nothing is computed, so what it costs is the loop itself: one addition, one comparison and one
;; conditional branch an iteration, which a strategy that fuses can make one step of.
(module
  (func (export "run") (param $n i32) (result i32)
    (local $i i32)
    (loop $next
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $n))))
    (local.get $i)))
