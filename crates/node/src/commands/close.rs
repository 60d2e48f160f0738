//! `tonghop close`: freezes a period at a position of the log, signed; `tonghop reopen`: lets it be
//! closed once more.
//!
//! What is published is folded afresh from the archive, not taken from the store in use: so it is
//! what anybody gets who has the archive.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use async_nats::jetstream;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::LastRawMessageErrorKind;
use clap::Args;
use serde_json::json;
use tokio::sync::watch;
use tonghop_core::calendar::PeriodName;
use tonghop_core::catalogue::Catalogue;
use tonghop_core::day::{Instant, Window};
use tonghop_core::fold;
use tonghop_core::unit_code::UnitCode;
use tonghop_ledger::closing::{Closing, Days, File, Format as Shape, ListRoot, Previous, hex};
use tonghop_ledger::list::listed;
use tonghop_ledger::note::{Note, SigningKey};
use tonghop_report::Format;
use tonghop_wire::CatalogueFile;

use super::audit::key;
use super::{DONE, FAILED, NO, USAGE, grouped, print, stop_signal};
use crate::archive;
use crate::ask;
use crate::catalogue_dir;
use crate::closings::prove::KEYS_FILE;
use crate::closings::refold::{Asked, Refolded};
use crate::closings::{self, Held, Reopened, Shelf, make, sha256};
use crate::http;
use crate::log::Log;
use crate::nats::StreamName;
use crate::settings::Settings;
use crate::worker;

/// Sentences about what was missing that a closing carries.
const DESPITE_MAX: usize = 100;

/// The arguments of `close`.
#[derive(Debug, Args)]
#[command(
    after_help = "The log is sealed up to now, folded afresh from its archive, and every form of \
the period is written, listed and signed. The closing lies below --data, in closings/ID, and its \
signed document is published as tonghop.evidence.closing.ID. What comes later changes nothing of \
it: forms of the period show what was published, and what differs.\n\nExamples:\n  \
tonghop audit key --origin nghean.gov.vn/tonghop -o log.key\n  \
tonghop close --period 2021-Q3 --key log.key\n  \
tonghop reopen --period 2021-Q3 --key log.key --reason \"huyện Quỳ Châu gửi chậm\""
)]
pub struct CloseArgs {
    #[command(flatten)]
    of: PeriodArgs,
    /// The unit whose subtree is published [default: the province]
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    /// Close although events are missing; the closing says which
    #[arg(long)]
    despite_gaps: bool,
}

/// The arguments of `reopen`.
#[derive(Debug, Args)]
#[command(
    after_help = "Nothing of the closing changes. It stays what was published until the period is \
closed once more; that closing points to this one, with the reason."
)]
pub struct ReopenArgs {
    #[command(flatten)]
    of: PeriodArgs,
    /// Why it is opened again: everybody reads it
    #[arg(long)]
    reason: String,
}

/// Which period, and who signs.
#[derive(Debug, Args)]
struct PeriodArgs {
    /// The period, such as 2021-Q3
    #[arg(long)]
    period: String,
    /// The calendar of the period
    #[arg(long, default_value = "legal")]
    calendar: String,
    /// The key that signs: `tonghop audit key` makes one
    #[arg(long, value_name = "FILE", env = "TONGHOP_KEY")]
    key: PathBuf,
}

/// A period of a calendar.
struct Period {
    calendar: String,
    name: String,
    window: Window,
}

impl PeriodArgs {
    fn find(&self, catalogue: &Catalogue) -> Result<Period, String> {
        let Self { period, calendar, .. } = self;
        let known = || {
            let names = catalogue.calendars.iter().map(|calendar| calendar.name.as_str());
            names.collect::<Vec<_>>().join(", ")
        };
        let found = catalogue
            .calendar(calendar)
            .ok_or_else(|| format!("there is no calendar {calendar}; there are {}", known()))?;
        let window = PeriodName::parse(period).and_then(|name| found.window(&name));
        let window = window.ok_or_else(|| {
            let names = found.periods.iter().map(|rule| rule.name.as_str()).collect::<Vec<_>>();
            format!(
                "calendar {calendar} has no period {period}; give a year and one of {}, such as \
                 2021-Q3",
                names.join(", ")
            )
        })?;
        Ok(Period { calendar: calendar.clone(), name: period.clone(), window })
    }
}

