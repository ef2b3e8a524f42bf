//! Keys of signing turn over: a new key is introduced by a statement that the old one signs.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Role;
use crate::agreement::Code;
use crate::remedy::Remedy;
use crate::service::lattice::LatticeKey;
use crate::service::protocol::Dated;
use crate::service::signing::{PublicKey, Signed, SigningKey, Statement, StatementError};
use crate::service::time::Time;

/// A party's signatures are made with another key from now on. Signed with the key of before, and in it with the key from now on: so
/// nobody makes a key that is not his the successor of one that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Succession {
    /// Whose key it is.
    pub party: Code,
    /// In which role it signs.
    pub role: Role,
    /// The key from now on.
    pub successor: PublicKey,
    /// When.
    pub time: Time,
    /// Signed with the key from now on.
    acceptance: Signed<Acceptance>,
}

/// A key follows another. Signed with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Acceptance {
    party: Code,
    role: Role,
    predecessor: PublicKey,
}

impl Statement for Acceptance {
    const KIND: &'static str = "key-acceptance";
}

impl Statement for Succession {
    const KIND: &'static str = "key-succession";

    fn is_joint(&self, signer: &PublicKey) -> Result<(), StatementError> {
        let accepted = self.acceptance.verify(Some(&self.successor)).map_err(|_| StatementError::NotAccepted)?;
        match accepted == Acceptance::of(&self.party, self.role, signer) {
            true => Ok(()),
            false => Err(StatementError::NotAccepted),
        }
    }
}

impl Acceptance {
    fn of(party: &Code, role: Role, predecessor: &PublicKey) -> Self {
        Self { party: party.clone(), role, predecessor: *predecessor }
    }
}

impl Succession {
    /// From this time on a party signs in this role with the second key, and no more with the first.
    ///
    /// # Errors
    ///
    /// [`StatementError`] where a key does not sign.
    pub fn signed(
        (party, role): (&Code, Role),
        (key, successor): (&SigningKey, &SigningKey),
        time: Time,
    ) -> Result<Signed<Self>, StatementError> {
        let acceptance = Signed::new(&Acceptance::of(party, role, &key.public()), successor)?;
        let (party, successor) = (party.clone(), successor.public());
        Signed::new(&Self { party, role, successor, time, acceptance }, key)
    }
}

/// Keys of one party that follow each other, at most: one a month for five years.
pub const SUCCESSIONS: usize = 60;

/// Statements that introduce no key as they should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SuccessionError {
    /// One that does not hold.
    #[error("a statement of succession is refused: {0}")]
    Statement(StatementError),
    /// One of somebody else.
    #[error("a statement of succession is of {actual}, not of {expected}")]
    Party {
        /// Whose it should be.
        expected: Code,
        /// Whose it is.
        actual: Code,
    },
    /// None leads to the key.
    #[error("no statement introduces key {0}")]
    Unintroduced(PublicKey),
    /// More than there can be.
    #[error("more than {SUCCESSIONS} keys follow each other")]
    TooMany,
}

impl Remedy for SuccessionError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::Statement(error) => return error.remedy(),
            Self::Party { .. } => "name that party's statements".into(),
            Self::Unintroduced(_) => {
                "name the key that the last statement introduces ('cotejo keys succeed' prints it)".into()
            }
            Self::TooMany => "begin with a later one".into(),
        })
    }
}

/// What a party's statements are signed with: a key, and those before it, each for what was made until its successor was introduced.
#[derive(Clone, Debug)]
pub struct Signers {
    current: PublicKey,
    /// What statements are signed with a second time: see [`beside`]. Where there are none, once is enough.
    lattice: Vec<LatticeKey>,
    introductions: Vec<(Signed<Succession>, Time)>,
}

impl Signers {
    /// One key, and none before it.
    pub fn new(current: PublicKey) -> Self {
        Self { current, lattice: Vec::new(), introductions: Vec::new() }
    }

    /// The same, whose statements must be signed a second time with one of these keys: that of now, then those of keys before it.
    #[must_use]
    pub fn twice(self, lattice: Vec<LatticeKey>) -> Self {
        Self { lattice, ..self }
    }

    /// What statements are signed with a second time.
    pub(crate) fn lattice(&self) -> &[LatticeKey] {
        &self.lattice
    }

