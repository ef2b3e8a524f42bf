//! Feature vectors: a direction of the subject's own, and what each capture adds to it.

use super::{Model, Random};
use crate::template::{RealVector, TemplateError};

/// How alike the samples of a subject are, and how unlike those of two.
struct Spread {
    /// Mean and deviation of a sample's *quality*: its cosine to the subject's own direction. The cosine of two
    /// samples is about the product of their qualities.
    quality: (f64, f64),
    /// Deviation of a coordinate among subjects, as a function of its place in (0, 1). The more it varies, the fewer
    /// coordinates count: (sum of squares)^2 / sum of fourth powers.
    deviation: fn(f64) -> f64,
    /// Length of a vector.
    norm: (f64, f64),
}

fn spread(model: Model) -> Spread {
    match model {
        Model::Face => Spread { quality: (0.806, 0.078), deviation: |place| place, norm: (1.0, 1.0) },
        Model::Fingerprint => Spread { quality: (0.775, 0.105), deviation: f64::sqrt, norm: (1.0, 1.0) },
        _ => Spread { quality: (0.806, 0.078), deviation: |_| 1.0, norm: (0.8, 0.99) },
    }
}

/// One vector, its coordinates rounded to single precision so that it survives a `.npy` of `float32`.
pub(super) fn sample(
    model: Model,
    dimension: usize,
    person: &mut Random,
    capture: &mut Random,
) -> Result<RealVector, TemplateError> {
    let spread = spread(model);
    let own = direction(dimension, spread.deviation, person);
    let added = direction(dimension, spread.deviation, capture);
    let (mean, deviation) = spread.quality;
    let quality = (mean + deviation * capture.normal()).clamp(0.2, 0.98);
    let rest = (1.0 - quality * quality).sqrt();
    let vector: Vec<f64> = own.iter().zip(added).map(|(own, added)| quality * own + rest * added).collect();
    let norm = capture.between(spread.norm.0, spread.norm.1);
    RealVector::new(scaled(vector, norm).into_iter().map(|x| f64::from(x as f32)).collect())
}

/// A random vector of length 1.
fn direction(dimension: usize, deviation: fn(f64) -> f64, random: &mut Random) -> Vec<f64> {
    // Multiples of the golden ratio fill (0, 1) evenly, and mix strong coordinates with weak ones as real models do.
    let place = |index: usize| ((index as f64 + 0.5) * 0.618_033_988_749_894_9).fract();
    scaled((0..dimension).map(|index| deviation(place(index)) * random.normal()).collect(), 1.0)
}

fn scaled(vector: Vec<f64>, norm: f64) -> Vec<f64> {
    let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
    // A vector of length zero does not come up; if it did, any direction is as good.
    match length {
        0.0 => vec![norm / (vector.len() as f64).sqrt(); vector.len()],
        _ => vector.iter().map(|x| norm * x / length).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::spread;
    use super::super::{Model, Population};
    use crate::template::{RealVector, Template, TemplateShape};

    fn cosine(a: &RealVector, b: &RealVector) -> f64 {
        let dot: f64 = a.coordinates().iter().zip(b.coordinates()).map(|(x, y)| x * y).sum();
        dot / a.norm() / b.norm()
    }

    /// First and second samples of subjects.
    fn samples(model: Model, dimension: usize) -> Vec<[RealVector; 2]> {
        let population = Population::new(model, TemplateShape::Vector(dimension), 3).unwrap();
        let vector = |subject, sample| match population.record(subject, sample).unwrap().template {
            Template::Vector(vector) => vector,
            _ => panic!(),
        };
        (0..400).map(|subject| [vector(subject, 0), vector(subject, 1)]).collect()
    }

    #[test]
    fn cosines_spread_as_stated() {
        for (model, dimension, mean, deviation, impostors) in [
            (Model::Face, 512, 0.65, 0.10, 0.06),
            (Model::Fingerprint, 192, 0.60, 0.12, 0.08),
            (Model::Vector, 256, 0.65, 0.10, 1.0 / 16.0),
        ] {
            let samples = samples(model, dimension);
            let genuine = spread(samples.iter().map(|[a, b]| cosine(a, b)));
            let impostor = spread(samples.windows(2).map(|pair| cosine(&pair[0][0], &pair[1][1])));
            assert!((genuine.0 - mean).abs() < 0.02, "{model:?} genuine {genuine:?}");
            assert!((genuine.1 - deviation).abs() < 0.015, "{model:?} genuine {genuine:?}");
            assert!(impostor.0.abs() < 0.02, "{model:?} impostor {impostor:?}");
            assert!((impostor.1 - impostors).abs() < 0.008, "{model:?} impostor {impostor:?}");
        }
    }

    #[test]
    fn vectors_have_the_length_stated_in_single_precision() {
        for (model, low, high) in [(Model::Face, 0.999_999, 1.000_001), (Model::Vector, 0.8, 0.99)] {
            for vector in samples(model, 64).iter().flatten() {
                assert!((low..=high).contains(&vector.norm()), "{}", vector.norm());
                assert!(vector.coordinates().iter().all(|&x| f64::from(x as f32) == x));
            }
        }
    }
}
