(component
  ;; A table that grows to SIZE entries, from MINIMUM.
  (core module $main
    (table $table MINIMUM funcref)
    (func $start (drop (table.grow $table (ref.null func) (i32.const SIZE))))
    (start $start))
  (core instance (instantiate $main))
  PROVIDER)
