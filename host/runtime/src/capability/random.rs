//! `random`: the operating system's unpredictable bytes.

use wasmtime::Result;

use crate::bindings::jeton::provider::random::Host;
use crate::call::{Call, Overstepped};

const MOST: u32 = 1024;

impl Host for Call {
    fn bytes(&mut self, length: u32) -> Result<Vec<u8>> {
        if length > MOST {
            return Err(Overstepped(format!("at most {MOST} random bytes at a time")).into());
        }
        let mut bytes = vec![0; length as usize];
        getrandom::fill(&mut bytes).map_err(wasmtime::Error::new)?;
        Ok(bytes)
    }
}
