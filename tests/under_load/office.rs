//! A custodian's folder with all that `cotejo serve` needs, made by the commands that people use; and requesters.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use cotejo::agreement::Agreement;
use cotejo::querier::{Querier, SecretKey};
use cotejo::scheme::Opened;
use cotejo::scheme::tfhe::Tfhe;
use cotejo::service::client::Client;
use cotejo::service::identity::{Identity, PemFile};
use cotejo::service::protocol::Request;
use cotejo::service::signing::{Hash, Name, PublicKey, Signed, SigningKey};
use cotejo::service::store::{OutboxRequest, RequestState};
use cotejo::service::time::Time;
use cotejo::template::Record;
use cotejo::template::read::{self, Format};
use cotejo::wire::{KeyId, QueryId, Target};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use tempfile::TempDir;

/// What `cotejo` commands have made.
pub struct Office {
    folder: TempDir,
    pub agreement: Opened,
    pub port: u16,
    /// The operator's, where one is configured.
    pub operations: u16,
    pub requesters: usize,
    /// Of a second server: its own, and its operator's.
    second: Option<(u16, u16)>,
}

/// A server that runs.
pub struct Serving(Child);

pub fn now() -> Time {
    Time::from_system(std::time::SystemTime::now())
}

fn cotejo(folder: &Path, arguments: &str) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_cotejo")).current_dir(folder).args(arguments.split(' ')).output().unwrap();
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The program that is tried.
fn program() -> String {
    std::env::var("COTEJO_PROGRAM").unwrap_or_else(|_| env!("CARGO_BIN_EXE_cotejo").to_owned())
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// How a server is, by its operator's port.
fn told(port: u16) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(std::time::Duration::from_secs(2)))?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\n\r\n")?;
    let mut said = Vec::new();
    stream.read_to_end(&mut said)?;
    Ok(String::from_utf8_lossy(&said).into_owned())
}

/// Dimension of the templates.
pub const DIMENSION: usize = 128;
/// Persons enrolled.
pub const SUBJECTS: usize = 50;

impl Office {
    pub fn new(set: &str, requesters: usize, database: Option<String>) -> Self {
        Self::under("tfhe", set, requesters, database)
    }

    /// Under any scheme.
    pub fn under(scheme: &str, set: &str, requesters: usize, database: Option<String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let run = |arguments: &str| cotejo(folder.path(), arguments);
        run(&format!(
            "agreement init --modality face --dimension {DIMENSION} --threshold 0.4 --scheme {scheme} --parameter-set {set} --allow-insecure \
             --references 1000 --probes-per-day 1000000 --probes-per-year 1000000 --bits-per-gallery-version 1000000"
        ));
        run(&format!(
            "synthesize --modality face --dimension {DIMENSION} --subjects {SUBJECTS} --samples 1 --out data"
        ));
        run("enroll --templates data/sample-1.npy --out gallery.cotejo");
        run("certificates authority --name Trial --out authority");
        run("certificates issue --authority authority --name B --server localhost --out b");
        run("certificates signing-key --out b");
        let (port, operations) = (free_port(), free_port());
        let database = database.unwrap_or_else(|| "custodian.sqlite".to_owned());
        let mut config = format!(
            "party = 'B'\ndatabase = '{database}'\nsigning_key = 'b/signing.key'\nlisten = '127.0.0.1:{port}'\n\
             [tls]\ncertificate = 'b/tls.pem'\nkey = 'b/tls.key'\nauthority = 'authority/authority.pem'\n\
             [[agreement]]\nfile = 'agreement.toml'\ngallery = 'gallery.cotejo'\n"
        );
        for number in 0..requesters {
            run(&format!("certificates issue --authority authority --name A-{number} --client --out a-{number}"));
            run(&format!("certificates signing-key --out a-{number}"));
            run(&format!("keygen --allow-insecure --out a-{number}/keys"));
            config += &format!(
                "[[requester]]\ncode = 'A-{number}'\ncertificate = 'a-{number}/tls.pem'\nsigning_key = 'a-{number}/signing.pub'\n"
            );
        }
        std::fs::write(folder.path().join("custodian.toml"), config).unwrap();
        run("serve --init-database");
        let agreement = std::fs::read_to_string(folder.path().join("agreement.toml")).unwrap();
        Self {
            agreement: Agreement::from_toml(&agreement).and_then(Opened::new).unwrap(),
            folder,
            port,
            operations,
            requesters,
            second: None,
        }
    }

