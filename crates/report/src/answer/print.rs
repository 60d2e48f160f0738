//! A form as a document: one table as the circular has it, and one of memos if there are any.

use tonghop_core::read::Value;
use tonghop_core::words::Level;

use super::{CellAnswer, Cells, Column, FormAnswer, RowAnswer, RowOf, level_name};
use crate::document::{
    Cell, ColumnKind, Document, Head, HeadCell, Paragraph, Row, RowKind, Signature, Sum, Table,
};
use crate::lang::Lang;
use crate::number::{day, number};
use crate::words::{no_data, period_heading};

/// Columns of figures above which a table lies on its side.
const UPRIGHT_COLUMNS_MAX: usize = 5;
/// The order in which levels are printed.
const LEVELS: [Level; 9] = [
    Level::Province,
    Level::Department,
    Level::District,
    Level::Commune,
    Level::Affiliate,
    Level::Party,
    Level::School,
    Level::Health,
    Level::Outside,
];
/// The calendar that is meant where none is named.
const LEGAL: &str = "legal";
const ROMAN: [&str; 10] = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X"];

impl FormAnswer {
    /// What is printed of it.
    pub fn document(&self) -> Document {
        if !self.sections.is_empty() {
            return self.report();
        }
        let lang = self.lang;
        let unit = Some(self.unit_label.as_str()).filter(|label| !label.is_empty());
        let mut document = Document::new(lang, &self.title);
        document.head =
            Some(Head { agency: unit.unwrap_or(&self.unit).to_uppercase(), ..Head::default() });
        document.subtitle = self.subtitle(unit);
        let title = lang.choose("THỦ TRƯỞNG ĐƠN VỊ", "HEAD OF THE UNIT").to_owned();
        document.signature = Some(Signature { title, ..Signature::default() });
        if self.columns.is_empty() {
            document.push(self.list());
            return document;
        }
        let (memo, main): (Vec<&Column>, Vec<&Column>) =
            self.columns.iter().partition(|column| column.memo);
        let table = self.table(&main);
        document.landscape = table.landscape;
        document.push(table);
        if !memo.is_empty() {
            let mut table = self.table(&memo);
            table.notes.insert(
                0,
                lang.choose("Chỉ ghi những dòng có số liệu.", "Rows of zeros are left out.")
                    .to_owned(),
            );
            table.notes.extend(self.provisional().map(|line| format!("{line}.")));
            let caption = lang.choose("Số liệu bổ sung, ngoài biểu mẫu", "Beside the form");
            table.caption = Some(caption.to_owned());
            table.landscape = document.landscape;
            document.push(table);
        }
        document
    }

    fn subtitle(&self, unit: Option<&str>) -> Vec<Paragraph> {
        let lang = self.lang;
        let mut lines = Vec::new();
        if !self.source.is_empty() {
            lines.push(Paragraph::text(&format!("({})", self.source)).italic());
        }
        let word = lang.choose("Kỳ báo cáo:", "Period:");
        lines.push(Paragraph::text(&format!("{word} {}", self.days())));
        lines.extend(self.provisional_line());
        let word = lang.choose("Đơn vị báo cáo:", "Reporting unit:");
        let unit = unit.map_or_else(String::new, |unit| format!(" {unit}"));
        lines.push(Paragraph::text(&format!("{word}{unit} ({})", self.unit)));
        lines
    }

    /// `Quý III/2021 (từ 15/6/2021 đến 14/9/2021)`: the days that it is of. A calendar other than
    /// the legal one is named.
    pub(super) fn days(&self) -> String {
        let lang = self.lang;
        let (from, to) = (day(&self.window.from, lang), day(&self.window.to, lang));
        let until = lang.choose("đến", "to");
        let days = format!("{} {from} {until} {to}", lang.choose("từ", "from"));
        let Some(period) = self.period.as_deref() else { return days };
        let calendar = self.calendar.as_deref().filter(|name| *name != LEGAL);
        let calendar = calendar.map_or_else(String::new, |name| {
            format!("; {} {name}", lang.choose("lịch", "calendar"))
        });
        format!("{} ({days}{calendar})", period_heading(period, lang))
    }

    /// That it is provisional, below the title.
    pub(super) fn provisional_line(&self) -> Option<Paragraph> {
        self.provisional().map(|line| Paragraph::text(&format!("({line})")).bold())
    }

    /// The note that ends the last table: up to where the log was read.
    pub(super) fn position_note(&self) -> String {
        let show = |value: u64| number(i64::try_from(value).unwrap_or(i64::MAX), self.lang);
        let (position, waiting) = (show(self.position), show(self.lag));
        let mut note = match self.lang {
            Lang::Vi => {
                format!("Tính từ nhật ký sự kiện đến vị trí {position}; còn chờ {waiting} sự kiện.")
            }
            Lang::En => format!(
                "Computed from the log up to position {position}; {waiting} events wait behind it."
            ),
        };
        note.push_str(&self.incomplete_note());
        note.push_str(&self.unheard_note());
        note
    }

