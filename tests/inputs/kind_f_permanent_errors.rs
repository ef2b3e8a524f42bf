//! What no waiting mends is refused at once, by its cause; what may pass is tried again.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection};

use crate::parties::{Changes, configure, parties};
use crate::support::Desk;

const ASK: &str = "ask --config a/querier.toml --templates probes.csv --justification file-7";

#[test]
fn kind_f_an_address_that_is_none_is_refused_by_what_is_wrong_with_it() {
    let desk = parties();
    for (url, what) in [
        ("http://localhost:8443", "http has no certificates"),
        ("localhost:8443", "does not begin with https://"),
        ("b.example", "does not begin with https://"),
        ("ftp://localhost", "by https alone"),
        ("https://localhost:8443/v1/", "something follows host and port"),
        ("https://localhost?token=geheim", "something follows host and port"),
        ("https://user:geheim@localhost", "a user or a password"),
        ("https://localhost:84430", "its port is none"),
        ("https://localhost:https", "its port is none"),
        ("https://::1:8443", "its port is none"),
        ("https://", "its host is none"),
        ("https://two hosts", "its host is none"),
        ("https://0.0.0.0:8443", "nobody reaches it by that address"),
        ("", "it is empty"),
    ] {
        configure(&desk, &Changes { url, ..Changes::default() });
        for line in [ASK, "ask --config a/querier.toml --check", "jobs list --config a/querier.toml"] {
            let said = desk.refused(line, "a/querier.toml", "is not the address of a service");
            assert!(said.contains(what) && said.contains("write https://host:port"), "{url}: {said}");
            assert!(!said.contains("geheim"), "{said}");
        }
    }
    configure(&desk, &Changes { url: "https://localhost:8443/", ..Changes::default() });
    desk.ok("ask --config a/querier.toml --check");
}

/// Asks the service at an address, which must be refused soon though patience lasts longer; what was said.
fn refused_at_once(desk: &Desk, url: &str) -> String {
    configure(desk, &Changes { url, ..Changes::default() });
    let begun = Instant::now();
    let output = desk.command(&format!("{ASK} --patience 60")).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(begun.elapsed() < Duration::from_secs(30), "{said}");
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(!said.contains("trying again") && said.contains("cotejo ask --resume"), "{said}");
    said
}

#[test]
fn kind_f_a_host_that_does_not_exist_is_not_looked_up_again() {
    let desk = parties();
    // RFC 6761: nobody has such a name.
    let host = "custodian.invalid";
    let asked = (host, 443).to_socket_addrs().map(drop).unwrap_err().to_string();
    if asked.contains("Temporary failure") {
        eprintln!("no name can be looked up here: what a name that nobody has looks like is not tried");
        return;
    }
    let said = refused_at_once(&desk, &format!("https://{host}:8443"));
    assert!(said.contains(&format!("error: https://{host}:8443: there is no host of this name")), "{said}");
    assert!(said.contains("correct the host in url"), "{said}");
}

/// Serves every connection, until the test is over; the port.
fn listen(mut serve: impl FnMut(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().flatten().for_each(&mut serve));
    port
}

#[test]
fn kind_f_what_speaks_no_tls_or_another_is_not_asked_again() {
    let desk = parties();
    let says = |bytes: &'static [u8]| {
        listen(move |mut stream| {
            drop(stream.read(&mut [0; 4096]));
            drop(stream.write_all(bytes));
        })
    };
    for (answer, what, remedy) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], "does not speak TLS", "not that of operations"),
        // The alerts 70, protocol_version, and 40, handshake_failure.
        (b"\x15\x03\x03\x00\x02\x02\x46", "no TLS that both sides speak", "nothing between them"),
        (b"\x15\x03\x03\x00\x02\x02\x28", "no TLS that both sides speak", "nothing between them"),
    ] {
        let said = refused_at_once(&desk, &format!("https://127.0.0.1:{}", says(answer)));
        assert!(said.contains(what) && said.contains(remedy), "{said}");
    }
    // A connection that is cut may be a custodian that begins again.
    let port = listen(drop);
    configure(&desk, &Changes { url: &format!("https://127.0.0.1:{port}"), ..Changes::default() });
    desk.command(&format!("{ASK} --patience 0")).assert().code(4);
    let tried = desk.command(&format!("{ASK} --patience 1")).output().unwrap();
    assert!(String::from_utf8(tried.stderr).unwrap().contains("trying again"));
}

/// An authority, with its certificate.
fn authority(name: &str, by: Option<&Issuer<'static, KeyPair>>) -> (Issuer<'static, KeyPair>, String) {
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let pem = match by {
        Some(by) => parameters.signed_by(&key, by),
        None => parameters.self_signed(&key),
    };
    (Issuer::new(parameters, key), pem.unwrap().pem())
}

/// A server's certificate, changed, with its key.
fn own(by: &Issuer<'static, KeyPair>, change: &dyn Fn(&mut CertificateParams)) -> (KeyPair, String) {
    let (mut parameters, key) =
        (CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap(), KeyPair::generate().unwrap());
    change(&mut parameters);
    let pem = parameters.signed_by(&key, by).unwrap().pem();
    (key, pem)
}

/// A server that shows this chain.
fn shows(chain: &str, key: &KeyPair) -> u16 {
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    let chain = CertificateDer::pem_slice_iter(chain.as_bytes()).map(Result::unwrap).collect();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap());
    listen(move |mut stream| {
        let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        while connection.is_handshaking() && connection.complete_io(&mut stream).is_ok() {}
    })
}

#[test]
fn kind_f_a_certificate_that_is_not_trusted_is_told_by_cause_and_not_asked_for_again() {
    let desk = parties();
    let (root, root_pem) = authority("Root", None);
    let (middle, middle_pem) = authority("Middle", Some(&root));
    let (stranger, _) = authority("Stranger", None);
    let (namesake, _) = authority("Root", None);
    desk.write("a/authority.pem", &root_pem);
    let now = time::OffsetDateTime::now_utc();
    let named = |own: &mut CertificateParams| *own = CertificateParams::new(vec!["b.example".to_owned()]).unwrap();
    let expired = |own: &mut CertificateParams| own.not_after = now - time::Duration::days(1);
    let early = |own: &mut CertificateParams| own.not_before = now + time::Duration::days(1);
    let client = |own: &mut CertificateParams| own.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let as_is = |_: &mut CertificateParams| {};
    let of_authority = |own: &mut CertificateParams| own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    for ((key, chain), what) in [
        (own(&middle, &as_is), "no intermediate certificate between the two came with it"),
        (own(&stranger, &as_is), "issued by 'Stranger', we trust 'Root'"),
        (own(&namesake, &as_is), "called 'Root' as ours is, but has another key"),
        (own(&root, &named), "the custodian's certificate is for another host: b.example"),
        (own(&root, &expired), "the custodian's certificate has expired at 20"),
        (own(&root, &early), "the custodian's certificate is not valid before 20"),
        (own(&root, &client), "the custodian's certificate is not for servers"),
        (own(&root, &of_authority), "the custodian's certificate is that of an authority"),
    ] {
        let said = refused_at_once(&desk, &format!("https://127.0.0.1:{}", shows(&chain, &key)));
        assert!(said.contains(what), "{what}: {said}");
    }
    // With the intermediate certificate it is trusted: what is amiss then is that nobody answers.
    let (key, chain) = own(&middle, &as_is);
    let port = shows(&format!("{chain}{middle_pem}"), &key);
    configure(&desk, &Changes { url: &format!("https://127.0.0.1:{port}"), ..Changes::default() });
    desk.command(&format!("{ASK} --patience 0")).assert().code(4);
}
