//! The common settings: a flag, else an environment variable, else a key of one TOML file, else
//! the default.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Deserialize;

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

/// The flags that every command knows.
#[derive(Debug, Clone, Args)]
pub struct CommonArgs {
    /// Directory of the projections, and of the log's files under `up` [default: ./tonghop-data]
    #[arg(long, global = true, env = "TONGHOP_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The NATS server that holds the log [default: `nats://127.0.0.1:4222`]
    #[arg(long, global = true, env = "TONGHOP_NATS", value_name = "URL")]
    pub nats: Option<String>,
    /// Credentials for NATS (JWT and seed)
    #[arg(long, global = true, env = "TONGHOP_CREDS", value_name = "FILE")]
    pub creds: Option<PathBuf>,
    /// Address of the HTTP server [default: 127.0.0.1:8080]
    #[arg(long, global = true, env = "TONGHOP_HTTP", value_name = "ADDR")]
    pub http: Option<SocketAddr>,
    /// Language of forms and labels [default: vi]
    #[arg(long, global = true, env = "TONGHOP_LANG", value_enum)]
    pub lang: Option<Lang>,
    /// Directory of catalogue files that add to those of this version [default: catalogue in --data]
    #[arg(long, global = true, env = "TONGHOP_CATALOGUE", value_name = "DIR")]
    pub catalogue: Option<PathBuf>,
    /// Settings file with the keys data, nats, creds, http, lang, catalogue [default: ./tonghop.toml]
    #[arg(long, global = true, env = "TONGHOP_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print the answer as JSON
    #[arg(long, global = true)]
    pub json: bool,
}

/// The keys of the settings file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    data: Option<PathBuf>,
    nats: Option<String>,
    creds: Option<PathBuf>,
    http: Option<SocketAddr>,
    lang: Option<Lang>,
    catalogue: Option<PathBuf>,
}

/// The settings in force.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Directory of the projections.
    pub data: PathBuf,
    /// The NATS server.
    pub nats: String,
    /// Credentials for NATS.
    pub creds: Option<PathBuf>,
    /// Address of the HTTP server.
    pub http: SocketAddr,
    /// Language of forms.
    pub lang: Lang,
    /// Directory of catalogue files, if one is named.
    pub catalogue: Option<PathBuf>,
    /// Whether answers are printed as JSON.
    pub json: bool,
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
}

impl CommonArgs {
    /// Settles what holds.
    pub fn settle(self) -> Result<Settings, SettingsError> {
        let file = match &self.config {
            Some(path) => read(path)?,
            None if Path::new(FILE).exists() => read(Path::new(FILE))?,
            None => File::default(),
        };
        let http = self.http.or(file.http);
        Ok(Settings {
            data: self.data.or(file.data).unwrap_or_else(|| DATA.into()),
            nats: self.nats.or(file.nats).unwrap_or_else(|| NATS.to_owned()),
            creds: self.creds.or(file.creds),
            http: http.or_else(|| HTTP.parse().ok()).unwrap_or(([127, 0, 0, 1], 8080).into()),
            lang: self.lang.or(file.lang).unwrap_or(Lang::Vi),
            catalogue: self.catalogue.or(file.catalogue),
            json: self.json,
        })
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

    fn none() -> CommonArgs {
        CommonArgs {
            data: None,
            nats: None,
            creds: None,
            http: None,
            lang: None,
            catalogue: None,
            config: None,
            json: false,
        }
    }

    #[test]
    fn a_flag_comes_before_the_file_and_the_file_before_the_default() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.toml");
        std::fs::write(&path, "data = \"/srv/th\"\nnats = \"nats://log:4222\"\n").unwrap();
        let args = CommonArgs { nats: Some("nats://b:1".into()), config: Some(path), ..none() };
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
        let error = CommonArgs { config: Some(path), ..none() }.settle().unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("date"), "{error}");
    }
}
