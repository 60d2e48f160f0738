//! One run: the world around one projector, and what must hold of it.

use std::collections::BTreeMap;

use tonghop_core::commit::Commit;
use tonghop_core::fold::{Message, Outcome};
use tonghop_core::projector::{Announcement, Effect, Input, Projector};
use tonghop_core::refusal::Refusal;

use crate::kit::facts::messy;
use crate::kit::store::{Store, World};
use crate::rng::Rng;

/// How often things went wrong.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Tally {
    steps: u64,
    commits: u64,
    crashes_idle: u64,
    crashes_before_refusals: u64,
    crashes_between_refusals: u64,
    crashes_before_commit: u64,
    crashes_after_commit: u64,
    gaps: u64,
    nothing_new: u64,
    refusals_said_again: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.steps += other.steps;
        self.commits += other.commits;
        self.crashes_idle += other.crashes_idle;
        self.crashes_before_refusals += other.crashes_before_refusals;
        self.crashes_between_refusals += other.crashes_between_refusals;
        self.crashes_before_commit += other.crashes_before_commit;
        self.crashes_after_commit += other.crashes_after_commit;
        self.gaps += other.gaps;
        self.nothing_new += other.nothing_new;
        self.refusals_said_again += other.refusals_said_again;
    }

    pub(crate) fn has_seen_everything(&self) -> bool {
        [
            self.commits,
            self.crashes_idle,
            self.crashes_before_refusals,
            self.crashes_between_refusals,
            self.crashes_before_commit,
            self.crashes_after_commit,
            self.gaps,
            self.nothing_new,
            self.refusals_said_again,
        ]
        .iter()
        .all(|count| *count >= 20)
    }
}

/// An effect that waits to be performed and answered, for so many steps.
struct Waiting {
    effect: Effect,
    steps: usize,
}

pub(crate) struct Run {
    rng: Rng,
    log: Vec<Message>,
    /// How many messages the log has stored so far.
    stored: usize,
    /// The position that the reader reads next.
    next: u64,
    store: Store,
    /// The refusals that were heard, by position.
    heard: BTreeMap<u64, Refusal>,
    projector: Option<Projector>,
    waiting: Option<Waiting>,
    /// The store after each number of messages, in a run that nothing disturbs.
    undisturbed: Vec<Store>,
    expected: World,
    /// The position at which everything was last found in order.
    checked: Option<u64>,
    tally: Tally,
}

