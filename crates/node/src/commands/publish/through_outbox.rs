//! `publish --outbox`: events onto the disk of this machine first, and from there onto the log.
//!
//! Reading a file again is safe: what is in the outbox, or has left it, is known by its bytes. So
//! there is no bookmark.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use indicatif::ProgressBar;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tonghop_client::outbox::{Outbox, OutboxError, OutboxSettings, Status};
use tonghop_client::sender::{Confirmed, Sender, SenderSettings};

use super::halt::{Halt, Halts};
use super::input::{self, Line, Place};
use super::sending::{start_reading, unless};
use super::summary::{Fate, Kept, Summary, Tally};
use super::{PublishArgs, exit_code, reach, tell_halt};
use crate::commands::{FAILED, NO, grouped, stop_signal};
use crate::nats::{Identity, NatsError};
use crate::outcome::Listener;
use crate::settings::Settings;

/// Lines that enter the outbox with one write.
const LINES_MAX: usize = 1_000;
/// Confirmations that wait to be noted.
const CONFIRMED_MAX: usize = 65_536;
/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_millis(500);

/// Runs it.
pub(super) async fn run(
    args: &PublishArgs,
    dir: &Path,
    settings: &Settings,
) -> anyhow::Result<ExitCode> {
    let stop = stop_signal()?;
    let begun = Instant::now();
    let mut run = Run::open(args, dir).await?;
    let outbox = Arc::clone(&run.outbox);
    let (client, who) = match reach(settings, &stop).await {
        Ok(reached) => reached,
        Err(error) => return run.keep(dir, error).await,
    };
    let mut listener = Listener::start(&client, who.unit()).await?;
    let patience = Duration::from_secs(args.patience);
    run.who = who;
    run.halts = Some(Halts::watch(client.clone(), patience, stop.clone()));
    let (confirmed, collecting) = collect();
    let window = usize::from(args.window);
    let sending = SenderSettings { window, confirmed: Some(confirmed), ..SenderSettings::new() };
    let sender = Sender::start(Arc::clone(&outbox), client, sending).await?;
    let mut halted = run.enter_all().await;
    if matches!(halted, Ok(None)) {
        halted = run.until_stored(&sender).await;
    }
    let wait = !args.no_wait && matches!(halted, Ok(None));
    if wait {
        // Only what no fold could cover yet is left; the rest of the time is for the projector.
        let quiet_max = Duration::from_secs(args.wait);
        run.tell("stored; waiting until the log has them for good;");
        timeout(quiet_max, sender.emptied()).await.unwrap_or(Ok(()))?;
    }
    sender.close().await?;
    run.bar.finish_and_clear();
    run.place(&collecting.await?);
    let fate = if wait {
        let quiet_max = Duration::from_secs(args.wait);
        listener.wait_for(&run.tally.positions, quiet_max, stop).await;
        match listener.outcome(&run.tally.positions) {
            Some(outcome) => Fate::Known(outcome, listener.reasons()),
            None => Fate::Unknown,
        }
    } else {
        Fate::NotAsked
    };
    let status = outbox.status();
    let Run { mut tally, known, .. } = run;
    if let Ok(Some(halt)) = &halted {
        tally.interrupted = true;
        tell_halt(*halt, args, settings, tally.stored);
    }
    let kept = Some(Kept { dir, status: &status, known });
    let (files, took) = (&args.files, begun.elapsed());
    Summary { files, tally: &tally, fate, import: None, took, kept }.tell(settings.json);
    match halted {
        Err(error) if error.is::<input::NotLines>() => {
            eprintln!("tonghop: {error:#}");
            Ok(ExitCode::from(NO))
        }
        Err(error) => Err(error),
        Ok(_) if status.unsent > 0 => Ok(ExitCode::from(FAILED)),
        Ok(_) if status.parked > 0 => Ok(ExitCode::from(NO)),
        Ok(_) => Ok(ExitCode::from(exit_code(args, &tally, fate))),
    }
}

/// Gathers where events were stored.
fn collect() -> (mpsc::Sender<Confirmed>, JoinHandle<Vec<Confirmed>>) {
    let (confirmed, mut arriving) = mpsc::channel(CONFIRMED_MAX);
    let collecting = tokio::spawn(async move {
        let mut all = Vec::new();
        while let Some(confirmed) = arriving.recv().await {
            all.push(confirmed);
        }
        all
    });
    (confirmed, collecting)
}

struct Run<'a> {
    args: &'a PublishArgs,
    outbox: Arc<Outbox>,
    /// None without a server.
    halts: Option<Halts>,
    /// Who publishes; without a server it is not known yet, and nothing is denied.
    who: Identity,
    tally: Tally,
    known: u64,
    /// Which entry came from which line of which file, in order of entries.
    entered: Vec<(u64, usize, u64)>,
    bar: ProgressBar,
}

/// An event that is about to enter, and its line.
type Ready = (Place, bytes::Bytes);

impl<'a> Run<'a> {
    async fn open(args: &'a PublishArgs, dir: &Path) -> anyhow::Result<Self> {
        let dir = dir.to_owned();
        let opening = tokio::task::spawn_blocking(move || Outbox::open(dir, OutboxSettings::new()));
        Ok(Self {
            args,
            outbox: Arc::new(opening.await??),
            halts: None,
            who: Identity::default(),
            tally: Tally::new(false),
            known: 0,
            entered: Vec::new(),
            bar: ProgressBar::new_spinner(),
        })
    }

