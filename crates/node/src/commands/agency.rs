//! `tonghop agency`: who may publish, over HTTP and to NATS.

use std::fmt::Write;
use std::process::ExitCode;
use std::time::Duration;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tonghop_core::day::Instant;
use tonghop_core::unit_code::UnitCode;

use super::{NO, print, printable};
use crate::accounts;
use crate::agencies::{self, AgenciesError, Agency, Held, Holder, Registry, Seed, Token};
use crate::nats::server;
use crate::settings::Settings;

/// Characters of a label.
const LABEL_CHARS_MAX: usize = 100;

/// What is done.
#[derive(Debug, Subcommand)]
pub enum AgencyCommand {
    /// Give an agency a token, and with --creds-out a key for NATS, beside those that it has
    #[command(after_help = "The token is printed once and stored nowhere; the agency sends it as \
`Authorization: Bearer th_…`.\nThe file of --creds-out holds the seed of a key for NATS, which \
is kept nowhere else; every NATS client takes it as nkey, `tonghop` with --creds. NATS asks for it \
under `tonghop up --secure`, and as deploy/README.md says.\n\nExamples:\n  tonghop agency add \
H41.16 --label iGate\n  tonghop agency add H41.16 --creds-out H41-16.nk\n  tonghop agency add \
--office\n  tonghop agency add --role auditor --creds-out auditor.nk")]
    Add {
        /// The agency.
        #[command(flatten)]
        who: Who,
        /// What people call it
        #[arg(long, value_parser = label)]
        label: Option<String>,
        /// Also make a key for NATS, and write its seed to this new file, for its owner alone
        #[arg(long, value_name = "FILE")]
        creds_out: Option<PathBuf>,
    },
    /// List the agencies and what is known of their tokens and keys
    List,
    /// Give an agency a new token, and a new key if it has one, and let the old ones hold a while
    Rotate {
        /// The agency.
        #[command(flatten)]
        who: Who,
        /// How long the old ones hold: 7d, 12h, 30m, 0s
        #[arg(long, default_value = "7d", value_name = "DURATION", value_parser = duration)]
        grace: Duration,
        /// Where the seed of the new key goes, if it has keys
        #[arg(long, value_name = "FILE")]
        creds_out: Option<PathBuf>,
    },
    /// End all tokens and keys of an agency at once
    Revoke {
        /// The agency.
        #[command(flatten)]
        who: Who,
    },
    /// Write the file by which nats-server knows the keys and what each may do
    #[command(after_help = "`tonghop up --secure` does this by itself. For a server of its own, \
run it after every change and once a minute, because old keys end by the clock; \
deploy/README.md shows how.\n\nExample:\n  tonghop agency accounts /etc/nats/accounts.conf \
--reload /run/nats/nats-server.pid")]
    Accounts {
        /// The file; it is replaced as a whole
        file: PathBuf,
        /// If anything changed, let the server of this pid file read it again
        #[arg(long, value_name = "PIDFILE")]
        reload: Option<PathBuf>,
    },
}

/// An agency on the command line.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub struct Who {
    /// The code of the unit, such as H41.16
    #[arg(value_name = "UNIT", value_parser = unit)]
    unit: Option<UnitCode>,
    /// The reform office, which registers units, calendars and periods, and sends again
    #[arg(long)]
    office: bool,
    /// One of those who run the system; all but the office speak to NATS alone
    #[arg(long, value_parser = ["office", "auditor", "projector", "gateway", "provisioner"])]
    role: Option<String>,
}

impl Who {
    fn holder(&self) -> Holder {
        let role = self.role.as_deref().and_then(Holder::role);
        self.unit.map_or(role.unwrap_or(Holder::Office), Holder::Unit)
    }
}

fn unit(text: &str) -> Result<UnitCode, String> {
    UnitCode::parse(&text.to_ascii_uppercase())
        .ok_or_else(|| "give a code such as H41.16 or 000.00.16.H41".to_owned())
}

