//! `cotejo serve`: the custodian, online.

mod config;
mod copies;
mod dates;
mod order;
mod reload;
mod sound;
mod source;

use std::path::PathBuf;
use std::sync::Arc;

use crate::agreement::Code;
use crate::service::identity::Side;
use crate::service::server::{self, ServedAgreement, Server, ServerError, Settings};
use crate::service::store::{Custody, Operator, StoreError};
use serde_json::json;

use super::beginning::Beginning;
use super::console::{Console, count};
use super::failure::Failure;
use super::party::{self, GuardArgs, Party};
use super::{Outcome, interrupt, load, pace, passphrase, process};
pub use config::Custodian;
pub use config::Served;
use copies::Copies;
use reload::Reload;
pub use source::{Look, look};

/// Answer queries over a network: HTTPS, both sides with certificates, quotas, a log
///
/// Ctrl-C or SIGTERM: what is being computed is finished, what waits is kept for the next start. SIGHUP: certificates, requesters,
/// exemptions and limits are read anew, and no request is lost; what is wrong with them is logged, and changes nothing.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true, after_help = concat!(
    "The configuration, custodian.toml; paths are relative to its folder:\n\n",
    include_str!("custodian.toml"),
    "\nExamples:\n  cotejo serve --init                   a configuration, certificates for a trial, and what comes next\n  ",
    "cotejo serve --config custodian.toml"
))]
pub struct Args {
    #[command(subcommand)]
    instead: Option<Instead>,
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "custodian.toml")]
    config: PathBuf,
    /// Read everything that the configuration names, say what is wrong with it, and end
    #[arg(long)]
    check: bool,
    /// Write a commented configuration, certificates for a trial and a signing key, and say what comes next
    #[arg(long, conflicts_with = "check")]
    init: bool,
    /// Make the database that the configuration names, once, or bring one of an earlier version up to date, and end
    #[arg(long, conflicts_with_all = ["check", "init"])]
    init_database: bool,
    /// With --init: the name of this custodian
    #[arg(long, value_name = "CODE", requires = "init", default_value = "B-REGISTRY")]
    party: Code,
    /// With --init: the names and addresses by which this server is reached
    #[arg(long, value_name = "HOST[,HOST...]", value_delimiter = ',', requires = "init", default_value = "localhost")]
    host: Vec<String>,
    /// With --init: the name of whoever will ask
    #[arg(long, value_name = "CODE", requires = "init", default_value = "A-BORDER")]
    requester: Code,
    /// Wait while another server serves from the same PostgreSQL database, and take over when it ends
    #[arg(long, conflicts_with_all = ["check", "init", "init_database"])]
    standby: bool,
    /// Serve although the log was not written to for a month, which a clock that is set ahead would look like
    #[arg(long)]
    trust_clock: bool,
    /// Serve although exempt ids are not enrolled, or an exempt list is empty: whoever was meant may be matched
    #[arg(long)]
    allow_unknown_exempt: bool,
    #[command(flatten)]
    guard: GuardArgs,
    /// The server's events, one a line of JSON, from this level on
    #[arg(long, value_enum, default_value = "info")]
    log: Level,
}

