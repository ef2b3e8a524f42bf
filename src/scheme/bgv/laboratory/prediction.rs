//! What a set has room for under one comparison, stage by stage: for parameter cards. The ledger's numbers, and nothing of any score.

use crate::agreement::Terms;
use crate::functional::Functional;
use crate::parameters::bgv::{BgvSet, PRIME_BITS};
use crate::scheme::PredictedNoise;
use crate::scheme::bgv::arithmetic::Ledger;
use crate::scheme::bgv::circuit::{Circuit, Comparison};
use crate::scheme::bgv::distance::ledger_entry;
use crate::scheme::bgv::misfit::Misfit;
use crate::scheme::bgv::noise::{MARGIN_BITS, Noise, State};
use crate::scheme::bgv::sanitise::{flooded_state, flooding_log2};
use crate::scheme::bgv::shape::{Judgement, Shape};

/// What a set has room for, beside what it needs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Prediction {
    /// Noise in the order of the flow; of each stage where it comes nearest to half the modulus.
    pub stages: Vec<PredictedNoise>,
    /// Least distance of any bound from half its modulus.
    pub margin_bits: f64,
    /// Least that a set must leave between a bound and half its modulus.
    pub least_margin_bits: f64,
    /// Bits by which what floods a verdict exceeds what it drowns.
    pub flooding_bits: f64,
    /// Least bits of flooding that hide the answer of the largest gallery.
    pub least_flooding_bits: f64,
}

/// Of the largest circuit that an agreement's terms admit.
///
/// # Errors
///
/// [`Misfit`] with the number that does not fit.
pub(crate) fn predict(set: &BgvSet, functional: &Functional, terms: &Terms) -> Result<Prediction, Misfit> {
    let shape = Shape::of_functional(functional, terms.limits.references_per_subject);
    let blocks = terms.limits.references.div_ceil(set.ring_size());
    let circuit = Circuit::weigh(set, &Comparison::of(functional, terms.disclosure), &shape, blocks)?;
    Ok(of_circuit(&circuit, blocks))
}

/// Of a circuit, for an answer of so many blocks.
pub(in crate::scheme) fn of_circuit(circuit: &Circuit, blocks: usize) -> Prediction {
    Prediction {
        stages: of_stages(circuit),
        margin_bits: circuit.margin,
        least_margin_bits: MARGIN_BITS,
        flooding_bits: flooding_log2(&circuit.set, circuit.end),
        least_flooding_bits: circuit.least_flooding(blocks),
    }
}

/// Runs the circuit once more, with a ledger for each stage.
fn of_stages(circuit: &Circuit) -> Vec<PredictedNoise> {
    let chain = circuit.chain();
    let fresh = State { limbs: circuit.set.limbs, factor: 1, noise: Noise::of(&circuit.set).fresh() };
    let distance = Ledger::new(chain);
    let score = ledger_entry(&distance, chain, circuit.steps);
    let threshold = Ledger::new(chain);
    let masks = circuit.ledger_masks();
    let mut decide = |judgement: Judgement| circuit.judge(&threshold, judgement, &score, &masks, 1);
    let decisions: Vec<Vec<State>> = circuit.judgements().map(&mut decide).collect();
    let aggregate = Ledger::new(chain);
    if !circuit.set.one_squaring {
        circuit.verdict(&aggregate, decisions, &masks);
    }
    let flooded = flooded_state(&circuit.set, circuit.end);
    let computed = |stage, state: State| noise_of(stage, state, Some(state.margin()));
    let mut stages = vec![computed("fresh encryption", fresh)];
    let tightest = [("distance: sums of products", &distance), ("threshold", &threshold), ("aggregate", &aggregate)];
    for (stage, ledger) in tightest {
        stages.extend(ledger.tightest().map(|state| computed(stage, state)));
        if stage.starts_with("distance") {
            stages.push(computed("distance: scores", score));
        }
    }
    stages.push(computed("verdict", circuit.end));
    stages.push(noise_of("sanitise: flooded", flooded, None));
    stages.push(noise_of("answer", flooded.divided(chain, flooded.limbs.saturating_sub(1)), None));
    stages
}

fn noise_of(stage: &'static str, state: State, margin_bits: Option<f64>) -> PredictedNoise {
    PredictedNoise {
        stage,
        noise_log2: state.noise,
        modulus_log2: f64::from(PRIME_BITS) * state.limbs as f64,
        margin_bits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::{Disclosure, SchemeChoice};
    use crate::planning;
    use crate::scheme::bgv::answer::LEAST_FLOODING_BITS;

    #[test]
    fn the_tightest_stage_is_as_tight_as_the_circuit() {
        for (mut terms, disclosure) in [
            (Terms::hamming(512, 180), Disclosure::Each),
            (Terms::hamming(512, 180), Disclosure::Any),
            (Terms::hamming(128, 40), Disclosure::Each),
            (Terms::face(128), Disclosure::Each),
        ] {
            terms.disclosure = disclosure;
            terms.limits.references = 5_000;
            let agreement = planning::open(terms.with_scheme(SchemeChoice::Bgv)).unwrap();
            let set = agreement.parameters().bgv().unwrap();
            let predicted = predict(&set, agreement.functional(), agreement.terms()).unwrap();
            let margins = predicted.stages.iter().filter_map(|stage| stage.margin_bits);
            let least = margins.fold(f64::INFINITY, f64::min);
            assert!((least - predicted.margin_bits).abs() < 1e-9, "{set:?} {least} {predicted:?}");
            assert!(least >= MARGIN_BITS && predicted.flooding_bits >= predicted.least_flooding_bits);
            assert!(predicted.least_flooding_bits >= LEAST_FLOODING_BITS);
            let last = predicted.stages.last().unwrap();
            assert_eq!((last.stage, last.modulus_log2), ("answer", 30.0));
        }
    }
}