impl Period {
    /// Its last closing.
    fn last<'a>(&self, held: &'a [Held]) -> Option<&'a Held> {
        held.iter()
            .rev()
            .find(|held| held.closing.calendar == self.calendar && held.closing.period == self.name)
    }
}

/// Closes a period.
pub async fn close(args: &CloseArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let (catalogue, more) = catalogue_dir::load_files(settings)?;
    let period = match args.of.find(&catalogue) {
        Ok(period) => period,
        Err(why) => return Ok(usage(&why)),
    };
    let unit = match args.unit.as_deref().map(|text| (text, UnitCode::parse(text))) {
        Some((text, None)) => return Ok(usage(&format!("{text:?} is no code of a unit"))),
        Some((_, unit)) => unit,
        None => None,
    };
    let today = http::today();
    if today <= period.window.to {
        eprintln!(
            "tonghop: {} runs until {}; it can be closed from the day after",
            period.name, period.window.to
        );
        return Ok(ExitCode::from(NO));
    }
    let key = Arc::new(key::read(&args.of.key)?);
    let shelf = Shelf::open(&settings.data)?;
    let opened = Log::open(settings, "tonghop close").await?;
    let context = jetstream::new(opened.client.clone());
    let closer = Closer { args, settings, catalogue, more, period, unit, key, shelf, context };
    let done = closer.close(stop_signal()?).await;
    opened.close().await?;
    done
}

/// Lets a period be closed once more.
pub async fn reopen(args: &ReopenArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let period = match args.of.find(&catalogue_dir::load(settings)?) {
        Ok(period) => period,
        Err(why) => return Ok(usage(&why)),
    };
    if args.reason.trim().is_empty() || args.reason.chars().count() > REASON_CHARS_MAX {
        return Ok(usage(&format!("a reason has 1 to {REASON_CHARS_MAX} characters")));
    }
    let key = key::read(&args.of.key)?;
    let shelf = Shelf::open(&settings.data)?;
    let all = closings::list(&settings.data)?;
    let Some(last) = period.last(&all) else {
        eprintln!("tonghop: {} was never closed", period.name);
        return Ok(ExitCode::from(NO));
    };
    let id = &last.closing.id;
    let opened = Log::open(settings, "tonghop reopen").await?;
    let context = jetstream::new(opened.client.clone());
    let note = if let Some(note) = &last.reopened {
        eprintln!("{id} was opened again before");
        note.clone()
    } else {
        let reopened = Reopened {
            reopened: id.clone(),
            sha256: last.sha256(),
            reason: args.reason.clone(),
            reopened_at: now(),
        };
        let note = sign(serde_json::to_string_pretty(&reopened)? + "\n", &key)?;
        shelf.reopen(id, &note)?;
        note
    };
    let published = publish(&context, &format!("tonghop.evidence.reopened.{id}"), &note).await;
    opened.close().await?;
    published?;
    let json = json!({"reopened": id});
    Ok(told(settings, &json, &format!("{id} can be followed by another closing\n")))
}

/// Characters of a reason.
const REASON_CHARS_MAX: usize = 1_000;

struct Closer<'a> {
    args: &'a CloseArgs,
    settings: &'a Settings,
    catalogue: Catalogue,
    /// The files of the province that the catalogue is made of.
    more: Vec<CatalogueFile>,
    period: Period,
    unit: Option<UnitCode>,
    key: Arc<SigningKey>,
    shelf: Shelf,
    context: jetstream::Context,
}

