//! Handles of hits where probes share blocks: each probe's own, every one right, none for a miss, and nothing of more hits than are agreed.

use std::borrow::Cow;
use std::time::Instant;

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;

use super::exactness::parties;
use crate::agreement::{Disclosure, Limits, SchemeChoice, Terms};
use crate::functional::{Probe, Reference, SampleLayout, oracle};
use crate::parameters::hybrid::INSECURE_HYBRID;
use crate::planning;
use crate::scheme::bgv::answer::KEY_NUMBERS;
use crate::scheme::exchange::random;
use crate::scheme::hybrid::Hybrid;
use crate::scheme::hybrid::ciphertexts::{EncryptedProbes, EncryptedVerdicts};
use crate::scheme::hybrid::holder::SecretKey;
use crate::scheme::repeated::{Repeated, handle, handles};
use crate::scheme::{
    Crossing as _, CrossingError, Disclosed, Evaluator as _, Extent, Holder as _, Opened, Parts, Randomness,
    SubjectReferences, Subjects, Task,
};
use crate::template::{Bits, Eye, Handle, Record, SubjectId, Template};

/// Slots of a block.
const N: usize = 1024;

/// Codes so short that a distance beside the threshold is six deviations of noise from it.
const BITS: usize = 24;
const THRESHOLD: usize = 5;

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// Handles are told of so many hits of a probe.
fn agreed(hits: usize) -> Opened {
    let mut terms = Terms { disclosure: Disclosure::Labelled, ..Terms::hamming(BITS, THRESHOLD as u32) };
    terms.encryption.parameter_set = "insecure-hybrid-test".to_owned();
    terms.encryption.scheme = SchemeChoice::Hybrid;
    terms.limits =
        Limits { hits_per_probe: Some(hits), references: 4_000, probes_per_query: 64, ..terms.limits.clone() };
    planning::open(terms).unwrap()
}

/// The code of a person who is asked about: of two persons they differ in twelve bits at least.
fn code(person: usize) -> Vec<bool> {
    (0..BITS).map(|bit| person != 0 && bit >> (person - 1) & 1 == 1).collect()
}

fn probe(agreement: &Opened, person: usize) -> Probe {
    let subject = SubjectId::try_from("p".to_owned()).unwrap();
    let template = Template::Bits(Bits::new(code(person)).unwrap());
    Probe::new(agreement.functional(), &[Record { subject, eye: None, template }]).unwrap()
}

/// A subject's references.
type Person = Vec<(Option<Eye>, Reference)>;

/// Subjects at the threshold from a person, or one bit beside it. Every fifth has no handle.
struct Records {
    subjects: Vec<Person>,
    exempt: Vec<usize>,
}

impl Subjects for Records {
    fn len(&self) -> usize {
        self.subjects.len()
    }

    fn references(&self, index: usize) -> Cow<'_, SubjectReferences> {
        Cow::Borrowed(&self.subjects[index])
    }

    fn may_match(&self, index: usize) -> bool {
        !self.exempt.contains(&index)
    }

    fn handle(&self, index: usize) -> Option<Cow<'_, Handle>> {
        (index % 5 != 3).then(|| Cow::Owned(handle(index)))
    }
}

/// So many subjects, one bit beside the threshold from one person or another; but for those who are at it from one.
fn records(agreement: &Opened, len: usize, hits: &[(usize, usize)]) -> Records {
    let at = |person: usize, distance: usize| {
        // The first bits: none of two persons is as near to another.
        let bits = code(person).into_iter().enumerate().map(|(bit, is_set)| is_set ^ (bit < distance));
        let template = Template::Bits(Bits::new(bits).unwrap());
        vec![(None, agreement.functional().reference(&template).unwrap())]
    };
    let mut subjects: Vec<_> = (0..len).map(|index| at(index % 5, THRESHOLD + 1)).collect();
    hits.iter().for_each(|&(index, person)| subjects[index] = at(person, THRESHOLD));
    Records { subjects, exempt: Vec::new() }
}

