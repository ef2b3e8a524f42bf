//! `serve` and `ask` as two parties run them: exit codes, kept verdicts, keys and certificates that do not fit, queries made again.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};

use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use rcgen::{CertificateParams, CustomExtension, KeyPair};

use crate::support::{Desk, PROBES};

const ASK: &str = "ask --config a/querier.toml --justification file-7";

/// Two parties with all they need; the custodian's port is of no use before [`Serving::begin`].
pub fn desk() -> Desk {
    let desk = Desk::of_two_parties(&["a", "b", "other"]);
    let common = |party: &str, database: &str| {
        format!("party = '{party}'\ndatabase = '{database}.sqlite'\nsigning_key = 'signing.key'\n")
    };
    let tls = "[tls]\ncertificate = 'tls.pem'\nkey = 'tls.key'\nauthority = 'authority.pem'\n";
    desk.write(
        "b/custodian.toml",
        common("B", "custodian")
            + "listen = '127.0.0.1:0'\n"
            + tls
            + "[[agreement]]\nfile = '../agreement.toml'\ngallery = 'gallery.cotejo'\n\
               [[requester]]\ncode = 'A'\ncertificate = '../a/tls.pem'\nsigning_key = '../a/signing.pub'\n",
    );
    let custodian = "[custodian]\nparty = 'B'\nurl = 'https://127.0.0.1:1'\nsigning_key = '../b/signing.pub'\n";
    desk.write("a/querier.toml", common("A", "querier") + "keys = 'keys'\n" + tls + custodian);
    desk.ok("serve --init-database --config b/custodian.toml");
    desk
}

/// A database of this name, of the PostgreSQL server that tests are given: as a URI; none where there is no server.
pub fn on_postgres(name: &str) -> Option<String> {
    let Ok(server) = std::env::var("COTEJO_POSTGRES") else {
        eprintln!("COTEJO_POSTGRES is not set: not tested with PostgreSQL (see scripts/postgres.sh)");
        return None;
    };
    let name = format!("{name}_{}", std::process::id());
    let mut admin = postgres::Client::connect(&server, postgres::NoTls).unwrap();
    admin.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
    let others: Vec<&str> = server.split(' ').filter(|pair| !pair.starts_with("dbname=")).collect();
    Some(format!("postgresql:///{name}?{}", others.join("&")))
}

fn text(desk: &Desk, file: &str) -> String {
    String::from_utf8(desk.read(file)).unwrap()
}

/// Changes a configuration.
pub fn reconfigure(desk: &Desk, file: &str, from: &str, to: &str) {
    let before = text(desk, file);
    assert!(before.contains(from), "{file}: {from}");
    desk.write(file, before.replace(from, to));
}

/// A custodian that serves; the querier's configuration names its port.
pub struct Serving(pub Child);

impl Serving {
    pub fn begin(desk: &Desk) -> Self {
        Self::begin_in(desk, &[])
    }

    /// With these variables in its environment.
    pub fn begin_in(desk: &Desk, environment: &[(&str, &str)]) -> Self {
        Self::reached(desk, Self::spawned(desk, "b/custodian.toml", environment))
    }

