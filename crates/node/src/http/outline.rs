//! The sections of a report in words, as a part of a form's JSON.

use tonghop_core::calendar::PeriodName;
use tonghop_core::catalogue::{Form, Piece};
use tonghop_core::declared::written;
use tonghop_core::measure::FacetKind;
use tonghop_core::read::Query;

use super::forms::key;
use super::json::Json;
use crate::ask::{Lang, Wish};
use crate::view::Moment;

/// The number of a section, and what the unit wrote in it.
pub(super) type SectionText = (String, String);

/// What the unit that is asked for wrote for the period that is asked for; nothing for days that
/// are no period.
pub(super) fn texts(
    form: &Form,
    wish: &Wish,
    query: Query,
    moment: &Moment<'_>,
) -> Vec<SectionText> {
    let Some((_, period)) = &wish.asked.period else { return Vec::new() };
    if form.sections.is_empty() {
        return Vec::new();
    }
    written(moment.facets.get(&FacetKind::Narrative), query.known)
        .into_iter()
        .filter(|held| held.unit == query.root)
        .filter(|held| PeriodName::parse(&held.narrative.period).as_ref() == Some(period))
        .map(|held| (held.narrative.section.to_string(), held.narrative.text.into()))
        .collect()
}

/// `,"sections":[…]`, or nothing for a form that is a table.
pub(super) fn sections(json: &mut Json, form: &Form, texts: &[SectionText], lang: Lang) {
    for (place, section) in form.sections.iter().enumerate() {
        json.raw(if place > 0 { ",{" } else { ",\"sections\":[{" });
        json.key("number").text(&section.number);
        json.raw(",\"label\":").text(lang.of(&section.label));
        json.raw(if section.narrative { ",\"narrative\":true" } else { ",\"narrative\":false" });
        let text = texts.iter().find(|(number, _)| *number == section.number);
        let text = text.filter(|_| section.narrative).map(|(_, text)| text.as_str());
        json.raw(",\"text\":").optional(text);
        json.raw(",\"lines\":[");
        for (place, line) in section.lines.iter().enumerate() {
            json.raw(if place > 0 { ",[" } else { "[" });
            let pieces = match lang {
                Lang::Vi => &line.vi,
                Lang::En => &line.en,
            };
            for (place, piece) in pieces.iter().enumerate() {
                json.raw(if place > 0 { "," } else { "" });
                self::piece(json, piece, form);
            }
            json.raw("]");
        }
        json.raw("],\"table\":[");
        for (place, slot) in section.table.iter().enumerate() {
            json.raw(if place > 0 { "," } else { "" }).text(key(form, *slot));
        }
        json.raw("]}");
    }
    json.raw(if form.sections.is_empty() { "" } else { "]" });
}

fn piece(json: &mut Json, piece: &Piece, form: &Form) {
    match piece {
        Piece::Text(text) => json.raw("{\"text\":").text(text).raw("}"),
        Piece::Figure { slot, percent } => {
            json.raw("{\"figure\":").text(key(form, *slot));
            json.raw(if *percent { ",\"percent\":true}" } else { "}" })
        }
    };
}
