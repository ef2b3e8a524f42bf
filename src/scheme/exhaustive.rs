//! Every option together with every other: whole exchanges of each scheme held against the clear oracle.
//!
//! Two options that are right alone may be wrong together, as kept diagonals and probes of different eyes can be. A [`Case`] is one choice of every
//! option; the cases that are run cover every three options in all their combinations. `COTEJO_EXHAUSTIVE=all` runs every case there is.
//!
//! Under an exact scheme references lie at the threshold and one beside it, under the others outside of the gray zone.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::bgv::Bgv;
use super::clear::Clear;
use super::exchange::{Parties, of_the_shortest_chain, random, record};
use super::hybrid::Hybrid;
use super::tfhe::Tfhe;
use super::{Evaluator, Holder};
use crate::agreement::{ComparisonTerms, Disclosure, EyeRule, Limits, TemplateTerms, Terms};
use crate::custodian::{Custodian, Gallery};
use crate::functional::{Functional, Probe, oracle};
use crate::parameters::custom::OwnSet;
use crate::parameters::{Dimensions, ParameterSet};
use crate::planning;
use crate::querier::Verdict;
use crate::scheme::Opened;
use crate::template::{Bits, Eye, IrisCode, IrisShape, MaskSharing, RealVector, Record, SubjectId, Template};
use crate::wire::Target;

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Compared {
    Hamming,
    Cosine,
    InnerProduct,
    SquaredEuclidean,
    Iris { rotations: u32, common_bits: bool },
}

/// Whom a query is about, and by how many probes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Asked {
    /// One subject that is enrolled, by each probe.
    Subject,
    /// One subject that is not.
    Nobody,
    /// The gallery, by one probe a query.
    OneToMany,
    /// The gallery, by all probes in one query.
    ManyToMany,
}

/// Who hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Hits {
    None,
    /// The last subject alone, by its last reference.
    Last,
    Many,
}

/// One choice of every option.
#[derive(Clone, Copy, Debug)]
struct Case {
    compared: Compared,
    disclosure: Disclosure,
    eyes: EyeRule,
    /// References a subject may have, of each eye; only the last subjects, and some of the first, have so many.
    references: usize,
    asked: Asked,
    hits: Hits,
    /// Whether the gallery is more than one block or wave.
    is_long: bool,
    /// Whether the custodian keeps what it has encoded, and has answered before.
    is_kept: bool,
    /// Whether every second subject is exempt, and the last.
    has_exempt: bool,
}

const DISCLOSURES: [Disclosure; 3] = [Disclosure::Any, Disclosure::Each, Disclosure::Count];
const EYES: [EyeRule; 3] = [EyeRule::Ignored, EyeRule::Any, EyeRule::All];
const ASKED: [Asked; 4] = [Asked::Subject, Asked::Nobody, Asked::OneToMany, Asked::ManyToMany];
const HITS: [Hits; 3] = [Hits::None, Hits::Last, Hits::Many];
const BOTH: [bool; 2] = [false, true];

/// How many options a case has.
const OPTIONS: usize = 9;

/// Some options of a case: four bits an option, 0 or one more than the number of the alternative that it has.
type Combination = u64;

impl Compared {
    const ALL: [Self; 8] = [
        Self::Hamming,
        Self::Cosine,
        Self::InnerProduct,
        Self::SquaredEuclidean,
        Self::Iris { rotations: 0, common_bits: false },
        Self::Iris { rotations: 0, common_bits: true },
        Self::Iris { rotations: 1, common_bits: false },
        Self::Iris { rotations: 1, common_bits: true },
    ];
}

