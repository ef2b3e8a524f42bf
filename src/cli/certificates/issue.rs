//! `cotejo certificates issue`

use std::path::PathBuf;

use rcgen::{Issuer, KeyPair};
use serde_json::json;
use zeroize::Zeroizing;

use super::show::Described;
use super::{AUTHORITY, AUTHORITY_KEY, CERTIFICATE, Holder, KEY, Validity, fingerprint, in_token, unmade};
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::files::{self, Access, Folders, Output};
use crate::cli::token::Certifiable;
use crate::cli::{Outcome, OverwriteArg, party, passphrase};

/// Issue a certificate: for a custodian's server, or for a querier
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cotejo certificates issue --authority authority --name B-REGISTRY --server localhost,127.0.0.1 --out custodian
  cotejo certificates issue --authority authority --name A-BORDER --client --days 90 --out querier
  cotejo certificates issue --name A-BORDER --client --out querier --key \
    'pkcs11:token=a;object=tls?module-path=/hsm.so&pin-source=file:/pin'")]
pub struct Args {
    /// Folder of the authority
    #[arg(long, value_name = "FOLDER", default_value = "authority")]
    pub(super) authority: PathBuf,
    #[command(flatten)]
    pub(super) holder: Holder,
    /// For a key in a token, by its URI, instead of a new tls.key
    #[arg(long, value_name = "PKCS11-URI")]
    pub(super) key: Option<PathBuf>,
    /// Folder for tls.pem, tls.key and a copy of authority.pem
    #[arg(long, value_name = "FOLDER")]
    pub(super) out: PathBuf,
    #[command(flatten)]
    pub(super) validity: Validity,
    #[command(flatten)]
    pub(super) overwrite: OverwriteArg,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let (authority_path, authority_key_path) = (self.authority.join(AUTHORITY), self.authority.join(AUTHORITY_KEY));
        let authority = String::from_utf8_lossy(&files::read_at_most(&authority_path, 1 << 20)?).into_owned();
        let described = Described::read(&authority_path, authority.as_bytes())?;
        if !described.authority {
            let what = "is no certificate of an authority";
            return Err(Failure::at(&authority_path, what, "make one with 'cotejo certificates authority'"));
        }
        if described.is_expired() {
            let what = format!("expired at {}", described.until);
            return Err(Failure::at(&authority_path, what, "make another authority, and give it to both parties"));
        }
        let text = passphrase::read_key(&authority_key_path, 1 << 16)?;
        let wrong_key = "use authority.pem and authority.key of one 'cotejo certificates authority'";
        let authority_key = std::str::from_utf8(&text).ok().and_then(|text| KeyPair::from_pem(text).ok());
        let authority_key =
            authority_key.ok_or_else(|| Failure::at(&authority_key_path, "no private key in PEM", wrong_key))?;
        if described.public_key != authority_key.public_key_raw() {
            return Err(Failure::at(&authority_key_path, "is not the key of authority.pem", wrong_key));
        }
        let issuer = Issuer::from_ca_cert_pem(&authority, authority_key).map_err(|error| unmade(&error))?;

        let mut parameters = self.holder.parameters()?;
        self.validity.limit(&mut parameters);
        parameters.use_authority_key_identifier_extension = true;
        let (certificate, key) = match &self.key {
            Some(uri) => {
                let keeper = in_token(uri)?;
                (parameters.signed_by(&Certifiable(&keeper), &issuer), None)
            }
            None => {
                let key = KeyPair::generate().map_err(|error| unmade(&error))?;
                (parameters.signed_by(&key, &issuer), Some(Zeroizing::new(key.serialize_pem())))
            }
        };
        let certificate = certificate.map_err(|error| unmade(&error))?.pem();
        let issued = Described::read(&authority_path, certificate.as_bytes())?;
        if issued.until > described.until {
            console.warn(format_args!(
                "the certificate is valid until {}, but its authority only until {}",
                issued.until, described.until
            ));
        }

        let paths = [CERTIFICATE, KEY, AUTHORITY].map(|name| self.out.join(name));
        let [certificate_path, key_path, copy_path] = &paths;
        let folders = Folders::create(&self.out, Access::Private)?;
        let mut outputs = vec![
            Output { path: copy_path, bytes: authority.as_bytes(), access: Access::Shared },
            Output { path: certificate_path, bytes: certificate.as_bytes(), access: Access::Shared },
        ];
        outputs.extend(key.as_ref().map(|key| Output {
            path: key_path,
            bytes: key.as_bytes(),
            access: Access::Private,
        }));
        files::write(&outputs, self.overwrite.force)?;
        folders.keep();
        let fingerprint = fingerprint(certificate_path, &certificate)?;
        let kept = match &key {
            Some(_) => format!("{}: stays here, readable for you alone", key_path.display()),
            None => "its key stays in the token: name its URI as [tls] key".to_owned(),
        };
        console.written(
            format_args!(
                "{}: of {}, valid until {}\n{kept}\n{}: whom to trust\nfingerprint {fingerprint}",
                certificate_path.display(),
                self.holder.name,
                issued.until,
                copy_path.display(),
            ),
            &json!({
                "certificate": certificate_path,
                "key": key.is_some().then_some(key_path),
                "authority": copy_path,
                "fingerprint": fingerprint,
                "issued": party::now(),
                "until": issued.until,
            }),
        )?;
        Ok(Outcome::Done)
    }
}
