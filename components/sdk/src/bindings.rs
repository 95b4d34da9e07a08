//! What `wit-bindgen` makes of `wit/`.
#![allow(missing_docs)]

wit_bindgen::generate!({
    path: "../../wit",
    world: "provider-world",
    generate_all,
    pub_export_macro: true,
    export_macro_name: "__export",
});
