//! Encrypted verdicts on templates that others made, held against the clear oracle.

use std::sync::OnceLock;

use cotejo::agreement::{ComparisonTerms, Disclosure, EyeRule, IRIS_MPC_SHAPE, Terms};
use cotejo::custodian::{AdmittedKey, Custodian, Gallery};
use cotejo::functional::oracle::{Comparison, Oracle};
use cotejo::planning;
use cotejo::querier::{Querier, SecretKey, Verdict};
use cotejo::scheme::GrayZone;
use cotejo::scheme::Opened;
use cotejo::scheme::tfhe::Tfhe;
use cotejo::template::read::{self, Format};
use cotejo::template::{Eye, IrisShape, MaskSharing, Record, SubjectId, Template, TemplateShape};
use cotejo::wire::{EvaluationKey, Target};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use crate::data;

pub fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(2026)
}

/// Production keys, made once: a key does not depend on the agreement, only its file does.
struct Keys {
    prepared: AdmittedKey<Tfhe>,
    made_under: Opened,
    secret: Vec<u8>,
}

fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| {
        let made_under = planning::open(Terms::face(512)).unwrap();
        let (secret, public) = SecretKey::<Tfhe>::generate(&made_under, &mut rng()).unwrap();
        let public = EvaluationKey::read(public.to_bytes(&made_under).as_slice(), &made_under).unwrap();
        let secret = secret.to_secret_bytes(&made_under).to_vec();
        Keys { prepared: AdmittedKey::new(public), made_under, secret }
    })
}

/// The encrypted verdicts of `probes` against `references`.
fn verdicts(agreement: &Opened, references: Vec<Record>, probes: Vec<Record>) -> Vec<(SubjectId, Verdict)> {
    let keys = keys();
    let enrolment = Gallery::enrol(agreement, references);
    assert!(enrolment.refused.is_empty(), "{:?}", enrolment.refused);
    let gallery = enrolment.gallery.unwrap();
    let secret = SecretKey::read(keys.secret.as_slice(), &keys.made_under).unwrap();
    let querier = Querier::new(agreement, secret);
    let (query, pending) = querier.ask(probes, Target::Gallery, &mut rng()).unwrap();
    let answer =
        Custodian::new(agreement, &gallery, 0).unwrap().answer(&keys.prepared, &query, &mut rng(), &()).unwrap();
    pending.read(&querier, &answer).unwrap()
}

pub fn compare(agreement: &Opened, probe: &Template, reference: &Template) -> Comparison {
    let functional = agreement.functional();
    let probe = functional.probe(probe).unwrap();
    Oracle::new(functional, &probe).compare(&functional.reference(reference).unwrap())
}

pub fn put_face(threshold: &str) -> (Opened, Vec<Record>, Vec<Record>) {
    let mut terms = Terms::face(49);
    terms.disclosure = Disclosure::Each;
    terms.limits.probes_per_query = 2000;
    terms.comparison = ComparisonTerms::Cosine {
        threshold: threshold.parse().unwrap(),
        probe_norm: Some(16384),
        reference_norm: Some(256),
    };
    let agreement = planning::open(terms).unwrap();
    let (Some(embeddings), Some(subjects)) = (data("put-face49/embeddings.npy"), data("put-face49/subjects.npy"))
    else {
        return (agreement, Vec::new(), Vec::new());
    };
    let records = read::records(&embeddings, Format::Npy, TemplateShape::Vector(49), None).unwrap();
    // A plain list of 64-bit integers behind an .npy header.
    let labels =
        subjects.rchunks_exact(8).take(records.len()).map(|label| i64::from_le_bytes(label.try_into().unwrap()));
    let mut labels: Vec<i64> = labels.collect();
    labels.reverse();
    let (mut references, mut probes) = (Vec::new(), Vec::new());
    let mut enrolled = std::collections::HashSet::new();
    for (record, label) in records.into_iter().zip(labels) {
        match enrolled.insert(label) {
            true => references.push(record),
            false => probes.push(record),
        }
    }
    assert_eq!((references.len(), probes.len()), (50, 1045));
    (agreement, references, probes)
}

