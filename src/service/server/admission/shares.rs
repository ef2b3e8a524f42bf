//! Something that requesters share, so that none goes without.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::agreement::Code;

/// Where several share it, one may take half of all; and half of all is kept for everybody alike: whoever has less than their part of that
/// gets it, whatever the others do.
pub(crate) struct Shares {
    held: Mutex<Held>,
    freed: Notify,
}

struct Held {
    all: u64,
    holders: usize,
    taken: BTreeMap<Code, u64>,
}

/// A part of it, taken as long as this lives.
pub(crate) struct Share {
    of: Arc<Shares>,
    holder: Code,
    amount: u64,
}

impl Shares {
    /// So much for so many.
    pub(crate) fn new(all: u64, holders: usize) -> Self {
        Self { held: Mutex::new(Held { all, holders, taken: BTreeMap::new() }), freed: Notify::new() }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// So much for so many from here on. Who has more keeps it.
    pub(crate) fn resize(&self, all: u64, holders: usize) {
        let mut held = self.held();
        (held.all, held.holders) = (all, holders);
    }

    /// Takes so much; what is more than one may have is taken as that.
    pub(crate) fn take(self: &Arc<Self>, holder: &Code, amount: u64) -> Option<Share> {
        let mut held = self.held();
        let amount = amount.min(held.most());
        held.admits(holder, amount).then(|| {
            let taken = held.taken.entry(holder.clone()).or_default();
            *taken = taken.saturating_add(amount);
            Share { of: Arc::clone(self), holder: holder.clone(), amount }
        })
    }

    /// [`Shares::take`]; waits so long for it.
    pub(crate) async fn take_within(self: &Arc<Self>, holder: &Code, amount: u64, wait: Duration) -> Option<Share> {
        let until = Instant::now().checked_add(wait)?;
        loop {
            let mut freed = std::pin::pin!(self.freed.notified());
            freed.as_mut().enable();
            if let Some(share) = self.take(holder, amount) {
                return Some(share);
            }
            timeout_at(until, freed).await.ok()?;
        }
    }
}

impl Held {
    fn most(&self) -> u64 {
        if self.holders > 1 { self.all.div_euclid(2).max(1) } else { self.all }
    }

    fn least(&self) -> u64 {
        let holders = u64::try_from(self.holders).unwrap_or(u64::MAX);
        if self.holders > 1 { self.all.div_euclid(2).checked_div(holders).unwrap_or(0) } else { 0 }
    }

    fn admits(&self, holder: &Code, amount: u64) -> bool {
        let had = self.taken.get(holder).copied().unwrap_or(0);
        let has = had.saturating_add(amount);
        let least = self.least();
        if has <= least {
            return true;
        }
        let holders = u64::try_from(self.holders).unwrap_or(u64::MAX);
        let common = self.all.saturating_sub(least.saturating_mul(holders));
        let beyond = self.taken.iter().filter(|(other, _)| *other != holder).map(|(_, taken)| *taken);
        let beyond = beyond.chain([has]).map(|taken| taken.saturating_sub(least)).fold(0, u64::saturating_add);
        has <= self.most() && beyond <= common
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut held = self.of.held();
        if let Some(taken) = held.taken.get_mut(&self.holder) {
            *taken = taken.saturating_sub(self.amount);
            if *taken == 0 {
                held.taken.remove(&self.holder);
            }
        }
        drop(held);
        self.of.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(requester: &str) -> Code {
        requester.parse().unwrap()
    }

    fn all(shares: &Arc<Shares>, holder: &str) -> Vec<Share> {
        std::iter::from_fn(|| shares.take(&code(holder), 1)).collect()
    }

    #[test]
    fn whatever_the_others_take_everybody_finds_their_part() {
        let shares = Arc::new(Shares::new(24, 3));
        let (first, second) = (all(&shares, "a"), all(&shares, "b"));
        assert_eq!((first.len(), second.len()), (12, 8), "half of all; and what is not kept for others");
        assert_eq!(all(&shares, "c").len(), 4, "half of all, by three");
        drop(first);
        assert_eq!(all(&shares, "c").len(), 12);
    }

    #[test]
    fn one_alone_takes_all_and_more_than_there_is_is_all() {
        let shares = Arc::new(Shares::new(10, 1));
        let share = shares.take(&code("a"), 100).unwrap();
        assert!(shares.take(&code("a"), 1).is_none());
        drop(share);
        assert_eq!(all(&shares, "a").len(), 10);
        let shares = Arc::new(Shares::new(10, 2));
        let _large = shares.take(&code("a"), 100).unwrap();
        assert!(shares.take(&code("b"), 5).is_some());
    }

    #[tokio::test]
    async fn who_waits_gets_what_is_given_back() {
        let shares = Arc::new(Shares::new(10, 1));
        let share = shares.take(&code("a"), 10).unwrap();
        assert!(shares.take_within(&code("a"), 1, Duration::from_millis(5)).await.is_none());
        let waiting = Arc::clone(&shares);
        let waiting = tokio::spawn(async move { waiting.take_within(&code("a"), 1, Duration::from_secs(600)).await });
        tokio::task::yield_now().await;
        drop(share);
        assert!(waiting.await.unwrap().is_some());
    }
}
