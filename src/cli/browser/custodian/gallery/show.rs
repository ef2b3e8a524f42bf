//! One gallery: what is served of it, what its file holds now, who is exempt, the versions that were served.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

use super::super::change::{Change, Stage};
use super::super::held::{Held, Holds};
use super::super::state::Custodian;
use super::{Number, gallery_of, search};
use crate::cli::browser::page::{self, Row, Visit, bar, facts, fingerprint, pager};
use crate::cli::browser::work::blocking;
use crate::cli::failure::Failure;
use crate::service::signing::Hash;
use crate::service::store::GalleryVersionRow;

/// Versions on a page.
const PAGE: u64 = 20;

#[derive(Deserialize)]
pub struct Asked {
    before: Option<u64>,
}

/// What is known of a gallery.
struct Known {
    holds: Result<Option<Arc<Holds>>, Failure>,
    /// The content that is served.
    served: Option<Hash>,
    last: Option<GalleryVersionRow>,
    versions: Vec<GalleryVersionRow>,
    /// Persons who are exempt, by the list that was used last, and by the list as it is now.
    exempt_used: Option<u64>,
    exempt_now: Result<Option<usize>, Failure>,
}

fn look(custodian: &Custodian, held: &Held, before: Option<u64>) -> Result<Known, Failure> {
    custodian
        .with_custody(|custody| {
            Ok((
                custody.searched_last(&held.digest)?,
                custody.versions(&held.digest, None, 1)?,
                custody.versions(&held.digest, before, PAGE + 1)?,
                custody.exempt_persons(&held.digest)?,
            ))
        })
        .map(|(served, last, versions, exempt_used)| Known {
            holds: held.holds(),
            served,
            last: last.first().copied(),
            versions,
            exempt_used,
            exempt_now: held.exempt().map(|list| list.map(|list| list.len())),
        })
}

