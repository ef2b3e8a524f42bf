//! The querier's part: handles out of sums.

use rayon::prelude::*;

use super::super::answer::KEY_NUMBERS;
use super::{KEY_CHECKS, LOCK_CHECKS, Label, Layout, Number, PAIRS, Pair, key_pads};
use crate::parameters::bgv::PLAINTEXT_MODULUS;
use crate::template::Handle;

/// What the sums of a probe say.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::scheme) enum Read {
    /// The handles of those who hit, in order; none of a subject without one.
    Handles(Vec<Option<Handle>>),
    /// More hits than have handles.
    Above,
    /// Nothing that a custodian makes for this key.
    Nothing,
}

/// Reads the slots of an answer, the lock taken off, about a gallery of at most so many slots.
pub(in crate::scheme) fn read(layout: Layout, slots: &[u32], most_slots: usize) -> Read {
    let sums = totals(layout, slots);
    if sums.iter().take(LOCK_CHECKS).any(|&check| check != 0) {
        return Read::Nothing;
    }
    let Some((count, numbers)) = (0..=layout.hits).find_map(|count| Some((count, opened(layout, &sums, count)?)))
    else {
        return Read::Above;
    };
    let moments = Moments::new(layout, numbers);
    moments.labels(count, most_slots).map_or(Read::Nothing, |labels| {
        let handles: Result<Vec<_>, _> = labels.into_iter().map(Label::handle).collect();
        handles.map_or(Read::Nothing, |mut handles| {
            handles.sort();
            Read::Handles(handles)
        })
    })
}

/// The sum of each class.
pub(super) fn totals(layout: Layout, slots: &[u32]) -> Vec<u32> {
    let (classes, half) = (layout.classes(), slots.len() / 2);
    let mut totals = vec![0; classes];
    for (slot, &share) in slots.iter().enumerate() {
        if let Some(total) = totals.get_mut(slot % half.max(1) % classes) {
            *total = (*total + share) % PLAINTEXT_MODULUS;
        }
    }
    totals
}

/// The sums that a key is for, its pads taken off, with the key that is told where so many hit; none where that is not the key.
fn opened(layout: Layout, sums: &[u32], count: usize) -> Option<Vec<u32>> {
    let key = sums.get(LOCK_CHECKS + KEY_NUMBERS * count..)?.get(..KEY_NUMBERS)?;
    let padded = sums.get(layout.first_padded()..)?.get(..layout.padded())?;
    let pads = key_pads(key, layout);
    let numbers: Vec<u32> = padded
        .iter()
        .zip(pads.iter())
        .map(|(&number, &pad)| (number + PLAINTEXT_MODULUS - pad) % PLAINTEXT_MODULUS)
        .collect();
    numbers.iter().take(KEY_CHECKS).all(|&check| check == 0).then_some(numbers)
}

/// Sums of powers of the places of those who hit.
struct Moments {
    layout: Layout,
    /// From the first power on.
    places: Vec<Pair>,
    /// Of each power from the 0th on, each pair of the label.
    labels: Vec<[Pair; PAIRS]>,
}

impl Moments {
    fn new(layout: Layout, numbers: Vec<u32>) -> Self {
        let mut places = vec![Pair::ZERO; layout.powers()];
        let mut labels = vec![[Pair::ZERO; PAIRS]; layout.hits];
        for (number, class) in numbers.into_iter().zip(layout.first_padded()..) {
            let (element, component) = match layout.number(class) {
                Some(Number::Location { power, component }) => {
                    (power.checked_sub(1).and_then(|p| places.get_mut(p)), component)
                }
                Some(Number::Label { pair, power, component }) => {
                    (labels.get_mut(power).and_then(|labels| labels.get_mut(pair)), component)
                }
                _ => (None, 0),
            };
            if let Some(slot) = element.and_then(|Pair(numbers)| numbers.get_mut(component)) {
                *slot = number;
            }
        }
        Self { layout, places, labels }
    }

