//! What a querier gains that encrypts coordinates of its own choice: as much as is charged, and no more.

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use crate::agreement::{Disclosure, Terms};
use crate::functional::SampleLayout;
use crate::parameters::tfhe::INSECURE_TEST;
use crate::planning;
use crate::scheme::malformed::{ALONE, BITS, EXEMPT, Gallery};
use crate::scheme::tfhe::Tfhe;
use crate::scheme::tfhe::holder::{SecretKey, encrypted};
use crate::scheme::{Disclosed, Evaluator, Extent, Holder, Opened, Parts, Randomness, Scheme, Task};

/// What the coordinates read of a gallery.
fn read(
    agreement: &Opened,
    (secret, key): (&SecretKey, &<Tfhe as Evaluator>::PreparedKey),
    gallery: &Gallery,
    coordinates: [i64; BITS],
    rng: &mut ChaCha20Rng,
) -> Vec<bool> {
    let functional = agreement.functional();
    let mut plain: Vec<u64> =
        coordinates.iter().map(|&t| (t as u64).wrapping_mul(INSECURE_TEST.step(functional))).collect();
    plain.resize(INSECURE_TEST.query().bodies(BITS), 0);
    let probes = encrypted(secret, &plain, rng);
    let disclosure = agreement.terms().disclosure;
    let layouts = [SampleLayout::Single];
    let task = Task {
        functional,
        disclosure,
        layouts: &layouts,
        subjects: gallery,
        one_subject: false,
        references_per_subject: 1,
    };
    let answer =
        Tfhe::answer(key, &(), &task, &probes, &Randomness::drawn(1, rng), &mut Parts::default(), &()).unwrap();
    let verdicts_per_probe = task.verdicts_per_probe();
    let extent = Extent { functional, disclosure, probes: 1, samples: 1, verdicts_per_probe };
    let [Disclosed::Bits(bits)] = &Tfhe::decrypt(secret, &extent, &answer)[..] else { panic!() };
    bits.clone()
}

#[test]
fn each_reads_a_chosen_bit_of_every_reference_and_lists_the_exempt_with_two_probes_and_is_charged_for_it() {
    let mut rng = ChaCha20Rng::seed_from_u64(13);
    for disclosure in [Disclosure::Each, Disclosure::Any, Disclosure::Count] {
        let mut terms = Terms { disclosure, ..Terms::hamming(BITS, 8) };
        terms.encryption.parameter_set = "insecure-test".to_owned();
        let agreement = planning::open(terms).unwrap();
        let set = &Tfhe::agreed_set(&agreement).unwrap();
        let (secret, public) = Tfhe::generate(set, &mut rng);
        let key = Tfhe::prepare_key(public, set);
        let gallery = Gallery::random(9, &agreement, &mut rng);
        let charged = Tfhe::most_bits(disclosure, 0, 9, 9);
        for chosen in [0, 37] {
            let mut probe = [0; BITS];
            let [zeros, ones] = [ALONE, -ALONE].map(|alone| {
                probe[chosen] = alone;
                read(&agreement, (&secret, &key), &gallery, probe, &mut rng)
            });
            let is = |bit: bool| {
                let matching = |(index, reference): (usize, &Vec<bool>)| index != EXEMPT && reference[chosen] == bit;
                gallery.references.iter().enumerate().map(matching).collect::<Vec<bool>>()
            };
            let count = |bits: &[bool]| bits.iter().filter(|&&bit| bit).count();
            match disclosure {
                Disclosure::Each => {
                    assert_eq!([&zeros, &ones], [&is(false), &is(true)]);
                    let neither = (0..9).filter(|&index| !zeros[index] && !ones[index]);
                    assert_eq!(neither.collect::<Vec<_>>(), [EXEMPT]);
                    assert_eq!(charged, 9);
                }
                Disclosure::Any => {
                    assert_eq!([zeros, ones], [vec![is(false).contains(&true)], vec![is(true).contains(&true)]]);
                    assert_eq!(charged, 1);
                }
                Disclosure::Labelled => unreachable!("not among the cases"),
                Disclosure::Count => {
                    assert_eq!([count(&zeros), count(&ones)], [count(&is(false)), count(&is(true))]);
                    assert_eq!(charged, 4);
                }
            }
        }
    }
}
