//! Whether what is gone from a log was erased, and in order.
//!
//! Whoever owns a log can write it anew, and tell of an erasure that never was, to hide what it has dropped. So an erasure is held to what
//! the program does: it is old enough, or the other parties have consented; it takes every content that can go up to its last entry,
//! and tells how many these were.

use std::collections::VecDeque;

use super::LogProblem;
use crate::agreement::Code;
use crate::service::audit::consent::Consent;
use crate::service::audit::reading::{Erasure, Stated, Whose};
use crate::service::signing::PublicKey;
use crate::service::time::Time;

/// Numbers of entries, ascending: runs of them.
#[derive(Default)]
struct Numbers(VecDeque<(u64, u64)>);

impl Numbers {
    fn push(&mut self, number: u64) {
        match self.0.back_mut() {
            Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
            _ => self.0.push_back((number, number)),
        }
    }

    /// Takes out those up to a number; how many these were.
    fn take_through(&mut self, through: u64) -> u64 {
        let mut taken = 0_u64;
        while let Some((first, last)) = self.0.front_mut().filter(|(first, _)| *first <= through) {
            let end = through.min(*last);
            taken = taken.saturating_add(end.saturating_sub(*first).saturating_add(1));
            if *last > through {
                *first = through.saturating_add(1);
                break;
            }
            self.0.pop_front();
        }
        taken
    }
}

/// What of a log is gone, and what its erasures tell of that.
pub(super) struct Erasures {
    retention_days: u32,
    /// Entries without content that no erasure has told of yet.
    missing: Numbers,
    /// Entries whose content can go, and has not.
    standing: Numbers,
    /// The last entry without content.
    last_missing: Option<(u64, Time)>,
    /// The latest erasure: everything before this time, which is up to this number.
    told: Option<(Time, u64)>,
    /// Erasures that nobody had to consent to, by the time of their entry: their numbers, and before when.
    by_age: Vec<(u64, Time)>,
}

impl Erasures {
    /// For a log whose contents are kept for so many days.
    pub(super) fn new(retention_days: u32) -> Self {
        Self {
            retention_days,
            missing: Numbers::default(),
            standing: Numbers::default(),
            last_missing: None,
            told: None,
            by_age: Vec::new(),
        }
    }

    /// The clock had been ahead, and this is the time: entries of erasures for which it is too early.
    pub(super) fn corrected(&mut self, time: Time) -> Vec<u64> {
        let days = self.retention_days;
        self.by_age.extract_if(.., |(_, before)| before.plus_days(days) > time).map(|(number, _)| number).collect()
    }

    /// An entry without content.
    pub(super) fn missing(&mut self, number: u64, time: Time) {
        self.missing.push(number);
        self.last_missing = Some((number, time));
    }

    /// An entry with a content that can go.
    pub(super) fn standing(&mut self, number: u64) {
        self.standing.push(number);
    }

    /// What is wrong with an erasure at this entry; `parties` are those that the log knows by then, each with its key.
    pub(super) fn told<'a>(
        &mut self,
        (number, time): (u64, Time),
        erasure: &Erasure,
        owner: Option<&Whose>,
        parties: impl Iterator<Item = (&'a Code, &'a PublicKey)>,
    ) -> Vec<LogProblem> {
        let Erasure { before, through, contents, consents, .. } = erasure;
        if *through >= number || *before > time {
            return vec![LogProblem::Erasure];
        }
        let mut problems = Vec::new();
        if before.plus_days(self.retention_days) > time {
            let consented = |party: &Code, key: &PublicKey| {
                consents.iter().any(|stated| is_consent(stated, party, key, owner, *before))
            };
            let unasked = parties.filter(|(party, key)| !consented(party, key));
            problems.extend(unasked.map(|(party, _)| LogProblem::EarlyErasure { party: party.clone() }));
        } else {
            self.by_age.push((number, *before));
        }
        let found = self.missing.take_through(*through);
        if found != *contents {
            problems.push(LogProblem::ErasedCount { told: *contents, found });
        }
        if self.standing.take_through(*through) > 0 {
            problems.push(LogProblem::PartialErasure);
        }
        self.told = self.told.max(Some((*before, *through)));
        problems
    }

    /// The entry of the last content that is gone without an erasure that tells of it.
    pub(super) fn untold(&self) -> Option<u64> {
        let (number, time) = self.last_missing?;
        let told = self.told.is_some_and(|(before, through)| number <= through && time < before);
        (!told).then_some(number)
    }

    /// Contents of before this time are gone.
    pub(super) fn before(&self) -> Option<Time> {
        self.told.map(|(before, _)| before)
    }

    /// Whether what was logged or made at this time may be gone.
    pub(super) fn excuse(&self, time: Time) -> bool {
        self.told.is_some_and(|(before, _)| time < before)
    }
}

/// Whether this is the consent of a party to this very erasure, with the key that it has then.
fn is_consent(stated: &Stated<Consent>, party: &Code, key: &PublicKey, owner: Option<&Whose>, before: Time) -> bool {
    let covers = |said: &Consent| owner.is_some_and(|whose| said.covers(party, (&whose.party, whose.role), before));
    stated.signer == *key && stated.held().is_some_and(covers)
}

#[cfg(test)]
mod tests {
    use super::Numbers;

    #[test]
    fn numbers_are_counted_whatever_their_runs() {
        let mut numbers = Numbers::default();
        [1, 2, 3, 7, 8, 20].into_iter().for_each(|number| numbers.push(number));
        assert_eq!(numbers.0.len(), 3);
        assert_eq!([0, 2, 2, 7, 19, 30, 30].map(|through| numbers.take_through(through)), [0, 2, 0, 2, 1, 1, 0]);
    }
}
