//! The OpenAPI document is that of the code, and what is answered is in it.

use std::collections::BTreeSet;

use crate::databases::kinds;
use crate::raw::{Raw, call};
use crate::trial::{Trial, repository};

fn document(trial: &Trial) -> serde_json::Value {
    serde_json::from_str(trial.openapi()).unwrap()
}

#[test]
fn the_document_under_docs_is_the_one_that_the_code_makes() {
    let trial = Trial::new(kinds()[0]);
    let path = repository("docs/openapi.json");
    let made = format!("{}\n", trial.openapi());
    if std::env::var_os("COTEJO_WRITE").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == made, "run COTEJO_WRITE=1 cargo test --test service -- document, and look at what changed");
}

#[test]
fn the_document_is_served_and_every_path_is_there_for_registered_requesters_alone() {
    let trial = Trial::new(kinds()[0]);
    let known = &trial.requesters[0].1;
    let served = call(&trial, known, "GET /v1/openapi.json", "", b"");
    assert_eq!(served.status, 200);
    assert!(served.body.contains("cotejo custodian"));
    let stranger = trial.authority.issue("Z", 30);
    let document = document(&trial);
    let mut seen = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let documented: BTreeSet<u16> =
                operation["responses"].as_object().unwrap().keys().map(|status| status.parse().unwrap()).collect();
            let digest = trial.digest().to_string();
            let zeros = "0".repeat(32);
            let mut called = |certified, path: &str, headers: &str, body: &[u8]| {
                let line = format!("{} {path}", method.to_uppercase());
                let response = call(&trial, certified, &line, headers, body);
                assert!(
                    documented.contains(&response.status),
                    "{method} {path}: {} is not documented",
                    response.status
                );
                assert!(response.header("x-request-id").is_some(), "{method} {path}");
                if response.status >= 400 {
                    assert_eq!(response.header("content-type").unwrap(), "application/problem+json", "{method} {path}");
                    let problem: serde_json::Value = serde_json::from_str(&response.body).unwrap();
                    assert_eq!(problem["status"], response.status);
                    let id = response.header("x-request-id").unwrap();
                    assert_eq!(problem["instance"], format!("urn:cotejo:request:{id}"));
                }
                seen.insert((method.clone(), response.status));
                response.status
            };
            let real = path.replace("{agreement}", &digest).replace("{key}", &zeros).replace("{job}", &zeros);
            assert_eq!(called(&stranger, &real, "", b""), 403, "{method} {path}");
            called(known, &real, "", b"");
            called(known, &real, "content-length: 3\r\n", b"abc");
            called(known, &real, "content-length: 3\r\ncotejo-request: !!!\r\n", b"abc");
            if path.contains('{') {
                let unknown = path.replace("{agreement}", "x").replace("{key}", "y").replace("{job}", "z");
                assert_eq!(called(known, &unknown, "", b""), 404, "{method} {path}");
            }
        }
    }
    assert!(seen.len() > 8, "{seen:?}");
    for (line, status) in
        [("GET /", 404), ("GET /v1/nothing", 404), ("POST /v1/agreements", 405), ("GET /metrics", 404)]
    {
        let response = call(&trial, known, line, "", b"");
        assert_eq!(response.status, status, "{line}");
        assert_eq!(response.header("content-type").unwrap(), "application/problem+json");
    }
}

#[test]
fn what_is_no_http_is_cut_off() {
    let trial = Trial::new(kinds()[0]);
    for bytes in [b"\x00\x01\x02\r\n\r\n".to_vec(), vec![b'x'; 200_000], b"GET /\r\n\r\n".to_vec()] {
        let mut raw = Raw::connect(&trial, &trial.requesters[0].1);
        drop(raw.send(&bytes));
        let response = raw.response();
        assert!(response.is_none_or(|response| (400..500).contains(&response.status)));
    }
    assert_eq!(call(&trial, &trial.requesters[0].1, "GET /v1/agreements", "", b"").status, 200);
}
