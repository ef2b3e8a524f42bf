//! Which pairs are decided under encryption too: all of them, or a sample that follows from a seed.
//!
//! A scheme that decides pair by pair is given three strata: genuine pairs and impostor pairs drawn evenly, from which error rates are
//! estimated, and pairs near the threshold, where encryption may decide otherwise. A scheme of blocks decides on a probe and a whole block of
//! references at once, so probes are drawn, each with all its references.

use std::collections::{BTreeMap, HashSet};

use rand::SeedableRng;
use rand::seq::index;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::dataset::Dataset;
use super::kind::Kind;
use super::scores::{NEAR, Pair, Scores};

/// How many pairs are decided under encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// All pairs.
    All,
    /// About so many.
    Pairs(usize),
}

/// What a drawn pair stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stratum {
    /// Genuine pairs, drawn evenly.
    Genuine,
    /// Impostor pairs, drawn evenly.
    Impostor,
    /// Pairs that flip more often than once in a million.
    NearTheThreshold,
}

impl std::fmt::Display for Stratum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Genuine => "genuine, drawn evenly",
            Self::Impostor => "impostor, drawn evenly",
            Self::NearTheThreshold => "near the threshold",
        })
    }
}

/// A probe and the references that it is compared with in one exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Place of the probe.
    pub probe: usize,
    /// The references.
    pub references: Vec<Against>,
}

/// A reference that a probe is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Against {
    /// Place of the reference.
    pub place: usize,
    /// What the pair stands for; none where it is no pair.
    pub stratum: Option<Stratum>,
}

/// Pairs of a stratum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// The stratum.
    pub stratum: Stratum,
    /// Pairs that there are.
    pub pairs: u64,
    /// Pairs that were drawn.
    pub drawn: u64,
}

/// The pairs that are decided under encryption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Exchanges, each with one probe.
    pub units: Vec<Unit>,
    /// Whether every unit goes through all references.
    pub whole_gallery: bool,
    /// Pairs of each stratum.
    pub strata: Vec<Drawn>,
}

impl Selection {
    /// Draws pairs one by one.
    pub(crate) fn of_pairs(scores: &Scores, amount: Amount, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut draw = |among: usize, wanted: usize| -> Vec<usize> {
            match amount {
                Amount::All => (0..among).collect(),
                Amount::Pairs(_) => {
                    let mut drawn = index::sample(&mut rng, among, wanted.min(among)).into_vec();
                    drawn.sort_unstable();
                    drawn
                }
            }
        };
        let wanted = if let Amount::Pairs(pairs) = amount { pairs } else { 0 };
        let even = wanted.div_ceil(4);
        let of = |pairs: &[Pair], places: Vec<usize>| -> Vec<Pair> {
            places.into_iter().filter_map(|place| pairs.get(place).copied()).collect()
        };
        let genuine = of(&scores.genuine, draw(scores.genuine.len(), even));
        let impostor = of(&scores.impostor, draw(scores.impostor.len(), even));
        let key = |pair: &Pair| (pair.probe, pair.reference);
        let drawn: HashSet<_> = genuine.iter().chain(&impostor).map(key).collect();
        let near: Vec<Pair> = scores.pairs().filter(|pair| pair.flip > NEAR).copied().collect();
        let near_drawn = match amount {
            Amount::All => Vec::new(),
            Amount::Pairs(_) => {
                let left: Vec<Pair> = near.iter().filter(|pair| !drawn.contains(&key(pair))).copied().collect();
                let places = draw(left.len(), wanted.saturating_sub(genuine.len() + impostor.len()));
                of(&left, places)
            }
        };
        let drawn = |stratum, all: &[Pair], drawn: &[Pair]| Drawn {
            stratum,
            pairs: all.len() as u64,
            drawn: drawn.len() as u64,
        };
        let strata = vec![
            drawn(Stratum::Genuine, &scores.genuine, &genuine),
            drawn(Stratum::Impostor, &scores.impostor, &impostor),
            drawn(Stratum::NearTheThreshold, &near, &near_drawn),
        ];
        let mut units: BTreeMap<u32, Vec<Against>> = BTreeMap::new();
        for (stratum, pairs) in
            [(Stratum::Genuine, genuine), (Stratum::Impostor, impostor), (Stratum::NearTheThreshold, near_drawn)]
        {
            for pair in pairs {
                units
                    .entry(pair.probe)
                    .or_default()
                    .push(Against { place: pair.reference as usize, stratum: Some(stratum) });
            }
        }
        let units = units.into_iter().map(|(probe, references)| Unit { probe: probe as usize, references });
        Self { units: units.collect(), whole_gallery: false, strata }
    }

    /// Draws probes, each with all references, until there are as many pairs as wanted.
    pub(crate) fn of_probes(dataset: &Dataset, amount: Amount, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let order = index::sample(&mut rng, dataset.probes().len(), dataset.probes().len());
        let (mut units, mut genuine, mut impostor) = (Vec::new(), 0, 0);
        for probe in order.into_iter().filter(|&probe| dataset.count_partners(probe) > 0 || !dataset.is_listed()) {
            let enough = matches!(amount, Amount::Pairs(wanted) if genuine + impostor >= wanted as u64);
            if enough {
                break;
            }
            let stratum = |reference| {
                let stratum = match dataset.kind(probe, reference)? {
                    Kind::Genuine => Stratum::Genuine,
                    Kind::Impostor => Stratum::Impostor,
                };
                Some(stratum)
            };
            let references: Vec<_> =
                (0..dataset.references().len()).map(|place| Against { place, stratum: stratum(place) }).collect();
            let count = |wanted| references.iter().filter(|against| against.stratum == Some(wanted)).count() as u64;
            (genuine, impostor) = (genuine + count(Stratum::Genuine), impostor + count(Stratum::Impostor));
            units.push(Unit { probe, references });
        }
        let (mut all_genuine, mut all_impostor) = (0, 0);
        for probe in 0..dataset.probes().len() {
            for kind in (0..dataset.references().len()).filter_map(|reference| dataset.kind(probe, reference)) {
                match kind {
                    Kind::Genuine => all_genuine += 1,
                    Kind::Impostor => all_impostor += 1,
                }
            }
        }
        let strata = vec![
            Drawn { stratum: Stratum::Genuine, pairs: all_genuine, drawn: genuine },
            Drawn { stratum: Stratum::Impostor, pairs: all_impostor, drawn: impostor },
        ];
        Self { units, whole_gallery: true, strata }
    }

    /// Pairs that are decided.
    pub(crate) fn pairs(&self) -> u64 {
        self.strata.iter().map(|stratum| stratum.drawn).sum()
    }
}
