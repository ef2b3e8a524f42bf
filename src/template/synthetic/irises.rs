//! Iris codes: each bit says on which side of zero a filter response lies, and neighbouring responses are alike.
//!
//! A response is the sum of independent coins over a window of rows and columns around its place; the bit is their
//! majority. A second sample tosses some of the coins again, which turns the bits whose majority was narrow.

use super::Random;
use crate::template::{Bits, IrisCode, IrisShape, TemplateError};

/// Independent bits that the spread of impostor distances amounts to (Daugman 2004, figure 9: 249).
const DEGREES_OF_FREEDOM: f64 = 249.0;

/// Share of the code bits that are valid in both of two samples, on average.
const COMMON_SHARE: f64 = 0.6;

/// Share of the coins that a sample tosses again: 11 to 21 %.
///
/// Two samples then have (1 - share)^2 of the coins in common, and differ in arccos of it over pi of the bits: 21 to 28 %.
const TOSSED_AGAIN: (f64, f64) = (0.11, 0.21);

/// One iris code, rolled by at most `tilt_columns`.
pub(super) fn sample(
    shape: IrisShape,
    tilt_columns: u32,
    person: &mut Random,
    capture: &mut Random,
) -> Result<IrisCode, TemplateError> {
    let window = Window::for_shape(shape);
    let share = capture.between(TOSSED_AGAIN.0, TOSSED_AGAIN.1);
    let channels: Vec<Vec<bool>> = (0..shape.channels).map(|_| window.channel(shape, share, person, capture)).collect();
    let positions = shape.rows * shape.columns;
    let code = Bits::new(
        (0..positions).flat_map(|position| channels.iter().filter_map(move |channel| channel.get(position).copied())),
    )?;
    let lids = [Lid::upper(capture), Lid::lower(capture)];
    let valid = (0..positions).map(|position| !lids.iter().any(|lid| lid.covers(shape, position)));
    let mask = Bits::new(valid.flat_map(|valid| std::iter::repeat_n(valid, shape.channels)))?;
    let tilts = f64::from(tilt_columns) * 2.0 + 1.0;
    let tilt = (capture.uniform() * tilts) as i32 - tilt_columns as i32;
    Ok(IrisCode::new(shape, code, mask)?.rolled(tilt))
}

/// Rows and columns over which coins are summed; both odd, so that there is always a majority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Window {
    rows: usize,
    columns: usize,
}

impl Window {
    /// The window that leaves [`DEGREES_OF_FREEDOM`] among the valid bits of a code.
    ///
    /// A window of `n` places makes about 0.14 n bits count as one (measured; the tests hold it).
    fn for_shape(shape: IrisShape) -> Self {
        let alike = shape.bits() as f64 * COMMON_SHARE / DEGREES_OF_FREEDOM;
        let places = alike / 0.14;
        let rows = odd_at_most(places.sqrt(), shape.rows);
        Self { rows, columns: odd_at_most(places / rows as f64, shape.columns / 4) }
    }

    /// The bits of one channel, row by row.
    fn channel(self, shape: IrisShape, share: f64, person: &mut Random, capture: &mut Random) -> Vec<bool> {
        let height = shape.rows + self.rows - 1;
        let coins: Vec<i32> = (0..height * shape.columns)
            .map(|_| {
                let own = person.bit();
                let heads = if capture.uniform() < share { capture.bit() } else { own };
                if heads { 1 } else { -1 }
            })
            .collect();
        let rows: Vec<Vec<i32>> = coins.chunks(shape.columns).map(|row| around(row, self.columns)).collect();
        let majority = |window: &[Vec<i32>]| -> Vec<bool> {
            (0..shape.columns).map(|column| window.iter().filter_map(|row| row.get(column)).sum::<i32>() > 0).collect()
        };
        rows.windows(self.rows).flat_map(majority).collect()
    }
}

/// Sums of `width` neighbours around a circle.
fn around(row: &[i32], width: usize) -> Vec<i32> {
    let ring = || row.iter().cycle();
    let mut sum: i32 = ring().take(width).sum();
    let step = |(leaving, entering): (&i32, &i32)| {
        let before = sum;
        sum += entering - leaving;
        before
    };
    row.iter().zip(ring().skip(width)).map(step).collect()
}

/// The odd number nearest to `size`, at most `limit`, at least 1.
fn odd_at_most(size: f64, limit: usize) -> usize {
    let size = (size as usize).min(limit).max(1);
    if size.is_multiple_of(2) { size - 1 } else { size }
}

/// An eyelid: it covers a parabola that reaches in from the outer edge, which is the last row.
struct Lid {
    /// Middle, in parts of the circle.
    middle: f64,
    /// From the middle to where it leaves the iris, in parts of the circle.
    half_width: f64,
    /// How far it reaches in, in parts of the rows.
    depth: f64,
}

impl Lid {
    fn upper(random: &mut Random) -> Self {
        Self { middle: 0.75, half_width: random.between(0.10, 0.22), depth: random.between(0.4, 1.0) }
    }

