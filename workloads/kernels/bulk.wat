;; n rounds of one memory.fill and one memory.copy between pseudo-random places of the first page, of 1 to 1024 bytes;
;; the copy may overlap itself in either direction. After each round one byte is mixed into the result. The engine's own
;; memset and memmove do the work, so strategies should be close to each other here.
(module
  (memory (export "memory") 1)
  (func (export "run") (param $n i32) (result i32)
    (local $random i32) (local $length i32) (local $from i32) (local $to i32) (local $hash i32)
    ;; A second run on the same instance must find what the first one found.
    (memory.fill (i32.const 0) (i32.const 0) (i32.const 65536))
    (local.set $random (i32.const 1))
    (local.set $hash (i32.const 0x811c9dc5))
    (loop $next
      (local.set $random
        (i32.add (i32.mul (local.get $random) (i32.const 1664525)) (i32.const 1013904223)))
      (local.set $length (i32.add (i32.shr_u (local.get $random) (i32.const 22)) (i32.const 1)))
      (local.set $random
        (i32.add (i32.mul (local.get $random) (i32.const 1664525)) (i32.const 1013904223)))
      ;; Both offsets have 15 bits: with 1024 bytes of length the end stays inside the page.
      (local.set $from (i32.and (i32.shr_u (local.get $random) (i32.const 16)) (i32.const 0x7fff)))
      (local.set $random
        (i32.add (i32.mul (local.get $random) (i32.const 1664525)) (i32.const 1013904223)))
      (local.set $to (i32.and (i32.shr_u (local.get $random) (i32.const 16)) (i32.const 0x7fff)))
      (memory.fill (local.get $from) (i32.shr_u (local.get $random) (i32.const 24)) (local.get $length))
      (memory.copy
        (local.get $to)
        (i32.add (local.get $from) (i32.shr_u (local.get $length) (i32.const 1)))
        (local.get $length))
      ;; FNV-1a
      (local.set $hash
        (i32.mul
          (i32.xor
            (local.get $hash)
            (i32.load8_u (i32.add (local.get $to) (i32.shr_u (local.get $length) (i32.const 1)))))
          (i32.const 0x01000193)))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $next (local.get $n)))
    (local.get $hash)))
