//! What a party keeps, on a machine that others use: its database, gallery, keys and lists.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use crate::network::{self, Serving};
use crate::support::{Desk, refusal};

fn set(desk: &Desk, file: &str, mode: u32) {
    fs::set_permissions(desk.path(file), Permissions::from_mode(mode)).unwrap();
}

/// A custodian that serves, with what it said of where; ended with this.
pub struct Served {
    child: Child,
    pub said: serde_json::Value,
}

impl Served {
    pub fn begin(desk: &Desk, line: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_cotejo"))
            .current_dir(desk.path("."))
            .args(line.split_whitespace())
            .args(["--log", "error", "--json", "--quiet"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said =
            serde_json::Deserializer::from_reader(child.stdout.take().unwrap()).into_iter().next().unwrap().unwrap();
        Self { child, said }
    }

    /// What the operator's port says.
    pub fn operations(&self, path: &str) -> String {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(self.said["operations"].as_str().unwrap()).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    /// As its operator does; what it has said to standard error.
    pub fn end(mut self) -> String {
        use std::io::Read;
        drop(Command::new("kill").arg(self.child.id().to_string()).status());
        let mut text = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        text
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub const SERVE: &str = "serve --config b/custodian.toml";

#[test]
fn a_second_server_is_refused_by_whatever_name_it_finds_the_database() {
    let desk = network::desk();
    let serving = Served::begin(&desk, SERVE);
    let refused = |what: &str| {
        let assert = desk.command(SERVE).timeout(Duration::from_secs(60)).assert();
        refusal(assert, SERVE, "b/custodian.toml", what);
    };
    refused("another cotejo serves from this database");
    // What an earlier version locked.
    drop(fs::remove_file(desk.path("b/custodian.sqlite.lock")));
    refused("another cotejo serves from this database");
    // By links, and from another folder.
    std::os::unix::fs::symlink("custodian.sqlite", desk.path("b/link.sqlite")).unwrap();
    std::os::unix::fs::symlink(".", desk.path("b/same")).unwrap();
    for name in ["link.sqlite", "same/custodian.sqlite", "../b/custodian.sqlite"] {
        network::reconfigure(&desk, "b/custodian.toml", "'custodian.sqlite'", &format!("'{name}'"));
        refused("another cotejo serves from this database");
        network::reconfigure(&desk, "b/custodian.toml", &format!("'{name}'"), "'custodian.sqlite'");
    }
    fs::hard_link(desk.path("b/custodian.sqlite"), desk.path("b/other.sqlite")).unwrap();
    for name in ["other.sqlite", "custodian.sqlite"] {
        network::reconfigure(&desk, "b/custodian.toml", "'custodian.sqlite'", &format!("'{name}'"));
        refused("another name as well");
        network::reconfigure(&desk, "b/custodian.toml", &format!("'{name}'"), "'custodian.sqlite'");
    }
    fs::remove_file(desk.path("b/other.sqlite")).unwrap();
    drop(serving);
    // No process holds it any longer.
    drop(Served::begin(&desk, SERVE));
}

/// Names, contents and times of change of a folder's files, and the folder's own.
fn traces(folder: &Path) -> BTreeMap<String, (Vec<u8>, Option<SystemTime>)> {
    let changed = |path: &Path| path.metadata().ok().and_then(|found| found.modified().ok());
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut all: BTreeMap<_, _> =
        files.map(|path| (path.display().to_string(), (fs::read(&path).unwrap_or_default(), changed(&path)))).collect();
    all.insert(String::new(), (Vec::new(), changed(folder)));
    all
}

/// A database with a request in its log: as it was closed, as a kill left it, and without the index of its journal.
#[test]
fn an_auditor_changes_nothing_of_a_database_however_it_was_left() {
    let desk = network::desk();
    let ask = |number: u32| {
        let line = format!("ask --config a/querier.toml --justification f --templates probes.csv --number {number}");
        desk.command(&line).assert().success();
    };
    let served = Serving::begin(&desk);
    ask(1);
    drop(served);
    let mut served = Serving::begin(&desk);
    ask(2);
    for folder in ["closed", "killed", "journal", "out"] {
        fs::create_dir(desk.path(folder)).unwrap();
    }
    let entries =
        |database: &str| desk.json(&format!("audit verify --database {database}"))["entries"].as_u64().unwrap();
    let read = |database: &str, folder: &str| {
        let before = traces(&desk.path(folder));
        desk.ok(&format!("audit verify --database {database}"));
        desk.ok(&format!("audit anchor --database {database}"));
        for (number, format) in ["log", "csv", "json"].into_iter().enumerate() {
            desk.ok(&format!("audit export --database {database} --force --format {format} --out out/{number}"));
        }
        desk.ok(&format!("audit transparency --database {database}"));
        let after = traces(&desk.path(folder));
        let names = |traces: &BTreeMap<String, _>| traces.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&after), names(&before), "{database}");
        assert!(after == before, "{database}: something was written");
        entries(database)
    };
    // While it is served, by a process that stands still: what changes is not its doing.
    let stopped = Command::new("kill").args(["-STOP", &served.0.id().to_string()]).status().unwrap();
    assert!(stopped.success() && desk.exists("b/custodian.sqlite-wal"));
    let live = read("b/custodian.sqlite", "b");
    assert!(live > 8, "{live}");
    // Killed: the journal and its index are left, and hold what the file does not.
    drop(served.0.kill());
    drop(served.0.wait());
    assert_eq!(read("b/custodian.sqlite", "b"), live);
    for (name, into) in
        [("-wal", "killed"), ("-shm", "killed"), ("", "killed"), ("-wal", "journal"), ("", "journal"), ("", "closed")]
    {
        fs::copy(desk.path(&format!("b/custodian.sqlite{name}")), desk.path(&format!("{into}/custodian.sqlite{name}")))
            .unwrap();
    }
    assert_eq!(read("killed/custodian.sqlite", "killed"), live);
    assert_eq!(read("journal/custodian.sqlite", "journal"), live);
    // Closed in order: the journal is gone.
    drop(Serving::begin(&desk));
    assert!(!desk.exists("b/custodian.sqlite-wal"));
    assert_eq!(read("b/custodian.sqlite", "b"), live);
}

#[test]
fn an_auditor_reads_a_database_in_a_folder_that_may_not_be_written_to() {
    let desk = crate::exempt::served();
    fs::create_dir(desk.path("closed")).unwrap();
    fs::copy(desk.path("custodian.sqlite"), desk.path("closed/x.sqlite")).unwrap();
    set(&desk, "closed/x.sqlite", 0o444);
    set(&desk, "closed", 0o555);
    let mut command = Command::new(env!("CARGO_BIN_EXE_cotejo"));
    command.args(["audit", "verify", "--database", "closed/x.sqlite"]).current_dir(desk.path("."));
    if fs::metadata(desk.path("closed")).unwrap().uid() == 0 {
        // Root writes everywhere: become nobody, who must be able to come here and to run the program.
        set(&desk, ".", 0o755);
        command.uid(65534).gid(65534);
    }
    match command.output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => eprintln!("skipped: the program cannot be run as nobody: {error}"),
    }
    assert_eq!(fs::read_dir(desk.path("closed")).unwrap().count(), 1);
}

/// Names of the files in a folder that hold a part of these bytes.
fn holding(folder: &Path, bytes: &[u8]) -> Vec<String> {
    // A database lays long values down in pages: some of these parts lie within one.
    let parts: Vec<&[u8]> = bytes.chunks_exact(64).step_by(16).collect();
    assert!(parts.len() > 2);
    let holds = |content: Vec<u8>| parts.iter().any(|part| content.windows(64).any(|window| window == *part));
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let found = files.filter(|path| holds(fs::read(path).unwrap_or_default()));
    found.map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
}

#[test]
fn a_query_that_was_answered_leaves_the_files_of_both_databases_while_they_are_in_use() {
    let desk = network::desk();
    let ask = "ask --config a/querier.toml";
    desk.command(&format!("{ask} --justification f --templates probes.csv --number 1 --patience 0")).assert().code(4);
    let open = || {
        let database = rusqlite::Connection::open(desk.path("a/querier.sqlite")).unwrap();
        let query: Vec<u8> = database.query_row("SELECT query FROM requests", [], |row| row.get(0)).unwrap();
        (database, query)
    };
    let (_, query) = open();
    assert!(!holding(&desk.path("a"), &query).is_empty());
    // It stays open here, so that its journal does not go because nobody needs it any longer.
    let _open = open();
    let _serving = Serving::begin(&desk);
    desk.ok(&format!("{ask} --resume 1"));
    assert!(desk.exists("a/querier.sqlite-wal") && desk.exists("b/custodian.sqlite-wal"));
    let begun = Instant::now();
    loop {
        let left = [holding(&desk.path("a"), &query), holding(&desk.path("b"), &query)].concat();
        match left.is_empty() {
            true => return,
            false => assert!(begun.elapsed() < Duration::from_secs(20), "{left:?}"),
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn an_append_that_was_torn_while_serving_is_not_answered_from_in_silence() {
    let desk = network::desk();
    network::reconfigure(&desk, "b/custodian.toml", "listen =", "operations = '127.0.0.1:0'\nlisten =");
    let before = desk.read("b/gallery.cotejo");
    let more = [("anna", "emil"), ("bert", "fran"), ("carl", "gerd"), ("dora", "hans")];
    desk.write(
        "more.csv",
        more.iter().fold(crate::support::GALLERY.to_owned(), |text, (from, to)| text.replace(from, to)),
    );
    desk.ok("enroll --append --templates more.csv --out b/gallery.cotejo");
    let after = desk.read("b/gallery.cotejo");
    desk.write("b/gallery.cotejo", &before);
    let served = Served::begin(&desk, SERVE);
    assert!(served.operations("/readyz").starts_with("HTTP/1.1 200"));
    // In one go: no other state of the file is seen.
    let replace = |content: &[u8]| {
        desk.write("b/new", content);
        fs::rename(desk.path("b/new"), desk.path("b/gallery.cotejo")).unwrap();
    };
    replace(&after[..after.len() - 1]);
    let begun = Instant::now();
    let said = loop {
        let said = served.operations("/readyz");
        if said.starts_with("HTTP/1.1 503") {
            break said;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{said}");
        std::thread::sleep(Duration::from_millis(100));
    };
    assert!(said.contains("of an append that was interrupted"), "{said}");
    // Nor is it served from the start.
    let torn = desk.command("serve --config b/custodian.toml --check").assert();
    refusal(torn, "serve", "b/gallery.cotejo", "of an append that was interrupted");
    // Mended, it is ready again.
    replace(&after);
    while !served.operations("/readyz").starts_with("HTTP/1.1 200") {
        assert!(begun.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(served.end().contains("of an append that was interrupted"));
}

#[test]
fn a_database_a_configuration_and_keys_are_not_replaced_by_another_kind_even_by_force() {
    let desk = network::desk();
    desk.ok("serve --config b/custodian.toml --check");
    desk.ok("audit export --database b/custodian.sqlite --format log --out log.jsonl");
    desk.write("b/custodian.sqlite-wal", "x");
    desk.write("b/tls.der", [0x30, 0x82, 1, 0x3c, 2, 1, 0, 0x30]);
    for file in [
        "b/custodian.sqlite",
        "b/custodian.sqlite-wal",
        "b/custodian.toml",
        "a/querier.toml",
        "b/tls.key",
        "b/signing.key",
        "a/keys/secret.key",
        "log.jsonl",
    ] {
        for line in [
            "audit export --log other.jsonl --format csv --force --out",
            "enroll --templates gallery.csv --force --out",
            "evaluate --encrypt none --templates gallery.csv --force --html",
        ] {
            fs::copy(desk.path("log.jsonl"), desk.path("other.jsonl")).unwrap();
            desk.refused(&format!("{line} {file}"), file, "nor any file of another kind");
        }
    }
    fs::copy(desk.path("log.jsonl"), desk.path("other.jsonl")).unwrap();
    desk.ok("audit export --log other.jsonl --format log --force --out log.jsonl");
}

#[test]
fn what_others_can_reach_is_warned_of_and_refused_where_that_is_strict() {
    let desk = network::desk();
    desk.write("b/exempt.txt", "anna\n");
    network::reconfigure(&desk, "b/custodian.toml", "gallery.cotejo'", "gallery.cotejo'\nexempt = 'exempt.txt'");
    let lines = [
        "serve --config b/custodian.toml --check",
        "ask --config a/querier.toml --check",
        "ask --config a/querier.toml --list",
    ];
    set(&desk, "b/exempt.txt", 0o600);
    desk.ok(lines[0]);
    for line in lines {
        let said = desk.command(&format!("{line} --strict --quiet")).assert().success();
        let stderr = String::from_utf8(said.get_output().stderr.clone()).unwrap();
        assert!(stderr.lines().all(|line| line.contains("INSECURE")), "{stderr}");
    }
    for (which, file, mode, what) in [
        (0, "b/exempt.txt", 0o644, "may read it"),
        (0, "b/gallery.cotejo", 0o640, "may read it"),
        (0, "b/gallery.cotejo", 0o620, "may write to it"),
        (0, "b/custodian.sqlite", 0o644, "may read it"),
        (0, "b/custodian.toml", 0o666, "may write to it"),
        (0, "b/tls.pem", 0o664, "may write to it"),
        (0, "b", 0o777, "may write to this folder"),
        (0, "agreement.toml", 0o662, "may write to it"),
        (0, "a/signing.pub", 0o662, "may write to it"),
        (1, "a/querier.sqlite", 0o604, "may read it"),
        (1, "a/querier.toml", 0o646, "may write to it"),
        (1, "a/keys", 0o775, "may write to this folder"),
        (2, "a/authority.pem", 0o646, "may write to it"),
        (2, "b/signing.pub", 0o646, "may write to it"),
    ] {
        let before = fs::metadata(desk.path(file)).unwrap().permissions();
        set(&desk, file, mode);
        let warned = desk.command(lines[which]).assert().success();
        let stderr = String::from_utf8(warned.get_output().stderr.clone()).unwrap();
        assert!(stderr.contains("warning: ") && stderr.contains(file.rsplit('/').next().unwrap()), "{file}: {stderr}");
        assert!(stderr.contains(what) && stderr.contains("chmod"), "{file} {mode:o}: {stderr}");
        let refused = desk.command(&format!("{} --strict", lines[which])).assert();
        refusal(refused, lines[which], "", what);
        fs::set_permissions(desk.path(file), before).unwrap();
    }
    // Who can change a list of revoked certificates revokes nothing any more.
    let authority = "authority = 'authority.pem'\n";
    network::reconfigure(&desk, "b/custodian.toml", authority, &format!("{authority}crl = ['theirs.crl']\n"));
    desk.write("b/theirs.crl", "whatever it is");
    set(&desk, "b/theirs.crl", 0o646);
    let refused = desk.command(&format!("{} --strict", lines[0])).assert();
    let said = refusal(refused, "serve", "", "may write to it");
    assert!(said.contains("theirs.crl"), "{said}");
    // A password in a configuration that others can read.
    network::reconfigure(
        &desk,
        "b/custodian.toml",
        "'custodian.sqlite'",
        "'host=127.0.0.1 port=1 user=u password=geheim'",
    );
    set(&desk, "b/custodian.toml", 0o644);
    let refused = desk.command("serve --config b/custodian.toml --check --strict").assert();
    let said = refusal(refused, "serve", "", "may read it, and it is private");
    assert!(!said.contains("geheim"), "{said}");
}

#[test]
fn the_password_of_a_database_stands_apart_and_nobody_is_told() {
    let desk = network::desk();
    let string = "'host=127.0.0.1 port=1 user=u'";
    network::reconfigure(
        &desk,
        "b/custodian.toml",
        "'custodian.sqlite'",
        &format!("{string}\ndatabase_password_file = 'p'"),
    );
    desk.write("b/p", "geheim\n");
    let check = "serve --config b/custodian.toml --check";
    let refused = |place: &str, what: &str| {
        let assert = desk.command(check).env("PW", "geheim").assert();
        let said = refusal(assert, check, place, what);
        assert!(!said.contains("geheim"), "{said}");
    };
    refused("b/p", "others than its owner");
    set(&desk, "b/p", 0o600);
    refused("b/custodian.toml", "cannot be reached");
    for wrong in ["", "\n", "two\nlines\n"] {
        desk.write("b/p", wrong);
        refused("b/p", "not a password");
    }
    network::reconfigure(&desk, "b/custodian.toml", "_file = 'p'", "_env = 'PW'");
    refused("b/custodian.toml", "cannot be reached");
    network::reconfigure(&desk, "b/custodian.toml", "_env = 'PW'", "_env = 'NO_SUCH'");
    refused("b/custodian.toml", "NO_SUCH");
    network::reconfigure(&desk, "b/custodian.toml", "_env = 'NO_SUCH'", "_env = 'PW'");
    network::reconfigure(&desk, "b/custodian.toml", "user=u'", "user=u password=geheim'");
    refused("b/custodian.toml", "another password beside it");
    network::reconfigure(&desk, "b/custodian.toml", "'host=127.0.0.1 port=1 user=u password=geheim'", "'own.sqlite'");
    refused("b/custodian.toml", "a password for a database that is a file");
    // Everybody sees what stands in a command line.
    let line = "audit verify --database postgresql://u:geheim@127.0.0.1:1/x";
    let said = desk.refused(line, "--database", "a password in the command line");
    assert!(!said.contains("geheim") && said.contains("--database-password-file"), "{said}");
    desk.write("b/p", "geheim");
    let line = "audit verify --database postgresql://u@127.0.0.1:1/x --database-password-file b/p";
    desk.refused(line, "the PostgreSQL database", "cannot be reached");
}

#[test]
fn of_a_configuration_that_cannot_be_read_no_value_is_told() {
    let desk = network::desk();
    let lines = [
        (SERVE, "b/custodian.toml"),
        ("breaker pull --config b/custodian.toml --reason r --operator o --key b/signing.key", "b/custodian.toml"),
        ("ask --config a/querier.toml --check", "a/querier.toml"),
    ];
    for (line, config) in lines {
        let whole = String::from_utf8(desk.read(config)).unwrap();
        for wrong in [
            "party = 'host=127.0.0.1 user=u password=geheim'",
            "party = host=127.0.0.1 user=u password=geheim",
            "party = 'host=127.0.0.1 user=u password=geheim",
            "party = 'B'\nparty = 'host=127.0.0.1 password=geheim'",
            "party = ['pkcs11:token=b?pin-value=geheim']",
            "party = 'B' # geheim\noperations = 'geheim'",
            "party = 'B'\npassphrase_file = [ 'geheim' ]\noperations = [1]",
        ] {
            let mut rest = whole.lines().filter(|line| !line.starts_with("party"));
            desk.write(config, format!("{wrong}\n{}\n", rest.by_ref().collect::<Vec<_>>().join("\n")));
            let said = refusal(desk.command(line).timeout(Duration::from_secs(60)).assert(), line, config, "");
            assert!(!said.contains("geheim"), "{line}, {wrong}: {said}");
        }
        desk.write(config, whole);
    }
}

#[test]
fn no_table_holds_a_formula_whatever_ids_and_words_are() {
    let desk = Desk::asked(
        crate::support::INIT,
        crate::support::GALLERY,
        &crate::support::PROBES.replace("like-bert", "\"=HYPERLINK(\"\"http://x\"\")\"").replace("nobody", "\"a;=1\""),
    );
    desk.ok("match --gallery gallery.cotejo --query probes.query.cotejo");
    let table = desk.ok("decrypt --answer probes.answer.cotejo --csv");
    assert!(table.contains(",\"'=HYPERLINK(\"\"http://x\"\")\",hit,,,\n"), "{table}");
    assert!(table.contains(",\"a;'=1\",no hit,,,\n"), "{table}");
    // A program reads the one, and takes the mark off.
    let mut rows = csv::Reader::from_reader(table.as_bytes());
    let ids: Vec<String> = rows.records().map(|row| row.unwrap()[2].to_owned()).collect();
    assert_eq!(ids, ["'=HYPERLINK(\"http://x\")", "a;'=1"]);
}