    fn lower(random: &mut Random) -> Self {
        Self { middle: 0.25, half_width: random.between(0.05, 0.14), depth: random.between(0.2, 0.7) }
    }

    fn covers(&self, shape: IrisShape, position: usize) -> bool {
        let angle = ((position % shape.columns) as f64 + 0.5) / shape.columns as f64;
        let from_edge = (shape.rows - position / shape.columns) as f64 - 0.5;
        let off_middle = (angle - self.middle) / self.half_width;
        from_edge / (shape.rows as f64) < self.depth * (1.0 - off_middle * off_middle)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::spread;
    use super::super::{Model, Population};
    use super::*;
    use crate::template::{MaskSharing, Template, TemplateShape};

    const fn shape(rows: usize, columns: usize, channels: usize) -> IrisShape {
        IrisShape { rows, columns, channels, mask: MaskSharing::ByPair }
    }

    fn distance(a: &IrisCode, b: &IrisCode) -> f64 {
        let words = a.code().words().iter().zip(a.mask().words()).zip(b.code().words().iter().zip(b.mask().words()));
        let (differing, common) = words.fold((0, 0), |(differing, common), ((code_a, mask_a), (code_b, mask_b))| {
            let both = mask_a & mask_b;
            (differing + ((code_a ^ code_b) & both).count_ones(), common + both.count_ones())
        });
        f64::from(differing) / f64::from(common)
    }

    /// First and second samples of subjects.
    fn samples(shape: IrisShape, tilt_columns: u32, subjects: u32) -> Vec<[IrisCode; 2]> {
        let population = Population::new(Model::Iris { tilt_columns }, TemplateShape::Iris(shape), 5).unwrap();
        let iris = |subject, sample| match population.record(subject, sample).unwrap().template {
            Template::Iris(iris) => iris,
            _ => panic!(),
        };
        (0..subjects).map(|subject| [iris(subject, 0), iris(subject, 1)]).collect()
    }

    #[test]
    fn distances_spread_as_daugman_found() {
        for shape in [shape(16, 200, 4), shape(20, 240, 2), shape(8, 128, 2), shape(16, 256, 4)] {
            let samples = samples(shape, 0, 150);
            let genuine: Vec<f64> = samples.iter().map(|[a, b]| distance(a, b)).collect();
            let (mean, _) = spread(genuine.iter().copied());
            assert!((0.23..0.27).contains(&mean), "{shape:?} {mean}");
            let usual = genuine.iter().filter(|x| (0.20..0.30).contains(*x)).count();
            assert!(usual >= 120, "{shape:?}: {usual} of 150");
            let impostors = (1..150).flat_map(|i| (0..i).map(move |j| (i, j))).take(4000);
            let (mean, deviation) = spread(impostors.map(|(i, j)| distance(&samples[i][0], &samples[j][1])));
            assert!((0.49..0.51).contains(&mean), "{shape:?} {mean}");
            assert!((0.027..0.037).contains(&deviation), "{shape:?} {deviation}"); // sqrt(0.25 / 249) = 0.0317
        }
    }

    #[test]
    fn eyelids_leave_most_bits_valid() {
        let shape = shape(16, 200, 4);
        let valid = samples(shape, 0, 150).into_iter().flatten().map(|i| i.valid_bits() as f64 / shape.bits() as f64);
        let valid: Vec<f64> = valid.collect();
        assert!(valid.iter().all(|share| (0.55..0.96).contains(share)));
        let (mean, deviation) = spread(valid);
        assert!((0.70..0.85).contains(&mean) && deviation > 0.04, "{mean} {deviation}");
    }

    #[test]
    fn a_tilted_sample_matches_when_rolled_back() {
        let shape = shape(16, 200, 4);
        let mut tilts = Vec::new();
        for ([reference, tilted], [_, upright]) in samples(shape, 4, 100).iter().zip(samples(shape, 0, 100)) {
            let tilt = (-4..=4).find(|&tilt| upright.rolled(tilt).code() == tilted.code()).unwrap();
            assert!(upright.rolled(tilt).mask() == tilted.mask());
            let rolled_back = distance(reference, &tilted.rolled(-tilt));
            assert!(rolled_back < 0.35);
            assert!(distance(reference, &tilted.rolled(8 - tilt)) > rolled_back + 0.05);
            tilts.push(tilt);
        }
        let times = |tilt| tilts.iter().filter(|found| **found == tilt).count();
        assert!((-4..=4).all(|tilt| (3..=22).contains(&times(tilt))), "{tilts:?}"); // 11 each, give or take
    }

    #[test]
    fn small_shapes_are_made_too() {
        for shape in [shape(1, 1, 2), shape(1, 64, 2), shape(3, 2, 4)] {
            assert_eq!(samples(shape, 1, 2)[1][1].code().len(), shape.bits());
        }
    }
}