    /// The sentence that some units were never heard; empty if all were.
    pub(super) fn unheard_note(&self) -> String {
        let show = |value: u64| number(i64::try_from(value).unwrap_or(i64::MAX), self.lang);
        let Some(unheard) = self.unheard.filter(|unheard| unheard.units > 0) else {
            return String::new();
        };
        let (units, of) = (show(unheard.units), show(unheard.of));
        match self.lang {
            Lang::Vi => format!(" Chưa có số liệu của {units} trong {of} đơn vị."),
            Lang::En => format!(" There is no data of {units} of {of} units."),
        }
    }

    /// The sentence that some of what the figures rest on never came; empty if all did.
    pub(super) fn incomplete_note(&self) -> String {
        let sources = number(i64::try_from(self.incomplete).unwrap_or(i64::MAX), self.lang);
        match (self.incomplete, self.lang) {
            (0, _) => String::new(),
            (_, Lang::Vi) => format!(" Còn thiếu sự kiện của {sources} hệ thống nguồn."),
            (_, Lang::En) => format!(" Events of {sources} source systems are missing."),
        }
    }

    pub(super) fn list(&self) -> Table {
        let mut table = self.figures(self.rows.iter());
        table.notes.push(self.position_note());
        table.notes.extend(self.closing_lines());
        table
    }

    /// A line for each row of a list: number, name, what is counted, figure.
    pub(super) fn figures<'a>(&self, rows: impl Iterator<Item = &'a RowAnswer>) -> Table {
        let lang = self.lang;
        let mut table = Table::simple([
            (lang.choose("STT", "No."), ColumnKind::Ordinal),
            (lang.choose("Chỉ tiêu", "Indicator"), ColumnKind::Label),
            (lang.choose("Đơn vị tính", "Counted in"), ColumnKind::Text),
            (lang.choose("Số liệu", "Figure"), ColumnKind::Number),
        ]);
        for (row, ordinal) in rows.zip(1..) {
            table.row([
                Cell::count(ordinal),
                Cell::text(&row.label),
                row.counted.as_deref().map_or(Cell::Blank, Cell::text),
                cell(row.cells.get("value")),
            ]);
        }
        if table.lacks_data() {
            table.notes.push(no_data(lang));
        }
        table
    }

    fn table(&self, columns: &[&Column]) -> Table {
        let kinds = [ColumnKind::Ordinal, ColumnKind::Label];
        let mut table =
            Table::new(kinds.into_iter().chain(columns.iter().map(|_| ColumnKind::Number)));
        table.landscape = columns.len() > UPRIGHT_COLUMNS_MAX;
        table.head = self.head(columns);
        if columns.iter().any(|column| column.number.is_some()) {
            let number = |column: &&Column| {
                column.number.as_ref().map_or_else(String::new, |number| format!("({number})"))
            };
            let first = ["(1)".to_owned(), "(2)".to_owned()];
            table.numbers = first.into_iter().chain(columns.iter().map(number)).collect();
        }
        let place = |key: &String| columns.iter().position(|column| column.key == *key);
        table.sums = self
            .identities
            .iter()
            .filter_map(|identity| {
                let parts: Option<Vec<usize>> =
                    identity.parts.iter().map(|key| Some(place(key)? + 2)).collect();
                Some(Sum { whole: place(&identity.whole)? + 2, parts: parts? })
            })
            .collect();
        if let Some(counted) = columns.first().map(|column| &column.counted)
            && columns.iter().all(|column| column.counted == *counted)
        {
            let word = self.lang.choose("Đơn vị tính:", "Counted in:");
            table.counted = Some(format!("{word} {counted}"));
        }
        self.body(&mut table, columns);
        if table.lacks_data() {
            table.notes.push(no_data(self.lang));
        }
        table.notes.push(self.position_note());
        table.notes.extend(self.closing_lines());
        table
    }

    /// The head: groups above what they group, everything else from top to bottom.
    fn head(&self, columns: &[&Column]) -> Vec<Vec<HeadCell>> {
        let place = |key: &str| columns.iter().position(|column| column.key == key);
        let groups: Vec<(usize, usize, &str)> = self
            .groups
            .iter()
            .filter_map(|group| Some((place(&group.from)?, place(&group.to)?, &*group.label)))
            .collect();
        let above = |first: usize, last: usize| {
            groups.iter().filter(move |g| g.0 <= first && last <= g.1).count()
        };
        let depth = (0..columns.len()).map(|place| above(place, place)).max().unwrap_or(0) + 1;
        let mut head: Vec<Vec<HeadCell>> = vec![Vec::new(); depth];
        let names = [self.lang.choose("STT", "No."), self.row_name()];
        let mut put = |row: usize, cell: HeadCell| {
            if let Some(cells) = head.get_mut(row) {
                cells.push(cell);
            }
        };
        for name in names {
            put(0, HeadCell::new(name).down(depth));
        }
        for (place, column) in columns.iter().enumerate() {
            for (first, last, label) in groups.iter().filter(|group| group.0 == place) {
                let row = above(*first, *last) - 1;
                put(row, HeadCell::new(label).across(last - first + 1));
            }
            let row = above(place, place);
            let short = column.short.as_ref().filter(|_| row > 0);
            let text = short.unwrap_or(&column.label);
            put(row, HeadCell::new(text).down(depth - row));
        }
        head
    }

    fn row_name(&self) -> &'static str {
        let lang = self.lang;
        if self.levels.is_some() {
            return lang.choose("Đơn vị", "Unit");
        }
        lang.choose("Lĩnh vực, công việc giải quyết", "Field")
    }

    fn body(&self, table: &mut Table, columns: &[&Column]) {
        let blocks = self.levels.as_deref().unwrap_or_default();
        if blocks.is_empty() {
            let rows = self.rows.iter().filter(|row| row.kind != RowOf::Total);
            let rows = rows.filter(|row| printed(row, columns));
            for (row, ordinal) in rows.zip(1..) {
                push(table, Cell::count(ordinal), row, columns);
            }
            let all = if self.levels.is_some() { 0..0 } else { 0..table.rows.len() };
            self.total(table, columns, all.collect());
            return;
        }
        let lang = self.lang;
        let mut sums = Vec::new();
        let mut roman = ROMAN.into_iter();
        for level in LEVELS.into_iter().map(Some).chain([None]) {
            let word = level.map(Level::word);
            let own = blocks.iter().find(|block| block.level.as_deref() == word);
            let rows: Vec<&RowAnswer> = self
                .rows
                .iter()
                .filter(|row| row.level.as_deref() == word)
                // The unit that was asked for is the total.
                .filter(|row| row.kind == RowOf::Unit && row.key != self.unit)
                .filter(|row| printed(row, columns))
                .collect();
            if own.is_none_or(|own| is_nothing(&own.cells)) && rows.is_empty() {
                continue;
            }
            let place = table.rows.len();
            sums.push(place);
            let name = level.map_or(lang.choose("Khác", "Others"), |l| level_name(l, lang));
            let name = Cell::text(name);
            let none = Cells::default();
            let cells = own.map_or(&none, |block| &block.cells);
            let cells: Vec<Cell> = [Cell::text(roman.next().unwrap_or_default()), name]
                .into_iter()
                .chain(columns.iter().map(|column| cell(cells.get(&column.key))))
                .collect();
            let adds = (place + 1..=place + rows.len()).collect();
            table.rows.push(Row { kind: RowKind::Block, cells, adds });
            for (row, ordinal) in rows.into_iter().zip(1..) {
                push(table, Cell::count(ordinal), row, columns);
            }
        }
        self.total(table, columns, sums);
        table.notes.push(lang.choose(
            "Dòng của một đơn vị gồm cả các đơn vị trực thuộc; dòng của một khối tính mỗi đơn vị thuộc khối đó một lần, không kể đơn vị trực thuộc.",
            "The row of a unit includes the units below it; the row of a block counts each unit of the block once, without those below it.",
        ).to_owned());
    }

    fn total(&self, table: &mut Table, columns: &[&Column], adds: Vec<usize>) {
        let Some(total) = self.total_row() else { return };
        let cells = columns.iter().map(|column| cell(total.cells.get(&column.key)));
        table.total([Cell::Blank, Cell::text(&total.label)].into_iter().chain(cells), adds);
    }
}

