//! Asks for the accounts of sources, and decides by them which events leave and which go again.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_nats::Client;
use bytes::Bytes;
use futures::{StreamExt, stream};
use tokio::time::{Instant, sleep};
use tonghop_core::unit_code::UnitCode;
use tonghop_wire::unit_of_source;

use crate::outbox::State;
use crate::outbox::contents::{Contents, Numbering};
use crate::receipts::{self, Answer, Verdict};

/// How long the answers may take, all together.
const ANSWER_MAX: Duration = Duration::from_secs(3);
/// How many are waited for at a time.
const ASKED_AT_ONCE: usize = 256;
/// Answers of an older projector in a row until it is believed rather than the one that began last:
/// there may be two, and what one has covered says nothing to the other.
const OTHERS_MAX: u32 = 5;
/// How long an event waits after it was sent again for the first time; twice as long each time.
const AGAIN_AFTER: Duration = Duration::from_secs(2);
/// How often it is: what was refused in a way that no account knows of must not fill the log.
const AGAIN_MAX: u32 = 5;

/// What was answered, by unit.
#[derive(Debug, Default)]
pub(crate) struct Answers(BTreeMap<UnitCode, Answer>);

impl Answers {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn of(&self, source: &str) -> Option<&Answer> {
        self.0.get(&unit_of_source(source)?)
    }

    /// Events that wait to be sent although the log has them: a run before this one has sent them.
    pub(crate) fn found(&self, held: &Contents) -> Vec<(u64, State)> {
        let waiting = held.waiting.iter().filter_map(|entry| {
            let found = held.entries.get(entry)?;
            let source = held.sources.get(found.source)?;
            let answer = self.of(&source.name)?;
            let is_ours = source.begun && matches!(source.numbering, Numbering::Ours { .. });
            let has = answer.sources.get(&*source.name)?.has(found.number);
            let state = State::Stored { position: answer.position, covered: None };
            (is_ours && has).then_some((*entry, state))
        });
        waiting.collect()
    }
}

/// Sources of which nothing was ever sent, each with where the log ended when somebody first
/// answered for it. What an outbox before this one has sent stands before that.
#[derive(Debug, Default)]
struct Ends(BTreeMap<Arc<str>, u64>);

impl Ends {
    /// The highest number that the log has of such a source; none while no account is known to
    /// have all of them.
    fn last(&mut self, answers: &Answers, source: &Arc<str>) -> Option<u64> {
        if unit_of_source(source).is_none() {
            // There is nobody to ask, and no account will ever have it.
            return Some(0);
        }
        let answer = answers.of(source)?;
        let end = self.0.entry(Arc::clone(source)).or_insert(answer.end);
        // A log that was put back ends earlier.
        *end = (*end).min(answer.end);
        if answer.position < *end {
            return None;
        }
        self.0.remove(source);
        Some(answer.sources.get(&**source).map_or(0, |account| account.last))
    }
}

/// Who is asked, and what is remembered of the answers.
#[derive(Debug)]
pub(crate) struct Accounts {
    client: Client,
    /// The projector that is believed, and how often in a row an older one answered.
    generation: Option<u64>,
    others: u32,
    ends: Ends,
}

impl Accounts {
    pub(crate) fn new(client: Client) -> Self {
        Self { client, generation: None, others: 0, ends: Ends::default() }
    }

    /// The highest number that the log has of a source of which nothing was ever sent from here;
    /// none while it is not known.
    pub(crate) fn last(&mut self, answers: &Answers, source: &Arc<str>) -> Option<u64> {
        self.ends.last(answers, source)
    }

