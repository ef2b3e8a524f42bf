//! Noise measured stage by stage, against the bounds of `noise`, and every slot against the clear.
//!
//! Measuring takes the secret key, so keys are made here for it; they encrypt nothing of anybody, and only plain numbers leave.

use rand::CryptoRng;
use rand_chacha::ChaCha20Rng;

use super::parties::Parties;
use super::specimen::{Hamming, Specimen, single};
use crate::agreement::Disclosure;
use crate::parameters::ParameterSet;
use crate::parameters::bgv::BgvSet;
use crate::scheme::bgv::Bgv;
use crate::scheme::bgv::aggregate::squares;
use crate::scheme::bgv::circuit::Circuit;
use crate::scheme::bgv::engine::Ciphertext;
use crate::scheme::bgv::lock::Lock;
use crate::scheme::bgv::misfit::Misfit;
use crate::scheme::bgv::noise::{State, TAIL_LOG2};
use crate::scheme::bgv::residues::{multiply_mod_t, residue};
use crate::scheme::bgv::sampling::generator;
use crate::scheme::bgv::sanitise::{flooded, sanitised};
use crate::scheme::{MeasuredNoise, Measurement, OtherScheme, Progress, Scheme, Stopped, Unmeasured};

/// From the deepest circuit to the least.
const COMPARISONS: [Hamming; 3] = [
    Hamming { bits: 512, threshold: 180, disclosure: Disclosure::Any },
    Hamming { bits: 512, threshold: 180, disclosure: Disclosure::Each },
    Hamming { bits: 128, threshold: 40, disclosure: Disclosure::Each },
];

/// Fresh keys of a set, and the phases of each stage on blocks of references at, beside and far from the threshold, under the deepest of a
/// few comparisons that the set admits; as many blocks, each under keys of its own, as make `samples` coefficients. Reports [`steps`] steps.
///
/// # Errors
///
/// [`Unmeasured`] for a set of another scheme, one that admits none of the comparisons, or when `progress` asks to stop.
pub(crate) fn measure(
    parameters: &ParameterSet,
    samples: usize,
    rng: &mut dyn CryptoRng,
    progress: &dyn Progress,
) -> Result<Measurement, Unmeasured> {
    let other = OtherScheme { expected: parameters.scheme(), actual: Bgv::ID };
    let set = Bgv::set(parameters).ok_or(other)?;
    let comparison = comparison(&set)?;
    let stages = of_stages(set, comparison, blocks(&set, samples), &mut generator(rng), progress)?;
    let Hamming { bits, disclosure, .. } = comparison;
    let disclosed = if disclosure == Disclosure::Each { "one bit a reference" } else { "one bit a probe" };
    Ok(Measurement {
        comparison: format!("Hamming distance, {bits} bits, {disclosed}"),
        unit: "integers",
        stages,
        flips: Vec::new(),
    })
}

/// Steps that [`measure`] reports: one a stage of each block.
pub(crate) fn steps(set: &BgvSet, samples: usize) -> u64 {
    (blocks(set, samples) * if set.one_squaring { 5 } else { 7 }) as u64
}

fn blocks(set: &BgvSet, samples: usize) -> usize {
    samples.div_ceil(set.ring_size()).max(1)
}

/// The first comparison that the set has room for.
fn comparison(set: &BgvSet) -> Result<Hamming, Misfit> {
    let mut fault = Misfit::Coordinates { coordinates: 0, limit: set.ring_size() / 2 };
    for hamming in COMPARISONS {
        match Circuit::weigh(set, &hamming.comparison(), &single(), 1) {
            Ok(_) => return Ok(hamming),
            Err(misfit) => fault = misfit,
        }
    }
    Err(fault)
}

/// Phases of each stage over some blocks.
struct Looked<'a> {
    progress: &'a dyn Progress,
    stages: Vec<StagePhases>,
}

struct StagePhases {
    name: &'static str,
    state: State,
    phases: Vec<f64>,
    /// Whether each slot is right; none where slots cannot be read.
    right: Option<Vec<bool>>,
}

const FLOOD: &str = "flood";
const ANSWER: &str = "answer";

