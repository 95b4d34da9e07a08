//! What the emulator does, seen over real TLS.

#[cfg(test)]
mod api;
#[cfg(test)]
mod clock;
#[cfg(test)]
mod consent;
#[cfg(test)]
mod control;
#[cfg(test)]
mod dropbox;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod generic;
#[cfg(test)]
mod google;
#[cfg(test)]
mod journal;
#[cfg(test)]
mod listener;
#[cfg(test)]
mod microsoft;
#[cfg(test)]
mod redirects;
#[cfg(test)]
mod revocation;
#[cfg(test)]
mod rotation;
#[cfg(test)]
mod server_auth;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod tokens;
