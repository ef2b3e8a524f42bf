//! One party's configuration file, and what it names: keys, certificates, database.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::agreement::Code;
use crate::remedy::Remedy as _;
use crate::service::audit::Role;
use crate::service::identity::{self, Content, Identity, IdentityError, PemFile, Side};
use crate::service::signing::{Hash, HexError, PublicKey, SigningKey};
use crate::service::store::{Custody, Location, Outbox, Owner, StoreError};
use crate::service::time::Time;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::console::Console;
use super::failure::Failure;
use super::{files, load};

/// What both roles configure. Paths are relative to the folder of the file.
#[derive(Deserialize)]
struct Common {
    /// The party's name, as the other has registered it.
    party: Code,
    /// Path of an SQLite file, or a PostgreSQL connection string.
    database: String,
    /// Ed25519, PKCS #8 in PEM: signs statements and the log.
    signing_key: PathBuf,
    tls: Tls,
}

/// `[tls]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tls {
    /// The own certificate, and those between it and its authority.
    certificate: PathBuf,
    /// Its private key.
    key: PathBuf,
    /// The authority whose certificates are accepted from the other side.
    authority: PathBuf,
}

/// A party's configuration, of which the rest is `T`.
pub struct Party<T> {
    path: PathBuf,
    common: Common,
    pub rest: T,
}

/// Longest configuration, in bytes.
const LIMIT_BYTES: u64 = 1 << 20;

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
        let refused = |error: toml::de::Error| Failure::at(path, error.to_string().trim_end(), remedy);
        let common: Common = toml::from_str(&text).map_err(refused)?;
        let mut table: toml::Table = toml::from_str(&text).map_err(refused)?;
        for field in ["party", "database", "signing_key", "tls"] {
            table.remove(field);
        }
        let rest = table.try_into().map_err(refused)?;
        Ok(Self { path: path.to_owned(), common, rest })
    }
}

impl<T> Party<T> {
    /// Who this is.
    pub fn name(&self) -> &Code {
        &self.common.party
    }

    /// A path of the configuration, seen from here.
    pub fn path(&self, named: &Path) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(named)
    }

    /// The file itself.
    pub fn file(&self) -> &Path {
        &self.path
    }

    /// Where the database is.
    pub fn location(&self) -> Result<Location, Failure> {
        let location: Result<Location, _> = self.common.database.parse();
        match location.map_err(|error| Failure::of(&self.path, &error, "correct 'database'"))? {
            Location::File(file) => {
                let file = self.path(&file);
                files::reads_elsewhere(&file)?;
                Ok(Location::File(file))
            }
            server => Ok(server),
        }
    }

    fn owner(&self, role: Role) -> Result<Owner, Failure> {
        let path = self.path(&self.common.signing_key);
        Ok(Owner { party: self.common.party.clone(), role, key: signing_key(&path)? })
    }

    /// The custodian's database.
    pub fn custody(&self) -> Result<Custody, Failure> {
        let owner = self.owner(Role::Custodian)?;
        Custody::open(self.location()?, owner, Box::new(load::randomness()?), now())
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
        use std::io::Read as _;
        let Tls { certificate, key, authority } = &self.common.tls;
        let (certificate, key, authority) = (self.path(certificate), self.path(key), self.path(authority));
        let mut secret = zeroize::Zeroizing::new(Vec::new());
        let read = files::open_secret(&key)?.take(LIMIT_BYTES).read_to_end(&mut secret);
        read.map_err(|error| Failure::io(&key, "read it", &error))?;
        let chain = files::read_at_most(&certificate, LIMIT_BYTES)?;
        let authorities = files::read_at_most(&authority, LIMIT_BYTES)?;
        let identity = Identity::from_pem(
            PemFile { path: &certificate, content: &chain },
            PemFile { path: &key, content: &secret },
            PemFile { path: &authority, content: &authorities },
        );
        let refused = |error: IdentityError| Failure::of(&self.path, &error, "correct [tls]");
        let identity = identity.map_err(refused)?;
        identity.fit(side, now()).map_err(refused)?;
        Ok(identity)
    }

    /// Notes what may be amiss with our certificate, but need not be.
    pub fn advise(&self, side: Side, console: &Console) -> Result<(), Failure> {
        if let Some(issuer) = self.identity(side)?.unlinked() {
            console.note(format_args!(
                "{}: issued by {issuer}, whose certificate is neither behind it nor in [tls] authority: if that is an intermediate \
                 authority, append its certificate",
                self.path(&self.common.tls.certificate).display()
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

/// Reads a signing key.
pub fn signing_key(path: &Path) -> Result<SigningKey, Failure> {
    use std::io::Read as _;
    let mut text = zeroize::Zeroizing::new(String::new());
    let read = files::open_secret(path)?.take(LIMIT_BYTES).read_to_string(&mut text);
    read.map_err(|error| Failure::io(path, "read it", &error))?;
    SigningKey::from_pem(&text).ok_or_else(|| {
        Failure::at(path, "not an Ed25519 key (PKCS #8 in PEM)", "make one with 'cotejo certificates signing-key'")
    })
}

/// The public half of somebody's signing key: 64 hexadecimal digits, or the path of a file that holds them, or the key in PEM.
pub fn public_key(text: &str, path: &Path) -> Result<PublicKey, Failure> {
    if let Ok(key) = text.parse() {
        return Ok(key);
    }
    let bytes = files::read_at_most(path, LIMIT_BYTES)?;
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

/// What a public signing key may be.
const PUBLIC_KEY: &str = "give 64 hexadecimal digits, the file signing.pub of 'cotejo certificates signing-key', or what 'openssl pkey -in \
                          signing.key -pubout' prints of an Ed25519 key";

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
    let content = files::read_at_most(path, LIMIT_BYTES)?;
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
