//! Verdicts as they are printed.

use crate::querier::Verdict;
use crate::template::SubjectId;
use crate::wire::GalleryVersion;
use serde_json::json;

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
