//! Units that were split: their figures as it was and as it is, and who follows whom.

use std::sync::Arc;

use serde_json::{Value, json};
use tonghop_core::cells::{CellChange, CellKey};
use tonghop_core::family::unit::{Change, Part};
use tonghop_core::fold::Counts;
use tonghop_core::measure::{Facet, FacetKind, Measure};
use tonghop_core::registry::Registry;
use tonghop_core::words::Level;
use tonghop_node::http::{self, Api, router};
use tonghop_node::reading::Reading;
use tonghop_node::view::{FacetSource, View};

use super::{QUARTER, api, world};

/// The units of the other tests; in 2025 the department gave its press to another, and the rest to
/// a third.
fn registry() -> Registry {
    let mut registry = world::registry();
    world::register(&mut registry, "H41.17", "Sở Văn hóa", Level::Department, "H41");
    world::register(&mut registry, "H41.18", "Sở Khoa học", Level::Department, "H41");
    let parts = [
        Part { into: world::code("H41.17"), fields: ["bao-chi".into()].into() },
        Part { into: world::code("H41.18"), fields: [].into() },
    ];
    let split = Change::Split { parts: parts.into(), closes: true };
    world::add(&mut registry, "H41.16", "2025-03-01T00:00:00+07:00", split);
    // A commune became a ward, and stands below another department since.
    let name = "Phường Một".into();
    world::add(&mut registry, "H41.30.1", "2025-03-01T00:00:00+07:00", Change::Renamed { name });
    let parent = world::code("H41.17");
    world::add(&mut registry, "H41.30.1", "2025-03-01T00:00:00+07:00", Change::Moved { parent });
    registry
}

/// Of the 80 dossiers of the department, 30 were of the press.
fn of_the_press() -> CellChange {
    let change = world::change("H41.16", Measure::DossierReceivedOnline, "2021-06-15", 30);
    let facet = Facet::Of(FacetKind::Field, "bao-chi".into());
    CellChange { key: CellKey { facet, ..change.key }, ..change }
}

async fn ok(path: &str) -> Value {
    let press = |unit, group, kind| {
        let CellChange { key, amount } = of_the_press();
        let is_asked = (key.unit, key.measure.group(), key.facet.kind()) == (unit, group, kind);
        Ok(if is_asked { vec![(key, amount)] } else { Vec::new() })
    };
    let source = FacetSource { cells: Box::new(press), ..FacetSource::empty() };
    let book = world::book(&world::changes());
    let view = View::new(
        world::shared(),
        book,
        registry(),
        11,
        world::day("2021-09-14"),
        Counts::default(),
        source,
    );
    let reading = Arc::new(Reading::new().unwrap());
    reading.show(Arc::new(view));
    let reply = http::ask(&router(&Api { reading, ..api() }), path).await.unwrap();
    assert_eq!(reply.status.as_u16(), 200, "{path}: {}", String::from_utf8_lossy(&reply.body));
    serde_json::from_slice(&reply.body).unwrap()
}

#[tokio::test]
async fn in_the_tree_of_a_day_the_heirs_stand_and_the_total_stays() {
    let c4 = |form: &Value| -> Vec<(String, i64)> {
        let rows = form["rows"].as_array().unwrap().iter();
        rows.map(|row| {
            let key = row["key"].as_str().unwrap().to_owned();
            (key, row["cells"]["c4"]["value"].as_i64().unwrap())
        })
        .filter(|(_, value)| *value != 0)
        .collect()
    };
    let rows = |rows: &[(&str, i64)]| -> Vec<(String, i64)> {
        rows.iter().map(|(key, value)| ((*key).to_owned(), *value)).collect()
    };
    let path = format!("/v1/forms/bieu-06a?{QUARTER}");
    let as_was = rows(&[("H41", 80), ("H41.16", 80), ("TOTAL", 80)]);
    assert_eq!(c4(&ok(&path).await), as_was);
    assert_eq!(c4(&ok(&format!("{path}&tree=2025-02-28")).await), as_was);
    let form = ok(&format!("{path}&tree=2025-03-01")).await;
    assert_eq!(c4(&form), rows(&[("H41", 80), ("H41.17", 30), ("H41.18", 50), ("TOTAL", 80)]));
    // Before anybody knew of the split, the tree of that day was the old one.
    let known = ok(&format!("{path}&tree=2025-03-01&knownAt=2024-12-31")).await;
    assert_eq!(c4(&known), as_was);
    // Each figure is found again by its id, and by the field it is of.
    let culture = &form["rows"].as_array().unwrap().iter().find(|row| row["key"] == "H41.17");
    let figure = culture.unwrap()["cells"]["c4"]["figure"].as_str().unwrap().to_owned();
    assert_eq!(ok(&format!("/v1/figures/{figure}")).await["value"], 30);
    assert_eq!(ok(&format!("/v1/figures/{figure}~ffield.bao-chi")).await["value"], 30);
    let other = figure.replace("H41.17", "H41.18");
    assert_eq!(ok(&format!("/v1/figures/{other}")).await["value"], 50);
    assert_eq!(ok(&format!("/v1/figures/{other}~ffield.bao-chi")).await["value"], 0);
}

#[tokio::test]
async fn the_head_is_named_by_the_day_of_the_tree_as_the_rows_are() {
    let names = async |query: &str| -> [String; 3] {
        let form = ok(&format!("/v1/forms/bieu-06a?{QUARTER}&{query}")).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let row = form["rows"].as_array().unwrap().iter().find(|row| row["key"] == form["unit"]);
        [&form["unitLabel"], &form["parentLabel"], &row.unwrap()["label"]].map(text)
    };
    let was = ["Xã Một", "Huyện \"Nghi Lộc\"", "Xã Một"];
    assert_eq!(names("unit=H41.30.1").await, was);
    assert_eq!(names("unit=H41.30.1&tree=2025-02-28").await, was);
    let is = ["Phường Một", "Sở Văn hóa", "Phường Một"];
    assert_eq!(names("unit=H41.30.1&tree=2025-03-01").await, is);
}

#[tokio::test]
async fn units_tell_whom_they_follow_and_who_follows_them() {
    let find = |units: &Value, code: &str| {
        units["units"].as_array().unwrap().iter().find(|unit| unit["code"] == code).cloned()
    };
    let next = |code: &str, fields: &[&str]| json!({"code": code, "on": "2025-03-01", "fields": fields, "ends": true});
    let before = ok("/v1/units?on=2025-02-28").await;
    let ict = find(&before, "H41.16").unwrap();
    assert_eq!(ict["closed"], "2025-03-01");
    assert_eq!(ict["successors"], json!([next("H41.17", &["bao-chi"]), next("H41.18", &[])]));
    assert_eq!(ict["predecessors"], json!([]));
    let after = ok("/v1/units?on=2025-03-01").await;
    assert_eq!(find(&after, "H41.16"), None);
    let culture = find(&after, "H41.17").unwrap();
    assert_eq!(culture["predecessors"], json!([next("H41.16", &["bao-chi"])]));
    assert_eq!(culture["successors"], json!([]));
}