    /// A server that may not serve yet.
    pub fn spawned(desk: &Desk, line: &str, environment: &[(&str, &str)]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_cotejo"))
            .current_dir(desk.path("."))
            .args(["serve", "--config"])
            .args(line.split(' '))
            .args(["--log", "error", "--json", "--quiet"])
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Once it serves; the querier's configuration names its port.
    pub fn reached(desk: &Desk, mut server: Child) -> Self {
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines().map(Result::unwrap);
        let line = lines.find(|line| line.contains("\"address\"")).unwrap();
        let address = line.split('"').nth(3).unwrap().to_owned();
        let before = text(desk, "a/querier.toml");
        let url: Vec<_> = before
            .lines()
            .map(|line| match line.starts_with("url") {
                true => format!("url = 'https://{address}'"),
                false => line.to_owned(),
            })
            .collect();
        desk.write("a/querier.toml", url.join("\n"));
        Self(server)
    }
}

impl Drop for Serving {
    /// As its operator does, so that the database is closed.
    fn drop(&mut self) {
        drop(Command::new("kill").arg(self.0.id().to_string()).status());
        drop(self.0.wait());
    }
}

/// Runs `ask`: exit code, standard output, standard error.
pub fn ask(desk: &Desk, rest: &str) -> (i32, String, String) {
    let output = desk.command(&format!("{ASK} {rest}")).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn exit_codes_tell_what_became_of_each_request_and_no_verdict_is_lost() {
    let desk = desk();
    let told = |number: u32| format!("{number}\tlike-bert\thit\n{number}\tnobody\tno hit\n");
    assert_eq!(ask(&desk, "--resume").0, 3, "nothing to resume");
    let (code, out, err) = ask(&desk, "--templates probes.csv --number 1 --patience 0");
    assert_eq!((code, out.as_str()), (4, ""), "no reply yet: {err}");
    assert!(err.contains("cotejo ask --resume 1"), "{err}");
    assert_eq!(ask(&desk, "--show 1").0, 4);
    assert_eq!(ask(&desk, "--forget 1").0, 4);
    assert_eq!(ask(&desk, "--show 77").0, 2);
    // Four that wait; the day's quota has room for the first three.
    for number in [2, 3] {
        assert_eq!(ask(&desk, &format!("--templates probes.csv --number {number} --patience 0")).0, 4);
    }
    assert_eq!(ask(&desk, "--templates gallery.csv --number 5 --patience 0").0, 4);
    desk.write("nobody.csv", PROBES.lines().filter(|line| !line.starts_with("like")).collect::<Vec<_>>().join("\n"));
    let serving = Serving::begin(&desk);
    let (code, out, _) = ask(&desk, "--templates nobody.csv --number 4");
    assert_eq!((code, out.as_str()), (1, "4\tnobody\tno hit\n"));

    let (code, out, err) = ask(&desk, "--resume --patience 0 --json");
    let failed: serde_json::Value = serde_json::from_str(err.lines().last().unwrap()).unwrap();
    assert_eq!(failed["error"]["place"], "request 5", "{err}");
    assert!(failed["error"]["what"].as_str().unwrap().contains("refused by the custodian (quota)"), "{err}");
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    let ending = |index: usize| document["requests"][index]["ending"].as_str().unwrap();
    assert_eq!(
        (code, document["hits"].as_u64(), [0, 1, 2, 3].map(ending)),
        (8, Some(3), ["hit", "hit", "hit", "refused"])
    );
    let (code, out, _) = ask(&desk, "--resume --patience 0");
    assert_eq!((code, out.as_str()), (5, ""), "the one that is left");

    // As a table: our number, the custodian's, and the version of the gallery.
    let (code, table, err) = ask(&desk, "--resume 4 --csv");
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!((code, rows.len()), (1, 2), "{err}");
    assert_eq!(rows[0], ["request", "reply", "gallery", "probe", "verdict", "places", "count", "handles"]);
    let version = document["requests"][0]["verdicts"][0]["gallery"].as_str().unwrap();
    assert_eq!([rows[1][0], rows[1][2]], ["4", version]);
    assert!(err.contains(&format!("request 4, reply {} of", rows[1][1])), "{err}");
    assert_eq!(rows[1][3..], ["nobody", "no hit", "", "", ""]);
    let (code, again, err) = ask(&desk, "--show 4 --csv");
    assert_eq!((code, &again), (1, &table), "{err}");
    // Where there is no verdict the heading stands alone.
    assert_eq!(ask(&desk, "--show 5 --csv").1, rows[0].join(",") + "\n");
    assert_eq!(ask(&desk, "--show 4 --csv --json").0, 2);

    // What was told can be told again, online or not, with the exit code of its verdicts.
    let (code, out, err) = ask(&desk, "--resume 1");
    assert_eq!((code, out), (0, told(1)), "{err}");
    assert!(err.contains("kept since an earlier run"), "{err}");
    drop(serving);
    assert_eq!(ask(&desk, "--show 1").1, told(1));
    assert_eq!(ask(&desk, "--resume 4").0, 1);
    let (code, out, _) = ask(&desk, "--show 4 --json");
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &document["requests"][0]["verdicts"][0]["hit"]), (1, &false.into()));
    // Not in the clear.
    let database = [desk.read("a/querier.sqlite"), fs::read(desk.path("a/querier.sqlite-wal")).unwrap_or_default()];
    for secret in ["like-bert", "no hit"] {
        assert!(!database.iter().any(|bytes| bytes.windows(secret.len()).any(|window| window == secret.as_bytes())));
    }
    assert_eq!(ask(&desk, "--forget 1").0, 0);
    for again in ["--show 1", "--resume 1"] {
        let (code, out, err) = ask(&desk, again);
        assert_eq!((code, out.as_str()), (7, ""), "{err}");
    }
    // Under other keys kept verdicts are not read.
    desk.ok("keygen --allow-insecure --out a/keys --force");
    assert_eq!(ask(&desk, "--show 4").0, 2);
}