    /// The accounts of these sources, as far as somebody answers.
    pub(crate) async fn ask(&mut self, sources: &BTreeSet<Arc<str>>) -> Answers {
        let units: BTreeSet<UnitCode> =
            sources.iter().filter_map(|source| unit_of_source(source)).collect();
        let mut answers = Answers::default();
        let client = self.client.clone();
        let asking = units.into_iter().map(|unit| {
            let asking = client.request(receipts::subject(unit), Bytes::new());
            async move { (unit, asking.await) }
        });
        // One that is never answered, because it may not be asked, holds up none of the others.
        let asking = stream::iter(asking).buffer_unordered(ASKED_AT_ONCE);
        let mut asking = pin!(asking.take_until(sleep(ANSWER_MAX)));
        while let Some((unit, answered)) = asking.next().await {
            let Ok(message) = answered else { continue };
            match serde_json::from_slice::<Answer>(&message.payload) {
                Ok(answer) if self.is_believed(answer.generation) => {
                    answers.0.insert(unit, answer);
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "an account cannot be read"),
            }
        }
        answers
    }

    fn is_believed(&mut self, generation: u64) -> bool {
        let is_older = self.generation.is_some_and(|known| known > generation);
        self.others = if is_older { self.others + 1 } else { 0 };
        if is_older && self.others < OTHERS_MAX {
            return false;
        }
        self.generation = Some(generation);
        true
    }
}

/// The events that were sent again: how often in a row, and when they may go next.
#[derive(Debug, Default)]
pub(crate) struct Rounds(BTreeMap<u64, (u32, Instant)>);

impl Rounds {
    /// How far the events have come that the log has confirmed, and which of them leave.
    pub(crate) fn judge(
        &mut self,
        answers: &Answers,
        held: &Contents,
        now: Instant,
    ) -> (Vec<(u64, State)>, Vec<u64>) {
        let (mut states, mut received) = (Vec::new(), Vec::new());
        for (entry, found) in &held.entries {
            let State::Stored { position, covered } = found.state else { continue };
            let Some(source) = held.sources.get(found.source) else { continue };
            let (name, number) = (&*source.name, found.number);
            if unit_of_source(name).is_none() {
                let why = format!("no account has it: {name} begins with no unit");
                states.push((*entry, State::Parked(why.into())));
                continue;
            }
            let Some(answer) = answers.of(name) else { continue };
            let covered_now = match answer.verdict(name, number, position, covered) {
                Verdict::Received => {
                    received.push(*entry);
                    self.0.remove(entry);
                    continue;
                }
                Verdict::Lost => {
                    states.push((*entry, State::Waiting));
                    continue;
                }
                Verdict::Unknown => {
                    states.extend(self.again(*entry, number, now).map(|state| (*entry, state)));
                    continue;
                }
                Verdict::Uncertain => {
                    let why = format!(
                        "the log has confirmed it, but with so many numbers missing no account of \
                         the source says whether {number} is there"
                    );
                    states.push((*entry, State::Parked(why.into())));
                    continue;
                }
                Verdict::Covered { generation, position } => {
                    self.0.remove(entry);
                    Some((generation, position))
                }
                Verdict::Wait => None,
            };
            if covered_now != covered {
                states.push((*entry, State::Stored { position, covered: covered_now }));
            }
        }
        (states, received)
    }

