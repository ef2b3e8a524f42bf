//! Statements and their signatures.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use rand::SeedableRng;

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Said {
    what: String,
}
impl Statement for Said {
    const KIND: &'static str = "said";
}
#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Written {
    what: String,
}
impl Statement for Written {
    const KIND: &'static str = "written";
}

#[derive(Clone, Serialize, Deserialize, PartialEq, Debug)]
struct Kept {
    what: String,
}
impl Statement for Kept {
    const KIND: &'static str = "kept";
    const IS_SIGNED_TWICE: bool = true;
}

fn key(seed: u64) -> SigningKey {
    SigningKey::generate(&mut rand_chacha::ChaCha20Rng::seed_from_u64(seed))
}

#[test]
fn a_statement_is_bound_to_its_signer_its_text_and_its_kind() {
    let said = Said { what: "\"yes\"".into() };
    let signed = Signed::new(&said, &key(1)).unwrap();
    assert_eq!(signed.verify(Some(&key(1).public())).unwrap(), said);
    let again = Signed::<Said>::from_json(&signed.to_json()).unwrap();
    assert_eq!(again.verify(None).unwrap(), said);
    assert!(matches!(again.verify(Some(&key(2).public())), Err(StatementError::Signer { .. })));
    let other = signed.to_json().replace("yes", "no!");
    assert_eq!(Signed::<Said>::from_json(&other).unwrap().verify(None), Err(StatementError::Signature));
    let as_other = Signed::<Written>::from_json(&signed.to_json()).unwrap();
    assert_eq!(as_other.verify(None), Err(StatementError::Signature));
    assert_ne!(as_other.digest(), signed.digest());
}

#[test]
fn what_was_verified_before_is_read_without_its_signatures() {
    let kept = Signed::new(&Kept { what: "\"yes\"".into() }, &key(1)).unwrap().to_json();
    assert_eq!(Signed::<Kept>::read_verified_before(&kept), Ok(Kept { what: "\"yes\"".into() }));
    let changed = kept.replace("yes", "no!");
    assert_eq!(Signed::<Kept>::read_verified_before(&changed).unwrap().what, "\"no!\"");
    for other in [
        "",
        "{}",
        "{\"statement\":\"\"}",
        "{\"statement\":7}",
        &kept.replace("what", "that"),
        &kept.replace("yes", &"yes".repeat(LIMIT_BYTES)),
    ] {
        assert_eq!(Signed::<Kept>::read_verified_before(other), Err(StatementError::Form), "{other}");
    }
}

#[test]
fn a_statement_is_signed_twice_and_the_second_signature_is_neither_left_out_nor_another_ones() {
    let kept = |what: &str, seed| Signed::new(&Kept { what: what.to_owned() }, &key(seed)).unwrap();
    let keys = |seed| vec![key(seed).lattice_key().unwrap()];
    let tried = |signed: &Signed<Kept>, keys: &[LatticeKey]| signed.second().unwrap().verify(keys);
    let signed = kept("yes", 1);
    assert_eq!(tried(&signed, &keys(1)), Ok(()));
    assert_eq!(tried(&signed, &[keys(2), keys(1)].concat()), Ok(()));
    assert!(Signed::<Kept>::from_json(&signed.to_json()).unwrap() == signed);
    assert!(signed.to_json().len() < SIGNED_LIMIT_BYTES - 2 * LIMIT_BYTES);
    // Whoever can make the first signature anew, and not the second one.
    assert_eq!(tried(&signed.once(), &keys(1)), Err(StatementError::Once));
    assert_eq!(signed.once().verify(None), signed.verify(None));
    let forged = Signed { ml_dsa: signed.ml_dsa.clone(), ..kept("no", 1) };
    assert!(forged.verify(None).is_ok());
    assert_eq!(tried(&forged, &keys(1)), Err(StatementError::Second));
    assert_eq!(tried(&signed, &keys(2)), Err(StatementError::Second));
    // Whoever can make the second one anew, and not the first.
    let forged = Signed { signature: kept("other", 1).signature, ..signed.clone() };
    assert_eq!((forged.verify(None).err(), tried(&forged, &keys(1))), (Some(StatementError::Signature), Ok(())));
    // A second signature stands beside the first of its own key.
    let beside = Signed { signer: key(3).public(), signature: kept("yes", 3).signature, ..signed.clone() };
    assert!(beside.verify(None).is_ok());
    assert_eq!(tried(&beside, &keys(1)), Err(StatementError::Second));
    // Where none is registered, and of before, once is enough.
    assert_eq!(tried(&signed.once(), &[]), Ok(()));
    let before = signed.once().to_json();
    assert!(!before.contains("ml_dsa") && Signed::<Kept>::from_json(&before).unwrap().verify(None).is_ok());
    assert!(Signed::<Kept>::from_json(&before.replace("}", ",\"ml_dsa\":\"AAAA\"}")).is_err());
    // Other kinds are signed once.
    assert!(!Signed::new(&Said { what: "x".into() }, &key(1)).unwrap().to_json().contains("ml_dsa"));
}