/// What is done instead of serving.
#[derive(clap::Subcommand)]
enum Instead {
    #[command(flatten)]
    Copies(Copies),
    Order(order::Args),
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
        match self.instead {
            Some(Instead::Copies(copies)) => return copies.run(console),
            Some(Instead::Order(order)) => return order.run(console),
            None => {}
        }
        if self.init {
            return self.begin(console);
        }
        if !self.check && !self.init_database {
            // Whatever comes of it, it is carried out once there is a server.
            interrupt::reloads();
        }
        let warn = |text: &str| console.warn(text);
        let party = Party::<Custodian>::read(&self.config)?;
        party.judge(self.guard, &warn)?;
        if self.init_database {
            party.make_custody()?;
            let text = format!("{}: its database is made, and ready to be served from", self.config.display());
            console.result(text, &json!({"config": self.config}))?;
            return Ok(Outcome::Done);
        }
        let identity = party.identity(Side::Server)?;
        let agreements = party.agreements(self.allow_unknown_exempt, console)?;
        let digests = config::digests(&agreements);
        let requesters = party.requesters_under(&digests)?;
        let operators = party.operators()?;
        let operations = party.operations()?;
        let (limits, memory) = party.limits()?;
        let mut custody = party.custody()?;
        agreements.iter().try_for_each(|served| served.source.check())?;
        self.check_operators(&operators, &custody)?;
        if self.check {
            party.advise(Side::Server, console)?;
            console.note(process::said());
            party.judge_dates(&requesters, console)?;
            party.judge_use(&identity, &agreements, &requesters, &custody.public_key())?;
            let sound = format!("{}: sound; {} served", self.config.display(), count(agreements.len(), "agreement"));
            let exempt: Vec<_> = agreements.iter().filter_map(|served| served.source.exempted()).collect();
            let exempt = exempt.iter().map(|exempt| (exempt.len(), custody.exempt_digest(exempt)));
            let lists: Vec<_> =
                exempt.clone().map(|(persons, list)| json!({"persons": persons, "list": list})).collect();
            let lines = exempt.map(|(persons, list)| format!("exempt: {}, list {list}", count(persons, "person")));
            let text = std::iter::once(sound).chain(lines).collect::<Vec<_>>().join("\n");
            let document = json!({"config": self.config, "agreements": agreements.len(), "requesters": requesters.len(), "operators": operators.len(), "exempt": lists});
            console.result(text, &document)?;
            return Ok(Outcome::Done);
        }
        if self.standby && !custody.is_on_a_server() {
            let what = "its database is a file, which one server locks: nobody can stand by";
            return Err(Failure::at(&self.config, what, "serve from PostgreSQL, or without --standby"));
        }
        let (mut served, mut sources) = (Vec::with_capacity(agreements.len()), Vec::with_capacity(agreements.len()));
        for Served { agreement, source } in agreements {
            let pace = pace::measure(&agreement, console)?;
            sources.push(Arc::clone(&source));
            served.push(ServedAgreement { agreement, pace, source: Box::new(source), loaded: None });
        }
        self.start_log();
        let mut settings = Settings {
            listen: party.rest.listen,
            operations,
            identity,
            requesters,
            operators,
            agreements: served,
            limits,
            memory,
            clock: Arc::new(party::now),
            trust_clock: self.trust_clock,
            takes_over: false,
        };
        let explain = |error: ServerError| match error {
            ServerError::NoService(_) => {
                Failure::at(&self.config, error, "agree on one ('cotejo agreement init --service')")
            }
            _ => Failure::of(&self.config, &error, "correct it there"),
        };
        let mut party = party;
        if self.standby {
            console.note("standing by while another server serves; Ctrl-C ends it");
            // It may be for long.
            passphrase::put_away();
            if !server::stand_by(&mut settings, &mut custody, interrupt::requested).map_err(explain)? {
                console.note("stopped");
                return Ok(Outcome::Done);
            }
            // Whatever has changed meanwhile.
            let now = Party::read(&self.config)?;
            let differing = party.differing(&now);
            if !differing.is_empty() {
                let what = format!("changed while this server stood by: {}", differing.join(", "));
                return Err(Failure::at(&self.config, what, "start it again"));
            }
            party = now;
            party.judge(self.guard, &warn)?;
            settings.identity = party.identity(Side::Server)?;
            settings.requesters = party.requesters_under(&digests)?;
            settings.operators = party.operators()?;
            self.check_operators(&settings.operators, &custody)?;
            (settings.limits, settings.memory) = party.limits()?;
            reload::take_exempt(&sources, &party)?;
        }
        passphrase::forget();
        let server = Server::new(settings, custody, &mut load::randomness()?).map_err(explain)?;
        let address = server.address().map_or_else(|| party.rest.listen.to_string(), |address| address.to_string());
        let operations = server.operations_address().map(|address| address.to_string());
        let name = party.name().clone();
        let (config, guard, reloading) = (self.config.clone(), self.guard, server.reloading());
        // Before anybody knows that there is a server to be told to.
        Reload { config, guard, started: party, agreements: digests, sources, reloading }.listen()?;
        let said = console.written(
            format_args!(
                "serving https://{address} as {}{}; Ctrl-C ends it",
                name,
                operations.as_ref().map_or_else(String::new, |address| format!(", operations on http://{address}"))
            ),
            &json!({"address": address, "operations": operations, "party": name}),
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

    /// Nobody is two of them, and none of them is the server.
    fn check_operators(&self, operators: &[Operator], custody: &Custody) -> Result<(), Failure> {
        match Operator::are_distinct(operators, &custody.public_key()) {
            true => Ok(()),
            false => Err(party::store_failure(&self.config, &StoreError::Operators)),
        }
    }

    /// A configuration, and who sends what to whom.
    fn begin(&self, console: &Console) -> Result<Outcome, Failure> {
        let values = [("B-REGISTRY", self.party.as_str()), ("A-BORDER", self.requester.as_str())];
        let address = format!("https://{}:8443", self.host.first().map_or("localhost", String::as_str));
        let send = format!("send them {{folder}}/authority.pem and {{folder}}/signing.pub, and the address {address}");
        let steps = [
            "agree: one party makes agreement.toml (cotejo agreement init --service), both keep the same file, here in {folder}; \
             'cotejo agreement check' prints its digest: compare it",
            &send,
            "get from them authority.pem, tls.pem and signing.pub, and put them into {folder} as their-authority.pem, their-tls.pem and \
             their-signing.pub",
            "read each other, by telephone, what signing.pub holds and the fingerprint of tls.pem ('cotejo certificates show')",
            "cotejo enroll --agreement {folder}/agreement.toml --templates TEMPLATES --out {folder}/gallery.cotejo",
            "cotejo serve --config {config} --check, and then without --check",
        ];
        let beginning = Beginning {
            config: &self.config,
            sample: include_str!("custodian.toml"),
            values: &values,
            party: &self.party,
            hosts: &self.host,
            steps: &steps,
        };
        beginning.make(&|| Party::<Custodian>::read(&self.config)?.make_custody(), console)
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
