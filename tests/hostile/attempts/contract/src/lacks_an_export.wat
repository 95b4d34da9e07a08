;; Exports all functions of the contract but `judge`.
(component
  (core module $nothing (func (export "nothing")))
  (core instance $nothing (instantiate $nothing))
  (func $nothing (canon lift (core func $nothing "nothing")))
  (instance $provider
    (export "begin" (func $nothing))
    (export "resume" (func $nothing))
    (export "refresh" (func $nothing))
    (export "revoke" (func $nothing))
    (export "identify" (func $nothing))
    (export "authenticate" (func $nothing))
    (export "other" (func $nothing)))
  (export "jeton:provider/provider@0.1.0" (instance $provider)))
