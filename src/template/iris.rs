//! Iris codes with masks, as Daugman's method and its descendants produce them.

use super::{Bits, TemplateError};

/// Whether each code bit has a mask bit of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MaskSharing {
    /// One mask bit for each code bit.
    PerBit,
    /// Channels 2i and 2i+1 (the real and the imaginary part of one filter response) share a mask
    /// bit. Counts twice in the number of common bits, and halves what the mask costs to send.
    ByPair,
}

/// The layout of an iris code: rows (radius) x columns (angle) x channels (filters and their parts).
///
/// Bits are stored row by row, column by column, channel by channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IrisShape {
    /// Radial resolution.
    pub rows: usize,
    /// Angular resolution; a rotation of the eye rolls the columns.
    pub columns: usize,
    /// Bits at each position.
    pub channels: usize,
    /// Whether real and imaginary bits share their mask.
    pub mask: MaskSharing,
}

impl IrisShape {
    /// Code bits in all.
    pub fn bits(&self) -> usize {
        self.rows * self.columns * self.channels
    }

    /// Mask bits that carry information: half the code bits where pairs share them.
    pub fn mask_bits(&self) -> usize {
        self.bits() / self.mask_multiplicity()
    }

    /// Code bits that one mask bit covers: 1 or 2.
    pub fn mask_multiplicity(&self) -> usize {
        match self.mask {
            MaskSharing::PerBit => 1,
            MaskSharing::ByPair => 2,
        }
    }
}

/// One iris: a code and a mask of valid bits (1 = valid), both in full, in the layout of its shape.
///
/// Invariants: both strings have `shape.bits()` bits; under [`MaskSharing::ByPair`] the two bits of
/// each pair have equal masks.
#[derive(Clone)]
pub struct IrisCode {
    shape: IrisShape,
    code: Bits,
    mask: Bits,
}

impl IrisCode {
    /// An iris code; `mask` has a 1 where the code bit is valid.
    ///
    /// # Errors
    ///
    /// [`TemplateError::Dimension`] for a wrong length; [`TemplateError::MaskNotShared`] when the shape
    /// says that pairs share their mask and one does not.
    pub fn new(shape: IrisShape, code: Bits, mask: Bits) -> Result<Self, TemplateError> {
        for string in [&code, &mask] {
            if string.len() != shape.bits() {
                return Err(TemplateError::Dimension { expected: shape.bits(), actual: string.len() });
            }
        }
        if shape.mask == MaskSharing::ByPair {
            let bits: Vec<bool> = mask.iter().collect();
            if let Some(pair) = bits.chunks(2).position(|pair| pair.first() != pair.last()) {
                return Err(TemplateError::MaskNotShared { bit: 2 * pair });
            }
        }
        Ok(Self { shape, code, mask })
    }

    /// The layout.
    pub fn shape(&self) -> IrisShape {
        self.shape
    }

    /// All code bits, valid or not.
    pub fn code(&self) -> &Bits {
        &self.code
    }

    /// All mask bits, one for each code bit.
    pub fn mask(&self) -> &Bits {
        &self.mask
    }

    /// How many code bits are valid.
    pub fn valid_bits(&self) -> usize {
        self.mask.ones() as usize
    }

    /// The code rolled by `columns` to the right along the angle: `numpy.roll(code, columns, axis=1)`.
    pub fn rolled(&self, columns: i32) -> Self {
        Self { shape: self.shape, code: self.roll(&self.code, columns), mask: self.roll(&self.mask, columns) }
    }

    fn roll(&self, bits: &Bits, columns: i32) -> Bits {
        let row = self.shape.columns * self.shape.channels;
        let by = columns.rem_euclid(self.shape.columns as i32) as usize * self.shape.channels;
        let all: Vec<bool> = bits.iter().collect();
        let rolled = all.chunks(row).flat_map(|row| {
            let (head, tail) = row.split_at(row.len() - by);
            tail.iter().chain(head).copied()
        });
        match Bits::new(rolled) {
            Ok(rolled) => rolled,
            Err(_) => bits.clone(), // a code is never empty
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: IrisShape = IrisShape { rows: 2, columns: 4, channels: 2, mask: MaskSharing::ByPair };

    fn iris(code: u16, mask: u16) -> Result<IrisCode, TemplateError> {
        let bits = |word: u16| Bits::new((0..16).map(move |i| word >> i & 1 == 1)).unwrap();
        IrisCode::new(SHAPE, bits(code), bits(mask))
    }

    #[test]
    fn rolling_moves_columns_within_each_row() {
        let rolled = iris(0b0000_0010_0000_0001, 0xffff).unwrap().rolled(1);
        assert_eq!(rolled.code().words(), [0b0000_1000_0000_0100]);
        assert_eq!(rolled.rolled(-1).code().words(), [0b0000_0010_0000_0001]);
        assert_eq!(rolled.rolled(3).code().words(), [0b0000_0010_0000_0001]);
    }

    #[test]
    fn masks_that_pairs_do_not_share_are_refused_where_they_must() {
        assert!(matches!(iris(0, 0b0100), Err(TemplateError::MaskNotShared { bit: 2 })));
        assert_eq!(iris(0, 0b1100).unwrap().valid_bits(), 2);
    }
}
