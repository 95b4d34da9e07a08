//! `log`: a provider's lines in the host's trace, without secrets and in measure.

use wasmtime::Result;

use crate::bindings::jeton::provider::log::{Host, Level};
use crate::call::Call;
use crate::scrub::{presentable, scrub};

/// Lines of a component in a call; and as many of the host's about what it asked for in vain.
pub(super) const MOST_LINES: u32 = 64;
const LONGEST_LINE: usize = 1000;

impl Host for Call {
    fn write(&mut self, level: Level, message: String) -> Result<()> {
        self.log_lines += 1;
        if self.log_lines > MOST_LINES {
            return Ok(());
        }
        // What can't be shown isn't searched: only secrets that begin in the line, whole in their longest encoding.
        let longest = self.live.iter().map(|secret| secret.reveal().len()).max().unwrap_or_default();
        let begin = message.get(..message.floor_char_boundary(4 * LONGEST_LINE + 6 * longest)).unwrap_or(&message);
        self.count_searched(begin.len())?;
        let provider = self.loaded.manifest.id.as_str();
        let line = presentable(&scrub(begin, &self.live), LONGEST_LINE);
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
