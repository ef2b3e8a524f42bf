//! Inputs that fuzzing begins from: real files of every kind, made by the library itself.

use std::io::Cursor;
use std::path::PathBuf;

use cotejo::agreement::{Disclosure, IRIS_MPC_SHAPE, SchemeChoice, SchemeId, ServiceTerms, Terms};
use cotejo::custodian::{AdmittedKey, Change, Custodian, Gallery};
use cotejo::parameters::ParameterSet;
use cotejo::parameters::custom::OwnSet;
use cotejo::planning;
use cotejo::querier::{Querier, SecretKey};
use cotejo::scheme::bgv::Bgv;
use cotejo::scheme::hybrid::Hybrid;
use cotejo::scheme::tfhe::Tfhe;
use cotejo::scheme::{Holder, Opened};
use cotejo::template::read::{self, Format};
use cotejo::template::synthetic::{Model, Population};
use cotejo::template::{Eye, Filed, Handle, Record, TemplateShape, write};
use cotejo::wire::{EvaluationKey, Kind, Query, Target};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use crate::exchange::{AGREEMENTS, EVALUATION_KEYS, IRIS, KINDS, payload_of, rewritten, wrapped};
use crate::{chosen, gallery};

/// Writes the seeds into the folder that COTEJO_SEEDS names, and ends the process; does nothing where it is not set.
pub fn write_if_asked(seeds: fn() -> Vec<Vec<u8>>) {
    let Some(folder) = std::env::var_os("COTEJO_SEEDS").map(PathBuf::from) else { return };
    std::fs::create_dir_all(&folder).expect("a folder for the seeds");
    for (number, seed) in seeds().into_iter().enumerate() {
        std::fs::write(folder.join(format!("seed-{number:02}")), seed).expect("room for the seeds");
    }
    std::process::exit(0);
}

/// Agreements with every section that the format has.
pub fn agreements() -> Vec<Vec<u8>> {
    let own = |set| OwnSet::like(ParameterSet::by_name(set).expect("a named set"), "of-our-own");
    let decimal = |text: &str| text.parse().expect("a number");
    let terms = [
        Terms::face(512),
        // Of bits: to weigh every scheme for vectors takes a second.
        Terms::hamming(512, 180).with_scheme(SchemeChoice::Auto),
        Terms::face(512).with_own_set(own("tfhe-896-2048")),
        Terms { service: Some(ServiceTerms::default()), ..Terms::fingerprint(192) },
        Terms::iris(IRIS_MPC_SHAPE),
        Terms::hamming(512, 180),
        Terms::hamming(32, 6).with_own_set(own("insecure-bgv-test")),
        Terms::hamming(32, 6).with_own_set(own("insecure-hybrid-test")),
        Terms::inner_product(64, decimal("1.0"), decimal("0.5")),
        Terms::squared_euclidean(128, decimal("1.0"), decimal("1.1")),
    ];
    let defaults = terms.into_iter().map(|terms| planning::open(terms).expect("terms that fit together").to_toml());
    let bare = |text: String| {
        let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        lines.map(|line| format!("{line}\n")).collect::<String>()
    };
    // What is left open is no agreement, and is refused as such.
    let open = Terms::hamming(512, 180).with_scheme(SchemeChoice::Auto);
    let open = planning::open(open).expect("terms that fit together").to_toml();
    let open = open.lines().map(|line| match line.split_once(" = ") {
        Some((name @ ("scheme" | "parameter_set"), _)) => format!("{name} = \"auto\"\n"),
        _ => format!("{line}\n"),
    });
    let open = std::iter::once(open.collect::<String>());
    defaults
        .chain(open)
        .chain(AGREEMENTS.iter().map(|agreement| agreement.to_toml()))
        .map(|text| bare(text).into_bytes())
        .collect()
}

/// Every format with every shape.
pub const TEMPLATE_FILES: [(Format, TemplateShape); 27] = {
    let formats = [
        Format::Npy,
        Format::Npz,
        Format::Csv,
        Format::Json,
        Format::IrisBase64,
        Format::Fvecs,
        Format::Bvecs,
        Format::Parquet,
        Format::Arrow,
    ];
    let shapes = [TemplateShape::Vector(2), TemplateShape::Bits(8), TemplateShape::Iris(IRIS)];
    let mut all = [(formats[0], shapes[0]); 27];
    let mut at = 0;
    while at < all.len() {
        all[at] = (formats[at / 3], shapes[at % 3]);
        at += 1;
    }
    all
};

