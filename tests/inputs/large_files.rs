//! Files that are larger than what may be in memory of them.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::process::Command;

use crate::galleries_in_databases::vectors;
use crate::peak::peak_of;
use crate::support::Desk;

const DIMENSION: usize = 512;
const VECTORS: usize = 45_000;
/// What enrolling takes beside the program itself: a piece of the file, the first references that wait (16 MiB) and who they are of.
const MOST_BYTES: u64 = 150_000_000;

/// A coordinate of a vector, of twelve bits, which eleven decimals tell exactly; no two vectors are alike.
fn coordinate(vector: usize, index: usize) -> f32 {
    let mixed = (vector * DIMENSION + index + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 52;
    mixed as f32 / 2048.0 - 1.0
}

fn row(vector: usize) -> impl Iterator<Item = f32> {
    (0..DIMENSION).map(move |index| coordinate(vector, index))
}

fn npy() -> Vec<u8> {
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({VECTORS}, {DIMENSION}), }}");
    header.extend(std::iter::repeat_n(' ', 117 - header.len()));
    header.push('\n');
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend((0..VECTORS).flat_map(row).flat_map(f32::to_le_bytes));
    file
}

fn desk() -> Desk {
    let desk = Desk::empty();
    desk.ok(&format!(
        "agreement init --modality face --dimension {DIMENSION} --references {VECTORS} --parameter-set insecure-test --allow-insecure"
    ));
    desk
}

/// Enrolls a file within the limit; the gallery's bytes but for its random ones.
fn enrolled(desk: &Desk, options: &str, file: &str, size: u64) -> Vec<u8> {
    let options = format!("--templates {file} {options}");
    enrolled_from(desk, &options.split_whitespace().collect::<Vec<_>>(), file, size)
}

/// The same of whatever is named by options; `file` is what the gallery is called after.
fn enrolled_from(desk: &Desk, options: &[&str], file: &str, size: u64) -> Vec<u8> {
    let mut enroll = Command::new(env!("CARGO_BIN_EXE_cotejo"));
    let gallery = format!("{file}.cotejo");
    let peak = peak_of(enroll.current_dir(desk.path("")).args(["enroll", "--out", &gallery]).args(options));
    println!("{file}: {:.0} MB of memory for {:.0} MB", peak as f64 / 1e6, size as f64 / 1e6);
    assert!(peak < MOST_BYTES && size > MOST_BYTES / 2, "{file}: {peak} bytes of memory for {size}");
    let mut gallery = desk.read(&format!("{file}.cotejo"));
    fs::remove_file(desk.path(&format!("{file}.cotejo"))).unwrap();
    // Behind the header and the segment's head, each of which ends with what depends on the salt, before the commit.
    let end = gallery.len() - 32;
    gallery.drain(end..);
    gallery.drain(..192);
    gallery
}

#[test]
fn a_table_its_archive_csv_json_lines_and_a_query_are_enrolled_piece_by_piece() {
    let desk = desk();
    let ids: String = (0..VECTORS).map(|vector| format!("person {vector}\n")).collect();
    let table = npy();
    desk.write("table.npy", &table);
    desk.write("ids.txt", &ids);
    let expected = enrolled(&desk, "--ids ids.txt", "table.npy", table.len() as u64);

    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file("embeddings.npy", zip::write::SimpleFileOptions::DEFAULT).unwrap();
    archive.write_all(&table).unwrap();
    desk.write("archive.npz", archive.finish().unwrap().into_inner());
    assert!(enrolled(&desk, "--ids ids.txt", "archive.npz", table.len() as u64) == expected, "archive.npz");
    fs::remove_file(desk.path("archive.npz")).unwrap();

    let written = |name: &str, before: &str, line: &dyn Fn(usize, &str) -> String| {
        let mut file = BufWriter::new(File::create(desk.path(name)).unwrap());
        file.write_all(before.as_bytes()).unwrap();
        for vector in 0..VECTORS {
            let values: Vec<String> = row(vector).map(|value| f64::from(value).to_string()).collect();
            file.write_all(line(vector, &values.join(",")).as_bytes()).unwrap();
        }
        file.into_inner().unwrap().metadata().unwrap().len()
    };
    let header: String = (1..=DIMENSION).map(|column| format!(",v{column}")).collect();
    let size = written("table.csv", &format!("id{header}\n"), &|vector, values| format!("person {vector},{values}\n"));
    assert!(enrolled(&desk, "", "table.csv", size) == expected, "table.csv");
    fs::remove_file(desk.path("table.csv")).unwrap();

    // A damaged line does not take what follows it into memory.
    let damaged = "{\"id\": \"damaged\", \"vector\": [0.5, \n";
    let size = written("lines.jsonl", "", &|vector, values| {
        let line = format!("{{\"id\": \"person {vector}\", \"vector\": [{values}]}}\n");
        if vector == 1 { damaged.to_owned() + &line } else { line }
    });
    assert!(enrolled(&desk, "--skip-refused", "lines.jsonl", size) == expected, "lines.jsonl");
    fs::remove_file(desk.path("lines.jsonl")).unwrap();

    let Some(mut database) = vectors("large") else { return };
    database.client.batch_execute(&format!("CREATE TABLE faces (number int8, embedding vector({DIMENSION}))")).unwrap();
    let mut copying = database.client.copy_in("COPY faces FROM STDIN").unwrap();
    for vector in 0..VECTORS {
        let values: Vec<String> = row(vector).map(|value| f64::from(value).to_string()).collect();
        copying.write_all(format!("{vector}\t[{}]\n", values.join(",")).as_bytes()).unwrap();
    }
    copying.finish().unwrap();
    let query = "SELECT 'person ' || number AS id, embedding FROM faces ORDER BY number";
    let options = ["--from", &database.location, "--query", query];
    assert!(enrolled_from(&desk, &options, "query", table.len() as u64) == expected, "a query");
}
