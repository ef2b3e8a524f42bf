//! Counts for Prometheus: of requests and jobs, never of requesters, persons or verdicts.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use prometheus_client::encoding::{EncodeLabelSet, text::encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use rustls::crypto::SupportedKxGroup;

use super::doubts::Kind;
use super::engine::Loaded;
use crate::service::signing::Hash;
use crate::service::time::Time;

/// Served requests by method, route and status: each of a fixed set, so that no word of a client stands in a label.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Served {
    /// Method and route.
    pub route: String,
    /// HTTP status of the response.
    pub status: u16,
}

/// TLS handshakes by the group in which keys were agreed on: one of ours.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Exchanged {
    /// Its name in TLS.
    pub group: String,
}

/// Refusals by kind of problem.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Refused {
    /// Kind of problem.
    pub kind: String,
}

/// Orders of operators by what came of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Ordered {
    /// Carried out, or the kind of problem.
    pub outcome: String,
}

const WEEK: u64 = 7 * 86_400;
const MONTH: u64 = 30 * 86_400;

/// What keeps the server from being ready.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Doubted {
    /// What is doubted.
    pub kind: String,
}

/// Requesters' certificates by what is left of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Left {
    /// In words.
    pub left: String,
}

/// All counts.
pub(crate) struct Metrics {
    registry: Registry,
    /// HTTP requests.
    pub served: Family<Served, Counter>,
    /// Of them, refused.
    pub refused: Family<Refused, Counter>,
    /// Documents of orders.
    pub ordered: Family<Ordered, Counter>,
    /// Jobs that were accepted.
    pub accepted: Counter,
    /// Jobs that were replied to, with an answer or without.
    pub replied: Counter,
    /// Time of a job's computation.
    pub seconds: Histogram,
    /// Jobs that were not ready when they were to be released.
    pub late: Counter,
    /// Handshakes by key exchange.
    exchanged: Family<Exchanged, Counter>,
    /// Connections that failed before they were one.
    pub handshakes_failed: Counter,
    /// Connections that were closed at once: their source had its share.
    pub turned_away: Counter,
    /// Why it is not ready.
    doubted: Family<Doubted, Gauge>,
    /// Until the end of our certificate.
    certificate: Gauge,
    /// Requesters by what is left of their certificates.
    requesters: Family<Left, Gauge>,
    /// Reloads that changed nothing, for something was wrong.
    pub reloads_failed: Counter,
    /// Jobs that wait.
    pub waiting: Gauge,
    /// Jobs that are worked on.
    pub running: Gauge,
    /// Open connections.
    pub connections: Gauge,
    /// Of them, those of which it is not known whose they are.
    pub strangers: Gauge,
    /// Exempt ids that are not enrolled, of all agreements together: metrics name none.
    pub exempt_unknown: Gauge,
    /// Of each.
    unknown: Mutex<BTreeMap<Hash, usize>>,
}