/// A query about persons, and what it is compared with.
struct Question<'a> {
    agreement: &'a Opened,
    records: &'a Records,
    persons: &'a [usize],
    one_subject: bool,
}

impl Question<'_> {
    fn extent(&self) -> Extent<'_> {
        let (functional, probes) = (self.agreement.functional(), self.persons.len());
        let verdicts_per_probe = if self.one_subject { 1 } else { functional.hits_per_probe() };
        Extent { functional, disclosure: Disclosure::Labelled, probes, samples: probes, verdicts_per_probe }
    }

    /// An answer's bytes.
    fn answered(&self, rng: &mut ChaCha20Rng) -> Vec<u8> {
        let (functional, parties) = (self.agreement.functional(), parties());
        let probes: Vec<Probe> = self.persons.iter().map(|&person| probe(self.agreement, person)).collect();
        let layouts: Vec<_> = probes.iter().map(Probe::layout).collect();
        let task = Task {
            functional,
            disclosure: Disclosure::Labelled,
            layouts: &layouts,
            subjects: self.records,
            one_subject: self.one_subject,
            references_per_subject: 1,
        };
        let query = Hybrid::encrypt(&parties.secret, functional, &probes, rng).encode().unwrap();
        let query = EncryptedProbes::decode(&query, &INSECURE_HYBRID, &self.extent()).unwrap();
        let randomness = Randomness::drawn(1, rng);
        let answer = Hybrid::answer(&parties.key, &(), &task, &query, &randomness, &mut Parts::default(), &());
        answer.unwrap().encode().unwrap()
    }

    fn told(&self, answer: &[u8], secret: &SecretKey) -> Result<Vec<Disclosed>, CrossingError> {
        let answer = EncryptedVerdicts::decode(answer, &INSECURE_HYBRID, &self.extent())?;
        Ok(Hybrid::decrypt(secret, &self.extent(), &answer))
    }

    /// What the oracle says.
    fn expected(&self) -> Vec<Disclosed> {
        let functional = self.agreement.functional();
        let most = self.extent().verdicts_per_probe;
        let of_probe = |&person: &usize| {
            let probe = probe(self.agreement, person);
            let hit = |&index: &usize| {
                self.records.may_match(index)
                    && oracle::subject_verdict(functional, &probe, &self.records.references(index))
            };
            let hits = (0..self.records.len()).filter(hit);
            let mut handles: Vec<_> = hits.map(|index| self.records.handle(index).map(Cow::into_owned)).collect();
            handles.sort();
            if handles.len() > most { Disclosed::MoreHits } else { Disclosed::Handles(handles) }
        };
        self.persons.iter().map(of_probe).collect()
    }

    fn hold(&self, what: &str) -> Vec<Disclosed> {
        let answer = self.answered(&mut rng(2));
        let told = self.told(&answer, &parties().secret).unwrap();
        assert_eq!(told, self.expected(), "{what}");
        told
    }
}

/// Probes with no hit to more than are agreed stand in one block, and beside each other in several, and each is told of its own: at the
/// threshold, with misses one bit beside it in all other slots.
#[test]
fn each_probe_is_told_the_handles_of_those_who_hit_it_and_no_others() {
    let agreement = agreed(2);
    // (subjects, who hits whom, who is asked about)
    let ends = [(0, 1), (299, 1), (7, 2), (8, 2), (9, 2), (150, 3)];
    // Four probes in two blocks, the last one in both.
    let small = records(&agreement, 300, &ends);
    let question = Question { agreement: &agreement, records: &small, persons: &[1, 2, 4, 3], one_subject: false };
    let told = question.hold("four in two blocks");
    assert_eq!(told[..3], [handles([0, 299]), Disclosed::MoreHits, handles([])]);
    // Probes over two blocks each, that share the middle one.
    let long =
        records(&agreement, N + 400, &[(0, 1), (N + 399, 1), (N - 1, 2), (N, 2), (N + 5, 3), (N + 6, 3), (5, 3)]);
    let question = Question { agreement: &agreement, records: &long, persons: &[1, 2, 3], one_subject: false };
    assert_eq!(question.hold("three over five blocks").last(), Some(&Disclosed::MoreHits));
}

