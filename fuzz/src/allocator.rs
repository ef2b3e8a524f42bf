//! Holds every decoder to memory: libFuzzer counts allocations only where a sanitizer helps it, so this does.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// No single allocation is longer, in bytes: the longest input, an evaluation key, has 5 MiB, and a vector that grows may take twice that.
const LIMIT_ONE: usize = 32 << 20;
/// Nor are all together, in bytes.
const LIMIT_ALL: usize = 512 << 20;

/// The system's allocator, with limits.
struct Limited;

#[global_allocator]
static ALLOCATOR: Limited = Limited;

static ALLOCATED: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is passed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Limited {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        take(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        take(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        ALLOCATED.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        take(size);
        ALLOCATED.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.realloc(memory, layout, size) }
    }
}

/// Whether something has gone beyond the limits: they must not be in the way of saying so.
static EXCEEDED: AtomicBool = AtomicBool::new(false);

fn take(bytes: usize) {
    let all = ALLOCATED.fetch_add(bytes, Ordering::Relaxed) + bytes;
    if (bytes > LIMIT_ONE || all > LIMIT_ALL) && !EXCEEDED.swap(true, Ordering::Relaxed) {
        panic!("a decoder allocates {bytes} bytes, {all} in all");
    }
}