/// Files of templates in every format, and of identifiers.
pub fn templates() -> Vec<Vec<u8>> {
    let choice = |format, shape| {
        let place = TEMPLATE_FILES.iter().position(|&file| file == (format, shape));
        place.expect("a format and a shape of the list")
    };
    let (vector, bits, iris) = (TemplateShape::Vector(2), TemplateShape::Bits(8), TemplateShape::Iris(IRIS));
    let mut files = Vec::new();
    let npy = |records: &[Record]| {
        let mut file = Vec::new();
        write::npy(&mut file, records).expect("vectors or bits");
        file
    };
    let arrays = [(vector, npy(&people(Model::Face, vector))), (bits, npy(&people(Model::Bits, bits)))];
    for (shape, file) in arrays {
        files.push((Format::Npy, shape, file.clone()));
        files.push((Format::Npz, shape, archive(&[("embeddings.npy", &file)])));
    }
    let mut irises = Cursor::new(Vec::new());
    write::npz(&mut irises, &people(Model::Iris { tilt_columns: 0 }, iris)).expect("irises");
    files.push((Format::Npz, iris, irises.into_inner()));
    // 512 bits in base64, of which neighbours agree as those of an iris do.
    let (code, mask) = (format!("{}{}==", "/".repeat(40), "A".repeat(46)), format!("{}w==", "/".repeat(85)));
    let quoted = |id: &str, fields: &str| format!("{{\"id\": \"{id}\", \"eye\": \"left\", {fields}}}\n").into_bytes();
    files.extend([
        (Format::Csv, vector, b"id,eye,a,b\nx,left,1,-2.5e-1\ny,right,3,4\n".to_vec()),
        (Format::Csv, vector, b"0.25,1\n0.5,0.25\n".to_vec()),
        (Format::Csv, bits, b"id,bits\nx,01101001\ny,5a\n\"z, z\",Wg==\n".to_vec()),
        (Format::Csv, iris, format!("subject,code,mask\nx,{code},{mask}\n").into_bytes()),
        (Format::Json, vector, quoted("x", "\"vector\": [0.5, -1e-3]")),
        (Format::Csv, vector, b"id,eye,quality,a,b\nx,left,0.75,1,-2.5e-1\ny,right,,3,4\n".to_vec()),
        (Format::Json, vector, quoted("x", "\"quality\": 0.75, \"vector\": [0.5, -1e-3]")),
        (Format::Fvecs, vector, b"\x02\0\0\0\0\0\0\x3f\0\0\x80\xbf\x02\0\0\0\0\0\0\x3e\0\0\0\0".to_vec()),
        (Format::Bvecs, vector, b"\x02\0\0\0\x01\x80\x02\0\0\0\xff\0".to_vec()),
        (Format::Json, bits, quoted("x", "\"bits\": \"01101001\"")),
        (Format::Json, iris, quoted("x", &format!("\"code\": \"{code}\", \"mask\": \"{mask}\""))),
        (Format::IrisBase64, iris, format!("{code}\n{mask}\n{code}\n{mask}\n").into_bytes()),
        (
            Format::IrisBase64,
            iris,
            format!(
                "{{\"left_iris_code\": \"{code}\", \"left_mask_code\": \"{mask}\", \"right_iris_code\": \"{code}\", \
                 \"right_mask_code\": \"{mask}\"}}"
            )
            .into_bytes(),
        ),
    ]);
    // As pyarrow writes them, of two numbers: no compression, snappy, lz4.
    files.push((Format::Parquet, vector, include_bytes!("columns/plain.parquet").to_vec()));
    files.push((Format::Parquet, vector, include_bytes!("columns/snappy.parquet").to_vec()));
    files.push((Format::Parquet, bits, include_bytes!("columns/bits.parquet").to_vec()));
    files.push((Format::Arrow, vector, include_bytes!("columns/lz4.arrow").to_vec()));
    files.push((Format::Arrow, bits, include_bytes!("columns/stream.arrow").to_vec()));
    let mut seeds = Vec::new();
    for (format, shape, file) in files {
        let read = read::records(&file, format, shape, None);
        read.unwrap_or_else(|error| panic!("a seed of {format} is refused: {error}"));
        seeds.push(chosen(choice(format, shape), &file));
    }
    for ids in [&b"# exported today\nanna\n\"bert, 2\",left\ncarl\tR\n\n"[..], &integers()] {
        read::identities(ids).expect("identifiers");
        seeds.push(chosen(TEMPLATE_FILES.len(), ids));
    }
    seeds
}

