//! A list of pairs as benchmarks have them: two names, and whether they are of one person. Read, and looked up among templates.
//!
//! One pair a line, its fields apart by commas, semicolons, tabs or spaces:
//!
//! | fields | source |
//! |---|---|
//! | `a, b, 1`; also `same`, `genuine`, `0`, `different`, `impostor` | IJB and most others |
//! | `1, a, b` | VoxCeleb and others of speech |
//! | `name 1 4` for `name_0001` and `name_0004`, one person; `name 1 other 2`, two | LFW (Huang and others, 2007), `pairs.txt` |
//!
//! Which it is, is decided for the whole file. Heads are passed over: names of columns, and LFW's numbers of folds and pairs.

use std::borrow::Cow;

use super::kind::Kind;
use crate::remedy::Remedy;
use crate::template::{RecordError, SubjectId};

/// A pair of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedPair {
    /// Its line, from 1.
    pub line: usize,
    /// Names of the probe and of the reference.
    pub names: [SubjectId; 2],
    /// What the list says it is evidence for.
    pub kind: Kind,
}

/// Why a list cannot be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PairListError {
    /// Not UTF-8.
    #[error("is no text in UTF-8")]
    NotText,
    /// Nothing in it.
    #[error("has no pair in it")]
    Empty,
    /// A line that is no pair.
    #[error("line {line}: {fields} fields, which is no pair of two names and a label")]
    Fields {
        /// The line, from 1.
        line: usize,
        /// Its fields.
        fields: usize,
    },
    /// A word that says neither.
    #[error("line {line}: '{word}' is neither same nor different")]
    Label {
        /// The line, from 1.
        line: usize,
        /// The word.
        word: String,
    },
    /// A number of an image that is none.
    #[error("line {line}: '{word}' is no number of an image")]
    Number {
        /// The line, from 1.
        line: usize,
        /// The word.
        word: String,
    },
    /// A name that cannot be an id.
    #[error("line {line}: {error}")]
    Name {
        /// The line, from 1.
        line: usize,
        /// Why.
        error: RecordError,
    },
}

impl Remedy for PairListError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::NotText => "save it as UTF-8",
            Self::Empty | Self::Fields { .. } => {
                "write one pair a line: name1,name2,same or name1,name2,different; or as LFW does, name 1 4"
            }
            Self::Label { .. } => "write 1, same or genuine; 0, different or impostor",
            Self::Number { .. } => "write lines as LFW does, name 1 4 or name 1 other 2; or name1,name2,same",
            Self::Name { .. } => "write the ids of the templates",
        };
        Some(remedy.into())
    }
}

/// Reads a list.
///
/// # Errors
///
/// [`PairListError`] with the line at fault.
pub fn pair_list(bytes: &[u8]) -> Result<Vec<ListedPair>, PairListError> {
    let text = std::str::from_utf8(bytes).map_err(|_| PairListError::NotText)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.lines().enumerate().map(|(index, line)| Line { number: index + 1, fields: fields(line) });
    let mut lines: Vec<Line<'_>> = lines.filter(|line| !line.fields.is_empty()).collect();
    // Folds, and pairs in each.
    let heads =
        lines.iter().take_while(|line| line.fields.len() < 3 && line.fields.iter().all(|f| is_number(f))).count();
    lines.drain(..heads);
    let form = Form::of(&lines);
    if form.is_heading(&lines) {
        lines.remove(0);
    }
    if lines.is_empty() {
        return Err(PairListError::Empty);
    }
    lines.iter().map(|line| form.pair(line)).collect()
}

/// A line that is not empty.
struct Line<'a> {
    number: usize,
    fields: Vec<&'a str>,
}

/// Without quotes and the white space around them; nothing of a comment.
fn fields(line: &str) -> Vec<&str> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Vec::new();
    }
    match [',', ';', '\t'].into_iter().find(|&separator| line.contains(separator)) {
        Some(separator) => line.split(separator).map(bare).collect(),
        None => line.split_whitespace().map(bare).collect(),
    }
}

fn bare(field: &str) -> &str {
    let field = field.trim();
    field.strip_prefix('"').and_then(|inside| inside.strip_suffix('"')).unwrap_or(field)
}

fn is_number(field: &str) -> bool {
    !field.is_empty() && field.bytes().all(|byte| byte.is_ascii_digit())
}

/// What a column of labels is called, where that is a label too.
const HEADINGS: [&str; 3] = ["same", "genuine", "match"];

/// Labels under such a heading.
const SIGNS: [&str; 5] = ["1", "0", "-1", "true", "false"];

/// How lines say what they say.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    LabelLast,
    LabelFirst,
    NumberedImages,
}