#[test]
fn a_request_that_is_replied_to_without_an_answer_has_a_code_of_its_own() {
    let desk = desk();
    // So many that there is time to cancel it.
    desk.ok("synthesize --modality face --dimension 16 --subjects 3000 --seed 1 --out data");
    desk.ok("enroll --force --templates data/sample-1.npy --out b/gallery.cotejo");
    let nobody = PROBES.lines().last().unwrap();
    let six: Vec<String> = (0..6).map(|number| format!("{number}{nobody}")).collect();
    desk.write("six.csv", format!("{}\n{}\n", PROBES.lines().next().unwrap(), six.join("\n")));
    let _serving = Serving::begin(&desk);
    let (code, out, err) = std::thread::scope(|scope| {
        let asking = scope.spawn(|| ask(&desk, "--templates six.csv --number 1"));
        let job = loop {
            let jobs = desk.ok("jobs list --config a/querier.toml");
            match jobs.split_once("\t1\twaiting") {
                Some((job, _)) => {
                    assert!(jobs.ends_with("\t6 probes\n"), "{jobs}");
                    break job.to_owned();
                }
                None => assert!(!asking.is_finished(), "{jobs}"),
            }
        };
        desk.ok(&format!("jobs delete --config a/querier.toml {job}"));
        asking.join().unwrap()
    });
    assert_eq!((code, out.as_str()), (6, ""), "{err}");
    assert!(err.contains("the first ten cancelled ones are not charged"), "{err}");
    assert_eq!(ask(&desk, "--show 1").0, 7);
}

#[test]
fn a_database_is_bound_to_its_signing_key() {
    let desk = desk();
    let serving = Serving::begin(&desk);
    assert_eq!(ask(&desk, "--templates probes.csv --number 1").0, 0);
    drop(serving);
    let keys: Vec<String> =
        ["a", "b", "other"].map(|party| text(&desk, &format!("{party}/signing.pub")).trim().to_owned()).into();
    for config in ["a/querier.toml", "b/custodian.toml"] {
        reconfigure(&desk, config, "signing_key = 'signing.key'", "signing_key = '../other/signing.key'");
    }
    for (line, config, key) in [
        (format!("{ASK} --templates probes.csv --number 2"), "a/querier.toml", &keys[0]),
        (format!("{ASK} --resume"), "a/querier.toml", &keys[0]),
        (format!("{ASK} --check"), "a/querier.toml", &keys[0]),
        ("serve --config b/custodian.toml".to_owned(), "b/custodian.toml", &keys[1]),
        ("serve --config b/custodian.toml --check".to_owned(), "b/custodian.toml", &keys[1]),
        ("breaker pull --config b/custodian.toml --reason drill".to_owned(), "b/custodian.toml", &keys[1]),
        ("accounts --config b/custodian.toml".to_owned(), "b/custodian.toml", &keys[1]),
    ] {
        let refused = desk.refused(&line, config, "is bound to signing key");
        assert!(refused.contains(key) && refused.contains(&keys[2]), "{line}: {refused}");
    }
    let erase = "audit erase --database b/custodian.sqlite --signing-key other/signing.key";
    desk.refused(erase, "other/signing.key", "is not the key");
    for (party, database, key) in [("a", "querier", &keys[0]), ("b", "custodian", &keys[1])] {
        desk.ok(&format!("audit verify --database {party}/{database}.sqlite --key {key}"));
    }
}

