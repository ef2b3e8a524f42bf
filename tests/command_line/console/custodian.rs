//! What a custodian's officer does from pages: the breaker, and changes of the gallery that are shown, dropped, written and taken back.

use super::{Browser, Opened};
use crate::network::{Serving, ask, desk, reconfigure};
use crate::support::Desk;

const CUSTODIAN: [&str; 4] = ["console", "custodian", "--config", "b/custodian.toml"];

/// Who is enrolled: a line a person.
fn enrolled(desk: &Desk) -> String {
    let output = desk.command("gallery list --gallery b/gallery.cotejo").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// A console whose confirmed changes wait so long, in seconds.
fn opened(desk: &Desk, grace: &str) -> Opened {
    Opened::of(desk, &[CUSTODIAN.as_slice(), &["--grace", grace]].concat())
}

/// Templates of persons of these ids, as a file.
fn templates(ids: &[&str]) -> String {
    let header = (1..=16).map(|number| format!(",v{number}")).collect::<String>();
    let line = |(place, id): (usize, &&str)| {
        let values = (0..16).map(|at| if at % 5 == place { ",1" } else { ",0" }).collect::<String>();
        format!("\"{}\"{values}\n", id.replace('"', "\"\""))
    };
    format!("id{header}\n") + &ids.iter().enumerate().map(line).collect::<String>()
}

/// What was looked at: its page.
fn removing(browser: &Browser<'_>, ids: &str) -> String {
    browser.followed(&browser.upload("/gallery/1/remove", &[("ids", None, ids)]))
}

fn appending(browser: &Browser<'_>, ids: &[&str], replace: &str) -> String {
    let parts = [("file", Some("more.csv"), &*templates(ids)), ("replace", None, replace)];
    browser.followed(&browser.upload("/gallery/1/append", &parts))
}

#[test]
fn the_breaker_is_pulled_and_reset_with_a_reason_and_requesters_are_told_it() {
    let desk = desk();
    let _serving = Serving::begin(&desk);
    let console = Opened::custodian(&desk);
    let browser = Browser::enter(&console);
    assert!(browser.page("/now").contains("Not pulled"));
    for reason in ["", "  ", "two\nlines", &"x".repeat(201)] {
        assert_eq!(browser.post("/now/breaker", &[("to", "pull"), ("reason", reason)]).status, 422, "{reason:?}");
    }
    assert_eq!(browser.post("/now/breaker", &[("to", "x"), ("reason", "y")]).status, 404);
    let pulled = browser.post("/now/breaker", &[("to", "pull"), ("reason", "incident <17>")]);
    assert_eq!(browser.followed(&pulled), "/now");
    let page = browser.page("/now");
    assert!(page.contains("Pulled: no request is accepted") && page.contains("incident &lt;17&gt;"), "{page}");
    // Whoever has the page open from before is told.
    assert!(browser.page("/now/going-on?pulled=false").contains("changed elsewhere"));
    let (code, _, err) = ask(&desk, "--templates probes.csv --number 1");
    assert!(code == 5 && err.contains("incident <17>"), "{code}: {err}");
    browser.followed(&browser.post("/now/breaker", &[("to", "reset"), ("reason", "--closed")]));
    assert_eq!(ask(&desk, "--resume 1").0, 0);
    let page = browser.page("/now/going-on");
    assert!(page.contains("identification") && page.contains("2 of 7"), "{page}");
}

#[test]
fn where_operators_are_registered_one_of_them_orders_the_breaker_or_the_page_says_what_to_type() {
    let desk = desk();
    desk.ok("certificates signing-key --out anna");
    let operator = "[[operator]]\nname = 'anna'\nsigning_key = '../anna/signing.pub'\n[[agreement]]";
    reconfigure(
        &desk,
        "b/custodian.toml",
        "listen = '127.0.0.1:0'\n",
        "listen = '127.0.0.1:0'\noperations = '127.0.0.1:0'\n",
    );
    reconfigure(&desk, "b/custodian.toml", "[[agreement]]", operator);
    let console = Opened::custodian(&desk);
    let page = Browser::enter(&console).page("/now");
    assert!(page.contains("cotejo breaker pull --config b/custodian.toml"), "{page}");
    assert!(!page.contains("Pull the breaker</button>"), "{page}");
    let console =
        Opened::of(&desk, &[CUSTODIAN.as_slice(), &["--operator", "anna", "--key", "anna/signing.key"]].concat());
    let page = Browser::enter(&console).page("/now");
    assert!(page.contains("ordered as operator anna") && page.contains("Pull the breaker</button>"), "{page}");
    for (name, key) in [("bob", "anna/signing.key"), ("anna", "b/signing.key")] {
        let line = format!("console custodian --no-browser --config b/custodian.toml --operator {name} --key {key}");
        let output = desk.command(&line).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}");
    }
}

