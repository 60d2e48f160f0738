//! Reads the position of a delivered message out of its reply subject, without allocating.
//!
//! Two layouts exist (ADR-15 of the server):
//!
//! ```text
//! v1  $JS.ACK.<stream>.<consumer>.<delivered>.<position>.<consumer seq>.<nanoseconds>.<pending>
//! v2  $JS.ACK.<domain>.<account>.<stream>.<consumer>.<delivered>.<position>.<consumer seq>.<nanoseconds>.<pending>[.…]
//! ```
//! v1 has 9 tokens, v2 has 11 or more. It never interprets the other tokens.

/// What the server says about a message that it delivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Delivery {
    /// The stream sequence.
    pub(super) position: u64,
    /// The place in what this consumer was sent, from 1.
    pub(super) consumer_sequence: u64,
    /// When the server stored it, Unix milliseconds.
    pub(super) recorded_ms: i64,
    /// How many more the consumer had to send then.
    pub(super) pending: u64,
}

const NANOS_PER_MILLI: i64 = 1_000_000;

/// The delivery that the reply subject describes; `None` when it describes none.
pub(super) fn parse(reply: &str) -> Option<Delivery> {
    let rest = reply.strip_prefix("$JS.ACK.")?;
    let dots = rest.bytes().filter(|byte| *byte == b'.').count();
    let leading = match dots {
        6 => 3,   // stream, consumer, delivered
        8.. => 5, // domain, account, stream, consumer, delivered
        _ => return None,
    };
    let mut tokens = rest.split('.').skip(leading);
    let position = tokens.next()?.parse().ok()?;
    let consumer_sequence = tokens.next()?.parse().ok()?;
    let nanos: i64 = tokens.next()?.parse().ok()?;
    let pending = tokens.next()?.parse().ok()?;
    Some(Delivery {
        position,
        consumer_sequence,
        recorded_ms: nanos.div_euclid(NANOS_PER_MILLI),
        pending,
    })
}

#[cfg(test)]
mod tests {
    use super::{Delivery, parse};

    #[test]
    fn both_layouts_and_nothing_else() {
        let wanted = Delivery {
            position: 100,
            consumer_sequence: 7,
            recorded_ms: 1_790_230_470_084,
            pending: 42,
        };
        let tail = "1.100.7.1790230470084404000.42";
        assert_eq!(parse(&format!("$JS.ACK.TONGHOP_EVENTS.c.{tail}")), Some(wanted));
        assert_eq!(parse(&format!("$JS.ACK._.acc.TONGHOP_EVENTS.c.{tail}")), Some(wanted));
        assert_eq!(parse(&format!("$JS.ACK.hub.acc.TONGHOP_EVENTS.c.{tail}.x.y")), Some(wanted));
        for broken in [
            "",
            "$JS.ACK.",
            "$JS.ACK.s.c.1.100.7.1790230470084404000",
            "$JS.ACK.s.c.1.100.7.1790230470084404000.42.9",
            "$JS.ACK.s.c.1.x.7.1790230470084404000.42",
            "$JS.FC.s.c.1.100.7.1790230470084404000.42",
        ] {
            assert_eq!(parse(broken), None, "{broken}");
        }
    }

    #[test]
    fn time_before_1970_rounds_down() {
        let early = parse("$JS.ACK.s.c.1.1.1.-1.0");
        assert_eq!(early.map(|delivery| delivery.recorded_ms), Some(-1));
    }
}
