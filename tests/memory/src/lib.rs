//! Linear memory that a test can read: a copy of every instance's memory is kept when the instance goes.
//!
//! The SDK's allocator only moves forwards, so what a call ever wrote is still there at its end.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::sync::{Arc, Mutex, PoisonError};

use wasmtime::{LinearMemory, MemoryCreator, MemoryType};

const PAGE: usize = 64 << 10;
const LARGEST: usize = 16 << 20;

/// Keeps what instances leave behind.
#[derive(Clone, Debug, Default)]
pub struct Spy(Arc<Mutex<Vec<Vec<u8>>>>);

impl Spy {
    /// The memories of all instances that are gone.
    pub fn memories(&self) -> Vec<Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

struct Watched {
    start: *mut u8,
    size: usize,
    spy: Spy,
}

// SAFETY: the block belongs to this value alone, and wasmtime synchronises access to it.
unsafe impl Send for Watched {}
// SAFETY: as above.
unsafe impl Sync for Watched {}

fn layout() -> Option<Layout> {
    Layout::from_size_align(LARGEST, PAGE).ok()
}

// SAFETY: `start` is a block of `LARGEST` zeroed bytes that stays where it is, and `size` never exceeds it.
unsafe impl LinearMemory for Watched {
    fn byte_size(&self) -> usize {
        self.size
    }

    fn byte_capacity(&self) -> usize {
        LARGEST
    }

    fn grow_to(&mut self, size: usize) -> wasmtime::Result<()> {
        if size > LARGEST {
            return Err(wasmtime::Error::msg("the test's memories are smaller"));
        }
        self.size = size;
        Ok(())
    }

    fn as_ptr(&self) -> *mut u8 {
        self.start
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // SAFETY: `start` is valid for `size` bytes, and no instance writes to it any more.
        let memory = unsafe { std::slice::from_raw_parts(self.start, self.size) }.to_vec();
        self.spy.0.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
        if let Some(layout) = layout() {
            // SAFETY: allocated by `new_memory` with this layout.
            unsafe { dealloc(self.start, layout) }
        }
    }
}

// SAFETY: the memories are as `LinearMemory` asks, and guard pages are refused instead of promised.
unsafe impl MemoryCreator for Spy {
    fn new_memory(
        &self,
        _: MemoryType,
        minimum: usize,
        _: Option<usize>,
        _: Option<usize>,
        guard: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        let layout = layout().filter(|_| guard == 0 && minimum <= LARGEST).ok_or("not a memory that the test can make")?;
        // SAFETY: the layout isn't empty.
        let start = unsafe { alloc_zeroed(layout) };
        if start.is_null() {
            handle_alloc_error(layout);
        }
        Ok(Box::new(Watched { start, size: minimum, spy: self.clone() }))
    }
}
