use std::collections::BTreeMap;

use super::*;
use crate::service::audit::samples::{Exchange, Log, Reached, key, take_contents};
use crate::service::audit::{Consent, Divergence, Event};
use crate::service::protocol::{Reason, ReplyOutcome, Standing, tests::request};
use crate::service::signing::Signed;
use crate::service::time::Time;
use crate::service::tree::TreeHead;

fn read(log: &Log) -> Statements {
    let mut statements = Statements::new().retaining(0).signed_with(&[log.public()]);
    log.entries.iter().for_each(|entry| statements.entry(entry));
    statements
}

fn compared(exchange: &Exchange) -> Comparison {
    let comparison = compare(read(&exchange.custodian), read(&exchange.querier)).unwrap();
    let turned = compare(read(&exchange.querier), read(&exchange.custodian)).unwrap();
    assert_eq!(serde_json::to_string(&comparison).unwrap(), serde_json::to_string(&turned).unwrap());
    comparison
}

fn findings(exchange: &Exchange) -> Vec<Disagreement> {
    compared(exchange).findings.into_iter().map(|found| found.what).collect()
}

fn notes(exchange: &Exchange) -> Vec<Note> {
    let comparison = compared(exchange);
    assert_eq!(comparison.findings, []);
    comparison.notes.into_iter().map(|noted| noted.what).collect()
}

fn kind(event: &Event) -> Option<&'static str> {
    match event {
        Event::Request { .. } => Some("request"),
        Event::Receipt { .. } => Some("receipt"),
        Event::Reply { .. } => Some("reply"),
        Event::Acknowledgement { .. } => Some("acknowledgement"),
        _ => None,
    }
}

#[test]
fn logs_of_one_exchange_agree() {
    let exchange = Exchange::sample();
    let comparison = compared(&exchange);
    assert!(comparison.is_sound() && comparison.notes.is_empty(), "{comparison:?}");
    assert_eq!((comparison.requests, comparison.same, comparison.excused), (4, 14, 0));
    assert_eq!((comparison.custodian.as_str(), comparison.querier.as_str()), ("B", "A-BORDER"));
}

#[test]
fn what_is_under_way_is_noted_and_nobody_s_fault() {
    for (reached, expected) in [
        (Reached::Made, vec![Note::NotAccepted]),
        (Reached::Received, vec![Note::ReceiptNotArrived]),
        (Reached::Accepted, vec![]),
        (Reached::Replied, vec![Note::NotFetched]),
        (Reached::Fetched, vec![]),
        (Reached::Acknowledged, vec![Note::NotDelivered]),
        (Reached::Delivered, vec![]),
    ] {
        let mut exchange = Exchange::sample();
        exchange.ask(7, 7000, reached);
        assert_eq!(notes(&exchange), expected);
    }
}

#[test]
fn what_the_querier_has_abandoned_is_noted_beside_what_is_under_way() {
    for (reached, expected) in [
        (Reached::Made, vec![Note::Abandoned]),
        (Reached::Received, vec![Note::Abandoned, Note::ReceiptNotArrived]),
        (Reached::Accepted, vec![Note::Abandoned]),
        (Reached::Replied, vec![Note::Abandoned, Note::NotFetched]),
    ] {
        let mut exchange = Exchange::sample();
        let request = exchange.ask(7, 7000, reached);
        exchange.abandon(request, 8000);
        assert_eq!(notes(&exchange), expected);
    }
}

#[test]
fn each_statement_that_either_party_leaves_out_is_found() {
    for omitted in ["request", "receipt", "reply", "acknowledgement"] {
        for log in [Role::Custodian, Role::Querier] {
            let mut exchange = Exchange::sample();
            let mut left = 1;
            let cheat = if log == Role::Custodian { &mut exchange.custodian } else { &mut exchange.querier };
            cheat.rewrite(|event| {
                let leave = kind(&event) == Some(omitted) && std::mem::take(&mut left) == 1;
                (!leave).then_some(event)
            });
            let expected = Disagreement::Missing { statement: omitted, log };
            // An acknowledgement that the custodian leaves out may not have arrived: only the querier loses by that.
            match (omitted, log) {
                ("acknowledgement", Role::Custodian) => assert_eq!(notes(&exchange), [Note::NotDelivered]),
                _ => assert_eq!(findings(&exchange), [expected], "{omitted} of {log}"),
            }
        }
    }
}

