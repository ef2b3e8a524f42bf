//! Keys for queries that others follow: how long the secret one is there, and that it is gone then.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use predicates::str::contains;

use crate::network::{Serving, ask, desk};
use crate::support::Desk;

const ROTATE: &str = "keys rotate --config a/querier.toml --allow-insecure";
const HEADER: usize = 72;
const CHECKSUM: usize = 32;

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { all.extend(files(&path)) } else { all.push(path) }
    }
    all
}

/// Files of a desk in which a piece of a secret key stands, in whatever form: the seed behind it, its beginning, its middle.
fn holding(desk: &Desk, secret: &[u8]) -> Vec<PathBuf> {
    let content = &secret[HEADER..secret.len() - CHECKSUM];
    let (first, middle, seed) = (&content[..24], content.len() / 2, &content[content.len() - 32..]);
    let pieces = [first, &content[middle..middle + 24], seed];
    let forms: Vec<Vec<u8>> = pieces
        .iter()
        .flat_map(|piece| {
            let base64 = base64::engine::general_purpose::STANDARD_NO_PAD.encode(piece);
            [piece.to_vec(), hex::encode(piece).into_bytes(), base64.into_bytes()]
        })
        .collect();
    let holds = |path: &PathBuf| {
        let bytes = fs::read(path).unwrap();
        forms.iter().any(|form| bytes.windows(form.len()).any(|window| window == form.as_slice()))
    };
    files(&desk.path(".")).into_iter().filter(holds).collect()
}

/// Another name of a file, beside the desk: what becomes of its bytes when it has lost its own.
fn linked(desk: &Desk, file: &str) -> (tempfile::TempDir, PathBuf) {
    let beside = tempfile::tempdir_in(desk.path(".").parent().unwrap()).unwrap();
    let link = beside.path().join("link");
    fs::hard_link(desk.path(file), &link).unwrap();
    (beside, link)
}

fn is_overwritten(link: &Path) -> bool {
    let bytes = fs::read(link).unwrap();
    !bytes.is_empty() && bytes.iter().all(|byte| *byte == 0)
}

#[test]
fn a_key_that_nothing_waits_for_goes_with_the_rotation_and_its_verdicts_stay() {
    let desk = desk();
    let serving = Serving::begin(&desk);
    let (code, told, _) = ask(&desk, "--templates probes.csv --number 1");
    assert_eq!(code, 0);
    let secret = desk.read("a/keys/secret.key");
    assert_eq!(holding(&desk, &secret).len(), 1);
    let (_beside, link) = linked(&desk, "a/keys/secret.key");
    let rotated = desk.command(ROTATE).assert().success();
    rotated.stdout(contains("from now on")).stdout(contains(": deleted\n"));
    assert!(is_overwritten(&link));
    assert!(!desk.path("a/keys/retired").read_dir().unwrap().any(|_| true));
    // Verdicts are told as before, and new ones are asked for.
    assert_eq!(ask(&desk, "--show 1"), (0, told.clone(), ask(&desk, "--show 1").2));
    assert_eq!(ask(&desk, "--templates probes.csv --number 2").0, 0);
    desk.ok("audit key --keys a/keys");
    drop(serving);
    desk.ok("serve backup --config b/custodian.toml --out b/copy");
    desk.ok("audit export --database a/querier.sqlite --format log --out a/log.jsonl");
    assert_eq!(holding(&desk, &secret), Vec::<PathBuf>::new());
}

