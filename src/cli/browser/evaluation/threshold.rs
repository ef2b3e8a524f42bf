//! A threshold that is moved along the curves, and the four error rates at it.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::run::Done;
use super::{Evaluations, One, figures, tables};
use crate::agreement::Terms;
use crate::cli::browser::page::{Row, Visit, facts};
use crate::cli::browser::terms;
use crate::cli::browser::work::blocking;
use crate::evaluate::{OperatingPoint, Proportion, number};

type Shared = State<Arc<Evaluations>>;
type Answer = Result<Response, StatusCode>;

/// Which of the points, as an address says it.
#[derive(Default, Deserialize)]
pub struct At {
    #[serde(default)]
    pub point: String,
}

impl At {
    /// Its place among the points: that of the agreed threshold, where none is said.
    fn place(&self, done: &Done) -> usize {
        let last = done.points.len().saturating_sub(1);
        let agreed = || done.points.iter().position(|point| point.threshold == done.card.terms.threshold);
        self.point.parse().ok().map(|place: usize| place.min(last)).or_else(agreed).unwrap_or_default()
    }

    /// The point, with its place.
    pub fn of<'a>(&self, done: &'a Done) -> Option<(usize, &'a OperatingPoint)> {
        let place = self.place(done);
        done.points.get(place).map(|point| (place, point))
    }
}

/// The agreed terms with the threshold of a point; none where they cannot state it.
pub fn moved(terms: &Terms, point: &OperatingPoint) -> Option<Terms> {
    terms.clone().with_threshold(number(point.threshold).parse().ok()?)
}

/// `GET /evaluation/NUMBER/threshold?point=PLACE`
pub async fn show(State(evaluations): Shared, visit: Visit, Path(number): Path<u64>, Query(at): Query<At>) -> Answer {
    told(evaluations, number, visit, at, |visit, one, done, (place, point)| {
        visit.page(&visit.t("evaluation-threshold"), whole(visit, one, done, place, point))
    })
    .await
}

/// `GET /evaluation/NUMBER/threshold/reading?point=PLACE`: what changes on that page where the threshold is moved.
pub async fn read(State(evaluations): Shared, visit: Visit, Path(number): Path<u64>, Query(at): Query<At>) -> Answer {
    told(evaluations, number, visit, at, |visit, one, done, (_, point)| {
        let changed = html! {
            (reading(visit, one, done, point))
            div #det hx-swap-oob="innerHTML" { (figures::at(visit, &done.card, point)) }
        };
        Html(changed.into_string()).into_response()
    })
    .await
}

/// What is told of a point of an evaluation that is finished.
async fn told(
    evaluations: Arc<Evaluations>,
    number: u64,
    visit: Visit,
    at: At,
    tell: impl FnOnce(&Visit, &One, &Done, (usize, &OperatingPoint)) -> Response + Send + 'static,
) -> Answer {
    let Some(one) = evaluations.find(number) else { return Ok(visit.missing()) };
    // A picture is drawn.
    blocking(move || {
        let told = one.with_done(|done| at.of(done).map(|point| tell(&visit, &one, done, point)));
        told.flatten().unwrap_or_else(|| visit.missing())
    })
    .await
}

fn whole(visit: &Visit, one: &One, done: &Done, place: usize, point: &OperatingPoint) -> Markup {
    let to = |what: &str| visit.to(&format!("/evaluation/{}/{what}", one.number));
    html! {
        p.lead { (visit.t("evaluation-threshold-text")) }
        form.card method="get" action=(to("threshold")) hx-get=(to("threshold/reading")) hx-trigger="input changed delay:50ms"
            hx-target="#reading" hx-swap="innerHTML" hx-sync="this:replace" {
            div.field {
                label for="point" { (visit.t("evaluation-slider")) }
                p.hint #point-hint { (visit.t("evaluation-slider-hint")) }
                input #point type="range" name="point" min="0" max=(done.points.len().saturating_sub(1)) step="1" value=(place)
                    autocomplete="off" aria-describedby="point-hint";
                p.ends.soft { span { (visit.t("evaluation-lax")) } span { (visit.t("evaluation-strict")) } }
            }
            div.actions {
                button.second type="submit" { (visit.t("evaluation-read")) }
                button type="submit" formaction=(to("agreement")) { (visit.t("evaluation-use")) }
            }
        }
        div.cards {
            section.card {
                h2 { (visit.t("evaluation-here")) }
                div #reading role="status" { (reading(visit, one, done, point)) }
                p.hint { (visit.t("evaluation-here-text")) }
            }
            section.card { div #det.plot { (figures::at(visit, &done.card, point)) } }
        }
        div.actions { a.button.second href=(visit.to(&format!("/evaluation/{}", one.number))) { (visit.t("back")) } }
    }
}

/// The four rates.
fn reading(visit: &Visit, one: &One, done: &Done, point: &OperatingPoint) -> Markup {
    let comparison = match moved(one.wanted.agreement.terms(), point) {
        Some(terms) => terms::comparison(visit, &terms.comparison),
        None => number(point.threshold),
    };
    let agreed = point.threshold == done.card.terms.threshold;
    let counted = |rate: &Proportion, key: &str| {
        let [errors, trials] = [rate.errors, rate.trials].map(|count| visit.words.number(count).into());
        html! { strong { (tables::rate(visit, rate)) } br; span.soft { (visit.with(key, &[("errors", errors), ("trials", trials)])) } }
    };
    let searched = |rate: &Option<Proportion>, key: &str| match rate {
        Some(rate) => counted(rate, key),
        None => html! { (visit.t("evaluation-no-mates")) },
    };
    facts([
        Row::new(
            visit.t("agreement-hit"),
            html! { (comparison) @if agreed { " " strong { (visit.t("evaluation-agreed")) } } },
        ),
        Row::new("FMR".to_owned(), counted(&point.fmr, "evaluation-fmr-counted")),
        Row::new("FNMR".to_owned(), counted(&point.fnmr, "evaluation-fnmr-counted")),
        Row::new("FPIR".to_owned(), searched(&point.fpir, "evaluation-fpir-counted")),
        Row::new("FNIR".to_owned(), searched(&point.fnir, "evaluation-fnir-counted")),
    ])
}
