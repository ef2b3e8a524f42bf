//! An agreement with the comparison that its parameter set admits: what both parties work under.

use std::ops::Deref;
use std::sync::Arc;

use crate::agreement::{Agreement, AgreementError, Terms};
use crate::functional::Functional;

/// An agreement, opened: its scheme has admitted the comparison.
///
/// The agreement is data alone; everything that encrypts, computes or decrypts takes it opened. A clone is another handle.
#[derive(Clone, Debug)]
pub struct Opened(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    agreement: Agreement,
    functional: Functional,
}

impl Opened {
    /// Asks the agreement's parameter set whether it admits the comparison.
    ///
    /// # Errors
    ///
    /// [`AgreementError::Field`] for terms that the set cannot serve, and for a set of the agreement's own that decrypts wrongly or
    /// hides too little.
    pub fn new(agreement: Agreement) -> Result<Self, AgreementError> {
        let parameters = agreement.parameters();
        parameters.require_fit()?;
        let functional = Functional::new(agreement.terms(), &**parameters)?;
        Ok(Self(Arc::new(Inner { agreement, functional })))
    }

    /// Agrees on terms and opens them.
    ///
    /// # Errors
    ///
    /// As [`Agreement::new`] and [`Opened::new`].
    pub fn of(terms: Terms) -> Result<Self, AgreementError> {
        Agreement::new(terms).and_then(Self::new)
    }

    /// The comparison as one linear functional.
    pub fn functional(&self) -> &Functional {
        &self.0.functional
    }
}

impl Deref for Opened {
    type Target = Agreement;

    fn deref(&self) -> &Agreement {
        &self.0.agreement
    }
}
