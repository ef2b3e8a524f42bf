//! Who gets in, and who does not.

use super::{Browser, Opened};
use crate::network::desk;

#[test]
fn the_address_that_is_printed_opens_the_console_once_and_the_next_is_printed_then() {
    let desk = desk();
    let console = Opened::querier(&desk);
    let host = console.address.as_str();
    let origin = format!("http://{host}");
    let enter = |token: &str| {
        let address = format!("{origin}/#{token}");
        // As htmx does: the address that is open stands in a header.
        let headers = [("Host", host), ("Origin", &origin), ("HX-Request", "true"), ("HX-Current-URL", &address)];
        console.send("POST /enter", &headers, "")
    };
    let entry = console.send("GET /", &[("Host", host)], "");
    assert_eq!(entry.status, 200);
    assert!(!entry.body.contains("A</strong>"), "nobody is told whose console it is");
    assert_eq!(enter("").status, 204);
    let wrong = enter(&"0".repeat(64));
    assert!(wrong.header("set-cookie").is_none() && wrong.body.contains("not, or no longer, valid"));

    let entered = enter(&console.token);
    let base = entered.header("hx-redirect").unwrap().to_owned();
    let cookie = entered.header("set-cookie").unwrap();
    assert!(cookie.ends_with(&format!("; Path={base}; HttpOnly; SameSite=Strict")), "{cookie}");
    assert_eq!(base.len(), "/".len() + 32 + "/".len(), "a door that nobody can guess: {base}");
    assert!(enter(&console.token).header("set-cookie").is_none(), "once");
    let next = console.next_token();
    assert_ne!(next, console.token);
    let browser = Browser::enter_with(&console, &next);
    assert!(browser.page("/ask").contains("<strong>A</strong>"));

    // Whoever leaves has to come in anew.
    assert_eq!(browser.post("/leave", &[]).status, 303);
    let after = browser.get("/ask");
    assert_eq!(after.status, 401);
    assert!(!after.body.contains("<strong>A</strong>"), "{}", after.body);
}

#[test]
fn what_other_pages_other_names_and_other_programs_send_is_refused() {
    let desk = desk();
    let console = Opened::querier(&desk);
    let browser = Browser::enter(&console);
    let (host, csrf) = (console.address.as_str(), browser.csrf());
    let (origin, cookie) = (format!("http://{host}"), browser.cookie.as_str());
    let port = host.rsplit(':').next().unwrap();
    let (by_name, elsewhere) = (format!("localhost:{port}"), format!("http://localhost:{port}"));
    let page = format!("{}/requests", browser.base);
    let form = format!("{}/requests/resume?csrf={csrf}", browser.base);
    let own = [("Host", host), ("Cookie", cookie)];
    // What is right is let in: what follows is refused for what is wrong with it.
    assert_eq!(console.send(&format!("GET {page}"), &own, "").status, 200);
    let posted = [("Host", host), ("Cookie", cookie), ("Origin", origin.as_str())];
    assert_eq!(console.send(&format!("POST {form}"), &posted, "").status, 303);

    for (what, line, headers, status) in [
        (
            "a name that was made to lead here",
            format!("GET {page}"),
            vec![("Host", "evil.example"), ("Cookie", cookie)],
            421,
        ),
        ("another name of this machine", format!("GET {page}"), vec![("Host", &by_name), ("Cookie", cookie)], 421),
        ("no name", format!("GET {page}"), vec![("Cookie", cookie)], 421),
        ("two names", format!("GET {page}"), vec![("Host", host), ("Host", "evil.example"), ("Cookie", cookie)], 421),
        ("another name in the first line", format!("GET http://evil.example{page}"), own.to_vec(), 421),
        ("no cookie", format!("GET {page}"), vec![("Host", host)], 401),
        ("another cookie", format!("GET {page}"), vec![("Host", host), ("Cookie", "cotejo=00")], 401),
        (
            "a frame of another page",
            format!("GET {page}"),
            [&own[..], &[("Sec-Fetch-Site", "cross-site")]].concat(),
            403,
        ),
        ("a page of another port", format!("GET {page}"), [&own[..], &[("Sec-Fetch-Site", "same-site")]].concat(), 403),
        (
            "a script of another page",
            format!("GET {page}"),
            [&own[..], &[("Origin", "https://evil.example")]].concat(),
            403,
        ),
        (
            "a form of another page",
            format!("POST {form}"),
            [&own[..], &[("Origin", "https://evil.example")]].concat(),
            403,
        ),
        (
            "a form of another port",
            format!("POST {form}"),
            [&own[..], &[("Origin", "http://127.0.0.1:1")]].concat(),
            403,
        ),
        ("a form of another name", format!("POST {form}"), [&own[..], &[("Origin", &elsewhere)]].concat(), 403),
        ("a form of nobody", format!("POST {form}"), [&own[..], &[("Origin", "null")]].concat(), 403),
        ("no origin", format!("POST {form}"), own.to_vec(), 403),
        (
            "a form from elsewhere",
            format!("POST {form}"),
            [&posted[..], &[("Sec-Fetch-Site", "cross-site")]].concat(),
            403,
        ),
        ("a form that was typed", format!("POST {form}"), [&posted[..], &[("Sec-Fetch-Site", "none")]].concat(), 403),
        ("no token", format!("POST {}/requests/resume", browser.base), posted.to_vec(), 403),
        (
            "another token",
            format!("POST {}/requests/resume?csrf={}", browser.base, "0".repeat(64)),
            posted.to_vec(),
            403,
        ),
        ("the token twice", format!("POST {}/requests/resume?csrf=0&csrf={csrf}", browser.base), posted.to_vec(), 403),
        ("another method", format!("PUT {form}"), posted.to_vec(), 404),
    ] {
        let response = console.send(&line, &headers, "");
        assert_eq!(response.status, status, "{what}: {}", response.body);
        assert!(status == 404 || !response.body.contains("<strong>A</strong>"), "{what}: nothing of a page is told");
    }
    // Another session's token is none of this one's.
    let other = Browser::enter_with(&console, &console.next_token());
    assert_ne!(other.csrf(), csrf);
    let foreign = format!("POST {}/requests/resume?csrf={}", browser.base, other.csrf());
    assert_eq!(console.send(&foreign, &posted, "").status, 403);
}

