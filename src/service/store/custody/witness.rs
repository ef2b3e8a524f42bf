//! What the log tells of an answer that is made again: each entry as its owner has signed it, each statement as its party has.

use crate::agreement::Code;
use crate::service::audit::{Event, Head, Succession, beside};
use crate::service::lattice::LatticeKey;
use crate::service::protocol::{Receipt, Reply, ReplyOutcome, Request};
use crate::service::signing::{Hash, PublicKey, Signed, Statement};
use crate::service::store::StoreError;
use crate::service::store::entries::page;
use crate::service::store::logged::LoggedStep;
use crate::service::store::values::{Row, Value};

/// A log, and the keys that it is signed with.
pub(super) struct Witness<'s, 'a, 'b> {
    step: &'s mut LoggedStep<'a, 'b>,
    /// Keys of before, each with the number of the last entry that it signed; in their order.
    before: Vec<(u64, PublicKey)>,
    current: PublicKey,
}

/// The statements of a job, as they were signed.
pub(super) struct Asked {
    pub request: Request,
    pub receipt: Receipt,
    pub reply: Reply,
}

/// What a party signs with, as the log has registered it.
#[derive(Default)]
struct Registered {
    /// In their order.
    keys: Vec<PublicKey>,
    /// Those that the one of before has introduced.
    introduced: Vec<PublicKey>,
    /// What it signs with a second time.
    lattice: Vec<LatticeKey>,
}

impl Registered {
    /// What counts beside a key of its, as for `audit verify`.
    fn beside(&self, signer: &PublicKey) -> &[LatticeKey] {
        let current = self.keys.last();
        let follows = current.is_some_and(|current| self.introduced.contains(current));
        beside(&self.lattice, follows, current == Some(signer))
    }
}

/// What a job was answered on, as the log tells it.
pub(super) struct Surroundings {
    /// Digests of the exempt lists in force from when the request was accepted until it was replied to; none for nobody.
    pub exempt: Vec<Option<Hash>>,
    /// Names the content of the version that was searched; none where the log does not tell of it.
    pub gallery: Option<Hash>,
}

/// Entries and statements that are not their owners'.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Untold {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An entry that was written otherwise, or by somebody else.
    #[error(
        "entry {0} of the log is not as it was written, or is not signed with the key that the log's owner had then"
    )]
    Entry(u64),
    /// A statement in it that its party has not signed.
    #[error(
        "entry {0} of the log holds a {1} that is not signed with a key of its party's, or with not all that were registered"
    )]
    Statement(u64, &'static str),
}

impl<'s, 'a, 'b> Witness<'s, 'a, 'b> {
    /// Of the log of this database, whose owner's key may have been introduced by others before it.
    ///
    /// # Errors
    ///
    /// [`Untold::Entry`] where keys do not lead to that of now, each signed by the one before.
    pub(super) fn new(step: &'s mut LoggedStep<'a, 'b>) -> Result<Self, Untold> {
        let current = step.owner.key.public();
        let (mut witness, mut introductions) = (Self { step, before: Vec::new(), current }, Vec::new());
        let sql = "SELECT number FROM log WHERE content LIKE ?1 ORDER BY number";
        for number in witness.numbers(sql, &["%\"kind\":\"succession\"%".into()])? {
            let Some(entry) = page(witness.step, number, number)?.pop() else { continue };
            if let Ok(Some(Event::Succession { statement })) = entry.event() {
                introductions.push((number, statement));
            }
        }
        witness.before = introductions.iter().map(|(number, statement)| (*number, statement.signer())).collect();
        for (number, statement) in introductions {
            witness.entry(number)?;
            let said: Succession = held(number, &statement, statement.signer())?;
            if said.successor != witness.key(number.saturating_add(1)) {
                return Err(Untold::Entry(number));
            }
        }
        Ok(witness)
    }

    /// The key that signs this entry.
    fn key(&self, number: u64) -> PublicKey {
        let before = self.before.iter().find(|(last, _)| *last >= number);
        before.map_or(self.current, |(_, key)| *key)
    }

    /// What an entry tells; none where there is none, or its content was erased.
    fn entry(&mut self, number: u64) -> Result<Option<Event>, Untold> {
        let mut entries = page(self.step, number.saturating_sub(1), number)?;
        let Some(entry) = entries.pop().filter(|entry| entry.number == number) else { return Ok(None) };
        let previous = entries.pop().map_or(Head::NONE, |before| before.head());
        let stands = previous.number.saturating_add(1) == number
            && entry.follows(&previous.hash)
            && entry.is_signed_by(&self.key(number));
        entry.event().ok().filter(|_| stands).ok_or(Untold::Entry(number))
    }

