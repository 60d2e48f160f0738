//! What was found: a line for each promise, for a terminal, for a program, and for a file that a
//! vendor attaches.

use std::fmt::{Display, Write};
use std::path::Path;

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Value, json};
use tonghop_report::{Block, Cell, ColumnKind, Document, Lang, Paragraph};

use crate::commands::{printable, terminal_width};

/// What the reader of a report should know first.
const NOTICE: &str = "This is no certificate: it tells what one run has seen.";
/// Characters of what came that are told.
const TOLD_CHARS_MAX: usize = 600;

/// How one promise came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is kept.
    Pass,
    /// It is not.
    Fail,
    /// It does not apply here.
    Skip,
}

impl Verdict {
    const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Skip => "skip",
        }
    }
}

/// One promise.
#[derive(Debug, Clone)]
pub(super) struct Step {
    /// Its name, which stays.
    pub(super) name: &'static str,
    /// What was done.
    pub(super) what: &'static str,
    pub(super) verdict: Verdict,
    pub(super) expected: String,
    pub(super) came: String,
    /// What to do if it failed.
    pub(super) mend: &'static str,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Report {
    /// Who was looked at, in words.
    pub(super) about: String,
    /// When, in local time.
    pub(super) at: String,
    pub(super) steps: Vec<Step>,
    /// What the reader should know beside the steps.
    pub(super) notes: Vec<String>,
}

/// In what a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Markdown,
    Json,
    Docx,
    Pdf,
}

impl Shape {
    /// What the name of the file asks for; Markdown where there is no file.
    pub(super) fn of(path: Option<&Path>) -> Result<Self, String> {
        let Some(path) = path else { return Ok(Self::Markdown) };
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("md") => Ok(Self::Markdown),
            Some("json") => Ok(Self::Json),
            Some("docx") => Ok(Self::Docx),
            Some("pdf") => Ok(Self::Pdf),
            _ => Err("the report is written as .md, .json, .docx or .pdf".to_owned()),
        }
    }
}

/// What is expected of one step, and what came, point by point.
#[derive(Debug, Default)]
pub(super) struct Look {
    expected: Vec<String>,
    came: Vec<String>,
    differs: bool,
}

impl Look {
    /// One point: what it is, what should have come, what came.
    pub(super) fn at(&mut self, what: &str, expected: impl Display, came: impl Display) {
        let (expected, came) = (expected.to_string(), came.to_string());
        self.differs |= expected != came;
        self.expected.push(format!("{what} {expected}"));
        self.came.push(format!("{what} {came}"));
    }

    /// The step that these points make.
    pub(super) fn step(self, name: &'static str, what: &'static str, mend: &'static str) -> Step {
        let verdict = if self.differs { Verdict::Fail } else { Verdict::Pass };
        let join = |points: Vec<String>| cut(&points.join("; "));
        let (expected, came) = (join(self.expected), join(self.came));
        Step { name, what, verdict, expected, came, mend }
    }
}

/// The text, not longer than can be told.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(TOLD_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

impl Report {
    pub(super) fn is_good(&self) -> bool {
        self.steps.iter().all(|step| step.verdict != Verdict::Fail)
    }

    fn count(&self, verdict: Verdict) -> usize {
        self.steps.iter().filter(|step| step.verdict == verdict).count()
    }

    fn sentence(&self) -> String {
        let counts = [Verdict::Pass, Verdict::Fail, Verdict::Skip];
        let [pass, fail, skip] = counts.map(|verdict| self.count(verdict));
        let verdict = if self.is_good() { "Conforms" } else { "Does not conform" };
        format!("{verdict}: {pass} passed, {fail} failed, {skip} skipped.")
    }

