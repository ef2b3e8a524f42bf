//! A party's log: whether it holds, entry by entry; counts a year; exports; laid beside the other party's.
//!
//! What is said of the log as a whole is said by `cotejo audit`, which reads the database as an auditor does.

mod check;
mod compare;
mod entries;
mod years;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use maud::html;
use serde::Deserialize;

use super::commands::{self, Deaf, Ran};
use super::page::{self, Visit, pager};
use super::upload;
use super::work::{Works, blocking};
use crate::agreement::Code;
use crate::cli::failure::Failure;
use crate::service::audit::Entry;
use crate::service::signing::PublicKey;

/// A party whose log is shown.
pub trait Logged: Send + Sync + 'static {
    fn log(&self) -> &LogOf;

    /// The latest entries before a number.
    fn latest(&self, before: Option<u64>, limit: u64) -> Result<Vec<Entry>, Failure>;

    /// One entry.
    fn entry(&self, number: u64) -> Result<Option<Entry>, Failure>;
}

/// What is needed to judge a log, and what was found.
pub struct LogOf {
    /// Options of `audit` that name the database.
    database: Vec<String>,
    /// What entries are signed with now.
    key: PublicKey,
    /// Files of the agreements that the log is held to.
    agreements: Vec<PathBuf>,
    /// With whose logs it can be compared, and what they are signed with.
    others: Vec<(Code, PublicKey)>,
    checks: Works<Ran>,
}

impl LogOf {
    pub fn new(
        database: Vec<String>,
        key: PublicKey,
        agreements: Vec<PathBuf>,
        others: Vec<(Code, PublicKey)>,
    ) -> Self {
        Self { database, key, agreements, others, checks: Works::default() }
    }

    /// The command line of a command of `audit` about this log.
    fn audit(&self, command: &str, options: impl IntoIterator<Item = String>) -> Vec<String> {
        let words = ["audit", command].map(str::to_owned);
        words.into_iter().chain(self.database.iter().cloned()).chain(options).collect()
    }

    fn agreed(&self) -> impl Iterator<Item = String> + '_ {
        self.agreements.iter().map(|file| format!("--agreement={}", file.display()))
    }
}

/// The pages of a log.
pub fn pages<L: Logged>(owner: Arc<L>) -> Router {
    Router::new()
        .route("/log", get(show::<L>))
        .route("/log/entries/{number}", get(entries::one::<L>))
        .route("/log/check", post(check::begin::<L>))
        .route("/log/check/events", get(check::events::<L>))
        .route("/log/years", get(years::show::<L>))
        .route("/log/compare", get(compare::form::<L>))
        .route("/log/compare", post(compare::begin::<L>).layer(DefaultBodyLimit::max(upload::BODY_BYTES)))
        .route("/log/export/{format}", get(export::<L>))
        .with_state(owner)
}

/// Entries on a page.
const PAGE: u64 = 50;

#[derive(Deserialize)]
struct Asked {
    before: Option<u64>,
}

async fn show<L: Logged>(
    State(owner): State<Arc<L>>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, StatusCode> {
    let read = {
        let owner = Arc::clone(&owner);
        // The entry before the last that is shown, by which that is judged.
        blocking(move || owner.latest(asked.before, PAGE + 1)).await?
    };
    let title = visit.t("log");
    let listed = match read {
        Ok(listed) => listed,
        Err(failure) => return Ok(visit.refused(&title, page::failure(&visit, &failure))),
    };
    let more = listed.len() as u64 > PAGE;
    let oldest = listed.get(PAGE as usize - 1).map(|entry| entry.number);
    let older = oldest.filter(|_| more).map(|oldest| visit.to(&format!("/log?before={oldest}")));
    let content = html! {
        p.lead { (visit.t("log-text")) }
        (check::card(&visit, owner.log()))
        div.actions {
            a.button.second href=(visit.to("/log/years")) { (visit.t("log-years")) }
            a.button.second href=(visit.to("/log/compare")) { (visit.t("log-compare")) }
            a.button.second href=(visit.to("/log/export/csv")) { (visit.t("log-export-csv")) }
            a.button.second href=(visit.to("/log/export/log")) { (visit.t("log-export-log")) }
        }
        (entries::table(&visit, owner.log(), &listed, PAGE as usize))
        (pager(&visit, asked.before.map(|_| visit.to("/log")), older))
    };
    let running = owner.log().checks.find(check::WORK).is_some_and(|work| !work.is_over());
    Ok(if running { visit.page_under_way(&title, content) } else { visit.page(&title, content) })
}

/// `GET /log/export/FORMAT`: the file of `cotejo audit export`.
async fn export<L: Logged>(
    State(owner): State<Arc<L>>,
    visit: Visit,
    Path(format): Path<String>,
) -> Result<Response, StatusCode> {
    let (kind, name) = match format.as_str() {
        "csv" => ("text/csv; charset=utf-8", "requests.csv"),
        "log" => ("application/jsonl", "log.jsonl"),
        _ => return Ok(visit.missing()),
    };
    let made = blocking(move || {
        let unkept = |error| Failure::new("the export", error, "make room, and try again");
        let folder = tempfile::Builder::new().prefix("cotejo-console-").tempdir().map_err(unkept)?;
        let out = folder.path().join(name);
        let options = [format!("--format={format}"), format!("--out={}", out.display())];
        commands::run(owner.log().audit("export", options), Arc::new(Deaf))?;
        std::fs::read(&out).map_err(unkept)
    });
    Ok(match made.await? {
        Ok(content) => {
            let disposition = format!("attachment; filename=\"{name}\"");
            ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], content)
                .into_response()
        }
        Err(failure) => visit.refused(&visit.t("log"), page::failure(&visit, &failure)),
    })
}
