//! A session with a token that is logged in, and the one key that a URI names.

use std::sync::Arc;
use std::time::Duration;

use cryptoki::context::Pkcs11;
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsPssParams};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, SessionState, UserType};
use cryptoki::slot::{Slot, TokenInfo};
use rustls::SignatureScheme;
use sha2::{Digest as _, Sha256, Sha384};

use super::module::Module;
use super::pin::Pin;
use super::public::{Kind, PublicHalf, two_numbers};
use super::trouble::Trouble;
use super::uri::TokenUri;

/// A session, and a key.
pub struct Device {
    module: Arc<Module>,
    /// When the module was initialised of which these are handles.
    age: u64,
    session: Option<Session>,
    key: ObjectHandle,
    pub public: PublicHalf,
}

impl Drop for Device {
    fn drop(&mut self) {
        let (_, age) = self.module.calls();
        match self.session.take() {
            // Closed by now; its handle may be that of another one.
            Some(session) if age.number != self.age => std::mem::forget(session),
            session => drop(session),
        }
    }
}

/// What opens a token.
pub struct Opened {
    pub device: Device,
    /// None where the token asks for none, or has keys of its own to type it.
    pub pin: Option<Arc<Pin>>,
}

impl Device {
    /// Finds the token and the key, and logs in; `pin` is one that it was logged in with before.
    pub fn open(module: &Arc<Module>, uri: &TokenUri, pin: Option<&Arc<Pin>>) -> Result<Opened, Trouble> {
        let (context, age) = module.calls();
        let (slot, info) = token(context, uri)?;
        let session = context.open_ro_session(slot)?;
        let pin = login(&session, uri, &info, pin)?;
        let key = private_key(&session, uri)?;
        let public = public_half(&session, key)?;
        let (module, session) = (Arc::clone(module), Some(session));
        Ok(Opened { device: Self { module, age: age.number, session, key, public }, pin })
    }

    /// Signs as TLS has it.
    pub fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, Trouble> {
        let (_, age) = self.module.calls();
        let session = self.session.as_ref().filter(|_| age.number == self.age);
        let session = session.ok_or_else(|| Trouble {
            is_lost_session: true,
            ..Trouble::new("the session with the token is lost", "it is tried again")
        })?;
        let sign = |mechanism: Mechanism<'_>, data: &[u8]| session.sign(&mechanism, self.key, data);
        let signature = match scheme {
            SignatureScheme::ED25519 => {
                sign(Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Ed25519)), message)?
            }
            SignatureScheme::ECDSA_NISTP256_SHA256 => {
                return ecdsa(&sign(Mechanism::Ecdsa, Sha256::digest(message).as_slice())?);
            }
            SignatureScheme::ECDSA_NISTP384_SHA384 => {
                return ecdsa(&sign(Mechanism::Ecdsa, Sha384::digest(message).as_slice())?);
            }
            SignatureScheme::RSA_PSS_SHA256 => {
                let (hash_alg, mgf) = (MechanismType::SHA256, PkcsMgfType::MGF1_SHA256);
                sign(Mechanism::Sha256RsaPkcsPss(PkcsPssParams { hash_alg, mgf, s_len: 32.into() }), message)?
            }
            SignatureScheme::RSA_PKCS1_SHA256 => sign(Mechanism::Sha256RsaPkcs, message)?,
            _ => return Err(Trouble::new("no way that this key signs", "report this as a fault of cotejo")),
        };
        Ok(signature)
    }
}

/// Two numbers of one length, one behind the other, as TLS has them.
fn ecdsa(signature: &[u8]) -> Result<Vec<u8>, Trouble> {
    let (first, second) = signature.split_at(signature.len() / 2);
    let der = two_numbers(first, second).filter(|_| first.len() == second.len());
    der.ok_or_else(|| Trouble::new("its signature is none of ECDSA", "have the token's maker look at it"))
}

/// A token is looked for so often: one that another process writes to just then is not seen.
const LOOKS: u32 = 3;
const BETWEEN: Duration = Duration::from_millis(150);

