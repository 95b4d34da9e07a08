//! An instance lives for one call, so memory is handed out forwards and given back with the instance.
//!
//! Nothing is given back earlier. Then all that walks through lists to free what they hold is no code either, which was a tenth of a
//! component.
//!
//! The first blocks stand right behind the component's data, in pages that the instance has anyway: a call that fits never asks for more
//! (`memory.grow` costs the host two system calls that all its threads wait for), and a small one touches few of them. A larger one
//! continues in fresh pages.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::{memory_grow, memory_size};
use core::cell::UnsafeCell;
use core::ptr::null_mut;

const PAGE: usize = 64 << 10;

unsafe extern "C" {
    /// What comes behind stack and data, by the linker.
    static __heap_base: u8;
}

/// The free part of the memory that is at hand: from `next`, to `end`.
struct Free {
    next: usize,
    end: usize,
}

struct Forwards(UnsafeCell<Free>);

// SAFETY: a component has one thread.
unsafe impl Sync for Forwards {}

#[global_allocator]
static ALLOCATOR: Forwards = Forwards(UnsafeCell::new(Free { next: 0, end: 0 }));

impl Free {
    fn take(&mut self, layout: Layout) -> Option<usize> {
        let at = self.next.checked_next_multiple_of(layout.align())?;
        let next = at.checked_add(layout.size())?;
        (next <= self.end).then(|| {
            self.next = next;
            at
        })
    }

    fn grow(&mut self, layout: Layout) -> Option<()> {
        let pages = (layout.size().checked_add(layout.align())?).div_ceil(PAGE);
        let before = memory_grow(0, pages);
        if before == usize::MAX {
            return None;
        }
        if before * PAGE != self.end {
            self.next = before * PAGE;
        }
        self.end = (before + pages) * PAGE;
        Some(())
    }
}

// SAFETY: blocks are aligned, and don't overlap: `next` goes back only over the end of the block that was handed out last, as it shrinks.
unsafe impl GlobalAlloc for Forwards {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let free = unsafe { &mut *self.0.get() };
        if free.end == 0 {
            free.next = &raw const __heap_base as usize;
            free.end = memory_size(0) * PAGE;
        }
        match free.take(layout).or_else(|| free.grow(layout).and_then(|()| free.take(layout))) {
            Some(at) => at as *mut u8,
            None => null_mut(),
        }
    }

    unsafe fn dealloc(&self, _block: *mut u8, _layout: Layout) {}

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let free = unsafe { &mut *self.0.get() };
        let last = block as usize + layout.size() == free.next;
        if last && (block as usize).checked_add(size).is_some_and(|end| end <= free.end) {
            free.next = block as usize + size;
            return block;
        }
        if size <= layout.size() {
            return block;
        }
        unsafe {
            let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !moved.is_null() {
                core::ptr::copy_nonoverlapping(block, moved, layout.size());
            }
            moved
        }
    }
}
