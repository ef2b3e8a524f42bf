//! The front door under every scheme and disclosure, with nothing but bytes between the two parties, against the clear oracle.

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::*;
use crate::agreement::{Agreement, Disclosure, SchemeId, Terms};
use crate::custodian::{AnswerError, Gallery};
use crate::querier::{KeySeed, Verdict};
use crate::scheme::Opened;
use crate::template::{Bits, Record, SubjectId, Template};
use crate::wire::{Target, WireError};

const BITS: usize = 32;
const MOST: u32 = 6;

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

fn agreement(scheme: SchemeId, disclosure: Disclosure) -> Agreement {
    let mut terms = Terms { disclosure, ..Terms::hamming(BITS, MOST).with_scheme(scheme.into()) };
    let set = match scheme {
        SchemeId::Tfhe => "insecure-test",
        SchemeId::Bgv => "insecure-bgv-test",
        SchemeId::Hybrid => "insecure-hybrid-test",
    };
    terms.encryption.parameter_set = set.to_owned();
    terms.encryption.scheme = scheme.into();
    terms.limits.references = 8;
    Agreement::new(terms).unwrap()
}

/// A code with so many ones in front: codes differ in as many bits as their numbers do.
fn record(id: &str, ones: usize) -> Record {
    let template = Template::Bits(Bits::new((0..BITS).map(|bit| bit < ones)).unwrap());
    Record { subject: SubjectId::try_from(id.to_owned()).unwrap(), eye: None, template }
}

fn people() -> Vec<Record> {
    vec![record("anna", 0), record("bert", 10), record("carla", 20)]
}

/// Six bits from bert, seven; six from anna and four from bert.
fn probes() -> Vec<Record> {
    vec![record("near", 16), record("beside", 27), record("both", 6)]
}

struct Parties {
    querier: Querier,
    key: Vec<u8>,
    custodian: Custodian,
}

fn parties(agreement: &Agreement) -> Parties {
    let (querier, key) = Querier::generate(agreement, &mut rng(1)).unwrap();
    let custodian = Custodian::new(agreement, Gallery::enroll(agreement, people()).unwrap()).unwrap();
    Parties { querier, key, custodian }
}

#[test]
fn bytes_alone_cross_and_verdicts_are_the_oracles_under_every_scheme_and_disclosure() {
    for scheme in SchemeId::ALL {
        for (disclosure, expected) in [
            (Disclosure::Any, [Verdict::Any(true), Verdict::Any(false), Verdict::Any(true)]),
            (
                Disclosure::Each,
                [
                    Verdict::Each(vec![false, true, true]),
                    Verdict::Each(vec![false, false, false]),
                    Verdict::Each(vec![true, true, false]),
                ],
            ),
            (Disclosure::Count, [Verdict::Count(2), Verdict::Count(0), Verdict::Count(2)]),
        ] {
            let agreement = agreement(scheme, disclosure);
            let Parties { querier, key, custodian } = parties(&agreement);
            let (query, pending) = querier.ask(probes(), &mut rng(2)).unwrap();
            let answer = custodian.admit(&key).unwrap().answer(&query, &mut rng(3)).unwrap();
            let verdicts: Vec<Verdict> =
                pending.read(&answer).unwrap().into_iter().map(|(_, verdict)| verdict).collect();
            assert_eq!(verdicts, expected, "{scheme} {disclosure}");
        }
    }
}

