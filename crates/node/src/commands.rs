//! The commands: one file each; each answers with the exit code of the contract.

pub mod agency;
pub mod audit;
pub mod close;
pub mod closings;
pub mod completeness;
pub mod conformance;
pub mod declare;
pub mod doctor;
pub mod event;
pub mod explain;
pub mod indicators;
pub mod outbox;
pub mod project;
pub mod provision;
pub mod publish;
pub mod reconciliation;
pub mod refusals;
pub mod replay;
pub mod report;
pub mod sample;
pub mod seal;
pub mod serve;
pub mod template;
pub mod up;
pub mod witness;

use std::io::Write;
use std::process::ExitCode;

use tokio::sync::watch;

/// It ran, and the answer is yes.
pub const DONE: u8 = 0;
/// It ran, and the answer is no: differences found, refusals under `--strict`.
pub const NO: u8 = 1;
/// It was called wrongly.
pub const USAGE: u8 = 2;
/// The world failed.
pub const FAILED: u8 = 3;

/// The width of a table where there is no terminal, and the least in which one can be read.
const WIDTH: u16 = 100;
const WIDTH_MIN: u16 = 60;

/// Prints to standard output; a reader that went away is no error.
pub fn print(text: &str) -> ExitCode {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::from(DONE),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::from(DONE),
        Err(_) => ExitCode::from(FAILED),
    }
}

/// Holds true from the first Ctrl-C, SIGTERM or SIGHUP on; the second ends the process at once.
pub fn stop_signal() -> anyhow::Result<watch::Receiver<bool>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        let mut asked = false;
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hang_up.recv() => {}
            }
            if asked {
                std::process::exit(130);
            }
            asked = true;
            sender.send_replace(true);
            tracing::info!("stopping; once more ends it at once");
        }
    });
    Ok(receiver)
}

/// Characters of a line of standard output; as many as fit elsewhere if it is no terminal.
pub fn terminal_width() -> u16 {
    let size = terminal_size::terminal_size_of(std::io::stdout());
    size.map_or(WIDTH, |(terminal_size::Width(width), _)| width.max(WIDTH_MIN))
}

/// A text of others for a terminal: nothing in it steers the terminal.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// 1234567 as `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn a_text_of_others_does_not_steer_the_terminal() {
        assert_eq!(
            printable("Sở \u{1b}[2J\r\n\u{9b}31m"),
            "Sở \u{fffd}[2J\u{fffd}\u{fffd}\u{fffd}31m"
        );
    }
}
