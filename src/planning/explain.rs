//! The agreement in plain sentences, for those who sign it.

use crate::agreement::{ComparisonTerms, Disclosure, EyeRule, Modality, ServiceTerms};
use crate::functional::SampleLayout;
use crate::parameters::{MOST_DISTANCE_LOG2, SchemeId};
use crate::scheme::GrayZone;
use crate::scheme::Opened;
use crate::scheme::hybrid;
use crate::scheme::tfhe::{TESTED_FROM, seen_factor};
use crate::words::counted;

/// What was agreed, what it means, and what it costs.
pub fn sentences(agreement: &Opened) -> Vec<String> {
    let terms = agreement.terms();
    let parameters = agreement.parameters();
    let mut out = vec![
        format!(
            "{} asks; {} holds the records. {}.",
            terms.querier,
            terms.custodian,
            terms.title.trim_end_matches('.')
        ),
        format!("A template is {} ({}).", agreement.shape(), modality(terms.modality)),
        comparison(&terms.comparison),
        match terms.disclosure {
            Disclosure::Any => "The querier learns one bit for each probe: whether anybody in the records matches.",
            Disclosure::Each => {
                "The querier learns one bit for each probe and enrolled subject, in the order of the records: \
                 who matches, not only whether anybody does."
            }
            Disclosure::Count => "The querier learns how many enrolled subjects match each probe.",
            Disclosure::Labelled => {
                "The querier learns of each enrolled subject who matches a probe the handle that the custodian gave it, a text of up to 32 \
                 bytes; of those who do not match it learns nothing."
            }
        }
        .to_owned(),
        "The custodian learns that a query of a given size was asked, and the reference id that a 1:1 query names; \
         neither the probe, nor a score, nor the verdict."
            .to_owned(),
    ];
    match terms.comparison.eyes() {
        EyeRule::Ignored => {}
        EyeRule::Any => {
            out.push("Left eyes are compared with left, right with right; one matching eye is a hit.".into())
        }
        EyeRule::All => {
            out.push("Left eyes are compared with left, right with right; only both matching is a hit.".into());
        }
    }
    out.push(format!(
        "Encrypted with scheme {}, parameter set {} ({}): {}.",
        agreement.scheme(),
        parameters.name(),
        match parameters.is_own() {
            true => "a set of the agreement's own".to_owned(),
            false => "as the agreement says".to_owned(),
        },
        match parameters.is_secure() {
            true => format!("{:.0} bits of security", parameters.security_bits().floor()),
            false => format!("INSECURE: {}", parameters.weakness()),
        }
    ));
    out.push(GrayZone::of(agreement).sentence());
    out.extend(rounding(agreement));
    out.extend(terms.limits.hits_per_probe.map(|hits| {
        format!(
            "Handles are told of at most {} of a probe; of a probe with more nothing is told but that there are more.",
            counted(hits, "hit")
        )
    }));
    out.push(format!(
        "At most {} in a gallery, {} a subject{}, and {} in a query.",
        counted(terms.limits.references, "reference"),
        terms.limits.references_per_subject,
        if terms.comparison.eyes() == EyeRule::Ignored { "" } else { " and eye" },
        counted(terms.limits.probes_per_query, "probe")
    ));
    out.extend(worst_case(agreement));
    out.extend(terms.service.iter().flat_map(ServiceTerms::sentences));
    out.extend(terms.service.as_ref().map(|service| asked_within(agreement, service)));
    out
}

/// How many questions the agreed bits are enough for.
fn asked_within(agreement: &Opened, service: &ServiceTerms) -> String {
    let of_all = service.bits_per_gallery_version / agreement.bits_per_probe().max(1);
    let person = agreement.bits_per_probe_about_one().max(1);
    // An answer about one person is charged to both accounts.
    let about_one = service.bits_per_person.unwrap_or(u64::MAX).min(service.bits_per_gallery_version);
    let of_one = about_one / person;
    let query = agreement.terms().limits.probes_per_query as u64;
    let refused = match of_all < query {
        true => format!(": fewer than a query may hold ({query}), so that a full one may be refused"),
        false => String::new(),
    };
    format!(
        "The agreed bits are enough for {} about one version of the largest records that are agreed{refused}, or for {} about one person.",
        counted(of_all, "probe"),
        counted(of_one, "probe")
    )
}

