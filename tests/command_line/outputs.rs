//! What is written is written whole, never over anything, and not at all where it cannot be.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use assert_cmd::assert::OutputAssertExt;

use crate::support::{Desk, GALLERY, INIT, refusal};

#[test]
fn what_exists_is_never_overwritten_without_being_told_to() {
    let desk = Desk::exchanged();
    for (line, file) in [
        (INIT, "agreement.toml"),
        ("keygen --allow-insecure", "keys/querier/secret.key"),
        ("enroll --templates gallery.csv", "gallery.cotejo"),
        ("encrypt --templates probes.csv", "probes.query.cotejo"),
        ("match --gallery gallery.cotejo --query probes.query.cotejo", "probes.answer.cotejo"),
    ] {
        let stderr = desk.refused(line, file, "exists already");
        assert!(stderr.contains("--force"), "{stderr}");
    }
    for line in [
        "enroll --templates gallery.csv",
        "encrypt --templates probes.csv",
        "match --gallery gallery.cotejo --query probes.query.cotejo",
    ] {
        desk.ok(&format!("{line} --force"));
    }
    desk.ok("decrypt --answer probes.answer.cotejo");
    desk.ok("synthesize --modality face --subjects 2");
    desk.refused("synthesize --modality face --subjects 2", "data/sample-1.npy", "exists already");
}

#[test]
fn what_must_stay_is_not_replaced_by_what_is_sent_even_by_force() {
    let desk = Desk::exchanged();
    let what = "nothing that is sent may replace";
    let secret = "keys/querier/secret.key";
    desk.refused(&format!("encrypt --templates probes.csv --force --out {secret}"), secret, what);
    let line = "match --gallery gallery.cotejo --query probes.query.cotejo --force --out gallery.cotejo";
    desk.refused(line, "gallery.cotejo", what);
    desk.ok("enroll --templates gallery.csv --force");
}

#[test]
fn what_a_command_reads_is_never_what_it_writes_whatever_the_flag() {
    let desk = Desk::exchanged();
    desk.write("ids.txt", "a\nb\nc\nd\n");
    desk.write("set.csv", GALLERY);
    std::os::unix::fs::symlink("set.csv", desk.path("link.csv")).unwrap();
    fs::hard_link(desk.path("set.csv"), desk.path("same.csv")).unwrap();
    fs::create_dir(desk.path("folder")).unwrap();
    desk.ok("certificates authority --name T --out t");
    let encrypt = "encrypt --templates probes.csv --force --out";
    let enroll = "enroll --force --templates";
    let evaluate = "evaluate --encrypt none --force --templates set.csv";
    for line in [
        format!("{enroll} set.csv --out set.csv"),
        format!("{enroll} set.csv --out ./folder/../set.csv"),
        format!("{enroll} {} --out set.csv", desk.path("set.csv").display()),
        format!("{enroll} link.csv --out set.csv"),
        format!("{enroll} set.csv --out same.csv"),
        format!("{enroll} same.csv --out set.csv"),
        format!("{enroll} set.csv --ids ids.txt --out ids.txt"),
        format!("{enroll} set.csv --out agreement.toml"),
        format!("{encrypt} agreement.toml"),
        format!("{encrypt} probes.csv"),
        format!("{encrypt} keys/querier/secret.key"),
        "match --gallery gallery.cotejo --query probes.query.cotejo --force --out probes.query.cotejo".to_owned(),
        "match --gallery gallery.cotejo --query probes.query.cotejo --force --out gallery.cotejo".to_owned(),
        "match --gallery gallery.cotejo --query probes.query.cotejo --force --out keys/querier/evaluation.key"
            .to_owned(),
        format!("{evaluate} --html set.csv"),
        format!("{evaluate} --html agreement.toml"),
        "evaluate --encrypt 10 --force --templates set.csv --partial set.csv".to_owned(),
        "certificates issue --authority t --name A --client --force --out t".to_owned(),
    ] {
        desk.refused(&line, "", "choose another");
    }
}

#[test]
fn a_log_is_not_exported_over_its_database() {
    let desk = crate::exempt::served();
    let export = "audit export --database custodian.sqlite --format log --force --out";
    desk.refused(&format!("{export} custodian.sqlite"), "custodian.sqlite", "is a database, which nothing");
    desk.ok(&format!("{export} log.jsonl"));
    desk.refused("audit export --log log.jsonl --format csv --force --out log.jsonl", "log.jsonl", "is a log, which");
    desk.refused("audit export --log log.jsonl --format log --force --out log.jsonl", "log.jsonl", "is read by");
}

#[test]
fn a_key_an_agreement_or_a_gallery_is_replaced_by_its_like_alone() {
    let desk = Desk::exchanged();
    desk.write("other.csv", GALLERY);
    let what = "nor any file of another kind";
    fs::copy(desk.path("agreement.toml"), desk.path("agreed.toml")).unwrap();
    fs::copy(desk.path("keys/querier/secret.key"), desk.path("old.key")).unwrap();
    let pending = desk.pending();
    for file in ["agreed.toml", "old.key", "keys/querier/evaluation.key", &pending] {
        desk.refused(&format!("enroll --templates gallery.csv --force --out {file}"), file, what);
    }
    desk.refused("encrypt --templates probes.csv --force --out gallery.cotejo", "gallery.cotejo", what);
    desk.refused(&format!("{INIT} --force --out gallery.cotejo"), "gallery.cotejo", what);
    desk.refused("evaluate --encrypt none --templates other.csv --force --html old.key", "old.key", what);
    desk.ok("certificates signing-key --out s");
    desk.refused("enroll --templates gallery.csv --force --out s/signing.key", "s/signing.key", what);
    desk.ok("enroll --templates gallery.csv --force --out gallery.cotejo");
    desk.ok(&format!("{INIT} --force --out agreed.toml"));
}

