//! `tonghop refusals`: what was refused, and why.

use std::fmt::Write;
use std::process::ExitCode;

use async_nats::{Client, jetstream};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tonghop_core::refusal::RefusalCode;
use tonghop_core::unit_code::UnitCode;

use super::{DONE, NO, USAGE, print, printable, stop_signal};
use crate::accounts;
use crate::log::Log;
use crate::nats::{StreamName, who_am_i};
use crate::refusals::{self, Found, Page, Wanted, own};
use crate::settings::Settings;

mod requeue;

/// The most refusals that are listed.
const LAST_MAX: u32 = 100_000;

/// The arguments.
#[derive(Debug, Args)]
#[command(
    after_help = "The newest stands last. proto/refusals.md says what each code means and how to \
mend it; an event that was refused has not used up its id. With an agency's key (--creds) it lists \
the agency's own refusals that none of its systems has acknowledged.\n\nExamples:\n  tonghop refusals\n  \
tonghop refusals --unit H41.16 --code data.missing_field --last 20\n  tonghop refusals --creds \
H41.16.nk --acknowledge"
)]
pub struct RefusalsArgs {
    #[command(subcommand)]
    action: Option<RefusalsAction>,
    /// Only those of this unit's subjects
    #[arg(long, value_name = "CODE", value_parser = unit)]
    unit: Option<UnitCode>,
    /// Only those of this code, such as id.reused
    #[arg(long, value_name = "CODE", value_parser = code)]
    code: Option<RefusalCode>,
    /// How many of the newest
    #[arg(long, value_name = "N", default_value_t = 50,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(LAST_MAX)))]
    last: u32,
    /// With an agency's key: those that are listed are done with, and are not listed again
    #[arg(long)]
    acknowledge: bool,
}

/// How this connection reads refusals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// All of them, from the stream.
    All,
    /// Its own, by the consumer of its agency.
    Own(UnitCode),
}

impl Way {
    /// The way; or why there is none. Where nobody is asked who he is, everything is open.
    async fn of(client: &Client) -> Result<Self, String> {
        let Some(who) = who_am_i(client).await else { return Ok(Self::All) };
        if let Some(unit) = who.unit() {
            return Ok(Self::Own(unit));
        }
        let get = format!("STREAM.MSG.GET.{}", StreamName::Refused);
        let may = |prefix: &str| who.may_publish(&format!("{prefix}.{get}"));
        if may("$JS.API") || may(accounts::API) {
            return Ok(Self::All);
        }
        Err(format!(
            "{} may not read refusals: give --creds with a key of the agency, of the office, of \
             the auditor or of the gateway",
            who.account
        ))
    }
}

/// What is done with refusals other than listing them.
#[derive(Debug, Subcommand)]
enum RefusalsAction {
    /// Print a refused message whole
    Show {
        /// Its position
        position: u64,
    },
    /// Send refused messages again, once the cause is mended
    Requeue(requeue::RequeueArgs),
}

fn unit(text: &str) -> Result<UnitCode, String> {
    UnitCode::parse(&text.to_ascii_uppercase())
        .ok_or_else(|| "give a code such as H41.16 or 000.00.16.H41".to_owned())
}

fn code(text: &str) -> Result<RefusalCode, String> {
    RefusalCode::parse(text).ok_or_else(|| {
        let known: Vec<&str> = RefusalCode::ALL.iter().map(|code| code.word()).collect();
        format!("give one of {}", known.join(", "))
    })
}

/// Runs the command.
pub async fn run(args: &RefusalsArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let lists = args.unit.is_some() || args.code.is_some() || args.acknowledge;
    if args.action.is_some() && lists {
        eprintln!("tonghop: --unit and --code stand behind `requeue`, or list without it");
        return Ok(ExitCode::from(USAGE));
    }
    if let Some(action) = &args.action {
        return act(action, settings).await;
    }
    // A server that is started for the reading is stopped after it, also when that is broken off.
    let mut stop = stop_signal()?;
    let opened = Log::open(settings, "tonghop refusals").await?;
    let client = opened.client.clone();
    let listed = tokio::select! {
        listed = list(args, client, settings) => listed,
        _ = stop.wait_for(|stop| *stop) => Err(anyhow::anyhow!("stopped before the end")),
    };
    opened.close().await?;
    listed
}

async fn list(
    args: &RefusalsArgs,
    client: Client,
    settings: &Settings,
) -> anyhow::Result<ExitCode> {
    let page = Page::Last(usize::try_from(args.last).unwrap_or(usize::MAX));
    let wanted = Wanted { unit: args.unit, code: args.code, page };
    let refuse = |why: String, code: u8| {
        eprintln!("tonghop: {why}");
        Ok(ExitCode::from(code))
    };
    match Way::of(&client).await {
        Err(why) => refuse(why, NO),
        Ok(Way::Own(own)) if args.unit.is_some_and(|unit| unit != own) => {
            refuse(format!("the key of {own} reads the refusals of {own} alone"), NO)
        }
        Ok(Way::Own(own)) => {
            let found = own::pull(&client, own).await?.page(wanted, args.acknowledge).await?;
            let more = "there are more: --acknowledge takes these off the list";
            tell(&found, more, settings.json);
            Ok(ExitCode::from(DONE))
        }
        Ok(Way::All) if args.acknowledge => {
            refuse("--acknowledge is for an agency's key: give --creds".to_owned(), USAGE)
        }
        Ok(Way::All) => {
            let found = refusals::read(&jetstream::new(client), wanted).await?;
            tell(&found, "there are more: see --last", settings.json);
            Ok(ExitCode::from(DONE))
        }
    }
}

async fn act(action: &RefusalsAction, settings: &Settings) -> anyhow::Result<ExitCode> {
    let asked = match action {
        RefusalsAction::Show { .. } => None,
        RefusalsAction::Requeue(args) => Some(args.asked()?),
    };
    let mut stop = stop_signal()?;
    let opened = Log::open(settings, "tonghop refusals").await?;
    let client = opened.client.clone();
    let acting = async {
        match (action, asked) {
            (_, Some(asked)) => requeue::requeue(asked, client, settings).await,
            (RefusalsAction::Show { position }, None) => {
                requeue::show(*position, client, settings).await
            }
            (RefusalsAction::Requeue(_), None) => Ok(ExitCode::from(USAGE)),
        }
    };
    let ended = tokio::select! {
        ended = acting => ended,
        _ = stop.wait_for(|stop| *stop) => Err(anyhow::anyhow!("stopped before the end")),
    };
    opened.close().await?;
    ended
}

fn tell(found: &Found, more: &str, as_json: bool) {
    if as_json {
        let rows: Vec<Value> = found.rows.iter().map(refusals::Row::json).collect();
        print(&format!("{}\n", json!({"refusals": rows, "more": found.more})));
        return;
    }
    if found.rows.is_empty() {
        eprintln!("nothing was refused");
    } else if found.more {
        eprintln!("{} of them; {more}", found.rows.len());
    }
    let mut text = String::new();
    for row in &found.rows {
        let (source, id) = row.sender();
        let unit = row.unit.map_or_else(|| "–".to_owned(), |unit| unit.to_string());
        let (position, at, why) = (row.position, row.recorded_at(), row.reason());
        let line = format!("{position:>9}  {at}  {unit:<10} {source} {id}: {why}");
        writeln!(text, "{}", printable(&line)).ok();
    }
    print(&text);
}
