//! What the system does with this process's memory, in which there are keys and tokens.

/// No core file if it crashes, and no other process of the same user reads it with a debugger.
///
/// Where the system refuses, the command works all the same: it is a second wall, and not what secrets rest on.
pub fn keep() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        if let Err(error) = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }) {
            tracing::debug!(%error, "core files can't be turned off");
        }
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
            tracing::debug!(%error, "debuggers can't be kept out");
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #[test]
    fn a_process_that_keeps_its_memory_private_leaves_no_core_and_lets_no_debugger_in() {
        use rustix::process::{DumpableBehavior, Resource, dumpable_behavior, getrlimit};
        super::keep();
        let limit = getrlimit(Resource::Core);
        assert_eq!((limit.current, limit.maximum), (Some(0), Some(0)));
        assert!(matches!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable));
    }
}
