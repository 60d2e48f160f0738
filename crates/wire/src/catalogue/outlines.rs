//! Reports in words: sections with places for texts and figures.

use serde::Deserialize;
use toml::Spanned;
use tonghop_core::catalogue::{Form, Indicator, Label, Layout, Line, Nature, Piece, Section, Slot};

use super::{CatalogueError, Source};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    pub(super) id: Spanned<String>,
    vi: String,
    en: String,
    source: String,
    section: Vec<SectionRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SectionRow {
    number: Spanned<String>,
    vi: String,
    en: String,
    scope: Option<Spanned<String>>,
    #[serde(default)]
    narrative: bool,
    #[serde(default)]
    lines: Vec<LineRow>,
    #[serde(default)]
    table: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineRow {
    vi: Spanned<String>,
    en: Spanned<String>,
}

pub(super) fn read(
    rows: Vec<(Source<'_>, Row)>,
    indicators: &[Indicator],
    forms: &[Form],
) -> Result<Vec<Form>, CatalogueError> {
    rows.into_iter()
        .map(|(source, row)| {
            if forms.iter().any(|form| form.id == *row.id.get_ref()) {
                let problem = format!("{:?} is a form already", row.id.get_ref());
                return Err(source.error(&row.id.span(), problem));
            }
            source.once(row.section.iter().map(|section| &section.number))?;
            let mut slots = Slots { source, indicators, held: Vec::new() };
            let sections =
                row.section.into_iter().map(|row| slots.section(row)).collect::<Result<_, _>>()?;
            if slots.held.is_empty() {
                return Err(source.error(&row.id.span(), "the form names no indicator"));
            }
            Ok(Form {
                id: row.id.into_inner(),
                label: Label { vi: row.vi, en: row.en },
                source: row.source,
                layout: Layout::List,
                slots: slots.held,
                groups: Vec::new(),
                identities: Vec::new(),
                sections,
            })
        })
        .collect()
}

/// The slots of one outline: an indicator has one, wherever it stands.
struct Slots<'a> {
    source: Source<'a>,
    indicators: &'a [Indicator],
    held: Vec<Slot>,
}

impl Slots<'_> {
    fn section(&mut self, row: SectionRow) -> Result<Section, CatalogueError> {
        let of_province = match &row.scope {
            None => false,
            Some(word) => {
                let scopes = ["unit", "province"];
                let parse = |word: &str| scopes.contains(&word).then_some(word == "province");
                self.source.known(word, "scope", parse, scopes.into_iter())?
            }
        };
        let mut lines = Vec::with_capacity(row.lines.len());
        for line in &row.lines {
            let vi = self.pieces(&line.vi, of_province)?;
            let en = self.pieces(&line.en, of_province)?;
            if figures(&vi) != figures(&en) {
                let problem = "vi and en of a line name different figures, or in another way";
                return Err(self.source.error(&line.en.span(), problem));
            }
            lines.push(Line { vi, en });
        }
        let mut table = Vec::with_capacity(row.table.len());
        for id in &row.table {
            table.push(self.slot(id, id.get_ref(), of_province)?);
        }
        let label = Label { vi: row.vi, en: row.en };
        Ok(Section {
            number: row.number.into_inner(),
            label,
            narrative: row.narrative,
            lines,
            table,
        })
    }

    /// Reads `Đã trả {dossiers.returned} hồ sơ, đúng hạn {ratio.on_time_of_settled:%}.`
    fn pieces(
        &mut self,
        text: &Spanned<String>,
        of_province: bool,
    ) -> Result<Vec<Piece>, CatalogueError> {
        let mut pieces = Vec::new();
        let mut rest = text.get_ref().as_str();
        while let Some((before, behind)) = rest.split_once('{') {
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            let Some((place, after)) = behind.split_once('}') else {
                return Err(self.source.error(&text.span(), "a place for a figure ends with }"));
            };
            let (id, percent) = match place.strip_suffix(":%") {
                Some(id) => (id, true),
                None => (place, false),
            };
            let slot = self.slot(text, id, of_province)?;
            if percent && !self.is_ratio(slot) {
                let problem = format!("{id:?} is no ratio: write {{{id}}} without :%");
                return Err(self.source.error(&text.span(), problem));
            }
            pieces.push(Piece::Figure { slot, percent });
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(pieces)
    }

    /// Whether a slot's figure has a part and a whole.
    fn is_ratio(&self, slot: usize) -> bool {
        let slot = self.held.get(slot).and_then(|slot| self.indicators.get(slot.indicator));
        slot.is_some_and(|indicator| indicator.adds_as() == Nature::Ratio)
    }

    fn slot(
        &mut self,
        at: &Spanned<String>,
        id: &str,
        of_province: bool,
    ) -> Result<usize, CatalogueError> {
        if let Some(place) = self.held.iter().position(|slot| slot.key == id) {
            let same = self.held.get(place).is_some_and(|slot| slot.of_province == of_province);
            let problem = format!("{id:?} stands for the unit and for the province: take one");
            return if same { Ok(place) } else { Err(self.source.error(&at.span(), problem)) };
        }
        let named = Spanned::new(at.span(), id.to_owned());
        let find = |id: &str| self.indicators.iter().position(|held| held.id == id);
        let known = self.indicators.iter().map(|held| held.id.as_str());
        let indicator = self.source.known(&named, "indicator", find, known)?;
        let label = match self.indicators.get(indicator) {
            Some(held) => held.label.clone(),
            None => Label { vi: String::new(), en: String::new() },
        };
        self.held.push(Slot {
            key: id.to_owned(),
            label,
            short: None,
            number: None,
            memo: false,
            of_province,
            indicator,
        });
        Ok(self.held.len() - 1)
    }
}

/// The figures of a line, in an order that does not depend on the language.
fn figures(pieces: &[Piece]) -> Vec<(usize, bool)> {
    let mut figures: Vec<(usize, bool)> = pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Figure { slot, percent } => Some((*slot, *percent)),
        })
        .collect();
    figures.sort_unstable();
    figures
}
