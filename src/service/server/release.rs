//! Answers that were computed, until they are released: nobody can see when they were ready.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::engine::Computed;
use super::queue::{Costed, Release};
use super::state::State;
use crate::service::protocol::Reason;
use crate::service::store::{Ending, StoreError};

/// Beyond so many bytes of held answers workers wait.
const HELD_BYTES: u64 = 256 << 20;
/// The database is tried again so long after it failed.
pub(super) const RETRY: Duration = Duration::from_millis(500);
/// Those who watch jobs are told so often.
const TELL: Duration = Duration::from_secs(1);

/// What came of a job, held until its release.
pub(crate) struct Ready {
    costed: Costed,
    result: Result<Computed, Reason>,
    /// Since when.
    ready: Instant,
    /// Where the database failed: not before.
    again: Instant,
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
        holding.bytes = holding.bytes.saturating_add(ready.bytes());
        holding.ready.push(ready);
        drop(holding);
        self.changed.notify_all();
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
        drop(holding);
        self.changed.notify_all();
    }

    /// Takes out what is to be released now; and when to look again.
    fn due(&self, state: &State, now: Instant) -> (Vec<Ready>, Option<Instant>) {
        let mut holding = self.holding();
        let (mut due, mut next, mut rest) = (Vec::new(), None::<Instant>, Vec::new());
        for ready in std::mem::take(&mut holding.ready) {
            let at = match state.queue.release(&ready.costed.job.id, ready.ready) {
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
        drop(holding);
        self.changed.notify_all();
        (due, next)
    }

    /// Waits until something changes, or for so long; whether to go on.
    fn wait(&self, longest: Duration) -> bool {
        let holding = self.holding();
        match holding.end {
            End::Dropped => return false,
            End::Closed if holding.ready.is_empty() => return false,
            End::Open | End::Closed => {}
        }
        drop(self.changed.wait_timeout(holding, longest));
        true
    }
}

/// Releases what is held, each at its time, until all has ended.
pub(crate) fn release(state: &Arc<State>) {
    let mut told = Instant::now();
    loop {
        let now = Instant::now();
        let (due, next) = state.held.due(state, now);
        due.into_iter().for_each(|ready| keep(state, ready));
        if told.elapsed() >= TELL {
            told = now;
            state.queue.tell();
        }
        let until_told = TELL.saturating_sub(told.elapsed());
        let until_next = next.map_or(until_told, |next| next.saturating_duration_since(Instant::now()));
        if !state.held.wait(until_next.min(until_told).max(Duration::from_micros(100))) {
            return;
        }
    }
}

/// Keeps the reply; where the database fails, it is tried again.
fn keep(state: &State, ready: Ready) {
    let job = &ready.costed.job;
    match finish(state, &ready) {
        Ok(replied) => {
            if replied {
                state.metrics.replied.inc();
            }
            if state.queue.ended(&job.id, ready.ready) {
                state.metrics.late.inc();
            }
        }
        Err(error) => {
            tracing::error!(error = %error, "the reply cannot be kept yet");
            let now = Instant::now();
            state.held.hold(Ready { again: now.checked_add(RETRY).unwrap_or(now), ..ready });
        }
    }
}

/// Whether the job still waited for a reply.
fn finish(state: &State, Ready { costed, result, .. }: &Ready) -> Result<bool, StoreError> {
    let job = &costed.job;
    let limit_bits = state.desks.get(&job.agreement).and_then(|desk| desk.terms().ok());
    let limit_bits = limit_bits.map_or(0, |terms| terms.bits_per_gallery_version);
    let ending = match result {
        Ok(Computed { answer, gallery, bits }) => {
            Ending::Answered { answer, gallery: *gallery, bits: *bits, limit_bits }
        }
        Err(reason) => Ending::Unanswered(*reason),
    };
    state.with_custody(|custody| custody.finish(&job.id, &ending, state.now())).map(|reply| reply.is_some())
}
