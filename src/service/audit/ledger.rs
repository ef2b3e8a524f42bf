//! What was used up, as a custodian's log tells it: charges, disclosed bits, keys, versions of galleries, the breaker,
//! operators.
//!
//! The custodian keeps the same in tables, to decide by. Whoever can write to its database can change them, not the log's signatures:
//! so the two are held against each other ([`Ledger::compared`]), and the log against what was agreed ([`super::verify`]).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::reading::Told;
use super::{Entry, Reading};
use crate::agreement::Code;
use crate::service::protocol::{Reason, Reply, ReplyOutcome, Request, charge_returns};
use crate::service::signing::{Hash, Name, PublicKey};
use crate::service::time::{Day, Time};

/// Somebody who asks, under an agreement.
pub(crate) type Asker = (Code, Hash);

/// What was used up.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Ledger {
    /// Probes that were charged on a day.
    pub spent: BTreeMap<(Asker, Day), u64>,
    /// Bits that answers have disclosed, by version of the gallery.
    pub leaked: BTreeMap<Asker, BTreeMap<u64, u64>>,
    /// Until when keys are admitted.
    pub keys: BTreeMap<(Asker, Name), Time>,
    /// What each version of a gallery inherits: the earliest version with which it shares a person.
    pub galleries: BTreeMap<(Hash, u64), Option<u64>>,
    /// Names the marks of persons by which the next version is judged, by agreement.
    pub persons: BTreeMap<Hash, Option<Hash>>,
    /// Digests of the requests that were accepted.
    pub accepted: BTreeSet<Hash>,
    /// Whether the breaker is pulled.
    pub suspended: bool,
    /// Operators whose orders are carried out, and their keys.
    pub operators: BTreeMap<Code, Option<PublicKey>>,
}

/// One thing about which a database and its log do not agree.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Unequal {
    /// What it is.
    pub what: String,
    /// As the log tells.
    pub log: String,
    /// As the database has it.
    pub database: String,
}

impl Ledger {
    /// Probes that were charged from a day on, before another.
    pub(crate) fn spent_since(&self, asker: &Asker, first: Day, next: Day) -> u64 {
        let days = self.spent.range((asker.clone(), first)..(asker.clone(), next));
        days.fold(0_u64, |sum, (_, probes)| sum.saturating_add(*probes))
    }

    /// Bits that were disclosed of persons who are in a version.
    pub(crate) fn leaked_of(&self, asker: &Asker, version: u64) -> u64 {
        // Entries of before version 0.2 do not tell what a version inherits.
        let inherits = self.galleries.get(&(asker.1, version)).copied().flatten().unwrap_or(version).min(version);
        let versions = self.leaked.get(asker).into_iter().flat_map(|versions| versions.range(inherits..=version));
        versions.fold(0_u64, |sum, (_, bits)| sum.saturating_add(*bits))
    }

