use super::*;

#[test]
fn every_column_of_every_kind_has_its_own_name() {
    for kind in Kind::ALL {
        for unit in [None, UnitCode::parse("H41.16")] {
            let template = Template::of(*kind, unit).unwrap();
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
fn every_word_is_of_a_kind() {
    let words = words::Words::read().unwrap();
    let families: Vec<&str> = Kind::ALL.iter().map(|kind| kind.spec().family.word()).collect();
    for name in words.names() {
        let is_kind = Kind::parse(name).is_some();
        assert!(is_kind || families.contains(&name) || name == "retracted", "{name}");
    }
}
