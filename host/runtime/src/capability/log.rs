//! `log`: a provider's lines in the host's trace, without secrets and in measure.

use wasmtime::Result;

use crate::bindings::jeton::provider::log::{Host, Level};
use crate::call::Call;
use crate::scrub::{presentable, scrub};

const MOST_LINES: u32 = 64;
const LONGEST_LINE: usize = 1000;

impl Host for Call {
    async fn write(&mut self, level: Level, message: String) -> Result<()> {
        self.log_lines += 1;
        if self.log_lines > MOST_LINES {
            return Ok(());
        }
        let provider = self.loaded.manifest.id.as_str();
        let line = presentable(&scrub(&message, &self.live), LONGEST_LINE);
        match level {
            Level::Debug => tracing::debug!(provider, "{line}"),
            Level::Info => tracing::info!(provider, "{line}"),
            Level::Warn => tracing::warn!(provider, "{line}"),
            Level::Error => {
                tracing::error!(provider, "{line}");
                self.last_words = Some(line);
            }
        }
        Ok(())
    }
}