    /// There is no server: the events are kept, and it is said how they get on.
    async fn keep(mut self, dir: &Path, error: NatsError) -> anyhow::Result<ExitCode> {
        self.enter_all().await?;
        let Status { events, .. } = self.outbox.status();
        let events = grouped(u64::try_from(events).unwrap_or(u64::MAX));
        let dir = dir.display();
        Err(anyhow::Error::new(error).context(format!(
            "{events} events wait in the outbox {dir}; `tonghop publish --outbox {dir}` sends them"
        )))
    }

    async fn enter_all(&mut self) -> anyhow::Result<Option<Halt>> {
        let files: Vec<PathBuf> = self.args.files.clone();
        for (file, path) in files.iter().enumerate() {
            if let Some(halt) = self.enter_file(file, path).await? {
                return Ok(Some(halt));
            }
        }
        Ok(None)
    }

    async fn enter_file(&mut self, file: usize, path: &Path) -> anyhow::Result<Option<Halt>> {
        let (mut waiting, read) = start_reading(path, Place::default(), None);
        let mut lines = Vec::with_capacity(LINES_MAX);
        loop {
            let receiving = waiting.recv_many(&mut lines, LINES_MAX);
            let count = match &mut self.halts {
                None => receiving.await,
                Some(halts) => match unless(halts, receiving).await {
                    Ok(count) => count,
                    Err(halt) => return Ok(Some(halt)),
                },
            };
            if count == 0 {
                break;
            }
            let mut ready: Vec<Ready> = Vec::with_capacity(count);
            for line in lines.drain(..) {
                match line.unless_denied(&self.who) {
                    Line::Event { place, payload, .. } => ready.push((place, payload)),
                    Line::Unsendable(unsendable) => self.tally.cannot_send(file, unsendable),
                }
            }
            if let Some(halt) = self.enter(file, ready).await? {
                return Ok(Some(halt));
            }
            self.tell("reading;");
        }
        read.await??;
        Ok(None)
    }

    /// Lets events enter; where the outbox is full, waits until it is not.
    async fn enter(&mut self, file: usize, mut ready: Vec<Ready>) -> anyhow::Result<Option<Halt>> {
        while !ready.is_empty() {
            let outbox = Arc::clone(&self.outbox);
            let (entered, back) = tokio::task::spawn_blocking(move || {
                let events: Vec<&[u8]> = ready.iter().map(|(_, event)| event.as_ref()).collect();
                (outbox.enqueue_all(&events), ready)
            })
            .await?;
            ready = back;
            match entered {
                Ok(entered) => {
                    for ((place, event), entered) in ready.iter().zip(entered) {
                        self.tally.bytes += u64::try_from(event.len()).unwrap_or(0);
                        self.known += u64::from(!entered.is_new);
                        self.entered.extend(entered.entry.map(|entry| (entry, file, place.lines)));
                    }
                    return Ok(None);
                }
                Err(full @ OutboxError::Full { .. }) => {
                    self.tell("the outbox is full, waiting for the log;");
                    let Some(halts) = &mut self.halts else { return Err(full.into()) };
                    if let Err(halt) = unless(halts, self.outbox.room()).await {
                        return Ok(Some(halt));
                    }
                }
                Err(OutboxError::Unfit { index, why }) => {
                    self.leave_out(file, &mut ready, index, why.to_string());
                }
                Err(odd @ OutboxError::Numbering { index, .. }) => {
                    self.leave_out(file, &mut ready, index, odd.to_string());
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    fn leave_out(&mut self, file: usize, ready: &mut Vec<Ready>, index: usize, why: String) {
        if index < ready.len() {
            let (place, _) = ready.remove(index);
            if let Line::Unsendable(unsendable) = Line::unsendable(place, why) {
                self.tally.cannot_send(file, unsendable);
            }
        }
    }

    async fn until_stored(&mut self, sender: &Sender) -> anyhow::Result<Option<Halt>> {
        let Some(mut halts) = self.halts.clone() else { return Ok(None) };
        loop {
            let stored = timeout(TELL_EVERY, sender.stored());
            match unless(&mut halts, stored).await {
                Err(halt) => return Ok(Some(halt)),
                Ok(Ok(stored)) => return stored.map(|()| None).context("the outbox"),
                Ok(Err(_)) => self.tell("on their way;"),
            }
        }
    }

    /// Progress, on a terminal.
    fn tell(&self, what: &str) {
        let status = self.outbox.status();
        let count = |count: usize| grouped(u64::try_from(count).unwrap_or(u64::MAX));
        let (unsent, stored) = (count(status.unsent), count(status.stored));
        self.bar
            .set_message(format!("{what} {unsent} to be sent, {stored} kept until they are safe"));
        self.bar.tick();
    }

    /// Says of what is stored from which lines it came.
    fn place(&mut self, confirmed: &[Confirmed]) {
        self.entered.sort_unstable();
        for Confirmed { entry, position } in confirmed {
            self.tally.stored += 1;
            let place = self.entered.partition_point(|(entered, _, _)| entered < entry);
            let line = self.entered.get(place).filter(|(entered, _, _)| entered == entry);
            let (file, line) = line.map_or((usize::MAX, 0), |(_, file, line)| (*file, *line));
            self.tally.positions.add(*position, file, line);
        }
    }
}
