//! `tonghop closings`: what was published, and from where in the log.

use std::fmt::Write;
use std::process::ExitCode;

use serde_json::Value;

use super::{print, printable, report};
use crate::local;
use crate::settings::Settings;

/// Runs the command.
pub async fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let answered = local::get(settings, "/v1/closings", &[]).await?;
    if let Some(code) = report::refused(&answered) {
        return Ok(code);
    }
    if settings.json {
        return Ok(print(&format!("{}\n", String::from_utf8(answered.body)?)));
    }
    let answer: Value = serde_json::from_slice(&answered.body)?;
    let closings = answer.get("closings").and_then(Value::as_array);
    let mut text = String::new();
    for closing in closings.into_iter().flatten() {
        let field = |name| printable(closing.get(name).and_then(Value::as_str).unwrap_or(""));
        let position = closing.get("closedUpTo").and_then(Value::as_u64).unwrap_or_default();
        let window =
            |end| closing.pointer(&format!("/window/{end}")).and_then(Value::as_str).unwrap_or("");
        writeln!(
            text,
            "{}  {} to {}  closed {} at position {position}",
            field("id"),
            window("from"),
            window("to"),
            field("closedAt")
        )?;
        for reason in closing.get("despite").and_then(Value::as_array).into_iter().flatten() {
            writeln!(text, "    despite: {}", printable(reason.as_str().unwrap_or("")))?;
        }
        if let Some(reason) = closing.pointer("/reopened/reason").and_then(Value::as_str) {
            writeln!(text, "    opened again: {}", printable(reason))?;
        }
    }
    if text.is_empty() {
        text.push_str("nothing was closed yet; `tonghop close --help` says how\n");
    }
    Ok(print(&text))
}
