//! What is in the way of a key in a token, and what to do about it.

use cryptoki::error::{Error, RvError};

use super::uri::TokenUri;
use crate::cli::failure::Failure;
use crate::service::held_key::SigningError;

/// What is in the way. Holds no secret.
#[derive(Clone, Debug)]
pub struct Trouble {
    pub what: String,
    pub remedy: String,
    /// Whether another session may mend it.
    pub is_lost_session: bool,
    /// Whether it is the PIN's: nothing is tried again that could lock the token.
    pub is_of_pin: bool,
}

impl Trouble {
    pub fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into(), is_lost_session: false, is_of_pin: false }
    }

    /// What the module says.
    pub fn of(error: &Error) -> Self {
        use RvError as R;
        let Error::Pkcs11(code, function) = error else {
            return Self::new(error.to_string(), "see to the token and its module (pkcs11-tool --module MODULE -L)");
        };
        let remedy = match code {
            R::PinIncorrect | R::PinInvalid | R::PinLenRange => {
                "correct the PIN: each wrong one brings the token nearer to being locked"
            }
            R::PinLocked => "have its security officer set another PIN",
            R::PinExpired | R::UserPinNotInitialized => "have its PIN set",
            R::MechanismInvalid | R::MechanismParamInvalid | R::KeyTypeInconsistent | R::KeyFunctionNotPermitted => {
                "make a key there that may sign, of a kind that the token signs with (pkcs11-tool --module MODULE -M)"
            }
            R::SessionCount => "end other programs that hold sessions with the token",
            _ => "see to the token: is it there, and not locked? (pkcs11-tool --module MODULE -L)",
        };
        let is_of_pin = matches!(
            code,
            R::PinIncorrect | R::PinInvalid | R::PinLenRange | R::PinLocked | R::PinExpired | R::UserPinNotInitialized
        );
        let is_lost_session = matches!(
            code,
            R::SessionHandleInvalid
                | R::SessionClosed
                | R::UserNotLoggedIn
                | R::DeviceRemoved
                | R::DeviceError
                | R::TokenNotPresent
                | R::TokenNotRecognized
                | R::KeyHandleInvalid
                | R::ObjectHandleInvalid
                | R::OperationActive
                | R::CryptokiNotInitialized
                | R::GeneralError
                | R::FunctionFailed
        );
        // As the standard names it.
        let function = function.to_string().replace("Function::", "C_");
        Self { what: format!("{function}: {code:?}"), remedy: remedy.to_owned(), is_lost_session, is_of_pin }
    }

    /// About the PIN.
    pub fn of_pin(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { is_of_pin: true, ..Self::new(what, remedy) }
    }

    /// For whoever runs a command.
    pub fn failure(self, uri: &TokenUri) -> Failure {
        Failure::new(uri, self.what, self.remedy)
    }

    /// For whoever asked for a signature.
    pub fn signing(self, key: &str) -> SigningError {
        SigningError::Unavailable { key: key.to_owned(), why: self.what, remedy: self.remedy }
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::of(&error)
    }
}
