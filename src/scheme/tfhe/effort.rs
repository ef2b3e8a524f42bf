//! What bootstraps have done, counted for tests.

use std::sync::atomic::{AtomicU64, Ordering};

use super::threshold::Exponents;

/// What bootstraps under one key have done.
#[derive(Default)]
pub(super) struct Effort {
    bootstraps: AtomicU64,
    /// Mask elements that a rotation does not skip.
    rotations: AtomicU64,
    /// Bootstraps of samples that have few of them.
    idle: AtomicU64,
}

impl Effort {
    pub(super) fn note(&self, batch: &[Exponents]) {
        for exponents in batch {
            let (rotations, all) = exponents.rotations();
            self.bootstraps.fetch_add(1, Ordering::Relaxed);
            self.rotations.fetch_add(rotations as u64, Ordering::Relaxed);
            // Of a mask without a bias one element in 2 N is 0.
            self.idle.fetch_add(u64::from(rotations < all * 9 / 10), Ordering::Relaxed);
        }
    }

    /// Bootstraps, and how many of them had nothing to do, since last asked.
    pub(super) fn take(&self) -> (u64, u64) {
        self.rotations.swap(0, Ordering::Relaxed);
        (self.bootstraps.swap(0, Ordering::Relaxed), self.idle.swap(0, Ordering::Relaxed))
    }
}
