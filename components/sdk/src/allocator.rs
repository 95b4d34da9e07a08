//! An instance lives for one call, so memory is handed out forwards and given back with the instance.
//!
//! The arena is part of the instance's first pages: a call that fits never asks for more (`memory.grow` costs the host two system calls
//! that all its threads wait for). A larger one continues in fresh pages.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr::null_mut;

const ARENA: usize = 96 << 10;
const PAGE: usize = 64 << 10;

#[repr(align(16))]
struct Arena(UnsafeCell<[u8; ARENA]>);

// SAFETY: a component has one thread.
unsafe impl Sync for Arena {}

static FIRST: Arena = Arena(UnsafeCell::new([0; ARENA]));

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
        let before = core::arch::wasm32::memory_grow(0, pages);
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

// SAFETY: blocks don't overlap, since `next` only moves back over the block that was handed out last, and they are aligned.
unsafe impl GlobalAlloc for Forwards {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let free = unsafe { &mut *self.0.get() };
        if free.end == 0 {
            free.next = FIRST.0.get() as usize;
            free.end = free.next + ARENA;
        }
        match free.take(layout).or_else(|| free.grow(layout).and_then(|()| free.take(layout))) {
            Some(at) => at as *mut u8,
            None => null_mut(),
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let free = unsafe { &mut *self.0.get() };
        if block as usize + layout.size() == free.next {
            free.next = block as usize;
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let free = unsafe { &mut *self.0.get() };
        let last = block as usize + layout.size() == free.next;
        if last && (block as usize).checked_add(size).is_some_and(|end| end <= free.end) {
            free.next = block as usize + size;
            return block;
        }
        unsafe {
            let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !moved.is_null() {
                core::ptr::copy_nonoverlapping(block, moved, layout.size().min(size));
            }
            moved
        }
    }
}