/// Whether a row has a place among these columns: in the form always, beside it only with something
/// to show.
fn printed(row: &RowAnswer, columns: &[&Column]) -> bool {
    let figure = |column: &&Column| row.cells.get(&column.key).and_then(CellAnswer::figure);
    let zero = |column: &&Column| figure(column).is_none_or(Value::is_zero);
    !columns.iter().all(|column| column.memo) || !columns.iter().all(zero)
}

fn push(table: &mut Table, ordinal: Cell, row: &RowAnswer, columns: &[&Column]) {
    let cells = columns.iter().map(|column| cell(row.cells.get(&column.key)));
    let name = match (row.key.as_str(), row.label.as_str()) {
        (key, "") => key.to_owned(),
        (key, label) if label == key => key.to_owned(),
        (key, label) => format!("{label} ({key})"),
    };
    table.row([ordinal, Cell::Text(name)].into_iter().chain(cells));
}

fn is_nothing(cells: &Cells) -> bool {
    cells.0.iter().all(|(_, cell)| cell.figure().is_none_or(Value::is_zero))
}

/// A cell as it is printed; of one that was not answered there is no data.
fn cell(answer: Option<&CellAnswer>) -> Cell {
    match answer {
        Some(cell) if !cell.lacks_data() => Cell::Figure(cell.figure().unwrap_or(Value::Missing)),
        Some(_) | None => Cell::NoData,
    }
}