impl Case {
    /// Every case there is: eyes are told apart for irises alone.
    fn all() -> Vec<Self> {
        let mut cases = Vec::new();
        for compared in Compared::ALL {
            for disclosure in DISCLOSURES {
                let rules = if matches!(compared, Compared::Iris { .. }) { &EYES[..] } else { &EYES[..1] };
                for (&eyes, references) in rules.iter().flat_map(|eyes| [1, 2].map(|references| (eyes, references))) {
                    for (asked, hits) in ASKED.into_iter().flat_map(|asked| HITS.map(|hits| (asked, hits))) {
                        for (is_long, is_kept) in BOTH.into_iter().flat_map(|long| BOTH.map(|kept| (long, kept))) {
                            cases.extend(BOTH.map(|has_exempt| Self {
                                compared,
                                disclosure,
                                eyes,
                                references,
                                asked,
                                hits,
                                is_long,
                                is_kept,
                                has_exempt,
                            }));
                        }
                    }
                }
            }
        }
        cases
    }

    /// Which of its alternatives each option has.
    fn options(&self) -> [usize; OPTIONS] {
        fn place<T: PartialEq>(of: T, among: &[T]) -> usize {
            among.iter().position(|other| *other == of).unwrap()
        }
        [
            place(self.compared, &Compared::ALL),
            place(self.disclosure, &DISCLOSURES),
            place(self.eyes, &EYES),
            self.references - 1,
            place(self.asked, &ASKED),
            place(self.hits, &HITS),
            self.is_long.into(),
            self.is_kept.into(),
            self.has_exempt.into(),
        ]
    }

    /// All combinations of so many of its options.
    fn combinations(&self, options_together: u32) -> Vec<Combination> {
        let options = self.options();
        let digit = |mask: u32, option: usize| if mask >> option & 1 == 1 { 1 + options[option] as u64 } else { 0 };
        let combination = |mask| (0..OPTIONS).fold(0, |number, option| number << 4 | digit(mask, option));
        (0u32..1 << OPTIONS).filter(|mask| mask.count_ones() == options_together).map(combination).collect()
    }

    /// Cases in which every so many options that can occur together do, few of them: first those that have the most new combinations.
    fn covering(options_together: u32) -> Vec<Self> {
        let mut all = Self::all();
        all.shuffle(&mut ChaCha20Rng::seed_from_u64(1));
        let mut missing: HashSet<Combination> =
            all.iter().flat_map(|case| case.combinations(options_together)).collect();
        let most = all.first().map_or(0, |case| case.combinations(options_together).len());
        let mut chosen = Vec::new();
        for least in (1..=most).rev() {
            for case in &all {
                let new = case.combinations(options_together).into_iter().filter(|c| missing.contains(c));
                let new: Vec<_> = new.collect();
                if new.len() >= least {
                    new.iter().for_each(|combination| {
                        missing.remove(combination);
                    });
                    chosen.push(*case);
                }
            }
        }
        chosen
    }

    /// The cases that are to be run.
    fn chosen(options_together: u32) -> Vec<Self> {
        match std::env::var("COTEJO_EXHAUSTIVE").as_deref() {
            Ok("all") => Self::all(),
            _ => Self::covering(options_together),
        }
    }
}

/// What differs from scheme to scheme.
trait World: Holder + Evaluator {
    /// Whether verdicts are exact, so that references may lie at the threshold.
    const EXACT: bool;
    /// How often a custodian that keeps something is asked the same: what is kept is of the second answer and used from the third on.
    const ANSWERS: usize;
    /// So many options together occur in every combination.
    const OPTIONS_TOGETHER: u32;

    /// The terms, under a set for tests.
    fn agreed(terms: Terms) -> Terms;

    /// Subjects of a short gallery, or of one that is longer than a block or wave.
    fn subjects(case: &Case, decisions: usize) -> usize;
}

impl World for Clear {
    const EXACT: bool = false;
    const ANSWERS: usize = 1;
    const OPTIONS_TOGETHER: u32 = 3;

    fn agreed(terms: Terms) -> Terms {
        Tfhe::agreed(terms)
    }

    fn subjects(case: &Case, _: usize) -> usize {
        if case.is_long { 40 } else { 11 }
    }
}

impl World for Tfhe {
    const EXACT: bool = false;
    const ANSWERS: usize = 1;
    const OPTIONS_TOGETHER: u32 = 2;

    fn agreed(mut terms: Terms) -> Terms {
        terms.encryption.parameter_set = "insecure-test".to_owned();
        terms
    }

