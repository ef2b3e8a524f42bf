//! Keys in tokens: `serve` and `ask` whose private keys are in SoftHSM, and tokens that do not do as they should.

use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::network::{self, Serving, reconfigure};
use crate::support::{Desk, GALLERY, INIT, PROBES, refusal};

const PIN: &str = "8765-4321";
const WRONG: &str = "1111-2222";
const CHECK: &str = "serve --config b/custodian.toml --check";
const PARTIES: [&str; 2] = ["a", "b"];

/// Where SoftHSM is; none where it is not, unless the gate has said that it is.
fn softhsm() -> Option<PathBuf> {
    let named = std::env::var_os("COTEJO_SOFTHSM").map(PathBuf::from);
    let module = named.clone().unwrap_or_else(|| "/usr/lib/softhsm/libsofthsm2.so".into());
    let runs = |program: &str| Command::new(program).arg("--help").output().is_ok();
    if module.exists() && runs("softhsm2-util") && runs("pkcs11-tool") {
        return Some(module);
    }
    assert!(named.is_none(), "COTEJO_SOFTHSM is set, but SoftHSM or pkcs11-tool is missing");
    eprintln!("skipped: no SoftHSM here (scripts/softhsm.sh installs it)");
    None
}

/// Two parties whose private keys are in tokens of their own.
struct House {
    desk: Desk,
    /// The tokens, and the files with PINs: what is refused leaves no file on the desk.
    hsm: tempfile::TempDir,
    module: PathBuf,
}

impl House {
    fn new() -> Option<Self> {
        let module = softhsm()?;
        let hsm = tempfile::tempdir().unwrap();
        let house = Self { desk: network::desk(), hsm, module };
        fs::create_dir(house.tokens()).unwrap();
        let config = format!("directories.tokendir = {}\nobjectstore.backend = file\n", house.tokens().display());
        fs::write(house.hsm.path().join("conf"), config).unwrap();
        for (name, pin) in [("pin", PIN), ("wrong", WRONG)] {
            let file = house.hsm.path().join(name);
            fs::write(&file, format!("{pin}\n")).unwrap();
            fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        }
        for party in PARTIES {
            house.run(
                "softhsm2-util",
                &["--init-token", "--free", "--label", party, "--so-pin", "12345678", "--pin", PIN],
            );
            house.make(party, "EC:prime256v1", "tls", "01");
            house.make(party, "EC:edwards25519", "signing", "02");
            for (key, object) in [("tls.key", "tls"), ("signing.key", "signing")] {
                let config = if party == "a" { "a/querier.toml" } else { "b/custodian.toml" };
                reconfigure(&house.desk, config, &format!("'{key}'"), &format!("'{}'", house.uri(party, object)));
                fs::remove_file(house.desk.path(&format!("{party}/{key}"))).unwrap();
            }
            let side = if party == "a" { "--client" } else { "--server localhost,127.0.0.1" };
            let name = party.to_uppercase();
            let uri = house.uri(party, "tls");
            house.ok(&format!("certificates issue --name {name} {side} --out {party} --force --key {uri}"));
            assert!(!house.desk.exists(&format!("{party}/tls.key")));
            let uri = house.uri(party, "signing");
            let said = house.ok(&format!("certificates signing-key --json --out {party} --force --key {uri}"));
            let public = String::from_utf8(house.desk.read(&format!("{party}/signing.pub"))).unwrap();
            assert!(said.contains(public.trim()), "{said}");
        }
        fs::remove_file(house.desk.path("b/custodian.sqlite")).unwrap();
        house.ok("serve --init-database --config b/custodian.toml");
        Some(house)
    }

    fn tokens(&self) -> PathBuf {
        self.hsm.path().join("tokens")
    }

    fn conf(&self) -> String {
        self.hsm.path().join("conf").display().to_string()
    }

