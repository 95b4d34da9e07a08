//! What is special about each service: every grant, every error of its tables, and whom a connection acts for.

mod r#box;
mod box_calls;
mod box_errors;
mod box_registrations;
mod dropbox;
mod dropbox_calls;
mod dropbox_errors;
mod dropbox_sign_in;
mod google;
pub(crate) mod keys;
mod microsoft;