    /// Those of labels at certain places.
    fn of(layout: Layout, found: &[(Pair, Label)]) -> Self {
        let powers: Vec<Vec<Pair>> =
            found.iter().map(|(place, _)| place.powers().take(layout.powers() + 1).collect()).collect();
        let power = |of: usize, exponent: usize| powers.get(of).and_then(|powers| powers.get(exponent)).copied();
        let power = |of: usize, exponent: usize| power(of, exponent).unwrap_or(Pair::ZERO);
        let places = (1..=layout.powers()).map(|exponent| (0..found.len()).map(|of| power(of, exponent)).sum());
        let labels = (0..layout.hits).map(|exponent| {
            let mut sums = [Pair::ZERO; PAIRS];
            for (of, (_, Label(pairs))) in found.iter().enumerate() {
                sums.iter_mut().zip(pairs).for_each(|(sum, &pair)| *sum = *sum + pair * power(of, exponent));
            }
            sums
        });
        Self { layout, places: places.collect(), labels: labels.collect() }
    }

    /// The labels of so many who hit; none where nobody's sums are these.
    fn labels(&self, count: usize, most_slots: usize) -> Option<Vec<Label>> {
        let places = self.roots(count, most_slots)?;
        let labels = self.solved(&places)?;
        // All sums, not only those that were needed.
        let found: Vec<(Pair, Label)> = places.into_iter().zip(labels.iter().copied()).collect();
        let again = Self::of(self.layout, &found);
        (again.places == self.places && again.labels == self.labels).then_some(labels)
    }

    /// The places: the roots of the polynomial whose power sums are these (Newton's identities).
    fn roots(&self, count: usize, most_slots: usize) -> Option<Vec<Pair>> {
        // e_0 = 1, k e_k = sum_(i = 1 .. k) (-1)^(i - 1) e_(k - i) p_i.
        let mut elementary = vec![Pair::ONE];
        for k in 1..=count {
            let terms = self.places.iter().zip(elementary.iter().rev()).enumerate();
            let sum = terms.fold(Pair::ZERO, |sum, (index, (&p, &e))| match index % 2 {
                0 => sum + e * p,
                _ => sum.minus(e * p),
            });
            elementary.push(sum.over(k as u32));
        }
        let is_root = |place: Pair| {
            // sum_k (-1)^k e_k x^(count - k), in Horner's manner.
            let value = elementary.iter().enumerate().fold(Pair::ZERO, |value, (k, &e)| match k % 2 {
                0 => value * place + e,
                _ => (value * place).minus(e),
            });
            value == Pair::ZERO
        };
        let places = (0..if count > 0 { most_slots as u32 } else { 0 }).into_par_iter().map(Pair::of_place);
        let roots: Vec<Pair> = places.filter(|&place| is_root(place)).collect();
        (roots.len() == count).then_some(roots)
    }

    /// sum_h place_h^k label_h = moment k, for as many k as there are places: they differ, so there is one solution.
    fn solved(&self, places: &[Pair]) -> Option<Vec<Label>> {
        let count = places.len();
        let mut rows: Vec<(Vec<Pair>, [Pair; PAIRS])> = (0..count)
            .map(|exponent| {
                let powers = places.iter().map(|place| place.powers().nth(exponent).unwrap_or(Pair::ZERO));
                Some((powers.collect(), *self.labels.get(exponent)?))
            })
            .collect::<Option<_>>()?;
        for column in 0..count {
            let pivot = (column..count).find(|&row| entry(&rows, row, column) != Pair::ZERO)?;
            rows.swap(column, pivot);
            let inverse = entry(&rows, column, column).inverse()?;
            let (powers, label) = rows.get(column)?.clone();
            let scaled = (powers.into_iter().map(|x| x * inverse).collect::<Vec<_>>(), label.map(|x| x * inverse));
            for (number, (powers, label)) in rows.iter_mut().enumerate() {
                if number == column {
                    (*powers, *label) = scaled.clone();
                    continue;
                }
                let factor = powers.get(column).copied().unwrap_or(Pair::ZERO);
                powers.iter_mut().zip(&scaled.0).for_each(|(x, &y)| *x = x.minus(y * factor));
                label.iter_mut().zip(&scaled.1).for_each(|(x, &y)| *x = x.minus(y * factor));
            }
        }
        Some(rows.into_iter().map(|(_, label)| Label(label)).collect())
    }
}

fn entry(rows: &[(Vec<Pair>, [Pair; PAIRS])], row: usize, column: usize) -> Pair {
    rows.get(row).and_then(|(powers, _)| powers.get(column)).copied().unwrap_or(Pair::ZERO)
}
