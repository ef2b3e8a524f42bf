use super::circuit::{Circuit, Plane, Shape};
use crate::agreement::Disclosure;
use crate::parameters::bgv::{self, BgvSet};

#[test]
#[ignore]
fn survey() {
    let single = |alignments, judges_common_bits| Shape { planes: vec![Plane { group: 0, sample: 0, ordinal: 0 }], groups: 1, alignments, judges_common_bits };
    let third = -2 * 2 * 2048 - 1..=2 * 2048 - 1;
    let common = 1 - 2 * 600..=2 * (2048 - 600) + 1;
    for set in [&bgv::BGV_32768_540, &bgv::BGV_32768_690, &bgv::BGV_32768_840] { let BgvSet { limbs, special, digit, .. } = *set;
        for (name, bits, range, shape, disclosure) in [
            ("a", 128, -175..=81, single(1, false), Disclosure::Each),
            ("a any", 128, -175..=81, single(1, false), Disclosure::Any),
            ("b", 512, -663..=361, single(1, false), Disclosure::Each),
            ("face 32 any", 512, -2765..=1331, single(1, false), Disclosure::Any),
            ("c", 512usize, -3985..=2047, single(1, false), Disclosure::Each),
            ("c any", 512, -3985..=2047, single(1, false), Disclosure::Any),
            ("b any", 512, -663..=361, single(1, false), Disclosure::Any),
            ("d", 2048, -2735..=1361, single(1, false), Disclosure::Each),
            ("d any", 2048, -2735..=1361, single(1, false), Disclosure::Any),
            ("iris 1", 3072, third.clone(), single(1, false), Disclosure::Each),
            ("iris 1 common", 3072, third.clone(), single(1, true), Disclosure::Each),
            ("iris 7 common", 3072, third.clone(), single(7, true), Disclosure::Each),
            ("iris 1 common any", 3072, third.clone(), single(1, true), Disclosure::Any),
            ("iris 31 common any", 3072, third.clone(), single(31, true), Disclosure::Any),
        ] {
            let common = shape.judges_common_bits.then_some(&common);
            match Circuit::new(set, bits, &range, common, disclosure, &shape) {
                Ok(c) => println!("{limbs}+{special}/{digit} {name}: margin {:.1} end {} limbs {:.1} cost {:.0} {:.0}: {:.4} ms", c.margin, c.end.limbs, c.end.noise, c.cost.transforms, c.cost.products, (c.cost.transforms*0.1+c.cost.products*0.0125)/32768.0),
                Err(e) => println!("{limbs}+{special}/{digit} {name}: {e}"),
            }
        }
    }
}
