//! What crosses is as small as promised, on the production set.

use cotejo::agreement::{IRIS_MPC_SHAPE, Terms};
use cotejo::custodian::{AdmittedKey, Custodian, Gallery};
use cotejo::parameters::tfhe::DEFAULT;
use cotejo::planning;
use cotejo::querier::{Querier, SecretKey};
use cotejo::scheme::Opened;
use cotejo::scheme::tfhe::Tfhe;
use cotejo::template::synthetic::{Model, Population};
use cotejo::wire::{EvaluationKey, Query, Target};

use crate::fixture::rng;

fn querier(agreement: &Opened) -> (Querier<Tfhe>, EvaluationKey<Tfhe>) {
    let (secret, public) = SecretKey::<Tfhe>::generate(agreement, &mut rng(1)).unwrap();
    (Querier::new(agreement, secret), public)
}

fn ask(querier: &Querier<Tfhe>, population: &Population, probes: u32) -> Query<Tfhe> {
    let probes = population.records(0..probes, 1..2).collect::<Result<Vec<_>, _>>().unwrap();
    querier.ask(probes, Target::Gallery, &mut rng(2)).unwrap().0
}

#[test]
fn a_query_takes_eight_bytes_a_coordinate_and_a_kilobyte_a_probe() {
    let iris = Model::Iris { tilt_columns: 0 };
    for (terms, model, coordinates) in [
        (Terms::face(512), Model::Face, 512),
        (Terms::face(49), Model::Face, 49),
        (Terms::iris(IRIS_MPC_SHAPE), iris, 12_800 + 6_400),
    ] {
        let agreement = planning::open(terms).unwrap();
        assert_eq!(agreement.functional().coordinates(), coordinates);
        let (querier, _) = querier(&agreement);
        let population = Population::new(model, agreement.shape(), 1).unwrap();
        for probes in [1, 10] {
            let bytes = ask(&querier, &population, probes).to_bytes(&agreement).unwrap().len();
            let promised = probes as usize * (8 * coordinates + 1000);
            println!("{probes} probes of {coordinates} coordinates: {bytes} bytes, at most {promised}");
            assert!(bytes <= promised, "{bytes} over {promised}");
        }
    }
}

#[test]
fn an_evaluation_key_takes_32_megabytes_and_an_answer_20_kilobytes_a_probe() {
    let agreement = planning::open(Terms::face(512)).unwrap();
    assert_eq!(agreement.parameters().name(), DEFAULT);
    let (querier, public) = querier(&agreement);
    let key_bytes = public.to_bytes(&agreement).len();
    println!("evaluation key: {key_bytes} bytes");
    assert!(key_bytes <= 32_000_000);

    let population = Population::new(Model::Face, agreement.shape(), 1).unwrap();
    let references = population.records(0..2, 0..1).collect::<Result<Vec<_>, _>>().unwrap();
    let gallery = Gallery::enrol(&agreement, references).gallery.unwrap();
    let key = AdmittedKey::new(public);
    for probes in [1, 2] {
        let query = ask(&querier, &population, probes);
        let answer = Custodian::new(&agreement, &gallery, 0).unwrap().answer(&key, &query, &mut rng(3), &()).unwrap();
        let bytes = answer.to_bytes(&agreement).unwrap().len();
        println!("answer on {probes} probes: {bytes} bytes");
        assert!(bytes <= probes as usize * 20_000);
    }
}
