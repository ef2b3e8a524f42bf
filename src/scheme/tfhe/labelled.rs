//! Labelled hits: the handle of the subject that matches a probe, where one alone does, for 1:1 and small lists.
//!
//! Each subject i has for this probe a key K_i of [`KEY_BITS`], drawn anew, and a *box*: its handle, sealed under K_i. Boxes leave in the clear, as many
//! as the agreement admits references, in an order drawn anew, and random bytes where there is no subject. What leaves encrypted is
//!
//! > bit j: sum_i b_i c_(i,j) / 2, c_i = (K_i, L K_i)
//!
//! on the torus, b_i the verdicts as 0 and 1, L a linear check ([`checks`]). Halves add up modulo 1, so the bits are those of the exclusive or of the keys
//! of all who hit, whatever the probe: 0 of none, a key that opens one box of one, and of more a uniform number that opens none and is
//! independent of each key. No gate asks how many hit. The bits of L are told exclusive or a digest of the boxes: a wrong key, or damage,
//! gives no handle.
//!
//! What hides the gallery is washing (`sanitise`), of verdicts before they are added or of the sums ([`Washed`]); what hides the keys of others is one
//! flood a bit, for a key is secret as long as most of its bits are (docs/protocol.md, section 6).
//!
//! This file has keys, boxes and how they are read; nothing in it is encrypted.

use rand::CryptoRng;
use rand::seq::SliceRandom as _;
use rand::{RngCore as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::scheme::{Disclosed, Subjects};
use crate::template::Handle;

/// Bits of a key.
pub(super) const KEY_BITS: usize = 8 * KEY_BYTES;
const KEY_BYTES: usize = 16;

/// Bits by which damage is seen: it is not with a chance of 2^-32, and then taken for more than one hit.
const CHECK_BITS: usize = 32;

/// Encrypted bits that leave for a probe.
pub(crate) const OUTPUTS: usize = KEY_BITS + CHECK_BITS;

/// Most references of an agreement: a bootstrap washes one bit of one verdict, and scheme `bgv` folds tens of thousands at once.
pub(super) const MOST_REFERENCES: usize = 1_000;

/// Bytes that are sealed: a handle's length, its text, zeros.
const CONTENT_BYTES: usize = 1 + Handle::MOST_BYTES;

/// Bytes of a box by which a wrong key is seen.
const TAG_BYTES: usize = 15;

const BOX_BYTES: usize = CONTENT_BYTES + TAG_BYTES;
const BOX_WORDS: usize = BOX_BYTES / 8;

/// Words of what makes the boxes of one probe unlike all others.
const NONCE_WORDS: usize = 2;

/// Words of the boxes on one probe, for galleries of at most so many references.
pub(super) const fn sealed_words(references: usize) -> usize {
    NONCE_WORDS + BOX_WORDS * references
}

/// What is washed: verdicts, or the bits that they are added to, whichever takes fewer bootstraps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Washed {
    /// The verdict on each subject, before it is added. The sums are flooded once.
    Verdicts,
    /// The sums of verdicts as they are.
    Sums,
}

/// A subject's key for one probe.
type Key = [u8; KEY_BYTES];

/// L: 32 parities of a key, the remainder by the polynomial of Castagnoli. Linear: of a sum of keys it is the sum of theirs.
fn checks(key: &Key) -> u32 {
    key.iter().fold(0, |remainder, &byte| {
        (0..8).fold(remainder ^ u32::from(byte), |r, _| (r >> 1) ^ (0x82f6_3b78 & (r & 1).wrapping_neg()))
    })
}

/// The keys of all subjects, for one probe. Wiped when dropped.
pub(super) struct Keys(Zeroizing<Vec<Key>>);

impl Keys {
    pub(super) fn draw(subjects: usize, rng: &mut dyn CryptoRng) -> Self {
        let mut keys = Zeroizing::new(vec![[0; KEY_BYTES]; subjects]);
        keys.iter_mut().for_each(|key| rng.fill_bytes(key));
        Self(keys)
    }

    /// c_(i,j) of so many subjects from `first` on, i = `first` ...
    pub(super) fn bits(&self, first: usize, output: usize) -> impl Iterator<Item = bool> {
        self.0.iter().skip(first).map(move |key| bit(key, checks(key), output))
    }

