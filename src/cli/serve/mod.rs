//! `cotejo serve`: the custodian, online.

mod config;
mod source;

use std::path::PathBuf;
use std::sync::Arc;

use crate::service::identity::Side;
use crate::service::server::{ServedAgreement, Server, ServerError, Settings};
use serde_json::json;

use super::console::{Console, count};
use super::failure::Failure;
use super::party::{self, Party};
use super::{Outcome, interrupt, load};
pub use config::Custodian;

/// Answer queries over a network: HTTPS, both sides with certificates, quotas, a log
///
/// Ctrl-C or SIGTERM: what is being computed is finished, what waits is kept for the next start.
#[derive(clap::Args)]
#[command(after_help = "\
The configuration, custodian.toml; paths are relative to its folder:
  party = \"B-REGISTRY\"                  the name by which requesters know this custodian
  database = \"custodian.sqlite\"         or \"postgresql://user@host/name\"
  signing_key = \"signing.key\"           from: cotejo certificates signing-key
  listen = \"0.0.0.0:8443\"
  operations = \"127.0.0.1:9464\"         /healthz, /readyz, /metrics, in the clear: never where requesters are
  [tls]                                 from: cotejo certificates issue, for trials
  certificate = \"tls.pem\"
  key = \"tls.key\"
  authority = \"authority.pem\"           whose certificates requesters must have
  [[agreement]]                         one or several; each has a [service] table
  file = \"agreement.toml\"
  gallery = \"gallery.cotejo\"            may be changed while it is served: cotejo enroll --append, cotejo gallery
  exempt = \"exempt.txt\"                 optional: ids, one a line, who never match; as they are enrolled, none of them misspelt
  [[requester]]                         one or several
  code = \"A-BORDER\"
  certificate = \"a-border.pem\"          or its fingerprint
  signing_key = \"a-border.pub\"          or its 64 digits
  [limits]                              optional
  queue = 1000                          requests that wait; beyond, requesters are told to come back
  workers = 3                           requests that are computed at a time; else one more than there are cores
  connections = 1024                    of which one requester may have half, where there are several
  uploads = \"256MiB\"                    memory for what is being received
  keys = 4                              requesters' keys that are kept ready: some 100 MB each, hybrid 500
  gallery_memory = \"1GiB\"               what scheme bgv keeps of a gallery
  stall_seconds = 10                    clients that stand still are cut off
  grace_seconds = 30                    for what is being computed when told to stop

Example:
  cotejo serve --config custodian.toml")]
pub struct Args {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "custodian.toml")]
    config: PathBuf,
    /// Read everything that the configuration names, say what is wrong with it, and end
    #[arg(long)]
    check: bool,
    /// Serve although exempt ids are not enrolled, or an exempt list is empty: whoever was meant may be matched
    #[arg(long)]
    allow_unknown_exempt: bool,
    /// The server's events, one a line of JSON, from this level on
    #[arg(long, value_enum, default_value = "info")]
    log: Level,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Level {
    /// Only what has failed
    Error,
    /// And what was refused before it was a request
    Warn,
    /// And every request
    Info,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let party = Party::<Custodian>::read(&self.config)?;
        let identity = party.identity(Side::Server)?;
        let agreements = party.agreements(self.allow_unknown_exempt, console)?;
        let requesters = party.requesters(&agreements)?;
        let (limits, memory) = party.limits()?;
        let custody = party.custody()?;
        agreements.iter().try_for_each(|served| served.source.check())?;
        if self.check {
            party.advise(Side::Server, console)?;
            let text = format!("{}: sound; {} served", self.config.display(), count(agreements.len(), "agreement"));
            let document =
                json!({"config": self.config, "agreements": agreements.len(), "requesters": requesters.len()});
            console.result(text, &document)?;
            return Ok(Outcome::Done);
        }
        self.start_log();
        let settings = Settings {
            listen: party.rest.listen,
            operations: party.rest.operations,
            identity,
            requesters,
            agreements: agreements
                .into_iter()
                .map(|served| ServedAgreement { agreement: served.agreement, source: Box::new(served.source) })
                .collect(),
            limits,
            memory,
            clock: Arc::new(party::now),
        };
        let explain = |error: ServerError| match error {
            ServerError::NoService(_) => {
                Failure::at(&self.config, error, "agree on one ('cotejo agreement init --service')")
            }
            _ => Failure::of(&self.config, &error, "correct it there"),
        };
        let server = Server::new(settings, custody, &mut load::randomness()?).map_err(explain)?;
        let address = server.address().map_or_else(|| party.rest.listen.to_string(), |address| address.to_string());
        let operations = server.operations_address().map(|address| address.to_string());
        let said = console.written(
            format_args!(
                "serving https://{address} as {}{}; Ctrl-C ends it",
                party.name(),
                operations.as_ref().map_or_else(String::new, |address| format!(", operations on http://{address}"))
            ),
            &json!({"address": address, "operations": operations, "party": party.name()}),
        );
        // Whoever has read where we serve may close the pipe: no reason to stop.
        if let Err(failure) = said
            && !matches!(failure, Failure::OutputClosed)
        {
            return Err(failure);
        }
        server.run(interrupt::requested).map_err(explain)?;
        console.note("stopped; what waits is kept for the next start");
        Ok(Outcome::Done)
    }

    fn start_log(&self) {
        let level = match self.log {
            Level::Error => tracing::Level::ERROR,
            Level::Warn => tracing::Level::WARN,
            Level::Info => tracing::Level::INFO,
        };
        let log = tracing_subscriber::fmt().json().flatten_event(true).with_target(false).with_max_level(level);
        // Only one command runs in a process: there is no other.
        drop(log.with_writer(std::io::stderr).try_init());
    }
}
