//! What columns and arrays are called that say whose a template is.

/// Names that stand for nothing else in an archive.
const LABELS: [&str; 11] =
    ["id", "ids", "subject", "subjects", "label", "labels", "identity", "identities", "y", "target", "targets"];
/// The name of a person, or of a picture: asked only where nothing else says whose a template is.
const NAMES: [&str; 2] = ["name", "names"];
/// Among columns of values these may be coordinates.
const VALUES: [&str; 3] = ["y", "target", "targets"];

fn is_one_of(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Whether an array of this name, or the first line of a list of ids, says whose templates are.
pub(super) fn is_label(name: &str) -> bool {
    is_one_of(&LABELS, name) || is_one_of(&NAMES, name)
}

/// Whether it says so only where no other array does.
pub(super) fn is_mere_name(name: &str) -> bool {
    is_one_of(&NAMES, name)
}

/// Whether a column of this name, beside columns of values, says whose templates are.
pub(super) fn is_column(name: &str) -> bool {
    is_label(name) && !is_one_of(&VALUES, name)
}
