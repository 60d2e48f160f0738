//! Where HTTP is: the address of `--http`, or a URL as others call it, through a proxy with TLS.
//!
//! The parts for TLS are those that the NATS client brings; trusted are the authorities of the
//! machine and of `--tls-ca`.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::http::Uri;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Where a server is.
#[derive(Clone)]
pub(super) struct Address {
    host: String,
    port: u16,
    /// What stands before every path, without a `/` at its end.
    prefix: String,
    tls: Option<Arc<ClientConfig>>,
}

/// A connection to it.
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Address {
    pub(super) fn of(address: SocketAddr) -> Self {
        let (host, port) = (address.ip().to_string(), address.port());
        Self { host, port, prefix: String::new(), tls: None }
    }

    /// Reads `https://host[:port][/path]`, or the same with `http`.
    pub(super) fn parse(url: &str, authority: Option<&Path>) -> Result<Self, String> {
        let bad = || format!("--url {url:?}: give https://HOST, or http://127.0.0.1:8080");
        let uri: Uri = url.parse().map_err(|_| bad())?;
        let is_tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(bad()),
        };
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(bad)?;
        let named = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
        if named || uri.query().is_some() {
            return Err(bad());
        }
        let tls = if is_tls { Some(Arc::new(trusting(authority)?)) } else { None };
        let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let prefix = uri.path().trim_end_matches('/').to_owned();
        Ok(Self { host: host.to_owned(), port, prefix, tls })
    }

    /// The path as this server has it.
    pub(super) fn target(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    /// Host and port, as the header `Host` has them.
    pub(super) fn authority(&self) -> String {
        let is_v6 = self.host.contains(':') && !self.host.starts_with('[');
        let host = if is_v6 { format!("[{}]", self.host) } else { self.host.clone() };
        let usual = if self.tls.is_some() { 443 } else { 80 };
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
    }

    pub(super) async fn connect(&self) -> io::Result<Stream> {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        let stream = TcpStream::connect((host, self.port)).await?;
        let Some(config) = &self.tls else { return Ok(Stream::Plain(stream)) };
        let name = ServerName::try_from(host.to_owned());
        let name = name.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let stream = TlsConnector::from(Arc::clone(config)).connect(name, stream).await?;
        Ok(Stream::Tls(Box::new(stream)))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.prefix)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Trusts the authorities of this machine, and those of the file.
fn trusting(authority: Option<&Path>) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    for certificate in rustls_native_certs::load_native_certs().certs {
        // One that cannot be read vouches for nobody.
        roots.add(certificate).ok();
    }
    if let Some(path) = authority {
        let failed = |why: &dyn fmt::Display| format!("--tls-ca {}: {why}", path.display());
        let certificates = CertificateDer::pem_file_iter(path).map_err(|why| failed(&why))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|why| failed(&why))?;
            roots.add(certificate).map_err(|why| failed(&why))?;
        }
    }
    if roots.is_empty() {
        return Err("this machine trusts no authority: name one with --tls-ca".to_owned());
    }
    Ok(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_others_write_it() {
        for (url, shown, target, authority) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080", "/v1", "127.0.0.1:8080"),
            ("http://127.0.0.1:80/", "http://127.0.0.1", "/v1", "127.0.0.1"),
            ("http://h/tonghop/", "http://h/tonghop", "/tonghop/v1", "h"),
            ("http://[::1]:8080", "http://[::1]:8080", "/v1", "[::1]:8080"),
        ] {
            let address = Address::parse(url, None).unwrap();
            assert_eq!(address.to_string(), shown);
            assert_eq!(
                (address.target("/v1").as_str(), address.authority().as_str()),
                (target, authority)
            );
        }
        for bad in ["", "127.0.0.1:8080", "ftp://h", "http://u:p@h", "http://h/?q", "https://"] {
            let why = Address::parse(bad, None).unwrap_err();
            assert!(why.contains("give https://HOST"), "{why}");
        }
    }
}
