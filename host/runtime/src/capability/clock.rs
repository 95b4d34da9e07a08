//! `clock`: the host's time.

use std::time::{SystemTime, UNIX_EPOCH};

use wasmtime::Result;

use crate::bindings::jeton::provider::clock::Host;
use crate::call::Call;

impl Host for Call {
    fn now(&mut self) -> Result<u64> {
        Ok(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
    }
}
