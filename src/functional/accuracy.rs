//! What rounding real vectors to integers costs in accuracy, beside the scores of the real vectors.

use super::rounding::{self, VARIANCE};
use super::{Functional, Metric};

impl Functional {
    /// Standard deviation of (score of the integers - score of the real vectors), in units of the score; 0 where nothing is rounded.
    ///
    /// For a pair of the longest admitted vectors, at the threshold. Rounding errors e, f of x, y are taken as uniform and
    /// independent: <x,e>, <y,f> and <e,f> have the variances |x|^2/12, |y|^2/12 and d/144; |e-f|^2 has 7d/180.
    pub(crate) fn rounding_deviation(&self) -> f64 {
        match self.metric {
            Metric::Hamming { .. } | Metric::FractionalHamming { .. } => 0.0,
            Metric::Cosine { dimension, threshold, unit, probe_norm, reference_norm } => {
                let unit = unit as f64;
                // An exact scheme's integers have a length that is fixed: what lies along the vector itself does not err.
                let along = if self.is_exact() { (threshold as f64 / unit).powi(2) } else { 0.0 };
                let lengths = self.scaled_square(probe_norm) + self.scaled_square(reference_norm);
                let variance = VARIANCE * lengths * (1.0 - along) + dimension as f64 * VARIANCE * VARIANCE;
                variance.sqrt() / unit
            }
            Metric::InnerProduct { dimension, scale, maximum_norm, .. } => {
                let variance = 2.0 * VARIANCE * (scale * maximum_norm).powi(2);
                (variance + dimension as f64 * VARIANCE * VARIANCE).sqrt() / (scale * scale)
            }
            Metric::SquaredEuclidean { dimension, threshold, shift, scale, .. } => {
                let variance = 8.0 * VARIANCE * (threshold - shift) as f64 + 7.0 / 180.0 * dimension as f64;
                variance.sqrt() / (scale * scale)
            }
        }
    }

    /// [`Functional::rounding_deviation`] as a share of the inner product of the longest vectors, which is 1 for a cosine.
    pub(crate) fn rounding_share(&self) -> f64 {
        let longest = match self.metric {
            Metric::InnerProduct { maximum_norm, .. } | Metric::SquaredEuclidean { maximum_norm, .. } => maximum_norm,
            _ => 1.0,
        };
        self.rounding_deviation() / (longest * longest)
    }

    /// Mean of (score of the integers - score of the real vectors) at the threshold, in units of the score.
    ///
    /// An exact scheme's scores and thresholds make up for it ([`rounding`]), but for what that is rounded by itself. Under others a squared
    /// distance grows by the length of both errors, d/6.
    pub(crate) fn rounding_shift(&self) -> f64 {
        match self.metric {
            Metric::Cosine { threshold, unit, probe_norm, reference_norm, .. } => {
                let mean = (self.scaled_square(probe_norm) * self.scaled_square(reference_norm)).sqrt();
                threshold as f64 / unit as f64 * (mean / unit as f64 - 1.0)
            }
            Metric::SquaredEuclidean { dimension, threshold, shift, scale, .. } => {
                let added = (2.0 * VARIANCE * dimension as f64).min((threshold - shift) as f64);
                (added - shift as f64) / (scale * scale)
            }
            Metric::Hamming { .. } | Metric::FractionalHamming { .. } | Metric::InnerProduct { .. } => 0.0,
        }
    }

