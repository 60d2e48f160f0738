//! A verdict as a page for people who are no engineers: HTML that needs nothing else.

use std::fmt::Write;

use super::verdict::{Check, Outcome, Signed, Verdict};
use crate::figure;

mod words;

pub use words::Lang;
use words::Words;

/// Rows of a table of the page; the others are counted.
const ROWS_MAX: usize = 500;

const STYLE: &str = "body{font:16px/1.5 'Liberation Serif','Times New Roman',serif;max-width:46em;\
margin:2em auto;padding:0 1em;color:#111}h1{font-size:1.5em;margin-bottom:.2em}h2{font-size:1.15em;\
margin-top:1.6em;border-bottom:1px solid #999}table{border-collapse:collapse;width:100%}td,th{\
padding:.25em .6em;border-bottom:1px solid #ddd;text-align:left;vertical-align:top}td.n{text-align:\
right;font-variant-numeric:tabular-nums}.v{font-size:2em;font-weight:bold}.verdict{padding:.6em 1em;\
border:2px solid;font-size:1.15em;font-weight:bold}.holds{border-color:#176b2c;background:#eaf6ec;\
color:#176b2c}.fails{border-color:#a11616;background:#fbeaea;color:#a11616}.warns{border:2px solid \
#8a5a00;background:#fff5e0;padding:.6em 1em;margin-top:1em}.m{width:2em;font-weight:bold;text-align:\
center}code{font-size:.85em;overflow-wrap:anywhere}@media print{body{margin:0;max-width:none}}";

/// The verdict as a page.
pub fn page(verdict: &Verdict, lang: Lang) -> String {
    let words = lang.words();
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{}</title>\
         <style>{STYLE}</style></head><body>\n<h1>{}</h1>\n",
        lang.word(),
        words.title,
        words.title
    );
    head(&mut out, verdict, words);
    published(&mut out, verdict, lang);
    checks(&mut out, verdict, words);
    made_of(&mut out, verdict, words);
    signers(&mut out, verdict, words);
    part(&mut out, words.not_proved, words.limits.iter().copied());
    out.push_str("</body></html>\n");
    out
}

fn head(out: &mut String, verdict: &Verdict, words: &Words) {
    let (class, mark, text) =
        if verdict.holds() { ("holds", "✓", words.holds) } else { ("fails", "✗", words.fails) };
    write_to(out, format_args!("<p class=\"verdict {class}\">{mark} {text}</p>\n"));
    if !verdict.is_vouched {
        write_to(out, format_args!("<p class=\"warns\">⚠ {}</p>\n", words.unvouched));
    }
}

fn published(out: &mut String, verdict: &Verdict, lang: Lang) {
    let words = lang.words();
    write_to(out, format_args!("<h2>{}</h2>\n", words.published));
    let value = verdict.published.as_deref();
    let shown =
        value.map_or_else(|| "—".to_owned(), |value| lang.value(figure::read(value), value));
    let named = verdict.named.as_ref();
    let counted = named.map_or("", |named| lang.pick(&named.counted));
    write_to(
        out,
        format_args!(
            "<p><span class=\"v\">{}</span> {}</p>\n<table>\n",
            safe(&shown),
            safe(counted)
        ),
    );
    let mut row = |name: &str, value: &str| {
        write_to(out, format_args!("<tr><th>{name}</th><td>{}</td></tr>\n", safe(value)));
    };
    if let Some(named) = named {
        row(words.indicator, lang.pick(&named.indicator));
        row(words.unit, &named.unit);
        row(words.days, &format!("{} – {}", lang.day(&named.window.0), lang.day(&named.window.1)));
    }
    row(words.figure, &verdict.figure);
    if let Some(closing) = &verdict.closing {
        row(words.closing, &closing.id);
        row(words.closed_at, &closing.closed_at);
        for sentence in &closing.despite {
            row(words.despite, sentence);
        }
    }
    if let Some((origin, size, root)) = &verdict.log {
        row(words.log, &format!("{origin}, {size}, {root}"));
    }
    out.push_str("</table>\n");
}

fn checks(out: &mut String, verdict: &Verdict, words: &Words) {
    write_to(out, format_args!("<h2>{}</h2>\n<table>\n", words.checked));
    for (check, text) in Check::ALL.iter().zip(words.checks) {
        let mark = match verdict.outcome(*check) {
            Outcome::Holds => "✓",
            Outcome::Fails => "✗",
            Outcome::Unreached => "–",
        };
        write_to(out, format_args!("<tr><td class=\"m\">{mark}</td><td>{text}"));
        for failure in verdict.failures.iter().filter(|held| held.code.check() == *check) {
            let (code, detail) = (failure.code.word(), safe(&failure.detail));
            write_to(out, format_args!("<br><code>{code}</code> {detail}"));
        }
        out.push_str("</td></tr>\n");
    }
    out.push_str("</table>\n");
    if verdict.more > 0 {
        write_to(out, format_args!("<p>{} {}</p>\n", words.more, verdict.more));
    }
}

fn made_of(out: &mut String, verdict: &Verdict, words: &Words) {
    if !verdict.made_of.is_empty() {
        write_to(
            out,
            format_args!(
                "<h2>{}</h2>\n<table>\n<tr><th>{}</th><th>{}</th><th>{}</th><th>{}</th></tr>\n",
                words.made_of, words.unit, words.family, words.timelines, words.messages
            ),
        );
        for made in verdict.made_of.iter().take(ROWS_MAX) {
            write_to(
                out,
                format_args!(
                    "<tr><td>{} {}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n",
                    safe(&made.unit),
                    safe(&made.name),
                    safe(&made.family),
                    made.timelines,
                    made.messages
                ),
            );
        }
        out.push_str("</table>\n");
        let left = verdict.made_of.len().saturating_sub(ROWS_MAX);
        if left > 0 {
            write_to(out, format_args!("<p>{} {left}</p>\n", words.more));
        }
    }
    let redacted = verdict.redacted.iter().take(ROWS_MAX).map(|(position, redaction)| {
        format!("{position}: {} ({})", safe(&redaction.decision), safe(&redaction.day))
    });
    if !verdict.redacted.is_empty() {
        part(out, words.redacted, redacted);
    }
}

fn signers(out: &mut String, verdict: &Verdict, words: &Words) {
    let signed = verdict.signers.iter().map(|(signed, key)| {
        let what = match signed {
            Signed::Closing => words.signed_closing,
            Signed::Checkpoint => words.signed_checkpoint,
            Signed::Witness(_) => words.signed_witness,
        };
        format!("{what}: <code>{}</code>", safe(key))
    });
    part(out, words.signers, signed);
}

/// A heading and a list.
fn part<T: std::fmt::Display>(out: &mut String, head: &str, items: impl Iterator<Item = T>) {
    write_to(out, format_args!("<h2>{head}</h2>\n<ul>\n"));
    items.for_each(|item| write_to(out, format_args!("<li>{item}</li>\n")));
    out.push_str("</ul>\n");
}

fn write_to(out: &mut String, what: std::fmt::Arguments<'_>) {
    // A string takes all that is written.
    out.write_fmt(what).unwrap_or_default();
}

/// A text as it can stand in HTML, whoever wrote it.
fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other if other.is_control() => out.push(' '),
            other => out.push(other),
        }
    }
    out
}
