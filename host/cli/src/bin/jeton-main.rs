//! The whole command, as `jeton` starts it.

use std::process::ExitCode;

fn main() -> ExitCode {
    jeton::main()
}
