//! Which proxy is used for the server. HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY are read as other programs read
//! them.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use reqwest::Url;

/// A proxy that takes requests for http, and opens tunnels for https.
#[derive(Clone)]
pub(crate) struct Proxy {
    /// It may hold a password.
    url: Url,
    name: Arc<str>,
}

/// A variable that does not name a proxy. Its value is not shown: it may hold a password.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unusable {
    pub(crate) variable: String,
    pub(crate) cause: &'static str,
}

impl Proxy {
    /// The proxy for requests to `server`; `None` if they go directly. `variable` returns the value of an environment
    /// variable that is set and not blank.
    pub(crate) fn of<'a>(server: &Url, variable: impl Fn(&str) -> Option<&'a str>) -> Result<Option<Self>, Unusable> {
        let set = |name: &str| {
            let lower = name.to_lowercase();
            variable(name)
                .map(|value| (name.to_owned(), value))
                .or_else(|| variable(&lower).map(|value| (lower, value)))
        };
        let of_scheme = if server.scheme() == "https" { "HTTPS_PROXY" } else { "HTTP_PROXY" };
        let Some((name, value)) = set(of_scheme).or_else(|| set("ALL_PROXY")) else { return Ok(None) };
        if set("NO_PROXY").is_some_and(|(_, list)| list.split(',').any(|entry| covers(entry.trim(), server))) {
            return Ok(None);
        }
        match parse(value.trim()) {
            Ok(proxy) => Ok(Some(proxy)),
            Err(cause) => Err(Unusable { variable: name, cause }),
        }
    }

    /// Its address, with user and password if it has them.
    pub(crate) fn url(&self) -> Url {
        self.url.clone()
    }

    /// Its address without user and password.
    pub(crate) fn name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Proxy").field(&self.name).finish()
    }
}

fn parse(value: &str) -> Result<Proxy, &'static str> {
    const FORM: &str = "must be the address of a proxy, such as `http://proxy.example.com:3128`";
    // Without a scheme, it is an http proxy.
    let url = if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
    let mut url: Url = url.parse().map_err(|_not_shown| FORM)?;
    match url.scheme() {
        "http" | "https" => {}
        "socks4" | "socks4a" | "socks5" | "socks5h" => {
            return Err("names a SOCKS proxy, and only HTTP proxies can be used");
        }
        _ => return Err(FORM),
    }
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or(FORM)?;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let name = format!("{}://{host}{port}", url.scheme()).into();
    url.set_path("/");
    url.set_query(None);
    url.set_fragment(None);
    Ok(Proxy { url, name })
}

/// Whether an entry of NO_PROXY covers the server: `*`, a name (its subdomains too, with or without a dot before it),
/// `*.example.com` (the subdomains), an address, a network such as `10.0.0.0/8`; each may have a port.
fn covers(entry: &str, server: &Url) -> bool {
    let (name, port) = split_port(entry);
    if port.is_some_and(|port| server.port_or_known_default() != Some(port)) {
        return false;
    }
    let host =
        server.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    let name = name.trim_end_matches('.').to_lowercase();
    if name == "*" {
        return true;
    }
    if let Ok(address) = host.parse::<IpAddr>() {
        return match name.parse::<IpNet>() {
            Ok(network) => network.contains(&address),
            Err(_no_network) => name.parse() == Ok(address),
        };
    }
    let (name, itself) = match name.strip_prefix("*.") {
        Some(name) => (name, false),
        None => (name.trim_start_matches('.'), true),
    };
    match host.strip_suffix(name) {
        Some("") => itself && !name.is_empty(),
        Some(subdomain) => subdomain.ends_with('.') && !name.is_empty(),
        None => false,
    }
}