    /// Seals the handle of each subject, which need not have one; none where there are more subjects than places.
    pub(super) fn seal(&self, subjects: &dyn Subjects, places: usize, rng: &mut dyn CryptoRng) -> Option<Vec<u64>> {
        let mut nonce = [0; 8 * NONCE_WORDS];
        rng.fill_bytes(&mut nonce);
        let mut boxes = vec![[0; BOX_BYTES]; places];
        boxes.iter_mut().for_each(|sealed| rng.fill_bytes(sealed));
        let mut order: Vec<usize> = (0..places).collect();
        order.shuffle(rng);
        for (subject, key) in self.0.iter().enumerate() {
            let place = *order.get(subject)?;
            *boxes.get_mut(place)? = sealed(key, &nonce, place, &content(subjects.handle(subject).as_deref()));
        }
        let (nonce, (boxes, _)) = (nonce.as_chunks::<8>().0, boxes.as_flattened().as_chunks::<8>());
        Some(nonce.iter().chain(boxes).map(|&word| u64::from_le_bytes(word)).collect())
    }
}

fn bit(key: &Key, checks: u32, output: usize) -> bool {
    match key.get(output / 8) {
        Some(byte) => byte >> (output % 8) & 1 == 1,
        None => checks >> ((output - KEY_BITS) % CHECK_BITS) & 1 == 1,
    }
}

/// Whether an output is told with the other sign, by the boxes that go with it.
pub(super) fn flips(sealed: &[u64]) -> impl Iterator<Item = bool> {
    let digest = digest(sealed);
    (0..OUTPUTS).map(move |output| output >= KEY_BITS && digest >> ((output - KEY_BITS) % CHECK_BITS) & 1 == 1)
}

fn digest(sealed: &[u64]) -> u32 {
    let mut digest = Sha256::new_with_prefix(b"cotejo tfhe boxes");
    sealed.iter().for_each(|word| digest.update(word.to_le_bytes()));
    let digest: [u8; 32] = digest.finalize().into();
    let [a, b, c, d, ..] = digest;
    u32::from_le_bytes([a, b, c, d])
}

/// As it is sealed. Of nobody's handle the length is 0.
fn content(handle: Option<&Handle>) -> [u8; CONTENT_BYTES] {
    let mut content = [0; CONTENT_BYTES];
    if let (Some(handle), [length, padded @ ..]) = (handle, &mut content) {
        *length = handle.as_bytes().len() as u8;
        padded.copy_from_slice(handle.padded());
    }
    content
}

/// What a content was made of; nothing of what [`content`] does not make.
fn handle_of(content: &[u8; CONTENT_BYTES]) -> Option<Option<Handle>> {
    let [_, padded @ ..] = content;
    let handle = if *padded == [0; Handle::MOST_BYTES] { None } else { Some(Handle::from_padded(padded).ok()?) };
    (self::content(handle.as_ref()) == *content).then_some(handle)
}

/// The box of a content under a key, at its place.
fn sealed(key: &Key, nonce: &[u8], place: usize, content: &[u8; CONTENT_BYTES]) -> [u8; BOX_BYTES] {
    let seed = seed(key, nonce, place);
    let mut sealed = [0; BOX_BYTES];
    let (text, tag) = sealed.split_at_mut(CONTENT_BYTES);
    ChaCha20Rng::from_seed(*seed).fill_bytes(text);
    text.iter_mut().zip(content).for_each(|(pad, byte)| *pad ^= byte);
    tag.copy_from_slice(&self::tag(&seed, content));
    sealed
}

/// The content of a box; none where the key is not its key.
fn opened(key: &Key, nonce: &[u8], place: usize, sealed: &[u8; BOX_BYTES]) -> Option<[u8; CONTENT_BYTES]> {
    let (text, tag) = sealed.split_at(CONTENT_BYTES);
    let seed = seed(key, nonce, place);
    let mut content = [0; CONTENT_BYTES];
    ChaCha20Rng::from_seed(*seed).fill_bytes(&mut content);
    content.iter_mut().zip(text).for_each(|(pad, byte)| *pad ^= byte);
    (self::tag(&seed, &content) == *tag).then_some(content)
}

/// Of a box: a key is tried against one box at a time.
fn seed(key: &Key, nonce: &[u8], place: usize) -> Zeroizing<[u8; 32]> {
    let digest = Sha256::new_with_prefix(b"cotejo tfhe box").chain_update(key).chain_update(nonce);
    Zeroizing::new(digest.chain_update((place as u64).to_le_bytes()).finalize().into())
}

