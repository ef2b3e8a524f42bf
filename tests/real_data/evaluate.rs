//! Error rates of templates that others made, as others found them.

use cotejo::agreement::{ComparisonTerms, Terms};
use cotejo::evaluate::{AccuracyCard, Comparer, Dataset, Evaluation, Scores};
use cotejo::planning;
use cotejo::scheme::Opened;
use cotejo::template::read::{self, Format};
use cotejo::template::{IrisShape, MaskSharing, TemplateShape};

use crate::data;

fn card(agreement: &Opened, dataset: &Dataset) -> AccuracyCard {
    let comparer = Comparer::new(agreement, dataset);
    let scores = Scores::of_all_pairs(agreement, dataset, &comparer, &()).unwrap();
    Evaluation { agreement, dataset, scores: &scores, comparer: &comparer, seed: 1 }.card(None, None)
}

#[test]
fn put_faces_have_an_equal_error_rate_of_0_91_per_cent_at_0_484() {
    let (Some(embeddings), Some(subjects)) = (data("put-face49/embeddings.npy"), data("put-face49/subjects.npy"))
    else {
        return;
    };
    let ids = read::identities(&subjects).unwrap();
    let records = read::records(&embeddings, Format::Npy, TemplateShape::Vector(49), Some(ids)).unwrap();
    let mut terms = Terms::face(49);
    if let ComparisonTerms::Cosine { threshold, .. } = &mut terms.comparison {
        *threshold = "0.484".parse().unwrap();
    }
    let agreement = planning::open(terms).unwrap();
    let dataset = Dataset::of_one_set(agreement.functional(), records).unwrap();
    let card = card(&agreement, &dataset);
    assert_eq!((card.data.subjects, card.data.failure_to_enrol.errors), (50, 0));
    assert_eq!((card.data.genuine_pairs, card.data.impostor_pairs), (11_447, 587_518));
    for column in [&card.float, &card.oracle] {
        let error = &column.equal_error;
        assert!((0.00895..0.00925).contains(&error.rate), "{error}");
        assert!((0.4815..0.4865).contains(&error.threshold), "{error}");
    }
    // Far fewer decisions change by rounding and noise than err.
    let float = card.float.agreed.fmr;
    assert!((card.encrypted.predicted.fmr - float.value).abs() < 0.05 * float.value, "{:?}", card.encrypted.predicted);
    assert!(card.float.at_fmr[4].rates.is_none(), "587,518 pairs carry no FMR of one in a million");
}

#[test]
fn mmu1_irises_have_an_equal_error_rate_of_17_8_per_cent_and_seven_failures_to_enrol() {
    let Some(bytes) = data("mmu1-iris/templates.npz") else { return };
    let shape = IrisShape { rows: 20, columns: 240, channels: 2, mask: MaskSharing::ByPair };
    let records = read::records(&bytes, Format::Npz, TemplateShape::Iris(shape), None).unwrap();
    let mut terms = Terms::iris(shape);
    if let ComparisonTerms::FractionalHamming { threshold, minimum_common_bits, rotations, .. } = &mut terms.comparison
    {
        (*threshold, *minimum_common_bits, *rotations) = ("0.4".parse().unwrap(), 660, 8);
    }
    let agreement = planning::open(terms).unwrap();
    let dataset = Dataset::of_one_set(agreement.functional(), records).unwrap();
    let card = card(&agreement, &dataset);
    assert_eq!(card.data.failure_to_enrol.errors, 7);
    assert!(card.data.refused.iter().all(|refused| refused.reason.contains("valid")), "{:?}", card.data.refused);
    assert_eq!(card.data.genuine_pairs, 881);
    let error = &card.oracle.equal_error;
    assert!((0.1775..0.1785).contains(&error.rate), "{error}");
    assert_eq!(card.float.equal_error.rate, error.rate, "an iris is compared as it is");
}
