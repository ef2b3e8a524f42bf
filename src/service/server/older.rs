//! What a server that takes over by itself does not answer from: it is, or may be, older than what was answered from last.
//!
//! Whoever was removed from a gallery since, or put on an exempt list, would match again. A person who starts a server without
//! `--standby` says with it that what is there is right.

use std::borrow::Cow;

use super::engine::Loaded;
use crate::remedy::Remedy;
use crate::service::signing::Hash;
use crate::service::store::{Custody, ListStanding, StoreError};

/// Why a server does not take over by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Older {
    /// An earlier gallery.
    #[error("the gallery of agreement {0} is older here than what was searched last")]
    Gallery(Hash),
    /// A gallery that was enrolled or compacted apart from the last, or an earlier one that was never searched.
    #[error("the gallery of agreement {0} did not come here of what was searched last by appending to it")]
    OtherGallery(Hash),
    /// An earlier list.
    #[error("the exempt list of agreement {0} is older here than the last one")]
    List(Hash),
    /// A list that was never used, and is shorter.
    #[error("somebody who is exempt under agreement {0} is not on the list here")]
    LackingList(Hash),
}

impl Remedy for Older {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Gallery(_) | Self::List(_) => "bring it up to date",
            Self::OtherGallery(_) | Self::LackingList(_) => {
                "bring the same file to both machines; where this one is right, and no server serves, start this server without --standby"
            }
        };
        Some(remedy.into())
    }
}

/// What is older here, if anything is.
///
/// # Errors
///
/// [`StoreError`] where that is not known.
pub(super) fn find(custody: &mut Custody, agreement: &Hash, loaded: &Loaded) -> Result<Option<Older>, StoreError> {
    let state = loaded.gallery.state();
    if custody.is_superseded(agreement, &Hash(state))? {
        return Ok(Some(Older::Gallery(*agreement)));
    }
    if custody.searched_last(agreement)?.is_some_and(|last| !loaded.gallery.was(&last.0)) {
        return Ok(Some(Older::OtherGallery(*agreement)));
    }
    Ok(match custody.exempt_standing(agreement, &loaded.exempt)? {
        ListStanding::Current => None,
        ListStanding::Superseded => Some(Older::List(*agreement)),
        ListStanding::Lacking => Some(Older::LackingList(*agreement)),
    })
}
