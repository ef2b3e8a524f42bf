//! Handles of hits: every one right, none for a miss, and nothing of more hits than are agreed.

use std::borrow::Cow;
use std::time::Instant;

use rand::Rng as _;
use rand_chacha::ChaCha20Rng;

use super::exactness::{N, Question, Subject, agreement, bits_at, keys, probe, rng};
use crate::agreement::{Disclosure, Limits, SchemeChoice, Terms};
use crate::functional::Probe;
use crate::parameters::bgv::{INSECURE_BGV, PLAINTEXT_MODULUS};
use crate::planning;
use crate::scheme::bgv::Bgv;
use crate::scheme::bgv::ciphertexts::{EncryptedProbes, EncryptedVerdicts};
use crate::scheme::bgv::holder::SecretKey;
use crate::scheme::repeated::{Repeated, handle, handles};
use crate::scheme::{
    Crossing as _, Disclosed, Evaluator as _, Extent, Holder as _, Opened, Parts, Randomness, SubjectReferences,
    Subjects, Task,
};
use crate::template::{Bits, Handle, Template};

const BITS: usize = 50;
const THRESHOLD: u32 = 13;

/// Handles are told of so many hits of a probe.
fn agreed(hits: usize) -> Opened {
    let terms = agreement(Terms::hamming(BITS, THRESHOLD), Disclosure::Labelled).terms().clone();
    let limits = Limits { hits_per_probe: Some(hits), ..terms.limits.clone() };
    planning::open(Terms { limits, ..terms }).unwrap()
}

/// Subjects of whom some hit. Every fifth has no handle.
struct Records {
    references: Vec<Subject>,
    exempt: Vec<usize>,
}

impl Subjects for Records {
    fn len(&self) -> usize {
        self.references.len()
    }

    fn references(&self, index: usize) -> Cow<'_, SubjectReferences> {
        Cow::Borrowed(&self.references[index])
    }

    fn may_match(&self, index: usize) -> bool {
        !self.exempt.contains(&index)
    }

    fn handle(&self, index: usize) -> Option<Cow<'_, Handle>> {
        (index % 5 != 3).then(|| Cow::Owned(handle(index)))
    }
}

fn template() -> Bits {
    Bits::new((0..BITS).map(|bit| bit % 3 == 0)).unwrap()
}

/// As many subjects at one bit beside the threshold, but for those who hit, at it.
fn records(len: usize, hits: &[usize]) -> Records {
    let [hit, miss] = [THRESHOLD, THRESHOLD + 1].map(|at| vec![(None, bits_at(&template(), at as usize, &mut rng(6)))]);
    let references = (0..len).map(|index| if hits.contains(&index) { hit.clone() } else { miss.clone() }).collect();
    Records { references, exempt: Vec::new() }
}

fn probes(agreement: &Opened, count: usize) -> Vec<Probe> {
    (0..count).map(|_| probe(agreement.functional(), Template::Bits(template()))).collect()
}

/// In any block and row, up to as many as are agreed and one more; with fresh diagonals and with kept ones.
#[test]
fn the_handles_of_those_who_hit_are_told_and_no_others() {
    let everywhere = [0, N / 2, N - 1, N, N + 299, 7, 8, 1040, N + 3];
    for (most, times) in [(1, 1), (2, 1), (4, 2)] {
        let agreement = agreed(most);
        for hits in 0..=most + 1 {
            let records = records(N + 300, &everywhere[..hits]);
            let probes = probes(&agreement, if hits == most { 2 } else { 1 });
            let question = Question { agreement: &agreement, subjects: &records, probes: &probes, one_subject: false };
            question.hold(times, &format!("{hits} hits of {most}"));
        }
    }
}

#[test]
fn every_metric_tells_handles() {
    for agreement in super::exactness::agreed() {
        let terms = agreement.terms().clone().with_disclosure(Disclosure::Labelled);
        let limits = Limits { hits_per_probe: Some(3), references: 5_000, ..terms.limits.clone() };
        let agreement = planning::open(Terms { limits, ..terms }).unwrap();
        let functional = agreement.functional();
        let mut rng = rng(8);
        let mut random = || {
            let template = super::exactness::random_template(functional, &mut rng);
            (functional.reference(&template).unwrap(), template)
        };
        let (asked, template) = random();
        let mut references: Vec<Subject> = (0..40).map(|_| vec![(None, random().0)]).collect();
        references[17] = vec![(None, asked.clone())];
        references[38] = vec![(None, asked)];
        let records = Records { references, exempt: Vec::new() };
        let probes = [probe(functional, template)];
        let question = Question { agreement: &agreement, subjects: &records, probes: &probes, one_subject: false };
        question.hold(1, agreement.terms().comparison.metric());
    }
}