/// Every encrypted verdict of `probes` against the oracle; differences are printed, and must lie in the predicted gray zone, about as many as
/// are expected of its width.
pub fn hold_against_the_oracle(
    agreement: &Opened,
    references: &[Record],
    probes: &[Record],
    verdicts: Vec<(SubjectId, Verdict)>,
) {
    let functional = agreement.functional();
    let (mut differences, mut hits, mut inside) = (0, 0, 0);
    let mut expected = 0.0;
    assert_eq!(verdicts.len(), probes.len());
    for (probe, (_, verdict)) in probes.iter().zip(verdicts) {
        let Verdict::Each(bits) = verdict else { panic!("{verdict:?}") };
        for (reference, bit) in references.iter().zip(bits) {
            let comparison = compare(agreement, &probe.template, &reference.template);
            let weights = functional.form(&functional.reference(&reference.template).unwrap(), 0);
            let zone = GrayZone::of_weights(agreement, weights.norm());
            expected += zone.flip_probability(comparison.phi);
            hits += usize::from(comparison.hit);
            inside += usize::from(zone.contains(comparison.phi));
            if bit != comparison.hit {
                differences += 1;
                let distance = comparison.phi as f64 / functional.phi_per_score();
                println!(
                    "  probe {} reference {}: encrypted {bit}, oracle {}, cosine {:.5}, {distance:+.5} from the threshold ({:+.2} deviations)",
                    probe.subject,
                    reference.subject,
                    comparison.hit,
                    comparison.score,
                    distance / zone.score_deviation()
                );
                assert!(zone.contains(comparison.phi), "a flip outside the gray zone");
            }
        }
    }
    let pairs = references.len() * probes.len();
    println!(
        "put-face49: {pairs} encrypted verdicts, {hits} hits by the oracle, {differences} differ ({expected:.1} expected, {inside} pairs within six deviations)"
    );
    assert!((f64::from(differences) - expected).abs() <= 5.0 * expected.sqrt() + 1.0, "{differences} for {expected}");
}

#[test]
fn some_put_faces_are_judged_as_by_the_oracle() {
    let (agreement, references, probes) = put_face("0.484");
    if probes.is_empty() {
        return;
    }
    // The probes with a pair closest to the threshold: where encryption could differ at all.
    let closest = |probe: &Record| {
        references.iter().map(|r| compare(&agreement, &probe.template, &r.template).phi.abs()).min().unwrap()
    };
    let mut probes: Vec<_> = probes.into_iter().map(|probe| (closest(&probe), probe)).collect();
    probes.sort_by_key(|(distance, _)| *distance);
    let chosen: Vec<Record> = probes.into_iter().map(|(_, probe)| probe).step_by(80).collect();
    let verdicts = verdicts(&agreement, references.clone(), chosen.clone());
    hold_against_the_oracle(&agreement, &references, &chosen, verdicts);
}

/// A hundred faces and more, so that probes are tested: verdicts are the oracle's, as those of few are.
#[test]
fn put_faces_pass_the_tests_of_a_search_of_many() {
    let (agreement, mut references, mut probes) = put_face("0.484");
    if probes.is_empty() {
        return;
    }
    let agreement = planning::open(Terms { disclosure: Disclosure::Any, ..agreement.terms().clone() }).unwrap();
    references.extend(probes.split_off(990));
    assert!(references.len() > 100);
    let phi = |probe: &Record, reference: &Record| compare(&agreement, &probe.template, &reference.template).phi;
    let zone = GrayZone::of(&agreement);
    // Of those whom noise does not decide on, some that hit by little and some that miss by little.
    let closest = |probe: &Record| references.iter().map(|reference| phi(probe, reference)).max().unwrap();
    let mut judged: Vec<(i64, Record)> = probes.into_iter().map(|probe| (closest(&probe), probe)).collect();
    judged.retain(|(phi, _)| !zone.contains(*phi));
    judged.sort_by_key(|(phi, _)| phi.abs());
    let (hits, misses): (Vec<_>, Vec<_>) = judged.into_iter().partition(|(phi, _)| *phi > 0);
    let chosen: Vec<(i64, Record)> = hits.into_iter().take(2).chain(misses.into_iter().take(2)).collect();
    let records = chosen.iter().map(|(_, record)| record.clone()).collect();
    let verdicts = verdicts(&agreement, references, records);
    for ((phi, _), (_, verdict)) in chosen.iter().zip(verdicts) {
        println!("the closest reference at phi = {phi}: {verdict:?}");
        assert_eq!(verdict, Verdict::Any(*phi > 0));
    }
}

/// All of them: `cargo test --release --test real_data -- --ignored --nocapture all_put_faces`.
#[test]
#[ignore = "52,250 sanitised verdicts take about twenty minutes on two cores"]
fn all_put_faces_are_judged_as_by_the_oracle() {
    let (agreement, references, probes) = put_face("0.484");
    if !probes.is_empty() {
        let verdicts = verdicts(&agreement, references.clone(), probes.clone());
        hold_against_the_oracle(&agreement, &references, &probes, verdicts);
    }
}

/// The code and mask pairs of `random_codes.txt`, in the layout of iris-mpc.
fn iris_mpc_pair() -> Option<Vec<Record>> {
    let bytes = data("worldcoin-iris-mpc/random_codes.txt")?;
    let lines: Vec<u8> = bytes.split_inclusive(|&byte| byte == b'\n').take(4).flatten().copied().collect();
    Some(read::records(&lines, Format::IrisBase64, TemplateShape::Iris(IRIS_MPC_SHAPE), None).unwrap())
}