#[test]
fn as_many_handles_as_are_agreed_are_told() {
    for most in [1, 4] {
        let agreement = agreed(most);
        for hits in [most, most + 1] {
            let hits: Vec<(usize, usize)> = (0..hits).map(|index| (index * 7 + 1, 2)).collect();
            let records = records(&agreement, 40, &hits);
            let question = Question { agreement: &agreement, records: &records, persons: &[2, 0], one_subject: false };
            question.hold(&format!("{} hits of {most}", hits.len()));
        }
    }
}

/// The subject is exempt or not; more probes in one block than are folded together; nobody enrolled.
#[test]
fn exempt_persons_and_subjects_who_are_asked_about_alone() {
    let agreement = agreed(2);
    let mut records = records(&agreement, 60, &[(4, 1), (5, 1), (6, 1)]);
    let ask = |records: &Records, persons: &[usize], one_subject| {
        Question { agreement: &agreement, records, persons, one_subject }.hold("exempt or alone")
    };
    records.exempt = vec![5];
    assert_eq!(ask(&records, &[1], false), [handles([4, 6])]);
    records.subjects = vec![records.subjects.swap_remove(4)];
    records.exempt = Vec::new();
    let persons: Vec<usize> = (0..40).map(|number| if number % 3 == 0 { 1 } else { 0 }).collect();
    let told = ask(&records, &persons, true);
    assert!(
        told.iter().zip(&persons).all(|(told, &person)| *told == if person == 1 { handles([0]) } else { handles([]) })
    );
    records.exempt = vec![0];
    assert_eq!(ask(&records, &[1], true), [handles([])]);
    records.subjects.clear();
    assert_eq!(ask(&records, &[1, 2], false), [handles([]), handles([])]);
}

#[test]
fn a_wrong_key_or_damage_gives_no_handle() {
    let (agreement, mut rng) = (agreed(2), rng(9));
    let records = records(&agreement, 30, &[(2, 1), (11, 1)]);
    let question = Question { agreement: &agreement, records: &records, persons: &[1], one_subject: false };
    let answer = question.answered(&mut rng);
    let told = |bytes: &[u8], secret: &SecretKey| question.told(bytes, secret).map(|mut told| told.remove(0));
    assert_eq!(told(&answer, &parties().secret), Ok(handles([2, 11])));
    let (other, _) = Hybrid::generate(&INSECURE_HYBRID, &mut rng);
    assert_eq!(told(&answer, &other), Ok(Disclosed::Nothing));
    for _ in 0..40 {
        let mut altered = answer.clone();
        let place = rng.random_range(0..altered.len());
        altered[place] ^= 1 << rng.random_range(0..8);
        let altered = told(&altered, &parties().secret);
        // A mask's number may stand where the secret is 0.
        let unchanged = altered == Ok(handles([2, 11]));
        assert!(
            unchanged
                || matches!(
                    altered,
                    Err(CrossingError::NotCanonical | CrossingError::Encoding) | Ok(Disclosed::Nothing)
                ),
            "{altered:?}"
        );
    }
    let dimensions = Err(CrossingError::Dimensions("verdicts"));
    let doubled = answer.repeat(2);
    for bytes in [&answer[1..], &[], &doubled, &doubled[..answer.len() + 1]] {
        assert_eq!(told(bytes, &parties().secret), dimensions);
    }
    // A body without a mask hides nothing.
    let mask = answer.len() - INSECURE_HYBRID.ring().answer_block_bytes() / 2;
    let bare = [&answer[..mask], &vec![0; answer.len() - mask]].concat();
    assert_eq!(told(&bare, &parties().secret), Err(CrossingError::Trivial));
    // Two elements for one probe are not one for each of two.
    let two = Question { persons: &[1, 2], ..question };
    assert_eq!(two.told(&answer, &parties().secret), Err(CrossingError::Dimensions("verdicts")));
}

