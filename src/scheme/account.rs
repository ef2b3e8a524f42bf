//! What answers can disclose at most: bits of a query, and the statistical distance that is left over a year.

use super::{Opened, most_bits, most_bits_of_any_keys, of_one_subject};
use crate::parameters::MOST_DISTANCE_LOG2;

/// Probes a day that are reckoned with where an agreement has no quota.
const USUAL_PROBES_PER_DAY: u64 = 500;

/// Base-2 logarithm of the statistical distance between the answers on so many probes, of two galleries with equal verdicts: at most 2^-40 for
/// the whole answer on each probe under any scheme (under `labelled` of `tfhe` beside how many subjects there are), and the distances add up.
fn log2_distance_of(probes: u64) -> f64 {
    MOST_DISTANCE_LOG2 + (probes.max(1) as f64).log2()
}

impl Opened {
    /// Bits that the answer on one probe can disclose at most, for the largest gallery.
    pub(crate) fn bits_per_probe(&self) -> u64 {
        let references = self.terms().limits.references as u64;
        let hits = self.functional().hits_per_probe() as u64;
        most_bits(self.parameters(), self.terms().disclosure, hits, references, references)
    }

    /// Bits that the answer on one probe about one person can disclose at most.
    pub(crate) fn bits_per_probe_about_one(&self) -> u64 {
        let disclosure = of_one_subject(self.scheme(), self.terms().disclosure);
        most_bits(self.parameters(), disclosure, 1, 1, self.terms().limits.references_per_subject as u64)
    }

    /// Bits that the answer on one probe can tell at most where the evaluation keys are made in bad faith as well, of the largest gallery.
    pub(crate) fn bits_of_any_keys(&self) -> u64 {
        most_bits_of_any_keys(self).max(self.bits_per_probe())
    }

    /// Bits that the answer to one query may disclose: as agreed, or else what the limits on references and probes come to.
    pub(crate) fn bits_per_query(&self) -> u64 {
        let most = self.bits_per_probe().saturating_mul(self.terms().limits.probes_per_query as u64);
        self.terms().limits.bits_per_query.unwrap_or(most)
    }

    /// Probes that a requester may ask about in a year: its quota, or 500 a day.
    pub(crate) fn probes_of_a_year(&self) -> u64 {
        match &self.terms().service {
            Some(service) => service.probes_per_year.min(service.probes_per_day.saturating_mul(366)),
            None => 365 * USUAL_PROBES_PER_DAY,
        }
    }

