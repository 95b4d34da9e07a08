(component
  ;; The start function of its only module never ends.
  (core module $main
    (func $start (loop $again (br $again)))
    (start $start))
  (core instance (instantiate $main))
  PROVIDER)
