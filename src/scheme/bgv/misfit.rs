//! Why a set has no room for a comparison.

/// Why a comparison does not fit a parameter set.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Misfit {
    /// More coordinates than half the slots.
    #[error("{coordinates} coordinates where {limit} fit a row of slots")]
    Coordinates {
        /// Coordinates of a template.
        coordinates: usize,
        /// Half the slots: the most that a template may have.
        limit: usize,
    },
    /// phi leaves the residues of the plaintext modulus.
    #[error("scores range from {lowest} to {highest} where {limit} to either side fit")]
    Range {
        /// Least phi.
        lowest: i64,
        /// Greatest phi.
        highest: i64,
        /// (t-1)/2.
        limit: i64,
    },
    /// The noise of the circuit needs a larger modulus.
    #[error("noise leaves {margin:.0} bits of the modulus where {needed:.0} are needed")]
    Noise {
        /// Least distance of any noise bound from half its modulus, in bits.
        margin: f64,
        /// Least that a set must leave, in bits.
        needed: f64,
    },
    /// The noise of a whole answer could not be drowned.
    #[error("noise would be flooded by {spare:.1} bits where an answer on so many references needs {needed:.1}")]
    Flooding {
        /// Bits by which the flood would exceed what it drowns.
        spare: f64,
        /// Bits that hide an answer of that many numbers.
        needed: f64,
    },
    /// The one-squaring variant judges one decision alone, under `each`.
    #[error("the one-squaring variant answers 'each' with one decision a subject alone")]
    OneSquaring,
    /// More sums than a row of slots has columns.
    #[error("handles of {0} hits a probe, whose sums take more than a row of slots (limits.hits_per_probe)")]
    Hits(usize),
    /// More subjects than a segment of slots was made for, of a gallery that the agreement does not admit.
    #[error("{subjects} subjects where {places} fit a probe's slots (limits.references)")]
    Segments {
        /// Subjects of the gallery.
        subjects: usize,
        /// Slots of a segment that a subject can stand in.
        places: usize,
    },
    /// A count could reach the plaintext modulus.
    #[error("a count of {0} references where 65536 can be told (limits.references)")]
    Count(usize),
    /// Sums of hits could reach the plaintext modulus.
    #[error("{0} decisions a subject where their sum must stay below 65537")]
    Decisions(u64),
    /// Values of different factors would be added up: a fault of this program, found before anything is computed.
    #[error("the circuit adds up values that are not alike, which is a fault of this program: report it")]
    Unlike,
}

impl Misfit {
    /// Bits that are missing; infinitely many where it is not for want of bits.
    pub(crate) fn shortfall(&self) -> f64 {
        match *self {
            Self::Noise { margin, needed } => needed - margin,
            Self::Flooding { spare, needed } => needed - spare,
            Self::Coordinates { .. }
            | Self::Range { .. }
            | Self::OneSquaring
            | Self::Count(_)
            | Self::Hits(_)
            | Self::Decisions(_)
            | Self::Segments { .. }
            | Self::Unlike => f64::INFINITY,
        }
    }
}
