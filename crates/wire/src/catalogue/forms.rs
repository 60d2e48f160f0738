//! `forms.toml`.

use serde::Deserialize;
use toml::Spanned;
use tonghop_core::catalogue::{Form, Group, Identity, Indicator, Label, Layout, Nature, Slot};
use tonghop_core::measure::FacetKind;

use super::{CatalogueError, Source};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    pub(super) id: Spanned<String>,
    vi: String,
    en: String,
    source: String,
    layout: Spanned<String>,
    slots: Vec<SlotRow>,
    #[serde(default)]
    groups: Vec<GroupRow>,
    #[serde(default)]
    identities: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SlotRow {
    key: Spanned<String>,
    indicator: Spanned<String>,
    vi: Option<String>,
    en: Option<String>,
    short_vi: Option<String>,
    short_en: Option<String>,
    number: Option<String>,
    #[serde(default)]
    memo: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupRow {
    vi: String,
    en: String,
    from: Spanned<String>,
    to: Spanned<String>,
}

pub(super) fn read(
    rows: Vec<(Source<'_>, Row)>,
    indicators: &[Indicator],
) -> Result<Vec<Form>, CatalogueError> {
    rows.into_iter().map(|(source, row)| form(&source, row, indicators)).collect()
}

fn form(source: &Source<'_>, row: Row, indicators: &[Indicator]) -> Result<Form, CatalogueError> {
    source.once(row.slots.iter().map(|slot| &slot.key))?;
    if row.slots.is_empty() {
        return Err(source.error(&row.id.span(), "the form names no indicator"));
    }
    let layouts =
        ["by_unit", "by_field", "by_procedure", "by_kind", "by_system", "by_plan", "list"];
    let layout = source.known(&row.layout, "layout", layout, layouts.into_iter())?;
    let slot = |slot| slot_of(source, slot, indicators, layout);
    let slots: Vec<Slot> = row.slots.into_iter().map(slot).collect::<Result<_, _>>()?;
    let identity = |text: &Spanned<String>| source.value(text, "identity", |t| sum_of(t, &slots));
    Ok(Form {
        id: row.id.into_inner(),
        label: Label { vi: row.vi, en: row.en },
        source: row.source,
        layout,
        groups: groups(source, row.groups, &slots)?,
        identities: row.identities.iter().map(identity).collect::<Result<_, _>>()?,
        sections: Vec::new(),
        slots,
    })
}

fn place(key: &str, slots: &[Slot]) -> Option<usize> {
    slots.iter().position(|slot| slot.key == key)
}

/// Reads `c3 = c4 + c5 + c6`.
fn sum_of(text: &str, slots: &[Slot]) -> Option<Identity> {
    let (whole, parts) = text.split_once(" = ")?;
    let whole = place(whole, slots)?;
    let parts: Vec<usize> =
        parts.split(" + ").map(|key| place(key, slots)).collect::<Option<_>>()?;
    (!parts.contains(&whole)).then_some(Identity { whole, parts })
}

/// Two groups are apart, or one lies inside the other.
fn groups(
    source: &Source<'_>,
    rows: Vec<GroupRow>,
    slots: &[Slot],
) -> Result<Vec<Group>, CatalogueError> {
    let mut groups: Vec<Group> = Vec::new();
    for row in rows {
        let first = source.value(&row.from, "slot", |key| place(key, slots))?;
        let last = source.value(&row.to, "slot", |key| place(key, slots))?;
        let inside = |a: (usize, usize), b: (usize, usize)| b.0 <= a.0 && a.1 <= b.1;
        let crossing = groups.iter().any(|held| {
            let (held, new) = ((held.first, held.last), (first, last));
            let apart = held.1 < new.0 || new.1 < held.0;
            held == new || !(apart || inside(held, new) || inside(new, held))
        });
        if crossing || first > last {
            let problem = "a group begins before it ends, and crosses no other";
            return Err(source.error(&row.to.span(), problem));
        }
        groups.push(Group { label: Label { vi: row.vi, en: row.en }, first, last });
    }
    Ok(groups)
}

fn slot_of(
    source: &Source<'_>,
    row: SlotRow,
    indicators: &[Indicator],
    layout: Layout,
) -> Result<Slot, CatalogueError> {
    let find = |id: &str| indicators.iter().position(|indicator| indicator.id == id);
    let known = indicators.iter().map(|indicator| indicator.id.as_str());
    let indicator = source.known(&row.indicator, "indicator", find, known)?;
    let found = indicators.get(indicator);
    if let (Layout::ByFacet(kind), Some(held)) = (layout, found)
        && !held.rule.can_be_read_by(kind)
    {
        let problem = match held.nature {
            Nature::Declared => format!("{:?} is declared: it is not kept by code", held.id),
            Nature::Flow | Nature::Stock | Nature::Distinct | Nature::Ratio => {
                format!("{:?} cannot be read by {}", held.id, kind.word())
            }
        };
        return Err(source.error(&row.indicator.span(), problem));
    }
    let known = found.map(|indicator| indicator.label.clone());
    let label = match (row.vi, row.en, known) {
        (Some(vi), Some(en), _) => Label { vi, en },
        (None, None, Some(known)) => known,
        _ => return Err(source.error(&row.key.span(), "a slot has vi and en, or neither")),
    };
    let short = match (row.short_vi, row.short_en) {
        (Some(vi), Some(en)) => Some(Label { vi, en }),
        (None, None) => None,
        _ => {
            let problem = "a slot has short_vi and short_en, or neither";
            return Err(source.error(&row.key.span(), problem));
        }
    };
    let (number, memo) = (row.number, row.memo);
    Ok(Slot {
        key: row.key.into_inner(),
        label,
        short,
        number,
        memo,
        of_province: false,
        indicator,
    })
}

fn layout(word: &str) -> Option<Layout> {
    match word {
        "by_unit" => Some(Layout::ByUnit),
        "list" => Some(Layout::List),
        _ => match FacetKind::parse(word.strip_prefix("by_")?)? {
            FacetKind::All | FacetKind::Anomaly | FacetKind::Declared | FacetKind::Narrative => {
                None
            }
            kind @ (FacetKind::Field
            | FacetKind::Procedure
            | FacetKind::Kind
            | FacetKind::System
            | FacetKind::Plan) => Some(Layout::ByFacet(kind)),
        },
    }
}
