//! Certificates for trials: what is made is what TLS takes, secrets are private, and what does not fit is refused.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use x509_parser::extensions::GeneralName;
use x509_parser::pem::parse_x509_pem;

use crate::support::{Desk, listing};

/// A desk with an authority in the folder `authority`.
fn desk() -> Desk {
    let desk = Desk::empty();
    desk.ok("certificates authority --name Trial-authority --days 365");
    desk
}

const SERVER: &str = "certificates issue --name B-REGISTRY --server localhost,127.0.0.1,::1 --out custodian";
const CLIENT: &str = "certificates issue --name A-BORDER --client --out querier";

fn shown(desk: &Desk, file: &str) -> Value {
    desk.json(&format!("certificates show {file}"))["certificate"].clone()
}

#[test]
fn a_folder_holds_all_that_a_party_needs_and_its_secrets_are_private() {
    let desk = desk();
    desk.ok(SERVER);
    desk.ok(CLIENT);
    assert_eq!(listing(&desk.path("authority")), ["authority.key", "authority.pem"]);
    for party in ["custodian", "querier"] {
        assert_eq!(listing(&desk.path(party)), ["authority.pem", "tls.key", "tls.pem"]);
        assert_eq!(desk.read(&format!("{party}/authority.pem")), desk.read("authority/authority.pem"));
    }
    let mode = |name: &str| fs::metadata(desk.path(name)).unwrap().permissions().mode() & 0o777;
    for secret in ["authority/authority.key", "custodian/tls.key", "querier/tls.key"] {
        assert_eq!(mode(secret), 0o600, "{secret}");
        assert!(desk.read(secret).starts_with(b"-----BEGIN PRIVATE KEY-----"), "{secret}");
    }
    for certificate in ["authority/authority.pem", "custodian/tls.pem"] {
        assert_ne!(mode(certificate) & 0o044, 0, "{certificate}");
    }
}

#[test]
fn a_certificate_says_what_it_is_for_and_whose_it_is() {
    let desk = desk();
    desk.ok(SERVER);
    desk.ok(CLIENT);
    let described = |file: &str| {
        let shown = shown(&desk, file);
        ["name", "issuer", "authority", "server", "client"].map(|field| shown[field].clone())
    };
    let by = "Trial-authority";
    assert_eq!(described("authority/authority.pem"), [json!(by), json!(by), json!(true), json!(false), json!(false)]);
    assert_eq!(
        described("custodian/tls.pem"),
        [json!("B-REGISTRY"), json!(by), json!(false), json!(true), json!(false)]
    );
    assert_eq!(described("querier/tls.pem"), [json!("A-BORDER"), json!(by), json!(false), json!(false), json!(true)]);

    let text = desk.ok("certificates show custodian/tls.pem");
    assert!(text.contains("B-REGISTRY, for a server") && text.contains("valid from 20"), "{text}");
    assert!(!text.contains("EXPIRED"), "{text}");
}

