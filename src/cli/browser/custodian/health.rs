//! Whether everything is as it should be: disks, database, clock, certificates, and the server that runs.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use maud::{Markup, html};

use super::parts::{Standing, ends, listed, stands};
use super::state::Custodian;
use crate::agreement::Code;
use crate::cli::browser::page::{self, Row, Visit, facts};
use crate::cli::browser::work::blocking;
use crate::cli::failure::Failure;
use crate::cli::{operator, party};
use crate::remedy::Remedy as _;
use crate::service::client;
use crate::service::store::SubmitError;
use crate::service::time::Time;

/// A server on this machine answers within so long, or is told as not reached.
const PATIENCE: Duration = Duration::from_secs(2);
/// A disk with less room is told of, in bytes.
const ROOM_BYTES: u64 = 1 << 30;
/// Reasons that are shown.
const REASONS: usize = 20;

/// What was found.
struct Found {
    /// Room on the disk of the database; none where that is not known, or the database is on a server.
    database_bytes: Option<u64>,
    on_a_server: bool,
    /// What is wrong with the database.
    database: Option<Failure>,
    /// Room on the disk of each gallery.
    galleries: Vec<(String, Option<u64>)>,
    clock: Result<(), String>,
    ours: Option<Time>,
    theirs: Result<Vec<(Code, Option<Time>)>, Failure>,
    server: Server,
    now: Time,
}

/// What the server that runs says of itself.
enum Server {
    /// No port is named where it would.
    Unnamed,
    Ready,
    /// Why it accepts no request.
    Unready(Vec<String>),
    Silent(String),
}

fn look(custodian: &Custodian) -> Found {
    let now = party::now();
    let database = custodian.with_custody(|custody| custody.breaker().map(|_| custody.file()));
    let file = database.as_ref().ok().cloned().flatten();
    let clock = custodian.with_custody(|custody| match custody.check_clock(now) {
        Err(SubmitError::Store(error)) => Err(error),
        other => Ok(other.map_err(|error| error.to_string())),
    });
    let requesters = custodian.requesters_now();
    let until = |all: Vec<crate::service::server::Requester>| {
        all.into_iter().map(|requester| (requester.code, requester.until)).collect()
    };
    let of = |held: &super::held::Held| (held.title().to_owned(), free_bytes(held.folder()));
    Found {
        database_bytes: file.as_deref().and_then(free_bytes),
        on_a_server: database.is_ok() && file.is_none(),
        database: database.err(),
        galleries: custodian.galleries().iter().map(of).collect(),
        // A database that fails is told of once.
        clock: clock.unwrap_or(Ok(())),
        ours: custodian.party().own_certificate_until(),
        theirs: requesters.map(until),
        server: server(custodian),
        now,
    }
}

fn server(custodian: &Custodian) -> Server {
    let address = match custodian.party().operations() {
        Ok(Some(address)) => operator::reached(address),
        Ok(None) => return Server::Unnamed,
        Err(failure) => return Server::Silent(failure.one_line()),
    };
    match client::readiness(address, PATIENCE) {
        Ok(reasons) if reasons.is_empty() => Server::Ready,
        Ok(reasons) => Server::Unready(reasons),
        Err(error) => Server::Silent(error.in_full()),
    }
}

/// Of the disk that a file is on, where the system says.
#[cfg(unix)]
fn free_bytes(path: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(path).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

#[cfg(not(unix))]
fn free_bytes(_: &Path) -> Option<u64> {
    None
}

/// Where it will stand on a page: it is asked for when the page is there, so that nothing waits for a server that says nothing.
pub fn place(visit: &Visit) -> Markup {
    let here = visit.to("/now/health");
    html! {
        section.card aria-labelledby="health-title" {
            h2 #health-title { (visit.t("health")) }
            div hx-get=(here) hx-trigger="load, every 15s" hx-swap="innerHTML" "hx-status:4xx"="swap:none" {
                p { a href=(here) { (visit.t("health-look")) } }
            }
        }
    }
}

/// `GET /now/health`: a piece of a page for scripts, a page for others.
pub async fn show(
    State(custodian): State<Arc<Custodian>>,
    visit: Visit,
    headers: HeaderMap,
) -> Result<Response, StatusCode> {
    let found = blocking(move || look(&custodian)).await?;
    let content = shown(&visit, &found);
    Ok(match headers.contains_key("hx-request") {
        true => Html(content.into_string()).into_response(),
        false => visit.page(&visit.t("health"), html! { section.card { (content) } }),
    })
}

fn shown(visit: &Visit, found: &Found) -> Markup {
    let of_gallery = |title: &str| match found.galleries.len() {
        1 => visit.t("health-disk-of-gallery"),
        _ => visit.with("health-gallery-disk", &[("title", title.to_owned().into())]),
    };
    let mut rows = vec![
        Row::new(visit.t("health-server"), of_server(visit, &found.server)),
        Row::new(visit.t("health-database"), of_database(visit, found)),
    ];
    if !found.on_a_server {
        rows.push(Row::new(visit.t("health-database-disk"), room(visit, found.database_bytes)));
    }
    rows.extend(found.galleries.iter().map(|(title, free)| Row::new(of_gallery(title), room(visit, *free))));
    rows.push(Row::new(
        visit.t("health-clock"),
        match &found.clock {
            Ok(()) => stands(Standing::Good, &visit.t("health-clock-good")),
            Err(why) => html! { (stands(Standing::Bad, &visit.t("health-clock-bad"))) " " span lang="en" { (why) } },
        },
    ));
    rows.push(Row::new(visit.t("health-own-certificate"), ends(visit, found.ours, found.now)));
    match &found.theirs {
        Ok(theirs) => rows.extend(theirs.iter().map(|(code, until)| {
            let name = visit.with("health-certificate-of", &[("requester", code.as_str().into())]);
            Row::new(name, ends(visit, *until, found.now))
        })),
        Err(failure) => rows.push(Row::new(visit.t("health-certificates"), page::failure(visit, failure))),
    }
    html! {
        (facts(rows))
        p.hint { (visit.with("health-seen", &[("time", visit.words.time(found.now).into())])) }
    }
}

fn of_server(visit: &Visit, server: &Server) -> Markup {
    match server {
        Server::Ready => stands(Standing::Good, &visit.t("health-server-ready")),
        Server::Unnamed => html! { (visit.t("health-server-unnamed")) },
        Server::Silent(why) => html! {
            (stands(Standing::Bad, &visit.t("health-server-silent"))) " " span lang="en" { (why) }
        },
        Server::Unready(reasons) => html! {
            (stands(Standing::Bad, &visit.t("health-server-unready")))
            div lang="en" { (listed(visit, reasons, REASONS, |reason| html! { (reason) })) }
        },
    }
}

fn of_database(visit: &Visit, found: &Found) -> Markup {
    match (&found.database, found.on_a_server) {
        (Some(failure), _) => page::failure(visit, failure),
        (None, true) => stands(Standing::Good, &visit.t("health-database-server")),
        (None, false) => stands(Standing::Good, &visit.t("health-database-file")),
    }
}

fn room(visit: &Visit, free: Option<u64>) -> Markup {
    match free {
        None => html! { (visit.t("health-disk-unknown")) },
        Some(free) => {
            let standing = if free < ROOM_BYTES { Standing::Soon } else { Standing::Good };
            stands(standing, &visit.with("health-disk-free", &[("free", visit.words.bytes(free).into())]))
        }
    }
}