impl Metrics {
    /// All at zero.
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("cotejo");
        let metrics = Self {
            served: Family::default(),
            refused: Family::default(),
            ordered: Family::default(),
            accepted: Counter::default(),
            replied: Counter::default(),
            seconds: Histogram::new(exponential_buckets(0.01, 2.0, 18)),
            late: Counter::default(),
            exchanged: Family::default(),
            handshakes_failed: Counter::default(),
            turned_away: Counter::default(),
            doubted: Family::default(),
            certificate: Gauge::default(),
            requesters: Family::default(),
            reloads_failed: Counter::default(),
            waiting: Gauge::default(),
            running: Gauge::default(),
            connections: Gauge::default(),
            strangers: Gauge::default(),
            exempt_unknown: Gauge::default(),
            unknown: Mutex::default(),
            registry: Registry::default(),
        };
        registry.register("requests", "HTTP requests", metrics.served.clone());
        registry.register("refusals", "Refused HTTP requests by kind of problem", metrics.refused.clone());
        registry.register("orders", "Orders of operators by what came of them", metrics.ordered.clone());
        registry.register("jobs_accepted", "Jobs accepted", metrics.accepted.clone());
        registry.register("jobs_replied", "Jobs replied to", metrics.replied.clone());
        registry.register_with_unit("job", "Computation of a job", Unit::Seconds, metrics.seconds.clone());
        registry.register("jobs_late", "Jobs that were not ready at their planned time", metrics.late.clone());
        registry.register("handshakes", "TLS handshakes by key exchange", metrics.exchanged.clone());
        registry.register("handshakes_failed", "TLS handshakes that failed", metrics.handshakes_failed.clone());
        registry.register("jobs_waiting", "Jobs that wait", metrics.waiting.clone());
        registry.register("jobs_running", "Jobs that are worked on", metrics.running.clone());
        registry.register("connections", "Open connections", metrics.connections.clone());
        let help = "Open connections of which it is not known whose they are";
        registry.register("connections_strangers", help, metrics.strangers.clone());
        let help = "Connections that were closed at once: where they come from had its share";
        registry.register("connections_turned_away", help, metrics.turned_away.clone());
        let help = "Whether this keeps the server from being ready";
        registry.register("doubts", help, metrics.doubted.clone());
        let help = "Until the end of our certificate";
        registry.register_with_unit("certificate", help, Unit::Seconds, metrics.certificate.clone());
        let help = "Requesters by what is left of their certificates";
        registry.register("requester_certificates", help, metrics.requesters.clone());
        registry.register("reloads_failed", "Reloads that changed nothing", metrics.reloads_failed.clone());
        let help = "Ids of the exempt list that are not enrolled: they protect nobody";
        registry.register("exempt_unknown", help, metrics.exempt_unknown.clone());
        Self { registry, ..metrics }
    }

    /// Counts the exempt ids of a gallery that are not enrolled, and says so where there are some; names no person.
    pub(crate) fn report_exempt(&self, agreement: &Hash, loaded: &Loaded) {
        let unknown = loaded.unknown_exempt().len();
        let mut each = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        each.insert(*agreement, unknown);
        self.exempt_unknown.set(
            each.values().fold(0, |sum, &unknown| {
                i64::try_from(unknown).map_or(i64::MAX, |unknown| unknown.saturating_add(sum))
            }),
        );
        drop(each);
        if unknown > 0 {
            tracing::warn!(
                agreement = %agreement,
                unknown,
                exempt = loaded.exempt.len(),
                "exempt ids are not enrolled: they protect nobody; 'cotejo serve --check' names them"
            );
        }
    }

    /// Counts a handshake by the group in which keys were agreed on.
    pub(crate) fn exchanged(&self, group: Option<&'static dyn SupportedKxGroup>) {
        let Some(group) = group else { return };
        self.exchanged.get_or_create(&Exchanged { group: format!("{:?}", group.name()) }).inc();
    }

    /// Whether this keeps the server from being ready.
    pub(crate) fn doubt(&self, kind: Kind, doubted: bool) {
        self.doubted.get_or_create(&Doubted { kind: kind.name().to_owned() }).set(i64::from(doubted));
    }

    /// How long certificates last: ours, and how many of requesters' how long; names none.
    pub(crate) fn report_certificates(&self, own: Option<Time>, requesters: &[Option<Time>], now: Time) {
        let seconds = |until: Time| now.seconds_until(until);
        self.certificate.set(own.map_or(0, |until| i64::try_from(seconds(until)).unwrap_or(i64::MAX)));
        let left = |until: Option<Time>| match until.map(seconds) {
            None => "unknown",
            Some(0) => "none",
            Some(..WEEK) => "days",
            Some(WEEK..MONTH) => "weeks",
            Some(MONTH..) => "months",
        };
        for word in ["unknown", "none", "days", "weeks", "months"] {
            let count = requesters.iter().filter(|until| left(**until) == word).count();
            let gauge = self.requesters.get_or_create(&Left { left: word.to_owned() });
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// In the OpenMetrics text format.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            Err(_) => String::new(),
        }
    }
}
