//! Who may ask how much, and when capacity returns.

use cotejo::agreement::{Disclosure, RequestField};
use cotejo::querier::Verdict;
use cotejo::scheme::bgv::Bgv;
use cotejo::scheme::tfhe::Tfhe;
use cotejo::service::client::{AskError, ClientError};
use cotejo::service::protocol::ReplyOutcome;
use cotejo::service::store::GalleryBits;
use cotejo::template::Record;
use cotejo::wire::Target;

use crate::databases::kinds;
use crate::trial::{Asker, Setup, Trial, exact_terms, person, refused, with};

fn probes(count: usize) -> Vec<Record> {
    (0..count).map(|number| person(&format!("p{number}"), 1)).collect()
}

fn when<T>(result: Result<T, AskError>) -> Option<String> {
    match result {
        Err(AskError::Client(ClientError::Refused(refusal))) => refusal.capacity_returns,
        _ => panic!("not refused"),
    }
}

#[test]
fn a_days_quota_is_counted_in_probes_and_returns_at_midnight() {
    for kind in kinds() {
        let trial = Trial::with(kind, with(|terms| terms.probes_per_day = 5));
        let mut asker = Asker::<Tfhe>::new(&trial, 0);
        asker.patience = std::time::Duration::ZERO;
        asker.ask("1", probes(3), Target::Gallery).unwrap();
        asker.prepare("2", probes(3), Target::Gallery);
        let refusal = asker.conclude("2");
        let tomorrow = trial.now().day().next().begin();
        assert_eq!(when(refusal), Some(tomorrow.to_string()));
        // What fits is still accepted, to the last probe; another requester has a quota of its own.
        asker.ask("3", probes(2), Target::Gallery).unwrap();
        let other = Asker::<Tfhe>::idle(&trial, 1);
        other.ask("1", probes(5), Target::Gallery).unwrap();
        // More than there ever is: no time is named.
        asker.prepare("4", probes(6), Target::Gallery);
        assert_eq!(when(asker.conclude("4")), None);
        trial.step_clock(trial.now().seconds_until(tomorrow) as i64 + 1);
        assert_eq!(asker.verdicts("2").unwrap().len(), 3);
        assert!(trial.log().1.is_sound());
    }
}

#[test]
fn a_years_quota_returns_with_the_year() {
    for kind in kinds() {
        let trial = Trial::with(kind, with(|terms| terms.probes_per_year = 3));
        let asker = Asker::<Tfhe>::new(&trial, 0);
        asker.ask("1", probes(3), Target::Gallery).unwrap();
        asker.prepare("2", probes(1), Target::Gallery);
        let returns = when(asker.conclude("2")).unwrap();
        assert!(returns.ends_with("-01-01T00:00:00.000Z"), "{returns}");
    }
}

#[test]
fn bits_of_a_gallery_version_are_a_hard_stop_until_everybody_in_it_has_left() {
    for kind in kinds() {
        let mut setup = with(|terms| terms.bits_per_gallery_version = 7);
        setup.terms.disclosure = Disclosure::Each;
        let trial = Trial::with(kind, setup);
        let asker = Asker::<Tfhe>::new(&trial, 0);
        // Three persons: three bits a probe.
        let verdicts = asker.ask("1", probes(2), Target::Gallery).unwrap();
        assert_eq!(verdicts, vec![Verdict::Each(vec![false, true, false]); 2]);
        asker.prepare("2", probes(1), Target::Gallery);
        assert_eq!(refused(asker.conclude("2")), "leakage");
        trial.source.set(&trial.agreement, &[person("another", 4)], &[]);
        trial.await_version(2);
        assert_eq!(asker.verdicts("2").unwrap(), [Verdict::Each(vec![false])]);
        let account = trial.custody().account(&"A-BORDER".parse().unwrap(), &trial.digest(), trial.now()).unwrap();
        assert_eq!(account.bits_by_gallery, [GalleryBits { version: 1, bits: 6 }, GalleryBits { version: 2, bits: 1 }]);
        assert_eq!(account.bits_of_persons, 1);
    }
}

/// Under `count` of scheme `bgv` a probe is charged 17 bits: the log2 of its plaintext modulus.
#[test]
fn a_query_that_could_disclose_more_bits_than_agreed_is_refused_for_good_and_not_charged() {
    for kind in kinds() {
        let mut terms = exact_terms();
        terms.disclosure = Disclosure::Count;
        terms.limits.bits_per_query = Some(50);
        let trial = Trial::with(kind, Setup { terms, ..Setup::default() });
        let asker = Asker::<Bgv>::new(&trial, 0);
        asker.prepare("1", probes(3), Target::Gallery);
        assert_eq!(refused(asker.conclude("1")), "too-many-bits");
        assert_eq!(asker.ask("2", probes(2), Target::Gallery).unwrap(), [Verdict::Count(1), Verdict::Count(1)]);
        // One bit a probe, which is all that 1:1 gives under any disclosure.
        asker.ask("3", probes(3), Target::Subject("person-1".to_owned().try_into().unwrap())).unwrap();
        let account = trial.custody().account(&"A-BORDER".parse().unwrap(), &trial.digest(), trial.now()).unwrap();
        assert_eq!(account.bits_by_gallery, [GalleryBits { version: 1, bits: 37 }]);
    }
}

