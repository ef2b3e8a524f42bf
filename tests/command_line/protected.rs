//! Keys under a passphrase, and what a process shows of its keys.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::network::{self, Serving, reconfigure};
use crate::reload;
use crate::support::{Desk, refusal};

const PASSPHRASE: &str = "correct horse battery staple";
const CHECKS: [&str; 2] = ["serve --config b/custodian.toml --check", "ask --config a/querier.toml --check"];
const KEYS: [&str; 5] = ["b/signing.key", "b/tls.key", "a/signing.key", "a/tls.key", "a/keys/secret.key"];

/// A command with a passphrase in its environment.
fn with(desk: &Desk, line: &str, passphrase: &str) -> assert_cmd::Command {
    let mut command = desk.command(line);
    command.env("COTEJO_PASSPHRASE", passphrase);
    command
}

fn private(desk: &Desk, file: &str, content: &str) {
    desk.write(file, content);
    fs::set_permissions(desk.path(file), Permissions::from_mode(0o600)).unwrap();
}

fn protect(desk: &Desk) {
    with(desk, &format!("keys protect {}", KEYS.join(" ")), PASSPHRASE).assert().success();
}

/// What of OpenSSL's is here; none where it is not.
fn openssl(desk: &Desk, line: &str) -> Option<std::process::Output> {
    let output = Command::new("openssl").args(line.split(' ')).current_dir(desk.path(".")).output();
    output.inspect_err(|_| eprintln!("no openssl: whether it reads our keys is not tried")).ok()
}

#[test]
fn keys_are_protected_and_every_command_that_reads_them_takes_the_passphrase() {
    let desk = network::desk();
    let clear: Vec<Vec<u8>> = KEYS.iter().map(|key| desk.read(key)).collect();
    for line in CHECKS {
        let refused = desk.command(&format!("{line} --require-protected-keys")).assert();
        refusal(refused, line, "", "a key in the clear");
    }
    // Not with what is guessed, and not one of two where the other cannot be.
    refusal(with(&desk, "keys protect b/tls.key", "short").assert(), "", "passphrase", "shorter than 12 characters");
    refusal(with(&desk, "keys protect b/tls.key gallery.csv", PASSPHRASE).assert(), "", "gallery.csv", "permissions");
    assert_eq!(desk.read("b/tls.key"), clear[1]);
    protect(&desk);
    for (key, clear) in KEYS.iter().zip(&clear) {
        let content = desk.read(key);
        assert_eq!(fs::metadata(desk.path(key)).unwrap().mode() & 0o777, 0o600, "{key}");
        assert!(content.starts_with(b"-----BEGIN ENCRYPTED ") && content != *clear);
        refusal(with(&desk, &format!("keys protect {key}"), PASSPHRASE).assert(), "", key, "is protected already");
    }
    // None, another one, the right one: from the environment, a file, the configuration.
    private(&desk, "passphrase", &format!("{PASSPHRASE}\n"));
    for (line, config) in CHECKS.iter().zip(["b/custodian.toml", "a/querier.toml"]) {
        let none = desk.command(line).assert();
        refusal(none, line, "", "needs a passphrase, and none is given");
        let wrong = with(&desk, line, "correct horse battery stable").assert();
        let said = refusal(wrong, line, "", "another passphrase, or a file that is damaged");
        assert!(!said.contains("stable"), "{said}");
        with(&desk, line, PASSPHRASE).assert().success();
        desk.ok(&format!("{line} --passphrase-file passphrase --require-protected-keys"));
        let before = String::from_utf8(desk.read(config)).unwrap();
        desk.write(config, format!("passphrase_file = '../passphrase'\n{before}"));
        desk.ok(line);
        desk.write(config, before);
    }
    fs::set_permissions(desk.path("passphrase"), Permissions::from_mode(0o644)).unwrap();
    let seen = desk.command(&format!("{} --passphrase-file passphrase", CHECKS[0])).assert();
    refusal(seen, "", "passphrase", "others than its owner may read");
    // Commands of one party alone.
    let encrypt = "encrypt --templates probes.csv --keys a/keys --out q.cotejo";
    refusal(desk.command(encrypt).assert(), encrypt, "a/keys/secret.key", "needs a passphrase");
    with(&desk, encrypt, PASSPHRASE).assert().success();
    with(&desk, "audit key --keys a/keys", PASSPHRASE).assert().success();
    with(&desk, "breaker pull --config b/custodian.toml --reason x", PASSPHRASE).assert().success();
    // Replaced by its like alone.
    let enroll = "enroll --templates gallery.csv --force --out";
    for key in ["a/keys/secret.key", "b/signing.key"] {
        desk.refused(&format!("{enroll} {key}"), key, "nor any file of another kind");
    }
    with(&desk, &format!("keys open {}", KEYS.join(" ")), PASSPHRASE).assert().success();
    for (key, clear) in KEYS.iter().zip(&clear) {
        assert_eq!(
            String::from_utf8_lossy(&desk.read(key)),
            String::from_utf8_lossy(clear).replace("\r\n", "\n"),
            "{key}"
        );
    }
    refusal(with(&desk, "keys open b/tls.key", PASSPHRASE).assert(), "", "b/tls.key", "is not protected");
}

