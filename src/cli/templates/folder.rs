//! A folder where a file of templates is wanted: what it is, by what is in it, and the line that makes a file of it.

use std::path::Path;

use crate::cli::failure::Failure;

/// What a folder is, by the name of something in it.
struct Kind {
    inside: fn(&str) -> bool,
    what: &'static str,
    remedy: &'static str,
}

const KINDS: [Kind; 6] = [
    Kind {
        inside: |name| name == "_versions" || name.ends_with(".lance"),
        what: "is a folder: a Lance data set",
        remedy: "convert it in Python: import lance; lance.dataset(\"FOLDER\").to_table().to_pandas().to_csv(\"new.csv\", index=False)",
    },
    Kind {
        inside: |name| name == "_delta_log",
        what: "is a folder: a Delta table",
        remedy: "convert it in Python: from deltalake import DeltaTable; DeltaTable(\"FOLDER\").to_pandas().to_csv(\"new.csv\", index=False)",
    },
    Kind {
        inside: |name| name == "dataset_info.json" || name == "dataset_dict.json",
        what: "is a folder: a data set of Hugging Face's datasets",
        remedy: "convert it in Python: import datasets; datasets.load_from_disk(\"FOLDER\").to_csv(\"new.csv\") \
                 (of one with parts, load_from_disk(\"FOLDER\")[\"train\"])",
    },
    Kind {
        inside: |name| matches!(name, ".zarray" | ".zgroup" | "zarr.json"),
        what: "is a folder: a Zarr array",
        remedy: "convert it in Python: import zarr, numpy; numpy.save(\"new.npy\", zarr.open(\"FOLDER\")[:].astype(\"float32\"))",
    },
    Kind {
        inside: |name| ends_with(name, &[".parquet"]),
        what: "is a folder of Parquet files",
        remedy: "name one of its files, or join them in Python: import pandas; \
                 pandas.read_parquet(\"FOLDER\").to_parquet(\"new.parquet\")",
    },
    Kind {
        inside: |name| ends_with(name, &[".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".jp2"]),
        what: "is a folder of pictures, and no templates",
        remedy: "templates are made from pictures by a face, finger or iris recognition program; give what it wrote",
    },
];

/// So many names in a folder are looked at.
const MOST_NAMES: usize = 10_000;

/// Refuses a folder by what it is.
pub(super) fn refused(path: &Path) -> Result<(), Failure> {
    if !path.is_dir() {
        return Ok(());
    }
    let names = std::fs::read_dir(path).map_err(|error| Failure::io(path, "look into it", &error))?;
    let names = names.take(MOST_NAMES).filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    Err(explained(path, &names.collect::<Vec<_>>()))
}

fn explained(path: &Path, names: &[String]) -> Failure {
    match KINDS.iter().find(|kind| names.iter().any(|name| (kind.inside)(name))) {
        Some(kind) => Failure::at(path, kind.what, kind.remedy),
        None => {
            Failure::at(path, "is a folder", "name a file of templates in it ('cotejo help formats' says what is read)")
        }
    }
}

fn ends_with(name: &str, endings: &[&str]) -> bool {
    let name = name.to_ascii_lowercase();
    endings.iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_known_by_what_is_in_it() {
        let told = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            match explained(Path::new("here"), &names) {
                Failure::Problem(problem) => problem.what,
                _ => panic!(),
            }
        };
        assert_eq!(told(&["data", "_transactions", "_versions"]), "is a folder: a Lance data set");
        assert_eq!(told(&["part-0.parquet", "_delta_log"]), "is a folder: a Delta table");
        assert_eq!(told(&["part-0.PARQUET"]), "is a folder of Parquet files");
        assert_eq!(told(&["readme.txt", "anna.JPG"]), "is a folder of pictures, and no templates");
        assert_eq!(told(&["readme.txt"]), "is a folder");
        assert_eq!(told(&[]), "is a folder");
    }
}
