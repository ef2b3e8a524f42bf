//! What crosses between the two sides: signed statements, the JSON documents around them, and problems.
//!
//! Server and client speak through these alone; neither knows the other.

mod charge;
mod event;
pub(crate) mod limits;
pub(crate) mod paths;
mod problem;
mod record;
mod schemas;
mod views;

pub use charge::{FREE_CANCELLATIONS, charge_returns};
pub(crate) use event::JobEvent;
pub use problem::ProblemDocument;
pub(crate) use problem::{OTHER_LOG, TIME_IN_THE_PAST};
#[cfg(test)]
pub(super) use record::tests;
pub use record::{
    Abandonment, Acknowledgement, Dated, GalleryRoot, Line, LineError, Reason, Receipt, RecordError, Reply,
    ReplyOutcome, Request, Standing,
};
pub(crate) use schemas::{
    Document, Entries, Octets, RequestHeader, SignedAbandonment, SignedAcknowledgement, SignedRequest, SignedStanding,
};
pub use views::{
    AcceptedView, AgreementView, ConsistencyView, EndView, JobView, JobsView, KeyView, ProgressView, SignedView,
};
pub(crate) use views::{END_EVENT, PROGRESS_EVENT, REQUEST_HEADER, signed};
