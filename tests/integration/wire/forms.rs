//! Odd forms of a response: the same head and body, put on the wire in another way.

use std::io::{Result, Write};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::Duration;

use nix::sys::socket::{setsockopt, sockopt};

const TYPE: &str = "Content-Type: application/json\r\n";

/// Writes a response with this JSON to the client.
pub(super) type Form = fn(&mut TcpStream, &str) -> Result<()>;

/// The forms by name. Those that follow the standards come first, then those that do not.
pub(super) const FORMS: [(&str, Form); 27] = [
    ("HTTP/1.0, up to the end", |client, json| write!(client, "HTTP/1.0 200 OK\r\n{TYPE}\r\n{json}")),
    ("up to the end", |client, json| write!(client, "HTTP/1.1 200 OK\r\n{TYPE}\r\n{json}")),
    ("no reason", |client, json| with_length(client, "HTTP/1.1 200", json, json.len())),
    ("a chunk a byte", |client, json| chunked(client, json, "", "0\r\n\r\n")),
    ("chunks with extensions and a trailer", |client, json| chunked(client, json, ";a=\"b\"", "0\r\nX-A: b\r\n\r\n")),
    ("100 and 103 before it", |client, json| {
        client.write_all(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")?;
        with_length(client, "HTTP/1.1 200 OK", json, json.len())
    }),
    ("a byte every 2 ms", |client, json| {
        let answer = format!("HTTP/1.1 200 OK\r\n{TYPE}Content-Length: {}\r\n\r\n{json}", json.len());
        answer.bytes().try_for_each(|byte| {
            sleep(Duration::from_millis(2));
            client.write_all(&[byte])
        })
    }),
    ("lines that end in LF", |client, json| {
        write!(client, "HTTP/1.1 200 OK\nContent-Length: {}\n\n{json}", json.len())
    }),
    ("204 with a body", |client, json| with_length(client, "HTTP/1.1 204 No Content", json, json.len())),
    ("a second answer behind it", |client, json| {
        with_length(client, "HTTP/1.1 200 OK", json, json.len())?;
        with_length(client, "HTTP/1.1 500 Oops", "{}", 2)
    }),
    ("null", |client, _| with_length(client, "HTTP/1.1 200 OK", "null", 4)),
    ("nothing at all", |_, _| Ok(())),
    ("a head alone", |client, _| write!(client, "HTTP/1.1 200 OK\r\n{TYPE}")),
    ("no body", |client, _| with_length(client, "HTTP/1.1 200 OK", "", 0)),
    ("a length that is too long", |client, json| with_length(client, "HTTP/1.1 200 OK", json, json.len() + 9)),
    ("a length that is too short", |client, json| with_length(client, "HTTP/1.1 200 OK", json, json.len() - 9)),
    ("two lengths", |client, json| {
        write!(client, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: {}\r\n\r\n{json}", json.len())
    }),
    ("no last chunk", |client, json| chunked(client, json, "", "")),
    ("a chunk with a length that is none", |client, json| chunked(client, json, "", "what\r\n\r\n")),
    ("compressed", |client, _| {
        client.write_all(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00")
    }),
    ("text behind the JSON", |client, json| {
        with_length(client, "HTTP/1.1 200 OK", &format!("{json} x"), json.len() + 2)
    }),
    ("reset in the middle", |client, json| {
        with_length(client, "HTTP/1.1 200 OK", &json[..9], json.len())?;
        sleep(Duration::from_millis(50));
        let linger = nix::libc::linger { l_onoff: 1, l_linger: 0 };
        Ok(setsockopt(client, sockopt::Linger, &linger)?)
    }),
    ("101", |client, _| {
        client.write_all(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")
    }),
    ("a head of 1 MiB", |client, json| write!(client, "HTTP/1.1 200 OK\r\nX-A: {}\r\n\r\n{json}", "a".repeat(1 << 20))),
    ("no HTTP", |client, _| client.write_all(b"SSH-2.0-OpenSSH_9.9\r\n")),
    ("HTTP/2", |client, _| client.write_all(b"\0\0\x12\x04\0\0\0\0\0")),
    ("an alert of TLS", |client, _| client.write_all(b"\x15\x03\x01\0\x02\x02\x46")),
];

fn with_length(client: &mut TcpStream, status: &str, body: &str, length: usize) -> Result<()> {
    write!(client, "{status}\r\n{TYPE}Content-Length: {length}\r\n\r\n{body}")
}

fn chunked(client: &mut TcpStream, body: &str, extension: &str, end: &str) -> Result<()> {
    write!(client, "HTTP/1.1 200 OK\r\n{TYPE}Transfer-Encoding: chunked\r\n\r\n")?;
    body.chars().try_for_each(|c| write!(client, "{:x}{extension}\r\n{c}\r\n", c.len_utf8()))?;
    client.write_all(end.as_bytes())
}