/// `GET /gallery/NUMBER`
pub async fn page(
    State(custodian): State<Arc<Custodian>>,
    visit: Visit,
    Number(number): Number,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, StatusCode> {
    let title = visit.t("menu-gallery");
    let Ok(Query(asked)) = asked else { return Ok(visit.missing()) };
    let Some(held) = gallery_of(&custodian, number) else { return Ok(visit.missing()) };
    let known = {
        let custodian = Arc::clone(&custodian);
        blocking(move || gallery_of(&custodian, number).map(|held| look(&custodian, held, asked.before))).await?
    };
    Ok(match known {
        None => visit.missing(),
        Some(Err(failure)) => visit.refused(&title, page::failure(&visit, &failure)),
        Some(Ok(known)) => {
            let content = html! {
                p.lead { (held.title()) }
                @if let Some(change) = custodian.changes.last(number.saturating_sub(1)) { (last_change(&visit, &change)) }
                div.cards {
                    (served(&visit, &known))
                    (now(&visit, held, &known))
                }
                div.actions {
                    a.button href=(visit.to(&format!("/gallery/{number}/append"))) { (visit.t("append")) }
                    a.button href=(visit.to(&format!("/gallery/{number}/remove"))) { (visit.t("remove")) }
                }
                (exempt(&visit, &known))
                (search::card(&visit, number, None))
                (versions(&visit, number, &known, asked.before))
            };
            visit.page(&title, content)
        }
    })
}

/// Leads to the last change that was made here.
fn last_change(visit: &Visit, change: &Change) -> Markup {
    let key = match change.stage() {
        Stage::Shown | Stage::Dropped => "change-is-dropped",
        Stage::Waiting(_) => "change-is-waiting",
        Stage::Writing | Stage::Undoing => "change-is-written-now",
        Stage::Written(_) => "change-is-written",
        Stage::Undone => "change-is-undone",
    };
    html! {
        div.notice role="status" {
            p { (visit.t(key)) " " a href=(visit.to(&format!("/gallery/changes/{}", change.id))) { (visit.t("change-look")) } }
        }
    }
}

fn served(visit: &Visit, known: &Known) -> Markup {
    html! {
        section.card {
            h2 { (visit.t("served")) }
            @match &known.last {
                None => (page::empty(&visit.t("served-none"))),
                Some(last) => (facts([
                    Row::new(visit.t("version"), visit.words.number(last.version)),
                    Row::new(visit.t("persons"), visit.words.number(last.subjects)),
                    Row::new(visit.t("served-since"), visit.words.time(last.since)),
                    Row::new(visit.t("root"), root(visit, last.root.map(|root| root.to_string()))),
                ])),
            }
            p.hint { (visit.t("served-hint")) }
        }
    }
}

fn root(visit: &Visit, root: Option<String>) -> Markup {
    match root {
        Some(root) => fingerprint(&root),
        None => html! { span.soft { (visit.t("root-unknown")) } },
    }
}

fn now(visit: &Visit, held: &Held, known: &Known) -> Markup {
    let limit = held.agreement.terms().limits.references as u64;
    html! {
        section.card {
            h2 { (visit.t("file-now")) }
            @match &known.holds {
                Err(failure) => (page::failure(visit, failure)),
                Ok(None) => p { (visit.t("file-busy")) },
                Ok(Some(holds)) => {
                    @if known.served.is_some_and(|served| served != holds.state) {
                        (page::note(&visit.t("file-differs")))
                    }
                    @if holds.ignored_bytes > 0 {
                        (page::warning(&visit.with("file-torn", &[("bytes", visit.words.bytes(holds.ignored_bytes as u64).into())])))
                    }
                    (facts(held_rows(visit, held, holds, known)))
                    (bar(visit, &visit.t("references"), holds.references as u64, limit))
                },
            }
        }
    }
}

fn held_rows(visit: &Visit, held: &Held, holds: &Holds, known: &Known) -> Vec<Row> {
    let number = |count: usize| visit.words.number(count as u64);
    // Of the same content the root is the same.
    let same = known.served == Some(holds.state);
    let known_root = known.last.filter(|_| same).and_then(|last| last.root).map(|root| root.to_string());
    let handles = (holds.handles > 0).then(|| Row::new(visit.t("handles"), number(holds.handles)));
    let rows = [
        Some(Row::new(visit.t("file"), held.file.display().to_string())),
        Some(Row::new(visit.t("persons"), number(holds.persons))),
        Some(Row::new(visit.t("references"), number(holds.references))),
        handles,
        Some(Row::new(visit.t("removed"), number(holds.removed))),
        Some(Row::new(visit.t("file-version"), fingerprint(&holds.version))),
        Some(Row::new(visit.t("root"), root(visit, known_root.or_else(|| holds.root.clone())))),
    ];
    rows.into_iter().flatten().collect()
}

fn exempt(visit: &Visit, known: &Known) -> Markup {
    let used = known.exempt_used.unwrap_or_default();
    html! {
        section.card {
            h2 { (visit.t("exempt")) }
            p { (visit.counted("exempt-used", used)) }
            @match &known.exempt_now {
                Err(failure) => (page::failure(visit, failure)),
                Ok(None) => p { (visit.t("exempt-no-list")) },
                Ok(Some(persons)) => @if *persons as u64 != used { p { (visit.counted("exempt-now", *persons as u64)) } },
            }
            p.hint { (visit.t("exempt-hint")) }
        }
    }
}

fn versions(visit: &Visit, number: usize, known: &Known, before: Option<u64>) -> Markup {
    let here = format!("/gallery/{number}");
    let shown = known.versions.iter().take(PAGE as usize);
    let more = known.versions.len() as u64 > PAGE;
    let oldest = known.versions.get((PAGE as usize).saturating_sub(1)).filter(|_| more);
    let older = oldest.map(|oldest| visit.to(&format!("{here}?before={}", oldest.version)));
    html! {
        section aria-labelledby="versions-title" {
            h2 #versions-title { (visit.t("versions")) }
            @if known.versions.is_empty() {
                (page::empty(&visit.t("versions-none")))
            } @else {
                div.table tabindex="0" role="region" aria-label=(visit.t("versions")) {
                    table {
                        caption { (visit.t("versions-caption")) }
                        thead { tr {
                            th.numeric scope="col" { (visit.t("version")) }
                            th.numeric scope="col" { (visit.t("persons")) }
                            th scope="col" { (visit.t("served-since")) }
                            th scope="col" { (visit.t("root")) }
                        } }
                        tbody { @for row in shown { tr {
                            th.numeric scope="row" { (visit.words.number(row.version)) }
                            td.numeric { (visit.words.number(row.subjects)) }
                            td { (visit.words.time(row.since)) }
                            td { (root(visit, row.root.map(|root| root.to_string()))) }
                        } } }
                    }
                }
            }
            (pager(visit, before.map(|_| visit.to(&here)), older))
        }
    }
}
