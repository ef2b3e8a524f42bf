//! An outbox as people look at it: paged, counted, charged.

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::*;
use crate::service::audit::Role;
use crate::service::protocol::tests::request;
use crate::service::protocol::{FREE_CANCELLATIONS, Reason, ReplyOutcome};
use crate::service::store::places::on_both;

fn key(seed: u64) -> SigningKey {
    SigningKey::generate(&mut ChaCha20Rng::seed_from_u64(seed))
}

fn opened(location: Location) -> Outbox {
    let owner = Owner { party: "A-BORDER".parse().unwrap(), role: Role::Querier, key: key(1) };
    Outbox::open(location, owner, Box::new(ChaCha20Rng::seed_from_u64(2)), Time::ZERO).unwrap()
}

fn at(time: &str) -> Time {
    format!("{time}:00.000Z").parse().unwrap()
}

fn number(number: u64) -> Code {
    number.to_string().parse().unwrap()
}

/// Prepares a request with so many probes.
fn ask(outbox: &mut Outbox, of: u64, probes: u32, time: Time, canaries: bool) {
    let asked = Request { probes, ..request(&of.to_string(), time) };
    let prepared = OutboxRequest {
        number: number(of),
        agreement: asked.agreement,
        custodian: "https://b.example".to_owned(),
        statement: outbox.sign(&asked).unwrap(),
        query: Some(vec![7; 100]),
        pending: Some(vec![8; 100].into()),
        state: RequestState::Prepared,
        job: None,
        reply: None,
        answer: None,
        verdicts: None,
        nonce: None,
    };
    match canaries {
        true => assert!(outbox.prepare_canaries(&prepared, time).unwrap()),
        false => assert!(outbox.prepare(&prepared, time).unwrap()),
    }
}

/// Has the custodian accept it.
fn accept(outbox: &mut Outbox, of: u64, time: Time) {
    let request = outbox.request(&number(of)).unwrap().unwrap().statement.digest();
    let receipt = Receipt { request, job: Name([4; 16]), time, log: None, randomness: None, gallery: None };
    outbox.accepted(&number(of), &receipt.job, &Signed::new(&receipt, &key(9)).unwrap(), time).unwrap();
}

/// Has the custodian reply to it, by an entry of its log.
fn reply(outbox: &mut Outbox, of: u64, entry: u64, outcome: ReplyOutcome, time: Time) {
    let statement = outbox.request(&number(of)).unwrap().unwrap().statement;
    let (request, request_digest) = (statement.verify(None).unwrap(), statement.digest());
    let reply = Reply { request, request_digest, number: entry, time, outcome, log: None };
    let reply = Signed::new(&reply, &key(9)).unwrap();
    outbox.replied((&"B".parse().unwrap(), &number(of)), &reply, Some(&[1]), time).unwrap();
}

fn answered() -> ReplyOutcome {
    ReplyOutcome::Answered { answer_digest: Hash([5; 32]), gallery: 1, bits: 4, parts: None, root: None }
}

fn unanswered(reason: Reason) -> ReplyOutcome {
    ReplyOutcome::Unanswered { reason }
}

