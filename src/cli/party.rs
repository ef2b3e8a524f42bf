//! One party's configuration file, and what it names: keys, certificates, database.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::agreement::Code;
use crate::remedy::Remedy as _;
use crate::service::audit::{Role, Signers, SuccessionError, read_successions};
use crate::service::identity::{self, Content, Identity, IdentityError, KeyExchange, PemFile, Side, TlsKey};
use crate::service::lattice::LatticeKey;
use crate::service::signing::{Hash, HexError, PublicKey, SigningKey};
use crate::service::store::{Custody, Location, Outbox, Owner, StoreError};
use crate::service::time::Time;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::console::Console;
use super::database_password::Password;
use super::failure::Failure;
use super::files::exposure::Kept;
use super::files::protected::Standing;
use super::token::{self, KeySource, UriError};
use super::{configuration, files, load, passphrase};

/// What both roles configure. Paths are relative to the folder of the file.
#[derive(Deserialize)]
struct Common {
    /// The party's name, as the other has registered it.
    party: Code,
    /// Path of an SQLite file, or a PostgreSQL connection string.
    database: String,
    /// A file with the password of a PostgreSQL database.
    database_password_file: Option<PathBuf>,
    /// The environment variable that holds it instead.
    database_password_env: Option<String>,
    /// A file with the passphrase of protected keys.
    passphrase_file: Option<PathBuf>,
    /// Signs statements and the log: an Ed25519 key as PKCS #8 in PEM, or the URI of one in a token.
    signing_key: PathBuf,
    tls: Tls,
}

/// `[tls]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tls {
    /// The own certificate, and those between it and its authority.
    certificate: PathBuf,
    /// Its private key: a file, or the URI of one in a token.
    key: PathBuf,
    /// The authority whose certificates are accepted from the other side.
    authority: PathBuf,
    /// Lists of what authorities have revoked.
    #[serde(default)]
    crl: Vec<PathBuf>,
    /// Whether no other than a post-quantum key exchange is taken part in.
    #[serde(default)]
    require_post_quantum: bool,
}

/// A party's configuration, of which the rest is `T`.
pub struct Party<T> {
    path: PathBuf,
    common: Common,
    keys: Keys,
    pub rest: T,
}

/// What another party signs with, as a configuration names it.
pub struct Signing<'a> {
    pub key: &'a str,
    pub succession: Option<&'a Path>,
    pub ml_dsa: Option<&'a Path>,
}

/// The private keys that every party has.
struct Keys {
    signing: KeySource,
    tls: KeySource,
}

/// How strictly a party looks after its own files.
#[derive(Clone, Copy, clap::Args)]
pub struct GuardArgs {
    /// Refuse, and not only warn, where others of this machine can read what is private, or change what the configuration names
    #[arg(long)]
    strict: bool,
    /// Refuse keys that are not under a passphrase ('cotejo keys protect')
    #[arg(long)]
    require_protected_keys: bool,
}

/// Longest configuration, in bytes.
const LIMIT_BYTES: u64 = 1 << 20;
/// What ends within so many days is noted.
pub const SOON_DAYS: u32 = 30;
/// Longest list of revoked certificates, in bytes.
const CRL_LIMIT_BYTES: u64 = 64 << 20;

/// What time it is.
pub fn now() -> Time {
    Time::from_system(SystemTime::now())
}

/// What stands in a configuration beside [`Common`], for commands that do not need it.
#[derive(Deserialize)]
pub struct Anything {}

