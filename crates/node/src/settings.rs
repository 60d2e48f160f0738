//! The common settings: a flag, else an environment variable, else a key of one TOML file, else
//! the default.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, ValueEnum};
use serde::Deserialize;

use crate::gateway::GatewaySettings;
use crate::nats::{ConnectSettings, NatsError, check_url};

/// Where the settings file is looked for when none is named.
const FILE: &str = "tonghop.toml";
/// The default of `--data`.
const DATA: &str = "./tonghop-data";
/// The default of `--nats`.
const NATS: &str = "nats://127.0.0.1:4222";
/// The default of `--http`.
const HTTP: &str = "127.0.0.1:8080";

/// The language of forms and labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Vietnamese.
    Vi,
    /// English.
    En,
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Vi => "vi",
            Self::En => "en",
        })
    }
}

/// Addresses that were given for this very call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Named {
    /// `--nats`.
    pub nats: bool,
    /// `--http`.
    pub http: bool,
}

/// The options that several commands share; [`common_options`] says which command takes which.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Common options")]
pub struct CommonArgs {
    /// Directory of the projections, and of the log's files under `up` [default: ./tonghop-data]
    #[arg(long, env = "TONGHOP_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The NATS server that holds the log [default: `nats://127.0.0.1:4222`]
    #[arg(long, env = "TONGHOP_NATS", value_name = "URL")]
    pub nats: Option<String>,
    /// Which addresses were given for this very call.
    #[arg(skip)]
    pub named: Named,
    /// Credentials for NATS: the seed of an nkey, or a .creds file (JWT and seed)
    #[arg(long, env = "TONGHOP_CREDS", value_name = "FILE")]
    pub creds: Option<PathBuf>,
    /// Certificates (PEM) that the NATS server's must be signed by, if not one that the system
    /// knows; then the connection must be TLS, as with tls:// in --nats
    #[arg(long, env = "TONGHOP_TLS_CA", value_name = "FILE")]
    pub tls_ca: Option<PathBuf>,
    /// Credentials by which events from HTTP are published [default: those of --creds]
    #[arg(long, env = "TONGHOP_GATEWAY_CREDS", value_name = "FILE")]
    pub gateway_creds: Option<PathBuf>,
    /// Address of the HTTP server [default: 127.0.0.1:8080]
    #[arg(long, env = "TONGHOP_HTTP", value_name = "ADDR", value_parser = address)]
    pub http: Option<SocketAddr>,
    /// Language of forms and labels [default: vi]
    #[arg(long, env = "TONGHOP_LANG", value_enum)]
    pub lang: Option<Lang>,
    /// Directory of catalogue files that add to those of this version [default: catalogue in --data]
    #[arg(long, env = "TONGHOP_CATALOGUE", value_name = "DIR")]
    pub catalogue: Option<PathBuf>,
    /// Settings file with the keys data, nats, creds, `tls_ca`, `gateway_creds`, http, lang,
    /// catalogue and the table gateway [default: ./tonghop.toml]
    #[arg(long, env = "TONGHOP_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print the answer as JSON
    #[arg(long)]
    pub json: bool,
    /// Log as JSON lines (standard error)
    #[arg(long, env = "TONGHOP_LOG_JSON", value_parser = clap::builder::FalseyValueParser::new())]
    pub log_json: bool,
}

/// The common options of a command; an option that it does not use would promise something. A
/// command without a row of its own takes all of them.
pub fn common_options(command: &str) -> &'static [&'static str] {
    match command {
        "up" => &["data", "http", "catalogue", "config", "json", "log_json"],
        "replay" | "doctor" | "refusals" | "provision" | "seal" => {
            &["data", "nats", "creds", "tls_ca", "config", "json", "log_json"]
        }
        "publish" => &["data", "nats", "creds", "tls_ca", "lang", "config", "json", "log_json"],
        "template" => &["lang", "config", "json"],
        "project" => {
            &["data", "nats", "creds", "tls_ca", "gateway_creds", "catalogue", "config", "log_json"]
        }
        "agency" | "closings" => &["data", "config", "json", "log_json"],
        "conformance" => &["data", "nats", "creds", "tls_ca", "http", "config", "json", "log_json"],
        "serve" => &["data", "http", "config", "log_json"],
        "report" | "explain" => &["data", "lang", "config", "json", "log_json"],
        "declare" | "close" | "reopen" => {
            &["data", "nats", "creds", "tls_ca", "catalogue", "config", "json", "log_json"]
        }
        "indicators" => &["data", "lang", "catalogue", "config", "json"],
        // What it prints of figures is JSON in any case.
        "sample" | "outbox" | "event" | "witness" => &["json"],
        "completions" => &[],
        _ => &[
            "data",
            "nats",
            "creds",
            "tls_ca",
            "http",
            "lang",
            "catalogue",
            "config",
            "json",
            "log_json",
        ],
    }
}