    fn subjects(case: &Case, decisions: usize) -> usize {
        match case.disclosure {
            // Under the others waves have nothing to do with each other, and every subject is washed.
            Disclosure::Any if case.is_long => 600 / decisions + 3,
            _ if case.is_long => 16,
            _ => 7,
        }
    }
}

/// Slots of a block.
const SLOTS: usize = 256;

impl World for Bgv {
    const EXACT: bool = true;
    const ANSWERS: usize = 2;
    const OPTIONS_TOGETHER: u32 = 3;

    fn agreed(terms: Terms) -> Terms {
        let mut set = OwnSet::like(ParameterSet::by_name("insecure-bgv-test").unwrap(), "short-blocks");
        if let Dimensions::Bgv(set) = &mut set.dimensions {
            (set.ring_log2, set.baby_steps) = (SLOTS.ilog2(), 16);
        }
        let mut terms = terms.with_own_set(set);
        match &mut terms.comparison {
            ComparisonTerms::Cosine { probe_norm, reference_norm, .. } => {
                (*probe_norm, *reference_norm) = (Some(16), Some(16));
            }
            ComparisonTerms::InnerProduct { scale, .. } | ComparisonTerms::SquaredEuclidean { scale, .. } => {
                *scale = Some("15.0".parse().unwrap());
            }
            // A third is exact in small integers.
            ComparisonTerms::FractionalHamming { threshold, .. } => *threshold = "0.333333333".parse().unwrap(),
            ComparisonTerms::Hamming { .. } => {}
        }
        of_the_shortest_chain(terms)
    }

    fn subjects(case: &Case, _: usize) -> usize {
        if case.is_long { SLOTS + 60 } else { 40 }
    }
}

impl World for Hybrid {
    const EXACT: bool = false;
    const ANSWERS: usize = 1;
    const OPTIONS_TOGETHER: u32 = 2;

    fn agreed(terms: Terms) -> Terms {
        let mut set = OwnSet::like(ParameterSet::by_name("insecure-hybrid-test").unwrap(), "short-blocks");
        if let Dimensions::Hybrid(set) = &mut set.dimensions {
            (set.probe_glwe_dimension, set.block_log2) = (1, SLOTS.ilog2());
        }
        terms.with_own_set(set)
    }

    fn subjects(case: &Case, _: usize) -> usize {
        if case.is_long { SLOTS + 60 } else { 40 }
    }
}

/// Length of the vectors.
const NORM: f64 = 0.74;

fn agreement<S: World>(case: &Case) -> Opened {
    let (dimension, shape) = match S::EXACT {
        true => (40, IrisShape { rows: 2, columns: 16, channels: 2, mask: MaskSharing::ByPair }),
        false => (256, IrisShape { rows: 4, columns: 32, channels: 4, mask: MaskSharing::ByPair }),
    };
    let (one, number) = ("1.0".parse().unwrap(), |text: &str| text.parse().unwrap());
    let mut terms = match case.compared {
        Compared::Hamming => Terms::hamming(dimension, dimension as u32 / 4),
        Compared::Cosine => Terms::face(dimension),
        Compared::InnerProduct => Terms::inner_product(dimension, one, number("0.3")),
        Compared::SquaredEuclidean => Terms::squared_euclidean(dimension, one, number("0.4")),
        Compared::Iris { .. } => Terms::iris(shape),
    };
    match (&mut terms.comparison, case.compared) {
        (ComparisonTerms::Cosine { threshold, .. }, _) => *threshold = number("0.5"),
        (
            ComparisonTerms::FractionalHamming { rotations, eyes, minimum_common_bits, .. },
            Compared::Iris { rotations: agreed, common_bits },
        ) => {
            (*rotations, *eyes) = (agreed, case.eyes);
            // At most that of a template at the threshold, which both sides need.
            *minimum_common_bits = match common_bits {
                true => shape.bits() as u32 * 5 / 16,
                // As few as an agreement admits: fewer, and noise would decide.
                false if S::EXACT => 0,
                false => 48,
            };
        }
        _ => {}
    }
    terms.template = match terms.template {
        TemplateTerms::Iris { .. } => terms.template,
        TemplateTerms::Bits { .. } => TemplateTerms::Bits { dimension },
        TemplateTerms::Vector { .. } => TemplateTerms::Vector { dimension },
    };
    terms.disclosure = case.disclosure;
    terms.limits = Limits { references: 2_000, references_per_subject: case.references, ..terms.limits };
    planning::open(S::agreed(terms)).unwrap_or_else(|error| panic!("{case:?}: {error}"))
}

