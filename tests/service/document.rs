//! The OpenAPI document is that of the code, and what is answered is in it.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::http::StatusCode;

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
    let zeros = "0".repeat(32);
    for (line, status) in [
        ("GET /", 404),
        ("GET /v1/nothing", 404),
        ("POST /v1/agreements", 405),
        ("GET /metrics", 404),
        ("GET /v1/jobs/%ff", 404),
        ("GET /v1/jobs/%00", 404),
        ("GET /v1/jobs/A", 404),
        ("GET /v1/jobs?before=A", 400),
        ("GET /v1/jobs?before=%ff", 400),
        (&format!("GET /v1/jobs?before={zeros}&before={zeros}"), 400),
        ("GET /v1/log/consistency?earlier=0", 400),
        ("GET /v1/log/consistency?earlier=0&later=-1", 400),
        ("GET /v1/log/consistency?earlier=0&later=18446744073709551615", 404),
    ] {
        let response = call(&trial, known, line, "", b"");
        assert_eq!(response.status, status, "{line}");
        assert_eq!(response.header("content-type").unwrap(), "application/problem+json", "{line}");
        assert_eq!(response.header("allow").is_some(), status == 405, "{line}");
    }
}

/// All values in a document, with where they are.
fn all(document: &serde_json::Value) -> Vec<&serde_json::Value> {
    let mut found = vec![document];
    let mut next = 0;
    while next < found.len() {
        match found[next] {
            serde_json::Value::Array(items) => found.extend(items),
            serde_json::Value::Object(fields) => found.extend(fields.values()),
            _ => {}
        }
        next += 1;
    }
    found
}

#[test]
fn the_document_has_no_loose_ends() {
    let document = document(&Trial::new(kinds()[0]));
    let mut referred = BTreeSet::new();
    for value in all(&document) {
        if let Some(reference) = value.get("$ref").and_then(serde_json::Value::as_str) {
            assert!(document.pointer(reference.strip_prefix('#').unwrap()).is_some(), "{reference} is not there");
            referred.insert(reference);
        }
        assert_ne!(value["items"]["type"], "integer", "bytes are no list of numbers: {value}");
    }
    for kind in ["schemas", "responses", "headers"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            let reference = format!("#/components/{kind}/{name}");
            assert!(referred.contains(reference.as_str()), "nothing refers to {reference}");
        }
    }
    assert_eq!(document["components"]["securitySchemes"]["certificate"]["type"], "mutualTLS");
    assert_eq!(document["security"], serde_json::json!([{ "certificate": [] }]));
    let mut operations = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let of = format!("{method} {path}");
            assert!(operation["security"].is_null(), "{of}: whatever holds for all is not taken back");
            assert!(operations.insert(operation["operationId"].as_str().unwrap()), "{of}: its name is another's");
            let named =
                |parameter: &serde_json::Value| path.contains(&format!("{{{}}}", parameter["name"].as_str().unwrap()));
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                assert_eq!(parameter["in"] == "path", named(parameter), "{of}: {parameter}");
                let schema = &parameter["schema"];
                let bounded =
                    schema["maxLength"].is_u64() && schema["pattern"].is_string() || schema["maximum"].is_u64();
                assert!(bounded, "{of}: {parameter} has no bounds");
            }
            for (status, response) in operation["responses"].as_object().unwrap() {
                let response = response["$ref"].as_str().map_or(response, |at| document.pointer(&at[1..]).unwrap());
                let described = response["description"].as_str().is_some_and(|text| !text.is_empty());
                assert!(described, "{of}: {status} has no description");
                assert!(response["headers"]["x-request-id"].is_object(), "{of}: {status}");
                let problem = response["content"]["application/problem+json"].is_object();
                assert_eq!(problem, status.as_str() >= "400", "{of}: {status}");
            }
        }
    }
}

/// What the text of a server's file says of problems: status and kind, where one stands behind the other.
fn problems(source: &str, found: &mut BTreeSet<(u16, String)>) {
    for (at, _) in source.match_indices("StatusCode::") {
        let text = &source[at + "StatusCode::".len()..];
        let Some((status, text)) = text.split_once(',') else { continue };
        let Some((kind, _)) = text.trim_start().strip_prefix('"').and_then(|text| text.split_once('"')) else {
            continue;
        };
        let number = (100..600).find(|number| {
            let words = StatusCode::from_u16(*number).ok().and_then(|status| status.canonical_reason());
            words.is_some_and(|words| words.to_uppercase().replace(' ', "_") == status)
        });
        found.insert((number.unwrap(), kind.to_owned()));
    }
}

#[test]
fn every_kind_of_problem_is_documented_with_its_status() {
    let document = document(&Trial::new(kinds()[0]));
    let mut folders = vec![repository("src/service/server")];
    let mut found = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                // That is for operators, on a port of their own.
                false if path.ends_with("server/orders.rs") => {}
                false => problems(&std::fs::read_to_string(path).unwrap(), &mut found),
            }
        }
    }
    assert!(found.len() > 20, "{found:?}");
    // That is for the operator's own tools.
    found.retain(|(status, _)| *status >= 400);
    found.remove(&(405, "method-not-allowed".to_owned()));
    for (status, kind) in found {
        let answers =
            document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values());
        let described =
            answers.filter_map(|operation| operation["responses"].get(status.to_string())).any(|response| {
                let response = response["$ref"].as_str().map_or(response, |at| document.pointer(&at[1..]).unwrap());
                response["description"].as_str().unwrap().contains(&format!("`{kind}`"))
            });
        assert!(described, "{status} {kind} is not documented");
    }
}

/// A connection on which a request has been begun that states this length for its body.
fn begun(trial: &Trial, line: &str, length: usize) -> Raw {
    let mut raw = Raw::connect(trial, &trial.requesters[0].1);
    raw.send(format!("{line} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n").as_bytes()).unwrap();
    raw
}

#[test]
fn who_is_refused_while_still_sending_hears_of_it_and_the_connection_goes_on_or_says_that_it_ends() {
    let trial = Trial::new(kinds()[0]);
    let zeros = "0".repeat(32);
    for line in [format!("PUT /v1/jobs/{zeros}/acknowledgement"), "GET /v1/agreements".to_owned()] {
        let mut raw = begun(&trial, &line, 10);
        std::thread::sleep(Duration::from_millis(200));
        raw.send(b"0123456789").unwrap();
        let first = raw.next_response();
        assert!(!first.contains("connection: close"), "{line}: {first}");
        raw.send(b"GET /v1/agreements HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
        assert!(raw.next_response().starts_with("HTTP/1.1 200 "), "{line}: the connection was open");
        let mut raw = begun(&trial, &line, 10);
        let response = raw.next_response();
        assert!(response.contains("connection: close"), "{line}: {response}");
        assert!(raw.closes(), "{line}: the rest never came");
    }
    // More than any buffer on the way holds.
    let line = format!("PUT /v1/requests/{}/abandonment", "0".repeat(64));
    let mut raw = begun(&trial, &line, 8 << 20);
    raw.send(&vec![b'x'; 8 << 20]).unwrap();
    assert!(raw.next_response().starts_with("HTTP/1.1 413 "));
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
