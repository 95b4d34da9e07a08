//! The way back to the app at the end of an authorization request.

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, LOCATION};
use http::{HeaderValue, StatusCode};

use crate::page::error_page;

/// Where the browser goes in the end.
#[derive(Clone, Debug)]
pub(crate) struct Back {
    pub(crate) service: &'static str,
    pub(crate) redirect_uri: String,
    pub(crate) state: Option<String>,
}

impl Back {
    /// A redirect with these parameters, and the state, in the query.
    pub(crate) fn with(&self, parameters: &[(&str, &str)]) -> Response {
        // The registered URI stays as it is, letter by letter.
        let joint = if self.redirect_uri.contains('?') { '&' } else { '?' };
        see(self.service, StatusCode::FOUND, &format!("{}{joint}{}", self.redirect_uri, self.query(parameters)))
    }

    /// A redirect that says that the person declined, in these words if there are any.
    pub(crate) fn declined(&self, words: Option<&str>) -> Response {
        let words = words.map(|words| ("error_description", words));
        self.with(&[("error", "access_denied")].into_iter().chain(words).collect::<Vec<_>>())
    }

    /// The parameters and the state, form-encoded.
    pub(crate) fn query(&self, parameters: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(parameters);
        if let Some(state) = &self.state {
            query.append_pair("state", state);
        }
        query.finish()
    }
}

/// A redirect that nobody may store.
pub(crate) fn see(service: &str, status: StatusCode, location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(location) => (status, [(LOCATION, location), (CACHE_CONTROL, HeaderValue::from_static("no-store"))]).into_response(),
        Err(_) => error_page(service, "invalid_request", "The redirect URI has characters that no header can carry."),
    }
}
