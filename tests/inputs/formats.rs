//! Vectors as other programs write them: read, or refused with the line that mends it.

use crate::files::{NUMBERS, PERSONS, compared, faces, hits};

const REFERENCE: [&str; 2] = ["reference.npy", "reference.ids.txt"];

/// Files that are read: with whose names, and what is said beside.
const READ: [(&str, [&str; 4], &str); 31] = [
    ("an_axis_of_one.npy", NUMBERS, "numbered"),
    ("fortran.npy", NUMBERS, "numbered"),
    ("big_endian.npy", NUMBERS, "numbered"),
    ("half.npy", NUMBERS, "numbered"),
    ("unnamed_arrays.npz", NUMBERS, "may `arr_1` be the ids?"),
    ("insightface.npz", NUMBERS, "not read: array `bbox`, `det_score`"),
    ("lists.csv", PERSONS, "ids from column `id`"),
    ("numpy_2_lists.csv", PERSONS, "ids from column `id`"),
    ("pgvector.csv", PERSONS, "ids from column `id`"),
    ("deepface.csv", NUMBERS, "not read: column `facial_area`, `face_confidence`"),
    ("decimal_commas.csv", PERSONS, "ids from column `id`"),
    ("tabs.tsv", PERSONS, "ids from column `id`"),
    ("savetxt.txt", NUMBERS, "numbered"),
    ("savetxt_header.csv", NUMBERS, "numbered"),
    ("last_comma.csv", NUMBERS, "numbered"),
    ("comment.csv", PERSONS, "ids from column `id`"),
    ("utf_16.csv", PERSONS, "ids from column `id`"),
    ("deepface.jsonl", NUMBERS, "not read: field `facial_area`, `face_confidence`"),
    ("pinecone.jsonl", PERSONS, "not read: field `metadata`"),
    ("qdrant.jsonl", PERSONS, "not read: field `payload`"),
    ("bare.jsonl", NUMBERS, "numbered"),
    ("nested.jsonl", PERSONS, "ids from field `id`"),
    ("texts.jsonl", PERSONS, "ids from field `id`"),
    ("pretty.jsonl", PERSONS, "ids from field `id`"),
    ("list.json", PERSONS, "ids from field `id`"),
    ("by_id.json", PERSONS, "ids are the names of its fields"),
    ("chroma.json", PERSONS, "not read: field `metadatas`"),
    ("labels.npz", PERSONS, "ids from array `labels`"),
    ("o.fvecs", NUMBERS, "numbered"),
    ("fvecs_as.npy", NUMBERS, "numbered"),
    ("packed_again.npz", PERSONS, "ids from array `ids`"),
];

#[test]
fn what_other_programs_write_is_read() {
    let desk = faces(&[&REFERENCE[..], &READ.map(|(file, ..)| file)[..]].concat());
    for (file, names, note) in READ {
        let (said, pairs) = compared(&desk, "", file, "reference.npy");
        let expected: Vec<(&str, &str)> = names.into_iter().zip(PERSONS).collect();
        assert_eq!(hits(&pairs), expected, "{file}: {said}");
        assert!(said.contains(note), "{file}: {said}");
        assert!(pairs.iter().all(|(_, _, hit, score)| !hit || *score > 0.95), "{file}");
    }
}

#[test]
fn an_array_of_one_axis_is_one_probe() {
    let desk = faces(&[&REFERENCE[..], &["one_axis.npy", "without_extension"]].concat());
    assert_eq!(hits(&compared(&desk, "", "one_axis.npy", "reference.npy").1), [("1", "ana")]);
    let (_, pairs) = compared(&desk, "", "without_extension", "reference.npy");
    assert_eq!(hits(&pairs), NUMBERS.into_iter().zip(PERSONS).collect::<Vec<_>>());
}

/// Files that are refused: what is said of them, and what mends them.
const REFUSED: [(&str, &str, &str); 18] = [
    ("scalar.npy", "the array: shape [] where (records, 8) is expected", "reshape"),
    ("transposed.npy", "the array: shape [8, 5] where (records, 8) is expected", "T where rows are columns"),
    ("dictionary.npy", "one object of Python, such as a dictionary", ".item()"),
    ("objects.npy", "objects of Python, pickled", "numpy.stack"),
    ("records.npy", "records with the fields `id`, `emb`", "a[\"...\"]"),
    ("long_double.npy", "elements of type <f16", "astype(\"float64\")"),
    ("complex.npy", "elements of type <c8", "numpy.real"),
    ("int8.npy", "elements of type |i1", "astype"),
    ("raw.npy", "a file of bytes without a header", "numpy.fromfile"),
    ("appended.npy", "a second array follows the first", "numpy.concatenate"),
    ("lzma.npz", "not a readable .npz archive", "numpy.savez"),
    ("two_embeddings.npz", "arrays `embeddings` and `vectors` may both be meant", "leave one out"),
    ("shortened.csv", "`embedding` was shortened to \"...\"", "tolist()"),
    ("o.pkl", "a Python pickle", "pickle.load"),
    ("o.npy.gz", "a file compressed by gzip", "gunzip"),
    ("o.h5", "an HDF5 file", "h5py.File"),
    // A table with a coordinate a column.
    ("o.parquet", "no `embedding` and no other column", "name the column"),
    ("o.mat", "a MATLAB file", "scipy.io.loadmat"),
];

#[test]
fn what_is_not_read_is_refused_with_the_line_that_mends_it() {
    let desk = faces(&REFUSED.map(|(file, ..)| file));
    for (file, what, remedy) in REFUSED {
        let stderr = desk.refused(&format!("enroll --templates {file} --out out.cotejo"), file, what);
        let told = stderr.split_once("remedy: ").unwrap().1;
        assert!(told.contains(remedy) && !told.contains("--format"), "{file}: {stderr}");
    }
}

#[test]
fn a_format_that_is_said_is_not_forced_upon_another() {
    let desk = faces(&["reference.npy"]);
    desk.refused(
        "enroll --templates reference.npy --format csv --out out.cotejo",
        "reference.npy",
        "its content is .npy, not CSV",
    );
}
