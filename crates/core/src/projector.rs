//! The projector without IO: what came in → what is to be done.
//!
//! The task that drives it does what the effects say and answers each with an input, one at a
//! time. A crash between any two steps loses nothing: refusals are spoken before the commit that
//! covers them (speaking twice says the same, by position), and the position moves only with the
//! commit.
//!
//! **Invariant POS-1:** messages are folded in order of position, each exactly once; what is at or
//! below the position is dropped, a gap is read again.
//! **Invariant REF-1:** no commit covers a refusal that was not stored before.

use crate::commit::Commit;
use crate::day::Day;
use crate::fold::{Counts, Damaged, Folded, Message, Outcome, Plan, Projection};
use crate::refusal::Refusal;
use crate::sources::Heard;

/// What the task tells the projector.
#[derive(Debug)]
pub enum Input {
    /// Messages came, in order of position.
    Received(Vec<Message>),
    /// The store's values for the keys that were asked for, in that order.
    Loaded(Vec<Option<Vec<u8>>>),
    /// The refusals are stored.
    RefusalsStored,
    /// The commit is durable.
    Committed,
}

/// What the task has to do.
#[derive(Debug)]
pub enum Effect {
    /// Read these keys from the store; answer with [`Input::Loaded`].
    Load(Vec<u128>),
    /// Store these refusals, by position; answer with [`Input::RefusalsStored`].
    StoreRefusals(Vec<(u64, Refusal)>),
    /// Store this; answer with [`Input::Committed`].
    Commit(Box<Commit>),
    /// Tell whoever wants to know; nothing to answer. The projector is idle again.
    Announce(Announcement),
    /// Nothing to do with these messages: they were folded before. The projector is idle.
    Idle,
    /// The messages do not follow the position: read on from the one after it.
    ReadFrom(u64),
    /// The store gave back what the fold did not write: rebuild it.
    Rebuild(Damaged),
}

/// A step that is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// The first position of the batch.
    pub from: u64,
    /// The position that the projections reflect now.
    pub position: u64,
    /// What became of each message from `from` to `position`.
    pub outcomes: Vec<Outcome>,
    /// The highest recorded day so far.
    pub recorded: Day,
    /// All messages so far.
    pub counts: Counts,
    /// Whether the registry of units has changed.
    pub units_changed: bool,
    /// The sources that were heard, as they stand now.
    pub heard: Vec<Heard>,
}

#[derive(Debug)]
enum State {
    Idle,
    Loading(Plan),
    Refusing(Box<Folded>),
    Committing(Announcement),
}

/// The projector: a projection and where it stands in the step at hand.
#[derive(Debug)]
pub struct Projector {
    projection: Projection,
    state: State,
}

impl Projector {
    /// A projector that goes on from what was stored.
    pub fn new(projection: Projection) -> Self {
        Self { projection, state: State::Idle }
    }

    /// What the fold remembers.
    pub fn projection(&self) -> &Projection {
        &self.projection
    }

    /// Takes one input and says what is to be done.
    ///
    /// # Panics
    /// If the input does not answer the last effect: that is a defect of the task.
    pub fn step(&mut self, input: Input) -> Effect {
        match (std::mem::replace(&mut self.state, State::Idle), input) {
            (State::Idle, Input::Received(messages)) => self.received(messages),
            (State::Loading(plan), Input::Loaded(values)) => self.loaded(plan, values),
            (State::Refusing(folded), Input::RefusalsStored) => self.commit(*folded),
            (State::Committing(announcement), Input::Committed) => Effect::Announce(announcement),
            (state, input) => panic!("POS-1: {input:?} does not answer {state:?}"),
        }
    }

    fn received(&mut self, mut messages: Vec<Message>) -> Effect {
        let position = self.projection.position();
        messages.retain(|message| message.position > position);
        let Some(first) = messages.first() else { return Effect::Idle };
        let contiguous = first.position == position + 1
            && messages.windows(2).all(|pair| match pair {
                [a, b] => b.position == a.position + 1,
                _ => true,
            });
        if !contiguous {
            return Effect::ReadFrom(position + 1);
        }
        let plan = Plan::new(messages);
        let keys = plan.keys().to_vec();
        self.state = State::Loading(plan);
        Effect::Load(keys)
    }

    fn loaded(&mut self, plan: Plan, values: Vec<Option<Vec<u8>>>) -> Effect {
        match self.projection.fold(plan, values) {
            Err(damaged) => Effect::Rebuild(damaged),
            Ok(folded) if folded.refusals.is_empty() => self.commit(folded),
            Ok(folded) => {
                let refusals = folded.refusals.clone();
                self.state = State::Refusing(Box::new(folded));
                Effect::StoreRefusals(refusals)
            }
        }
    }

    fn commit(&mut self, folded: Folded) -> Effect {
        let position = folded.commit.position;
        let count = u64::try_from(folded.outcomes.len()).unwrap_or(0);
        self.state = State::Committing(Announcement {
            from: position + 1 - count,
            position,
            outcomes: folded.outcomes,
            recorded: self.projection.recorded(),
            counts: self.projection.counts(),
            units_changed: folded.units_changed,
            heard: folded.heard,
        });
        Effect::Commit(Box::new(folded.commit))
    }
}
