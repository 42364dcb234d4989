;; A command that reads the clock again and again. Its argument says how often; it prints a checksum of the readings.
(module
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)

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

  ;; Prints 16 hexadecimal digits and a new line.
  (func $print (param $value i64)
    (local $at i32) (local $digit i32)
    (local.set $at (i32.const 1040))
    (i32.store8 (local.get $at) (i32.const 10))
    (loop $next
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (local.set $digit (i32.and (i32.wrap_i64 (local.get $value)) (i32.const 15)))
      (i32.store8 (local.get $at)
        (i32.add (local.get $digit)
          (select (i32.const 48) (i32.const 87) (i32.lt_u (local.get $digit) (i32.const 10)))))
      (local.set $value (i64.shr_u (local.get $value) (i64.const 4)))
      (br_if $next (i32.gt_u (local.get $at) (i32.const 1024))))
    (i32.store (i32.const 16) (i32.const 1024))
    (i32.store (i32.const 20) (i32.const 17))
    (if (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24)) (then (call $exit (i32.const 1)))))

  (func (export "_start")
    (local $left i32) (local $sum i64)
    (local.set $left (call $argument))
    (loop $next
      (if (call $clock (i32.const 1) (i64.const 1) (i32.const 0)) (then (call $exit (i32.const 1))))
      (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 31)) (i64.load (i32.const 0))))
      (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (call $print (local.get $sum))))
