//! Answers that were computed, until they are released: nobody can see when they were ready.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::engine::Computed;
use super::queue::{Costed, Queue, Release};
use crate::service::protocol::Reason;

/// Beyond so many bytes of held answers workers wait.
const HELD_BYTES: u64 = 256 << 20;

/// What came of a job, held until its release.
pub(crate) struct Ready {
    /// The job.
    pub costed: Costed,
    /// Its answer, or why there is none.
    pub result: Result<Computed, Reason>,
    /// Since when.
    pub ready: Instant,
    /// Where the database failed: not before.
    pub again: Instant,
}

impl Ready {
    /// As of now.
    pub(crate) fn new(costed: Costed, result: Result<Computed, Reason>) -> Self {
        let now = Instant::now();
        Self { costed, result, ready: now, again: now }
    }

    fn bytes(&self) -> u64 {
        self.result.as_ref().map_or(0, |computed| computed.answer.len() as u64)
    }
}

/// All that is held.
#[derive(Default)]
pub(crate) struct Held {
    holding: Mutex<Holding>,
    changed: Condvar,
}

#[derive(Default)]
struct Holding {
    ready: Vec<Ready>,
    bytes: u64,
    end: End,
    /// Counts what was put in, and ends: so that nothing is slept through.
    changes: u64,
}

impl Holding {
    fn put(&mut self, ready: Ready) {
        self.bytes = self.bytes.saturating_add(ready.bytes());
        self.ready.push(ready);
        self.changes = self.changes.wrapping_add(1);
    }
}

/// How it ends.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    /// Not yet.
    #[default]
    Open,
    /// Nothing more comes; what is held is released in its time.
    Closed,
    /// What is held is dropped: its jobs still wait in the database.
    Dropped,
}

impl Held {
    fn holding(&self) -> MutexGuard<'_, Holding> {
        self.holding.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds a result; waits where there is no room, unless nothing would ever make some.
    pub(crate) fn hold(&self, ready: Ready) {
        let mut holding = self.holding();
        while holding.bytes > HELD_BYTES && holding.end != End::Dropped {
            holding = self.changed.wait(holding).unwrap_or_else(PoisonError::into_inner);
        }
        holding.put(ready);
        drop(holding);
        self.changed.notify_all();
    }

    /// Holds what could not be released yet: also where there is no room, for it had its place before.
    pub(super) fn put_back(&self, ready: Ready) {
        self.holding().put(ready);
    }

    /// Nothing more comes.
    pub(crate) fn close(&self) {
        self.end(End::Closed);
    }

    /// What is still held is dropped.
    pub(crate) fn drop_all(&self) {
        self.end(End::Dropped);
    }

    fn end(&self, end: End) {
        let mut holding = self.holding();
        holding.end = holding.end.max(end);
        holding.changes = holding.changes.wrapping_add(1);
        drop(holding);
        self.changed.notify_all();
    }

    /// Takes out what is to be released now.
    pub(super) fn due(&self, queue: &Queue, now: Instant) -> Due {
        let mut holding = self.holding();
        let (mut due, mut next, mut rest) = (Vec::new(), None::<Instant>, Vec::new());
        for ready in std::mem::take(&mut holding.ready) {
            let at = match queue.release(&ready.costed.job.id, ready.ready) {
                Release::At(at) => at.max(ready.again),
                Release::NotBefore(at) => at.max(now.checked_add(Duration::from_millis(1)).unwrap_or(now)),
            };
            if at <= now {
                due.push(ready);
            } else {
                next = Some(next.map_or(at, |next| next.min(at)));
                rest.push(ready);
            }
        }
        holding.bytes = rest.iter().map(Ready::bytes).fold(0, u64::saturating_add);
        holding.ready = rest;
        let changes = holding.changes;
        drop(holding);
        self.changed.notify_all();
        Due { due, next, changes }
    }

    /// Waits until something is put in, or for so long; whether to go on. `changes` is what [`Held::due`] has seen.
    pub(super) fn wait(&self, longest: Duration, changes: u64) -> bool {
        let holding = self.holding();
        match holding.end {
            End::Dropped => return false,
            End::Closed if holding.ready.is_empty() => return false,
            End::Open | End::Closed => {}
        }
        if holding.changes == changes {
            drop(self.changed.wait_timeout(holding, longest));
        }
        true
    }
}

/// What is to be released now.
pub(super) struct Due {
    pub due: Vec<Ready>,
    /// When to look again, where something else is held.
    pub next: Option<Instant>,
    /// Of what was put in it was chosen.
    pub changes: u64,
}
