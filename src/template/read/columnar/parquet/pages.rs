//! What the head of a page declares (`PageHeader` of the format's definition, parquet.thrift).

use super::thrift::{STRUCTURE, Thrift};

/// The head of a page. What it does not say is 0; what is below 0 is given as the largest number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// Length of the head itself.
    pub(super) bytes: usize,
    /// What the page inflates to, in bytes.
    pub(super) inflated_bytes: u64,
    /// How long it is in the file, in bytes.
    pub(super) stored_bytes: u64,
    /// Values, nulls among them, in a page of data.
    pub(super) values: u64,
    /// How they are encoded.
    pub(super) encoding: u64,
    /// Values of a dictionary.
    pub(super) entries: u64,
}

impl Head {
    /// The head at the beginning of these bytes; none where they end before it, or are none.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let mut thrift = Thrift(bytes);
        let (mut head, mut before) = (Self::default(), 0);
        while let Some(field) = thrift.field(before)? {
            match (field.number, field.of) {
                (2, _) => head.inflated_bytes = size(&mut thrift)?,
                (3, _) => head.stored_bytes = size(&mut thrift)?,
                (5, STRUCTURE) => (head.values, head.encoding) = contents(&mut thrift, 2)?,
                (7, STRUCTURE) => (head.entries, _) = contents(&mut thrift, 2)?,
                (8, STRUCTURE) => (head.values, head.encoding) = contents(&mut thrift, 4)?,
                (_, of) => thrift.skip(of)?,
            }
            before = field.number;
        }
        head.bytes = bytes.len() - thrift.0.len();
        Some(head)
    }
}

fn size(thrift: &mut Thrift<'_>) -> Option<u64> {
    Some(u64::try_from(thrift.integer()?).unwrap_or(u64::MAX))
}

/// The number of values, field 1 of each kind of page, and their encoding, which is field `encoding`.
fn contents(thrift: &mut Thrift<'_>, encoding: i16) -> Option<(u64, u64)> {
    let (mut values, mut encoded, mut before) = (0, 0, 0);
    while let Some(field) = thrift.field(before)? {
        match field.number {
            1 => values = size(thrift)?,
            number if number == encoding => encoded = size(thrift)?,
            _ => thrift.skip(field.of)?,
        }
        before = field.number;
    }
    Some((values, encoded))
}
