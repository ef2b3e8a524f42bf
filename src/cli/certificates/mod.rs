//! `cotejo certificates`: keys and X.509 certificates for trials.

mod authority;
mod issue;
mod request;
mod show;
mod signing_key;
mod trial;

use std::path::Path;
use std::sync::Arc;

use crate::service::signing::Hash;
use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyUsagePurpose};
use time::OffsetDateTime;

use super::Outcome;
use super::console::Console;
use super::failure::Failure;
use super::party;
use super::token::{Keeper, KeySource, UriError};
pub use trial::{free, trial};

/// Certificates and signing keys for trials of 'serve' and 'ask'
///
/// A real deployment takes certificates from its own public key infrastructure: any X.509 certificates will do.
#[derive(clap::Args)]
#[command(after_help = "\
Example, a custodian and a querier under one authority:
  cotejo certificates authority --name \"Trial authority\" --out authority
  cotejo certificates issue --authority authority --name B-REGISTRY --server localhost,127.0.0.1 --out custodian
  cotejo certificates issue --authority authority --name A-BORDER --client --out querier
  cotejo certificates signing-key --out custodian
  cotejo certificates signing-key --out querier
  cotejo certificates show querier/tls.pem")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Authority(authority::Args),
    Issue(issue::Args),
    Request(request::Args),
    SigningKey(signing_key::Args),
    Show(show::Args),
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        match self.command {
            Command::Authority(args) => args.run(console),
            Command::Issue(args) => args.run(console),
            Command::Request(args) => args.run(console),
            Command::SigningKey(args) => args.run(console),
            Command::Show(args) => args.run(console),
        }
    }
}

/// When a certificate is valid.
#[derive(clap::Args)]
struct Validity {
    /// Valid for so many days
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650), default_value_t = 90)]
    days: u32,
    /// Valid from this time on, RFC 3339 in UTC to the millisecond: to try what an expired certificate does [default: an hour ago]
    #[arg(long, value_name = "TIME", hide = true)]
    valid_from: Option<crate::service::time::Time>,
}

impl Validity {
    /// Puts the validity into a certificate.
    fn limit(&self, parameters: &mut CertificateParams) {
        // An hour back: clocks differ.
        let hour_ago = || crate::service::time::Time::from_millis(party::now().millis() - 3_600_000);
        let from = self.valid_from.unwrap_or_else(hour_ago);
        let until = from.plus_days(self.days);
        let at = |time: crate::service::time::Time| OffsetDateTime::from_unix_timestamp(time.millis() / 1000);
        if let (Ok(from), Ok(until)) = (at(from), at(until)) {
            (parameters.not_before, parameters.not_after) = (from, until);
        }
    }
}

/// Whom a certificate is for.
#[derive(clap::Args)]
struct Holder {
    /// Whose certificate it is
    #[arg(long, value_name = "NAME")]
    name: String,
    /// For a server that is reached by these names and addresses
    #[arg(
        long,
        value_name = "HOST[,HOST...]",
        value_delimiter = ',',
        required_unless_present = "client",
        conflicts_with = "client"
    )]
    server: Vec<String>,
    /// For somebody who asks
    #[arg(long)]
    client: bool,
}

impl Holder {
    /// What a certificate says of its holder.
    fn parameters(&self) -> Result<CertificateParams, Failure> {
        let mut parameters = named(&self.name, self.server.clone())?;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = match self.client {
            true => vec![ExtendedKeyUsagePurpose::ClientAuth],
            false => vec![ExtendedKeyUsagePurpose::ServerAuth],
        };
        Ok(parameters)
    }
}

/// What a certificate is for, and whose.
fn named(name: &str, hosts: Vec<String>) -> Result<CertificateParams, Failure> {
    let is_host = |host: &&String| {
        let name = host.strip_prefix("*.").unwrap_or(host);
        rustls::pki_types::ServerName::try_from(name).is_ok_and(|_| !name.ends_with('.'))
    };
    if let Some(host) = hosts.iter().find(|host| !is_host(host)) {
        let remedy = "name hosts and IP addresses, without https:// and without a port, separated by commas";
        return Err(Failure::new("--server", format_args!("'{host}' is no name of a host and no IP address"), remedy));
    }
    if name.trim().is_empty() || name.chars().any(char::is_control) {
        return Err(Failure::new(
            "--name",
            "an empty name, or one with control characters",
            "say whose certificate it is",
        ));
    }
    let mut parameters = CertificateParams::new(hosts)
        .map_err(|error| Failure::new("--server", error, "name hosts and IP addresses, separated by commas"))?;
    parameters.distinguished_name = DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, name);
    Ok(parameters)
}

/// Names of the files in a folder of certificates.
const AUTHORITY: &str = "authority.pem";
const AUTHORITY_KEY: &str = "authority.key";
const CERTIFICATE: &str = "tls.pem";
const KEY: &str = "tls.key";

/// A certificate cannot be made.
fn unmade(error: &rcgen::Error) -> Failure {
    Failure::new("the certificate", error, "choose another name, or another authority")
}

/// The key that a URI names, for which a certificate is issued or asked for.
fn in_token(named: &Path) -> Result<Arc<Keeper>, Failure> {
    let refused = |error: &dyn std::fmt::Display, remedy: &str| Failure::new("--key", error, remedy);
    match KeySource::of(named).map_err(|error| refused(&error, error.remedy()))? {
        KeySource::Token(uri) => Keeper::open(&uri),
        KeySource::File(_) => Err(refused(&UriError::Scheme, UriError::Scheme.remedy())),
    }
}

/// The fingerprint that a custodian registers.
fn fingerprint(path: &Path, pem: &str) -> Result<Hash, Failure> {
    let (_, certificate) = x509_parser::pem::parse_x509_pem(pem.as_bytes())
        .map_err(|_| Failure::at(path, "no certificate in PEM", "name a file.pem with a certificate"))?;
    Ok(Hash::of(&certificate.contents))
}