#[test]
fn a_request_that_either_party_leaves_out_as_if_it_had_never_been_is_found() {
    for log in [Role::Custodian, Role::Querier] {
        let mut exchange = Exchange::sample();
        let place = if log == Role::Custodian { &mut exchange.custodian } else { &mut exchange.querier };
        // The second of three: four statements.
        let mut seen = BTreeMap::new();
        place.rewrite(|event| {
            let nth: &mut u32 = seen.entry(kind(&event).unwrap_or_default()).or_default();
            *nth += 1;
            (kind(&event).is_none() || *nth != 2).then_some(event)
        });
        let comparison = compared(&exchange);
        assert!(!comparison.is_sound());
        assert!(comparison.findings.iter().all(|found| found.number == Some("2".parse().unwrap())));
        assert_eq!(comparison.findings[0].what, Disagreement::Missing { statement: "request", log });
    }
}

#[test]
fn a_log_whose_end_was_cut_is_found_beside_the_other() {
    for cut in 1..12 {
        let mut exchange = Exchange::sample();
        exchange.custodian.entries.truncate(exchange.custodian.entries.len() - cut);
        assert!(exchange.custodian.is_sound());
        assert!(!compared(&exchange).is_sound(), "custodian, {cut}");
    }
    // A querier that cuts its log cannot have forgotten a request; a receipt may be under way.
    for cut in 2..12 {
        let mut exchange = Exchange::sample();
        exchange.querier.entries.truncate(exchange.querier.entries.len() - cut);
        assert!(!compared(&exchange).is_sound(), "querier, {cut}");
    }
}

#[test]
fn statements_that_were_made_anew_are_found() {
    // The custodian signs another reply for its own log; likewise a receipt.
    let mut exchange = Exchange::sample();
    exchange.ask(7, 7000, Reached::Fetched);
    exchange.custodian.rewrite(|event| match event {
        Event::Reply { statement } => {
            let reply = statement.verify(None).unwrap();
            let outcome = match reply.request.number.as_str() {
                "7" => ReplyOutcome::Answered {
                    answer_digest: Hash([9; 32]),
                    gallery: 1,
                    bits: 4,
                    parts: None,
                    root: None,
                },
                _ => return Some(Event::Reply { statement }),
            };
            Some(Event::Reply { statement: Signed::new(&Reply { outcome, ..reply }, &key(1)).unwrap() })
        }
        other => Some(other),
    });
    assert_eq!(findings(&exchange), [Disagreement::Different { statement: "reply" }]);

    // One that was acknowledged shows twice.
    let mut exchange = Exchange::sample();
    exchange.querier.rewrite(|event| match event {
        Event::Acknowledgement { statement } => {
            let said = Acknowledgement { reply: Hash([1; 32]), ..statement.verify(None).unwrap() };
            Some(Event::Acknowledgement { statement: Signed::new(&said, &key(2)).unwrap() })
        }
        other => Some(other),
    });
    let found = findings(&exchange);
    assert_eq!(found.len(), 6, "{found:?}");
    assert!(found.contains(&Disagreement::Different { statement: "acknowledgement" }));
    assert!(found.contains(&Disagreement::OtherReply { log: Role::Querier }));

    let mut exchange = Exchange::sample();
    exchange.custodian.rewrite(|event| match event {
        Event::Receipt { statement } => {
            let receipt = statement.verify(None).unwrap();
            let receipt = Receipt { time: receipt.time.plus_days(1), ..receipt };
            Some(Event::Receipt { statement: Signed::new(&receipt, &key(1)).unwrap() })
        }
        other => Some(other),
    });
    assert_eq!(findings(&exchange), vec![Disagreement::Different { statement: "receipt" }; 4]);
}

#[test]
fn a_statement_under_another_key_is_found() {
    let mut exchange = Exchange::new();
    exchange.custodian.register("A-BORDER", 8);
    exchange.ask(1, 1000, Reached::Delivered);
    exchange.custodian.rewrite(|event| match event {
        Event::Request { statement } => {
            Some(Event::Request { statement: Signed::new(&statement.verify(None).unwrap(), &key(8)).unwrap() })
        }
        other => Some(other),
    });
    assert_eq!(findings(&exchange), [Disagreement::Signer { statement: "request" }]);
}

