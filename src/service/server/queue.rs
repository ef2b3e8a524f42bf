//! Jobs that wait, and whose turn it is: bounded, and fair between requesters.
//!
//! Requesters take turns, one job each, the oldest first; each may fill no more than its share. What was accepted before a restart is
//! taken back whatever the bound.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::agreement::Code;
use crate::scheme::Progress;
use crate::service::signing::Name;
use crate::service::store::Waiting;

/// How far a job is, for those who watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stand {
    /// Whether it is being worked on.
    pub running: bool,
    /// Steps that are done.
    pub done: u64,
    /// Steps in all; 0 where that is not known yet.
    pub steps: u64,
}

/// A job that has not ended.
pub(crate) struct Ticket {
    stand: watch::Sender<Stand>,
    done: AtomicU64,
    steps: AtomicU64,
    stop: AtomicBool,
    said: Mutex<Instant>,
}

impl Ticket {
    fn new() -> Arc<Self> {
        let (stand, _) = watch::channel(Stand { running: false, done: 0, steps: 0 });
        Arc::new(Self {
            stand,
            done: AtomicU64::new(0),
            steps: AtomicU64::new(0),
            stop: AtomicBool::new(false),
            said: Mutex::new(Instant::now()),
        })
    }

    /// Watches it; the channel closes when the job has ended.
    pub(crate) fn watch(&self) -> watch::Receiver<Stand> {
        self.stand.subscribe()
    }

    /// Has the work on it stop.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    fn say(&self) {
        let (done, steps) = (self.done.load(Ordering::Relaxed), self.steps.load(Ordering::Relaxed));
        self.stand.send_replace(Stand { running: true, done: done.min(steps), steps });
    }
}

/// Watchers are told so often at most.
const SAID_EVERY: Duration = Duration::from_millis(250);

impl Progress for Ticket {
    fn advance(&self, steps: u64) {
        self.done.fetch_add(steps, Ordering::Relaxed);
        if let Ok(mut said) = self.said.try_lock()
            && said.elapsed() >= SAID_EVERY
        {
            *said = Instant::now();
            self.say();
        }
    }

    fn stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

impl super::engine::Watched for Ticket {
    fn begin(&self, steps: u64) {
        self.steps.store(steps, Ordering::Relaxed);
        self.say();
    }
}

/// No room for another job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full {
    /// When there may be.
    pub retry_after: Duration,
}

/// A place in the queue, for a job that is about to be accepted. Dropped, it is free again.
pub(crate) struct Place<'a> {
    queue: &'a Queue,
    requester: Code,
    used: bool,
}

/// How full a queue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Depth {
    /// Jobs that wait.
    pub waiting: usize,
    /// Jobs that are worked on.
    pub running: usize,
}

/// Jobs that wait.
pub(crate) struct Queue {
    state: Mutex<State>,
    ready: Condvar,
    limit: usize,
    share: usize,
    workers: usize,
}

#[derive(Default)]
struct State {
    waiting: HashMap<Code, VecDeque<Waiting>>,
    /// Requesters with jobs that wait, in the order of their turns.
    turns: VecDeque<Code>,
    tickets: HashMap<Name, Arc<Ticket>>,
    /// Places taken by jobs that are about to be accepted.
    reserved: HashMap<Code, usize>,
    running: usize,
    /// Mean time of a job, as a moving average.
    mean: Duration,
    closed: bool,
}

impl State {
    fn held(&self, requester: &Code) -> usize {
        self.waiting
            .get(requester)
            .map_or(0, VecDeque::len)
            .saturating_add(self.reserved.get(requester).copied().unwrap_or(0))
    }

    fn all(&self) -> usize {
        self.waiting.values().map(VecDeque::len).chain(self.reserved.values().copied()).fold(0, usize::saturating_add)
    }
}

