//! `-v`: what jeton does, on stderr. Only jeton's own crates speak: those below them might show what they send.

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Begins to trace. Without `-v` only what the vault has to say about itself is told: what it repairs, or can't do yet.
pub fn start(verbose: u8, quiet: bool) {
    let ours = match verbose {
        0 if quiet => return,
        0 => Targets::new().with_target("jeton_vault", Level::WARN),
        _ => {
            let level = if verbose == 1 { Level::DEBUG } else { Level::TRACE };
            Targets::new().with_target("jeton", level).with_target("jeton_runtime", level).with_target("jeton_vault", level)
        }
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false).with_target(verbose > 1).without_time();
    let _ = tracing_subscriber::registry().with(ours).with(lines).try_init();
}
