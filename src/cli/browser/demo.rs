//! `cotejo console demo`: both officers' consoles on one machine, with a custodian that serves a synthetic gallery, to be shown to somebody.
//!
//! Each party is what it would be elsewhere: a folder of its own, a process of its own, keys that the other does not have.

use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::commands::{self, Deaf};
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::files::{self, Access, Output};
use crate::cli::{Outcome, interrupt};

/// Both consoles in one command, with synthetic people: says which two addresses to open
#[derive(clap::Args)]
#[command(after_help = "\
Each party gets a folder below --out, with a configuration that every other command can be tried on. Nothing is asked of the network.

Example:
  cotejo console demo")]
pub struct Args {
    /// Folder to write to; where it exists, another one beside it (cotejo-console-2, ...)
    #[arg(long, value_name = "FOLDER", default_value = "cotejo-console")]
    out: PathBuf,
}

/// Persons whom the custodian has enrolled: S000001 to S000040.
const ENROLLED: &str = "40";
/// Travellers whom the querier asks about: two are enrolled, two are not.
const FIRST_ASKED: &str = "39";
const ASKED: &str = "4";
/// Persons of the labelled files, which accuracy is evaluated on.
const EVALUATED: &str = "60";
const DIMENSION: &str = "128";
const SEED: &str = "7";
/// A server has to be there within so long.
const PATIENCE: Duration = Duration::from_secs(120);

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let folder = made(&self.out)?;
        console.note("making keys, certificates and a synthetic gallery ...");
        let set_up = Setting { folder: &folder };
        set_up.agree()?;
        set_up.custodian()?;
        set_up.querier()?;
        set_up.introduce()?;
        set_up.data()?;
        let mut children = Vec::new();
        let program = std::env::current_exe().map_err(|error| Failure::new("cotejo", error, "run it by its path"))?;
        let own = |party: &str, name: &str| folder.join(party).join(name).display().to_string();
        let agreement = |party: &str| format!("--agreement={}", own(party, "agreement.toml"));
        let serve = ["serve".to_owned(), format!("--config={}", own("b", "custodian.toml")), "--log=error".to_owned()];
        let server = start(&program, "the server", &serve, &mut children)?;
        let custodian = ["console", "custodian", "--no-browser"].map(str::to_owned);
        let custodian =
            custodian.into_iter().chain([format!("--config={}", own("b", "custodian.toml"))]).collect::<Vec<_>>();
        let custodian = start(&program, "the custodian's console", &custodian, &mut children)?;
        let querier = ["console", "querier", "--no-browser"].map(str::to_owned);
        let querier = querier
            .into_iter()
            .chain([format!("--config={}", own("a", "querier.toml")), agreement("a")])
            .collect::<Vec<_>>();
        let querier = start(&program, "the querier's console", &querier, &mut children)?;
        let probes = own("a", "travellers/sample-2.npy");
        let labelled = own("a", "evaluation");
        console.result(
            format_args!(
                "Ministry A asks:      {}\nMinistry B answers:   {}\n\n\
                 1. Open both in a browser on this machine. Each address works once.\n\
                 2. Ministry A: Ask. Drop {probes} there:\n   four travellers, of whom S000039 and S000040 are in the records of Ministry B.\n\
                 3. Ministry B: Now. The request is seen, and what it was for; nobody there learns of whom, or what came of it.\n\
                 4. Ministry A: Requests. The verdicts, and what both have signed.\n\
                 5. Either: Evaluation, with the two files in {labelled}.\n\n\
                 Everything is in {}. Ctrl-C ends it.",
                text(&querier, "address"),
                text(&custodian, "address"),
                folder.display()
            ),
            &json!({
                "querier": querier.get("address"),
                "custodian": custodian.get("address"),
                "server": server.get("address"),
                "operations": server.get("operations"),
                "folder": folder,
                "probes": probes,
                "evaluation": labelled,
            }),
        )?;
        while !interrupt::requested() {
            for child in &mut children {
                if let Ok(Some(_)) = child.process.try_wait() {
                    return Err(Failure::new(child.name, "has ended", "see what it said above"));
                }
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(Outcome::Done)
    }
}

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The folder, which was not there before.
fn made(wanted: &Path) -> Result<PathBuf, Failure> {
    let name = wanted.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let others = (2..1000).map(|number| wanted.with_file_name(format!("{name}-{number}")));
    for path in std::iter::once(wanted.to_owned()).chain(others) {
        match std::fs::create_dir(&path) {
            Ok(()) => {
                for party in ["a", "b"] {
                    files::Folders::create(&path.join(party), Access::Private)?.keep();
                }
                return Ok(path);
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Failure::io(&path, "create the folder", &error)),
        }
    }
    Err(Failure::at(wanted, "a thousand of them are here already", "choose another folder with --out"))
}

/// Two parties in the making.
struct Setting<'a> {
    folder: &'a Path,
}

