//! Parameter sets of a user's own, in files.

use std::fmt::Display;
use std::path::Path;

use crate::parameters::ParameterSet;
use crate::parameters::custom::OwnSet;

use super::failure::Failure;
use super::files;

/// Whether the name of a set is that of a file.
pub fn is_file(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "toml")
}

/// A set from its file.
pub fn read(path: &Path) -> Result<(OwnSet, ParameterSet), Failure> {
    // One byte more than admitted: the library says that it is too long.
    let bytes = files::read_at_most(path, OwnSet::LIMIT_BYTES as u64 + 1)?;
    let remedy = "correct that field; 'cotejo params show SET --toml' prints a sound set to start from";
    let text = String::from_utf8(bytes).map_err(|_| Failure::at(path, "not UTF-8 text", "name a file.toml"))?;
    let own = OwnSet::from_toml(&text).map_err(|error| Failure::of(path, &error, remedy))?;
    let set = own.parameter_set().map_err(|error| Failure::of(path, &error, remedy))?;
    Ok((own, set))
}

/// A set of this program by its name, or one of the user's own by its file.
pub fn find(name: &str) -> Result<(Option<OwnSet>, ParameterSet), Failure> {
    match ParameterSet::by_name(name) {
        Some(set) => Ok((None, set.clone())),
        None if is_file(name) || Path::new(name).exists() => read(name.as_ref()).map(|(own, set)| (Some(own), set)),
        None => {
            let known: Vec<_> = ParameterSet::ALL.iter().map(|set| set.name()).collect();
            let remedy = format!("use one of: {}; or name a file.toml with a set of your own", known.join(", "));
            Err(Failure::new(name, "no such parameter set", remedy))
        }
    }
}

/// The refusal of a set that is not secure and was not asked for as such.
pub fn insecure(place: impl Display, set: &ParameterSet) -> Failure {
    match set.is_own() {
        true => Failure::new(
            place,
            format_args!("parameter set {} is INSECURE: {}", set.name(), set.weakness()),
            "choose larger dimensions (cotejo params check); --allow-insecure admits it, and marks every file made with it",
        ),
        false => Failure::new(
            place,
            format_args!("parameter set {} protects nothing", set.name()),
            "choose another set (cotejo params list); for tests add --allow-insecure",
        ),
    }
}
