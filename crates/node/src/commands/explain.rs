//! `tonghop explain`: what a figure is made of, or what changed it.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value, json};
use tonghop_report::Lang;

use super::report::refused;
use super::{DONE, FAILED, USAGE, print};
use crate::ask::KnownAt;
use crate::local::{self, Answered};
use crate::settings::Settings;
use tonghop_wire::FigureId;

mod sums;
mod text;

use sums::Sums;

/// Timelines that a terminal shows, unless more are asked for.
const SHOWN: u32 = 20;
/// Timelines that are asked for at once.
const AT_ONCE: u32 = 500;
/// How often it is told how far a long list has come.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// The arguments.
#[derive(Debug, Args)]
#[command(
    after_help = "A figure is named by its id, which `tonghop report --json` has for each cell, or by \
its indicator. Each dossier, document … behind it is listed with what it adds to the figure on which \
day, and with all that was said of it. Into a file or a pipe all are written, and their sum is held \
against the figure.\n\nExamples:\n  tonghop explain --indicator dossiers.settled_late --unit H41.16 \
--period 2021-Q3\n  tonghop explain dossiers.settled_late~H41.16~20210615-20210914 --all\n  tonghop \
explain --indicator dossiers.settled --period 2021-Q3 --between 2021-09-14 2021-09-30"
)]
pub struct ExplainArgs {
    /// The id of a figure
    #[arg(required_unless_present = "indicator", conflicts_with = "indicator")]
    figure: Option<String>,
    /// The figure's indicator
    #[arg(long, value_name = "ID")]
    indicator: Option<String>,
    /// The unit whose subtree is read [default: the province]
    #[arg(long, value_name = "CODE", conflicts_with = "figure")]
    unit: Option<String>,
    /// A period of the calendar, such as 2021-Q3
    #[arg(long, conflicts_with_all = ["from", "to", "figure"])]
    period: Option<String>,
    /// The calendar of the period [default: legal]
    #[arg(long, requires = "period")]
    calendar: Option<String>,
    /// First day of any window, YYYY-MM-DD
    #[arg(long, requires = "to", value_name = "DAY", conflicts_with = "figure")]
    from: Option<String>,
    /// Last day of the window
    #[arg(long, requires = "from", value_name = "DAY")]
    to: Option<String>,
    /// The tree of units: as-was, or a day
    #[arg(long, conflicts_with = "figure")]
    tree: Option<String>,
    /// What was known at the end of this day, or at this position of the log
    #[arg(long, value_name = "DAY|POSITION", conflicts_with_all = ["between", "figure"])]
    known_at: Option<String>,
    /// What changed the figure between two days of knowledge, or two positions of the log
    #[arg(long, num_args = 2, value_names = ["A", "B"])]
    between: Vec<String>,
    /// All that is behind the figure, on a terminal too
    #[arg(long, conflicts_with = "limit")]
    all: bool,
    /// So many and no more
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: Option<u32>,
}

/// What is asked for page by page.
struct Asked {
    path: String,
    since: Option<String>,
    lang: Lang,
}

/// Runs the command.
pub async fn run(args: &ExplainArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let id = match named(args, settings).await? {
        Ok(id) => id,
        Err(code) => return Ok(code),
    };
    let is_all = args.limit.is_none() && (args.all || !std::io::stdout().is_terminal());
    let limit = args.limit.unwrap_or(if is_all { AT_ONCE } else { SHOWN });
    let asked = Asked {
        path: format!("/v1/figures/{}/events", local::encode(&id)),
        since: args.between.first().cloned(),
        lang: Lang::parse(&settings.lang.to_string()).unwrap_or_default(),
    };
    if is_all { asked.all(limit, settings).await } else { asked.first(limit, settings).await }
}

/// The id of the figure, or what was wrong with what names it.
async fn named(
    args: &ExplainArgs,
    settings: &Settings,
) -> anyhow::Result<Result<String, ExitCode>> {
    if let Some(figure) = &args.figure {
        let Some(last) = args.between.last() else { return Ok(Ok(figure.clone())) };
        return Ok(match (FigureId::parse(figure), known_at(last)) {
            (Some(id), Some(known_at)) => Ok(FigureId { known_at, ..id }.to_string()),
            (None, _) => {
                eprintln!(
                    "tonghop: {figure:?} is no id of a figure; `tonghop report --json` has them"
                );
                Err(ExitCode::from(USAGE))
            }
            (_, None) => {
                eprintln!("tonghop: --between takes days as YYYY-MM-DD, or positions of the log");
                Err(ExitCode::from(USAGE))
            }
        });
    }
    let known_at = args.between.last().or(args.known_at.as_ref());
    let query = [
        ("indicator", args.indicator.clone()),
        ("unit", args.unit.clone()),
        ("period", args.period.clone()),
        ("calendar", args.calendar.clone()),
        ("from", args.from.clone()),
        ("to", args.to.clone()),
        ("tree", args.tree.clone()),
        ("knownAt", known_at.cloned()),
    ];
    let answered = local::get(settings, "/v1/figures", &query).await?;
    if let Some(code) = refused(&answered) {
        return Ok(Err(code));
    }
    let answer: Value = serde_json::from_slice(&answered.body)?;
    let id = answer.get("figure").and_then(Value::as_str).map(str::to_owned);
    id.map(Ok).ok_or_else(|| anyhow::anyhow!("the answer names no figure"))
}

