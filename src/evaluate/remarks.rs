//! What a reader of the card must know, in words.

use super::card::AccuracyCard;
use super::scale::number;
use super::scores::Scores;
use crate::agreement::Agreement;
use crate::words::counted;

/// The remarks on an evaluation, the gravest first.
pub(super) fn remarks(agreement: &Agreement, scores: &Scores, card: &AccuracyCard) -> Vec<String> {
    let mut remarks = Vec::new();
    if !agreement.parameters().is_secure() {
        remarks.push(format!(
            "Parameter set {} is INSECURE: for tests only. Error rates are as under any set, the gray zone is its own.",
            agreement.parameters().name()
        ));
    }
    let ((least, greatest), threshold) = (scores.range(), scores.scale.threshold());
    if !(least..=greatest).contains(&threshold) {
        let side = if (threshold > greatest) == scores.scale.grows() { "no pair hits" } else { "every pair hits" };
        remarks.push(format!(
            "The agreed threshold {} lies outside the scores, which go from {} to {}: {side}.",
            number(threshold),
            number(least),
            number(greatest)
        ));
    }
    let data = &card.data;
    if data.subjects_with_one_sample > 0 {
        remarks.push(format!(
            "{} of {} {} a single sample, which makes impostor pairs, but no genuine one.",
            data.subjects_with_one_sample,
            counted(data.subjects, "subject"),
            if data.subjects_with_one_sample == 1 { "has" } else { "have" }
        ));
    }
    if !data.refused.is_empty() {
        remarks.push(format!(
            "{} of {} templates were refused and are in no rate but the failure-to-enrol rate; a system that must answer counts them as misses.",
            data.refused.len(),
            data.templates
        ));
    }
    remarks.extend(data.listed.iter().flat_map(|listed| {
        let without = listed.without_template;
        let without = (without > 0)
            .then(|| format!("{without} listed pairs have a template that was refused: they are in no rate."));
        let repeated = listed.repeated;
        let repeated = (repeated > 0).then(|| {
            format!("{repeated} lines of the list say again what one before them says: each pair counts once.")
        });
        without.into_iter().chain(repeated)
    }));
    let never = scores.pairs().filter(|pair| !pair.oracle.is_finite()).count();
    if never > 0 {
        remarks.push(format!(
            "{never} pairs have fewer common bits than agreed and hit at no threshold: they count as misses, and have no place in the histogram."
        ));
    }
    if data.subjects < 20 {
        remarks.push(format!(
            "Only {}: intervals over subjects are rough, and say little of another population.",
            counted(data.subjects, "subject")
        ));
    }
    if card.encrypted.measured.is_none() {
        remarks
            .push("No encrypted exchange was run: the encrypted column is predicted by the noise formulas.".to_owned());
    }
    remarks
}
