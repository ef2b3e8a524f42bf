//! The values of a JSON text, one after the other: each on its line, each on several, or in a list that is all of the text.

use std::borrow::Cow;

use serde_json::Value;

use super::super::error::{Place, ReadError, RecordFault};
use super::super::fields::Fields;
use super::super::source::Source;

/// One value of a file, or of a list that is all of it.
pub(super) enum Item {
    Object(Fields),
    /// A vector, where it holds numbers.
    List(Vec<Value>),
}

impl<'de> serde::Deserialize<'de> for Item {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Item;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object or a list")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Item, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Item::Object(fields.into_iter().collect()))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut values: A) -> Result<Item, A::Error> {
                let mut list = Vec::new();
                while let Some(value) = values.next_element()? {
                    list.push(value);
                }
                Ok(Item::List(list))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// Where a value stands, and the value or why it is none.
type Placed = (Place, Result<Item, RecordFault>);

/// Where every value so far has had its line, one without an end on its own is looked for in so many bytes. A damaged line does not take
/// the rest of a file into memory.
const SEVERAL_LINES_BYTES: usize = 1 << 24;

/// Goes from value to value.
pub(super) struct Values<'a> {
    source: Source<'a>,
    /// How many values of a list have come, within one.
    list: Option<usize>,
    line: usize,
    /// Whether every value so far has had its line.
    by_line: bool,
}

impl<'a> Values<'a> {
    pub(super) fn new(source: Source<'a>) -> Self {
        Self { source, list: None, line: 1, by_line: false }
    }

    /// The next value and its place; a fault where it is none, and another begins on a later line.
    pub(super) fn next(&mut self) -> Result<Option<Placed>, ReadError> {
        loop {
            let ink = self.source.next_ink(0)?;
            self.pass(ink.map_or(usize::MAX, |(blank, _)| blank));
            match (ink.map(|(_, byte)| byte), self.list) {
                (None, None) => return Ok(None),
                (None, Some(_)) => return Err(self.at(RecordFault::Json { column: 1 })),
                (Some(b'['), None) if matches!(self.source.next_ink(1)?, Some((_, b'{' | b'[' | b']'))) => {
                    self.list = Some(0)
                }
                (Some(b']'), Some(_)) => self.list = None,
                (Some(b','), Some(1..)) => {}
                _ => return self.value().map(Some),
            }
            self.pass(1);
        }
    }

    fn value(&mut self) -> Result<Placed, ReadError> {
        let place = match &mut self.list {
            None => Place::Line(self.line),
            Some(count) => {
                *count += 1;
                Place::Record(*count)
            }
        };
        let bytes = self.value_bytes()?;
        let value = self.source.ahead(bytes)?.get(..bytes).unwrap_or_default();
        match serde_json::from_slice(&finite(value)) {
            Ok(item) => {
                self.by_line = self.list.is_none() && !value.contains(&b'\n');
                self.pass(bytes);
                Ok((place, Ok(item)))
            }
            Err(error) => {
                // serde_json's own message may quote what it stumbled over.
                let fault = RecordFault::Json { column: error.column().max(1) };
                let Some(next) = self.next_at_line()? else { return Err(self.at(fault)) };
                self.pass(next);
                Ok((place, Err(fault)))
            }
        }
    }

    /// How long the value is that comes next: to the bracket that closes its first, or to the end of the line where it has none.
    fn value_bytes(&mut self) -> Result<usize, ReadError> {
        let limit = if self.by_line { SEVERAL_LINES_BYTES } else { usize::MAX };
        let mut scan = Scan::default();
        loop {
            let ahead = self.source.ahead(scan.at + 1)?;
            if let Some(bytes) = scan.end(ahead) {
                return Ok(bytes);
            }
            let (all, ended) = (ahead.len(), ahead.len() <= scan.seen);
            if ended || scan.at > limit {
                return Ok(all);
            }
            scan.seen = all;
        }
    }

    /// Where the next line begins that may be a value.
    fn next_at_line(&mut self) -> Result<Option<usize>, ReadError> {
        let mut seen = 0;
        loop {
            let ahead = self.source.ahead(seen + 2)?;
            let rest = ahead.get(seen..).unwrap_or_default();
            if let Some(at) = rest.windows(2).position(|pair| matches!(pair, [b'\n', b'{' | b'['])) {
                return Ok(Some(seen + at + 1));
            }
            if rest.len() < 2 {
                return Ok(None);
            }
            seen = ahead.len() - 1;
        }
    }

    /// So many bytes are read, or all that were looked at.
    fn pass(&mut self, bytes: usize) {
        let ahead = self.source.ahead(0).unwrap_or_default();
        let bytes = bytes.min(ahead.len());
        let passed = ahead.get(..bytes).unwrap_or_default();
        self.line += passed.iter().filter(|&&byte| byte == b'\n').count();
        self.source.pass(bytes);
    }

    fn at(&self, fault: RecordFault) -> ReadError {
        ReadError::at(Place::Line(self.line))(fault)
    }
}

/// Looks for the end of a value.
#[derive(Default)]
struct Scan {
    /// Bytes that were looked at.
    at: usize,
    /// Bytes that could be.
    seen: usize,
    depth: usize,
    inside: bool,
    escaped: bool,
}

impl Scan {
    /// Where the value ends, if it does within `ahead`, of which more may be there than the last time.
    fn end(&mut self, ahead: &[u8]) -> Option<usize> {
        for (at, byte) in ahead.iter().enumerate().skip(self.at) {
            self.at = at + 1;
            if self.inside {
                self.inside = *byte != b'"' || self.escaped;
                self.escaped = *byte == b'\\' && !self.escaped;
                continue;
            }
            match byte {
                b'"' => self.inside = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth <= 1 => return Some(at + 1),
                b'}' | b']' => self.depth -= 1,
                b'\n' | b',' if self.depth == 0 => return Some(at.max(1)),
                _ => {}
            }
        }
        None
    }
}

/// What Python writes for numbers that JSON does not have.
const NO_NUMBERS: [&[u8]; 3] = [b"-Infinity", b"Infinity", b"NaN"];

/// With `null` in their place: no number either, and JSON.
fn finite(bytes: &[u8]) -> Cow<'_, [u8]> {
    if !bytes.iter().any(|byte| matches!(byte, b'N' | b'I')) {
        return bytes.into();
    }
    let (mut finite, mut copied, mut at) = (Vec::new(), 0, 0);
    let (mut inside, mut escaped) = (false, false);
    while let Some(rest @ [byte, ..]) = bytes.get(at..) {
        match NO_NUMBERS.iter().find(|word| !inside && rest.starts_with(word)) {
            Some(word) => {
                finite.extend(bytes.get(copied..at).unwrap_or_default());
                finite.extend(b"null");
                at += word.len();
                copied = at;
            }
            None => {
                inside ^= *byte == b'"' && !escaped;
                escaped = inside && *byte == b'\\' && !escaped;
                at += 1;
            }
        }
    }
    if copied == 0 {
        return bytes.into();
    }
    finite.extend(bytes.get(copied..).unwrap_or_default());
    finite.into()
}
