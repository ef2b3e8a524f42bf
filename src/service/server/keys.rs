//! Requesters' keys, prepared: once each, for all agreements together within so much memory. The one that was not used for longest goes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::service::signing::Hash;
use crate::wire::KeyId;

/// A key of an agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// The agreement.
    pub agreement: Hash,
    /// Its key.
    pub key: KeyId,
}

/// A key that is prepared once, whoever needs it first; none if that failed.
pub(crate) type Slot<T> = Arc<OnceLock<Option<T>>>;

/// All that are prepared.
pub(crate) struct Prepared<T> {
    limit_bytes: u64,
    /// The latest last.
    kept: Mutex<VecDeque<Kept<T>>>,
}

struct Kept<T> {
    named: Named,
    bytes: u64,
    slot: Slot<T>,
}

impl<T> Prepared<T> {
    /// Within so much memory; but one key is always kept.
    pub(crate) fn new(limit_bytes: u64) -> Self {
        Self { limit_bytes, kept: Mutex::default() }
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Kept<T>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key, which takes so much memory where it is prepared; others make room for it.
    pub(crate) fn key(&self, named: Named, bytes: u64, prepare: impl FnOnce() -> Option<T>) -> Slot<T> {
        let slot = self.slot(named, bytes);
        slot.get_or_init(prepare);
        if slot.get().is_none_or(Option::is_none) {
            self.kept().retain(|kept| kept.named != named);
        }
        slot
    }

    fn slot(&self, named: Named, bytes: u64) -> Slot<T> {
        let mut all = self.kept();
        let known = all.iter().position(|kept| kept.named == named).and_then(|place| all.remove(place));
        let slot = known.map(|kept| kept.slot).unwrap_or_default();
        let sum = |all: &VecDeque<Kept<T>>| all.iter().map(|kept| kept.bytes).fold(bytes, u64::saturating_add);
        while sum(&all) > self.limit_bytes && all.pop_front().is_some() {}
        all.push_back(Kept { named, bytes, slot: Arc::clone(&slot) });
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_all_agreements_stay_within_memory_and_those_that_are_used_stay() {
        let prepared = Prepared::new(100);
        let named = |agreement: u8, key: u8| Named { agreement: Hash([agreement; 32]), key: KeyId([key; 16]) };
        let times = std::cell::Cell::new(0);
        let used = |agreement, key, bytes| {
            let before = times.get();
            let prepare = || {
                times.set(before + 1);
                Some(key)
            };
            assert_eq!(*prepared.key(named(agreement, key), bytes, prepare).get().unwrap(), Some(key));
            times.get() > before
        };
        assert!(used(1, 1, 40) && used(1, 2, 40));
        assert!(!used(1, 1, 40));
        // The second is the one that was not used for longest.
        assert!(used(2, 1, 40) && !used(1, 1, 40) && used(1, 2, 40));
        // One is kept, however large.
        assert!(used(3, 1, 1000) && !used(3, 1, 1000));
        assert_eq!(prepared.kept().len(), 1);
        // What could not be prepared is tried again.
        assert_eq!(*prepared.key(named(4, 1), 1, || None).get().unwrap(), None);
        assert!(used(4, 1, 1));
    }
}