#[test]
fn a_requests_whole_way_works_with_protected_keys() {
    let desk = network::desk();
    private(&desk, "passphrase", PASSPHRASE);
    protect(&desk);
    for config in ["b/custodian.toml", "a/querier.toml"] {
        let before = String::from_utf8(desk.read(config)).unwrap();
        desk.write(config, format!("passphrase_file = '../passphrase'\n{before}"));
    }
    let _serving = Serving::begin(&desk);
    let told = desk.ok("ask --config a/querier.toml --justification f --templates probes.csv --number 1");
    assert_eq!(told, "1\tlike-bert\thit\n1\tnobody\tno hit\n");
}

#[test]
fn openssl_reads_protected_keys_and_its_own_are_read() {
    let desk = network::desk();
    protect(&desk);
    let pass = format!("pass:{}", PASSPHRASE.replace(' ', "_"));
    for key in ["b/signing.key", "b/tls.key"] {
        // As one word of a line.
        with(&desk, &format!("keys open {key}"), PASSPHRASE).assert().success();
        with(&desk, &format!("keys protect {key}"), &PASSPHRASE.replace(' ', "_")).assert().success();
        let Some(read) = openssl(&desk, &format!("pkey -noout -in {key} -passin {pass}")) else { return };
        assert!(read.status.success(), "{key}: {}", String::from_utf8_lossy(&read.stderr));
        let wrong = openssl(&desk, &format!("pkey -noout -in {key} -passin pass:wrong")).unwrap();
        assert!(!wrong.status.success());
    }
    let passphrase = PASSPHRASE.replace(' ', "_");
    with(&desk, "keys open b/signing.key b/tls.key", &passphrase).assert().success();
    for how in ["-scrypt", "-v2 aes-256-cbc", "-v2 aes-128-cbc -v2prf hmacWithSHA512"] {
        for key in ["signing", "tls"] {
            let line = format!("pkcs8 -topk8 {how} -in b/{key}.key -out b/{key}.own -passout {pass}");
            assert!(openssl(&desk, &line).unwrap().status.success(), "{line}");
            fs::set_permissions(desk.path(&format!("b/{key}.own")), Permissions::from_mode(0o600)).unwrap();
            reconfigure(&desk, "b/custodian.toml", &format!("{key}.key"), &format!("{key}.own"));
        }
        with(&desk, CHECKS[0], &passphrase).assert().success();
        for key in ["signing", "tls"] {
            reconfigure(&desk, "b/custodian.toml", &format!("{key}.own"), &format!("{key}.key"));
        }
    }
}

#[test]
fn keys_can_be_made_under_a_passphrase() {
    let desk = network::desk();
    private(&desk, "passphrase", PASSPHRASE);
    for (line, file) in [
        ("keygen --allow-insecure --out new --protect", "new/secret.key"),
        ("certificates signing-key --out new --protect", "new/signing.key"),
    ] {
        desk.refused(line, file, "needs a passphrase");
        desk.ok(&format!("{line} --passphrase-file passphrase"));
        assert!(desk.read(file).starts_with(b"-----BEGIN ENCRYPTED "));
        assert_eq!(fs::metadata(desk.path(file)).unwrap().mode() & 0o777, 0o600);
    }
    desk.ok("audit key --keys new --passphrase-file passphrase");
    assert!(desk.ok("inspect new/secret.key").contains("secret key under a passphrase"));
}

/// A DER value: its tag, its length, its content.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut value = match length {
        0..128 => vec![tag, length as u8],
        128..256 => vec![tag, 0x81, length as u8],
        _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
    };
    value.extend(content);
    value
}