/// The one token that the URI names.
fn token(context: &Pkcs11, uri: &TokenUri) -> Result<(Slot, TokenInfo), Trouble> {
    let is = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found.trim_end());
    let is_it = |slot: &Slot, info: &TokenInfo| {
        is(&uri.token, info.label())
            && is(&uri.serial, info.serial_number())
            && is(&uri.manufacturer, info.manufacturer_id())
            && is(&uri.model, info.model())
            && uri.slot.is_none_or(|wanted| wanted == slot.id())
    };
    let mut others = Vec::new();
    for look in 0..LOOKS {
        if look > 0 {
            std::thread::sleep(BETWEEN);
        }
        let slots = context.get_slots_with_token()?;
        let infos = slots.into_iter().filter_map(|slot| Some((slot, context.get_token_info(slot).ok()?)));
        let (mut found, rest): (Vec<_>, Vec<_>) = infos.partition(|(slot, info)| is_it(slot, info));
        others =
            rest.iter().map(|(_, info)| info.label().trim_end().to_owned()).filter(|label| !label.is_empty()).collect();
        match (found.pop(), found.is_empty()) {
            (Some(one), true) => return Ok(one),
            (Some(_), false) => {
                let remedy = "add serial=NUMBER, which pkcs11-tool --module MODULE -L prints";
                return Err(Trouble::new("several tokens are named so", remedy));
            }
            (None, _) => {}
        }
    }
    let there = if others.is_empty() { "none".to_owned() } else { format!("'{}'", others.join("', '")) };
    let remedy = "put the token in, or correct token=LABEL (pkcs11-tool --module MODULE -L)";
    Err(Trouble::new(format!("no token of that name is there; those that are: {there}"), remedy))
}

fn login(
    session: &Session,
    uri: &TokenUri,
    info: &TokenInfo,
    pin: Option<&Arc<Pin>>,
) -> Result<Option<Arc<Pin>>, Trouble> {
    if !info.login_required() {
        return Ok(None);
    }
    let has_keys_of_its_own = info.protected_authentication_path() && uri.pin.is_none();
    let pin = match pin {
        _ if has_keys_of_its_own => None,
        Some(pin) => Some(Arc::clone(pin)),
        None => {
            let token = format!("{} {} {}", uri.module.display(), info.serial_number(), info.label());
            Some(Pin::of(uri, &token)?)
        }
    };
    // Whoever is logged in is so for all sessions of this process.
    let state = session.get_session_info()?.session_state();
    if matches!(state, SessionState::RoUser | SessionState::RwUser) {
        return Ok(pin);
    }
    if info.user_pin_locked() {
        return Err(Trouble::of_pin("the token is locked", "have its security officer set another PIN"));
    }
    if info.user_pin_final_try() {
        let remedy = "log in by hand, with the right PIN (pkcs11-tool --module MODULE --login --test), which gives back all tries";
        return Err(Trouble::of_pin("one more wrong PIN locks the token: it is not tried", remedy));
    }
    let shown = pin.as_deref().map(Pin::shown).transpose()?;
    match session.login(UserType::User, shown.as_ref()) {
        Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(pin),
        Err(error) => {
            let mut trouble = Trouble::of(&error);
            if let Error::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _) = error {
                pin.iter().for_each(|pin| pin.refuse());
                trouble.what = "the token refuses the PIN".to_owned();
            }
            Err(trouble)
        }
    }
}

/// The one private key that the URI names.
fn private_key(session: &Session, uri: &TokenUri) -> Result<ObjectHandle, Trouble> {
    let mut template = vec![Attribute::Class(ObjectClass::PRIVATE_KEY)];
    template.extend(uri.object.as_ref().map(|label| Attribute::Label(label.clone().into_bytes())));
    template.extend(uri.id.as_ref().map(|id| Attribute::Id(id.clone())));
    let found = session.find_objects(&template)?;
    match found.as_slice() {
        [one] => Ok(*one),
        [] => {
            let remedy = "make it there, or correct object=LABEL (pkcs11-tool --module MODULE --login -O)";
            Err(Trouble::new("no private key of that name is in the token", remedy))
        }
        several => {
            let remedy = "add id=%.. of the one that is meant (pkcs11-tool --module MODULE --login -O)";
            Err(Trouble::new(format!("{} private keys of that name are in the token", several.len()), remedy))
        }
    }
}

