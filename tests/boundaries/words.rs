//! The compiler's words without what differs from machine to machine, or with a line that moves in another file.

use std::path::{Path, PathBuf};

/// Of these lines nothing is recorded: they name a file that the compiler has written.
const ASIDES: [&str; 2] = ["= note: the full name for the type has been written", "= note: consider using `--verbose`"];

/// Folders that have other names elsewhere.
pub struct Places {
    root: PathBuf,
    cargo: PathBuf,
}

impl Places {
    pub fn here() -> Self {
        let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
        let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo"))).unwrap();
        Self { root: env!("CARGO_MANIFEST_DIR").into(), cargo: home.join("registry/src") }
    }
}

/// What is recorded of the words about a program.
pub fn normal(words: &str, program: &Path, places: &Places) -> String {
    let mut diagnostics = Vec::new();
    for diagnostic in words.split("\n\n") {
        if !["error: aborting", "Some errors have", "For more information"]
            .iter()
            .any(|end| diagnostic.starts_with(end))
        {
            diagnostics.push(diagnostic_of(diagnostic, program, places));
        }
    }
    format!("{}\n", diagnostics.join("\n\n").trim_end())
}

fn diagnostic_of(diagnostic: &str, program: &Path, places: &Places) -> String {
    let program = program.to_str().unwrap();
    // Numbers of lines stand in the margin: those of the program stay.
    let mut lines: Vec<(Option<String>, String)> = Vec::new();
    let mut of_program = false;
    let mut margin = 0;
    for line in diagnostic.lines() {
        let text = line.trim_start();
        if let Some((arrow, place)) = ["--> ", "::: "].iter().find_map(|arrow| Some((arrow, text.strip_prefix(arrow)?)))
        {
            margin = line.len() - text.len();
            of_program = place.starts_with(program);
            let place = if of_program { place.to_owned() } else { general(place, places) };
            lines.push((Some(String::new()), format!("{arrow}{place}")));
            continue;
        }
        if ASIDES.iter().any(|aside| text.starts_with(aside)) {
            continue;
        }
        let number = line.get(..margin).map_or("", str::trim);
        let in_margin = margin > 0 && number.bytes().all(|byte| byte.is_ascii_digit());
        if in_margin && line.get(margin..).is_some_and(|rest| rest.starts_with(' ')) {
            let number = if of_program { number.to_owned() } else { String::new() };
            lines.push((Some(number), counted(&line[margin..])));
        } else {
            lines.push((None, line.to_owned()));
        }
    }
    let width = lines.iter().filter_map(|(number, _)| number.as_ref().map(String::len)).max().unwrap_or_default();
    let line = |(number, text): &(Option<String>, String)| match number {
        Some(number) => format!("{number:>width$}{text}"),
        None => text.clone(),
    };
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A place in another file: without line and column, the package without its version.
fn general(place: &str, places: &Places) -> String {
    let file = place.rsplitn(3, ':').last().unwrap_or_default();
    let path = Path::new(file);
    if let Ok(below) = path.strip_prefix(&places.root) {
        return below.display().to_string();
    }
    let Ok(below) = path.strip_prefix(&places.cargo) else { return file.to_owned() };
    // The index, then the package with its version.
    let mut parts = below.components().skip(1).map(|part| part.as_os_str().to_string_lossy());
    let package = parts.next().unwrap_or_default();
    let name = package.rsplit_once('-').map_or(&*package, |(name, _)| name);
    let rest: Vec<_> = parts.collect();
    format!("$CARGO/{name}-$VERSION/{}", rest.join("/"))
}

/// `and 12 others` changes with every dependency.
fn counted(line: &str) -> String {
    let words: Vec<&str> = line.trim_start().split(' ').collect();
    match words.as_slice() {
        ["and", count, "others"] if count.parse::<usize>().is_ok() => line.replacen(count, "$N", 1),
        _ => line.to_owned(),
    }
}
