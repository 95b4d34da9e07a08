//! What a service is to the emulator: host names, routes, and the shape of its failures.
//!
//! A new service is a folder beside `box_service/` with an implementation of [`Service`], and a line in `emulator.rs`.

use axum::Router;
use axum::response::Response;
use http::StatusCode;

pub(crate) trait Service: Send + Sync {
    /// The service's own host names. No two services share one.
    fn hosts(&self) -> &'static [&'static str];

    /// The routes below one of [`Service::hosts`].
    fn routes(&self, host: &str) -> Router;

    /// How the service words trouble of its own making (429 and 5xx).
    fn failure(&self, status: StatusCode) -> Response;
}