#[test]
fn a_request_that_waits_while_the_gallery_grows_beyond_the_bits_is_replied_to_and_not_charged() {
    for kind in kinds() {
        let mut setup = with(|terms| terms.bits_per_gallery_version = 3);
        setup.terms.disclosure = Disclosure::Each;
        let mut trial = Trial::with(kind, setup);
        let mut asker = Asker::<Tfhe>::new(&trial, 0);
        let (request, _) = asker.request("1", probes(1), Target::Gallery);
        // Accepted for three bits and stopped before it was worked on.
        trial.stop();
        let mut custody = trial.custody();
        let terms = trial.agreement.terms().service.clone().unwrap();
        let submission = cotejo::service::store::Submission {
            statement: &request.statement,
            request: &request.statement.verify(None).unwrap(),
            query: request.query.as_deref().unwrap(),
            bits: 3,
            subject: None,
            gallery: trial.gallery(),
        };
        let submitted = custody.submit(&submission, &trial.digest(), &terms, trial.now()).unwrap();
        drop(custody);
        let people: Vec<_> = (0..4).map(|number| person(&format!("person-{number}"), number)).collect();
        trial.restart(&people);
        asker.reconnect(&trial);
        let reply = loop {
            match asker.client.reply(&submitted.job).unwrap() {
                Some(reply) => break reply.verify(None).unwrap(),
                None => std::thread::sleep(std::time::Duration::from_millis(20)),
            }
        };
        assert!(matches!(reply.outcome, ReplyOutcome::Unanswered { .. }), "{:?}", reply.outcome);
        let account = trial.custody().account(&"A-BORDER".parse().unwrap(), &trial.digest(), trial.now()).unwrap();
        assert_eq!((account.probes_today, account.bits_by_gallery.len()), (0, 0));
    }
}

#[test]
fn the_breaker_refuses_what_is_new_and_says_why() {
    for kind in kinds() {
        let trial = Trial::new(kind);
        let mut asker = Asker::<Tfhe>::new(&trial, 0);
        asker.patience = std::time::Duration::ZERO;
        let mut custody = trial.custody();
        assert!(custody.set_breaker(true, "incident 17".parse().unwrap(), trial.now()).unwrap());
        assert!(!custody.set_breaker(true, "again".parse().unwrap(), trial.now()).unwrap());
        asker.prepare("1", probes(1), Target::Gallery);
        match asker.conclude("1") {
            Err(AskError::Client(ClientError::Refused(refusal))) => {
                assert_eq!((refusal.status, refusal.kind.as_str()), (503, "suspended"));
                assert!(refusal.detail.contains("incident 17"), "{}", refusal.detail);
            }
            _ => panic!("not refused"),
        }
        assert!(trial.operations("/readyz").contains("incident 17"));
        assert!(custody.set_breaker(false, "closed".parse().unwrap(), trial.now()).unwrap());
        assert!(trial.operations("/readyz").starts_with("HTTP/1.1 200"));
        assert_eq!(asker.verdicts("1").unwrap(), [Verdict::Any(true)]);
        assert!(trial.log().1.is_sound());
    }
}

#[test]
fn fields_that_the_agreement_requires_are_required() {
    for kind in kinds() {
        let trial = Trial::with(kind, with(|terms| terms.required = vec![RequestField::CaseCategory]));
        let asker = Asker::<Tfhe>::new(&trial, 0);
        asker.prepare("1", probes(1), Target::Gallery);
        assert_eq!(refused(asker.conclude("1")), "refused-request");
        let (_, report) = trial.log();
        assert_eq!(report.statements.requests, 0);
    }
}