/// What rounding vectors to integers costs; nothing where they are not.
fn rounding(agreement: &Opened) -> Option<String> {
    let functional = agreement.functional();
    let (deviation, shift) = (functional.rounding_deviation(), functional.rounding_shift());
    if deviation == 0.0 {
        return None;
    }
    let mut sentence = format!(
        "Vectors are rounded to integers, which moves the score by {} (standard deviation) from that of the real vectors",
        two_digits(deviation)
    );
    if shift.abs() > deviation / 10.0 {
        let direction = if shift < 0.0 { "lowers" } else { "raises" };
        sentence += &format!(", and {direction} it by {} at the threshold", two_digits(shift.abs()));
    } else {
        sentence += ", up as often as down";
    }
    Some(sentence + "; the comparison in the clear (cotejo compare) includes it.")
}

fn modality(modality: Modality) -> &'static str {
    match modality {
        Modality::Face => "faces",
        Modality::Fingerprint => "fingerprints",
        Modality::Iris => "irises",
        Modality::Generic => "no particular modality",
    }
}

fn comparison(terms: &ComparisonTerms) -> String {
    match terms {
        ComparisonTerms::Cosine { threshold, .. } => {
            format!("Two templates match when the cosine of the angle between them is {threshold} or more.")
        }
        ComparisonTerms::InnerProduct { threshold, maximum_norm, .. } => format!(
            "Two templates match when their inner product is {threshold} or more; vectors longer than {maximum_norm} are refused."
        ),
        ComparisonTerms::SquaredEuclidean { threshold, maximum_norm, .. } => format!(
            "Two templates match when the square of their distance is {threshold} or less; vectors longer than {maximum_norm} are refused."
        ),
        ComparisonTerms::Hamming { threshold } => match threshold {
            1 => "Two templates match when at most 1 bit differs.".to_owned(),
            bits => format!("Two templates match when at most {bits} bits differ."),
        },
        ComparisonTerms::FractionalHamming { threshold, minimum_common_bits, rotations, .. } => format!(
            "Two irises match when less than {threshold} of their common valid bits differ, at the best of {} rotations \
             (up to {rotations} columns to either side), and at least {minimum_common_bits} valid bits are common without rotation.",
            2 * rotations + 1
        ),
    }
}

/// What a querier that departs from the protocol can learn at worst, and what is left to chance, in words.
fn worst_case(agreement: &Opened) -> [String; 3] {
    let what = match (agreement.terms().disclosure, agreement.scheme()) {
        (Disclosure::Any, SchemeId::Tfhe) => "one bit, of a question of its own choice about all records",
        (Disclosure::Any, SchemeId::Bgv | SchemeId::Hybrid) => {
            "one bit, of a question of its own choice: also whether a match is among some of the records"
        }
        (Disclosure::Each, _) => {
            "one bit of each reference, of a question of its own choice: a bit of every template, and with two probes who is exempt"
        }
        (Disclosure::Labelled, SchemeId::Hybrid) => {
            "the handles of subjects to whom a question of its own choice applies, if there are no more of them than have handles, \
             or by chance sums over the handles of all"
        }
        (Disclosure::Labelled, _) => {
            "the handles of subjects to whom a question of its own choice applies, if there are no more of them than have handles"
        }
        (Disclosure::Count, SchemeId::Tfhe) => "to how many subjects a question of its own choice applies",
        (Disclosure::Count, SchemeId::Bgv | SchemeId::Hybrid) => {
            "a number modulo 65537 of its own choice, a sum over all records"
        }
    };
    let tested = tests(agreement).map(|sentence| format!(" {sentence}")).unwrap_or_default();
    let (probe, query, year) = (agreement.bits_per_probe(), agreement.bits_per_query(), agreement.probes_of_a_year());
    let bits = if probe == 1 { "bit is" } else { "bits are" };
    let quota = if agreement.terms().service.is_some() { " of the agreed quota" } else { "" };
    [
        format!(
            "A malformed probe can at worst read {what}: {probe} {bits} charged for a probe, and a query may disclose {query} at most.{tested}"
        ),
        format!(
            "Evaluation keys made in bad faith as well can make it {} bits a probe, which nobody is charged for: cotejo audit key finds such keys.",
            agreement.bits_of_any_keys()
        ),
        format!(
            "Beside its verdicts, the answer on a probe tells of the records with an advantage of at most 2^{MOST_DISTANCE_LOG2:.0}: \
             over a year{quota} of {year} probes 2^{:.1}.",
            agreement.log2_distance_of_a_year()
        ),
    ]
}