    /// Where a database, whose tables these are, does not agree with its log, of which contents of before `erased` are gone.
    pub(crate) fn compared(&self, database: &Self, erased: Option<Time>) -> Vec<Unequal> {
        let mut unequal = Vec::new();
        // A day of which nothing is gone; what an erasure took from the log, it left in these tables.
        let whole = |day: &Day| erased.is_none_or(|before| day.begin() >= before);
        compare(
            &mut unequal,
            &self.spent,
            &database.spent,
            |(_, day)| whole(day),
            |((requester, _), day)| format!("probes of {requester} on {day}"),
        );
        let flat = |ledger: &Self| -> BTreeMap<(Asker, u64), u64> {
            let of = ledger.leaked.iter();
            of.flat_map(|(asker, versions)| versions.iter().map(|(version, bits)| ((asker.clone(), *version), *bits)))
                .collect()
        };
        let (told, kept) = (flat(self), flat(database));
        compare(
            &mut unequal,
            &told,
            &kept,
            // Of more the log may tell no longer; of less it never did.
            |key| erased.is_none() || kept.get(key) < told.get(key),
            |((requester, _), version)| format!("bits disclosed to {requester} of version {version} of the gallery"),
        );
        compare(
            &mut unequal,
            &self.keys,
            &database.keys,
            |key| erased.is_none() || self.keys.contains_key(key),
            |((requester, _), key)| format!("the end of key {key} of {requester}"),
        );
        compare(
            &mut unequal,
            &self.galleries,
            &database.galleries,
            |_| true,
            |(agreement, version)| format!("what version {version} of the gallery under {agreement} inherits"),
        );
        compare(
            &mut unequal,
            &self.persons,
            &database.persons,
            // Entries of before version 0.2 do not tell.
            |agreement| self.persons.get(agreement).is_some_and(Option::is_some),
            |agreement| format!("the marks of persons in the gallery under {agreement}"),
        );
        compare(
            &mut unequal,
            &self.operators,
            &database.operators,
            |_| true,
            |operator| format!("the key of operator {operator}"),
        );
        let unknown = database.accepted.difference(&self.accepted).filter(|_| erased.is_none());
        unequal.extend(unknown.map(|request| Unequal::new(format!("request {request}"), "none", "accepted")));
        let lost = self.accepted.difference(&database.accepted);
        unequal.extend(lost.map(|request| Unequal::new(format!("request {request}"), "accepted", "none")));
        if self.suspended != database.suspended {
            let said = |suspended| if suspended { "pulled" } else { "reset" };
            unequal.push(Unequal::new("the breaker".to_owned(), said(self.suspended), said(database.suspended)));
        }
        unequal
    }
}

impl Unequal {
    fn new(what: String, log: impl ToString, database: impl ToString) -> Self {
        Self { what, log: log.to_string(), database: database.to_string() }
    }
}

/// A value of a ledger: what is missing is as good as its default.
trait Booked: Clone + Default + PartialEq {
    fn said(&self) -> String;
}

impl Booked for u64 {
    fn said(&self) -> String {
        self.to_string()
    }
}

impl Booked for Time {
    fn said(&self) -> String {
        if *self == Self::ZERO { "none".to_owned() } else { self.to_string() }
    }
}

impl Booked for Option<PublicKey> {
    fn said(&self) -> String {
        self.map_or_else(|| "none".to_owned(), |key| key.to_string())
    }
}

impl Booked for Option<Hash> {
    fn said(&self) -> String {
        self.map_or_else(|| "none".to_owned(), |digest| digest.to_string())
    }
}

impl Booked for Option<u64> {
    fn said(&self) -> String {
        self.map_or_else(|| "unknown".to_owned(), |number| number.to_string())
    }
}

fn compare<K: Ord, V: Booked>(
    unequal: &mut Vec<Unequal>,
    log: &BTreeMap<K, V>,
    database: &BTreeMap<K, V>,
    counts: impl Fn(&K) -> bool,
    name: impl Fn(&K) -> String,
) {
    let keys: BTreeSet<&K> = log.keys().chain(database.keys()).filter(|key| counts(key)).collect();
    for key in keys {
        let of = |booked: &BTreeMap<K, V>| booked.get(key).cloned().unwrap_or_default();
        let (log, database) = (of(log), of(database));
        if log != database {
            unequal.push(Unequal::new(name(key), log.said(), database.said()));
        }
    }
}

/// A request that was accepted, as far as it was charged.
#[derive(Clone)]
struct Charge {
    asker: Asker,
    day: Day,
    probes: u64,
}

/// Keeps a [`Ledger`] of a custodian's log, from its first entry to its last.
#[derive(Default)]
pub(crate) struct Bookkeeping {
    ledger: Ledger,
    charges: HashMap<Hash, Charge>,
    /// How many requests of a day were cancelled.
    cancelled: HashMap<(Asker, Day), u64>,
}