    /// Configures a second server on the same database; both tell how they are.
    pub fn add_second_server(&mut self) {
        let (port, operations) = (free_port(), free_port());
        let config = String::from_utf8(self.read("custodian.toml")).unwrap();
        let with = |listen: u16, operations: u16| {
            let config = config.replace(&format!(":{}'", self.port), &format!(":{listen}'"));
            format!("operations = '127.0.0.1:{operations}'\n{config}")
        };
        std::fs::write(self.path("custodian-2.toml"), with(port, operations)).unwrap();
        std::fs::write(self.path("custodian.toml"), with(self.port, self.operations)).unwrap();
        self.second = Some((port, operations));
    }

    /// Starts the first server or the second, to stand by where the other serves.
    pub fn stand_by(&self, server: usize) -> Serving {
        let config = ["custodian.toml", "custodian-2.toml"][server];
        let child = Command::new(program())
            .current_dir(self.folder.path())
            .args(["serve", "--standby", "--config", config, "--log", "error", "--json", "--quiet"])
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        Serving(child)
    }

    /// Waits until the operator's port of the first server or the second says this.
    pub fn wait_until(&self, server: usize, status: u16, words: &str) {
        let port = [self.operations, self.second.map_or(0, |(_, operations)| operations)][server];
        let begun = std::time::Instant::now();
        let mut said = String::new();
        while begun.elapsed().as_secs() < 60 {
            said = told(port).unwrap_or_default();
            if said.starts_with(&format!("HTTP/1.1 {status} ")) && said.contains(words) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        panic!("server {server} does not say '{words}' but '{said}'");
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// From the next start on these persons are exempt.
    pub fn exempt(&self, persons: &[String]) {
        let (config, path) = (String::from_utf8(self.read("custodian.toml")).unwrap(), self.path("exempt.txt"));
        std::fs::write(path.with_extension("new"), persons.join("\n")).unwrap();
        std::fs::rename(path.with_extension("new"), path).unwrap();
        if !config.contains("exempt") {
            let gallery = "gallery = 'gallery.cotejo'\n";
            let config = config.replace(gallery, &format!("{gallery}exempt = 'exempt.txt'\n"));
            std::fs::write(self.path("custodian.toml"), config).unwrap();
        }
    }

    /// A certificate of the authority that requesters have theirs from, in a folder; registered nowhere.
    pub fn add_stranger(&self, folder: &str) {
        let issue = format!("certificates issue --authority authority --name {folder} --client --out {folder}");
        cotejo(self.folder.path(), &issue);
    }

    /// Adds a line of its own and one of `[limits]` to the configuration.
    pub fn configure(&self, line: &str, limit: &str) {
        let config = String::from_utf8(self.read("custodian.toml")).unwrap();
        std::fs::write(self.path("custodian.toml"), format!("{line}\n{config}[limits]\n{limit}\n")).unwrap();
    }

    /// Starts the server, and waits until it listens.
    pub fn serve(&self) -> Serving {
        self.serve_with(None)
    }

    /// The same, with so many descriptors.
    pub fn serve_with(&self, descriptors: Option<u32>) -> Serving {
        let limit = descriptors.map_or_else(String::new, |descriptors| format!("ulimit -n {descriptors}; "));
        let mut server = Command::new("bash")
            .args(["-c", &format!("{limit}exec \"$0\" \"$@\""), &program()])
            .current_dir(self.folder.path())
            .args(["serve", "--log", "error", "--json", "--quiet"])
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("address")), "the server does not serve");
        Serving(server)
    }

    /// The persons enrolled, as their own probes.
    pub fn people(&self) -> Vec<Record> {
        let ids = read::identities(&self.read("data/sample-1.ids.txt")).unwrap();
        read::records(&self.read("data/sample-1.npy"), Format::Npy, self.agreement.shape(), Some(ids)).unwrap()
    }

    pub fn custodian_key(&self) -> PublicKey {
        String::from_utf8(self.read("b/signing.pub")).unwrap().trim().parse().unwrap()
    }

    pub fn signing_key(&self, folder: &str) -> SigningKey {
        SigningKey::from_pem(&String::from_utf8(self.read(&format!("{folder}/signing.key"))).unwrap()).unwrap()
    }

