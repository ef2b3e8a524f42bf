//! `cotejo synthesize`: templates of nobody, with realistic scores.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use crate::template::synthetic::{Model, Population};
use crate::template::{Record, TemplateShape, write};
use serde_json::json;

use super::console::{Console, count};
use super::failure::Failure;
use super::files::{self, Access, Folders, Output};
use super::shape::{Metric, Modality, ShapeArgs};
use super::{Outcome, OverwriteArg};

/// Make synthetic templates whose scores spread as published systems' do
///
/// Writes one file for each sample: sample-1 of everybody for a gallery, sample-2 for probes, and so on. Vectors and bits go
/// to .npy with ids beside them, irises to .npz.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cotejo synthesize --modality face --subjects 1000 --samples 2 --seed 1 --out data/
  cotejo synthesize --modality generic --metric hamming --dimension 512 --subjects 100 --out data/")]
pub struct Args {
    #[command(flatten)]
    shape: ShapeArgs,
    /// How many people
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    subjects: u32,
    /// Number of the first one; the same number is the same person under the same seed
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    first_subject: u32,
    /// Templates of each
    #[arg(long, value_name = "NUMBER", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=1000))]
    samples: u16,
    /// The same seed makes the same templates
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Iris: samples but the first are rotated by up to so many columns to either side
    #[arg(long, value_name = "NUMBER", default_value_t = 7)]
    tilt: u32,
    /// Folder to write to; made where it is missing
    #[arg(long, value_name = "FOLDER", default_value = "data")]
    out: PathBuf,
    #[command(flatten)]
    overwrite: OverwriteArg,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let shape = self.shape.shape()?;
        let population = Population::new(model(self.shape.modality, self.shape.metric()?, self.tilt), shape, self.seed)
            .map_err(|error| Failure::new("synthesize", error, "choose another --modality, --metric or --dimension"))?;
        let extension = if matches!(shape, TemplateShape::Iris(_)) { "npz" } else { "npy" };
        let folders = Folders::create(&self.out, Access::Shared)?;
        let mut written: Vec<(PathBuf, Vec<u8>)> = Vec::new();
        let first = self.first_subject - 1;
        for sample in 0..self.samples {
            let records = population.records(first..first + self.subjects, sample..sample + 1);
            let records = records
                .map(|record| super::interrupt::check().and_then(|()| record.map_err(|error| unmade(&error))))
                .collect::<Result<Vec<_>, _>>()?;
            let path = self.out.join(format!("sample-{}.{extension}", sample + 1));
            written.extend(encoded(&path, &records)?);
        }
        let outputs: Vec<_> =
            written.iter().map(|(path, bytes)| Output { path, bytes, access: Access::Shared }).collect();
        files::write(&outputs, self.overwrite.force)?;
        folders.keep();
        let paths: Vec<&Path> = written.iter().map(|(path, _)| path.as_path()).collect();
        console.written(
            format_args!(
                "{}: {} with {} each, {shape}, seed {}",
                self.out.display(),
                count(self.subjects as usize, "subject"),
                count(self.samples.into(), "sample"),
                self.seed
            ),
            &json!({
                "files": paths,
                "shape": shape.to_string(),
                "subjects": self.subjects,
                "samples": self.samples,
                "seed": self.seed,
            }),
        )?;
        Ok(Outcome::Done)
    }
}

/// The model of templates that are compared so; irises are rotated by up to `tilt` columns.
pub fn model(modality: Modality, metric: Metric, tilt: u32) -> Model {
    match (modality, metric) {
        (Modality::Iris, _) => Model::Iris { tilt_columns: tilt },
        (_, Metric::Hamming) => Model::Bits,
        (Modality::Face, Metric::Cosine) => Model::Face,
        (Modality::Fingerprint, Metric::Cosine) => Model::Fingerprint,
        _ => Model::Vector,
    }
}

/// The files that hold records: an archive, or an array and its ids.
pub fn encoded(path: &Path, records: &[Record]) -> Result<Vec<(PathBuf, Vec<u8>)>, Failure> {
    let failed = |error: write::WriteError| Failure::at(path, error, "choose another --modality or shape");
    let mut array = Cursor::new(Vec::new());
    if path.extension().is_some_and(|extension| extension == "npz") {
        write::npz(&mut array, records).map_err(failed)?;
        return Ok(vec![(path.to_owned(), array.into_inner())]);
    }
    write::npy(&mut array, records).map_err(failed)?;
    let mut ids = Vec::new();
    write::identities(&mut ids, records).map_err(failed)?;
    Ok(vec![(path.to_owned(), array.into_inner()), (path.with_extension("ids.txt"), ids)])
}

fn unmade(error: &dyn std::error::Error) -> Failure {
    Failure::new("synthesize", error, "choose another --modality or shape")
}
