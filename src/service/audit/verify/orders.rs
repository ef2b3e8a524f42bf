//! Whether what operators have to order was ordered by them.

use std::collections::HashSet;

use super::LogProblem;
use crate::service::audit::operators::{Deed, Operators};
use crate::service::audit::order::{Measure, Order};
use crate::service::audit::reading::{Stated, Told, Whose};
use crate::service::signing::{Hash, PublicKey};
use crate::service::time::Time;

/// The operators of a log, and the orders in it.
#[derive(Default)]
pub(super) struct Orders {
    operators: Operators,
    used: HashSet<Hash>,
}

impl Orders {
    /// What is wrong with an operator who comes or goes; `owner` signs the log.
    pub(super) fn told(&mut self, told: &Told, owner: Option<PublicKey>) -> Option<LogProblem> {
        let (operator, sound) = match told {
            Told::OperatorRegistered { operator, key } => {
                (operator, self.operators.register(operator, *key) && owner != Some(*key))
            }
            Told::OperatorRemoved { operator } => (operator, self.operators.remove(operator)),
            _ => return None,
        };
        (!sound).then(|| LogProblem::Operator { operator: operator.clone() })
    }

    /// What is wrong with what was done at this time, by these orders.
    pub(super) fn done(
        &mut self,
        owner: Option<&Whose>,
        measure: &Measure,
        time: Time,
        orders: &[Stated<Order>],
    ) -> Vec<LogProblem> {
        let Some(owner) = owner else { return Vec::new() };
        let deed = Deed { custodian: &owner.party, measure, time };
        let judged = self.operators.judge(&deed, orders, |digest| self.used.contains(digest));
        self.used.extend(orders.iter().map(|order| order.digest));
        let mut problems: Vec<_> =
            judged.faults.iter().map(|fault| LogProblem::Order { reason: fault.to_string() }).collect();
        let (needed, ordered) = (self.operators.needed(measure), judged.operators.len());
        if ordered < needed {
            problems.push(LogProblem::Unordered { needed, ordered });
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::audit::samples::{Exchange, Log, key, take_contents};
    use crate::service::audit::{Event, Role, Verifier};
    use crate::service::signing::Signed;

    const MINUTE: i64 = 60_000;

    fn order(name: &str, seed: u64, time: i64, measure: &Measure) -> Signed<Order> {
        let (custodian, operator) = ("B".parse().unwrap(), name.parse().unwrap());
        let order = Order { custodian, operator, time: Time::from_millis(time), measure: measure.clone() };
        Signed::new(&order, &key(seed)).unwrap()
    }

    fn pull() -> Measure {
        Measure::Breaker { pulled: true, reason: "incident".parse().unwrap() }
    }

    fn pulled(orders: Vec<Signed<Order>>) -> Event {
        Event::Breaker { pulled: true, reason: "incident".parse().unwrap(), orders }
    }

    fn register(log: &mut Log, name: &str, seed: u64) {
        log.add(0, Event::OperatorRegistered { operator: name.parse().unwrap(), key: key(seed).public() });
    }

    /// A custodian with two operators, anna and bert, whose keys are 11 and 12.
    fn log() -> Log {
        let mut log = Log::new("B", Role::Custodian, 1);
        register(&mut log, "anna", 11);
        register(&mut log, "bert", 12);
        log
    }

    fn problems(log: &Log) -> Vec<LogProblem> {
        let mut verifier = Verifier::new(Some(key(1).public()), None).retaining(0);
        log.entries.iter().for_each(|entry| verifier.entry(entry));
        verifier.finish().findings.into_iter().map(|finding| finding.problem).collect()
    }

    /// Faults of orders, and how many operators are missing.
    fn found(event: Event) -> (Vec<String>, bool) {
        let mut log = log();
        log.add(60 * MINUTE, event);
        let (mut faults, mut unordered) = (Vec::new(), false);
        for problem in problems(&log) {
            match problem {
                LogProblem::Order { reason } => faults.push(reason),
                LogProblem::Unordered { needed, ordered } => unordered = ordered < needed,
                other => panic!("{other}"),
            }
        }
        (faults, unordered)
    }

    #[test]
    fn a_breaker_without_the_order_of_an_operator_is_found() {
        assert_eq!(found(pulled(vec![order("anna", 11, 60 * MINUTE, &pull())])), (vec![], false));
        assert_eq!(found(pulled(vec![])), (vec![], true));
        let of = |order: Signed<Order>, what: &str| {
            let (faults, unordered) = found(pulled(vec![order]));
            assert!(unordered && faults.len() == 1 && faults[0].contains(what), "{faults:?}");
        };
        of(order("carl", 13, 60 * MINUTE, &pull()), "not signed by an operator");
        of(order("anna", 12, 60 * MINUTE, &pull()), "not signed by an operator");
        // The owner of the log, who can sign entries, cannot sign orders.
        of(order("anna", 1, 60 * MINUTE, &pull()), "not signed by an operator");
        of(order("anna", 11, 49 * MINUTE, &pull()), "too long before");
        of(order("anna", 11, 71 * MINUTE, &pull()), "is after");
        let reason = "another".parse().unwrap();
        of(order("anna", 11, 60 * MINUTE, &Measure::Breaker { pulled: true, reason }), "something else");
        let reason = "incident".parse().unwrap();
        of(order("anna", 11, 60 * MINUTE, &Measure::Breaker { pulled: false, reason }), "something else");
        let elsewhere = Order {
            custodian: "D".parse().unwrap(),
            operator: "anna".parse().unwrap(),
            time: Time::from_millis(60 * MINUTE),
            measure: pull(),
        };
        of(Signed::new(&elsewhere, &key(11)).unwrap(), "an order to D, not to B");
    }

    #[test]
    fn an_erasure_takes_two_and_no_order_is_carried_out_twice() {
        let erased = |orders: &[(&str, u64, i64)]| {
            let mut exchange = Exchange::sample();
            let log = &mut exchange.custodian;
            for (name, seed) in [("anna", 11), ("bert", 12)] {
                let event = Event::OperatorRegistered { operator: name.parse().unwrap(), key: key(seed).public() };
                log.add(5000, event);
            }
            let measure = Measure::Erase { before: Time::from_millis(2000) };
            let mut event = take_contents(&mut log.entries, 2000);
            if let Event::Erased { orders: stand, .. } = &mut event {
                *stand = orders.iter().map(|(name, seed, time)| order(name, *seed, *time, &measure)).collect();
            }
            log.add(30 * 60 * MINUTE, event);
            problems(log)
        };
        let now = 30 * 60 * MINUTE;
        let earlier = now - 23 * 60 * MINUTE;
        assert_eq!(erased(&[("anna", 11, earlier), ("bert", 12, now)]), []);
        assert_eq!(erased(&[("anna", 11, now)]), [LogProblem::Unordered { needed: 2, ordered: 1 }]);
        assert_eq!(erased(&[]), [LogProblem::Unordered { needed: 2, ordered: 0 }]);
        assert_eq!(erased(&[("anna", 11, now), ("anna", 11, earlier)]).len(), 2);
        assert_eq!(erased(&[("anna", 11, now - 25 * 60 * MINUTE), ("bert", 12, now)]).len(), 2);

        let mut log = log();
        let once = order("anna", 11, 60 * MINUTE, &pull());
        log.add(60 * MINUTE, pulled(vec![once.clone()]));
        log.add(61 * MINUTE, pulled(vec![once]));
        let again = problems(&log);
        assert_eq!(again.len(), 2, "{again:?}");
    }

    #[test]
    fn operators_are_told_apart_and_the_old_way_does_not_come_back() {
        let mut before = Log::new("B", Role::Custodian, 1);
        before.add(0, pulled(vec![]));
        register(&mut before, "anna", 11);
        assert_eq!(problems(&before), [], "before there were operators");

        let removed = |log: &mut Log, name: &str| {
            log.add(0, Event::OperatorRemoved { operator: name.parse().unwrap() });
        };
        let mut log = log();
        removed(&mut log, "anna");
        removed(&mut log, "bert");
        assert_eq!(problems(&log), []);
        log.add(0, pulled(vec![order("anna", 11, 0, &pull())]));
        assert_eq!(problems(&log).len(), 2);

        for (name, seed) in [("anna", 13), ("carl", 11), ("carl", 1)] {
            let mut log = self::log();
            register(&mut log, name, seed);
            assert!(matches!(&problems(&log)[..], [LogProblem::Operator { .. }]), "{name} {seed}");
        }
        let mut log = self::log();
        removed(&mut log, "carl");
        assert!(matches!(&problems(&log)[..], [LogProblem::Operator { .. }]));
    }
}
