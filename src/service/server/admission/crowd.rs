//! Connections of which nobody knows yet whose they are: before TLS, during it, and of unregistered certificates until they are closed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::Source;

/// A source may begin so many connections a second, in the long run, that turn out to be nobody's: one costs this much time.
const COST: Duration = Duration::from_millis(200);
/// Sources that are remembered.
const SOURCES: usize = 8192;

/// All of them.
pub(crate) struct Crowd(Mutex<Inside>);

struct Inside {
    /// Strangers at a time.
    limit: usize,
    /// By number: who came first is first.
    strangers: BTreeMap<u64, Stranger>,
    next: u64,
    sources: BTreeMap<Source, Known>,
}

struct Stranger {
    source: Source,
    leave: Arc<Notify>,
}

/// What is known of a source.
struct Known {
    /// Its strangers.
    open: usize,
    /// What it has left to begin connections with.
    credit: Duration,
    /// When that was counted.
    counted: Instant,
}

/// A stranger's place, as long as this lives.
pub(crate) struct Stay {
    crowd: Arc<Crowd>,
    number: u64,
    source: Source,
    leave: Arc<Notify>,
}

impl Crowd {
    /// So many at a time; half of them of one source.
    pub(crate) fn new(limit: usize) -> Self {
        Self(Mutex::new(Inside { limit, strangers: BTreeMap::new(), next: 0, sources: BTreeMap::new() }))
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From here on so many.
    pub(crate) fn resize(&self, limit: usize) {
        self.inside().limit = limit;
    }

    /// Lets a connection in, if its source has not used up its share: of places, and of connections that turned out to be nobody's. Where
    /// all places are taken, who came first leaves: whoever has something to say has said it by then.
    pub(crate) fn enter(self: &Arc<Self>, source: Source, now: Instant) -> Option<Stay> {
        let mut inside = self.inside();
        let share = inside.share();
        let full = inside.full_credit();
        inside.forget(now);
        let known = inside.sources.entry(source).or_insert(Known { open: 0, credit: full, counted: now });
        known.earn(full, now);
        if known.open >= share || known.credit < COST {
            return None;
        }
        known.open = known.open.saturating_add(1);
        known.credit = known.credit.saturating_sub(COST);
        while inside.strangers.len() >= inside.limit && inside.send_oldest_away() {}
        let (number, leave) = (inside.next, Arc::new(Notify::new()));
        inside.next = number.wrapping_add(1);
        inside.strangers.insert(number, Stranger { source, leave: Arc::clone(&leave) });
        Some(Stay { crowd: Arc::clone(self), number, source, leave })
    }

    /// Whoever came first leaves; whether there was anybody.
    pub(crate) fn send_oldest_away(&self) -> bool {
        self.inside().send_oldest_away()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.inside().strangers.len()
    }
}

impl Inside {
    /// Of one source at a time.
    fn share(&self) -> usize {
        self.limit.div_euclid(2).max(1)
    }

    /// As many connections at once as a source may have places.
    fn full_credit(&self) -> Duration {
        COST.saturating_mul(u32::try_from(self.share()).unwrap_or(u32::MAX))
    }

    fn send_oldest_away(&mut self) -> bool {
        let Some((_, stranger)) = self.strangers.pop_first() else { return false };
        self.left(stranger.source);
        stranger.leave.notify_one();
        true
    }

    fn left(&mut self, source: Source) {
        if let Some(known) = self.sources.get_mut(&source) {
            known.open = known.open.saturating_sub(1);
        }
    }

