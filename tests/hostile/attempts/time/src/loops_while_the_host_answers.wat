(component
  ;; Asks the host for random bytes. For these the host asks for room in the component's memory, and that function never ends.
  (import "jeton:provider/random@0.1.0" (instance $random
    (export "bytes" (func (param "length" u32) (result (list u8))))))
  (core module $memory
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (loop $again (br $again)) (unreachable)))
  (core instance $memory (instantiate $memory))
  (alias core export $memory "memory" (core memory $bytes))
  (core func $random_bytes (canon lower (func $random "bytes") (memory $bytes) (realloc (core func $memory "realloc"))))
  (core module $main
    (import "random" "bytes" (func $bytes (param i32 i32)))
    (func $start (call $bytes (i32.const 16) (i32.const 512)))
    (start $start))
  (core instance $lent (export "bytes" (func $random_bytes)))
  (core instance (instantiate $main (with "random" (instance $lent))))
  PROVIDER)
