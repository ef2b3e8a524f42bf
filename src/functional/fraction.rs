//! A decimal threshold as the simplest fraction that decides as it does, for an exact scheme, whose integers must be small.

use crate::agreement::Decimal;

/// The simplest fraction a/b that decides on every pair of at most `most` common bits as a decimal threshold does: h/c < a/b iff
/// h/c < theta, for all h <= c <= most.
///
/// That is the least fraction not below theta whose denominator is at most `most`: whatever lies strictly between two neighbours of
/// a Farey sequence has a larger denominator. Found by descent in the Stern-Brocot tree (Graham, Knuth, Patashnik, Concrete
/// Mathematics, section 4.5). theta in billionths, above 0 and at most 1/2.
pub(super) fn simplest_fraction(theta: i64, most: usize) -> (i64, i64) {
    let most = most as i64;
    let below = |a: i64, b: i64| a * Decimal::ONE < theta * b;
    // low < theta <= high, neighbours.
    let (mut low, mut high) = ((0i64, 1i64), (1i64, 1i64));
    loop {
        let mediant = (low.0 + high.0, low.1 + high.1);
        match mediant.1 <= most {
            true if below(mediant.0, mediant.1) => low = mediant,
            true => high = mediant,
            false => return high,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_third_to_nine_digits_is_a_third() {
        assert_eq!(simplest_fraction(333_333_333, 2048), (1, 3));
        assert_eq!(simplest_fraction(345_000_000, 12_800), (69, 200));
        assert_eq!(simplest_fraction(250_000_000, 128), (1, 4));
        assert_eq!(simplest_fraction(499_999_999, 128), (1, 2));
        assert_eq!(simplest_fraction(1, 128), (1, 128));
    }

    #[test]
    fn a_simple_fraction_decides_every_pair_as_its_decimal_does_and_no_simpler_one_does() {
        let thetas = (1..500).map(|i| i * 1_000_000 + i % 7).chain([1, 333_333_333, 333_333_334, 499_999_999]);
        for (theta, most) in thetas.flat_map(|theta| [2usize, 3, 17, 40].map(|most| (theta, most))) {
            let (a, b) = simplest_fraction(theta, most);
            let pairs = || (0..=most as i64).flat_map(|c| (0..=c).map(move |h| (h, c)));
            let agrees = |a: i64, b: i64| pairs().all(|(h, c)| (b * h < a * c) == (h * Decimal::ONE < theta * c));
            assert!(agrees(a, b), "{theta} {most}: {a}/{b}");
            if theta % 50_000_000 < 7 {
                assert!((1..b).all(|b| (0..=b).all(|a| !agrees(a, b))), "{theta} {most}: simpler than {a}/{b}");
            }
        }
    }
}