    /// What names a key.
    fn uri(&self, token: &str, object: &str) -> String {
        let (module, hsm) = (self.module.display(), self.hsm.path().display());
        format!("pkcs11:token={token};object={object}?module-path={module}&pin-source=file:{hsm}/pin")
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let output = Command::new(program).args(arguments).env("SOFTHSM2_CONF", self.conf()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {arguments:?}: {said}");
    }

    /// Makes a pair of keys in a token.
    fn make(&self, token: &str, kind: &str, label: &str, id: &str) {
        let module = self.module.display().to_string();
        let made = ["--keypairgen", "--key-type", kind, "--label", label, "--id", id];
        self.run(
            "pkcs11-tool",
            &[&["--module", &module, "--token-label", token, "--login", "--pin", PIN][..], &made].concat(),
        );
    }

    fn command(&self, line: &str) -> assert_cmd::Command {
        let mut command = self.desk.command(line);
        command.env("SOFTHSM2_CONF", self.conf()).env_remove("COTEJO_PIN");
        command
    }

    fn ok(&self, line: &str) -> String {
        let output = self.command(line).assert().success().get_output().clone();
        String::from_utf8(output.stdout).unwrap()
    }

    /// A command that is refused; what it says, which is no PIN.
    fn refused(&self, line: &str, place: &str, what: &str) -> String {
        let said = refusal(self.command(line).assert(), line, place, what);
        assert!(!said.contains(PIN) && !said.contains(WRONG), "{said}");
        said
    }

    fn ask(&self, rest: &str) -> (i32, String, String) {
        let output = self.command(&format!("ask --config a/querier.toml --justification f {rest}")).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    /// The configuration of a party with something else in it, while this is done.
    fn with(&self, config: &str, from: &str, to: &str, work: impl FnOnce()) {
        let before = self.desk.read(config);
        reconfigure(&self.desk, config, from, to);
        work();
        self.desk.write(config, before);
    }
}

#[test]
fn a_requests_whole_way_works_with_all_keys_in_tokens() {
    let Some(house) = House::new() else { return };
    let (desk, conf) = (&house.desk, house.conf());
    let said = house.command(&format!("{CHECK} --require-protected-keys --strict")).assert();
    // Folders of tests are in one that all may write to; whatever else it says, it is not of these keys.
    let said = String::from_utf8(said.success().get_output().stderr.clone()).unwrap();
    assert!(said.contains("signing_key is in a token, and never leaves it: pkcs11:token=b;object=signing\n"), "{said}");
    assert!(said.contains("[tls] key is in a token, and never leaves it: pkcs11:token=b;object=tls\n"), "{said}");
    let serving = Serving::begin_in(desk, &[("SOFTHSM2_CONF", &conf)]);
    let told = |number: u32| format!("{number}\tlike-bert\thit\n{number}\tnobody\tno hit\n");
    assert_eq!(house.ask("--templates probes.csv --number 1").1, told(1));
    // A key is found again when the configuration is read anew, without anybody's word.
    assert!(Command::new("kill").args(["-HUP", &serving.0.id().to_string()]).status().unwrap().success());
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(house.ask("--templates probes.csv --number 2").1, told(2));
    drop(serving);
    for party in PARTIES {
        let database = if party == "a" { "a/querier.sqlite" } else { "b/custodian.sqlite" };
        let key = String::from_utf8(desk.read(&format!("{party}/signing.pub"))).unwrap();
        house.ok(&format!("audit verify --database {database} --key {}", key.trim()));
    }
    // What the database knows persons by follows from the key, and is the same each time.
    desk.write("b/exempt.txt", "bert\n");
    let gallery = "gallery = 'gallery.cotejo'";
    reconfigure(desk, "b/custodian.toml", gallery, &format!("{gallery}\nexempt = 'exempt.txt'"));
    let listed = house.ok(CHECK);
    assert!(listed.contains("exempt: 1 person, list "), "{listed}");
    assert_eq!(house.ok(CHECK), listed);
    let consent =
        "audit consent --party B --owner A --role querier --before 2020-01-01T00:00:00.000Z --reason r --out c.json";
    house.ok(&format!("{consent} --signing-key {}", house.uri("b", "signing")));
}

#[test]
fn a_key_that_is_not_there_or_is_not_what_it_should_be_is_refused_by_name() {
    let Some(house) = House::new() else { return };
    let signing = |to: &str, what: &str| {
        house.with("b/custodian.toml", "object=signing", to, || drop(house.refused(CHECK, "pkcs11:", what)));
    };
    signing("object=nobody", "no private key of that name");
    signing("object=tls", "a key for ECDSA on P-256, where Ed25519 is needed");
    signing("id=%02;object=tls", "no private key of that name");
    house.make("b", "EC:edwards25519", "signing", "03");
    signing("object=signing", "2 private keys of that name");
    house.with("b/custodian.toml", "object=signing", "object=signing;id=%02", || drop(house.ok(CHECK)));
    house.run("softhsm2-util", &["--init-token", "--free", "--label", "b", "--so-pin", "12345678", "--pin", PIN]);
    signing("object=signing", "several tokens are named so");
    let away = house.refused(
        &format!("certificates signing-key --out x --key {}", house.uri("c", "k")),
        "pkcs11:token=c",
        "no token",
    );
    assert!(away.contains("'a', 'b'") || away.contains("'b', "), "{away}");
    // Of TLS, in a token of its own name.
    for (label, id, kind) in [("other", "05", "EC:prime256v1"), ("curve", "06", "EC:secp256k1")] {
        house.make("a", kind, label, id);
    }
    let check = "ask --config a/querier.toml --check";
    let tls = |to: &str, place: &str, what: &str| {
        house.with("a/querier.toml", "object=tls", to, || drop(house.refused(check, place, what)));
    };
    tls("object=other", "a/querier.toml", "not the private key of the certificate in a/tls.pem");
    tls("object=curve", "pkcs11:token=a;object=curve", "not a key that is signed with here");
    house.ok(check);
    // Each kind that TLS takes.
    for (label, id, kind) in
        [("p384", "07", "EC:secp384r1"), ("rsa", "08", "rsa:2048"), ("edwards", "09", "EC:edwards25519")]
    {
        house.make("a", kind, label, id);
        house.ok(&format!("certificates issue --name A --client --out a --force --key {}", house.uri("a", label)));
        house.with("a/querier.toml", "object=tls", &format!("object={label}"), || drop(house.ok(check)));
        let request =
            format!("certificates request --name A --client --out {label}.csr --key {}", house.uri("a", label));
        house.ok(&request);
        let verified = Command::new("openssl")
            .args(["req", "-noout", "-verify", "-in"])
            .arg(house.desk.path(&format!("{label}.csr")))
            .output();
        assert!(verified.is_err() || verified.unwrap().status.success(), "{label}");
    }
}

#[test]
fn a_module_that_is_none_and_a_uri_that_says_too_much_are_refused() {
    let Some(house) = House::new() else { return };
    let module = house.module.display().to_string();
    house.desk.write("text.so", "no library");
    let text = house.desk.path("text.so").display().to_string();
    let own = std::env::current_exe().unwrap().display().to_string();
    for (other, what) in [(&*text, "no library"), (&own, "no "), ("/nowhere/m.so", "no module of PKCS #11")] {
        house.with("b/custodian.toml", &module, other, || drop(house.refused(CHECK, "pkcs11:token=b", what)));
    }
    let source = format!("pin-source=file:{}/pin", house.hsm.path().display());
    house.with("b/custodian.toml", &source, &format!("pin-value={PIN}"), || {
        house.refused(CHECK, "b/custodian.toml", "signing_key: pin-value");
    });
    let given = house.uri("b", "tls").replace(&source, &format!("pin-value={PIN}"));
    house.refused(&format!("certificates signing-key --out x --key {given}"), "--key", "no secret any more");
    house.refused(
        "certificates request --name B --client --out x --key b/tls.pem",
        "--key",
        "does not begin with pkcs11:",
    );
    house.with("b/custodian.toml", &source, "pin-source=|cat", || {
        house.refused(CHECK, "b/custodian.toml", "pin-source");
    });
    // From the environment; from nowhere.
    house.with("b/custodian.toml", &format!("&{source}"), "", || {
        house.refused(CHECK, "pkcs11:token=b", "needs a PIN, and none is given");
        house.command(CHECK).env("COTEJO_PIN", PIN).assert().success();
    });
    // Who else can get at the PIN, or put another library in the module's place.
    let pin = house.hsm.path().join("pin");
    fs::set_permissions(&pin, Permissions::from_mode(0o640)).unwrap();
    house.refused(&format!("{CHECK} --strict"), "", "others than its owner may read it, and it is private");
    fs::set_permissions(&pin, Permissions::from_mode(0o600)).unwrap();
    let open = house.hsm.path().join("open.so");
    fs::copy(&house.module, &open).unwrap();
    fs::set_permissions(&open, Permissions::from_mode(0o666)).unwrap();
    house.with("b/custodian.toml", &module, &open.display().to_string(), || {
        house.refused(&format!("{CHECK} --strict"), "", "others than its owner may write to it");
    });
}

/// SoftHSM behind a module that notes each call; none where it is not here.
fn spied(house: &House) -> Option<[(&'static str, String); 3]> {
    let folders =
        ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib64/pkcs11", "/usr/lib"];
    let spy = folders.iter().map(|folder| Path::new(folder).join("pkcs11-spy.so")).find(|spy| spy.exists());
    let Some(spy) = spy else {
        eprintln!("skipped: no pkcs11-spy here");
        return None;
    };
    reconfigure(&house.desk, "b/custodian.toml", &house.module.display().to_string(), &spy.display().to_string());
    let log = house.hsm.path().join("spy.log").display().to_string();
    let module = house.module.display().to_string();
    Some([("SOFTHSM2_CONF", house.conf()), ("PKCS11SPY", module), ("PKCS11SPY_OUTPUT", log)])
}

/// How often a token was shown a PIN.
fn logins(house: &House) -> usize {
    let log = fs::read(house.hsm.path().join("spy.log")).unwrap_or_default();
    String::from_utf8_lossy(&log).matches("C_Login").count()
}

#[test]
fn a_wrong_pin_is_tried_once() {
    let Some(house) = House::new() else { return };
    let Some(environment) = spied(&house) else { return };
    let pin = format!("{}/pin", house.hsm.path().display());
    house.with("b/custodian.toml", &pin, &pin.replace("/pin", "/wrong"), || {
        let said = refusal(
            house.command(CHECK).envs(environment.clone()).assert(),
            CHECK,
            "pkcs11:token=b",
            "refuses the PIN",
        );
        assert!(!said.contains(WRONG));
    });
    assert_eq!(logins(&house), 1);
    house.command(CHECK).envs(environment).assert().success();
    assert_eq!(logins(&house), 2, "both keys of a token with one login");
}

/// Two servers that have their keys in one token, on one database: who takes over signs as before, and their keys turn over.
#[test]
fn whoever_takes_over_signs_with_its_token_and_its_keys_turn_over() {
    let Some(house) = House::new() else { return };
    let Some(database) = network::on_postgres("tokens") else { return };
    let (desk, conf) = (&house.desk, house.conf());
    let environment = [("SOFTHSM2_CONF", &*conf)];
    reconfigure(desk, "b/custodian.toml", "custodian.sqlite", &database);
    desk.write("b/exempt.txt", "bert\n");
    let gallery = "gallery = 'gallery.cotejo'";
    reconfigure(desk, "b/custodian.toml", gallery, &format!("{gallery}\nexempt = 'exempt.txt'"));
    desk.write("b/second.toml", desk.read("b/custodian.toml"));
    house.ok("serve --init-database --config b/custodian.toml");
    desk.write("one.csv", PROBES.lines().take(2).collect::<Vec<_>>().join("\n"));
    let none = |number: u32| format!("{number}\tlike-bert\tno hit\n");
    let listed = || house.ok(CHECK).lines().find(|line| line.starts_with("exempt: 1 person")).unwrap().to_owned();
    let list = listed();

    let mut first = Serving::begin_in(desk, &environment);
    assert_eq!(house.ask("--templates one.csv --number 1").1, none(1));
    let second = Serving::spawned(desk, "b/second.toml --standby", &environment);
    assert!(first.0.kill().is_ok());
    let second = Serving::reached(desk, second);
    assert_eq!(house.ask("--templates one.csv --number 2").1, none(2));

    // Not while one serves, nor while one that stood by has taken over.
    house.make("b", "EC:edwards25519", "next", "0a");
    let (now, next) = (house.uri("b", "signing"), house.uri("b", "next"));
    house.ok(&format!("certificates signing-key --out b/next --key {next}"));
    let succeed = format!("keys succeed --database {database} --signing-key {now} --successor {next} --yes");
    refusal(house.command(&succeed).assert(), &succeed, "the PostgreSQL database", "another cotejo serves");
    drop(second);
    let introduced = house.ok(&succeed);
    assert_eq!(house.ok(&succeed), introduced);
    // A server that still has the key of before takes nothing over.
    let line = "serve --config b/second.toml --standby";
    refusal(house.command(line).assert(), line, "b/second.toml", "is bound to signing key");
    for config in ["b/custodian.toml", "b/second.toml"] {
        reconfigure(desk, config, "object=signing", "object=next");
    }
    assert_eq!(listed(), list, "what the token's key kept secret was handed on");
    desk.write("a/theirs.json", &introduced);
    let theirs = "signing_key = '../b/next/signing.pub'\nsuccession = 'theirs.json'";
    reconfigure(desk, "a/querier.toml", "signing_key = '../b/signing.pub'", theirs);

    // The querier's turns over from its token to a file.
    desk.ok("certificates signing-key --out a/next");
    let ours = house.uri("a", "signing");
    let ours =
        format!("keys succeed --database a/querier.sqlite --signing-key {ours} --successor a/next/signing.key --yes");
    desk.write("b/theirs.json", house.ok(&ours));
    reconfigure(desk, "a/querier.toml", &house.uri("a", "signing"), "next/signing.key");
    let theirs = "signing_key = '../a/next/signing.pub'\nsuccession = 'theirs.json'";
    for config in ["b/custodian.toml", "b/second.toml"] {
        reconfigure(desk, config, "signing_key = '../a/signing.pub'", theirs);
    }
    let mut first = Serving::begin_in(desk, &environment);
    assert_eq!(house.ask("--templates one.csv --number 3").1, none(3));
    let second = Serving::spawned(desk, "b/second.toml --standby", &environment);
    assert!(first.0.kill().is_ok());
    let _second = Serving::reached(desk, second);
    assert_eq!(house.ask("--templates one.csv --number 4").1, none(4));
    for (database, folder) in [(&*database, "b"), ("a/querier.sqlite", "a")] {
        for key in [format!("{folder}/signing.pub"), format!("{folder}/next/signing.pub")] {
            let key = String::from_utf8(desk.read(&key)).unwrap();
            house.ok(&format!("audit verify --database {database} --key {} --agreement agreement.toml", key.trim()));
        }
    }
}

/// What the operations port says of whether it is ready.
fn readiness(port: u16) -> String {
    let mut said = String::new();
    let asked = TcpStream::connect(("127.0.0.1", port)).and_then(|mut stream| {
        stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
        stream.read_to_string(&mut said)
    });
    asked.map(|_| said).unwrap_or_default()
}

fn until(port: u16, words: &str) -> String {
    let begun = Instant::now();
    loop {
        let said = readiness(port);
        if said.contains(words) {
            return said;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{words:?} not in: {said}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn a_token_that_goes_leaves_nothing_unsigned_and_all_goes_on_when_it_is_back() {
    let Some(house) = House::new() else { return };
    let Some(environment) = spied(&house) else { return };
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = String::from_utf8(house.desk.read("b/custodian.toml")).unwrap();
    house.desk.write("b/custodian.toml", format!("operations = '127.0.0.1:{port}'\n{config}"));
    let environment: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let serving = Serving::begin_in(&house.desk, &environment);
    until(port, "200 OK");
    assert_eq!(logins(&house), 1);
    let entries = || house.ok("audit anchor --database b/custodian.sqlite");
    // The querier's keys in files, so that only the custodian's are gone.
    let own = house.desk.read("a/querier.toml");
    for (object, file) in [("tls", "tls.key"), ("signing", "signing.key")] {
        reconfigure(&house.desk, "a/querier.toml", &house.uri("a", object), file);
    }
    house.ok("certificates signing-key --out a --force");
    house.ok("certificates issue --name A --client --out a --force");
    assert!(Command::new("kill").args(["-HUP", &serving.0.id().to_string()]).status().unwrap().success());
    std::thread::sleep(Duration::from_millis(700));
    // Several at once: the server signs from several threads.
    std::thread::scope(|scope| {
        let jobs: Vec<_> = (0..8).map(|_| scope.spawn(|| house.ok("jobs list --config a/querier.toml"))).collect();
        jobs.into_iter().for_each(|job| drop(job.join().unwrap()));
    });
    let before = entries();
    let away = house.hsm.path().join("away");
    fs::rename(house.tokens(), &away).unwrap();
    let said = until(port, "503");
    assert!(said.contains("pkcs11:token=b;object=signing: cannot sign: "), "{said}");
    assert!(said.contains("pkcs11:token=b;object=tls: cannot sign: ") && !said.contains(PIN), "{said}");
    let begun = Instant::now();
    let (code, out, err) = house.ask("--templates probes.csv --number 1 --patience 3");
    assert_eq!((code, out.as_str()), (4, ""), "{err}");
    assert!(begun.elapsed() < Duration::from_secs(60));
    assert_eq!(entries(), before, "something was logged");
    let shown = logins(&house);
    fs::rename(&away, house.tokens()).unwrap();
    until(port, "200 OK");
    assert_eq!(house.ask("--resume 1").1, "1\tlike-bert\thit\n1\tnobody\tno hit\n");
    assert!(logins(&house) <= shown + 2, "{} after {shown}", logins(&house));
    // It comes back with another PIN: that is found out once, whatever is asked.
    fs::rename(house.tokens(), &away).unwrap();
    until(port, "503");
    fs::rename(&away, house.tokens()).unwrap();
    let module = house.module.display().to_string();
    let change = ["--change-pin", "--pin", PIN, "--new-pin", "9999-8888"];
    house.run("pkcs11-tool", &[&["--module", &module, "--token-label", "b", "--login"][..], &change].concat());
    drop(own);
    let said = until(port, "PIN");
    let shown = logins(&house);
    (0..5).for_each(|_| drop(readiness(port)));
    assert_eq!(house.ask("--templates probes.csv --number 2 --patience 1").0, 4);
    assert_eq!(logins(&house), shown, "{said}");
}

#[test]
fn the_example_of_the_document_can_be_followed() {
    let Some(module) = softhsm() else { return };
    let document = include_str!("../../docs/operations.md");
    // Both blocks, in one shell; what the other party sends and what was agreed on is there.
    let blocks = document.split("```sh\n").skip_while(|part| !part.contains("softhsm2-util")).take(2);
    let example: String = blocks.map(|part| part.split("```").next().unwrap()).collect();
    assert!(example.contains("--init-database"), "{example}");
    let example = example.replace("/usr/lib/softhsm/libsofthsm2.so", &module.display().to_string());
    let desk = Desk::empty();
    desk.write("gallery.csv", GALLERY);
    fs::create_dir(desk.path("b")).unwrap();
    desk.ok(&format!("{INIT} --service --out b/agreement.toml"));
    desk.ok("enroll --agreement b/agreement.toml --templates gallery.csv --out b/gallery.cotejo");
    desk.ok("certificates authority --name Theirs --out theirs");
    desk.ok("certificates issue --authority theirs --name A-BORDER --client --out party");
    desk.ok("certificates signing-key --out party");
    for file in ["authority.pem", "tls.pem", "signing.pub"] {
        desk.write(&format!("b/their-{file}"), desk.read(&format!("party/{file}")));
    }
    let program = Path::new(env!("CARGO_BIN_EXE_cotejo")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let done =
        Command::new("bash").args(["-euc", example.as_str()]).current_dir(desk.path(".")).env("PATH", path).output();
    let done = done.unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(said.contains("signing_key is in a token") && said.contains("[tls] key is in a token"), "{said}");
    for made in ["tls.csr", "b/custodian.sqlite", "b/tls.pem", "b/signing.pub", "b/authority.pem"] {
        assert!(desk.exists(made), "{made}");
    }
    assert!(!desk.exists("b/tls.key") && !desk.exists("b/signing.key"));
}
