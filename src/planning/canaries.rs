//! What canaries find: references of donors that the querier's authority supplies and asks about now and then.

use serde::Serialize;

/// Chance that a custodian who skips so many references, without knowing which are canaries, skips a canary: hypergeometric. All of them are
/// asked about, and each would be a hit if it was compared with.
pub fn found_out(references: u64, canaries: u64, skipped: u64) -> f64 {
    // Either may be drawn: C(n - k, s) / C(n, s) = C(n - s, k) / C(n, k).
    let (drawn, marked) = (canaries.min(skipped), canaries.max(skipped));
    if drawn.saturating_add(marked) > references {
        return 1.0;
    }
    let missed = (0..drawn).map(|before| ((references - marked - before) as f64 / (references - before) as f64).ln());
    -missed.sum::<f64>().exp_m1()
}

/// The fewest skipped references that are found out with a chance of so much.
pub fn fewest_found(references: u64, canaries: u64, chance: f64) -> u64 {
    let (mut low, mut high) = (0, references);
    while low < high {
        let middle = low + (high - low) / 2;
        match found_out(references, canaries, middle) >= chance {
            true => high = middle,
            false => low = middle + 1,
        }
    }
    low
}

/// What so many canaries among so many references find.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CanaryPlan {
    /// References, canaries included.
    pub references: u64,
    /// How many of them are canaries.
    pub canaries: u64,
    /// Chances, by how many references are skipped.
    pub found_out: Vec<FoundOut>,
    /// The fewest skipped references that are found out with a chance of 95 in 100.
    pub found_from: u64,
}

/// With which chance skipped references are found out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FoundOut {
    /// One reference of so many is skipped.
    pub one_of: u64,
    /// How many that are, at least one.
    pub skipped: u64,
    /// From 0 to 1.
    pub chance: f64,
}

impl CanaryPlan {
    /// Of a gallery, canaries included.
    pub fn new(references: u64, canaries: u64) -> Self {
        let canaries = canaries.min(references);
        let found_out = [10, 100, 1000].map(|one_of| {
            let skipped = references.div_ceil(one_of);
            FoundOut { one_of, skipped, chance: found_out(references, canaries, skipped) }
        });
        let found_from = fewest_found(references, canaries, 0.95);
        Self { references, canaries, found_out: found_out.to_vec(), found_from }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_hundred_canaries_find_out_who_skips_one_of_a_hundred_with_95_percent() {
        let plan = CanaryPlan::new(100_000, 300);
        let chances: Vec<f64> = plan.found_out.iter().map(|found| (1000.0 * found.chance).round()).collect();
        assert_eq!(chances, [1000.0, 951.0, 260.0]);
        assert!(plan.found_from < 1000 && found_out(100_000, 300, plan.found_from) >= 0.95);
        assert!(found_out(100_000, 300, plan.found_from - 1) < 0.95);
    }

    #[test]
    fn chances_are_those_of_drawing_by_hand() {
        // Of four references, one skipped and one canary; two and two: 1 - C(2, 2) / C(4, 2).
        for (drawn, expected) in [((4, 1, 1), 0.25), ((4, 2, 2), 5.0 / 6.0), ((4, 1, 3), 0.75), ((4, 3, 2), 1.0)] {
            assert!((found_out(drawn.0, drawn.1, drawn.2) - expected).abs() < 1e-12, "{drawn:?}");
        }
        assert_eq!((found_out(10, 0, 5), found_out(10, 5, 0), found_out(10, 10, 1)), (0.0, 0.0, 1.0));
        assert_eq!((fewest_found(10, 0, 0.95), fewest_found(10, 10, 0.95)), (10, 1));
    }
}
