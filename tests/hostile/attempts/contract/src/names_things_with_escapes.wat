;; Has names that clear a terminal, write over what it shows, and make a link.
(component
  (import "evil\1b[2J\1b[1;1HThe provider is fine.\07" (func))
  (import "wasi:\u{202e}ilc/tixe" (func))
  (instance $provider)
  (export "jeton:provider/provider@0.1.0" (instance $provider)))
