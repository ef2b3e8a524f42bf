//! Noise held against its formulas, and every slot against the clear.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::arithmetic::{Arithmetic, centred};
use super::circuit::{Circuit, Judgement, Plane, Shape};
use super::distance::{Babies, Block, Steps};
use super::engine::{Ciphertext, Engine, Plaintext};
use super::holder::SecretKey;
use super::keys::{EvaluationKey, PreparedKey};
use super::noise::{Noise, TAIL_LOG2};
use super::ring::Ring;
use super::sampling;
use super::sanitise::sanitised;
use crate::agreement::Disclosure;
use crate::parameters::bgv::{self, BgvSet, PLAINTEXT_MODULUS};
use crate::scheme::Crossing as _;

struct Parties {
    secret: SecretKey,
    key: PreparedKey,
}

impl Parties {
    fn new(set: &'static BgvSet) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let secret = SecretKey::generate(set, &mut rng);
        let public = EvaluationKey::new(&secret, &mut rng);
        Self { key: public.expand(), secret }
    }

    /// log2 of the deviation of the phase from its plaintext, over all primes of a ciphertext: exact for phases below 2^62.
    fn noise_log2(&self, ciphertext: &Ciphertext) -> f64 {
        let phase = self.secret.wide_phase(ciphertext);
        (phase.iter().map(|&v| v * v).sum::<f64>() / phase.len() as f64).log2() / 2.0
    }
}

impl Parties {
    /// The slots of a ciphertext, as residues of t.
    fn slots(&self, ciphertext: &Ciphertext) -> Vec<u32> {
        let phase = self.secret.wide_phase(ciphertext);
        let residues = phase.iter().map(|&v| super::arithmetic::residue(v as i64));
        let slots = Ring::of(self.secret.set).decode(residues.collect());
        slots.into_iter().map(|v| super::arithmetic::divide_mod_t(v, ciphertext.state.factor)).collect()
    }
}

#[test]
fn each_operation_does_what_it_says() {
    let set = &bgv::INSECURE_BGV;
    let parties = Parties::new(set);
    let ring = Ring::of(set);
    let engine = Engine { ring, relinearisation: &parties.key.relinearisation };
    let mut rng = ChaCha20Rng::seed_from_u64(8);
    let mut fresh = || {
        let slots = sampling::any_residue(ring.n, &mut rng);
        let seed = sampling::seed(&mut rng);
        let body = parties.secret.encrypt_plaintext(&ring.encode(slots.iter().copied()), seed, &mut rng);
        let probes = super::ciphertexts::EncryptedProbes::new(set, vec![(seed, body)]);
        (slots, probes.expand(0).unwrap())
    };
    let ((a, ca), (b, cb)) = (fresh(), fresh());
    let check = |what: &str, ciphertext: &Ciphertext, f: &dyn Fn(u64, u64) -> u64| {
        let expected: Vec<u32> = a.iter().zip(&b).map(|(&a, &b)| (f(a.into(), b.into()) % 65537) as u32).collect();
        let wrong = parties.slots(ciphertext).iter().zip(&expected).filter(|(a, b)| a != b).count();
        println!(
            "{what}: {wrong} wrong, noise {:.2} by formula {:.2}, limbs {}",
            parties.noise_log2(ciphertext),
            ciphertext.state.noise,
            ciphertext.state.limbs
        );
    };
    check("fresh", &ca, &|a, _| a);
    let product = engine.multiply(&ca, &cb);
    check("product", &product, &|a, b| a * b);
    let square = engine.multiply(&product, &product);
    check("square", &square, &|a, b| a * b % 65537 * (a * b % 65537));
    let sum = engine.combine(&[(&ca, 3), (&product, 70)], 9, 5);
    check("combine", &sum, &|a, b| 3 * a + 70 * (a * b % 65537) + 9);
    check("divide", &engine.divide(sum.clone(), 1), &|a, b| 3 * a + 70 * (a * b % 65537) + 9);
    let settled = engine.settle(&[(&ca, 3), (&product, 70)], 9, 11);
    check("settle", &settled, &|a, b| 3 * a + 70 * (a * b % 65537) + 9);
    assert_eq!(settled.state.factor, 11);
    let mask = Plaintext(ring.lift_all(&ring.encode(b.iter().copied()), set.limbs));
    check("blind", &engine.blind(&ca, &mask), &|a, b| a * b);
    let settled = engine.settle_masked(&[(&ca, 3), (&product, 70)], 9, &[&mask], 11).remove(0);
    check("settle", &settled, &|a, b| (3 * a + 70 * (a * b % 65537) + 9) % 65537 * b);
    let two = engine.inner_product(&[(&ca, &cb), (&cb, &cb)], Some(&ca));
    check("inner product", &two, &|a, b| a * b + b * b + a);
}

