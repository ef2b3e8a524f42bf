//! One whole exchange through the files that cross, made anew from keys to verdicts, and the same verdicts by the clear oracle.

use std::time::Instant;

use cotejo::custodian::{AdmittedKey, Custodian, Gallery};
use cotejo::functional::{Probe, oracle};
use cotejo::querier::{Pending, Querier, SecretKey, Verdict};
use cotejo::scheme::{Evaluator, Holder, Opened};
use cotejo::template::Record;
use cotejo::wire::{Answer, EvaluationKey, Query, Target};

use crate::rng;

/// The sizes of the files that crossed, the steps that were counted, and the verdicts.
pub struct Anew {
    pub evaluation_key_bytes: u64,
    pub query_bytes: u64,
    pub answer_bytes: u64,
    pub steps: u64,
    pub verdicts: Vec<Verdict>,
}

pub fn exchange<S: Holder + Evaluator>(agreement: &Opened, gallery: &Gallery, probes: &[Record]) -> Anew {
    let clock = Instant::now();
    let (secret, public) = SecretKey::<S>::generate(agreement, &mut rng(1)).unwrap();
    let public = public.to_bytes(agreement);
    let admitted = AdmittedKey::new(EvaluationKey::<S>::read(public.as_slice(), agreement).unwrap());
    let keys = clock.elapsed();
    let secret = SecretKey::<S>::read(secret.to_secret_bytes(agreement).as_slice(), agreement).unwrap();
    let querier = Querier::new(agreement, secret);
    let (query, pending) = querier.ask(probes.to_vec(), Target::Gallery, &mut rng(2)).unwrap();
    let query = query.to_bytes(agreement).unwrap();
    let pending = pending.to_bytes(agreement).unwrap();
    let received = Query::<S>::read(query.as_slice(), agreement, Some(admitted.id())).unwrap();
    let clock = Instant::now();
    let custodian = Custodian::new(agreement, gallery, 0).unwrap();
    let answer = custodian.answer(&admitted, &received, &mut rng(3), &()).unwrap().to_bytes(agreement).unwrap();
    println!(
        "{} {}: {} references, {} probes: keys {keys:.1?} ({} bytes), answer {:.1?}; query {} bytes, answer {} bytes",
        agreement.parameters().name(),
        agreement.terms().disclosure,
        gallery.len(),
        probes.len(),
        public.len(),
        clock.elapsed(),
        query.len(),
        answer.len()
    );
    let (evaluation_key_bytes, query_bytes, answer_bytes) =
        (public.len() as u64, query.len() as u64, answer.len() as u64);
    let answer = Answer::<S>::read(answer.as_slice(), agreement, Some(querier.key().id())).unwrap();
    let pending = Pending::from_reader(pending.as_slice(), agreement).unwrap();
    let verdicts = pending.read(&querier, &answer).unwrap().into_iter().map(|(_, verdict)| verdict).collect();
    Anew { evaluation_key_bytes, query_bytes, answer_bytes, steps: custodian.steps(&received), verdicts }
}

/// Of each subject, in the order of the gallery.
pub fn by_the_oracle(agreement: &Opened, gallery: &Gallery, probe: &Record) -> Vec<bool> {
    let functional = agreement.functional();
    let probe = Probe::new(functional, std::slice::from_ref(probe)).unwrap();
    let subjects = gallery.subjects().map(Result::unwrap);
    subjects.map(|subject| oracle::subject_verdict(functional, &probe, &subject.references)).collect()
}
