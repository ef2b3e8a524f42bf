//! What is kept of a gallery between answers: diagonals, transformed, up to a budget; and in which order its subjects stand in slots.
//!
//! Where an answer says nothing of positions (`any`, `count`, `labelled`), subjects stand in a secret order, drawn for each pair of a querier's key and a
//! version of a gallery, block by block, empty slots included. Probes are tested (`validity`); were there one that asks about some slots alone,
//! what it learns would be about slots of that order, and say nothing of who stands there. Diagonals are those of an order and of how many probes stand
//! where, so they serve one key and queries alike.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha20Rng;

use super::distance::Transformed;
use super::keys::PreparedKey;
use super::sampling::Seed;
use super::segments::Standing;
use crate::agreement::Disclosure;
use crate::scheme::Randomness;
use crate::template::Eye;

/// Diagonals that are kept of a gallery, within a budget.
pub struct PreparedGallery {
    pub(in crate::scheme) budget_bytes: u64,
    /// Answers begun so far, by the order of slots and by where probes stand.
    uses: Mutex<HashMap<(Order, Standing), usize>>,
    kept: Mutex<HashMap<Place, Arc<Transformed>>>,
}

/// In which order the subjects of a block stand in its slots. Secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::scheme) enum Order {
    /// That of the gallery: positions are the answer.
    Gallery,
    /// One that follows from this seed.
    Secret(Seed),
}

/// Which diagonals: everything that they depend on, under one gallery and one functional, so that none can be taken for others.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::scheme) struct Place {
    pub(in crate::scheme) order: Order,
    pub(in crate::scheme) block: usize,
    /// Of how many probes, and where they stand.
    pub(in crate::scheme) standing: Standing,
    /// Of each subject the reference of this eye ...
    pub(in crate::scheme) eye: Option<Eye>,
    /// ... that has this number among its references of that eye.
    pub(in crate::scheme) ordinal: usize,
    /// The decision on it: rotations in their order, then the common bits.
    pub(in crate::scheme) decision: usize,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl PreparedGallery {
    pub(in crate::scheme) fn new(budget_bytes: u64) -> Self {
        Self { budget_bytes, uses: Mutex::default(), kept: Mutex::default() }
    }

    /// Counts an answer; whether there was one alike before, from when on keeping pays.
    pub(in crate::scheme) fn is_used_again(&self, order: Order, standing: Standing) -> bool {
        let mut uses = locked(&self.uses);
        let uses = uses.entry((order, standing)).or_default();
        *uses += 1;
        *uses > 1
    }

    /// What is kept of a place.
    pub(in crate::scheme) fn find(&self, place: &Place) -> Option<Arc<Transformed>> {
        locked(&self.kept).get(place).cloned()
    }

    /// Makes diagonals and keeps them, where there is room for them among `most`; those of another order, or of probes that stand
    /// otherwise, give way.
    pub(in crate::scheme) fn keep(
        &self,
        place: Place,
        most: u64,
        make: impl FnOnce() -> Transformed,
    ) -> Option<Arc<Transformed>> {
        if !has_room(&mut locked(&self.kept), &place, most) {
            return None;
        }
        let made = Arc::new(make());
        let mut kept = locked(&self.kept);
        // Another answer may have been faster.
        if has_room(&mut kept, &place, most) {
            kept.insert(place, Arc::clone(&made));
        }
        Some(made)
    }

    #[cfg(test)]
    fn count(&self, order: Order, standing: Standing) -> usize {
        locked(&self.kept).keys().filter(|place| (place.order, place.standing) == (order, standing)).count()
    }
}

/// Whether one more fits, once one that queries like this one have no use for was dropped if need be.
fn has_room(kept: &mut HashMap<Place, Arc<Transformed>>, place: &Place, most: u64) -> bool {
    if (kept.len() as u64) < most {
        return true;
    }
    let useless = |other: &&Place| (other.order, other.standing) != (place.order, place.standing);
    let other = kept.keys().find(useless).copied().filter(|_| most > 0);
    other.is_some_and(|other| kept.remove(&other).is_some())
}

/// Added to the number of a segment, so that its order is not that of a block.
const OF_SEGMENTS: u64 = 1 << 63;

impl Order {
    /// That of an answer to a querier's key.
    pub(in crate::scheme) fn of(randomness: &Randomness, key: &PreparedKey, disclosure: Disclosure) -> Self {
        match disclosure {
            Disclosure::Each => Self::Gallery,
            Disclosure::Any | Disclosure::Count | Disclosure::Labelled => Self::Secret(randomness.order(&key.digest)),
        }
    }

    /// For each of the `n` slots of a block, or for those up to the last that a subject stands in, the row of that subject, beyond the last row for a
    /// slot that is empty. In each segment subjects stand in another order.
    pub(in crate::scheme) fn rows(self, block: usize, standing: Standing, n: usize) -> Vec<usize> {
        match standing {
            Standing::Alone => self.shuffled(n, block as u64),
            Standing::Together(segments, probes) => {
                let mut slots = Vec::new();
                for probe in 0..probes {
                    slots.resize(segments.places_of(probe).start, usize::MAX);
                    slots.extend(self.shuffled(segments.places(), OF_SEGMENTS | probe as u64));
                }
                slots
            }
        }
    }

