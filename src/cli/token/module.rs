//! Modules of PKCS #11: a library is loaded and initialised once in a process.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};

use super::trouble::Trouble;

static LOADED: Mutex<Vec<(PathBuf, Pkcs11)>> = Mutex::new(Vec::new());

/// What mends a module that is none.
const NAME: &str = "name the library of the token's maker in module-path (of SoftHSM: /usr/lib/softhsm/libsofthsm2.so)";

/// The module at this path.
pub fn load(path: &Path) -> Result<Pkcs11, Trouble> {
    let trouble = |what: &str| Trouble::new(format!("{}: {what}", path.display()), NAME);
    let real = path.canonicalize().map_err(|error| trouble(&format!("no module of PKCS #11: {error}")))?;
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, module)) = loaded.iter().find(|(known, _)| *known == real) {
        return Ok(module.clone());
    }
    // By its real path: no library of that name elsewhere.
    let module = Pkcs11::new(&real).map_err(|error| match error {
        Error::LibraryLoading(_) => trouble("no library, or one that cannot be loaded"),
        _ => trouble("no module of PKCS #11"),
    })?;
    match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
        Err(error) => return Err(trouble(&format!("cannot be initialised: {}", Trouble::of(&error).what))),
    }
    loaded.push((real, module.clone()));
    Ok(module)
}
