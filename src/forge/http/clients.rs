//! The HTTP clients: one that keeps its connections, and new ones where a kept connection is not safe.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Client, Method, redirect};
use rustls::ClientConfig;

use super::causes;
use crate::forge::retry::Again;
use crate::proxy::Proxy;
use crate::tls::{self, TrustedRoots};
use crate::types::Token;

/// The time limit for a connection: name lookup, TCP, a proxy's tunnel and TLS.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(8);

#[derive(Clone)]
pub(super) struct Clients {
    /// Keeps its connections. Most requests use it.
    shared: Client,
    /// Whether a request has used the shared client.
    used: Arc<AtomicBool>,
    settings: Arc<Settings>,
}

struct Settings {
    tls: ClientConfig,
    headers: HeaderMap,
    proxy: Option<Proxy>,
}

impl Clients {
    /// Clients that send the token with each request. The error is a complete sentence.
    pub(super) fn new(token: &Token, roots: TrustedRoots, proxy: Option<Proxy>) -> Result<Self, String> {
        let mut authorization =
            HeaderValue::try_from(format!("token {}", token.reveal())).map_err(|error| error.to_string())?;
        authorization.set_sensitive(true);
        let json = HeaderValue::from_static("application/json");
        let headers = HeaderMap::from_iter([(AUTHORIZATION, authorization), (ACCEPT, json)]);
        let tls = tls::client_config(roots).map_err(|error| error.to_string())?;
        let settings = Settings { tls, headers, proxy };
        let shared = settings.client(CONNECT_TIMEOUT).map_err(|error| causes(&error))?;
        Ok(Self { shared, used: Arc::default(), settings: Arc::new(settings) })
    }

    /// The proxy that all requests go through, without its password.
    pub(super) fn proxy(&self) -> Option<Arc<str>> {
        self.settings.proxy.as_ref().map(Proxy::name)
    }

    /// The client for an attempt that may take `time`. If the request writes, the time limit of the connection ends
    /// well before that. So a request that times out has been sent, and "outcome unknown" is never reported for one
    /// that has not.
    pub(super) fn for_attempt(&self, method: &Method, again: Again, time: Duration) -> Result<Client, reqwest::Error> {
        let connect = CONNECT_TIMEOUT.min(time * 2 / 3);
        let is_first = !self.used.swap(true, Ordering::Relaxed);
        // The server may close an idle connection at the very moment when the request is sent.
        let needs_new_connection = again == Again::AtMostOnce && !is_first;
        let is_late = *method != Method::GET && connect < CONNECT_TIMEOUT;
        if needs_new_connection || is_late { self.settings.client(connect) } else { Ok(self.shared.clone()) }
    }
}

impl Settings {
    fn client(&self, connect: Duration) -> Result<Client, reqwest::Error> {
        let builder = Client::builder().no_proxy(); // reqwest would read the environment by its own rules
        let builder = match &self.proxy {
            Some(proxy) => builder.proxy(reqwest::Proxy::all(proxy.url())?),
            None => builder,
        };
        builder
            .tls_backend_preconfigured(self.tls.clone())
            .user_agent(concat!("dispatch-action/", env!("CARGO_PKG_VERSION")))
            .default_headers(self.headers.clone())
            // A redirect could take the token to another server, or turn a POST into a GET.
            .redirect(redirect::Policy::none())
            .referer(false)
            .connect_timeout(connect)
            .build()
    }
}
