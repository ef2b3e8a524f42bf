//! Keys, fingerprints and names as OpenSSL and people write them.

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
