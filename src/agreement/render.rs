//! The agreement as commented TOML.

use super::terms::{ComparisonTerms, TemplateTerms, Terms};
use super::{Decimal, ServiceTerms};
use crate::parameters::custom::OwnSet;
use crate::template::MaskSharing;

/// What follows from terms, for the comments of their file.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    /// Why scheme and set are these: a clause.
    pub reason: Option<String>,
    /// Why a gallery may hold that many references, where nobody chose it: a clause.
    pub references: Option<&'static str>,
    /// Bits that the answer to one query can disclose, where the terms do not say it.
    pub bits_per_query: Option<u64>,
}

/// The file: every field with a comment that says what it means.
pub(super) fn toml(terms: &Terms, notes: &Notes) -> String {
    let Terms { version, title, querier, custodian, limits, encryption, .. } = terms;
    let modality = text(&terms.modality);
    let disclosure = text(&terms.disclosure);
    let template = template(&terms.template);
    let comparison = comparison(&terms.comparison);
    let scheme = text(&encryption.scheme);
    let parameter_set = quoted(&encryption.parameter_set);
    let reason = notes.reason.as_ref().map_or_else(String::new, |reason| format!("# Here: {reason}.\n"));
    let why_references = notes.references.map_or_else(String::new, |clause| format!("# Here: {clause}.\n"));
    let own_set = encryption.set.as_ref().map_or_else(String::new, own_set);
    let service = terms.service.as_ref().map_or_else(String::new, service);
    let (title, querier, custodian) = (quoted(title), quoted(querier), quoted(custodian));
    format!(
        "\
# Agreement on encrypted hit/no-hit checks between two authorities.
# Both parties keep this file. A fingerprint of its terms is in every file that they exchange: nothing made under
# other terms is accepted. Comments and spacing do not count. Read it in words with: cotejo agreement check

version = {version}

# What the exchange is for, who asks, and who holds the records.
title = {title}
querier = {querier}
custodian = {custodian}

# face, fingerprint, iris or generic.
modality = {modality}

# What the querier learns.
#   any       one bit for each probe: is this person in the records?
#   each      one bit for each probe and enrolled subject, in the order of the gallery
#   count     how many subjects match each probe
#   labelled  the handle of each subject that matches a probe, as the custodian gave it; nothing of those that do not
# A score is never disclosed.
disclosure = {disclosure}

# The shape of every template. Another shape is refused.
[template]
{template}
# How two templates are compared, and which outcome counts as a hit.
[comparison]
{comparison}
# How it is encrypted.
#   tfhe    one comparison at a time: soonest for small galleries, any metric; verdicts at the threshold may be tipped by noise
#   bgv     thousands at a time: for large galleries; no noise, but vectors are rounded to few values
#   hybrid  thousands at a time, any metric: for large galleries and many probes; noise as under tfhe
# And a parameter set of that scheme (list them with: cotejo params list).
{reason}[encryption]
scheme = {scheme}
parameter_set = {parameter_set}
{own_set}
# What is refused as too much.
[limits]
# References in a gallery.
{why_references}references = {references}
# References that one subject may have (for each eye, where eyes are told apart). With 1, a repeated id is an error.
references_per_subject = {per_subject}
# Probes in one query.
probes_per_query = {probes}
# Bits that the answer to one query may disclose, counted as what a malformed probe can read.
{bits}
{hits}{service}",
        references = limits.references,
        per_subject = limits.references_per_subject,
        probes = limits.probes_per_query,
        hits = limits.hits_per_probe.map_or_else(String::new, |hits| {
            format!("# Hits of a probe whose handles are told. Of a probe with more nothing is told but that there are more.\nhits_per_probe = {hits}\n")
        }),
        bits = match (limits.bits_per_query, notes.bits_per_query) {
            (Some(bits), _) => format!("bits_per_query = {bits}"),
            (None, Some(most)) => {
                format!("# bits_per_query = {most}  (what the other limits come to; write it without # to fix it, or less)")
            }
            (None, None) => "# bits_per_query: what the other limits come to".to_owned(),
        },
    )
}

/// `[encryption.set]`.
fn own_set(set: &OwnSet) -> String {
    let fields = set.to_toml();
    format!("\n# A parameter set of the parties' own: look at it with cotejo params show.\n[encryption.set]\n{fields}")
}

