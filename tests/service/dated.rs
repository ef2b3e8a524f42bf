//! When a request was made is what both logs say, within minutes; and what is computed is what was signed for.

use cotejo::scheme::tfhe::Tfhe;
use cotejo::service::audit::{Note, Statements, compare};
use cotejo::service::client::{AskError, ClientError};
use cotejo::service::protocol::{Reason, ReplyOutcome, Request};
use cotejo::service::signing::{Hash, Signed};
use cotejo::service::store::Submission;
use cotejo::service::time::Time;
use cotejo::wire::Target;

use crate::databases::kinds;
use crate::trial::{Asker, Trial, person, signing_key};

#[test]
fn a_request_of_another_time_is_refused() {
    let trial = Trial::new(kinds()[0]);
    let asker = Asker::<Tfhe>::new(&trial, 0);
    let (kept, request) = asker.request("1", vec![person("p", 1)], Target::Gallery);
    let refused = |time: Time| {
        let statement = Signed::new(&Request { time, ..request.clone() }, &signing_key(asker.seed)).unwrap();
        match asker.client.submit(&kept.agreement, &statement, kept.query.as_deref().unwrap()) {
            Err(ClientError::Refused(refusal)) => refusal.kind,
            other => panic!("{other:?}"),
        }
    };
    let shifted = |minutes: i64| Time::from_millis(trial.now().millis() + 60_000 * minutes);
    assert_eq!([Time::ZERO, shifted(-11)].map(refused), ["time-in-the-past"; 2]);
    assert_eq!(refused(shifted(11)), "time-in-the-future");
    assert_eq!(trial.log().1.statements.requests, 0);
    let minutes_ago = Signed::new(&Request { time: shifted(-9), ..request.clone() }, &signing_key(asker.seed)).unwrap();
    asker.client.submit(&kept.agreement, &minutes_ago, kept.query.as_deref().unwrap()).unwrap();
}

/// What a custodian signs is of now: with a key that was followed by another it could sign what is of before.
#[test]
fn a_statement_of_another_time_is_refused() {
    let trial = Trial::new(kinds()[0]);
    let mut asker = Asker::<Tfhe>::new(&trial, 0);
    asker.ask("1", vec![person("p", 1)], Target::Gallery).unwrap();
    asker.part_clocks();
    trial.step_clock(1200);
    let error = asker.ask("2", vec![person("p", 1)], Target::Gallery).unwrap_err();
    assert!(matches!(error, AskError::Dated { statement: "standing", .. }), "{error}");
    assert_eq!(trial.log().1.statements.requests, 1);
}

#[test]
fn what_was_not_accepted_is_signed_anew_when_it_is_sent_later() {
    for kind in kinds() {
        let trial = Trial::new(kind);
        let asker = Asker::<Tfhe>::new(&trial, 0);
        asker.prepare("1", vec![person("p", 1)], Target::Gallery);
        trial.step_clock(3 * 3600);
        asker.verdicts("1").unwrap();
        let ((ours, report), (theirs, their_report)) = (asker.log(), trial.log());
        assert!(report.is_sound() && their_report.is_sound(), "{:?} {:?}", report.findings, their_report.findings);
        assert_eq!((report.statements.requests, report.statements.abandoned, report.open), (2, 1, 0));
        assert_eq!(their_report.statements.requests, 1);
        let statements = |entries: &[cotejo::service::audit::Entry]| {
            let mut statements = Statements::new();
            entries.iter().for_each(|entry| statements.entry(entry));
            statements
        };
        let comparison = compare(statements(&theirs), statements(&ours)).unwrap();
        assert!(comparison.findings.is_empty(), "{:?}", comparison.findings);
        assert_eq!(comparison.notes.iter().map(|note| note.what).collect::<Vec<_>>(), [Note::Abandoned]);
    }
}

#[test]
fn a_query_that_was_swapped_in_the_database_is_not_computed() {
    for kind in kinds() {
        let mut trial = Trial::new(kind);
        let mut asker = Asker::<Tfhe>::new(&trial, 0);
        let (signed, request) = asker.request("1", vec![person("p", 1)], Target::Gallery);
        let (other, _) = asker.request("2", vec![person("q", 2)], Target::Gallery);
        trial.stop();
        let mut custody = trial.custody();
        let terms = trial.agreement.terms().service.clone().unwrap();
        // As an administrator of the database can: another query in the place of the one that was signed for.
        let submission = Submission {
            statement: &signed.statement,
            request: &request,
            query: other.query.as_deref().unwrap(),
            bits: 1,
            subject: None,
            gallery: trial.gallery(),
        };
        let submitted = custody.submit(&submission, &trial.digest(), &terms, trial.now()).unwrap();
        drop(custody);
        trial.restart(&(0..3).map(|number| person(&format!("person-{number}"), number)).collect::<Vec<_>>());
        asker.reconnect(&trial);
        let reply = loop {
            match asker.client.reply(&submitted.job).unwrap() {
                Some(reply) => break reply.verify(None).unwrap(),
                None => std::thread::sleep(std::time::Duration::from_millis(20)),
            }
        };
        assert_eq!(reply.outcome, ReplyOutcome::Unanswered { reason: Reason::Unprocessable });
        assert_eq!(reply.request.query_digest, Hash::of(signed.query.as_deref().unwrap()));
    }
}
