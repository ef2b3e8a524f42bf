//! Keys, fingerprints and names as OpenSSL and people write them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::parties::{Changes, configure, parties};

#[test]
fn a_certificate_is_registered_by_its_fingerprint_however_that_is_printed() {
    let desk = parties();
    let shown = desk.json("certificates show a/tls.pem");
    let plain = shown["certificate"]["fingerprint"].as_str().unwrap().to_owned();
    let pairs: Vec<&str> = (0..32).map(|at| &plain[2 * at..2 * at + 2]).collect();
    let colons = pairs.join(":").to_uppercase();
    let printed = format!("sha256 Fingerprint={colons}");
    for requester in [plain.as_str(), &plain.to_uppercase(), &colons, &printed] {
        configure(&desk, &Changes { requester, ..Changes::default() });
        desk.ok("serve --config b/custodian.toml --check");
    }
    desk.write("b/fingerprint.txt", format!("{printed}\n"));
    configure(&desk, &Changes { requester: "fingerprint.txt", ..Changes::default() });
    desk.ok("serve --config b/custodian.toml --check");
    for (requester, digits) in [(&colons[..59], 40), ("SHA1 Fingerprint=AB:CD", 4), (&plain[1..], 63)] {
        configure(&desk, &Changes { requester, ..Changes::default() });
        let said = desk.refused("serve --config b/custodian.toml --check", "b/", &format!("of {digits} digits"));
        assert!(said.contains("openssl x509 -in CERTIFICATE -noout -fingerprint -sha256"), "{said}");
    }
}

#[test]
fn openssl_reads_a_signing_key() {
    let desk = parties();
    let openssl =
        std::process::Command::new("openssl").args(["pkey", "-noout", "-in"]).arg(desk.path("a/signing.key")).output();
    match openssl {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
        Err(_) => eprintln!("no openssl: whether it reads our keys is not tried"),
    }
}

/// A signing key's public half, as `openssl pkey -pubout` writes it.
fn pem(digits: &str) -> String {
    let digits = format!("302a300506032b6570032100{}", digits.trim());
    let der: Vec<u8> = (0..44).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap()).collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der))
}

#[test]
fn a_partners_signing_key_is_read_as_openssl_writes_it() {
    let desk = parties();
    let lines = ["serve --config b/custodian.toml --check", "ask --config a/querier.toml --check"];
    let mut written = Vec::new();
    for party in ["a", "b"] {
        let digits = String::from_utf8(desk.read(&format!("{party}/signing.pub"))).unwrap();
        written.push(digits.trim().to_owned());
        let key = desk.path(&format!("{party}/signing.key"));
        let openssl = std::process::Command::new("openssl").args(["pkey", "-pubout", "-in"]).arg(key).output();
        match openssl {
            Ok(output) => assert_eq!(String::from_utf8(output.stdout).unwrap(), pem(&digits)),
            Err(_) => eprintln!("no openssl: what it writes is not compared"),
        }
        desk.write(&format!("{party}/signing.pub"), pem(&digits));
    }
    lines.iter().for_each(|line| drop(desk.ok(line)));
    // They are the keys of the digits.
    for (party, digits) in ["a", "b"].iter().zip(&written) {
        let seen = desk.ok(&format!("inspect {party}/signing.pub"));
        assert!(seen.contains("public signing key (Ed25519, PEM)") && seen.contains(digits), "{seen}");
    }
    // With what editors put before it and at the ends of lines.
    for party in ["a", "b"] {
        let windows = format!("\u{feff}{}\r\n", pem(&written[usize::from(party == "b")]).replace('\n', "\r\n"));
        desk.write(&format!("{party}/signing.pub"), windows);
    }
    lines.iter().for_each(|line| drop(desk.ok(line)));
    // Other keys are told.
    let kept =
        |name: &str| std::fs::read(format!("{}/tests/inputs/certificates/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    for (content, what) in [
        (kept("public.pem"), "no Ed25519 public key: it is a public key"),
        (desk.read("a/signing.key"), "no Ed25519 public key: it is a private key"),
        (kept("own.pem"), "no Ed25519 public key: it is a certificate"),
        (b"0f".to_vec(), "not 64 hexadecimal digits"),
    ] {
        for party in ["a", "b"] {
            desk.write(&format!("{party}/signing.pub"), &content);
        }
        for (line, other) in [(lines[0], "a"), (lines[1], "b")] {
            let said =
                desk.refused(line, &format!("{}/../{other}/signing.pub", if other == "a" { "b" } else { "a" }), what);
            assert!(said.contains("'openssl pkey -in signing.key -pubout'"), "{said}");
        }
    }
}

#[test]
fn names_that_are_no_hosts_are_refused() {
    let desk = parties();
    for host in ["https://b.example", "b.example:8443", "two,hosts:1", "b..example", "127.0.0.1:1", "b/", "b."] {
        let line = format!("certificates issue --authority authority --name B --server {host} --out x");
        let said = desk.refused(&line, "--server", "is no name of a host and no IP address");
        assert!(said.contains("without a port"), "{said}");
    }
    for (number, host) in
        ["b.example", "*.b.example", "::1", "xn--bcher-kva.example", "localhost"].into_iter().enumerate()
    {
        desk.ok(&format!("certificates issue --authority authority --name B --server {host} --out ok-{number}"));
    }
    let empty = desk.command("certificates authority --out y --name").arg("").assert();
    crate::support::refusal(empty, "certificates authority", "--name", "an empty name");
}
