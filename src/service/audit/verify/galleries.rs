//! Roots of galleries: a version has one, and answers are of the version that was current or of a later one.

use std::collections::BTreeMap;

use super::{LogProblem, Verifier};
use crate::agreement::Code;
use crate::service::audit::Role;
use crate::service::protocol::{GalleryRoot, Receipt, Reply, ReplyOutcome};
use crate::service::signing::{Hash, PublicKey};

/// Roots that a log tells, or holds signed.
#[derive(Default)]
pub(super) struct Galleries {
    /// By version, of a custodian's own entries: none where they commit to nothing.
    own: BTreeMap<(Hash, u64), Option<Hash>>,
    /// By whose they are, in a querier's log: whatever key of its the custodian has signed with.
    signed: BTreeMap<(Code, Hash, u64), Hash>,
}

impl Galleries {
    /// From here on a custodian searches this version.
    pub(super) fn entry(&mut self, agreement: Hash, version: u64, root: Option<Hash>) {
        self.own.insert((agreement, version), root);
    }

    /// The log's owner has signed that a version has this root.
    fn own(&self, agreement: Hash, GalleryRoot { version, root }: GalleryRoot) -> Option<LogProblem> {
        let same = self.own.get(&(agreement, version)) == Some(&Some(root));
        (!same).then_some(LogProblem::Root { version })
    }

    /// Another custodian has.
    fn other(&mut self, by: Code, agreement: Hash, GalleryRoot { version, root }: GalleryRoot) -> Option<LogProblem> {
        let same = *self.signed.entry((by, agreement, version)).or_insert(root) == root;
        (!same).then_some(LogProblem::Root { version })
    }

    /// This custodian has begun another log, and may number its versions anew.
    pub(super) fn forget(&mut self, custodian: &Code) {
        self.signed.retain(|(by, ..), _| by != custodian);
    }
}

impl Verifier {
    /// The version that was searched when a request was accepted has the root that it has elsewhere.
    pub(super) fn receipt_of(&mut self, entry: u64, signer: PublicKey, receipt: &Receipt) {
        let Some(gallery) = receipt.gallery else { return };
        // Whether its request was erased or never there is judged apart: then it is not known under which agreement.
        let Some(progress) = self.requests.get_mut(&receipt.request) else { return };
        progress.gallery = Some(gallery.version);
        let Some(agreement) = progress.agreement else { return };
        self.rooted(entry, signer, agreement, gallery);
    }

    /// What was searched is that version or a later one, and has the root that it has elsewhere.
    pub(super) fn searched(&mut self, entry: u64, signer: PublicKey, reply: &Reply) {
        let ReplyOutcome::Answered { gallery: searched, .. } = reply.outcome else { return };
        let accepted = self.requests.get(&reply.request_digest).and_then(|progress| progress.gallery);
        if let Some(accepted) = accepted.filter(|accepted| *accepted > searched) {
            self.find(entry, LogProblem::Searched { accepted, searched });
        }
        let Some(gallery) = reply.gallery() else { return };
        self.rooted(entry, signer, reply.request.agreement, gallery);
    }

