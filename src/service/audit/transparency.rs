//! What a parliament would ask for: how often, by whom, for what, and how it ended, year by year.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::reading::{Stated, Told};
use super::{Entry, Reading, RequestRefusal};
use crate::agreement::Code;
use crate::service::protocol::{Reason, Reply, ReplyOutcome, Request};
use crate::service::signing::Hash;
use crate::service::time::Day;

/// What one requester did for one purpose in a year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Who asked.
    pub requester: Code,
    /// For which of the agreed purposes.
    pub purpose: Code,
    /// Requests that were logged.
    pub requests: u64,
    /// Persons they asked about.
    pub probes: u64,
    /// Replies with an answer.
    pub answered: u64,
    /// Replies without one, by reason.
    pub unanswered: BTreeMap<Reason, u64>,
    /// Bits that the answers disclosed at most.
    pub bits_disclosed: u64,
    /// Different versions of galleries that were searched.
    pub gallery_versions: u64,
}

/// Canaries in a year.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CanaryCounts {
    /// How many were asked about.
    pub asked: u64,
    /// How many of them were found.
    pub found: u64,
}

/// A calendar year, in UTC. Requests count where they were logged, replies where they were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Year {
    /// The year.
    pub year: i16,
    /// By requester and purpose.
    pub usage: Vec<Usage>,
    /// By requester and reason, on how many days requests were refused. How often on a day is not logged.
    pub days_with_refusals: BTreeMap<Code, BTreeMap<RequestRefusal, u64>>,
    /// How often the circuit breaker was pulled.
    pub breaker_pulled: u64,
    /// Canaries that a querier asked about, and how many of them were found; where no querier's log is read, none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canaries: Option<CanaryCounts>,
    /// Contents that were erased in this year.
    pub erased_contents: u64,
    /// Entries of this year whose contents have been erased since: the counts above are then too small.
    pub erased_entries: u64,
}

/// Reads a log from its first entry to its last, and counts. What cannot be read, or is signed wrongly, is left out:
/// [`super::Verifier`] tells of it.
#[derive(Default)]
pub struct Transparency {
    years: BTreeMap<i16, Counted>,
    /// The last day on which a requester was refused for a reason.
    refused: BTreeMap<(Code, RequestRefusal), Day>,
}

/// A year while it is counted.
#[derive(Default)]
struct Counted {
    usage: BTreeMap<(Code, Code), CountedUsage>,
    days_with_refusals: BTreeMap<Code, BTreeMap<RequestRefusal, u64>>,
    breaker_pulled: u64,
    canaries: Option<CanaryCounts>,
    erased_contents: u64,
    erased_entries: u64,
}

#[derive(Default)]
struct CountedUsage {
    requests: u64,
    probes: u64,
    answered: u64,
    unanswered: BTreeMap<Reason, u64>,
    bits_disclosed: u64,
    /// Versions are counted under each agreement.
    galleries: BTreeSet<(Hash, u64)>,
}

impl Transparency {
    /// Before the first entry.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next entry.
    pub fn entry(&mut self, entry: &Entry) {
        self.read(&Reading::of(entry));
    }

    /// The next entry, for those who have read it already.
    pub(crate) fn read(&mut self, reading: &Reading<'_>) {
        let day = reading.entry.time.day();
        let year = self.years.entry(day.year()).or_default();
        let told = match &reading.told {
            Ok(Some(told)) => told,
            Ok(None) => {
                year.erased_entries += 1;
                return;
            }
            Err(_) => return,
        };
        match told {
            Told::Request(stated) => year.request(stated),
            Told::Reply(stated) => year.reply(stated),
            Told::Refused { requester, reason } => {
                // One a day, whatever the agreement.
                if self.refused.insert((requester.clone(), *reason), day) != Some(day) {
                    *year.days_with_refusals.entry(requester.clone()).or_default().entry(*reason).or_default() += 1;
                }
            }
            Told::Canaries { asked, found, .. } => {
                let canaries = year.canaries.get_or_insert_default();
                canaries.asked = canaries.asked.saturating_add(*asked);
                canaries.found = canaries.found.saturating_add(*found);
            }
            Told::Breaker { pulled, .. } => year.breaker_pulled += u64::from(*pulled),
            Told::Erased(erasure) => year.erased_contents = year.erased_contents.saturating_add(erasure.contents),
            Told::Opened(_)
            | Told::Registered { .. }
            | Told::Succession(_)
            | Told::OperatorRegistered { .. }
            | Told::OperatorRemoved { .. }
            | Told::Receipt(_)
            | Told::Acknowledgement(_)
            | Told::Abandoned { .. }
            | Told::KeyAdmitted { .. }
            | Told::Gallery { .. }
            | Told::Clock { .. }
            | Told::Diverged { .. }
            | Told::Trusted { .. }
            | Told::Else => {}
        }
    }

    /// The log ends here: the years in which something was logged.
    pub fn finish(self) -> Vec<Year> {
        self.years.into_iter().map(|(year, counted)| counted.finish(year)).collect()
    }
}

impl Counted {
    fn request(&mut self, stated: &Stated<Request>) {
        if let Some(request) = stated.held() {
            let usage = self.usage_of(request);
            usage.requests += 1;
            usage.probes = usage.probes.saturating_add(request.probes.into());
        }
    }

    fn usage_of(&mut self, request: &Request) -> &mut CountedUsage {
        self.usage.entry((request.requester.clone(), request.purpose.clone())).or_default()
    }

