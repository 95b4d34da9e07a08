;; Wants a function that a later patch of the contract may have, and this host hasn't.
(component
  (import "jeton:provider/clock@0.1.7" (instance
    (export "now" (func (result u64)))
    (export "zone" (func (result string)))))
  (instance $provider)
  (export "jeton:provider/provider@0.1.7" (instance $provider)))
