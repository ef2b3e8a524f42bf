//! Orders of a custodian's operators: signed with their own keys, and given to the server that runs.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use crate::agreement::Code;
use crate::remedy::Remedy as _;
use crate::service::audit::{CarriedOut, Consent, Measure, Order, OrderDocument};
use crate::service::client::{self, ClientError, give_orders};
use crate::service::signing::Signed;
use crate::service::store::Breaker;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use super::console::Console;
use super::failure::Failure;
use super::{Outcome, OverwriteArg, configuration, files, party, statement};

/// Who orders it. Without these the server's own key does it, where no operator has a key.
#[derive(clap::Args)]
pub struct OperatorArgs {
    /// Have an operator order it, by the name that the custodian has registered
    #[arg(long, value_name = "NAME", requires = "key")]
    operator: Option<Code>,
    /// The operator's own signing key
    #[arg(long, value_name = "FILE", requires = "operator")]
    key: Option<PathBuf>,
    /// Write the signed order, and give it to nobody
    #[arg(long, value_name = "FILE", requires = "operator")]
    out: Option<PathBuf>,
    #[command(flatten)]
    overwrite: OverwriteArg,
}

/// What an operator needs of a custodian's configuration: these two lines are enough.
#[derive(Deserialize)]
struct Addressed {
    party: Code,
    operations: Option<SocketAddr>,
    /// An operator's own file has none.
    database: Option<IgnoredAny>,
}

/// What goes with an order.
#[derive(Default)]
pub struct Beside {
    /// Of other operators.
    pub orders: Vec<Signed<Order>>,
    /// Of other parties.
    pub consents: Vec<Signed<Consent>>,
}

/// How an order is made.
pub const MADE: &str = "have it made with --operator, --key and --out";
/// Longest configuration, in bytes.
const LIMIT_BYTES: u64 = 1 << 20;

impl OperatorArgs {
    /// Whether an operator orders it.
    pub fn is_given(&self) -> bool {
        self.operator.is_some()
    }

    /// Signs an order to the custodian of this configuration, and has it carried out, or writes it. To nobody, where no operator is
    /// named.
    pub fn order(
        &self,
        config: &Path,
        measure: Measure,
        beside: Beside,
        console: &Console,
    ) -> Result<Outcome, Failure> {
        let (Some(operator), Some(key)) = (&self.operator, &self.key) else {
            return Err(Failure::new("--operator", "nobody is named", "give --operator and --key"));
        };
        let Addressed { party: custodian, operations, .. } = read(config)?;
        let time = party::now().second();
        let order = Order { custodian, operator: operator.clone(), time, measure };
        let key = party::signing_key("--key", key)?;
        let signed = Signed::new(&order, &key).map_err(|error| Failure::new("order", error, "shorten it"))?;
        drop(key);
        if let Some(out) = &self.out {
            statement::write(out, &signed, self.overwrite.force)?;
            let text = format!("{}: an order of {operator} to {}", out.display(), order.custodian);
            console.written(text, &json!({"file": out, "order": order}))?;
            return Ok(Outcome::Done);
        }
        let address = operations.ok_or_else(|| {
            let remedy = "write the order (--out), and have it carried out with 'cotejo serve order'";
            Failure::at(config, "no operations port is named: the server takes no orders", remedy)
        })?;
        let Beside { mut orders, consents } = beside;
        orders.push(signed);
        let done = give_orders(reached(address), &OrderDocument { orders, consents });
        report(&done.map_err(|error| failure(address, &error))?, console)
    }
}

/// Whether the breaker is pulled of the server whose operations port a configuration names; none where it names a database, which says
/// so itself.
pub fn breaker(config: &Path) -> Result<Option<Option<Breaker>>, Failure> {
    let Addressed { operations, database: None, .. } = read(config)? else { return Ok(None) };
    let address = operations.ok_or_else(|| {
        let remedy = "write 'operations' into it, as it stands in the custodian's configuration";
        Failure::at(config, "neither a database nor an operations port is named", remedy)
    })?;
    let address = reached(address);
    client::breaker(address).map(Some).map_err(|error| {
        let remedy = "the server that serves says so: 'curl http://ADDRESS/readyz' tells whether that one does";
        Failure::new(format_args!("operations port {address}"), error, remedy.replace("ADDRESS", &address.to_string()))
    })
}

/// What came of orders.
pub fn report(done: &CarriedOut, console: &Console) -> Result<Outcome, Failure> {
    match done {
        CarriedOut::Breaker { pulled, changed } => {
            let state = if *pulled { "pulled: no request is accepted" } else { "reset: requests are accepted" };
            let text = if *changed { state.to_owned() } else { format!("nothing to change: {state}") };
            console.result(text, &json!({"pulled": pulled, "changed": changed}))?;
        }
        CarriedOut::Erased { before, contents } => {
            let entries = match *contents {
                1 => "1 entry".to_owned(),
                many => format!("{many} entries"),
            };
            let text = format!("erased the contents of {entries} from before {before}");
            console.written(text, &json!({"before": before, "erased": contents}))?;
        }
    }
    Ok(Outcome::Done)
}

fn read(config: &Path) -> Result<Addressed, Failure> {
    let remedy = "name the custodian's configuration, or write 'party' and 'operations' as they stand there into one of your own";
    let bytes = files::read_at_most(config, LIMIT_BYTES)?;
    let text = String::from_utf8(bytes).map_err(|_| Failure::at(config, "not UTF-8 text", remedy))?;
    toml::from_str(&text).map_err(|error| Failure::at(config, configuration::fault(&text, &error), remedy))
}

/// Where a server listens at every address, it is reached at that of this machine.
pub fn reached(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn failure(address: SocketAddr, error: &ClientError) -> Failure {
    let remedy = match error {
        ClientError::Refused(refusal) if refusal.kind == "not-an-operator" => {
            "have the custodian register the name with this key ([[operator]], and reload)".into()
        }
        ClientError::Refused(_) => "correct it; nothing was done".into(),
        ClientError::Unreachable { .. } => {
            "where the server does not run: write the order (--out), and have it carried out with 'cotejo serve order'"
                .into()
        }
        _ => error.remedy().unwrap_or_default(),
    };
    Failure::new(format_args!("operations port {address}"), error, remedy)
}
