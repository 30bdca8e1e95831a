//! The wire: a thread, an accept loop that counts connections, TLS, the journal and the faults.

use std::net::Ipv4Addr;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use futures_util::stream;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::faults::{Answer, Fault, Faults};
use super::{FakeGitea, Request, Version, World, api, clock};

/// What the tests and the server's thread share.
pub(super) struct Shared {
    world: Mutex<World>,
    journal: Mutex<Vec<Request>>,
    faults: Mutex<Faults>,
    pub(super) delay_micros: AtomicU64,
    pub(super) connections: AtomicUsize,
}

// A test that panics while it holds the world has failed already. The lock's poison would only hide the reason.
impl Shared {
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn journal(&self) -> MutexGuard<'_, Vec<Request>> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A server certificate and the CA that signed it.
pub(super) struct Tls {
    ca_pem: String,
    acceptor: TlsAcceptor,
}

impl Tls {
    /// Makes a new CA each time, so that no key is ever stored. `change` may spoil the server's certificate.
    pub(super) fn generate(change: impl FnOnce(&mut rcgen::CertificateParams)) -> Self {
        use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

        let ca_key = KeyPair::generate().expect("a CA key");
        let mut ca = CertificateParams::new(Vec::new()).expect("CA parameters");
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.distinguished_name.push(DnType::CommonName, "CA of the fake Gitea");
        let ca_pem = ca.self_signed(&ca_key).expect("a CA certificate").pem();

        let (key, server) = Self::server(change);
        let certificate = server.signed_by(&key, &Issuer::new(ca, ca_key)).expect("a server certificate");
        Self::new(ca_pem, &certificate, &key)
    }

    /// A certificate that is its own authority, as `gitea cert --ca` makes it. `change` may spoil it.
    pub(super) fn self_signed(change: impl FnOnce(&mut rcgen::CertificateParams)) -> Self {
        use rcgen::{BasicConstraints, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose};

        let (key, server) = Self::server(|certificate| {
            certificate.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            certificate.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyCertSign];
            certificate.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            change(certificate);
        });
        let certificate = server.self_signed(&key).expect("a server certificate");
        Self::new(certificate.pem(), &certificate, &key)
    }

    fn server(change: impl FnOnce(&mut rcgen::CertificateParams)) -> (rcgen::KeyPair, rcgen::CertificateParams) {
        let key = rcgen::KeyPair::generate().expect("a server key");
        let names = vec!["localhost".to_owned(), Ipv4Addr::LOCALHOST.to_string()];
        let mut server = rcgen::CertificateParams::new(names).expect("a server's parameters");
        change(&mut server);
        (key, server)
    }

    fn new(ca_pem: String, certificate: &rcgen::Certificate, key: &rcgen::KeyPair) -> Self {
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("TLS versions")
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).expect("a PKCS #8 key"),
            )
            .expect("a TLS configuration");
        Self { ca_pem, acceptor: TlsAcceptor::from(Arc::new(config)) }
    }
}

pub(super) fn start(version: Version, tls: Option<Tls>) -> FakeGitea {
    let shared = Arc::new(Shared {
        world: Mutex::new(World::new(version)),
        journal: Mutex::default(),
        faults: Mutex::default(),
        delay_micros: AtomicU64::new(0),
        connections: AtomicUsize::new(0),
    });
    // Bound here, so that the port is known, and open, when this function returns.
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.set_nonblocking(true).expect("a listener for tokio");
    let port = listener.local_addr().expect("the listener's port").port();
    let (url, ca_pem, acceptor) = match tls {
        Some(tls) => (format!("https://localhost:{port}"), tls.ca_pem, Some(tls.acceptor)),
        None => (format!("http://127.0.0.1:{port}"), String::new(), None),
    };
    shared.world().host.clone_from(&url);
    let (stop, stopped) = oneshot::channel();
    let state = Arc::clone(&shared);
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = TcpListener::from_std(listener).expect("a listener in tokio");
            tokio::select! {
                () = accept(&listener, acceptor, state) => {}
                // If the sender is dropped, that is a signal too: the fake is being dropped.
                _ = stopped => {}
            }
        });
    });
    FakeGitea { shared, url, ca_pem, stop: Some(stop), thread: Some(thread) }
}

async fn accept(listener: &TcpListener, acceptor: Option<TlsAcceptor>, shared: Arc<Shared>) {
    loop {
        // If a client leaves before it is accepted, the server goes on with the others.
        let Ok((stream, _)) = listener.accept().await else { continue };
        shared.connections.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(connection(stream, acceptor.clone(), Arc::clone(&shared)));
    }
}

async fn connection(stream: TcpStream, acceptor: Option<TlsAcceptor>, shared: Arc<Shared>) {
    // Without it the kernel may hold small answers back, and a benchmark would measure that.
    stream.set_nodelay(true).expect("a TCP option");
    let end = Arc::new(End { socket: stream.as_fd().try_clone_to_owned().expect("a copy"), hang_up: Notify::new() });
    match acceptor {
        None => serve(stream, shared, end).await,
        // A failed handshake means that the client does not trust the CA. The test sees this on the client's side.
        Some(acceptor) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                serve(stream, shared, end).await;
            }
        }
    }
}