#[test]
fn a_server_is_reached_by_its_names_and_addresses() {
    let desk = desk();
    desk.ok(SERVER);
    let pem = desk.read("custodian/tls.pem");
    let (_, pem) = parse_x509_pem(&pem).unwrap();
    let certificate = pem.parse_x509().unwrap();
    let names = &certificate.subject_alternative_name().unwrap().unwrap().value.general_names;
    let expected = [
        GeneralName::DNSName("localhost"),
        GeneralName::IPAddress(&[127, 0, 0, 1]),
        GeneralName::IPAddress(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
    ];
    assert_eq!(names.as_slice(), expected);
    // Clocks differ by less than an hour; a lifetime counts from there.
    let validity = certificate.validity();
    assert_eq!(validity.not_after.timestamp() - validity.not_before.timestamp(), 90 * 86_400);
}

#[test]
fn the_fingerprint_is_that_of_the_certificate_itself() {
    let desk = desk();
    let issued = desk.json(CLIENT)["fingerprint"].clone();
    assert_eq!(issued, shown(&desk, "querier/tls.pem")["fingerprint"]);
    let pem = desk.read("querier/tls.pem");
    let (_, pem) = parse_x509_pem(&pem).unwrap();
    let digest: String = Sha256::digest(&pem.contents).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(issued, json!(digest));
    assert!(desk.ok("certificates show querier/tls.pem").contains(&digest));
}

#[test]
fn an_expired_certificate_says_so_and_an_expired_authority_issues_nothing() {
    let desk = desk();
    desk.ok(&format!("{CLIENT} --valid-from 2020-01-01T00:00:00.000Z --days 10"));
    let text = desk.ok("certificates show querier/tls.pem");
    assert!(text.contains("2020-01-11T00:00:00.000Z: EXPIRED"), "{text}");
    assert_eq!(desk.json("certificates show querier/tls.pem")["expired"], json!(true));

    desk.ok("certificates authority --name Old --days 10 --valid-from 2020-01-01T00:00:00.000Z --out old");
    desk.refused(&format!("{SERVER} --authority old"), "old/authority.pem", "expired at 2020-01-11");
}

#[test]
fn a_certificate_that_outlives_its_authority_is_made_with_a_warning() {
    let desk = Desk::empty();
    desk.ok("certificates authority --name Short --days 2");
    let warned = desk.command(&format!("{CLIENT} --quiet")).assert().success();
    let stderr = String::from_utf8(warned.get_output().stderr.clone()).unwrap();
    assert!(stderr.starts_with("warning: ") && stderr.contains("but its authority only until"), "{stderr}");
}

#[test]
fn an_authority_must_be_one_and_have_its_own_key() {
    let desk = desk();
    desk.ok(CLIENT);
    let issue = |authority: &str| format!("{SERVER} --authority {authority}");
    desk.refused(&issue("nowhere"), "nowhere/authority.pem", "cannot open it");

    // A party's certificate is none of an authority.
    fs::create_dir(desk.path("party")).unwrap();
    desk.write("party/authority.pem", desk.read("querier/tls.pem"));
    desk.refused(&issue("party"), "party/authority.pem", "is no certificate of an authority");

    // Half of one authority, half of another.
    desk.ok("certificates authority --name Other --out other");
    let private = |name: &str, content: &[u8]| {
        desk.write(name, content);
        fs::set_permissions(desk.path(name), fs::Permissions::from_mode(0o600)).unwrap();
    };
    private("other/authority.key", &desk.read("authority/authority.key"));
    desk.refused(&issue("other"), "other/authority.key", "is not the key of authority.pem");
    for damaged in [&b""[..], b"-----BEGIN PRIVATE KEY-----\n", b"\xff\xfe", &desk.read("authority/authority.pem")] {
        private("other/authority.key", damaged);
        desk.refused(&issue("other"), "other/authority.key", "");
    }

    // A key that others can read.
    fs::set_permissions(desk.path("authority/authority.key"), fs::Permissions::from_mode(0o644)).unwrap();
    desk.refused(SERVER, "authority/authority.key", "others than its owner");
}

#[test]
fn what_exists_stays_unless_told_otherwise() {
    let desk = desk();
    desk.ok(SERVER);
    let before = desk.read("custodian/tls.key");
    desk.refused(SERVER, "custodian/", "exists already");
    desk.refused("certificates authority --name Trial-authority", "authority/", "exists already");
    desk.ok(&format!("{SERVER} --force"));
    assert_ne!(desk.read("custodian/tls.key"), before);
}

#[test]
fn what_is_no_certificate_is_refused() {
    let desk = desk();
    desk.write("noise.pem", b"\x00\xff not a certificate");
    desk.write("empty.pem", b"");
    desk.write("wrong.pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    for file in ["noise.pem", "empty.pem", "wrong.pem", "authority/authority.key"] {
        desk.refused(&format!("certificates show {file}"), file, "no certificate in PEM");
    }
    desk.refused("certificates show nothing.pem", "nothing.pem", "cannot open it");
    desk.refused("certificates issue --name B --server bücher --out b", "--server", "");
}

#[test]
fn a_command_line_that_makes_no_sense_is_refused() {
    let desk = desk();
    for line in [
        "certificates issue --name A --out a",
        "certificates issue --name A --out a --client --server localhost",
        "certificates issue --name A --out a --client --days 0",
        "certificates issue --name A --out a --client --days 3651",
        "certificates authority --name A --days 0 --out a",
        "certificates issue --name A --out a --client --valid-from yesterday",
    ] {
        desk.command(line).assert().code(2);
        assert!(!desk.exists("a"), "{line}");
    }
}

#[test]
fn a_signing_key_is_private_and_its_public_half_is_not() {
    let desk = Desk::empty();
    let made = desk.json("certificates signing-key --out custodian");
    let public = String::from_utf8(desk.read("custodian/signing.pub")).unwrap();
    assert_eq!(json!(public.trim_end()), made["public_key"]);
    let mode = fs::metadata(desk.path("custodian/signing.key")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    assert!(desk.read("custodian/signing.key").starts_with(b"-----BEGIN PRIVATE KEY-----"));
    desk.refused("certificates signing-key --out custodian", "custodian/", "exists already");
}
