//! The one place that knows which type stands for the scheme of an agreement.

use std::path::Path;

use super::failure::Failure;

/// Evaluates an expression with a type for the scheme of an agreement: `under_scheme!(agreement, path, S => work::<S>(...))`.
///
/// The expression is a `Result<_, Failure>`; `path` is where the agreement stands, for an agreement on a scheme without a type.
macro_rules! under_scheme {
    ($agreement:expr, $path:expr, $S:ident => $work:expr) => {
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

/// Why nothing can be done under an agreement.
pub fn without(agreement: &cotejo::agreement::Agreement, path: &Path) -> Failure {
    Failure::at(
        path,
        format_args!("this program does not have scheme {}", agreement.scheme()),
        "agree on another one (cotejo agreement init --scheme tfhe), or use a program that has it",
    )
}
