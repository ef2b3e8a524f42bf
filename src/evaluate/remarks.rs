//! What a reader of the card must know, in words.

use super::card::AccuracyCard;
use super::scale::number;
use super::scores::Scores;
use crate::agreement::Agreement;

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
            "{} of {} subjects have a single sample: they make impostor pairs, but no genuine one.",
            data.subjects_with_one_sample, data.subjects
        ));
    }
    if !data.refused.is_empty() {
        remarks.push(format!(
            "{} of {} templates were refused and are in no rate but the failure-to-enrol rate; a system that must answer counts them as misses.",
            data.refused.len(),
            data.templates
        ));
    }
    let never = scores.pairs().filter(|pair| !pair.oracle.is_finite()).count();
    if never > 0 {
        remarks.push(format!(
            "{never} pairs have fewer common bits than agreed and hit at no threshold: they count as misses, and have no place in the histogram."
        ));
    }
    if data.subjects < 20 {
        remarks.push(format!(
            "Only {} subjects: intervals over subjects are rough, and say little of another population.",
            data.subjects
        ));
    }
    if card.encrypted.measured.is_none() {
        remarks
            .push("No encrypted exchange was run: the encrypted column is predicted by the noise formulas.".to_owned());
    }
    remarks
}
