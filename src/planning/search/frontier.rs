//! What no other candidate beats.

use super::Candidate;

/// What the prediction of time is good for, where sets of one scheme are compared: see `reference_bootstrap` in
/// `scheme::tfhe::laboratory::pace`.
#[cfg(test)]
const TOLERANCE: f64 = 0.15;

/// What a candidate costs, and how accurate it is: the less the better.
fn costs(candidate: &Candidate) -> [f64; 4] {
    let plan = &candidate.plan;
    [candidate.seconds(), plan.evaluation_key_bytes as f64, plan.query_bytes as f64, candidate.deviation()]
}

/// Whether the first is worse than the second in nothing, and better in something by more than the prediction's tolerance.
#[cfg(test)]
pub(super) fn dominates(a: &Candidate, b: &Candidate) -> bool {
    let (a, b) = (costs(a), costs(b));
    beats(&a, &b) && a.iter().zip(&b).any(|(a, b)| *a < b * (1.0 - TOLERANCE))
}

/// Whether some costs are nowhere above others, and somewhere below.
pub(super) fn beats<const COSTS: usize>(a: &[f64; COSTS], b: &[f64; COSTS]) -> bool {
    a.iter().zip(b).all(|(a, b)| a <= b) && a != b
}

/// The candidates that none beats, without those that cost the same as one before.
pub(super) fn unbeaten<T, const COSTS: usize>(candidates: Vec<T>, costs: impl Fn(&T) -> [f64; COSTS]) -> Vec<T> {
    let mut sorted: Vec<([f64; COSTS], T)> =
        candidates.into_iter().map(|candidate| (costs(&candidate), candidate)).collect();
    // Whatever beats a candidate comes before it in this order.
    sorted.sort_by(|(a, _), (b, _)| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    let mut kept: Vec<([f64; COSTS], T)> = Vec::new();
    for (costs, candidate) in sorted {
        if !kept.iter().any(|(other, _)| beats(other, &costs) || *other == costs) {
            kept.push((costs, candidate));
        }
    }
    kept.into_iter().map(|(_, candidate)| candidate).collect()
}

/// The frontier, the soonest first.
pub(super) fn soonest_first(candidates: Vec<Candidate>) -> Vec<Candidate> {
    unbeaten(candidates, costs)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// No member of the frontier beats another, and whatever is left out is beaten or equalled by a member.
        #[test]
        fn the_frontier_is_what_none_beats(costs in proptest::collection::vec(proptest::array::uniform3(0u8..6), 0..40)) {
            let candidates: Vec<[f64; 3]> = costs.iter().map(|costs| costs.map(f64::from)).collect();
            let frontier = unbeaten(candidates.clone(), |costs| *costs);
            for (index, member) in frontier.iter().enumerate() {
                prop_assert!(!frontier.iter().any(|other| beats(other, member)));
                prop_assert!(!frontier[index + 1..].contains(member));
            }
            for candidate in &candidates {
                prop_assert!(frontier.iter().any(|member| member == candidate || beats(member, candidate)));
            }
            prop_assert!(frontier.is_sorted_by(|a, b| a[0] <= b[0]));
        }
    }
}