/// `[service]`.
fn service(terms: &ServiceTerms) -> String {
    let texts = |texts: Vec<String>| texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", ");
    format!(
        "
# How the custodian is asked over a network (cotejo serve, cotejo ask). Days and years are those of UTC.
[service]
# Codes of the purposes for which a request may be made.
purposes = [{purposes}]
# What a request must give beside requester, number, time, purpose and agreement: justification, case-category, officer.
required = [{required}]
# How many persons a requester may ask about.
probes_per_day = {probes_per_day}
probes_per_year = {probes_per_year}
# How many bits answers may disclose to a requester about the persons in one version of the gallery. What was disclosed of them in
# earlier versions counts as well.
bits_per_gallery_version = {bits}
{of_person}{canaries}# Keys are refused after so many days: make new ones before.
key_days = {key_days}
# Answers can be fetched for so many days.
answer_days = {answer_days}
# What the logs tell is kept for so many days.
log_days = {log_days}
",
        purposes = texts(terms.purposes.iter().map(ToString::to_string).collect()),
        required = texts(terms.required.iter().map(ToString::to_string).collect()),
        probes_per_day = terms.probes_per_day,
        probes_per_year = terms.probes_per_year,
        bits = terms.bits_per_gallery_version,
        of_person = terms.bits_per_person.map_or_else(String::new, |bits| {
            format!("# And answers about one person (1:1), whatever the version.\nbits_per_person = {bits}\n")
        }),
        canaries = terms.canaries.map_or_else(String::new, |canaries| {
            format!(
                "# So many references of donors who agreed the querier's authority supplies, and the custodian enrolls among others. The \
                 querier\n# asks about them now and then, to see that none is skipped.\ncanaries = {canaries}\n"
            )
        }),
        key_days = terms.key_days,
        answer_days = terms.answer_days,
        log_days = terms.log_days,
    )
}

fn template(terms: &TemplateTerms) -> String {
    match terms {
        TemplateTerms::Vector { dimension } => {
            format!("# A vector of real numbers.\nkind = \"vector\"\ndimension = {dimension}\n")
        }
        TemplateTerms::Bits { dimension } => format!("# A string of bits.\nkind = \"bits\"\ndimension = {dimension}\n"),
        TemplateTerms::Iris { rows, columns, channels, mask } => format!(
            "\
# An iris code: radial rows, angular columns, bits at each position.
kind = \"iris\"
rows = {rows}
columns = {columns}
channels = {channels}
# by-pair: the real and the imaginary bit of a filter share one mask bit, which halves the cost of the mask.
# per-bit: every code bit has a mask bit of its own.
mask = \"{}\"
",
            match mask {
                MaskSharing::ByPair => "by-pair",
                MaskSharing::PerBit => "per-bit",
            }
        ),
    }
}

fn comparison(terms: &ComparisonTerms) -> String {
    let metric = terms.metric();
    match terms {
        ComparisonTerms::Cosine { threshold, probe_norm, reference_norm } => format!(
            "\
# The cosine of the angle between the two vectors: 1 for the same direction, about 0 for two strangers.
metric = \"{metric}\"
# A hit from this cosine upwards. Choose it on your own data: see examples/choosing_a_threshold.rs.
threshold = {threshold}
# Vectors are scaled to these lengths and rounded to integers. Longer keeps more digits; a longer reference adds noise.
{}
{}
",
            length("probe_norm", *probe_norm),
            length("reference_norm", *reference_norm),
        ),
        ComparisonTerms::InnerProduct { threshold, scale, maximum_norm } => format!(
            "\
# The sum of products of coordinates.
metric = \"{metric}\"
# A hit from this value upwards, in the units of the templates.
threshold = {threshold}
{}",
            scaling(*scale, *maximum_norm)
        ),
        ComparisonTerms::SquaredEuclidean { threshold, scale, maximum_norm } => format!(
            "\
# The square of the distance between the two vectors: 0 for equal ones.
metric = \"{metric}\"
# A hit up to this value, in the squared units of the templates.
threshold = {threshold}
{}",
            scaling(*scale, *maximum_norm)
        ),
        ComparisonTerms::Hamming { threshold } => format!(
            "\
# The number of bits that differ.
metric = \"{metric}\"
# A hit up to this many.
threshold = {threshold}
"
        ),
        ComparisonTerms::FractionalHamming { threshold, minimum_common_bits, rotations, eyes } => format!(
            "\
# Differing bits as a fraction of the bits that both masks call valid, the least over all rotations.
# About 0.5 for two strangers without rotation.
metric = \"{metric}\"
# A hit strictly below this fraction.
threshold = {threshold}
# A pair with fewer common valid bits (unrotated) never hits: a few bits agree by chance.
minimum_common_bits = {minimum_common_bits}
# The head may be tilted by so many columns to either side.
rotations = {rotations}
# ignored  templates are not told apart by eye
# any      left with left, right with right; one hit is enough
# all      left with left, right with right; both must hit
eyes = {}
",
            text(eyes)
        ),
    }
}

fn scaling(scale: Option<Decimal>, maximum_norm: Decimal) -> String {
    format!(
        "\
# Coordinates are multiplied by this and rounded to integers.
{}
# Longer vectors are refused.
maximum_norm = {maximum_norm}
",
        length("scale", scale)
    )
}

/// A length as agreed; a comment where it is left open, which no agreement does.
fn length<T: std::fmt::Display>(name: &str, agreed: Option<T>) -> String {
    agreed.map_or_else(|| format!("# {name}: left open"), |value| format!("{name} = {value}"))
}

/// A term that serialises as text, as a TOML string.
fn text(term: &impl serde::Serialize) -> String {
    match serde_json::to_value(term) {
        Ok(serde_json::Value::String(text)) => quoted(&text),
        _ => quoted(""),
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
