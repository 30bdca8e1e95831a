use reqwest::Method;

use super::*;

const API: &str = "http://fake/api/v1/repos/a/b";
/// A page of the server, or an address without `/api/v1`.
const PAGE: &str = "http://fake/repos/a/b";

fn not_gitea(status: u16) -> Kind {
    Kind::NotGitea { status: StatusCode::from_u16(status).unwrap(), cause: "<html>".to_owned(), retry_after: None }
}

fn refusal(status: u16) -> Kind {
    Kind::Refused { status: StatusCode::from_u16(status).unwrap(), message: "no".to_owned(), retry_after: None }
}

fn cause(method: Method, url: &str, kind: Kind) -> String {
    general(&Error::of(method, url, kind)).cause
}

#[test]
fn lost_response_to_a_write_is_not_called_a_failed_read() {
    let kinds: [(&dyn Fn() -> Kind, &str); 3] = [
        (&|| not_gitea(200), "The response is not from Gitea"),
        (&|| Kind::TooLong { cause: "x".to_owned() }, "The server's response exceeds the size limit"),
        (&|| Kind::NoAnswer { cause: "x".to_owned() }, "The server's response was lost"),
    ];
    for (kind, of_read) in kinds {
        assert_eq!(cause(Method::GET, API, kind()), of_read);
        // A retry of the write might do it twice.
        assert_eq!(general(&Error::of(Method::POST, API, kind())), lost());
    }
    assert_ne!(general(&Error::of(Method::GET, API, Kind::NoAnswer { cause: "x".to_owned() })), lost());
}

#[test]
fn response_of_another_program_names_its_cause() {
    let cause = |url, status| cause(Method::POST, url, not_gitea(status));
    assert_eq!(cause(PAGE, 200), "`api-url` is not the API's address");
    assert_eq!(cause(PAGE, 404), "`api-url` is not the API's address");
    assert_eq!(cause(PAGE, 502), "The server failed (502)");
    assert_eq!(cause(API, 404), "The response is not from Gitea (404)");
    assert_eq!(cause(API, 429), "The server is busy (429)");
    assert_eq!(cause(API, 502), "The server failed (502)");
    assert_eq!(cause(API, 302), "The server redirects (302)");
}

#[test]
fn refusal_without_a_known_message_names_its_cause() {
    let cause = |status| cause(Method::POST, API, refusal(status));
    assert_eq!(cause(401), "The access token is not valid");
    assert_eq!(cause(429), "The server is busy (429)");
    assert_eq!(cause(302), "The server redirects (302)");
    assert_eq!(cause(500), "The server failed (500)");
    assert_eq!(cause(409), "The server refused (409): no");
}
