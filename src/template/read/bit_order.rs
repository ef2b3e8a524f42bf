//! The orders in which programs write the bits of an iris code.

use crate::template::{Bits, IrisShape, TemplateError};

/// In which order the bits of a code lie that comes as one string of bits, packed or not.
///
/// Templates hold them by rows, columns and channels; channel `2 * filter + part` is the real (0) or imaginary (1) part of a filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BitOrder {
    /// `(rows, columns, channels)`, which is `(rows, columns, filters, 2)`, as Open-IRIS and iris-mpc write files.
    #[default]
    PositionFirst,
    /// `(filters, rows, columns, 2)`, as a list of Open-IRIS' arrays is.
    FilterFirst,
    /// `(channels, rows, columns)`: one plane of bits after the other.
    ChannelFirst,
}

impl BitOrder {
    pub(super) const ALL: [Self; 3] = [Self::PositionFirst, Self::FilterFirst, Self::ChannelFirst];

    /// Where the bit stands in this order that is at `(position, channel)`, the position counted row by row.
    fn place(self, shape: IrisShape, position: usize, channel: usize) -> usize {
        let positions = shape.rows * shape.columns;
        let parts = if shape.channels.is_multiple_of(2) { 2 } else { 1 };
        match self {
            Self::PositionFirst => position * shape.channels + channel,
            Self::FilterFirst => (channel / parts * positions + position) * parts + channel % parts,
            Self::ChannelFirst => channel * positions + position,
        }
    }

    /// Bits of this order in the order that templates have.
    pub(super) fn normal(self, bits: &Bits, shape: IrisShape) -> Result<Bits, TemplateError> {
        let found: Vec<bool> = bits.iter().collect();
        let positions = (0..shape.rows * shape.columns).flat_map(|p| (0..shape.channels).map(move |c| (p, c)));
        Bits::new(positions.filter_map(|(position, channel)| found.get(self.place(shape, position, channel)).copied()))
    }

    /// How many bits, read in this order, are those of the same channel one column further; and of how many.
    pub(super) fn agreement(self, code: &[bool], shape: IrisShape) -> (usize, usize) {
        let (mut equal, mut pairs) = (0, 0);
        for row in 0..shape.rows {
            for column in 1..shape.columns {
                let position = row * shape.columns + column;
                for channel in 0..shape.channels {
                    let bit = |position| code.get(self.place(shape, position, channel));
                    equal += usize::from(bit(position) == bit(position - 1));
                    pairs += 1;
                }
            }
        }
        (equal, pairs)
    }
}

impl std::fmt::Display for BitOrder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::PositionFirst => "rows, columns, channels",
            Self::FilterFirst => "filters, rows, columns, parts",
            Self::ChannelFirst => "channels, rows, columns",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::MaskSharing;

    #[test]
    fn every_order_is_brought_to_that_of_templates() {
        let shape = IrisShape { rows: 1, columns: 2, channels: 4, mask: MaskSharing::PerBit };
        let bits = |text: &str| Bits::new(text.bytes().map(|bit| bit == b'1')).unwrap();
        // Column 0 has channels 1, 0, 0, 0 and column 1 has 0, 1, 1, 1.
        for (order, written) in [
            (BitOrder::PositionFirst, "10000111"),
            (BitOrder::FilterFirst, "10010011"),
            (BitOrder::ChannelFirst, "10010101"),
        ] {
            assert!(order.normal(&bits(written), shape).unwrap() == bits("10000111"), "{order}");
        }
        let code: Vec<bool> = bits("10000111").iter().collect();
        assert_eq!(BitOrder::PositionFirst.agreement(&code, shape), (0, 4));
    }
}
