//! What names a key in a token: a PKCS #11 URI (RFC 7512), read strictly.

use std::fmt;
use std::path::PathBuf;

/// A private key in a token, and how the token is reached.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct TokenUri {
    /// The attributes of the path as they were written: they name the key in messages. What stands behind the question mark does not.
    named: String,
    /// The token's label.
    pub token: Option<String>,
    pub manufacturer: Option<String>,
    pub model: Option<String>,
    pub serial: Option<String>,
    pub slot: Option<u64>,
    /// The key's label.
    pub object: Option<String>,
    /// Its CKA_ID.
    pub id: Option<Vec<u8>>,
    /// The library that speaks to the token.
    pub module: PathBuf,
    /// The file with the PIN.
    pub pin: Option<PathBuf>,
}

/// Why a text is no URI of a key. Tells no value: a PIN may have been written there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    #[error("it does not begin with pkcs11:")]
    Scheme,
    #[error(
        "an attribute without a value: name=value, with ; between those that name the key, ? before the others and & between them"
    )]
    Form,
    #[error("'{0}' is no attribute that is read there")]
    Unknown(String),
    #[error("'{0}' stands there twice")]
    Twice(&'static str),
    #[error("the value of '{0}' holds a character that must be written as % and two hexadecimal digits")]
    Character(&'static str),
    #[error("the value of '{0}' is not what it can be: {1}")]
    Value(&'static str, &'static str),
    #[error("pin-value: a PIN in a configuration or a command line is no secret any more")]
    PinValue,
    #[error("no {0}")]
    Missing(&'static str),
}

impl UriError {
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::PinValue => {
                "change that PIN; write it into a file of one line that its owner alone can read, and name that: pin-source=file:/PATH"
            }
            _ => {
                "write it as pkcs11:token=LABEL;object=LABEL?module-path=/PATH/LIBRARY.so&pin-source=file:/PATH (RFC 7512)"
            }
        }
    }
}

impl fmt::Display for TokenUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pkcs11:{}", self.named)
    }
}

impl TokenUri {
    const SCHEME: &str = "pkcs11:";

    /// Whether a text is meant to be one, and no path of a file.
    pub fn is_meant(text: &str) -> bool {
        text.get(..Self::SCHEME.len()).is_some_and(|scheme| scheme.eq_ignore_ascii_case(Self::SCHEME))
    }
}

impl std::str::FromStr for TokenUri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        let rest = text.strip_prefix(Self::SCHEME).ok_or(UriError::Scheme)?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut uri = Self { named: path.to_owned(), ..Self::default() };
        // A PIN is spoken of before anything else is.
        if attributes(path, ';').chain(attributes(query, '&')).any(|one| one.starts_with("pin-value")) {
            return Err(UriError::PinValue);
        }
        let mut private = None;
        for attribute in attributes(path, ';') {
            let (name, value) = attribute.split_once('=').ok_or(UriError::Form)?;
            match name {
                "token" => set(&mut uri.token, "token", text_of("token", value, "&")?)?,
                "manufacturer" => set(&mut uri.manufacturer, "manufacturer", text_of("manufacturer", value, "&")?)?,
                "model" => set(&mut uri.model, "model", text_of("model", value, "&")?)?,
                "serial" => set(&mut uri.serial, "serial", text_of("serial", value, "&")?)?,
                "object" => set(&mut uri.object, "object", text_of("object", value, "&")?)?,
                "id" => set(&mut uri.id, "id", bytes_of("id", value, "&")?)?,
                "slot-id" => set(&mut uri.slot, "slot-id", number(value)?)?,
                "type" if value == "private" => set(&mut private, "type", ())?,
                "type" => return Err(UriError::Value("type", "private, or it is left out")),
                _ => return Err(unknown(name)),
            }
        }
        let mut module = None;
        for attribute in attributes(query, '&') {
            let (name, value) = attribute.split_once('=').ok_or(UriError::Form)?;
            match name {
                "module-path" => set(&mut module, "module-path", absolute("module-path", value)?)?,
                "pin-source" => set(&mut uri.pin, "pin-source", pin_file(value)?)?,
                _ => return Err(unknown(name)),
            }
        }
        uri.module = module.ok_or(UriError::Missing("module-path=/PATH/LIBRARY.so behind a question mark"))?;
        if uri.token.is_none() && uri.serial.is_none() && uri.slot.is_none() {
            return Err(UriError::Missing("token=LABEL (or serial, or slot-id)"));
        }
        if uri.object.is_none() && uri.id.is_none() {
            return Err(UriError::Missing("object=LABEL (or id)"));
        }
        Ok(uri)
    }
}

