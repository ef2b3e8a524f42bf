//! Requests that nobody goes on with: both logs tell so, also where the custodian has lost the request.

use cotejo::scheme::tfhe::Tfhe;
use cotejo::service::audit::{Comparison, Event, Note, Statements, compare};
use cotejo::service::client::AskError;
use cotejo::service::protocol::Abandonment;
use cotejo::service::signing::{Hash, Signed};
use cotejo::wire::Target;

use crate::databases::{Kind, kinds};
use crate::shown::{copied, people, replace};
use crate::trial::{Asker, Trial, person, signing_key};

fn probe() -> Vec<cotejo::template::Record> {
    vec![person("p", 1)]
}

/// Digests of the requests whose abandonment is in a log, signed.
fn told(entries: &[cotejo::service::audit::Entry]) -> Vec<Hash> {
    let events = entries.iter().filter_map(|entry| entry.event().unwrap());
    let told = events.filter_map(|event| match event {
        Event::Abandoned { request, statement } => {
            assert_eq!(statement.unwrap().verify(None).unwrap().request, request);
            Some(request)
        }
        _ => None,
    });
    told.collect()
}

fn compared(trial: &Trial, asker: &Asker<Tfhe>) -> Comparison {
    let statements = |entries: Vec<cotejo::service::audit::Entry>| {
        let mut statements = Statements::new();
        entries.iter().for_each(|entry| statements.entry(entry));
        statements
    };
    compare(statements(trial.log().0), statements(asker.log().0)).unwrap()
}

#[test]
fn what_is_abandoned_is_cancelled_and_in_both_logs() {
    for kind in kinds() {
        let trial = Trial::new(kind);
        let asker = Asker::<Tfhe>::new(&trial, 0);
        asker.prepare("1", probe(), Target::Gallery);
        asker.abandon("1");
        asker.prepare("2", probe(), Target::Gallery);
        asker.accepted("2");
        asker.abandon("2");
        let notes: Vec<Note> = compared(&trial, &asker).notes.into_iter().map(|noted| noted.what).collect();
        // The second request has told of the first.
        assert_eq!(notes.iter().filter(|note| **note == Note::NotTold).count(), 1, "{notes:?}");
        asker.ask("3", probe(), Target::Gallery).unwrap();
        let (custodian, report) = trial.log();
        assert!(report.is_sound(), "{:?}", report.findings);
        assert_eq!(told(&custodian).len(), 2);
        assert_eq!(told(&custodian), told(&asker.log().0));
        assert!(asker.log().1.is_sound(), "{:?}", asker.log().1.findings);
        let comparison = compared(&trial, &asker);
        assert!(comparison.findings.is_empty(), "{:?}", comparison.findings);
        assert!(comparison.notes.iter().all(|noted| noted.what != Note::NotTold));
        // Again, and by another: nothing more is logged.
        let digest = told(&custodian)[0];
        let said = Abandonment { request: digest, time: trial.now() };
        let again = Signed::new(&said, &signing_key(asker.seed)).unwrap();
        asker.client.abandon(&digest, &again).unwrap();
        assert_eq!(told(&trial.log().0).len(), 2);
        let other = Asker::<Tfhe>::idle(&trial, 1);
        assert!(other.client.abandon(&digest, &again).is_err(), "signed by somebody else");
        assert!(asker.client.abandon(&Hash([1; 32]), &again).is_err(), "of another request");
    }
}

#[test]
fn a_request_that_the_custodian_has_lost_is_given_up_and_the_others_go_on() {
    let mut trial = Trial::new(Kind::Sqlite);
    let mut asker = Asker::<Tfhe>::new(&trial, 0);
    asker.ask("1", probe(), Target::Gallery).unwrap();
    trial.stop();
    let copy = copied(&trial);
    trial.restart(&people());
    asker.reconnect(&trial);
    asker.prepare("2", probe(), Target::Gallery);
    asker.accepted("2");
    replace(&mut trial, &mut asker, Some(&copy));
    assert!(matches!(asker.conclude("2"), Err(AskError::LogShrunk { .. })));
    let head = asker.client.standing().unwrap().verify(None).unwrap().log;
    asker.trust(&head, &"restored from a copy".parse().unwrap());
    let error = asker.conclude("2").err().unwrap();
    assert!(matches!(error, AskError::Lost(_)), "{error}");
    asker.abandon("2");
    asker.ask("3", probe(), Target::Gallery).unwrap();
    assert_eq!(asker.unfinished(), 0);
    let ((custodian, report), (querier, own)) = (trial.log(), asker.log());
    assert!(report.is_sound() && own.is_sound(), "{:?} {:?}", report.findings, own.findings);
    assert_eq!((told(&custodian).len(), told(&custodian)), (1, told(&querier)));
}

#[test]
fn lost_requests_are_abandoned_a_hundred_a_day() {
    let trial = Trial::new(Kind::Sqlite);
    let asker = Asker::<Tfhe>::new(&trial, 0);
    let abandon = |number: u8| {
        let said = Abandonment { request: Hash([number; 32]), time: trial.now() };
        asker.client.abandon(&said.request, &Signed::new(&said, &signing_key(asker.seed)).unwrap())
    };
    (0..100).for_each(|number| abandon(number).unwrap());
    assert!(abandon(100).is_err());
    abandon(7).unwrap();
    assert_eq!(told(&trial.log().0).len(), 100);
}
