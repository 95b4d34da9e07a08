//! Linear memory that a test can read: a copy of every instance's memory is kept when the instance goes, and whenever somebody looks.
//!
//! The SDK's allocator hands a block out twice only where it was the last one, so most of what a call ever wrote is still there at its end.
//! What isn't any more, and what stood on the stack, is found by looking while the component waits for the host.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use wasmtime::{LinearMemory, MemoryCreator, MemoryType};

const PAGE: usize = 64 << 10;
const LARGEST: usize = 16 << 20;

/// Keeps what instances have in memory, and what they leave behind.
#[derive(Clone, Debug, Default)]
pub struct Spy(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    live: Vec<Weak<Block>>,
    looked: Vec<Vec<u8>>,
    left: Vec<Vec<u8>>,
}

impl Spy {
    /// The memories of all instances that are gone.
    pub fn left(&self) -> Vec<Vec<u8>> {
        self.seen().left.clone()
    }

    /// The memories that somebody looked at, as they were then.
    pub fn looked(&self) -> Vec<Vec<u8>> {
        self.seen().looked.clone()
    }

    /// Copies the memories of all instances that there are now.
    ///
    /// # Safety
    /// None of them runs meanwhile: all wait for the host.
    pub unsafe fn look(&self) {
        let mut seen = self.seen();
        let blocks: Vec<_> = seen.live.iter().filter_map(Weak::upgrade).collect();
        for block in blocks {
            // SAFETY: the caller says that nobody writes to it.
            let memory = unsafe { block.copy() };
            seen.looked.push(memory);
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `LARGEST` zeroed bytes that stay where they are, of which `size` are in use.
#[derive(Debug)]
struct Block {
    start: *mut u8,
    size: AtomicUsize,
}

// SAFETY: the bytes belong to this value alone, and whoever reads or writes them says that nobody else does.
unsafe impl Send for Block {}
// SAFETY: as above.
unsafe impl Sync for Block {}

fn layout() -> Option<Layout> {
    Layout::from_size_align(LARGEST, PAGE).ok()
}

impl Block {
    fn new(size: usize) -> Option<Self> {
        let layout = layout().filter(|_| size <= LARGEST)?;
        // SAFETY: the layout isn't empty.
        let start = unsafe { alloc_zeroed(layout) };
        if start.is_null() {
            handle_alloc_error(layout);
        }
        Some(Self { start, size: size.into() })
    }

    fn size(&self) -> usize {
        self.size.load(Ordering::Relaxed)
    }

    /// # Safety
    /// Nobody writes to it meanwhile.
    unsafe fn copy(&self) -> Vec<u8> {
        // SAFETY: `start` is valid for `size` bytes, and the caller says that nobody writes to them.
        unsafe { std::slice::from_raw_parts(self.start, self.size()) }.to_vec()
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        if let Some(layout) = layout() {
            // SAFETY: allocated by `new` with this layout.
            unsafe { dealloc(self.start, layout) }
        }
    }
}

/// An instance's memory.
struct Watched {
    block: Arc<Block>,
    spy: Spy,
}

// SAFETY: the block stays where it is, and its size never exceeds what was allocated.
unsafe impl LinearMemory for Watched {
    fn byte_size(&self) -> usize {
        self.block.size()
    }

    fn byte_capacity(&self) -> usize {
        LARGEST
    }

    fn grow_to(&mut self, size: usize) -> wasmtime::Result<()> {
        if size > LARGEST {
            return Err(wasmtime::Error::msg("the test's memories are smaller"));
        }
        self.block.size.store(size, Ordering::Relaxed);
        Ok(())
    }

    fn as_ptr(&self) -> *mut u8 {
        self.block.start
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // SAFETY: its instance is gone.
        let memory = unsafe { self.block.copy() };
        self.spy.seen().left.push(memory);
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
        let block = Some(minimum).filter(|_| guard == 0).and_then(Block::new).ok_or("not a memory that the test can make")?;
        let block = Arc::new(block);
        self.seen().live.push(Arc::downgrade(&block));
        Ok(Box::new(Watched { block, spy: self.clone() }))
    }
}
