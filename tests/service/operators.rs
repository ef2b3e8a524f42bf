//! Operators have keys of their own: the server carries out what they have signed, and nothing else of that kind.

use cotejo::querier::Verdict;
use cotejo::scheme::tfhe::Tfhe;
use cotejo::service::audit::{CarriedOut, Consent, Event, Measure, Order, OrderDocument, Role};
use cotejo::service::client::{ClientError, RefusedCall, give_orders};
use cotejo::service::signing::{Signed, SigningKey};
use cotejo::service::store::{Operator, StoreError};
use cotejo::service::time::Time;
use cotejo::wire::Target;

use crate::databases::{Kind, kinds};
use crate::trial::{Asker, CUSTODIAN_KEY, Trial, person, refused, signing_key};

const ANNA: (&str, u64) = ("anna", 11);
const BERT: (&str, u64) = ("bert", 12);
const DAY_S: i64 = 86_400;

fn operator((name, seed): (&str, u64)) -> Operator {
    Operator { name: name.parse().unwrap(), key: signing_key(seed).public() }
}

/// A custodian that serves, with these operators.
fn with(kind: Kind, operators: &[(&str, u64)]) -> Trial {
    let mut trial = Trial::new(kind);
    register(&mut trial, operators);
    trial
}

fn register(trial: &mut Trial, operators: &[(&str, u64)]) {
    trial.operators = operators.iter().map(|each| operator(*each)).collect();
    trial.reload(trial.requesters(), trial.limits()).unwrap();
}

fn breaker(pulled: bool, reason: &str) -> Measure {
    Measure::Breaker { pulled, reason: reason.parse().unwrap() }
}

fn order(trial: &Trial, (name, seed): (&str, u64), measure: Measure) -> Signed<Order> {
    signed(Order { time: trial.now().second(), ..plain(trial, name, measure) }, &signing_key(seed))
}

fn plain(trial: &Trial, name: &str, measure: Measure) -> Order {
    let (custodian, operator) = ("B-REGISTRY".parse().unwrap(), name.parse().unwrap());
    Order { custodian, operator, time: trial.now().second(), measure }
}

fn signed(order: Order, key: &SigningKey) -> Signed<Order> {
    Signed::new(&order, key).unwrap()
}

fn give(trial: &Trial, orders: &[&Signed<Order>]) -> Result<CarriedOut, ClientError> {
    let orders = orders.iter().map(|order| (*order).clone()).collect();
    give_orders(trial.operations_address(), &OrderDocument { orders, consents: Vec::new() })
}