    /// Makes room for another source: those of which there is nothing to remember go; else those that have used up less than others.
    fn forget(&mut self, now: Instant) {
        if self.sources.len() < SOURCES {
            return;
        }
        let full = self.full_credit();
        self.sources.retain(|_, known| {
            known.earn(full, now);
            known.open > 0 || known.credit < full
        });
        if self.sources.len() < SOURCES {
            return;
        }
        let mut credits: Vec<Duration> = self.sources.values().map(|known| known.credit).collect();
        let (_, median, _) = credits.select_nth_unstable(SOURCES.div_euclid(2));
        let median = *median;
        self.sources.retain(|_, known| known.open > 0 || known.credit < median);
        // All of them have connections open, or have just used up the same: nothing tells them apart.
        if self.sources.len() >= SOURCES {
            self.sources.retain(|_, known| known.open > 0);
        }
    }
}

impl Known {
    fn earn(&mut self, full: Duration, now: Instant) {
        self.credit = self.credit.saturating_add(now.saturating_duration_since(self.counted)).min(full);
        self.counted = now;
    }
}

impl Stay {
    /// Where it comes from.
    pub(crate) fn source(&self) -> Source {
        self.source
    }

    /// It is a registered requester's: it counts against its source no more.
    pub(crate) fn end_known(self) {
        let mut inside = self.crowd.inside();
        let full = inside.full_credit();
        if let Some(known) = inside.sources.get_mut(&self.source) {
            known.credit = known.credit.saturating_add(COST).min(full);
        }
    }

    /// Ends when its place is needed.
    pub(crate) async fn told_to_leave(&self) {
        self.leave.notified().await;
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        let mut inside = self.crowd.inside();
        // Unless it was sent away.
        if inside.strangers.remove(&self.number).is_some() {
            inside.left(self.source);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(number: u32) -> Source {
        Source::of(std::net::Ipv4Addr::from(number).into())
    }

    #[test]
    fn a_source_has_half_of_the_places_and_another_finds_one() {
        let (crowd, now) = (Arc::new(Crowd::new(8)), Instant::now());
        let held: Vec<_> = std::iter::from_fn(|| crowd.enter(source(1), now)).collect();
        assert_eq!((held.len(), crowd.len()), (4, 4));
        assert!(crowd.enter(source(2), now).is_some());
    }

    #[test]
    fn a_source_whose_connections_are_nobodys_begins_a_few_a_second() {
        let (crowd, begun) = (Arc::new(Crowd::new(8)), Instant::now());
        let entered = |from: Duration| (0..100).filter(|_| crowd.enter(source(1), begun + from).is_some()).count();
        assert_eq!(entered(Duration::ZERO), 4);
        assert_eq!(entered(Duration::from_secs(1)), 4, "no more than at first");
        assert_eq!(entered(Duration::from_millis(1400)), 2);
        // Those of requesters are free.
        let free = (0..100).filter(|_| match crowd.enter(source(2), begun) {
            Some(stay) => {
                stay.end_known();
                true
            }
            None => false,
        });
        assert_eq!(free.count(), 100);
    }

    #[test]
    fn where_all_places_are_taken_who_came_first_leaves() {
        let (crowd, now) = (Arc::new(Crowd::new(2)), Instant::now());
        let first = crowd.enter(source(1), now).unwrap();
        let second = crowd.enter(source(2), now).unwrap();
        let third = crowd.enter(source(3), now).unwrap();
        let told = |stay: &Stay| {
            use std::future::Future as _;
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            std::pin::pin!(stay.told_to_leave()).poll(&mut context).is_ready()
        };
        assert_eq!([&first, &second, &third].map(told), [true, false, false]);
        drop(first);
        assert_eq!(crowd.len(), 2);
        drop((second, third));
        assert_eq!(crowd.len(), 0);
    }

    #[test]
    fn sources_without_number_leave_a_table_of_fixed_size_and_the_one_with_connections_in_it() {
        let (crowd, now) = (Arc::new(Crowd::new(8)), Instant::now());
        let held: Vec<_> = std::iter::from_fn(|| crowd.enter(source(1), now)).collect();
        for number in 2..5 * SOURCES as u32 {
            drop(crowd.enter(source(number), now));
        }
        assert!(crowd.inside().sources.len() <= SOURCES);
        assert!(crowd.enter(source(1), now).is_none(), "{} are held", held.len());
    }
}
