//! FORM-1: the JSON of a form is written in one place and read in another; both are what is described.

use std::sync::Arc;

use serde_json::{Value, json};
use tonghop_core::cells::{CellChange, CellKey};
use tonghop_core::day::Day;
use tonghop_core::fold::Counts;
use tonghop_core::measure::{Facet, FacetKind, Measure};
use tonghop_node::http::{self, Api, router};
use tonghop_node::reading::Reading;
use tonghop_node::view::{FacetSource, View};
use tonghop_report::{Cell, FormAnswer, Lang, RowKind};

use super::described::unlike;
use super::{QUARTER, api, world};

/// All that comes with the program: every form, the report in words among them. Somebody calls a
/// field TOTAL.
fn api_with_all_forms() -> Api {
    let change = world::change("H41.16", Measure::DossierReceivedOnline, "2021-06-15", 30);
    let facet = Facet::Of(FacetKind::Field, "TOTAL".into());
    let change = CellChange { key: CellKey { facet, ..change.key }, ..change };
    let of_the_field = move |unit, group, kind| {
        let CellChange { key, amount } = change.clone();
        let is_asked = (key.unit, key.measure.group(), key.facet.kind()) == (unit, group, kind);
        Ok(if is_asked { vec![(key, amount)] } else { Vec::new() })
    };
    let book = world::book(&world::changes());
    let counts = Counts::default();
    let source = FacetSource { cells: Box::new(of_the_field), ..FacetSource::empty() };
    let recorded = world::day("2021-09-14");
    let view = View::new(world::shared(), book, world::registry(), 11, recorded, counts, source);
    let reading = Arc::new(Reading::new().unwrap());
    reading.show(Arc::new(view));
    let today = || Day::parse("2021-07-20").unwrap();
    Api { reading, today, ..api() }
}

async fn get(path: &str) -> Vec<u8> {
    let reply = http::ask(&router(&api_with_all_forms()), path).await.unwrap();
    assert_eq!(reply.status.as_u16(), 200, "{path}: {}", String::from_utf8_lossy(&reply.body));
    reply.body.to_vec()
}

#[tokio::test]
async fn every_form_is_read_whole_and_is_as_described() {
    let described: Value = serde_json::from_slice(&get("/openapi.json").await).unwrap();
    let schema = &described["components"]["schemas"]["Form"];
    let forms: Value = serde_json::from_slice(&get("/v1/forms").await).unwrap();
    let ids: Vec<&str> = forms["forms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|form| form["id"].as_str().unwrap())
        .collect();
    assert!(ids.contains(&"cchc") && ids.contains(&"bieu-06-field"), "{ids:?}");
    for id in ids {
        for query in [QUARTER, "period=2021-H1&lang=en&unit=H41.16&tree=2021-07-01"] {
            let path = format!("/v1/forms/{id}?{query}");
            let body = get(&path).await;
            let read = FormAnswer::parse(&body).unwrap_or_else(|error| panic!("{path}: {error}"));
            // What nobody reads would be lost on the way to a workbook, and here.
            let again = serde_json::to_vec(&read).unwrap();
            let text = String::from_utf8_lossy;
            assert!(again == body, "{path}: {}\nis not {}", text(&again), text(&body));
            let value: Value = serde_json::from_slice(&body).unwrap();
            let mut found = Vec::new();
            unlike(&value, schema, &described, id, &mut found);
            found.dedup();
            assert!(found.is_empty(), "{path}: {found:#?}");
        }
    }
}

#[tokio::test]
async fn a_field_that_is_called_total_is_not_the_total() {
    let path = format!("/v1/forms/bieu-06-field?{QUARTER}");
    let form: Value = serde_json::from_slice(&get(&path).await).unwrap();
    let rows: Vec<(&Value, &Value, &Value)> = form["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (&row["key"], &row["kind"], &row["cells"]["c4"]["value"]))
        .collect();
    let (key, code, total) = (json!("TOTAL"), json!("code"), json!("total"));
    assert_eq!(rows, [(&key, &code, &json!(30)), (&key, &total, &json!(80))]);
    let csv = String::from_utf8(get(&format!("{path}&format=csv")).await).unwrap();
    let kinds: Vec<bool> = csv.lines().skip(1).map(|line| line.contains(",code,")).collect();
    assert_eq!(kinds, [true, false], "{csv}");
    let read = FormAnswer::parse(&get(&path).await).unwrap();
    let document = read.document();
    let rows = &document.tables().next().unwrap().rows;
    let printed: Vec<(RowKind, String, &Cell)> =
        rows.iter().map(|row| (row.kind, row.cells[1].show(Lang::Vi), &row.cells[3])).collect();
    let wanted = [
        (RowKind::Plain, "TOTAL".to_owned(), &Cell::count(30)),
        (RowKind::Total, "Tổng số".to_owned(), &Cell::count(80)),
    ];
    assert_eq!(printed, wanted);
}