#[test]
fn a_key_is_kept_while_an_answer_is_under_way_and_goes_when_that_is_read() {
    let desk = desk();
    // Nobody serves yet.
    assert_eq!(ask(&desk, "--templates probes.csv --number 1 --patience 0").0, 4);
    let first = desk.read("a/keys/secret.key");
    let (_beside, link) = linked(&desk, "a/keys/secret.key");
    desk.command(ROTATE).assert().success().stdout(contains("deleted when nothing waits for it"));
    assert_eq!(ask(&desk, "--templates probes.csv --number 2 --patience 0").0, 4);
    let second = desk.read("a/keys/secret.key");
    desk.command(ROTATE).assert().success();
    assert_eq!([&first, &second].map(|secret| holding(&desk, secret).len()), [1, 1]);
    let serving = Serving::begin(&desk);
    let (code, out, err) = ask(&desk, "--resume 1");
    assert_eq!((code, out.contains("1\tlike-bert\thit")), (0, true), "{err}");
    assert!(is_overwritten(&link) && err.contains("deleted, for nothing waits for it"), "{err}");
    assert_eq!([&first, &second].map(|secret| holding(&desk, secret).len()), [0, 1]);
    assert_eq!(ask(&desk, "--resume").0, 0);
    assert!(holding(&desk, &second).is_empty());
    for number in [1, 2] {
        let (code, out, err) = ask(&desk, &format!("--show {number}"));
        assert_eq!((code, out.contains("\tlike-bert\thit")), (0, true), "{err}");
    }
    drop(serving);
}

#[test]
fn after_its_last_day_a_key_goes_with_what_waits_for_it() {
    let desk = desk();
    assert_eq!(ask(&desk, "--templates probes.csv --number 1 --patience 0").0, 4);
    let secret = desk.read("a/keys/secret.key");
    desk.command(&format!("{ROTATE} --days 1")).assert().success();
    let retired = desk.path("a/keys/retired");
    let folder = retired.read_dir().unwrap().next().unwrap().unwrap().path();
    let key = folder.file_name().unwrap().to_str().unwrap().split('.').next().unwrap().to_owned();
    fs::rename(&folder, retired.join(format!("{key}.2026-01-01"))).unwrap();
    let (code, _, err) = ask(&desk, "--resume");
    assert_eq!(code, 3, "nothing to resume: {err}");
    assert!(err.contains("request 1: the last day of its key was 2026-01-01"), "{err}");
    assert!(holding(&desk, &secret).is_empty());
    assert!(desk.ok("ask --config a/querier.toml --list").contains("abandoned"));
}