/// Name, certificate, key, which of the two is at fault, and what is said of it.
type Misfit = (&'static str, Vec<u8>, Vec<u8>, &'static str, &'static str);

/// Certificates and keys that TLS does not take, or not together.
fn misfits(desk: &Desk) -> Vec<Misfit> {
    let kept = |name: &str| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/command_line/pem");
        ["pem", "key"].map(|kind| fs::read(format!("{folder}/{name}.{kind}")).unwrap())
    };
    let ([good, key], other) =
        (["tls.pem", "tls.key"].map(|file| desk.read(&format!("a/{file}"))), desk.read("b/tls.key"));
    let ([first, first_key], [p521, p521_key], [rsa, rsa_key], [critical, critical_key]) =
        (kept("version-1"), kept("p-521"), kept("rsa-1024"), kept("critical"));
    let der = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec();
    let damaged = text(desk, "a/tls.pem").replacen("\nMI", "\n**", 1).into_bytes();
    let no_key = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n".to_vec();
    let chain = [good.as_slice(), &der].concat();
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
    extension.set_criticality(true);
    parameters.custom_extensions.push(extension);
    let ours = KeyPair::generate().unwrap();
    let unknown = parameters.self_signed(&ours).unwrap().pem().into_bytes();
    vec![
        ("X.509 v1", first, first_key, "x.pem", "not of X.509 version 3"),
        ("the key of another", good.clone(), other, "x.key", "not the private key of the certificate in"),
        ("P-521", p521, p521_key, "x.key", "a private key that cannot be used"),
        ("RSA-1024", rsa, rsa_key, "x.key", "a private key that cannot be used"),
        ("critical, by OpenSSL", critical, critical_key, "x.pem", "critical extension"),
        ("critical, by rcgen", unknown, ours.serialize_pem().into_bytes(), "x.pem", "critical extension"),
        ("no DER", der, key.clone(), "x.pem", "damaged"),
        ("no Base64", damaged, key.clone(), "x.pem", "no certificate in PEM"),
        ("a chain that ends in no DER", chain, key, "x.pem", "damaged"),
        ("no key", good, no_key, "x.key", "a private key that cannot be used"),
    ]
}

