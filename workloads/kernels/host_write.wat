;; A command that writes many short lines, each with a call of its own, from two pieces of memory. Its argument says how many.
(module
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 1000) "line ")

  ;; The number in the first argument.
  (func $argument (result i32)
    (local $at i32) (local $digit i32) (local $number i32)
    (if (call $args_get (i32.const 64) (i32.const 128)) (then (call $exit (i32.const 1))))
    (local.set $at (i32.load (i32.const 68)))
    (block $end
      (loop $next
        (br_if $end (i32.gt_u
          (local.tee $digit (i32.sub (i32.load8_u (local.get $at)) (i32.const 48)))
          (i32.const 9)))
        (local.set $number (i32.add (i32.mul (local.get $number) (i32.const 10)) (local.get $digit)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (local.get $number))

  (func (export "_start")
    (local $left i32) (local $value i32) (local $at i32)
    (local.set $left (call $argument))
    (local.set $value (i32.const 1))
    ;; "line ", and then eight letters and a new line.
    (i32.store (i32.const 16) (i32.const 1000))
    (i32.store (i32.const 20) (i32.const 5))
    (i32.store (i32.const 24) (i32.const 1024))
    (i32.store (i32.const 28) (i32.const 9))
    (i32.store8 (i32.const 1032) (i32.const 10))
    (loop $next
      (local.set $value (i32.add (i32.mul (local.get $value) (i32.const 1664525)) (i32.const 1013904223)))
      (local.set $at (i32.const 0))
      (loop $letter
        (i32.store8 offset=1024 (local.get $at)
          (i32.add (i32.const 97)
            (i32.and (i32.shr_u (local.get $value) (i32.shl (local.get $at) (i32.const 2))) (i32.const 15))))
        (br_if $letter (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (i32.const 8))))
      (if (call $write (i32.const 1) (i32.const 16) (i32.const 2) (i32.const 32)) (then (call $exit (i32.const 1))))
      ;; All of it was written.
      (if (i32.ne (i32.load (i32.const 32)) (i32.const 14)) (then (call $exit (i32.const 2))))
      (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))))
