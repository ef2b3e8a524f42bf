//! Modules of PKCS #11: a library is loaded and initialised once in a process.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};

use super::trouble::Trouble;

static LOADED: Mutex<Vec<(PathBuf, Arc<Module>)>> = Mutex::new(Vec::new());

/// What mends a module that is none.
const NAME: &str = "name the library of the token's maker in module-path (of SoftHSM: /usr/lib/softhsm/libsofthsm2.so)";

/// A module is initialised anew no more often.
const AGAIN: Duration = Duration::from_secs(1);

/// A module that is loaded.
pub struct Module {
    context: Pkcs11,
    calls: RwLock<Age>,
}

/// How often a module was initialised: handles of an earlier time mean something else in a later one, and must not be used.
pub struct Age {
    pub number: u64,
    since: Instant,
}

impl Module {
    /// The module at this path.
    pub fn load(path: &Path) -> Result<Arc<Self>, Trouble> {
        let trouble = |what: &str| Trouble::new(format!("{}: {what}", path.display()), NAME);
        let real = path.canonicalize().map_err(|error| trouble(&format!("no module of PKCS #11: {error}")))?;
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, module)) = loaded.iter().find(|(known, _)| *known == real) {
            return Ok(Arc::clone(module));
        }
        // By its real path: no library of that name elsewhere.
        let context = Pkcs11::new(&real).map_err(|error| match error {
            Error::LibraryLoading(_) => trouble("no library, or one that cannot be loaded"),
            _ => trouble("no module of PKCS #11"),
        })?;
        initialise(&context).map_err(|error| trouble(&format!("cannot be initialised: {}", error.what)))?;
        let module = Arc::new(Self { context, calls: RwLock::new(Age { number: 0, since: Instant::now() }) });
        loaded.push((real, Arc::clone(&module)));
        Ok(module)
    }

    /// To be held while calls are made: nobody initialises it anew meanwhile.
    pub fn calls(&self) -> (&Pkcs11, RwLockReadGuard<'_, Age>) {
        (&self.context, self.calls.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Initialises it anew: some see a token that was put back only then. All sessions are lost. Not while a call is under way, and not
    /// often; what it was is not said, for whoever wants it tries once more.
    pub fn begin_again(&self) {
        let begun = Instant::now();
        while begun.elapsed() < AGAIN {
            let Ok(mut age) = self.calls.try_write() else {
                std::thread::sleep(Duration::from_millis(20));
                continue;
            };
            if age.since.elapsed() >= AGAIN {
                *age = Age { number: age.number.saturating_add(1), since: Instant::now() };
                // Where it was not initialised, or is not now, the next call says so.
                drop(self.context.clone().finalize());
                drop(initialise(&self.context));
            }
            return;
        }
    }
}

/// Ends all modules, as the process ends: what a library does then must not meet a call of a thread that still goes on. A call that does
/// not return is not waited for.
pub fn end() {
    let begun = Instant::now();
    for (_, module) in LOADED.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        loop {
            if let Ok(calls) = module.calls.try_write() {
                drop(module.context.clone().finalize());
                // Nobody calls it any more: whoever would waits until the process has ended.
                std::mem::forget(calls);
                break;
            }
            if begun.elapsed() >= AGAIN {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn initialise(context: &Pkcs11) -> Result<(), Trouble> {
    match context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(()),
        Err(error) => Err(Trouble::of(&error)),
    }
}
