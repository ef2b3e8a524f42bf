//! What arrays, columns and fields are called that are read. Letters count alike in either case. `docs/formats.md` lists the same names.

use super::Asked;

/// Whose a template is. These stand for nothing else in an archive.
pub(super) const LABELS: [&str; 11] =
    ["id", "ids", "subject", "subjects", "label", "labels", "identity", "identities", "y", "target", "targets"];
/// The name of a person, or of a picture: asked only where nothing else says whose a template is.
pub(super) const NAMES: [&str; 2] = ["name", "names"];
/// Among columns of values these may be coordinates.
const VALUES: [&str; 3] = ["y", "target", "targets"];
/// A vector, or all of them.
pub(super) const VECTORS: [&str; 12] = [
    "vector",
    "vectors",
    "embedding",
    "embeddings",
    "template",
    "templates",
    "values",
    "feature",
    "features",
    "representation",
    "encoding",
    "descriptor",
];
/// Bits, packed or not.
pub(super) const BITS: [&str; 3] = ["bits", "template", "templates"];
/// The code of an iris.
pub(super) const CODES: [&str; 4] = ["code", "codes", "iris_code", "iris_codes"];
/// A mask of an iris of which the name says that a 1 marks a valid bit.
const VALID: [&str; 4] = ["valid", "valid_bits", "mask_code", "mask_codes"];
/// One of which the name says that a 1 marks a bit that is not valid.
const NOISE: [&str; 4] = ["noise", "noise_mask", "noise_masks", "noise_bits"];
/// One of which the name does not say it.
const UNSAID: [&str; 2] = ["mask", "masks"];

/// What the ones of a mask mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaskMarks {
    /// Bits that are valid, as templates hold them.
    Valid,
    /// Bits that are not: eyelids, lashes, reflections.
    Noise,
}

/// Whether a mask is called so.
pub(super) fn is_mask(name: &str) -> bool {
    marks_of(name).is_some() || is_one_of(&UNSAID, name)
}

/// What the ones of a mask of this name mark, where the name says it.
pub(super) fn marks_of(name: &str) -> Option<MaskMarks> {
    match name {
        _ if is_one_of(&VALID, name) => Some(MaskMarks::Valid),
        _ if is_one_of(&NOISE, name) => Some(MaskMarks::Noise),
        _ => None,
    }
}

/// Which eye a template is of.
pub(super) const EYES: [&str; 2] = ["eye", "eyes"];

/// How good a template is, by whoever made it.
pub(super) const QUALITY: [&str; 1] = ["quality"];

/// Whether the quality of templates is called so.
pub(crate) fn is_quality(name: &str) -> bool {
    is_one_of(&QUALITY, name)
}

pub(super) fn is_one_of(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Whether an array of this name, or the first line of a list of ids, says whose templates are.
pub(super) fn is_label(name: &str) -> bool {
    is_one_of(&LABELS, name) || is_mere_name(name)
}

/// Whether it says so only where nothing else does.
pub(super) fn is_mere_name(name: &str) -> bool {
    is_one_of(&NAMES, name)
}

/// Whether a column of this name, beside columns of values, says whose templates are.
pub(super) fn is_column(name: &str) -> bool {
    is_label(name) && !is_one_of(&VALUES, name)
}

/// The one of several names that says whose templates are: a mere name only where it is alone, and that of the `handles` likewise.
///
/// # Errors
///
/// Two that may be meant, as written.
pub(super) fn label<'a>(names: impl Iterator<Item = &'a str>, asked: Asked<'_>) -> Result<Option<&'a str>, Two> {
    let (handles, others): (Vec<&str>, Vec<&str>) = names.partition(|name| asked.is_handles(name));
    let names = if others.is_empty() { handles } else { others }.into_iter();
    let (mere, sure): (Vec<&str>, Vec<&str>) = names.partition(|name| is_mere_name(name));
    one(if sure.is_empty() { mere } else { sure })
}

/// The only one there is.
///
/// # Errors
///
/// The first two.
pub(super) fn one(names: Vec<&str>) -> Result<Option<&str>, Two> {
    match names[..] {
        [] => Ok(None),
        [name] => Ok(Some(name)),
        [first, second, ..] => Err(Two { first: shortened(first), second: shortened(second) }),
    }
}

/// Two names of which either may be meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Two {
    /// The first 64 characters of one.
    pub first: String,
    /// The first 64 characters of the other.
    pub second: String,
}

impl std::fmt::Display for Two {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` and `{}`", self.first, self.second)
    }
}

/// The first 64 characters of a name found in a file, none of which a terminal obeys.
pub(super) fn shortened(name: &str) -> String {
    visible(name, 64)
}

/// The first characters of somebody else's text, at most so many, none of which a terminal obeys.
pub(crate) fn visible(text: &str, most: usize) -> String {
    let shown = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    text.chars().take(most).map(shown).collect()
}

/// Names as they are listed in a message: at most sixteen.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    names.into_iter().map(shortened).take(16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_on_formats_has_every_name() {
        let page = include_str!("../../../docs/formats.md");
        let labels = LABELS.iter().filter(|name| !name.ends_with('s') && **name != "identities");
        let all =
            labels.chain(&NAMES).chain(&BITS).chain(&EYES).chain(&CODES).chain(&VALID).chain(&NOISE).chain(&UNSAID);
        for name in all.chain(&VECTORS).chain(&QUALITY) {
            assert!(page.contains(&format!("`{name}`")), "{name}");
        }
    }

    #[test]
    fn one_name_is_chosen_or_two_are_told() {
        let label = |names: &[&'static str]| super::label(names.iter().copied(), Asked::default());
        assert_eq!(label(&["name", "subject"]), Ok(Some("subject")));
        assert_eq!((label(&["name"]), label(&[])), (Ok(Some("name")), Ok(None)));
        let two = label(&["name", "id", "Label"]).unwrap_err();
        assert_eq!(two.to_string(), "`id` and `Label`");
        // What handles are read from is an id too where nothing else is.
        let asked = Asked { handles: Some("label"), ..Asked::default() };
        let label = |names: &[&'static str]| super::label(names.iter().copied(), asked);
        assert_eq!((label(&["id", "Label"]), label(&["Label"])), (Ok(Some("id")), Ok(Some("Label"))));
        assert_eq!(label(&["name", "Label"]), Ok(Some("name")));
    }
}
