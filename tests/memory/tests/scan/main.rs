//! Every grant of every provider: none of the secrets that took part is in any instance's memory, neither at its end nor while it waits for
//! the host.
//!
//! Each test plays a connection from its beginning to its end against the emulator, where the component has all occasions to see what it
//! must not. Then it looks for every secret, and for what isn't secret: were that not found, the secrets would not be either.

mod box_service;
mod dropbox;
mod google;
mod keys;
mod microsoft;
mod oauth2;
mod scene;
mod watch;
