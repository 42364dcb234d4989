(module
  (import "host" "f" (func $f (param i32) (result i32)))
  (func (export "run") (param i32 i64) (result i32) (call $f (local.get 0)))
  (func (export "vector") (result v128) (v128.const i64x2 1 2))
  (func (export "ref") (param funcref)))
