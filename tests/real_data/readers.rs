//! Files as others publish them are read as others describe them.

use cotejo::template::read::{self, Format};
use cotejo::template::{Bits, Eye, IrisCode, IrisShape, MaskSharing, Record, Template, TemplateShape};

use crate::data;

/// Codes of iris-mpc.
const IRIS_MPC: IrisShape = IrisShape { rows: 16, columns: 200, channels: 4, mask: MaskSharing::ByPair };

fn irises(records: &[Record]) -> Vec<&IrisCode> {
    records
        .iter()
        .map(|record| match &record.template {
            Template::Iris(iris) => iris,
            other => panic!("{other:?}"),
        })
        .collect()
}

/// Differing valid bits and common valid bits.
fn distance(a: &IrisCode, b: &IrisCode) -> (u32, u32) {
    let words = a.code().words().iter().zip(a.mask().words()).zip(b.code().words().iter().zip(b.mask().words()));
    words.fold((0, 0), |(differing, common), ((code_a, mask_a), (code_b, mask_b))| {
        let both = mask_a & mask_b;
        (differing + ((code_a ^ code_b) & both).count_ones(), common + both.count_ones())
    })
}

fn first_lines(bytes: &[u8], count: usize) -> Vec<u8> {
    bytes.split_inclusive(|&byte| byte == b'\n').take(count).flatten().copied().collect()
}

#[test]
fn put_face_vectors() {
    let (Some(embeddings), Some(subjects)) = (data("put-face49/embeddings.npy"), data("put-face49/subjects.npy"))
    else {
        return;
    };
    let records = read::records(&embeddings, Format::Npy, TemplateShape::Vector(49), None).unwrap();
    assert_eq!(records.len(), 1095);
    assert_eq!(records[1094].subject.as_str(), "1095");
    let Template::Vector(first) = &records[0].template else { panic!() };
    let bytes = embeddings[embeddings.len() - 1095 * 49 * 4..].first_chunk::<4>().unwrap();
    assert_eq!(first.coordinates()[0], f64::from(f32::from_le_bytes(*bytes)));
    assert!(read::records(&embeddings, Format::Npy, TemplateShape::Vector(512), None).is_err());
    assert!(read::records(&subjects, Format::Npy, TemplateShape::Vector(49), None).is_err());
}

#[test]
fn mmu1_irises() {
    let Some(bytes) = data("mmu1-iris/templates.npz") else { return };
    let shape = IrisShape { rows: 20, columns: 240, channels: 2, mask: MaskSharing::ByPair };
    let records = read::records(&bytes, Format::Npz, TemplateShape::Iris(shape), None).unwrap();
    assert_eq!(records.len(), 450);
    let named: Vec<_> = records.iter().map(|record| (record.subject.as_str(), record.eye.unwrap())).collect();
    assert_eq!(named[..5], [("1", Eye::Left); 5]);
    assert_eq!(named[5..10], [("1", Eye::Right); 5]);
    let subjects: std::collections::HashSet<_> = named.iter().map(|(subject, _)| subject).collect();
    assert_eq!(subjects.len(), 45);
    let without_valid_bit = irises(&records).iter().filter(|iris| iris.valid_bits() == 0).count();
    assert_eq!(without_valid_bit, 7);
}

#[test]
fn distances_published_with_iris_mpc() {
    let Some(bytes) = data("worldcoin-iris-mpc/random_codes.txt") else { return };
    let read = |bytes: &[u8]| read::records(bytes, Format::IrisBase64, TemplateShape::Iris(IRIS_MPC), None);
    let records = read(&first_lines(&bytes, 4)).unwrap();
    let [probe, gallery] = irises(&records)[..] else { panic!() };
    assert_eq!(distance(probe, gallery), (1648, 3212));
    let best = (-15..=15)
        .map(|columns| (columns, distance(&probe.rolled(columns), gallery)))
        .min_by(|(_, (a, b)), (_, (c, d))| (a * d).cmp(&(c * b)))
        .unwrap();
    assert_eq!(best, (9, (1577, 3278)));
    // The file goes on with the expected distances, which are no templates.
    let refused = read(&bytes).unwrap_err().to_string();
    assert!(refused.starts_with("line 5:"), "{refused}");
}