    /// What becomes of an event that the log has confirmed and its source's account lacks; nothing
    /// until it may go again.
    fn again(&mut self, entry: u64, number: u64, now: Instant) -> Option<State> {
        let (times, not_before) = self.0.get(&entry).copied().unwrap_or((0, now));
        if now < not_before {
            return None;
        }
        if times == AGAIN_MAX {
            self.0.remove(&entry);
            let why = format!(
                "the log has confirmed it {} times, and no account has its number {number}: see \
                 `tonghop refusals`",
                times + 1
            );
            return Some(State::Parked(why.into()));
        }
        self.0.insert(entry, (times + 1, now + AGAIN_AFTER * 2_u32.pow(times)));
        Some(State::Waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbox::contents::{Key, Place};
    use crate::receipts::Account;

    const SOURCE: &str = "/H41.16/igate";

    /// An outbox with events of one source, all confirmed at their number.
    fn confirmed(source: &str, numbers: &[u64]) -> Contents {
        let mut held = Contents::default();
        let source = held.add_source(source, Numbering::Theirs, true);
        for number in numbers {
            let place = Place { segment: 1, at: *number };
            let entry = held.enter(source, *number, Key((*number).into()), place);
            held.set(entry, State::Stored { position: *number, covered: None });
        }
        held
    }

    /// The fold has seen all, and has the numbers from 11 to 20 without 15.
    fn answers() -> Answers {
        let account = Account { last: 20, missing: vec![(15, 15)], uncertain: 10 };
        let sources = [(SOURCE.to_owned(), account)].into();
        let (generation, position, end, settled) = (1, 1_000, 1_000, 1_000);
        let answer = Answer { generation, position, end, settled, registered: true, sources };
        Answers([(UnitCode::parse("H41.16").unwrap(), answer)].into())
    }

    #[test]
    fn what_no_account_has_is_sent_a_few_times_whatever_else_leaves_and_is_parked() {
        let held = confirmed(SOURCE, &[14, 15]);
        let (mut rounds, mut now, mut sent) = (Rounds::default(), Instant::now(), 0);
        let why = loop {
            let (states, received) = rounds.judge(&answers(), &held, now);
            assert_eq!(received, [0], "14 leaves each time, and 15 waits no less for it");
            match states.as_slice() {
                [] => {}
                [(1, State::Waiting)] => sent += 1,
                [(1, State::Parked(why))] => break why.to_string(),
                others => panic!("{others:?}"),
            }
            assert!(sent < 100, "for ever");
            now += Duration::from_secs(1);
        };
        assert!(why.contains("no account has its number 15"), "{why}");
        assert_eq!(sent, AGAIN_MAX);
    }

    #[test]
    fn what_an_earlier_version_took_from_nobodys_source_is_parked() {
        let held = confirmed("H41.16/igate", &[14]);
        let (states, received) = Rounds::default().judge(&answers(), &held, Instant::now());
        let [(0, State::Parked(why))] = states.as_slice() else { panic!("{states:?}") };
        assert!(why.contains("begins with no unit") && received.is_empty(), "{why}");
    }

    #[test]
    fn what_an_account_cannot_name_is_never_sent_again() {
        let held = confirmed(SOURCE, &[3]);
        let (states, received) = Rounds::default().judge(&answers(), &held, Instant::now());
        let [(0, State::Parked(why))] = states.as_slice() else { panic!("{states:?}") };
        assert!(why.contains("whether 3 is there") && received.is_empty(), "{why}");
    }

    #[test]
    fn the_last_number_is_known_once_a_projector_has_all_that_was_there_when_it_was_asked() {
        let source: Arc<str> = Arc::from("/H41.16/igate");
        let unit = UnitCode::parse("H41.16").unwrap();
        let answers = |position, end, last| {
            let account = Account { last, missing: Vec::new(), uncertain: 0 };
            let sources = [(source.to_string(), account)].into();
            let (generation, settled, registered) = (1, 0, true);
            let answer = Answer { generation, position, end, settled, registered, sources };
            Answers([(unit, answer)].into())
        };
        let mut ends = Ends::default();
        assert_eq!(ends.last(&Answers::default(), &source), None, "nobody answers");
        assert_eq!(ends.last(&answers(10, 900, 7), &source), None, "it catches up");
        assert_eq!(ends.last(&answers(899, 2_000, 800), &source), None);
        // What came since is not this source's.
        assert_eq!(ends.last(&answers(900, 2_000, 801), &source), Some(801));
        // Of a log that was put back, all that is left.
        assert_eq!(ends.last(&answers(10, 900, 7), &source), None);
        assert_eq!(ends.last(&answers(50, 50, 40), &source), Some(40));
        assert_eq!(ends.last(&Answers::default(), &Arc::from("igate")), Some(0), "no unit's");
    }
}