    /// Square of the length to which a vector is scaled before it is rounded.
    fn scaled_square(&self, norm: u32) -> f64 {
        match (self.is_exact(), &self.metric) {
            (true, Metric::Cosine { dimension, .. }) => rounding::scaled_square(norm, *dimension),
            _ => f64::from(norm).powi(2),
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha20Rng;
    use statrs::distribution::{ContinuousCDF, Normal};

    use crate::agreement::{ComparisonTerms, SchemeChoice, Terms};
    use crate::functional::oracle::Oracle;
    use crate::planning;
    use crate::template::{RealVector, Template};

    fn unit_vector(dimension: usize, rng: &mut ChaCha20Rng) -> Vec<f64> {
        let normal = Normal::standard();
        let x: Vec<f64> = (0..dimension).map(|_| normal.inverse_cdf(rng.random())).collect();
        let norm = x.iter().map(|x| x * x).sum::<f64>().sqrt() * 1.000_001;
        x.into_iter().map(|x| x / norm).collect()
    }

    /// y with <x,y> = cosine.
    fn beside(x: &[f64], cosine: f64, rng: &mut ChaCha20Rng) -> Vec<f64> {
        let z = unit_vector(x.len(), rng);
        let along: f64 = x.iter().zip(&z).map(|(x, z)| x * z).sum();
        let across: Vec<f64> = x.iter().zip(&z).map(|(x, z)| z - along * x).collect();
        let norm = across.iter().map(|x| x * x).sum::<f64>().sqrt() * 1.000_001;
        let sine = (1.0 - cosine * cosine).sqrt();
        x.iter().zip(&across).map(|(x, a)| cosine * x * 0.999_999 + sine * a / norm).collect()
    }

    fn prediction_holds(terms: Terms, cosine: f64) {
        let agreement = planning::open(terms).unwrap();
        let functional = agreement.functional();
        let mut rng = ChaCha20Rng::seed_from_u64(11);
        let count = 4000;
        let mut hits = 0;
        let grows = !matches!(agreement.terms().comparison, ComparisonTerms::SquaredEuclidean { .. });
        let threshold = threshold(&agreement.terms().comparison);
        let errors: Vec<f64> = (0..count)
            .map(|_| {
                let x = unit_vector(512, &mut rng);
                let y = beside(&x, cosine, &mut rng);
                let product: f64 = x.iter().zip(&y).map(|(x, y)| x * y).sum();
                let real = match agreement.terms().comparison {
                    ComparisonTerms::SquaredEuclidean { .. } => x.iter().zip(&y).map(|(x, y)| (x - y).powi(2)).sum(),
                    _ => product,
                };
                let template = |x| Template::Vector(RealVector::new(x).unwrap());
                let probe = functional.probe(&template(x)).unwrap();
                let compared = Oracle::new(functional, &probe).compare(&functional.reference(&template(y)).unwrap());
                let meets = if grows { compared.score >= threshold } else { compared.score <= threshold };
                assert_eq!(compared.hit, meets, "{compared:?}");
                hits += u32::from(compared.hit);
                compared.score - real
            })
            .collect();
        let mean = errors.iter().sum::<f64>() / f64::from(count);
        let deviation = (errors.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / f64::from(count)).sqrt();
        let (predicted, shift) = (functional.rounding_deviation(), functional.rounding_shift());
        println!("{}: {deviation:.5} predicted {predicted:.5}, {mean:+.5} predicted {shift:+.5}", agreement.scheme());
        assert!((0.96..1.04).contains(&(deviation / predicted)), "{deviation} {predicted}");
        assert!((mean - shift).abs() < 0.1 * predicted, "{mean} {shift}");
        // The pairs are at the threshold: where nothing is shifted, half of them hit.
        let toward = if grows { shift } else { -shift } / predicted;
        let (rate, expected) = (f64::from(hits) / f64::from(count), Normal::standard().cdf(toward));
        println!("{}: {rate:.3} at the threshold hit, predicted {expected:.3}", agreement.scheme());
        assert!((rate - expected).abs() < 0.04, "{rate} {expected}");
        assert!(!functional.is_exact() || shift.abs() < 0.02 * predicted, "{shift}");
    }

    fn threshold(comparison: &ComparisonTerms) -> f64 {
        match comparison {
            ComparisonTerms::Cosine { threshold, .. }
            | ComparisonTerms::InnerProduct { threshold, .. }
            | ComparisonTerms::SquaredEuclidean { threshold, .. } => threshold.to_f64(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn rounding_moves_scores_as_predicted_and_half_of_the_pairs_at_an_exact_threshold_hit() {
        let one = || "1.0".parse().unwrap();
        for scheme in [SchemeChoice::Tfhe, SchemeChoice::Bgv] {
            prediction_holds(Terms::face(512).with_scheme(scheme), 0.35);
            prediction_holds(Terms::inner_product(512, one(), "0.4".parse().unwrap()).with_scheme(scheme), 0.4);
            // |x-y|^2 = 2 - 2 cosine. The range of distances is too wide for one bit over a gallery under scheme bgv.
            let mut euclid = Terms::squared_euclidean(512, one(), "0.8".parse().unwrap()).with_scheme(scheme);
            euclid.disclosure = crate::agreement::Disclosure::Each;
            prediction_holds(euclid, 0.6);
        }
    }
}
