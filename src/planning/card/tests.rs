use super::*;
use crate::agreement::Disclosure;

fn card(name: &str, mut terms: Terms, disclosure: Disclosure) -> ParameterCard {
    terms.disclosure = disclosure;
    let set = ParameterSet::by_name(name).unwrap();
    ParameterCard::new(&terms.with_scheme(set.scheme().into()), set).unwrap()
}

#[test]
fn the_card_of_the_default_set_says_what_the_protocol_says() {
    let card = card("tfhe-896-2048", Terms::face(512), Disclosure::Any);
    assert_eq!(card.keys.len(), 2);
    assert!(card.keys.iter().all(|key| key.bits >= 128.0));
    assert!(card.figures.iter().all(|figure| figure.fits));
    let comparison = card.comparison.unwrap();
    assert!(!comparison.exact && comparison.figures.iter().all(|figure| figure.fits));
    let noise = |stage: &str| comparison.stages.iter().find(|s| s.stage.starts_with(stage)).unwrap().noise_log2;
    // Protocol, sections 5 and 6: bootstrap 2^-14.85, a gate of twelve 2^-9.47.
    assert!((noise("bootstrap") - -14.85).abs() < 0.1, "{}", noise("bootstrap"));
    assert!((noise("aggregate") - -9.47).abs() < 0.1, "{}", noise("aggregate"));
    let zone = comparison.gray_zone.unwrap();
    assert!((0.0030..0.0036).contains(&zone.deviation_score), "{zone:?}");
    assert!(comparison.plan.seconds > 100.0 && comparison.plan.references == 100_000);
}

#[test]
fn the_card_of_an_exact_set_has_margins_and_no_gray_zone() {
    let card = card("bgv-32768-780", Terms::hamming(512, 180), Disclosure::Each);
    let comparison = card.comparison.unwrap();
    assert!(comparison.exact && comparison.gray_zone.is_none());
    assert_eq!(comparison.figures.len(), 2);
    assert!(comparison.figures.iter().all(|figure| figure.fits), "{:?}", comparison.figures);
    assert!(comparison.stages.iter().filter_map(|stage| stage.margin_bits).all(|margin| margin >= 10.0));
}

#[test]
fn a_comparison_that_a_set_does_not_admit_is_refused_with_the_number() {
    let set = ParameterSet::by_name("bgv-32768-540").unwrap();
    let error =
        ParameterCard::new(&Terms::hamming(512, 180).with_scheme(set.scheme().into()), set).unwrap_err().to_string();
    assert!(error.contains("bits of the modulus where 10 are needed"), "{error}");
}

#[test]
fn every_set_has_a_purpose_and_a_card_that_serialises() {
    for set in ParameterSet::ALL {
        let card = ParameterCard::of_set(set);
        assert!(!card.purpose.is_empty(), "{}", card.name);
        let document = serde_json::to_value(&card).unwrap();
        assert_eq!(document["name"], set.name());
        assert_eq!(document["keys"].as_array().unwrap().is_empty(), !set.is_secure());
        assert!(card.keys.iter().all(|key| key.bits >= 128.0 && !key.command.is_empty()), "{:?}", card.keys);
    }
}