#[test]
fn rotations_published_with_iris_mpc() {
    let Some(bytes) = data("worldcoin-iris-mpc/all_rotations.txt") else { return };
    let text = String::from_utf8(bytes).unwrap();
    let (code, rotations) = text.split_once('\n').unwrap();
    let ones = Bits::new(std::iter::repeat_n(true, IRIS_MPC.bits())).unwrap();
    let pair = format!("{code}\n{}\n", base64(&ones.to_msb_first()));
    let records = read::records(pair.as_bytes(), Format::IrisBase64, TemplateShape::Iris(IRIS_MPC), None).unwrap();
    let unrotated = irises(&records)[0];
    let mut seen = Vec::new();
    for line in rotations.lines().filter(|line| !line.trim().is_empty()) {
        let (columns, bits) = line.split_once(':').unwrap();
        let columns: i32 = columns.trim().parse().unwrap();
        let expected = Bits::new(bits.chars().filter(|c| matches!(c, '0' | '1')).map(|bit| bit == '1')).unwrap();
        assert!(*unrotated.rolled(columns).code() == expected, "rotation {columns}");
        seen.push(columns);
    }
    assert_eq!(seen, (-15..=15).collect::<Vec<_>>());
}

#[test]
fn mirrored_codes_of_iris_mpc() {
    let Some(bytes) = data("worldcoin-iris-mpc/flipped_codes.txt") else { return };
    let records = read::records(&bytes, Format::IrisBase64, TemplateShape::Iris(IRIS_MPC), None).unwrap();
    let [code, mirrored] = irises(&records)[..] else { panic!() };
    assert_eq!(code.valid_bits(), mirrored.valid_bits());
    assert_eq!(code.mask().len(), 12_800);
}

#[test]
fn both_eyes_of_an_iris_mpc_object() {
    let Some(bytes) = data("worldcoin-iris-mpc/iris_codes.json") else { return };
    let all = read::records(&bytes, Format::IrisBase64, TemplateShape::Iris(IRIS_MPC), None).unwrap();
    assert_eq!(all.iter().map(|record| record.eye.unwrap()).collect::<Vec<_>>(), [Eye::Left, Eye::Right]);
    assert!(all.iter().all(|record| record.subject.as_str() == "1"));
    assert_eq!(irises(&all)[0].valid_bits(), 2 * (3066 + 3082));
}

#[test]
fn open_iris_templates() {
    let (Some(filters), Some(whole)) =
        (data("worldcoin-open-iris/iris_template_e2e.npz"), data("worldcoin-open-iris/orb_pipeline_template.npz"))
    else {
        return;
    };
    let shape = IrisShape { rows: 16, columns: 256, channels: 4, mask: MaskSharing::PerBit };
    let read = |bytes| read::records(bytes, Format::Npz, TemplateShape::Iris(shape), None).unwrap();
    let (filters, whole) = (read(&filters), read(&whole));
    assert_eq!((filters.len(), whole.len()), (1, 1));
    assert_eq!(irises(&filters)[0].valid_bits(), 6350 + 6524);
    assert_eq!(irises(&whole)[0].valid_bits(), 12_194);
    // The first filter is of the lower frequency: its bits change least from column to column, in both layouts.
    for iris in [irises(&filters)[0], irises(&whole)[0]] {
        let bits: Vec<bool> = iris.code().iter().collect();
        let changes =
            |channel| (0..16 * 256 - 1_usize).filter(|&i| bits[4 * i + channel] != bits[4 * i + 4 + channel]).count();
        assert!(changes(0).max(changes(1)) < changes(2).min(changes(3)));
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
