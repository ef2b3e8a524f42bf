//! The interpolation against the table it reads, against points that are not in it, and against itself.

use super::table::{TABLE, Table, points};
use super::*;
use proptest::prelude::*;

/// Computed off the grid, at random: what the interpolation must stay below.
const BETWEEN: &str = include_str!("../../../scripts/security/between.tsv");

fn estimate_of(point: &Point) -> SecurityEstimate {
    table().estimate(point.instance().unwrap())
}

/// The least that any source says of the same instance.
fn least(point: &Point, all: &[Point]) -> f64 {
    all.iter()
        .filter(|other| other.instance() == point.instance())
        .map(|other| other.bits)
        .fold(f64::INFINITY, f64::min)
}

#[test]
fn every_line_is_read() {
    for text in [TABLE, BETWEEN] {
        let lines = text.lines().filter(|line| !line.starts_with('#')).count() - 1;
        let points = points(text);
        assert_eq!(points.len(), lines);
        assert!(points.iter().all(|point| point.instance().is_some()));
    }
    assert!(table().binary.len() > 40 && table().ternary.len() == 5);
}

#[test]
fn a_point_of_the_table_has_its_own_bits_or_at_most_a_tenth_less() {
    let all = points(TABLE);
    for point in &all {
        let estimate = estimate_of(point);
        let own = least(point, &all);
        assert_eq!(estimate.place, Place::Listed, "{point}");
        assert!(estimate.bits <= own && estimate.bits >= own - 0.1001, "{point}: {} for {own}", estimate.bits);
    }
}

#[test]
fn without_a_point_the_others_give_no_more_bits_than_it_has() {
    let all = points(TABLE);
    let mut nearest = f64::INFINITY;
    for point in &all {
        let instance = point.instance().unwrap();
        let others = Table::new(all.iter().filter(|other| other.instance() != Some(instance)).cloned().collect());
        let bits = others.estimate(instance).bits;
        assert!(bits <= least(point, &all), "{point}: interpolated {bits}");
        nearest = nearest.min(point.bits - bits);
    }
    assert!(nearest < 1.0, "a bound that is far below everywhere says nothing");
}

#[test]
fn off_the_grid_it_gives_no_more_bits_than_were_computed_and_few_less() {
    let points = points(BETWEEN);
    assert!(points.len() >= 40);
    let mut shortfalls: Vec<f64> = points.iter().map(|point| point.bits - estimate_of(point).bits).collect();
    shortfalls.sort_by(f64::total_cmp);
    assert!(shortfalls[0] >= 0.0, "{} bits above", -shortfalls[0]);
    assert!(shortfalls[points.len() / 2] < 1.0, "{shortfalls:?}");
}

#[test]
fn beyond_the_edges_it_stays_or_vouches_for_nothing() {
    let hardest = of_binary_lwe(100_000, 60);
    assert!(hardest.bits >= 250.0 && matches!(hardest.place, Place::Beyond(_)));
    let ring = of_ternary_rlwe(20, 100);
    assert!(ring.bits >= 250.0 && matches!(ring.place, Place::Beyond(_)));
    for (estimate, shortfall) in [
        (of_binary_lwe(4096, 3), Shortfall::Noise { least: 10, actual: 3 }),
        (of_binary_lwe(300, 60), Shortfall::Dimension { least: 512, actual: 300 }),
        (of_ternary_rlwe(9, 20), Shortfall::Ring { least: 11, actual: 9 }),
    ] {
        assert_eq!((estimate.bits, estimate.place), (0.0, Place::Short(shortfall)));
    }
    let large = of_ternary_rlwe(13, 1000);
    assert_eq!(large.bits, 0.0);
    assert!(
        matches!(large.place, Place::Short(Shortfall::Modulus { most: 250..300, actual: 1000 })),
        "{}",
        large.place
    );
    assert_eq!(of_ternary_rlwe(13, 0).bits, of_ternary_rlwe(13, 1).bits);
}

#[test]
fn the_command_asks_for_the_same_instance() {
    assert_eq!(of_ternary_rlwe(13, 210).command(), "python3 scripts/security/estimate.py --one ternary 13 210");
}

proptest! {
    #[test]
    fn more_dimensions_and_wider_errors_are_never_easier(n in 1_usize..6000, b in 0_u32..70, more in 0_usize..600, wider in 0_u32..6) {
        prop_assert!(of_binary_lwe(n, b).bits <= of_binary_lwe(n + more, b + wider).bits);
    }

    #[test]
    fn larger_rings_and_smaller_moduli_are_never_easier(ring in 8_u32..18, q in 1_usize..1300, larger in 0_u32..3, less in 0_usize..100) {
        prop_assert!(of_ternary_rlwe(ring, q).bits <= of_ternary_rlwe(ring + larger, q.saturating_sub(less)).bits);
    }
}
