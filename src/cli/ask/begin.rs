//! `ask --init`: a querier's beginning.

use crate::agreement::Code;

use super::Args;
use crate::cli::Outcome;
use crate::cli::beginning::Beginning;
use crate::cli::console::Console;
use crate::cli::failure::Failure;

/// Who asks whom.
#[derive(clap::Args)]
pub struct Parties {
    /// With --init: the name of this querier
    #[arg(long, value_name = "CODE", requires = "init", default_value = "A-BORDER")]
    party: Code,
    /// With --init: the name of the custodian
    #[arg(long, value_name = "CODE", requires = "init", default_value = "B-REGISTRY")]
    custodian: Code,
    /// With --init: the custodian's address
    #[arg(long, value_name = "URL", requires = "init", default_value = "https://localhost:8443")]
    url: String,
}

const STEPS: [&str; 6] = [
    "agree: one party makes agreement.toml (cotejo agreement init --service), both keep the same file, here in {folder}; \
     'cotejo agreement check' prints its digest: compare it",
    "send them {folder}/authority.pem, {folder}/tls.pem and {folder}/signing.pub",
    "get from them authority.pem and signing.pub, and put them into {folder} as their-authority.pem and their-signing.pub; and their \
     address, for url in {config}",
    "read each other, by telephone, what signing.pub holds and the fingerprint of tls.pem ('cotejo certificates show')",
    "cotejo keygen --agreement {folder}/agreement.toml --out {folder}/keys",
    "cotejo ask --config {config} --agreement {folder}/agreement.toml --check, and then with --templates TEMPLATES in the place of --check",
];

impl Args {
    /// A configuration, and who sends what to whom.
    pub fn begin(&self, console: &Console) -> Result<Outcome, Failure> {
        let Parties { party, custodian, url } = &self.beginning;
        let values = [
            ("A-BORDER", party.as_str()),
            ("B-REGISTRY", custodian.as_str()),
            ("https://localhost:8443", url.as_str()),
        ];
        let beginning = Beginning {
            config: &self.config,
            sample: include_str!("querier.toml"),
            values: &values,
            party,
            hosts: &[],
            steps: &STEPS,
        };
        beginning.make(&|| Ok(()), console)
    }
}