    /// Base-2 logarithm of the statistical distance between the answers on a year's probes, of two galleries with equal verdicts.
    pub(crate) fn log2_distance_of_a_year(&self) -> f64 {
        log2_distance_of(self.probes_of_a_year())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::{Agreement, AgreementError, Disclosure, Limits, SchemeChoice, ServiceTerms, Terms};
    use crate::planning;

    fn of(scheme: SchemeChoice, disclosure: Disclosure, references: usize) -> Opened {
        let terms = Terms::hamming(128, 40).with_scheme(scheme);
        let most = if scheme == SchemeChoice::Tfhe { 1 } else { 2 };
        let hits_per_probe = (disclosure == Disclosure::Labelled).then_some(most);
        let limits = Limits { references, probes_per_query: 7, hits_per_probe, ..terms.limits.clone() };
        planning::open(Terms { disclosure, limits, ..terms }).unwrap()
    }

    #[test]
    fn a_malformed_probe_is_charged_what_it_can_read() {
        for (scheme, disclosure, bits) in [
            (SchemeChoice::Tfhe, Disclosure::Any, 1),
            (SchemeChoice::Bgv, Disclosure::Any, 1),
            (SchemeChoice::Tfhe, Disclosure::Each, 1_000),
            (SchemeChoice::Bgv, Disclosure::Each, 1_000),
            // From none to a thousand.
            (SchemeChoice::Tfhe, Disclosure::Count, 10),
            // Modulo 2^16 + 1.
            (SchemeChoice::Bgv, Disclosure::Count, 17),
            // Twenty numbers a handle and two more, and from none to two, or more.
            (SchemeChoice::Bgv, Disclosure::Labelled, 674),
            (SchemeChoice::Hybrid, Disclosure::Labelled, 674),
            // From none to one, or more.
            (SchemeChoice::Tfhe, Disclosure::Labelled, 354),
        ] {
            let agreement = of(scheme, disclosure, 1_000);
            assert_eq!(agreement.bits_per_probe(), bits, "{scheme:?} {disclosure}");
            assert_eq!(agreement.bits_per_query(), 7 * bits, "{scheme:?} {disclosure}");
            let said = planning::sentences(&agreement).join(" ");
            assert!(said.contains(&format!("{bits} bit")) && said.contains("malformed"), "{said}");
        }
    }

    #[test]
    fn whatever_keys_are_an_answer_tells_what_its_flood_leaves() {
        for (scheme, disclosure, bits) in [
            (SchemeChoice::Tfhe, Disclosure::Any, 2),
            (SchemeChoice::Tfhe, Disclosure::Each, 2_000),
            (SchemeChoice::Tfhe, Disclosure::Count, 2_000),
            // Four numbers, as many about one person, and 21 ring elements of 2^13 with a key of eight: each log2 65537 + 0.14.
            (SchemeChoice::Bgv, Disclosure::Any, 65),
            (SchemeChoice::Bgv, Disclosure::Count, 65),
            (SchemeChoice::Bgv, Disclosure::Each, 2_776_730),
            // 160 numbers of two bits, and the five handles whose keys they may be half of.
            (SchemeChoice::Tfhe, Disclosure::Labelled, 1_600),
            // 128 sums, a key of eight, and what the flood of a ring element leaves beside its residues.
            (SchemeChoice::Bgv, Disclosure::Labelled, 6_765),
        ] {
            let agreement = of(scheme, disclosure, 1_000);
            assert_eq!(agreement.bits_of_any_keys(), bits, "{scheme:?} {disclosure}");
            let said = planning::sentences(&agreement).join(" ");
            assert!(said.contains(&format!("{bits} bits")), "{said}");
        }
    }

    /// Of two hits a probe takes 674 bits, one about one person 354.
    #[test]
    fn an_agreement_says_how_many_questions_its_bits_are_enough_for() {
        let agreement = of(SchemeChoice::Bgv, Disclosure::Labelled, 1_000);
        let said = |bits_per_gallery_version| {
            let service =
                ServiceTerms { bits_per_gallery_version, bits_per_person: Some(2_000), ..ServiceTerms::default() };
            let terms = Terms { service: Some(service), ..agreement.terms().clone() };
            planning::sentences(&planning::open(terms).unwrap()).pop().unwrap()
        };
        assert_eq!(agreement.bits_per_probe_about_one(), 354);
        let enough = "The agreed bits are enough for 148 probes about one version of the largest records that are agreed, or for 5 probes about one \
                      person.";
        assert_eq!(said(100_000), enough);
        assert!(said(7 * 674).contains(" 7 probes about one version of the largest records that are agreed, or"));
        assert!(said(7 * 674 - 1).contains("fewer than a query may hold (7), so that a full one may be refused"));
        // What an answer about one person is charged, the version is as well.
        assert!(said(1_000).ends_with(" or for 2 probes about one person."));
    }

    #[test]
    fn the_bits_of_a_query_are_a_term_and_none_where_they_are_left_open() {
        let open = of(SchemeChoice::Tfhe, Disclosure::Each, 1_000);
        let with = |bits| {
            let mut terms = open.terms().clone();
            terms.limits.bits_per_query = Some(bits);
            planning::open(terms)
        };
        let agreed = with(3_000).unwrap();
        assert_eq!(agreed.bits_per_query(), 3_000);
        assert_ne!(agreed.digest(), open.digest());
        let text = agreed.to_toml();
        assert_eq!(Agreement::from_toml(&text).unwrap().digest(), agreed.digest(), "{text}");
        assert_eq!(Agreement::from_toml(&open.to_toml()).unwrap().digest(), open.digest());
        for bits in [0, 1 << 51] {
            let refused = with(bits).err();
            let field = matches!(refused, Some(AgreementError::Field { field: "limits.bits_per_query", .. }));
            assert!(field, "{refused:?}");
        }
    }

    #[test]
    fn the_distance_of_a_year_follows_from_the_quota() {
        let agreement = of(SchemeChoice::Tfhe, Disclosure::Any, 1_000);
        assert_eq!(agreement.probes_of_a_year(), 182_500);
        assert!((agreement.log2_distance_of_a_year() - -22.52).abs() < 0.01);
        let year = |probes_per_day, probes_per_year| {
            let service = ServiceTerms { probes_per_day, probes_per_year, ..ServiceTerms::default() };
            let terms = Terms { service: Some(service), ..agreement.terms().clone() };
            planning::open(terms).unwrap().log2_distance_of_a_year()
        };
        assert!((year(1_000, 1 << 20) - (-40.0 + 366_000f64.log2())).abs() < 1e-9);
        assert!((year(1_000, 1 << 10) - -30.0).abs() < 1e-9);
        assert!((log2_distance_of(0) - -40.0).abs() < 1e-9);
    }
}
