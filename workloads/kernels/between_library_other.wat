;; The library of `between_library`: FNV-1a over words of its memory.
(module
  (memory (export "memory") 1)
  (func (export "fold") (param $at i32) (param $words i32) (result i32)
    (local $hash i32)
    (local.set $hash (i32.const 0x811c9dc5))
    (loop $next
      (local.set $hash (i32.mul (i32.xor (local.get $hash) (i32.load (local.get $at))) (i32.const 0x01000193)))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br_if $next (local.tee $words (i32.sub (local.get $words) (i32.const 1)))))
    (local.get $hash)))