    /// For standard output.
    pub(super) fn told(&self, as_json: bool) -> Vec<u8> {
        if as_json {
            return format!("{}\n", self.json()).into_bytes();
        }
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED);
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(terminal_width());
        table.set_header(["", "step", "what was looked at", "what came"]);
        for step in &self.steps {
            let came = match step.verdict {
                Verdict::Pass | Verdict::Skip => step.came.clone(),
                Verdict::Fail => {
                    format!("{}\nexpected: {}\nmend: {}", step.came, step.expected, step.mend)
                }
            };
            let came: Vec<String> = came.lines().map(printable).collect();
            table.add_row([step.verdict.word(), step.name, step.what, &came.join("\n")]);
        }
        let mut out = format!("{NOTICE}\n{}\n{table}\n", printable(&self.about));
        for note in &self.notes {
            writeln!(out, "{}", printable(note)).unwrap_or_default();
        }
        writeln!(out, "{}", self.sentence()).unwrap_or_default();
        out.into_bytes()
    }

    /// For a file.
    pub(super) fn written(&self, shape: Shape) -> anyhow::Result<Vec<u8>> {
        Ok(match shape {
            Shape::Json => (serde_json::to_string_pretty(&self.json())? + "\n").into_bytes(),
            Shape::Markdown => self.markdown().into_bytes(),
            Shape::Docx => tonghop_report::docx(&self.document())?,
            Shape::Pdf => tonghop_report::pdf(&self.document())?,
        })
    }

    fn json(&self) -> Value {
        let steps = self.steps.iter().map(|step| {
            json!({
                "step": step.name,
                "what": step.what,
                "verdict": step.verdict.word(),
                "expected": step.expected,
                "came": step.came,
                "mend": (step.verdict == Verdict::Fail).then_some(step.mend),
            })
        });
        json!({
            "notice": NOTICE,
            "about": self.about,
            "at": self.at,
            "version": env!("CARGO_PKG_VERSION"),
            "conforms": self.is_good(),
            "passed": self.count(Verdict::Pass),
            "failed": self.count(Verdict::Fail),
            "skipped": self.count(Verdict::Skip),
            "steps": steps.collect::<Vec<_>>(),
            "notes": self.notes,
        })
    }

    fn head(&self) -> String {
        format!("{} tonghop {}, {}.", self.about, env!("CARGO_PKG_VERSION"), self.at)
    }

    fn markdown(&self) -> String {
        let plain = |text: &str| printable(text).replace('|', "\\|");
        let mut out =
            format!("# Conformance\n\n{NOTICE}\n{}\n{}\n\n", self.head(), self.sentence());
        out.push_str("| | step | what was looked at | expected | what came | mend |\n");
        out.push_str("|---|---|---|---|---|---|\n");
        for step in &self.steps {
            let mend = if step.verdict == Verdict::Fail { step.mend } else { "" };
            let cells =
                [step.verdict.word(), step.name, step.what, &step.expected, &step.came, mend];
            let cells = cells.map(plain).join(" | ");
            writeln!(out, "| {cells} |").unwrap_or_default();
        }
        for note in &self.notes {
            writeln!(out, "\n{}", printable(note)).unwrap_or_default();
        }
        out
    }

    fn document(&self) -> Document {
        let mut document = Document::new(Lang::En, "CONFORMANCE");
        document.landscape = true;
        document.subtitle.push(Paragraph::text(NOTICE).bold());
        document.subtitle.push(Paragraph::text(&self.head()));
        document.subtitle.push(Paragraph::text(&self.sentence()).bold());
        let columns = ["verdict", "step", "what was looked at", "expected", "what came", "mend"];
        let mut table =
            tonghop_report::Table::simple(columns.map(|name| (name, ColumnKind::Label)));
        for step in &self.steps {
            let mend = if step.verdict == Verdict::Fail { step.mend } else { "" };
            let cells =
                [step.verdict.word(), step.name, step.what, &step.expected, &step.came, mend];
            table.row(cells.map(|text| Cell::text(&printable(text))));
        }
        document.push(Block::from(table));
        for note in &self.notes {
            document.push(Paragraph::text(&printable(note)));
        }
        document
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let mut good = Look::default();
        good.at("answer", "stored", "stored");
        let mut bad = Look::default();
        bad.at("answer", "duplicate", "stored | \u{1b}[2J");
        let steps = vec![
            good.step("stored", "a new event", "look at its log"),
            bad.step("retry", "the same again", "keep the id"),
        ];
        Report { about: "H41.16".to_owned(), at: "now".to_owned(), steps, notes: Vec::new() }
    }

    #[test]
    fn one_promise_that_is_not_kept_is_enough() {
        let mut report = report();
        assert!(!report.is_good());
        let told = String::from_utf8(report.told(false)).unwrap();
        assert!(told.starts_with("This is no certificate"), "{told}");
        assert!(told.contains("mend: keep the id") && !told.contains("look at its log"), "{told}");
        assert!(!told.contains('\u{1b}'), "{told}");
        assert!(told.ends_with("Does not conform: 1 passed, 1 failed, 0 skipped.\n"), "{told}");
        let json: Value = serde_json::from_slice(&report.told(true)).unwrap();
        assert_eq!(json["steps"][1]["verdict"], "fail");
        assert_eq!(json["steps"][0]["mend"], Value::Null);
        report.steps.pop();
        assert!(report.is_good());
    }

    #[test]
    fn a_file_is_written_as_its_name_ends() {
        let report = report();
        for (name, begins) in
            [("a.md", "# Conf"), ("a.json", "{"), ("a.docx", "PK"), ("a.pdf", "%PDF")]
        {
            let shape = Shape::of(Some(Path::new(name))).unwrap();
            let bytes = report.written(shape).unwrap();
            assert!(bytes.starts_with(begins.as_bytes()), "{name}");
        }
        assert!(report.markdown().contains(NOTICE));
        assert!(report.markdown().contains("stored \\| \u{fffd}[2J"), "{}", report.markdown());
        assert!(Shape::of(Some(Path::new("a.html"))).is_err());
    }
}
