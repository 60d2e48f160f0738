//! One file on its way to the log.

use std::collections::VecDeque;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::halt::{Halt, Halts};
use super::import::{Import, Role};
use super::input::{self, Line};
use super::resume::Bookmark;
use super::summary::Tally;
use crate::commands::grouped;
use crate::nats::{Identity, Outgoing, PublishError, Publisher, Receipt};

/// Lines that are read ahead of the network.
const LINES_WAITING_MAX: usize = 8_192;
/// How often the bookmark is written and progress is told.
const TELL_EVERY: Duration = Duration::from_millis(500);
/// How long events on their way may take to be confirmed after a stop.
const DRAIN_MAX: Duration = Duration::from_secs(5);

/// What is handed over and not yet confirmed, in the order of the lines; a line that was not sent
/// has nothing to wait for.
type Receipts = VecDeque<(input::Place, Option<(Receipt, Role)>)>;

/// Sends one file.
#[derive(Debug)]
pub(super) struct Sending<'a> {
    pub(super) path: &'a Path,
    /// Its place among the files.
    pub(super) file: usize,
    pub(super) bookmark: Bookmark,
    pub(super) window: usize,
    pub(super) halts: Halts,
    pub(super) import: Option<Arc<Import>>,
    /// Who publishes: what it may not publish is not sent, for nothing would answer.
    pub(super) who: &'a Identity,
}

impl Sending<'_> {
    /// Sends what the bookmark has not, and answers why it ended early, if it did.
    pub(super) async fn run(
        mut self,
        publisher: Publisher,
        tally: &mut Tally,
    ) -> anyhow::Result<Option<Halt>> {
        let shown = self.path.display();
        let begun_at = self.bookmark.place();
        if begun_at.lines > 0 {
            eprintln!("{shown}: going on after line {}", grouped(begun_at.lines));
        }
        let (mut waiting, read) = start_reading(self.path, begun_at, self.import.clone());
        let bar = progress_bar(self.bookmark.bytes_total(), begun_at.bytes);
        let mut receipts = Receipts::new();
        let sent = self.lines(&mut waiting, &publisher, &mut receipts, tally, &bar).await;
        drop(waiting);
        let ended = match sent {
            // What ended the publisher says more than that it ended.
            Err(error) if matches!(error.downcast_ref(), Some(PublishError::Closed)) => {
                Err(publisher.finish().await.err().map_or(error, Into::into))
            }
            Err(error) => Err(error),
            Ok(None) => self.rest(&mut receipts, tally).await,
            Ok(halt) => self.drained(&mut receipts, tally).await.map(|()| halt),
        };
        bar.finish_and_clear();
        if !matches!(ended, Ok(None)) {
            self.bookmark.save()?;
            return ended;
        }
        read.await??;
        if self.bookmark.place().lines == 0 {
            eprintln!("no events in {shown}");
        }
        self.bookmark.done()?;
        Ok(None)
    }

    async fn lines(
        &mut self,
        waiting: &mut mpsc::Receiver<Line>,
        publisher: &Publisher,
        receipts: &mut Receipts,
        tally: &mut Tally,
        bar: &indicatif::ProgressBar,
    ) -> anyhow::Result<Option<Halt>> {
        let mut told = Instant::now();
        let mut halts = self.halts.clone();
        loop {
            let line = match unless(&mut halts, waiting.recv()).await {
                Ok(Some(line)) => line,
                Ok(None) => return Ok(None),
                Err(halt) => return Ok(Some(halt)),
            };
            let place = line.place();
            let receipt = match line.unless_denied(self.who) {
                Line::Event { subject, payload, role, .. } => {
                    let bytes = u64::try_from(payload.len()).unwrap_or(0);
                    let publishing =
                        publisher.publish(Outgoing { subject, headers: None, payload });
                    match unless(&mut halts, publishing).await {
                        Ok(receipt) => {
                            tally.bytes += bytes;
                            Some((receipt?, role))
                        }
                        Err(halt) => return Ok(Some(halt)),
                    }
                }
                Line::Unsendable(unsendable) => {
                    tally.cannot_send(self.file, unsendable);
                    None
                }
            };
            receipts.push_back((place, receipt));
            // Twice as many as are on their way: the oldest is nearly always confirmed by then.
            while receipts.len() > 2 * self.window {
                match unless(&mut halts, self.confirm(receipts, tally)).await {
                    Ok(confirmed) => confirmed?,
                    Err(halt) => return Ok(Some(halt)),
                }
            }
            if told.elapsed() >= TELL_EVERY {
                told = Instant::now();
                self.bookmark.save()?;
                bar.set_position(self.bookmark.place().bytes);
                bar.set_message(grouped(tally.stored));
            }
        }
    }

    /// Waits for all that is on its way, at the end of a file.
    async fn rest(
        &mut self,
        receipts: &mut Receipts,
        tally: &mut Tally,
    ) -> anyhow::Result<Option<Halt>> {
        let mut halts = self.halts.clone();
        while !receipts.is_empty() {
            match unless(&mut halts, self.confirm(receipts, tally)).await {
                Ok(confirmed) => confirmed?,
                Err(halt) => {
                    self.drained(receipts, tally).await?;
                    return Ok(Some(halt));
                }
            }
        }
        Ok(None)
    }

    /// Waits a little for what is on its way when the run ends early; not at all without a server.
    async fn drained(&mut self, receipts: &mut Receipts, tally: &mut Tally) -> anyhow::Result<()> {
        let until = tokio::time::Instant::now() + DRAIN_MAX;
        while !receipts.is_empty() && self.halts.connected() {
            let Ok(confirmed) = tokio::time::timeout_at(until, self.confirm(receipts, tally)).await
            else {
                break;
            };
            confirmed?;
        }
        Ok(())
    }

    /// Waits for the oldest event on its way. Whoever stops waiting loses nothing.
    async fn confirm(&mut self, receipts: &mut Receipts, tally: &mut Tally) -> anyhow::Result<()> {
        let Some((place, receipt)) = receipts.front_mut() else { return Ok(()) };
        let place = *place;
        let stored = match receipt {
            Some((receipt, role)) => Some((receipt.settled().await?.position, *role)),
            None => None,
        };
        receipts.pop_front();
        if let Some((position, role)) = stored
            && role != Role::StandIn
        {
            tally.stored += 1;
            tally.positions.add(position, self.file, place.row);
            if let (Some(import), Role::Said(spoken)) = (&self.import, role) {
                import.stored(position, spoken);
            }
        }
        self.bookmark.move_to(place, stored.map(|(position, _)| position));
        Ok(())
    }
}

