//! The terms of an agreement with another threshold, as a file that both parties would have to take.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::run::AGREEMENT;
use super::threshold::{At, moved};
use super::{Evaluations, One};
use crate::agreement::Notes;
use crate::cli::browser::page::{self, Row, Visit, facts, fingerprint};
use crate::cli::browser::terms;
use crate::cli::browser::work::blocking;
use crate::cli::failure::{Cause, Failure};
use crate::evaluate::{OperatingPoint, number};
use crate::planning::{self, Settled, TOO_OFTEN, hits_of_strangers};
use crate::scheme::Opened;

type Shared = State<Arc<Evaluations>>;
type Answer = Result<Response, StatusCode>;

/// An agreement that is not agreed on yet, and its file.
struct Proposed {
    agreement: Opened,
    text: String,
}

impl Proposed {
    /// The agreed terms with the threshold of a point, settled as `cotejo agreement init` settles its own.
    fn new(agreed: &Opened, point: &OperatingPoint) -> Result<Self, Failure> {
        let remedy = "choose another threshold";
        let place = std::path::Path::new(AGREEMENT);
        let unsound = |error| Failure::of(place, &error, remedy).because(Cause::Agreement);
        let terms = moved(agreed.terms(), point).ok_or_else(|| {
            Failure::at(place, format_args!("{} cannot be agreed on", number(point.threshold)), remedy)
        })?;
        let Settled { terms, why, .. } = planning::settle(&terms).map_err(unsound)?;
        let agreement = Opened::of(terms).map_err(unsound)?;
        let bits_per_query = Some(agreement.bits_per_query());
        let text = agreement.to_toml_with(&Notes { reason: Some(why.clause()), references: None, bits_per_query });
        Ok(Self { agreement, text })
    }
}

/// `GET /evaluation/NUMBER/agreement?point=PLACE`
pub async fn show(State(evaluations): Shared, visit: Visit, Path(number): Path<u64>, Query(at): Query<At>) -> Answer {
    told(evaluations, number, visit, at, |visit, one, place, proposed| {
        visit.page(&visit.t("evaluation-new-agreement"), shown(visit, one, place, proposed))
    })
    .await
}

/// `GET /evaluation/NUMBER/agreement.toml?point=PLACE`
pub async fn file(State(evaluations): Shared, visit: Visit, Path(number): Path<u64>, Query(at): Query<At>) -> Answer {
    told(evaluations, number, visit, at, |_, _, _, proposed| {
        let headers = [
            (header::CONTENT_TYPE, "application/toml; charset=utf-8".to_owned()),
            (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{AGREEMENT}\"")),
        ];
        (headers, proposed.text).into_response()
    })
    .await
}

/// What is told of the terms with the threshold of a point.
async fn told(
    evaluations: Arc<Evaluations>,
    number: u64,
    visit: Visit,
    at: At,
    tell: impl FnOnce(&Visit, &One, usize, Proposed) -> Response + Send + 'static,
) -> Answer {
    let Some(one) = evaluations.find(number) else { return Ok(visit.missing()) };
    blocking(move || {
        let proposed = one
            .with_done(|done| at.of(done).map(|(place, point)| (place, Proposed::new(&one.wanted.agreement, point))));
        match proposed.flatten() {
            Some((place, Ok(proposed))) => tell(&visit, &one, place, proposed),
            Some((place, Err(failure))) => visit.refused(
                &visit.t("evaluation-new-agreement"),
                html! { (page::failure(&visit, &failure)) (back(&visit, &one, place)) },
            ),
            None => visit.missing(),
        }
    })
    .await
}

fn shown(visit: &Visit, one: &One, place: usize, proposed: Proposed) -> Markup {
    let (agreed, agreement) = (&one.wanted.agreement, &proposed.agreement);
    let file = visit.to(&format!("/evaluation/{}/{AGREEMENT}?point={place}", one.number));
    let [old, new] = [agreed, agreement].map(|of| of.digest().to_string());
    let strangers = hits_of_strangers(agreement.terms());
    html! {
        @if old == new {
            (page::note(&visit.t("evaluation-same-agreement")))
        } @else {
            (page::warning(&visit.t("evaluation-both-parties")))
            section.card {
                h2 { (visit.t("evaluation-digests")) }
                p { (visit.t("evaluation-digests-text")) }
                (facts([
                    Row::new(visit.t("evaluation-digest-now"), fingerprint(&old)),
                    Row::new(visit.t("evaluation-digest-new"), fingerprint(&new)),
                ]))
            }
        }
        @if strangers > TOO_OFTEN {
            (page::warning(&visit.with("evaluation-strangers", &[("share", visit.words.share(strangers).into())])))
        }
        (terms::one(visit, agreement))
        div.actions { a.button href=(file) download=(AGREEMENT) { (visit.t("evaluation-download-agreement")) } }
        (back(visit, one, place))
    }
}

fn back(visit: &Visit, one: &One, place: usize) -> Markup {
    let to = visit.to(&format!("/evaluation/{}/threshold?point={place}", one.number));
    html! { div.actions { a.button.second href=(to) { (visit.t("evaluation-other-threshold")) } } }
}