    fn rooted(&mut self, entry: u64, signer: PublicKey, agreement: Hash, gallery: GalleryRoot) {
        let problem = match (self.is_role(Role::Custodian), self.authority(&signer)) {
            (true, _) => self.galleries.own(agreement, gallery),
            (false, Some(by)) => self.galleries.other(by, agreement, gallery),
            // That it is nobody's is a finding of its own.
            (false, None) => None,
        };
        problem.into_iter().for_each(|problem| self.find(entry, problem));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::audit::samples::{Exchange, Log, Reached, key};
    use crate::service::audit::{Disagreement, Event, Statements, Succession, compare};
    use crate::service::protocol::tests::request;
    use crate::service::time::Time;

    const AGREEMENT: Hash = Hash([7; 32]);

    fn root(number: u8) -> Hash {
        Hash([number; 32])
    }

    fn searched(version: u64, root: Hash) -> Event {
        Event::Gallery {
            agreement: AGREEMENT,
            version,
            state: Hash([1; 32]),
            subjects: 1,
            inherits: Some(version),
            persons: None,
            root: Some(root),
        }
    }

    /// A request that was accepted under a version, and answered of one.
    fn asked(exchange: &mut Exchange, number: u8, accepted: (u64, Hash), answered: (u64, Option<Hash>)) {
        exchange.gallery = Some(GalleryRoot { version: accepted.0, root: accepted.1 });
        let outcome = ReplyOutcome::Answered {
            answer_digest: Hash([4; 32]),
            gallery: answered.0,
            bits: 4,
            parts: None,
            root: answered.1,
        };
        let asked = request(&number.to_string(), Time::from_millis(1000 * i64::from(number)));
        exchange.follow(asked, outcome, Reached::Delivered);
    }

    /// A custodian that searches two versions, one after the other.
    fn exchange() -> Exchange {
        let mut exchange = Exchange::new();
        exchange.custodian.add(0, searched(1, root(1)));
        exchange.custodian.add(0, searched(2, root(2)));
        exchange
    }

    fn found(log: &Log, seed: u64) -> Vec<LogProblem> {
        let mut verifier = Verifier::new(Some(key(seed).public()), None);
        log.entries.iter().for_each(|entry| verifier.entry(entry));
        verifier.finish().findings.into_iter().map(|finding| finding.problem).collect()
    }

    fn compared(exchange: &Exchange) -> Vec<Disagreement> {
        let [custodian, querier] = [&exchange.custodian, &exchange.querier].map(|log| {
            let mut statements = Statements::new();
            log.entries.iter().for_each(|entry| statements.entry(entry));
            statements.signed_with(&[log.public()])
        });
        compare(custodian, querier).unwrap().findings.into_iter().map(|found| found.what).collect()
    }

    #[test]
    fn receipts_replies_and_entries_are_held_to_each_other() {
        let mut honest = exchange();
        asked(&mut honest, 1, (1, root(1)), (1, Some(root(1))));
        asked(&mut honest, 2, (1, root(1)), (2, Some(root(2))));
        asked(&mut honest, 3, (2, root(2)), (2, None));
        assert_eq!((found(&honest.custodian, 1), found(&honest.querier, 2)), (vec![], vec![]));
        assert_eq!(compared(&honest), []);
    }

    #[test]
    fn two_roots_of_one_version_are_found_in_either_log_and_between_them() {
        let of = LogProblem::Root { version: 2 };
        let mut reply = exchange();
        asked(&mut reply, 1, (2, root(2)), (2, Some(root(9))));
        assert_eq!((found(&reply.custodian, 1), found(&reply.querier, 2)), (vec![of.clone()], vec![of.clone()]));
        assert_eq!(compared(&reply), [Disagreement::Root { version: 2 }]);
        // Told to the querier alone: its own log shows no contradiction, the other one does, whatever was erased there.
        let mut both = exchange();
        asked(&mut both, 1, (2, root(9)), (2, Some(root(9))));
        assert_eq!((found(&both.custodian, 1), found(&both.querier, 2)), (vec![of.clone(), of.clone()], vec![]));
        assert_eq!(compared(&both), [Disagreement::Root { version: 2 }, Disagreement::Root { version: 2 }]);
        // A version that no entry tells of.
        let mut unknown = exchange();
        asked(&mut unknown, 1, (3, root(3)), (3, Some(root(3))));
        let of = LogProblem::Root { version: 3 };
        assert_eq!(found(&unknown.custodian, 1), [of.clone(), of]);
        // Between two requests.
        let mut later = exchange();
        asked(&mut later, 1, (1, root(1)), (1, Some(root(1))));
        asked(&mut later, 2, (1, root(8)), (2, Some(root(2))));
        assert_eq!(found(&later.querier, 2), [LogProblem::Root { version: 1 }]);
    }

    /// Under a key that follows its own, a custodian names another root of a version that it has named before.
    #[test]
    fn a_custodian_with_another_key_is_the_same_custodian() {
        for introduced in [true, false] {
            let mut exchange = exchange();
            asked(&mut exchange, 1, (2, root(2)), (2, Some(root(2))));
            let custodian: Code = "B".parse().unwrap();
            let whose = (&custodian, Role::Custodian);
            let introduction = Succession::signed(whose, (&key(1), &key(4)), Time::from_millis(2000)).unwrap();
            let introduced = introduced.then_some(introduction);
            let registered =
                Event::Registered { party: custodian, key: key(4).public(), introduced, ml_dsa: Vec::new() };
            exchange.querier.add(2000, registered);
            exchange.signs = 4;
            asked(&mut exchange, 4, (2, root(2)), (2, Some(root(2))));
            assert_eq!(found(&exchange.querier, 2), []);
            asked(&mut exchange, 5, (2, root(7)), (2, Some(root(7))));
            let of = LogProblem::Root { version: 2 };
            assert_eq!(found(&exchange.querier, 2), [of.clone(), of]);
        }
    }

    #[test]
    fn an_answer_of_an_earlier_version_than_its_receipt_names_is_found() {
        let mut exchange = exchange();
        asked(&mut exchange, 1, (2, root(2)), (1, Some(root(1))));
        let problem = LogProblem::Searched { accepted: 2, searched: 1 };
        assert_eq!(
            (found(&exchange.custodian, 1), found(&exchange.querier, 2)),
            (vec![problem.clone()], vec![problem])
        );
    }

    #[test]
    fn a_custodian_that_went_on_from_a_copy_may_number_its_versions_anew() {
        let mut exchange = exchange();
        asked(&mut exchange, 1, (2, root(2)), (2, Some(root(2))));
        let head = exchange.custodian.head();
        let reason = "restored".parse().unwrap();
        let custodian = "B".parse().unwrap();
        exchange.querier.add(3000, Event::Trusted { custodian, seen: None, head, reason });
        asked(&mut exchange, 4, (2, root(5)), (2, Some(root(5))));
        assert_eq!(found(&exchange.querier, 2), []);
    }

    /// What D has signed stands under the first of the names that its key is registered with.
    #[test]
    fn a_custodian_is_gone_on_from_whatever_other_name_its_key_has() {
        let mut exchange = exchange().showing();
        exchange.querier.register("D", 1);
        asked(&mut exchange, 1, (2, root(2)), (2, Some(root(2))));
        let trusted = |exchange: &mut Exchange, custodian: &str| {
            let (custodian, reason) = (custodian.parse().unwrap(), "restored".parse().unwrap());
            let head = exchange.custodian.head();
            exchange.querier.add(3000, Event::Trusted { custodian, seen: None, head, reason });
            // Its other log numbers anew.
            exchange.custodian = Exchange::new().custodian;
            exchange.custodian.add(0, searched(1, root(1)));
            exchange.custodian.add(0, searched(2, root(5)));
        };
        trusted(&mut exchange, "D");
        asked(&mut exchange, 4, (2, root(5)), (2, Some(root(5))));
        assert_eq!(found(&exchange.querier, 2), []);
        // Another custodian is not meant.
        exchange.querier.register("E", 5);
        trusted(&mut exchange, "E");
        asked(&mut exchange, 6, (2, root(6)), (2, Some(root(6))));
        assert!(found(&exchange.querier, 2).contains(&LogProblem::Root { version: 2 }));
    }
}
