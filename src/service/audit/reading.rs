//! The one reading of a log's entries: contents decoded, signatures of statements tried.
//!
//! Those that judge a log judge this: [`super::Verifier`] whether it is sound, [`super::Statements`] what it has in common with another,
//! [`super::Requests`] and [`super::Transparency`] what was asked.

use std::collections::{BTreeMap, BTreeSet};

use super::consent::Consent;
use super::order::{Measure, Order};
use super::succession::Succession;
use super::{Divergence, Entry, EntryError, Event, RequestRefusal, Role};
use crate::agreement::Code;
use crate::service::lattice::LatticeKey;
use crate::service::protocol::{Abandonment, Acknowledgement, Receipt, Reply, Request, Standing};
use crate::service::signing::{Hash, Name, PublicKey, Second, Signed, Statement, StatementError};
use crate::service::time::Time;
use crate::service::tree::TreeHead;

/// An entry that was read. Reading tries a signature, which is most of the work: several judges may share it.
pub(crate) struct Reading<'a> {
    pub(super) entry: &'a Entry,
    /// What it tells; none where that was erased.
    pub(super) told: Result<Option<Told>, EntryError>,
    /// Whether its content is there, and has to go when its time is over.
    pub(super) is_erasable: bool,
}

/// What an entry tells, as far as anybody judges it.
#[expect(clippy::large_enum_variant, reason = "there is one at a time: of the entry that is read")]
pub(super) enum Told {
    Opened(Whose),
    Registered {
        party: Code,
        key: PublicKey,
        introduced: Option<Stated<Succession>>,
        ml_dsa: Vec<LatticeKey>,
    },
    Succession(Stated<Succession>),
    Request(Stated<Request>),
    Receipt(Stated<Receipt>),
    Reply(Stated<Reply>),
    Acknowledgement(Stated<Acknowledgement>),
    Abandoned {
        request: Hash,
        statement: Option<Stated<Abandonment>>,
    },
    Refused {
        requester: Code,
        reason: RequestRefusal,
    },
    KeyAdmitted {
        requester: Code,
        agreement: Hash,
        key: Name,
        until: Time,
    },
    Gallery {
        agreement: Hash,
        version: u64,
        inherits: Option<u64>,
        persons: Option<Hash>,
        root: Option<Hash>,
    },
    Canaries {
        request: Hash,
        asked: u64,
        found: u64,
    },
    Clock {
        ahead: Time,
    },
    /// With the head that the custodian has signed, and its key; none where it has not.
    Diverged {
        shown: Option<(TreeHead, PublicKey)>,
    },
    Trusted {
        custodian: Code,
    },
    Breaker {
        pulled: bool,
        measure: Measure,
        orders: Vec<Stated<Order>>,
    },
    OperatorRegistered {
        operator: Code,
        key: PublicKey,
    },
    OperatorRemoved {
        operator: Code,
    },
    Erased(Erasure),
    Else,
}

/// What an erasure tells: see [`Event::Erased`].
pub(super) struct Erasure {
    pub before: Time,
    pub through: u64,
    pub contents: u64,
    pub consents: Vec<Stated<Consent>>,
    pub orders: Vec<Stated<Order>>,
}

/// Whose log it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Whose {
    /// The code under which the other party knows its owner.
    pub party: Code,
    /// Whether its owner is asked or asks.
    pub role: Role,
}

/// A statement as it stands in a log.
pub(super) struct Stated<T> {
    /// Names the statement.
    pub digest: Hash,
    /// The key beside it.
    pub signer: PublicKey,
    /// What it says, where its signature is that key's.
    pub said: Result<T, StatementError>,
    /// Its second signature; none for kinds that are signed once.
    pub second: Option<Second>,
}

impl<'a> Reading<'a> {
    /// Reads an entry.
    pub(crate) fn of(entry: &'a Entry) -> Self {
        let event = entry.event();
        let is_erasable = matches!(&event, Ok(Some(event)) if event.is_erasable());
        Self { entry, told: event.map(|event| event.map(Told::of)), is_erasable }
    }

    /// The entry that was read.
    pub(crate) fn entry(&self) -> &'a Entry {
        self.entry
    }

    /// The key that this entry introduces for its own log, and the one that does; where that is signed.
    pub(crate) fn introduces(&self) -> Option<(PublicKey, PublicKey)> {
        match self.told()? {
            Told::Succession(stated) => Some((stated.signer, stated.held()?.successor)),
            _ => None,
        }
    }

    /// What it tells, for judges who pass over what cannot be read.
    pub(super) fn told(&self) -> Option<&Told> {
        self.told.as_ref().ok()?.as_ref()
    }
}