impl Looked<'_> {
    /// Looks at what a stage left: one value, or several. `right` judges a slot of the first by its row and what stands in it; where there are
    /// several, by how many of them are 0.
    fn look(
        &mut self,
        name: &'static str,
        parties: &Parties,
        values: &[&Ciphertext],
        right: impl Fn(usize, u32) -> bool,
    ) -> Result<(), Stopped> {
        let Some(state) = values.first().map(|value| value.state) else { return Ok(()) };
        let opened = values.iter().map(|value| parties.opened(value)).map(|opened| (opened.phase, opened.slots));
        let (phases, slots): (Vec<Vec<f64>>, Vec<_>) = opened.unzip();
        let slots: Option<Vec<Vec<u32>>> = slots.into_iter().collect();
        let seen = slots.map(|mut slots| match slots.len() {
            1 => slots.pop().unwrap_or_default(),
            _ => {
                let mut zeros = vec![0; parties.ring.n];
                slots.iter().for_each(|slots| zeros.iter_mut().zip(slots).for_each(|(n, &v)| *n += u32::from(v == 0)));
                zeros
            }
        });
        let right = seen.map(|seen| seen.into_iter().enumerate().map(|(row, value)| right(row, value)).collect());
        match self.stages.iter_mut().find(|stage| stage.name == name) {
            Some(stage) => {
                stage.phases.extend(phases.into_iter().flatten());
                stage.right =
                    stage.right.take().zip(right).map(|(before, now): (Vec<bool>, Vec<bool>)| [before, now].concat());
            }
            None => self.stages.push(StagePhases { name, state, phases: phases.concat(), right }),
        }
        self.progress.advance(1);
        if self.progress.stop() { Err(Stopped) } else { Ok(()) }
    }

    fn finish(self) -> Vec<MeasuredNoise> {
        let noise = |stage: StagePhases| {
            let state = stage.state;
            // What is flooded fills the modulus, which is what it is flooded for.
            let computed = ![FLOOD, ANSWER].contains(&stage.name);
            let noise = MeasuredNoise {
                bound_log2: Some(state.noise + TAIL_LOG2),
                margin_bits: computed.then(|| state.margin()),
                ..MeasuredNoise::of(stage.name, &stage.phases, (2.0 * state.noise).exp2())
            };
            match stage.right {
                Some(right) => noise.with_failures(right),
                None => noise,
            }
        };
        self.stages.into_iter().map(noise).collect()
    }
}

/// Encryption, the last rotation of the probe, score, threshold, verdict, flood, answer; the one-squaring variant answers after the
/// threshold.
pub(super) fn of_stages(
    set: BgvSet,
    hamming: Hamming,
    blocks: usize,
    rng: &mut ChaCha20Rng,
    progress: &dyn Progress,
) -> Result<Vec<MeasuredNoise>, Unmeasured> {
    let mut looked = Looked { progress, stages: Vec::new() };
    for _ in 0..blocks {
        looked.block(&set, hamming, rng)?;
    }
    Ok(looked.finish())
}

impl Looked<'_> {
    /// One block, under keys of its own.
    fn block(&mut self, set: &BgvSet, hamming: Hamming, rng: &mut ChaCha20Rng) -> Result<(), Unmeasured> {
        let Hamming { bits, threshold, disclosure } = hamming;
        let parties = &Parties::new(set, rng);
        // Nobody, at the threshold, one bit beyond it, anywhere, and opposite.
        let distance = |row: usize| match row % 5 {
            0 => None,
            1 => Some(threshold as usize),
            2 => Some(threshold as usize + 1),
            3 => Some(row * 7 % (bits + 1)),
            _ => Some(bits),
        };
        let misfit = || Misfit::Coordinates { coordinates: bits, limit: set.ring_size() / 2 };
        let specimen = Specimen::new(parties, hamming, distance, rng)?;
        let (ring, slots) = (&*parties.ring, &specimen.slots);
        let mut baby = specimen.probes.expand(0).ok_or_else(misfit)?;
        self.look("encryption", parties, &[&baby], |row, value| slots.get(row) == Some(&value))?;
        let (rotation, turns) = (ring.rotation(1), set.baby_steps.min(bits) - 1);
        for _ in 0..turns {
            baby = baby.rotated(ring, &rotation, &parties.key.rotate_by_one);
        }
        let half = ring.n / 2;
        let turned = |row: usize| slots.get(row / half * half + (row + turns) % half);
        self.look("rotation", parties, &[&baby], |row, value| turned(row) == Some(&value))?;

        let score = specimen.score(parties).ok_or_else(misfit)?;
        // phi = -1 for nobody.
        let phi = |row| distance(row).map_or(-1, |distance| 2 * (threshold - distance as i64) + 1);
        let expected = |row| residue(phi(row) - specimen.centre());
        self.look("score", parties, &[&score], |row, value| value == expected(row))?;
        let hit = |row: usize| phi(row) > 0;
        let judged = |row: usize, value: u32| match (set.one_squaring, disclosure) {
            (true, _) => value == multiply_mod_t(expected(row), expected(row)),
            (false, Disclosure::Each) => (value == 0) == hit(row),
            (false, _) => value == u32::from(hit(row)),
        };
        // A count's verdicts are of N in each slot.
        let counted = |row: usize, value: u32| match disclosure {
            Disclosure::Count => value == u32::from(hit(row)) * ring.n as u32,
            _ => judged(row, value),
        };
        let value = specimen.threshold(parties, &score, rng).ok_or_else(misfit)?;
        self.look("threshold", parties, &[&value], judged)?;
        if set.one_squaring {
            let outputs = squares(&parties.key, &specimen.circuit, &value, &mut Lock::open(), rng);
            let outputs: Vec<&Ciphertext> = outputs.iter().map(|output| &output.ciphertext).collect();
            self.look(ANSWER, parties, &outputs, |row, zeros| zeros == u32::from(hit(row)))?;
            return Ok(());
        }
        let verdict = specimen.verdict(parties, value).ok_or_else(misfit)?;
        self.look("verdict", parties, &[&verdict], counted)?;
        let verdict = verdict.truncated(ring, verdict.state.limbs.min(set.public_limbs()));
        self.look(FLOOD, parties, &[&flooded(&parties.key, &verdict, rng)], counted)?;
        self.look(ANSWER, parties, &[&sanitised(&parties.key, verdict, rng).ciphertext], counted)?;
        Ok(())
    }
}
