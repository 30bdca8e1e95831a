//! A relay in front of the fake server. It can put on the wire whatever a test wants.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use crate::stage::Stage;

/// A request as it is on the wire.
pub(super) struct Request {
    /// `POST /api/v1/… HTTP/1.1`
    pub(super) line: String,
    bytes: Vec<u8>,
}

/// What a handler gets for each request: the client's connection, the number of requests on it so far, and the fake.
pub(super) struct Exchange<'a> {
    pub(super) client: &'a mut TcpStream,
    pub(super) request: Request,
    /// From 1.
    pub(super) number: usize,
    fake: SocketAddr,
}

impl Exchange<'_> {
    /// The fake's whole response: head and body.
    pub(super) fn answer(&self) -> Vec<u8> {
        let mut fake = TcpStream::connect(self.fake).unwrap();
        let text = String::from_utf8_lossy(&self.request.bytes).into_owned();
        let text = text.replacen("\r\n", "\r\nconnection: close\r\n", 1);
        fake.write_all(text.as_bytes()).unwrap();
        let mut answer = Vec::new();
        fake.read_to_end(&mut answer).unwrap();
        answer
    }

    /// Passes the request on to the fake, and the response back. The client may use its connection again.
    pub(super) fn relay(&mut self) -> bool {
        let answer = String::from_utf8(self.answer()).unwrap().replace("connection: close\r\n", "");
        self.client.write_all(answer.as_bytes()).is_ok()
    }
}

/// A running relay. It stops when dropped.
pub(super) struct Relay {
    address: SocketAddr,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Relay {
    /// `handle` gets each request, and says whether the connection is kept.
    pub(super) fn start(stage: &Stage, handle: impl Fn(&mut Exchange<'_>) -> bool + Send + Sync + 'static) -> Self {
        let fake: SocketAddr = stage.gitea.url().strip_prefix("http://").unwrap().parse().unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let stopped = Arc::new(AtomicBool::new(false));
        let (stop, handle) = (Arc::clone(&stopped), Arc::new(handle));
        let thread = thread::spawn(move || {
            for client in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let (mut client, handle) = (client.unwrap(), Arc::clone(&handle));
                thread::spawn(move || {
                    client.set_nodelay(true).unwrap();
                    let mut number = 0;
                    while let Some(request) = read(&mut client) {
                        number += 1;
                        if !handle(&mut Exchange { client: &mut client, request, number, fake }) {
                            break;
                        }
                    }
                    client.shutdown(Shutdown::Both).ok();
                });
            }
        });
        Self { address, stopped, thread: Some(thread) }
    }

    pub(super) fn api_url(&self) -> String {
        format!("http://{}/api/v1", self.address)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // So that the thread looks at the flag.
        TcpStream::connect(self.address).ok();
        self.thread.take().map(JoinHandle::join);
    }
}

/// The next request; `None` where the client has closed the connection.
fn read(client: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        if client.read(&mut byte).ok()? == 0 {
            return None;
        }
        bytes.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&bytes).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    client.read_exact(&mut body).ok()?;
    let line = String::from_utf8_lossy(&bytes).lines().next().unwrap_or_default().to_owned();
    bytes.extend(body);
    Some(Request { line, bytes })
}