/// `name:port`, `[address]:port`, or no port. An IPv6 address without brackets has none.
fn split_port(entry: &str) -> (&str, Option<u16>) {
    if let Some((address, rest)) = entry.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return (address, rest.strip_prefix(':').and_then(|port| port.parse().ok()));
    }
    let with_port = entry.split_once(':').and_then(|(name, port)| Some((name, Some(port.parse().ok()?))));
    with_port.unwrap_or((entry, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(server: &str, variables: &[(&str, &str)]) -> Result<Option<String>, Unusable> {
        let variable = |name: &str| variables.iter().find(|(of, _)| *of == name).map(|(_, value)| *value);
        let proxy = Proxy::of(&server.parse().unwrap(), variable)?;
        Ok(proxy.map(|proxy| proxy.name.to_string()))
    }

    #[test]
    fn variable_for_the_scheme_takes_precedence_over_all_proxy() {
        let all = [("HTTP_PROXY", "a:1"), ("https_proxy", "https://b:2"), ("ALL_PROXY", "http://c:3")];
        let of = |server, variables: &[_]| proxy(server, variables).unwrap();
        assert_eq!(of("http://x/", &all).as_deref(), Some("http://a:1"));
        assert_eq!(of("https://x/", &all).as_deref(), Some("https://b:2"));
        assert_eq!(of("https://x/", &all[2..]).as_deref(), Some("http://c:3"));
        assert_eq!(of("https://x/", &all[..1]), None);
        assert_eq!(of("http://x/", &[("HTTP_PROXY", "a:1"), ("http_proxy", "b:2")]).as_deref(), Some("http://a:1"));
    }

    #[test]
    fn password_of_a_proxy_is_not_in_its_name() {
        let proxy = parse("http://user:secret@proxy:3128/path?query").unwrap();
        assert_eq!((&*proxy.name, proxy.url.as_str()), ("http://proxy:3128", "http://user:secret@proxy:3128/"));
        assert_eq!(format!("{proxy:?}"), "Proxy(\"http://proxy:3128\")");
    }

    #[test]
    fn value_that_is_not_an_http_proxy_is_refused() {
        for value in ["socks5://proxy:1080", "ftp://proxy", "http://", "http://a b", "proxy:port", "://"] {
            let unusable = proxy("http://x/", &[("HTTP_PROXY", value)]).unwrap_err();
            assert_eq!(unusable.variable, "HTTP_PROXY", "{value}");
            assert_eq!(unusable.cause.contains("SOCKS"), value.starts_with("socks"), "{value}");
            assert_eq!(proxy("https://x/", &[("HTTP_PROXY", value)]), Ok(None), "it is for http only");
            assert_eq!(proxy("http://x/", &[("HTTP_PROXY", value), ("NO_PROXY", "x")]), Ok(None), "it is not used");
        }
    }

    #[test]
    fn no_proxy_entries_cover_the_same_servers_as_in_other_programs() {
        let covered = [
            ("*", "http://gitea.example.com/"),
            ("*", "http://10.1.2.3:3000/"),
            ("gitea.example.com", "http://gitea.example.com/"),
            ("GITEA.example.com.", "http://gitea.example.com./"),
            ("example.com", "http://gitea.example.com/"),
            (".example.com", "http://gitea.example.com/"),
            ("*.example.com", "http://gitea.example.com/"),
            ("gitea.example.com:3000", "http://gitea.example.com:3000/"),
            ("gitea.example.com:443", "https://gitea.example.com/"),
            ("*.example.com:80", "http://gitea.example.com/"),
            ("10.1.2.3", "http://10.1.2.3:3000/"),
            ("10.1.2.3:3000", "http://10.1.2.3:3000/"),
            ("10.0.0.0/8", "http://10.1.2.3/"),
            ("::1", "http://[::1]:3000/"),
            ("[::1]:3000", "http://[::1]:3000/"),
            ("fd00::/8", "http://[fd00::7]/"),
            ("other, gitea.example.com", "http://gitea.example.com/"),
        ];
        let not_covered = [
            ("", "http://gitea.example.com/"),
            (".", "http://gitea.example.com/"),
            ("itea.example.com", "http://gitea.example.com/"),
            ("*.gitea.example.com", "http://gitea.example.com/"),
            ("gitea.example.com:3000", "http://gitea.example.com/"),
            ("gitea.example.com:port", "http://gitea.example.com/"),
            ("10.1.2.3:80", "http://10.1.2.3:3000/"),
            ("2.3", "http://10.1.2.3/"),
            ("11.0.0.0/8", "http://10.1.2.3/"),
            ("::2", "http://[::1]/"),
        ];
        let is_covered = |list, server| proxy(server, &[("HTTP_PROXY", "p"), ("HTTPS_PROXY", "p"), ("NO_PROXY", list)]);
        for (list, server) in covered {
            assert_eq!(is_covered(list, server), Ok(None), "{list} {server}");
        }
        for (list, server) in not_covered {
            assert!(is_covered(list, server).unwrap().is_some(), "{list} {server}");
        }
    }
}
