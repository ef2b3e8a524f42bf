//! A browser without scripts, and whoever sends requests by hand.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::support::Desk;

/// A console that runs, and what it said.
pub struct Opened {
    process: Child,
    /// `127.0.0.1:PORT`
    pub address: String,
    /// What stands behind # of the address that it printed.
    pub token: String,
    said: Receiver<String>,
}

/// What came back.
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// Until the first byte came.
    pub first_byte: Duration,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

impl Opened {
    pub fn querier(desk: &Desk) -> Self {
        Self::of(desk, &["console", "querier", "--config", "a/querier.toml"])
    }

    pub fn custodian(desk: &Desk) -> Self {
        Self::of(desk, &["console", "custodian", "--config", "b/custodian.toml"])
    }

    pub fn of(desk: &Desk, words: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_cotejo"))
            .current_dir(desk.path("."))
            .args(words)
            .args(["--no-browser", "--json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (tell, said) = channel();
        let errors = BufReader::new(process.stderr.take().unwrap());
        std::thread::spawn(move || errors.lines().map_while(Result::ok).for_each(|line| drop(tell.send(line))));
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
        let Some(line) = lines.find(|line| line.contains("\"address\"")) else {
            panic!("it did not start: {:?}", said.iter().collect::<Vec<_>>());
        };
        let (address, token) = taken_apart(&line);
        Self { process, address, token, said }
    }

    /// The address that is printed after one was used.
    pub fn next_token(&self) -> String {
        let line = self.said.iter().find(|line| line.contains('#')).unwrap();
        taken_apart(&line).1
    }

    /// As if the machine had lost power.
    pub fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Sends a request as it is written, and reads until the connection ends.
    pub fn raw(&self, request: &str) -> Response {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let begun = Instant::now();
        // Where it is refused early, the rest is not taken.
        drop(stream.write_all(request.as_bytes()));
        let mut first = [0];
        let read = stream.read(&mut first);
        let first_byte = begun.elapsed();
        let mut bytes = first[..read.unwrap_or(0)].to_vec();
        drop(stream.read_to_end(&mut bytes));
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers: Vec<_> = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let chunked =
            headers.iter().any(|(name, value)| name.eq_ignore_ascii_case("transfer-encoding") && value == "chunked");
        let body = if chunked { joined(body) } else { body.to_owned() };
        Response { status: status.unwrap_or_default(), headers, body, first_byte }
    }

    /// Sends a request with exactly these headers, beside the length of its body.
    pub fn send(&self, line: &str, headers: &[(&str, &str)], body: &str) -> Response {
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        self.raw(&format!("{line} HTTP/1.1\r\n{headers}{length}Connection: close\r\n\r\n{body}"))
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        drop(Command::new("kill").arg(self.process.id().to_string()).stderr(Stdio::null()).status());
        drop(self.process.wait());
    }
}

fn taken_apart(line: &str) -> (String, String) {
    let link = line.split("http://").nth(1).unwrap().trim_end_matches(['"', ',']);
    let (address, token) = link.split_once("/#").unwrap();
    (address.to_owned(), token.to_owned())
}

/// The body of chunks.
fn joined(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((length, rest)) = body.split_once("\r\n") {
        let length = usize::from_str_radix(length.trim(), 16).unwrap();
        let Some(chunk) = rest.get(..length).filter(|chunk| !chunk.is_empty()) else { break };
        whole.push_str(chunk);
        body = rest.get(length + 2..).unwrap_or_default();
    }
    whole
}

/// A browser that has come in.
pub struct Browser<'a> {
    pub console: &'a Opened,
    /// `/DOOR`
    pub base: String,
    pub cookie: String,
}

impl<'a> Browser<'a> {
    /// By the token that was printed first.
    pub fn enter(console: &'a Opened) -> Self {
        Self::enter_with(console, &console.token)
    }

    pub fn enter_with(console: &'a Opened, token: &str) -> Self {
        let (origin, body) = (format!("http://{}", console.address), format!("token={token}"));
        let headers = [
            ("Host", console.address.as_str()),
            ("Origin", &origin),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ];
        let entered = console.send("POST /enter", &headers, &body);
        assert_eq!(entered.status, 303, "{}", entered.body);
        let base = entered.header("location").unwrap().trim_end_matches('/').to_owned();
        let cookie = entered.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        Self { console, base, cookie }
    }

    pub fn get(&self, path: &str) -> Response {
        let headers = [("Host", self.console.address.as_str()), ("Cookie", &self.cookie), ("Sec-Fetch-Site", "none")];
        self.console.send(&format!("GET {}{path}", self.base), &headers, "")
    }

    /// A page that has to be there.
    pub fn page(&self, path: &str) -> String {
        let response = self.get(path);
        assert_eq!(response.status, 200, "{path}: {}", response.body);
        response.body
    }

    /// The token of the forms of this session.
    pub fn csrf(&self) -> String {
        let page = self.page("/log");
        page.split("?csrf=").nth(1).unwrap().split('"').next().unwrap().to_owned()
    }

    fn sent(&self, path: &str, kind: &str, body: &str) -> Response {
        let origin = format!("http://{}", self.console.address);
        let headers = [
            ("Host", self.console.address.as_str()),
            ("Origin", &origin),
            ("Cookie", &self.cookie),
            ("Sec-Fetch-Site", "same-origin"),
            ("Content-Type", kind),
        ];
        self.console.send(&format!("POST {}{path}?csrf={}", self.base, self.csrf()), &headers, body)
    }

    /// A form of ours, and the page that follows.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
        let body: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        self.sent(path, "application/x-www-form-urlencoded", &body.join("&"))
    }

    /// A form with files: name of the field, of the file, and its content; a field has no file's name.
    pub fn upload(&self, path: &str, parts: &[(&str, Option<&str>, &str)]) -> Response {
        let mut body = String::new();
        for (name, file, content) in parts {
            let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
            body += &format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n");
        }
        self.sent(path, "multipart/form-data; boundary=edge", &(body + "--edge--\r\n"))
    }

    /// Where a form has led.
    pub fn followed(&self, response: &Response) -> String {
        assert_eq!(response.status, 303, "{}", response.body);
        response.header("location").unwrap().strip_prefix(&self.base).unwrap().to_owned()
    }

    /// A page, once it holds this.
    pub fn until(&self, path: &str, text: &str) -> String {
        let begun = Instant::now();
        loop {
            let page = self.page(path);
            if page.contains(text) {
                return page;
            }
            assert!(begun.elapsed() < Duration::from_secs(120), "{path} never says {text}: {page}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}
