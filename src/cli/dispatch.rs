//! The one place that knows which type stands for the scheme of an agreement.

/// Evaluates an expression with a type for the scheme of an agreement: `under_scheme!(agreement, S => work::<S>(...))`.
macro_rules! under_scheme {
    ($agreement:expr, $S:ident => $work:expr) => {
        match $agreement.scheme() {
            cotejo::agreement::SchemeId::Tfhe => {
                type $S = cotejo::scheme::tfhe::Tfhe;
                $work
            }
            cotejo::agreement::SchemeId::Bgv => {
                type $S = cotejo::scheme::bgv::Bgv;
                $work
            }
        }
    };
}
pub(super) use under_scheme;
