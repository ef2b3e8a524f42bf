//! Each stage beside a raw bootstrap of `tfhe` with the same parameters, in one run: `cargo bench --bench stages`.
//!
//! One thread unless the name says otherwise. Times are of whole batches of [`REFERENCES`]; divide for one decision.

#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::hint::black_box;

use cotejo::agreement::{IRIS_MPC_SHAPE, Terms};
use cotejo::functional::{Probe, Reference};
use cotejo::parameters::tfhe::{TFHE_896_2048, TfheSet};
use cotejo::planning;
use cotejo::querier::{Querier, SecretKey};
use cotejo::scheme::tfhe::Tfhe;
use cotejo::scheme::tfhe::laboratory::workload::Workload;
use cotejo::template::{Bits, IrisCode, IrisShape, RealVector, Record, SubjectId, Template, TemplateShape};
use cotejo::wire::Target;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use tfhe::core_crypto::prelude::*;

/// Decisions in a measurement: what two cores take in two batches each.
const REFERENCES: usize = 32;

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(1)
}

fn random_template(shape: TemplateShape, rng: &mut ChaCha20Rng) -> Template {
    match shape {
        TemplateShape::Vector(dimension) => {
            Template::Vector(RealVector::new((0..dimension).map(|_| rng.random::<f64>() - 0.5).collect()).unwrap())
        }
        TemplateShape::Bits(length) => Template::Bits(Bits::new((0..length).map(|_| rng.random())).unwrap()),
        TemplateShape::Iris(shape) => Template::Iris(random_iris(shape, rng)),
    }
}

fn random_iris(shape: IrisShape, rng: &mut ChaCha20Rng) -> IrisCode {
    let code = Bits::new((0..shape.bits()).map(|_| rng.random())).unwrap();
    let pairs: Vec<bool> = (0..shape.mask_bits()).map(|_| rng.random_bool(0.8)).collect();
    let mask = pairs.iter().flat_map(|&bit| std::iter::repeat_n(bit, shape.mask_multiplicity()));
    IrisCode::new(shape, code, Bits::new(mask).unwrap()).unwrap()
}

fn record(template: Template) -> Record {
    Record { subject: SubjectId::try_from("probe".to_owned()).unwrap(), eye: None, template }
}

/// The bootstrap as `tfhe` offers it, batched, with a constant test polynomial: what a decision is measured against.
struct Raw {
    key: FourierLweBootstrapKeyOwned,
    input: LweCiphertextListOwned<u64>,
    accumulators: GlweCiphertextListOwned<u64>,
    set: TfheSet,
}

impl Raw {
    fn new(set: &TfheSet, batch: usize) -> Self {
        let modulus = CiphertextModulus::new_native();
        let mut seeder = new_seeder();
        let mut secret = SecretRandomGenerator::<DefaultRandomGenerator>::new(seeder.seed());
        let mut noise = EncryptionRandomGenerator::<DefaultRandomGenerator>::new(seeder.seed(), seeder.as_mut());
        let dimension = LweDimension(set.lwe_dimension());
        let lwe = allocate_and_generate_new_binary_lwe_secret_key::<u64, _>(dimension, &mut secret);
        let (k, n) = (GlweDimension(set.glwe_dimension), PolynomialSize(set.polynomial_size));
        let glwe = allocate_and_generate_new_binary_glwe_secret_key(k, n, &mut secret);
        let (base, levels) =
            (DecompositionBaseLog(set.bootstrap_base_log2), DecompositionLevelCount(set.bootstrap_levels));
        let bound = TUniform::new(set.glwe_noise_log2);
        let standard =
            par_allocate_and_generate_new_lwe_bootstrap_key(&lwe, &glwe, base, levels, bound, modulus, &mut noise);
        let mut key = FourierLweBootstrapKeyOwned::new(dimension, k.to_glwe_size(), n, base, levels);
        par_convert_standard_lwe_bootstrap_key_to_fourier(&standard, &mut key);
        let mut rng = rng();
        let input = (0..batch * dimension.to_lwe_size().0).map(|_| rng.random()).collect();
        let input = LweCiphertextList::from_container(input, dimension.to_lwe_size(), modulus);
        let mut accumulators = GlweCiphertextList::new(0, k.to_glwe_size(), n, GlweCiphertextCount(batch), modulus);
        accumulators.iter_mut().for_each(|mut glwe| glwe.get_mut_body().as_mut().fill(1 << 62));
        Self { key, input, accumulators, set: *set }
    }