/// Whether an option stands on the command line; not so if it comes from the environment.
pub fn is_typed(matches: &ArgMatches, id: &str) -> bool {
    matches.try_contains_id(id).is_ok()
        && matches.value_source(id) == Some(ValueSource::CommandLine)
}

/// `127.0.0.1:8080`, or `localhost:8080`.
fn address(text: &str) -> Result<SocketAddr, String> {
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    numeric.parse().map_err(|_| "give an address and a port, such as 127.0.0.1:8080".to_owned())
}

/// The keys of the settings file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    data: Option<PathBuf>,
    nats: Option<String>,
    creds: Option<PathBuf>,
    tls_ca: Option<PathBuf>,
    gateway_creds: Option<PathBuf>,
    http: Option<String>,
    lang: Option<Lang>,
    catalogue: Option<PathBuf>,
    #[serde(default)]
    gateway: GatewaySettings,
}

/// The settings in force.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Directory of the projections.
    pub data: PathBuf,
    /// The NATS server.
    pub nats: String,
    /// Whether it was named for this very call: then no other one will do.
    pub nats_is_named: bool,
    /// Whether the address of HTTP was named for this very call.
    pub http_is_named: bool,
    /// Credentials for NATS.
    pub creds: Option<PathBuf>,
    /// What the certificate of NATS must be signed by.
    pub tls_ca: Option<PathBuf>,
    /// Credentials by which events from HTTP are published.
    pub gateway_creds: Option<PathBuf>,
    /// Address of the HTTP server.
    pub http: SocketAddr,
    /// Language of forms.
    pub lang: Lang,
    /// Directory of catalogue files, if one is named.
    pub catalogue: Option<PathBuf>,
    /// Whether answers are printed as JSON.
    pub json: bool,
    /// How much agencies may send over HTTP.
    pub gateway: GatewaySettings,
}

/// A settings file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// It was named but cannot be read.
    #[error("{path}: {source}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not what it should be.
    #[error("{path}: {source}", path = path.display())]
    Faulty {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// The address of NATS cannot be one.
    #[error("--nats: {0}; give one such as nats://127.0.0.1:4222")]
    Nats(NatsError),
    /// The table `gateway` of the file has values that cannot be.
    #[error("[gateway]: {0}")]
    Gateway(String),
    /// The address of the HTTP server in the file cannot be one.
    #[error("http = {text:?}: {why}")]
    Http {
        /// What the file says.
        text: String,
        /// What it should be.
        why: String,
    },
}

