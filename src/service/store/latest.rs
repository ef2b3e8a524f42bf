//! A log from its end, for people who look at it.

use super::entries::{entry, latest_before};
use super::{Journal, StoreError};
use crate::service::audit::Entry;

impl Journal {
    /// So many entries, the latest first; where a number is given, of those before it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where they cannot be read.
    pub fn latest(&mut self, before: Option<u64>, limit: u64) -> Result<Vec<Entry>, StoreError> {
        latest_before(&mut self.database, before.unwrap_or(u64::MAX), limit)
    }

    /// The entry with this number; none where there is none.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be read.
    pub fn entry(&mut self, number: u64) -> Result<Option<Entry>, StoreError> {
        entry(&mut self.database, number)
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;
    use crate::service::audit::{Role, Signers};
    use crate::service::signing::SigningKey;
    use crate::service::store::Owner;
    use crate::service::store::places::on_both;
    use crate::service::time::Time;

    #[test]
    fn a_log_is_paged_from_its_end_and_each_entry_found_by_its_number() {
        on_both("latest", |location| {
            let key = |seed| SigningKey::generate(&mut ChaCha20Rng::seed_from_u64(seed));
            let owner = Owner { party: "B".parse().unwrap(), role: Role::Custodian, key: key(1) };
            let rng = Box::new(ChaCha20Rng::seed_from_u64(2));
            let mut journal = Journal::create(location, owner, rng, Time::ZERO).unwrap();
            for seed in 2..6 {
                let signers = Signers::new(key(seed).public());
                journal.register(&"A".parse().unwrap(), &signers, Time::ZERO).unwrap();
            }
            let mut numbers = |before, limit| -> Vec<u64> {
                journal.latest(before, limit).unwrap().iter().map(|entry| entry.number).collect()
            };
            assert_eq!(numbers(None, 2), [5, 4]);
            assert_eq!(numbers(Some(4), 2), [3, 2]);
            assert_eq!(numbers(Some(2), 2), [1]);
            assert_eq!(numbers(Some(1), 2), [0; 0]);
            assert_eq!(numbers(Some(u64::MAX), u64::MAX), [5, 4, 3, 2, 1]);
            let all = journal.entries(1).unwrap();
            assert_eq!(journal.entry(3).unwrap().as_ref(), all.get(2));
            assert_eq!([0, 6, u64::MAX].map(|number| journal.entry(number).unwrap()), [None, None, None]);
        });
    }
}
