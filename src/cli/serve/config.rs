//! What a custodian configures beside what every party does.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::agreement::Code;
use crate::scheme::Opened;
use crate::service::audit::Role;
use crate::service::server::{Limits, Memory, Requester};
use crate::service::signing::Hash;
use crate::service::store::Operator;
use serde::Deserialize;

use super::source::GalleryFiles;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::files::exposure::Kept;
use crate::cli::party::{GuardArgs, Party, Signing, certificate_until, fingerprint, public_key};
use crate::cli::{load, size};

/// The rest of `custodian.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Custodian {
    pub listen: SocketAddr,
    operations: Option<SocketAddr>,
    /// Whether other machines may reach the operations port.
    #[serde(default)]
    operations_exposed: bool,
    #[serde(default)]
    agreement: Vec<AgreementEntry>,
    #[serde(default)]
    requester: Vec<RequesterEntry>,
    #[serde(default)]
    operator: Vec<OperatorEntry>,
    #[serde(default)]
    limits: LimitsEntry,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AgreementEntry {
    file: PathBuf,
    gallery: PathBuf,
    exempt: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequesterEntry {
    code: Code,
    certificate: String,
    signing_key: String,
    /// Statements that lead to that key from those before it.
    succession: Option<PathBuf>,
    /// What its statements are signed with a second time.
    ml_dsa_key: Option<PathBuf>,
    /// Digests; all agreements, where there are none.
    agreements: Option<Vec<Hash>>,
}

impl RequesterEntry {
    fn signing(&self) -> Signing<'_> {
        let (key, succession) = (self.signing_key.as_str(), self.succession.as_deref());
        Signing { key, succession, ml_dsa: self.ml_dsa_key.as_deref() }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OperatorEntry {
    name: Code,
    signing_key: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitsEntry {
    queue: Option<usize>,
    workers: Option<usize>,
    connections: Option<usize>,
    uploads: Option<String>,
    downloads: Option<String>,
    key_memory: Option<String>,
    gallery_memory: Option<String>,
    stall_seconds: Option<u64>,
    grace_seconds: Option<u64>,
    query_days: Option<u32>,
}

/// How agreements are named there.
pub const AGREEMENTS: &str = "[[agreement]]";

/// An agreement with the files of its gallery.
pub struct Served {
    pub agreement: Opened,
    pub source: Arc<GalleryFiles>,
}

/// What names agreements.
pub fn digests(agreements: &[Served]) -> Vec<Hash> {
    agreements.iter().map(|served| Hash(served.agreement.digest().0)).collect()
}

impl Party<Custodian> {
    /// The agreements that are served.
    ///
    /// `allow_unknown_exempt`: also where an exempt id is not enrolled, or an exempt list has none.
    pub fn agreements(&self, allow_unknown_exempt: bool, console: &Console) -> Result<Vec<Served>, Failure> {
        let served = |entry: &AgreementEntry| {
            let agreement = load::agreement(&self.path(&entry.file), console)?;
            let exempt = entry.exempt.as_ref().map(|exempt| self.path(exempt));
            let source = GalleryFiles::new(self.path(&entry.gallery), exempt, allow_unknown_exempt, agreement.clone());
            Ok(Served { agreement, source: Arc::new(source) })
        };
        self.rest.agreement.iter().map(served).collect()
    }

    /// The files of the agreements, in their order.
    pub fn agreement_files(&self) -> Vec<PathBuf> {
        self.rest.agreement.iter().map(|entry| self.path(&entry.file)).collect()
    }

    /// Where the operator's tools connect: on this machine, unless it is said that others may reach it.
    pub fn operations(&self) -> Result<Option<SocketAddr>, Failure> {
        match self.rest.operations {
            Some(address) if !address.ip().to_canonical().is_loopback() && !self.rest.operations_exposed => {
                Err(Failure::at(
                    self.file(),
                    format_args!(
                        "operations on {address}: other machines reach it, in the clear and without identities"
                    ),
                    "serve it on 127.0.0.1 or [::1]; or write operations_exposed = true where that network is the operator's own",
                ))
            }
            address => Ok(address),
        }
    }

    /// Exempt lists, in the order of the agreements.
    pub fn exempt(&self) -> impl Iterator<Item = Option<PathBuf>> {
        self.rest.agreement.iter().map(|entry| entry.exempt.as_ref().map(|exempt| self.path(exempt)))
    }

    /// What another configuration says of what no reload changes: the names of what differs.
    pub fn differing(&self, other: &Self) -> Vec<&'static str> {
        let of = |party: &Self| {
            let Custodian { listen, operations, agreement, limits, .. } = &party.rest;
            let LimitsEntry { workers, key_memory, gallery_memory, .. } = limits;
            let agreements: Vec<_> = agreement.iter().map(|entry| (&entry.file, &entry.gallery)).collect();
            let named = [
                ("listen", listen.to_string()),
                ("operations", format!("{operations:?}")),
                (AGREEMENTS, format!("{agreements:?}")),
                ("limits.workers", format!("{workers:?}")),
                ("limits.key_memory", format!("{key_memory:?}")),
                ("limits.gallery_memory", format!("{gallery_memory:?}")),
            ];
            party.fixed().into_iter().chain(named).collect::<Vec<_>>()
        };
        of(self).into_iter().zip(of(other)).filter(|(ours, theirs)| ours != theirs).map(|((name, _), _)| name).collect()
    }

    /// Who may ask.
    pub fn requesters(&self, agreements: &[Served]) -> Result<Vec<Requester>, Failure> {
        self.requesters_under(&digests(agreements))
    }

    /// Who may ask under agreements of these digests.
    pub fn requesters_under(&self, all: &[Hash]) -> Result<Vec<Requester>, Failure> {
        let requester = |entry: &RequesterEntry| {
            let agreements = entry.agreements.clone().unwrap_or_else(|| all.to_vec());
            if let Some(unknown) = agreements.iter().find(|agreement| !all.contains(agreement)) {
                let what = format!("requester {} may ask under agreement {unknown}, which is not served", entry.code);
                return Err(Failure::at(
                    self.file(),
                    what,
                    "name digests of agreements that stand there as [[agreement]]",
                ));
            }
            let certificate = self.path(entry.certificate.as_ref());
            Ok(Requester {
                code: entry.code.clone(),
                certificate: fingerprint(&entry.certificate, &certificate)?,
                until: certificate_until(&entry.certificate, &certificate),
                signers: self.signers(&entry.signing(), (&entry.code, Role::Querier))?,
                agreements,
            })
        };
        self.rest.requester.iter().map(requester).collect()
    }

    /// Requesters, and how the configuration names the certificate of each.
    pub fn certificates(&self) -> impl Iterator<Item = (&Code, &str)> {
        self.rest.requester.iter().map(|entry| (&entry.code, entry.certificate.as_str()))
    }

    /// Whose orders are carried out.
    pub fn operators(&self) -> Result<Vec<Operator>, Failure> {
        let operator = |OperatorEntry { name, signing_key }: &OperatorEntry| {
            let key = public_key(signing_key, &self.path(signing_key.as_ref()))?;
            Ok(Operator { name: name.clone(), key })
        };
        self.rest.operator.iter().map(operator).collect()
    }

    /// Warns of files that others of this machine can reach, or refuses them; and keys in the clear, where they must not be.
    pub fn judge(&self, guard: GuardArgs, warn: &dyn Fn(&str)) -> Result<(), Failure> {
        let mut further = Vec::new();
        for AgreementEntry { file, gallery, exempt } in &self.rest.agreement {
            further.extend([(self.path(file), Kept::Ours), (self.path(gallery), Kept::Private)]);
            further.extend(exempt.as_ref().map(|exempt| (self.path(exempt), Kept::Private)));
        }
        for RequesterEntry { certificate, signing_key, succession, ml_dsa_key, .. } in &self.rest.requester {
            further.extend([certificate, signing_key].map(|file| (self.path(file.as_ref()), Kept::Ours)));
            further.extend(succession.iter().chain(ml_dsa_key).map(|file| (self.path(file), Kept::Ours)));
        }
        let operators = self.rest.operator.iter();
        further.extend(operators.map(|operator| (self.path(operator.signing_key.as_ref()), Kept::Ours)));
        self.judge_files(further, [], guard, warn)
    }

    /// What is not exceeded.
    pub fn limits(&self) -> Result<(Limits, Memory), Failure> {
        let LimitsEntry {
            queue,
            workers,
            connections,
            uploads,
            downloads,
            key_memory,
            gallery_memory,
            stall_seconds,
            grace_seconds,
            query_days,
        } = &self.rest.limits;
        let wrong = |what: String| Failure::at(self.file(), what, "correct [limits]");
        let number = |name: &str, value: Option<usize>, default: usize| match value.unwrap_or(default) {
            0 => Err(wrong(format!("limits.{name} must be at least 1"))),
            value => Ok(value),
        };
        let bytes = |name: &str, value: &Option<String>, default: u64| match value {
            None => Ok(default),
            Some(text) => size::parse(text).map_err(|error| wrong(format!("limits.{name}: {error}"))),
        };
        let seconds = |value: &Option<u64>, default| value.map_or(default, |value| Duration::from_secs(value.max(1)));
        let default = Limits::default();
        let limits = Limits {
            queue: number("queue", *queue, default.queue)?,
            workers: number("workers", *workers, default.workers)?,
            connections: number("connections", *connections, default.connections)?,
            upload_bytes: bytes("uploads", uploads, default.upload_bytes)?,
            download_bytes: bytes("downloads", downloads, default.download_bytes)?,
            stall: seconds(stall_seconds, default.stall),
            grace: seconds(grace_seconds, default.grace),
            query_days: query_days.unwrap_or(default.query_days),
        };
        let memory = Memory {
            key_bytes: bytes("key_memory", key_memory, 1 << 30)?,
            gallery_bytes: bytes("gallery_memory", gallery_memory, 1 << 30)?,
        };
        Ok((limits, memory))
    }
}
