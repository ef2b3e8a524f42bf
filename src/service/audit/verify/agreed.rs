//! Whether a log keeps to what was agreed: quotas, disclosed bits, the age of keys, what a request must say.

use std::collections::BTreeMap;

use super::LogProblem;
use crate::agreement::{Limits, ServiceTerms, Terms};
use crate::service::audit::reading::{Reading, Told};
use crate::service::audit::{Bookkeeping, Ledger};
use crate::service::protocol::{Reply, ReplyOutcome, Request};
use crate::service::signing::Hash;
use crate::service::time::Time;

/// What of an agreement a log can be held to.
struct Held {
    service: ServiceTerms,
    limits: Limits,
}

/// The agreements, and what was used up under them.
#[derive(Default)]
pub(super) struct Agreed {
    terms: BTreeMap<Hash, Held>,
    books: Bookkeeping,
    /// Requests under other agreements.
    unchecked: u64,
    /// The last entry without content: a key may have been admitted by it.
    erased: Option<Time>,
}

impl Agreed {
    /// Holds what follows to an agreement; to nothing, where it has no `[service]`.
    pub(super) fn add(&mut self, agreement: Hash, terms: &Terms) {
        if let Some(service) = terms.service.clone() {
            self.terms.insert(agreement, Held { service, limits: terms.limits.clone() });
        }
    }

    /// Requests that no agreement was given for, where any was.
    pub(super) fn unchecked(&self) -> Option<u64> {
        (!self.terms.is_empty()).then_some(self.unchecked)
    }

    /// What was used up.
    pub(super) fn into_ledger(self) -> Ledger {
        self.books.into_ledger()
    }

    /// What is wrong with the next entry. Only a custodian's log tells what was charged.
    pub(super) fn read(&mut self, reading: &Reading<'_>, custodian: bool) -> Vec<LogProblem> {
        let mut problems = Vec::new();
        let time = reading.entry.time;
        if matches!(reading.told, Ok(None)) {
            self.erased = Some(time);
        }
        if let Some(Told::Request(stated)) = reading.told()
            && let Some(request) = stated.held()
        {
            match self.terms.get(&request.agreement) {
                Some(terms) => {
                    problems.extend(as_agreed(terms, request));
                    if custodian {
                        problems.extend(self.admitted(request, time));
                    }
                }
                None => self.unchecked = self.unchecked.saturating_add(1),
            }
        }
        if !custodian {
            return problems;
        }
        if let Some(Told::KeyAdmitted { requester, agreement, key, .. }) = reading.told() {
            let before = self.books.ledger().keys.get(&((requester.clone(), *agreement), *key));
            problems.extend(before.map(|until| LogProblem::KeyAgain { until: *until }));
        }
        self.books.read(reading);
        match reading.told() {
            Some(Told::Request(stated)) => {
                problems.extend(stated.held().and_then(|request| self.charged(request, time)))
            }
            Some(Told::Reply(stated)) => {
                problems.extend(stated.held().into_iter().flat_map(|reply| self.disclosed(reply)));
            }
            Some(Told::KeyAdmitted { agreement, until, .. }) => {
                let days = self.terms.get(agreement).map(|terms| terms.service.key_days);
                // Times of entries are whole seconds, rounded down.
                let late = |days| time.plus_days(days).millis().saturating_add(1000) < until.millis();
                problems.extend(days.filter(|days| late(*days)).map(|days| LogProblem::KeyDays { days }));
            }
            _ => {}
        }
        problems
    }

    /// A request is accepted while the breaker is not pulled, with a key that is admitted and has not run out.
    fn admitted(&self, request: &Request, time: Time) -> Vec<LogProblem> {
        let ledger = self.books.ledger();
        let asker = (request.requester.clone(), request.agreement);
        let sound = match ledger.keys.get(&(asker, request.key)) {
            Some(until) => time < *until,
            // No key that ran out before would do.
            None => {
                let days = self.terms.get(&request.agreement).map_or(0, |terms| terms.service.key_days);
                self.erased.is_some_and(|gone| gone.plus_days(days) > time)
            }
        };
        let suspended = ledger.suspended.then_some(LogProblem::Suspended);
        suspended.into_iter().chain((!sound).then_some(LogProblem::Key)).collect()
    }

    /// What was charged stays within what was agreed for the day and the year.
    fn charged(&self, request: &Request, time: Time) -> Option<LogProblem> {
        let terms = &self.terms.get(&request.agreement)?.service;
        let asker = (request.requester.clone(), request.agreement);
        let day = time.day();
        let periods = [
            ("day", day, day.next(), terms.probes_per_day),
            ("year", day.first_of_year(), day.next_year(), terms.probes_per_year),
        ];
        periods.into_iter().find_map(|(period, first, next, limit)| {
            let charged = self.books.ledger().spent_since(&asker, first, next);
            (charged > limit).then_some(LogProblem::Quota { period, charged, limit })
        })
    }

