//! Own certificates and keys as tools and authorities hand them out: what TLS would refuse is refused when the configuration is read,
//! with the command that mends it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use time::{Duration, OffsetDateTime};

use crate::parties::{Changes, READ, configure, parties, private};
use crate::support::{Desk, refusal};

/// A file of `certificates.sh`.
fn kept(name: &str) -> Vec<u8> {
    fs::read(format!("{}/tests/inputs/certificates/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// Every command that reads a configuration refuses; what `ask --check` says.
fn refused_everywhere(desk: &Desk, changes: &Changes<'_>, file: &str, what: &str) -> String {
    configure(desk, changes);
    let said = READ.map(|(line, place)| {
        let said = desk.refused(line, place, what);
        assert!(said.contains(&format!("{file}: ")), "{said}");
        said
    });
    let [_, _, ask] = said;
    ask
}

/// The file, what is said of it, and the beginning of the command that mends it.
const CERTIFICATES: [(&str, &str, &str); 11] = [
    ("certificate.der", "it is a certificate in DER", "openssl x509 -inform der"),
    ("trusted.pem", "as OpenSSL trusts it", "openssl x509 -in"),
    ("envelope.p7c", "PKCS #7", "openssl pkcs7 -in"),
    ("envelope.p7b", "PKCS #7", "openssl pkcs7 -inform der"),
    ("both.p12", "PKCS #12", "openssl pkcs12 -in"),
    ("request.csr", "it is a request for a certificate", ""),
    ("own.key", "it is a private key", ""),
    ("empty", "the file is empty", ""),
    ("utf-16", "UTF-16", "iconv"),
    ("indented", "indented, joined or cut", ""),
    ("half", "it is damaged", ""),
];

const KEYS: [(&str, &str, &str); 9] = [
    ("key.der", "a private key in DER", "openssl pkey -inform der"),
    ("sec1.der", "a private key in DER", "openssl pkey -inform der"),
    ("traditional.key", "that is encrypted", "openssl pkey -in"),
    ("encrypted.der", "that is encrypted", "openssl pkcs8 -inform der"),
    ("both.p12", "PKCS #12", "openssl pkcs12 -in"),
    ("openssh.key", "OpenSSH", "cp "),
    ("own.pem", "it is a certificate", ""),
    ("public.pem", "a public key", ""),
    ("empty", "the file is empty", ""),
];

/// A party that has the kept certificate.
fn with_kept_files(desk: &Desk) {
    for name in CERTIFICATES.iter().chain(&KEYS).map(|(name, ..)| *name).chain(["own.pem", "ca.pem", "encrypted.key"]) {
        let own = || String::from_utf8(kept("own.pem")).unwrap();
        let content = match name {
            "empty" => b"\r\n".to_vec(),
            "utf-16" => own().encode_utf16().flat_map(u16::to_le_bytes).collect(),
            "indented" => own().replace('\n', "\n  ").replace("-----BEGIN", "  -----BEGIN").into_bytes(),
            "half" => own().lines().take(4).collect::<Vec<_>>().join("\n").into_bytes(),
            _ => kept(name),
        };
        for party in ["a", "b"] {
            private(desk, &format!("{party}/{name}"), &content);
        }
    }
}

/// Runs the command of a remedy, as it was printed, and gives the file that it names.
fn mended(desk: &Desk, said: &str, needs: &str) -> Option<String> {
    let remedy = said.split_once("remedy: ")?.1;
    let (command, rest) = remedy.split_once(", and name ")?;
    let out = rest.split(' ').next()?.to_owned();
    let tool = |tool: &str| Command::new(tool).arg("-V").output().is_ok();
    if !["openssl", "ssh-keygen", "iconv"].iter().all(|name| tool(name)) {
        eprintln!("no openssl, ssh-keygen or iconv: the commands of remedies are not tried");
        return None;
    }
    let command = match command.contains("openssl") && needs == "password" {
        true => format!("{command} -passin pass:geheim"),
        false => command.to_owned(),
    };
    let ran = Command::new("sh").args(["-c", &command]).current_dir(desk.path(".")).output().unwrap();
    assert!(ran.status.success(), "{command}: {}", String::from_utf8_lossy(&ran.stderr));
    Some(out.strip_prefix("a/").unwrap().to_owned())
}

#[test]
fn kind_e_files_of_other_forms_are_named_with_the_command_that_makes_pem_of_them() {
    let desk = parties();
    with_kept_files(&desk);
    let needs = |name: &str| {
        if name.contains("crypt") || name.contains(".p12") || name == "traditional.key" { "password" } else { "" }
    };
    for (name, what, command) in CERTIFICATES {
        let changes = Changes { certificate: name, key: "own.key", authority: "ca.pem", ..Changes::default() };
        let said = refused_everywhere(&desk, &changes, name, "no certificate in PEM: ");
        assert!(said.contains(what) && said.contains(&format!("remedy: {command}")), "{name}: {said}");
        if !command.is_empty()
            && let Some(certificate) = mended(&desk, &said, needs(name))
        {
            configure(&desk, &Changes { certificate: &certificate, ..changes });
            desk.ok("ask --config a/querier.toml --check");
        }
    }
    for (name, what, command) in KEYS {
        let changes = Changes { certificate: "own.pem", key: name, authority: "ca.pem", ..Changes::default() };
        let said = refused_everywhere(&desk, &changes, name, "no private key in PEM: ");
        assert!(said.contains(what) && said.contains(&format!("remedy: {command}")), "{name}: {said}");
        if !command.is_empty()
            && let Some(key) = mended(&desk, &said, needs(name))
        {
            configure(&desk, &Changes { key: &key, ..changes });
            desk.ok("ask --config a/querier.toml --check");
        }
    }
    // A requester's certificate likewise, in the custodian's configuration; and a mark before the text is no fault.
    configure(&desk, &Changes { requester: "certificate.der", ..Changes::default() });
    let said = desk.refused(READ[0].0, "b/certificate.der", "no certificate in PEM: it is a certificate in DER");
    assert!(said.contains("openssl x509 -inform der"), "{said}");
    let marked = [b"\xef\xbb\xbf".to_vec(), desk.read("a/tls.pem")].concat();
    desk.write("a/marked.pem", marked);
    configure(&desk, &Changes { certificate: "marked.pem", requester: "../a/marked.pem", ..Changes::default() });
    desk.ok("ask --config a/querier.toml --check");
}

#[test]
fn kind_e_an_encrypted_key_in_pem_is_read_with_its_passphrase() {
    let desk = parties();
    with_kept_files(&desk);
    let changes = Changes { certificate: "own.pem", key: "encrypted.key", authority: "ca.pem", ..Changes::default() };
    configure(&desk, &changes);
    for ((line, _), party) in READ.into_iter().zip(["b", "b", "a"]) {
        let said = desk.refused(line, &format!("{party}/encrypted.key"), "needs a passphrase, and none is given");
        assert!(said.contains("--passphrase-file"), "{said}");
    }
    let ask = "ask --config a/querier.toml --check";
    desk.command(ask).env("COTEJO_PASSPHRASE", "geheim").assert().success();
    let wrong = desk.command(ask).env("COTEJO_PASSPHRASE", "Geheim").assert();
    refusal(wrong, ask, "a/encrypted.key", "another passphrase");
}

#[test]
fn kind_e_inspect_knows_each_form_and_has_the_remedy_that_fits() {
    let desk = parties();
    with_kept_files(&desk);
    for (name, kind, secret, command) in [
        ("own.pem", "certificate (PEM)", false, "cotejo certificates show a/own.pem"),
        ("certificate.der", "certificate in DER", false, "openssl x509 -inform der -in a/certificate.der"),
        ("trusted.pem", "certificate as OpenSSL trusts it", false, "openssl x509 -in a/trusted.pem"),
        ("envelope.p7c", "PKCS #7 file", false, "openssl pkcs7 -in a/envelope.p7c"),
        ("request.csr", "request for a certificate", false, "send it to the authority"),
        ("public.pem", "public key", false, "signing keys are Ed25519"),
        ("own.key", "private key (PEM)", true, "[tls] 'key'"),
        ("key.der", "private key in DER", true, "openssl pkey -inform der -in a/key.der"),
        ("encrypted.key", "private key that is encrypted", true, "openssl pkey -in a/encrypted.key"),
        ("openssh.key", "key of OpenSSH's", true, "ssh-keygen -p"),
        ("both.p12", "PKCS #12 file", true, "openssl pkcs12 -in a/both.p12 -nocerts"),
    ] {
        let said = desk.ok(&format!("inspect a/{name}"));
        assert!(said.starts_with(&format!("a/{name}: {kind}\n")) && said.contains(command), "{said}");
        assert_eq!(said.contains("its owner alone"), secret, "{said}");
        // What is secret, and others may read it, is said.
        fs::set_permissions(desk.path(&format!("a/{name}")), fs::Permissions::from_mode(0o644)).unwrap();
        let output = desk.command(&format!("inspect a/{name}")).output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap().contains("chmod 600"), secret, "{name}");
    }
    for none in ["empty", "utf-16", "indented"] {
        desk.refused(&format!("inspect a/{none}"), &format!("a/{none}"), "neither a file of cotejo");
    }
}

/// An authority of a test's own, and what it issues.
pub struct Office(Issuer<'static, KeyPair>, pub String);

fn parameters(name: &str) -> CertificateParams {
    let mut parameters = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters
}

impl Office {
    pub fn root(name: &str) -> Self {
        let (mut parameters, key) = (parameters(name), KeyPair::generate().unwrap());
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = parameters.self_signed(&key).unwrap().pem();
        Self(Issuer::new(parameters, key), pem)
    }

    pub fn below(&self, name: &str) -> Self {
        let (mut parameters, key) = (parameters(name), KeyPair::generate().unwrap());
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = parameters.signed_by(&key, &self.0).unwrap().pem();
        Self(Issuer::new(parameters, key), pem)
    }

    /// Certificate and key.
    pub fn issue(&self, change: impl Fn(&mut CertificateParams)) -> (String, String) {
        let (mut parameters, key) = (parameters("party"), KeyPair::generate().unwrap());
        change(&mut parameters);
        (parameters.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }
}

/// Puts a chain, its key and the authority before both parties.
fn put(desk: &Desk, chain: &str, key: &str, authority: &str) {
    for party in ["a", "b"] {
        desk.write(&format!("{party}/x.pem"), chain);
        private(desk, &format!("{party}/x.key"), key);
        desk.write(&format!("{party}/x-authority.pem"), authority);
    }
}

const OWN: (&str, &str, &str) = ("x.pem", "x.key", "x-authority.pem");

/// The requester's certificate is another's affair.
const SOMEBODY: &str = "ab54a98ceb1f0ad2ab54a98ceb1f0ad2ab54a98ceb1f0ad2ab54a98ceb1f0ad2";

fn changes() -> Changes<'static> {
    Changes { certificate: OWN.0, key: OWN.1, authority: OWN.2, requester: SOMEBODY, ..Changes::default() }
}

#[test]
fn kind_e_a_certificate_that_the_other_side_would_refuse_is_refused_here_by_cause() {
    let desk = parties();
    let root = Office::root("Root");
    let now = OffsetDateTime::now_utc();
    let days = Duration::days;
    let expired = root.issue(|own| (own.not_before, own.not_after) = (now - days(9), now - days(1)));
    let early = root.issue(|own| (own.not_before, own.not_after) = (now + days(1), now + days(9)));
    let authority = root.issue(|own| own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    let mail = root.issue(|own| own.extended_key_usages = vec![ExtendedKeyUsagePurpose::EmailProtection]);
    for ((chain, key), what, remedy) in [
        (expired, "a certificate that expired at 20", "have it renewed"),
        (early, "not valid before 20", "set the clock"),
        (authority, "a certificate of an authority", "that it has issued for this party"),
        (mail, "(its extended key usage)", "issued with extendedKeyUsage=clientAuth"),
    ] {
        put(&desk, &chain, &key, &root.1);
        let said = refused_everywhere(&desk, &changes(), "x.pem", what);
        assert!(said.contains(remedy), "{said}");
    }
    // Of a use that fits one side alone, and without names.
    let (chain, key) = root.issue(|own| own.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth]);
    put(&desk, &chain, &key, &root.1);
    configure(&desk, &changes());
    desk.refused("ask --config a/querier.toml --check", "a/querier.toml", "not for clients");
    desk.ok("serve --config b/custodian.toml --check");
    let (chain, key) = root.issue(|own| own.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]);
    put(&desk, &chain, &key, &root.1);
    desk.ok("ask --config a/querier.toml --check");
    desk.refused("serve --config b/custodian.toml --check", "b/custodian.toml", "not for servers");
    let (chain, key) = root.issue(|own| own.subject_alt_names.clear());
    put(&desk, &chain, &key, &root.1);
    let said = desk.refused("serve --config b/custodian.toml --check", "b/custodian.toml", "subjectAltName");
    assert!(said.contains("-addext subjectAltName=DNS:HOST"), "{said}");
    desk.ok("ask --config a/querier.toml --check");
}

#[test]
fn kind_e_chains_and_authorities_are_told_apart() {
    let desk = parties();
    let root = Office::root("Root");
    let middle = root.below("Middle");
    let (own, key) = middle.issue(|_| {});
    put(&desk, &format!("{own}{}", middle.1), &key, &root.1);
    configure(&desk, &changes());
    let checked = |line: &str| {
        let output = desk.command(line).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stderr).unwrap()
    };
    for (line, _) in [READ[0], READ[2]] {
        assert!(!checked(line).contains("intermediate"), "nothing is missing");
    }
    put(&desk, &format!("{}{own}", middle.1), &key, &root.1);
    let said = refused_everywhere(&desk, &changes(), "x.pem", "in the wrong order");
    assert!(said.contains("put the own certificate first"), "{said}");
    // It may be what the other side trusts, so it is no fault: but it is said.
    put(&desk, &own, &key, &root.1);
    for (line, _) in [READ[0], READ[2]] {
        let said = checked(line);
        assert!(said.contains("x.pem: issued by 'Middle'") && said.contains("append its certificate"), "{said}");
    }
    // Another authority than ours is no fault either.
    put(&desk, &own, &key, &Office::root("Root of theirs").1);
    desk.ok("ask --config a/querier.toml --check");
    // A party's own certificate is no authority's.
    put(&desk, &own, &key, &own);
    refused_everywhere(&desk, &changes(), "x-authority.pem", "that is a party's own");
}

#[test]
fn kind_e_a_key_that_others_can_read_is_refused_with_the_command_that_hides_it() {
    let desk = parties();
    for party in ["a", "b"] {
        fs::set_permissions(desk.path(&format!("{party}/tls.key")), fs::Permissions::from_mode(0o644)).unwrap();
    }
    for (line, place) in READ {
        let key = place.replace("querier.toml", "tls.key").replace("custodian.toml", "tls.key");
        let said = desk.refused(line, &key, "others than its owner");
        assert!(said.contains(&format!("chmod 600 {key}")), "{said}");
    }
}
