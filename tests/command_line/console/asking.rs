//! From a file to verdicts, as an officer does it; also where the process is killed in the middle.

use super::{Browser, Opened};
use crate::network::{Serving, ask, desk, reconfigure};
use crate::support::{Desk, PROBES};

/// Sends a file, says what it is for, and asks; the request's number.
fn asked(browser: &Browser<'_>, name: &str, content: &str, justification: &str) -> String {
    let read = browser.upload("/ask/read", &[("file", Some(name), content), ("pasted", None, "")]);
    let draft = browser.followed(&read);
    let record = [("purpose", "identification"), ("justification", justification)];
    let plan = browser.followed(&browser.post(&format!("{draft}/record"), &record));
    let shown = browser.page(&plan);
    assert!(shown.contains("Persons charged") && shown.contains("Ask about 2 persons"), "{shown}");
    let request = browser.followed(&browser.post(&format!("{draft}/send"), &[]));
    assert_eq!(browser.post(&format!("{draft}/send"), &[]).status, 404, "who presses twice asks once");
    request.rsplit('/').next().unwrap().to_owned()
}

/// A console of a querier whose custodian serves.
fn online(desk: &Desk) -> (Serving, Opened) {
    let serving = Serving::begin(desk);
    (serving, Opened::querier(desk))
}

#[test]
fn an_officer_sends_a_file_sees_what_it_costs_asks_and_reads_the_verdicts() {
    let desk = desk();
    let (_serving, console) = online(&desk);
    let browser = Browser::enter(&console);
    let number = asked(&browser, "probes.csv", PROBES, "file 7");
    let path = format!("/requests/{number}");
    let page = browser.until(&path, "class=\"verdict hit\"");
    assert!(page.contains("1 hit about 2 persons") && page.contains("like-bert") && page.contains("No hit"), "{page}");
    assert_eq!(page.matches("the signature holds").count(), 3, "request, receipt and reply: {page}");

    // The same as the command line tells.
    let table = browser.page(&format!("{path}/verdicts.csv"));
    let (code, shown, err) = ask(&desk, &format!("--show {number} --csv"));
    assert_eq!((code, &table), (0, &shown), "{err}");
    let printed = browser.page(&format!("{path}/print"));
    assert!(printed.contains("like-bert") && printed.contains("Version of the gallery") && printed.contains("Printed"));
    let listed = browser.page("/requests");
    assert!(listed.contains(&number) && listed.contains("verdicts are kept"), "{listed}");

    // Cleared from this machine, and told by nobody any more.
    browser.followed(&browser.post(&format!("{path}/forget"), &[]));
    let page = browser.page(&path);
    assert!(!page.contains("like-bert") && page.contains("no verdicts are kept"), "{page}");
    assert_eq!(browser.get(&format!("{path}/verdicts.csv")).status, 404);
    assert_eq!(ask(&desk, &format!("--show {number}")).0, 7);

    // The log holds, and says what was asked.
    browser.followed(&browser.post("/log/check", &[]));
    let log = browser.until("/log", "The log is as it was written");
    assert!(log.contains(&number) && !log.contains("like-bert"));
    assert!(browser.page("/log/export/csv").contains(&number));
    assert!(browser.page("/log/years").contains("identification"));
}

#[test]
fn what_is_no_template_is_refused_by_name_and_nothing_is_sent() {
    let desk = desk();
    let console = Opened::querier(&desk);
    let browser = Browser::enter(&console);
    for (what, name, content, said) in [
        ("nothing", "", "", "nothing was sent"),
        ("an empty file", "empty.csv", "", "empty.csv"),
        ("a wrong shape", "short.csv", "id,v1\nanna,1\n", "short.csv"),
        ("a truncated array", "cut.npy", "\u{1}NUMPY", "cut.npy"),
        ("a picture", "face.png", "PNG\r\n", "face.png"),
    ] {
        let response = browser.upload("/ask/read", &[("file", Some(name), content), ("pasted", None, "")]);
        assert_eq!(response.status, 422, "{what}: {}", response.body);
        assert!(response.body.contains(said) && response.body.contains("What to do:"), "{what}: {}", response.body);
        assert!(!response.body.contains("/tmp/") && !response.body.contains("/proc/"), "{what}: {}", response.body);
    }
    // One bad record among good ones: what is wrong with it, and the others with it left out.
    let mixed = format!("{PROBES}bad,NaN,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0\n");
    let draft = browser.followed(&browser.upload("/ask/read", &[("file", Some("mixed.csv"), &mixed)]));
    let look = browser.page(&draft);
    assert!(look.contains("Go back and leave them out") && !look.contains("name=\"purpose\""), "{look}");
    let parts = [("file", Some("mixed.csv"), mixed.as_str()), ("skip", None, "yes")];
    let look = browser.page(&browser.followed(&browser.upload("/ask/read", &parts)));
    assert!(look.contains("name=\"purpose\"") && look.contains("bad"), "{look}");
    // What the agreement asks for, before it is sent.
    let draft = browser.followed(&browser.upload("/ask/read", &[("file", Some("p.csv"), PROBES)]));
    for (record, said) in [
        (vec![("purpose", "identification")], "requires this field: Justification"),
        (vec![("purpose", "theft"), ("justification", "x")], "requires this field: Purpose"),
        (vec![("purpose", "identification"), ("justification", "x"), ("officer", "a b")], "Officer: write letters"),
    ] {
        let response = browser.post(&format!("{draft}/record"), &record);
        assert!(response.status == 422 && response.body.contains(said), "{said}: {}", response.body);
    }
    assert!(browser.page("/requests").contains("Nothing was asked yet"));
}