/// The payload of every kind under every agreement, and edits of evaluation keys.
pub fn payloads() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (number, agreement) in AGREEMENTS.iter().enumerate() {
        for (kind, payload) in exchanged(agreement) {
            let choice = number * KINDS.len() + KINDS.iter().position(|&other| other == kind).expect("an envelope");
            if let Err(error) = rewritten(kind, agreement, &wrapped(kind, agreement, &payload)) {
                panic!("a seed of a {kind} is refused: {error}");
            }
            seeds.push(chosen(choice, &payload));
        }
    }
    for (number, (agreement, key)) in EVALUATION_KEYS.iter().enumerate() {
        let agreement = &AGREEMENTS[*agreement];
        if let Err(error) = rewritten(Kind::EvaluationKey, agreement, &wrapped(Kind::EvaluationKey, agreement, key)) {
            panic!("an evaluation key is refused: {error}");
        }
        // Nothing; the first number one higher; eight bytes more at the end.
        for edit in [vec![0; 5], vec![0, 0, 0, 1, 0, key[0].wrapping_add(1)], vec![255; 13]] {
            seeds.push(chosen(AGREEMENTS.len() * KINDS.len() + number, &edit));
        }
    }
    seeds
}

/// Whole files: envelopes as they are and with checksums put right, and galleries likewise.
pub fn files() -> Vec<Vec<u8>> {
    let agreement = &AGREEMENTS[0];
    let envelopes = KINDS.map(|kind| wrapped(kind, agreement, b"payload"));
    let envelopes = envelopes.iter().flat_map(|file| [chosen(0, file), chosen(1, file)]);
    envelopes.chain(AGREEMENTS.iter().map(|agreement| chosen(2, &changed_gallery(agreement)))).collect()
}

/// A gallery with every kind of segment, under each agreement.
pub fn galleries() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (number, agreement) in AGREEMENTS.iter().enumerate() {
        let file = changed_gallery(agreement);
        assert!(
            gallery::with_checksums(file.clone()) == file,
            "the layout of galleries has changed: so must src/gallery.rs"
        );
        seeds.extend([chosen(2 * number, &file), chosen(2 * number + 1, &file)]);
    }
    seeds
}

/// Some enrolled, some appended with handles, a second reference, two removed, of whom one is restored; one replaced.
fn changed_gallery(agreement: &Opened) -> Vec<u8> {
    let people = enrolled(agreement);
    let mut gallery = Gallery::enrol(agreement, people[..3].to_vec()).gallery.expect("people who can be enrolled");
    let filed = |record: Record| Filed { handle: Handle::new(format!("case {}", record.subject)).ok(), record };
    let append = |gallery: &Gallery| gallery.append(people[3..].iter().cloned().map(filed)).change;
    let [one, other] = [0, 2].map(|person: usize| people[person].subject.clone());
    let remove = |gallery: &Gallery| gallery.remove(&[one.clone(), other.clone()]).expect("two who are enrolled");
    let restore = |gallery: &Gallery| gallery.restore(std::slice::from_ref(&other)).ok()?.change;
    let replaced = |record: &Record| Record { subject: people[4].subject.clone(), ..record.clone() };
    let replace = |gallery: &Gallery| gallery.replace(people[..2].iter().map(replaced)).change;
    for change in [&append as &dyn Fn(&Gallery) -> Option<Change>, &remove, &restore, &replace] {
        let Some(change) = change(&gallery) else { panic!("a change that changes nothing") };
        let file = change.applied_to(gallery.as_bytes()).expect("a vector takes whatever is written to it");
        gallery = Gallery::open(file, agreement).expect("a gallery that was just changed");
    }
    gallery.as_bytes().to_vec()
}

/// People with templates as the agreement wants them.
fn enrolled(agreement: &Opened) -> Vec<Record> {
    let model = match agreement.shape() {
        TemplateShape::Vector(_) => Model::Face,
        TemplateShape::Bits(_) => Model::Bits,
        TemplateShape::Iris(_) => Model::Iris { tilt_columns: 0 },
    };
    people(model, agreement.shape())
}

/// Three people with two samples each: a left eye and a right one, where they have eyes.
fn people(model: Model, shape: TemplateShape) -> Vec<Record> {
    let population = Population::new(model, shape, 1).expect("a model of that shape");
    let records = population.records(0..3, 0..2).map(|record| record.expect("a template"));
    let with_eye = |(number, record): (usize, Record)| {
        let eye = matches!(shape, TemplateShape::Iris(_)).then_some([Eye::Left, Eye::Right][number % 2]);
        Record { eye, ..record }
    };
    records.enumerate().map(with_eye).collect()
}

