//! The folder: drives the projector over batches of the log, on a thread of its own.
//!
//! It decodes, asks the store for what the projector wants, and stores what it says; what the
//! outside has to hear (refusals, announcements) it hands to its `Outside`. Live folding and
//! replay are this same code with another outside.
//!
//! **Invariant DUR-1:** nothing is announced that is not durable.

use tokio::sync::mpsc;
use tonghop_core::cells::CellChange;
use tonghop_core::commit::Commit;
use tonghop_core::day::Instant;
use tonghop_core::fold::{Damaged, Message, Projection};
use tonghop_core::projector::{Announcement, Effect, Input, Projector};
use tonghop_core::refusal::Refusal;
use tonghop_store::{Store, StoreError};
use tonghop_wire::Decoder;

use crate::nats::{Batch, NatsError, Raw};

/// What the fold says to the outside.
pub trait Outside {
    /// Stores refusals of messages of this batch; returns when they are stored.
    fn refuse(&mut self, batch: &Batch, refusals: &[(u64, Refusal)]) -> Result<(), NatsError>;

    /// A step is durable.
    fn announce(&mut self, step: &Step<'_>);
}

/// A durable step.
#[derive(Debug)]
pub struct Step<'a> {
    /// What changed.
    pub changes: &'a [CellChange],
    /// What is to be told.
    pub announcement: &'a Announcement,
    /// The projection after it.
    pub projection: &'a Projection,
    /// The messages that were received for it.
    pub batch: &'a Batch,
    /// How many messages the log had beyond the batch when it was sent.
    pub pending: u64,
    /// The store that holds it.
    pub store: &'a Store,
}

/// Why folding cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log failed.
    #[error(transparent)]
    Log(#[from] NatsError),
    /// The store gave back what was never put there.
    #[error("the store is damaged at {}", .0.what)]
    Damaged(Damaged),
    /// The batch does not follow the position.
    #[error("the log must be read again from position {0}")]
    ReadFrom(u64),
}

/// The projector with its store.
#[derive(Debug)]
pub struct Folder {
    store: Store,
    projector: Projector,
}

/// A batch with what its messages say.
#[derive(Debug)]
pub struct Decoded {
    batch: Batch,
    messages: Vec<Message>,
}

impl Decoded {
    /// Decodes a batch.
    pub fn new(batch: Batch, decoder: &mut Decoder) -> Self {
        let messages = batch.messages.iter().map(|raw| decode(decoder, raw)).collect();
        Self { batch, messages }
    }

    /// What the messages say, in order of position.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }
}

/// Decodes batches on a thread of its own, one ahead of the fold, until either side is gone.
pub fn decode_all(mut batches: mpsc::Receiver<Batch>, ready: &mpsc::Sender<Decoded>) {
    let mut decoder = Decoder::new();
    while let Some(batch) = batches.blocking_recv() {
        if ready.blocking_send(Decoded::new(batch, &mut decoder)).is_err() {
            return;
        }
    }
}

impl Folder {
    /// Goes on from what the store holds.
    pub fn open(store: Store) -> Result<Self, FoldError> {
        let records = store.records(b"")?;
        let projection = Projection::restore(records).map_err(FoldError::Damaged)?;
        if projection.position() != store.position()? {
            let what = format!(
                "the state: it is at {}, the store at {}",
                projection.position(),
                store.position()?
            );
            return Err(FoldError::Damaged(Damaged { what }));
        }
        Ok(Self { store, projector: Projector::new(projection) })
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What the fold remembers.
    pub fn projection(&self) -> &Projection {
        self.projector.projection()
    }

    /// Folds a batch, durably.
    pub fn fold(&mut self, decoded: Decoded, outside: &mut dyn Outside) -> Result<(), FoldError> {
        let Decoded { batch, messages } = decoded;
        let mut changes = Vec::new();
        let mut effect = self.projector.step(Input::Received(messages));
        loop {
            let input = match effect {
                Effect::Load(keys) => Input::Loaded(self.store.load(&keys)?),
                Effect::StoreRefusals(refusals) => {
                    outside.refuse(&batch, &refusals)?;
                    Input::RefusalsStored
                }
                Effect::Commit(commit) => {
                    changes = self.commit(*commit)?;
                    Input::Committed
                }
                Effect::Announce(announcement) => {
                    outside.announce(&Step {
                        changes: &changes,
                        announcement: &announcement,
                        projection: self.projector.projection(),
                        batch: &batch,
                        pending: batch.pending,
                        store: &self.store,
                    });
                    return Ok(());
                }
                Effect::Idle => return Ok(()),
                Effect::ReadFrom(position) => return Err(FoldError::ReadFrom(position)),
                Effect::Rebuild(damaged) => return Err(FoldError::Damaged(damaged)),
            };
            effect = self.projector.step(input);
        }
    }

    fn commit(&mut self, commit: Commit) -> Result<Vec<CellChange>, StoreError> {
        self.store.commit(&commit)?;
        Ok(commit.cells)
    }
}

/// Decodes a message; what cannot be decoded is a refusal.
pub fn decode(decoder: &mut Decoder, raw: &Raw) -> Message {
    let pairs = header_pairs(raw);
    let said = decoder.decode(&tonghop_wire::Raw {
        subject: raw.subject.as_str(),
        headers: &pairs,
        payload: &raw.payload,
    });
    Message {
        position: raw.position,
        recorded: Instant::from_unix_ms(raw.recorded_ms),
        said: said.map_err(|refused| refused.refusal),
    }
}

/// The headers of a message as the decoder wants them.
pub fn header_pairs(raw: &Raw) -> Vec<(&str, &str)> {
    let headers = raw.headers.iter().flat_map(async_nats::HeaderMap::iter);
    headers
        .flat_map(|(name, values)| {
            let name: &str = name.as_ref();
            values.iter().map(move |value| (name, value.as_str()))
        })
        .collect()
}