async fn serve<S>(stream: S, shared: Arc<Shared>, end: Arc<End>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let state = Connection { shared, end: Arc::clone(&end) };
    let service = TowerToHyperService::new(Router::new().fallback(handle).with_state(state));
    let builder = Builder::new(TokioExecutor::new());
    tokio::select! {
        // An error here means that the client left.
        _ = builder.serve_connection(TokioIo::new(stream), service) => {}
        () = end.hang_up.notified() => {}
    }
}

#[derive(Clone)]
struct Connection {
    shared: Arc<Shared>,
    end: Arc<End>,
}

/// How a connection is ended early.
struct End {
    socket: OwnedFd,
    hang_up: Notify,
}

impl End {
    /// Ends it without an answer: the caller of `handle` drops the connection, and this future with it.
    async fn hang_up(&self) -> Response {
        self.hang_up.notify_one();
        std::future::pending().await
    }

    /// As [`Self::hang_up`], with a TCP reset.
    async fn reset(&self) -> Response {
        // An option of the socket. It does not matter on which copy it is set.
        let socket = self.socket.try_clone().expect("a copy");
        let socket = TcpStream::from_std(std::net::TcpStream::from(socket)).expect("a socket in tokio");
        socket.set_zero_linger().expect("a TCP option");
        drop(socket);
        self.hang_up().await
    }
}

async fn handle(State(connection): State<Connection>, request: axum::extract::Request) -> Response {
    let Connection { shared, end } = connection;
    let (head, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else { return end.hang_up().await };
    let request = Request {
        method: head.method.to_string(),
        path: head.uri.path_and_query().map_or_else(String::new, ToString::to_string),
        host: text(&head.headers, header::HOST),
        range: text(&head.headers, header::RANGE),
        authorization: text(&head.headers, header::AUTHORIZATION),
        content_type: text(&head.headers, header::CONTENT_TYPE),
        user_agent: text(&head.headers, header::USER_AGENT),
        body: parse_body(&bytes),
        at: Instant::now(),
        answered: None,
        stray: false,
    };
    let index = {
        let mut journal = shared.journal();
        journal.push(request.clone());
        journal.len() - 1
    };

    let mut delay = Duration::from_micros(shared.delay_micros.load(Ordering::Relaxed));
    let fault = shared.faults().take(&request.method, &request.path);
    let work = || api::answer(&mut shared.world(), &request);
    let answer = match fault {
        None => work(),
        Some(Fault::Answer(answer)) => answer,
        Some(Fault::WorkThenAnswer(answer)) => {
            drop(work());
            answer
        }
        Some(Fault::HangUp) => return end.hang_up().await,
        Some(Fault::WorkThenHangUp) => {
            drop(work());
            return end.hang_up().await;
        }
        Some(Fault::Reset) => return end.reset().await,
        Some(Fault::WorkThenReset) => {
            drop(work());
            return end.reset().await;
        }
        Some(Fault::Hang) => return std::future::pending().await,
        Some(Fault::WorkThenHang) => {
            drop(work());
            return std::future::pending().await;
        }
        Some(Fault::ContentType(content_type)) => Answer { content_type: Some(content_type.to_owned()), ..work() },
        Some(Fault::Truncated) => return truncated(&work()),
        Some(Fault::Endless { spaces, pause }) => {
            drop(work());
            return endless(spaces, pause);
        }
        Some(Fault::Delay(more)) => {
            delay += more;
            work()
        }
    };
    if !delay.is_zero() {
        // The runtime's own timer counts whole milliseconds and is late by up to two, which the benchmark would see.
        tokio::task::spawn_blocking(move || std::thread::sleep(delay)).await.ok();
    }
    {
        let entry = &mut shared.journal()[index];
        entry.answered = Some(answer.status);
        entry.stray = answer.stray;
    }
    let now = shared.world().now();
    respond(answer, now)
}

fn respond(answer: Answer, now: i64) -> Response {
    // The world's clock, not this machine's: a client compares this header with the times in the responses.
    let mut builder = Response::builder().status(answer.status).header(header::DATE, clock::http_date(now));
    if let Some(content_type) = answer.content_type {
        builder = builder.header(header::CONTENT_TYPE, content_type);
    }
    for (name, value) in answer.headers {
        builder = builder.header(name, value);
    }
    builder.body(Body::from(answer.body)).expect("a valid answer")
}

/// Half of an answer, with the length of the whole in its header.
fn truncated(answer: &Answer) -> Response {
    let half = Some(answer.body[..answer.body.len() / 2].to_vec());
    let pieces = stream::unfold(half, |left| async move {
        match left {
            Some(half) => Some((Ok(half), None)),
            None => {
                // So that the half is on its way.
                tokio::time::sleep(Duration::from_millis(50)).await;
                Some((Err(std::io::Error::other("cut off")), None))
            }
        }
    });
    Response::builder()
        .status(answer.status)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONTENT_LENGTH, answer.body.len())
        .body(Body::from_stream(pieces))
        .expect("a valid answer")
}

fn endless(spaces: usize, pause: Duration) -> Response {
    let pieces = stream::unfold(Duration::ZERO, move |wait| async move {
        tokio::time::sleep(wait).await;
        Some((Ok::<_, std::io::Error>(" ".repeat(spaces)), pause))
    });
    Response::builder()
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from_stream(pieces))
        .expect("a valid answer")
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn parse_body(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned()))
}
