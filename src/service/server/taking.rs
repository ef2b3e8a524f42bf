//! Taking a gallery into use: its version is numbered and who is exempt from it is logged, before anything is answered from it.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

use super::engine::Loaded;
use crate::custodian::Damage;
use crate::membership::CommitError;
use crate::remedy::Remedy;
use crate::service::protocol::GalleryRoot;
use crate::service::signing::Hash;
use crate::service::store::{Custody, NewVersion, StoreError};
use crate::service::time::Time;

/// Why a gallery cannot be taken into use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TakingError {
    /// The database failed: it may succeed the next time.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A reference is not what was written.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// Nothing can commit to who is in it.
    #[error("the gallery has no root: {0}")]
    NoRoot(CommitError<Damage>),
}

impl Remedy for TakingError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Store(error) => error.remedy(),
            Self::Damaged(error) => error.remedy(),
            Self::NoRoot(_) => Some("enroll everybody into a new gallery".into()),
        }
    }
}

/// The version that this is, with its root. Reads every reference, where it is a new one; the database is free meanwhile.
///
/// # Errors
///
/// [`TakingError`]: then it must not be answered from.
pub(super) fn number(
    custody: &Mutex<Custody>,
    agreement: &Hash,
    loaded: &Loaded,
    now: Time,
) -> Result<GalleryRoot, TakingError> {
    let custody = || custody.lock().unwrap_or_else(PoisonError::into_inner);
    let state = Hash(loaded.gallery.state());
    let known = custody().known_version(agreement, &state)?;
    let version = match known {
        Some(version) => version,
        None => {
            let key = custody().person_key();
            let persons = key.of_gallery(&loaded.gallery)?;
            let root = Hash(loaded.gallery.root(&()).map_err(uncommitted)?.0);
            let subjects = loaded.gallery.len() as u64;
            let new = NewVersion { agreement, state: &state, subjects, persons, root: &root };
            custody().new_version(new, now)?
        }
    };
    custody().exempt(agreement, &loaded.exempt, now)?;
    Ok(version)
}

fn uncommitted(error: CommitError<Damage>) -> TakingError {
    match error {
        CommitError::Unreadable(damage) => damage.into(),
        other => TakingError::NoRoot(other),
    }
}
