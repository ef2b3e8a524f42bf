//! What a custodian configures beside what every party does.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::agreement::Code;
use crate::scheme::Opened;
use crate::service::server::{Limits, Memory, Requester};
use crate::service::signing::Hash;
use serde::Deserialize;

use super::source::GalleryFiles;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::files::exposure::Kept;
use crate::cli::party::{Party, fingerprint, public_key};
use crate::cli::{load, size};

/// The rest of `custodian.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Custodian {
    pub listen: SocketAddr,
    pub operations: Option<SocketAddr>,
    #[serde(default)]
    agreement: Vec<AgreementEntry>,
    #[serde(default)]
    requester: Vec<RequesterEntry>,
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
    /// Digests; all agreements, where there are none.
    agreements: Option<Vec<Hash>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitsEntry {
    queue: Option<usize>,
    workers: Option<usize>,
    connections: Option<usize>,
    uploads: Option<String>,
    keys: Option<usize>,
    gallery_memory: Option<String>,
    stall_seconds: Option<u64>,
    grace_seconds: Option<u64>,
}

/// An agreement with the files of its gallery.
pub struct Served {
    pub agreement: Opened,
    pub source: GalleryFiles,
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
            Ok(Served { agreement, source })
        };
        self.rest.agreement.iter().map(served).collect()
    }

    /// Who may ask.
    pub fn requesters(&self, agreements: &[Served]) -> Result<Vec<Requester>, Failure> {
        let all: Vec<Hash> = agreements.iter().map(|served| Hash(served.agreement.digest().0)).collect();
        let requester = |entry: &RequesterEntry| {
            let agreements = entry.agreements.clone().unwrap_or_else(|| all.clone());
            if let Some(unknown) = agreements.iter().find(|agreement| !all.contains(agreement)) {
                let what = format!("requester {} may ask under agreement {unknown}, which is not served", entry.code);
                return Err(Failure::at(
                    self.file(),
                    what,
                    "name digests of agreements that stand there as [[agreement]]",
                ));
            }
            Ok(Requester {
                code: entry.code.clone(),
                certificate: fingerprint(&entry.certificate, &self.path(entry.certificate.as_ref()))?,
                key: public_key(&entry.signing_key, &self.path(entry.signing_key.as_ref()))?,
                agreements,
            })
        };
        self.rest.requester.iter().map(requester).collect()
    }

    /// Warns of files that others of this machine can reach, or refuses them.
    pub fn judge(&self, strict: bool, console: &Console) -> Result<(), Failure> {
        let mut further = Vec::new();
        for AgreementEntry { file, gallery, exempt } in &self.rest.agreement {
            further.extend([(self.path(file), Kept::Ours), (self.path(gallery), Kept::Private)]);
            further.extend(exempt.as_ref().map(|exempt| (self.path(exempt), Kept::Private)));
        }
        for RequesterEntry { certificate, signing_key, .. } in &self.rest.requester {
            further.extend([certificate, signing_key].map(|file| (self.path(file.as_ref()), Kept::Ours)));
        }
        self.judge_exposure(further, strict, console)
    }

    /// What is not exceeded.
    pub fn limits(&self) -> Result<(Limits, Memory), Failure> {
        let LimitsEntry { queue, workers, connections, uploads, keys, gallery_memory, stall_seconds, grace_seconds } =
            &self.rest.limits;
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
            stall: seconds(stall_seconds, default.stall),
            grace: seconds(grace_seconds, default.grace),
        };
        let memory = Memory {
            keys: number("keys", *keys, 4)?,
            gallery_bytes: bytes("gallery_memory", gallery_memory, 1 << 30)?,
        };
        Ok((limits, memory))
    }
}