/// How a reference lies to a probe.
#[derive(Clone, Copy, PartialEq)]
enum Nearness {
    Equal,
    /// The farthest that hits.
    LastHit,
    /// The closest that misses.
    FirstMiss,
    /// Equal, with about as many common bits as agreed: for an iris.
    FewCommonBits,
    Stranger,
}

/// An admissible template near another: most are, but rounding may make a vector too short or too long.
fn admissible(agreement: &Opened, make: impl FnMut() -> Template) -> Template {
    let functional = agreement.functional();
    let is_admissible =
        |template: &Template| functional.probe(template).is_ok() && functional.reference(template).is_ok();
    std::iter::repeat_with(make).take(1000).find(is_admissible).unwrap()
}

/// A stranger's template.
fn stranger(agreement: &Opened, rng: &mut ChaCha20Rng) -> Template {
    admissible(agreement, || scaled(random(agreement.shape(), rng)))
}

/// A template near another; where the scheme has a gray zone, outside of it.
fn near(agreement: &Opened, probe: &Template, nearness: Nearness, rng: &mut ChaCha20Rng) -> Template {
    let exact = agreement.functional().is_exact();
    let nearness = match nearness {
        Nearness::FirstMiss | Nearness::FewCommonBits if !exact => Nearness::Stranger,
        nearness => nearness,
    };
    match (probe, &agreement.terms().comparison) {
        _ if nearness == Nearness::Equal => probe.clone(),
        _ if nearness == Nearness::Stranger => random(agreement.shape(), rng),
        (Template::Bits(bits), ComparisonTerms::Hamming { threshold }) => {
            let flips = match nearness {
                _ if !exact => bits.len() / 16,
                Nearness::LastHit => *threshold as usize,
                _ => *threshold as usize + 1,
            };
            let places: Vec<usize> = (0..bits.len()).collect();
            Template::Bits(flipped(bits, &places, flips, rng))
        }
        (Template::Vector(x), _) => {
            // A cosine of about a half, or the like, with the threshold on either side of it.
            let cosine: f64 = match (exact, &agreement.terms().comparison, nearness) {
                (false, _, _) => 0.9,
                (_, ComparisonTerms::Cosine { .. }, Nearness::LastHit) => 0.52,
                (_, ComparisonTerms::Cosine { .. }, _) => 0.48,
                (_, ComparisonTerms::InnerProduct { .. }, Nearness::LastHit) => 0.57,
                (_, ComparisonTerms::InnerProduct { .. }, _) => 0.53,
                (_, _, Nearness::LastHit) => 0.65,
                _ => 0.61,
            };
            let Template::Vector(other) = random(agreement.shape(), rng) else { panic!() };
            let (x, y) = (x.coordinates(), other.coordinates());
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            let along = dot(x, y) / dot(x, x);
            let across: Vec<f64> = x.iter().zip(y).map(|(x, y)| y - along * x).collect();
            let (length, width) = (dot(x, x).sqrt(), dot(&across, &across).sqrt());
            let sine = (1.0 - cosine * cosine).sqrt();
            let mixed = x.iter().zip(&across).map(|(x, y)| NORM * (cosine * x / length + sine * y / width));
            Template::Vector(RealVector::new(mixed.collect()).unwrap())
        }
        (Template::Iris(iris), ComparisonTerms::FractionalHamming { minimum_common_bits, rotations, .. }) => {
            let tilt = rng.random_range(-(*rotations as i32)..=*rotations as i32);
            let near = near_iris(&iris.rolled(tilt), nearness, *minimum_common_bits as usize, exact, rng);
            Template::Iris(near)
        }
        _ => panic!("{:?}", agreement.shape()),
    }
}

