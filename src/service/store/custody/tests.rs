//! A custodian's database as people look at it: what waits, what came in today, keys, versions, who is exempt.

use std::collections::BTreeSet;

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::*;
use crate::agreement::ServiceTerms;
use crate::service::audit::Role;
use crate::service::protocol::tests::request;
use crate::service::protocol::{GalleryRoot, Reason, Request};
use crate::service::store::places::on_both;
use crate::template::SubjectId;

const AGREEMENT: Hash = Hash([7; 32]);
const GALLERY: GalleryRoot = GalleryRoot { version: 1, root: Hash([6; 32]) };

fn key(seed: u64) -> SigningKey {
    SigningKey::generate(&mut ChaCha20Rng::seed_from_u64(seed))
}

fn made(location: Location) -> Custody {
    let owner = Owner { party: "B".parse().unwrap(), role: Role::Custodian, key: key(1) };
    Custody::create(location, owner, Box::new(ChaCha20Rng::seed_from_u64(2)), Time::ZERO).unwrap()
}

fn at(time: &str) -> Time {
    format!("{time}:00.000Z").parse().unwrap()
}

fn code(text: &str) -> Code {
    text.parse().unwrap()
}

/// A request of this requester's, accepted: its job.
fn submit(custody: &mut Custody, requester: &str, number: &str, purpose: &str, probes: u32, now: Time) -> Name {
    let request = Request { requester: code(requester), purpose: code(purpose), probes, ..request(number, now) };
    custody.admit_key(&request.requester, &AGREEMENT, &request.key, &[1], 90, now).unwrap().unwrap();
    let statement = Signed::new(&request, &key(3)).unwrap();
    let submission = Submission {
        statement: &statement,
        request: &request,
        query: &[2; 100],
        bits: 1,
        subject: None,
        gallery: GALLERY,
    };
    let terms = ServiceTerms {
        purposes: vec![code("identification"), code("canary")],
        probes_per_day: 1000,
        probes_per_year: 1000,
        bits_per_gallery_version: 1000,
        ..ServiceTerms::default()
    };
    custody.submit(&submission, &AGREEMENT, &terms, now).unwrap().job
}

fn answer(custody: &mut Custody, job: &Name, now: Time) {
    let computed = Computed { exempt: Hash([0; 32]), with: "", parts: &[], query_until: None };
    let ending = Ending::Answered { answer: &[1], gallery: GALLERY, bits: 1, limit_bits: 1000, computed };
    custody.finish(job, &ending, now).unwrap().unwrap();
}

#[test]
fn what_waits_is_listed_from_the_oldest_on_and_a_day_by_who_asks_what_for() {
    on_both("queued", |location| {
        let mut custody = made(location);
        let (before, now) = (at("2026-03-01T23:59"), at("2026-03-02T00:00"));
        assert_eq!(custody.queue(10), Ok(Vec::new()));
        assert_eq!(custody.today(now), Ok(Vec::new()));
        let identify = "identification";
        let first = submit(&mut custody, "A", "1", identify, 4, before);
        let jobs: Vec<Name> = (2..8).map(|n| submit(&mut custody, "A", &n.to_string(), identify, 2, now)).collect();
        let of_c = submit(&mut custody, "C", "1", identify, 3, now);
        submit(&mut custody, "A", "8", "canary", 1, now);
        let later = at("2026-03-02T09:00");
        // Answered, and deleted; not answered, and deleted; cancelled; two of them wait.
        answer(&mut custody, &jobs[0], later);
        answer(&mut custody, &jobs[1], later);
        assert!(custody.delete(&code("A"), &jobs[1], later).unwrap());
        custody.finish(&jobs[2], &Ending::Unanswered(Reason::EmptyGallery), later).unwrap().unwrap();
        assert!(custody.delete(&code("A"), &jobs[3], later).unwrap());

        let queue = custody.queue(10).unwrap();
        let ids: Vec<Name> = queue.iter().map(|queued| queued.id).collect();
        assert_eq!(ids[..4], [first, jobs[4], jobs[5], of_c]);
        assert_eq!(queue.len(), 5);
        let oldest = Queued { id: first, requester: code("A"), agreement: AGREEMENT, accepted: before, probes: 4 };
        assert_eq!(custody.queue(1), Ok(vec![oldest]));

        let used = |requester, purpose, requests, probes| TodaysUse {
            requester: code(requester),
            agreement: AGREEMENT,
            purpose: code(purpose),
            requests,
            probes,
            answered: 0,
            unanswered: 0,
            waiting: 1,
        };
        let of_a = TodaysUse { answered: 2, unanswered: 2, waiting: 2, ..used("A", identify, 6, 12) };
        assert_eq!(custody.today(later), Ok(vec![used("A", "canary", 1, 1), of_a, used("C", identify, 1, 3)]));
        assert_eq!(custody.today(before), Ok(vec![used("A", identify, 1, 4)]));
    });
}

