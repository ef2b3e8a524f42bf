//! Files of ours that are damaged, foreign, or not what is needed: refused, whichever the kind, before anything is written.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::{Desk, GALLERY, INIT};

/// Each kind of file with a command that reads it.
fn kinds(desk: &Desk) -> [(String, &'static str); 6] {
    let owned = str::to_owned;
    [
        (owned("keys/querier/secret.key"), "encrypt --templates probes.csv --out new.cotejo"),
        (
            owned("keys/querier/evaluation.key"),
            "match --gallery gallery.cotejo --query probes.query.cotejo --out new.cotejo",
        ),
        (owned("gallery.cotejo"), "match --gallery gallery.cotejo --query probes.query.cotejo --out new.cotejo"),
        (owned("probes.query.cotejo"), "match --gallery gallery.cotejo --query probes.query.cotejo --out new.cotejo"),
        (owned("probes.answer.cotejo"), "decrypt --answer probes.answer.cotejo"),
        (desk.pending(), "decrypt --answer probes.answer.cotejo"),
    ]
}

#[test]
fn damaged_files_of_every_kind_are_refused() {
    let desk = Desk::exchanged();
    // A gallery grows, so it is damaged in other ways: see `gallery`.
    for (file, line) in kinds(&desk).into_iter().filter(|(file, _)| file != "gallery.cotejo") {
        let whole = desk.read(&file);
        let check = |damaged: &[u8], what: &str| {
            desk.write(&file, damaged);
            desk.refused(line, &file, what);
        };
        let flipped = |at: usize| {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            bytes
        };
        for length in [0, 1, 71, 72, whole.len() / 2, whole.len() - 1] {
            check(&whole[..length], "truncated");
        }
        check(&[&whole[..], b"\n"].concat(), "bytes follow its stated end");
        check(&[&whole[..], &vec![0; 100_000]].concat(), "bytes follow its stated end");
        check(&flipped(0), "not a cotejo file");
        check(&flipped(8), "format version");
        check(&flipped(14), "padding is not valid");
        check(&flipped(32), "another agreement");
        for at in [72, 36 + whole.len() / 2, whole.len() - 33, whole.len() - 1] {
            check(&flipped(at), "checksum does not match");
        }
        let mut oversized = whole.clone();
        oversized[64..72].copy_from_slice(&(1u64 << 60).to_le_bytes());
        check(&oversized, "are admitted");
        let mut short = whole.clone();
        short[64..72].copy_from_slice(&0u64.to_le_bytes());
        check(&short, "bytes follow its stated end");
        desk.write(&file, &whole);
    }
    desk.ok("decrypt --answer probes.answer.cotejo");
}

#[test]
fn a_file_of_another_kind_is_refused() {
    let desk = Desk::exchanged();
    let kinds = kinds(&desk);
    for (file, line) in &kinds {
        let whole = desk.read(file);
        for (other, _) in kinds.iter().filter(|(other, _)| other != file) {
            desk.write(file, desk.read(other));
            desk.refused(line, file, "is needed");
        }
        desk.write(file, "agreement = true\n".repeat(20));
        desk.refused(line, file, "not a cotejo file");
        desk.write(file, whole);
    }
}

#[test]
fn a_file_of_another_agreement_is_refused() {
    let desk = Desk::exchanged();
    for (file, line) in kinds(&desk) {
        desk.ok(&format!("{INIT} --threshold 0.36 --force"));
        let (first_read, stderr) = match file.as_str() {
            // Another file of the same command is looked at before.
            "keys/querier/evaluation.key" | "gallery.cotejo" => ("probes.query.cotejo".to_owned(), ""),
            "probes.answer.cotejo" => ("keys/querier/secret.key".to_owned(), ""),
            other if other.contains("pending") => ("keys/querier/secret.key".to_owned(), ""),
            _ => (file.clone(), "cotejo agreement check"),
        };
        assert!(desk.refused(line, &first_read, "another agreement").contains(stderr));
    }
    let theirs = Desk::exchanged();
    theirs.ok(&format!("{INIT} --threshold 0.36 --force"));
    theirs.ok("enroll --templates gallery.csv --out gallery.cotejo --force");
    let ours = Desk::exchanged();
    ours.write("gallery.cotejo", theirs.read("gallery.cotejo"));
    let line = "match --gallery gallery.cotejo --query probes.query.cotejo --out new.cotejo";
    ours.refused(line, "gallery.cotejo", "another agreement");
    let seen = ours.json("inspect gallery.cotejo");
    assert_eq!(seen["agreement_at_hand"], false);
}

#[test]
fn files_of_another_key_are_refused() {
    let desk = Desk::exchanged();
    desk.ok("keygen --allow-insecure --out other");
    let line = "match --evaluation-key other/evaluation.key --gallery gallery.cotejo --query probes.query.cotejo --out new.cotejo";
    desk.refused(line, "probes.query.cotejo", "the query belongs to key");
    desk.refused("decrypt --keys other --answer probes.answer.cotejo", "probes.answer.cotejo", "belongs to key");
    // An evaluation key whose header was changed to fit a query.
    let (ours, theirs) = (desk.read("keys/querier/evaluation.key"), desk.read("other/evaluation.key"));
    let forged = [&theirs[..16], &ours[16..32], &theirs[32..]].concat();
    desk.write("other/evaluation.key", forged);
    desk.refused(line, "other/evaluation.key", "checksum does not match");
}

#[test]
fn an_answer_to_another_query_is_refused() {
    let desk = Desk::exchanged();
    let remembered = desk.read(&desk.pending());
    desk.ok("encrypt --templates probes.csv --out second.query.cotejo");
    desk.ok("match --gallery gallery.cotejo --query second.query.cotejo");
    let query = desk.json("decrypt --answer second.answer.cotejo")["query_id"].as_str().unwrap().to_owned();
    let path = format!("keys/querier/pending/{query}.cotejo");
    desk.write(&path, remembered);
    desk.refused("decrypt --answer second.answer.cotejo", "second.answer.cotejo", "this answers query");
    fs::remove_file(desk.path(&path)).unwrap();
    desk.refused("decrypt --answer second.answer.cotejo", "second.answer.cotejo", "nothing is remembered");
}

#[test]
fn a_secret_that_others_may_read_is_refused_with_the_command_to_close_it() {
    let desk = Desk::exchanged();
    let pending = desk.pending();
    for (file, lines) in [
        (
            "keys/querier/secret.key",
            vec!["encrypt --templates probes.csv --out new.cotejo", "decrypt --answer probes.answer.cotejo"],
        ),
        (&pending, vec!["decrypt --answer probes.answer.cotejo"]),
    ] {
        for mode in [0o640, 0o604, 0o620, 0o644] {
            fs::set_permissions(desk.path(file), fs::Permissions::from_mode(mode)).unwrap();
            for line in &lines {
                let stderr = desk.refused(line, file, "permissions: others than its owner");
                assert!(stderr.contains(&format!("remedy: chmod 600 {file}\n")), "{stderr}");
            }
        }
        fs::set_permissions(desk.path(file), fs::Permissions::from_mode(0o600)).unwrap();
    }
    desk.ok("decrypt --answer probes.answer.cotejo");
}

#[test]
fn absent_files_are_named_with_the_command_that_makes_them() {
    let desk = Desk::empty();
    assert!(desk.refused("keygen", "agreement.toml", "there is no agreement here").contains("agreement init"));
    desk.ok(INIT);
    desk.write("gallery.csv", GALLERY);
    let stderr =
        desk.refused("encrypt --templates gallery.csv", "keys/querier/secret.key", "there is no secret key here");
    assert!(stderr.contains("keygen"), "{stderr}");
    desk.refused("match --gallery g --query q --out o", "q", "cannot open it");
}
