//! What `wasmtime` makes of `wit/`.
#![allow(missing_docs, unreachable_pub, clippy::all)]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "provider-world",
    // Only what waits is async: a future in a box for every other host call costs more than most of them do.
    imports: { "jeton:provider/http.send": async | trappable, "jeton:provider/storage": async | trappable, default: trappable },
    exports: { default: async },
    with: {
        "jeton:provider/secrets.secret": crate::Secret,
        "jeton:provider/client.client": crate::capability::client::Lent,
        "jeton:provider/http.response": crate::capability::http::Response,
    },
});
