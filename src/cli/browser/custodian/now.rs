//! What is going on: the breaker, what waits, what was asked today, what requesters have used up.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::state::Custodian;
use super::{breaker, health};
use crate::agreement::ServiceTerms;
use crate::cli::browser::page::{self, Visit, bar};
use crate::cli::browser::work::blocking;
use crate::cli::failure::Failure;
use crate::cli::party;
use crate::service::signing::Hash;
use crate::service::store::{Account, Breaker, Queued, TodaysUse};
use crate::service::time::Time;

type Shared = State<Arc<Custodian>>;

/// Requests that are shown of those that wait.
const SHOWN: usize = 20;
/// Requests that are counted of those that wait: more than a queue holds.
const COUNTED: u64 = 100_000;

/// What the database tells now.
struct Seen {
    breaker: Option<Breaker>,
    queue: Vec<Queued>,
    today: Vec<TodaysUse>,
    accounts: Vec<(Account, ServiceTerms)>,
    now: Time,
}

fn look(custodian: &Custodian) -> Result<Seen, Failure> {
    let now = party::now();
    custodian.with_custody(|custody| {
        let mut accounts = Vec::new();
        for requester in custodian.requesters() {
            for digest in &requester.agreements {
                let Some(terms) = custodian.gallery_of(digest).and_then(|held| held.terms()) else { continue };
                accounts.push((custody.account(&requester.code, digest, now)?, terms.clone()));
            }
        }
        Ok(Seen {
            breaker: custody.breaker()?,
            queue: custody.queue(COUNTED)?,
            today: custody.today(now)?,
            accounts,
            now,
        })
    })
}

async fn seen(custodian: &Arc<Custodian>) -> Result<Result<Seen, Failure>, StatusCode> {
    let custodian = Arc::clone(custodian);
    blocking(move || look(&custodian)).await
}

/// `GET /now`
pub async fn show(State(custodian): Shared, visit: Visit) -> Result<Response, StatusCode> {
    let title = visit.t("now");
    let seen = match seen(&custodian).await? {
        Ok(seen) => seen,
        Err(failure) => {
            let content = html! { (page::failure(&visit, &failure)) (health::place(&visit)) };
            return Ok(visit.refused(&title, content));
        }
    };
    let pulled = seen.breaker.is_some();
    let here = visit.to(&format!("/now/going-on?pulled={pulled}"));
    let content = html! {
        (breaker::card(&visit, &custodian, seen.breaker.as_ref(), None))
        // The breaker's form stands outside: nobody's typing is taken away.
        div hx-get=(here) hx-trigger="every 5s" hx-swap="innerHTML" "hx-status:4xx"="swap:none" {
            (going_on(&visit, &custodian, &seen, pulled))
        }
        (health::place(&visit))
        p.no-print { a href=(visit.to("/now")) { (visit.t("look-again")) } }
    };
    Ok(visit.page(&title, content))
}

#[derive(Deserialize)]
pub struct Shown {
    /// How the breaker stands on the page that asks.
    #[serde(default)]
    pulled: bool,
}

/// `GET /now/going-on`: what is renewed every few seconds.
pub async fn piece(State(custodian): Shared, visit: Visit, Query(shown): Query<Shown>) -> Result<Response, StatusCode> {
    let content = match seen(&custodian).await? {
        Ok(seen) => going_on(&visit, &custodian, &seen, shown.pulled),
        Err(failure) => page::failure(&visit, &failure),
    };
    Ok(Html(content.into_string()).into_response())
}

fn going_on(visit: &Visit, custodian: &Custodian, seen: &Seen, pulled: bool) -> Markup {
    html! {
        @if seen.breaker.is_some() != pulled {
            div.notice.warning role="alert" {
                (breaker::position(visit, seen.breaker.as_ref()))
                p { a href=(visit.to("/now")) { (visit.t("breaker-elsewhere")) } }
            }
        }
        (queue(visit, custodian, seen))
        (today(visit, custodian, seen))
        (accounts(visit, custodian, seen))
        p.hint { (visit.with("now-seen", &[("time", visit.words.time(seen.now).into())])) }
    }
}

