//! Whether the noise of an answer tells two galleries with equal verdicts apart: nobody hits, but in one all are opposite to the probe, in
//! the other all stand one bit beside the threshold.

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::parties::Parties;
use super::specimen::{Hamming, Specimen};
use crate::agreement::Disclosure;
use crate::parameters::bgv::{INSECURE_BGV, PLAINTEXT_MODULUS};
use crate::scheme::bgv::engine::Ciphertext;
use crate::scheme::bgv::sanitise::{flooded, sanitised};

const BITS: usize = 64;
const THRESHOLD: i64 = 15;
const RUNS: u64 = 8;

/// Far below any chance: a test that rejects does not do so by accident.
const LEVEL: f64 = 1e-6;

/// Chance that two samples of one continuous distribution differ by as much as these (Kolmogorov-Smirnov, asymptotic; bound by the first
/// term of the series).
fn chance_of_equal_distributions(mut a: Vec<f64>, mut b: Vec<f64>) -> f64 {
    a.sort_by(f64::total_cmp);
    b.sort_by(f64::total_cmp);
    let (mut i, mut j, mut distance) = (0, 0, 0f64);
    while i < a.len() && j < b.len() {
        let here = a[i].min(b[j]);
        while i < a.len() && a[i] <= here {
            i += 1;
        }
        while j < b.len() && b[j] <= here {
            j += 1;
        }
        distance = distance.max((i as f64 / a.len() as f64 - j as f64 / b.len() as f64).abs());
    }
    let effective = (a.len() * b.len()) as f64 / (a.len() + b.len()) as f64;
    (2.0 * (-2.0 * effective * distance * distance).exp()).min(1.0)
}

/// (phase - f m) / t of every coefficient, with f m taken as the centred residue.
fn noise(parties: &Parties, ciphertext: &Ciphertext) -> Vec<f64> {
    let phase = parties.secret.wide_phase(ciphertext);
    phase.into_iter().map(|v| (v / f64::from(PLAINTEXT_MODULUS)).round()).collect()
}

/// What an adversary makes of the noise that it sees: each coefficient, counted positive where its guess at the gallery predicts its sign.
fn aligned(noise: &[f64], guess: &[f64]) -> Vec<f64> {
    noise.iter().zip(guess).map(|(noise, guess)| if *guess < 0.0 { -noise } else { *noise }).collect()
}

/// Samples of one gallery's noise.
#[derive(Default)]
struct Seen {
    /// Of verdicts that are not sanitised, aligned to the guess.
    unsanitised: Vec<f64>,
    /// Flooded, before the last division: as it is, and aligned.
    flooded: [Vec<f64>; 2],
    /// As sent: as it is, and aligned.
    answer: [Vec<f64>; 2],
}

/// Of both galleries, under the same keys and queries. The guess is that all are opposite, and knows everything but what sanitising
/// draws: the querier holds the key, and could compute any gallery's verdicts itself.
fn seen(disclosure: Disclosure) -> [Seen; 2] {
    let mut seen = [Seen::default(), Seen::default()];
    let hamming = Hamming { bits: BITS, threshold: THRESHOLD, disclosure };
    for round in 0..RUNS {
        let rng = |step| ChaCha20Rng::seed_from_u64(step * RUNS + round);
        let parties = Parties::new(&INSECURE_BGV, &mut rng(0));
        let verdicts = [BITS, THRESHOLD as usize + 1].map(|distance| {
            let specimen = Specimen::new(&parties, hamming, |_| Some(distance), &mut rng(1)).unwrap();
            let threshold = specimen.threshold(&parties, &specimen.score(&parties).unwrap(), &mut rng(2)).unwrap();
            let verdict = specimen.verdict(&parties, threshold).unwrap();
            let limbs = verdict.state.limbs.min(INSECURE_BGV.public_limbs());
            verdict.truncated(&parties.ring, limbs)
        });
        let divided = |verdict: &Ciphertext| {
            let dropped = verdict.state.limbs - 1;
            noise(&parties, &verdict.clone().divided(&parties.ring, dropped))
        };
        let guesses = [noise(&parties, &verdicts[0]), divided(&verdicts[0])];
        for (number, (verdict, seen)) in verdicts.into_iter().zip(&mut seen).enumerate() {
            seen.unsanitised.extend(aligned(&divided(&verdict), &guesses[1]));
            let mut rng = rng(3 + number as u64);
            let flooded = noise(&parties, &flooded(&parties.key, &verdict, &mut rng));
            let answer = noise(&parties, &sanitised(&parties.key, verdict, &mut rng).ciphertext);
            seen.flooded[1].extend(aligned(&flooded, &guesses[0]));
            seen.answer[1].extend(aligned(&answer, &guesses[1]));
            seen.flooded[0].extend(flooded);
            seen.answer[0].extend(answer);
        }
    }
    seen
}

#[test]
fn the_noise_of_an_answer_does_not_say_how_far_the_misses_are() {
    for disclosure in [Disclosure::Any, Disclosure::Each] {
        let [a, b] = seen(disclosure);
        assert_eq!(a.answer[0].len(), RUNS as usize * INSECURE_BGV.ring_size());
        for (stage, a, b) in [("flooded", a.flooded, b.flooded), ("answer", a.answer, b.answer)] {
            for (a, b) in a.into_iter().zip(b) {
                let chance = chance_of_equal_distributions(a, b);
                assert!(chance > LEVEL, "{disclosure}, {stage}: {chance:e}");
            }
        }
        // The test can tell: what is not sanitised it does tell apart.
        let chance = chance_of_equal_distributions(a.unsanitised, b.unsanitised);
        assert!(chance < LEVEL, "{disclosure}, not sanitised: {chance:e}");
    }
}

#[test]
fn the_test_finds_a_small_shift() {
    let sample = |shift: f64| (0..10_000).map(move |i| f64::from(i * 7919 % 10_007) + shift).collect::<Vec<_>>();
    assert!(chance_of_equal_distributions(sample(0.0), sample(0.5)) > 0.99);
    assert!(chance_of_equal_distributions(sample(0.0), sample(600.0)) < LEVEL);
}
