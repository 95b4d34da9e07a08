;; Fits no contract at all; the manifests that the test adds say what isn't so. They are read first.
(component
  (instance $provider)
  (export "jeton:provider/provider@0.1.0" (instance $provider)))
