//! Who may ask: certificate, signing key, agreements with their limits, and the evaluation keys that they have left here.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};

use super::held::Held;
use super::parts::{Standing, ends, stands};
use super::state::Custodian;
use crate::cli::browser::page::{self, Row, Visit, facts, fingerprint};
use crate::cli::browser::terms::served;
use crate::cli::browser::work::blocking;
use crate::cli::failure::Failure;
use crate::cli::party;
use crate::service::server::Requester;
use crate::service::signing::Hash;
use crate::service::store::KeyInUse;
use crate::service::time::Time;

/// Keys that are shown of one requester under one agreement: those that were the last to run out.
const KEYS: usize = 20;

/// A requester, with the keys that were left under each agreement.
struct Known {
    requester: Requester,
    keys: Vec<(Hash, Vec<KeyInUse>)>,
}

fn look(custodian: &Custodian, now: Time) -> Result<Vec<Known>, Failure> {
    let known = |requester: Requester| {
        let keys = custodian.with_custody(|custody| {
            let mut keys = Vec::new();
            for digest in &requester.agreements {
                let Some(terms) = custodian.gallery_of(digest).and_then(Held::terms) else { continue };
                keys.push((*digest, custody.keys_in_use(&requester.code, digest, terms.key_days, now)?));
            }
            Ok(keys)
        })?;
        Ok(Known { requester, keys })
    };
    custodian.requesters_now()?.into_iter().map(known).collect()
}

/// `GET /requesters`
pub async fn show(State(custodian): State<Arc<Custodian>>, visit: Visit) -> Result<Response, StatusCode> {
    let (title, now) = (visit.t("requesters"), party::now());
    let known = {
        let custodian = Arc::clone(&custodian);
        blocking(move || look(&custodian, now)).await?
    };
    Ok(match known {
        Err(failure) => visit.refused(&title, page::failure(&visit, &failure)),
        Ok(known) => {
            let content = html! {
                p.lead { (visit.t("requesters-text")) }
                @if known.is_empty() { (page::empty(&visit.t("requesters-none"))) }
                @for one in &known { (shown(&visit, &custodian, one, now)) }
            };
            visit.page(&title, content)
        }
    })
}

fn shown(visit: &Visit, custodian: &Custodian, known: &Known, now: Time) -> Markup {
    let Known { requester, keys } = known;
    let twice = if requester.signers.lattice().is_empty() { "signed-once" } else { "signed-twice" };
    html! {
        section.card {
            h2 { (requester.code) }
            (facts([
                Row::new(visit.t("certificate"), fingerprint(&requester.certificate.to_string())),
                Row::new(visit.t("certificate-until"), ends(visit, requester.until, now)),
                Row::new(visit.t("signing-key"), html! {
                    (fingerprint(&requester.signers.current().to_string()))
                    br; span.soft { (visit.t(twice)) }
                }),
            ]))
            @for digest in &requester.agreements {
                @let held = custodian.gallery_of(digest);
                h3 { (visit.t("agreement")) @if let Some(held) = held { ": " (held.title()) } }
                (facts(std::iter::once(Row::new(visit.t("agreement-digest"), fingerprint(&digest.to_string())))
                    .chain(held.and_then(Held::terms).into_iter().flat_map(|terms| served(visit, terms)))))
                @if let Some((_, keys)) = keys.iter().find(|(of, _)| of == digest) { (left(visit, keys)) }
            }
        }
    }
}

fn left(visit: &Visit, keys: &[KeyInUse]) -> Markup {
    if keys.is_empty() {
        return page::empty(&visit.t("keys-none"));
    }
    html! {
        div.table tabindex="0" role="region" aria-label=(visit.t("keys")) {
            table {
                caption { (visit.t("keys")) }
                thead { tr {
                    th scope="col" { (visit.t("key-name")) }
                    th scope="col" { (visit.t("key-admitted")) }
                    th scope="col" { (visit.t("key-until-when")) }
                    th scope="col" { (visit.t("state")) }
                } }
                tbody { @for key in keys.iter().take(KEYS) { tr {
                    th scope="row" { (fingerprint(&key.id.to_string())) }
                    td { (visit.words.time(key.admitted)) }
                    td { (visit.words.time(key.until)) }
                    td { @match key.expired {
                        true => (stands(Standing::Bad, &visit.t("key-expired"))),
                        false => (stands(Standing::Good, &visit.t("key-in-use"))),
                    } }
                } } }
            }
        }
        @if keys.len() > KEYS { p { (visit.counted("and-more", (keys.len() - KEYS) as u64)) } }
    }
}
