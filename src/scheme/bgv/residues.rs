//! Numbers modulo t, the plaintext modulus, in the clear.

use std::sync::OnceLock;

use crate::parameters::bgv::PLAINTEXT_MODULUS;

/// a b mod t.
pub(in crate::scheme) fn multiply_mod_t(a: u32, b: u32) -> u32 {
    (u64::from(a) * u64::from(b) % u64::from(PLAINTEXT_MODULUS)) as u32
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

/// A residue as the nearest number to 0.
pub(in crate::scheme) fn centred(x: u32) -> i64 {
    let t = i64::from(PLAINTEXT_MODULUS);
    let x = i64::from(x);
    if x > t / 2 { x - t } else { x }
}