#[test]
fn a_statement_has_one_text() {
    let signed = Signed::new(&Said { what: "x".into() }, &key(1)).unwrap();
    let text = signed.to_json();
    for other in [format!(" {text}"), text.replace("\",\"", "\", \""), text.to_uppercase(), String::new()] {
        assert!(Signed::<Said>::from_json(&other).is_err(), "{other}");
    }
    let spaced = "{ \"what\":\"x\"}".to_owned();
    let signature = key(1).sign(&message::<Said>(&spaced)).unwrap();
    let signed =
        Signed::<Said> { statement: spaced, signer: key(1).public(), signature, ml_dsa: None, of: PhantomData };
    assert_eq!(signed.verify(None), Err(StatementError::Form));
    let long = Signed::new(&Said { what: "x".repeat(LIMIT_BYTES) }, &key(1));
    assert_eq!(long.err(), Some(StatementError::TooLong));
}

#[test]
fn keys_are_kept_as_pkcs8() {
    let pem = key(3).to_pem().unwrap();
    assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----"), "{}", pem.len());
    assert_eq!(SigningKey::from_pem(&pem).unwrap().public(), key(3).public());
    // Version 2, as it was written before, is read as well.
    let Held::Seed(third) = key(3).held else { panic!() };
    let second = third.to_pkcs8_pem(Default::default()).unwrap();
    assert!(second.len() > pem.len());
    assert_eq!(SigningKey::from_pem(&second).unwrap().public(), key(3).public());
    assert!(SigningKey::from_pem(&pem.replace('A', "B")).is_none_or(|other| other.public() != key(3).public()));
    assert_eq!(key(3).public().to_string().parse(), Ok(key(3).public()));
    assert_eq!("zz".parse::<PublicKey>(), Err(HexError::digits(64)));
}

/// A token of some making: signs with a key, as it was told to.
struct Token(ed25519_dalek::SigningKey, fn(&[u8; 64], usize) -> Result<[u8; 64], SigningError>, AtomicUsize);

impl HeldKey for Token {
    fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SigningError> {
        (self.1)(&self.0.sign(message).to_bytes(), self.2.fetch_add(1, Ordering::Relaxed))
    }
}

#[test]
fn a_key_that_is_held_elsewhere_signs_alike_and_is_not_believed_on_its_word() {
    let held = |how| {
        let token = Token(ed25519_dalek::SigningKey::from_bytes(&[7; 32]), how, AtomicUsize::new(0));
        SigningKey::held_elsewhere(Arc::new(token))
    };
    let gone = || SigningError::Unavailable { key: "t".into(), why: "gone".into(), remedy: "put it back".into() };
    let seed = SigningKey::of(Held::Seed(Box::new(ed25519_dalek::SigningKey::from_bytes(&[7; 32]))));
    let said = Said { what: "x".into() };
    let token = held(|right, _| Ok(*right)).unwrap();
    assert_eq!(token.trial().check(), Ok(()));
    assert!(Signed::new(&said, &token).unwrap() == Signed::new(&said, &seed).unwrap());
    // The same secrets each time, and not those of the seed.
    assert_eq!(token.derive(b"a"), held(|right, _| Ok(*right)).unwrap().derive(b"a"));
    assert_ne!(token.derive(b"a"), token.derive(b"b"));
    assert_ne!(token.derive(b"a"), seed.derive(b"a"));
    assert!(token.to_pem().is_none());
    // It has a key for second signatures as well, the same each time.
    let lattice = token.lattice_key().unwrap();
    assert_eq!(held(|right, _| Ok(*right)).unwrap().lattice_key(), Ok(lattice.clone()));
    let kept = Signed::new(&Kept { what: "x".into() }, &token).unwrap();
    assert_eq!(kept.second().unwrap().verify(&[lattice]), Ok(()));
    let wrong = SigningError::Wrong(seed.public().to_string());
    assert_eq!(held(|_, _| Ok([1; 64])).err(), Some(wrong.clone()));
    let varying = |right: &[u8; 64], call| Ok(if call == 1 { [1; 64] } else { *right });
    assert_eq!(held(varying).err(), Some(SigningError::Varying(seed.public().to_string())));
    assert_eq!(held(|_, _| Err(SigningError::Wrong("t".into()))).err(), Some(SigningError::Wrong("t".into())));
    // Later on it signs wrongly, or not at all.
    let fails = held(|right, call| if call > 1 { Ok([right[0]; 64]) } else { Ok(*right) }).unwrap();
    assert_eq!(fails.trial().check(), Err(wrong.clone()));
    assert_eq!(Signed::new(&said, &fails).err(), Some(StatementError::Unsigned(wrong)));
    let leaves = |right: &[u8; 64], call| {
        let gone = SigningError::Unavailable { key: "t".into(), why: "gone".into(), remedy: "put it back".into() };
        if call > 1 { Err(gone) } else { Ok(*right) }
    };
    let error = Signed::new(&said, &held(leaves).unwrap()).err().unwrap();
    assert_eq!((error.clone(), error.remedy()), (StatementError::Unsigned(gone()), Some("put it back".into())));
}