/// The answer of the future, unless the run ends before.
pub(super) async fn unless<T>(
    halts: &mut Halts,
    future: impl Future<Output = T>,
) -> Result<T, Halt> {
    // Looked at first, for the future may be ready every time.
    if let Some(halt) = halts.now() {
        return Err(halt);
    }
    tokio::select! {
        biased;
        answer = future => Ok(answer),
        halt = halts.halted() => Err(halt),
    }
}

/// Reads on a thread of its own that ends with the process: while it waits for standard input,
/// nothing can tell it to stop.
pub(super) fn start_reading(
    path: &Path,
    from: input::Place,
    import: Option<Arc<Import>>,
) -> (mpsc::Receiver<Line>, oneshot::Receiver<anyhow::Result<()>>) {
    let (lines, waiting) = mpsc::channel(LINES_WAITING_MAX);
    let (done, read) = oneshot::channel();
    let path = path.to_owned();
    std::thread::spawn(move || done.send(input::read(&path, from, import.as_deref(), &lines)));
    (waiting, read)
}

pub(super) fn progress_bar(total: Option<u64>, at: u64) -> indicatif::ProgressBar {
    let template = "{elapsed_precise} {wide_bar} {bytes}/{total_bytes} {msg} stored";
    let bar = match total {
        Some(total) => indicatif::ProgressBar::new(total),
        None => indicatif::ProgressBar::new_spinner(),
    };
    if let (Some(_), Ok(style)) = (total, indicatif::ProgressStyle::with_template(template)) {
        bar.set_style(style);
    } else if let Ok(style) =
        indicatif::ProgressStyle::with_template("{elapsed_precise} {msg} stored")
    {
        bar.set_style(style);
    }
    bar.set_position(at);
    bar
}