    pub fn client(&self, requester: usize) -> Client {
        let file = |name: &str| self.read(&format!("a-{requester}/{name}"));
        let (chain, key, authority) = (file("tls.pem"), file("tls.key"), file("authority.pem"));
        let [chain, key, authority] =
            [&chain, &key, &authority].map(|content| PemFile { path: Path::new("test"), content });
        let identity = Identity::from_pem(chain, key, authority).unwrap();
        let ports = std::iter::once(self.port).chain(self.second.map(|(port, _)| port));
        let addresses: Vec<_> = ports.map(|port| SocketAddr::from(([127, 0, 0, 1], port))).collect();
        Client::reaching(&format!("https://localhost:{}", self.port), &addresses, identity).unwrap()
    }

    pub fn key_content(&self, requester: usize) -> Vec<u8> {
        self.read(&format!("a-{requester}/keys/evaluation.key"))
    }

    pub fn querier(&self, requester: usize) -> Querier<Tfhe> {
        let secret = self.read(&format!("a-{requester}/keys/secret.key"));
        Querier::new(&self.agreement, SecretKey::read(secret.as_slice(), &self.agreement).unwrap())
    }

    /// A signed request with its query.
    pub fn request(
        &self,
        querier: &Querier<Tfhe>,
        signing: &SigningKey,
        requester: usize,
        number: &str,
        probe: Record,
        target: Target,
    ) -> OutboxRequest {
        let (query, pending) = querier.ask(vec![probe], target, &mut ChaCha20Rng::from_os_rng()).unwrap();
        let content = query.to_bytes(&self.agreement).unwrap().to_vec();
        let pending = pending.to_bytes(&self.agreement).unwrap();
        let request = self.signed(signing, requester, number, Encrypted { key: query.key, query: query.id, content });
        OutboxRequest { pending: Some(pending), ..request }
    }

    /// A signed request with a query about one probe, under any scheme.
    pub fn signed(&self, signing: &SigningKey, requester: usize, number: &str, encrypted: Encrypted) -> OutboxRequest {
        let Encrypted { key, query, content } = encrypted;
        let request = Request {
            requester: format!("A-{requester}").parse().unwrap(),
            number: number.parse().unwrap(),
            time: now(),
            agreement: Hash(self.agreement.digest().0),
            purpose: "identification".parse().unwrap(),
            justification: Some("under load".parse().unwrap()),
            case_category: None,
            officer: None,
            key: Name(key.0),
            query: Name(query.0),
            query_digest: Hash::of(&content),
            probes: 1,
            seen: None,
        };
        OutboxRequest {
            number: request.number.clone(),
            agreement: request.agreement,
            custodian: String::new(),
            statement: Signed::new(&request, signing).unwrap(),
            query: Some(content),
            pending: None,
            state: RequestState::Prepared,
            job: None,
            reply: None,
            answer: None,
            verdicts: None,
            nonce: None,
        }
    }
}

/// A query's file, and what it is named by.
pub struct Encrypted {
    pub key: KeyId,
    pub query: QueryId,
    pub content: Vec<u8>,
}

impl Serving {
    /// Kills the server without warning, as a power cut would.
    pub fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Gives it no more time, as a machine that stands still does.
    pub fn hang(&self) {
        self.signal("-STOP");
    }

    /// Gives it time again.
    pub fn wake(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.0.id().to_string()]).status().unwrap().success());
    }

    /// Waits until it ends by itself; whether it found everything in order.
    pub fn ended(mut self) -> bool {
        self.0.wait().unwrap().success()
    }

    /// From here on it may open no more than so many files, whatever it has planned with; whether that could be set.
    pub fn restrict(&self, descriptors: u32) -> bool {
        let limit = format!("--nofile={descriptors}:{descriptors}");
        let set = Command::new("prlimit").args(["--pid", &self.0.id().to_string(), &limit]).status();
        set.is_ok_and(|set| set.success())
    }

    /// As its operator does; how it ended.
    pub fn stop(mut self) -> bool {
        let stopped = Command::new("kill").arg(self.0.id().to_string()).status().unwrap();
        assert!(stopped.success());
        self.0.wait().unwrap().success()
    }

    /// The most memory that it ever had, in MB.
    pub fn peak_megabytes(&self) -> Option<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kib * 1024.0 / 1e6)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
