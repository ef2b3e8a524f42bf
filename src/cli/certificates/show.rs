//! `cotejo certificates show`

use std::path::{Path, PathBuf};

use crate::service::signing::Hash;
use crate::service::time::Time;
use serde::Serialize;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::{Outcome, files, party};

/// Say whose a certificate is, what for, until when, and its fingerprint
#[derive(clap::Args)]
#[command(after_help = "Example:\n  cotejo certificates show querier/tls.pem")]
pub struct Args {
    /// A certificate in PEM
    file: PathBuf,
}

/// What a certificate says.
#[derive(Serialize)]
pub struct Described {
    name: String,
    issuer: String,
    server: bool,
    client: bool,
    pub authority: bool,
    from: Time,
    pub until: Time,
    fingerprint: Hash,
    #[serde(skip)]
    pub public_key: Vec<u8>,
}

impl Described {
    /// Reads the first certificate of a PEM text.
    pub fn read(path: &Path, pem: &[u8]) -> Result<Self, Failure> {
        let unreadable = || Failure::at(path, "no certificate in PEM", "name a file.pem with a certificate");
        let (_, pem) = x509_parser::pem::parse_x509_pem(pem).map_err(|_| unreadable())?;
        let (_, certificate) = X509Certificate::from_der(&pem.contents).map_err(|_| unreadable())?;
        let name = |name: &x509_parser::x509::X509Name<'_>| {
            let text = name.iter_common_name().next().and_then(|name| name.as_str().ok()).unwrap_or("(none)");
            text.chars().filter(|c| !c.is_control()).collect()
        };
        let usage = certificate.extended_key_usage().ok().flatten().map(|usage| usage.value);
        let at = |time: x509_parser::time::ASN1Time| Time::from_millis(time.timestamp().saturating_mul(1000));
        Ok(Self {
            name: name(certificate.subject()),
            issuer: name(certificate.issuer()),
            server: usage.is_some_and(|usage| usage.server_auth || usage.any),
            client: usage.is_some_and(|usage| usage.client_auth || usage.any),
            authority: certificate.is_ca(),
            from: at(certificate.validity().not_before),
            until: at(certificate.validity().not_after),
            fingerprint: Hash::of(&pem.contents),
            public_key: certificate.public_key().subject_public_key.data.to_vec(),
        })
    }

    pub fn is_expired(&self) -> bool {
        self.until < party::now()
    }
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let described = Described::read(&self.file, &files::read_at_most(&self.file, 1 << 20)?)?;
        let uses =
            [(described.authority, "an authority"), (described.server, "a server"), (described.client, "a client")];
        let uses: Vec<&str> = uses.iter().filter(|(is, _)| *is).map(|(_, what)| *what).collect();
        let expired = described.is_expired();
        let text = format!(
            "{}, for {}\nissued by {}\nvalid from {} to {}{}\nfingerprint {}",
            described.name,
            if uses.is_empty() { "nothing in particular".to_owned() } else { uses.join(", ") },
            described.issuer,
            described.from,
            described.until,
            if expired { ": EXPIRED" } else { "" },
            described.fingerprint,
        );
        console.result(text, &serde_json::json!({"certificate": described, "expired": expired}))?;
        Ok(Outcome::Done)
    }
}
