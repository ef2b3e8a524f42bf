//! Verdicts as they are printed.

use crate::querier::Verdict;
use crate::template::SubjectId;
use crate::wire::GalleryVersion;
use serde_json::json;

use super::failure::Failure;

/// One line a probe. Places never stand without the version of the gallery whose places they are.
pub fn line(id: &SubjectId, verdict: &Verdict, gallery: GalleryVersion) -> String {
    let said = if verdict.hit() { "hit" } else { "no hit" };
    match verdict {
        Verdict::Each(bits) if verdict.hit() => {
            let places: Vec<String> = places(bits).iter().map(usize::to_string).collect();
            format!("{id}\t{said}\t{}\t{gallery}", places.join(","))
        }
        Verdict::Any(_) | Verdict::Each(_) => format!("{id}\t{said}"),
        Verdict::Count(count) => format!("{id}\t{said}\t{count}"),
    }
}

/// The same as comma-separated values with a header: one line a probe. `request` names the query; what an answer does not disclose is empty.
pub fn csv(request: &str, verdicts: &[(SubjectId, Verdict)], gallery: GalleryVersion) -> Result<String, Failure> {
    let unwritable = |error: ::csv::Error| Failure::new("--csv", error, "run without --csv");
    let mut table = ::csv::WriterBuilder::new().from_writer(Vec::new());
    table.write_record(["request", "gallery", "probe", "verdict", "places", "count"]).map_err(unwritable)?;
    let gallery = gallery.to_string();
    for (id, verdict) in verdicts {
        let said = if verdict.hit() { "hit" } else { "no hit" };
        let (places, count) = match verdict {
            Verdict::Any(_) => (String::new(), String::new()),
            Verdict::Each(bits) => {
                (places(bits).iter().map(usize::to_string).collect::<Vec<_>>().join(" "), String::new())
            }
            Verdict::Count(count) => (String::new(), count.to_string()),
        };
        table.write_record([request, &gallery, id.as_str(), said, &places, &count]).map_err(unwritable)?;
    }
    let text = table.into_inner().map_err(|error| Failure::new("--csv", error, "run without --csv"))?;
    Ok(String::from_utf8_lossy(&text).trim_end().to_owned())
}

/// Where in the gallery the hits are, counted from 1.
fn places(bits: &[bool]) -> Vec<usize> {
    bits.iter().enumerate().filter(|(_, bit)| **bit).map(|(index, _)| index + 1).collect()
}

/// The same for programs.
pub fn document(id: &SubjectId, verdict: &Verdict, gallery: GalleryVersion) -> serde_json::Value {
    let gallery = gallery.to_string();
    match verdict {
        Verdict::Any(hit) => json!({"probe": id, "hit": hit, "gallery": gallery}),
        Verdict::Each(bits) => {
            json!({"probe": id, "hit": verdict.hit(), "positions": places(bits), "gallery": gallery})
        }
        Verdict::Count(count) => {
            json!({"probe": id, "hit": verdict.hit(), "count": count, "gallery": gallery})
        }
    }
}
