//! What becomes of a charge where there is no answer.

use super::Reason;

/// Of one day so many cancelled requests are not charged.
pub const FREE_CANCELLATIONS: u64 = 10;

/// Whether the charge for a request goes back that was replied to without an answer. `cancelled_before`: how many requests of the same
/// requester under the same agreement, accepted on the same day, had been cancelled before it.
///
/// The custodian goes by it, and so can whoever has its log: all that it takes are receipts, whose times tell the days, and replies, whose
/// order is that of the log.
pub fn charge_returns(reason: Reason, cancelled_before: u64) -> bool {
    match reason {
        Reason::Cancelled => cancelled_before < FREE_CANCELLATIONS,
        // Not the requester's doing.
        Reason::Leakage | Reason::EmptyGallery | Reason::GalleryDamaged | Reason::Unprocessable => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_cancellations_of_a_day_are_free_and_what_is_not_the_requesters_doing_always() {
        assert!(charge_returns(Reason::Cancelled, FREE_CANCELLATIONS - 1));
        assert!(!charge_returns(Reason::Cancelled, FREE_CANCELLATIONS));
        for reason in [Reason::Leakage, Reason::EmptyGallery, Reason::GalleryDamaged, Reason::Unprocessable] {
            assert!(charge_returns(reason, u64::MAX));
        }
    }
}
