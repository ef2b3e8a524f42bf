//! Who is let in, and what they may see.

use cotejo::scheme::tfhe::Tfhe;
use cotejo::service::client::{Client, ClientError};
use cotejo::service::signing::{Name, Signed};
use cotejo::wire::Target;

use crate::databases::kinds;
use crate::trial::{Asker, Authority, Certified, Setup, Trial, person, signing_key};

fn client(trial: &Trial, certified: &Certified) -> Client {
    Client::new(&format!("https://localhost:{}", trial.address().port()), certified.identity()).unwrap()
}

#[test]
fn a_job_is_its_requesters_alone() {
    for kind in kinds() {
        let trial = Trial::new(kind);
        let asker = Asker::<Tfhe>::new(&trial, 0);
        let (request, _) = asker.request("1", vec![person("p", 1)], Target::Gallery);
        let job =
            asker.client.submit(&request.agreement, &request.statement, request.query.as_deref().unwrap()).unwrap().job;
        let other = Asker::<Tfhe>::idle(&trial, 1);
        let statuses = |client: &Client, job: &Name| {
            let status = |error: ClientError| match error {
                ClientError::Refused(refusal) => (refusal.status, refusal.detail),
                other => panic!("{other}"),
            };
            let said = cotejo::service::protocol::Acknowledgement {
                request: request.statement.digest(),
                reply: request.statement.digest(),
                time: trial.now(),
            };
            let said = Signed::new(&said, &signing_key(3)).unwrap();
            [
                status(client.job(job).unwrap_err()),
                status(client.answer(job, 1 << 20).unwrap_err()),
                status(client.follow(job, |_| true).unwrap_err()),
                status(client.acknowledge(job, &said).unwrap_err()),
                status(client.delete(job).unwrap_err()),
            ]
        };
        // Another requester's job is not told from one that does not exist.
        let theirs = statuses(&other.client, &job);
        assert_eq!(theirs, statuses(&other.client, &Name([9; 16])));
        assert!(theirs.iter().all(|(status, _)| *status == 404), "{theirs:?}");
        assert!(other.client.jobs(None).unwrap().jobs.is_empty());
        assert!(other.client.jobs(Some(&job.to_string())).unwrap().jobs.is_empty());
        // Nor is another requester's key of use.
        assert!(other.client.key(&trial.digest(), &asker.key).unwrap().is_none());
    }
}

#[test]
fn a_request_in_anothers_name_or_with_anothers_signature_is_refused() {
    for kind in kinds() {
        let trial = Trial::new(kind);
        let asker = Asker::<Tfhe>::new(&trial, 0);
        let (prepared, request) = asker.request("1", vec![person("p", 1)], Target::Gallery);
        let query = prepared.query.as_deref().unwrap();
        let kind_of = |statement: &Signed<_>, query: &[u8]| match asker.client.submit(&trial.digest(), statement, query)
        {
            Err(ClientError::Refused(refusal)) => (refusal.status, refusal.kind),
            other => panic!("{other:?}"),
        };
        let forged = Signed::new(&request, &signing_key(9)).unwrap();
        assert_eq!(kind_of(&forged, query), (400, "malformed".into()));
        let mut other = request.clone();
        other.requester = "C-POLICE".parse().unwrap();
        let in_their_name = Signed::new(&other, &signing_key(asker.seed)).unwrap();
        assert_eq!(kind_of(&in_their_name, query), (403, "other-requester".into()));
        let mut altered = query.to_vec();
        altered[100] ^= 1;
        assert_eq!(kind_of(&prepared.statement, &altered), (400, "malformed".into()));
        let mut other = request.clone();
        other.probes = 0;
        let fewer = Signed::new(&other, &signing_key(asker.seed)).unwrap();
        assert_eq!(kind_of(&fewer, query), (400, "malformed".into()), "fewer probes are charged than are asked");
        assert_eq!(trial.log().1.statements.requests, 0);
    }
}

#[test]
fn certificates_of_strangers_and_expired_ones_are_refused_with_a_reason() {
    let trial = Trial::new(kinds()[0]);
    let why = |certified: &Certified| client(&trial, certified).agreements().unwrap_err();
    // By the right authority, but registered nowhere.
    match why(&trial.authority.issue("Z-STRANGER", 30)) {
        ClientError::Refused(refusal) => assert_eq!((refusal.status, refusal.kind.as_str()), (403, "not-registered")),
        other => panic!("{other}"),
    }
    let certificate = |error: ClientError, words: &str| match &error {
        ClientError::Certificate { why, .. } => assert!(why.contains(words), "{why}"),
        other => panic!("{other}"),
    };
    certificate(why(&trial.authority.issue("A-BORDER", -1)), "our certificate has expired");
    let elsewhere = Authority::new().issue("A-BORDER", 30).trusting(&trial.authority);
    match why(&elsewhere) {
        ClientError::Certificate { why, .. } => assert!(why.contains("our certificate is"), "{why}"),
        other => panic!("{other}"),
    }
    // And the other way round: a custodian whom we do not trust, or whose certificate has expired.
    let distrusting = trial.requesters[0].1.trusting(&Authority::new());
    certificate(why(&distrusting), "authority that we do not know");
    let expired = Trial::with(kinds()[0], Setup { server_days: -1, ..Setup::default() });
    certificate(
        client(&expired, &expired.requesters[0].1).agreements().unwrap_err(),
        "custodian's certificate has expired",
    );
    let elsewhere =
        Client::new(&format!("https://127.0.0.2:{}", trial.address().port()), trial.requesters[0].1.identity())
            .unwrap();
    assert!(elsewhere.agreements().is_err());
}

#[test]
fn metrics_name_nobody_and_no_verdict() {
    let trial = Trial::new(kinds()[0]);
    let asker = Asker::<Tfhe>::idle(&trial, 0);
    asker.ask("2026-0001", vec![person("somebody", 1)], Target::Gallery).unwrap();
    asker.ask("2026-0002", vec![person("nobody", 9)], Target::Gallery).unwrap();
    let metrics = trial.operations("/metrics");
    assert!(metrics.contains("cotejo_jobs_accepted_total 2"), "{metrics}");
    let job = asker.client.jobs(None).unwrap().jobs[0].job.clone();
    for word in
        ["A-BORDER", "2026-000", "somebody", "person", "hit", &asker.key.to_string(), &trial.digest().to_string(), &job]
    {
        assert!(!metrics.contains(word), "{word}");
    }
    // And the requesters' port has none.
    assert!(asker.client.job(&Name([0; 16])).is_err());
}