#[test]
fn a_change_is_shown_and_waits_and_is_not_written_where_it_is_dropped_or_the_console_ends() {
    let desk = desk();
    let console = opened(&desk, "600");
    let browser = Browser::enter(&console);
    let before = desk.read("b/gallery.cotejo");
    let change = removing(&browser, "anna\nbert\nanna");
    let page = browser.page(&change);
    assert!(page.contains("Persons: 2; references: 2") && page.contains("Remove 2 persons"), "{page}");
    assert_eq!(browser.followed(&browser.post(&format!("{change}/confirm"), &[])), change);
    let page = browser.page(&change);
    assert!(page.contains("It is written in") && page.contains("Undo"), "{page}");
    // One after the other.
    let other = removing(&browser, "carl");
    assert_eq!(browser.post(&format!("{other}/confirm"), &[]).status, 422);
    browser.followed(&browser.post(&format!("{change}/drop"), &[]));
    assert!(browser.page(&change).contains("Nothing was written"));
    assert_eq!(browser.followed(&browser.post(&format!("{change}/confirm"), &[])), change);
    assert!(browser.page(&change).contains("It was dropped"), "what is dropped stays so");
    browser.followed(&browser.post(&format!("{other}/confirm"), &[]));
    drop(console);
    assert_eq!(desk.read("b/gallery.cotejo"), before);
}

#[test]
fn what_was_written_is_taken_back_as_long_as_it_is_not_served() {
    let desk = desk();
    let console = opened(&desk, "0");
    let browser = Browser::enter(&console);
    let before = enrolled(&desk);
    for removes in [true, false] {
        let (change, done) = match removes {
            true => (removing(&browser, "anna\nbert"), "carl\t1\t1\ndora\t1\t2\n".to_owned()),
            false => (appending(&browser, &["eva", "ida"], "no"), format!("{before}eva\t1\t5\nida\t1\t6\n")),
        };
        browser.followed(&browser.post(&format!("{change}/confirm"), &[]));
        browser.until(&change, "It was written at");
        assert_eq!(enrolled(&desk), done);
        browser.followed(&browser.post(&format!("{change}/undo"), &[]));
        browser.until(&change, "It was taken back");
        assert_eq!(enrolled(&desk), before);
    }
    // What is served is not taken back.
    let change = removing(&browser, "dora");
    browser.followed(&browser.post(&format!("{change}/confirm"), &[]));
    browser.until(&change, "It was written at");
    let served = enrolled(&desk);
    let _serving = Serving::begin(&desk);
    assert!(browser.page(&change).contains("searches it already"));
    browser.followed(&browser.post(&format!("{change}/undo"), &[]));
    assert_eq!(enrolled(&desk), served);
    let page = browser.page("/gallery/1");
    assert!(page.contains("Versions, the latest first") && !page.contains("The file is not what is served"), "{page}");
}

#[test]
fn before_anything_is_done_it_is_said_whom_it_changes_what_is_refused_and_what_cannot_be_undone() {
    let desk = desk();
    let console = opened(&desk, "0");
    let browser = Browser::enter(&console);
    let change = appending(&browser, &["anna", "<b>eva</b>"], "yes");
    let page = browser.page(&change);
    assert!(page.contains("anna: has 1, and gets 1 instead") && page.contains("&lt;b&gt;eva&lt;/b&gt;"), "{page}");
    assert!(page.contains("it cannot be taken back here"), "{page}");
    // Somebody else changes the gallery meanwhile.
    desk.ok("gallery remove --gallery b/gallery.cotejo --id dora --yes");
    browser.followed(&browser.post(&format!("{change}/confirm"), &[]));
    let page = browser.until(&change, "was changed since this was looked at");
    assert!(page.contains("look at it again"), "{page}");
    assert!(!enrolled(&desk).contains("eva"));

    let page = browser.page(&removing(&browser, "anna\nAnna\n<i>x</i>"));
    assert!(page.contains("2 ids are not enrolled") && page.contains("&lt;i&gt;x&lt;/i&gt;"), "{page}");
    assert!(!page.contains("/confirm"), "{page}");
    for (path, parts) in [
        ("/gallery/1/remove", vec![("ids", None, " ")]),
        ("/gallery/1/append", vec![("replace", None, "no")]),
        ("/gallery/1/append", vec![("file", Some("a.csv"), "anna,1,2\n")]),
        ("/gallery/1/append", vec![("file", Some("a.csv"), "")]),
    ] {
        let refused = browser.upload(path, &parts);
        assert!(refused.status == 422 && refused.body.contains("What to do:"), "{path}: {}", refused.body);
    }
    for path in ["/gallery/0", "/gallery/2", "/gallery/x", "/gallery/1?before=x", "/gallery/changes/x"] {
        assert_eq!(browser.get(path).status, 404, "{path}");
    }
}

#[test]
fn who_is_exempt_is_told_of_an_id_that_is_searched_for_and_of_nobody_else() {
    let desk = desk();
    desk.write("b/exempt.txt", "carl\n");
    reconfigure(
        &desk,
        "b/custodian.toml",
        "gallery = 'gallery.cotejo'\n",
        "gallery = 'gallery.cotejo'\nexempt = 'exempt.txt'\n",
    );
    let console = Opened::custodian(&desk);
    let browser = Browser::enter(&console);
    for path in ["/now", "/now/health", "/gallery/1", "/requesters"] {
        let page = browser.page(path);
        assert!(!page.contains("carl") && !page.contains("anna"), "{path}: {page}");
    }
    let found = |id: &str| browser.post("/gallery/1/search", &[("id", id)]);
    assert!(found("carl").body.contains("exempt: never matches"));
    assert!(found("anna").body.contains("not exempt"));
    assert!(found("Anna").body.contains("Enrolled is anna"));
    let page = browser.page(&removing(&browser, "carl"));
    assert!(page.contains("1 of them is on the exempt list"), "{page}");
    assert_eq!(found("").status, 422);
}