    /// A key, and what introduces it: statements of this party in this role, of which the last introduces it; in any order.
    ///
    /// # Errors
    ///
    /// [`SuccessionError`] where they do not lead to the key.
    pub fn introduced(
        current: PublicKey,
        (party, role): (&Code, Role),
        statements: &[Signed<Succession>],
    ) -> Result<Self, SuccessionError> {
        if statements.len() > SUCCESSIONS {
            return Err(SuccessionError::TooMany);
        }
        let mut left = Vec::with_capacity(statements.len());
        for statement in statements {
            let said = statement.verify(None).map_err(SuccessionError::Statement)?;
            if said.party != *party || said.role != role {
                return Err(SuccessionError::Party { expected: party.clone(), actual: said.party });
            }
            left.push((statement.clone(), said));
        }
        let (mut introductions, mut key) = (Vec::new(), current);
        while let Some(found) = left.iter().position(|(_, said)| said.successor == key) {
            let (statement, said) = left.swap_remove(found);
            key = statement.signer();
            introductions.insert(0, (statement, said.time));
        }
        match left.is_empty() {
            true => Ok(Self { current, lattice: Vec::new(), introductions }),
            false => Err(SuccessionError::Unintroduced(current)),
        }
    }

    /// What statements are signed with now.
    pub fn current(&self) -> PublicKey {
        self.current
    }

    /// The statements that lead from this key to the current one; none where no statement does.
    pub fn since(&self, key: &PublicKey) -> Option<Vec<&Signed<Succession>>> {
        let from = self.introductions.iter().position(|(statement, _)| statement.signer() == *key)?;
        Some(self.introductions.iter().skip(from).map(|(statement, _)| statement).collect())
    }

    /// What a statement says, where its party has signed it: with the key of now, or the one of when it was made.
    ///
    /// # Errors
    ///
    /// [`StatementError`] where it has not.
    pub fn verify<T: Dated>(&self, statement: &Signed<T>) -> Result<T, StatementError> {
        let said = self.verify_once(statement)?;
        let Some(second) = statement.second() else { return Ok(said) };
        let is_current = statement.signer() == self.current;
        second.verify(beside(&self.lattice, !self.introductions.is_empty(), is_current)).map(|()| said)
    }

    fn verify_once<T: Dated>(&self, statement: &Signed<T>) -> Result<T, StatementError> {
        let signer = statement.signer();
        let earlier = self.introductions.iter().find(|(introduction, _)| introduction.signer() == signer);
        match earlier {
            Some((_, until)) if signer != self.current => {
                let said = statement.verify(Some(&signer))?;
                match said.made() <= *until {
                    true => Ok(said),
                    false => Err(StatementError::Signer { expected: self.current, actual: signer }),
                }
            }
            _ => statement.verify(Some(&self.current)),
        }
    }
}

/// The keys of second signatures that count beside a key of a party's: of those that are registered, the first is that of now, and the others are
/// of keys before it. Where no key is known to follow another, or one alone is registered, any of them is.
pub(crate) fn beside(lattice: &[LatticeKey], follows: bool, is_current: bool) -> &[LatticeKey] {
    match lattice.split_first() {
        Some((now, before)) if follows && !before.is_empty() => match is_current {
            true => std::slice::from_ref(now),
            false => before,
        },
        _ => lattice,
    }
}

