//! Two logs of one exchange side by side: what one party cannot leave out, because the other holds it, signed.
//!
//! A log whose owner wrote it anew, without a request, is sound by itself. Beside the other party's log it is not: each statement is in
//! both. Check both with [`super::Verifier`] first; what cannot be read, or is signed wrongly, is left out here.

mod comparison;
mod statements;

use std::borrow::Cow;

use super::Role;
use crate::remedy::Remedy;
use crate::service::protocol::{Abandonment, Acknowledgement, Receipt, Reply, Request};
use crate::service::signing::{Hash, Statement};
use crate::service::time::Time;
pub use comparison::{Comparison, Disagreement, Discrepancy, Note};
pub use statements::Statements;
use statements::{Held, Said};

/// Why two logs cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompareError {
    /// Nobody's.
    #[error("a log that does not say whose it is")]
    Owner,
    /// Both a custodian's, or both a querier's.
    #[error("both logs are a {0}'s")]
    Role(Role),
}

impl Remedy for CompareError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Owner => "give a log from its first entry on",
            Self::Role(..) => "give a custodian's and a querier's",
        };
        Some(remedy.into())
    }
}

/// Findings, and notes, that are listed.
const LISTED: usize = 1000;

/// Lays two logs side by side; which is whose, they say themselves.
///
/// # Errors
///
/// [`CompareError`] where they are not a custodian's and a querier's.
pub fn compare(ours: Statements, theirs: Statements) -> Result<Comparison, CompareError> {
    let owner = |log: &Statements| log.parties.owner.clone().ok_or(CompareError::Owner);
    let (custodian, querier) = match (owner(&ours)?.role, owner(&theirs)?.role) {
        (Role::Custodian, Role::Querier) => (ours, theirs),
        (Role::Querier, Role::Custodian) => (theirs, ours),
        (role, _) => return Err(CompareError::Role(role)),
    };
    let comparing = Comparing {
        result: Comparison {
            custodian: owner(&custodian)?.party,
            querier: owner(&querier)?.party,
            requests: 0,
            same: 0,
            excused: 0,
            elsewhere: 0,
            findings: Vec::new(),
            further_findings: 0,
            notes: Vec::new(),
            further_notes: 0,
        },
        erased_before: [custodian.erased_before(&querier), querier.erased_before(&custodian)],
        custodian: &custodian,
        querier: &querier,
        excused: Default::default(),
    };
    Ok(comparing.run())
}

struct Comparing<'a> {
    custodian: &'a Statements,
    querier: &'a Statements,
    /// Before when contents may be gone from the custodian's log, and from the querier's.
    erased_before: [Option<Time>; 2],
    /// Times of the statements that are excused in the custodian's log, and in the querier's.
    excused: [Vec<Time>; 2],
    result: Comparison,
}

/// What the two logs hold of one request.
struct Pair<'a> {
    request: Hash,
    custodian: &'a Held,
    querier: &'a Held,
}

