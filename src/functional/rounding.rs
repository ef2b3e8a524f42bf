//! What rounding real vectors to integers does to scores on average, which the thresholds of an exact scheme make up for.
//!
//! Rounding errors e, f of x, y are taken as independent and uniform: a coordinate's has the variance 1/12. Where lengths are short that
//! would move every score: 512 coordinates of length 32 hold 4 % of error, by which cosines would shrink. So a pair at the agreed threshold
//! meets the integer threshold on average, and a score is told as the real vectors' is on average.

/// Variance of rounding one coordinate to an integer.
pub(super) const VARIANCE: f64 = 1.0 / 12.0;

/// Rounding is taken to be at most this part of a squared length: beyond, most coordinates are rounded to 0, and the model does not hold.
const MOST: f64 = 0.25;

/// Square of the length to which a vector is scaled so that its integers have length `norm`.
pub(super) fn scaled_square(norm: u32, dimension: usize) -> f64 {
    let square = f64::from(norm).powi(2);
    square - (VARIANCE * dimension as f64).min(MOST * square)
}

/// The mean of <x,y> of integers of these lengths for a cosine of 1: <x+e,y+f> has the mean <x,y>.
pub(super) fn product_of_scaled(probe_norm: u32, reference_norm: u32, dimension: usize) -> f64 {
    (scaled_square(probe_norm, dimension) * scaled_square(reference_norm, dimension)).sqrt()
}

/// What the errors add to a squared distance on average: |x+e-y-f|^2 has the mean |x-y|^2 + d/6. At most what the distance is: between
/// vectors that are closer than that, errors are alike and add less.
pub(super) fn added_to_square(dimension: usize, square: i64) -> i64 {
    square.clamp(0, dimension as i64 / 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_up_for_stays_within_what_the_model_says() {
        // 512 coordinates of length 32 hold 42.7 of 1024.
        assert_eq!(product_of_scaled(32, 32, 512).round(), 981.0);
        assert!((scaled_square(16, 4096) - 192.0).abs() < 1e-9);
        assert_eq!(added_to_square(512, 819), 85);
        assert_eq!((added_to_square(512, 10), added_to_square(512, 0), added_to_square(512, -5)), (10, 0, 0));
    }
}