/// The attributes of one part; one that is empty has none.
fn attributes(part: &str, between: char) -> impl Iterator<Item = &str> {
    part.split(between).filter(move |_| !part.is_empty())
}

/// A name that is not read: what does not look like one is not told.
fn unknown(name: &str) -> UriError {
    let looks_like_one = name.len() <= 32 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    UriError::Unknown(if looks_like_one { name.to_owned() } else { "(not shown)".to_owned() })
}

fn set<T>(place: &mut Option<T>, name: &'static str, value: T) -> Result<(), UriError> {
    if place.replace(value).is_some() { Err(UriError::Twice(name)) } else { Ok(()) }
}

/// Takes percent-encoding away; `further` are characters that may stand for themselves here, beside those of both parts (RFC 7512, 2.3).
fn bytes_of(name: &'static str, value: &str, further: &str) -> Result<Vec<u8>, UriError> {
    let wrong = || UriError::Character(name);
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        let byte = match byte {
            b'%' => {
                let digit =
                    |digit: Option<u8>| digit.and_then(|digit| char::from(digit).to_digit(16)).ok_or_else(wrong);
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                u8::try_from(16 * high + low).map_err(|_| wrong())?
            }
            byte if byte.is_ascii_alphanumeric() || b"-._~:[]@!$'()*+,=".contains(&byte) => byte,
            byte if further.as_bytes().contains(&byte) => byte,
            _ => return Err(wrong()),
        };
        bytes.push(byte);
    }
    match bytes.is_empty() {
        true => Err(UriError::Value(name, "not empty")),
        false => Ok(bytes),
    }
}

fn text_of(name: &'static str, value: &str, further: &str) -> Result<String, UriError> {
    let text = String::from_utf8(bytes_of(name, value, further)?);
    text.ok()
        .filter(|text| !text.chars().any(char::is_control))
        .ok_or(UriError::Value(name, "text in UTF-8, without control characters"))
}

fn number(value: &str) -> Result<u64, UriError> {
    let is_plain = value.bytes().all(|byte| byte.is_ascii_digit()) && (value == "0" || !value.starts_with('0'));
    let read = value.parse().ok().filter(|_| is_plain);
    read.ok_or(UriError::Value("slot-id", "a number"))
}

fn absolute(name: &'static str, value: &str) -> Result<PathBuf, UriError> {
    let path = PathBuf::from(text_of(name, value, "/?|")?);
    path.is_absolute().then_some(path).ok_or(UriError::Value(name, "an absolute path"))
}