fn label(text: &str) -> Result<String, String> {
    let is_good = text.chars().count() <= LABEL_CHARS_MAX && !text.contains(char::is_control);
    if is_good {
        Ok(text.to_owned())
    } else {
        Err("give at most 100 characters of text".to_owned())
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "give a duration such as 7d, 12h, 30m or 0s".to_owned();
    let place = text.len().saturating_sub(1);
    let (number, name) = text.split_at_checked(place).ok_or_else(wrong)?;
    let seconds = match name {
        "d" => 86_400,
        "h" => 3_600,
        "m" => 60,
        "s" => 1,
        _ => return Err(wrong()),
    };
    let number: u32 = number.parse().map_err(|_| wrong())?;
    Ok(Duration::from_secs(u64::from(number) * seconds))
}

/// Runs the command.
pub async fn run(command: &AgencyCommand, settings: &Settings) -> anyhow::Result<ExitCode> {
    let now = Instant::from_unix_ms(chrono::Utc::now().timestamp_millis());
    let done = match command {
        AgencyCommand::Add { who, label, creds_out } => {
            let made = Made { holder: who.holder(), label: label.as_deref(), creds_out };
            made.make(settings, now, |_| Ok(()))
        }
        AgencyCommand::Rotate { who, grace, creds_out } => {
            let holder = who.holder();
            let grace_ms = i64::try_from(grace.as_millis()).unwrap_or(i64::MAX);
            let ends = Instant::from_unix_ms(now.unix_ms().saturating_add(grace_ms));
            let made = Made { holder, label: None, creds_out };
            made.make(settings, now, |all| {
                let agency = all.agencies().iter().find(|agency| agency.holder == holder);
                if creds_out.is_none() && agency.is_some_and(|agency| agency.held(now).1 > 0) {
                    return Err(AgenciesError::NoFile { holder });
                }
                all.end_all(holder, ends)?;
                if !settings.json {
                    eprintln!("what {holder} had holds until {ends} at the latest");
                }
                Ok(())
            })
        }
        AgencyCommand::Revoke { who } => {
            let holder = who.holder();
            agencies::change(&settings.data, |all| all.revoke(holder, now)).map(|(tokens, keys)| {
                if settings.json {
                    let holder = holder.to_string();
                    let said = json!({"holder": holder, "ended": tokens, "keysEnded": keys});
                    return print(&format!("{said}\n"));
                }
                print(&format!("{holder}: tokens ended: {tokens}, NATS keys ended: {keys}\n"))
            })
        }
        AgencyCommand::List => agencies::read(&settings.data)
            .map(|registry| tell(registry.agencies(), now, settings.json)),
        AgencyCommand::Accounts { file, reload } => {
            let registry = agencies::read(&settings.data)?;
            if !accounts::has_projector(&registry, now) {
                let data = settings.data.display();
                eprintln!(
                    "tonghop: {data} knows no key of a projector, and with such accounts nothing \
                     runs, so that {} stays as it is: give the data directory of the projector \
                     with --data or --config, or make the key with `tonghop agency add --role \
                     projector --creds-out FILE`",
                    file.display()
                );
                return Ok(ExitCode::from(NO));
            }
            let text = accounts::text(&registry, &[], now);
            return write_accounts(&text, file, reload.as_deref()).await;
        }
    };
    match done {
        Err(
            error @ (AgenciesError::Unknown(_)
            | AgenciesError::TooMany { .. }
            | AgenciesError::NoFile { .. }),
        ) => {
            eprintln!("tonghop: {error}");
            Ok(ExitCode::from(NO))
        }
        done => Ok(done?),
    }
}

/// What an agency is given.
struct Made<'a> {
    holder: Holder,
    label: Option<&'a str>,
    creds_out: &'a Option<PathBuf>,
}

impl Made<'_> {
    /// Makes it after the change `before`, and tells it.
    fn make(
        &self,
        settings: &Settings,
        now: Instant,
        before: impl FnOnce(&mut Registry) -> Result<(), AgenciesError>,
    ) -> Result<ExitCode, AgenciesError> {
        let holder = self.holder;
        if self.creds_out.is_none() && !holder.speaks_http() {
            return Err(AgenciesError::NoFile { holder });
        }
        // The file first: a key whose seed nobody has would let nobody in, and look as if it did.
        let seed = match self.creds_out {
            Some(path) => {
                let seed = Seed::new()?;
                agencies::keep(&seed, path)?;
                Some((path.as_path(), seed))
            }
            None => None,
        };
        let made = agencies::change(&settings.data, |all| {
            before(all)?;
            if let Some((_, seed)) = &seed {
                all.add_key(holder, self.label, seed.public().clone(), now)?;
            }
            let token =
                if holder.speaks_http() { Some(all.add(holder, self.label, now)?) } else { None };
            let agency = all.agencies().iter().find(|agency| agency.holder == holder);
            Ok((token, agency.map_or((0, 0), |agency| agency.held(now))))
        });
        match made {
            Ok((token, held)) => {
                if !settings.json && (held.0 > 1 || held.1 > 1) {
                    let (tokens, keys) = held;
                    eprintln!("{holder} has {tokens} tokens and {keys} keys now, which all hold");
                }
                Ok(tell_made(holder, token.as_ref(), seed.as_ref(), settings.json))
            }
            Err(error) => {
                if let Some((path, _)) = seed {
                    std::fs::remove_file(path).ok();
                }
                Err(error)
            }
        }
    }
}

