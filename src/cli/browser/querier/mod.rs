//! The pages of the party that asks. The key is in this process, and so are verdicts, once they are shown.

mod ask;
mod draft;
mod key;
mod quota;
mod request;
mod requests;
mod state;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use super::house::Listening;
use super::page::{About, Visit};
use super::{evaluation, house, log, terms, upload};
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::{AgreementArg, Outcome};
use crate::service::audit::Role;
use state::Querier;

/// The pages of the party that asks: ask, verdicts, the agreement, the key, the log
#[derive(clap::Args)]
#[command(after_help = "Example:\n  cotejo console querier --config querier.toml --agreement agreement.toml")]
pub struct Args {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "querier.toml")]
    config: PathBuf,
    #[command(flatten)]
    agreement: AgreementArg,
    #[command(flatten)]
    place: house::PlaceArgs,
}

/// The menu.
const MENU: [(&str, &str); 6] = [
    ("/ask", "menu-ask"),
    ("/requests", "menu-requests"),
    ("/agreement", "menu-agreement"),
    ("/key", "menu-key"),
    ("/log", "menu-log"),
    ("/evaluation", "menu-evaluation"),
];

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let querier = Arc::new(Querier::open(&self.config, &self.agreement.path, console)?);
        let about = About { role: Role::Querier, party: querier.name().as_str().into(), menu: &MENU };
        let mut listening = Listening::new(&self.place, about, console)?;
        listening.say(console)?;
        listening.run(pages(querier));
        Ok(Outcome::Done)
    }
}

fn pages(querier: Arc<Querier>) -> Router {
    let agreement = querier.agreement().clone();
    let large = DefaultBodyLimit::max(upload::BODY_BYTES);
    Router::new()
        .route("/", get(async |visit: Visit| house::see(&visit, "/ask")))
        .route("/ask", get(ask::form))
        .route("/ask/read", post(ask::read).layer(large))
        .route("/ask/{draft}", get(ask::look))
        .route("/ask/{draft}/record", post(ask::record))
        .route("/ask/{draft}/plan", get(ask::plan))
        .route("/ask/{draft}/send", post(ask::send))
        .route("/ask/{draft}/drop", post(ask::forget))
        .route("/requests", get(requests::list))
        .route("/requests/resume", post(requests::resume))
        .route("/requests/events", get(requests::events))
        .route("/requests/{number}", get(request::show))
        .route("/requests/{number}/events", get(request::events))
        .route("/requests/{number}/print", get(request::print))
        .route("/requests/{number}/verdicts.csv", get(request::csv))
        .route("/requests/{number}/resume", post(request::resume))
        .route("/requests/{number}/abandon", post(request::abandon))
        .route("/requests/{number}/forget", post(request::forget))
        .route("/key", get(key::show))
        .route("/key/events", get(key::events))
        .route("/key/rotate", post(key::rotate))
        .with_state(Arc::clone(&querier))
        .merge(terms::pages(vec![agreement.clone()]))
        .merge(evaluation::pages(vec![agreement]))
        .merge(log::pages(querier))
}