/// A file alone, by a URI of RFC 8089: no program is run for a PIN.
fn pin_file(value: &str) -> Result<PathBuf, UriError> {
    let file = UriError::Value("pin-source", "a file: file:/PATH");
    let path = value.strip_prefix("file:").ok_or_else(|| file.clone())?;
    let path = path.strip_prefix("//").filter(|path| path.starts_with('/')).unwrap_or(path);
    if path.starts_with("//") { Err(file) } else { absolute("pin-source", path) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUERY: &str = "?module-path=/usr/lib/m.so";

    fn read(path: &str) -> Result<TokenUri, UriError> {
        format!("pkcs11:{path}{QUERY}").parse()
    }

    #[test]
    fn a_uri_names_token_key_module_and_pin() {
        let text = "pkcs11:token=ministry%20b;serial=07;manufacturer=a&b;model=m;slot-id=3;object=%C3%A9;id=%01%ff;type=private\
                    ?module-path=/opt/a%20b/m.so&pin-source=file:/run/pin";
        let uri: TokenUri = text.parse().unwrap();
        assert_eq!(uri.token.as_deref(), Some("ministry b"));
        assert_eq!((uri.serial.as_deref(), uri.slot), (Some("07"), Some(3)));
        assert_eq!((uri.manufacturer.as_deref(), uri.model.as_deref()), (Some("a&b"), Some("m")));
        assert_eq!((uri.object.as_deref(), uri.id.as_deref()), (Some("é"), Some(&[1, 255][..])));
        assert_eq!((uri.module.clone(), uri.pin.clone()), ("/opt/a b/m.so".into(), Some("/run/pin".into())));
        assert_eq!(uri.to_string(), text.split('?').next().unwrap());
        for (written, path) in [("file:/a", "/a"), ("file:///a", "/a"), ("file:/a%3fb", "/a?b")] {
            let uri: TokenUri = format!("pkcs11:token=a;id=%01{QUERY}&pin-source={written}").parse().unwrap();
            assert_eq!(uri.pin, Some(path.into()), "{written}");
        }
    }

    #[test]
    fn what_is_not_exactly_one_is_refused_by_the_name_of_the_attribute() {
        use UriError as E;
        for (path, error) in [
            ("token=a;object=b;object=c", E::Twice("object")),
            ("token=a;object=b;", E::Form),
            ("token=a;object", E::Form),
            ("token=a;object=", E::Value("object", "not empty")),
            ("token=a;object=a b", E::Character("object")),
            ("token=a;object=a/b", E::Character("object")),
            ("token=a;object=%4", E::Character("object")),
            ("token=a;object=%+1", E::Character("object")),
            ("token=a;object=%4g", E::Character("object")),
            ("token=a;object=é", E::Character("object")),
            ("token=a;object=%ff", E::Value("object", "text in UTF-8, without control characters")),
            ("token=a;object=%00", E::Value("object", "text in UTF-8, without control characters")),
            ("token=a;object=b;type=public", E::Value("type", "private, or it is left out")),
            ("token=a;object=b;slot-id=0x1", E::Value("slot-id", "a number")),
            ("token=a;object=b;slot-id=+1", E::Value("slot-id", "a number")),
            ("token=a;object=b;slot-id=01", E::Value("slot-id", "a number")),
            ("token=a;object=b;library-version=1", E::Unknown("library-version".into())),
            ("token=a;object=b;x-secret9=1", E::Unknown("(not shown)".into())),
            ("Token=a;object=b", E::Unknown("(not shown)".into())),
            ("object=b", E::Missing("token=LABEL (or serial, or slot-id)")),
            ("token=a", E::Missing("object=LABEL (or id)")),
            ("", E::Missing("token=LABEL (or serial, or slot-id)")),
        ] {
            assert_eq!(read(path), Err(error), "{path}");
        }
        let query = |query: &str| format!("pkcs11:token=a;object=b?{query}").parse::<TokenUri>().unwrap_err();
        assert_eq!(query("module-path=m.so"), E::Value("module-path", "an absolute path"));
        assert_eq!(query("module-path=/m&module-path=/n"), E::Twice("module-path"));
        assert_eq!(query("module-name=m"), E::Unknown("module-name".into()));
        assert_eq!(query("module-path=/m&"), E::Form);
        assert_eq!(query(""), E::Missing("module-path=/PATH/LIBRARY.so behind a question mark"));
        for source in ["|/bin/sh", "/run/pin", "file:pin", "file://host/pin", "file:////pin", "http://a/b"] {
            let error = query(&format!("module-path=/m&pin-source={source}"));
            assert!(matches!(error, E::Value("pin-source", _) | E::Character("pin-source")), "{source}: {error}");
        }
        assert_eq!("PKCS11:token=a".parse::<TokenUri>(), Err(E::Scheme));
        assert!(TokenUri::is_meant("PKCS11:x") && !TokenUri::is_meant("pkcs1") && !TokenUri::is_meant("a/pkcs11:"));
    }

    #[test]
    fn a_pin_in_it_is_refused_and_not_repeated() {
        for text in [
            "pkcs11:token=a;object=b?module-path=/m&pin-value=4711",
            "pkcs11:token=a;object=b;pin-value=4711?module-path=/m",
            "pkcs11:pin-value=4711",
            "pkcs11:?pin-value:4711",
        ] {
            let error = text.parse::<TokenUri>().unwrap_err();
            assert_eq!(error, UriError::PinValue);
            assert!(!format!("{error} {error:?} {}", error.remedy()).contains("4711"));
        }
        for text in
            ["pkcs11:4711", "pkcs11:token=a;object=b?4711", "pkcs11:token=a;object=b?4711=1", "pkcs11:token=47 11"]
        {
            let error = text.parse::<TokenUri>().unwrap_err();
            assert!(!format!("{error} {error:?}").contains("47"), "{error}");
        }
    }
}
