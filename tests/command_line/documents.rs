//! The reports under `docs/` are what their commands make.

use crate::support::Desk;

const README: &str = include_str!("../../docs/README.md");
const ACCURACY: &str = include_str!("../../docs/accuracy.html");
const COST: &str = include_str!("../../docs/cost.html");

/// The command lines of one report's example, without the program's name; a line that ends with a backslash goes on in the next.
fn commands(report: &str) -> Vec<String> {
    let example = README.split("```text").find(|part| part.contains(&format!("--html {report}"))).unwrap();
    let example = example.split("```").next().unwrap().replace("\\\n", " ");
    example.lines().filter_map(|line| line.strip_prefix("cotejo ")).map(str::to_owned).collect()
}

fn made(report: &str) -> String {
    let desk = Desk::empty();
    commands(report).iter().for_each(|line| drop(desk.ok(line)));
    String::from_utf8(desk.read(report)).unwrap()
}

/// The contents of all elements of a name, in order.
fn elements<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{name}"), format!("</{name}>"));
    let parts = page.split(&open).skip(1);
    let content = parts.filter(|part| part.starts_with(['>', ' '])).map(|part| part.split_once('>').unwrap().1);
    content.map(|part| part.split(&close).next().unwrap()).collect()
}

fn outline(page: &str) -> Vec<&str> {
    ["h1", "h2", "th", "caption"].into_iter().flat_map(|name| elements(page, name)).collect()
}

#[test]
fn the_accuracy_report_is_what_its_command_makes() {
    let page = made("accuracy.html");
    // The number of flips is in a caption.
    let outline = |page| -> Vec<String> {
        outline(page).into_iter().map(|text| text.replace(|c: char| c.is_ascii_digit(), "")).collect()
    };
    assert_eq!(outline(&page), outline(ACCURACY));
    let rows = |page| {
        let rates = elements(page, "table").into_iter().next().unwrap();
        let rows =
            elements(rates, "tr").into_iter().map(|row| elements(row, "td").into_iter().take(3).collect::<Vec<_>>());
        rows.collect::<Vec<_>>()
    };
    assert!(rows(ACCURACY).len() > 10);
    assert_eq!(rows(&page), rows(ACCURACY), "labels, scores as read, integers: they follow from the seed");
}

#[test]
fn the_cost_report_has_what_its_command_makes() {
    let page = made("cost.html");
    assert_eq!(outline(&page), outline(COST));
    assert_eq!(page.matches("<svg").count(), COST.matches("<svg").count());
}
