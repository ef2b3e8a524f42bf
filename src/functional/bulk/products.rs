//! Inner products of many integer vectors, each with each, as a matrix product: exact.

use std::ops::Range;

use rayon::prelude::*;

use super::Sums;
use super::kernel::{ACROSS, Column, DOWN, Lanes, Portable, Row, Tile, tile};

/// Bytes of references that a thread holds as the kernel reads them: a part of a second-level cache.
const PANELS_BYTES: usize = 256 << 10;

/// A digit of a coordinate that is too long for 16 bits counts so much more than the one below.
const BASE: i32 = 256;

/// Vectors of one length whose inner products are known to fit.
pub(super) struct Products<'a> {
    /// The probes; where a coordinate does not fit in 16 bits, their lower digits.
    low: Packed,
    /// The higher digits.
    high: Option<Packed>,
    references: Vec<&'a [i16]>,
}

/// Probes as the kernel reads them: group after group of eight.
struct Packed {
    columns: Vec<Column>,
    /// Columns of a group.
    length: usize,
}

impl<'a> Products<'a> {
    /// None where there are none, lengths differ, or a sum might not fit: what no agreement admits.
    pub fn new(probes: &[&[i32]], references: &[&'a [i16]]) -> Option<Self> {
        let dimension = probes.first().map(|x| x.len()).filter(|&dimension| dimension > 0)?;
        if probes.iter().any(|x| x.len() != dimension) || references.iter().any(|y| y.len() != dimension) {
            return None;
        }
        let squares = references.par_iter().map(|y| squared_length(y.iter().map(|&y| y.into())));
        let longest = squares.max()?;
        let pack = |digit| Packed::new(probes, dimension, longest, digit);
        let references = references.to_vec();
        if let Some(low) = pack(|x| x) {
            return Some(Self { low, high: None, references });
        }
        Some(Self { low: pack(low_digit)?, high: Some(pack(high_digit)?), references })
    }

    /// Gives the inner products of eight probes with up to sixteen references to `take`, with the place of the first of either, which
    /// for probes is a multiple of eight. What is beyond the last probe or reference is 0.
    pub fn each(&self, probes: Range<usize>, references: Range<usize>, take: impl FnMut(usize, usize, &Sums)) {
        match pulp::Arch::new() {
            #[cfg(target_arch = "x86_64")]
            pulp::Arch::V4(lanes) => lanes.vectorize(
                #[inline(always)]
                || self.each_with::<_, 8>(lanes, probes, references, take),
            ),
            #[cfg(target_arch = "x86_64")]
            pulp::Arch::V3(lanes) => lanes.vectorize(
                #[inline(always)]
                || self.each_with::<_, 4>(lanes, probes, references, take),
            ),
            _ => self.each_with::<_, 2>(Portable, probes, references, take),
        }
    }

    /// References as many together as fit in the cache, so that rows of the result are written at some length.
    #[inline(always)]
    fn each_with<L: Lanes, const ROWS: usize>(
        &self,
        lanes: L,
        probes: Range<usize>,
        references: Range<usize>,
        mut take: impl FnMut(usize, usize, &Sums),
    ) {
        let length = self.low.length;
        let together = (PANELS_BYTES / (size_of::<Row>() * length)).clamp(1, references.len().div_ceil(ACROSS).max(1));
        let mut panels = vec![[[0; 2]; ACROSS]; length * together];
        for first in references.clone().step_by(ACROSS * together) {
            let here = first..references.end.min(first + ACROSS * together);
            for (panel, start) in panels.chunks_exact_mut(length).zip(here.clone().step_by(ACROSS)) {
                fill(panel, self.references.get(start..here.end.min(start + ACROSS)).unwrap_or_default());
            }
            for probe in (probes.start / DOWN * DOWN..probes.end).step_by(DOWN) {
                for (panel, start) in panels.chunks_exact(length).zip(here.clone().step_by(ACROSS)) {
                    take(probe, start, &self.sums::<L, ROWS>(lanes, probe, panel));
                }
            }
        }
    }

    #[inline(always)]
    fn sums<L: Lanes, const ROWS: usize>(&self, lanes: L, probe: usize, panel: &[Row]) -> Sums {
        let mut sums = wide(&tile::<L, ROWS>(lanes, self.low.group(probe), panel));
        if let Some(high) = &self.high {
            let high = wide(&tile::<L, ROWS>(lanes, high.group(probe), panel));
            for (sum, high) in sums.as_flattened_mut().iter_mut().zip(high.as_flattened()) {
                *sum += i64::from(BASE) * high;
            }
        }
        sums
    }
}

#[inline(always)]
fn wide(tile: &Tile) -> Sums {
    let mut sums = [[0; ACROSS]; DOWN];
    for (sum, &narrow) in sums.as_flattened_mut().iter_mut().zip(tile.as_flattened()) {
        *sum = i64::from(narrow);
    }
    sums
}

/// x = 256 high + low, where -128 <= low < 128.
fn low_digit(x: i32) -> i32 {
    i32::from(x as i8)
}

fn high_digit(x: i32) -> i32 {
    x.saturating_sub(low_digit(x)) / BASE
}

impl Packed {
    /// None where a digit does not fit in 16 bits, or its products with references of at most the squared length `longest` in 32.
    fn new(probes: &[&[i32]], dimension: usize, longest: i64, digit: fn(i32) -> i32) -> Option<Self> {
        let length = dimension.div_ceil(2);
        let mut columns = vec![[[0; 2]; DOWN]; length * probes.len().div_ceil(DOWN)];
        let mut groups = columns.chunks_exact_mut(length).zip(probes.chunks(DOWN));
        let fits = groups.all(|(columns, probes)| fill_group(columns, probes, longest, digit));
        fits.then_some(Self { columns, length })
    }

    /// The group that begins with this probe.
    #[inline(always)]
    fn group(&self, probe: usize) -> &[Column] {
        let start = probe / DOWN * self.length;
        self.columns.get(start..start + self.length).unwrap_or_default()
    }
}

/// False where something does not fit.
fn fill_group(columns: &mut [Column], probes: &[&[i32]], longest: i64, digit: fn(i32) -> i32) -> bool {
    probes.iter().enumerate().all(|(place, probe)| {
        for (column, two) in columns.iter_mut().zip(probe.chunks(2)) {
            let slots = column.get_mut(place).into_iter().flatten();
            for (slot, &x) in slots.zip(two) {
                let Ok(short) = i16::try_from(digit(x)) else { return false };
                *slot = short;
            }
        }
        // |<x,y>| <= |x| |y|, also over some of the coordinates.
        let square = squared_length(probe.iter().map(|&x| digit(x)));
        i128::from(square) * i128::from(longest) < 1 << 62
    })
}

/// The greatest number where it does not fit.
fn squared_length(x: impl Iterator<Item = i32>) -> i64 {
    x.map(|x| i64::from(x) * i64::from(x)).fold(0, i64::saturating_add)
}

/// References side by side, two coordinates at a time.
#[inline(always)]
fn fill(panel: &mut [Row], references: &[&[i16]]) {
    if references.len() < ACROSS {
        panel.fill([[0; 2]; ACROSS]);
    }
    for (place, reference) in references.iter().enumerate() {
        let (twos, last) = reference.as_chunks::<2>();
        let twos = twos.iter().copied().chain(last.iter().map(|&last| [last, 0]));
        for (row, two) in panel.iter_mut().zip(twos) {
            if let Some(slot) = row.get_mut(place) {
                *slot = two;
            }
        }
    }
}
