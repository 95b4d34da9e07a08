;; Exports all functions of the contract by name, and none of them has its type.
(component
  (core module $main
    (memory (export "memory") 1)
    (func (export "nothing"))
    (func (export "number") (param i64) (result i32) i32.const 0))
  (core instance $main (instantiate $main))
  (func $nothing (canon lift (core func $main "nothing")))
  (func $number (param "answer" u64) (result u32) (canon lift (core func $main "number")))
  (instance $provider
    (export "begin" (func $nothing))
    (export "resume" (func $nothing))
    (export "refresh" (func $number))
    (export "revoke" (func $nothing))
    (export "identify" (func $nothing))
    (export "authenticate" (func $nothing))
    (export "judge" (func $number)))
  (export "jeton:provider/provider@0.1.0" (instance $provider)))
