//! What pages say, in which language, and how soon.

use std::time::Duration;

use super::{Browser, Opened};
use crate::network::{Serving, ask, desk};

#[test]
fn pages_are_in_the_language_that_is_asked_for_and_in_the_one_that_is_chosen() {
    let desk = desk();
    let console = Opened::querier(&desk);
    let browser = Browser::enter(&console);
    let headers =
        [("Host", console.address.as_str()), ("Cookie", &browser.cookie), ("Accept-Language", "es-MX,es;q=0.9")];
    let page = console.send(&format!("GET {}/requests", browser.base), &headers, "").body;
    assert!(page.contains("<html lang=\"es\">") && page.contains("Solicitudes"), "{page}");
    assert!(browser.page("/requests").contains("<html lang=\"en\">"));
    let back = browser.followed(&browser.post("/language", &[("tag", "es"), ("back", "/requests")]));
    assert_eq!(back, "/requests");
    assert!(browser.page("/requests").contains("<html lang=\"es\">"));
    // Nobody is led elsewhere.
    for back in ["https://evil.example/", "//evil.example", "evil"] {
        assert_eq!(browser.followed(&browser.post("/language", &[("tag", "en"), ("back", back)])), "/");
    }
}

#[test]
fn a_key_is_shown_by_name_and_age_and_another_is_made_only_where_that_is_confirmed() {
    let desk = desk();
    let console = Opened::querier(&desk);
    let browser = Browser::enter(&console);
    let before = desk.read("a/keys/secret.key");
    let page = browser.page("/key");
    assert!(page.contains("0 days") && page.contains("90 days"), "{page}");
    assert_eq!(browser.post("/key/rotate", &[]).status, 422);
    assert_eq!(desk.read("a/keys/secret.key"), before);
    // A set of less than 128 bits is not made keys of without being told to, which a page does not.
    browser.followed(&browser.post("/key/rotate", &[("sure", "yes")]));
    let page = browser.until("/key", "What to do:");
    assert!(page.contains("insecure"), "{page}");
    assert_eq!(desk.read("a/keys/secret.key"), before);
}

/// Ten thousand requests: one that was made, again and again.
#[test]
fn of_ten_thousand_requests_each_page_is_there_at_once() {
    let desk = desk();
    {
        let _serving = Serving::begin(&desk);
        assert_eq!(ask(&desk, "--templates probes.csv --number 1").0, 0);
    }
    let database = rusqlite::Connection::open(desk.path("a/querier.sqlite")).unwrap();
    let columns: Vec<String> = database
        .prepare("SELECT name FROM pragma_table_info('requests')")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let taken: Vec<_> = columns
        .iter()
        .map(|column| match column.as_str() {
            "number" => "'copy-' || n".to_owned(),
            "sequence" => "1000 + n".to_owned(),
            other => other.to_owned(),
        })
        .collect();
    let sql = format!(
        "WITH RECURSIVE count(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < 9999) \
         INSERT INTO requests ({}) SELECT {} FROM requests, count WHERE number = '1'",
        columns.join(", "),
        taken.join(", ")
    );
    assert_eq!(database.execute(&sql, []).unwrap(), 9_999);
    drop(database);
    let console = Opened::querier(&desk);
    let browser = Browser::enter(&console);
    let first = browser.get("/requests");
    assert!(first.body.contains("10,000 requests were made"), "{}", first.body);
    assert_eq!(first.body.matches("<th scope=\"row\">").count(), 50);
    let mut path = "/requests".to_owned();
    let mut longest = first.first_byte;
    for _ in 0..20 {
        let page = browser.get(&path);
        longest = longest.max(page.first_byte);
        let older = page.body.split("rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap();
        path = older.split('"').next().unwrap().strip_prefix(&browser.base).unwrap().to_owned();
    }
    eprintln!("10,000 requests: the slowest of 21 pages took {longest:?} to its first byte");
    // A fifth of a second is what is promised; a machine that does other things meanwhile gets ten times as long.
    assert!(longest < Duration::from_secs(2), "{longest:?}");
}
