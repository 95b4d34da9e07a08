//! What `wasmtime` makes of `wit/`.
#![allow(missing_docs, unreachable_pub, clippy::all)]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "provider-world",
    imports: { default: async | trappable },
    exports: { default: async },
    with: {
        "jeton:provider/secrets.secret": crate::Secret,
        "jeton:provider/client.client": crate::capability::client::Lent,
        "jeton:provider/http.response": crate::capability::http::Response,
    },
});