#[test]
fn exempt_persons_and_a_subject_who_is_asked_about_alone() {
    let agreement = agreed(2);
    let probes = probes(&agreement, 1);
    let mut records = records(60, &[4, 5, 6]);
    let hold = |records: &Records, one_subject, what: &str| {
        let question = Question { agreement: &agreement, subjects: records, probes: &probes, one_subject };
        question.hold(1, what);
        question.repeated(1).remove(0).0
    };
    assert_eq!(hold(&records, false, "three"), [Disclosed::MoreHits]);
    records.exempt = vec![5];
    assert_eq!(hold(&records, false, "two and one exempt"), [handles([4, 6])]);
    let mut alone = Records { references: vec![records.references[4].clone()], exempt: Vec::new() };
    assert_eq!(hold(&alone, true, "alone"), [handles([0])]);
    alone.exempt = vec![0];
    assert_eq!(hold(&alone, true, "alone and exempt"), [Disclosed::Handles(Vec::new())]);
}

fn task<'a>(agreement: &'a Opened, subjects: &'a Records) -> Task<'a> {
    Task {
        functional: agreement.functional(),
        disclosure: Disclosure::Labelled,
        layouts: &[crate::functional::SampleLayout::Single],
        subjects,
        one_subject: false,
        references_per_subject: 1,
    }
}

fn extent(agreement: &Opened) -> Extent<'_> {
    let functional = agreement.functional();
    let verdicts_per_probe = functional.hits_per_probe();
    Extent { functional, disclosure: Disclosure::Labelled, probes: 1, samples: 1, verdicts_per_probe }
}

fn answered(agreement: &Opened, subjects: &Records, rng: &mut ChaCha20Rng) -> EncryptedVerdicts {
    let query = Bgv::encrypt(&keys().0, agreement.functional(), &probes(agreement, 1), rng);
    let gallery = Bgv::prepare_gallery(&INSECURE_BGV, agreement.functional(), 0);
    let (task, randomness) = (task(agreement, subjects), Randomness::drawn(1, rng));
    Bgv::answer(&keys().1, &gallery, &task, &query, &randomness, &mut Parts::default(), &()).unwrap()
}

#[test]
fn a_wrong_key_or_damage_gives_no_handle() {
    let (agreement, mut rng) = (agreed(2), rng(9));
    let (set, extent) = (INSECURE_BGV, extent(&agreement));
    let answer = answered(&agreement, &records(30, &[2, 11]), &mut rng).encode().unwrap();
    let told = |bytes: &[u8], secret: &SecretKey| {
        let answer = EncryptedVerdicts::decode(bytes, &set, &extent).ok()?;
        Bgv::decrypt(secret, &extent, &answer).pop()
    };
    let right = Some(handles([2, 11]));
    assert_eq!(told(&answer, &keys().0), right);
    let (other, _) = Bgv::generate(&INSECURE_BGV, &mut rng);
    assert_eq!(told(&answer, &other), Some(Disclosed::Nothing));
    let mut nothing = 0;
    for _ in 0..40 {
        let mut altered = answer.clone();
        let place = rng.random_range(0..altered.len());
        altered[place] ^= 1 << rng.random_range(0..8);
        // A mask that a coefficient 0 of the key is multiplied with does not count.
        let altered = told(&altered, &keys().0);
        assert!(altered.is_none() || altered == Some(Disclosed::Nothing) || altered == right, "{altered:?}");
        nothing += usize::from(altered == Some(Disclosed::Nothing));
    }
    assert!(nothing > 20, "{nothing}");
    assert!(told(&answer[1..], &keys().0).is_none() && told(&[], &keys().0).is_none());
}

