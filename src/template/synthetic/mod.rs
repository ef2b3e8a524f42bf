//! Made-up templates whose comparison scores spread as published systems' do: for trials without anybody's data.
//!
//! Every template follows from the seed, the subject and the sample alone, by ChaCha20 and arithmetic that is exact or
//! correctly rounded: the same on every machine, whatever else is drawn. The first sample of a thousand subjects makes
//! a gallery, the second one of some of them and of others makes probes.
//!
//! A *genuine* pair is of one subject, an *impostor* pair of two. Accuracy on these templates says nothing about any
//! real system.

mod irises;
mod random;
mod vectors;

use std::ops::Range;

use super::{Bits, Record, RecordError, SubjectId, Template, TemplateError, TemplateShape};
use random::Random;

/// How templates come about. Means and standard deviations are those of the scores of pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// Face vectors of length 1: at 512 coordinates, genuine cosine 0.65 +- 0.10, impostor 0.00 +- 0.06.
    ///
    /// After the angle histograms of Deng et al., *ArcFace* (CVPR 2019), where impostors centre on a right angle. They
    /// spread as if only five ninths of the coordinates counted (real ones are correlated); the deviation goes with
    /// one over the root of their number.
    Face,
    /// Fingerprint vectors of length 1: at 192 coordinates, genuine cosine 0.60 +- 0.12, impostor 0.00 +- 0.08.
    ///
    /// Shaped as the 192 coordinates of Engelsma et al., *Learning a fixed-length fingerprint representation*
    /// (DeepPrint, 2019). Three quarters of the coordinates count; the deviation as above.
    Fingerprint,
    /// Vectors without a modality, of length 0.8 to 0.99: genuine cosine 0.65 +- 0.1, impostor 0 +- 1/sqrt(coordinates).
    ///
    /// For inner products and distances, with a `maximum_norm` of 1.
    Vector,
    /// Iris codes with masks: fractional Hamming distance at one alignment of impostors 0.50 +- 0.03, of genuine pairs
    /// rolled back 0.20 to 0.30.
    ///
    /// After Daugman, *How iris recognition works* (2004): impostors spread as 249 independent bits, though codes
    /// have thousands, because neighbours are correlated. Genuine samples differ where a filter response is near zero
    /// (fragile bits). Two eyelids leave about 60 to 95 % valid, the same in all channels. Codes of less than some
    /// 500 bits have not that many independent ones, and spread more.
    Iris {
        /// Every sample but the first is rolled by -k to k columns, each equally likely: the tilt of the head.
        tilt_columns: u32,
    },
    /// Independent bits: genuine Hamming distance 10 % of the bits, impostor 50 %.
    Bits,
}