fn single() -> Shape {
    Shape {
        planes: vec![Plane { group: 0, sample: 0, ordinal: 0 }],
        groups: 1,
        alignments: 1,
        judges_common_bits: false,
    }
}

/// One block of random +-1 vectors, each slot against the clear.
fn case(set: &'static BgvSet, bits: usize, threshold: i64, disclosure: Disclosure) {
    let time = std::time::Instant::now();
    let parties = Parties::new(set);
    println!("{} keys {:?}", set.name, time.elapsed());
    let ring = Ring::of(set);
    let d = bits as i64;
    let range = 2 * (threshold - d) + 1..=2 * threshold + 1;
    let circuit = Circuit::new(set, bits, &range, None, disclosure, &single()).unwrap();
    println!("margin {:.1} end {:?} cost {:?}", circuit.margin, circuit.end, circuit.cost);
    let mut rng = ChaCha20Rng::seed_from_u64(8);
    let probe: Vec<i64> = (0..bits).map(|_| if rng.random() { 1 } else { -1 }).collect();
    let mut hds = vec![];
    let steps = Steps::new(set, bits).unwrap();
    let mut block = Block::new(steps, ring.n - 5, 1, -1);
    let rows: Vec<Vec<i16>> = (0..ring.n - 5)
        .map(|row| {
            let hd = match row % 4 {
                0 => threshold as usize,
                1 => threshold as usize + 1,
                2 => rng.random_range(0..=bits),
                _ => bits / 2,
            };
            hds.push(hd as i64);
            let offset = rng.random_range(0..bits);
            (0..bits).map(|i| if (i + offset) % bits < hd { -probe[i] as i16 } else { probe[i] as i16 }).collect()
        })
        .collect();
    block.fill(|row, weights| {
        weights[..bits].copy_from_slice(&rows[row]);
        Some(2 * threshold + 1 - d)
    });
    let plaintext: Vec<u32> =
        (0..ring.n).map(|s| super::arithmetic::residue(probe.get(s % steps.period).copied().unwrap_or(0))).collect();
    let plaintext = ring.encode(plaintext.into_iter());
    let seed = sampling::seed(&mut rng);
    let body = parties.secret.encrypt_plaintext(&plaintext, seed, &mut rng);
    let probes = super::ciphertexts::EncryptedProbes::new(set, vec![(seed, body)]);
    println!("query {} key {}", probes.encode().unwrap().len(), set.evaluation_key_bytes());
    let time = std::time::Instant::now();
    let babies = Babies::of_sample(&parties.key, &probes, 0, steps).unwrap();
    println!("babies {:?}", time.elapsed());
    let time = std::time::Instant::now();
    let kept = block.transformed(ring);
    println!("encoding {:?}", time.elapsed());
    let time = std::time::Instant::now();
    let score = kept.scores(&parties.key, &[&babies], circuit.centre(Judgement::Aligned)).pop().unwrap();
    println!(
        "distance {:?}: noise {:.2} by formula {:.2}",
        time.elapsed(),
        parties.noise_log2(&score),
        score.state.noise
    );
    let small = score.truncated(ring, 6);
    let slots = parties.slots(&small);
    for (slot, (&value, &hd)) in slots.iter().zip(&hds).enumerate().take(5) {
        println!(
            "slot {slot}: {} expected {}",
            centred(value),
            2 * (threshold - hd) + 1 - circuit.centre(Judgement::Aligned)
        );
    }
    let engine = Engine { ring, relinearisation: &parties.key.relinearisation };
    let time2 = std::time::Instant::now();
    let slots = sampling::non_zero(ring.n, &mut rng);
    let mask = Plaintext(ring.lift_all(&ring.encode(slots.into_iter()), set.limbs));
    let masks: Vec<&Plaintext> = if disclosure == Disclosure::Each { vec![&mask] } else { vec![] };
    let value = circuit.judge(&engine, Judgement::Aligned, &score, &masks, 1).remove(0);
    println!(
        "threshold {:?}: noise {:.2} by formula {:.2}",
        time2.elapsed(),
        parties.noise_log2(&value),
        value.state.noise
    );
    assert!(parties.noise_log2(&value) < value.state.noise + 0.5);
    let zeros = |c: &Ciphertext| {
        let s = parties.slots(&c.truncated(ring, 6));
        (
            s.iter().zip(&hds).filter(|&(&v, &hd)| (v == 0) == (hd <= threshold)).count(),
            s.iter().filter(|&&v| v == 0).count(),
        )
    };
    println!("after judge: right, zeros {:?} of {}", zeros(&value), ring.n);
    let value = circuit.verdict(&engine, vec![vec![value]], &[]).remove(0);
    println!("limbs left {}", value.state.limbs);
    let time3 = std::time::Instant::now();
    let answer = sanitised(&parties.key, value, &mut rng).ciphertext;
    println!("sanitise {:?}; block {:?} = {:?} each", time3.elapsed(), time.elapsed(), time.elapsed() / ring.n as u32);
    println!("after sanitise: right, zeros {:?}", zeros(&answer));
    let phase = parties.secret.phase([&answer.parts[0], &answer.parts[1]]);
    let plaintext = phase.iter().map(|&c| super::arithmetic::residue(c)).collect();
    let slots = ring.decode(plaintext);
    let one = if disclosure == Disclosure::Each { 0 } else { answer.state.factor };
    for (slot, &value) in slots.iter().enumerate() {
        let hit = hds.get(slot).is_some_and(|&hd| hd <= threshold);
        match disclosure {
            Disclosure::Each => assert_eq!(value == one, hit, "{slot}"),
            _ => assert_eq!(value, if hit { one } else { 0 }, "{slot}"),
        }
    }
    let _ = (Noise::of(set), TAIL_LOG2, PLAINTEXT_MODULUS, centred(0));
}