/// Vectors of one length, so that inner products are cosines.
fn scaled(template: Template) -> Template {
    match template {
        Template::Vector(x) => {
            let factor = NORM / x.norm();
            Template::Vector(RealVector::new(x.coordinates().iter().map(|x| x * factor).collect()).unwrap())
        }
        template => template,
    }
}

fn flipped(bits: &Bits, places: &[usize], count: usize, rng: &mut ChaCha20Rng) -> Bits {
    let mut places = places.to_vec();
    places.shuffle(rng);
    let mut bits: Vec<bool> = bits.iter().collect();
    places.iter().take(count).for_each(|&place| bits[place] ^= true);
    Bits::new(bits).unwrap()
}

fn near_iris(iris: &IrisCode, nearness: Nearness, minimum: usize, exact: bool, rng: &mut ChaCha20Rng) -> IrisCode {
    let shape = iris.shape();
    let valid: Vec<usize> = (0..shape.bits()).filter(|&bit| iris.mask().iter().nth(bit).unwrap()).collect();
    match nearness {
        Nearness::FewCommonBits => {
            // As many as agreed, or a pair less: beside bits that are no bits of the probe, so that the template itself has enough.
            let common = (minimum.max(4) - 2 * rng.random_range(0..=1)).min(valid.len());
            let kept: HashSet<usize> = valid.iter().copied().take(common).collect();
            let mask = (0..shape.bits()).map(|bit| kept.contains(&bit) || !valid.contains(&bit));
            IrisCode::new(shape, iris.code().clone(), Bits::new(mask.collect::<Vec<_>>()).unwrap()).unwrap()
        }
        _ => {
            // 3 differing < common.
            let flips = match nearness {
                _ if !exact => valid.len() / 10,
                Nearness::LastHit => valid.len().div_ceil(3) - 1,
                _ => valid.len().div_ceil(3),
            };
            IrisCode::new(shape, flipped(iris.code(), &valid, flips, rng), iris.mask().clone()).unwrap()
        }
    }
}

/// What both parties bring.
struct People {
    /// Records of each person who is asked about.
    probes: Vec<Vec<Record>>,
    references: Vec<Record>,
    exempt: BTreeSet<SubjectId>,
    last: SubjectId,
}

fn subject(name: &str) -> SubjectId {
    SubjectId::try_from(name.to_owned()).unwrap()
}

/// Eyes of the templates of person or subject number `number`.
fn eyes_of(rule: EyeRule, number: usize) -> &'static [Option<Eye>] {
    const LEFT: Option<Eye> = Some(Eye::Left);
    const RIGHT: Option<Eye> = Some(Eye::Right);
    match (rule, number % 4) {
        (EyeRule::Ignored, _) => &[None],
        (EyeRule::Any, 0) => &[LEFT],
        (EyeRule::Any, 1) => &[RIGHT],
        (EyeRule::Any | EyeRule::All, _) => &[LEFT, RIGHT],
    }
}

