//! Entries: what each tells, whether it follows from the one before, and whether it is signed by the log's owner.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};

use super::{LogOf, Logged, blocking};
use crate::cli::browser::page::{self, Row, Visit, facts, fingerprint};
use crate::service::audit::{Entry, Event, Head};
use crate::service::protocol::ReplyOutcome;
use crate::service::signing::{Signed, Statement};

/// How an entry stands in the log.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It follows, and is signed with the key of now.
    Holds,
    /// It follows, and is signed with another key: with one of before, or a stranger's; checking the whole log tells.
    Earlier,
    /// It was altered, or the one before it.
    Broken,
}

fn standing(log: &LogOf, entry: &Entry, before: Option<&Entry>) -> Standing {
    let previous = match (entry.number, before) {
        (1, _) => Head::NONE.hash,
        (number, Some(before)) if before.number.checked_add(1) == Some(number) => before.hash,
        _ => return Standing::Broken,
    };
    match (entry.follows(&previous) && entry.event().is_ok(), entry.is_signed_by(&log.key)) {
        (false, _) => Standing::Broken,
        (true, true) => Standing::Holds,
        (true, false) => Standing::Earlier,
    }
}

/// The entries, the latest first; `most` are shown, and the one behind them is there to judge the last.
pub fn table(visit: &Visit, log: &LogOf, listed: &[Entry], most: usize) -> Markup {
    if listed.is_empty() {
        return page::empty(&visit.t("log-empty"));
    }
    html! {
        div.table tabindex="0" role="region" aria-label=(visit.t("log-entries")) {
            table {
                caption { (visit.t("log-entries")) }
                thead { tr {
                    th.numeric scope="col" { (visit.t("number")) }
                    th scope="col" { (visit.t("time")) }
                    th scope="col" { (visit.t("log-what")) }
                    th scope="col" { (visit.t("log-holds")) }
                } }
                tbody {
                    @for (at, entry) in listed.iter().enumerate().take(most) {
                        tr {
                            th.numeric scope="row" { a href=(visit.to(&format!("/log/entries/{}", entry.number))) { (visit.words.number(entry.number)) } }
                            td { (visit.words.time(entry.time)) }
                            td { (told(visit, entry)) }
                            td { (shown(visit, standing(log, entry, listed.get(at + 1)))) }
                        }
                    }
                }
            }
        }
    }
}

fn shown(visit: &Visit, standing: Standing) -> Markup {
    match standing {
        Standing::Holds => html! { span.yes { "\u{2713} " (visit.t("entry-holds")) } },
        Standing::Earlier => html! { span { (visit.t("signature-earlier")) } },
        Standing::Broken => html! { span.no { "\u{2717} " (visit.t("entry-broken")) } },
    }
}

/// What an entry tells, in a line.
fn told(visit: &Visit, entry: &Entry) -> Markup {
    match entry.event() {
        Ok(None) => html! { span.soft { (visit.t("event-was-erased")) } },
        Err(error) => html! { span.no lang="en" { (error) } },
        Ok(Some(event)) => {
            let (key, detail) = said(&event);
            html! { (visit.t(key)) @if let Some(detail) = detail { ": " (detail) } }
        }
    }
}

/// The statement's word for it, if it is one.
fn of<T: Statement>(statement: &Signed<T>, detail: impl Fn(T) -> String) -> Option<String> {
    statement.verify(None).ok().map(detail)
}

/// The message of a kind of event, and what it is about.
fn said(event: &Event) -> (&'static str, Option<String>) {
    match event {
        Event::Opened { party, .. } => ("event-opened", Some(party.to_string())),
        Event::Registered { party, .. } => ("event-registered", Some(party.to_string())),
        Event::Succession { .. } => ("event-succession", None),
        Event::KeyAdmitted { requester, key, .. } => ("event-key-admitted", Some(format!("{requester}, {key}"))),
        Event::Request { statement } => {
            ("event-request", of(statement, |said| format!("{}, {}, {}", said.requester, said.number, said.purpose)))
        }
        Event::Receipt { statement } => ("event-receipt", of(statement, |said| said.job.to_string())),
        Event::Reply { statement } => (
            "event-reply",
            of(statement, |said| {
                let of = format!("{}, {}", said.request.requester, said.request.number);
                match said.outcome {
                    ReplyOutcome::Answered { .. } => of,
                    ReplyOutcome::Unanswered { reason } => format!("{of}: {reason}"),
                }
            }),
        ),
        Event::Acknowledgement { .. } => ("event-acknowledgement", None),
        Event::Abandoned { .. } => ("event-abandoned", None),
        Event::Refused { requester, reason, .. } => ("event-refused", Some(format!("{requester}: {}", reason.name()))),
        Event::Canaries { asked, found, .. } => ("event-canaries", Some(format!("{found} / {asked}"))),
        Event::Deleted { .. } => ("event-deleted", None),
        Event::Gallery { version, subjects, .. } => ("event-gallery", Some(format!("{version} ({subjects})"))),
        Event::Exempt { persons, .. } => ("event-exempt", Some(persons.to_string())),
        Event::Breaker { pulled: true, reason, .. } => ("event-breaker-pulled", Some(reason.as_str().to_owned())),
        Event::Breaker { pulled: false, reason, .. } => ("event-breaker-reset", Some(reason.as_str().to_owned())),
        Event::OperatorRegistered { operator, .. } => ("event-operator-registered", Some(operator.to_string())),
        Event::OperatorRemoved { operator } => ("event-operator-removed", Some(operator.to_string())),
        Event::Diverged(diverged) => ("event-diverged", Some(diverged.custodian.to_string())),
        Event::Trusted { custodian, reason, .. } => {
            ("event-trusted", Some(format!("{custodian}: {}", reason.as_str())))
        }
        Event::Clock { reason, .. } => ("event-clock", Some(reason.as_str().to_owned())),
        Event::Erased { contents, .. } => ("event-erased", Some(contents.to_string())),
    }
}

/// `GET /log/entries/NUMBER`: all of it, as it stands there.
pub async fn one<L: Logged>(
    State(owner): State<Arc<L>>,
    visit: Visit,
    Path(number): Path<u64>,
) -> Result<Response, StatusCode> {
    let read = {
        let owner = Arc::clone(&owner);
        blocking(move || Ok((owner.entry(number)?, owner.entry(number.saturating_sub(1))?))).await?
    };
    let title = visit.with("log-entry", &[("number", visit.words.number(number).into())]);
    Ok(match read {
        Err(failure) => visit.refused(&title, page::failure(&visit, &failure)),
        Ok((None, _)) => visit.missing(),
        Ok((Some(entry), before)) => {
            let rows = [
                Row::new(visit.t("log-what"), told(&visit, &entry)),
                Row::new(visit.t("time"), visit.words.time(entry.time)),
                Row::new(visit.t("log-holds"), shown(&visit, standing(owner.log(), &entry, before.as_ref()))),
                Row::new(visit.t("log-hash"), fingerprint(&entry.hash.to_string())),
                Row::new(visit.t("log-content-digest"), fingerprint(&entry.content_digest.to_string())),
                Row::new(visit.t("log-signature"), fingerprint(&entry.signature.to_string())),
            ];
            let content = html! {
                (facts(rows))
                @if let Some(content) = &entry.content { h2 { (visit.t("log-content")) } pre.digits.card tabindex="0" { (content) } }
                p { a href=(visit.to("/log")) { (visit.t("back")) } }
            };
            visit.page(&title, content)
        }
    })
}
