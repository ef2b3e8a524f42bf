//! What there is of a card while it grows, and whether anybody still wants it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::cli::interrupt;
use crate::cli::progress::Meter;
use crate::evaluate::{AccuracyCard, Data};
use crate::scheme::Progress;

/// A card that grows.
#[derive(Default)]
pub struct Growing {
    stop: AtomicBool,
    so_far: Mutex<SoFar>,
}

/// Its parts, in the order in which they come.
#[derive(Clone, Default)]
pub struct SoFar {
    pub data: Option<Arc<Data>>,
    /// Without verdicts under encryption.
    pub card: Option<Arc<AccuracyCard>>,
    pub decided: Option<DecidedSoFar>,
}

/// Verdicts under encryption so far.
#[derive(Clone, Copy, Default)]
pub struct DecidedSoFar {
    /// Pairs that were decided.
    pub pairs: u64,
    /// Pairs that will be.
    pub of: u64,
    /// Of those that were, how many otherwise than in the clear.
    pub changed: u64,
}

impl Growing {
    /// Nobody wants it any more.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether to end here.
    pub fn stops(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || interrupt::requested()
    }

    pub fn so_far(&self) -> SoFar {
        self.so_far.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn change(&self, change: impl FnOnce(&mut SoFar)) {
        change(&mut self.so_far.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// A part of the work that is shown, and stopped.
pub struct Watched<'a> {
    pub meter: Meter,
    pub growing: &'a Growing,
}

impl Progress for Watched<'_> {
    fn advance(&self, steps: u64) {
        self.meter.advance(steps);
    }

    fn stop(&self) -> bool {
        self.growing.stops()
    }
}

/// Work that is stopped, and shown elsewhere.
pub struct Unshown<'a>(pub &'a Growing);

impl Progress for Unshown<'_> {
    fn advance(&self, _: u64) {}

    fn stop(&self) -> bool {
        self.0.stops()
    }
}
