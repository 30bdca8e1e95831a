//! The API of a real Gitea, used by the people whom the tests play.

use std::collections::BTreeMap;
use std::sync::Once;

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;

/// The cookie with the token against forged requests. Pages have it before 1.26.
const CSRF: &str = "_csrf";

/// One person's view of the server.
#[derive(Clone)]
pub(crate) struct Api {
    client: Client,
    url: String,
    token: String,
}

impl Api {
    /// Requests with this token, or without one when it is empty.
    pub(crate) fn new(url: &str, token: &str) -> Self {
        static CRYPTO: Once = Once::new();
        CRYPTO.call_once(|| {
            // An error only means that another test has done it already.
            rustls::crypto::ring::default_provider().install_default().ok();
        });
        let client = Client::builder().no_proxy().build().unwrap();
        Self { client, url: url.to_owned(), token: token.to_owned() }
    }

    /// The token of this view.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// The same person with another token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// The server's version, if the server responds at all.
    pub(crate) async fn version(&self) -> Option<String> {
        let answer = self.client.get(format!("{}/api/v1/version", self.url)).send().await.ok()?;
        let body: Value = answer.json().await.ok()?;
        Some(body["version"].as_str()?.to_owned())
    }

    /// Reads a resource of the API.
    pub(crate) async fn get(&self, path: &str) -> Value {
        self.request(Method::GET, path, None).await
    }

    /// Posts to the API. The result is null if the response has no body.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        self.request(Method::POST, path, Some(body)).await
    }

    /// The status code of a post to the API, which may be refused.
    pub(crate) async fn try_post(&self, path: &str, body: &Value) -> u16 {
        self.send(Method::POST, path, Some(body)).await.status().as_u16()
    }

    /// Puts to the API.
    pub(crate) async fn put(&self, path: &str, body: &Value) -> Value {
        self.request(Method::PUT, path, Some(body)).await
    }

    /// Changes a resource of the API.
    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Value {
        self.request(Method::PATCH, path, Some(body)).await
    }

    /// Deletes something.
    pub(crate) async fn delete(&self, path: &str) -> Value {
        self.request(Method::DELETE, path, None).await
    }

    /// Reads a resource that is text, such as a log, whatever the status of the response is.
    pub(crate) async fn text(&self, path: &str) -> String {
        self.send(Method::GET, path, None).await.text().await.unwrap()
    }

    /// Creates a token of a user who has this password, with these scopes and no other.
    pub(crate) async fn create_token(&self, user: &str, password: &str, scopes: &[&str]) -> String {
        let answer = self
            .client
            .post(format!("{}/api/v1/users/{user}/tokens", self.url))
            .basic_auth(user, Some(password))
            .json(&serde_json::json!({ "name": "tests", "scopes": scopes }))
            .send()
            .await
            .unwrap();
        let token = body(answer, "the creation of a token").await;
        token["sha1"].as_str().unwrap().to_owned()
    }

    /// The status code of a web page, seen by somebody who is not signed in.
    pub(crate) async fn page(&self, url: &str) -> u16 {
        self.client.get(url).send().await.unwrap().status().as_u16()
    }

    async fn request(&self, method: Method, path: &str, json: Option<&Value>) -> Value {
        let what = format!("{method} {path}");
        body(self.send(method, path, json).await, &what).await
    }

    async fn send(&self, method: Method, path: &str, json: Option<&Value>) -> Response {
        let mut request = self.client.request(method, format!("{}/api/v1{path}", self.url));
        if !self.token.is_empty() {
            request = request.header("Authorization", format!("token {}", self.token));
        }
        if let Some(json) = json {
            request = request.json(json);
        }
        request.send().await.unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

/// The body of a successful response. Any other response fails the test with the server's message.
async fn body(answer: Response, what: &str) -> Value {
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert!(status.is_success(), "{what} answered {status}: {text}");
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

/// A signed-in session of the web pages, for what the API cannot do.
pub(crate) struct Browser {
    client: Client,
    url: String,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    pub(super) async fn sign_in(url: &str, user: &str, password: &str) -> Self {
        let client = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let mut browser = Self { client, url: url.to_owned(), cookies: BTreeMap::new() };
        browser.visit("/user/login").await;
        let form = format!("user_name={user}&password={password}");
        let request =
            browser.post("/user/login").header("Content-Type", "application/x-www-form-urlencoded").body(form);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 303, "the sign-in of {user}");
        browser.keep_cookies(&answer);
        // Before 1.26 a session gets another token against forged requests with its first page.
        browser.cookies.remove(CSRF);
        browser.visit("/user/settings").await;
        browser
    }

    /// Presses a button whose form goes to this path.
    pub(crate) async fn press(&self, path: &str) {
        let status = self.post(path).send().await.unwrap().status();
        assert!(status.is_success(), "{path}: {status}");
    }

    async fn visit(&mut self, path: &str) {
        let request = self.client.get(format!("{}{path}", self.url)).header("Cookie", self.cookie());
        let answer = request.send().await.unwrap();
        self.keep_cookies(&answer);
    }

    fn post(&self, path: &str) -> RequestBuilder {
        let request = self.client.post(format!("{}{path}", self.url)).header("Cookie", self.cookie());
        match self.cookies.get(CSRF) {
            Some(token) => request.header("X-Csrf-Token", token),
            None => request,
        }
    }

    fn cookie(&self) -> String {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        cookies.join("; ")
    }

    fn keep_cookies(&mut self, answer: &Response) {
        let cookies = answer.headers().get_all("set-cookie").iter();
        let cookies = cookies.filter_map(|cookie| cookie.to_str().ok()?.split(';').next()?.split_once('='));
        self.cookies.extend(cookies.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