#[test]
fn keys_are_made_together_or_not_at_all() {
    let desk = Desk::exchanged();
    fs::remove_file(desk.path("keys/querier/secret.key")).unwrap();
    desk.refused("keygen --allow-insecure", "keys/querier/evaluation.key", "exists already");
    desk.ok("keygen --allow-insecure --force");
    let key = |file: &str| desk.json(&format!("inspect {file}"))["key"].clone();
    assert_eq!(key("keys/querier/secret.key"), key("keys/querier/evaluation.key"));
    assert_ne!(key("keys/querier/secret.key"), key("probes.query.cotejo"));
    // What was asked with the old keys can no longer be read, and says so.
    desk.refused("decrypt --answer probes.answer.cotejo", "probes.answer.cotejo", "belongs to key");
    desk.refused(
        "keygen --allow-insecure --out agreement.toml",
        "agreement.toml",
        "is a file where a folder is needed",
    );
}

#[test]
fn a_place_that_is_no_file_is_never_written_to() {
    let desk = Desk::exchanged();
    desk.refused("enroll --templates gallery.csv --out keys --force", "keys", "not a regular file");
    desk.refused(
        "enroll --templates gallery.csv --out absent/g.cotejo",
        "absent/g.cotejo",
        "the folder absent does not exist",
    );
    for device in ["/dev/null", "/dev/full"] {
        desk.refused(&format!("enroll --templates gallery.csv --out {device} --force"), device, "not a regular file");
    }
    std::os::unix::fs::symlink("nowhere", desk.path("link")).unwrap();
    let assert = desk.command("enroll --templates gallery.csv --out link").assert();
    refusal(assert, "enroll", "link", "not a regular file");
}

#[test]
fn a_folder_that_may_not_be_written_to_is_named() {
    let desk = Desk::exchanged();
    fs::create_dir(desk.path("closed")).unwrap();
    fs::set_permissions(desk.path("closed"), fs::Permissions::from_mode(0o555)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cotejo"));
    command.args(["agreement", "init", "--modality", "face", "--out", "closed/a.toml"]).current_dir(desk.path("."));
    if fs::metadata(desk.path("closed")).unwrap().uid() == 0 {
        // Root writes everywhere: become nobody, who must be able to come here and to run the program.
        fs::set_permissions(desk.path("."), fs::Permissions::from_mode(0o755)).unwrap();
        command.uid(65534).gid(65534);
    }
    match command.output() {
        Ok(output) => {
            refusal(output.assert(), "agreement init", "closed/a.toml", "Permission denied");
            assert_eq!(fs::read_dir(desk.path("closed")).unwrap().count(), 0);
        }
        Err(error) => eprintln!("skipped: the program cannot be run as nobody: {error}"),
    }
}

#[test]
fn a_disk_that_is_full_leaves_nothing_behind() {
    let desk = Desk::exchanged();
    let before = desk.listing();
    for (line, file) in [
        ("enroll --templates gallery.csv --out new.cotejo", "new.cotejo"),
        ("encrypt --templates probes.csv --out new.cotejo", "keys/querier/pending/"),
        ("match --gallery gallery.cotejo --query probes.query.cotejo --out new.cotejo", "new.cotejo"),
        ("keygen --allow-insecure --out new", "new/"),
        ("keygen --allow-insecure --force", "keys/querier/"),
        ("synthesize --modality face --subjects 10 --out new", "new/"),
    ] {
        // No file may grow beyond nothing; the signal that comes with it is ignored, so writing fails as on a full disk.
        let script = format!("trap '' XFSZ; ulimit -f 0; exec {} {line}", env!("CARGO_BIN_EXE_cotejo"));
        let output = Command::new("sh").args(["-c", &script]).current_dir(desk.path(".")).output().unwrap();
        let stderr = refusal(output.assert(), line, file, "cannot write it");
        assert!(stderr.contains("make room on that disk"), "{stderr}");
        assert_eq!(desk.listing(), before, "{line}");
        assert!(desk.exists("keys/querier/evaluation.key"), "{line}");
        assert_eq!(fs::read_dir(desk.path("keys/querier/pending")).unwrap().count(), 1, "{line}");
    }
}

#[test]
fn a_small_disk_that_fills_up_leaves_nothing_behind() {
    let desk = Desk::exchanged();
    fs::create_dir(desk.path("small")).unwrap();
    let small = desk.path("small");
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(&small).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: a small disk cannot be mounted here");
        return;
    }
    let output = desk.command("keygen --allow-insecure --out small/keys").output().unwrap();
    let left = fs::read_dir(&small).unwrap().count();
    Command::new("umount").arg(&small).status().unwrap();
    refusal(output.assert(), "keygen", "small/keys", "No space left on device");
    assert_eq!(left, 0);
}

#[test]
fn standard_output_that_is_full_is_an_error() {
    let desk = Desk::empty();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_cotejo"))
        .args(["params", "list"])
        .current_dir(desk.path("."))
        .stdout(Stdio::from(full))
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    refusal(output.assert(), "params list", "standard output", "No space left on device");
}
