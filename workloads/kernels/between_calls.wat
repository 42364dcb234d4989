;; Calls two other instances, of one module, in turns that depend on the data. Each keeps a memory of its own.
(module
  (import "left" "step" (func $left (param i32) (result i32)))
  (import "right" "step" (func $right (param i32) (result i32)))
  (import "left" "reset" (func $reset_left))
  (import "right" "reset" (func $reset_right))
  (func (export "run") (param $n i32) (result i32)
    (local $value i32)
    (local.set $value (i32.const 1))
    (call $reset_left)
    (call $reset_right)
    (loop $next
      (local.set $value
        (if (result i32) (i32.and (local.get $value) (i32.const 4))
          (then (call $left (local.get $value)))
          (else (call $right (local.get $value)))))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $value)))