impl Run {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let facts: Vec<_> = (0..20 + rng.below(30)).map(|_| rng.bytes()).collect();
        let log = messy(&facts);
        let mut expected = World::default();
        let mut undisturbed = vec![Store::default()];
        for message in &log {
            expected.fold(std::slice::from_ref(message));
            undisturbed.push(expected.store.clone());
        }
        Self {
            rng,
            log,
            stored: 0,
            next: 1,
            store: Store::default(),
            heard: BTreeMap::new(),
            projector: None,
            waiting: None,
            undisturbed,
            expected,
            checked: None,
            tally: Tally::default(),
        }
    }

    /// Runs until the whole log is folded, and compares.
    pub(crate) fn finish(mut self) -> Tally {
        while self.store.position < u64::try_from(self.log.len()).unwrap() || self.waiting.is_some()
        {
            self.step();
            self.check();
            assert!(self.tally.steps < 100_000, "the projector gets nowhere");
        }
        assert_eq!(self.store, self.expected.store, "DUP-1");
        let refused: BTreeMap<u64, Refusal> = self.expected.refusals.iter().cloned().collect();
        assert_eq!(self.heard, refused, "REF-1");
        let counts = self.store.restore().unwrap().counts();
        assert_eq!(counts, self.expected.projection.counts(), "ACC-1");
        self.tally
    }

    fn step(&mut self) {
        self.tally.steps += 1;
        self.stored = self.log.len().min(self.stored + self.rng.below(4));
        if self.projector.is_none() {
            let projection = self.store.restore().expect("a store that is not damaged");
            self.next = projection.position() + 1;
            self.projector = Some(Projector::new(projection));
        }
        match self.waiting.take() {
            None => self.idle(),
            Some(Waiting { effect, steps }) if steps > 0 => {
                self.waiting = Some(Waiting { effect, steps: steps - 1 });
            }
            Some(Waiting { effect, .. }) => self.perform(effect),
        }
    }

    fn idle(&mut self) {
        if self.rng.once_in(20) {
            self.tally.crashes_idle += 1;
            self.crash();
            return;
        }
        let delivered = self.delivery();
        self.tell(Input::Received(delivered));
    }

    fn tell(&mut self, input: Input) {
        let effect = self.projector.as_mut().unwrap().step(input);
        let steps = self.rng.below(3);
        self.waiting = Some(Waiting { effect, steps });
    }

    /// What the reader hands over: a batch from where it stands, seldom whole and in order.
    fn delivery(&mut self) -> Vec<Message> {
        let mut from = usize::try_from(self.next).unwrap() - 1;
        match self.rng.below(12) {
            0 => from = from.saturating_sub(self.rng.below(6)),
            1 => from += self.rng.below(3),
            _ => {}
        }
        let from = from.min(self.stored);
        let to = self.stored.min(from + self.rng.below(9));
        let mut batch = self.log[from..to].to_vec();
        self.next = u64::try_from(to).unwrap() + 1;
        if batch.len() > 1 {
            let (a, b) = (self.rng.below(batch.len()), self.rng.below(batch.len()));
            match self.rng.below(12) {
                0 => batch.swap(a, b),
                1 => drop(batch.remove(a)),
                2 => batch.insert(b, batch[a].clone()),
                3 => batch = [batch.clone(), batch].concat(),
                _ => {}
            }
        }
        batch
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Load(keys) => {
                let values = self.store.load(&keys);
                self.tell(Input::Loaded(values));
            }
            Effect::StoreRefusals(refusals) => self.hear(&refusals),
            Effect::Commit(commit) => self.commit(&commit),
            Effect::Announce(announcement) => self.announced(&announcement),
            Effect::Idle => self.tally.nothing_new += 1,
            Effect::ReadFrom(position) => {
                self.tally.gaps += 1;
                assert_eq!(position, self.store.position + 1, "POS-1: read on from the position");
                self.next = position;
            }
            Effect::Rebuild(damaged) => panic!("nothing is damaged here, yet {damaged:?}"),
        }
    }

    fn hear(&mut self, refusals: &[(u64, Refusal)]) {
        if self.rng.once_in(6) {
            self.tally.crashes_before_refusals += 1;
            self.crash();
            return;
        }
        let crash_after = self.rng.once_in(4).then(|| self.rng.below(refusals.len() + 1));
        for (place, (position, refusal)) in refusals.iter().enumerate() {
            if crash_after == Some(place) {
                self.tally.crashes_between_refusals += 1;
                self.crash();
                return;
            }
            if let Some(before) = self.heard.insert(*position, refusal.clone()) {
                self.tally.refusals_said_again += 1;
                assert_eq!(
                    &before, refusal,
                    "REF-1: said twice, position {position} says the same"
                );
            }
        }
        if crash_after.is_some() {
            self.tally.crashes_between_refusals += 1;
            self.crash();
            return;
        }
        self.tell(Input::RefusalsStored);
    }

    fn commit(&mut self, commit: &Commit) {
        if self.rng.once_in(6) {
            self.tally.crashes_before_commit += 1;
            self.crash();
            return;
        }
        self.store.apply(commit);
        self.tally.commits += 1;
        if self.rng.once_in(6) {
            self.tally.crashes_after_commit += 1;
            self.crash();
            return;
        }
        self.tell(Input::Committed);
    }

    fn announced(&mut self, said: &Announcement) {
        assert_eq!(said.position, self.store.position, "POS-1");
        assert_eq!(said.counts.total(), said.position, "ACC-1");
        let [from, to] = [said.from - 1, said.position].map(|n| usize::try_from(n).unwrap());
        assert_eq!(said.outcomes, self.expected.outcomes[from..to], "ACC-1");
        let changed = self.undisturbed[from].records != self.undisturbed[to].records
            && (from..to).any(|place| self.is_folded_unit_event(place));
        assert_eq!(
            said.units_changed, changed,
            "units_changed of {}..={}",
            said.from, said.position
        );
    }

    fn is_folded_unit_event(&self, place: usize) -> bool {
        use tonghop_core::words::Family;
        let said = self.log[place].said.as_ref();
        said.is_ok_and(|event| event.family == Family::Unit)
            && self.expected.outcomes[place] == Outcome::Folded
    }

    /// Everything in memory is gone; what is stored stays.
    fn crash(&mut self) {
        self.projector = None;
        self.waiting = None;
    }

    /// What must hold after every step; what a step without a commit cannot change is not looked
    /// at again.
    fn check(&mut self) {
        if self.checked == Some(self.store.position) {
            return;
        }
        self.checked = Some(self.store.position);
        let position = usize::try_from(self.store.position).unwrap();
        assert!(position <= self.stored, "POS-1: nothing is folded before it is stored");
        assert_eq!(self.store, self.undisturbed[position], "DUP-1 at position {position}");
        for (place, _) in self.expected.refusals.iter().filter(|(p, _)| *p <= self.store.position) {
            assert!(self.heard.contains_key(place), "REF-1: {place} is covered and was not heard");
        }
        if position > 0 {
            let counts = self.store.restore().unwrap().counts();
            assert_eq!(counts.total(), self.store.position, "ACC-1");
        }
    }

    /// Damages a value of the store half-way, goes on, and rebuilds from the log when told to.
    /// Whether the damage was found out.
    pub(crate) fn damaged_and_rebuilt(mut self) -> bool {
        let half = self.log.len() / 2;
        self.store = self.undisturbed[half].clone();
        for value in self.store.entries.values_mut() {
            value.truncate(value.len() / 2);
        }
        let mut projector = Projector::new(self.store.restore().unwrap());
        let mut effect = projector.step(Input::Received(self.log.clone()));
        let mut found = false;
        loop {
            effect = match effect {
                Effect::Load(keys) => projector.step(Input::Loaded(self.store.load(&keys))),
                Effect::StoreRefusals(_) => projector.step(Input::RefusalsStored),
                Effect::Commit(commit) => {
                    self.store.apply(&commit);
                    projector.step(Input::Committed)
                }
                Effect::Rebuild(_) => {
                    found = true;
                    self.store = Store::default();
                    projector = Projector::new(self.store.restore().unwrap());
                    projector.step(Input::Received(self.log.clone()))
                }
                Effect::Announce(_) => break,
                Effect::Idle | Effect::ReadFrom(_) => panic!("{effect:?}"),
            };
        }
        if found {
            assert_eq!(self.store, self.expected.store);
        }
        found
    }
}