#[test]
fn certificates_and_keys_that_tls_does_not_take_are_refused_when_the_configuration_is_read() {
    let desk = desk();
    // Somebody listens: the refusal is not that of a connection.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    reconfigure(&desk, "a/querier.toml", "https://127.0.0.1:1", &url);
    for config in ["a/querier.toml", "b/custodian.toml"] {
        reconfigure(
            &desk,
            config,
            "certificate = 'tls.pem'\nkey = 'tls.key'",
            "certificate = '../x.pem'\nkey = '../x.key'",
        );
    }
    for (name, certificate, key, file, what) in misfits(&desk) {
        desk.write("x.pem", certificate);
        desk.write("x.key", key);
        fs::set_permissions(desk.path("x.key"), Permissions::from_mode(0o600)).unwrap();
        for (line, config) in [
            (format!("{ASK} --templates probes.csv --patience 0"), "a/querier.toml"),
            (format!("{ASK} --check"), "a/querier.toml"),
            ("jobs list --config a/querier.toml".to_owned(), "a/querier.toml"),
            ("serve --config b/custodian.toml --check".to_owned(), "b/custodian.toml"),
            ("serve --config b/custodian.toml".to_owned(), "b/custodian.toml"),
        ] {
            let refused = desk.refused(&line, config, what);
            assert!(refused.contains(&format!("{file}: ")), "{name}: {refused}");
            assert!(refused.contains("cotejo certificates"), "{name}: {refused}");
        }
    }
    // An authority likewise; and an address that is none.
    reconfigure(
        &desk,
        "a/querier.toml",
        "certificate = '../x.pem'\nkey = '../x.key'",
        "certificate = 'tls.pem'\nkey = 'tls.key'",
    );
    desk.ok(&format!("{ASK} --check"));
    let authority = desk.read("a/authority.pem");
    desk.write("a/authority.pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    desk.refused(&format!("{ASK} --check"), "a/querier.toml", "authority.pem: an authority's certificate");
    desk.write("a/authority.pem", authority);
    for address in ["http://localhost:1", "localhost:1", "https://", "https:///x", "https://a b", "https://a:1/v1", ""]
    {
        desk.write("a/x.toml", text(&desk, "a/querier.toml").replace(&url, address));
        let line = "ask --config a/x.toml --check";
        desk.refused(line, "a/x.toml", "is not the address of a service");
    }
}

#[test]
fn a_check_of_asking_refuses_what_asking_would_refuse_and_says_what_mends_it() {
    let desk = desk();
    let check = "ask --config a/querier.toml --check";
    desk.ok(check);
    desk.ok(&format!("{} --out plain.toml", crate::support::INIT));
    desk.refused(&format!("{check} --agreement plain.toml"), "plain.toml", "no [service] table");
    reconfigure(&desk, "a/querier.toml", "'../b/signing.pub'", "'signing.pub'");
    desk.refused(check, "a/querier.toml", "[custodian] signing_key is our own, not that of B");
    reconfigure(&desk, "a/querier.toml", "'signing.pub'", "'theirs.pub'");
    let refused = desk.refused(check, "a/theirs.pub", "cannot open it");
    assert!(refused.contains("it comes from the other party"), "{refused}");
    reconfigure(&desk, "a/querier.toml", "'theirs.pub'", "'../b/signing.pub'");
    reconfigure(&desk, "a/querier.toml", "authority = 'authority.pem'", "authority = 'their-authority.pem'");
    let refused = desk.refused(check, "a/their-authority.pem", "cannot open it");
    assert!(refused.contains("it comes from the other party"), "{refused}");
    reconfigure(&desk, "a/querier.toml", "'their-authority.pem'", "'authority.pem'");
    reconfigure(&desk, "a/querier.toml", "keys = 'keys'", "keys = 'nowhere'");
    let refused = desk.refused(check, "a/nowhere/secret.key", "there is no secret key here");
    assert!(refused.contains("'keys' in the configuration") && !refused.contains("--keys"), "{refused}");
}

#[test]
fn a_query_and_keys_can_be_made_again_and_others_cannot_pass_for_them() {
    let desk = desk();
    let serving = Serving::begin(&desk);
    assert_eq!(ask(&desk, "--templates probes.csv --number 1").0, 0);
    assert_eq!(ask(&desk, "--templates probes.csv --number 2 --reference bert").0, 0);
    drop(serving);
    let audit = |rest: &str| desk.command(&format!("audit query --config a/querier.toml {rest}")).assert();
    audit("1 --templates probes.csv").code(0).stdout(contains("make the query that was signed"));
    audit("2 --templates probes.csv --reference bert").code(0);
    let others = [
        "2 --templates probes.csv".to_owned(),
        "1 --templates probes.csv --reference bert".to_owned(),
        "1 --templates gallery.csv".to_owned(),
        "1 --templates altered.csv".to_owned(),
    ];
    desk.write("altered.csv", PROBES.replacen("0.9", "0.8", 1));
    for other in others {
        audit(&other).code(1).stdout(contains("do not make the query that was signed"));
    }
    audit("3 --templates probes.csv").code(2).stderr(contains("no such request"));

    desk.command("audit key --keys a/keys").assert().code(0).stdout(contains("both keys are those of the seed"));
    // The evaluation key of another pair, and a secret key whose seed is another's.
    desk.ok("keygen --allow-insecure --out a/more");
    let (evaluation, secret) = (desk.read("a/keys/evaluation.key"), desk.read("a/keys/secret.key"));
    desk.write("a/keys/evaluation.key", desk.read("a/more/evaluation.key"));
    desk.command("audit key --keys a/keys").assert().code(1).stdout(contains("the evaluation key is not"));
    desk.write("a/keys/evaluation.key", evaluation);
    desk.write("a/keys/secret.key", desk.read("a/more/secret.key"));
    fs::set_permissions(desk.path("a/keys/secret.key"), Permissions::from_mode(0o600)).unwrap();
    desk.command("audit key --keys a/keys").assert().code(1);
    audit("1 --templates probes.csv").code(2).stderr(contains("it was made with key").and(contains("remedy")));
    desk.write("a/keys/secret.key", secret);
    audit("1 --templates probes.csv").code(0);
}

#[test]
fn both_parties_can_insist_on_a_post_quantum_key_exchange() {
    let desk = desk();
    for config in ["a/querier.toml", "b/custodian.toml"] {
        reconfigure(&desk, config, "[tls]\n", "[tls]\nrequire_post_quantum = true\n");
    }
    let serving = Serving::begin(&desk);
    assert_eq!(ask(&desk, "--templates probes.csv --number 1").0, 0);
    // OpenSSL knows the exchange since version 3.5; one by X25519 is refused, also where it is told to try TLS 1.2.
    let url = text(&desk, "a/querier.toml").lines().find(|line| line.starts_with("url")).unwrap().to_owned();
    let address = url.split("https://").nth(1).unwrap().trim_end_matches('\'').to_owned();
    for rest in ["-tls1_3 -groups X25519", "-tls1_2"] {
        let classical = Command::new("openssl")
            .args(["s_client", "-connect", &address, "-cert", "a/tls.pem", "-key", "a/tls.key"])
            .args(rest.split(' '))
            .current_dir(desk.path("."))
            .stdin(Stdio::null())
            .output();
        match classical {
            Ok(output) => assert!(!output.status.success(), "{rest}: {}", String::from_utf8_lossy(&output.stdout)),
            Err(_) => eprintln!("no openssl: whether it is refused is not tried"),
        }
    }
    drop(serving);
}

#[test]
fn canaries_are_asked_about_like_anybody_and_who_is_missed_is_named() {
    let desk = desk();
    let (code, _, err) = ask(&desk, "--canary probes.csv --number 1");
    assert!(code == 2 && err.contains("the agreement names no canaries"), "{err}");
    reconfigure(&desk, "agreement.toml", "\nkey_days", "\ncanaries = 2\nkey_days");
    assert!(desk.ok("agreement check").contains("2 references of donors who agreed (canaries)"));
    let serving = Serving::begin(&desk);
    let (code, out, err) = ask(&desk, "--canary probes.csv --number 1");
    assert_eq!((code, out.as_str()), (0, "1\tlike-bert\thit\n1\tnobody\tno hit\n"), "{err}");
    assert!(err.contains("1 of 2 canaries NOT FOUND: 'nobody'") && err.contains("gallery prove"), "{err}");
    desk.write("found.csv", PROBES.lines().filter(|line| !line.starts_with("nobody")).collect::<Vec<_>>().join("\n"));
    let (_, _, err) = ask(&desk, "--canary found.csv --number 2");
    assert!(err.contains("all 1 canaries were found"), "{err}");
    assert_eq!(ask(&desk, "--templates probes.csv --number 3").0, 0);
    // Told again, counted once.
    assert_eq!(ask(&desk, "--show 1").0, 0);
    drop(serving);
    let verified = desk.ok("audit verify --database a/querier.sqlite");
    assert!(verified.contains("canaries asked about: 3, found: 2, MISSED: 1"), "{verified}");
    assert!(verified.contains("no findings"), "{verified}");
    let counted = desk.json("audit transparency --database a/querier.sqlite");
    assert_eq!(counted["years"][0]["canaries"], serde_json::json!({"asked": 3, "found": 2}));
    // Nothing that crosses says so: requests differ in nothing but what each request differs in.
    desk.ok("audit export --database b/custodian.sqlite --format log --out custodian.jsonl");
    let requests: Vec<serde_json::Value> = text(&desk, "custodian.jsonl")
        .lines()
        .filter_map(|line| {
            let entry: serde_json::Value = serde_json::from_str(line).unwrap();
            let content: serde_json::Value = serde_json::from_str(entry["content"].as_str()?).unwrap();
            let event = &content["event"];
            let statement = (event["kind"] == "request").then(|| event["statement"]["statement"].as_str().unwrap())?;
            Some(serde_json::from_str(statement).unwrap())
        })
        .collect();
    let fields = |request: &serde_json::Value| {
        // Before the first one no head of the custodian's log was seen.
        let fields = request.as_object().unwrap().keys().filter(|field| *field != "seen");
        fields.cloned().collect::<Vec<_>>()
    };
    assert_eq!(requests.len(), 3);
    assert!(requests.iter().all(|request| fields(request) == fields(&requests[1])), "{requests:?}");
    assert!(!text(&desk, "custodian.jsonl").contains("canar"));
    // Whose log says so is told that it does: as a log, not as a table.
    let export = "audit export --database a/querier.sqlite --out";
    let warned = "it says which requests were about canaries";
    desk.command(&format!("{export} a.jsonl --format log")).assert().success().stderr(contains(warned));
    desk.command(&format!("{export} a.csv --format csv")).assert().success().stderr(contains(warned).not());
    assert!(!text(&desk, "a.csv").contains("canar"));
    // And what is erased is erased beside the log too.
    let about = || {
        let database = rusqlite::Connection::open(desk.path("a/querier.sqlite")).unwrap();
        let sql = "SELECT COUNT(*) FROM about WHERE name LIKE 'canaries %'";
        database.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!(about(), 2);
    // A log's times are whole seconds.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let now = cotejo::service::time::Time::from_system(std::time::SystemTime::now()).millis();
    let before = cotejo::service::time::Time::from_millis(now - now.rem_euclid(1000));
    desk.ok(&format!(
        "audit consent --party B --signing-key b/signing.key --owner A --role querier --before {before} --reason r --out c.json"
    ));
    desk.ok(&format!(
        "audit erase --database a/querier.sqlite --signing-key a/signing.key --before {before} --consent c.json --yes"
    ));
    assert_eq!(about(), 0);
}

#[test]
fn a_plan_says_what_canaries_find() {
    let desk = Desk::exchanged();
    let plan = "plan --references 100000 --canaries 300 --bootstrap-ms 10";
    let said = desk.ok(plan);
    assert!(said.contains("300 of 100000 references") && said.contains("1 of 100: 95.1 %"), "{said}");
    let document = desk.json(plan);
    assert_eq!(
        (&document["canaries"]["canaries"], &document["canaries"]["found_out"][1]["skipped"]),
        (&300.into(), &1000.into())
    );
}
