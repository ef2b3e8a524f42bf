use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::*;
use crate::service::audit::Event;
use crate::service::protocol::tests::request;
use crate::service::signing::{Name, Signed, SigningKey};

fn key(seed: u64) -> SigningKey {
    SigningKey::generate(&mut ChaCha20Rng::seed_from_u64(seed))
}

struct Log {
    entries: Vec<Entry>,
    rng: ChaCha20Rng,
}

impl Log {
    fn add(&mut self, time: i64, event: Event) {
        let head = self.entries.last().map_or(Head::NONE, Entry::head);
        self.entries.push(Entry::new(event, Time::from_millis(time), &head, &key(1), &mut self.rng));
    }

    /// A custodian's log of three requests that were answered, and one that was not yet.
    fn sample() -> Self {
        let mut log = Self { entries: Vec::new(), rng: ChaCha20Rng::seed_from_u64(9) };
        log.add(1, Event::Opened { party: "B".parse().unwrap(), role: Role::Custodian });
        log.add(2, Event::Registered { party: "A-BORDER".parse().unwrap(), key: key(2).public() });
        for number in 1..=4 {
            log.ask(number, 1000 * number as i64, number < 4);
        }
        log
    }

    fn ask(&mut self, number: u64, time: i64, answered: bool) {
        let now = Time::from_millis(time);
        let asked = request(&number.to_string(), now);
        let statement = Signed::new(&asked, &key(2)).unwrap();
        let digest = statement.digest();
        self.add(time, Event::Request { statement });
        let receipt = Receipt { request: digest, job: Name([number as u8; 16]), time: now };
        self.add(time, Event::Receipt { statement: Signed::new(&receipt, &key(1)).unwrap() });
        if answered {
            let outcome = ReplyOutcome::Answered { answer_digest: Hash([4; 32]), gallery: 1, bits: 4 };
            let reply = Reply { request: asked, request_digest: digest, number, time: now, outcome };
            let statement = Signed::new(&reply, &key(1)).unwrap();
            let reply = statement.digest();
            self.add(time + 1, Event::Reply { statement });
            let said = Acknowledgement { request: digest, reply, time: now };
            self.add(time + 2, Event::Acknowledgement { statement: Signed::new(&said, &key(2)).unwrap() });
        }
    }

    fn report(&self) -> Report {
        let mut verifier = Verifier::new(Some(key(1).public()), None);
        self.entries.iter().for_each(|entry| verifier.entry(entry));
        verifier.finish()
    }

    fn problems(&self) -> Vec<LogProblem> {
        self.report().findings.into_iter().map(|finding| finding.problem).collect()
    }

    fn erase(&mut self, before: i64, at: i64) {
        let mut through = 0;
        for entry in &mut self.entries {
            if entry.time.millis() < before {
                through = entry.number;
                if entry.event().unwrap().is_some_and(|event| event.is_erasable()) {
                    entry.content = None;
                }
            }
        }
        self.add(at, Event::Erased { before: Time::from_millis(before), through, contents: 0 });
    }
}

#[test]
fn a_sound_log_is_found_sound() {
    let report = Log::sample().report();
    assert!(report.is_sound(), "{:?}", report.findings);
    assert_eq!((report.entries, report.statements.requests, report.statements.answers, report.open), (16, 4, 3, 1));
}

#[test]
fn every_altered_field_of_every_entry_is_found() {
    let sound = Log::sample();
    for index in 0..sound.entries.len() {
        let changes: [fn(&mut Entry); 6] = [
            |entry| entry.number += 1,
            |entry| entry.time = Time::from_millis(entry.time.millis() + 1),
            |entry| entry.content = entry.content.as_ref().map(|text| text.replacen("salt", "sa1t", 1)),
            |entry| entry.content = None,
            |entry| entry.content_digest.0[0] ^= 1,
            |entry| entry.signature.0[3] ^= 1,
        ];
        for (which, change) in changes.iter().enumerate() {
            let mut log = Log::sample();
            change(&mut log.entries[index]);
            assert!(!log.report().is_sound(), "entry {index}, change {which}");
        }
    }
}

#[test]
fn missing_repeated_and_reordered_entries_are_found() {
    for index in 0..Log::sample().entries.len() - 1 {
        let mut log = Log::sample();
        log.entries.remove(index);
        assert!(!log.report().is_sound(), "{index} removed");
        let mut log = Log::sample();
        log.entries.swap(index, index + 1);
        assert!(!log.report().is_sound(), "{index} swapped");
        let mut log = Log::sample();
        let again = log.entries[index].clone();
        log.entries.insert(index, again);
        assert!(!log.report().is_sound(), "{index} repeated");
    }
    // The end that is missing shows only beside what was noted.
    let mut log = Log::sample();
    let noted = log.entries.pop().unwrap();
    assert!(log.report().is_sound());
    let mut verifier = Verifier::new(None, Some((noted.number, noted.hash)));
    log.entries.iter().for_each(|entry| verifier.entry(entry));
    assert_eq!(verifier.finish().findings.pop().unwrap().problem, LogProblem::Noted);
}