impl CommonArgs {
    /// What was given to a command, in front of it or behind it.
    pub fn given(front: &ArgMatches, behind: &ArgMatches) -> Self {
        fn one<T: Clone + Send + Sync + 'static>(
            [behind, front]: [&ArgMatches; 2],
            id: &str,
        ) -> Option<T> {
            let in_front = !is_typed(behind, id) && is_typed(front, id);
            let matches = if in_front { front } else { behind };
            matches.try_get_one::<T>(id).ok().flatten().cloned()
        }
        let both = [behind, front];
        Self {
            data: one(both, "data"),
            nats: one(both, "nats"),
            named: Named {
                nats: both.iter().any(|matches| is_typed(matches, "nats")),
                http: both.iter().any(|matches| is_typed(matches, "http")),
            },
            creds: one(both, "creds"),
            tls_ca: one(both, "tls_ca"),
            gateway_creds: one(both, "gateway_creds"),
            http: one(both, "http"),
            lang: one(both, "lang"),
            catalogue: one(both, "catalogue"),
            config: one(both, "config"),
            json: one(both, "json").unwrap_or(false),
            log_json: one(both, "log_json").unwrap_or(false),
        }
    }

    /// Settles what holds.
    pub fn settle(self) -> Result<Settings, SettingsError> {
        let file = match &self.config {
            Some(path) => read(path)?,
            None if Path::new(FILE).exists() => read(Path::new(FILE))?,
            None => File::default(),
        };
        let of_file = file.http.map(|text| match address(&text) {
            Ok(address) => Ok(address),
            Err(why) => Err(SettingsError::Http { text, why }),
        });
        if let Some(fault) = file.gateway.fault() {
            return Err(SettingsError::Gateway(fault));
        }
        let http = self.http.or(of_file.transpose()?);
        let nats = self.nats.or(file.nats).unwrap_or_else(|| NATS.to_owned());
        check_url(&nats).map_err(SettingsError::Nats)?;
        Ok(Settings {
            data: self.data.or(file.data).unwrap_or_else(|| DATA.into()),
            nats,
            nats_is_named: self.named.nats,
            http_is_named: self.named.http,
            creds: self.creds.or(file.creds),
            tls_ca: self.tls_ca.or(file.tls_ca),
            gateway_creds: self.gateway_creds.or(file.gateway_creds),
            http: http.or_else(|| HTTP.parse().ok()).unwrap_or(([127, 0, 0, 1], 8080).into()),
            lang: self.lang.or(file.lang).unwrap_or(Lang::Vi),
            catalogue: self.catalogue.or(file.catalogue),
            json: self.json,
            gateway: file.gateway,
        })
    }
}

impl Settings {
    /// How to reach NATS, as whom; `name` is what the server calls the connection.
    pub fn connection(&self, name: &str) -> ConnectSettings {
        let mut connection = ConnectSettings::new(&self.nats, name);
        connection.creds.clone_from(&self.creds);
        connection.tls_ca.clone_from(&self.tls_ca);
        connection
    }

    /// Whether the data directory is not the one that every command looks for by itself.
    pub fn has_own_data(&self) -> bool {
        self.data != Path::new(DATA)
    }
}

fn read(path: &Path) -> Result<File, SettingsError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| SettingsError::Unreadable { path: path.to_owned(), source })?;
    toml::from_str(&text)
        .map_err(|source| SettingsError::Faulty { path: path.to_owned(), source: Box::new(source) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_comes_before_the_file_and_the_file_before_the_default() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.toml");
        std::fs::write(&path, "data = \"/srv/th\"\nnats = \"nats://log:4222\"\n").unwrap();
        let args = CommonArgs {
            nats: Some("nats://b:1".into()),
            config: Some(path),
            ..CommonArgs::default()
        };
        let settings = args.settle().unwrap();
        assert_eq!(settings.data, Path::new("/srv/th"));
        assert_eq!(settings.nats, "nats://b:1");
        assert_eq!(settings.http.to_string(), HTTP);
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.toml");
        std::fs::write(&path, "lang = \"vi\"\ndate = 1\n").unwrap();
        let error = CommonArgs { config: Some(path), ..CommonArgs::default() }
            .settle()
            .unwrap_err()
            .to_string();
        assert!(error.contains("line 2") && error.contains("date"), "{error}");
    }

    #[test]
    fn addresses_are_checked_and_localhost_is_one() {
        assert_eq!(address("localhost:8098").unwrap().to_string(), "127.0.0.1:8098");
        assert_eq!(address("[::1]:80").unwrap().to_string(), "[::1]:80");
        for bad in ["8080", "localhost", "localhost:", "nowhere:80", "127.0.0.1"] {
            assert!(address(bad).unwrap_err().contains("127.0.0.1:8080"), "{bad}");
        }
        for bad in ["nats://", "not a url", "nats://a:b:c", ""] {
            let args = CommonArgs { nats: Some(bad.into()), ..CommonArgs::default() };
            assert!(matches!(args.settle(), Err(SettingsError::Nats(_))), "{bad:?}");
        }
    }
}