impl Comparing<'_> {
    fn run(mut self) -> Comparison {
        self.parties();
        self.consents();
        self.heads();
        let none = Held::default();
        let both = self.custodian.requests.iter().map(|(request, held)| Pair {
            request: *request,
            custodian: held,
            querier: self.querier.requests.get(request).unwrap_or(&none),
        });
        let querier_alone =
            self.querier.requests.iter().filter(|(request, _)| !self.custodian.requests.contains_key(*request));
        let querier_alone =
            querier_alone.map(|(request, held)| Pair { request: *request, custodian: &none, querier: held });
        let mut pairs: Vec<Pair<'_>> = both.chain(querier_alone).collect();
        // As they stand in the custodian's log; then those that do not, as in the querier's.
        pairs.sort_unstable_by_key(|pair| {
            let place = pair.custodian.first_entry();
            (place.is_none(), place.or_else(|| pair.querier.first_entry()), pair.request)
        });
        for pair in &pairs {
            if self.is_elsewhere(pair) {
                self.result.elsewhere += 1;
            } else if self.is_querier_s(pair) {
                self.result.requests += 1;
                self.pair(pair);
            }
        }
        self.erasures();
        self.result
    }

    /// What one log lacks for its age must be among what it has erased.
    fn erasures(&mut self) {
        let [mut of_custodian, mut of_querier] = std::mem::take(&mut self.excused);
        let lacking = [
            (Role::Custodian, self.custodian.cannot_have_erased(&mut of_custodian)),
            (Role::Querier, self.querier.cannot_have_erased(&mut of_querier)),
        ];
        for (log, statements) in lacking.into_iter().filter(|(_, statements)| *statements > 0) {
            self.find_whole(Disagreement::NotErased { log, statements });
        }
    }

    /// What is about no request.
    fn find_whole(&mut self, what: Disagreement) {
        list(&mut self.result.findings, &mut self.result.further_findings, whole(None, what));
    }

    /// Each log must know the owner of the other.
    fn parties(&mut self) {
        let strangers = [
            (Role::Custodian, self.custodian.knows(&self.result.querier), self.result.querier.clone()),
            (Role::Querier, self.querier.knows(&self.result.custodian), self.result.custodian.clone()),
        ];
        for (log, _, party) in strangers.into_iter().filter(|(_, known, _)| !known) {
            self.find_whole(Disagreement::Stranger { log, party });
        }
    }

    /// Who consents to an erasure has signed that with a key of its own log.
    fn consents(&mut self) {
        let (custodian, querier) = (self.result.custodian.clone(), self.result.querier.clone());
        let invented = [
            (Role::Custodian, querier, self.custodian.invents_consents_of(self.querier)),
            (Role::Querier, custodian, self.querier.invents_consents_of(self.custodian)),
        ];
        for (log, party, _) in invented.into_iter().filter(|(.., invented)| *invented) {
            self.find_whole(Disagreement::Consent { log, party });
        }
    }

    /// What a custodian has signed of its log to the querier, and of who is in its gallery, its log holds still: an erasure leaves that as
    /// it is.
    fn heads(&mut self) {
        let trusted = self.querier.trusted(&self.result.custodian);
        let denied = self.custodian.denies(self.querier);
        let (before, since): (Vec<_>, Vec<_>) =
            denied.into_iter().partition(|(_, entry)| entry.is_some() && *entry < trusted);
        if let Some((first, entry)) = since.first() {
            let what = Disagreement::Heads { heads: since.len() as u64, size: first.size };
            list(&mut self.result.findings, &mut self.result.further_findings, whole(*entry, what));
        }
        for (version, entry) in self.custodian.roots_denied(self.querier, trusted) {
            let what = Disagreement::Root { version };
            list(&mut self.result.findings, &mut self.result.further_findings, whole(Some(entry), what));
        }
        if let Some((_, entry)) = before.last() {
            list(&mut self.result.notes, &mut self.result.further_notes, whole(*entry, Note::Trusted));
        }
    }

    /// Whether the querier asked somebody else: its log knows whose key the receipt is signed with.
    fn is_elsewhere(&self, pair: &Pair<'_>) -> bool {
        let signed = pair.querier.receipt.or(pair.querier.reply);
        let (parties, here) = (&self.querier.parties, &self.result.custodian);
        pair.custodian.first_entry().is_none()
            && self.querier.knows(here)
            && signed
                .is_some_and(|said| parties.of_key(&said.signer).is_some() && !parties.is_key_of(&said.signer, here))
    }

    /// Whether the request is one of this querier's; the custodian has others.
    fn is_querier_s(&self, pair: &Pair<'_>) -> bool {
        match pair.custodian.asked.as_ref() {
            Some(asked) => asked.requester == self.result.querier || pair.querier.first_entry().is_some(),
            None => pair.querier.first_entry().is_some(),
        }
    }

    fn pair(&mut self, pair: &Pair<'_>) {
        let Pair { custodian, querier, .. } = *pair;
        let accepted = custodian.first_entry().is_some() || querier.receipt.is_some() || querier.reply.is_some();
        if let Some(entry) = querier.abandoned {
            let noted = pair.discrepancy(None, Some(entry), Note::Abandoned);
            list(&mut self.result.notes, &mut self.result.further_notes, noted);
        }
        let underway = Some((Role::Custodian, Note::NotTold));
        self.statement(pair, Abandonment::KIND, custodian.abandonment, querier.abandonment, underway);
        match (accepted, querier.request, querier.abandoned) {
            (false, Some(_), Some(_)) => return,
            (false, Some(made), None) => return self.note(pair, made, Note::NotAccepted),
            _ => {}
        }
        self.statement(pair, Request::KIND, custodian.request, querier.request, None);
        let underway = custodian.receipt.filter(|_| querier.request.is_some() && querier.reply.is_none());
        let underway = underway.map(|_| (Role::Querier, Note::ReceiptNotArrived));
        self.statement(pair, Receipt::KIND, custodian.receipt, querier.receipt, underway);
        // Who has acknowledged a reply has fetched it.
        let waits = custodian.acknowledgement.is_none() && querier.acknowledgement.is_none();
        let underway = waits.then_some((Role::Querier, Note::NotFetched));
        self.statement(pair, Reply::KIND, custodian.reply, querier.reply, underway);
        let underway = Some((Role::Custodian, Note::NotDelivered));
        self.statement(pair, Acknowledgement::KIND, custodian.acknowledgement, querier.acknowledgement, underway);
        let reply = custodian.reply.or(querier.reply);
        for (log, held) in [(Role::Custodian, custodian), (Role::Querier, querier)] {
            if let (Some(reply), Some(acknowledged)) = (reply, held.acknowledged)
                && acknowledged != reply.digest
            {
                self.find(pair, (custodian.acknowledgement, querier.acknowledgement), Disagreement::OtherReply { log });
            }
        }
    }

    /// One statement in both logs; `underway` says whose log may lack it, and what that means.
    fn statement(
        &mut self,
        pair: &Pair<'_>,
        statement: &'static str,
        custodian: Option<Said>,
        querier: Option<Said>,
        underway: Option<(Role, Note)>,
    ) {
        let (there, log) = match (custodian, querier) {
            (None, None) => return,
            (Some(ours), Some(theirs)) => {
                return if ours.digest != theirs.digest {
                    self.find(pair, (custodian, querier), Disagreement::Different { statement });
                } else if ours.signer != theirs.signer {
                    self.find(pair, (custodian, querier), Disagreement::Signer { statement });
                } else {
                    self.result.same += 1;
                };
            }
            (Some(there), None) => (there, Role::Querier),
            (None, Some(there)) => (there, Role::Custodian),
        };
        let made = [pair.custodian.request, pair.querier.request].into_iter().flatten().map(|said| said.time).min();
        // Who has signed it may have said another time; nothing is about a request before there is one.
        let there = Said { time: made.map_or(there.time, |made| made.max(there.time)), ..there };
        let ([by_custodian, by_querier], [of_custodian, of_querier]) = (self.erased_before, &mut self.excused);
        let (erased_before, excused) =
            if log == Role::Custodian { (by_custodian, of_custodian) } else { (by_querier, of_querier) };
        if erased_before.is_some_and(|before| there.is_older_than(before)) {
            self.result.excused += 1;
            // What may never have arrived need not have been erased.
            if underway.is_none_or(|(whose, _)| whose != log) {
                excused.push(there.time);
            }
            return;
        }
        match underway.filter(|(whose, _)| *whose == log) {
            Some((_, note)) => self.note(pair, there, note),
            None => self.find(pair, (custodian, querier), Disagreement::Missing { statement, log }),
        }
    }

    fn find(&mut self, pair: &Pair<'_>, (custodian, querier): (Option<Said>, Option<Said>), what: Disagreement) {
        let found = pair.discrepancy(custodian.map(|said| said.entry), querier.map(|said| said.entry), what);
        list(&mut self.result.findings, &mut self.result.further_findings, found);
    }

    fn note(&mut self, pair: &Pair<'_>, said: Said, note: Note) {
        let (custodian, querier) = match note {
            Note::NotAccepted | Note::NotDelivered | Note::Abandoned | Note::NotTold | Note::Trusted => {
                (None, Some(said.entry))
            }
            Note::ReceiptNotArrived | Note::NotFetched => (Some(said.entry), None),
        };
        let noted = pair.discrepancy(custodian, querier, note);
        list(&mut self.result.notes, &mut self.result.further_notes, noted);
    }
}

impl Pair<'_> {
    fn discrepancy<T>(&self, custodian_entry: Option<u64>, querier_entry: Option<u64>, what: T) -> Discrepancy<T> {
        let asked = self.querier.asked.as_ref().or(self.custodian.asked.as_ref());
        let number = asked.map(|asked| asked.number.clone());
        Discrepancy { number, request: Some(self.request), custodian_entry, querier_entry, what }
    }
}

/// What is about no request.
fn whole<T>(querier_entry: Option<u64>, what: T) -> Discrepancy<T> {
    Discrepancy { number: None, request: None, custodian_entry: None, querier_entry, what }
}

fn list<T>(listed: &mut Vec<T>, further: &mut u64, item: T) {
    match listed.len() {
        LISTED.. => *further += 1,
        _ => listed.push(item),
    }
}

#[cfg(test)]
mod tests;
