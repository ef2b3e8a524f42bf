//! Source text without what is no code of the library: comments, strings, and what is compiled into tests alone.

use std::ops::Range;

/// Before whatever is compiled into tests alone.
const OF_TESTS: &str = "#[cfg(test)]";
/// Before a module whose file is not named as the module is.
const PATH: &str = "#[path = ";
/// With these an item begins that may have commas before its end; a field or a match arm ends at the first.
const ITEMS: [&str; 11] =
    ["mod", "use", "fn", "impl", "struct", "enum", "trait", "type", "const", "static", "macro_rules"];

/// A file's code. Offsets and lines are those of the file: what is left out is blank.
pub struct Code {
    pub text: String,
    /// The modules of tests alone that it declares.
    pub test_modules: Vec<Declared>,
}

/// How a file declares that another is a module.
#[derive(Debug, PartialEq)]
pub enum Declared {
    /// By the module's name.
    Named(String),
    /// By the file's, from the folder of the one that declares it.
    At(String),
}

impl Code {
    pub fn of(source: &str) -> Self {
        let mut code = Self { text: without_comments_and_strings(source), test_modules: Vec::new() };
        while let Some(start) = code.text.find(OF_TESTS) {
            let end = end_of_item(&code.text, start + OF_TESTS.len());
            code.test_modules.extend(declared(source, &code.text, start..end));
            code.text = blanked(&code.text, std::iter::once(start..end));
        }
        code
    }
}

/// What `#[cfg(test)] mod name;` declares.
fn declared(source: &str, code: &str, item: Range<usize>) -> Option<Declared> {
    let name = code[item.clone()].strip_suffix(';')?.rsplit_once("mod ")?.1.trim();
    let path = source[item].split_once(PATH).and_then(|(_, rest)| rest.split('"').nth(1));
    Some(path.map_or_else(|| Declared::Named(name.to_owned()), |path| Declared::At(path.to_owned())))
}

/// Where the item, field or statement ends that begins at `start`, perhaps with more attributes.
fn end_of_item(code: &str, start: usize) -> usize {
    let mut depth = 0_usize;
    let mut word = start;
    let mut is_item = false;
    for (at, byte) in code.bytes().enumerate().skip(start) {
        if byte.is_ascii_alphanumeric() || byte == b'_' {
            continue;
        }
        is_item |= ITEMS.contains(&&code[word..at]);
        word = at + 1;
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b'}' if depth == 1 => return at + 1,
            b')' | b']' | b'}' if depth == 0 => return at,
            b')' | b']' | b'}' => depth -= 1,
            b';' if depth == 0 => return at + 1,
            b',' if depth == 0 && !is_item => return at + 1,
            _ => {}
        }
    }
    code.len()
}

fn without_comments_and_strings(source: &str) -> String {
    let mut left_out = Vec::new();
    let mut at = 0;
    while at < source.len() {
        let end = end_of_comment(source, at).or_else(|| end_of_literal(source, at));
        if let Some(end) = end {
            left_out.push(at..end);
        }
        at = end.unwrap_or(at + 1);
    }
    blanked(source, left_out)
}

/// The end of the comment that begins at `start`.
fn end_of_comment(source: &str, start: usize) -> Option<usize> {
    let rest = &source.as_bytes()[start..];
    if rest.starts_with(b"//") {
        return Some(start + rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len()));
    }
    if !rest.starts_with(b"/*") {
        return None;
    }
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        let step = &rest[at..];
        match (step.starts_with(b"/*"), step.starts_with(b"*/")) {
            (true, _) => depth += 1,
            (_, true) => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            break;
        }
    }
    Some(start + at)
}

/// The end of the string or character that begins at `start`; a lifetime is neither.
fn end_of_literal(source: &str, start: usize) -> Option<usize> {
    let bytes = source.as_bytes();
    let rest = &bytes[start..];
    let quoted = |quote: u8| {
        let mut at = start + 1;
        while at < bytes.len() && bytes[at] != quote {
            at += if bytes[at] == b'\\' { 2 } else { 1 };
        }
        Some((at + 1).min(bytes.len()))
    };
    match rest[0] {
        b'"' => quoted(b'"'),
        b'\'' if rest.get(1) == Some(&b'\\') => quoted(b'\''),
        b'\'' => {
            let one = source[start + 1..].chars().next()?.len_utf8();
            (rest.get(1 + one) == Some(&b'\'')).then_some(start + one + 2)
        }
        b'r' if !in_word(bytes, start) => {
            let marks = rest[1..].iter().take_while(|&&byte| byte == b'#').count();
            let text = start + 2 + marks;
            let close = format!("\"{}", "#".repeat(marks));
            (rest.get(1 + marks) == Some(&b'"')).then_some(())?;
            Some(source[text..].find(&close).map_or(source.len(), |length| text + length + close.len()))
        }
        _ => None,
    }
}

/// Whether the letter at `at` goes on a word: the `r` of `for` begins no string, that of `br"..."` does.
fn in_word(bytes: &[u8], at: usize) -> bool {
    let word = |at: usize| bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let Some(before) = at.checked_sub(1) else { return false };
    word(before) && (!matches!(bytes[before], b'b' | b'c') || before.checked_sub(1).is_some_and(word))
}

fn blanked(source: &str, left_out: impl IntoIterator<Item = Range<usize>>) -> String {
    let mut bytes = source.as_bytes().to_vec();
    for byte in left_out.into_iter().flatten() {
        if bytes[byte] != b'\n' {
            bytes[byte] = b' ';
        }
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn comments_strings_and_tests_are_blank_and_lines_stay() {
    let source = r####"
use a::b; // use c::d;
/* outer /* inner */ use e; */ fn f<'a>(x: &'a str) -> char { '"' }
const TEXT: &str = "crate::x \" crate::y"; const RAW: &[u8] = br#"crate::z " "#; for r in 0..1 {}
#[cfg(test)]
mod tests { use g::h; fn t() { if true {} } }
#[cfg(test)]
#[path = "other_file.rs"]
mod declared;
#[cfg(test)]
mod plain;
struct S { #[cfg(test)] pub(super) field: crate::q::Effort, kept: u8 }
#[cfg(test)]
fn generic<A, B>(a: A) -> [u8; 3] { crate::w::w() }
mod last;
"####;
    let code = Code::of(source);
    assert_eq!(code.text.lines().count(), source.lines().count());
    assert_eq!(code.test_modules, [Declared::At("other_file.rs".to_owned()), Declared::Named("plain".to_owned())]);
    let words: Vec<&str> = code.text.split_whitespace().collect();
    let expected = "use a::b; fn f<'a>(x: &'a str) -> char { } const TEXT: &str = ; const RAW: &[u8] = b ; \
        for r in 0..1 {} struct S { kept: u8 } mod last;";
    assert_eq!(words.join(" "), expected);
}