#[test]
fn paths_lead_to_pages_and_nowhere_else() {
    let desk = desk();
    let console = Opened::querier(&desk);
    let browser = Browser::enter(&console);
    let (host, cookie) = (console.address.as_str(), browser.cookie.as_str());
    let base = &browser.base;
    for path in [
        format!("/{}{base}/ask", "x/.."),
        format!("/{base}/ask"),
        format!("{base}/../ask"),
        format!("{base}/%2e%2e/style.css"),
        format!("{base}/..%2f..%2fetc/passwd"),
        format!("{base}%2fask"),
        format!("{base}ask"),
        format!("{base}/requests/..%2f..%2fa%2fkeys%2fsecret.key"),
        format!("{base}/requests/%00"),
        format!("{base}/log/export/..%2fsecret"),
        format!("{base}/log/entries/-1"),
        format!("{base}/log/entries/99999999999999999999"),
        format!("{base}/log?before=x"),
        "/a/keys/secret.key".to_owned(),
        "/../a/keys/secret.key".to_owned(),
        "/assets/htmx.js".to_owned(),
    ] {
        let response = console.send(&format!("GET {path}"), &[("Host", host), ("Cookie", cookie)], "");
        assert!(matches!(response.status, 400 | 404), "{path}: {}", response.status);
        assert!(!response.body.contains("PRIVATE"), "{path}");
    }
    // Longer than any of ours.
    let long = format!("GET {base}/{}", "x".repeat(100_000));
    assert!(matches!(console.send(&long, &[("Host", host)], "").status, 400 | 414 | 431));
}

#[test]
fn every_response_says_that_nothing_is_loaded_from_elsewhere_framed_or_kept() {
    let desk = desk();
    let console = Opened::querier(&desk);
    let browser = Browser::enter(&console);
    let host = [("Host", console.address.as_str())];
    let mut responses: Vec<_> =
        ["/ask", "/requests", "/agreement", "/key", "/log", "/log/years", "/log/compare", "/nowhere"]
            .into_iter()
            .map(|path| (path.to_owned(), browser.get(path)))
            .collect();
    for path in ["/", "/style.css", "/htmx.js", "/icon.svg", "/nowhere"] {
        responses.push((path.to_owned(), console.send(&format!("GET {path}"), &host, "")));
    }
    responses.push(("refused".to_owned(), console.send("GET /", &[("Host", "evil.example")], "")));
    for (path, response) in responses {
        let policy = response.header("content-security-policy").unwrap();
        for rule in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(rule), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{path}: {policy}");
        for (name, value) in [
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(response.header(name), Some(value), "{path}: {name}");
        }
        let kept = response.header("cache-control").unwrap();
        let is_file = [".css", ".js", ".svg"].iter().any(|end| path.ends_with(end));
        assert_eq!(kept, if is_file { "private, max-age=600" } else { "no-store" }, "{path}");
        // The one script is a file of ours, and nothing in a page is a script or a style.
        for absent in
            ["<script>", "javascript:", " onclick", " onload", " style=", "<style", "http://", "https://", "//cdn"]
        {
            let is_page = response.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
            let body = response.body.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
            assert!(!is_page || !body.contains(absent), "{path}: {absent}");
        }
    }
}