/// Reads statements of succession, one a line; empty lines are passed over.
///
/// # Errors
///
/// [`SuccessionError`] for anything else.
pub fn read_successions(text: &str) -> Result<Vec<Signed<Succession>>, SuccessionError> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(SUCCESSIONS + 1);
    let read = lines.map(|line| Signed::from_json(line).map_err(SuccessionError::Statement));
    let read = read.collect::<Result<Vec<_>, _>>()?;
    if read.len() > SUCCESSIONS { Err(SuccessionError::TooMany) } else { Ok(read) }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;
    use crate::service::protocol::{Request, tests::request};

    fn key(seed: u64) -> SigningKey {
        SigningKey::generate(&mut ChaCha20Rng::seed_from_u64(seed))
    }

    fn code(text: &str) -> Code {
        text.parse().unwrap()
    }

    fn statement(party: &str, from: u64, to: u64, time: i64) -> Signed<Succession> {
        Succession::signed((&code(party), Role::Querier), (&key(from), &key(to)), Time::from_millis(time)).unwrap()
    }

    fn asked(seed: u64, time: i64) -> Signed<Request> {
        Signed::new(&request("1", Time::from_millis(time)), &key(seed)).unwrap()
    }

    #[test]
    fn each_key_signs_what_was_made_in_its_time() {
        let statements = [statement("A", 2, 3, 2000), statement("A", 1, 2, 1000)];
        let signers = Signers::introduced(key(3).public(), (&code("A"), Role::Querier), &statements).unwrap();
        for (seed, time, held) in [
            (1, 1000, true),
            (1, 1001, false),
            (2, 900, true),
            (2, 2000, true),
            (2, 2001, false),
            (3, 9000, true),
            (4, 5, false),
        ] {
            assert_eq!(signers.verify(&asked(seed, time)).is_ok(), held, "key {seed} at {time}");
        }
        assert_eq!(signers.since(&key(1).public()).unwrap().len(), 2);
        assert_eq!(signers.since(&key(2).public()).unwrap(), [&statements[0]]);
        assert!(signers.since(&key(3).public()).is_none());
        // Without statements there is one key.
        let alone = Signers::new(key(3).public());
        assert!(alone.verify(&asked(2, 5)).is_err() && alone.verify(&asked(3, 5)).is_ok());
    }

    #[test]
    fn who_has_registered_a_second_key_takes_nothing_without_it_from_any_key_of_its_signer() {
        let statements = [statement("A", 1, 2, 1000)];
        let signers = Signers::introduced(key(2).public(), (&code("A"), Role::Querier), &statements).unwrap();
        let lattice = |seeds: &[u64]| seeds.iter().map(|seed| key(*seed).lattice_key().unwrap()).collect();
        for (registered, seed, time, held) in [
            (&[][..], 2, 2000, true),
            (&[2][..], 2, 2000, true),
            (&[2], 1, 900, false),
            (&[2, 1], 1, 900, true),
            (&[2, 1], 2, 2000, true),
            // The key of before is that of now no more.
            (&[1, 2], 2, 2000, false),
            (&[2, 3], 1, 900, false),
            (&[3], 2, 2000, false),
        ] {
            let signers = signers.clone().twice(lattice(registered));
            assert_eq!(signers.verify(&asked(seed, time)).is_ok(), held, "{registered:?}: key {seed}");
            let stripped = signers.verify(&asked(seed, time).once());
            match registered {
                [] => assert!(stripped.is_ok()),
                _ => assert_eq!(stripped, Err(StatementError::Once)),
            }
        }
        // Whoever does not name the statements does not know which key was first, whatever the order of lines.
        let unordered = Signers::new(key(2).public());
        for registered in [&[2, 1][..], &[1, 2]] {
            assert!(unordered.clone().twice(lattice(registered)).verify(&asked(2, 2000)).is_ok());
        }
    }

    /// Whoever has no key of a party's signs that a key of his own comes before one of hers.
    #[test]
    fn a_key_follows_none_that_it_has_not_signed_to_follow() {
        let sound = statement("A", 1, 2, 1000).verify(None).unwrap();
        let others = statement("A", 9, 3, 1000).verify(None).unwrap();
        let role = Succession::signed((&code("A"), Role::Custodian), (&key(1), &key(2)), Time::ZERO).unwrap();
        for (forged, signer) in [
            (sound.clone(), 9),
            (Succession { successor: key(3).public(), ..sound.clone() }, 1),
            (Succession { party: code("C"), ..sound.clone() }, 1),
            (Succession { acceptance: others.acceptance, ..sound.clone() }, 1),
            (Succession { acceptance: role.verify(None).unwrap().acceptance, ..sound.clone() }, 1),
        ] {
            let forged = Signed::new(&forged, &key(signer)).unwrap();
            assert_eq!(forged.verify(None), Err(StatementError::NotAccepted));
            let refused = Signers::introduced(key(2).public(), (&code("A"), Role::Querier), &[forged]).map(drop);
            assert_eq!(refused, Err(SuccessionError::Statement(StatementError::NotAccepted)));
        }
        // The key of before may say when, and has.
        let later = Signed::new(&Succession { time: Time::from_millis(7), ..sound }, &key(1)).unwrap();
        assert!(later.verify(None).is_ok());
    }

    #[test]
    fn what_does_not_lead_to_the_key_is_refused() {
        let of = |statements: &[Signed<Succession>]| {
            Signers::introduced(key(3).public(), (&code("A"), Role::Querier), statements)
                .map(|signers| signers.current())
        };
        assert_eq!(of(&[]).unwrap(), key(3).public());
        assert_eq!(of(&[statement("A", 1, 2, 1)]), Err(SuccessionError::Unintroduced(key(3).public())));
        assert!(matches!(of(&[statement("C", 2, 3, 1)]), Err(SuccessionError::Party { .. })));
        // Another's statement beside the right one, and a circle.
        assert!(of(&[statement("A", 2, 3, 1), statement("A", 5, 6, 1)]).is_err());
        assert!(of(&[statement("A", 2, 3, 1), statement("A", 3, 2, 1)]).is_ok());
        // A clock may have been ahead by the first.
        assert!(of(&[statement("A", 2, 3, 1), statement("A", 1, 2, 2)]).is_ok());
        let forged =
            statement("A", 2, 3, 1).to_json().replace(&key(2).public().to_string(), &key(1).public().to_string());
        assert!(matches!(of(&[Signed::from_json(&forged).unwrap()]), Err(SuccessionError::Statement(_))));
        assert_eq!(of(&vec![statement("A", 2, 3, 1); SUCCESSIONS + 1]), Err(SuccessionError::TooMany));
        assert!(read_successions("\n\n").unwrap().is_empty());
        assert!(read_successions("no statement").is_err());
    }
}