impl Told {
    fn of(event: Event) -> Self {
        match event {
            Event::Opened { party, role } => Self::Opened(Whose { party, role }),
            Event::Registered { party, key, introduced, ml_dsa } => {
                Self::Registered { party, key, introduced: introduced.as_ref().map(Stated::of), ml_dsa }
            }
            Event::Succession { statement } => Self::Succession(Stated::of(&statement)),
            Event::Request { statement } => Self::Request(Stated::of(&statement)),
            Event::Receipt { statement } => Self::Receipt(Stated::of(&statement)),
            Event::Reply { statement } => Self::Reply(Stated::of(&statement)),
            Event::Acknowledgement { statement } => Self::Acknowledgement(Stated::of(&statement)),
            Event::Abandoned { request, statement } => {
                Self::Abandoned { request, statement: statement.as_ref().map(Stated::of) }
            }
            Event::Refused { requester, reason, .. } => Self::Refused { requester, reason },
            Event::KeyAdmitted { requester, agreement, key, until } => {
                Self::KeyAdmitted { requester, agreement, key, until }
            }
            Event::Gallery { agreement, version, inherits, persons, root, .. } => {
                Self::Gallery { agreement, version, inherits, persons, root }
            }
            Event::Canaries { request, asked, found } => Self::Canaries { request, asked, found },
            Event::Clock { ahead, .. } => Self::Clock { ahead },
            Event::Breaker { pulled, reason, orders } => {
                let orders = orders.iter().map(Stated::of).collect();
                Self::Breaker { pulled, measure: Measure::Breaker { pulled, reason }, orders }
            }
            Event::OperatorRegistered { operator, key } => Self::OperatorRegistered { operator, key },
            Event::OperatorRemoved { operator } => Self::OperatorRemoved { operator },
            Event::Erased { before, through, contents, consents, orders } => {
                let consents = consents.iter().map(Stated::of).collect();
                let orders = orders.iter().map(Stated::of).collect();
                Self::Erased(Erasure { before, through, contents, consents, orders })
            }
            Event::Trusted { custodian, .. } => Self::Trusted { custodian },
            Event::Diverged(divergence) => Self::Diverged { shown: shown(&divergence) },
            Event::Deleted { .. } | Event::Exempt { .. } => Self::Else,
        }
    }
}

/// The head that a divergence is about, and who has signed it: a standing, a receipt or a reply of the custodian's.
fn shown(divergence: &Divergence) -> Option<(TreeHead, PublicKey)> {
    fn head<T: Statement>(text: &str, head: impl Fn(T) -> Option<TreeHead>) -> Option<(TreeHead, PublicKey)> {
        let signed = Signed::<T>::from_json(text).ok()?;
        Some((head(signed.verify(None).ok()?)?, signed.signer()))
    }
    let text = &divergence.statement;
    head(text, |said: Standing| (said.custodian == divergence.custodian).then_some(said.log))
        .or_else(|| head(text, |said: Receipt| said.log))
        .or_else(|| head(text, |said: Reply| said.log))
        .filter(|(head, _)| *head == divergence.shown)
}

impl<T: Statement> Stated<T> {
    pub(super) fn of(statement: &Signed<T>) -> Self {
        let (digest, signer, second) = (statement.digest(), statement.signer(), statement.second());
        Self { digest, signer, said: statement.verify(None), second }
    }

    /// What it says, for judges who pass over what is signed wrongly.
    pub(crate) fn held(&self) -> Option<&T> {
        self.said.as_ref().ok()
    }
}

/// Whose log it is and whom it knows, as far as it was read.
#[derive(Default)]
pub(super) struct Parties {
    /// As the first entry that says so.
    pub owner: Option<Whose>,
    /// Several may have one key: what it has signed is each one's.
    registered: BTreeMap<PublicKey, BTreeSet<Code>>,
}

impl Parties {
    /// Takes in what an entry tells of parties.
    pub(crate) fn read(&mut self, told: &Told) {
        match told {
            Told::Opened(whose) => {
                self.owner.get_or_insert_with(|| whose.clone());
            }
            Told::Registered { party, key, .. } => {
                self.registered.entry(*key).or_default().insert(party.clone());
            }
            _ => {}
        }
    }

    /// Whether the log is one of this role, as far as it was read.
    pub(crate) fn is_role(&self, role: Role) -> bool {
        self.owner.as_ref().is_some_and(|owner| owner.role == role)
    }

    /// Whether this party is, or was, registered with this key.
    pub(crate) fn is_key_of(&self, key: &PublicKey, party: &Code) -> bool {
        self.registered.get(key).is_some_and(|parties| parties.contains(party))
    }

    /// Another party that is registered with this key.
    pub(crate) fn of_key(&self, key: &PublicKey) -> Option<&Code> {
        self.registered.get(key)?.first()
    }

    /// The other parties; one that changed its key comes more than once.
    pub(crate) fn registered(&self) -> impl Iterator<Item = &Code> {
        self.registered.values().flatten()
    }
}