fn people<S: World>(case: &Case, agreement: &Opened) -> People {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let probes: Vec<Vec<Record>> = (0..4)
        .map(|person| {
            let eyes = eyes_of(case.eyes, person).iter();
            let of_eye = |&eye: &Option<Eye>| record(&format!("person {person}"), eye, stranger(agreement, &mut rng));
            eyes.map(of_eye).collect()
        })
        .collect();
    let functional = agreement.functional();
    let count = S::subjects(case, functional.decisions_per_pair() * if case.eyes == EyeRule::All { 2 } else { 1 });
    let misses = [Nearness::Stranger, Nearness::FirstMiss, Nearness::FewCommonBits];
    let anything =
        [Nearness::LastHit, Nearness::Stranger, Nearness::FirstMiss, Nearness::Equal, Nearness::FewCommonBits];
    let name = |number: usize| format!("subject {number}");
    let mut references = Vec::new();
    for number in 0..count {
        // The last has both eyes, and is near the person who shows both.
        let (eyes, person) = match number + 1 == count {
            true => (eyes_of(case.eyes, 2), 2),
            false => (eyes_of(case.eyes, number / 3), number % probes.len()),
        };
        let nearness = match case.hits {
            Hits::Last if number + 1 == count => Nearness::LastHit,
            Hits::None | Hits::Last => misses[number % misses.len()],
            Hits::Many => anything[number % anything.len()],
        };
        let nearness = match agreement.terms().comparison {
            ComparisonTerms::FractionalHamming { minimum_common_bits: 1.., .. } => nearness,
            _ if nearness == Nearness::FewCommonBits => Nearness::FirstMiss,
            _ => nearness,
        };
        let several = number + 2 >= count || (!case.is_long && number % 5 == 0);
        let own = if several { case.references } else { 1 };
        for &eye in eyes {
            let probe = probes[person].iter().find(|record| record.eye == eye);
            references.extend((1..own).map(|_| record(&name(number), eye, stranger(agreement, &mut rng))));
            // Under `any` one eye of two is enough: the left one is then a stranger's.
            let is_other = case.eyes == EyeRule::Any && eyes.len() == 2 && eye == Some(Eye::Left);
            let template = match probe {
                Some(probe) if !is_other => {
                    admissible(agreement, || scaled(near(agreement, &probe.template, nearness, &mut rng)))
                }
                _ => stranger(agreement, &mut rng),
            };
            references.push(record(&name(number), eye, template));
        }
    }
    let exempt =
        (0..count).filter(|number| number % 2 == 1 || number + 1 == count).map(|number| subject(&name(number)));
    let exempt = if case.has_exempt { exempt.collect() } else { BTreeSet::new() };
    People { probes, references, exempt, last: subject(&name(count - 1)) }
}

/// What the oracle says of each subject, none of whom hits if exempt.
fn bits(functional: &Functional, gallery: &Gallery, people: &People, probe: &[Record]) -> Vec<(SubjectId, bool)> {
    let probe = Probe::new(functional, probe).unwrap();
    let verdict = |references: &[_]| oracle::subject_verdict(functional, &probe, references);
    let subjects = gallery.subjects().map(Result::unwrap);
    subjects.map(|s| (s.id.clone(), verdict(&s.references) && !people.exempt.contains(&s.id))).collect()
}

/// Verdicts so far, and what was wrong.
#[derive(Default)]
struct Tally {
    hits: usize,
    misses: usize,
    /// By case.
    wrong: BTreeMap<String, BTreeSet<String>>,
}

impl Tally {
    fn note(&mut self, case: &Case, expected: &Verdict, verdict: &Verdict, what: &str) {
        *(if expected.hit() { &mut self.hits } else { &mut self.misses }) += 1;
        if expected != verdict {
            let wrong = self.wrong.entry(format!("{case:?}")).or_default();
            wrong.insert(format!("{what}: {verdict:?} where the oracle says {expected:?}"));
        }
    }
}