impl<T: DeserializeOwned> Party<T> {
    /// Reads a configuration.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = files::read_at_most(path, LIMIT_BYTES + 1)?;
        let remedy = "correct it; 'cotejo serve --help' and 'cotejo ask --help' show what belongs into it";
        if bytes.len() as u64 > LIMIT_BYTES {
            return Err(Failure::at(path, format_args!("longer than {LIMIT_BYTES} bytes"), remedy));
        }
        let text = String::from_utf8(bytes).map_err(|_| Failure::at(path, "not UTF-8 text", remedy))?;
        let refused = |error: toml::de::Error| Failure::at(path, configuration::fault(&text, &error), remedy);
        let common: Common = toml::from_str(&text).map_err(refused)?;
        let mut table: toml::Table = toml::from_str(&text).map_err(refused)?;
        for field in [
            "party",
            "database",
            "database_password_file",
            "database_password_env",
            "passphrase_file",
            "signing_key",
            "tls",
        ] {
            table.remove(field);
        }
        let rest = table.try_into().map_err(refused)?;
        // No word of it, for it may hold a PIN.
        let key = |field: &str, named: &Path| {
            let refused = |error: UriError| Failure::at(path, format_args!("{field}: {error}"), error.remedy());
            KeySource::of(named).map_err(refused).map(|source| match source {
                KeySource::File(file) => KeySource::File(beside(path, &file)),
                token @ KeySource::Token(_) => token,
            })
        };
        let keys = Keys { signing: key("signing_key", &common.signing_key)?, tls: key("[tls] key", &common.tls.key)? };
        let party = Self { path: path.to_owned(), common, keys, rest };
        passphrase::is_configured_in(party.common.passphrase_file.as_ref().map(|file| party.path(file)));
        Ok(party)
    }
}

impl<T> Party<T> {
    /// Who this is.
    pub fn name(&self) -> &Code {
        &self.common.party
    }

    /// A path of the configuration, seen from here.
    pub fn path(&self, named: &Path) -> PathBuf {
        beside(&self.path, named)
    }

    /// The file itself.
    pub fn file(&self) -> &Path {
        &self.path
    }

    /// Where the database is.
    pub fn location(&self) -> Result<Location, Failure> {
        let password = Password {
            file: self.common.database_password_file.as_deref().map(|file| self.path(file)),
            env: self.common.database_password_env.clone(),
        };
        let location: Result<Location, _> = self.common.database.parse();
        let location = location.map_err(|error| Failure::of(&self.path, &error, "correct 'database'"))?;
        match password.complete(location, &self.path)? {
            Location::File(file) => {
                let file = self.path(&file);
                files::reads_elsewhere(&file)?;
                Ok(Location::File(file))
            }
            server => Ok(server),
        }
    }

    /// The options that name the database to commands that only read its log.
    pub fn database_arguments(&self) -> Vec<String> {
        let Common { database, database_password_file, database_password_env, .. } = &self.common;
        let location = match database.parse::<Location>() {
            Ok(Location::File(file)) => self.path(&file).display().to_string(),
            _ => database.clone(),
        };
        let file = database_password_file.as_ref();
        let file = file.map(|file| format!("--database-password-file={}", self.path(file).display()));
        let env = database_password_env.as_ref().map(|name| format!("--database-password-env={name}"));
        std::iter::once(format!("--database={location}")).chain(file).chain(env).collect()
    }

    /// The files that every party's configuration names, and it itself: what others may not do with them.
    fn own_files(&self) -> Vec<(PathBuf, Kept)> {
        let Common { database, database_password_file, passphrase_file, tls, .. } = &self.common;
        let location = database.parse::<Location>();
        let holds_password = location.as_ref().is_ok_and(Location::holds_password);
        let mut all = vec![
            (self.path.clone(), if holds_password { Kept::Private } else { Kept::Ours }),
            (self.path(&tls.certificate), Kept::Ours),
            (self.path(&tls.authority), Kept::Ours),
        ];
        all.extend(tls.crl.iter().map(|list| (self.path(list), Kept::Ours)));
        all.extend([&self.keys.signing, &self.keys.tls].into_iter().flat_map(KeySource::files));
        let secrets = database_password_file.iter().chain(passphrase_file);
        all.extend(secrets.map(|file| (self.path(file), Kept::Private)));
        if let Ok(Location::File(file)) = location {
            // What SQLite keeps beside it holds the same.
            all.extend(["", "-wal", "-shm"].map(|suffix| {
                let mut name = self.path(&file).into_os_string();
                name.push(suffix);
                (name.into(), Kept::Private)
            }));
        }
        all
    }

