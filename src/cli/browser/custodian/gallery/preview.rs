//! What a change would do, before anything is written: how many, whom, what is refused, and whether it can be taken back.

use std::time::Duration;

use maud::{Markup, html};

use super::super::change::{Append, Change, Leaving, Remove, What};
use super::super::held::Held;
use super::super::parts::listed;
use crate::cli::browser::page::{self, Row, Visit, bar, facts};

/// Lines that are shown of one list.
const SHOWN: usize = 50;

/// What it would do, or has done.
pub fn shown(visit: &Visit, held: &Held, change: &Change) -> Markup {
    match &change.what {
        What::Append(append) => appended(visit, held, append),
        What::Remove(remove) => removed(visit, remove),
    }
}

fn appended(visit: &Visit, held: &Held, append: &Append) -> Markup {
    let outlook = &append.outlook;
    let number = |count: usize| visit.words.number(count as u64);
    let earlier = if append.replace { "append-replaced" } else { "append-more" };
    let limit = held.agreement.terms().limits.references as u64;
    html! {
        section.card {
            h2 { (visit.t("append-what")) }
            (facts([
                Some(Row::new(visit.t("file"), format!("{}, {}", append.name, visit.words.bytes(append.bytes)))),
                Some(Row::new(visit.t("records"), number(outlook.given))),
                Some(Row::new(visit.t("append-new"), number(outlook.new.len()))),
                Some(Row::new(visit.t(earlier), number(outlook.earlier.len()))),
                append.replace.then(|| Row::new(visit.t("append-unchanged"), number(outlook.unchanged))),
                Some(Row::new(visit.t("append-references"), number(outlook.references))),
                Some(Row::new(visit.t("refused"), number(outlook.refused.len()))),
                (!outlook.failed.is_empty()).then(|| Row::new(visit.t("append-failed"), number(outlook.failed.len()))),
            ].into_iter().flatten()))
            (bar(visit, &visit.t("append-room"), outlook.references_after as u64, limit))
            (details(visit, "append-new", &outlook.new, |id| html! { (id) }))
            (details(visit, earlier, &outlook.earlier, |one| html! {
                (visit.with(if append.replace { "append-instead" } else { "append-earlier" }, &[
                    ("id", one.id.to_string().into()),
                    ("has", number(one.has).into()),
                    ("comes", number(one.comes).into()),
                ]))
            }))
            div lang="en" { (reasons(visit, "append-refused", &outlook.refused)) (reasons(visit, "append-failed", &outlook.failed)) }
        }
        @if !outlook.refused.is_empty() && !append.skip { (page::warning(&visit.t("append-refused-all"))) }
        @if outlook.references == 0 { (page::note(&visit.t("change-nothing"))) }
    }
}

fn details<T>(visit: &Visit, key: &str, all: &[T], line: impl Fn(&T) -> Markup) -> Markup {
    html! {
        @if !all.is_empty() { details { summary { (visit.t(key)) } (listed(visit, all, SHOWN, line)) } }
    }
}

fn reasons(visit: &Visit, key: &str, all: &[String]) -> Markup {
    html! {
        @if !all.is_empty() {
            h3 lang=(visit.words.tag()) { (visit.t(key)) }
            (listed(visit, all, SHOWN, |reason| html! { (reason) }))
        }
    }
}

fn removed(visit: &Visit, remove: &Remove) -> Markup {
    let Remove { leaving, unknown } = remove;
    let exempt = leaving.iter().filter(|one| one.exempt).count() as u64;
    html! {
        @if !unknown.is_empty() {
            div.notice.problem role="alert" {
                p { strong { (visit.counted("remove-unknown", unknown.len() as u64)) } " " (visit.t("remove-unknown-text")) }
                div lang="en" { (listed(visit, unknown, SHOWN, |id| html! { (id) })) }
            }
        }
        @if !leaving.is_empty() { (table(visit, leaving)) }
        @if exempt > 0 { (page::warning(&visit.counted("remove-exempt", exempt))) }
    }
}

fn table(visit: &Visit, leaving: &[Leaving]) -> Markup {
    let references = leaving.iter().fold(0_u64, |all, one| all.saturating_add(one.references as u64));
    html! {
        div.table tabindex="0" role="region" aria-label=(visit.t("remove-whom")) {
            table {
                caption { (visit.with("remove-caption", &[
                    ("persons", visit.words.number(leaving.len() as u64).into()),
                    ("references", visit.words.number(references).into()),
                ])) }
                thead { tr {
                    th scope="col" { (visit.t("id")) }
                    th.numeric scope="col" { (visit.t("references")) }
                } }
                tbody { @for one in leaving.iter().take(SHOWN) { tr {
                    th scope="row" { (one.id) }
                    td.numeric { (visit.words.number(one.references as u64)) }
                } } }
            }
        }
        @if leaving.len() > SHOWN { p { (visit.counted("and-more", (leaving.len() - SHOWN) as u64)) } }
    }
}

/// Whether it can be taken back, and for how long: said before it is done.
pub fn undoing(visit: &Visit, change: &Change, grace: Duration) -> Markup {
    let seconds = visit.counted("seconds-whole", grace.as_secs());
    html! {
        @match grace.is_zero() {
            true => p { (visit.t("change-at-once")) },
            false => p { (visit.with("change-waits", &[("grace", seconds.into())])) },
        }
        @match change.what.can_be_undone() {
            true => p { (visit.t("change-undo-later")) },
            false => (page::warning(&visit.t("change-undo-never"))),
        }
    }
}