impl Queue {
    /// For so many jobs of so many requesters, worked on by so many workers.
    pub(crate) fn new(limit: usize, requesters: usize, workers: usize) -> Self {
        // Half of the queue may be one requester's where several share it: enough to keep the workers busy, not enough to lock others out.
        let share = if requesters > 1 { (limit / 2).max(1) } else { limit };
        let state = State { mean: Duration::from_millis(200), ..State::default() };
        Self { state: Mutex::new(state), ready: Condvar::new(), limit, share, workers: workers.max(1) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a job, before it is accepted.
    ///
    /// # Errors
    ///
    /// [`Full`] says when to come back.
    pub(crate) fn reserve(&self, requester: &Code) -> Result<Place<'_>, Full> {
        let mut state = self.state();
        let (all, held) = (state.all(), state.held(requester));
        if all >= self.limit || held >= self.share {
            let ahead = u32::try_from(all.min(1 << 20)).unwrap_or(u32::MAX);
            // A tenth of the queue will have gone by then.
            let workers = u32::try_from(self.workers).unwrap_or(u32::MAX).saturating_mul(10);
            let tenth = state.mean.saturating_mul(ahead).checked_div(workers).unwrap_or_default();
            let retry_after = tenth.clamp(Duration::from_secs(1), Duration::from_secs(600));
            return Err(Full { retry_after });
        }
        let reserved = state.reserved.entry(requester.clone()).or_default();
        *reserved = reserved.saturating_add(1);
        Ok(Place { queue: self, requester: requester.clone(), used: false })
    }

    /// Puts a job that was accepted behind the others of its requester.
    pub(crate) fn push(&self, job: Waiting) {
        let mut state = self.state();
        if state.closed || state.tickets.contains_key(&job.id) {
            return;
        }
        state.tickets.insert(job.id, Ticket::new());
        let requester = job.requester.clone();
        let line = state.waiting.entry(requester.clone()).or_default();
        line.push_back(job);
        if line.len() == 1 {
            state.turns.push_back(requester);
        }
        drop(state);
        self.ready.notify_one();
    }

    /// The job whose turn it is; waits for one. None when the queue was closed.
    pub(crate) fn take(&self) -> Option<(Waiting, Arc<Ticket>)> {
        let mut state = self.state();
        loop {
            if state.closed {
                return None;
            }
            if let Some(requester) = state.turns.pop_front() {
                let Some(line) = state.waiting.get_mut(&requester) else { continue };
                let Some(job) = line.pop_front() else { continue };
                if line.is_empty() {
                    state.waiting.remove(&requester);
                } else {
                    state.turns.push_back(requester);
                }
                // One that was cancelled has no ticket.
                let Some(ticket) = state.tickets.get(&job.id).map(Arc::clone) else { continue };
                state.running = state.running.saturating_add(1);
                return Some((job, ticket));
            }
            state = self.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A job that was taken has ended, after so long.
    pub(crate) fn ended(&self, job: &Name, took: Duration) {
        let mut state = self.state();
        state.running = state.running.saturating_sub(1);
        let weighed = state.mean.saturating_mul(7).saturating_add(took);
        state.mean = weighed.checked_div(8).unwrap_or(took);
        // Its watchers see the channel close, once the worker has dropped its own ticket.
        state.tickets.remove(job);
    }

    /// A job that was taken goes back to the front of its requester's.
    pub(crate) fn put_back(&self, job: Waiting) {
        let mut state = self.state();
        state.running = state.running.saturating_sub(1);
        let requester = job.requester.clone();
        let line = state.waiting.entry(requester.clone()).or_default();
        line.push_front(job);
        if line.len() == 1 {
            state.turns.push_front(requester);
        }
        drop(state);
        self.ready.notify_one();
    }

    /// A job was cancelled: nobody takes it, and whoever has it stops.
    pub(crate) fn cancel(&self, job: &Name) {
        let mut state = self.state();
        if let Some(ticket) = state.tickets.remove(job) {
            ticket.stop();
        }
    }

    /// The ticket of a job that has not ended.
    pub(crate) fn ticket(&self, job: &Name) -> Option<Arc<Ticket>> {
        self.state().tickets.get(job).map(Arc::clone)
    }

    /// How many jobs of the same requester are before this one.
    pub(crate) fn before(&self, requester: &Code, job: &Name) -> Option<usize> {
        self.state().waiting.get(requester)?.iter().position(|waiting| waiting.id == *job)
    }

    /// Jobs that wait, and jobs that are worked on.
    pub(crate) fn depth(&self) -> Depth {
        let state = self.state();
        Depth { waiting: state.waiting.values().map(VecDeque::len).sum(), running: state.running }
    }

    /// Nothing more is taken. What waits stays in the database; those who watch it are let go.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        let waiting: Vec<Name> = state.waiting.drain().flat_map(|(_, line)| line).map(|job| job.id).collect();
        waiting.iter().for_each(|job| drop(state.tickets.remove(job)));
        state.turns.clear();
        drop(state);
        self.ready.notify_all();
    }

    /// Whether it was closed.
    pub(crate) fn is_closed(&self) -> bool {
        self.state().closed
    }

    /// Has all work stop.
    pub(crate) fn stop_all(&self) {
        self.state().tickets.values().for_each(|ticket| ticket.stop());
    }
}

impl Place<'_> {
    /// The job was accepted.
    pub(crate) fn fill(mut self, job: Waiting) {
        self.used = true;
        self.free();
        self.queue.push(job);
    }

    fn free(&self) {
        let mut state = self.queue.state();
        if let Some(reserved) = state.reserved.get_mut(&self.requester) {
            *reserved = reserved.saturating_sub(1);
            if *reserved == 0 {
                state.reserved.remove(&self.requester);
            }
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if !self.used {
            self.free();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::signing::Hash;

    fn job(requester: &str, number: u8) -> Waiting {
        Waiting { id: Name([number; 16]), requester: requester.parse().unwrap(), agreement: Hash([0; 32]) }
    }

    #[test]
    fn requesters_take_turns_however_many_jobs_one_has() {
        let queue = Queue::new(100, 2, 1);
        (0..5).for_each(|number| queue.push(job("a", number)));
        queue.push(job("b", 10));
        queue.push(job("b", 11));
        let order: Vec<u8> = (0..7).map(|_| queue.take().unwrap().0.id.0[0]).collect();
        assert_eq!(order, [0, 10, 1, 11, 2, 3, 4]);
    }

    #[test]
    fn no_requester_fills_the_queue_and_places_come_back() {
        let queue = Queue::new(4, 2, 1);
        let a = "a".parse().unwrap();
        let place = queue.reserve(&a).unwrap();
        let _second = queue.reserve(&a).unwrap();
        assert!(queue.reserve(&a).is_err(), "half of the queue is one requester's");
        let b = "b".parse().unwrap();
        let _others = [queue.reserve(&b).unwrap(), queue.reserve(&b).unwrap()];
        assert!(queue.reserve(&"c".parse().unwrap()).is_err(), "the queue is full");
        drop(place);
        queue.reserve(&a).unwrap().fill(job("a", 1));
        assert!(queue.reserve(&a).is_err());
        queue.take().unwrap();
        assert!(queue.reserve(&a).is_ok());
    }

    #[test]
    fn a_cancelled_job_is_not_taken_and_one_put_back_is_next() {
        let queue = Queue::new(10, 1, 1);
        (0..3).for_each(|number| queue.push(job("a", number)));
        queue.cancel(&Name([0; 16]));
        let (first, ticket) = queue.take().unwrap();
        assert_eq!(first.id, Name([1; 16]));
        assert!(!Progress::stop(&*ticket));
        queue.put_back(first);
        assert_eq!(queue.take().unwrap().0.id, Name([1; 16]));
        queue.stop_all();
        assert!(Progress::stop(&*ticket));
        queue.close();
        assert!(queue.take().is_none());
    }
}
