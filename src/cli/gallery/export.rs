//! `cotejo gallery export`: who is enrolled, as a table.

use std::io::{self, Write};
use std::path::PathBuf;

use crate::custodian::Gallery;
use crate::wire::GalleryVersion;
use serde_json::json;

use super::GalleryArgs;
use super::list::{Subject, subjects};
use crate::cli::console::{Console, count};
use crate::cli::failure::Failure;
use crate::cli::table::{Cell, write_row};
use crate::cli::{Outcome, OverwriteArg, files, load};

/// Write who is enrolled as a table: ids, numbers of references, of each eye where they are told apart, and handles where any has one
///
/// Never templates. The file names persons: only its owner may read it (mode 0600).
#[derive(clap::Args)]
#[command(
    disable_version_flag = true,
    after_help = "\
A file whose name ends with .jsonl has one JSON object a line; any other is comma-separated, with a line of headings. What a spreadsheet \
would compute begins with an apostrophe there ('=1 for =1). Memory does not grow with the gallery.

Examples:
  cotejo gallery export --gallery gallery.cotejo --out enrolled.csv
  cotejo gallery export --gallery gallery.cotejo --out enrolled.jsonl"
)]
pub struct Args {
    #[command(flatten)]
    gallery: GalleryArgs,
    /// Where to write it
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Who was enrolled at an earlier version, as an answer names it; known since the gallery was made or compacted
    #[arg(long, value_name = "VERSION")]
    version: Option<GalleryVersion>,
    #[command(flatten)]
    overwrite: OverwriteArg,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let agreement = load::agreement(&self.gallery.agreement.path, console)?;
        let (out, overwrite) = (&self.out, self.overwrite.force);
        files::require_free(out, overwrite, files::Content::Other)?;
        let gallery = self.gallery.read(&agreement, self.version, console)?;
        let unwritable = |error: io::Error| Failure::io(out, "write it", &error);
        let lines = out.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("jsonl"));
        let write = |file: &mut dyn Write| match lines {
            true => write_lines(file, &gallery).map_err(unwritable),
            false => write_table(file, &gallery).map_err(unwritable),
        };
        files::fill(out, overwrite, files::Content::Other, write, |_| Ok(()))?;
        console.written(
            format_args!(
                "{}: {} with {} of version {}",
                out.display(),
                count(gallery.len(), "subject"),
                count(gallery.references(), "reference"),
                gallery.version()
            ),
            &json!({
                "out": out,
                "gallery": self.gallery.gallery,
                "version": gallery.version().to_string(),
                "subjects": gallery.len(),
                "references": gallery.references(),
                "handles": gallery.handles(),
                "agreement": agreement.digest().to_string(),
            }),
        )?;
        Ok(Outcome::Done)
    }
}

fn write_lines(out: &mut dyn Write, gallery: &Gallery) -> io::Result<()> {
    for subject in subjects(gallery) {
        serde_json::to_writer(&mut *out, &subject)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn write_table(out: &mut dyn Write, gallery: &Gallery) -> io::Result<()> {
    let has_eyes = subjects(gallery).next().is_some_and(|first| first.eyes.is_some());
    let has_handles = gallery.handles() > 0;
    let headings = [("id", true), ("references", true), ("left_references", has_eyes), ("right_references", has_eyes)];
    let headings = headings.into_iter().chain([("place", true), ("handle", has_handles)]);
    write_row(out, headings.filter(|(_, there)| *there).map(|(name, _)| Cell::from(name)))?;
    for Subject { id, references, eyes, place, handle } in subjects(gallery) {
        let of_eyes = eyes.map(|eyes| [eyes.left, eyes.right].map(|count| Cell::number(Some(count))));
        let handle = has_handles.then(|| handle.map_or(Cell::Empty, Cell::Text));
        let cells = [Cell::from(id), Cell::number(Some(references))].into_iter().chain(of_eyes.into_iter().flatten());
        write_row(out, cells.chain([Cell::number(Some(place))]).chain(handle))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::Terms;
    use crate::planning;
    use crate::template::{Bits, Filed, Handle, Record, SubjectId, Template};

    #[test]
    fn a_table_has_handles_where_any_has_one_and_no_formula() {
        let mut terms = Terms::hamming(60, 20);
        terms.encryption.parameter_set = "insecure-test".to_owned();
        let agreement = planning::open(terms).unwrap();
        let record = |subject: &str| {
            let template = Template::Bits(Bits::new((0..60).map(|bit| bit % 2 == 0)).unwrap());
            Record { subject: SubjectId::try_from(subject.to_owned()).unwrap(), eye: None, template }
        };
        let table = |gallery: &Gallery| {
            let (mut rows, mut lines) = (Vec::new(), Vec::new());
            write_table(&mut rows, gallery).unwrap();
            write_lines(&mut lines, gallery).unwrap();
            [rows, lines].map(|text| String::from_utf8(text).unwrap())
        };
        let plain = Gallery::enrol(&agreement, ["ana", "=1+1;2"].map(record)).gallery.unwrap();
        let [rows, lines] = table(&plain);
        assert_eq!(rows, "id,references,place\nana,1,1\n\"'=1+1;2\",1,2\n");
        let expected =
            ["{\"id\":\"ana\",\"references\":1,\"place\":1}", "{\"id\":\"=1+1;2\",\"references\":1,\"place\":2}"];
        assert_eq!(lines.lines().collect::<Vec<_>>(), expected);
        let filed =
            |record, handle: Option<&str>| Filed { record, handle: handle.map(|text| Handle::new(text).unwrap()) };
        let records = [filed(record("ana"), Some("a, \"b\"")), filed(record("eva"), None)];
        let [rows, _] = table(&Gallery::enrol(&agreement, records).gallery.unwrap());
        assert_eq!(rows, "id,references,place,handle\nana,1,1,\"a, \"\"b\"\"\"\neva,1,2,\n");
    }
}
