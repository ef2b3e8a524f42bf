//! Stage 4: scores over the torus, switched to the plaintext modulus: the rows of a block, in the clear.
//!
//! A score is an LWE sample (a, b) modulo 2^64 with b - <a, s> = step phi + noise. Switched to t, centred, it is a row of n small numbers
//! and a body such that floor of what it stands for is b' - <a', s> modulo t, exactly; what the switch adds is in
//! [`HybridSet::switch_variance`](crate::parameters::hybrid::HybridSet::switch_variance).

use crate::parameters::bgv::PLAINTEXT_MODULUS;

/// Bits that sums of rounding errors are kept short by, so that n of them fit a word.
const DROPPED: u32 = 16;

/// Switches a sample (mask, then body) modulo 2^64 to t: writes the mask, each number within [-t/2, t/2], and returns the body, any residue.
///
/// The largest number, t/2 rounded up to 32768, is taken as 32767, whose rounding error is counted like the others: such a row is a hair
/// noisier, one in 64 of them.
pub(super) fn switched(sample: &[u64], mask: &mut [i16]) -> i64 {
    let t = i128::from(PLAINTEXT_MODULUS);
    let (&body, elements) = sample.split_last().unwrap_or((&0, &[]));
    // Of all errors, each within 2^64 of a step: what the numbers lost.
    let mut errors = 0i64;
    for (out, &element) in mask.iter_mut().zip(elements) {
        let product = i128::from(element as i64) * t;
        let rounded = ((product + (1 << 63)) >> 64).min(i16::MAX.into());
        errors += ((product - (rounded << 64)) >> DROPPED) as i64;
        *out = rounded as i16;
    }
    // A binary key takes half of them on the average: centred, rounded down.
    let centred = i128::from(body as i64) * t - (i128::from(errors / 2) << DROPPED);
    (centred >> 64) as i64
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha20Rng;

    use super::*;

    const N: usize = 1024;

    /// v, what a slot holds, beside x, what the sample stands for.
    fn error(rng: &mut ChaCha20Rng, x: f64) -> (i64, f64) {
        let t = f64::from(PLAINTEXT_MODULUS);
        let secret: Vec<u64> = (0..N).map(|_| u64::from(rng.random::<bool>())).collect();
        let mask: Vec<u64> = (0..N).map(|_| rng.random()).collect();
        let product = mask.iter().zip(&secret).fold(0u64, |sum, (&a, &s)| sum.wrapping_add(a.wrapping_mul(s)));
        let phase = (x / t * 2f64.powi(64)).floor() as i128 as u64;
        let sample: Vec<u64> = mask.iter().copied().chain([product.wrapping_add(phase)]).collect();
        let mut row = vec![0; N];
        let body = switched(&sample, &mut row);
        let inner: i64 = row.iter().zip(&secret).map(|(&a, &s)| i64::from(a) * s as i64).sum();
        let t = i64::from(PLAINTEXT_MODULUS);
        let v = (body - inner + t / 2).rem_euclid(t) - t / 2;
        (v, v as f64 + 0.5 - x)
    }

    /// Without a bias, and as wide as the formula says: n/48 + 1/12, and 1/12 of the floor.
    #[test]
    fn what_the_switch_adds_is_as_predicted() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let count = 4000;
        let mut errors = Vec::with_capacity(count);
        for i in 0..count {
            errors.push(error(&mut rng, (i as f64 - 2000.0) * 1.3).1);
        }
        let mean = errors.iter().sum::<f64>() / count as f64;
        let variance = errors.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / count as f64;
        let predicted = N as f64 / 48.0 + 1.0 / 12.0;
        println!("mean {mean:.3}, variance {variance:.2}, predicted {predicted:.2}");
        // Five deviations of a mean, and of a variance.
        assert!(mean.abs() < 5.0 * (predicted / count as f64).sqrt(), "{mean}");
        assert!((variance / predicted - 1.0).abs() < 5.0 * (2.0 / count as f64).sqrt(), "{variance} {predicted}");
    }

    #[test]
    fn the_ends_of_the_torus_are_switched_to_the_ends_of_t() {
        let mut row = [0; 4];
        // 1/2 - 2^-64, -1/2, 0, -2^-64.
        let body = switched(&[i64::MAX as u64, 1 << 63, 0, u64::MAX, 0], &mut row);
        assert_eq!(row, [i16::MAX, i16::MIN, 0, 0]);
        // Half of the errors, 1.5 - 0.5, are taken off, and the body rounded down.
        assert!((-1..=0).contains(&body), "{body}");
        assert_eq!(switched(&[0, 0, 0, 0, u64::MAX], &mut row), -1);
        assert_eq!(switched(&[0, 0, 0, 0, 0], &mut row), 0);
    }
}
