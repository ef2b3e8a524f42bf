//! A desk with everything an exchange needs, under the insecure set so that it is quick.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use tempfile::TempDir;

/// Four people of 16 coordinates each, far from each other.
pub const GALLERY: &str = "\
id,v1,v2,v3,v4,v5,v6,v7,v8,v9,v10,v11,v12,v13,v14,v15,v16
anna,1,1,1,1,0,0,0,0,0,0,0,0,0,0,0,0
bert,0,0,0,0,1,1,1,1,0,0,0,0,0,0,0,0
carl,0,0,0,0,0,0,0,0,1,1,1,1,0,0,0,0
dora,0,0,0,0,0,0,0,0,0,0,0,0,1,1,1,1
";

/// Somebody like bert, and nobody.
pub const PROBES: &str = "\
id,v1,v2,v3,v4,v5,v6,v7,v8,v9,v10,v11,v12,v13,v14,v15,v16
like-bert,0,0,0.1,0,1,0.9,1,1,0,0,0,0,0,0,0,0.1
nobody,-1,-1,-1,-1,-1,-1,-1,-1,0,0,0,0,0,0,0,0
";

/// `agreement init` for these people.
pub const INIT: &str = "agreement init --modality face --dimension 16 --parameter-set insecure-test --allow-insecure";

/// A folder in which commands are run.
pub struct Desk {
    folder: TempDir,
}

/// A finished exchange, made once: agreement, keys, gallery, query, answer.
static EXCHANGE: LazyLock<Desk> = LazyLock::new(|| {
    let desk = Desk::asked(INIT, GALLERY, PROBES);
    desk.ok("match --gallery gallery.cotejo --query probes.query.cotejo");
    desk
});

impl Desk {
    /// A folder with nothing in it.
    pub fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A folder with agreement, keys, gallery and query.
    pub fn asked(init: &str, gallery: &str, probes: &str) -> Self {
        let desk = Self::empty();
        desk.write("gallery.csv", gallery);
        desk.write("probes.csv", probes);
        desk.ok(init);
        desk.ok("keygen --allow-insecure");
        desk.ok("enroll --templates gallery.csv");
        desk.ok("encrypt --templates probes.csv");
        desk
    }

    /// A folder with agreement and gallery, and what two parties need to meet over a network but their configurations: folders `a`, the
    /// querier's, and `b`, the custodian's. Each of `signers` has a signing key.
    pub fn of_two_parties(signers: &[&str]) -> Self {
        let desk = Self::empty();
        desk.write("gallery.csv", GALLERY);
        desk.write("probes.csv", PROBES);
        desk.ok(
            "agreement init --modality face --dimension 16 --parameter-set insecure-test --allow-insecure --service \
                 --purpose identification --probes-per-day 7",
        );
        desk.ok("certificates authority --name Trial --out authority");
        desk.ok("certificates issue --authority authority --name B --server localhost,127.0.0.1 --out b");
        desk.ok("certificates issue --authority authority --name A --client --out a");
        for party in signers {
            desk.ok(&format!("certificates signing-key --out {party}"));
        }
        desk.ok("keygen --allow-insecure --out a/keys");
        desk.ok("enroll --templates gallery.csv --out b/gallery.cotejo");
        desk
    }

    /// A folder with a finished exchange.
    pub fn exchanged() -> Self {
        let desk = Self::empty();
        copy(EXCHANGE.folder.path(), desk.folder.path());
        desk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub fn exists(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// Names in the folder, sorted, hidden ones included.
    pub fn listing(&self) -> Vec<String> {
        listing(self.folder.path())
    }

    /// The one pending query.
    pub fn pending(&self) -> String {
        let name = listing(&self.path("keys/querier/pending")).into_iter().next().unwrap();
        format!("keys/querier/pending/{name}")
    }

    /// A command line, its words separated by spaces.
    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cotejo"));
        command.current_dir(self.folder.path()).args(line.split_whitespace());
        command
    }

    /// Runs a command that must succeed; its standard output.
    pub fn ok(&self, line: &str) -> String {
        let output = self.command(line).assert().success().get_output().clone();
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command with `--json` that must succeed; its document.
    pub fn json(&self, line: &str) -> serde_json::Value {
        serde_json::from_str(&self.ok(&format!("{line} --json"))).unwrap()
    }

    /// The version of `gallery.cotejo`.
    pub fn version(&self) -> String {
        let listed = self.json("gallery list --gallery gallery.cotejo");
        listed["version"].as_str().unwrap().to_owned()
    }

    /// Runs a command that must be refused: exit code 2, nothing on standard output, no new file, an error that names `place`, says
    /// `what`, and has a remedy. Returns standard error.
    pub fn refused(&self, line: &str, place: &str, what: &str) -> String {
        let before = self.everything();
        let assert = self.command(line).assert();
        assert!(self.everything() == before, "{line}: leaves something behind: {:?}", self.listing());
        refusal(assert, line, place, what)
    }

    fn everything(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut all = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path.clone());
                    all.push((path, Vec::new()));
                } else {
                    all.push((path.clone(), fs::read(path).unwrap()));
                }
            }
        }
        all.sort();
        all
    }
}

/// Checks a refusal; see [`Desk::refused`].
pub fn refusal(assert: Assert, line: &str, place: &str, what: &str) -> String {
    let output = assert.get_output();
    let stderr = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(2), "{line}: {stderr}");
    assert!(output.stdout.is_empty(), "{line}");
    assert!(stderr.contains(&format!("error: {place}")), "{line}: {stderr}");
    assert!(stderr.contains(what), "{line}: {stderr}");
    assert!(stderr.contains("\n  remedy: "), "{line}: {stderr}");
    assert!(!stderr.contains("panicked"), "{line}: {stderr}");
    stderr
}

pub fn listing(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// Copies a folder with its permissions.
fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let (path, target) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if path.is_dir() {
            fs::create_dir(&target).unwrap();
            fs::set_permissions(&target, fs::metadata(&path).unwrap().permissions()).unwrap();
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// A `.npy` file.
pub fn npy(element: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{element}', 'fortran_order': False, 'shape': {shape}, }}");
    let length = (10 + header.len() + 1).next_multiple_of(64) - 10;
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((length as u16).to_le_bytes());
    file.extend(format!("{header:<width$}\n", width = length - 1).bytes());
    file.extend(data);
    file
}

/// Vectors as an array of float32.
pub fn vectors(rows: &[Vec<f32>]) -> Vec<u8> {
    let data: Vec<u8> = rows.iter().flatten().flat_map(|x| x.to_le_bytes()).collect();
    npy("<f4", &format!("({}, {})", rows.len(), rows[0].len()), &data)
}