fn known_at(text: &str) -> Option<KnownAt> {
    match text.parse() {
        Ok(position) => Some(KnownAt::Position(position)),
        Err(_) => crate::ask::day("between", text).ok().map(KnownAt::Day),
    }
}

impl Asked {
    async fn page(
        &self,
        limit: u32,
        cursor: Option<String>,
        settings: &Settings,
    ) -> anyhow::Result<Answered> {
        let query = [
            ("lang", Some(self.lang.word().to_owned())),
            ("since", self.since.clone()),
            ("limit", Some(limit.to_string())),
            ("cursor", cursor),
        ];
        local::get(settings, &self.path, &query).await
    }

    async fn first(&self, limit: u32, settings: &Settings) -> anyhow::Result<ExitCode> {
        let answered = self.page(limit, None, settings).await?;
        if let Some(code) = refused(&answered) {
            return Ok(code);
        }
        let page: Value = serde_json::from_slice(&answered.body)?;
        if settings.json {
            return Ok(print(&(serde_json::to_string_pretty(&page)? + "\n")));
        }
        let mut out = text::head(&page, self.lang);
        out += &text::timelines(&page, self.lang);
        out += &text::foot(&page, self.lang);
        Ok(print(&out))
    }

    /// Every page, and what they add up to.
    async fn all(&self, limit: u32, settings: &Settings) -> anyhow::Result<ExitCode> {
        let (mut cursor, mut sums) = (None, Sums::default());
        let (mut told, mut is_first) = (Instant::now(), true);
        let mut writing = Writing { lang: self.lang, as_json: settings.json, begun: false };
        loop {
            let answered = self.page(limit, cursor.take(), settings).await?;
            if let Some(code) = refused(&answered) {
                return Ok(code);
            }
            let page: Value = serde_json::from_slice(&answered.body)?;
            sums.add(&page);
            if print(&writing.page(&page, is_first)?) != ExitCode::from(DONE) {
                return Ok(ExitCode::from(FAILED));
            }
            is_first = false;
            let count = page.get("count").and_then(Value::as_u64).unwrap_or(0);
            if told.elapsed() >= TELL_EVERY {
                told = Instant::now();
                tracing::info!(timelines = count, "listing");
            }
            cursor = page.get("next").and_then(Value::as_str).map(str::to_owned);
            if cursor.is_none() {
                let code = print(&writing.end(&page)?);
                if let Some(why) = sums.differs_from(&page) {
                    eprintln!("tonghop: EXP-1: {why}");
                    return Ok(ExitCode::from(FAILED));
                }
                return Ok(code);
            }
        }
    }
}

/// Writes pages one after another: as text, or as one JSON object.
struct Writing {
    lang: Lang,
    as_json: bool,
    begun: bool,
}

impl Writing {
    fn page(&mut self, page: &Value, is_first: bool) -> anyhow::Result<String> {
        if !self.as_json {
            let head = if is_first { text::head(page, self.lang) } else { String::new() };
            return Ok(head + &text::timelines(page, self.lang));
        }
        let mut out = if is_first { "{\"timelines\":[\n".to_owned() } else { String::new() };
        for timeline in page.get("timelines").and_then(Value::as_array).into_iter().flatten() {
            out += if self.begun { ",\n" } else { "" };
            out += &serde_json::to_string(timeline)?;
            self.begun = true;
        }
        Ok(out)
    }

    fn end(&self, page: &Value) -> anyhow::Result<String> {
        if !self.as_json {
            return Ok(text::foot(page, self.lang));
        }
        let mut rest = page.clone();
        if let Some(members) = rest.as_object_mut() {
            members.remove("timelines");
            members.insert("next".to_owned(), json!(null));
        }
        let rest = serde_json::to_string(&rest)?;
        Ok(["\n],\n", rest.strip_prefix('{').unwrap_or_default(), "\n"].concat())
    }
}
