//! From a request to its verdicts, and every way to begin again.

use cotejo::querier::Verdict;
use cotejo::scheme::bgv::Bgv;
use cotejo::scheme::tfhe::Tfhe;
use cotejo::service::audit::{Entry, Event, Statements, compare};
use cotejo::service::client::Accepted;
use cotejo::service::protocol::ReplyOutcome;
use cotejo::service::signing::Hash;
use cotejo::template::SubjectId;
use cotejo::wire::Target;

use crate::databases::kinds;
use crate::trial::{Asker, Setup, Trial, exact_terms, person, refused};

fn subject(id: &str) -> Target {
    Target::Subject(SubjectId::try_from(id.to_owned()).unwrap())
}

#[test]
fn a_request_is_answered_echoed_and_logged_on_both_sides() {
    for kind in kinds() {
        let trial = Trial::new(kind);
        let asker = Asker::<Tfhe>::idle(&trial, 0);
        let probes = vec![person("like-1", 1), person("nobody", 9)];
        let verdicts = asker.ask("1", probes, Target::Gallery).unwrap();
        assert_eq!(verdicts, [Verdict::Any(true), Verdict::Any(false)]);
        // One to one: the right person, another, and one who is not enrolled.
        for (number, target, hit) in [("2", "person-1", true), ("3", "person-2", false), ("4", "stranger", false)] {
            let verdicts = asker.ask(number, vec![person("like-1", 1)], subject(target)).unwrap();
            assert_eq!(verdicts, [Verdict::Any(hit)], "{target}");
        }
        assert_eq!(asker.unfinished(), 0);

        let (ours, report) = asker.log();
        assert!(report.is_sound(), "{:?}", report.findings);
        let (theirs, report) = trial.log();
        assert!(report.is_sound(), "{:?}", report.findings);
        assert_eq!(
            (report.statements.requests, report.statements.answers, report.statements.acknowledgements),
            (4, 4, 4)
        );
        let echoed = theirs.iter().find_map(|entry| match entry.event().unwrap()? {
            Event::Reply { statement } => statement.verify(None).ok(),
            _ => None,
        });
        let reply = echoed.unwrap();
        assert_eq!((reply.request.number.as_str(), reply.request.probes), ("1", 2));
        assert!(matches!(reply.outcome, ReplyOutcome::Answered { gallery: 1, bits: 2, .. }), "{:?}", reply.outcome);
        let statements = |log: &[Entry]| {
            let mut statements = Statements::new();
            log.iter().for_each(|entry| statements.entry(entry));
            statements
        };
        let comparison = compare(statements(&theirs), statements(&ours)).unwrap();
        assert!(comparison.findings.is_empty() && comparison.notes.is_empty(), "{comparison:?}");
    }
}

#[test]
fn the_exact_scheme_is_served_alike() {
    for kind in kinds() {
        let trial = Trial::with(kind, Setup { terms: exact_terms(), ..Setup::default() });
        let asker = Asker::<Bgv>::idle(&trial, 0);
        let probes = vec![person("like-2", 2), person("nobody", 9)];
        let verdicts = asker.ask("1", probes, Target::Gallery).unwrap();
        assert_eq!(verdicts, [Verdict::Any(true), Verdict::Any(false)]);
    }
}

#[test]
fn the_same_request_again_is_the_same_job_and_is_charged_once() {
    for kind in kinds() {
        let trial = Trial::new(kind);
        let asker = Asker::<Tfhe>::new(&trial, 0);
        let (request, _) = asker.request("1", vec![person("p", 1)], Target::Gallery);
        let submit = || asker.client.submit(&request.agreement, &request.statement, request.query.as_deref().unwrap());
        let Accepted { job, receipt } = submit().unwrap();
        for _ in 0..3 {
            let again = submit().unwrap();
            assert_eq!((again.job, again.receipt.to_json()), (job, receipt.to_json()));
        }
        let account = trial.custody().account(&"A-BORDER".parse().unwrap(), &trial.digest(), trial.now()).unwrap();
        assert_eq!(account.probes_today, 1);
        // Another request under that number is none.
        asker.prepare("1", vec![person("other", 2)], Target::Gallery);
        assert_eq!(refused(asker.conclude("1")), "number-taken");
        // Another requester's numbers are their own.
        let other = Asker::<Tfhe>::idle(&trial, 1);
        assert_eq!(other.ask("1", vec![person("p", 1)], Target::Gallery).unwrap(), [Verdict::Any(true)]);
        assert_eq!(trial.log().1.statements.requests, 2);
    }
}

#[test]
fn a_lost_connection_at_any_stage_is_gone_on_from() {
    for kind in kinds() {
        let mut trial = Trial::new(kind);
        let people: Vec<_> = (0..3).map(|number| person(&format!("person-{number}"), number)).collect();
        let mut asker = Asker::<Tfhe>::new(&trial, 0);
        asker.patience = std::time::Duration::ZERO;
        // Before it is sent: nobody is there.
        trial.stop();
        asker.prepare("1", vec![person("p", 1)], Target::Gallery);
        assert!(asker.conclude("1").is_err());
        trial.restart(&people);
        asker.reconnect(&trial);
        assert_eq!(asker.verdicts("1").unwrap(), [Verdict::Any(true)]);
        // Accepted, but we never heard: the custodian answers all the same, and we send it again.
        let (request, _) = asker.request("2", vec![person("p", 9)], Target::Gallery);
        asker.client.submit(&request.agreement, &request.statement, request.query.as_deref().unwrap()).unwrap();
        trial.restart(&people);
        asker.reconnect(&trial);
        let job =
            asker.client.submit(&request.agreement, &request.statement, request.query.as_deref().unwrap()).unwrap().job;
        while asker.client.reply(&job).unwrap().is_none() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let (_, report) = trial.log();
        assert!(report.is_sound(), "{:?}", report.findings);
        assert_eq!((report.statements.requests, report.statements.answers), (2, 2));
    }
}