/// Two subjects are told apart by a probe that is no template, and none of it leaves: neither a handle nor how many there are.
#[test]
fn a_probe_that_is_no_template_is_told_nothing() {
    let (agreement, mut rng) = (agreed(2), rng(10));
    let slots: Vec<u32> = (0..N).map(|_| rng.random_range(0..PLAINTEXT_MODULUS)).collect();
    let signs: Vec<u32> = template().iter().map(|bit| if bit { PLAINTEXT_MODULUS - 3 } else { 3 }).collect();
    let scaled: Vec<u32> = (0..N).map(|slot| signs.get(slot % 64).copied().unwrap_or(0)).collect();
    for slots in [slots, scaled] {
        let query = super::malformed::query(slots.into_iter(), 0, &mut rng);
        let gallery = Bgv::prepare_gallery(&INSECURE_BGV, agreement.functional(), 0);
        let records = records(30, &[2, 11]);
        let randomness = Randomness::drawn(1, &mut rng);
        let task = task(&agreement, &records);
        let answer = Bgv::answer(&keys().1, &gallery, &task, &query, &randomness, &mut Parts::default(), &()).unwrap();
        assert_eq!(Bgv::decrypt(&keys().0, &extent(&agreement), &answer), [Disclosed::Nothing]);
    }
}

/// One ring element, and the key to it, whatever the gallery.
#[test]
fn an_answer_is_as_long_for_any_gallery_and_for_any_hits() {
    let mut rng = rng(11);
    let lengths = [(1, 3, 0), (1, N + 5, 1), (4, 3, 2), (4, N + 5, 4)].map(|(most, len, hits)| {
        let agreement = agreed(most);
        answered(&agreement, &records(len, &[0, 1, 2, 3][..hits]), &mut rng).encode().unwrap().len()
    });
    let of_key = crate::scheme::bgv::answer::KEY_NUMBERS * INSECURE_BGV.answer_sample_bytes();
    assert_eq!(lengths, [of_key + INSECURE_BGV.answer_block_bytes(); 4]);
}

/// The figures of docs/performance.md: time and bytes of handles beside a count of the same block, under the set of the handles.
#[test]
#[ignore = "figures, in minutes: run it alone, optimised"]
fn what_handles_cost_beside_a_count_of_one_block() {
    for (name, terms) in
        [("codes of 512 bits", Terms::hamming(512, 180)), ("faces of 512 coordinates", Terms::face(512))]
    {
        let terms = terms.with_scheme(SchemeChoice::Bgv);
        let limits = |hits| Limits { hits_per_probe: hits, references: 32_768, ..terms.limits.clone() };
        let labelled = |hits| {
            let terms = Terms { disclosure: Disclosure::Labelled, limits: limits(Some(hits)), ..terms.clone() };
            planning::open(terms).unwrap()
        };
        let mut counting = labelled(16).terms().clone().with_disclosure(Disclosure::Count);
        counting.limits = limits(None);
        let (counting, mut rng) = (planning::open(counting).unwrap(), rng(12));
        let set = counting.parameters().bgv().unwrap();
        let (secret, public) = Bgv::generate(&set, &mut rng);
        let key = Bgv::prepare_key(public, &set);
        for agreement in [counting, labelled(1), labelled(4), labelled(16)] {
            let functional = agreement.functional();
            assert_eq!(agreement.parameters().bgv(), Some(set), "one set");
            let sample = super::exactness::templates(functional, &mut rng);
            let probes = EncryptedProbes::new(&set, vec![secret.encrypt_sample(functional, &sample, &mut rng)]);
            let subjects = Repeated::new(functional.stand_in().clone(), set.ring_size()).with_handles();
            let task = Task {
                functional,
                disclosure: agreement.terms().disclosure,
                layouts: &[crate::functional::SampleLayout::Single],
                subjects: &subjects,
                one_subject: false,
                references_per_subject: 1,
            };
            let kept = Bgv::prepare_gallery(&set, functional, 0);
            for _ in 0..2 {
                let start = Instant::now();
                let randomness = Randomness::drawn(1, &mut rng);
                let answer = Bgv::answer(&key, &kept, &task, &probes, &randomness, &mut Parts::default(), &()).unwrap();
                println!(
                    "{name}, {} {}, {}: {:.2?}, answer {} bytes",
                    task.disclosure,
                    functional.hits_per_probe(),
                    agreement.parameters().name(),
                    start.elapsed(),
                    answer.encode().unwrap().len()
                );
            }
        }
    }
}