    /// What was disclosed stays within what was agreed for a query, and for the persons in a gallery.
    fn disclosed(&self, reply: &Reply) -> Vec<LogProblem> {
        let ReplyOutcome::Answered { gallery, bits, .. } = reply.outcome else { return Vec::new() };
        let Some(terms) = self.terms.get(&reply.request.agreement) else { return Vec::new() };
        let asker = (reply.request.requester.clone(), reply.request.agreement);
        let (disclosed, most) =
            (self.books.ledger().leaked_of(&asker, gallery), terms.service.bits_per_gallery_version);
        let of_query = terms.limits.bits_per_query.filter(|most| bits > *most);
        let of_query = of_query.map(|limit| LogProblem::Bits { bits, limit });
        let of_persons = (disclosed > most).then_some(LogProblem::Disclosed { gallery, disclosed, limit: most });
        of_query.into_iter().chain(of_persons).collect()
    }
}

/// What a request must say, and how many it may ask about.
fn as_agreed(terms: &Held, request: &Request) -> Vec<LogProblem> {
    let refused = request.check(&terms.service, request.agreement).err().map(|error| error.to_string());
    let most = terms.limits.probes_per_query;
    let many = (request.probes as usize > most)
        .then(|| format!("{} probes are asked about where {most} are agreed for a query", request.probes));
    refused.into_iter().chain(many).map(|reason| LogProblem::Agreed { reason }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::ServiceTerms;
    use crate::service::audit::samples::{Exchange, Log, Reached, key};
    use crate::service::audit::{Event, Verifier};
    use crate::service::protocol::{Reason, tests::request};
    use crate::service::signing::Name;

    const DAY_MS: i64 = 86_400_000;
    const AGREEMENT: Hash = Hash([7; 32]);

    fn terms(change: impl Fn(&mut ServiceTerms)) -> Terms {
        let mut service = ServiceTerms { probes_per_day: 12, probes_per_year: 20, ..ServiceTerms::default() };
        change(&mut service);
        let mut terms = Terms::hamming(128, 40);
        terms.limits.probes_per_query = 4;
        terms.service = Some(service);
        terms
    }

    /// An exchange whose key is admitted for 90 days. Each request asks about 4 probes, each answer discloses 4 bits of version 1.
    fn exchange() -> Exchange {
        let mut exchange = Exchange::new();
        exchange.custodian.add(0, admitted(90));
        exchange
    }

    fn admitted(days: i64) -> Event {
        let until = Time::from_millis(days * DAY_MS);
        Event::KeyAdmitted { requester: "A-BORDER".parse().unwrap(), agreement: AGREEMENT, key: Name([1; 16]), until }
    }

    fn found(log: &Log, seed: u64, terms: &Terms) -> Vec<LogProblem> {
        let mut verifier = Verifier::new(Some(key(seed).public()), None).under(AGREEMENT, terms);
        log.entries.iter().for_each(|entry| verifier.entry(entry));
        let report = verifier.finish();
        assert_eq!(report.unchecked, Some(0));
        report.findings.into_iter().map(|finding| finding.problem).collect()
    }

    fn of_custodian(exchange: &Exchange, change: impl Fn(&mut ServiceTerms)) -> Vec<LogProblem> {
        found(&exchange.custodian, 1, &terms(change))
    }

    #[test]
    fn what_is_charged_beyond_a_quota_is_found_and_what_was_given_back_is_not_charged() {
        let mut exchange = exchange();
        for number in 1..=3 {
            exchange.ask(number, 1000 * i64::from(number), Reached::Delivered);
        }
        exchange.cancel(4, 4000);
        // The cancelled one is charged until it is replied to; and for good, if many were before.
        use LogProblem::Quota;
        let (day, year) = ("day", "year");
        assert_eq!(of_custodian(&exchange, |_| {}), [Quota { period: day, charged: 16, limit: 12 }]);
        assert_eq!(of_custodian(&exchange, |terms| terms.probes_per_day = 16), []);
        exchange.ask(5, DAY_MS, Reached::Delivered);
        exchange.ask(6, DAY_MS + 1000, Reached::Accepted);
        assert_eq!(of_custodian(&exchange, |terms| terms.probes_per_day = 16), []);
        exchange.ask(7, DAY_MS + 2000, Reached::Accepted);
        let beyond = [Quota { period: year, charged: 24, limit: 20 }];
        assert_eq!(of_custodian(&exchange, |terms| terms.probes_per_day = 16), beyond);
        exchange.ask(8, 366 * DAY_MS, Reached::Accepted);
        assert_eq!(found(&exchange.querier, 2, &terms(|_| {})), [], "a querier's log does not tell what was charged");
    }

    #[test]
    fn cancelled_requests_are_charged_after_the_first_few_of_a_day() {
        let charged = |cancelled: u8| {
            let mut exchange = exchange();
            for number in 0..cancelled {
                exchange.cancel(number, 1000 + 100 * i64::from(number));
            }
            exchange.ask(200, 90_000, Reached::Accepted);
            let found = of_custodian(&exchange, |terms| terms.probes_per_day = 8);
            !found.is_empty()
        };
        assert!(!charged(11), "one of them, and the one that is asked");
        assert!(charged(12));
    }

    #[test]
    fn disclosed_bits_are_those_of_persons_whatever_the_version() {
        let gallery = |version, inherits| Event::Gallery {
            agreement: AGREEMENT,
            version,
            state: Hash([1; 32]),
            subjects: 1,
            inherits: Some(inherits),
            persons: None,
            root: None,
        };
        let asked = |inherits| {
            let mut exchange = exchange();
            exchange.custodian.add(0, gallery(1, 1));
            exchange.ask(1, 1000, Reached::Delivered);
            exchange.custodian.add(2000, gallery(2, inherits));
            let outcome =
                ReplyOutcome::Answered { answer_digest: Hash([4; 32]), gallery: 2, bits: 3, parts: None, root: None };
            exchange.follow(request("2", Time::from_millis(3000)), outcome, Reached::Delivered);
            of_custodian(&exchange, |terms| terms.bits_per_gallery_version = 6)
        };
        assert_eq!(asked(2), []);
        assert_eq!(asked(1), [LogProblem::Disclosed { gallery: 2, disclosed: 7, limit: 6 }]);
        let mut exchange = exchange();
        exchange.ask(1, 1000, Reached::Delivered);
        let mut terms = terms(|_| {});
        terms.limits.bits_per_query = Some(3);
        assert_eq!(found(&exchange.custodian, 1, &terms), [LogProblem::Bits { bits: 4, limit: 3 }]);
    }

    #[test]
    fn keys_live_as_long_as_agreed_and_none_is_used_that_was_not_admitted() {
        let log = |days, time| {
            let mut exchange = Exchange::new();
            if days > 0 {
                exchange.custodian.add(0, admitted(days));
            }
            exchange.ask(1, time, Reached::Delivered);
            of_custodian(&exchange, |_| {})
        };
        assert_eq!(log(90, 1000), []);
        assert_eq!(log(0, 1000), [LogProblem::Key]);
        assert_eq!(log(90, 90 * DAY_MS), [LogProblem::Key]);
        assert_eq!(log(91, 1000), [LogProblem::KeyDays { days: 90 }]);
        // The entry that told of the key may be gone, while the key can be used still.
        let erased = |days: i64| {
            let mut exchange = exchange();
            exchange.ask(1, days * DAY_MS, Reached::Delivered);
            exchange.custodian.erase(1000, 2001 * DAY_MS);
            of_custodian(&exchange, |_| {})
        };
        assert_eq!(erased(80), []);
        assert_eq!(erased(2000), [LogProblem::Key]);
        // Once more, it would live on.
        let mut again = exchange();
        again.custodian.add(DAY_MS, admitted(91));
        let until = Time::from_millis(90 * DAY_MS);
        assert_eq!(of_custodian(&again, |_| {}), [LogProblem::KeyAgain { until }]);
    }

    #[test]
    fn requests_say_what_was_agreed_and_none_is_accepted_while_the_service_is_suspended() {
        let mut exchange = exchange();
        exchange.ask(1, 1000, Reached::Delivered);
        let purpose = of_custodian(&exchange, |terms| terms.purposes = vec!["migration".parse().unwrap()]);
        assert!(matches!(&purpose[..], [LogProblem::Agreed { reason }] if reason.contains("purpose")), "{purpose:?}");
        let mut few = terms(|_| {});
        few.limits.probes_per_query = 3;
        for (log, seed) in [(&exchange.custodian, 1), (&exchange.querier, 2)] {
            let many = found(log, seed, &few);
            assert!(matches!(&many[..], [LogProblem::Agreed { reason }] if reason.contains("4 probes")), "{many:?}");
        }
        let pulled = |pulled| Event::Breaker { pulled, reason: "incident".parse().unwrap(), orders: vec![] };
        exchange.custodian.add(2000, pulled(true));
        exchange.ask(2, 3000, Reached::Delivered);
        exchange.custodian.add(4000, pulled(false));
        exchange.ask(3, 5000, Reached::Delivered);
        assert_eq!(of_custodian(&exchange, |_| {}), [LogProblem::Suspended]);
        // Replied to without an answer, it is as it should be.
        let unanswered = ReplyOutcome::Unanswered { reason: Reason::Unprocessable };
        exchange.follow(request("4", Time::from_millis(6000)), unanswered, Reached::Delivered);
        let mut other = Verifier::new(None, None).under(Hash([8; 32]), &terms(|_| {}));
        exchange.custodian.entries.iter().for_each(|entry| other.entry(entry));
        assert_eq!(other.finish().unchecked, Some(4));
    }
}
