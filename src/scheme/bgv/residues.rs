//! Numbers modulo t, the plaintext modulus, in the clear.

use std::sync::OnceLock;

use crate::parameters::bgv::PLAINTEXT_MODULUS;

/// a b mod t.
pub(in crate::scheme) fn multiply_mod_t(a: u32, b: u32) -> u32 {
    (u64::from(a) * u64::from(b) % u64::from(PLAINTEXT_MODULUS)) as u32
}

/// a + b mod t.
pub(in crate::scheme) fn add_mod_t(a: u32, b: u32) -> u32 {
    (a + b) % PLAINTEXT_MODULUS
}

/// -a mod t.
pub(in crate::scheme) fn negate_mod_t(a: u32) -> u32 {
    (PLAINTEXT_MODULUS - a) % PLAINTEXT_MODULUS
}

/// a / b mod t; 0 for b = 0.
pub(in crate::scheme) fn divide_mod_t(a: u32, b: u32) -> u32 {
    static INVERSES: OnceLock<Vec<u32>> = OnceLock::new();
    let inverses = INVERSES.get_or_init(|| {
        // 1/b = -(t div b) / (t mod b).
        let t = PLAINTEXT_MODULUS;
        let mut inverses = vec![0, 1];
        for b in 2..t {
            let smaller = inverses.get((t % b) as usize).copied().unwrap_or_default();
            inverses.push(multiply_mod_t(t - t / b, smaller));
        }
        inverses
    });
    multiply_mod_t(a, inverses.get(b as usize).copied().unwrap_or_default())
}

/// A number as a residue in [0, t).
pub(in crate::scheme) fn residue(x: i64) -> u32 {
    x.rem_euclid(i64::from(PLAINTEXT_MODULUS)) as u32
}

/// A small number as a residue in [0, t).
#[inline(always)]
pub(in crate::scheme) fn small_residue(x: i16) -> u32 {
    let x = i32::from(x);
    // t where x is negative, else 0.
    (x + ((x >> 31) & PLAINTEXT_MODULUS as i32)) as u32
}

/// A residue as the nearest number to 0.
pub(in crate::scheme) fn centred(x: u32) -> i64 {
    let t = i64::from(PLAINTEXT_MODULUS);
    let x = i64::from(x);
    if x > t / 2 { x - t } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_have_the_residues_of_all_numbers() {
        for x in [i16::MIN, -2, -1, 0, 1, 2, i16::MAX] {
            assert_eq!(small_residue(x), residue(x.into()), "{x}");
        }
    }
}