impl Closer<'_> {
    async fn close(self, stop: watch::Receiver<bool>) -> anyhow::Result<ExitCode> {
        let all = closings::list(&self.settings.data)?;
        let last = self.period.last(&all);
        if let Some(last) = last.filter(|last| last.reopened.is_none()) {
            return self.closed_before(last).await;
        }
        let log = worker::events(&self.context).await?;
        if log.last == 0 {
            eprintln!("tonghop: the log is empty; there is nothing to close");
            return Ok(ExitCode::from(NO));
        }
        eprintln!("sealing the log up to position {}", grouped(log.last));
        let dir = archive::dir(&self.settings.data);
        let signed = archive::seal_and_sign(&self.context, &dir, &self.key, &stop).await?;
        let Some((position, checkpoint)) = signed else { return Ok(stopped()) };
        eprintln!("folding {} messages afresh from the archive", grouped(position));
        let Some(refolded) = Refolded::at(&self.settings.data, position, stop, progress).await?
        else {
            return Ok(stopped());
        };
        let projection = refolded.projection();
        let root = match ask::root(self.unit, projection.registry()) {
            Ok(root) => root,
            Err(problem) => return Ok(usage(problem.detail())),
        };
        let gaps =
            make::gaps(projection.sources(), projection.registry(), root, self.period.window);
        if !gaps.is_empty() && !self.args.despite_gaps {
            eprintln!("tonghop: {} is not closed, for events are missing:", self.period.name);
            for gap in &gaps {
                eprintln!("  {gap}");
            }
            eprintln!(
                "let the agencies send them, or close with --despite-gaps: the closing says then \
                 what was missing"
            );
            return Ok(ExitCode::from(NO));
        }
        let (closing, files) =
            self.compose(&refolded, checkpoint.to_string(), root, gaps, last).await?;
        let note = sign(closing.document()?, &self.key)?;
        self.shelf.place(&closing, &note, &files, |_| Ok(()))?;
        publish(&self.context, &subject(&closing.id), &note).await?;
        let figures = closing.lists.get("figures").map_or(0, |list| list.lines);
        let json = json!({
            "closing": closing.id,
            "position": closing.position,
            "figures": figures,
            "despite": closing.despite,
            "sha256": sha256(note.as_bytes()),
        });
        let text = format!(
            "{} is closed: {} figures of {} to {}, from the log up to position {}\n{}\n",
            closing.id,
            grouped(figures),
            closing.window.from,
            closing.window.to,
            grouped(closing.position),
            self.shelf.place_of(&closing.id).display()
        );
        Ok(told(self.settings, &json, &text))
    }

    /// Says so, and publishes it if that was not done before a crash.
    async fn closed_before(&self, last: &Held) -> anyhow::Result<ExitCode> {
        let Closing { id, closed_at, .. } = &last.closing;
        let published = publish(&self.context, &subject(id), &last.note).await?;
        let (json, code) = (json!({"closing": id, "published": published}), DONE);
        if published {
            let text = format!("{id} was closed on {closed_at}, and is published now\n");
            told(self.settings, &json, &text);
            return Ok(ExitCode::from(code));
        }
        eprintln!(
            "tonghop: {} was closed on {closed_at} as {id}; to close it once more, open it again \
             with `tonghop reopen`, with a reason",
            self.period.name
        );
        Ok(ExitCode::from(NO))
    }
}