impl Bookkeeping {
    /// The next entry.
    pub(crate) fn read(&mut self, reading: &Reading<'_>) {
        let Some(told) = reading.told() else { return };
        match told {
            Told::KeyAdmitted { requester, agreement, key, until } => {
                self.ledger.keys.insert(((requester.clone(), *agreement), *key), *until);
            }
            Told::Gallery { agreement, version, inherits, persons, .. } => {
                self.ledger.galleries.insert((*agreement, *version), *inherits);
                self.ledger.persons.insert(*agreement, *persons);
            }
            Told::Breaker { pulled, .. } => self.ledger.suspended = *pulled,
            Told::OperatorRegistered { operator, key } => {
                self.ledger.operators.insert(operator.clone(), Some(*key));
            }
            Told::OperatorRemoved { operator } => {
                self.ledger.operators.remove(operator);
            }
            Told::Request(stated) => {
                if let Some(request) = stated.held() {
                    self.accept(reading.entry, stated.digest, request);
                }
            }
            Told::Reply(stated) => {
                if let Some(reply) = stated.held() {
                    self.reply(reply);
                }
            }
            _ => {}
        }
    }

    /// What was used up in all.
    pub(crate) fn into_ledger(self) -> Ledger {
        self.ledger
    }

    /// What was used up so far.
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// A custodian logs a request when it accepts it, and charges it to that day.
    fn accept(&mut self, entry: &Entry, digest: Hash, request: &Request) {
        let charge = Charge {
            asker: (request.requester.clone(), request.agreement),
            day: entry.time.day(),
            probes: request.probes.into(),
        };
        if self.charges.contains_key(&digest) {
            return;
        }
        let spent = self.ledger.spent.entry((charge.asker.clone(), charge.day)).or_default();
        *spent = spent.saturating_add(charge.probes);
        self.ledger.accepted.insert(digest);
        self.charges.insert(digest, charge);
    }

    fn reply(&mut self, reply: &Reply) {
        match reply.outcome {
            ReplyOutcome::Answered { gallery, bits, .. } => {
                let asker = (reply.request.requester.clone(), reply.request.agreement);
                let leaked = self.ledger.leaked.entry(asker).or_default().entry(gallery).or_default();
                *leaked = leaked.saturating_add(bits);
            }
            // Nothing was disclosed: the charge may go back to the day it was taken from.
            ReplyOutcome::Unanswered { reason } => {
                let Some(Charge { asker, day, probes }) = self.charges.get(&reply.request_digest).cloned() else {
                    return;
                };
                let cancelled = self.cancelled.entry((asker.clone(), day)).or_default();
                let returns = charge_returns(reason, *cancelled);
                *cancelled = cancelled.saturating_add(u64::from(reason == Reason::Cancelled));
                if returns {
                    let spent = self.ledger.spent.entry((asker, day)).or_default();
                    *spent = spent.saturating_sub(probes);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an erasure took from the log is in the tables still; what the log still tells is.
    #[test]
    fn tables_hold_at_least_what_a_log_still_tells_whatever_was_erased() {
        let asker = || -> Asker { ("A".parse().unwrap(), Hash([7; 32])) };
        let (key, until) = (|| (asker(), Name([1; 16])), Time::from_millis(5000));
        let told = Ledger {
            leaked: BTreeMap::from([(asker(), BTreeMap::from([(1, 3)]))]),
            keys: BTreeMap::from([(key(), until)]),
            ..Ledger::default()
        };
        let kept = |bits: u64, until: Time| Ledger {
            leaked: BTreeMap::from([(asker(), BTreeMap::from([(1, bits), (2, 9)]))]),
            keys: BTreeMap::from([(key(), until), ((asker(), Name([2; 16])), until)]),
            ..Ledger::default()
        };
        let erased = Some(Time::from_millis(1000));
        for (bits, until, unequal) in [(3, until, 0), (8, until, 0), (2, until, 1), (0, Time::from_millis(5001), 2)] {
            assert_eq!(told.compared(&kept(bits, until), erased).len(), unequal, "{bits} {until}");
        }
        assert_eq!(told.compared(&kept(3, until), None).len(), 2, "nothing was erased");
    }
}