fn run<S: World>(case: &Case, agreement: &Opened, parties: &Parties<S>, tally: &mut Tally) {
    let people = people::<S>(case, agreement);
    let enrolment = Gallery::enrol(agreement, people.references.clone());
    assert!(enrolment.refused.is_empty(), "{case:?}: {:?}", enrolment.refused);
    let gallery = enrolment.gallery.unwrap();
    let custodian = Custodian::<S>::new(agreement, &gallery, if case.is_kept { 1 << 28 } else { 0 }).unwrap();
    let custodian = custodian.exempting(&people.exempt);
    let each = |probe: &[Record]| bits(agreement.functional(), &gallery, &people, probe);
    for _ in 0..if case.is_kept { S::ANSWERS } else { 1 } {
        let ask = |probes: Vec<Record>, target| parties.exchange_with(agreement, &custodian, probes, target);
        match case.asked {
            Asked::Subject | Asked::Nobody => {
                // Of one eye, and of both, where eyes are told apart.
                for probe in people.probes.iter().step_by(2) {
                    let name = if case.asked == Asked::Nobody { subject("nobody") } else { people.last.clone() };
                    let hit = each(probe).iter().any(|(id, hit)| *id == name && *hit);
                    // One bit, whatever is disclosed of a gallery.
                    let [(_, verdict)] = &ask(probe.clone(), Target::Subject(name))[..] else { panic!() };
                    let bit = match verdict {
                        Verdict::Each(bits) if bits.len() == 1 => Verdict::Any(bits[0]),
                        verdict => verdict.clone(),
                    };
                    tally.note(case, &Verdict::Any(hit), &bit, probe[0].subject.as_str());
                }
            }
            Asked::OneToMany | Asked::ManyToMany => {
                let together = if case.asked == Asked::OneToMany { 1 } else { people.probes.len() };
                for probes in people.probes.chunks(together) {
                    let records: Vec<Record> = probes.iter().flatten().cloned().collect();
                    let verdicts = ask(records, Target::Gallery);
                    assert_eq!(verdicts.len(), probes.len());
                    for (probe, (id, verdict)) in probes.iter().zip(&verdicts) {
                        let bits: Vec<bool> = each(probe).into_iter().map(|(_, hit)| hit).collect();
                        let count = bits.iter().filter(|&&hit| hit).count();
                        let expected = match case.disclosure {
                            Disclosure::Any => Verdict::Any(count > 0),
                            Disclosure::Each => Verdict::Each(bits),
                            Disclosure::Count => Verdict::Count(count),
                            Disclosure::Labelled => unreachable!("not among the cases"),
                        };
                        tally.note(case, &expected, verdict, id.as_str());
                    }
                }
            }
        }
    }
}

/// Runs the cases, those of one agreement with the same keys, and tells everything that was wrong. On one thread: rings are so short that threads would
/// wait for each other more than they work.
fn the_cases_agree_with_the_oracle<S: World>() {
    let mut agreements: BTreeMap<String, (Opened, Vec<Case>)> = BTreeMap::new();
    let cases = Case::chosen(S::OPTIONS_TOGETHER);
    let count = cases.len();
    for case in cases {
        let terms = format!("{:?}", (case.compared, case.disclosure, case.eyes, case.references));
        agreements.entry(terms).or_insert_with(|| (agreement::<S>(&case), Vec::new())).1.push(case);
    }
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let Tally { hits, misses, wrong } = one_thread.install(|| {
        let mut tally = Tally::default();
        for (agreement, cases) in agreements.values() {
            let parties = Parties::<S>::new(agreement);
            for case in cases {
                run::<S>(case, agreement, &parties, &mut tally);
            }
        }
        tally
    });
    eprintln!(
        "{count} cases under {} agreements: {hits} hits and {misses} misses, {} cases wrong",
        agreements.len(),
        wrong.len()
    );
    assert!(wrong.is_empty(), "wrong verdicts in {} cases of {count}: {wrong:#?}", wrong.len());
    assert!(hits * 10 > misses, "{hits} hits are too few to tell anything");
}

#[test]
fn every_combination_of_options_agrees_with_the_oracle_in_the_clear() {
    the_cases_agree_with_the_oracle::<Clear>();
}

#[test]
fn every_combination_of_options_agrees_with_the_oracle_under_tfhe() {
    the_cases_agree_with_the_oracle::<Tfhe>();
}

#[test]
fn every_combination_of_options_agrees_with_the_oracle_under_bgv() {
    the_cases_agree_with_the_oracle::<Bgv>();
}

#[test]
fn every_combination_of_options_agrees_with_the_oracle_under_hybrid() {
    the_cases_agree_with_the_oracle::<Hybrid>();
}

#[test]
fn the_cases_that_are_run_have_every_three_options_together() {
    let (all, chosen) = (Case::all(), Case::covering(3));
    let combinations = |cases: &[Case]| -> HashSet<_> { cases.iter().flat_map(|case| case.combinations(3)).collect() };
    assert_eq!(combinations(&all), combinations(&chosen));
    assert!(chosen.len() * 20 < all.len(), "{} of {}", chosen.len(), all.len());
}
