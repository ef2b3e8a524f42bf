//! `cotejo audit query`: whether a signed query is what an honest querier makes of its templates.

use std::path::PathBuf;

use crate::agreement::Code;
use crate::querier::Origin;
use crate::scheme::Opened;
use crate::service::signing::{Hash, Name};
use crate::service::store::OutboxRequest;
use serde_json::json;

use crate::cli::ask::before::Before;
use crate::cli::ask::{IN_CONFIGURATION, Querier};
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::files::{self, Access, Content, Output};
use crate::cli::load;
use crate::cli::party::{self, Party};
use crate::cli::{AgreementArg, Outcome, OverwriteArg};
use crate::wire::Kind;

/// Make a query again from its templates, and compare it with the one that the signed request names
///
/// On the querier's machine, before an auditor, with the auditor's copy of this program: it needs the secret key and the templates.
#[derive(clap::Args)]
#[command(after_help = "\
A query's randomness follows from the secret key, the agreement, the request's number, a nonce in the querier's database, and the probes \
themselves. So an honest querier can make each query again, byte for byte; a query that was made otherwise, to learn more than a verdict, \
cannot be. Ends with 0 where the query is the one whose SHA-256 the request names, with 1 where it is not.

The key is that of now or, while it is kept in 'retired' of the folder of keys, that of before. Once 'keys rotate' has deleted a key, no query \
of it can be made again.

Example:
  cotejo audit query 2026-0017 --config querier.toml --templates probes.npy")]
pub struct Args {
    /// The request's number
    number: Code,
    /// The querier's configuration
    #[arg(long, value_name = "FILE", default_value = "querier.toml")]
    config: PathBuf,
    #[command(flatten)]
    agreement: AgreementArg,
    /// The probes as they were asked about: the same records in the same order
    #[arg(long, value_name = "FILE")]
    templates: PathBuf,
    #[command(flatten)]
    beside: crate::cli::templates::Beside,
    /// The enrolled person that was named, where one was
    #[arg(long, value_name = "ID")]
    reference: Option<String>,
    /// Write the query, for an auditor of the custodian ('cotejo audit replay')
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    overwrite: OverwriteArg,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let agreement = load::agreement(&self.agreement.path, console)?;
        self.compare(&agreement, console)
    }

    fn compare(&self, agreement: &Opened, console: &Console) -> Result<Outcome, Failure> {
        if let Some(out) = &self.out {
            files::require_free(out, self.overwrite.force, Content::File(Kind::Query))?;
        }
        let party = Party::<Querier>::read(&self.config)?;
        let keys = party.path(&party.rest.keys);
        let current = load::querier(&keys, agreement, IN_CONFIGURATION)?;
        let mut outbox = party.outbox()?;
        let failed = |error| party::store_failure(&self.config, &error);
        let request = outbox.request(&self.number).map_err(failed)?;
        let request = request.ok_or_else(|| self.failure("there is no such request here", "check the number"))?;
        let signed = request.statement.verify(Some(&outbox.journal().public_key()));
        let signed = signed.map_err(|error| self.failure(error, "its log is not sound: cotejo audit verify"))?;
        if request.agreement != Hash(agreement.digest().0) {
            let what = format!("it was made under agreement {}", request.agreement);
            return Err(self.failure(what, "name that agreement (--agreement)"));
        }
        let querier = match signed.key == Name(current.key().0) {
            true => current,
            // As long as something waited for it.
            false => {
                let before = Before::all(&keys, agreement)?.into_iter().find(|before| before.retired.key == signed.key);
                before.map(|before| before.querier).ok_or_else(|| {
                    let what = format!("it was made with key {}, which is neither that of now nor kept", signed.key);
                    let remedy = "'keys rotate' has deleted it, and nobody makes its queries again; of keys that are \
                                  elsewhere, name the folder ('keys' of the configuration)";
                    self.failure(what, remedy)
                })?
            }
        };
        let origin = self.origin(&request)?;
        let templates = self.beside.templates(&self.templates);
        let loaded = templates.read(agreement.shape(), console)?;
        let records = loaded.probes(&self.templates, agreement, self.beside.skip_refused, console)?;
        let made = querier.ask_again(load::target(self.reference.as_deref())?, records, &origin);
        let (content, _) =
            made.map_err(|error| Failure::of(&self.templates, &error, "give the templates of the query"))?;
        let made = Hash::of(&content);
        let same = made == signed.query_digest;
        if let Some(out) = self.out.as_deref().filter(|_| same) {
            let output = Output { path: out, bytes: &content, access: Access::Private };
            files::write(&[output], self.overwrite.force)?;
        }
        let said = if same {
            "these templates make the query that was signed"
        } else {
            "these templates do not make the query that was signed: other templates, or a query that this program does not make"
        };
        console.result(
            format_args!(
                "request {}: {said}\nsigned  {}\nmade    {made}\nrequest {}, signed with {}",
                self.number,
                signed.query_digest,
                request.statement.digest(),
                request.statement.signer(),
            ),
            &json!({
                "number": self.number,
                "same": same,
                "signed": signed.query_digest,
                "made": made,
                "request": request.statement.digest(),
                "signer": request.statement.signer(),
            }),
        )?;
        Ok(if same { Outcome::Done } else { Outcome::Findings })
    }

    fn origin(&self, request: &OutboxRequest) -> Result<Origin, Failure> {
        let nonce = request.nonce.ok_or_else(|| {
            let what = "no nonce is kept with it: it was made before queries could be made again";
            self.failure(what, "have a later query made again")
        })?;
        Ok(Origin { number: request.number.clone(), nonce })
    }

    fn failure(&self, what: impl std::fmt::Display, remedy: &str) -> Failure {
        Failure::new(format_args!("request {}", self.number), what, remedy)
    }
}
