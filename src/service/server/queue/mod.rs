//! Jobs that wait, and whose turn it is: bounded, and fair between requesters.
//!
//! Requesters take turns, one job each, the oldest first; each may fill no more than its share. What was accepted before a restart is
//! taken back whatever the bound. Workers take jobs as fast as they can ([`Queue::take`]); what requesters are told of the queue follows
//! from the [`schedule`] alone.

mod schedule;
mod turns;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::agreement::Code;
use crate::scheme::Progress;
use crate::service::signing::Name;
use crate::service::store::Waiting;
use schedule::Schedule;
pub(crate) use schedule::{Cost, Release, Stand};
use turns::Turns;

/// A job that has not ended.
pub(crate) struct Ticket {
    stand: watch::Sender<Stand>,
    stop: AtomicBool,
}

impl Ticket {
    fn new() -> Arc<Self> {
        Arc::new(Self { stand: watch::channel(Stand::WAITING).0, stop: AtomicBool::new(false) })
    }

    /// Watches it; the channel closes when the job has ended.
    pub(crate) fn watch(&self) -> watch::Receiver<Stand> {
        self.stand.subscribe()
    }

    /// Has the work on it stop.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// How far the work is, nobody is told: it could tell whom it is about.
impl Progress for Ticket {
    fn advance(&self, _: u64) {}

    fn stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
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

/// A job, and what it costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Costed {
    /// The job.
    pub job: Waiting,
    /// What it costs.
    pub cost: Cost,
}

/// A job that was taken to be worked on.
pub(crate) struct Taken {
    /// The job.
    pub costed: Costed,
    /// Told to stop where it is cancelled.
    pub ticket: Arc<Ticket>,
}

/// Jobs that wait.
pub(crate) struct Queue {
    state: Mutex<State>,
    ready: Condvar,
}

struct State {
    short: Turns<Costed>,
    long: Turns<Costed>,
    /// Whether a long job is worked on: one at a time.
    long_runs: bool,
    /// Whether the last that was taken was a long one.
    long_was_last: bool,
    tickets: HashMap<Name, Arc<Ticket>>,
    /// Places taken by jobs that are about to be accepted.
    reserved: HashMap<Code, usize>,
    running: usize,
    schedule: Schedule,
    closed: bool,
    limit: usize,
    share: usize,
}

impl State {
    fn lane(&mut self, cost: Cost) -> &mut Turns<Costed> {
        if cost.is_long() { &mut self.long } else { &mut self.short }
    }

    fn pop(&mut self) -> Option<Costed> {
        let long_first = !self.long_runs && !self.long_was_last;
        let mut taken = if long_first { self.long.pop() } else { None };
        taken = taken.or_else(|| self.short.pop());
        if taken.is_none() && !self.long_runs {
            taken = self.long.pop();
        }
        let taken = taken?;
        self.long_was_last = taken.cost.is_long();
        Some(taken)
    }
}

impl Queue {
    /// For so many jobs of so many requesters, worked on by so many workers.
    pub(crate) fn new(limit: usize, requesters: usize, workers: usize) -> Self {
        let state = State {
            short: Turns::default(),
            long: Turns::default(),
            long_runs: false,
            long_was_last: false,
            tickets: HashMap::new(),
            reserved: HashMap::new(),
            running: 0,
            schedule: Schedule::new(workers),
            closed: false,
            limit,
            share: share(limit, requesters),
        };
        Self { state: Mutex::new(state), ready: Condvar::new() }
    }

    /// For so many jobs of so many requesters from here on; those that wait stay.
    pub(crate) fn resize(&self, limit: usize, requesters: usize) {
        let mut state = self.state();
        (state.limit, state.share) = (limit, share(limit, requesters));
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
        let (mut state, now) = (self.state(), Instant::now());
        let waiting = state.schedule.waiting(now);
        let all = state.reserved.values().copied().fold(waiting, usize::saturating_add);
        let of_requester = state.reserved.get(requester).copied().unwrap_or(0);
        let held = state.schedule.held(requester, now).saturating_add(of_requester);
        if all >= state.limit || held >= state.share {
            let retry_after = state.schedule.tenth().clamp(Duration::from_secs(1), Duration::from_secs(600));
            return Err(Full { retry_after });
        }
        let reserved = state.reserved.entry(requester.clone()).or_default();
        *reserved = reserved.saturating_add(1);
        Ok(Place { queue: self, requester: requester.clone(), used: false })
    }

    /// Puts a job that was accepted behind the others of its requester.
    pub(crate) fn push(&self, costed: Costed) {
        let mut state = self.state();
        let (id, requester, cost) = (costed.job.id, costed.job.requester.clone(), costed.cost);
        if state.closed || state.tickets.contains_key(&id) {
            return;
        }
        let ticket = Ticket::new();
        let now = Instant::now();
        state.schedule.push(&requester, id, cost, now);
        ticket.stand.send_replace(state.schedule.stand(&id, now));
        state.tickets.insert(id, ticket);
        state.lane(cost).push(&requester, costed);
        drop(state);
        self.ready.notify_one();
    }

