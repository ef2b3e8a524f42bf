//! What keeps a server from being ready, told to its operator before requesters find out.

use std::time::Duration;

use cotejo::scheme::tfhe::Tfhe;
use cotejo::service::audit::Signers;
use cotejo::service::protocol::{Reason, ReplyOutcome};
use cotejo::service::server::Requester;
use cotejo::service::store::Operator;
use cotejo::wire::Target;

use crate::databases::{Kind, execute, kinds};
use crate::raw::Raw;
use crate::trial::{Asker, Setup, Trial, person, signing_key};

fn metric(trial: &Trial, name: &str) -> Option<i64> {
    let metrics = trial.operations("/metrics");
    metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

#[test]
fn a_certificate_about_to_end_is_told_before_it_does() {
    let trial = Trial::with(kinds()[0], Setup { server_days: 2, ..Setup::default() });
    let ready = trial.operations("/readyz");
    assert!(ready.starts_with("HTTP/1.1 503") && ready.contains("our certificate ends at"), "{ready}");
    assert_eq!(metric(&trial, "cotejo_doubts{kind=\"certificate\"}"), Some(1));
    let seconds = metric(&trial, "cotejo_certificate_seconds").unwrap();
    assert!((86_400..=2 * 86_400).contains(&seconds), "{seconds}");
    let trial = Trial::new(kinds()[0]);
    assert!(trial.operations("/readyz").starts_with("HTTP/1.1 200"));
    assert_eq!(metric(&trial, "cotejo_doubts{kind=\"certificate\"}"), Some(0));
}

#[test]
fn a_clock_that_was_set_ahead_is_doubted_until_the_operator_says_that_it_is_right() {
    let trial = Trial::new(kinds()[0]);
    trial.set_clock_ahead(400 * 86_400);
    let ready = trial.operations("/readyz");
    assert!(ready.contains("the clock was set ahead by"), "{ready}");
    assert_eq!(metric(&trial, "cotejo_doubts{kind=\"clock\"}"), Some(1));
    trial.step_clock(-399 * 86_400);
    assert!(trial.operations("/readyz").starts_with("HTTP/1.1 200"));
}

#[test]
fn a_damaged_reference_is_told_once_it_is_found_until_the_gallery_is_restored() {
    let trial = Trial::new(kinds()[0]);
    let people: Vec<_> = (0..3).map(|number| person(&format!("person-{number}"), number)).collect();
    let asker = Asker::<Tfhe>::new(&trial, 0);
    let reason = |number: i32| {
        asker.prepare(&number.to_string(), vec![person("p", 1)], Target::Gallery);
        match asker.conclude(&number.to_string()).unwrap().reply.outcome {
            ReplyOutcome::Unanswered { reason } => Some(reason),
            ReplyOutcome::Answered { .. } => None,
        }
    };
    trial.source.damage(&trial.agreement, &people);
    // The next look takes it into use.
    assert!((0..100).any(|number| reason(number) == Some(Reason::GalleryDamaged)));
    let ready = trial.operations("/readyz");
    assert!(ready.starts_with("HTTP/1.1 503") && ready.contains("is damaged; restore it"), "{ready}");
    trial.source.set(&trial.agreement, &people, &[]);
    assert!((100..200).any(|number| reason(number).is_none()));
    assert!(trial.operations("/readyz").starts_with("HTTP/1.1 200"));
}

/// On a disk of a few megabytes, where one can be made (as root).
#[test]
fn a_full_disk_is_told_before_a_request_is_refused_for_it() {
    let Some(disk) = crate::faults::SmallDisk::new() else { return };
    let mut trial = Trial::new(Kind::Sqlite);
    trial.stop();
    trial.database = disk.path("custodian.sqlite").display().to_string();
    trial.restart(&[person("person-1", 1)]);
    assert!(trial.operations("/readyz").starts_with("HTTP/1.1 200"));
    std::fs::write(disk.path("ballast"), vec![1; 13 << 20]).unwrap();
    let ready = trial.operations("/readyz");
    assert!(ready.starts_with("HTTP/1.1 503") && ready.contains("the disk of the database is full"), "{ready}");
    std::fs::remove_file(disk.path("ballast")).unwrap();
    assert!(trial.operations("/readyz").starts_with("HTTP/1.1 200"));
}

#[test]
fn another_configuration_is_taken_over_while_requests_are_served() {
    for kind in kinds() {
        let trial = Trial::new(kind);
        let (first, second) = (Asker::<Tfhe>::new(&trial, 0), Asker::<Tfhe>::new(&trial, 1));
        let held = |which: usize| {
            let mut raw = Raw::connect(&trial, &trial.requesters[which].1);
            raw.send(b"GET /v1/agreements HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
            assert!(raw.next_response().starts_with("HTTP/1.1 200"));
            raw
        };
        let (mut stays, mut goes) = (held(0), held(1));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..10 {
                    trial.reload(trial.requesters(), trial.limits()).unwrap();
                    std::thread::sleep(Duration::from_millis(50));
                }
                // The second is no longer registered.
                let left: Vec<Requester> = trial.requesters().into_iter().take(1).collect();
                trial.reload(left, trial.limits()).unwrap();
            });
            for number in 0..20 {
                first.ask(&number.to_string(), vec![person("p", 1)], Target::Gallery).unwrap();
                // It never stands idle for long, however busy this machine is.
                assert!(stays.send(b"GET /v1/agreements HTTP/1.1\r\nhost: localhost\r\n\r\n").is_ok());
                assert!(stays.next_response().starts_with("HTTP/1.1 200"));
            }
        });
        assert!(goes.closes());
        match second.client.agreements() {
            Err(cotejo::service::client::ClientError::Refused(refusal)) => assert_eq!(refusal.kind, "not-registered"),
            other => panic!("{other:?}"),
        }
        // What is wrong changes nothing.
        assert!(trial.reload(Vec::new(), trial.limits()).is_err());
        let twice: Vec<Requester> = [trial.requesters(), trial.requesters()].concat();
        assert!(trial.reload(twice, trial.limits()).is_err());
        first.ask("after", vec![person("p", 1)], Target::Gallery).unwrap();
        let report = trial.log().1;
        assert!(report.is_sound(), "{:?}", report.findings);
        assert_eq!(report.statements.answers, 21);
    }
}