/// A protected key whose passphrase is so much work to try.
fn hostile(kdf: &[u8], parameters: &[Vec<u8>]) -> String {
    let sequence = |parts: &[Vec<u8>]| der(0x30, &parts.concat());
    let kdf = sequence(&[der(6, kdf), sequence(&[&[der(4, &[7; 16])], parameters].concat())]);
    let aes = sequence(&[der(6, b"\x60\x86\x48\x01\x65\x03\x04\x01\x2a"), der(4, &[7; 16])]);
    let pbes2 = sequence(&[der(6, b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d"), sequence(&[kdf, aes])]);
    let text = STANDARD.encode(sequence(&[pbes2, der(4, &[9; 64])]));
    let lines: Vec<&str> = (0..text.len()).step_by(64).map(|at| &text[at..text.len().min(at + 64)]).collect();
    format!("-----BEGIN ENCRYPTED PRIVATE KEY-----\n{}\n-----END ENCRYPTED PRIVATE KEY-----\n", lines.join("\n"))
}

#[test]
fn a_hostile_file_is_refused_before_its_work_is_begun() {
    let desk = network::desk();
    let scrypt = b"\x2b\x06\x01\x04\x01\xda\x47\x04\x0b";
    let pbkdf2 = b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c";
    let number = |bytes: &[u8]| der(2, bytes);
    let cases = [
        (hostile(scrypt, &[number(&[0x40, 0, 0, 0]), number(&[8]), number(&[1])]), "more work"),
        (hostile(scrypt, &[number(&[0x10, 0, 0]), number(&[8]), number(&[1])]), "more work"),
        (hostile(scrypt, &[number(&[0x40, 0]), number(&[8]), number(&[0x7f, 0])]), "more work"),
        (hostile(pbkdf2, &[number(&[0x05, 0xf5, 0xe0, 0xff])]), "more work"),
        (hostile(scrypt, &[number(&[0x40, 0]), number(&[8]), number(&[1])]), "another passphrase"),
        (hostile(b"\x2a\x03", &[number(&[1])]), ""),
        ("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n".to_owned(), "damaged"),
    ];
    for (text, what) in cases {
        for key in ["b/signing.key", "b/tls.key"] {
            let before = desk.read(key);
            private(&desk, key, &text);
            let begun = Instant::now();
            refusal(with(&desk, CHECKS[0], PASSPHRASE).assert(), CHECKS[0], "", what);
            // Hours, and gigabytes, if it were begun.
            assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
            desk.write(key, before);
        }
    }
}

/// Ends a process that a test began.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn a_process_leaves_no_core_and_belongs_to_root_whoever_runs_it() {
    let desk = network::desk();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cotejo"));
    command.args(["enroll", "--templates", "-", "--out", "open/g.cotejo"]).current_dir(desk.path("."));
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    fs::create_dir(desk.path("open")).unwrap();
    if fs::metadata(desk.path(".")).unwrap().uid() == 0 {
        fs::set_permissions(desk.path("."), Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(desk.path("open"), Permissions::from_mode(0o777)).unwrap();
        command.uid(65534).gid(65534);
    }
    let Ok(child) = command.spawn() else {
        eprintln!("skipped: the program cannot be run as nobody");
        return;
    };
    let mut child = Ended(child);
    // It waits for templates, and has said so of the agreement.
    let mut said = String::new();
    BufReader::new(child.0.stderr.take().unwrap()).read_line(&mut said).unwrap();
    assert!(said.contains("INSECURE"), "{said}");
    let process = format!("/proc/{}", child.0.id());
    let limits = fs::read_to_string(format!("{process}/limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().filter(|word| *word == "0").count(), 2, "{core}");
    // Who could attach to it could read this.
    assert_eq!(fs::metadata(format!("{process}/mem")).unwrap().uid(), 0);
}

/// What can be read of a process' memory; none where that is not allowed.
fn memory(process: u32) -> Option<Vec<Vec<u8>>> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).ok()?;
    let mut file = fs::File::open(format!("/proc/{process}/mem")).ok()?;
    let mut all = Vec::new();
    for line in maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|mode| mode.starts_with("rw"))) {
        let (from, to) = line.split(' ').next()?.split_once('-')?;
        let (from, to) = (u64::from_str_radix(from, 16).ok()?, u64::from_str_radix(to, 16).ok()?);
        // Reserved, and hardly used.
        for start in (from..to).step_by(1 << 20) {
            let mut piece = vec![0; (to - start).min((1 << 20) + 64) as usize];
            file.seek(SeekFrom::Start(start)).ok()?;
            if file.read_exact(&mut piece).is_ok() {
                all.push(piece);
            }
        }
    }
    Some(all)
}

fn places(memory: &[Vec<u8>], sought: &[u8]) -> usize {
    let first = |piece: &Vec<u8>| {
        let limit = (1 << 20) + sought.len() - 1;
        let piece = &piece[..piece.len().min(limit)];
        piece.windows(sought.len()).filter(|window| *window == sought).count()
    };
    memory.iter().map(first).sum()
}

#[test]
fn a_server_keeps_one_copy_of_its_signing_seed_and_says_whether_it_is_locked() {
    let desk = network::desk();
    let pem = String::from_utf8(desk.read("b/signing.key")).unwrap();
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = STANDARD.decode(&base64).unwrap();
    let seed = &der[16..48];
    let serving = Serving::begin(&desk);
    // It has begun to serve: what is read at the start is read.
    std::thread::sleep(Duration::from_millis(500));
    let process = serving.0.id();
    let Some(memory) = memory(process) else {
        eprintln!("skipped: the memory of another process cannot be read here");
        return;
    };
    assert!(memory.len() > 10);
    assert_eq!(places(&memory, seed), 1, "the seed");
    assert_eq!(places(&memory, &base64.as_bytes()[20..]), 0, "its text");
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let locked = status.lines().find_map(|line| line.strip_prefix("VmLck:")).unwrap().trim() != "0 kB";
    drop(serving);
    let said = desk.command(CHECKS[0]).assert().success();
    let said = String::from_utf8(said.get_output().stderr.clone()).unwrap();
    assert_eq!(said.contains("keys are locked in memory"), locked, "{said}");
    assert_eq!(said.contains("keys are not locked in memory"), !locked, "{said}");
}

/// Whether a process keeps a passphrase in its memory, once it has had time to do with it what it does; not where it cannot be read.
fn keeps(process: u32, passphrases: &[&str]) -> bool {
    (0..5).all(|_| {
        std::thread::sleep(Duration::from_millis(200));
        let kept = |memory: Vec<Vec<u8>>| passphrases.iter().any(|one| places(&memory, one.as_bytes()) > 0);
        memory(process).is_some_and(kept)
    })
}

/// A configuration names a file with a passphrase, before all else.
fn name_passphrase(desk: &Desk, config: &str, file: &str) {
    let before = String::from_utf8(desk.read(config)).unwrap();
    let rest: Vec<&str> = before.lines().filter(|line| !line.starts_with("passphrase_file")).collect();
    desk.write(config, format!("passphrase_file = '{file}'\n{}\n", rest.join("\n")));
}

#[test]
fn a_passphrase_is_read_at_each_reload_and_kept_after_none() {
    let desk = network::desk();
    private(&desk, "passphrase", PASSPHRASE);
    protect(&desk);
    name_passphrase(&desk, "b/custodian.toml", "../passphrase");
    let serving = reload::Serving::with(&desk, "b/custodian.toml");
    let process = serving.server.id();
    serving.reload(&["was read anew"]);
    assert!(!keeps(process, &[PASSPHRASE]));
    // Another passphrase in the same file; then in another one.
    let rotate = |from: &str, to: &str| {
        with(&desk, "keys open b/tls.key", from).assert().success();
        with(&desk, "keys protect b/tls.key", to).assert().success();
    };
    let (second, third) = ("another horse battery staple", "a third horse battery staple");
    rotate(PASSPHRASE, second);
    serving.reload(&["the old one stands", "another passphrase"]);
    private(&desk, "passphrase", second);
    serving.reload(&["was read anew"]);
    rotate(second, third);
    private(&desk, "third", third);
    name_passphrase(&desk, "b/custodian.toml", "../third");
    serving.reload(&["was read anew"]);
    private(&desk, "third", PASSPHRASE);
    serving.reload(&["the old one stands", "another passphrase"]);
    assert!(!keeps(process, &[PASSPHRASE, second, third]));
}

#[test]
fn who_stands_by_keeps_no_passphrase_and_takes_over_with_no_key_that_it_was_told_to_refuse() {
    let Some(database) = network::on_postgres("stands_by_protected") else { return };
    let desk = network::desk();
    reconfigure(&desk, "b/custodian.toml", "'custodian.sqlite'", &format!("'{database}'"));
    desk.ok("serve --init-database --config b/custodian.toml");
    let clear = desk.read("b/tls.key");
    private(&desk, "passphrase", PASSPHRASE);
    protect(&desk);
    name_passphrase(&desk, "b/custodian.toml", "../passphrase");
    let standby = || {
        let standby = reload::Serving::spawned(&desk, "b/custodian.toml --standby --require-protected-keys");
        standby.says(&["standing by: another server serves"]);
        standby
    };
    let first = reload::Serving::with(&desk, "b/custodian.toml");
    let second = standby();
    assert!(!keeps(second.server.id(), &[PASSPHRASE]));
    drop(first);
    second.says(&["taking over"]);
    let third = standby();
    private(&desk, "b/tls.key", std::str::from_utf8(&clear).unwrap());
    drop(second);
    third.says(&["a key in the clear (--require-protected-keys)"]);
}
