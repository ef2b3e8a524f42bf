//! The pages of the party that answers, beside its server: they read its database, and change the gallery and the breaker as commands do.
//!
//! ```text
//! parts  held  change     what pages are made of: a gallery's file, a change of it
//! state                   what they share
//! breaker  health         parts of the page of now
//! now  requesters  gallery/
//! ```

mod breaker;
mod change;
mod gallery;
mod health;
mod held;
mod now;
mod parts;
mod requesters;
mod state;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};

use super::house::Listening;
use super::page::{About, Visit};
use super::{evaluation, house, log, terms};
use crate::agreement::Code;
use crate::cli::Outcome;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::service::audit::Role;
use state::{Custodian, Operator};

/// The pages of the party that answers: what is going on, the breaker, the gallery, requesters, the log
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cotejo console custodian --config custodian.toml
  cotejo console custodian --operator anna --key anna/signing.key")]
pub struct Args {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "custodian.toml")]
    config: PathBuf,
    /// Have a change of the gallery wait so long after it is confirmed: until then it can be dropped. The server takes what is written at once
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(..=3600))]
    grace: u64,
    /// Where the configuration names operators ([[operator]]): which of them orders the breaker from here
    #[arg(long, value_name = "NAME", requires = "key")]
    operator: Option<Code>,
    /// The operator's own signing key
    #[arg(long, value_name = "FILE", requires = "operator")]
    key: Option<PathBuf>,
    #[command(flatten)]
    place: house::PlaceArgs,
}

/// The menu.
const MENU: [(&str, &str); 6] = [
    ("/now", "menu-now"),
    ("/gallery", "menu-gallery"),
    ("/requesters", "menu-requesters"),
    ("/agreement", "menu-agreement"),
    ("/log", "menu-log"),
    ("/evaluation", "menu-evaluation"),
];

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let operator = self.operator.zip(self.key).map(|(name, key)| Operator { name, key });
        let grace = Duration::from_secs(self.grace);
        let custodian = Arc::new(Custodian::open(&self.config, operator, grace, console)?);
        let about = About { role: Role::Custodian, party: custodian.name().as_str().into(), menu: &MENU };
        let mut listening = Listening::new(&self.place, about, console)?;
        listening.say(console)?;
        listening.run(pages(Arc::clone(&custodian)));
        custodian.settle();
        Ok(Outcome::Done)
    }
}

fn pages(custodian: Arc<Custodian>) -> Router {
    let agreements: Vec<_> = custodian.galleries().iter().map(|held| held.agreement.clone()).collect();
    Router::new()
        .route("/", get(async |visit: Visit| house::see(&visit, "/now")))
        .route("/now", get(now::show))
        .route("/now/going-on", get(now::piece))
        .route("/now/health", get(health::show))
        // Whoever chooses another language there asks for it.
        .route("/now/breaker", post(breaker::change).get(async |visit: Visit| house::see(&visit, "/now")))
        .route("/requesters", get(requesters::show))
        .with_state(Arc::clone(&custodian))
        .merge(gallery::pages(Arc::clone(&custodian)))
        .merge(terms::pages(agreements.clone()))
        .merge(evaluation::pages(agreements))
        .merge(log::pages(custodian))
}
