//! A set as commented TOML.

use std::fmt::Write as _;

use super::OwnSet;

/// Every field with a comment that says what it is.
pub(super) fn toml(set: &OwnSet) -> String {
    let mut text = format!(
        "# Names the set: small letters, digits and hyphens.\nname = \"{}\"\nscheme = \"{}\"\n",
        set.name,
        set.scheme()
    );
    for line in set.dimensions.lines() {
        let _infallible = writeln!(text, "{}{} = {}", line.comment, line.field, line.value);
    }
    text
}