    /// Judges who else can reach what the configuration names, and whether keys are protected; `further` is what else it does name, and
    /// `keys` are keys among that. What is not refused is told by `warn`.
    pub fn judge_files(
        &self,
        further: impl IntoIterator<Item = (PathBuf, Kept)>,
        keys: impl IntoIterator<Item = PathBuf>,
        guard: GuardArgs,
        warn: &dyn Fn(&str),
    ) -> Result<(), Failure> {
        let all: Vec<_> = self.own_files().into_iter().chain(further).collect();
        files::exposure::judge(&all, guard.strict, warn)?;
        if !guard.require_protected_keys {
            return Ok(());
        }
        // One in a token leaves it in no form.
        let own = [&self.keys.signing, &self.keys.tls].into_iter().filter_map(KeySource::file).map(Path::to_owned);
        own.chain(keys).try_for_each(|key| match Standing::of(&files::read_secret(&key, LIMIT_BYTES)?) {
            Standing::Protected => Ok(()),
            _ => {
                let remedy = format!("cotejo keys protect {}", key.display());
                Err(Failure::at(&key, "a key in the clear (--require-protected-keys)", remedy))
            }
        })
    }

    /// What another party signs with: its key, and the statements that lead to it from those before.
    pub fn signers(&self, signing: &Signing<'_>, of: (&Code, Role)) -> Result<Signers, Failure> {
        let Signing { key, succession, ml_dsa } = *signing;
        let current = public_key(key, &self.path(key.as_ref()))?;
        let lattice = ml_dsa.map_or(Ok(Vec::new()), |path| lattice_keys(&self.path(path)))?;
        let Some(path) = succession.map(|path| self.path(path)) else {
            return Ok(Signers::new(current).twice(lattice));
        };
        let refused =
            |error: SuccessionError| Failure::of(&path, &error, "give what 'cotejo keys succeed' printed there");
        let text = String::from_utf8(files::read_at_most(&path, LIMIT_BYTES)?);
        let text =
            text.map_err(|_| Failure::at(&path, "not a text", "give what 'cotejo keys succeed' printed there"))?;
        let statements = read_successions(&text).map_err(refused)?;
        Ok(Signers::introduced(current, of, &statements).map_err(refused)?.twice(lattice))
    }

    pub fn owner(&self, role: Role) -> Result<Owner, Failure> {
        Ok(Owner { party: self.common.party.clone(), role, key: key_of(&self.keys.signing)? })
    }

    /// The custodian's database.
    pub fn custody(&self) -> Result<Custody, Failure> {
        let owner = self.owner(Role::Custodian)?;
        Custody::open(self.location()?, owner, Box::new(load::randomness()?))
            .map_err(|error| store_failure(&self.path, &error))
    }

    /// Makes the custodian's database, or brings it up to date.
    pub fn make_custody(&self) -> Result<(), Failure> {
        let owner = self.owner(Role::Custodian)?;
        Custody::create(self.location()?, owner, Box::new(load::randomness()?), now())
            .map(drop)
            .map_err(|error| store_failure(&self.path, &error))
    }

    /// The querier's database.
    pub fn outbox(&self) -> Result<Outbox, Failure> {
        let owner = self.owner(Role::Querier)?;
        Outbox::open(self.location()?, owner, Box::new(load::randomness()?), now())
            .map_err(|error| store_failure(&self.path, &error))
    }

    /// Certificate, key, and the authority that is trusted: TLS takes them, and the other side can take the certificate.
    pub fn identity(&self, side: Side) -> Result<Identity, Failure> {
        let Tls { certificate, authority, crl, require_post_quantum, .. } = &self.common.tls;
        let (certificate, authority) = (self.path(certificate), self.path(authority));
        let secret;
        let key = match &self.keys.tls {
            KeySource::File(path) => {
                secret = passphrase::read_key(path, LIMIT_BYTES)?;
                TlsKey::Pem(PemFile { path, content: &secret })
            }
            KeySource::Token(uri) => token::tls_key(uri)?,
        };
        let chain = files::read_at_most(&certificate, LIMIT_BYTES)?;
        let authorities = read_theirs(&authority)?;
        let identity = Identity::new(
            PemFile { path: &certificate, content: &chain },
            key,
            PemFile { path: &authority, content: &authorities },
        );
        let refused = |error: IdentityError| Failure::of(&self.path, &error, "correct [tls]");
        let identity = identity.and_then(|identity| match require_post_quantum {
            true => identity.exchanging(KeyExchange::PostQuantum),
            false => Ok(identity),
        });
        let identity = identity.and_then(|identity| self.revoking(identity, crl)).map_err(refused)?;
        identity.fit(side, now()).map_err(refused)?;
        Ok(identity)
    }

