;; What `between_calls` calls: a step that counts in its own memory what it was given.
(module
  (memory 1)
  (func (export "reset") (memory.fill (i32.const 0) (i32.const 0) (i32.const 1024)))
  (func (export "step") (param $value i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (local.get $value) (i32.const 1020)))
    (i32.store (local.get $at) (i32.add (i32.load (local.get $at)) (local.get $value)))
    (i32.add
      (i32.mul (local.get $value) (i32.const 1664525))
      (i32.xor (i32.load (local.get $at)) (i32.const 1013904223)))))