/// Its attributes that can be read.
struct Attributes {
    kind: Option<KeyType>,
    id: Vec<u8>,
    label: Vec<u8>,
    parameters: Vec<u8>,
    point: Vec<u8>,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
    signs: bool,
}

impl Attributes {
    fn of(session: &Session, object: ObjectHandle) -> Result<Self, Trouble> {
        use AttributeType as T;
        let wanted = [T::KeyType, T::Id, T::Label, T::Sign, T::EcParams, T::EcPoint, T::Modulus, T::PublicExponent];
        let mut all = Self {
            kind: None,
            id: Vec::new(),
            label: Vec::new(),
            parameters: Vec::new(),
            point: Vec::new(),
            modulus: Vec::new(),
            exponent: Vec::new(),
            signs: true,
        };
        // What it does not have is left out; asked for one by one, for modules that refuse all where one is missing.
        for attribute in wanted.iter().filter_map(|one| session.get_attributes(object, &[*one]).ok()).flatten() {
            match attribute {
                Attribute::KeyType(kind) => all.kind = Some(kind),
                Attribute::Id(id) => all.id = id,
                Attribute::Label(label) => all.label = label,
                Attribute::Sign(signs) => all.signs = signs,
                Attribute::EcParams(parameters) => all.parameters = parameters,
                Attribute::EcPoint(point) => all.point = point,
                Attribute::Modulus(modulus) => all.modulus = modulus,
                Attribute::PublicExponent(exponent) => all.exponent = exponent,
                _ => {}
            }
        }
        Ok(all)
    }
}

/// The public half of a key: of itself, or of the public key beside it.
fn public_half(session: &Session, key: ObjectHandle) -> Result<PublicHalf, Trouble> {
    let private = Attributes::of(session, key)?;
    let make =
        "make one there that can (pkcs11-tool --keypairgen --key-type EC:prime256v1 for TLS, EC:edwards25519 to sign)";
    if !private.signs {
        return Err(Trouble::new("this key may not sign", make));
    }
    let unknown =
        || Trouble::new("not a key that is signed with here: Ed25519, P-256, P-384, RSA of 2048 bits and more", make);
    let kind = match private.kind {
        Some(KeyType::EC) => Kind::of_curve(&private.parameters),
        Some(KeyType::EC_EDWARDS) => Kind::of_edwards(&private.parameters),
        Some(KeyType::RSA) => Some(Kind::Rsa),
        _ => None,
    };
    let kind = kind.ok_or_else(unknown)?;
    let of = |half: &Attributes| match kind {
        Kind::Rsa => PublicHalf::of_rsa(&half.modulus, &half.exponent),
        _ => PublicHalf::of_point(kind, &half.point),
    };
    if let Some(public) = of(&private) {
        return Ok(public);
    }
    if kind == Kind::Rsa {
        return Err(unknown());
    }
    let by = match private.id.is_empty() {
        false => Attribute::Id(private.id.clone()),
        true => Attribute::Label(private.label.clone()),
    };
    let mut halves = Vec::new();
    for object in session.find_objects(&[Attribute::Class(ObjectClass::PUBLIC_KEY), by])? {
        let beside = Attributes::of(session, object)?;
        halves.extend(Some(beside).filter(|beside| beside.parameters == private.parameters).as_ref().and_then(of));
    }
    halves.dedup();
    let several = halves.len() > 1;
    let remedy = "put its one public key beside it, with the same id";
    match halves.pop() {
        Some(public) if !several => Ok(public),
        Some(_) => Err(Trouble::new("several public keys are beside this key, with the same id", remedy)),
        None => Err(Trouble::new("the public key of this key is not in the token", remedy)),
    }
}