/// What the tests of probes see under the schemes that test their length.
fn tests(agreement: &Opened) -> Option<String> {
    const SHORT: &str = "Probes are not tested: templates as short as these leave no room for tests.";
    let apart = match agreement.terms().comparison {
        ComparisonTerms::SquaredEuclidean { .. } => "; the coordinate that shifts its threshold is not tested",
        ComparisonTerms::FractionalHamming { .. } => "; whether its code and its masks belong together is not tested",
        _ => "",
    };
    let rounded = |factor: f64| (factor * 10.0).ceil() / 10.0;
    if let Some(set) = agreement.parameters().hybrid() {
        let factor = hybrid::seen_factor(&set, agreement.functional());
        return Some(factor.map_or(SHORT.to_owned(), |factor| {
            let factor = rounded(factor);
            format!(
                "A probe {factor:.1} times as long as any template is told random numbers, whatever the gallery, but for one query in 65,000{apart}."
            )
        }));
    }
    let set = agreement.parameters().tfhe()?;
    let eyes = agreement.terms().comparison.eyes();
    let samples = 1..=SampleLayout::fullest(eyes).eyes().len();
    let factors: Option<Vec<f64>> = samples.map(|samples| seen_factor(&set, agreement.functional(), samples)).collect();
    let Some(factors) = factors else {
        return Some(SHORT.to_owned());
    };
    let factor = rounded(factors.into_iter().fold(0.0, f64::max));
    Some(format!(
        "Where {TESTED_FROM} subjects or more are searched, a probe {factor:.1} times as long as any template is told that nobody matches{apart}."
    ))
}

impl GrayZone {
    /// For people.
    pub fn sentence(&self) -> String {
        if self.phi_deviation() == 0.0 {
            return "Encrypted verdicts are exact: they equal those of the comparison in the clear, also at the threshold."
                .to_owned();
        }
        let score = format!(
            "Encryption decides exactly except close to the threshold: the noise has a standard deviation of {} {}, \
             so a pair flips with probability 16 % at one deviation from the threshold, 2.3 % at two, 1e-9 at six.",
            two_digits(self.score_deviation()),
            self.unit_of_score()
        );
        match self.common_bits_deviation() {
            None => score,
            Some(deviation) => {
                format!("{score} The number of common bits is judged with a standard deviation of {deviation:.0} bits.")
            }
        }
    }
}

/// A positive number with two significant digits, without an exponent.
pub(super) fn two_digits(x: f64) -> String {
    let decimals = (1.0 - x.log10().floor()).clamp(0.0, 12.0) as usize;
    format!("{x:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::{SchemeChoice, Terms};
    use crate::planning;

    #[test]
    fn what_tests_of_probes_see_is_said_as_it_is_under_the_agreement() {
        let said = |terms: Terms| tests(&planning::open(terms).unwrap()).unwrap_or_default();
        for (bits, threshold) in [(64, 31), (32, 8)] {
            assert!(said(Terms::hamming(bits, threshold)).starts_with("Probes are not tested"), "{bits}");
        }
        // eta is rounded down from 9.02, from 2.6, and from some thousand.
        for (terms, factor) in [
            (Terms::hamming(512, 180), " 8.1 times as long"),
            (Terms::hamming(128, 40), " 9.1 times as long"),
            (Terms::face(512), " 8.1 times as long"),
        ] {
            let sentence = said(terms);
            assert!(sentence.contains(factor) && sentence.ends_with("that nobody matches."), "{sentence}");
        }
        let hybrid = said(Terms::face(512).with_scheme(SchemeChoice::Hybrid));
        assert!(
            hybrid.ends_with("is told random numbers, whatever the gallery, but for one query in 65,000."),
            "{hybrid}"
        );
        let one = "1.0".parse().unwrap();
        let distance = said(Terms::squared_euclidean(100, one, "0.15".parse().unwrap()));
        assert!(distance.ends_with("the coordinate that shifts its threshold is not tested."), "{distance}");
    }

    #[test]
    fn deviations_are_legible() {
        assert_eq!(two_digits(0.003_364), "0.0034");
        assert_eq!(two_digits(0.7179), "0.72");
        assert_eq!(two_digits(43.2), "43");
    }
}
