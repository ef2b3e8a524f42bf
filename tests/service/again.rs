//! Queries and keys that can be made again, and verdicts that are kept: the same bytes for whoever has it all, and for nobody else.

use cotejo::agreement::{Code, SchemeChoice, Terms};
use cotejo::planning;
use cotejo::querier::{KeySeed, Origin, Querier, SealError, SecretKey};
use cotejo::scheme::bgv::Bgv;
use cotejo::scheme::hybrid::Hybrid;
use cotejo::scheme::tfhe::Tfhe;
use cotejo::scheme::{Holder, Opened};
use cotejo::template::Record;
use cotejo::wire::Target;

use crate::trial::{exact_terms, person, rng, terms};

fn on<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

/// Keys of a seed, on so many threads: both files.
fn keys<S: Holder>(agreement: &Opened, seed: u8, threads: usize) -> (Vec<u8>, Vec<u8>) {
    on(threads, || {
        let (secret, public) = SecretKey::<S>::from_seed(agreement, KeySeed::new([seed; 32])).unwrap();
        (secret.to_secret_bytes(agreement).to_vec(), public.to_bytes(agreement).to_vec())
    })
}

fn querier<S: Holder>(agreement: &Opened, secret: &[u8]) -> Querier<S> {
    Querier::new(agreement, SecretKey::read(secret, agreement).unwrap())
}

fn origin(number: &str, nonce: u8) -> Origin {
    Origin { number: number.parse().unwrap(), nonce: [nonce; 32] }
}

fn made<S: Holder>(querier: &Querier<S>, agreement: &Opened, probes: &[Record], origin: &Origin) -> Vec<u8> {
    let (query, _) = querier.ask_again(probes.to_vec(), Target::Gallery, origin).unwrap();
    query.to_bytes(agreement).unwrap().to_vec()
}

/// Bytes that two files have in common from `skip` on: chance makes one of 256 equal.
fn alike(a: &[u8], b: &[u8], skip: usize) -> f64 {
    let pairs: Vec<bool> = a.iter().zip(b).skip(skip).map(|(a, b)| a == b).collect();
    pairs.iter().filter(|same| **same).count() as f64 / pairs.len() as f64
}

fn is_made_again<S: Holder>(terms: Terms) {
    let agreement = planning::open(terms).unwrap();
    let (secret_file, public_file) = keys::<S>(&agreement, 1, 1);
    for threads in [2, 5] {
        let (again, public_again) = keys::<S>(&agreement, 1, threads);
        assert!(again == secret_file && public_again == public_file, "{threads} threads");
    }
    let (other_secret, other_public) = keys::<S>(&agreement, 2, 2);
    assert!(other_secret != secret_file && other_public != public_file);
    // From its file, seed and all.
    let read = SecretKey::<S>::read(secret_file.as_slice(), &agreement).unwrap();
    let (_, public) = read.remake(&agreement).unwrap().unwrap();
    assert!(public.to_bytes(&agreement).to_vec() == public_file);
    // A key without a seed is read as before, and says that it has none.
    let (unseeded, _) = SecretKey::<S>::generate(&agreement, &mut rng(1)).unwrap();
    let read = SecretKey::<S>::read(unseeded.to_secret_bytes(&agreement).as_slice(), &agreement).unwrap();
    assert!(read.remake(&agreement).unwrap().is_none());

    let querier_of = |secret: &[u8]| querier::<S>(&agreement, secret);
    let (querier, other) = (querier_of(&secret_file), querier_of(&other_secret));
    let probes = [person("one", 1), person("two", 2)];
    let query = made(&querier, &agreement, &probes, &origin("7", 1));
    for threads in [1, 2, 5] {
        let again = || made(&querier_of(&secret_file), &agreement, &probes, &origin("7", 1));
        assert!(on(threads, again) == query, "{threads} threads");
    }
    // The same probe under other names is the same plaintext; anything else has randomness of its own, masks included.
    let renamed = [person("three", 1), person("four", 2)];
    assert!(made(&querier, &agreement, &renamed, &origin("7", 1)) == query);
    let others = [
        made(&querier, &agreement, &probes, &origin("8", 1)),
        made(&querier, &agreement, &probes, &origin("7", 2)),
        made(&querier, &agreement, &[person("one", 1), person("two", 3)], &origin("7", 1)),
        made(&querier, &agreement, &[person("two", 2), person("one", 1)], &origin("7", 1)),
        made(&other, &agreement, &probes, &origin("7", 1)),
    ];
    for (index, other) in others.iter().enumerate() {
        assert_eq!(other.len(), query.len());
        let same = alike(other, &query, query.len() / 4);
        assert!(same < 0.2, "{index}: {same} of all bytes");
    }
    is_sealed(&querier, &other);
}

fn is_sealed<S: Holder>(querier: &Querier<S>, other: &Querier<S>) {
    let number: Code = "7".parse().unwrap();
    let sealed = querier.seal(&number, b"verdicts", &mut rng(1)).unwrap();
    assert_eq!(querier.unseal(&number, &sealed).unwrap().as_slice(), b"verdicts");
    assert_ne!(querier.seal(&number, b"verdicts", &mut rng(2)).unwrap(), sealed);
    assert!(!sealed.windows(8).any(|window| window == b"verdicts"));
    assert_eq!(other.unseal(&number, &sealed), Err(SealError::Foreign));
    assert_eq!(querier.unseal(&"8".parse().unwrap(), &sealed), Err(SealError::Foreign));
    for index in 1..sealed.len() {
        let mut altered = sealed.clone();
        altered[index] ^= 1;
        assert_eq!(querier.unseal(&number, &altered), Err(SealError::Foreign), "byte {index}");
        assert_eq!(querier.unseal(&number, &sealed[..index]), Err(SealError::Foreign), "cut at {index}");
    }
    assert_eq!(querier.unseal(&number, &[]), Err(SealError::Version));
}

#[test]
fn queries_and_keys_are_made_again_under_tfhe() {
    is_made_again::<Tfhe>(terms());
}

#[test]
fn queries_and_keys_are_made_again_under_bgv() {
    is_made_again::<Bgv>(exact_terms());
}

#[test]
fn queries_and_keys_are_made_again_under_hybrid() {
    let mut terms = terms().with_scheme(SchemeChoice::Hybrid);
    terms.encryption.parameter_set = "insecure-hybrid-test".to_owned();
    terms.limits.references = 100;
    is_made_again::<Hybrid>(terms);
}
