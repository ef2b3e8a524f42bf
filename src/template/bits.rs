//! A fixed-length string of bits: a binary template, or the code or the mask of an iris.

use super::TemplateError;

/// A non-empty bit string, packed least significant bit first into 64-bit words.
///
/// Unused bits of the last word are zero, so that two equal strings have equal words.
#[derive(Clone, PartialEq, Eq)]
pub struct Bits {
    words: Vec<u64>,
    length: usize,
}

impl Bits {
    /// A bit string of the given values, in order.
    ///
    /// # Errors
    ///
    /// [`TemplateError::Empty`] when there is none.
    pub fn new(bits: impl IntoIterator<Item = bool>) -> Result<Self, TemplateError> {
        let mut words = Vec::new();
        let mut word = 0;
        let mut length = 0;
        for bit in bits {
            word |= u64::from(bit) << (length % 64);
            length += 1;
            if length % 64 == 0 {
                words.push(std::mem::take(&mut word));
            }
        }
        if length % 64 != 0 {
            words.push(word);
        }
        match length {
            0 => Err(TemplateError::Empty),
            _ => Ok(Self { words, length }),
        }
    }

    /// Unpacks `length` bits, the most significant bit of each byte first (as `numpy.packbits`).
    ///
    /// # Errors
    ///
    /// [`TemplateError::Dimension`] when the bytes do not hold exactly `length` bits, up to
    /// seven bits of padding; [`TemplateError::Empty`] for `length` 0.
    pub fn from_msb_first(bytes: &[u8], length: usize) -> Result<Self, TemplateError> {
        if bytes.len() != length.div_ceil(8) {
            return Err(TemplateError::Dimension { expected: length, actual: bytes.len() * 8 });
        }
        let bits = bytes.iter().flat_map(|byte| (0..8).rev().map(move |i| byte >> i & 1 == 1));
        Self::new(bits.take(length))
    }

    /// Packs the bits, the most significant bit of each byte first; the last byte is padded with zeros.
    pub fn to_msb_first(&self) -> Vec<u8> {
        let bits: Vec<bool> = self.iter().collect();
        bits.chunks(8)
            .map(|chunk| chunk.iter().enumerate().fold(0, |byte, (i, &bit)| byte | u8::from(bit) << (7 - i)))
            .collect()
    }

    /// How many bits there are; at least one.
    #[expect(clippy::len_without_is_empty, reason = "never empty")]
    pub fn len(&self) -> usize {
        self.length
    }

    /// How many bits are set.
    pub fn ones(&self) -> u32 {
        self.words.iter().map(|word| word.count_ones()).sum()
    }

    /// The bits in order.
    pub fn iter(&self) -> impl Iterator<Item = bool> + '_ {
        self.words.iter().flat_map(|&word| (0..64).map(move |i| word >> i & 1 == 1)).take(self.length)
    }

    /// The packed words; bits past [`Bits::len`] are zero.
    pub fn words(&self) -> &[u64] {
        &self.words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_a_round_trip() {
        let bytes = [0b1010_0000, 0b1110_0000];
        let bits = Bits::from_msb_first(&bytes, 11).unwrap();
        assert_eq!(bits.iter().take(3).collect::<Vec<_>>(), [true, false, true]);
        assert_eq!(bits.ones(), 5);
        assert_eq!(bits.to_msb_first(), bytes);
    }

    #[test]
    fn a_word_boundary_is_no_special_case() {
        for length in [63, 64, 65, 128] {
            let bits = Bits::new((0..length).map(|i| i % 3 == 0)).unwrap();
            assert_eq!(bits.len(), length);
            assert_eq!(bits.words().len(), length.div_ceil(64));
            assert!(bits.iter().enumerate().all(|(i, bit)| bit == (i % 3 == 0)));
        }
    }

    #[test]
    fn a_wrong_number_of_bytes_is_refused() {
        assert!(matches!(
            Bits::from_msb_first(&[0; 3], 11),
            Err(TemplateError::Dimension { expected: 11, actual: 24 })
        ));
        assert!(matches!(Bits::new([]), Err(TemplateError::Empty)));
    }
}
