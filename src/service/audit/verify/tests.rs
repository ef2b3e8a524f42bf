use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::*;
use crate::service::audit::samples::take_contents;
use crate::service::audit::{Consent, Event, Succession};
use crate::service::protocol::tests::request;
use crate::service::signing::{Name, Signed, SigningKey};

fn key(seed: u64) -> SigningKey {
    SigningKey::generate(&mut ChaCha20Rng::seed_from_u64(seed))
}

struct Log {
    entries: Vec<Entry>,
    /// The owner's key signs with this seed.
    key: u64,
    rng: ChaCha20Rng,
}

impl Log {
    fn add(&mut self, time: i64, event: Event) {
        let head = self.entries.last().map_or(Head::NONE, Entry::head);
        self.entries.push(Entry::new(event, Time::from_millis(time), &head, &key(self.key), &mut self.rng).unwrap());
    }

    /// A custodian's log of three requests that were answered, and one that was not yet.
    fn sample() -> Self {
        let mut log = Self { entries: Vec::new(), key: 1, rng: ChaCha20Rng::seed_from_u64(9) };
        log.add(1, Event::Opened { party: "B".parse().unwrap(), role: Role::Custodian });
        log.add(
            2,
            Event::Registered {
                party: "A-BORDER".parse().unwrap(),
                key: key(2).public(),
                introduced: None,
                ml_dsa: Vec::new(),
            },
        );
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
        let receipt = Receipt {
            request: digest,
            job: Name([number as u8; 16]),
            time: now,
            log: None,
            randomness: None,
            gallery: None,
        };
        self.add(time, Event::Receipt { statement: Signed::new(&receipt, &key(self.key)).unwrap() });
        if answered {
            let outcome =
                ReplyOutcome::Answered { answer_digest: Hash([4; 32]), gallery: 1, bits: 4, parts: None, root: None };
            let reply = Reply { request: asked, request_digest: digest, number, time: now, outcome, log: None };
            let statement = Signed::new(&reply, &key(self.key)).unwrap();
            let reply = statement.digest();
            self.add(time + 1, Event::Reply { statement });
            let said = Acknowledgement { request: digest, reply, time: now };
            self.add(time + 2, Event::Acknowledgement { statement: Signed::new(&said, &key(2)).unwrap() });
        }
    }

    fn report(&self) -> Report {
        self.report_retaining(0)
    }

    fn report_retaining(&self, days: u32) -> Report {
        let mut verifier = Verifier::new(Some(key(1).public()), None).retaining(days);
        self.entries.iter().for_each(|entry| verifier.entry(entry));
        verifier.finish()
    }

    fn problems(&self) -> Vec<LogProblem> {
        self.report().findings.into_iter().map(|finding| finding.problem).collect()
    }