#[test]
fn erasure_excuses_what_is_older_and_nothing_else() {
    const DAY_MS: i64 = 86_400_000;
    for log in [Role::Custodian, Role::Querier] {
        let mut exchange = Exchange::new();
        exchange.ask(1, DAY_MS, Reached::Delivered);
        exchange.ask(2, 9 * DAY_MS, Reached::Delivered);
        let place = if log == Role::Custodian { &mut exchange.custodian } else { &mut exchange.querier };
        place.erase(5 * DAY_MS, 20 * DAY_MS);
        let comparison = compared(&exchange);
        assert!(comparison.is_sound() && comparison.notes.is_empty(), "{comparison:?}");
        assert_eq!((comparison.requests, comparison.same, comparison.excused), (2, 4, 4));
        // Where something younger is gone as well, that is found.
        let place = if log == Role::Custodian { &mut exchange.custodian } else { &mut exchange.querier };
        for entry in &mut place.entries {
            if entry.event().unwrap().is_some_and(|event| event.is_erasable()) {
                entry.content = None;
            }
        }
        assert_eq!(compared(&exchange).findings.len(), if log == Role::Custodian { 3 } else { 4 });
    }
    // Who has dropped entries, and tells of an erasure, has none for them.
    for log in [Role::Custodian, Role::Querier] {
        let mut exchange = Exchange::new();
        exchange.ask(1, DAY_MS, Reached::Delivered);
        exchange.ask(2, DAY_MS, Reached::Delivered);
        let place = if log == Role::Custodian { &mut exchange.custodian } else { &mut exchange.querier };
        place.entries.truncate(if log == Role::Custodian { 3 } else { 2 });
        place.erase(5 * DAY_MS, 20 * DAY_MS);
        let found = findings(&exchange);
        // What may not have arrived need not have been there.
        let statements = if log == Role::Custodian { 6 } else { 8 };
        assert_eq!(found, [Disagreement::NotErased { log, statements }]);
    }
    // Both have erased, by clocks of their own.
    let mut exchange = Exchange::new();
    exchange.ask(1, 5 * DAY_MS, Reached::Delivered);
    exchange.custodian.erase(5 * DAY_MS + 15, 20 * DAY_MS);
    exchange.querier.erase(5 * DAY_MS + 1, 20 * DAY_MS);
    assert!(compared(&exchange).is_sound());
}

/// As many entries without content as there were statements, an erasure that tells of them, and nobody who was asked.
fn hidden(exchange: &Exchange, consents: Vec<Signed<Consent>>) -> Log {
    let mut log = Log::new("B", Role::Custodian, 1);
    log.register("A-BORDER", 2);
    log.register("C", 3);
    for entry in exchange.custodian.entries.iter().skip(3) {
        log.add(entry.time.millis(), Event::Deleted { request: Hash([entry.number as u8; 32]) });
    }
    let at = log.entries.last().unwrap().time.millis() + 1;
    let Event::Erased { before, through, contents, orders, .. } = take_contents(&mut log.entries, at) else { panic!() };
    log.add(at, Event::Erased { before, through, contents, orders, consents });
    assert!(log.is_sound());
    log
}

/// Whoever writes its log anew, with everything erased, leaves what it has shown of it.
#[test]
fn a_log_that_is_not_the_one_that_was_shown_is_found_whatever_is_erased() {
    let mut exchange = Exchange::new().showing();
    for number in 1..4 {
        exchange.ask(number, 1000 * i64::from(number), Reached::Delivered);
    }
    assert_eq!(findings(&exchange), []);
    let shown = exchange.custodian.entries.len();
    let forged = hidden(&exchange, vec![]);
    // Its own erasure leaves the tree as it is.
    exchange.custodian.erase(5000, 5000);
    assert_eq!(findings(&exchange), []);
    exchange.custodian = forged;
    assert_eq!(findings(&exchange), [Disagreement::Heads { heads: 6, size: 4 }]);
    // Also one that has lost its end, and nothing else.
    exchange.custodian.entries.truncate(shown - 5);
    assert!(findings(&exchange).contains(&Disagreement::Heads { heads: 6, size: 4 }));
    // Where the querier's operator has gone on from it, that is told, and what comes later is held to it.
    exchange.custodian = hidden(&exchange, vec![]);
    let (custodian, head) = ("B".parse().unwrap(), exchange.custodian.head());
    let reason = "restored".parse().unwrap();
    exchange.querier.add(9000, Event::Trusted { custodian, seen: None, head, reason });
    exchange.ask(7, 9000, Reached::Delivered);
    assert!(!findings(&exchange).iter().any(|found| matches!(found, Disagreement::Heads { .. })));
    assert!(compared(&exchange).notes.iter().any(|noted| noted.what == Note::Trusted));
    let end = exchange.custodian.entries.len() - 4;
    exchange.custodian.entries.truncate(end);
    assert!(findings(&exchange).contains(&Disagreement::Heads { heads: 2, size: end as u64 + 1 }));
}

