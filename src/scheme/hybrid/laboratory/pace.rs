//! How fast a machine is: the time of each unit of work, in which a search is counted (`estimate`).

use std::time::Duration;

use rand::{CryptoRng, Rng};
use rand_chacha::ChaCha20Rng;
use rayon::prelude::*;

use crate::agreement::Disclosure;
use crate::functional::{Functional, LinearForm};
use crate::parameters::hybrid::HybridSet;
use crate::parameters::query::QueryKeySet;
use crate::scheme::bgv;
use crate::scheme::bgv::misfit::Misfit;
use crate::scheme::bgv::sampling::generator;
use crate::scheme::hybrid::bridge::switched;
use crate::scheme::hybrid::evaluator::agreed_shape;
use crate::scheme::hybrid::scale::Decisions;
use crate::scheme::tfhe::distance::{EncryptedTemplate, Scratch, Transform};
use crate::scheme::tfhe::query::QueryKey;

/// Time of each unit of work under one parameter set, with all threads busy: wall time, divided by how many were done in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Of the ring that judges.
    pub ring: bgv::laboratory::pace::Pace,
    /// One polynomial of an encrypted template times one of weights, in the Fourier domain.
    pub polynomial: Duration,
    /// What a score takes beside: its inverse transforms, and the switch to t.
    pub row: Duration,
}

/// Two threads of the reference machine (docs/performance.md), n = 1024: one of two counting half.
const REFERENCE_POLYNOMIAL: Duration = Duration::from_nanos(400);
const REFERENCE_ROW: Duration = Duration::from_nanos(3_500);

impl Pace {
    /// The reference machine, two threads. Both parties must choose alike, so it is part of the program, not measured.
    pub(crate) fn reference(set: &HybridSet) -> Self {
        let n = set.query().lwe_dimension() as f64 / 1024.0;
        Self {
            ring: bgv::laboratory::pace::Pace::reference(&set.ring()),
            polynomial: REFERENCE_POLYNOMIAL.mul_f64(n),
            row: REFERENCE_ROW.mul_f64(n),
        }
    }

    /// The reference machine's, but for a ring of that pace.
    pub(crate) fn with_ring(set: &HybridSet, ring: bgv::laboratory::pace::Pace) -> Self {
        Self { ring, ..Self::reference(set) }
    }
}

/// Keys that encrypt nothing of anybody, and what the units of one comparison's work need to run.
pub struct Units {
    ring: bgv::laboratory::pace::Units,
    query: QueryKeySet,
    key: QueryKey,
}

impl Units {
    /// Fresh keys: a second or so.
    ///
    /// # Errors
    ///
    /// [`Misfit`] where the set does not admit the comparison.
    pub fn new(
        set: &HybridSet,
        functional: &Functional,
        disclosure: Disclosure,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, Misfit> {
        let comparison = set.comparison(&Decisions::of(functional), disclosure);
        let ring = bgv::laboratory::pace::Units::of(&set.ring(), &comparison, &agreed_shape(functional), rng)?;
        Ok(Self { ring, query: set.query(), key: QueryKey::random(set.query(), rng) })
    }

    /// Times each unit for a fraction of a second. `clock` tells the time since any fixed moment.
    pub fn pace(&self, rng: &mut dyn CryptoRng, clock: &dyn Fn() -> Duration) -> Pace {
        let ring = self.ring.pace(rng, clock);
        let mut rng = generator(rng);
        let [short, long] = [SHORT, LONG].map(|polynomials| self.scored(polynomials, &mut rng, clock));
        let polynomial = long.saturating_sub(short).div_f64((LONG - SHORT) as f64);
        Pace { ring, polynomial, row: short.saturating_sub(polynomial.mul_f64(SHORT as f64)) }
    }

    /// Time of a score of so many polynomials, switched.
    fn scored(&self, polynomials: usize, rng: &mut ChaCha20Rng, clock: &dyn Fn() -> Duration) -> Duration {
        let coordinates = polynomials * self.query.polynomial_size;
        let transform = Transform::new(&self.query);
        let bodies = (0..coordinates).map(|_| rng.random()).collect();
        let template = EncryptedTemplate::expand(&self.query, coordinates, rng.random(), bodies, &transform);
        let weights = (0..coordinates).map(|i| (i % 127) as i16 - 63).collect();
        let form = LinearForm { weights, bias: 1, start: 0 };
        let Some(template) = template.first() else { return Duration::ZERO };
        let work = || {
            let init = || (Scratch::new(&self.query, &transform), vec![0; self.key.bits().len()]);
            let rows = (0..ROWS).into_par_iter().map_init(init, |(scratch, mask), _| {
                let score = template.score(&form, 1, &transform, scratch);
                switched(score.sample(), mask)
            });
            rows.max()
        };
        work();
        let start = clock();
        let mut done = 0;
        while done == 0 || clock().saturating_sub(start) < TIMED {
            // Nobody reads what comes of it.
            std::hint::black_box(work());
            done += ROWS;
        }
        clock().saturating_sub(start).div_f64(done as f64)
    }
}

/// Templates of so many polynomials tell the two units apart.
const SHORT: usize = 4;
const LONG: usize = 64;
/// Rows of a turn.
const ROWS: usize = 2048;
/// Each size is timed for so long at least.
const TIMED: Duration = Duration::from_millis(250);
