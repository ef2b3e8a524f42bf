//! Going on with another configuration: certificates, requesters, operators and limits, while requests are served.

use std::sync::Arc;

use super::limits::Limits;
use super::state::{Renewed, Requester, Requesters, State};
use super::{ServerError, check_silence};
use crate::service::identity::Identity;
use crate::service::store::{Custody, Operator};
use crate::service::time::Time;

/// What can be changed while a server serves. Galleries and exemptions are read anew by their source, whenever they change.
pub struct Renewal {
    /// The certificate that is shown, the authorities whose requesters are let in, and what these have revoked.
    pub identity: Identity,
    /// Who may ask.
    pub requesters: Vec<Requester>,
    /// Whose orders are carried out.
    pub operators: Vec<Operator>,
    /// What is not exceeded. The number of workers stays.
    pub limits: Limits,
}

/// A server that can be told to go on with another configuration.
#[derive(Clone)]
pub struct Reloading(Arc<State>);

impl Reloading {
    pub(super) fn new(state: Arc<State>) -> Self {
        Self(state)
    }

    /// Goes on with another configuration. Connections of requesters who are no longer registered, or whose certificate or exchange of keys is
    /// no longer taken, end; all others go on. The clock is believed from now on, unless it was set to more than a month behind the log's last entry: that
    /// takes another start.
    ///
    /// # Errors
    ///
    /// [`ServerError`] where it cannot: then everything is as it was.
    pub fn renew(&self, renewal: Renewal) -> Result<(), ServerError> {
        let state = &self.0;
        let now = state.now();
        if state.doubts.clock(now).is_some() {
            state.with_custody(|custody| check_silence(custody, now))?;
        }
        let requesters =
            state.with_custody(|custody| registered(custody, renewal.requesters, &renewal.operators, now))?;
        let limits = Limits { workers: state.limits().workers, ..renewal.limits };
        let renewed = renewed(&renewal.identity, requesters, limits);
        let count = renewed.requesters.len();
        state.renew(renewed.clone());
        state.doubts.believe(now);
        let ended = state.admission.roll.send_away(|chain, group| renewed.admits(chain, group, now));
        tracing::info!(requesters = count, connections_ended = ended, "the configuration was read anew");
        Ok(())
    }

    /// Says that a configuration was not taken over, and why.
    pub fn refuse(&self, why: &str) {
        self.0.metrics.reloads_failed.inc();
        tracing::error!("the configuration cannot be taken over, and the old one stands: {why}");
    }

    /// Says what is taken over, although it may be amiss.
    pub fn advise(&self, what: &str) {
        tracing::warn!("{what}");
    }

    /// Says what of a configuration is taken over by the next start alone.
    pub fn keep(&self, what: &str) {
        tracing::warn!("not changed while serving: {what}; it takes another start");
    }
}

/// What holds from now on.
pub(super) fn renewed(identity: &Identity, requesters: Arc<Requesters>, limits: Limits) -> Renewed {
    Renewed {
        tls: identity.acceptance(),
        until: identity.until(),
        lists_until: identity.lists_until(),
        requesters,
        limits,
    }
}

/// Requesters, each with a code and a certificate of its own, and operators: their keys are noted in the log.
pub(super) fn registered(
    custody: &mut Custody,
    requesters: Vec<Requester>,
    operators: &[Operator],
    now: Time,
) -> Result<Arc<Requesters>, ServerError> {
    let mut registered = Requesters::new();
    for requester in requesters {
        let taken = registered.values().any(|other| other.code == requester.code);
        if registered.insert(requester.certificate, Arc::new(requester)).is_some() || taken {
            return Err(ServerError::Requesters);
        }
    }
    if registered.is_empty() {
        return Err(ServerError::Requesters);
    }
    let all = registered.values().map(|requester| (&requester.code, &requester.signers));
    custody.register(all, operators, now)?;
    Ok(Arc::new(registered))
}