/// Why no template can be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SyntheticError {
    /// The model makes another kind of template.
    #[error("the model {model:?} does not make {shape}")]
    Shape {
        /// The model that was asked for.
        model: Model,
        /// The shape that was asked for.
        shape: TemplateShape,
    },
    /// A template of this shape would be empty.
    #[error("{0}")]
    Template(#[from] TemplateError),
    /// A subject has no identifier; no number makes one that is too long.
    #[error("{0}")]
    Identifier(#[from] RecordError),
}

/// All the subjects that a model, a shape and a seed make, each with any number of samples.
#[derive(Clone, Copy, Debug)]
pub struct Population {
    model: Model,
    shape: TemplateShape,
    seed: u64,
}

impl Population {
    /// A population; nothing is drawn yet.
    ///
    /// # Errors
    ///
    /// [`SyntheticError::Shape`] when the model makes other templates; [`TemplateError::Empty`] for an empty shape.
    pub fn new(model: Model, shape: TemplateShape, seed: u64) -> Result<Self, SyntheticError> {
        let length = match (model, shape) {
            (Model::Face | Model::Fingerprint | Model::Vector, TemplateShape::Vector(dimension)) => dimension,
            (Model::Iris { .. }, TemplateShape::Iris(iris)) => iris.bits(),
            (Model::Bits, TemplateShape::Bits(length)) => length,
            _ => return Err(SyntheticError::Shape { model, shape }),
        };
        match length {
            0 => Err(TemplateError::Empty.into()),
            _ => Ok(Self { model, shape, seed }),
        }
    }

    /// One sample of one subject, both counted from 0; subject 0 is called S000001.
    ///
    /// # Errors
    ///
    /// None for a population that could be made.
    pub fn record(&self, subject: u32, sample: u16) -> Result<Record, SyntheticError> {
        let stream = u64::from(subject) << 17;
        let mut person = Random::new(self.seed, stream);
        let mut capture = Random::new(self.seed, stream + 1 + u64::from(sample));
        let template = match self.shape {
            TemplateShape::Vector(dimension) => {
                Template::Vector(vectors::sample(self.model, dimension, &mut person, &mut capture)?)
            }
            TemplateShape::Iris(shape) => {
                let tilt_columns = match self.model {
                    Model::Iris { tilt_columns } if sample > 0 => tilt_columns,
                    _ => 0,
                };
                Template::Iris(irises::sample(shape, tilt_columns, &mut person, &mut capture)?)
            }
            TemplateShape::Bits(length) => Template::Bits(bits(length, &mut person, &mut capture)?),
        };
        let subject = SubjectId::try_from(format!("S{:06}", u64::from(subject) + 1))?;
        Ok(Record { subject, eye: None, template })
    }

    /// The given samples of the given subjects, subject by subject, made one at a time.
    pub fn records(
        self,
        subjects: Range<u32>,
        samples: Range<u16>,
    ) -> impl Iterator<Item = Result<Record, SyntheticError>> {
        subjects.flat_map(move |subject| samples.clone().map(move |sample| self.record(subject, sample)))
    }
}

/// Each sample flips a bit of the subject with 5.28 %, so that two samples differ in 10 %: 2 p (1 - p) = 0.1.
fn bits(length: usize, person: &mut Random, capture: &mut Random) -> Result<Bits, TemplateError> {
    Bits::new((0..length).map(|_| person.bit() ^ (capture.uniform() < 0.052_786)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean and standard deviation.
    pub(super) fn spread(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
        let values: Vec<f64> = values.into_iter().collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / values.len() as f64;
        (mean, variance.sqrt())
    }

    fn hamming(a: &Template, b: &Template) -> f64 {
        let (Template::Bits(a), Template::Bits(b)) = (a, b) else { panic!() };
        f64::from(a.words().iter().zip(b.words()).map(|(a, b)| (a ^ b).count_ones()).sum::<u32>()) / a.len() as f64
    }

    #[test]
    fn bits_of_one_subject_differ_in_a_tenth() {
        let population = Population::new(Model::Bits, TemplateShape::Bits(1000), 7).unwrap();
        let sample = |subject, sample| population.record(subject, sample).unwrap().template;
        let (genuine, _) = spread((0..200).map(|s| hamming(&sample(s, 0), &sample(s, 1))));
        let (impostor, deviation) = spread((0..200).map(|s| hamming(&sample(s, 0), &sample(s + 1, 1))));
        assert!((0.097..0.103).contains(&genuine), "{genuine}");
        assert!((0.495..0.505).contains(&impostor), "{impostor}");
        assert!((0.013..0.019).contains(&deviation), "{deviation}"); // sqrt(0.25 / 1000) = 0.0158
    }

    #[test]
    fn a_sample_follows_from_its_seed_and_numbers_alone() {
        let population = |seed| Population::new(Model::Bits, TemplateShape::Bits(256), seed).unwrap();
        let all: Vec<Record> = population(1).records(0..3, 0..2).map(Result::unwrap).collect();
        let names: Vec<_> = all.iter().map(|record| record.subject.as_str()).collect();
        assert_eq!(names, ["S000001", "S000001", "S000002", "S000002", "S000003", "S000003"]);
        let again = population(1).record(2, 1).unwrap();
        assert_eq!(hamming(&all[5].template, &again.template), 0.0);
        let other = population(2).record(2, 1).unwrap();
        assert!(hamming(&again.template, &other.template) > 0.3);
        let Template::Bits(bits) = &all[0].template else { panic!() };
        // Recorded: another value means that data made from a seed have changed.
        assert_eq!(bits.words()[0], 1_751_749_817_645_975_625);
    }

    #[test]
    fn a_model_makes_its_own_shape_only() {
        let refused = Population::new(Model::Face, TemplateShape::Bits(8), 0).unwrap_err();
        assert_eq!(refused, SyntheticError::Shape { model: Model::Face, shape: TemplateShape::Bits(8) });
        assert_eq!(Population::new(Model::Bits, TemplateShape::Bits(0), 0).unwrap_err(), TemplateError::Empty.into());
    }
}
