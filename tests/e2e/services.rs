//! What is special about each service: every grant, every error of its tables, and whom a connection acts for.

mod r#box;
mod box_errors;
mod dropbox;
mod dropbox_errors;
mod google;
pub(crate) mod keys;
mod microsoft;