/// A log that begins anew, with a key of its own, is not the one whose heads the other key has signed.
#[test]
fn heads_are_held_to_whatever_key_a_log_is_signed_with_and_whatever_else_that_key_is_called() {
    let mut exchange = Exchange::new().showing();
    exchange.ask(1, 1000, Reached::Delivered);
    exchange.querier.register("B", 7);
    exchange.querier.register("B-TOO", 1);
    let mut anew = Log::new("B", Role::Custodian, 7);
    anew.register("A-BORDER", 2);
    for number in 0..6 {
        anew.add(1022, Event::Deleted { request: Hash([number; 32]) });
    }
    let erasure = take_contents(&mut anew.entries, 1023);
    anew.add(1023, erasure);
    exchange.custodian = anew;
    let found = findings(&exchange);
    assert!(found.contains(&Disagreement::Heads { heads: 2, size: 4 }), "{found:?}");
}

/// What the custodian has shown of another log, signed, and the querier has kept.
#[test]
fn a_divergence_that_the_custodian_has_signed_is_held_to() {
    let divergence = |shown: TreeHead, seed| {
        let (custodian, time) = ("B".parse().unwrap(), Time::from_millis(4000));
        let standing = Standing { custodian, log: shown, time };
        let statement = Signed::new(&standing, &key(seed)).unwrap().to_json();
        Event::Diverged(Divergence { custodian: standing.custodian, seen: TreeHead::EMPTY, shown, statement })
    };
    let found = |shown: Option<TreeHead>, seed| {
        let mut exchange = Exchange::sample();
        let shown = shown.unwrap_or_else(|| exchange.custodian.head());
        exchange.querier.add(9000, divergence(shown, seed));
        findings(&exchange)
    };
    let other = TreeHead { size: 4, root: Hash([3; 32]) };
    assert_eq!(found(Some(other), 1), [Disagreement::Heads { heads: 1, size: 4 }]);
    assert_eq!(found(None, 1), []);
    // Of somebody else it says nothing.
    assert_eq!(found(Some(other), 9), []);
}

/// What the custodian has accepted names a head of its log as well, signed by the querier.
#[test]
fn a_head_that_a_request_names_is_held_to() {
    for forged in [false, true] {
        let mut exchange = Exchange::new();
        let mut seen = exchange.custodian.head();
        seen.root.0[0] ^= u8::from(forged);
        let asked = Request { seen: Some(seen), ..request("1", Time::from_millis(1000)) };
        exchange.follow(asked, ReplyOutcome::Unanswered { reason: Reason::Cancelled }, Reached::Delivered);
        let expected = if forged { vec![Disagreement::Heads { heads: 1, size: 3 }] } else { vec![] };
        assert_eq!(findings(&exchange), expected);
    }
}