fn tell_made(
    holder: Holder,
    token: Option<&Token>,
    seed: Option<&(&Path, Seed)>,
    as_json: bool,
) -> ExitCode {
    if as_json {
        let token = token.map(Token::secret);
        let said = match seed {
            None => json!({"holder": holder.to_string(), "token": token}),
            Some((path, seed)) => json!({
                "holder": holder.to_string(),
                "token": token,
                "creds": path,
                "nkey": seed.public().as_str(),
            }),
        };
        return print(&format!("{said}\n"));
    }
    if let Some((path, seed)) = seed {
        let (path, public) = (path.display(), seed.public().as_str());
        eprintln!("{path} holds the seed of {holder}'s key {public}, which is kept nowhere else");
    }
    match token {
        Some(token) => {
            eprintln!("the token of {holder}, told this once and stored nowhere:");
            print(&format!("{}\n", token.secret()))
        }
        None => ExitCode::SUCCESS,
    }
}

/// Replaces the accounts file if it says anything else, and lets the server read it.
async fn write_accounts(text: &str, file: &Path, pid: Option<&Path>) -> anyhow::Result<ExitCode> {
    if std::fs::read_to_string(file).is_ok_and(|before| before == text) {
        eprintln!("{} is as it should be", file.display());
        return Ok(ExitCode::SUCCESS);
    }
    let new = file.with_extension("new");
    std::fs::write(&new, text)
        .and_then(|()| std::fs::rename(&new, file))
        .map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
    eprintln!("{} is written", file.display());
    if let Some(pid) = pid {
        server::reload(pid).await?;
        eprintln!("nats-server reads it");
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(agencies: &[Agency], now: Instant, as_json: bool) -> ExitCode {
    if as_json {
        let rows: Vec<Value> = agencies.iter().map(|agency| row(agency, now)).collect();
        return print(&format!("{}\n", json!({ "agencies": rows })));
    }
    if agencies.is_empty() {
        eprintln!("no agency yet; `tonghop agency add UNIT` makes one");
    }
    let mut text = String::new();
    for agency in agencies {
        let label = agency.label.as_deref().unwrap_or("");
        if agency.tokens.is_empty() && agency.keys.is_empty() {
            writeln!(text, "{:<12} nothing  {label}", agency.holder).ok();
        }
        let tokens =
            agency.tokens.iter().map(|held| ("token", held.known.short(), told(held, now)));
        let keys = agency.keys.iter().map(|held| ("nkey", held.known.short(), told(held, now)));
        for (kind, short, told) in tokens.chain(keys) {
            let line = format!("{:<12} {kind:<5} {short}  {told}  {label}", agency.holder);
            writeln!(text, "{}", printable(line.trim_end())).ok();
        }
    }
    print(&text)
}

fn told<T>(held: &Held<T>, now: Instant) -> String {
    let state = match held.ends {
        None => "holds".to_owned(),
        Some(ends) if held.holds(now) => format!("holds until {ends}"),
        Some(ends) => format!("ended {ends}"),
    };
    format!("of {}  {state}", held.created)
}

fn row(agency: &Agency, now: Instant) -> Value {
    let tokens = agency.tokens.iter().map(|held| {
        json!({
            "fingerprint": held.known.short(),
            "createdOn": held.created.to_string(),
            "endsAt": held.ends.map(|ends| ends.to_string()),
            "holds": held.holds(now),
        })
    });
    let keys = agency.keys.iter().map(|held| {
        json!({
            "nkey": held.known.as_str(),
            "createdOn": held.created.to_string(),
            "endsAt": held.ends.map(|ends| ends.to_string()),
            "holds": held.holds(now),
        })
    });
    json!({
        "holder": agency.holder.to_string(),
        "label": agency.label,
        "tokens": tokens.collect::<Vec<_>>(),
        "keys": keys.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grace_is_a_number_and_a_unit() {
        for (text, seconds) in [("7d", 604_800), ("12h", 43_200), ("30m", 1_800), ("0s", 0)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for bad in ["", "d", "7", "-1d", "7ngày", "7 d", "1.5h"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