fn refusal(given: Result<CarriedOut, ClientError>) -> RefusedCall {
    match given {
        Err(ClientError::Refused(refusal)) => *refusal,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_operator_pulls_the_breaker_and_the_servers_key_alone_does_not() {
    for kind in kinds() {
        let trial = with(kind, &[ANNA, BERT]);
        let mut asker = Asker::<Tfhe>::new(&trial, 0);
        asker.patience = std::time::Duration::ZERO;
        let by_the_server = |pulled| trial.custody().set_breaker(pulled, "by nobody".parse().unwrap(), trial.now());
        let unordered = Err(StoreError::Unordered { needed: 1, ordered: 0 });
        assert_eq!(by_the_server(true), unordered);
        let pull = order(&trial, ANNA, breaker(true, "incident 17"));
        assert_eq!(give(&trial, &[&pull]).unwrap(), CarriedOut::Breaker { pulled: true, changed: true });
        assert!(trial.operations("/readyz").contains("incident 17"));
        asker.prepare("1", vec![person("p", 1)], Target::Gallery);
        assert_eq!(refused(asker.conclude("1")), "suspended");
        assert_eq!(by_the_server(false), unordered);
        // Pulled already: nothing changes, and the order is used up all the same.
        let again = order(&trial, BERT, breaker(true, "incident 17"));
        assert_eq!(give(&trial, &[&again]).unwrap(), CarriedOut::Breaker { pulled: true, changed: false });
        let reset = order(&trial, BERT, breaker(false, "closed"));
        assert_eq!(give(&trial, &[&reset]).unwrap(), CarriedOut::Breaker { pulled: false, changed: true });
        for replayed in [&pull, &again, &reset] {
            let refusal = refusal(give(&trial, &[replayed]));
            assert_eq!((refusal.status, refusal.kind.as_str()), (409, "carried-out-before"));
        }
        assert_eq!(asker.verdicts("1").unwrap(), [Verdict::Any(true)]);
        let (entries, report) = trial.log();
        assert!(report.is_sound(), "{:?}", report.findings);
        let ordered: Vec<_> = entries
            .iter()
            .filter_map(|entry| match entry.event().unwrap()? {
                Event::Breaker { orders, .. } => Some(orders),
                _ => None,
            })
            .collect();
        assert_eq!(ordered, [vec![pull], vec![reset]]);
        let metrics = trial.operations("/metrics");
        assert!(metrics.contains("cotejo_orders_total{outcome=\"carried-out\"} 3"), "{metrics}");
        assert!(metrics.contains("cotejo_orders_total{outcome=\"carried-out-before\"} 3"), "{metrics}");
    }
}

#[test]
fn an_order_that_does_not_count_changes_nothing_and_a_stranger_learns_nothing() {
    for kind in kinds() {
        let trial = with(kind, &[ANNA, BERT]);
        let before = trial.log().0.len();
        let pull = || breaker(true, "incident 17");
        let kind_of = |orders: &[&Signed<Order>]| refusal(give(&trial, orders)).kind;
        let altered = {
            let json = order(&trial, ANNA, pull()).to_json().replace("incident 17", "incident 18");
            Signed::<Order>::from_json(&json).unwrap()
        };
        let strangers = [
            order(&trial, ("carl", 13), pull()),
            order(&trial, ("anna", 13), pull()),
            // An operator with another one's name, the server with an operator's.
            order(&trial, ("bert", ANNA.1), pull()),
            order(&trial, ("anna", CUSTODIAN_KEY), pull()),
            altered,
        ];
        let said: Vec<_> = strangers.iter().map(|stranger| refusal(give(&trial, &[stranger]))).collect();
        for refusal in &said {
            assert_eq!((refusal.status, refusal.kind.as_str()), (403, "not-an-operator"));
            assert_eq!(refusal.detail, said[0].detail);
        }
        assert!(!said[0].detail.contains("anna") && !said[0].detail.contains("B-REGISTRY"), "{}", said[0].detail);
        // Not even whether an order that goes with theirs is good.
        assert_eq!(kind_of(&[&order(&trial, BERT, breaker(true, "other")), &strangers[0]]), "not-an-operator");

        let anna = signing_key(ANNA.1);
        let elsewhere = Order { custodian: "D-REGISTRY".parse().unwrap(), ..plain(&trial, "anna", pull()) };
        assert_eq!(kind_of(&[&signed(elsewhere, &anna)]), "refused-order");
        let at = |seconds: i64| {
            let time = Time::from_millis(trial.now().millis() + 1000 * seconds).second();
            signed(Order { time, ..plain(&trial, "anna", pull()) }, &anna)
        };
        let (old, early) = (refusal(give(&trial, &[&at(-605)])), refusal(give(&trial, &[&at(605)])));
        assert!(old.detail.contains("too long before") && early.detail.contains("is after"), "{old} {early}");
        let other = order(&trial, BERT, breaker(false, "incident 17"));
        assert_eq!(kind_of(&[&order(&trial, ANNA, pull()), &other]), "refused-order");
        assert_eq!(kind_of(&[]), "not-an-operator");
        // No document of orders.
        let raw = |body: &str, length: usize| {
            use std::io::{Read, Write};
            let mut stream = std::net::TcpStream::connect(trial.operations_address()).unwrap();
            let head = "POST /orders HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n";
            write!(stream, "{head}content-length: {length}\r\n\r\n{body}").unwrap();
            let mut text = String::new();
            stream.read_to_string(&mut text).unwrap();
            text
        };
        for body in ["{}", "x", "{\"orders\":[],\"consents\":[]}", "\u{e9}"] {
            let said = raw(body, body.len());
            assert!(said.starts_with("HTTP/1.1 400") && said.contains("application/problem+json"), "{said}");
        }
        assert!(raw("", 1 << 30).starts_with("HTTP/1.1 413"));
        assert!(trial.operations("/orders").starts_with("HTTP/1.1 405"));

        assert!(trial.operations("/readyz").starts_with("HTTP/1.1 200"));
        assert_eq!(trial.log().0.len(), before);
        // The latest that is taken.
        assert!(give(&trial, &[&at(-590)]).is_ok());
        assert!(trial.log().1.is_sound());
    }
}

#[test]
fn an_erasure_takes_two_operators_who_say_the_same() {
    for kind in kinds() {
        let trial = with(kind, &[ANNA, BERT]);
        let asker = Asker::<Tfhe>::new(&trial, 0);
        asker.ask("1", vec![person("p", 1)], Target::Gallery).unwrap();
        trial.step_clock(1100 * DAY_S);
        let before = Time::from_millis(trial.now().millis() - 1097 * 1000 * DAY_S).second();
        let erase = |before| Measure::Erase { before };
        let anna = order(&trial, ANNA, erase(before));
        let kind_of = |orders: &[&Signed<Order>]| refusal(give(&trial, orders)).kind;
        assert_eq!(kind_of(&[&anna]), "too-few-operators");
        let twice = signed(
            Order {
                time: Time::from_millis(trial.now().millis() - 5000).second(),
                ..plain(&trial, "anna", erase(before))
            },
            &signing_key(ANNA.1),
        );
        assert_eq!(kind_of(&[&anna, &twice]), "refused-order");
        assert_eq!(kind_of(&[&anna, &anna]), "refused-order");
        let other = order(&trial, BERT, erase(Time::from_millis(before.millis() + 1000)));
        assert_eq!(kind_of(&[&anna, &other]), "refused-order");
        assert_eq!(kind_of(&[&anna, &order(&trial, BERT, breaker(true, "x"))]), "refused-order");
        // What is younger goes with consents alone, whoever orders it.
        let young = trial.now().second();
        let both = [order(&trial, ANNA, erase(young)), order(&trial, BERT, erase(young))];
        assert_eq!(kind_of(&[&both[0], &both[1]]), "no-consent");
        assert!(trial.log().0.iter().all(|entry| entry.content.is_some()));

        // The first order may wait for the second, but not for ever.
        trial.step_clock(DAY_S - 60);
        let bert = order(&trial, BERT, erase(before));
        let done = give(&trial, &[&anna, &bert]).unwrap();
        assert!(matches!(done, CarriedOut::Erased { contents: 5.., .. }), "{done:?}");
        assert_eq!(kind_of(&[&anna, &bert]), "carried-out-before");
        trial.step_clock(120);
        let late = [&twice, &order(&trial, BERT, erase(before))];
        assert!(refusal(give(&trial, &late)).detail.contains("too long before"));
        let (entries, report) = trial.log();
        assert!(report.is_sound(), "{:?}", report.findings);
        let Some(Event::Erased { orders, .. }) = entries.last().unwrap().event().unwrap() else { panic!("no erasure") };
        assert_eq!(orders, [anna, bert]);
    }
}

/// Where an agreement has the log kept for longer, nobody erases sooner, though who erases has no agreement at hand.
#[test]
fn what_an_agreement_has_the_log_keep_stays_as_long() {
    for kind in kinds() {
        let mut trial = Trial::with(kind, crate::trial::with(|terms| terms.log_days = 2000));
        register(&mut trial, &[ANNA, BERT]);
        Asker::<Tfhe>::new(&trial, 0).ask("1", vec![person("p", 1)], Target::Gallery).unwrap();
        let erase = |days: i64| {
            let before = Time::from_millis(trial.now().millis() - 1000 * days * DAY_S).second();
            let [anna, bert] = [ANNA, BERT].map(|who| order(&trial, who, Measure::Erase { before }));
            give(&trial, &[&anna, &bert])
        };
        trial.step_clock(1500 * DAY_S);
        let refusal = refusal(erase(1200));
        assert_eq!(refusal.kind, "no-consent");
        assert!(refusal.detail.contains("younger than 2000 days"), "{refusal}");
        trial.step_clock(600 * DAY_S);
        assert!(matches!(erase(2001), Ok(CarriedOut::Erased { contents: 5.., .. })));
    }
}

/// What is younger than agreed goes with the partners' consent beside the orders: by the operations port, on each kind of database.
#[test]
fn an_erasure_of_what_is_younger_takes_every_partner_and_two_operators() {
    for kind in kinds() {
        let trial = with(kind, &[ANNA, BERT]);
        Asker::<Tfhe>::new(&trial, 0).ask("1", vec![person("p", 1)], Target::Gallery).unwrap();
        trial.step_clock(60);
        let before = trial.now().second();
        let erase = || Measure::Erase { before };
        let consent = |(code, seed): (&str, u64), before| {
            let (party, owner) = (code.parse().unwrap(), "B-REGISTRY".parse().unwrap());
            let reason = "they moved".parse().unwrap();
            let said = Consent { party, owner, role: Role::Custodian, before, reason, time: trial.now().second() };
            Signed::new(&said, &signing_key(seed)).unwrap()
        };
        let of: Vec<(&str, u64)> = trial.requesters.iter().map(|(code, _, seed)| (&**code, *seed)).collect();
        let consented: Vec<_> = of.iter().map(|of| consent(*of, before)).collect();
        let give = |orders: &[Signed<Order>], consents: &[Signed<Consent>]| {
            let document = OrderDocument { orders: orders.to_vec(), consents: consents.to_vec() };
            give_orders(trial.operations_address(), &document)
        };
        let both = [order(&trial, ANNA, erase()), order(&trial, BERT, erase())];
        let later = Time::from_millis(before.millis() + 1000);
        for wrong in [
            vec![],
            consented[..1].to_vec(),
            vec![consented[0].clone(), consent(of[1], later)],
            vec![consented[0].clone(), consent((of[1].0, of[0].1), before)],
        ] {
            assert_eq!(refusal(give(&both, &wrong)).kind, "no-consent");
        }
        assert_eq!(refusal(give(&both[..1], &consented)).kind, "too-few-operators");
        assert!(trial.log().0.iter().all(|entry| entry.content.is_some()));
        let done = give(&both, &consented).unwrap();
        assert!(matches!(done, CarriedOut::Erased { contents: 5.., .. }), "{done:?}");
        let (entries, report) = trial.log();
        assert!(report.is_sound(), "{:?}", report.findings);
        let Some(Event::Erased { orders, consents, .. }) = entries.last().unwrap().event().unwrap() else {
            panic!("no erasure")
        };
        assert_eq!((orders, consents), (both.to_vec(), consented));
    }
}

#[test]
fn who_is_removed_orders_nothing_more_and_the_old_way_does_not_come_back() {
    for kind in kinds() {
        let mut trial = with(kind, &[ANNA, BERT]);
        let early = order(&trial, ANNA, breaker(true, "signed before"));
        register(&mut trial, &[BERT]);
        assert_eq!(refusal(give(&trial, &[&early])).kind, "not-an-operator");
        // Under another key she is another.
        register(&mut trial, &[("anna", 14), BERT]);
        assert_eq!(refusal(give(&trial, &[&early])).kind, "not-an-operator");
        assert!(give(&trial, &[&order(&trial, ("anna", 14), breaker(true, "new key"))]).is_ok());
        // Two who change keys with each other.
        register(&mut trial, &[("anna", BERT.1), ("bert", 14)]);
        assert!(give(&trial, &[&order(&trial, ("bert", 14), breaker(false, "closed"))]).is_ok());

        for wrong in [vec![ANNA, ("anna", 12)], vec![ANNA, ("bert", 11)], vec![("anna", CUSTODIAN_KEY)]] {
            trial.operators = wrong.into_iter().map(operator).collect();
            let refused = trial.reload(trial.requesters(), trial.limits()).unwrap_err();
            assert!(refused.to_string().contains("a name and a key of its own"), "{refused}");
        }
        assert!(give(&trial, &[&order(&trial, ("bert", 14), breaker(true, "as it was"))]).is_ok());

        register(&mut trial, &[]);
        trial.restart(&[person("person-0", 0)]);
        let unordered = Err(StoreError::Unordered { needed: 1, ordered: 0 });
        assert_eq!(trial.custody().set_breaker(false, "quietly".parse().unwrap(), trial.now()), unordered);
        let (entries, report) = trial.log();
        assert!(report.is_sound(), "{:?}", report.findings);
        let told: Vec<String> = entries
            .iter()
            .filter_map(|entry| match entry.event().unwrap()? {
                Event::OperatorRegistered { operator, .. } => Some(format!("+{}", operator.as_str())),
                Event::OperatorRemoved { operator } => Some(format!("-{}", operator.as_str())),
                _ => None,
            })
            .collect();
        let expected = "+anna +bert -anna +anna -anna -bert +anna +bert -anna -bert";
        assert_eq!(told.join(" "), expected);
    }
}
