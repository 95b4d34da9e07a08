//! Which processor a thread runs on, where there are two.

use rustix::thread::{CpuSet, sched_setaffinity};

/// The client's.
pub fn client() {
    to(0);
}

/// The server's.
pub fn server() {
    to(1);
}

fn to(processor: usize) {
    let mut set = CpuSet::new();
    set.set(processor);
    // Where there is none, or it isn't allowed, the system chooses.
    let _ = sched_setaffinity(None, &set);
}
