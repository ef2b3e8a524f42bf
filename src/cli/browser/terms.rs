//! The agreements of a party, in words, with a picture of who holds what and what crosses.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};

use super::page::{Row, Visit, facts, fingerprint};
use crate::agreement::{ComparisonTerms, Disclosure, ServiceTerms};
use crate::planning;
use crate::scheme::Opened;
use crate::service::audit::Role;

/// The page of these agreements.
pub fn pages(agreements: Vec<Opened>) -> Router {
    Router::new().route("/agreement", get(show)).with_state(Arc::new(agreements))
}

async fn show(State(agreements): State<Arc<Vec<Opened>>>, visit: Visit) -> Response {
    let content = html! {
        p.lead { (visit.t("agreement-text")) }
        (picture(&visit))
        @for agreement in agreements.iter() { (one(&visit, agreement)) }
    };
    visit.page(&visit.t("agreement"), content)
}

/// Who holds what, and what crosses; told in words below it.
fn picture(visit: &Visit) -> Markup {
    let querier = visit.about.role == Role::Querier;
    let (left, right) = (visit.t("picture-querier"), visit.t("picture-custodian"));
    let here = |own: bool| if own { format!(" ({})", visit.t("picture-here")) } else { String::new() };
    html! {
        section.card aria-labelledby="picture-title" {
            h2 #picture-title { (visit.t("picture")) }
            div.picture.parties {
                div.party {
                    h3 { (left) (here(querier)) }
                    ul { li { (visit.t("picture-key")) } li { (visit.t("picture-probes")) } li { (visit.t("picture-verdicts")) } }
                }
                div.crossing {
                    p { (visit.t("picture-sent")) " " span aria-hidden="true" { "\u{2192}" } }
                    p { span aria-hidden="true" { "\u{2190}" } " " (visit.t("picture-answered")) }
                }
                div.party {
                    h3 { (right) (here(!querier)) }
                    ul { li { (visit.t("picture-gallery")) } li { (visit.t("picture-ids")) } li { (visit.t("picture-log")) } }
                }
            }
            p { (visit.t("picture-text")) }
        }
    }
}

/// One of them, in words.
pub fn one(visit: &Visit, agreement: &Opened) -> Markup {
    let terms = agreement.terms();
    let words = visit.words;
    let rows = [
        Row::new(
            visit.t("agreement-parties"),
            visit.with(
                "agreement-parties-text",
                &[("querier", terms.querier.as_str().into()), ("custodian", terms.custodian.as_str().into())],
            ),
        ),
        Row::new(visit.t("agreement-digest"), fingerprint(&agreement.digest().to_string())),
        Row::new(visit.t("shape"), html! { span lang="en" { (agreement.shape()) } }),
        Row::new(visit.t("agreement-hit"), comparison(visit, &terms.comparison)),
        Row::new(
            visit.t("agreement-disclosure"),
            visit.t(match terms.disclosure {
                Disclosure::Any => "disclosure-any",
                Disclosure::Each => "disclosure-each",
                Disclosure::Count => "disclosure-count",
                Disclosure::Labelled => "disclosure-labelled",
            }),
        ),
        Row::new(visit.t("agreement-custodian-learns"), visit.t("custodian-learns")),
        Row::new(
            visit.t("agreement-encryption"),
            visit.with(
                "agreement-encryption-text",
                &[
                    ("scheme", agreement.scheme().to_string().into()),
                    ("set", agreement.parameters().name().to_owned().into()),
                    ("bits", words.decimal(agreement.parameters().security_bits().floor(), 0).into()),
                ],
            ),
        ),
        Row::new(
            visit.t("agreement-exact"),
            visit.t(if agreement.functional().is_exact() { "exact" } else { "nearly-exact" }),
        ),
        Row::new(
            visit.t("agreement-limits"),
            visit.with(
                "agreement-limits-text",
                &[
                    ("references", words.number(terms.limits.references as u64).into()),
                    ("probes", words.number(terms.limits.probes_per_query as u64).into()),
                ],
            ),
        ),
    ];
    html! {
        section.card {
            h2 { (terms.title) }
            (facts(rows.into_iter().chain(terms.service.iter().flat_map(|service| served(visit, service)))))
            details {
                summary { (visit.t("agreement-full")) }
                p.hint { (visit.t("agreement-full-text")) }
                ul lang="en" { @for sentence in planning::sentences(agreement) { li { (sentence) } } }
            }
        }
    }
}

/// What a hit is.
pub fn comparison(visit: &Visit, terms: &ComparisonTerms) -> String {
    let with = |key: &str, threshold: String| visit.with(key, &[("threshold", threshold.into())]);
    match terms {
        ComparisonTerms::Cosine { threshold, .. } => with("hit-cosine", threshold.to_string()),
        ComparisonTerms::InnerProduct { threshold, .. } => with("hit-inner-product", threshold.to_string()),
        ComparisonTerms::SquaredEuclidean { threshold, .. } => with("hit-squared-euclidean", threshold.to_string()),
        ComparisonTerms::Hamming { threshold } => with("hit-hamming", threshold.to_string()),
        ComparisonTerms::FractionalHamming { threshold, minimum_common_bits, rotations, .. } => visit.with(
            "hit-fractional-hamming",
            &[
                ("threshold", threshold.to_string().into()),
                ("common", visit.words.number((*minimum_common_bits).into()).into()),
                ("rotations", visit.words.number((*rotations).into()).into()),
            ],
        ),
    }
}

/// What was agreed on asking.
pub fn served(visit: &Visit, service: &ServiceTerms) -> Vec<Row> {
    let words = visit.words;
    let codes = |all: Vec<String>| if all.is_empty() { "\u{2013}".to_owned() } else { all.join(", ") };
    vec![
        Row::new(visit.t("agreement-purposes"), codes(service.purposes.iter().map(ToString::to_string).collect())),
        Row::new(
            visit.t("agreement-required"),
            codes(
                service
                    .required
                    .iter()
                    .map(|field| {
                        visit.t(match field {
                            crate::agreement::RequestField::Justification => "justification",
                            crate::agreement::RequestField::CaseCategory => "case-category",
                            crate::agreement::RequestField::Officer => "officer",
                        })
                    })
                    .collect(),
            ),
        ),
        Row::new(
            visit.t("agreement-quotas"),
            visit.with(
                "agreement-quotas-text",
                &[
                    ("day", words.number(service.probes_per_day).into()),
                    ("year", words.number(service.probes_per_year).into()),
                    ("bits", words.number(service.bits_per_gallery_version).into()),
                ],
            ),
        ),
        Row::new(
            visit.t("agreement-kept"),
            visit.with(
                "agreement-kept-text",
                &[
                    ("keys", words.counted("days", service.key_days.into()).into()),
                    ("answers", words.counted("days", service.answer_days.into()).into()),
                    ("logs", words.counted("days", service.log_days.into()).into()),
                ],
            ),
        ),
    ]
}