/// An erasure of what is young takes the other party: with a key of its own log, and before as after it is registered.
#[test]
fn a_consent_that_the_other_party_has_not_signed_excuses_nothing() {
    let read = |log: &Log| {
        let mut statements = Statements::new().signed_with(&[log.public()]);
        log.entries.iter().for_each(|entry| statements.entry(entry));
        statements
    };
    let compared = |exchange: &Exchange| {
        let found = compare(read(&exchange.custodian), read(&exchange.querier)).unwrap().findings;
        found.into_iter().map(|found| found.what).collect::<Vec<_>>()
    };
    let consent = |party: &str, seed| {
        let (party, owner) = (party.parse().unwrap(), "B".parse().unwrap());
        let (before, reason) = (Time::from_millis(1022), "they moved".parse().unwrap());
        let said = Consent { party, owner, role: Role::Custodian, before, reason, time: before };
        Signed::new(&said, &key(seed)).unwrap()
    };
    let forged = |consents| {
        let mut exchange = Exchange::new();
        exchange.ask(1, 1000, Reached::Delivered);
        exchange.custodian = hidden(&exchange, consents);
        compared(&exchange)
    };
    // That of another erasure, in another log, is none to this one.
    let replayed = {
        let said = consent("A-BORDER", 2).verify(None).unwrap();
        let owner = "ELSE".parse().unwrap();
        Signed::new(&Consent { owner, role: Role::Querier, before: Time::ZERO, ..said }, &key(2)).unwrap()
    };
    for (consents, invented) in
        [(vec![], false), (vec![consent("A-BORDER", 9)], true), (vec![consent("C", 3)], false), (vec![replayed], false)]
    {
        let found = forged(consents);
        let expected = Disagreement::Consent { log: Role::Custodian, party: "A-BORDER".parse().unwrap() };
        assert_eq!(found.contains(&expected), invented);
        let missing = |found: &&Disagreement| matches!(found, Disagreement::Missing { log: Role::Custodian, .. });
        assert_eq!(found.iter().filter(missing).count(), 3, "{found:?}");
    }
    assert_eq!(forged(vec![consent("A-BORDER", 2)]), []);
}

/// Who replies says when, and may say that it was long ago.
#[test]
fn a_reply_that_is_dated_back_is_not_excused_for_its_age() {
    const DAY_MS: i64 = 86_400_000;
    let mut exchange = Exchange::new();
    exchange.ask(1, DAY_MS, Reached::Delivered);
    exchange.custodian.erase(2 * DAY_MS, 9 * DAY_MS);
    let asked = exchange.ask(2, 9 * DAY_MS, Reached::Accepted);
    let outcome = ReplyOutcome::Answered { answer_digest: Hash([4; 32]), gallery: 1, bits: 4, parts: None, root: None };
    let request = request("2", Time::from_millis(9 * DAY_MS));
    let reply = Reply { request, request_digest: asked, number: 9, time: Time::ZERO, outcome, log: None };
    exchange.querier.add(9 * DAY_MS, Event::Reply { statement: Signed::new(&reply, &key(1)).unwrap() });
    assert_eq!(findings(&exchange), [Disagreement::Missing { statement: "reply", log: Role::Custodian }]);
}

#[test]
fn other_queriers_and_other_custodians_are_left_alone() {
    let mut exchange = Exchange::sample();
    let asked = Request { requester: "C".parse().unwrap(), ..request("1", Time::from_millis(9000)) };
    exchange.custodian.add(9000, Event::Request { statement: Signed::new(&asked, &key(3)).unwrap() });
    exchange.querier.register("D", 4);
    let asked = Signed::new(&request("9", Time::from_millis(9000)), &key(2)).unwrap();
    let receipt = Receipt {
        request: asked.digest(),
        job: crate::service::signing::Name([0; 16]),
        time: Time::from_millis(9000),
        log: None,
        randomness: None,
        gallery: None,
    };
    exchange.querier.add(9000, Event::Request { statement: asked });
    exchange.querier.add(9000, Event::Receipt { statement: Signed::new(&receipt, &key(4)).unwrap() });
    let comparison = compared(&exchange);
    assert!(comparison.is_sound() && comparison.notes.is_empty(), "{comparison:?}");
    assert_eq!((comparison.requests, comparison.elsewhere), (4, 1));
}

#[test]
fn logs_of_strangers_and_of_one_role_do_not_pass() {
    let exchange = Exchange::sample();
    let again = || compare(read(&exchange.custodian), read(&exchange.custodian)).err();
    assert_eq!(again(), Some(CompareError::Role(Role::Custodian)));
    assert_eq!(compare(read(&exchange.querier), Statements::new()).err(), Some(CompareError::Owner));
    let mut stranger = Exchange::new();
    stranger.querier = Log::new("Z", Role::Querier, 5);
    stranger.querier.register("B", 1);
    let found = findings(&stranger);
    assert_eq!(found, [Disagreement::Stranger { log: Role::Custodian, party: "Z".parse().unwrap() }]);
    // A custodian that has wiped its log of a querier.
    let mut exchange = Exchange::sample();
    exchange.custodian.entries.truncate(1);
    let found = findings(&exchange);
    assert_eq!(found.len(), 1 + 4 + 4 + 3, "{found:?}");
}