#[test]
fn an_answer_can_be_fetched_until_it_is_acknowledged_and_deleted_things_are_gone() {
    for kind in kinds() {
        let trial = Trial::new(kind);
        let asker = Asker::<Tfhe>::new(&trial, 0);
        let (request, _) = asker.request("1", vec![person("p", 1)], Target::Gallery);
        let query = request.query.clone().unwrap();
        let job = asker.client.submit(&request.agreement, &request.statement, &query).unwrap().job;
        while asker.client.reply(&job).unwrap().is_none() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let answer = asker.client.answer(&job, 1 << 20).unwrap();
        assert_eq!(asker.client.answer(&job, 1 << 20).unwrap(), answer);
        // An acknowledgement of another reply is refused.
        let said = cotejo::service::protocol::Acknowledgement {
            request: request.statement.digest(),
            reply: Hash([1; 32]),
            time: trial.now(),
        };
        let key = crate::trial::signing_key(asker.seed);
        let statement = cotejo::service::signing::Signed::new(&said, &key).unwrap();
        assert!(asker.client.acknowledge(&job, &statement).is_err());
        let reply = asker.client.reply(&job).unwrap().unwrap();
        let said = cotejo::service::protocol::Acknowledgement { reply: reply.digest(), ..said };
        let statement = cotejo::service::signing::Signed::new(&said, &key).unwrap();
        asker.client.acknowledge(&job, &statement).unwrap();
        asker.client.acknowledge(&job, &statement).unwrap();
        assert!(asker.client.answer(&job, 1 << 20).is_err());
        assert_eq!(asker.client.jobs(None).unwrap().jobs.len(), 1);
        asker.client.delete(&job).unwrap();
        asker.client.delete(&job).unwrap();
        assert!(asker.client.jobs(None).unwrap().jobs.is_empty());
        assert_eq!(asker.client.job(&job).unwrap().state, "deleted");
        let (_, report) = trial.log();
        assert!(report.is_sound(), "{:?}", report.findings);
        assert_eq!(report.statements.acknowledgements, 1);
    }
}

#[test]
fn what_nobody_fetches_in_time_is_deleted_and_keys_run_out() {
    for kind in kinds() {
        let trial = Trial::new(kind);
        let asker = Asker::<Tfhe>::new(&trial, 0);
        let (request, _) = asker.request("1", vec![person("p", 1)], Target::Gallery);
        let query = request.query.clone().unwrap();
        let job = asker.client.submit(&request.agreement, &request.statement, &query).unwrap().job;
        while asker.client.reply(&job).unwrap().is_none() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let terms = trial.agreement.terms().service.clone().unwrap();
        let expire = || trial.custody().expire(&trial.digest(), terms.answer_days, trial.now()).unwrap();
        trial.step_clock(86_400 * (i64::from(terms.answer_days) - 1));
        assert_eq!(expire(), 0);
        trial.step_clock(86_400 * 2);
        assert_eq!(expire(), 1);
        assert_eq!(asker.client.job(&job).unwrap().state, "deleted");
        trial.step_clock(86_400 * i64::from(terms.key_days));
        asker.prepare("2", vec![person("p", 1)], Target::Gallery);
        assert_eq!(refused(asker.conclude("2")), "key-expired");
        // Uploading the same key again does not make it younger.
        let again = asker.client.put_key(&trial.digest(), &asker.key, &asker.key_content).unwrap();
        assert!(again.expired);
        expire();
        assert!(asker.client.put_key(&trial.digest(), &asker.key, &asker.key_content).unwrap().expired);
        assert!(trial.log().1.is_sound());
    }
}

#[test]
fn what_answers_are_made_again_from_goes_with_the_contents_of_the_log_whatever_is_served() {
    for kind in kinds() {
        // Contents are kept for three years at least, whatever less an agreement says.
        let mut setup = crate::trial::with(|terms| terms.log_days = 10);
        setup.limits.query_days = 20;
        let trial = Trial::with(kind, setup);
        let asker = Asker::<Tfhe>::new(&trial, 0);
        asker.ask("1", vec![person("p", 1)], Target::Gallery).unwrap();
        let job = asker.client.jobs(None).unwrap().jobs[0].job.parse().unwrap();
        let kept = |days: i64| {
            trial.step_clock(86_400 * days);
            trial.custody().expire_replays(trial.now()).unwrap();
            trial.custody().replay(&job).map(|replay| replay.query.is_some())
        };
        assert!(kept(11).unwrap());
        // As of an agreement that was served before.
        crate::databases::execute(kind, &trial.database, "UPDATE replays SET agreement = 'another'");
        assert!(!kept(10).unwrap());
        assert!(!kept(1074).unwrap());
        // Another agreement, a year long, says that contents are kept for longer: what there is is kept for longer as well.
        trial.custody().journal().retain(1195).unwrap();
        assert!(!kept(2).unwrap());
        assert!(!kept(97).unwrap());
        assert!(matches!(kept(2), Err(cotejo::service::store::NoReplay::NoSeed(_))));
    }
}