/// Whoever asks and cancels without end pays for it; and the log alone tells what was paid.
#[test]
fn who_cancels_without_end_is_charged_after_the_first_ten() {
    use cotejo::service::audit::Event;
    use cotejo::service::protocol::{FREE_CANCELLATIONS, ReplyOutcome, charge_returns};
    for kind in kinds() {
        let mut trial = Trial::new(kind);
        let left = trial.now().seconds_until(trial.now().day().next().begin());
        trial.step_clock(if left < 3600 { 2 * 3600 } else { 0 });
        let asker = Asker::<Tfhe>::new(&trial, 0);
        trial.stop();
        let mut custody = trial.custody();
        let terms = trial.agreement.terms().service.clone().unwrap();
        for number in 0..15 {
            let (request, asked) = asker.request(&number.to_string(), probes(4), Target::Gallery);
            let submission = cotejo::service::store::Submission {
                statement: &request.statement,
                request: &asked,
                query: request.query.as_deref().unwrap(),
                bits: 4,
                subject: None,
                gallery: trial.gallery(),
            };
            let job = custody.submit(&submission, &trial.digest(), &terms, trial.now()).unwrap().job;
            assert!(custody.delete(&"A-BORDER".parse().unwrap(), &job, trial.now()).unwrap());
        }
        let account = custody.account(&"A-BORDER".parse().unwrap(), &trial.digest(), trial.now()).unwrap();
        assert_eq!(account.probes_today, 4 * (15 - FREE_CANCELLATIONS));
        // As an auditor does, who has nothing but the log; all of it is of one day.
        let (entries, report) = trial.log();
        assert!(report.is_sound(), "{:?}", report.findings);
        let (mut cancelled, mut charged) = (0, 0);
        for entry in entries {
            if let Some(Event::Reply { statement }) = entry.event().unwrap() {
                let reply = statement.verify(None).unwrap();
                let ReplyOutcome::Unanswered { reason } = reply.outcome else { panic!("answered") };
                if !charge_returns(reason, cancelled) {
                    charged += u64::from(reply.request.probes);
                }
                cancelled += 1;
            }
        }
        assert_eq!(charged, account.probes_today);
    }
}

#[test]
fn a_cancelled_request_is_not_charged() {
    for kind in kinds() {
        let mut trial = Trial::new(kind);
        let asker = Asker::<Tfhe>::new(&trial, 0);
        let (request, _) = asker.request("1", probes(4), Target::Gallery);
        trial.stop();
        let mut custody = trial.custody();
        let terms = trial.agreement.terms().service.clone().unwrap();
        let asked = request.statement.verify(None).unwrap();
        let query = request.query.as_deref().unwrap();
        let submission = cotejo::service::store::Submission {
            statement: &request.statement,
            request: &asked,
            query,
            bits: 4,
            subject: None,
            gallery: trial.gallery(),
        };
        let job = custody.submit(&submission, &trial.digest(), &terms, trial.now()).unwrap().job;
        assert_eq!(custody.waiting().unwrap().len(), 1);
        assert!(!custody.delete(&"C-POLICE".parse().unwrap(), &job, trial.now()).unwrap());
        assert!(custody.delete(&"A-BORDER".parse().unwrap(), &job, trial.now()).unwrap());
        let account = custody.account(&"A-BORDER".parse().unwrap(), &trial.digest(), trial.now()).unwrap();
        assert_eq!((account.probes_today, account.waiting), (0, 0));
        // Whoever still computes it is too late.
        let exempt = cotejo::service::signing::Hash([0; 32]);
        let computed = cotejo::service::store::Computed { exempt, with: "cotejo", parts: &[], query_until: None };
        let ending = cotejo::service::store::Ending::Answered {
            answer: b"late",
            gallery: trial.gallery(),
            bits: 4,
            limit_bits: 100,
            computed,
        };
        assert!(custody.finish(&job, &ending, trial.now()).unwrap().is_none());
        let (_, report) = trial.log();
        assert!(report.is_sound(), "{:?}", report.findings);
        assert_eq!(report.statements.unanswered, 1);
    }
}

#[test]
fn a_requester_has_a_few_keys_at_a_time() {
    for kind in kinds() {
        let trial = Trial::new(kind);
        let requester = "A-BORDER".parse().unwrap();
        let mut custody = trial.custody();
        let mut admit = |number: u8, now| {
            let id = cotejo::service::signing::Name([number; 16]);
            custody.admit_key(&requester, &trial.digest(), &id, b"a key", 90, now).unwrap()
        };
        for number in 0..8 {
            assert!(admit(number, trial.now()).unwrap().new);
        }
        assert!(admit(9, trial.now()).is_none());
        assert!(!admit(0, trial.now()).unwrap().new, "a key that is known stays known");
        let asker = Asker::<Tfhe>::idle(&trial, 0);
        let refused = asker.client.put_key(&trial.digest(), &asker.key, &asker.key_content).unwrap_err();
        assert!(matches!(&refused, ClientError::Refused(refusal) if refusal.kind == "too-many-keys"), "{refused}");
        assert!(admit(9, trial.now().plus_days(91)).unwrap().new);
    }
}