#[test]
fn a_key_that_is_replaced_or_protected_leaves_no_bytes_where_it_was() {
    let desk = Desk::of_two_parties(&["a"]);
    desk.write("passphrase", "correct horse battery staple\n");
    fs::set_permissions(desk.path("passphrase"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let secret = desk.read("a/keys/secret.key");
    let (_first, link) = linked(&desk, "a/keys/secret.key");
    desk.ok("keygen --allow-insecure --force --out a/keys");
    assert!(is_overwritten(&link) && holding(&desk, &secret).is_empty());
    let secret = desk.read("a/keys/secret.key");
    let (_second, link) = linked(&desk, "a/keys/secret.key");
    desk.ok("keys protect a/keys/secret.key --passphrase-file passphrase");
    assert!(is_overwritten(&link) && holding(&desk, &secret).is_empty());
    desk.ok("audit key --keys a/keys --passphrase-file passphrase");
}

/// The folder of the key of before.
fn retired(desk: &Desk) -> PathBuf {
    desk.path("a/keys/retired").read_dir().unwrap().next().unwrap().unwrap().path()
}

#[test]
fn of_two_rotations_at_once_one_is_refused_and_no_key_is_lost() {
    let desk = desk();
    assert_eq!(ask(&desk, "--templates probes.csv --number 1 --patience 0").0, 4);
    let held = fs::File::open(desk.path("a/keys")).unwrap();
    held.lock().unwrap();
    desk.refused(ROTATE, "a/keys", "another 'cotejo keys rotate' is at work");
    drop(held);
    // What lies where a key of before is to be kept is not replaced.
    desk.command(&format!("{ROTATE} --days 0")).assert().success();
    let kept = retired(&desk);
    let first = fs::read(kept.join("secret.key")).unwrap();
    fs::remove_file(desk.path("a/keys/secret.key")).unwrap();
    fs::write(desk.path("a/keys/secret.key"), &first).unwrap();
    fs::set_permissions(desk.path("a/keys/secret.key"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    fs::write(kept.join("secret.key"), "another's").unwrap();
    desk.command(&format!("{ROTATE} --days 0")).assert().code(2).stderr(contains("is there already"));
    assert_eq!(fs::read(kept.join("secret.key")).unwrap(), b"another's");
    assert_eq!(desk.read("a/keys/secret.key"), first);
    fs::remove_dir_all(&kept).unwrap();
    let secrets = || files(&desk.path("a/keys")).iter().filter(|path| path.ends_with("secret.key")).count();
    let rotations: Vec<_> = (0..4)
        .map(|_| {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cotejo"));
            command.current_dir(desk.path(".")).args(ROTATE.split_whitespace()).stderr(std::process::Stdio::null());
            command.stdout(std::process::Stdio::null()).spawn().unwrap()
        })
        .collect();
    let done = rotations.into_iter().map(|mut child| child.wait().unwrap()).filter(|ended| ended.success()).count();
    assert!(done >= 1);
    // The one that is waited for and the one of now; those in between had nobody waiting for them.
    assert_eq!((secrets(), holding(&desk, &first).len()), (2, 1));
}

#[test]
fn a_key_whose_deletion_was_begun_is_no_key_and_is_deleted_to_the_end() {
    let desk = desk();
    assert_eq!(ask(&desk, "--templates probes.csv --number 1 --patience 0").0, 4);
    desk.command(ROTATE).assert().success();
    let folder = retired(&desk);
    // As a crash leaves it, behind the first page or at the end.
    for overwritten in [4096, usize::MAX] {
        fs::create_dir_all(&folder).unwrap();
        let mut secret = fs::read(desk.path("a/keys/secret.key")).unwrap();
        let length = secret.len();
        secret.iter_mut().take(overwritten.min(length)).for_each(|byte| *byte = 0);
        fs::write(folder.join("secret.key"), &secret).unwrap();
        fs::set_permissions(folder.join("secret.key"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let (code, _, err) = ask(&desk, "--check");
        assert_eq!(code, 0, "{err}");
        assert!(!folder.exists());
    }
    // When the secret was gone, and the rest was not; or all of it but the folder.
    for left in [&["evaluation.key", "pending"][..], &[]] {
        fs::create_dir_all(&folder).unwrap();
        left.iter().for_each(|name| fs::write(folder.join(name), "left").unwrap());
        let (code, _, err) = ask(&desk, "--resume --patience 0");
        assert_eq!(code, 4, "{err}");
        assert!(!folder.exists());
    }
}

#[test]
fn a_key_of_another_agreement_goes_after_its_last_day_as_well() {
    let desk = desk();
    assert_eq!(ask(&desk, "--templates probes.csv --number 1 --patience 0").0, 4);
    let secret = desk.read("a/keys/secret.key");
    desk.command(&format!("{ROTATE} --days 1")).assert().success();
    let folder = retired(&desk);
    let key = folder.file_name().unwrap().to_str().unwrap().split('.').next().unwrap().to_owned();
    desk.ok("agreement init --modality face --dimension 16 --parameter-set insecure-test --allow-insecure --service \
             --purpose identification --threshold 0.4 --out other.toml");
    desk.ok("keygen --agreement other.toml --allow-insecure --force --out a/keys");
    let other = |number: u32| {
        ask(&desk, &format!("--templates probes.csv --number {number} --patience 0 --agreement other.toml"))
    };
    assert_eq!(other(2).0, 4);
    assert_eq!(holding(&desk, &secret).len(), 1, "its day has not passed");
    fs::rename(&folder, desk.path(&format!("a/keys/retired/{key}.2026-01-01"))).unwrap();
    let (code, _, err) = other(3);
    assert_eq!(code, 4, "{err}");
    assert!(err.contains("request 1: the last day of its key was 2026-01-01"), "{err}");
    assert!(holding(&desk, &secret).is_empty());
}

#[test]
fn a_query_is_made_again_with_the_key_of_before_until_that_is_deleted() {
    let desk = desk();
    assert_eq!(ask(&desk, "--templates probes.csv --number 1 --patience 0").0, 4);
    let again = "audit query 1 --config a/querier.toml --templates probes.csv";
    desk.command(ROTATE).assert().success();
    desk.ok(&format!("{again} --out again.query"));
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(desk.path("again.query")).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    assert!(desk.ok("ask --config a/querier.toml --abandon 1 --yes").contains('1'));
    desk.command(again)
        .assert()
        .code(2)
        .stderr(contains("neither that of now nor kept"))
        .stderr(contains("keys rotate"));
}
