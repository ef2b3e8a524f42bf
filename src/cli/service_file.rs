//! Files that go with a service and are not of this program's own format, known by their beginning.

use crate::service::identity::{Content, Needed};
use crate::service::signing::PublicKey;

/// What a protected `secret.key` is called in PEM.
pub const PROTECTED_SECRET_KEY: &str = "ENCRYPTED COTEJO PRIVATE KEY";

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceFile {
    /// A certificate or a key, in any form that other programs write.
    Identity(Content),
    /// An Ed25519 key in PEM.
    PublicSigningKey(PublicKey),
    /// `secret.key` under a passphrase.
    ProtectedSecretKey,
    Database,
    ServeConfiguration,
    AskConfiguration,
    Log,
}

impl ServiceFile {
    pub fn of(beginning: &[u8]) -> Option<Self> {
        if beginning.starts_with(b"SQLite format 3\0") {
            return Some(Self::Database);
        }
        let text = String::from_utf8_lossy(beginning);
        let begins =
            |line: &str| line.strip_prefix("-----BEGIN ").is_some_and(|rest| rest.starts_with(PROTECTED_SECRET_KEY));
        if text.lines().any(begins) {
            return Some(Self::ProtectedSecretKey);
        }
        match Content::of(beginning) {
            Content::PublicKey => {
                let key = PublicKey::from_pem(text.trim());
                return Some(key.map_or(Self::Identity(Content::PublicKey), Self::PublicSigningKey));
            }
            // Nothing that only certificates and keys can be.
            Content::Empty | Content::Utf16 | Content::Lines | Content::Damaged | Content::Other => {}
            content => return Some(Self::Identity(content)),
        }
        let first: Option<serde_json::Value> = text.lines().next().and_then(|line| serde_json::from_str(line).ok());
        if first.is_some_and(|entry| {
            ["number", "content_digest", "signature"].iter().all(|field| entry.get(field).is_some())
        }) {
            return Some(Self::Log);
        }
        let table: toml::Table = toml::from_str(&text).ok()?;
        match table.contains_key("party") && table.contains_key("database") {
            true if table.contains_key("listen") => Some(Self::ServeConfiguration),
            true => Some(Self::AskConfiguration),
            false => None,
        }
    }

    pub fn kind(self) -> String {
        let kind = match self {
            Self::Identity(Content::Certificate) => "certificate (PEM)",
            Self::Identity(Content::PrivateKey) => "private key (PEM)",
            Self::Identity(content) => return content.noun().to_owned(),
            Self::PublicSigningKey(_) => "public signing key (Ed25519, PEM)",
            Self::ProtectedSecretKey => "secret key under a passphrase",
            Self::Database => "database (SQLite)",
            Self::ServeConfiguration => "configuration of cotejo serve",
            Self::AskConfiguration => "configuration of cotejo ask",
            Self::Log => "log of cotejo",
        };
        kind.to_owned()
    }

    pub fn holder(self) -> &'static str {
        match self {
            Self::Identity(content) if content.is_secret() => "its owner alone",
            Self::Identity(_) | Self::PublicSigningKey(_) => "everybody: it is public",
            Self::ProtectedSecretKey | Self::Database | Self::ServeConfiguration | Self::AskConfiguration => {
                "its owner alone"
            }
            Self::Log => "its owner, and auditors",
        }
    }

    pub fn is_secret(self) -> bool {
        match self {
            Self::Identity(content) => content.is_secret(),
            Self::ProtectedSecretKey | Self::Database => true,
            Self::PublicSigningKey(_) | Self::ServeConfiguration | Self::AskConfiguration | Self::Log => false,
        }
    }

    /// The command that looks into it, or makes of it what a configuration takes.
    pub fn look(self, file: &str) -> String {
        match self {
            Self::Identity(Content::Certificate) => format!("Read it with: cotejo certificates show {file}"),
            Self::Identity(Content::PrivateKey) => {
                "It is named by 'signing_key' or [tls] 'key' of a configuration".to_owned()
            }
            Self::Identity(Content::PublicKey) => {
                "No configuration names it: signing keys are Ed25519, and certificates hold their own".to_owned()
            }
            Self::Identity(content @ Content::Pkcs12) => {
                let [certificate, key] =
                    [Needed::Certificate, Needed::PrivateKey].map(|needed| content.remedy(file, needed));
                format!("Its certificate: {certificate}\nIts key: {key}")
            }
            Self::Identity(content @ Content::EncryptedPem) => format!(
                "In PKCS #8 it is read as it is, with its passphrase (cotejo keys --help); else: {}",
                content.remedy(file, Needed::PrivateKey)
            ),
            Self::Identity(content) => {
                let needed = if content.is_secret() { Needed::PrivateKey } else { Needed::Certificate };
                format!("For a configuration: {}", content.remedy(file, needed))
            }
            Self::PublicSigningKey(key) => {
                format!("It is named by 'signing_key' of the other party's configuration; its 64 digits: {key}")
            }
            Self::ProtectedSecretKey => {
                format!("Commands that read it ask for its passphrase; in the clear again: cotejo keys open {file}")
            }
            Self::Database => format!("Check its log with: cotejo audit verify --database {file}"),
            Self::ServeConfiguration => format!("Check it with: cotejo serve --config {file} --check"),
            Self::AskConfiguration => format!("Check it with: cotejo ask --config {file} --check"),
            Self::Log => format!("Check it with: cotejo audit verify --log {file}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_with_a_service_is_known() {
        let entry = "{\"number\":1,\"time\":\"t\",\"content\":null,\"content_digest\":\"a\",\"hash\":\"b\",\"signature\":\"c\"}\n";
        for (beginning, beside) in [
            (&b"-----BEGIN CERTIFICATE-----\nMII"[..], Some(ServiceFile::Identity(Content::Certificate))),
            (
                b"Bag Attributes\n-----BEGIN ENCRYPTED PRIVATE KEY-----\n",
                Some(ServiceFile::Identity(Content::EncryptedPem)),
            ),
            (b"-----BEGIN PUBLIC KEY-----\nMCow\n", Some(ServiceFile::Identity(Content::PublicKey))),
            (b"SQLite format 3\0\x10", Some(ServiceFile::Database)),
            (
                b"party = \"b\"\ndatabase = \"b.sqlite\"\nlisten = \"127.0.0.1:1\"\n",
                Some(ServiceFile::ServeConfiguration),
            ),
            (b"party = \"a\"\ndatabase = \"a.sqlite\"\n", Some(ServiceFile::AskConfiguration)),
            (entry.as_bytes(), Some(ServiceFile::Log)),
            (b"id,v1\na,1\n", None),
            (b"0,1\n2,3\n", None),
            (b"\x30\x82\x01\x0a", None),
            (b"{\"id\": \"a\", \"vector\": [1]}\n", None),
            (b"", None),
        ] {
            assert_eq!(ServiceFile::of(beginning), beside, "{}", String::from_utf8_lossy(beginning));
        }
    }
}