fn tag(seed: &[u8; 32], content: &[u8; CONTENT_BYTES]) -> [u8; TAG_BYTES] {
    let digest: [u8; 32] =
        Sha256::new_with_prefix(b"cotejo tfhe tag").chain_update(seed).chain_update(content).finalize().into();
    let mut tag = [0; TAG_BYTES];
    tag.iter_mut().zip(digest).for_each(|(tag, byte)| *tag = byte);
    tag
}

/// What the [`OUTPUTS`] bits of a probe and its boxes say.
pub(super) fn read(bits: &[bool], boxes: &[u64]) -> Disclosed {
    let Some((bits, checked)) = bits.split_at_checked(KEY_BITS) else { return Disclosed::Nothing };
    let word = |bits: &[bool]| bits.iter().rev().fold(0u32, |word, &bit| word << 1 | u32::from(bit));
    let mut key = [0; KEY_BYTES];
    key.iter_mut().zip(bits.chunks(8)).for_each(|(byte, bits)| *byte = word(bits) as u8);
    if checked.len() != CHECK_BITS || word(checked) ^ digest(boxes) != checks(&key) {
        return Disclosed::Nothing;
    }
    if key == [0; KEY_BYTES] {
        return Disclosed::Handles(Vec::new());
    }
    let bytes: Vec<u8> = boxes.iter().flat_map(|word| word.to_le_bytes()).collect();
    let Some((nonce, boxes)) = bytes.split_at_checked(8 * NONCE_WORDS) else { return Disclosed::Nothing };
    let opened: Vec<_> = boxes
        .as_chunks::<BOX_BYTES>()
        .0
        .iter()
        .enumerate()
        .filter_map(|(place, sealed)| opened(&key, nonce, place, sealed))
        .collect();
    match opened.as_slice() {
        [] => Disclosed::MoreHits,
        [content] => handle_of(content).map_or(Disclosed::Nothing, |handle| Disclosed::Handles(vec![handle])),
        _ => Disclosed::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::*;
    use crate::scheme::SubjectReferences;

    /// Subjects with handles, every fifth without.
    struct Named(usize);

    fn handle(index: usize) -> Option<Handle> {
        (index % 5 != 3).then(|| Handle::new(format!("B{index:0width$}", width = 1 + index % 31)).unwrap())
    }

    impl Subjects for Named {
        fn len(&self) -> usize {
            self.0
        }

        fn references(&self, _: usize) -> Cow<'_, SubjectReferences> {
            Cow::Borrowed(&[])
        }

        fn handle(&self, index: usize) -> Option<Cow<'_, Handle>> {
            handle(index).map(Cow::Owned)
        }
    }

    /// Keys and boxes of so many subjects.
    fn drawn(subjects: usize, places: usize, seed: u64) -> (Keys, Vec<u64>) {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let keys = Keys::draw(subjects, &mut rng);
        let boxes = keys.seal(&Named(subjects), places, &mut rng).unwrap();
        (keys, boxes)
    }

    /// The bits that leave where these subjects hit.
    fn told(keys: &Keys, boxes: &[u64], hits: &[usize]) -> Vec<bool> {
        let sum = |output: usize| keys.bits(0, output).enumerate().filter(|(i, bit)| *bit && hits.contains(i)).count();
        flips(boxes).enumerate().map(|(output, flip)| (sum(output) % 2 == 1) ^ flip).collect()
    }

    #[test]
    fn one_hit_tells_its_handle_none_nothing_and_more_only_that() {
        for (subjects, places) in [(1, 1), (1, 7), (30, 30), (30, 50)] {
            let (keys, boxes) = drawn(subjects, places, 1);
            assert_eq!(boxes.len(), sealed_words(places));
            let read = |hits: &[usize]| read(&told(&keys, &boxes, hits), &boxes);
            assert_eq!(read(&[]), Disclosed::Handles(Vec::new()));
            for hit in 0..subjects {
                assert_eq!(read(&[hit]), Disclosed::Handles(vec![handle(hit)]), "{hit}");
            }
            for count in 2..=subjects {
                assert_eq!(read(&(0..count).collect::<Vec<_>>()), Disclosed::MoreHits, "{count}");
            }
        }
        let rng = &mut ChaCha20Rng::seed_from_u64(1);
        assert!(Keys::draw(3, rng).seal(&Named(3), 2, rng).is_none());
    }

    #[test]
    fn places_and_keys_are_drawn_anew() {
        let (first, second) = (drawn(20, 40, 1), drawn(20, 40, 2));
        let bits = |keys: &Keys| (0..OUTPUTS).map(|output| keys.bits(0, output).collect()).collect::<Vec<Vec<bool>>>();
        assert_ne!(bits(&first.0), bits(&second.0));
        let same = first.1.iter().zip(&second.1).filter(|(a, b)| a == b).count();
        assert_eq!(same, 0);
        // Where a box stands tells nothing of whose it is.
        let place_of = |seed: u64| {
            let (keys, boxes) = drawn(2, 40, seed);
            let bytes: Vec<u8> = boxes.iter().flat_map(|word| word.to_le_bytes()).collect();
            let (nonce, boxes) = bytes.split_at(8 * NONCE_WORDS);
            let boxes = boxes.as_chunks::<BOX_BYTES>().0;
            (0..40).find(|&place| opened(&keys.0[0], nonce, place, &boxes[place]).is_some()).unwrap()
        };
        let places: std::collections::BTreeSet<usize> = (0..20).map(place_of).collect();
        assert!(places.len() > 10, "{places:?}");
    }

    #[test]
    fn bits_of_a_wrong_key_are_nothing() {
        let (_, boxes) = drawn(10, 10, 3);
        let mut rng = ChaCha20Rng::seed_from_u64(4);
        for _ in 0..1000 {
            let bits: Vec<bool> = (0..OUTPUTS).map(|_| rng.next_u32() & 1 == 1).collect();
            assert_eq!(read(&bits, &boxes), Disclosed::Nothing);
        }
        // Neither are too few of them.
        for bits in [0, KEY_BITS, OUTPUTS - 1] {
            assert_eq!(read(&vec![false; bits], &boxes), Disclosed::Nothing);
        }
        assert_eq!(read(&[false; OUTPUTS], &[]), Disclosed::Nothing);
    }

    proptest! {
        #[test]
        fn checks_are_linear(a in any::<Key>(), b in any::<Key>()) {
            let mut sum = a;
            sum.iter_mut().zip(b).for_each(|(a, b)| *a ^= b);
            prop_assert_eq!(checks(&sum), checks(&a) ^ checks(&b));
        }

        /// Whoever hits: of more than one no handle is read, whichever keys are added.
        #[test]
        fn keys_of_several_open_no_box(hits in proptest::collection::btree_set(0usize..40, 0..12), seed in any::<u64>()) {
            let (keys, boxes) = drawn(40, 45, seed);
            let hits: Vec<usize> = hits.into_iter().collect();
            let expected = match hits.as_slice() {
                [] => Disclosed::Handles(Vec::new()),
                [hit] => Disclosed::Handles(vec![handle(*hit)]),
                _ => Disclosed::MoreHits,
            };
            prop_assert_eq!(read(&told(&keys, &boxes, &hits), &boxes), expected);
        }

        /// A bit, or a word of the boxes, that is not as it was.
        #[test]
        fn damage_is_seen(at in 0..OUTPUTS, word in 0..sealed_words(12), by in 1..u64::MAX, hits in 0usize..3) {
            let (keys, boxes) = drawn(10, 12, 5);
            let bits = told(&keys, &boxes, &[2, 7][..hits]);
            let mut altered = bits.clone();
            altered[at] ^= true;
            prop_assert_eq!(read(&altered, &boxes), Disclosed::Nothing);
            let mut others = boxes.clone();
            others[word] ^= by;
            prop_assert_eq!(read(&bits, &others), Disclosed::Nothing);
        }

        #[test]
        fn what_is_sealed_is_read_back_and_nothing_else(text in "[!-~]{1,32}", at in 0..CONTENT_BYTES, by in 1u8..) {
            let handle = Handle::new(text).unwrap();
            let content = content(Some(&handle));
            prop_assert_eq!(handle_of(&content), Some(Some(handle.clone())));
            let mut altered = content;
            altered[at] ^= by;
            prop_assert_ne!(handle_of(&altered), Some(Some(handle)));
            prop_assert_eq!(handle_of(&self::content(None)), Some(None));
        }
    }
}
