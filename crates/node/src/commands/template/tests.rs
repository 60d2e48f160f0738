use super::*;
use crate::settings::Lang;

#[test]
fn every_column_of_every_kind_has_its_own_name() {
    for kind in Kind::ALL {
        for unit in [None, UnitCode::parse("H41.16")] {
            let template = Template::of(*kind, unit, Lang::En).unwrap();
            let mut headings: Vec<String> = template
                .columns
                .iter()
                .map(|column| crate::table::heading(&column.heading))
                .collect();
            let count = headings.len();
            headings.sort();
            headings.dedup();
            assert_eq!(headings.len(), count, "{}: {headings:?}", kind.name());
            for column in &template.columns {
                assert!(!column.about.is_empty(), "{} {}", kind.name(), column.target);
                let mut choices = 0;
                if let columns::Style::OneOf(list) = &column.style {
                    choices = list.join(",").chars().count();
                }
                assert!(choices <= 255, "a list of a spreadsheet is no longer: {column:?}");
            }
        }
    }
}

#[test]
fn every_column_is_explained_in_vietnamese_and_nothing_else_is() {
    let explained = words::Explained::read().unwrap();
    let mut used = std::collections::BTreeSet::new();
    for kind in Kind::ALL {
        for column in Template::of(*kind, None, Lang::Vi).unwrap().columns {
            let name = column.target.strip_prefix("data.").unwrap_or(&column.target);
            let own = format!("{}.{name}", kind.name());
            let about = explained.of(*kind, &column.target);
            assert_eq!(about, Some(column.about.as_str()), "{own}");
            used.extend([own, name.to_owned()]);
        }
    }
    for name in explained.names() {
        assert!(used.contains(name), "{name} is no column");
    }
}

#[test]
fn every_word_is_of_a_kind() {
    let words = words::Words::read().unwrap();
    let families: Vec<&str> = Kind::ALL.iter().map(|kind| kind.spec().family.word()).collect();
    for name in words.names() {
        let is_kind = Kind::parse(name).is_some();
        assert!(is_kind || families.contains(&name) || name == "retracted", "{name}");
    }
}