/// The title of an agreement, or its digest where it is served no more.
fn titled(custodian: &Custodian, digest: &Hash) -> Markup {
    match custodian.gallery_of(digest) {
        Some(held) => html! { (held.title()) },
        None => page::fingerprint(&digest.to_string()),
    }
}

fn queue(visit: &Visit, custodian: &Custodian, seen: &Seen) -> Markup {
    // Where there is one, it says nothing.
    let several = custodian.galleries().len() > 1;
    html! {
        section aria-labelledby="queue-title" {
            h2 #queue-title { (visit.t("queue")) }
            p { (visit.counted("queue-count", seen.queue.len() as u64)) }
            @if !seen.queue.is_empty() {
                div.table tabindex="0" role="region" aria-label=(visit.t("queue")) {
                    table {
                        caption { (visit.t("queue-caption")) }
                        thead { tr {
                            th scope="col" { (visit.t("requester")) }
                            @if several { th scope="col" { (visit.t("agreement")) } }
                            th scope="col" { (visit.t("queue-since")) }
                            th.numeric scope="col" { (visit.t("persons")) }
                        } }
                        tbody { @for queued in seen.queue.iter().take(SHOWN) { tr {
                            th scope="row" { (queued.requester) }
                            @if several { td { (titled(custodian, &queued.agreement)) } }
                            td { (visit.words.time(queued.accepted)) }
                            td.numeric { (visit.words.number(queued.probes)) }
                        } } }
                    }
                }
                @if seen.queue.len() > SHOWN { p { (visit.counted("and-more", (seen.queue.len() - SHOWN) as u64)) } }
            }
        }
    }
}

fn today(visit: &Visit, custodian: &Custodian, seen: &Seen) -> Markup {
    let several = custodian.galleries().len() > 1;
    let number = |count: u64| html! { td.numeric { (visit.words.number(count)) } };
    html! {
        section aria-labelledby="today-title" {
            h2 #today-title { (visit.t("today")) }
            @if seen.today.is_empty() {
                (page::empty(&visit.t("today-none")))
            } @else {
                div.table tabindex="0" role="region" aria-label=(visit.t("today")) {
                    table {
                        caption { (visit.with("today-caption", &[("day", visit.words.day(seen.now.day()).into())])) }
                        thead { tr {
                            th scope="col" { (visit.t("requester")) }
                            th scope="col" { (visit.t("purpose")) }
                            @if several { th scope="col" { (visit.t("agreement")) } }
                            th.numeric scope="col" { (visit.t("requests")) }
                            th.numeric scope="col" { (visit.t("persons")) }
                            th.numeric scope="col" { (visit.t("answered")) }
                            th.numeric scope="col" { (visit.t("unanswered")) }
                            th.numeric scope="col" { (visit.t("today-waiting")) }
                        } }
                        tbody { @for of in &seen.today { tr {
                            th scope="row" { (of.requester) }
                            td { (of.purpose) }
                            @if several { td { (titled(custodian, &of.agreement)) } }
                            (number(of.requests)) (number(of.probes)) (number(of.answered)) (number(of.unanswered)) (number(of.waiting))
                        } } }
                    }
                }
            }
            p.hint { (visit.t("today-hint")) }
        }
    }
}

fn accounts(visit: &Visit, custodian: &Custodian, seen: &Seen) -> Markup {
    html! {
        section aria-labelledby="accounts-title" {
            h2 #accounts-title { (visit.t("accounts")) }
            @if seen.accounts.is_empty() { (page::empty(&visit.t("accounts-none"))) }
            @for (account, terms) in &seen.accounts {
                div.card {
                    h3 { (account.requester) ": " (titled(custodian, &account.agreement)) }
                    (bar(visit, &visit.t("account-today"), account.probes_today, terms.probes_per_day))
                    (bar(visit, &visit.t("account-year"), account.probes_this_year, terms.probes_per_year))
                    (bar(visit, &visit.t("account-bits"), account.bits_of_persons, terms.bits_per_gallery_version))
                    p.soft { (visit.counted("account-refused", account.refused_today)) }
                }
            }
            p.hint { (visit.t("accounts-hint")) }
        }
    }
}
