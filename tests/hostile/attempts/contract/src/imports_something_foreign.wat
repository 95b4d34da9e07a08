;; Imports whatever a host might lend that isn't thought through: other packages, plain functions, files by their address, and interfaces
;; beside the contract's own.
(component
  (import "evil:corp/shell@1.0.0" (instance (export "run" (func (param "command" string)))))
  (import "backdoor" (func (result string)))
  (import "jeton:runtime/secrets@0.1.0" (instance))
  (import "jeton:provider-x/http@0.1.0" (instance))
  (import "jeton:provider/http" (instance))
  (import "jeton:provider/vault@0.1.0" (instance (export "reveal" (func (result string)))))
  (import "unlocked-dep=<evil:corp@*>" (component))
  (import "url=<https://evil.example/more.wasm>" (component))
  (import "wasi:cli/environment@0.2.0" (instance))
  (import "wasmtime:debug/memory" (instance))
  (instance $provider)
  (export "jeton:provider/provider@0.1.0" (instance $provider)))