    /// A list that cannot be read is refused as one that is none.
    fn revoking(&self, identity: Identity, crl: &[PathBuf]) -> Result<Identity, IdentityError> {
        let paths: Vec<PathBuf> = crl.iter().map(|list| self.path(list)).collect();
        let contents: Vec<Vec<u8>> =
            paths.iter().map(|path| files::read_at_most(path, CRL_LIMIT_BYTES).unwrap_or_default()).collect();
        let lists = paths.iter().zip(&contents).map(|(path, content)| PemFile { path, content });
        if paths.is_empty() { Ok(identity) } else { identity.revoking(&lists.collect::<Vec<_>>()) }
    }

    /// When our own certificate ends, as its file is now; none where that cannot be read.
    pub fn own_certificate_until(&self) -> Option<Time> {
        certificate_until("", &self.path(&self.common.tls.certificate))
    }

    /// What names this party and its database: what no reload changes.
    pub fn fixed(&self) -> [(&'static str, String); 3] {
        let Common { party, database, signing_key, .. } = &self.common;
        [
            ("party", party.to_string()),
            ("database", database.clone()),
            ("signing_key", signing_key.display().to_string()),
        ]
    }

    /// Notes what may be amiss with our certificate, but need not be; and what ends soon.
    pub fn advise(&self, side: Side, console: &Console) -> Result<(), Failure> {
        for (what, key) in [("signing_key", &self.keys.signing), ("[tls] key", &self.keys.tls)] {
            if let KeySource::Token(uri) = key {
                console.note(format_args!("{what} is in a token, and never leaves it: {uri}"));
            }
        }
        let identity = self.identity(side)?;
        let soon = now().plus_days(SOON_DAYS);
        for (what, until) in
            [("our certificate", identity.until()), ("a list of revoked certificates", identity.lists_until())]
        {
            if let Some(until) = until.filter(|until| *until <= soon) {
                console.note(format_args!("{what} ends at {until}: have it renewed"));
            }
        }
        let certificate = self.path(&self.common.tls.certificate);
        // An authority of our own, as --init makes one: the other party has its certificate from us.
        let beside = certificate.with_file_name("authority.pem");
        let content = files::read_at_most(&beside, LIMIT_BYTES).ok();
        let known = content.as_ref().map(|content| PemFile { path: &beside, content });
        if let Some(issuer) = identity.unlinked(known) {
            console.note(format_args!(
                "{}: issued by {issuer}, whose certificate is neither behind it nor in [tls] authority: if that is an intermediate \
                 authority, append its certificate",
                certificate.display()
            ));
        }
        Ok(())
    }
}

/// What tells the key that a log is signed with.
pub const SIGNED_OTHERWISE: &str = "configure the key that it was made with ('cotejo audit verify --key' tells whether one is), or begin another \
                                    database ('database')";

/// What lets a database be reached.
pub const OUT_OF_REACH: &str =
    "a file needs its folder, which may be written to; a server must run, and be named by host and port";

/// A database that failed.
pub fn store_failure(path: &Path, error: &StoreError) -> Failure {
    match error {
        StoreError::SignedOtherwise { .. } => Failure::at(path, error, SIGNED_OTHERWISE),
        StoreError::Unavailable(_) => Failure::at(path, error, format_args!("check 'database' there: {OUT_OF_REACH}")),
        _ => Failure::of(path, error, "check 'database' there"),
    }
}

/// A path that stands in a file, seen from here.
fn beside(file: &Path, named: &Path) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).join(named)
}

/// The signing key that an argument names: a file, or the URI of one in a token.
pub fn signing_key(argument: &str, named: &Path) -> Result<SigningKey, Failure> {
    let source = KeySource::of(named);
    key_of(&source.map_err(|error| Failure::new(argument, &error, error.remedy()))?)
}