    fn reply(&mut self, stated: &Stated<Reply>) {
        let Some(Reply { request, outcome, .. }) = stated.held() else { return };
        let usage = self.usage_of(request);
        match *outcome {
            ReplyOutcome::Answered { gallery, bits, .. } => {
                usage.answered += 1;
                usage.bits_disclosed = usage.bits_disclosed.saturating_add(bits);
                usage.galleries.insert((request.agreement, gallery));
            }
            ReplyOutcome::Unanswered { reason } => *usage.unanswered.entry(reason).or_default() += 1,
        }
    }

    fn finish(self, year: i16) -> Year {
        let usage = self.usage.into_iter().map(|((requester, purpose), counted)| Usage {
            requester,
            purpose,
            requests: counted.requests,
            probes: counted.probes,
            answered: counted.answered,
            unanswered: counted.unanswered,
            bits_disclosed: counted.bits_disclosed,
            gallery_versions: counted.galleries.len() as u64,
        });
        Year {
            year,
            usage: usage.collect(),
            days_with_refusals: self.days_with_refusals,
            breaker_pulled: self.breaker_pulled,
            canaries: self.canaries,
            erased_contents: self.erased_contents,
            erased_entries: self.erased_entries,
        }
    }
}

impl Year {
    /// Whether nothing that was logged in it has been erased.
    pub(crate) fn is_complete(&self) -> bool {
        self.erased_entries == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::audit::Event;
    use crate::service::audit::samples::{Exchange, Log, Reached};
    use crate::service::protocol::tests::request;
    use crate::service::time::Time;

    const DAY_MS: i64 = 86_400_000;
    const YEAR_MS: i64 = 365 * DAY_MS;

    fn years(log: &Log) -> Vec<Year> {
        let mut transparency = Transparency::new();
        log.entries.iter().for_each(|entry| transparency.entry(entry));
        transparency.finish()
    }

    fn refused(log: &mut Log, time: i64, agreement: u8, reason: RequestRefusal) {
        let requester = "A-BORDER".parse().unwrap();
        log.add(time, Event::Refused { requester, agreement: Hash([agreement; 32]), reason });
    }

    #[test]
    fn requests_are_counted_by_requester_and_purpose() {
        let mut exchange = Exchange::sample();
        exchange.cancel(5, 5000);
        let other = Request { purpose: "verification".parse().unwrap(), ..request("6", Time::from_millis(6000)) };
        exchange.follow(
            other,
            ReplyOutcome::Answered { answer_digest: Hash([1; 32]), gallery: 2, bits: 9, parts: None, root: None },
            Reached::Delivered,
        );
        let years = years(&exchange.custodian);
        assert_eq!(years.len(), 1);
        let [identification, verification] = years[0].usage.as_slice() else { panic!("{years:?}") };
        assert_eq!((identification.requests, identification.probes, identification.answered), (5, 20, 3));
        assert_eq!((identification.bits_disclosed, identification.gallery_versions), (12, 1));
        assert_eq!(identification.unanswered, BTreeMap::from([(Reason::Cancelled, 1)]));
        assert_eq!((verification.requests, verification.bits_disclosed), (1, 9));
        assert!(years[0].is_complete());
    }

    #[test]
    fn refusals_are_counted_by_days() {
        let mut log = Exchange::new().custodian;
        for (time, agreement, reason) in [
            (1, 7, RequestRefusal::DayQuota),
            (2, 8, RequestRefusal::DayQuota),
            (3, 7, RequestRefusal::Leakage),
            (DAY_MS, 7, RequestRefusal::DayQuota),
            (YEAR_MS, 7, RequestRefusal::DayQuota),
        ] {
            refused(&mut log, time, agreement, reason);
        }
        let years = years(&log);
        let of = |year: usize| years[year].days_with_refusals[&"A-BORDER".parse().unwrap()].clone();
        assert_eq!(of(0), BTreeMap::from([(RequestRefusal::DayQuota, 2), (RequestRefusal::Leakage, 1)]));
        assert_eq!(of(1), BTreeMap::from([(RequestRefusal::DayQuota, 1)]));
        assert_eq!((years[0].year, years[1].year), (1970, 1971));
    }

    #[test]
    fn a_year_says_what_of_it_was_erased() {
        let mut exchange = Exchange::new();
        exchange.ask(1, 1000, Reached::Delivered);
        exchange.ask(2, YEAR_MS, Reached::Delivered);
        let reason: crate::service::protocol::Line = "drill".parse().unwrap();
        exchange
            .custodian
            .add(YEAR_MS + 50, Event::Breaker { pulled: true, reason: reason.clone(), orders: Vec::new() });
        exchange.custodian.add(YEAR_MS + 60, Event::Breaker { pulled: false, reason, orders: Vec::new() });
        exchange.custodian.erase(DAY_MS, 4 * YEAR_MS);
        let years = years(&exchange.custodian);
        assert_eq!(years.iter().map(|year| year.year).collect::<Vec<_>>(), [1970, 1971, 1973]);
        assert_eq!((years[0].erased_entries, years[0].usage.len(), years[0].is_complete()), (4, 0, false));
        assert_eq!((years[1].usage[0].requests, years[1].breaker_pulled, years[1].is_complete()), (1, 1, true));
        assert_eq!((years[2].erased_contents, years[2].erased_entries), (4, 0));
        let text = serde_json::to_string(&years).unwrap();
        assert!(text.contains("\"days_with_refusals\":{}"), "{text}");
    }
}