#[test]
fn thresholds_equal_the_polynomial_in_the_clear() {
    for set in [&bgv::INSECURE_BGV, &bgv::BGV_32768_540] {
        let parties = Parties::new(set);
        let ring = Ring::of(set);
        let engine = Engine { ring, relinearisation: &parties.key.relinearisation };
        let mut rng = ChaCha20Rng::seed_from_u64(8);
        for (polynomial, lowest, highest) in [
            (super::threshold::Polynomial::roots(81), -175, 81),
            (super::threshold::Polynomial::indicator(37), -37, 37),
        ] {
            for babies in polynomial.candidates() {
                let mut polynomial = polynomial.clone().with_baby_powers(babies);
                polynomial.compute();
                let phi: Vec<i64> = (0..ring.n).map(|_| rng.random_range(lowest..=highest) | 1).collect();
                let seed = sampling::seed(&mut rng);
                let plaintext = ring.encode(phi.iter().map(|&phi| super::arithmetic::residue(phi - polynomial.centre)));
                let body = parties.secret.encrypt_plaintext(&plaintext, seed, &mut rng);
                let score = super::ciphertexts::EncryptedProbes::new(set, vec![(seed, body)]).expand(0).unwrap();
                let value = polynomial.evaluate(&engine, &score, &[], 1).remove(0);
                let wrong =
                    parties.slots(&value).iter().zip(&phi).filter(|&(&v, &phi)| v != polynomial.at(phi)).count();
                println!(
                    "{} {babies} babies: {wrong} wrong, noise {:.2} by formula {:.2}, limbs {}",
                    set.name,
                    parties.noise_log2(&value),
                    value.state.noise,
                    value.state.limbs
                );
            }
        }
    }
}

#[test]
fn quick() {
    case(&bgv::INSECURE_BGV, 128, 40, Disclosure::Each);
    case(&bgv::INSECURE_BGV, 128, 40, Disclosure::Any);
}

#[test]
#[ignore]
fn case_a() {
    case(&bgv::BGV_32768_540, 128, 40, Disclosure::Each);
    case(&bgv::BGV_32768_540, 128, 40, Disclosure::Each);
}
#[test]
#[ignore]
fn case_b() {
    case(&bgv::BGV_32768_690, 512, 180, Disclosure::Each);
}
#[test]
#[ignore]
fn case_b_any() {
    case(&bgv::BGV_32768_840, 512, 180, Disclosure::Any);
}
#[test]
#[ignore]
fn case_d() {
    case(&bgv::BGV_32768_840, 2048, 680, Disclosure::Each);
}

#[test]
#[ignore]
fn survey() {
    for (name, bits, range, disclosure) in [
        ("a", 128usize, -175i64..=81i64, Disclosure::Each),
        ("a any", 128, -175..=81, Disclosure::Any),
        ("b", 512, -663..=361, Disclosure::Each),
        ("b any", 512, -663..=361, Disclosure::Any),
        ("c", 512, -3985..=2047, Disclosure::Each),
        ("c any", 512, -3985..=2047, Disclosure::Any),
        ("d", 2048, -2735..=1361, Disclosure::Each),
        ("d any", 2048, -2735..=1361, Disclosure::Any),
        ("iris", 4096, -8193..=4095, Disclosure::Each),
    ] {
        for set in BgvSet::ALL {
            match Circuit::new(set, bits, &range, None, disclosure, &single()) {
                Ok(c) => println!(
                    "{name}: {}: margin {:.1} end {} limbs {:.1} flooding {:.1} cost {:.0} {:.0}: {:.4} ms",
                    set.name,
                    c.margin,
                    c.end.limbs,
                    c.end.noise,
                    super::sanitise::flooding_log2(Ring::of(set), c.end),
                    c.cost.transforms,
                    c.cost.products,
                    (c.cost.transforms * 0.1 + c.cost.products * 0.0125) / 32768.0
                ),
                Err(e) => println!("{name}: {} {e}", set.name),
            }
        }
    }
}
