//! How keys of a connection are agreed on: X25519MLKEM768 first, and alone where one side insists.

use std::net::TcpListener;
use std::sync::Arc;
use std::thread::JoinHandle;

use cotejo::Remedy as _;
use cotejo::service::client::{Client, ClientError};
use cotejo::service::identity::KeyExchange;
use rustls::crypto::aws_lc_rs::{default_provider, kx_group};
use rustls::crypto::{CryptoProvider, SupportedKxGroup};
use rustls::{NamedGroup, ServerConfig, ServerConnection, SupportedProtocolVersion, version};

use crate::databases::kinds;
use crate::raw::Raw;
use crate::trial::{Authority, Certified, Setup, Trial};

const GET: &[u8] = b"GET /v1/agreements HTTP/1.1\r\nhost: localhost\r\n\r\n";

fn client(trial: &Trial, exchange: KeyExchange) -> Client {
    let identity = trial.requesters[0].1.identity().exchanging(exchange).unwrap();
    Client::new(&format!("https://localhost:{}", trial.address().port()), identity).unwrap()
}

fn classical() -> [&'static dyn SupportedKxGroup; 2] {
    [kx_group::X25519, kx_group::SECP256R1]
}

#[test]
fn both_sides_agree_on_keys_by_the_hybrid_exchange() {
    let trial = Trial::new(kinds()[0]);
    for exchange in [KeyExchange::Any, KeyExchange::PostQuantum] {
        client(&trial, exchange).agreements().unwrap();
    }
    let metrics = trial.operations("/metrics");
    assert!(metrics.contains("cotejo_handshakes_total{group=\"X25519MLKEM768\"} 2"), "{metrics}");
    // And whoever has both.
    let mut raw = Raw::connect(&trial, &trial.requesters[0].1);
    raw.send(GET).unwrap();
    assert!(raw.next_response().starts_with("HTTP/1.1 200"));
    assert_eq!(raw.exchanged(), Some(NamedGroup::X25519MLKEM768));
}

#[test]
fn a_classical_client_gets_in_unless_the_server_insists() {
    let trial = Trial::new(kinds()[0]);
    let mut raw = Raw::exchanging(&trial, &trial.requesters[0].1, &classical());
    raw.send(GET).unwrap();
    assert!(raw.next_response().starts_with("HTTP/1.1 200"));
    assert_eq!(raw.exchanged(), Some(NamedGroup::X25519));
    let metrics = trial.operations("/metrics");
    assert!(metrics.contains("cotejo_handshakes_total{group=\"X25519\"} 1"), "{metrics}");

    let strict = Trial::with(kinds()[0], Setup { exchange: KeyExchange::PostQuantum, ..Setup::default() });
    let mut raw = Raw::exchanging(&strict, &strict.requesters[0].1, &classical());
    assert!(raw.send(GET).is_err() || !raw.begins());
    assert_eq!(raw.exchanged(), None);
    // Ours is let in, without being told to insist.
    client(&strict, KeyExchange::Any).agreements().unwrap();
    let metrics = strict.operations("/metrics");
    assert!(metrics.contains("cotejo_handshakes_failed_total 1"), "{metrics}");
}

#[test]
fn a_classical_connection_ends_with_the_reload_from_which_on_the_server_insists() {
    let trial = Trial::new(kinds()[0]);
    let own = &trial.requesters[0].1;
    let mut held = [Raw::exchanging(&trial, own, &classical()), Raw::connect(&trial, own)];
    let mut ask = |which: usize| {
        held[which].send(GET).unwrap();
        assert!(held[which].next_response().starts_with("HTTP/1.1 200"));
    };
    ask(0);
    ask(1);
    // One that changes nothing of that ends neither.
    trial.reload_exchanging(KeyExchange::Any);
    ask(0);
    trial.reload_exchanging(KeyExchange::PostQuantum);
    ask(1);
    assert!(held[0].closes());
    // Nor does one that began before get in after.
    trial.reload_exchanging(KeyExchange::Any);
    let mut begun = Raw::exchanging(&trial, own, &classical());
    begun.greet();
    trial.reload_exchanging(KeyExchange::PostQuantum);
    drop(begun.send(GET));
    assert!(begun.closes());
}

/// A server that agrees on keys in other ways, for one connection.
fn serves(
    certified: &Certified,
    groups: &[&'static dyn SupportedKxGroup],
    versions: &[&'static SupportedProtocolVersion],
) -> (u16, JoinHandle<()>) {
    let provider = CryptoProvider { kx_groups: groups.to_vec(), ..default_provider() };
    let config = ServerConfig::builder_with_provider(Arc::new(provider)).with_protocol_versions(versions).unwrap();
    let identity = certified.identity();
    let config = config.with_no_client_auth().with_single_cert(identity.chain, identity.key.unwrap()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut connection = ServerConnection::new(Arc::new(config)).unwrap();
        while connection.is_handshaking() && connection.complete_io(&mut stream).is_ok() {}
        drop(connection.complete_io(&mut stream));
    });
    (port, serving)
}

#[test]
fn a_client_that_insists_names_what_a_custodian_of_before_lacks() {
    let authority = Authority::new();
    let [server, own] = ["B-REGISTRY", "A-BORDER"].map(|name| authority.issue(name, 30));
    for (groups, versions) in [
        (classical(), &[&version::TLS13, &version::TLS12][..]),
        (classical(), &[&version::TLS12][..]),
        ([kx_group::SECP384R1, kx_group::X25519], &[&version::TLS13][..]),
    ] {
        let (port, serving) = serves(&server, &groups, versions);
        let identity = own.identity().exchanging(KeyExchange::PostQuantum).unwrap();
        let error = Client::new(&format!("https://localhost:{port}"), identity).unwrap().agreements().unwrap_err();
        assert!(matches!(&error, ClientError::NoService { .. }) && error.retry().is_none(), "{error:?}");
        assert!(error.to_string().contains("no post-quantum key exchange (X25519MLKEM768)"), "{error}");
        assert!(error.remedy().unwrap().contains("require_post_quantum"));
        serving.join().unwrap();
    }
}

#[test]
fn lists_of_revoked_certificates_and_insisting_on_the_exchange_go_together() {
    use cotejo::service::identity::PemFile;
    let trial = Trial::new(kinds()[0]);
    let list = trial.authority.revoking(&trial.requesters[1].1, 10);
    let list = PemFile { path: std::path::Path::new("list"), content: list.as_bytes() };
    let identity = || trial.requesters[0].1.identity();
    for identity in [
        identity().revoking(&[list]).unwrap().exchanging(KeyExchange::PostQuantum).unwrap(),
        identity().exchanging(KeyExchange::PostQuantum).unwrap().revoking(&[list]).unwrap(),
    ] {
        assert!(identity.lists_until().is_some());
        let client = Client::new(&format!("https://localhost:{}", trial.address().port()), identity).unwrap();
        client.agreements().unwrap();
    }
}
