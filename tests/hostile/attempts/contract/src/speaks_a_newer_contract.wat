;; Is built against a contract that this host doesn't speak yet.
(component
  (import "jeton:provider/http@0.2.0" (instance))
  (import "jeton:provider/vault@0.2.0" (instance))
  (instance $provider)
  (export "jeton:provider/provider@0.2.0" (instance $provider)))
