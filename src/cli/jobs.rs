//! `cotejo jobs`: what the custodian has of ours.

use std::path::PathBuf;

use crate::service::client::Client;
use crate::service::signing::Name;
use serde_json::json;

use super::Outcome;
use super::ask::Querier;
use super::console::{Console, count};
use super::failure::Failure;
use super::party::Party;

/// Our jobs at the custodian: list, delete
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  cotejo jobs list --config querier.toml\n  cotejo jobs delete JOB")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// List them, the latest first
    #[command(after_help = "Example:\n  cotejo jobs list --config querier.toml")]
    List(Config),
    /// Delete one, with query and answer; one that waits is cancelled; the first ten of a day are not charged
    #[command(after_help = "Example:\n  cotejo jobs delete --config querier.toml 0f6c3a1e2b9d4c58a7f1e3d2c4b5a697")]
    Delete(Delete),
}

#[derive(clap::Args)]
struct Config {
    /// The querier's configuration
    #[arg(long, value_name = "FILE", default_value = "querier.toml")]
    config: PathBuf,
}

#[derive(clap::Args)]
struct Delete {
    #[command(flatten)]
    config: Config,
    /// The job, as listed
    job: Name,
}

impl Config {
    fn client(&self) -> Result<Client, Failure> {
        Party::<Querier>::read(&self.config)?.client()
    }
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        match self.command {
            Command::List(config) => list(&config, console),
            Command::Delete(delete) => {
                let client = delete.config.client()?;
                client.delete(&delete.job).map_err(|error| super::ask::client_failure(&error))?;
                console.result(format_args!("{}: deleted", delete.job), &json!({"deleted": delete.job}))?;
                Ok(Outcome::Done)
            }
        }
    }
}

fn list(config: &Config, console: &Console) -> Result<Outcome, Failure> {
    let client = config.client()?;
    let (mut jobs, mut before) = (Vec::new(), None);
    loop {
        let page = client.jobs(before.as_deref()).map_err(|error| super::ask::client_failure(&error))?;
        jobs.extend(page.jobs);
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    let lines: Vec<String> = jobs
        .iter()
        .map(|job| {
            let probes = count(usize::try_from(job.probes).unwrap_or(usize::MAX), "probe");
            format!("{}\t{}\t{}\t{}\t{probes}", job.job, job.number, job.state, job.accepted)
        })
        .collect();
    let text = if lines.is_empty() { "no jobs".to_owned() } else { lines.join("\n") };
    console.result(text, &jobs)?;
    Ok(Outcome::Done)
}