    fn run(&self) -> LweCiphertextListOwned<u64> {
        let (k, n) = (GlweDimension(self.set.glwe_dimension), PolynomialSize(self.set.polynomial_size));
        let fft = Fft::new(n);
        let batch = self.input.lwe_ciphertext_count();
        let requirement = batch_programmable_bootstrap_lwe_ciphertext_mem_optimized_requirement::<u64>(
            k.to_glwe_size(),
            n,
            CiphertextCount(batch.0),
            fft.as_view(),
        );
        let mut buffers = ComputationBuffers::new();
        buffers.resize(requirement.unaligned_bytes_required());
        let size = LweDimension(self.set.bootstrapped_dimension()).to_lwe_size();
        let mut output = LweCiphertextList::new(0, size, batch, CiphertextModulus::new_native());
        batch_programmable_bootstrap_lwe_ciphertext_mem_optimized(
            &self.input,
            &mut output,
            &self.accumulators,
            &self.key,
            fft.as_view(),
            buffers.stack(),
        );
        output
    }
}

fn stages(criterion: &mut Criterion) {
    let set = &TFHE_896_2048;
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let two = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    let mut group = criterion.benchmark_group("stages");
    group.sample_size(10);

    group.throughput(Throughput::Elements(REFERENCES as u64));
    for batch in [8, 16, 32] {
        let raw = Raw::new(set, batch);
        group.bench_function(format!("raw tfhe bootstrap, batches of {batch}"), |bencher| {
            bencher.iter(|| (0..REFERENCES / batch).for_each(|_| drop(black_box(raw.run()))));
        });
    }

    let workload = Workload::new(set, &mut rng());
    group.bench_function("threshold", |bencher| {
        bencher.iter(|| one.install(|| workload.thresholds(REFERENCES)));
    });
    for (name, terms) in [("512-d cosine", Terms::face(512)), ("12,800-bit iris", Terms::iris(IRIS_MPC_SHAPE))] {
        let agreement = planning::open(terms).unwrap();
        let functional = agreement.functional();
        let mut rng = rng();
        let references: Vec<Reference> = (0..REFERENCES)
            .map(|_| functional.reference(&random_template(agreement.shape(), &mut rng)).unwrap())
            .collect();
        let probe = Probe::new(functional, &[record(random_template(agreement.shape(), &mut rng))]).unwrap();
        let encrypted = workload.encrypt(functional, std::slice::from_ref(&probe), &mut rng).unwrap();
        group.bench_function(format!("distance, {name}"), |bencher| {
            bencher.iter(|| one.install(|| workload.distances(functional, &encrypted, &references)));
        });
        group.bench_function(format!("decision, {name}"), |bencher| {
            bencher.iter(|| one.install(|| workload.decisions(functional, &encrypted, &references)));
        });
        group.bench_function(format!("decision, {name}, two threads"), |bencher| {
            bencher.iter(|| two.install(|| workload.decisions(functional, &encrypted, &references)));
        });
    }

    group.throughput(Throughput::Elements(1));
    group.bench_function("sanitise one verdict", |bencher| {
        bencher.iter_batched(rng, |mut rng| one.install(|| workload.sanitise(1, &mut rng)), BatchSize::SmallInput);
    });
    for (name, terms) in [("512-d cosine", Terms::face(512)), ("12,800-bit iris", Terms::iris(IRIS_MPC_SHAPE))] {
        let agreement = planning::open(terms).unwrap();
        let (key, _) = SecretKey::<Tfhe>::generate(&agreement, &mut rng()).unwrap();
        let querier = Querier::new(&agreement, key);
        let mut rng = rng();
        let probe = record(random_template(agreement.shape(), &mut rng));
        group.bench_function(format!("encrypt, {name}"), |bencher| {
            bencher.iter(|| querier.ask(vec![probe.clone()], Target::Gallery, &mut rng).unwrap());
        });
    }
    group.bench_function("key generation, all threads", |bencher| {
        let agreement = planning::open(Terms::face(512)).unwrap();
        bencher.iter(|| SecretKey::<Tfhe>::generate(&agreement, &mut rng()).unwrap());
    });
    group.finish();
}

criterion_group!(benches, stages);
criterion_main!(benches);
