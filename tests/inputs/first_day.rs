//! Two authorities' first day: what docs/service.md says, command by command, and the samples of the help as configurations.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use crate::support::Desk;

/// The commands of the first block of shell in docs/service.md.
fn commands() -> Vec<String> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/service.md");
    let page = std::fs::read_to_string(page).unwrap();
    let block = page.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let joined = block.replace("\\\n", "");
    let without_comment = |line: &str| line.split(" #").next().unwrap().trim().to_owned();
    joined.lines().map(without_comment).filter(|line| !line.is_empty()).collect()
}

fn shell(desk: &Desk, line: &str) -> Command {
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_cotejo")).parent().unwrap().display().to_string();
    let path = std::env::var("PATH").unwrap();
    let mut command = Command::new("bash");
    command.args(["-c", line]).current_dir(desk.path(".")).env("PATH", format!("{folder}:{path}"));
    command
}

/// A custodian that is stopped when the test is over, however that ends.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        drop(Command::new("kill").arg(self.0.id().to_string()).status());
        drop(self.0.wait());
    }
}

fn serve(desk: &Desk, line: &str) -> Serving {
    let mut server = shell(desk, &format!("exec {} --json", line));
    let mut server = server.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("\"address\"")), "the custodian has not begun to serve");
    Serving(server)
}

/// Another port than that of the page, which somebody may have.
fn on_a_free_port(desk: &Desk) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for file in ["a/querier.toml", "b/custodian.toml"] {
        let text = String::from_utf8(desk.read(file)).unwrap();
        assert!(text.contains(":8443"), "{text}");
        desk.write(file, text.replace(":8443", &format!(":{port}")).replace("127.0.0.1:9464", "127.0.0.1:0"));
    }
}

#[test]
fn the_first_day_of_the_page_goes_as_it_says() {
    let desk = Desk::empty();
    let (mut serving, mut asked) = (None, false);
    for line in commands() {
        if let Some(line) = line.strip_suffix("& SERVER=$!") {
            on_a_free_port(&desk);
            serving = Some(serve(&desk, line));
            continue;
        }
        let output = shell(&desk, &line).output().unwrap();
        let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!(output.status.code(), Some(0), "{line}: {out}{err}");
        // Nothing alarms whoever did as the page says.
        assert!(!line.contains("--check") || !err.contains("issued by") && !err.contains("warning"), "{line}: {err}");
        if line.contains("--init") {
            assert!(out.contains("\n1. ") && out.contains("\n6. "), "{line}: {out}");
        }
        if line.contains("ask") && line.contains("--templates") {
            asked = true;
            assert!(serving.is_some() && out.contains("\thit"), "{line}: {out}{err}");
        }
    }
    assert!(asked, "the page asks nobody");
}

/// The configuration that a command's help shows.
fn sample(desk: &Desk, command: &str, first: &str, last: &str) -> String {
    let help = desk.ok(&format!("{command} --help"));
    let lines = help.lines().skip_while(|line| !line.starts_with(first));
    let mut sample: Vec<&str> = Vec::new();
    for line in lines {
        sample.push(line);
        if line.starts_with(last) {
            break;
        }
    }
    assert!(sample.len() > 10, "{help}");
    sample.join("\n")
}

#[test]
fn the_samples_of_the_help_are_configurations() {
    let desk = crate::parties::parties();
    desk.ok("serve --init --config d/custodian.toml --party B --requester A --host b.example,127.0.0.1");
    desk.ok("ask --init --config c/querier.toml --party A --custodian B --url https://b.example:8443");
    // What they have of each other, and of what was agreed.
    for (from, to) in [
        ("c/authority.pem", "d/their-authority.pem"),
        ("c/tls.pem", "d/their-tls.pem"),
        ("c/signing.pub", "d/their-signing.pub"),
        ("d/authority.pem", "c/their-authority.pem"),
        ("d/signing.pub", "c/their-signing.pub"),
        ("agreement.toml", "d/agreement.toml"),
        ("b/gallery.cotejo", "d/gallery.cotejo"),
    ] {
        desk.write(to, desk.read(from));
    }
    desk.ok("keygen --allow-insecure --out c/keys");
    // As they were written, with other names, and as the help shows them.
    let written = String::from_utf8(desk.read("d/custodian.toml")).unwrap();
    assert!(written.contains("party = \"B\"") && written.contains("code = \"A\""), "{written}");
    let written = String::from_utf8(desk.read("c/querier.toml")).unwrap();
    assert!(written.contains("url = \"https://b.example:8443\""), "{written}");
    desk.ok("serve --config d/custodian.toml --check");
    desk.ok("ask --config c/querier.toml --check");
    std::fs::remove_file(desk.path("d/custodian.sqlite")).unwrap();
    std::fs::remove_file(desk.path("c/querier.sqlite")).unwrap();
    desk.write("d/custodian.toml", sample(&desk, "serve", "party = ", "grace_seconds"));
    desk.ok("serve --init-database --config d/custodian.toml");
    desk.write("c/querier.toml", sample(&desk, "ask", "party = ", "signing_key = \"their"));
    desk.ok("serve --config d/custodian.toml --check");
    desk.ok("ask --config c/querier.toml --check");
    // Nothing is replaced, and a host that is none leaves nothing behind.
    for line in
        ["serve --init --config d/custodian.toml", "ask --init --config c/querier.toml", "ask --init --config c/x.toml"]
    {
        desk.refused(line, "", "exists already");
    }
    desk.refused("serve --init --config e/e.toml --host https://b", "--server", "is no name of a host");
}
