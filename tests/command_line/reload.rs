//! `serve` told to read its configuration anew, and what it says of a configuration before it serves.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::exempt::served;
use crate::kept::Served;
use crate::support::Desk;

/// A server, with what it logs.
pub struct Serving {
    pub server: Child,
    log: Receiver<String>,
}

impl Serving {
    fn begin(desk: &Desk) -> Self {
        Self::with(desk, "custodian.toml")
    }

    /// With a configuration, and further arguments.
    pub fn with(desk: &Desk, line: &str) -> Self {
        let mut serving = Self::spawned(desk, line);
        serving.serves();
        serving
    }

    /// A server that may not serve yet.
    pub fn spawned(desk: &Desk, line: &str) -> Self {
        let mut server = Command::new(env!("CARGO_BIN_EXE_cotejo"))
            .current_dir(desk.path("."))
            .args(["serve", "--json", "--quiet", "--config"])
            .args(line.split(' '))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (told, log) = channel();
        let stderr = BufReader::new(server.stderr.take().unwrap());
        std::thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| told.send(line)));
        Self { server, log }
    }

    /// Waits until it serves.
    fn serves(&mut self) {
        let mut lines = BufReader::new(self.server.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert!(lines.any(|line| line.contains("\"address\"")));
    }

    fn hang_up(&self) {
        assert!(Command::new("kill").args(["-HUP", &self.server.id().to_string()]).status().unwrap().success());
    }

    /// Waits until its log has said each of these words; what it has said.
    pub fn says(&self, words: &[&str]) -> String {
        let (begun, mut said) = (Instant::now(), String::new());
        while !words.iter().all(|word| said.contains(word)) {
            let left = Duration::from_secs(60).saturating_sub(begun.elapsed());
            said += &self.log.recv_timeout(left).unwrap_or_else(|_| panic!("{words:?} not in: {said}"));
        }
        said
    }

    /// Has it reload, and waits until its log has said each of these words; what it has said.
    pub fn reload(&self, words: &[&str]) -> String {
        self.hang_up();
        self.says(words)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

#[test]
fn a_hangup_has_a_server_read_its_configuration_anew_and_what_is_wrong_changes_nothing() {
    let desk = served();
    let config = String::from_utf8(desk.read("custodian.toml")).unwrap();
    let mut serving = Serving::begin(&desk);
    serving.reload(&["was read anew"]);
    let with = |from: &str, to: &str| {
        assert!(config.contains(from));
        desk.write("custodian.toml", config.replace(from, to));
    };
    with("a/tls.pem", "nowhere.pem");
    serving.reload(&["the old one stands", "nowhere.pem"]);
    desk.write("custodian.toml", "party = 'B'\n");
    serving.reload(&["the old one stands"]);
    with("exempt = 'exempt.txt'\n", "");
    serving.reload(&["the old one stands", "nobody would be exempt"]);
    desk.write("nobody.txt", "# nobody\n");
    with("exempt.txt", "nobody.txt");
    serving.reload(&["the old one stands", "holds no record"]);
    with("party = 'B'", "party = 'B'\npassphrase_file = [ 'geheim' ]");
    let said = serving.reload(&["the old one stands", "line 2, column 19"]);
    assert!(!said.contains("geheim"), "{said}");
    // What only another start can change is named; the rest is taken over.
    with("listen = '127.0.0.1:0'", "listen = '127.0.0.1:1'");
    serving.reload(&["was read anew", "listen; it takes another start"]);
    // Another certificate, another requester, a list of exempt persons of another name.
    desk.ok("certificates issue --authority authority --name C --client --out c");
    desk.ok("certificates signing-key --out c");
    desk.write("others.txt", "bert\n");
    desk.write(
        "custodian.toml",
        config.replace("exempt.txt", "others.txt")
            + "[[requester]]\ncode = 'C'\ncertificate = 'c/tls.pem'\nsigning_key = 'c/signing.pub'\n",
    );
    serving.reload(&["was read anew", "\"requesters\":2"]);
    assert!(serving.server.try_wait().unwrap().is_none(), "it ended");
}

/// A server's log tells of another version where there is one.
#[test]
fn a_hangup_that_changes_nothing_of_a_gallery_does_not_tell_of_another_version() {
    let desk = served();
    let serving = Serving::begin(&desk);
    serving.reload(&["was read anew"]);
    // Long enough for the gallery to be read again.
    std::thread::sleep(Duration::from_millis(1500));
    desk.ok("gallery remove --gallery gallery.cotejo --id bert");
    let another = "another version of the gallery";
    let first = serving.log.iter().find(|line| line.contains(another)).unwrap();
    assert!(first.contains("\"version\":2"), "{first}");
}

/// What is put back looks as it did when it was read last.
#[test]
fn a_gallery_that_is_moved_away_and_put_back_is_ready_again() {
    let desk = served();
    let config = String::from_utf8(desk.read("custodian.toml")).unwrap();
    desk.write("custodian.toml", format!("operations = '127.0.0.1:0'\n{config}"));
    let serving = Served::begin(&desk, "serve --config custodian.toml");
    let reaches = |status: &str| {
        let begun = Instant::now();
        loop {
            let said = serving.operations("/readyz");
            match said.starts_with(&format!("HTTP/1.1 {status}")) {
                true => return said,
                false => assert!(begun.elapsed() < Duration::from_secs(20), "{said}"),
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    reaches("200");
    std::fs::rename(desk.path("gallery.cotejo"), desk.path("aside")).unwrap();
    assert!(reaches("503").contains("gallery.cotejo: cannot open it"));
    std::fs::rename(desk.path("aside"), desk.path("gallery.cotejo")).unwrap();
    reaches("200");
}

/// What starts, and is of no use to whoever asks.
#[test]
fn a_check_refuses_set_ups_that_nobody_can_use() {
    let desk = served();
    let config = String::from_utf8(desk.read("custodian.toml")).unwrap();
    let check = "serve --config custodian.toml --check";
    let with = |from: &str, to: &str| {
        assert!(config.contains(from));
        desk.write("custodian.toml", config.replace(from, to));
    };
    with("a/tls.pem", "authority/authority.pem");
    desk.refused(check, "custodian.toml", "a certificate of an authority, where a party's own must be");
    with("a/tls.pem", "b/tls.pem");
    desk.refused(check, "custodian.toml", "not for clients");
    with("a/signing.pub", "b/signing.pub");
    desk.refused(check, "custodian.toml", "the signing key of requester A is our own");
    desk.ok("certificates authority --name Another --out another");
    with("authority/authority.pem", "another/authority.pem");
    let refused = desk.refused(
        check,
        "custodian.toml",
        "requester A cannot be let in: a/tls.pem: a certificate that is of an authority",
    );
    assert!(refused.contains("'Trial'") && refused.contains("'Another'"), "{refused}");
    // By its fingerprint nothing can be said of it.
    let shown = desk.json("certificates show a/tls.pem");
    with("a/tls.pem", shown["certificate"]["fingerprint"].as_str().unwrap());
    desk.ok(check);
    desk.write("custodian.toml", config.replace("exempt = 'exempt.txt'\n", ""));
    desk.ok("gallery remove --gallery gallery.cotejo --id anna --id bert --id 0007 --id Jos\u{e9}");
    desk.refused(check, "gallery.cotejo", "nobody is enrolled in it");
}

#[test]
fn a_hangup_while_a_server_starts_is_carried_out_once_it_serves() {
    let desk = served();
    let mut serving = Serving::spawned(&desk, "custodian.toml");
    // It reads what it was given: there is a while to go.
    serving.says(&["INSECURE"]);
    serving.hang_up();
    serving.serves();
    serving.says(&["was read anew"]);
    assert!(serving.server.try_wait().unwrap().is_none(), "it ended");
}

#[test]
fn what_a_server_was_told_to_refuse_it_refuses_when_it_reloads() {
    let desk = served();
    let passphrase = "correct horse battery staple";
    desk.write("passphrase", passphrase);
    let set = |file: &str, mode| {
        std::fs::set_permissions(desk.path(file), std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    };
    set("passphrase", 0o600);
    set("exempt.txt", 0o600);
    let clear = desk.read("b/tls.key");
    desk.ok("keys protect b/tls.key b/signing.key --passphrase-file passphrase");
    let protected = desk.read("b/tls.key");
    let serving = Serving::with(&desk, "custodian.toml --passphrase-file passphrase --require-protected-keys --strict");
    serving.reload(&["was read anew"]);
    desk.write("b/tls.key", clear);
    serving.reload(&["the old one stands", "a key in the clear"]);
    desk.write("b/tls.key", protected);
    serving.reload(&["was read anew"]);
    set("custodian.toml", 0o666);
    serving.reload(&["the old one stands", "others than its owner may write to it"]);
    set("custodian.toml", 0o644);
    drop(serving);
    // Where it was not told to, it says so in its log.
    let serving = Serving::with(&desk, "custodian.toml --passphrase-file passphrase");
    set("custodian.toml", 0o666);
    serving.reload(&["WARN", "others than its owner may write to it", "was read anew"]);
}

#[test]
fn an_operations_port_that_others_reach_is_refused_unless_it_is_meant() {
    let desk = served();
    let config = String::from_utf8(desk.read("custodian.toml")).unwrap();
    let check = "serve --config custodian.toml --check";
    desk.write("custodian.toml", format!("operations = '0.0.0.0:9464'\n{config}"));
    desk.refused(check, "custodian.toml", "other machines reach it");
    desk.write("custodian.toml", format!("operations = '0.0.0.0:9464'\noperations_exposed = true\n{config}"));
    desk.ok(check);
    desk.write("custodian.toml", format!("operations = '[::1]:9464'\n{config}"));
    desk.ok(check);
}

#[test]
fn a_check_judges_the_dates_of_certificates() {
    let desk = served();
    let config = String::from_utf8(desk.read("custodian.toml")).unwrap();
    let check = "serve --config custodian.toml --check";
    let requesters_ends = |days: i64| {
        let mut parameters = rcgen::CertificateParams::new(vec!["a".to_owned()]).unwrap();
        let now = time::OffsetDateTime::from(std::time::SystemTime::now());
        parameters.not_before = now - time::Duration::days(100);
        parameters.not_after = now + time::Duration::days(days);
        let certificate = parameters.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
        desk.write("requester.pem", certificate.pem());
    };
    desk.write("custodian.toml", config.replace("a/tls.pem", "requester.pem"));
    requesters_ends(-1);
    let refusal = desk.refused(check, "custodian.toml", "requesters' certificates have ended");
    assert!(refusal.contains("that of A ended at"), "{refusal}");
    desk.ok("certificates issue --authority authority --name A --client --days 5 --out soon");
    desk.write("requester.pem", desk.read("soon/tls.pem"));
    let output = desk.command(check).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.contains("the certificate of A ends at"), "{said}");
    // Ours.
    desk.ok("certificates issue --authority authority --name B --server localhost --days 20 --out b --force");
    let output = desk.command(check).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.contains("our certificate ends at"), "{said}");
}