    /// So many rows in their order, or in a secret one, another for each stream.
    fn shuffled(self, count: usize, stream: u64) -> Vec<usize> {
        let mut rows: Vec<usize> = (0..count).collect();
        if let Self::Secret(seed) = self {
            let mut rng = ChaCha20Rng::from_seed(seed);
            rng.set_stream(stream);
            rows.shuffle(&mut rng);
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::super::distance::{Block, Steps};
    use super::super::laboratory::keys;
    use super::super::segments::Segments;
    use super::*;
    use crate::parameters::bgv::INSECURE_BGV;

    fn place((order, standing): (Order, Standing), ordinal: usize) -> Place {
        Place { order, block: 0, standing, eye: None, ordinal, decision: 0 }
    }

    /// So many probes in segments of 17 to 32 subjects of 16 coordinates.
    fn together(probes: usize) -> Standing {
        Standing::Together(Segments::new(&INSECURE_BGV, 16, 17).unwrap(), probes)
    }

    fn transformed() -> Transformed {
        let steps = Steps::new(&INSECURE_BGV, 1).unwrap();
        Block::new(steps, 1, 1, -1).transformed(&keys().1.ring)
    }

    #[test]
    fn diagonals_of_another_order_or_of_probes_that_stand_otherwise_give_way_and_none_of_the_same() {
        let secret = |seed| Order::Secret([seed; 32]);
        for (ours, theirs) in [
            ((secret(1), Standing::Alone), (secret(2), Standing::Alone)),
            ((Order::Gallery, together(2)), (Order::Gallery, together(3))),
            ((Order::Gallery, together(2)), (Order::Gallery, Standing::Alone)),
        ] {
            let gallery = PreparedGallery::new(0);
            let keep = |whose, ordinal, most| gallery.keep(place(whose, ordinal), most, transformed).is_some();
            let counts = || [theirs, ours].map(|(order, standing)| gallery.count(order, standing));
            assert!(keep(theirs, 0, 2) && keep(theirs, 1, 2) && !keep(theirs, 2, 2));
            assert!(!keep(ours, 0, 0), "nothing is dropped where nothing may be kept");
            assert_eq!(counts(), [2, 0]);
            assert!(keep(ours, 0, 2));
            assert_eq!(counts(), [1, 1]);
            assert!(keep(ours, 1, 2) && !keep(ours, 2, 2));
            assert_eq!(counts(), [0, 2]);
            assert!(gallery.find(&place(ours, 1)).is_some() && gallery.find(&place(theirs, 1)).is_none());
        }
    }

    #[test]
    fn keeping_pays_from_the_second_use_of_an_order_and_a_standing_on() {
        let gallery = PreparedGallery::new(0);
        let alike = [
            (Order::Gallery, Standing::Alone),
            (Order::Secret([1; 32]), Standing::Alone),
            (Order::Gallery, together(2)),
            (Order::Gallery, together(3)),
        ];
        assert_eq!(alike.map(|(order, standing)| gallery.is_used_again(order, standing)), [false; 4]);
        assert_eq!(alike.map(|(order, standing)| gallery.is_used_again(order, standing)), [true; 4]);
    }

    /// In each segment another secret one, of all its places; nobody between segments.
    #[test]
    fn an_order_of_segments_is_one_of_the_places_of_each_and_another_in_each() {
        let (standing, order) = (together(3), Order::Secret([1; 32]));
        let Standing::Together(segments, _) = standing else { panic!() };
        let rows = order.rows(0, standing, INSECURE_BGV.ring_size());
        let of_probe = |rows: &[usize], probe| rows[segments.places_of(probe)].to_vec();
        let orders: Vec<Vec<usize>> = (0..3).map(|probe| of_probe(&rows, probe)).collect();
        let sorted: Vec<usize> = (0..segments.places()).collect();
        for (probe, of_one) in orders.iter().enumerate() {
            let mut all = of_one.clone();
            all.sort_unstable();
            assert!(all == sorted && *of_one != sorted && !orders[..probe].contains(of_one), "{probe}");
            assert_ne!(*of_one, order.rows(0, Standing::Alone, segments.places()));
        }
        let nobody = rows.iter().filter(|&&row| row == usize::MAX).count();
        assert_eq!(nobody + 3 * segments.places(), rows.len());
        let listed = Order::Gallery.rows(0, standing, INSECURE_BGV.ring_size());
        assert!((0..3).all(|probe| of_probe(&listed, probe) == sorted));
    }

    #[test]
    fn an_order_is_one_of_all_slots_and_another_for_each_block_and_gallery() {
        let (key, rng) = (&keys().1, &mut ChaCha20Rng::seed_from_u64(1));
        let randomness = Randomness::drawn(1, rng);
        let order = Order::of(&randomness, key, Disclosure::Any);
        assert!(order == Order::of(&randomness, key, Disclosure::Count));
        assert!(order != Order::of(&randomness.of_search(&[1; 8], &[], &[0; 16]), key, Disclosure::Any));
        let rows = order.rows(3, Standing::Alone, 64);
        assert_ne!(rows, order.rows(4, Standing::Alone, 64));
        assert_eq!(rows, order.rows(3, Standing::Alone, 64));
        let mut sorted = rows;
        sorted.sort_unstable();
        assert_eq!(sorted, (0..64).collect::<Vec<_>>());
        assert_eq!(Order::of(&randomness, key, Disclosure::Each).rows(3, Standing::Alone, 64), sorted);
    }
}