/// Payloads of one exchange, but for the evaluation key, of which there are edits.
fn exchanged(agreement: &Opened) -> Vec<(Kind, Vec<u8>)> {
    match agreement.scheme() {
        SchemeId::Tfhe => {
            let mut payloads = Vec::new();
            let (public, query) = asked::<Tfhe>(agreement, &mut payloads);
            let gallery = Gallery::enrol(agreement, enrolled(agreement)).gallery.expect("people who can be enrolled");
            let custodian = Custodian::new(agreement, &gallery, 0).expect("a custodian of that scheme");
            let key = AdmittedKey::new(public);
            let answer = custodian.answer(&key, &query, &mut ChaCha20Rng::seed_from_u64(2), &()).expect("an answer");
            payloads.push((Kind::Answer, payload_of(&answer.to_bytes(agreement).expect("an answer")).to_vec()));
            payloads
        }
        SchemeId::Bgv => asked_alone::<Bgv>(agreement),
        SchemeId::Hybrid => asked_alone::<Hybrid>(agreement),
    }
}

/// Payloads of one exchange that nobody answered.
fn asked_alone<S: Holder>(agreement: &Opened) -> Vec<(Kind, Vec<u8>)> {
    let mut payloads = Vec::new();
    asked::<S>(agreement, &mut payloads);
    payloads.push((Kind::Answer, like_an_answer(agreement)));
    payloads
}

/// A query, its keys, and what the querier keeps.
fn asked<S: Holder>(agreement: &Opened, payloads: &mut Vec<(Kind, Vec<u8>)>) -> (EvaluationKey<S>, Query<S>) {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let (secret, public) = SecretKey::<S>::generate(agreement, &mut rng).expect("keys");
    payloads.push((Kind::SecretKey, payload_of(&secret.to_secret_bytes(agreement)).to_vec()));
    let querier = Querier::new(agreement, secret);
    let probes = enrolled(agreement)[1..3].to_vec();
    let (query, pending) = querier.ask(probes, Target::Gallery, &mut rng).expect("a query");
    payloads.push((Kind::Query, payload_of(&query.to_bytes(agreement).expect("a query")).to_vec()));
    payloads.push((Kind::Pending, payload_of(&pending.to_bytes(agreement).expect("a pending query")).to_vec()));
    (public, query)
}

/// An answer of a scheme of blocks on two probes that nobody has computed, which would take a quarter of a minute here: of residues 1, 0, 0, 0, 1,
/// ..., four of which take fifteen bytes, and of as few ring elements and samples as are accepted.
fn like_an_answer(agreement: &Opened) -> Vec<u8> {
    let disclosure = agreement.terms().disclosure as u32;
    let verdicts = match agreement.terms().disclosure {
        Disclosure::Any => 1,
        Disclosure::Each | Disclosure::Count => 3,
        Disclosure::Labelled => agreement.terms().limits.hits_per_probe.expect("a number of hits") as u32,
    };
    // Query id, version of the gallery, disclosure, probes, verdicts of a probe, with their length in front.
    let clear =
        [&36u32.to_le_bytes()[..], &[3; 16], &[4; 8], &[disclosure, 2, verdicts].map(u32::to_le_bytes).concat()]
            .concat();
    let mut group = [0; 15];
    group[0] = 1;
    let parameters = agreement.parameters();
    let ring = parameters.bgv().or_else(|| Some(parameters.hybrid()?.ring())).expect("a scheme of blocks");
    let [element, sample] = [ring.answer_block_bytes(), ring.answer_sample_bytes()].map(|bytes| bytes / group.len());
    // Of either probe four elements at most, and the eight samples of a key.
    let groups = (0..=8).flat_map(|elements| (0..=16).map(move |samples| elements * element + samples * sample));
    let answers = groups.map(|groups| [&clear[..], &group.repeat(groups)].concat());
    let mut accepted = answers
        .filter(|payload| rewritten(Kind::Answer, agreement, &wrapped(Kind::Answer, agreement, payload)).is_ok());
    accepted.next().expect("an answer of that length")
}

/// A `.npy` file of two integers.
fn integers() -> Vec<u8> {
    let header = "{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }\n";
    let length = (header.len() as u16).to_le_bytes();
    let numbers = [7i64, -1].map(i64::to_le_bytes);
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), &numbers.concat()].concat()
}

/// A `.zip` archive of stored files.
fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).expect("a file in the archive");
        std::io::Write::write_all(&mut zip, content).expect("room in memory");
    }
    zip.finish().expect("an archive").into_inner()
}
