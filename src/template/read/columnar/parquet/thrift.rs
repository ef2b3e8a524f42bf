//! As much of Thrift's compact encoding as shows what a file declares.

/// Structures stand so deep in each other at most.
const DEEPEST: usize = 16;

/// The types of fields.
const STOP: u8 = 0;
const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const INTEGERS: std::ops::RangeInclusive<u8> = 4..=6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
pub(super) const STRUCTURE: u8 = 12;

/// What is left of an encoding.
pub(super) struct Thrift<'a>(pub(super) &'a [u8]);

/// A field of a structure: its number and its type, which is never [`STOP`].
#[derive(Clone, Copy)]
pub(super) struct Field {
    pub(super) number: i16,
    pub(super) of: u8,
}

impl Thrift<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn pass(&mut self, bytes: u64) -> Option<()> {
        self.0 = self.0.get(usize::try_from(bytes).ok()?..)?;
        Some(())
    }

    fn unsigned(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// An integer of any width.
    pub(super) fn integer(&mut self) -> Option<i64> {
        let number = self.unsigned()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// The next field of a structure, `Some(None)` behind the last; none where the encoding is broken.
    pub(super) fn field(&mut self, before: i16) -> Option<Option<Field>> {
        let head = self.byte()?;
        let (step, of) = (head >> 4, head & 0xf);
        if of == STOP {
            return Some(None);
        }
        let number = match step {
            0 => i16::try_from(self.integer()?).ok()?,
            step => before.checked_add(i16::from(step))?,
        };
        Some(Some(Field { number, of }))
    }

    /// Passes a value by.
    pub(super) fn skip(&mut self, of: u8) -> Option<()> {
        self.skip_within(of, DEEPEST)
    }

    fn skip_within(&mut self, of: u8, depth: usize) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match of {
            TRUE | FALSE => Some(()),
            BYTE => self.pass(1),
            DOUBLE => self.pass(8),
            BINARY => {
                let bytes = self.unsigned()?;
                self.pass(bytes)
            }
            of if INTEGERS.contains(&of) => self.unsigned().map(drop),
            LIST | SET => self.skip_list(depth),
            STRUCTURE => {
                let mut before = 0;
                while let Some(field) = self.field(before)? {
                    self.skip_within(field.of, depth)?;
                    before = field.number;
                }
                Some(())
            }
            _ => None,
        }
    }

    fn skip_list(&mut self, depth: usize) -> Option<()> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.unsigned()?,
            count => u64::from(count),
        };
        for _ in 0..count {
            match head & 0xf {
                TRUE | FALSE => self.pass(1)?,
                of => self.skip_within(of, depth)?,
            }
        }
        Some(())
    }
}

/// Whether a footer in the clear says how the file is encrypted (field 8 of `FileMetaData`).
pub(super) fn is_encrypted(footer: &[u8]) -> bool {
    let mut thrift = Thrift(footer);
    let mut before = 0;
    while let Some(Some(field)) = thrift.field(before) {
        if field.number == 8 {
            return true;
        }
        if thrift.skip(field.of).is_none() {
            break;
        }
        before = field.number;
    }
    false
}
