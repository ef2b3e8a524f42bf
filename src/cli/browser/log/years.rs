//! The transparency report: counts a year, as `cotejo audit transparency` makes them.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, PreEscaped, html};
use serde_json::Value;

use super::{Logged, blocking};
use crate::cli::browser::commands::{self, Deaf};
use crate::cli::browser::page::{self, Row, Visit, facts};
use crate::report::{Axis, Bar, Figure, Marks, Plot, Scale, Series};

/// `GET /log/years`
pub async fn show<L: Logged>(State(owner): State<Arc<L>>, visit: Visit) -> Result<Response, StatusCode> {
    let ran = blocking(move || commands::run(owner.log().audit("transparency", []), Arc::new(Deaf))).await?;
    let title = visit.t("log-years");
    Ok(match ran {
        Err(failure) => visit.refused(&title, page::failure(&visit, &failure)),
        Ok(ran) => {
            let years = ran.document.get("years").and_then(Value::as_array).cloned().unwrap_or_default();
            let sound = ran.document.get("sound").and_then(Value::as_bool) == Some(true);
            let content = html! {
                p.lead { (visit.t("log-years-text")) }
                @if !sound { (page::warning(&visit.t("log-years-unsound"))) }
                @if years.is_empty() { (page::empty(&visit.t("log-empty"))) } @else { (plots(&visit, &years)) }
                @for year in years.iter().rev() { (one(&visit, year)) }
            };
            visit.page(&title, content)
        }
    })
}

fn number(of: &Value, name: &str) -> u64 {
    of.get(name).and_then(Value::as_u64).unwrap_or_default()
}

fn usage(year: &Value) -> Vec<Value> {
    year.get("usage").and_then(Value::as_array).cloned().unwrap_or_default()
}

/// A bar a year, of requests and of persons.
fn plots(visit: &Visit, years: &[Value]) -> Markup {
    let counted = |name: &'static str| {
        let bar = move |year: &Value| {
            let place = year.get("year").and_then(Value::as_i64).unwrap_or_default() as f64;
            let height = usage(year).iter().map(|usage| number(usage, name)).sum::<u64>() as f64;
            Bar { from: place - 0.4, to: place + 0.4, height }
        };
        Marks::Bars(years.iter().map(bar).collect())
    };
    let figure = |key: &str, name: &'static str| {
        let label = visit.t(key);
        let plot = Plot {
            x: Axis::new(&visit.t("year"), Scale::Linear),
            y: Axis::new(&label, Scale::Linear),
            series: vec![Series::new(&label, counted(name))],
            ..Plot::default()
        };
        Figure { caption: visit.with("per-year", &[("what", label.into())]), plot }.fragment()
    };
    html! {
        div.figures {
            (PreEscaped(figure("requests", "requests")))
            (PreEscaped(figure("persons", "probes")))
        }
    }
}

fn one(visit: &Visit, year: &Value) -> Markup {
    let name = year.get("year").map(Value::to_string).unwrap_or_default();
    let refusals: u64 = year
        .get("days_with_refusals")
        .and_then(Value::as_object)
        .map(|all| all.values().filter_map(Value::as_object).flat_map(|of| of.values().filter_map(Value::as_u64)).sum())
        .unwrap_or_default();
    let text = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let unanswered = |of: &Value| {
        let all = of.get("unanswered").and_then(Value::as_object);
        all.map(|all| all.values().filter_map(Value::as_u64).sum::<u64>()).unwrap_or_default()
    };
    let rows = [
        Some(Row::new(visit.t("year-refusals"), visit.words.number(refusals))),
        Some(Row::new(visit.t("year-breaker"), visit.words.number(number(year, "breaker_pulled")))),
        year.get("canaries").map(|canaries| {
            let of = |name| visit.words.number(number(canaries, name));
            Row::new(
                visit.t("canaries"),
                visit.with("used-of", &[("used", of("found").into()), ("limit", of("asked").into())]),
            )
        }),
        Some(Row::new(visit.t("year-erased"), visit.words.number(number(year, "erased_contents")))),
    ];
    let incomplete = number(year, "erased_entries");
    html! {
        section.card {
            h2 { (name) }
            @if incomplete > 0 { (page::warning(&visit.counted("year-incomplete", incomplete))) }
            div.table tabindex="0" role="region" aria-label=(name) {
                table {
                    caption { (visit.t("year-usage")) }
                    thead { tr {
                        th scope="col" { (visit.t("requester")) }
                        th scope="col" { (visit.t("purpose")) }
                        th.numeric scope="col" { (visit.t("requests")) }
                        th.numeric scope="col" { (visit.t("persons")) }
                        th.numeric scope="col" { (visit.t("answered")) }
                        th.numeric scope="col" { (visit.t("unanswered")) }
                        th.numeric scope="col" { (visit.t("bits-at-most")) }
                    } }
                    tbody {
                        @for usage in usage(year) {
                            tr {
                                th scope="row" { (text(&usage, "requester")) }
                                td { (text(&usage, "purpose")) }
                                td.numeric { (visit.words.number(number(&usage, "requests"))) }
                                td.numeric { (visit.words.number(number(&usage, "probes"))) }
                                td.numeric { (visit.words.number(number(&usage, "answered"))) }
                                td.numeric { (visit.words.number(unanswered(&usage))) }
                                td.numeric { (visit.words.number(number(&usage, "bits_disclosed"))) }
                            }
                        }
                    }
                }
            }
            (facts(rows.into_iter().flatten()))
        }
    }
}