#[test]
fn requests_are_paged_from_the_latest_on_and_counted() {
    on_both("paged", |location| {
        let (mut outbox, now) = (opened(location), at("2026-03-01T10:00"));
        assert_eq!(outbox.totals(), Ok(Totals::default()));
        for of in 1..=5 {
            ask(&mut outbox, of, 4, now, of == 2);
        }
        for of in [1, 2] {
            accept(&mut outbox, of, now);
            reply(&mut outbox, of, of, answered(), now);
            outbox.keep(&number(of), &[3], (4, 4), now).unwrap();
        }
        outbox.acknowledged(&number(1)).unwrap();
        outbox.done(&number(1)).unwrap();
        outbox.forget(&number(1)).unwrap();
        outbox.abandon(&number(3), now).unwrap();

        let mut last = None;
        let mut pages = Vec::new();
        loop {
            let page = outbox.page(last, 2).unwrap();
            let Some(end) = page.last() else { break };
            last = Some(end.sequence);
            pages.push(page.iter().map(|listed| listed.request.number.to_string()).collect::<Vec<_>>().join(" "));
        }
        assert_eq!(pages, ["5 4", "3 2", "1"]);
        let all = outbox.page(None, u64::MAX).unwrap();
        let told: Vec<_> = all.iter().map(|one| (one.state, one.has_verdicts, one.is_about_canaries)).collect();
        let expected = [
            (RequestState::Prepared, false, false),
            (RequestState::Prepared, false, false),
            (RequestState::Abandoned, false, false),
            (RequestState::Replied, true, true),
            (RequestState::Done, false, false),
        ];
        assert_eq!(told, expected);
        let mut list: Vec<u64> = outbox.list().unwrap().iter().map(|listed| listed.sequence).collect();
        list.reverse();
        assert_eq!(all.iter().map(|listed| listed.sequence).collect::<Vec<_>>(), list);
        assert_eq!(outbox.totals(), Ok(Totals { requests: 5, unfinished: 3, with_verdicts: 1 }));
    });
}

#[test]
fn what_is_charged_goes_by_the_receipts_day_and_comes_back_as_the_custodian_gives_it_back() {
    on_both("charged", |location| {
        let (mut outbox, agreement) = (opened(location), Hash([7; 32]));
        let of = |today, year| Ok(Charged { probes_today: today, probes_this_year: year });
        let mut next = 0;
        let mut asked = |outbox: &mut Outbox, probes, time, accepted: Option<Time>| {
            next += 1;
            ask(outbox, next, probes, time, false);
            accepted.into_iter().for_each(|accepted| accept(outbox, next, accepted));
            next
        };
        // Of last year, though it is logged in this one; and the other way round.
        asked(&mut outbox, 1, at("2025-06-01T10:00"), Some(at("2025-06-01T10:00")));
        asked(&mut outbox, 2, at("2025-12-31T23:59"), Some(at("2026-01-01T00:01")));
        asked(&mut outbox, 4, at("2026-01-01T00:02"), Some(at("2025-12-31T23:58")));
        assert_eq!(outbox.charged(&agreement, at("2026-01-01T12:00")), of(2, 2));
        assert_eq!(outbox.charged(&agreement, at("2026-03-01T10:00")), of(0, 2));

        let now = at("2026-03-01T10:00");
        // Not accepted; answered; not answered, which is not our doing; abandoned.
        asked(&mut outbox, 8, now, None);
        let answer = asked(&mut outbox, 16, now, Some(now));
        reply(&mut outbox, answer, 90, answered(), now);
        let empty = asked(&mut outbox, 32, now, Some(now));
        assert_eq!(outbox.charged(&agreement, now), of(48, 50));
        reply(&mut outbox, empty, 91, unanswered(Reason::EmptyGallery), now);
        assert_eq!(outbox.charged(&agreement, now), of(16, 18));
        let given_up = asked(&mut outbox, 64, now, Some(now));
        outbox.abandon(&number(given_up), now).unwrap();
        assert_eq!(outbox.charged(&agreement, now), of(80, 82));

        // The first that were cancelled are free, whenever their replies came; so they are on each day.
        for (day, probes_today) in [("2026-03-02T10:00", 1), ("2026-03-03T10:00", 1)] {
            let time = at(day);
            for place in (0..=FREE_CANCELLATIONS).rev() {
                let probes = if place == FREE_CANCELLATIONS { 1 } else { 100 };
                let cancelled = asked(&mut outbox, probes, time, Some(time));
                reply(&mut outbox, cancelled, 100 + place, unanswered(Reason::Cancelled), time);
            }
            assert_eq!(outbox.charged(&agreement, time).unwrap().probes_today, probes_today);
        }
        assert_eq!(outbox.charged(&agreement, at("2026-03-03T10:00")), of(1, 84));
        assert_eq!(outbox.charged(&Hash([8; 32]), now), of(0, 0));
        assert_eq!(outbox.charged(&agreement, at("2027-01-01T00:00")), of(0, 0));
    });
}