/// One ring element a probe, and the key to them all, whatever the gallery, the hits, and the hits that are agreed.
#[test]
fn an_answer_is_as_long_for_any_gallery_and_for_any_hits() {
    for (most, len, hits) in [(1, 3, 0), (1, N + 5, 1), (4, 3, 2)] {
        let agreement = agreed(most);
        let records = records(&agreement, len, &[(0, 1), (1, 1)][..hits]);
        let question = Question { agreement: &agreement, records: &records, persons: &[1, 2], one_subject: false };
        let length = question.answered(&mut rng(11)).len();
        let ring = INSECURE_HYBRID.ring();
        assert_eq!(length, KEY_NUMBERS * ring.answer_sample_bytes() + 2 * ring.answer_block_bytes());
        assert_eq!(EncryptedVerdicts::limit_bytes(&INSECURE_HYBRID, &question.extent()), length as u64);
    }
}

/// The figures of docs/performance.md: time and bytes of handles beside a count of the same block, under the set of the handles.
#[test]
#[ignore = "figures, in minutes: run it alone, optimised"]
fn what_handles_cost_beside_a_count_of_one_block() {
    let terms = Terms::face(512).with_scheme(SchemeChoice::Hybrid);
    let limits =
        |hits| Limits { hits_per_probe: hits, references: 32_768, probes_per_query: 64, ..terms.limits.clone() };
    let labelled = |hits| {
        let terms = Terms { disclosure: Disclosure::Labelled, limits: limits(Some(hits)), ..terms.clone() };
        planning::open(terms).unwrap()
    };
    let mut counting = labelled(4).terms().clone().with_disclosure(Disclosure::Count);
    counting.limits = limits(None);
    let (counting, mut rng) = (planning::open(counting).unwrap(), rng(12));
    let set = counting.parameters().hybrid().unwrap();
    let (secret, public) = Hybrid::generate(&set, &mut rng);
    let key = Hybrid::prepare_key(public, &set);
    for (agreement, probes) in
        [(&counting, 1), (&labelled(1), 1), (&labelled(4), 1), (&counting, 32), (&labelled(1), 32), (&labelled(4), 32)]
    {
        let functional = agreement.functional();
        assert_eq!(agreement.parameters().hybrid(), Some(set), "one set");
        let subject = SubjectId::try_from("p".to_owned()).unwrap();
        let template = random(agreement.shape(), &mut rng);
        let record = [Record { subject, eye: None, template }];
        let asked: Vec<Probe> = (0..probes).map(|_| Probe::new(functional, &record).unwrap()).collect();
        let query = Hybrid::encrypt(&secret, functional, &asked, &mut rng);
        let len = set.block_size() / probes;
        let subjects = Repeated::new(functional.stand_in().clone(), len).with_handles();
        let task = Task {
            functional,
            disclosure: agreement.terms().disclosure,
            layouts: &vec![SampleLayout::Single; probes],
            subjects: &subjects,
            one_subject: false,
            references_per_subject: 1,
        };
        for _ in 0..2 {
            let start = Instant::now();
            let randomness = Randomness::drawn(1, &mut rng);
            let answer = Hybrid::answer(&key, &(), &task, &query, &randomness, &mut Parts::default(), &()).unwrap();
            println!(
                "{} {}, {}, {probes} probes against {len}: {:.2?}, answer {} bytes",
                task.disclosure,
                functional.hits_per_probe(),
                agreement.parameters().name(),
                start.elapsed(),
                answer.encode().unwrap().len()
            );
        }
    }
}
