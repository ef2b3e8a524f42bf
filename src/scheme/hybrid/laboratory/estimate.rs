//! What a search costs before it runs: counted in the units of a [`Pace`], for `plan` and for the choice of a set.

use super::pace::Pace;
use crate::agreement::{Disclosure, EyeRule};
use crate::functional::Functional;
use crate::parameters::hybrid::HybridSet;
use crate::scheme::bgv::answer::KEY_NUMBERS;
use crate::scheme::bgv::arithmetic::Cost;
use crate::scheme::bgv::circuit::Circuit;
use crate::scheme::bgv::labelled::{Layout, folding};
use crate::scheme::bgv::laboratory::estimate::{SearchEstimate, SearchSize};
use crate::scheme::bgv::misfit::Misfit;
use crate::scheme::bgv::shape::Shape;
use crate::scheme::hybrid::admission::blocks_of_a_probe;
use crate::scheme::hybrid::evaluator::{agreed_shape, masking};
use crate::scheme::hybrid::labelled::TOGETHER;
use crate::scheme::hybrid::scale::Decisions;
use crate::scheme::hybrid::validity::{Tests, rows};

/// Of a search, on a machine of this pace; the gallery's subjects have one reference each, or one of each eye.
///
/// # Errors
///
/// [`Misfit`] where the set does not admit the comparison.
pub(crate) fn estimate(set: &HybridSet, size: &SearchSize<'_>, pace: &Pace) -> Result<SearchEstimate, Misfit> {
    let SearchSize { functional, disclosure, references, probes, .. } = *size;
    let (ring, n) = (set.ring(), set.block_size());
    let samples = if functional.eyes() == EyeRule::Ignored { 1 } else { 2 };
    let subjects = references.div_ceil(samples).max(1);
    let pairs = subjects.saturating_mul(probes);
    let blocks = pairs.div_ceil(n).max(1);
    let shape = Shape::of_functional(functional, 1);
    let comparison = set.comparison(&Decisions::of(functional), disclosure);
    let circuit = Circuit::weigh(&ring, &comparison, &shape, blocks_of_a_probe(set, subjects))?;
    let decisions = shape.decisions();
    // Blocks of tests, and of each number that leaves the plaintexts that multiply them.
    let tests = Tests::of(set, functional);
    let blocks_of_tests = tests.as_ref().map_or(0, |_| Tests::blocks(set, probes));
    let key = match disclosure {
        Disclosure::Each | Disclosure::Labelled if tests.is_some() => KEY_NUMBERS,
        _ => 0,
    };
    // Numbers that leave, and plaintexts that mask them: a probe's in each block that it has a pair in.
    let samples_of_a_probe = match disclosure {
        Disclosure::Each | Disclosure::Labelled => 0,
        _ => masking(functional, disclosure, subjects).samples(),
    };
    let leaving = match disclosure {
        Disclosure::Each => blocks * circuit.outputs() + key,
        Disclosure::Labelled => probes + key,
        _ => probes * samples_of_a_probe,
    };
    let masked = match disclosure {
        Disclosure::Each => blocks * circuit.outputs() + blocks_of_tests * key,
        _ => (blocks + probes + tests.as_ref().map_or(0, |_| probes)) * samples_of_a_probe,
    };
    let folded = match disclosure {
        Disclosure::Labelled => Folded::of(&circuit, functional, blocks, probes),
        _ => Folded::default(),
    };
    let transforms = (ring.public_limbs() + 1) as f64;
    let of_block = pace.ring.seconds(circuit.searching)
        + pace.ring.encoding.as_secs_f64() * (decisions * circuit.steps.period) as f64;
    let polynomials = set.query().polynomials(functional.coordinates()) as f64;
    let of_row = pace.polynomial.as_secs_f64() * polynomials + pace.row.as_secs_f64();
    let of_tests = tests.as_ref().map_or(0.0, |tests| {
        let (diagonals, cost) = tests.diagonals_and_cost(set, probes);
        let of_block = pace.ring.seconds(cost) + pace.ring.encoding.as_secs_f64() * diagonals as f64;
        of_block * blocks_of_tests as f64 + of_row * samples as f64 * rows(probes) as f64
    });
    let seconds = of_block * blocks as f64
        + of_tests
        + of_row * (pairs * decisions) as f64
        + pace.ring.transform.as_secs_f64() * transforms * masked as f64
        + pace.ring.seconds(folded.cost)
        + pace.ring.output.as_secs_f64() * leaving as f64;
    let element_bytes = match disclosure {
        Disclosure::Each | Disclosure::Labelled => ring.answer_block_bytes(),
        _ => ring.answer_sample_bytes(),
    };
    let ciphertext = 8 * n * ring.limbs;
    // Masks as numbers, diagonals of a giant step; sums of all giant steps, or what a threshold holds, much of it over fewer primes; the
    // subjects of a block.
    let block = n * circuit.steps.period * 2 + circuit.steps.babies * n * 4;
    let sums = (circuit.steps.period / circuit.steps.babies).max(circuit.powers() * 2 / 3) * ciphertext;
    let people = pairs.min(n) * (functional.reference_bytes() + 256) * samples;
    let answer_bytes = ((leaving - key) * element_bytes + key * ring.answer_sample_bytes()) as u64;
    let tested = blocks_of_tests * 8 * n * ring.public_limbs();
    let [of_each, beside] = match disclosure {
        Disclosure::Labelled => folding::bytes(&ring, folded.layout, subjects.div_ceil(n) * n),
        _ => [0, 0],
    };
    let handles = folded.together * of_each + beside;
    let memory = set.prepared_key_bytes() + set.evaluation_key_bytes() + block + sums + people + handles + tested;
    let steps = pairs * agreed_shape(functional).decisions() + tests.as_ref().map_or(0, |_| rows(probes));
    Ok(SearchEstimate { steps: steps as u64, seconds, answer_bytes, memory_bytes: memory as u64 + 3 * answer_bytes })
}

/// What is folded under `labelled` beside one probe in each block, which the circuit counts.
struct Folded {
    layout: Layout,
    cost: Cost,
    /// Probes whose sums are held at a time.
    together: usize,
}

impl Default for Folded {
    fn default() -> Self {
        Self { layout: Layout::new(1), cost: Cost::default(), together: 0 }
    }
}

impl Folded {
    fn of(circuit: &Circuit, functional: &Functional, blocks: usize, probes: usize) -> Self {
        let (layout, limbs) = (Layout::new(functional.hits_per_probe()), circuit.answered);
        // Every block but the first begins within a probe.
        let in_blocks = (blocks + probes).saturating_sub(1).max(blocks);
        let of_a_block = in_blocks.div_ceil(blocks.max(1));
        let passes = of_a_block.div_ceil(TOGETHER);
        let products = folding::products_cost(layout, limbs).times((in_blocks - blocks) as f64);
        let rotations = folding::rotations_cost(circuit.chain(), layout, limbs).times((blocks * (passes - 1)) as f64);
        Self { layout, cost: products + rotations, together: of_a_block.min(TOGETHER) }
    }
}