fn iris_mpc_agreement(threshold: &str, rotations: u32) -> Opened {
    let mut terms = Terms::iris(IRIS_MPC_SHAPE);
    terms.comparison = ComparisonTerms::FractionalHamming {
        threshold: threshold.parse().unwrap(),
        minimum_common_bits: 2000,
        rotations,
        eyes: EyeRule::Ignored,
    };
    planning::open(terms).unwrap()
}

#[test]
fn the_published_distances_of_iris_mpc_come_out_exactly() {
    let Some(pair) = iris_mpc_pair() else { return };
    for (rotations, distance, at) in [(0, 1648.0 / 3212.0, 0), (15, 1577.0 / 3278.0, 9)] {
        let comparison = compare(&iris_mpc_agreement("0.48", rotations), &pair[0].template, &pair[1].template);
        assert_eq!((comparison.score, comparison.rotation, comparison.common_bits), (distance, at, Some(3212)));
    }
    assert_eq!(1648.0 / 3212.0, 0.513_075_965_130_759_7);
    assert_eq!(1577.0 / 3278.0, 0.481_086_028_065_893_84);
}

#[test]
fn an_iris_of_iris_mpc_is_judged_on_both_sides_of_its_distance() {
    let Some(pair) = iris_mpc_pair() else { return };
    // With 3,278 common bits of 12,800 one deviation is 0.0047 of the fraction: the thresholds stand 4.6 below and 3.9 above.
    for (threshold, hit) in [("0.4595", false), ("0.4995", true)] {
        let agreement = iris_mpc_agreement(threshold, 15);
        let comparison = compare(&agreement, &pair[0].template, &pair[1].template);
        assert_eq!(comparison.hit, hit, "oracle at {threshold}");
        let verdict = verdicts(&agreement, vec![pair[1].clone()], vec![pair[0].clone()]);
        println!("iris-mpc, +-15 rotations, threshold {threshold}: {:?}", verdict[0].1);
        assert_eq!(verdict[0].1, Verdict::Any(hit), "encrypted at {threshold}");
    }
}

#[test]
fn mmu1_refuses_the_seven_without_valid_bits_and_judges_the_others() {
    let Some(bytes) = data("mmu1-iris/templates.npz") else { return };
    let shape = IrisShape { rows: 20, columns: 240, channels: 2, mask: MaskSharing::ByPair };
    let mut terms = Terms::iris(shape);
    terms.limits.references_per_subject = 10;
    terms.comparison = ComparisonTerms::FractionalHamming {
        threshold: "0.42".parse().unwrap(),
        minimum_common_bits: 2880,
        rotations: 8,
        eyes: EyeRule::Ignored,
    };
    let agreement = planning::open(terms).unwrap();
    let records = read::records(&bytes, Format::Npz, TemplateShape::Iris(shape), None).unwrap();
    let refused = Gallery::enrol(&agreement, records.clone()).refused;
    for refusal in &refused {
        println!("mmu1-iris refused: {refusal}");
    }
    assert_eq!(refused.len(), 7);
    assert!(refused.iter().all(|refusal| refusal.to_string().contains("only 0 valid bits")));

    // Ten genuine and ten impostor pairs of left eyes: a subject's first sample against its second, and the next subject's.
    let functional = agreement.functional();
    let usable = |record: &&Record| record.eye == Some(Eye::Left) && functional.probe(&record.template).is_ok();
    let samples = |subject: usize| -> Vec<Record> {
        let name = subject.to_string();
        records.iter().filter(usable).filter(|r| r.subject.as_str() == name).cloned().collect()
    };
    let enrolled: Vec<usize> = (1..=45).filter(|&subject| samples(subject).len() > 1).take(11).collect();
    let mut judged = 0;
    for pair in enrolled.windows(2) {
        let subject = pair[0];
        let (own, other) = (samples(subject), samples(pair[1]));
        for (kind, probe, reference) in [("genuine", &own[0], &own[1]), ("impostor", &own[0], &other[0])] {
            let comparison = compare(&agreement, &probe.template, &reference.template);
            let weights = functional.form(&functional.reference(&reference.template).unwrap(), 0);
            let zone = GrayZone::of_weights(&agreement, weights.norm());
            let verdict = &verdicts(&agreement, vec![reference.clone()], vec![probe.clone()])[0].1;
            println!(
                "mmu1-iris {kind} of subject {subject}: distance {:.4}, oracle {}, encrypted {verdict:?}",
                comparison.score, comparison.hit
            );
            assert!(verdict.hit() == comparison.hit || zone.contains(comparison.phi));
            judged += 1;
        }
    }
    assert_eq!(judged, 20);
}
