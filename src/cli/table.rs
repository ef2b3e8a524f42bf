//! Tables of comma-separated values that spreadsheets read as what they are, whatever their locale's delimiter.
//!
//! Ids and justifications are another party's to choose. A spreadsheet computes what begins like a formula, and one whose locale takes a
//! semicolon or a tab for the delimiter sees cells where we see one. So a text is taken apart at every delimiter that some locale has; a
//! part that begins like a formula gets an apostrophe before it. One that begins with an apostrophe gets another: what was written can be
//! told from what was added.

use std::io::{self, Write};

/// A value of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Somebody's words.
    Text(String),
    /// A number of ours, a digest, a time, a word from a fixed set: as it is.
    Plain(String),
    /// Nothing.
    Empty,
}

impl Cell {
    /// A number, where there is one.
    pub fn number(number: Option<impl ToString>) -> Self {
        number.map_or(Self::Empty, |number| Self::Plain(number.to_string()))
    }

    /// As it stands in the table.
    fn written(&self) -> String {
        match self {
            Self::Text(text) => quoted(&defused(text)),
            Self::Plain(text) => quoted(text),
            Self::Empty => String::new(),
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Writes a line.
pub fn write_row(out: &mut dyn Write, cells: impl IntoIterator<Item = Cell>) -> io::Result<()> {
    let cells: Vec<String> = cells.into_iter().map(|cell| cell.written()).collect();
    writeln!(out, "{}", cells.join(","))
}

/// Where a spreadsheet of some locale, or one that is asked to, ends a cell.
fn is_delimiter(c: char) -> bool {
    matches!(c, ',' | ';' | '\t' | '|' | '\n' | '\r')
}

/// What begins a formula, also in full width, and our own mark.
fn begins_a_formula(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@' | '\u{ff1d}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff20}' | '\u{2212}' | '\'')
}

/// What is passed over before a cell's first sign: spaces, quotes of the delimiter's, signs without width.
fn is_passed_over(c: char) -> bool {
    c == '"' || c.is_whitespace() || c.is_control() || matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}')
}

/// A text of which no part is a formula.
fn defused(text: &str) -> String {
    let defuse = |part: &str| match part.trim_start_matches(is_passed_over).starts_with(begins_a_formula) {
        true => format!("'{part}"),
        false => part.to_owned(),
    };
    text.split_inclusive(is_delimiter).map(defuse).collect()
}

/// In quotes, where something in it could end the cell.
fn quoted(text: &str) -> String {
    match text.contains(|c: char| is_delimiter(c) || c == '"') {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts that a spreadsheet would compute, as a whole or in part.
    const HOSTILE: [&str; 17] = [
        "=HYPERLINK(\"http://x\")",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        " =1",
        "\u{ff1d}1",
        "\u{feff}=1",
        "a;=1",
        "a;\"=1\";b",
        "a\t=cmd|' /C calc'!A0",
        "a,=1",
        "a\n=1",
        "a|=1",
        "\"=1",
        "a;\u{200b}=1",
    ];

    fn row(cells: &[Cell]) -> String {
        let mut out = Vec::new();
        write_row(&mut out, cells.iter().cloned()).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// The cells that a spreadsheet sees whose delimiter is `by`, or is found as people do who know of no quotes.
    fn seen(line: &str, by: u8) -> Vec<Vec<String>> {
        let mut reader =
            csv::ReaderBuilder::new().delimiter(by).has_headers(false).flexible(true).from_reader(line.as_bytes());
        let quoted = reader.records().map(|cells| cells.unwrap().iter().map(str::to_owned).collect());
        let blunt = line.split([char::from(by), '\n', '\r']).map(str::to_owned).collect();
        quoted.chain([blunt]).collect()
    }

    #[test]
    fn no_cell_is_a_formula_whatever_the_locale_takes_for_a_delimiter() {
        for text in HOSTILE {
            let line = row(&[Cell::Plain("1".into()), text.into(), "end".into()]);
            for cell in [b',', b';', b'\t', b'|'].into_iter().flat_map(|by| seen(&line, by)).flatten() {
                let first = cell.chars().find(|c| !is_passed_over(*c));
                assert!(!first.is_some_and(|c| c != '\'' && begins_a_formula(c)), "{text:?}: {line:?}: {cell:?}");
            }
        }
    }

    #[test]
    fn what_was_written_can_be_told_from_what_was_added() {
        let restored = |text: &str| -> String {
            let parts = text.split_inclusive(is_delimiter);
            parts.map(|part| part.strip_prefix('\'').unwrap_or(part)).collect()
        };
        for text in HOSTILE.into_iter().chain(["'=1", "''", "o'neill", "a;'b", "plain", "", "file 7/2026"]) {
            assert_eq!(restored(&defused(text)), text);
            let line = row(&["x".into(), text.into(), "y".into()]);
            assert_eq!(seen(&line, b',')[0], ["x", &defused(text), "y"]);
        }
    }

    #[test]
    fn numbers_and_plain_texts_are_as_they_are() {
        assert_eq!(row(&[Cell::number(Some(-4)), "file 7".into(), Cell::number(None::<u64>)]), "-4,file 7,\n");
    }
}
