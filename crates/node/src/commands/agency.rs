//! `tonghop agency`: who may publish over HTTP.

use std::fmt::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tonghop_core::day::Instant;
use tonghop_core::unit_code::UnitCode;

use super::{NO, print, printable};
use crate::agencies::{self, AgenciesError, Agency, Holder, Token};
use crate::settings::Settings;

/// Characters of a label.
const LABEL_CHARS_MAX: usize = 100;

/// What is done.
#[derive(Debug, Subcommand)]
pub enum AgencyCommand {
    /// Give an agency a token, beside those that it has
    #[command(after_help = "The token is printed once and stored nowhere; the agency sends it as \
`Authorization: Bearer th_…`.\n\nExamples:\n  tonghop agency add H41.16 --label iGate\n  tonghop \
agency add --office")]
    Add {
        /// The agency.
        #[command(flatten)]
        who: Who,
        /// What people call it
        #[arg(long, value_parser = label)]
        label: Option<String>,
    },
    /// List the agencies and the fingerprints of their tokens
    List,
    /// Give an agency a new token, and let the old ones hold a while
    Rotate {
        /// The agency.
        #[command(flatten)]
        who: Who,
        /// How long the old ones hold: 7d, 12h, 30m, 0s
        #[arg(long, default_value = "7d", value_name = "DURATION", value_parser = duration)]
        grace: Duration,
    },
    /// End all tokens of an agency at once
    Revoke {
        /// The agency.
        #[command(flatten)]
        who: Who,
    },
}

/// An agency on the command line.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub struct Who {
    /// The code of the unit, such as H41.16
    #[arg(value_name = "UNIT", value_parser = unit)]
    unit: Option<UnitCode>,
    /// The reform office, which may send again what was refused
    #[arg(long)]
    office: bool,
}

impl Who {
    fn holder(&self) -> Holder {
        self.unit.map_or(Holder::Office, Holder::Unit)
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
pub fn run(command: &AgencyCommand, settings: &Settings) -> anyhow::Result<ExitCode> {
    let now = Instant::from_unix_ms(chrono::Utc::now().timestamp_millis());
    let done = match command {
        AgencyCommand::Add { who, label } => {
            let holder = who.holder();
            let add = |all: &mut agencies::Registry| {
                let token = all.add(holder, label.as_deref(), now)?;
                let agency = all.agencies().iter().find(|agency| agency.holder == holder);
                Ok((token, agency.map_or(1, |agency| agency.tokens.len())))
            };
            agencies::change(&settings.data, add).map(|(token, held)| {
                if held > 1 && !settings.json {
                    eprintln!("{holder} has {held} tokens now; the others still hold");
                }
                tell_token(holder, &token, settings.json)
            })
        }
        AgencyCommand::Rotate { who, grace } => {
            let holder = who.holder();
            let grace_ms = i64::try_from(grace.as_millis()).unwrap_or(i64::MAX);
            let ends = Instant::from_unix_ms(now.unix_ms().saturating_add(grace_ms));
            agencies::change(&settings.data, |all| all.rotate(holder, now, ends)).map(|token| {
                if !settings.json {
                    eprintln!("the tokens that {holder} had hold until {ends} at the latest");
                }
                tell_token(holder, &token, settings.json)
            })
        }
        AgencyCommand::Revoke { who } => {
            let holder = who.holder();
            agencies::change(&settings.data, |all| all.revoke(holder, now)).map(|ended| {
                if settings.json {
                    let said = json!({"holder": holder.to_string(), "ended": ended});
                    return print(&format!("{said}\n"));
                }
                print(&format!("{holder}: tokens ended: {ended}\n"))
            })
        }
        AgencyCommand::List => agencies::read(&settings.data)
            .map(|registry| tell(registry.agencies(), now, settings.json)),
    };
    match done {
        Err(error @ (AgenciesError::Unknown(_) | AgenciesError::TooMany { .. })) => {
            eprintln!("tonghop: {error}");
            Ok(ExitCode::from(NO))
        }
        done => Ok(done?),
    }
}

fn tell_token(holder: Holder, token: &Token, as_json: bool) -> ExitCode {
    if as_json {
        let said = json!({"holder": holder.to_string(), "token": token.secret()});
        return print(&format!("{said}\n"));
    }
    eprintln!("the token of {holder}, told this once and stored nowhere:");
    print(&format!("{}\n", token.secret()))
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
        if agency.tokens.is_empty() {
            writeln!(text, "{:<12} no token  {label}", agency.holder).ok();
        }
        for held in &agency.tokens {
            let state = match held.ends {
                None => "holds".to_owned(),
                Some(ends) if held.holds(now) => format!("holds until {ends}"),
                Some(ends) => format!("ended {ends}"),
            };
            let (short, created) = (held.fingerprint.short(), held.created);
            let line = format!("{:<12} {short}  of {created}  {state}  {label}", agency.holder);
            writeln!(text, "{}", printable(line.trim_end())).ok();
        }
    }
    print(&text)
}

fn row(agency: &Agency, now: Instant) -> Value {
    let tokens = agency.tokens.iter().map(|held| {
        json!({
            "fingerprint": held.fingerprint.short(),
            "createdOn": held.created.to_string(),
            "endsAt": held.ends.map(|ends| ends.to_string()),
            "holds": held.holds(now),
        })
    });
    json!({
        "holder": agency.holder.to_string(),
        "label": agency.label,
        "tokens": tokens.collect::<Vec<_>>(),
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
