//! A department is split after its quarter: the same cells read as it was and as it is.

use std::fs;

use serde_json::Value;

use crate::program::{Up, sample};
use crate::world::Data;

const EVENTS: &str = r#"id,source,type,subject,time,unit,data.name,data.level,data.parent,data.parts,data.closes
k1,/H41/office,vn.tonghop.unit.registered.v1,H41.118,2025-03-01T00:00:00+07:00,H41,Sở Khoa học,DEPARTMENT,H41,,
k2,/H41/office,vn.tonghop.unit.registered.v1,H41.119,2025-03-01T00:00:00+07:00,H41,Sở Văn hóa,DEPARTMENT,H41,,
k3,/H41/office,vn.tonghop.unit.split.v1,H41.16,2025-03-01T00:00:00+07:00,H41,,,,"[{""into"":""H41.119"",""fields"":[""FIELD""]},{""into"":""H41.118""}]",true
"#;
/// The window of the report's dossiers.
const WINDOW: &str = "from=2021-01-01&to=2021-09-06";

/// The cells of the row of this key; zeros if there is none.
fn cells(form: &Value, key: &str, slots: &[&str]) -> Vec<i64> {
    let row = form["rows"].as_array().unwrap().iter().find(|row| row["key"] == key);
    let cell = |slot: &&str| row.map_or(0, |row| row["cells"][*slot]["value"].as_i64().unwrap());
    slots.iter().map(cell).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_quarter_of_a_department_is_read_as_its_heirs() {
    let data = Data::new("lineage");
    let up = Up::start(&data).await;
    let told = up.publish(&data, &sample(&data, "0.01").await).await;
    let form = async |name: &str, more: &str| {
        up.get(&format!("/v1/forms/{name}?{WINDOW}&{more}")).await.json()
    };
    let stored = told["stored"].as_u64().unwrap();
    up.reaches(stored).await;
    let slots = ["c3", "c5", "c7", "c11"];
    let by_field = form("bieu-06-field", "unit=H41.16").await;
    let field = by_field["rows"][0]["key"].as_str().unwrap().to_owned();
    let of_field = cells(&by_field, &field, &slots);
    assert_ne!(field, "TOTAL");
    assert!(of_field[0] > 0, "{by_field}");

    let file = data.file("split.csv");
    fs::write(&file, EVENTS.replace("FIELD", &field)).unwrap();
    let told = up.publish(&data, &file).await;
    assert_eq!((&told["stored"], &told["refused"]), (&3.into(), &0.into()), "{told}");
    up.reaches(stored + 3).await;

    let as_was = form("bieu-06a", "").await;
    let as_is = form("bieu-06a", "tree=2025-03-01").await;
    let ict = cells(&as_was, "H41.16", &slots);
    assert!(ict[0] > of_field[0], "the department has other fields too: {as_was}");
    assert_eq!(cells(&as_is, "TOTAL", &slots), cells(&as_was, "TOTAL", &slots));
    assert_eq!(cells(&as_is, "H41.119", &slots), of_field);
    let rest: Vec<i64> = ict.iter().zip(&of_field).map(|(all, field)| all - field).collect();
    assert_eq!(cells(&as_is, "H41.118", &slots), rest);
    assert_eq!(cells(&as_is, "H41.16", &slots), [0; 4]);
    // Below the heir, the field's form has what the department had.
    let heir = form("bieu-06-field", "unit=H41.119&tree=2025-03-01").await;
    assert_eq!(cells(&heir, &field, &slots), of_field);
    up.running.stop("TERM").await.expect(0);
}
