//! What the log durably has of a unit's sources, as the projector accounts for it by number.
//!
//! A position proves nothing to a publisher: after a power cut the log may be shorter than what it
//! confirmed, and give the same position to another message. Numbers do: the projector knows which
//! of a source's numbers it has folded (or refused, which keeps the message too), and forgets them
//! when the log has lost them, because then it folds the log anew. So the receipt for an event is
//! that its *number* is in the account, and stays there until the log is safe on the server's disk
//! up to where the fold stood then.
//!
//! Asked by a NATS request on [`subject`], answered with [`Answer`] as JSON; nothing of it is kept.
//!
//! **Invariant RCP-1:** an event is counted as received only if an account has its number, and the
//! log has been safe on disk for as long as that account goes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tonghop_core::unit_code::UnitCode;

/// What the subject of every request begins with.
pub const PREFIX: &str = "tonghop.receipts.v1.";

/// Where the account of a unit's sources is asked for.
pub fn subject(unit: UnitCode) -> String {
    format!("{PREFIX}{}", unit.token())
}

/// The unit of a subject.
pub fn unit_of(subject: &str) -> Option<UnitCode> {
    UnitCode::parse_token(subject.strip_prefix(PREFIX)?)
}

/// What the log has of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Another one whenever the fold begins again: what was covered before says nothing then.
    pub generation: u64,
    /// Everything up to this position of the log is in the account.
    pub position: u64,
    /// Where the log ended, seen after the request came.
    pub end: u64,
    /// Everything up to this position is safe on the disks of the log's server.
    pub settled: u64,
    /// Whether the unit is registered; of one that is not, refused events are not accounted for.
    pub registered: bool,
    /// Its sources, by name.
    pub sources: BTreeMap<String, Account>,
}

/// Which numbers of a source the log has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The highest.
    pub last: u64,
    /// First and last of each run below it that is not there.
    pub missing: Vec<(u64, u64)>,
    /// Up to this one it is not known which are there.
    pub uncertain: u64,
}

impl Account {
    /// Whether the number is known to be there.
    pub fn has(&self, number: u64) -> bool {
        let place = self.missing.partition_point(|(_, last)| *last < number);
        let is_missing = self.missing.get(place).is_some_and(|(first, _)| *first <= number);
        number > self.uncertain && number <= self.last && !is_missing
    }
}

/// What an answer says about an event that the log has confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The fold has not come so far.
    Wait,
    /// It is in the account; when the log is safe up to this position, it stays there.
    Covered { generation: u64, position: u64 },
    /// It is there for good.
    Received,
    /// The log ended before the place where it had confirmed it: it is to be sent again.
    Lost,
    /// The fold went past it, and the account lacks it: the log has lost it, or has it where no
    /// account will ever say so.
    Unknown,
    /// The fold went past it, and no account says any more whether it is there: sending it again
    /// would not change that.
    Uncertain,
}

impl Answer {
    /// What this says about the event of a source that has this number and was confirmed at this
    /// position; `covered` is what an earlier answer said.
    pub(crate) fn verdict(
        &self,
        source: &str,
        number: u64,
        position: u64,
        covered: Option<(u64, u64)>,
    ) -> Verdict {
        let account = self.sources.get(source);
        let is_uncertain = account.is_some_and(|account| number <= account.uncertain);
        let since = covered.filter(|(generation, _)| *generation == self.generation);
        // A fold forgets no number; which ones are there is told of the highest alone.
        let was_there = is_uncertain && since.is_some();
        if was_there || account.is_some_and(|account| account.has(number)) {
            let (generation, position) = since.unwrap_or((self.generation, self.position));
            if self.settled >= position {
                return Verdict::Received;
            }
            return Verdict::Covered { generation, position };
        }
        match (self.registered, self.end < position, self.position >= position) {
            (false, ..) | (true, false, false) => Verdict::Wait,
            (true, true, _) => Verdict::Lost,
            (true, false, true) if is_uncertain => Verdict::Uncertain,
            (true, false, true) => Verdict::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(position: u64, end: u64, settled: u64) -> Answer {
        let account = Account { last: 10, missing: vec![(4, 5), (8, 8)], uncertain: 2 };
        let sources = [("/H41/a".to_owned(), account)].into();
        Answer { generation: 1, position, end, settled, registered: true, sources }
    }

    #[test]
    fn an_account_has_what_it_does_not_lack() {
        let answer = answer(1, 1, 1);
        let has: Vec<u64> = (0..13).filter(|n| answer.sources["/H41/a"].has(*n)).collect();
        assert_eq!(has, [3, 6, 7, 9, 10]);
        let json = serde_json::to_string(&answer).unwrap();
        assert_eq!(serde_json::from_str::<Answer>(&json).unwrap(), answer);
        let unit = UnitCode::parse("H41.16").unwrap();
        assert_eq!(unit_of(&subject(unit)), Some(unit));
    }

    #[test]
    fn rcp_1_what_is_covered_is_received_once_the_log_is_safe_as_far() {
        let verdict = |answer: &Answer, covered| answer.verdict("/H41/a", 7, 20, covered);
        let first = answer(30, 30, 25);
        let covered = Verdict::Covered { generation: 1, position: 30 };
        assert_eq!(verdict(&first, None), covered);
        // Everybody else's events move the fold on, and it stays covered from where it was.
        assert_eq!(verdict(&answer(40, 40, 29), Some((1, 30))), covered);
        assert_eq!(verdict(&answer(40, 40, 30), Some((1, 30))), Verdict::Received);
        // The fold began anew: what was covered then says nothing.
        let begun_anew = Verdict::Covered { generation: 1, position: 40 };
        assert_eq!(verdict(&answer(40, 40, 35), Some((0, 30))), begun_anew);
        assert_eq!(verdict(&answer(30, 30, 30), None), Verdict::Received);
    }

    #[test]
    fn rcp_1_what_no_account_has_is_lost_where_the_log_ends_before_it_or_went_past_it() {
        let verdict = |answer: &Answer| answer.verdict("/H41/a", 5, 20, Some((1, 19)));
        assert_eq!(verdict(&answer(19, 20, 0)), Verdict::Wait);
        assert_eq!(verdict(&answer(10, 19, 0)), Verdict::Lost, "cut off");
        assert_eq!(verdict(&answer(20, 25, 20)), Verdict::Unknown, "the position is another's");
        let unregistered = Answer { registered: false, ..answer(20, 25, 20) };
        assert_eq!(verdict(&unregistered), Verdict::Wait, "refused, and kept for requeueing");
        assert_eq!(answer(20, 25, 20).verdict("/H41/b", 7, 20, None), Verdict::Unknown);
    }

    #[test]
    fn what_an_account_cannot_name_is_not_lost_and_was_there_if_it_was_covered() {
        let verdict = |answer: &Answer, covered| answer.verdict("/H41/a", 2, 20, covered);
        assert_eq!(verdict(&answer(19, 20, 0), None), Verdict::Wait);
        assert_eq!(verdict(&answer(20, 25, 20), None), Verdict::Uncertain);
        assert_eq!(verdict(&answer(20, 25, 20), Some((0, 20))), Verdict::Uncertain, "begun anew");
        assert_eq!(verdict(&answer(30, 30, 29), Some((1, 30))), covered(30));
        assert_eq!(verdict(&answer(30, 30, 30), Some((1, 30))), Verdict::Received);
        assert_eq!(verdict(&answer(10, 19, 0), None), Verdict::Lost, "cut off");
    }

    fn covered(position: u64) -> Verdict {
        Verdict::Covered { generation: 1, position }
    }
}