#[test]
fn a_revoked_certificate_is_refused_and_its_connection_ends_with_the_reload_that_says_so() {
    let trial = Trial::new(kinds()[0]);
    let held = |which: usize| {
        let mut raw = Raw::connect(&trial, &trial.requesters[which].1);
        raw.send(b"GET /v1/agreements HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
        assert!(raw.next_response().starts_with("HTTP/1.1 200"));
        raw
    };
    let (mut stays, mut goes) = (held(0), held(1));
    let list = trial.authority.revoking(&trial.requesters[1].1, 30);
    trial.reload_revoking(&list).unwrap();
    assert!(goes.closes());
    stays.send(b"GET /v1/agreements HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    assert!(stays.next_response().starts_with("HTTP/1.1 200"));
    assert!(Asker::<Tfhe>::idle(&trial, 1).client.agreements().is_err());
    assert!(Asker::<Tfhe>::idle(&trial, 0).client.agreements().is_ok());
    // A list that ends soon is to be replaced.
    trial.reload_revoking(&trial.authority.revoking(&trial.requesters[1].1, 1)).unwrap();
    assert!(trial.operations("/readyz").contains("a list of revoked certificates ends at"));
    // One that has ended is not taken, nor what is none.
    assert!(trial.reload_revoking(&trial.authority.revoking(&trial.requesters[1].1, -1)).is_err());
    assert!(trial.reload_revoking("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n").is_err());
    assert!(Asker::<Tfhe>::idle(&trial, 1).client.agreements().is_err());
}

#[test]
fn a_handshake_that_began_before_its_certificate_was_revoked_leads_to_no_connection() {
    let trial = Trial::new(kinds()[0]);
    let [mut stays, mut goes] = [0, 1].map(|which: usize| {
        let mut raw = Raw::connect(&trial, &trial.requesters[which].1);
        raw.greet();
        raw
    });
    trial.reload_revoking(&trial.authority.revoking(&trial.requesters[1].1, 30)).unwrap();
    for raw in [&mut stays, &mut goes] {
        drop(raw.send(b"GET /v1/agreements HTTP/1.1\r\nhost: localhost\r\n\r\n"));
    }
    assert!(stays.next_response().starts_with("HTTP/1.1 200"));
    assert!(goes.closes());
    // Nor one whose requester is gone.
    let mut goes = Raw::connect(&trial, &trial.requesters[0].1);
    goes.greet();
    trial.reload(trial.requesters().split_off(1), trial.limits()).unwrap();
    drop(goes.send(b"GET /v1/agreements HTTP/1.1\r\nhost: localhost\r\n\r\n"));
    assert!(!goes.next_response().starts_with("HTTP/1.1 200"));
}

#[test]
fn a_reload_that_fails_in_the_database_has_registered_nobody() {
    for kind in kinds() {
        let mut trial = Trial::new(kind);
        // The first of the two can be kept, the second cannot.
        let sql = match kind {
            Kind::Sqlite => {
                "CREATE TRIGGER fails BEFORE INSERT ON registered WHEN NEW.party = 'E-SECOND' \
                 BEGIN SELECT RAISE(ABORT, 'no'); END"
            }
            Kind::Postgres => {
                "CREATE FUNCTION fails() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'no'; END $$ LANGUAGE plpgsql; \
                 CREATE TRIGGER fails BEFORE INSERT ON registered FOR EACH ROW WHEN (NEW.party = 'E-SECOND') \
                 EXECUTE FUNCTION fails()"
            }
        };
        execute(kind, &trial.database, sql);
        let (before, operator) =
            (trial.log().0.len(), Operator { name: "dora".parse().unwrap(), key: signing_key(9).public() });
        trial.operators.push(operator);
        // By their certificates, of which one comes before the other.
        for (number, names) in [["D-FIRST", "E-SECOND"], ["E-SECOND", "D-FIRST"]].into_iter().enumerate() {
            let mut all = trial.requesters();
            let mut new: Vec<_> = names.iter().map(|name| trial.authority.issue(name, 30).fingerprint()).collect();
            new.sort();
            for (place, (name, certificate)) in names.iter().zip(new).enumerate() {
                let (code, signers) =
                    (name.parse().unwrap(), Signers::new(signing_key(20 + (2 * number + place) as u64).public()));
                all.push(Requester { code, certificate, until: None, signers, agreements: vec![trial.digest()] });
            }
            assert!(trial.reload(all, trial.limits()).is_err());
        }
        let (entries, report) = trial.log();
        assert!(report.is_sound());
        assert_eq!(entries.len(), before, "{kind:?}");
    }
}

#[test]
fn a_connection_ends_when_its_certificate_does() {
    let mut trial = Trial::new(kinds()[0]);
    trial.stop();
    trial.requesters[0].1 = trial.authority.issue_for("A-BORDER", time::Duration::seconds(10));
    trial.restart(&[person("person-1", 1)]);
    let mut raw = Raw::connect(&trial, &trial.requesters[0].1);
    raw.send(b"GET /v1/agreements HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    assert!(raw.next_response().starts_with("HTTP/1.1 200"));
    // It asks again and again, so that it never stands idle.
    let begun = std::time::Instant::now();
    while begun.elapsed() < Duration::from_secs(150) {
        std::thread::sleep(Duration::from_millis(200));
        if raw.send(b"GET /v1/agreements HTTP/1.1\r\nhost: localhost\r\n\r\n").is_err() || !raw.begins() {
            break;
        }
    }
    assert!(begun.elapsed() < Duration::from_secs(100), "{:?}", begun.elapsed());
}
