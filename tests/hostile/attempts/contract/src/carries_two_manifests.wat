;; Carries a manifest for whoever reads the first one and another for whoever reads the last one, the second of them deep inside.
(component
  (@custom "jeton:manifest" "id = \"harmless\"\0a")
  (component
    (core module
      (@custom "jeton:manifest" "id = \"harmful\"\0a")))
  (instance $provider)
  (export "jeton:provider/provider@0.1.0" (instance $provider)))