#[test]
fn keys_are_listed_with_when_they_came_and_whether_they_have_run_out() {
    on_both("keys_listed", |location| {
        let (mut custody, now) = (made(location), at("2026-03-01T10:00"));
        let (a, later) = (code("A"), now.plus_days(50));
        custody.admit_key(&a, &AGREEMENT, &Name([1; 16]), &[1], 90, now).unwrap().unwrap();
        custody.admit_key(&a, &AGREEMENT, &Name([2; 16]), &[1], 90, later).unwrap().unwrap();
        custody.admit_key(&code("C"), &AGREEMENT, &Name([3; 16]), &[1], 90, later).unwrap().unwrap();
        let key = |id, admitted: Time, expired| KeyInUse {
            id: Name([id; 16]),
            admitted,
            until: admitted.plus_days(90),
            expired,
        };
        let mut listed = |now| custody.keys_in_use(&a, &AGREEMENT, 90, now);
        assert_eq!(listed(later), Ok(vec![key(2, later, false), key(1, now, false)]));
        assert_eq!(listed(now.plus_days(90)), Ok(vec![key(2, later, false), key(1, now, true)]));
        assert_eq!(custody.keys_in_use(&code("D"), &AGREEMENT, 90, now), Ok(Vec::new()));
    });
}

#[test]
fn versions_are_paged_from_the_latest_on_with_what_the_log_tells_of_them() {
    on_both("versions_listed", |location| {
        let mut custody = made(location);
        let day = |day| at("2026-03-01T10:00").plus_days(day);
        // Two of one second; of another agreement as well.
        for (agreement, state, now) in
            [(AGREEMENT, 1, 0), (AGREEMENT, 2, 1), (Hash([8; 32]), 3, 1), (AGREEMENT, 4, 1), (AGREEMENT, 5, 2)]
        {
            let (root, of_state) = (Hash([100 + state; 32]), Hash([state; 32]));
            let new = NewVersion {
                agreement: &agreement,
                state: &of_state,
                subjects: state.into(),
                persons: vec![vec![state.into()]],
                root: &root,
            };
            custody.new_version(new, day(now)).unwrap();
        }
        let row = |version, state: u8, since| GalleryVersionRow {
            version,
            subjects: state.into(),
            since: day(since),
            root: Some(Hash([100 + state; 32])),
        };
        let all = [row(4, 5, 2), row(3, 4, 1), row(2, 2, 1), row(1, 1, 0)];
        assert_eq!(custody.versions(&AGREEMENT, None, 100).unwrap(), all);
        assert_eq!(custody.versions(&AGREEMENT, None, 2).unwrap(), all[..2]);
        assert_eq!(custody.versions(&AGREEMENT, Some(3), 2).unwrap(), all[2..]);
        assert_eq!(custody.versions(&AGREEMENT, Some(1), 2), Ok(Vec::new()));
        assert_eq!(custody.versions(&Hash([9; 32]), None, u64::MAX), Ok(Vec::new()));
    });
}

#[test]
fn who_is_exempt_is_counted_by_the_last_list() {
    on_both("exempt_counted", |location| {
        let (mut custody, now) = (made(location), at("2026-03-01T10:00"));
        let list =
            |ids: &[&str]| -> BTreeSet<SubjectId> { ids.iter().map(|id| id.to_string().try_into().unwrap()).collect() };
        assert_eq!(custody.exempt_persons(&AGREEMENT), Ok(None));
        for ids in [&["s-1", "s-2"][..], &["s-1", "s-2", "s-3"], &[]] {
            custody.exempt(&AGREEMENT, &list(ids), now).unwrap();
            assert_eq!(custody.exempt_persons(&AGREEMENT), Ok(Some(ids.len() as u64)));
        }
        assert_eq!(custody.exempt_persons(&Hash([8; 32])), Ok(None));
    });
}
