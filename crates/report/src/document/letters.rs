//! Which letters a page can show: one rule for every format, before anything is written.
//!
//! Names, codes and texts come from agencies. XML 1.0 has no place for most control characters nor
//! for U+FFFE and U+FFFF: one of them, in one name, and the whole file is called corrupt. Marks that
//! turn the direction of writing are kept out, too: they would show `12` as `21`.

use super::{Block, Cell, Document, Head, HeadCell, Heading, Paragraph, Row, Signature, Table};

/// The letter, or the one that stands for what is not known.
pub(crate) fn shown(letter: char) -> char {
    let turns = matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    // The last two of each plane, and 32 more: never letters.
    let code = u32::from(letter);
    let no_letter = code & 0xfffe == 0xfffe || matches!(letter, '\u{fdd0}'..='\u{fdef}');
    let steers = letter.is_control() && !matches!(letter, '\n' | '\t');
    if turns || no_letter || steers { '\u{fffd}' } else { letter }
}

/// The text in letters that can be shown.
fn text(held: &str) -> String {
    held.chars().map(shown).collect()
}

fn optional(held: Option<&String>) -> Option<String> {
    held.map(|held| text(held))
}

fn texts(held: &[String]) -> Vec<String> {
    held.iter().map(|held| text(held)).collect()
}

impl Document {
    /// The same in letters that every format can hold.
    ///
    /// The parts are named one by one, so that a new one cannot be forgotten.
    pub(crate) fn printable(&self) -> Self {
        let Self { lang, landscape, head, title, subtitle, blocks, recipients, signature, annex } =
            self;
        Self {
            lang: *lang,
            landscape: *landscape,
            head: head.as_ref().map(self::head),
            title: text(title),
            subtitle: subtitle.iter().map(paragraph).collect(),
            blocks: blocks.iter().map(block).collect(),
            recipients: texts(recipients),
            signature: signature.as_ref().map(self::signature),
            annex: annex.iter().map(block).collect(),
        }
    }
}

fn head(held: &Head) -> Head {
    let Head { superior, agency, number, place, date, month } = held;
    Head {
        superior: optional(superior.as_ref()),
        agency: text(agency),
        number: optional(number.as_ref()),
        place: optional(place.as_ref()),
        date: *date,
        month: *month,
    }
}

fn signature(held: &Signature) -> Signature {
    let Signature { authority, title, name } = held;
    Signature {
        authority: optional(authority.as_ref()),
        title: text(title),
        name: optional(name.as_ref()),
    }
}

fn block(held: &Block) -> Block {
    match held {
        Block::Heading(Heading { level, number, text: held }) => Block::Heading(Heading {
            level: *level,
            number: optional(number.as_ref()),
            text: text(held),
        }),
        Block::Paragraph(held) => Block::Paragraph(paragraph(held)),
        Block::Table(held) => Block::Table(table(held)),
    }
}

fn paragraph(held: &Paragraph) -> Paragraph {
    let Paragraph { runs, align } = held;
    let mut runs = runs.clone();
    for run in &mut runs {
        run.content = cell(&run.content);
    }
    Paragraph { runs, align: *align }
}

fn table(held: &Table) -> Table {
    let Table { caption, counted, columns, head, numbers, rows, sums, landscape, notes } = held;
    let head_cell = |HeadCell { text: held, across, down }: &HeadCell| HeadCell {
        text: text(held),
        across: *across,
        down: *down,
    };
    let row = |Row { kind, cells, adds }: &Row| Row {
        kind: *kind,
        cells: cells.iter().map(cell).collect(),
        adds: adds.clone(),
    };
    Table {
        caption: optional(caption.as_ref()),
        counted: optional(counted.as_ref()),
        columns: columns.clone(),
        head: head.iter().map(|row| row.iter().map(head_cell).collect()).collect(),
        numbers: texts(numbers),
        rows: rows.iter().map(row).collect(),
        sums: sums.clone(),
        landscape: *landscape,
        notes: texts(notes),
    }
}

fn cell(held: &Cell) -> Cell {
    match held {
        Cell::Blank => Cell::Blank,
        Cell::NoData => Cell::NoData,
        Cell::Text(held) => Cell::Text(text(held)),
        Cell::Figure(figure) => Cell::Figure(*figure),
    }
}