    /// The job whose turn it is; waits for one. None when the queue was closed.
    pub(crate) fn take(&self) -> Option<Taken> {
        let mut state = self.state();
        loop {
            if state.closed {
                return None;
            }
            if let Some(costed) = state.pop() {
                // One that was cancelled has no ticket.
                let Some(ticket) = state.tickets.get(&costed.job.id).map(Arc::clone) else { continue };
                state.running = state.running.saturating_add(1);
                state.long_runs |= costed.cost.is_long();
                return Some(Taken { costed, ticket });
            }
            state = self.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A job that was taken is no longer worked on.
    pub(crate) fn worked(&self, costed: &Costed) {
        let mut state = self.state();
        state.running = state.running.saturating_sub(1);
        if costed.cost.is_long() {
            state.long_runs = false;
            drop(state);
            self.ready.notify_one();
        }
    }

    /// When a job that is ready at `ready` is released.
    pub(crate) fn release(&self, job: &Name, ready: Instant) -> Release {
        self.state().schedule.release(job, ready, Instant::now())
    }

    /// A job has ended: it was released, or waits no more. Says whether it was late.
    pub(crate) fn ended(&self, job: &Name, ready: Instant) -> bool {
        let mut state = self.state();
        // Its watchers see the channel close, once the worker has dropped its own ticket.
        state.tickets.remove(job);
        state.schedule.released(job, ready, Instant::now())
    }

    /// A job that was taken goes back to the front of its requester's.
    pub(crate) fn put_back(&self, costed: Costed) {
        let mut state = self.state();
        let requester = costed.job.requester.clone();
        state.lane(costed.cost).put_back(&requester, costed);
        drop(state);
        self.ready.notify_one();
    }

    /// A job was cancelled: nobody takes it, and whoever has it stops.
    pub(crate) fn cancel(&self, job: &Name) {
        let mut state = self.state();
        state.schedule.remove(job, Instant::now());
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
        self.state().schedule.before(requester, job, Instant::now())
    }

    /// Tells those who watch jobs how far these are by the plan: to be called once a second.
    pub(crate) fn tell(&self) {
        let (mut state, now) = (self.state(), Instant::now());
        let State { tickets, schedule, .. } = &mut *state;
        for (job, ticket) in tickets {
            let stand = schedule.stand(job, now);
            ticket.stand.send_if_modified(|told| std::mem::replace(told, stand) != stand);
        }
    }

    /// Jobs that wait, and jobs that are worked on.
    pub(crate) fn depth(&self) -> Depth {
        let state = self.state();
        Depth { waiting: state.short.len().saturating_add(state.long.len()), running: state.running }
    }

    /// Nothing more is taken. What waits stays in the database; those who watch it are let go.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        let State { short, long, tickets, .. } = &mut *state;
        for costed in std::iter::from_fn(|| short.pop().or_else(|| long.pop())) {
            tickets.remove(&costed.job.id);
        }
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

/// Half of the queue may be one requester's where several share it: enough to keep the workers busy, not enough to lock others out.
fn share(limit: usize, requesters: usize) -> usize {
    if requesters > 1 { (limit / 2).max(1) } else { limit }
}

impl Place<'_> {
    /// The job was accepted.
    pub(crate) fn fill(mut self, costed: Costed) {
        self.used = true;
        self.free();
        self.queue.push(costed);
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

    const SHORT: Cost = Cost(Duration::from_millis(500));
    const LONG: Cost = Cost(Duration::from_secs(60));

    fn job(requester: &str, number: u8, cost: Cost) -> Costed {
        let job = Waiting { id: Name([number; 16]), requester: requester.parse().unwrap(), agreement: Hash([0; 32]) };
        Costed { job, cost }
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
        queue.reserve(&a).unwrap().fill(job("a", 1, LONG));
        // Its planned start came at once: it waits no more. When it was really taken, nobody can see.
        queue.reserve(&a).unwrap().fill(job("a", 2, LONG));
        assert!(queue.reserve(&a).is_err());
        queue.take().unwrap();
        assert!(queue.reserve(&a).is_err());
        queue.cancel(&Name([2; 16]));
        assert!(queue.reserve(&a).is_ok());
    }

    #[test]
    fn one_long_job_is_worked_on_at_a_time_and_short_ones_beside_it() {
        let queue = Queue::new(10, 1, 3);
        [(1, LONG), (2, LONG), (3, SHORT), (4, SHORT)]
            .into_iter()
            .for_each(|(number, cost)| queue.push(job("a", number, cost)));
        let take = || queue.take().unwrap().costed;
        let (first, second, third) = (take(), take(), take());
        assert_eq!([&first, &second, &third].map(|costed| costed.job.id.0[0]), [1, 3, 4]);
        queue.worked(&first);
        assert_eq!(take().job.id, Name([2; 16]));
    }

    #[test]
    fn a_cancelled_job_is_not_taken_and_one_put_back_is_next() {
        let queue = Queue::new(10, 1, 1);
        (0..3).for_each(|number| queue.push(job("a", number, SHORT)));
        queue.cancel(&Name([0; 16]));
        let Taken { costed, ticket } = queue.take().unwrap();
        assert_eq!(costed.job.id, Name([1; 16]));
        assert!(!Progress::stop(&*ticket));
        queue.worked(&costed);
        queue.put_back(costed);
        assert_eq!(queue.take().unwrap().costed.job.id, Name([1; 16]));
        queue.stop_all();
        assert!(Progress::stop(&*ticket));
        queue.close();
        assert!(queue.take().is_none());
    }
}
