//! All that a party of a trial begins with: an authority of its own, a certificate of that, a signing key.

use std::path::{Path, PathBuf};

use crate::agreement::Code;

use super::{AUTHORITY, CERTIFICATE, Holder, KEY, Validity, authority, issue, signing_key};
use crate::cli::OverwriteArg;
use crate::cli::console::Console;
use crate::cli::failure::Failure;

/// A party's authority may be valid for longer than what it issues.
const AUTHORITY_DAYS: u32 = 365;
const DAYS: u32 = 90;

/// What is made in a folder, by name.
const MADE: [&str; 6] = [AUTHORITY, CERTIFICATE, KEY, "authority", "signing.key", "signing.pub"];

/// Makes a party's certificates and its signing key; `hosts`: by which it is reached, where it serves. Nothing is replaced.
pub fn trial(folder: &Path, party: &Code, hosts: &[String]) -> Result<(), Failure> {
    for name in MADE {
        free(&folder.join(name))?;
    }
    let quiet = Console::new(true, false);
    let overwrite = || OverwriteArg { force: false };
    let validity = |days| Validity { days, valid_from: None };
    let own_authority: PathBuf = folder.join("authority");
    let made = authority::Args {
        name: format!("Trial authority of {party}"),
        out: own_authority.clone(),
        validity: validity(AUTHORITY_DAYS),
        overwrite: overwrite(),
    };
    // Refused hosts are refused before anything is made.
    let holder = Holder { name: party.to_string(), server: hosts.to_vec(), client: hosts.is_empty() };
    holder.parameters()?;
    made.run(&quiet)?;
    let issued = issue::Args {
        authority: own_authority,
        holder,
        key: None,
        out: folder.to_owned(),
        validity: validity(DAYS),
        overwrite: overwrite(),
    };
    issued.run(&quiet)?;
    signing_key::Args { out: folder.to_owned(), key: None, protect: false, overwrite: overwrite() }
        .run(&quiet)
        .map(drop)
}

/// Nothing may be there yet.
pub fn free(path: &Path) -> Result<(), Failure> {
    match path.symlink_metadata() {
        Ok(_) => Err(Failure::at(path, "exists already", "begin in another folder (--config), or remove it first")),
        Err(_) => Ok(()),
    }
}
