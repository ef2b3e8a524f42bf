//! The reports under `docs/` are what their commands make; documents are as wide, and lead where, they say.

use std::path::Path;

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
    made_by(report, &commands(report))
}

fn made_by(report: &str, commands: &[String]) -> String {
    let desk = Desk::empty();
    commands.iter().for_each(|line| drop(desk.ok(line)));
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

/// Every measurement once: what is measured does not depend on how often it is.
#[test]
fn the_cost_report_has_what_its_command_makes() {
    let commands: Vec<String> =
        commands("cost.html").iter().map(|line| line.replace("--repeat 2", "--repeat 1")).collect();
    assert!(commands.iter().any(|line| line.contains("--repeat 1")), "{commands:?}");
    let page = made_by("cost.html", &commands);
    let outline = |page| -> Vec<String> {
        outline(page).into_iter().map(|text| text.replace("of 1 run;", "of 2 runs;")).collect()
    };
    assert_eq!(outline(&page), outline(COST));
    assert_eq!(page.matches("<svg").count(), COST.matches("<svg").count());
}

#[test]
fn the_sizes_of_the_readme_are_those_of_the_commands_that_it_names() {
    let desk = Desk::empty();
    let readme = text("README.md");
    let table = readme.split("What crosses for one face").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.split('|').map(|cell| cell.trim().trim_matches('`')).collect())
        .collect();
    let init = rows[0][5].strip_prefix("cotejo ").unwrap();
    for row in &rows {
        let scheme = row[1];
        let named = if row == &rows[0] { String::new() } else { format!(" --scheme {scheme}") };
        let output = desk.command(&format!("{init}{named} --out {scheme}.toml")).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        // The first is what is taken.
        let sizes = said.lines().find_map(|line| line.strip_prefix("  ")).unwrap();
        let expected = format!("key {} once, query {}, answer {}, ", row[2], row[3], row[4]);
        assert!(sizes.starts_with(scheme) && sizes.contains(&expected), "{row:?}: {said}");
        assert!(said.contains("One probe against 100000 references"), "{said}");
    }
    assert_eq!(rows.iter().map(|row| row[1]).collect::<Vec<_>>(), ["hybrid", "tfhe"]);
}

/// A file of the repository, by its path below the root.
fn text(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The paths of all files below a folder that have an extension.
fn files(folder: &str, extension: &str) -> Vec<String> {
    let entries = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap();
    let entries = entries.map(Result::unwrap).flat_map(|entry| {
        let path = format!("{folder}/{}", entry.file_name().into_string().unwrap());
        if entry.file_type().unwrap().is_dir() { files(&path, extension) } else { vec![path] }
    });
    entries.filter(|path| path.ends_with(extension)).collect()
}

/// The documents, by path.
fn documents() -> Vec<String> {
    let root = ["README", "SECURITY", "ARCHITECTURE", "CONTRIBUTING", "CHANGELOG"].map(|name| format!("./{name}.md"));
    let beside = ["keys", "fuzz", "python", "scripts/security", "tests/command_line/pem"];
    let beside = beside.map(|folder| format!("./{folder}/README.md"));
    root.into_iter().chain(beside).chain(files("./docs", ".md")).collect()
}

/// The lines of a document that are not in a block of code.
fn prose(document: &str) -> Vec<&str> {
    let mut in_code = false;
    let prose = document.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        in_code ^= fence;
        !in_code && !fence
    });
    prose.collect()
}

/// The place that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase().replace(' ', "-");
    kept.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()
}

#[test]
fn documents_have_lines_of_a_hundred_columns() {
    for path in documents() {
        let document = text(&path);
        let wide: Vec<_> = prose(&document).into_iter().filter(|line| line.chars().count() > 100).collect();
        assert!(wide.is_empty(), "{path}:\n{}", wide.join("\n"));
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    for path in documents() {
        let document = text(&path);
        let document = prose(&document).join("\n");
        let links = document.split("](").skip(1).map(|rest| rest.split(')').next().unwrap());
        for link in links.filter(|link| !link.starts_with("http")) {
            let (file, place) = link.split_once('#').unwrap_or((link, ""));
            let folder = Path::new(&path).parent().unwrap().to_str().unwrap();
            let target = if file.is_empty() { path.clone() } else { format!("{folder}/{file}") };
            let there = Path::new(env!("CARGO_MANIFEST_DIR")).join(&target).exists();
            assert!(there, "{path} links to {link}, which is not there");
            if !place.is_empty() {
                let target = text(&target);
                let mut headings =
                    target.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#'));
                assert!(
                    headings.any(|heading| anchor(heading) == place),
                    "{path} links to {link}, which has no such heading"
                );
            }
        }
    }
}

#[test]
fn files_that_documents_name_are_there() {
    // Paths in the document of fuzzing begin at its folder; the changelog speaks of other times.
    let others = ["./fuzz/README.md", "./CHANGELOG.md"];
    for path in documents().into_iter().filter(|path| !others.contains(&path.as_str())) {
        let document = text(&path);
        let document = prose(&document).join("\n");
        let quoted = document.split('`').skip(1).step_by(2);
        let of_ours = |name: &&str| {
            ["src/", "tests/", "docs/", "scripts/", "examples/", "benches/", "python/"]
                .iter()
                .any(|f| name.starts_with(f))
        };
        let plain = |name: &&str| !name.contains(['{', '*', ' ', '\n']);
        for name in quoted.filter(of_ours).filter(plain) {
            assert!(
                Path::new(env!("CARGO_MANIFEST_DIR")).join(name).exists(),
                "{path} names {name}, which is not there"
            );
        }
    }
}

#[test]
fn citations_of_the_protocol_name_sections_that_it_has() {
    let protocol = text("docs/protocol.md");
    let mut citations = 0;
    for path in ["src", "benches"].into_iter().flat_map(|folder| files(folder, ".rs")) {
        // A citation may go on in the next line of a comment.
        let source = text(&path).lines().map(|line| line.trim().trim_start_matches(['/', '!'])).collect::<String>();
        for citation in source.split("docs/protocol.md, section").skip(1) {
            let numbers = citation.trim_start_matches('s').split(')').next().unwrap().split(" and ");
            for number in numbers.map(|number| number.trim().trim_end_matches('.')) {
                let number: String = number.chars().take_while(char::is_ascii_digit).collect();
                assert!(protocol.contains(&format!("\n## {number}. ")), "{path} cites section '{number}'");
                citations += 1;
            }
        }
        assert!(!source.contains("(protocol, section"), "{path} cites a protocol without saying where it is");
    }
    assert!(citations > 10, "{citations} citations: have they another form?");
}