    fn erase(&mut self, before: i64, at: i64) {
        let erasure = take_contents(&mut self.entries, before);
        self.add(at, erasure);
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
    let (all, whole) = (log.entries.clone(), log.report().head);
    let noted = log.entries.pop().unwrap();
    assert!(log.report().is_sound());
    assert_eq!(whole.size, noted.number);
    let mut verifier = Verifier::new(None, [whole]);
    log.entries.iter().for_each(|entry| verifier.entry(entry));
    assert_eq!(verifier.finish().findings.pop().unwrap().problem, LogProblem::Noted);
    // What was noted before the end is in the whole log.
    let mut verifier = Verifier::new(None, [log.report().head]);
    all.iter().for_each(|entry| verifier.entry(entry));
    assert!(verifier.finish().is_sound());
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
    log.add(
        9000,
        Event::Erased { before: Time::from_millis(99_999), through: 3, contents: 0, consents: vec![], orders: vec![] },
    );
    assert_eq!(log.problems(), [LogProblem::Erasure]);
}

#[test]
fn an_erasure_that_never_was_is_found_by_its_age_and_by_its_count() {
    const DAY_MS: i64 = 86_400_000;
    // Dropped, written anew, and "erased".
    let mut log = Log::sample();
    log.entries.truncate(4);
    let invented = |contents| Event::Erased {
        before: Time::from_millis(9000),
        through: 4,
        contents,
        consents: vec![],
        orders: vec![],
    };
    log.add(2000 * DAY_MS, invented(12));
    let found =
        |log: &Log| log.report_retaining(1096).findings.into_iter().map(|found| found.problem).collect::<Vec<_>>();
    use LogProblem::{EarlyErasure, ErasedCount, PartialErasure};
    assert_eq!(found(&log), [ErasedCount { told: 12, found: 0 }, PartialErasure]);
    log.entries.pop();
    log.add(10_000, invented(0));
    assert_eq!(found(&log), [EarlyErasure { party: "A-BORDER".parse().unwrap() }, PartialErasure]);

    // Chosen contents alone; twice in turn; and one sooner than agreed.
    let mut log = Log::sample();
    let chosen = log.entries[2].content.clone();
    let mut erasure = take_contents(&mut log.entries, 2500);
    log.entries[2].content = chosen;
    if let Event::Erased { contents, .. } = &mut erasure {
        *contents -= 1;
    }
    log.add(2000 * DAY_MS, erasure);
    assert_eq!(found(&log), [PartialErasure]);
    let mut log = Log::sample();
    log.erase(1500, 1500 * DAY_MS);
    log.erase(2500, 1600 * DAY_MS);
    assert_eq!(found(&log), []);
    log.entries.last_mut().unwrap().content = None;
    assert_eq!(found(&log), [LogProblem::Missing]);
    let mut log = Log::sample();
    log.erase(2500, 1000 * DAY_MS);
    assert_eq!(found(&log), [EarlyErasure { party: "A-BORDER".parse().unwrap() }]);
}

#[test]
fn the_other_party_consents_to_an_early_erasure_of_this_log_and_this_time() {
    let consent = Consent {
        party: "A-BORDER".parse().unwrap(),
        owner: "B".parse().unwrap(),
        role: Role::Custodian,
        before: Time::from_millis(2500),
        reason: "the trial is over".parse().unwrap(),
        time: Time::from_millis(8000),
    };
    let problems = |signed: Signed<Consent>| {
        let mut log = Log::sample();
        let mut erasure = take_contents(&mut log.entries, 2500);
        if let Event::Erased { consents, .. } = &mut erasure {
            consents.push(signed);
        }
        log.add(9000, erasure);
        log.report_retaining(1096).findings.len()
    };
    assert_eq!(problems(Signed::new(&consent, &key(2)).unwrap()), 0);
    assert_eq!(problems(Signed::new(&consent, &key(3)).unwrap()), 1, "signed by a stranger");
    for other in [
        Consent { party: "C".parse().unwrap(), ..consent.clone() },
        Consent { owner: "D".parse().unwrap(), ..consent.clone() },
        Consent { role: Role::Querier, ..consent.clone() },
        Consent { before: Time::from_millis(2499), ..consent },
    ] {
        assert_eq!(problems(Signed::new(&other, &key(2)).unwrap()), 1, "{other:?}");
    }
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
    let receipt = Receipt {
        request: Hash([1; 32]),
        job: Name([1; 16]),
        time: Time::ZERO,
        log: None,
        randomness: None,
        gallery: None,
    };
    log.add(9000, Event::Receipt { statement: Signed::new(&receipt, &key(1)).unwrap() });
    assert_eq!(log.problems(), [LogProblem::Unknown]);
    let mut log = Log::sample();
    log.add(9000, Event::Receipt { statement: Signed::new(&receipt, &key(2)).unwrap() });
    assert_eq!(log.problems(), [LogProblem::Signer { statement: "receipt" }, LogProblem::Unknown]);
}

#[test]
fn a_head_that_a_requester_was_told_is_one_of_this_log() {
    let receipt = |log| {
        let asked = Signed::new(&request("5", Time::from_millis(5000)), &key(2)).unwrap();
        let request = asked.digest();
        let receipt = Receipt {
            request,
            job: Name([5; 16]),
            time: Time::from_millis(5000),
            log,
            randomness: None,
            gallery: None,
        };
        (Event::Request { statement: asked }, Event::Receipt { statement: Signed::new(&receipt, &key(1)).unwrap() })
    };
    let told = |change: fn(TreeHead) -> TreeHead| {
        // The head behind the request, as it will be: entries of one log are the same, whoever writes them.
        let head = |log: &Log| log.report().head;
        let mut log = Log::sample();
        let (asked, _) = receipt(None);
        log.add(5000, asked);
        let before = change(head(&log));
        log.add(5000, receipt(Some(before)).1);
        log.problems()
    };
    assert_eq!(told(|head| head), []);
    let tree = [LogProblem::Tree { statement: "receipt" }];
    assert_eq!(told(|head| TreeHead { size: head.size - 1, ..head }), tree);
    assert_eq!(told(|head| TreeHead { root: Hash([1; 32]), ..head }), tree);
}

/// Set the clock ahead in a log that is written anew, and everything is old enough to be erased.
#[test]
fn a_log_of_the_future_is_found_by_the_clock_of_whoever_checks() {
    let mut log = Log::sample();
    let late = 4 * 365 * 86_400_000;
    log.erase(3500, late);
    let at = |millis| {
        let now = Time::from_millis(millis);
        let mut verifier = Verifier::new(Some(key(1).public()), None).at(now);
        log.entries.iter().for_each(|entry| verifier.entry(entry));
        verifier.finish().findings.into_iter().map(|finding| finding.problem).collect::<Vec<_>>()
    };
    assert_eq!(at(late), []);
    // Clocks differ.
    assert_eq!(at(late - 3_600_000), []);
    assert_eq!(at(9000), [LogProblem::Future { now: Time::from_millis(9000) }]);
}

#[test]
fn a_reply_is_dated_when_it_is_given_and_has_a_number_of_its_own() {
    use crate::service::audit::samples::Exchange;
    let replied = |time: i64, number: Option<u64>| {
        let mut exchange = Exchange::new().showing();
        let asked = request("1", Time::from_millis(time));
        let digest = exchange.ask(1, time, crate::service::audit::samples::Reached::Accepted);
        let log = exchange.custodian.head();
        let number = number.unwrap_or(log.size + 1);
        let outcome =
            ReplyOutcome::Answered { answer_digest: Hash([4; 32]), gallery: 1, bits: 4, parts: None, root: None };
        let time = Time::from_millis(50_000_000);
        let reply = Reply { request: asked, request_digest: digest, number, time, outcome, log: Some(log) };
        let statement = Signed::new(&reply, &key(1)).unwrap();
        exchange.custodian.add(50_000_000, Event::Reply { statement: statement.clone() });
        exchange.querier.add(50_000_000, Event::Reply { statement });
        [(exchange.custodian, 1), (exchange.querier, 2)].map(|(log, seed)| {
            let mut verifier = Verifier::new(Some(key(seed).public()), None);
            log.entries.iter().for_each(|entry| verifier.entry(entry));
            verifier.finish().findings.into_iter().map(|finding| finding.problem).collect::<Vec<_>>()
        })
    };
    assert_eq!(replied(49_000_000, None), [vec![], vec![]]);
    assert_eq!(replied(49_000_000, Some(9)), [vec![LogProblem::ReplyNumber { number: 9 }], vec![]]);
    let (said, at) = (Time::from_millis(50_000_000), Time::from_millis(60_000_000));
    for found in replied(60_000_000, None) {
        assert!(found.contains(&LogProblem::DatedReply { said, at }), "{found:?}");
    }
    // Two with one number, in the log of whoever asked.
    let mut exchange = Exchange::new().showing();
    for number in 1..=2 {
        exchange.ask(number, 1000, crate::service::audit::samples::Reached::Fetched);
    }
    let mut verifier = Verifier::new(Some(key(2).public()), None);
    let mut seen = None;
    for entry in &exchange.querier.entries {
        let Some(Event::Reply { statement }) = entry.event().unwrap() else {
            verifier.entry(entry);
            continue;
        };
        let said = statement.verify(None).unwrap();
        let number = *seen.get_or_insert(said.number);
        let again = Reply { number, ..said };
        let event = Event::Reply { statement: Signed::new(&again, &key(1)).unwrap() };
        let before = Head { number: entry.number - 1, hash: Hash([0; 32]), time: Time::ZERO };
        let rng = &mut ChaCha20Rng::seed_from_u64(3);
        verifier.entry(&Entry::new(event, entry.time, &before, &key(2), rng).unwrap());
    }
    let found = verifier.finish().findings;
    assert!(found.iter().any(|found| matches!(found.problem, LogProblem::ReplyNumber { .. })), "{found:?}");
}

#[test]
fn an_acknowledgement_of_another_reply_is_found() {
    let mut log = Log::sample();
    log.ask(5, 5000, false);
    let asked = Signed::new(&request("5", Time::from_millis(5000)), &key(2)).unwrap().digest();
    let outcome = ReplyOutcome::Answered { answer_digest: Hash([4; 32]), gallery: 1, bits: 4, parts: None, root: None };
    let asked_whole = request("5", Time::from_millis(5000));
    let reply = Reply { request: asked_whole, request_digest: asked, number: 5, time: Time::ZERO, outcome, log: None };
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
    exchange.custodian.add(8500, Event::Abandoned { request: answered, statement: None });
    use LogProblem::{Abandonment, Twice, Unknown};
    assert_eq!(problems(&exchange.querier, 2), [Twice { statement: "abandonment" }, Abandonment, Unknown]);
    assert_eq!(problems(&exchange.custodian, 1), [Abandonment], "nobody has signed it");

    // A custodian is told so, also when it has replied, and where it has lost the request; once, and by the requester.
    let told = |log: &mut Log, request, seed| {
        let said =
            Signed::new(&crate::service::protocol::Abandonment { request, time: Time::from_millis(8500) }, &key(seed))
                .unwrap();
        log.add(8500, Event::Abandoned { request, statement: Some(said) });
    };
    let mut exchange = Exchange::sample();
    let answered = exchange.ask(8, 8000, Reached::Delivered);
    told(&mut exchange.custodian, answered, 2);
    told(&mut exchange.custodian, Hash([1; 32]), 2);
    assert_eq!(problems(&exchange.custodian, 1), []);
    told(&mut exchange.custodian, answered, 2);
    assert_eq!(problems(&exchange.custodian, 1), [Abandonment]);
    let mut exchange = Exchange::sample();
    told(&mut exchange.custodian, Hash([1; 32]), 4);
    assert_eq!(problems(&exchange.custodian, 1), [LogProblem::Signer { statement: "abandonment" }]);

    // Gone on with.
    let mut exchange = Exchange::new();
    let asked = request("1", Time::from_millis(1000));
    let digest = Signed::new(&asked, &key(2)).unwrap().digest();
    exchange.ask(1, 1000, Reached::Made);
    exchange.abandon(digest, 1001);
    let receipt = Receipt {
        request: digest,
        job: Name([1; 16]),
        time: Time::from_millis(1002),
        log: None,
        randomness: None,
        gallery: None,
    };
    exchange.querier.add(1002, Event::Receipt { statement: Signed::new(&receipt, &key(1)).unwrap() });
    assert_eq!(problems(&exchange.querier, 2), [Abandonment]);
}

#[test]
fn an_empty_log_and_one_of_nobody_are_no_logs() {
    assert_eq!(Verifier::new(None, None).finish().findings[0].problem, LogProblem::Empty);
    let mut log = Log::sample();
    log.entries.clear();
    log.add(
        1,
        Event::Registered { party: "A".parse().unwrap(), key: key(2).public(), introduced: None, ml_dsa: Vec::new() },
    );
    assert_eq!(log.problems(), [LogProblem::Opening]);
}

/// What a clock that is four years ahead has done, and the entry that says so.
#[test]
fn a_clock_that_was_ahead_is_got_over_and_made_nothing_old() {
    let late = 4 * 365 * 86_400_000;
    let corrected = |log: &mut Log, ahead: i64, time: i64| {
        let head = log.entries.last().unwrap().head();
        let (time, ahead) = (Time::from_millis(time), Time::from_millis(ahead));
        let event = Event::Clock { ahead, reason: "a test".parse().unwrap() };
        log.entries.push(Entry::new(event, time, &Head { time, ..head }, &key(1), &mut log.rng).unwrap());
    };
    let problems = |log: &Log| -> Vec<LogProblem> {
        log.report_retaining(RETENTION_DAYS).findings.into_iter().map(|finding| finding.problem).collect()
    };
    let mut log = Log::sample();
    log.add(late, Event::Breaker { pulled: true, reason: "late".parse().unwrap(), orders: Vec::new() });
    corrected(&mut log, late, 5000);
    log.ask(5, 6000, true);
    assert_eq!((problems(&log), log.report().corrections), (vec![], 1));
    // It goes back by no more than it says, and never ahead.
    let mut other = Log::sample();
    corrected(&mut other, late, 5000);
    assert_eq!(problems(&other), [LogProblem::Time]);
    let mut back = Log::sample();
    back.add(late, Event::Breaker { pulled: true, reason: "late".parse().unwrap(), orders: Vec::new() });
    let entry = Entry::new(
        Event::Breaker { pulled: false, reason: "back".parse().unwrap(), orders: Vec::new() },
        Time::from_millis(5000),
        &Head { time: Time::ZERO, ..back.entries.last().unwrap().head() },
        &key(1),
        &mut back.rng,
    );
    back.entries.push(entry.unwrap());
    assert_eq!(problems(&back), [LogProblem::Time]);
    // Set ahead, erased, set back: as whoever wants something gone would do it.
    let mut hidden = Log::sample();
    let erasure = take_contents(&mut hidden.entries, 3500);
    hidden.add(late, erasure);
    assert_eq!(problems(&hidden), []);
    corrected(&mut hidden, late, 5000);
    assert_eq!(problems(&hidden), [LogProblem::ErasureByClock]);
}

/// The owner's key turns over, and a requester's; and those who would like to introduce theirs.
#[test]
fn keys_are_followed_from_one_to_the_next_and_from_nobody_elses() {
    let succession = |party: &str, role: Role, by: u64, to: u64| {
        Succession::signed((&party.parse().unwrap(), role), (&key(by), &key(to)), Time::ZERO).unwrap()
    };
    let problems = |log: &Log, with: u64| -> Vec<LogProblem> {
        let mut verifier = Verifier::new(Some(key(with).public()), None).retaining(0);
        log.entries.iter().for_each(|entry| verifier.entry(entry));
        verifier.finish().findings.into_iter().map(|finding| finding.problem).collect()
    };
    let mut log = Log::sample();
    log.add(6000, Event::Succession { statement: succession("B", Role::Custodian, 1, 10) });
    log.key = 10;
    log.ask(5, 7000, true);
    let introduced = Some(succession("A-BORDER", Role::Querier, 2, 20));
    let a_border = || "A-BORDER".parse().unwrap();
    log.add(
        8000,
        Event::Registered {
            party: a_border(),
            key: key(20).public(),
            introduced: introduced.clone(),
            ml_dsa: Vec::new(),
        },
    );
    assert_eq!(problems(&log, 1), []);
    let report = {
        let mut verifier = Verifier::new(Some(key(1).public()), None).retaining(0);
        log.entries.iter().for_each(|entry| verifier.entry(entry));
        verifier.finish()
    };
    assert_eq!((report.first_key, report.key), (Some(key(1).public()), Some(key(10).public())));
    assert_eq!(report.reregistered, 0);
    // A requester's key that nobody introduces is told of; one that another introduces is a finding.
    log.add(8001, Event::Registered { party: a_border(), key: key(21).public(), introduced: None, ml_dsa: Vec::new() });
    assert_eq!((problems(&log, 1), log.report().reregistered), (vec![], 1));
    log.add(8002, Event::Registered { party: a_border(), key: key(22).public(), introduced, ml_dsa: Vec::new() });
    assert_eq!(problems(&log, 1), [LogProblem::Introduction]);
    // Whoever has the key of before cannot go on with it.
    log.key = 1;
    log.add(9000, Event::Breaker { pulled: true, reason: "the old key".parse().unwrap(), orders: Vec::new() });
    assert_eq!(problems(&log, 1), [LogProblem::Introduction, LogProblem::Signature]);

    for forged in [
        succession("B", Role::Custodian, 10, 10),
        succession("A-BORDER", Role::Custodian, 1, 10),
        succession("B", Role::Querier, 1, 10),
    ] {
        let mut log = Log::sample();
        log.add(6000, Event::Succession { statement: forged });
        assert_eq!(problems(&log, 1), [LogProblem::Introduction]);
        log.key = 10;
        log.add(7000, Event::Breaker { pulled: true, reason: "another".parse().unwrap(), orders: Vec::new() });
        assert_eq!(problems(&log, 1), [LogProblem::Introduction, LogProblem::Signature]);
    }
}

#[test]
fn canaries_are_counted_in_a_queriers_log_and_what_cannot_be_is_found() {
    use crate::service::audit::samples::{Exchange, Reached};
    let report = |exchange: &Exchange, custodian: bool| {
        let (log, seed) = if custodian { (&exchange.custodian, 1) } else { (&exchange.querier, 2) };
        let mut verifier = Verifier::new(Some(crate::service::audit::samples::key(seed).public()), None);
        log.entries.iter().for_each(|entry| verifier.entry(entry));
        verifier.finish()
    };
    let told = |asked, found, times: usize| {
        let mut exchange = Exchange::new();
        let request = exchange.ask(1, 1000, Reached::Delivered);
        for _ in 0..times {
            exchange.querier.add(2000, Event::Canaries { request, asked, found });
        }
        report(&exchange, false)
    };
    let sound = told(4, 3, 1);
    assert!(sound.is_sound(), "{:?}", sound.findings);
    assert_eq!((sound.statements.canaries, sound.statements.canaries_found), (4, 3));
    // More than were asked about, or were found; a second time; before there is a reply; of no request.
    for (asked, found, times) in [(5, 3, 1), (3, 4, 1), (4, 4, 2)] {
        let problems: Vec<_> = told(asked, found, times).findings.into_iter().map(|finding| finding.problem).collect();
        assert_eq!(problems, [LogProblem::Canaries], "{asked} {found} {times}");
    }
    let mut early = Exchange::new();
    let request = early.ask(1, 1000, Reached::Accepted);
    early.querier.add(2000, Event::Canaries { request, asked: 4, found: 4 });
    early.querier.add(2000, Event::Canaries { request: Hash([9; 32]), asked: 1, found: 1 });
    let problems: Vec<_> = report(&early, false).findings.into_iter().map(|finding| finding.problem).collect();
    assert_eq!(problems, [LogProblem::Canaries, LogProblem::Unknown]);
    // A custodian knows of none.
    let mut custodian = Exchange::new();
    let request = custodian.ask(1, 1000, Reached::Delivered);
    custodian.custodian.add(2000, Event::Canaries { request, asked: 4, found: 4 });
    let problems: Vec<_> = report(&custodian, true).findings.into_iter().map(|finding| finding.problem).collect();
    assert_eq!(problems, [LogProblem::Canaries]);
}

#[test]
fn a_second_signature_that_is_registered_is_missed_and_so_is_its_key() {
    let registered = |seeds: &[u64]| Event::Registered {
        party: "A-BORDER".parse().unwrap(),
        key: key(2).public(),
        introduced: None,
        ml_dsa: seeds.iter().map(|seed| key(*seed).lattice_key().unwrap()).collect(),
    };
    let asked = |number: u64| Signed::new(&request(&number.to_string(), Time::from_millis(9000)), &key(2)).unwrap();
    // What was said before it was registered is as it was.
    let mut log = Log::sample();
    log.add(8000, registered(&[2]));
    log.ask(5, 9000, true);
    assert_eq!((log.problems(), log.report().reregistered), (vec![], 0));
    let sound = log.entries.len();
    let missing = |error: StatementError| LogProblem::Statement { statement: Request::KIND, reason: error.to_string() };
    log.add(9000, Event::Request { statement: asked(6).once() });
    assert_eq!(log.problems(), [missing(StatementError::Once)]);
    // Beside the first signature of a key that somebody can forge, another one's second.
    let other = Signed::new(&request("6", Time::from_millis(9000)), &key(3)).unwrap().to_json();
    let second = other.split("\"ml_dsa\":").nth(1).unwrap();
    let (statement, rest) =
        asked(6).to_json().split_once("\"ml_dsa\":").map(|(head, _)| (head.to_owned(), second)).unwrap();
    log.entries.truncate(sound);
    log.add(9000, Event::Request { statement: Signed::from_json(&format!("{statement}\"ml_dsa\":{rest}")).unwrap() });
    assert_eq!(log.problems(), [missing(StatementError::Second)]);
    // The key is dropped, or another stands in its place; beside it another may.
    for (after, found) in [(&[][..], true), (&[3][..], true), (&[3, 2][..], false)] {
        log.entries.truncate(sound);
        log.add(9000, registered(after));
        let expected: &[LogProblem] = match found {
            true => &[LogProblem::SecondKey { party: "A-BORDER".parse().unwrap() }],
            false => &[],
        };
        assert_eq!(log.problems(), expected, "{after:?}");
    }
}

/// A second key that another has followed signs beside the key of its time, and not beside the one of now.
#[test]
fn a_second_key_of_before_does_not_count_beside_the_key_of_now() {
    let asker: Code = "A-BORDER".parse().unwrap();
    let introduction =
        Succession::signed((&asker, Role::Querier), (&key(2), &key(4)), Time::from_millis(8000)).unwrap();
    let registered = |seed: u64, introduced, ml_dsa: &[u64]| Event::Registered {
        party: asker.clone(),
        key: key(seed).public(),
        introduced,
        ml_dsa: ml_dsa.iter().map(|seed| key(*seed).lattice_key().unwrap()).collect(),
    };
    let asked = |seed: u64| Signed::new(&request("5", Time::from_millis(9000)), &key(seed)).unwrap();
    for (order, found) in [([4, 2], false), ([2, 4], true)] {
        let mut log = Log::sample();
        log.add(7000, registered(2, None, &[2]));
        log.add(8000, registered(4, Some(introduction.clone()), &order));
        log.add(9000, Event::Request { statement: asked(4) });
        let reason = StatementError::Second.to_string();
        let problem = LogProblem::Statement { statement: Request::KIND, reason };
        assert_eq!(log.problems(), if found { vec![problem] } else { vec![] }, "{order:?}");
    }
}