impl Closer<'_> {
    /// The document, and the files that it names.
    async fn compose(
        &self,
        refolded: &Refolded,
        checkpoint: String,
        root: UnitCode,
        gaps: Vec<String>,
        last: Option<&Held>,
    ) -> anyhow::Result<(Closing, BTreeMap<String, Vec<u8>>)> {
        let window = self.period.window;
        let mut files = self.definitions();
        let key = format!("{}\n", self.key.verifier());
        files.insert(KEYS_FILE.to_owned(), key.into_bytes());
        let catalogue = Arc::new(self.catalogue.clone());
        let asked = Asked { root, period: &self.period.name, calendar: &self.period.calendar };
        let forms = refolded.forms(&catalogue, asked).await?;
        for (form, json) in &forms {
            for format in Format::ALL {
                let bytes = if format == Format::Json {
                    json.clone()
                } else {
                    let written = format.form(form);
                    written.with_context(|| format!("{} as {}", form.form, format.word()))?
                };
                files.insert(closings::form_file(&form.form, format), bytes);
            }
        }
        let mut roots = BTreeMap::new();
        for (name, list) in refolded.lists(&catalogue, forms.iter().map(|(form, _)| form))? {
            let listed = listed(&list).context("a list whose last line does not end")?;
            let root = ListRoot { lines: listed.lines, root: hex(&listed.root) };
            roots.insert(name.to_owned(), root);
            files.insert(closings::list_file(name), list.into_bytes());
        }
        let vintage = last.map_or(1, |last| last.closing.vintage + 1);
        let previous = last.map(|last| Previous {
            id: last.closing.id.clone(),
            sha256: last.sha256(),
            reason: last.reopening().map(|reopening| reopening.reason).unwrap_or_default(),
        });
        let named = |(name, bytes): (&String, &Vec<u8>)| {
            let count = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            (name.clone(), File { bytes: count, sha256: sha256(bytes) })
        };
        let closing = Closing {
            format: Shape::One,
            id: format!("{}-{}-{vintage}", self.period.calendar, self.period.name),
            calendar: self.period.calendar.clone(),
            period: self.period.name.clone(),
            window: Days { from: window.from.to_string(), to: window.to.to_string() },
            unit: root.to_string(),
            vintage,
            previous,
            closed_at: now(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            fold: fold::VERSION,
            position: refolded.position(),
            checkpoint,
            despite: despite(gaps),
            lists: roots,
            files: files.iter().map(named).collect(),
        };
        Ok((closing, files))
    }

    /// The catalogue files, by the names that a closing has for them.
    fn definitions(&self) -> BTreeMap<String, Vec<u8>> {
        let own = tonghop_wire::own_files().into_iter();
        let own = own.map(|file| (format!("definitions-own-{}", file.name), file.text));
        let more = self.more.iter().enumerate().map(|(place, file)| {
            let name = file.name.rsplit('/').next().unwrap_or_default();
            let kept = |c: &char| c.is_ascii_alphanumeric() || ".-_".contains(*c);
            let name: String = name.chars().filter(kept).collect();
            (format!("definitions-more-{place:02}-{name}"), file.text.clone())
        });
        own.chain(more).map(|(name, text)| (name, text.into_bytes())).collect()
    }
}

/// As many of the sentences as a document holds, and how many there are more.
fn despite(mut gaps: Vec<String>) -> Vec<String> {
    let more = gaps.len().saturating_sub(DESPITE_MAX);
    gaps.truncate(DESPITE_MAX);
    if more > 0 {
        gaps.push(format!("and {more} sources more: see the list of sources"));
    }
    gaps
}

/// Signs a text.
fn sign(text: String, key: &SigningKey) -> anyhow::Result<String> {
    let mut note = Note::new(text)?;
    note.sign(key);
    Ok(note.to_string())
}

fn subject(id: &str) -> String {
    format!("tonghop.evidence.closing.{id}")
}

/// Publishes a note as evidence, unless it was; false if it was. What is published by a subject is
/// published once: another note there is an error.
async fn publish(context: &jetstream::Context, subject: &str, note: &str) -> anyhow::Result<bool> {
    let stream = context.get_stream(StreamName::Evidence.as_str()).await?;
    match stream.get_last_raw_message_by_subject(subject).await {
        Ok(held) if held.payload == note.as_bytes() => return Ok(false),
        Ok(_) => anyhow::bail!(
            "{subject} was published with other bytes, from another data directory perhaps; \
             nothing is published over it"
        ),
        Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => {}
        Err(error) => return Err(error.into()),
    }
    let message = PublishMessage::build()
        .payload(note.to_owned().into())
        // Whoever publishes there first has published.
        .expected_last_subject_sequence(0);
    context.send_publish(subject.to_owned(), message).await?.await?;
    Ok(true)
}

/// The instant of now, RFC 3339.
fn now() -> String {
    Instant::from_unix_ms(chrono::Utc::now().timestamp_millis()).to_string()
}

fn progress(position: u64, end: u64, _: Duration) {
    eprintln!("  folded {} of {}", grouped(position), grouped(end));
}

fn told(settings: &Settings, json: &serde_json::Value, text: &str) -> ExitCode {
    if settings.json { print(&format!("{json}\n")) } else { print(text) }
}

fn usage(why: &str) -> ExitCode {
    eprintln!("tonghop: {why}");
    ExitCode::from(USAGE)
}

fn stopped() -> ExitCode {
    eprintln!("stopped before the end; nothing is closed");
    ExitCode::from(FAILED)
}
