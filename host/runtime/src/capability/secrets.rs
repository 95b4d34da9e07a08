//! `secrets`: handles, and nothing that gives their bytes.

use wasmtime::Result;
use wasmtime::component::Resource;

use crate::Secret;
use crate::bindings::jeton::provider::secrets::{Host, HostSecret};
use crate::call::Call;

impl Host for Call {}

impl HostSecret for Call {
    fn kind(&mut self, secret: Resource<Secret>) -> Result<String> {
        Ok(self.table.get(&secret)?.kind().to_owned())
    }

    fn drop(&mut self, secret: Resource<Secret>) -> Result<()> {
        self.table.delete(secret)?;
        Ok(())
    }
}
