//! From which size of a gallery the one scheme answers sooner than the other.

use serde::Serialize;

/// A time at a size of the gallery.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct CurvePoint {
    /// References in the gallery.
    pub references: usize,
    /// Time that an answer takes, in seconds.
    pub seconds: f64,
}

/// The largest gallery that is looked at, in references.
pub(crate) const MOST_REFERENCES: usize = 1_000_000;

/// The smallest gallery of which `faster` is predicted to be answered sooner than `slower`, by bisection; none where the largest is not. Both
/// give seconds at a number of references, or none where there is no prediction.
pub(crate) fn predicted(slower: impl Fn(usize) -> Option<f64>, faster: impl Fn(usize) -> Option<f64>) -> Option<usize> {
    let sooner = |references| matches!((slower(references), faster(references)), (Some(slower), Some(faster)) if faster < slower);
    if !sooner(MOST_REFERENCES) {
        return None;
    }
    let (mut low, mut high) = (0, MOST_REFERENCES);
    while high - low > 1 {
        let middle = low.midpoint(high);
        if sooner(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

/// Where two measured curves cross, on straight lines of logarithms between sizes that both were measured at.
pub(crate) fn between(slower: &[CurvePoint], faster: &[CurvePoint]) -> Option<usize> {
    let both: Vec<(f64, f64)> = slower
        .iter()
        .filter_map(|slower| {
            let faster = faster.iter().find(|faster| faster.references == slower.references)?;
            Some(((slower.references as f64).ln(), (faster.seconds / slower.seconds).ln()))
        })
        .collect();
    both.windows(2).find_map(|pair| match pair {
        [(x, ahead), (next, behind)] if *ahead > 0.0 && *behind <= 0.0 => {
            Some((x + (next - x) * ahead / (ahead - behind)).exp().round() as usize)
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(points: &[(usize, f64)]) -> Vec<CurvePoint> {
        points.iter().map(|&(references, seconds)| CurvePoint { references, seconds }).collect()
    }

    #[test]
    fn the_smallest_gallery_that_is_answered_sooner_is_found_by_bisection() {
        let slower = |references| Some(references as f64 * 1e-3);
        assert_eq!(predicted(slower, |_| Some(2.0)), Some(2_001));
        assert_eq!(predicted(slower, |_| Some(1e4)), None);
        assert_eq!(predicted(slower, |_| None), None);
    }

    #[test]
    fn curves_cross_between_the_sizes_that_enclose_it() {
        let tfhe = points(&[(100, 0.1), (1_000, 1.0), (10_000, 10.0)]);
        let bgv = points(&[(100, 2.0), (1_000, 2.0), (10_000, 2.0)]);
        assert_eq!(between(&tfhe, &bgv), Some(2_000));
        assert_eq!(between(&tfhe[..2], &bgv[..2]), None);
        assert_eq!(between(&tfhe, &bgv[2..]), None);
    }
}