    /// The statements of a job, where the log tells of them where they belong: a request's entry has the number of its job, its receipt follows, a
    /// reply has the number that it names. None where it does not.
    pub(super) fn asked(
        &mut self,
        sequence: u64,
        request: &Signed<Request>,
        receipt: &Signed<Receipt>,
        reply: &Signed<Reply>,
    ) -> Result<Option<Asked>, Untold> {
        let accepted = sequence.saturating_add(1);
        let second = match self.entry(sequence)? {
            Some(Event::Request { statement }) if statement.digest() == request.digest() => statement.second(),
            _ => return Ok(None),
        };
        let told = self.entry(accepted)?;
        if !matches!(&told, Some(Event::Receipt { statement }) if statement.digest() == receipt.digest()) {
            return Ok(None);
        }
        let receipt = held(accepted, receipt, self.key(accepted))?;
        let signer = request.signer();
        let request = held(sequence, request, signer)?;
        let known = self.registered(&request.requester, sequence)?;
        let holds = second.is_none_or(|second| second.verify(known.beside(&signer)).is_ok());
        if !holds || !known.keys.contains(&signer) {
            return Err(Untold::Statement(sequence, Request::KIND));
        }
        // Where it belongs it says itself.
        let Ok(said) = reply.verify(None) else { return Err(StoreError::Damaged("reply").into()) };
        let told = self.entry(said.number)?;
        if !matches!(&told, Some(Event::Reply { statement }) if statement.digest() == reply.digest()) {
            return Ok(None);
        }
        let reply = held(said.number, reply, self.key(said.number))?;
        Ok(Some(Asked { request, receipt, reply }))
    }

    /// What a party was registered with before an entry.
    fn registered(&mut self, party: &Code, before: u64) -> Result<Registered, Untold> {
        let like = format!("%\"kind\":\"registered\",\"party\":\"{party}\",%");
        let sql = "SELECT number FROM log WHERE content LIKE ?1 AND number < ?2 ORDER BY number";
        let mut known = Registered::default();
        for number in self.numbers(sql, &[like.into(), before.into()])? {
            if let Some(Event::Registered { party: of, key, introduced, ml_dsa }) = self.entry(number)?
                && of == *party
            {
                known.introduced.extend(introduced.map(|_| key));
                known.keys.push(key);
                known.lattice = ml_dsa;
            }
        }
        Ok(known)
    }

    /// What a job was answered on.
    pub(super) fn surroundings(&mut self, sequence: u64, asked: &Asked) -> Result<Surroundings, Untold> {
        let exempt = self.exempt(sequence, &asked.request.agreement, asked.reply.number)?;
        let gallery = match asked.reply.outcome {
            ReplyOutcome::Answered { gallery, .. } => self.gallery(&asked.request.agreement, gallery)?,
            ReplyOutcome::Unanswered { .. } => None,
        };
        Ok(Surroundings { exempt, gallery })
    }

    fn exempt(&mut self, sequence: u64, agreement: &Hash, replied: u64) -> Result<Vec<Option<Hash>>, Untold> {
        let sql = "SELECT number FROM log WHERE content LIKE ?1 AND number < ?2 ORDER BY number";
        let beginning = format!("%\"kind\":\"exempt\",\"agreement\":\"{agreement}\"%");
        let mut lists = vec![None];
        for number in self.numbers(sql, &[beginning.into(), replied.into()])? {
            if let Some(Event::Exempt { agreement: of, list, .. }) = self.entry(number)?
                && of == *agreement
            {
                if number < sequence {
                    lists.clear();
                }
                lists.push(Some(list));
            }
        }
        Ok(lists)
    }

    fn gallery(&mut self, agreement: &Hash, wanted: u64) -> Result<Option<Hash>, Untold> {
        let sql = "SELECT number FROM log WHERE content LIKE ?1 ORDER BY number DESC";
        let beginning = format!("%\"kind\":\"gallery\",\"agreement\":\"{agreement}\",\"version\":{wanted},%");
        for number in self.numbers(sql, &[beginning.into()])? {
            if let Some(Event::Gallery { version, state, .. }) = self.entry(number)?
                && version == wanted
            {
                return Ok(Some(state));
            }
        }
        Ok(None)
    }

    fn numbers(&mut self, sql: &str, values: &[Value]) -> Result<Vec<u64>, StoreError> {
        self.step.query(sql, values)?.into_iter().map(|mut row: Row| row.count()).collect()
    }
}

/// What a statement says, where this key has signed it.
fn held<T: Statement>(entry: u64, statement: &Signed<T>, signer: PublicKey) -> Result<T, Untold> {
    statement.verify(Some(&signer)).map_err(|_| Untold::Statement(entry, T::KIND))
}
