//! A version of a gallery, committed to: its root, and proofs of who is in it.

use super::{Damage, Gallery, format};
use crate::membership::{self, CommitError, Kept, Persons, Proofs, Root, Secret, of_reference};
use crate::scheme::Progress;
use crate::template::{Handle, SubjectId};
use crate::wire::Kind;

impl Persons for Gallery {
    type Error = Damage;

    fn count(&self) -> usize {
        self.len()
    }

    fn person(&self, place: usize) -> Result<(&str, Vec<Kept>), Damage> {
        let number = self.file.number(place).ok_or(self.file.inadmissible())?;
        let id = self.file.id_of(number).ok_or(self.file.inadmissible())?;
        let references = self.file.records(number).map(|stored| stored.map(|(eye, record)| of_reference(eye, record)));
        Ok((id, references.collect::<Result<_, _>>()?))
    }

    fn handle(&self, place: usize) -> Option<Handle> {
        Gallery::handle(self, place)
    }
}

impl Gallery {
    /// Commits to who is in this version, each with which references and handle: the same for the same persons, in whatever order and by whatever
    /// changes they came to be in the file, and for nobody else. Who is exempt is no part of it.
    ///
    /// Reads every reference once, on all cores; `progress` counts persons. Memory: 64 bytes a person.
    ///
    /// # Errors
    ///
    /// [`CommitError`], with [`Damage`] where a reference is not what was written.
    ///
    /// # Security
    ///
    /// Tells nobody who is in it: what is hashed is hidden by what follows from the salt of the file. One without a salt
    /// ([`Gallery::enrol`]) can be guessed.
    pub fn root(&self, progress: &dyn Progress) -> Result<Root, CommitError<Damage>> {
        membership::root(&self.secret(), self, progress)
    }

    /// Proofs that each of these ids is in this version, or is not. `open` shows also which references an enrolled person has. Costs
    /// what [`Gallery::root`] does, however many ids there are.
    ///
    /// # Errors
    ///
    /// As of [`Gallery::root`].
    ///
    /// # Security
    ///
    /// As `membership` says, for whoever gets it: whether these persons are in it, and of others only about how many there are.
    pub fn prove(&self, ids: &[SubjectId], open: bool, progress: &dyn Progress) -> Result<Proofs, CommitError<Damage>> {
        membership::prove(&self.secret(), self, ids, open, progress)
    }

    fn secret(&self) -> Secret {
        Secret::new(&format::salt(self.file.bytes()), Kind::Gallery.binding(&self.agreement))
    }
}
