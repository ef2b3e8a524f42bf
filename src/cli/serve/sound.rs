//! What a check refuses beyond what a start does: set-ups that can be served, and are of no use to whoever asks.

use super::Custodian;
use super::config::Served;
use crate::agreement::Code;
use crate::cli::failure::Failure;
use crate::cli::files;
use crate::cli::party::{self, Party};
use crate::remedy::Remedy as _;
use crate::service::identity::{self, Identity, PemFile};
use crate::service::server::Requester;
use crate::service::signing::PublicKey;

/// Longest certificate with those behind it, in bytes.
const LIMIT_BYTES: u64 = 1 << 20;

impl Party<Custodian> {
    /// Refuses agreements under which nobody may ask, galleries with nobody in them, and requesters whom nobody can be. `ours` is the key
    /// that we sign with.
    pub fn judge_use(
        &self,
        identity: &Identity,
        agreements: &[Served],
        requesters: &[Requester],
        ours: &PublicKey,
    ) -> Result<(), Failure> {
        for served in agreements {
            if served.agreement.terms().service.is_none() {
                let what = format!("agreement {} has no [service] table: nobody may ask", served.agreement.digest());
                return Err(Failure::at(self.file(), what, "agree on one ('cotejo agreement init --service')"));
            }
            served.source.check_use()?;
        }
        if let Some(Requester { code, .. }) = requesters.iter().find(|one| one.signers.current() == *ours) {
            let what = format!("the signing key of requester {code} is our own");
            return Err(Failure::at(self.file(), what, "name the signing.pub that they have sent"));
        }
        self.certificates().try_for_each(|(code, named)| self.judge_certificate(identity, code, named))
    }

    /// Refuses a requester's certificate that we would not let in, where the configuration names it and not its fingerprint.
    fn judge_certificate(&self, identity: &Identity, code: &Code, named: &str) -> Result<(), Failure> {
        let path = self.path(named.as_ref());
        let is_fingerprint = |text: &str| identity::fingerprint(text).is_some();
        if is_fingerprint(named) {
            return Ok(());
        }
        let content = files::read_at_most(&path, LIMIT_BYTES)?;
        if std::str::from_utf8(&content).is_ok_and(is_fingerprint) {
            return Ok(());
        }
        identity.lets_in(PemFile { path: &path, content: &content }, party::now()).map_err(|error| {
            let what = format!("requester {code} cannot be let in: {error}");
            Failure::at(self.file(), what, error.remedy().unwrap_or("name the tls.pem that they have sent".into()))
        })
    }
}