impl Setting<'_> {
    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// A command, told by its words; of those that begin with `@` the rest is a path in the folder.
    fn run(&self, words: &[&str]) -> Result<(), Failure> {
        interrupt::check()?;
        let words = words.iter().map(|word| match word.split_once('@') {
            Some((before, path)) => format!("{before}{}", self.path(path)),
            None => (*word).to_owned(),
        });
        commands::run(words.collect(), Arc::new(Deaf)).map(drop)
    }

    fn copy(&self, from: &str, to: &str) -> Result<(), Failure> {
        let (from, to) = (self.folder.join(from), self.folder.join(to));
        let bytes = files::read(&from)?;
        files::write(&[Output { path: &to, bytes: &bytes, access: Access::Shared }], false)
    }

    /// What the two agree on: each has the file.
    fn agree(&self) -> Result<(), Failure> {
        let words = [
            "agreement",
            "init",
            "--modality=face",
            "--threshold=0.4",
            "--references=1000",
            "--scheme=tfhe",
            "--querier=Ministry A",
            "--custodian=Ministry B",
            "--title=Trial of hit/no-hit checks at the border",
            "--service",
            "--purpose=identification",
            "--purpose=return",
            "--require=justification",
            "--probes-per-day=40",
            "--out=@a/agreement.toml",
        ];
        let dimension = format!("--dimension={DIMENSION}");
        self.run(&[&words[..], &[dimension.as_str()]].concat())?;
        self.copy("a/agreement.toml", "b/agreement.toml")
    }

    /// A configuration whose ports are free, certificates, the database.
    fn custodian(&self) -> Result<(), Failure> {
        self.run(&["serve", "--init", "--config=@b/custodian.toml", "--host=localhost,127.0.0.1"])?;
        // What the command before has read is written now.
        files::begin();
        let path = self.folder.join("b/custodian.toml");
        let config = String::from_utf8_lossy(&files::read_own_at_most(&path, 1 << 20)?).into_owned();
        let [listen, operations] = [port()?, port()?];
        let config = config
            .replace("\"0.0.0.0:8443\"", &format!("\"127.0.0.1:{listen}\""))
            .replace("\"127.0.0.1:9464\"", &format!("\"127.0.0.1:{operations}\""));
        files::write(&[Output { path: &path, bytes: config.as_bytes(), access: Access::Private }], true)?;
        let url = format!("--url=https://localhost:{listen}");
        self.run(&["ask", "--init", "--config=@a/querier.toml", &url])
    }

    fn querier(&self) -> Result<(), Failure> {
        self.run(&["keygen", "--agreement=@a/agreement.toml", "--out=@a/keys"])
    }

    /// Each gets what the other would have sent.
    fn introduce(&self) -> Result<(), Failure> {
        for (from, to) in [
            ("a/authority.pem", "b/their-authority.pem"),
            ("a/tls.pem", "b/their-tls.pem"),
            ("a/signing.pub", "b/their-signing.pub"),
            ("b/authority.pem", "a/their-authority.pem"),
            ("b/signing.pub", "a/their-signing.pub"),
        ] {
            self.copy(from, to)?;
        }
        Ok(())
    }

    /// Synthetic people: who is enrolled, who is asked about, and two files with labels.
    fn data(&self) -> Result<(), Failure> {
        let people = |out: &str, first: &str, subjects: &str, seed: &str| {
            let (first, subjects, seed) =
                (format!("--first-subject={first}"), format!("--subjects={subjects}"), format!("--seed={seed}"));
            let dimension = format!("--dimension={DIMENSION}");
            self.run(&["synthesize", "--modality=face", &dimension, &first, &subjects, &seed, &format!("--out=@{out}")])
        };
        people("b/people", "1", ENROLLED, SEED)?;
        people("a/travellers", FIRST_ASKED, ASKED, SEED)?;
        people("a/evaluation", "1", EVALUATED, "8")?;
        let enroll = [
            "enroll",
            "--agreement=@b/agreement.toml",
            "--templates=@b/people/sample-1.npy",
            "--out=@b/gallery.cotejo",
        ];
        self.run(&enroll)
    }
}

/// A port that nobody listens on now.
fn port() -> Result<u16, Failure> {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    bound.map(|address| address.port()).map_err(|error| Failure::new("127.0.0.1", error, "try again"))
}

/// A process of one of the parties; it ends with this one.
struct Started {
    name: &'static str,
    process: Child,
}

impl Drop for Started {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Ok(id) = i32::try_from(self.process.id())
            && let Some(id) = rustix::process::Pid::from_raw(id)
        {
            // As Ctrl-C would: it lets go of its database first.
            let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
            for _ in 0..50 {
                if !matches!(self.process.try_wait(), Ok(None)) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(100));
            }
        }
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Starts a command of this program, and waits for the document that says where it is.
fn start(program: &Path, name: &'static str, words: &[String], all: &mut Vec<Started>) -> Result<Value, Failure> {
    let failed = |error: std::io::Error| Failure::new(name, error, "try again");
    let mut command = Command::new(program);
    command.arg("--json").args(words).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut process = command.spawn().map_err(failed)?;
    let said = process.stdout.take();
    all.push(Started { name, process });
    let (tell, told) = std::sync::mpsc::channel();
    let reading = move || {
        let mut document = String::new();
        for line in said.into_iter().flat_map(|said| BufReader::new(said).lines()).map_while(Result::ok) {
            document.push_str(&line);
            if let Ok(found) = serde_json::from_str::<Value>(&document) {
                drop(tell.send(found));
                document.clear();
            }
        }
    };
    std::thread::Builder::new().name("output".to_owned()).spawn(reading).map_err(failed)?;
    for _ in 0..PATIENCE.as_millis() / 100 {
        interrupt::check()?;
        match told.recv_timeout(Duration::from_millis(100)) {
            Ok(document) => return Ok(document),
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {}
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break,
        }
    }
    Err(Failure::new(name, "did not start", "see what it said above"))
}