fn key_of(source: &KeySource) -> Result<SigningKey, Failure> {
    let path = match source {
        KeySource::File(path) => path,
        KeySource::Token(uri) => return token::signing_key(uri),
    };
    let text = passphrase::read_key(path, LIMIT_BYTES)?;
    std::str::from_utf8(&text).ok().and_then(SigningKey::from_pem).ok_or_else(|| {
        Failure::at(path, "not an Ed25519 key (PKCS #8 in PEM)", "make one with 'cotejo certificates signing-key'")
    })
}

/// A file that another party sends.
fn read_theirs(path: &Path) -> Result<Vec<u8>, Failure> {
    files::read_at_most(path, LIMIT_BYTES).map_err(|failure| match failure {
        Failure::Problem(mut problem) if !path.exists() => {
            problem.remedy.push_str("; it comes from the other party");
            Failure::Problem(problem)
        }
        other => other,
    })
}

/// The public half of somebody's signing key: 64 hexadecimal digits, or the path of a file that holds them, or the key in PEM.
pub fn public_key(text: &str, path: &Path) -> Result<PublicKey, Failure> {
    if let Ok(key) = text.parse() {
        return Ok(key);
    }
    let bytes = read_theirs(path)?;
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim_start_matches('\u{feff}').trim();
    match (PublicKey::from_pem(text), Content::of(&bytes)) {
        (Some(key), _) => Ok(key),
        (None, content @ (Content::PrivateKey | Content::Certificate | Content::PublicKey)) => {
            Err(Failure::at(path, format_args!("no Ed25519 public key: {content}"), PUBLIC_KEY))
        }
        (None, _) => text.parse().map_err(|error: HexError| Failure::at(path, error, PUBLIC_KEY)),
    }
}

/// Keys of second signatures, at most: a party's, and those before it.
const LATTICE_KEYS: usize = 8;

/// What another party signs with a second time: a key a line, that of now first.
fn lattice_keys(path: &Path) -> Result<Vec<LatticeKey>, Failure> {
    let remedy = "give what 'cotejo keys ml-dsa' prints there, and keep the line of before below it";
    let text = read_theirs(path)?;
    let text = String::from_utf8(text).map_err(|_| Failure::at(path, "not a text", remedy))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let keys = lines.map(str::parse).collect::<Result<Vec<LatticeKey>, _>>();
    match keys.map_err(|error| Failure::at(path, error, remedy))? {
        keys if keys.is_empty() => Err(Failure::at(path, "no key is in it", remedy)),
        keys if keys.len() > LATTICE_KEYS => {
            Err(Failure::at(path, format_args!("more than {LATTICE_KEYS} keys"), "take the oldest out"))
        }
        keys => Ok(keys),
    }
}

/// What a public signing key may be.
const PUBLIC_KEY: &str = "give 64 hexadecimal digits, the file signing.pub of 'cotejo certificates signing-key', or what 'openssl pkey -in \
                          signing.key -pubout' prints of an Ed25519 key";

/// When a certificate ends, where it is the certificate that is named.
pub fn certificate_until(text: &str, path: &Path) -> Option<Time> {
    if identity::fingerprint(text).is_some() {
        return None;
    }
    let content = files::read_at_most(path, LIMIT_BYTES).ok()?;
    identity::ends(&identity::own_certificate(PemFile { path, content: &content }).ok()?)
}

/// A certificate's fingerprint: its digits, or the path of a file that holds them, or of the certificate.
pub fn fingerprint(text: &str, path: &Path) -> Result<Hash, Failure> {
    let refused = |error| {
        let remedy =
            "openssl x509 -in CERTIFICATE -noout -fingerprint -sha256 prints it; so does 'cotejo certificates show'";
        Failure::at(path, error, remedy)
    };
    if let Some(read) = identity::fingerprint(text) {
        return read.map_err(refused);
    }
    let content = read_theirs(path)?;
    if let Some(read) = std::str::from_utf8(&content).ok().and_then(identity::fingerprint) {
        return read.map_err(refused);
    }
    let own = identity::own_certificate(PemFile { path, content: &content });
    own.map(|own| Hash::of(&own)).map_err(|error| {
        let text = error.to_string();
        let what = text.strip_prefix(&format!("{}: ", path.display())).unwrap_or(&text);
        Failure::at(path, what, error.remedy().unwrap_or("give a certificate, or its fingerprint".into()))
    })
}
