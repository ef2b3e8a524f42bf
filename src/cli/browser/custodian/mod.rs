//! The pages of the party that answers, beside its server: they read its database, and change the gallery and the breaker as commands do.

mod state;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use super::house::Listening;
use super::page::{About, Visit};
use super::{evaluation, house, log, terms};
use crate::cli::Outcome;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::service::audit::Role;
use state::Custodian;

/// The pages of the party that answers: what is going on, the breaker, the gallery, requesters, the log
#[derive(clap::Args)]
#[command(after_help = "Example:\n  cotejo console custodian --config custodian.toml")]
pub struct Args {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "custodian.toml")]
    config: PathBuf,
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
        let custodian = Arc::new(Custodian::open(&self.config, console)?);
        let about = About { role: Role::Custodian, party: custodian.name().as_str().into(), menu: &MENU };
        let mut listening = Listening::new(&self.place, about, console)?;
        listening.say(console)?;
        listening.run(pages(custodian));
        Ok(Outcome::Done)
    }
}

fn pages(custodian: Arc<Custodian>) -> Router {
    let agreements: Vec<_> = custodian.agreements().map(|served| served.agreement.clone()).collect();
    Router::new()
        .route("/", get(async |visit: Visit| house::see(&visit, "/now")))
        .with_state(Arc::clone(&custodian))
        .merge(terms::pages(agreements.clone()))
        .merge(evaluation::pages(agreements))
        .merge(log::pages(custodian))
}
