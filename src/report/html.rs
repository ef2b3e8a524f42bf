//! A page as HTML. Every text is escaped by `maud`.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::draw::{Drawing, drawing};
use super::{Block, Figure, Page, Section, Table};

/// How pages look, on screen and on paper.
const STYLE: &str = include_str!("page.css");

/// What a page may load: nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

impl Page {
    /// The page as one HTML document.
    pub fn html(&self) -> String {
        document(self)
    }
}

impl Figure {
    /// The picture with its legend and caption, to stand in a page of somebody else's.
    pub fn fragment(&self) -> String {
        figure(self).into_string()
    }
}

fn document(page: &Page) -> String {
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (page.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    header {
                        h1 { (page.title) }
                        @if !page.lead.is_empty() { p.lead { (page.lead) } }
                    }
                    @for part in &page.sections { (section(part)) }
                    @if !page.facts.is_empty() { (facts(&page.facts)) }
                }
            }
        }
    };
    markup.into_string()
}

fn section(section: &Section) -> Markup {
    html! {
        section {
            h2 { (section.heading) }
            @for part in &section.blocks { (block(part)) }
        }
    }
}

fn block(block: &Block) -> Markup {
    match block {
        Block::Text(text) => html! { p { (text) } },
        Block::Warning(text) => html! { p.warning role="note" { strong { "Warning. " } (text) } },
        Block::Table(content) => table(content),
        Block::Figures(all) => html! { div.figures { @for one in all { (figure(one)) } } },
        Block::List(points) => html! { ul { @for point in points { li { (point) } } } },
    }
}

fn table(table: &Table) -> Markup {
    let columns = table.rows.iter().map(Vec::len).fold(table.head.len(), usize::max);
    let class = |column: usize| table.numeric.contains(&column).then_some("numeric");
    let cell = |cells: &[String], column: usize| cells.get(column).cloned().unwrap_or_default();
    html! {
        div.table {
            table.wide[columns > 8] {
                @if !table.caption.is_empty() { caption { (table.caption) } }
                thead { tr { @for column in 0..columns { th scope="col" class=[class(column)] { (cell(&table.head, column)) } } } }
                tbody {
                    @for row in &table.rows {
                        tr { @for column in 0..columns { td class=[class(column)] { (cell(row, column)) } } }
                    }
                }
            }
        }
    }
}

fn figure(figure: &Figure) -> Markup {
    let Drawing { picture, legend, left_out } = drawing(&figure.plot, &figure.caption);
    html! {
        figure {
            @match picture {
                Some(picture) => (PreEscaped(picture)),
                None => p.nothing { "no data" },
            }
            @if !legend.is_empty() {
                ul.legend { @for (key, name) in &legend { li { (PreEscaped(key)) span { (name) } } } }
            }
            figcaption {
                (figure.caption)
                @if !left_out.is_empty() { " (" (left_out.join("; ")) ".)" }
            }
        }
    }
}

/// Where the numbers come from.
fn facts(facts: &[(String, String)]) -> Markup {
    html! {
        footer {
            h2 { "How this was made" }
            dl { @for (what, value) in facts { dt { (what) } dd { (value) } } }
        }
    }
}