#[test]
fn an_erased_log_is_sound_and_only_what_the_erasure_tells_of_may_be_missing() {
    let mut log = Log::sample();
    log.erase(2500, 9000);
    let report = log.report();
    assert!(report.is_sound(), "{:?}", report.findings);
    assert_eq!((report.erased, report.statements.requests), (8, 2));
    // A content that is younger.
    log.entries[11].content = None;
    assert!(log.problems().contains(&LogProblem::Missing));
    // An erasure that tells of its own future.
    let mut log = Log::sample();
    log.add(9000, Event::Erased { before: Time::from_millis(99_999), through: 3, contents: 0 });
    assert_eq!(log.problems(), [LogProblem::Erasure]);
}

#[test]
fn statements_by_others_twice_or_about_nothing_are_found() {
    let mut log = Log::sample();
    log.ask(4, 4000, false);
    assert_eq!(log.problems(), [LogProblem::Twice { statement: "request" }]);

    let mut log = Log::sample();
    let stranger = Signed::new(&request("9", Time::ZERO), &key(3)).unwrap();
    log.add(9000, Event::Request { statement: stranger });
    assert_eq!(log.problems(), [LogProblem::Signer { statement: "request" }]);

    let mut log = Log::sample();
    let receipt = Receipt { request: Hash([1; 32]), job: Name([1; 16]), time: Time::ZERO };
    log.add(9000, Event::Receipt { statement: Signed::new(&receipt, &key(1)).unwrap() });
    assert_eq!(log.problems(), [LogProblem::Unknown]);
    let mut log = Log::sample();
    log.add(9000, Event::Receipt { statement: Signed::new(&receipt, &key(2)).unwrap() });
    assert_eq!(log.problems(), [LogProblem::Signer { statement: "receipt" }, LogProblem::Unknown]);
}

#[test]
fn an_acknowledgement_of_another_reply_is_found() {
    let mut log = Log::sample();
    log.ask(5, 5000, false);
    let asked = Signed::new(&request("5", Time::from_millis(5000)), &key(2)).unwrap().digest();
    let outcome = ReplyOutcome::Answered { answer_digest: Hash([4; 32]), gallery: 1, bits: 4 };
    let asked_whole = request("5", Time::from_millis(5000));
    let reply = Reply { request: asked_whole, request_digest: asked, number: 5, time: Time::ZERO, outcome };
    log.add(6000, Event::Reply { statement: Signed::new(&reply, &key(1)).unwrap() });
    let said = Acknowledgement { request: asked, reply: Hash([5; 32]), time: Time::ZERO };
    log.add(6001, Event::Acknowledgement { statement: Signed::new(&said, &key(2)).unwrap() });
    assert_eq!(log.problems(), [LogProblem::OtherReply]);
}

#[test]
fn an_abandoned_request_is_open_no_more_and_nothing_follows() {
    use crate::service::audit::samples::{Exchange, Log, Reached};
    let report = |log: &Log, seed| {
        let mut verifier = Verifier::new(Some(key(seed).public()), None);
        log.entries.iter().for_each(|entry| verifier.entry(entry));
        verifier.finish()
    };
    let problems =
        |log: &Log, seed| report(log, seed).findings.into_iter().map(|found| found.problem).collect::<Vec<_>>();
    let mut exchange = Exchange::sample();
    for (number, reached) in [(5, Reached::Made), (6, Reached::Accepted)] {
        let request = exchange.ask(number, 5000, reached);
        exchange.abandon(request, 6000);
    }
    let sound = report(&exchange.querier, 2);
    assert!(sound.is_sound(), "{:?}", sound.findings);
    assert_eq!((sound.statements.abandoned, sound.open), (2, 1), "the fourth of the sample is open");

    // Again; what was never asked; what was replied to; by a custodian.
    let given_up = exchange.ask(7, 7000, Reached::Made);
    exchange.abandon(given_up, 7500);
    exchange.abandon(given_up, 7501);
    exchange.abandon(Hash([1; 32]), 7502);
    let answered = exchange.ask(8, 8000, Reached::Delivered);
    exchange.abandon(answered, 8500);
    exchange.custodian.add(8500, Event::Abandoned { request: answered });
    use LogProblem::{Abandonment, Twice, Unknown};
    assert_eq!(problems(&exchange.querier, 2), [Twice { statement: "abandonment" }, Abandonment, Unknown]);
    assert_eq!(problems(&exchange.custodian, 1), [Abandonment, Abandonment]);

    // Gone on with.
    let mut exchange = Exchange::new();
    let asked = request("1", Time::from_millis(1000));
    let digest = Signed::new(&asked, &key(2)).unwrap().digest();
    exchange.ask(1, 1000, Reached::Made);
    exchange.abandon(digest, 1001);
    let receipt = Receipt { request: digest, job: Name([1; 16]), time: Time::from_millis(1002) };
    exchange.querier.add(1002, Event::Receipt { statement: Signed::new(&receipt, &key(1)).unwrap() });
    assert_eq!(problems(&exchange.querier, 2), [Abandonment]);
}

#[test]
fn an_empty_log_and_one_of_nobody_are_no_logs() {
    assert_eq!(Verifier::new(None, None).finish().findings[0].problem, LogProblem::Empty);
    let mut log = Log::sample();
    log.entries.clear();
    log.add(1, Event::Registered { party: "A".parse().unwrap(), key: key(2).public() });
    assert_eq!(log.problems(), [LogProblem::Opening]);
}
