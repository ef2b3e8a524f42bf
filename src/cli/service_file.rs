//! Files that go with a service and are not of this program's own format, known by their beginning.

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceFile {
    Certificate,
    /// A certificate or a key without the lines of PEM around it.
    Der,
    PrivateKey,
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
        if beginning.starts_with(&[0x30, 0x82]) {
            return Some(Self::Der);
        }
        let text = String::from_utf8_lossy(beginning);
        let mut labels = text.lines().filter_map(|line| line.strip_prefix("-----BEGIN ")?.strip_suffix("-----"));
        if let Some(label) = labels.next() {
            return Some(if label.ends_with("PRIVATE KEY") { Self::PrivateKey } else { Self::Certificate });
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

    pub fn kind(self) -> &'static str {
        match self {
            Self::Certificate => "certificate (PEM)",
            Self::Der => "certificate or key in DER, without the lines of PEM",
            Self::PrivateKey => "private key (PEM)",
            Self::Database => "database (SQLite)",
            Self::ServeConfiguration => "configuration of cotejo serve",
            Self::AskConfiguration => "configuration of cotejo ask",
            Self::Log => "log of cotejo",
        }
    }

    pub fn holder(self) -> &'static str {
        match self {
            Self::Certificate => "everybody: it is public",
            Self::Der => "everybody if it is a certificate, its owner alone if it is a key",
            Self::PrivateKey | Self::Database | Self::ServeConfiguration | Self::AskConfiguration => "its owner alone",
            Self::Log => "its owner, and auditors",
        }
    }

    pub fn is_secret(self) -> bool {
        matches!(self, Self::PrivateKey | Self::Database)
    }

    /// The command that looks into it.
    pub fn look(self, file: &str) -> String {
        match self {
            Self::Certificate => format!("Read it with: cotejo certificates show {file}"),
            Self::Der => format!("As PEM: openssl x509 -inform der -in {file} -out {file}.pem"),
            Self::PrivateKey => "It is named by 'signing_key' or [tls] 'key' of a configuration".to_owned(),
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
            (&b"-----BEGIN CERTIFICATE-----\nMII"[..], Some(ServiceFile::Certificate)),
            (b"Bag Attributes\n-----BEGIN ENCRYPTED PRIVATE KEY-----\n", Some(ServiceFile::PrivateKey)),
            (b"SQLite format 3\0\x10", Some(ServiceFile::Database)),
            (b"\x30\x82\x01\x0a", Some(ServiceFile::Der)),
            (
                b"party = \"b\"\ndatabase = \"b.sqlite\"\nlisten = \"127.0.0.1:1\"\n",
                Some(ServiceFile::ServeConfiguration),
            ),
            (b"party = \"a\"\ndatabase = \"a.sqlite\"\n", Some(ServiceFile::AskConfiguration)),
            (entry.as_bytes(), Some(ServiceFile::Log)),
            (b"id,v1\na,1\n", None),
            (b"{\"id\": \"a\", \"vector\": [1]}\n", None),
            (b"", None),
        ] {
            assert_eq!(ServiceFile::of(beginning), beside, "{}", String::from_utf8_lossy(beginning));
        }
    }
}