#[test]
fn a_query_about_one_person_and_keys_and_queries_that_were_kept_answer_as_fresh_ones() {
    let disclosures = [Disclosure::Any, Disclosure::Each, Disclosure::Count];
    for (scheme, disclosure) in SchemeId::ALL.into_iter().flat_map(|scheme| disclosures.map(|said| (scheme, said))) {
        let agreement = Opened::new(agreement(scheme, disclosure)).unwrap();
        let (querier, key) = Querier::from_seed(&agreement, KeySeed::from([7; 32])).unwrap();
        let kept = Querier::read(querier.to_secret_bytes().as_slice(), &agreement).unwrap();
        let (again, same) = kept.remake().unwrap().unwrap();
        assert!(again.key() == querier.key() && same == key, "{scheme}");
        let gallery = Gallery::enroll(&agreement, people()).unwrap();
        let custodian = Custodian::keeping(&agreement, gallery, 1 << 20).unwrap();
        let custodian = custodian.exempting(&["carla".to_owned().try_into().unwrap()].into());
        for (whom, hit) in [("bert", true), ("anna", false), ("carla", false), ("nobody", false)] {
            let target = Target::Subject(whom.to_owned().try_into().unwrap());
            let (query, pending) = querier.ask_about(target, vec![record("near", 16)], &mut rng(2)).unwrap();
            let remembered = pending.to_bytes().unwrap();
            let key = custodian.read_key(key.as_slice()).unwrap().expand();
            let question = custodian.read_query(query.as_slice()).unwrap();
            assert_eq!((question.key, question.id, question.probes), (key.id(), pending.query(), 1));
            let answer = custodian.answer(&key, &question, &mut rng(3), &()).unwrap();
            let came = kept.answer(answer.as_slice()).unwrap();
            assert_eq!((came.query(), came.gallery()), (pending.query(), custodian.gallery().version()));
            let verdicts = kept.pending(remembered.as_slice()).unwrap().read_answer(&came).unwrap();
            assert_eq!(verdicts[0].1, Verdict::Any(hit), "{scheme} {disclosure} {whom}");
        }
    }
}

#[test]
fn what_is_of_another_key_query_agreement_or_gallery_is_refused() {
    for scheme in SchemeId::ALL {
        let ours = agreement(scheme, Disclosure::Any);
        let theirs = agreement(scheme, Disclosure::Each);
        let Parties { querier, key, custodian } = parties(&ours);
        let (query, pending) = querier.ask(probes(), &mut rng(2)).unwrap();
        let (_, other_pending) = querier.ask(probes(), &mut rng(4)).unwrap();
        let answer = custodian.admit(&key).unwrap().answer(&query, &mut rng(3)).unwrap();
        assert!(matches!(other_pending.read(&answer), Err(ExchangeError::Refused(_))), "{scheme}");
        let (stranger, other_key) = Querier::generate(&ours, &mut rng(9)).unwrap();
        let refused = custodian.admit(&other_key).unwrap().answer(&query, &mut rng(3));
        assert!(matches!(refused, Err(ExchangeError::Unanswered(AnswerError::OtherKey { .. }))), "{scheme}");
        assert!(matches!(stranger.answer(answer.as_slice()).err(), Some(WireError::Key { .. })), "{scheme}");
        let gallery = Gallery::enroll(&ours, people()).unwrap();
        let refused = Custodian::new(&theirs, gallery).err();
        assert_eq!(refused, Some(ExchangeError::Unanswered(AnswerError::OtherTerms)), "{scheme}");
        assert!(matches!(custodian.admit(&query).err(), Some(WireError::Kind { .. })), "{scheme}");
        for end in [0, 40, answer.len() - 1] {
            assert!(matches!(querier.answer(&answer[..end]).err(), Some(WireError::Truncated)), "{scheme} {end}");
        }
        assert!(pending.read(&answer).is_ok());
    }
    let [tfhe, bgv, _] = SchemeId::ALL.map(|scheme| parties(&agreement(scheme, Disclosure::Any)));
    let (query, _) = tfhe.querier.ask(probes(), &mut rng(2)).unwrap();
    let (question, key) =
        (tfhe.custodian.read_query(query.as_slice()).unwrap(), bgv.custodian.read_key(bgv.key.as_slice()).unwrap());
    let refused = bgv.custodian.answer(&key.expand(), &question, &mut rng(3), &());
    assert_eq!(refused, Err(ExchangeError::Unanswered(AnswerError::OtherTerms)));
}

#[test]
fn a_gallery_is_enrolled_whole_or_not_at_all() {
    let agreement = agreement(SchemeId::Tfhe, Disclosure::Any);
    assert_eq!(Gallery::enroll(&agreement, Vec::<Record>::new()).err(), Some(EnrolmentError::Nobody));
    let twice = Gallery::enroll(&agreement, [record("anna", 1), record("anna", 2)]).err();
    assert!(matches!(twice, Some(EnrolmentError::Refused(refusal)) if refusal.subject.as_str() == "anna"));
}