#[test]
fn a_request_survives_the_process_and_is_gone_on_with_after_it() {
    let desk = desk();
    // Nobody serves there: it is encrypted, signed and kept, and waits.
    let console = Opened::querier(&desk);
    let browser = Browser::enter(&console);
    let number = asked(&browser, "probes.csv", PROBES, "file 8");
    let path = format!("/requests/{number}");
    browser.until(&path, "What was signed");
    console.kill();

    let (_serving, console) = online(&desk);
    let browser = Browser::enter(&console);
    assert!(browser.page("/requests").contains("1 request is not finished"));
    assert!(browser.page(&path).contains("not accepted yet"));
    browser.followed(&browser.post("/requests/resume", &[]));
    assert!(browser.until(&path, "class=\"verdict hit\"").contains("like-bert"));
    assert!(!browser.page("/requests").contains("not finished"));
    // Who was killed has left no file behind that says who was asked about.
    let left = std::fs::read_dir(std::env::temp_dir())
        .unwrap()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("cotejo-console-"));
    for folder in left {
        for file in std::fs::read_dir(folder.path()).into_iter().flatten().flatten() {
            assert!(file.path().symlink_metadata().unwrap().is_symlink(), "{file:?}");
        }
    }
}

#[test]
fn a_request_that_waits_can_be_given_up() {
    let desk = desk();
    let console = Opened::querier(&desk);
    let browser = Browser::enter(&console);
    let number = asked(&browser, "probes.csv", PROBES, "file 9");
    let path = format!("/requests/{number}");
    browser.until(&path, "What was signed");
    console.kill();
    let console = Opened::querier(&desk);
    let browser = Browser::enter(&console);
    browser.followed(&browser.post(&format!("{path}/abandon"), &[]));
    assert!(browser.page(&path).contains("given up"));
    assert!(!browser.page("/requests").contains("not finished"));
}

#[test]
fn words_of_files_of_people_and_of_the_other_party_are_text_and_nothing_else() {
    let desk = desk();
    let attack = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'";
    reconfigure(&desk, "agreement.toml", "title = \"", "title = \"<script>alert(0)</script> ");
    desk.ok("keygen --allow-insecure --force --out a/keys");
    desk.ok("enroll --force --templates gallery.csv --out b/gallery.cotejo");
    let (_serving, console) = online(&desk);
    let browser = Browser::enter(&console);
    let probes = PROBES.replace("like-bert", "\"<script>alert(1)</script><img src=x onerror=alert(2)>\"\"'\"");
    let file = "<script>alert(3)</script>.csv";
    let number = asked(&browser, file, &probes, attack);
    let path = format!("/requests/{number}");
    browser.until(&path, "class=\"verdict hit\"");
    let entry = browser.page("/log").split("/log/entries/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    for path in [
        path.clone(),
        format!("{path}/print"),
        "/requests".to_owned(),
        "/agreement".to_owned(),
        "/log".to_owned(),
        format!("/log/entries/{entry}"),
        "/log/years".to_owned(),
    ] {
        let page = browser.page(&path);
        for tag in ["<script>alert", "<img", "onerror=alert(2)>\""] {
            assert!(!page.contains(tag), "{path}: {tag}");
        }
    }
    assert!(browser.page(&path).contains("&lt;script&gt;alert(1)"), "it is shown as it is written");
}

#[test]
fn the_custodians_console_shows_what_was_asked_and_neither_of_whom_nor_what_came_of_it() {
    let desk = desk();
    let (_serving, console) = online(&desk);
    let browser = Browser::enter(&console);
    let number = asked(&browser, "probes.csv", PROBES, "file 7");
    browser.until(&format!("/requests/{number}"), "class=\"verdict hit\"");
    let theirs = Opened::custodian(&desk);
    let browser = Browser::enter(&theirs);
    let log = browser.page("/log");
    assert!(log.contains(&number), "{log}");
    for path in ["/now", "/now/health", "/gallery/1", "/requesters", "/log", "/log/years", "/agreement"] {
        let page = browser.page(path);
        for absent in ["like-bert", "class=\"verdict", "1 hit"] {
            assert!(!page.contains(absent), "{path}: {absent}");
        }
    }
    assert_eq!(browser.get(&format!("/requests/{number}")).status, 404);
    assert_eq!(browser.get("/key").status, 404);
}
