//! Residues below 2^30 as bytes: four in fifteen, little-endian, each below its prime.

use super::modulus::Modulus;
use crate::parameters::bgv::PRIME_BITS;
use crate::scheme::CrossingError;

const GROUP: usize = 4;
const GROUP_BYTES: usize = GROUP * PRIME_BITS as usize / 8;

/// Bytes of so many residues.
pub(in crate::scheme) fn packed_bytes(residues: usize) -> usize {
    residues.div_ceil(GROUP) * GROUP_BYTES
}

/// Appends residues; the last group is filled up with zeros.
pub(in crate::scheme) fn pack(residues: &[u32], out: &mut Vec<u8>) {
    for group in residues.chunks(GROUP) {
        let word = group.iter().rev().fold(0u128, |word, &residue| word << PRIME_BITS | u128::from(residue));
        out.extend(word.to_le_bytes().into_iter().take(GROUP_BYTES));
    }
}

/// Takes `count` residues from the front of some bytes.
///
/// # Errors
///
/// [`CrossingError::Dimensions`] where bytes are missing, [`CrossingError::NotCanonical`] for a residue that is not below the prime or
/// a filling that is not zero.
pub(in crate::scheme) fn unpack(bytes: &mut &[u8], count: usize, modulus: Modulus) -> Result<Vec<u32>, CrossingError> {
    let (head, tail) = bytes.split_at_checked(packed_bytes(count)).ok_or(CrossingError::Dimensions("ring elements"))?;
    *bytes = tail;
    let mut residues = Vec::with_capacity(count.next_multiple_of(GROUP));
    for group in head.as_chunks::<GROUP_BYTES>().0 {
        let word = group.iter().rev().fold(0u128, |word, &byte| word << 8 | u128::from(byte));
        let residue = |index: usize| (word >> (index as u32 * PRIME_BITS)) as u32 & ((1 << PRIME_BITS) - 1);
        residues.extend((0..GROUP).map(residue));
    }
    let filling = residues.split_off(count.min(residues.len()));
    match residues.iter().all(|&residue| residue < modulus.value()) && filling.iter().all(|&zero| zero == 0) {
        true => Ok(residues),
        false => Err(CrossingError::NotCanonical),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const P: u32 = 1_073_479_681;

    proptest! {
        #[test]
        fn residues_survive_a_round_trip(residues in proptest::collection::vec(0..P, 0..40)) {
            let mut bytes = Vec::new();
            pack(&residues, &mut bytes);
            prop_assert_eq!(bytes.len(), packed_bytes(residues.len()));
            let mut rest = bytes.as_slice();
            prop_assert_eq!(unpack(&mut rest, residues.len(), Modulus::new(P)), Ok(residues));
            prop_assert!(rest.is_empty());
        }

        /// Whatever decodes is what would have been written.
        #[test]
        fn one_value_has_one_encoding(bytes in proptest::collection::vec(any::<u8>(), 0..60), count in 0usize..20) {
            let mut rest = bytes.as_slice();
            if let Ok(residues) = unpack(&mut rest, count, Modulus::new(P)) {
                let mut again = Vec::new();
                pack(&residues, &mut again);
                prop_assert_eq!(again.as_slice(), &bytes[..bytes.len() - rest.len()]);
            }
        }
    }

    #[test]
    fn residues_out_of_range_and_fillings_are_refused() {
        let mut bytes = Vec::new();
        pack(&[P], &mut bytes);
        assert_eq!(unpack(&mut bytes.as_slice(), 1, Modulus::new(P)), Err(CrossingError::NotCanonical));
        bytes = vec![0; GROUP_BYTES];
        bytes[14] = 1;
        assert_eq!(unpack(&mut bytes.as_slice(), 1, Modulus::new(P)), Err(CrossingError::NotCanonical));
        assert_eq!(unpack(&mut &bytes[..14], 1, Modulus::new(P)), Err(CrossingError::Dimensions("ring elements")));
    }
}
