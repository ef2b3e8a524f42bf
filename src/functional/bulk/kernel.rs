//! Sums of products of integers of 16 bits, for eight probes and sixteen references at a time, on the widest instructions there are.

/// Probes of a tile.
pub(super) const DOWN: usize = 8;

/// References of a tile.
pub(super) const ACROSS: usize = 16;

/// Two neighbouring coordinates of a template: what the processor multiplies and adds up in one go.
pub(super) type Two = [i16; 2];

/// Two coordinates of the probes of a tile.
pub(super) type Column = [Two; DOWN];

/// Two coordinates of the references of a tile.
pub(super) type Row = [Two; ACROSS];

/// The inner product of each probe with each reference.
pub(super) type Tile = [[i32; ACROSS]; DOWN];

/// Instructions that multiply integers of 16 bits and add in 32. What does not fit in 32 bits wraps around.
pub(super) trait Lanes: Copy {
    /// A sum for each reference of a tile.
    type Sums: Copy;

    fn zero(self) -> Self::Sums;
    fn add(self, sums: Self::Sums, probe: Two, references: &Row) -> Self::Sums;
    fn told(self, sums: Self::Sums) -> [i32; ACROSS];
}

/// What the compiler finds by itself.
#[derive(Clone, Copy)]
pub(super) struct Portable;

impl Lanes for Portable {
    type Sums = [i32; ACROSS];

    #[inline(always)]
    fn zero(self) -> Self::Sums {
        [0; ACROSS]
    }

    #[inline(always)]
    fn add(self, mut sums: Self::Sums, probe: Two, references: &Row) -> Self::Sums {
        let [a, b] = probe.map(i32::from);
        for (sum, reference) in sums.iter_mut().zip(references) {
            let [c, d] = reference.map(i32::from);
            *sum = sum.wrapping_add(a * c).wrapping_add(b * d);
        }
        sums
    }

    #[inline(always)]
    fn told(self, sums: Self::Sums) -> [i32; ACROSS] {
        sums
    }
}

#[cfg(target_arch = "x86_64")]
impl Lanes for pulp::x86::V3 {
    type Sums = [pulp::i32x8; 2];

    #[inline(always)]
    fn zero(self) -> Self::Sums {
        [self.splat_i32x8(0); 2]
    }

    #[inline(always)]
    fn add(self, [left, right]: Self::Sums, probe: Two, references: &Row) -> Self::Sums {
        let probe: pulp::i16x16 = pulp::cast(self.splat_i32x8(pulp::cast(probe)));
        let [first, second]: [pulp::i16x16; 2] = pulp::cast(*references);
        let products = |references| self.multiply_wrapping_add_adjacent_i16x16(probe, references);
        [self.wrapping_add_i32x8(left, products(first)), self.wrapping_add_i32x8(right, products(second))]
    }

    #[inline(always)]
    fn told(self, sums: Self::Sums) -> [i32; ACROSS] {
        pulp::cast(sums)
    }
}

#[cfg(target_arch = "x86_64")]
impl Lanes for pulp::x86::V4 {
    type Sums = pulp::i32x16;

    #[inline(always)]
    fn zero(self) -> Self::Sums {
        self.splat_i32x16(0)
    }

    #[inline(always)]
    fn add(self, sums: Self::Sums, probe: Two, references: &Row) -> Self::Sums {
        let probe = self.avx512f._mm512_set1_epi32(pulp::cast(probe));
        let products = self.avx512bw._mm512_madd_epi16(probe, pulp::cast(*references));
        self.wrapping_add_i32x16(sums, pulp::cast(products))
    }

    #[inline(always)]
    fn told(self, sums: Self::Sums) -> [i32; ACROSS] {
        pulp::cast(sums)
    }
}

/// One tile, `ROWS` probes at a time: as many as there are registers for.
#[inline(always)]
pub(super) fn tile<L: Lanes, const ROWS: usize>(lanes: L, probes: &[Column], references: &[Row]) -> Tile {
    let mut tile = [[0; ACROSS]; DOWN];
    for (part, told) in tile.as_chunks_mut::<ROWS>().0.iter_mut().enumerate() {
        let mut sums = [lanes.zero(); ROWS];
        for (probes, references) in probes.iter().zip(references) {
            let Some(probes) = probes.as_chunks::<ROWS>().0.get(part) else { break };
            for (sum, &probe) in sums.iter_mut().zip(probes) {
                *sum = lanes.add(*sum, probe, references);
            }
        }
        for (told, sum) in told.iter_mut().zip(sums) {
            *told = lanes.told(sum);
        }
    }
    tile
}