impl Form {
    fn of(lines: &[Line<'_>]) -> Self {
        // The first line may be a heading.
        let all = |of: &dyn Fn(&Line<'_>) -> bool| lines.iter().skip(usize::from(lines.len() > 1)).all(of);
        let labelled = |place: usize| {
            all(&move |line| {
                line.fields.len() == 3 && line.fields.get(place).is_some_and(|field| label(field).is_some())
            })
        };
        let numbered = |line: &Line<'_>| match line.fields.as_slice() {
            [_, a, b] => is_number(a) && is_number(b),
            [_, a, _, b] => is_number(a) && is_number(b),
            _ => false,
        };
        match () {
            () if labelled(2) => Self::LabelLast,
            () if labelled(0) => Self::LabelFirst,
            () if all(&numbered) || lines.iter().any(|line| line.fields.len() == 4) => Self::NumberedImages,
            () => Self::LabelLast,
        }
    }

    /// Whether the first line names columns: it is no pair and has neither number nor label; or its label is the name of a column, and those
    /// of all other lines are numbers or truth values.
    fn is_heading(self, lines: &[Line<'_>]) -> bool {
        let [first, others @ ..] = lines else { return false };
        let word = |line: &Line<'_>| match (self, line.fields.as_slice()) {
            (Self::LabelLast, [.., word]) | (Self::LabelFirst, [word, ..]) => word.to_lowercase(),
            _ => String::new(),
        };
        let names_nothing = first.fields.iter().all(|field| !is_number(field) && label(field).is_none());
        let column =
            HEADINGS.contains(&word(first).as_str()) && others.iter().all(|line| SIGNS.contains(&word(line).as_str()));
        !others.is_empty() && (column || (self.pair(first).is_err() && names_nothing))
    }

    fn pair(self, line: &Line<'_>) -> Result<ListedPair, PairListError> {
        let number = line.number;
        let name = |name: &str| {
            SubjectId::try_from(name.to_owned()).map_err(|error| PairListError::Name { line: number, error })
        };
        let labelled = |a: &str, b: &str, word: &str| {
            let kind = label(word).ok_or_else(|| PairListError::Label { line: number, word: shown(word) })?;
            Ok(ListedPair { line: number, names: [name(a)?, name(b)?], kind })
        };
        let image = |person: &str, image: &str| match image.parse::<u32>() {
            Ok(image) => name(&format!("{person}_{image:04}")),
            Err(_) => Err(PairListError::Number { line: number, word: shown(image) }),
        };
        match (self, line.fields.as_slice()) {
            (Self::LabelLast, &[a, b, word]) | (Self::LabelFirst, &[word, a, b]) => labelled(a, b, word),
            (Self::NumberedImages, &[person, a, b]) => {
                Ok(ListedPair { line: number, names: [image(person, a)?, image(person, b)?], kind: Kind::Genuine })
            }
            (Self::NumberedImages, &[one, a, other, b]) => {
                Ok(ListedPair { line: number, names: [image(one, a)?, image(other, b)?], kind: Kind::Impostor })
            }
            (_, fields) => Err(PairListError::Fields { line: number, fields: fields.len() }),
        }
    }
}

/// What a word says of a pair.
fn label(word: &str) -> Option<Kind> {
    match word.to_lowercase().as_str() {
        "1" | "same" | "genuine" | "true" | "match" | "mated" => Some(Kind::Genuine),
        "0" | "-1" | "different" | "impostor" | "imposter" | "false" | "mismatch" | "nonmatch" | "non-match" => {
            Some(Kind::Impostor)
        }
        _ => None,
    }
}

/// The beginning of a word that is not understood.
fn shown(word: &str) -> String {
    word.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String, Kind)> {
        let name = |id: &SubjectId| id.as_str().to_owned();
        let pairs = pair_list(text.as_bytes()).unwrap();
        pairs.iter().map(|pair| (name(&pair.names[0]), name(&pair.names[1]), pair.kind)).collect()
    }

    #[test]
    fn one_list_is_read_however_it_is_written() {
        let expected = read("a,b,1\na,c,0\n");
        assert_eq!(
            expected,
            [("a", "b", Kind::Genuine), ("a", "c", Kind::Impostor)].map(|(a, b, k)| (a.into(), b.into(), k))
        );
        for text in [
            "a b same\na c different",
            "\u{feff}a\tb\tgenuine\r\na\tc\timpostor\r\n",
            "\"a\", \"b\", Match\n\n# a comment\n\"a\", \"c\", mismatch\n",
            "file1,file2,same\na,b,TRUE\na,c,FALSE",
            "probe;reference;label\na;b;1\na;c;-1",
            "1 a b\n0 a c",
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn lists_of_lfw_are_read_with_their_head_of_folds() {
        let expected = [
            ("Abel_Pacheco_0001".to_owned(), "Abel_Pacheco_0004".to_owned(), Kind::Genuine),
            ("Abdel_Madi_0001".to_owned(), "Dean_Barker_0012".to_owned(), Kind::Impostor),
        ];
        for head in ["", "10\t300\n", "300\n"] {
            assert_eq!(
                read(&format!("{head}Abel_Pacheco\t1\t4\nAbdel_Madi\t1\tDean_Barker\t12\n")),
                expected,
                "{head}"
            );
        }
        assert_eq!(read("Abel_Pacheco 1 4\nAkhmed_Zakayev 1 3")[1].1, "Akhmed_Zakayev_0003");
        // As Kaggle has it.
        assert_eq!(read("name,imagenum1,imagenum2\nAbel_Pacheco,1,4\nAkhmed_Zakayev,1,3").len(), 2);
    }

    #[test]
    fn numbers_may_be_names_where_the_last_field_is_a_label() {
        assert_eq!(
            read("17,42,1\n17,3,0"),
            [("17".into(), "42".into(), Kind::Genuine), ("17".into(), "3".into(), Kind::Impostor)]
        );
    }

    #[test]
    fn what_is_no_list_of_pairs_is_refused_by_line() {
        for (text, error) in [
            (&b"a,b,1\na,c,maybe"[..], PairListError::Label { line: 2, word: "maybe".to_owned() }),
            (b"a,b,1\na,b", PairListError::Fields { line: 2, fields: 2 }),
            (b"Abel 1 4\nAbel 1 Dean two", PairListError::Number { line: 2, word: "two".to_owned() }),
            (b"", PairListError::Empty),
            (b"\xff\xfe", PairListError::NotText),
        ] {
            assert_eq!(pair_list(text), Err(error));
        }
        assert!(matches!(pair_list(b"a,,1\n"), Err(PairListError::Name { line: 1, .. })));
    }
}
