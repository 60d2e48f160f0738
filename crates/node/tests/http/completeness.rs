//! What is missing, as it is answered.

use std::sync::Arc;

use serde_json::{Value, json};
use tonghop_core::book::Book;
use tonghop_core::cells::CellKey;
use tonghop_core::day::{Day, Instant};
use tonghop_core::fold::{Message, Plan, Projection};
use tonghop_core::measure::{Facet, Measure};
use tonghop_core::unit_code::UnitCode;
use tonghop_node::http::{self, Api, router};
use tonghop_node::reading::Reading;
use tonghop_node::view::{FacetSource, View};
use tonghop_wire::{Decoder, Raw, route};

use crate::world;

/// The day of the message and what it says, of this unit and kind.
type Said = (&'static str, &'static str, &'static str, Option<u64>);

/// The log of these, after the registrations of a province and two departments.
fn api(said: impl IntoIterator<Item = Said>) -> Api {
    api_with(Book::default(), said)
}

fn api_with(book: Book, said: impl IntoIterator<Item = Said>) -> Api {
    let registered = ["H41", "H41.16", "H41.17"]
        .map(|code| ("2021-01-01", "H41", "unit.registered", Some(code), None));
    let said = said.into_iter().map(|(day, unit, kind, number)| (day, unit, kind, None, number));
    let mut decoder = Decoder::new();
    let messages = (1..).zip(registered.into_iter().chain(said));
    let messages: Vec<Message> = messages
        .map(|(position, (day, unit, kind, about, number))| {
            let id = format!("e{position}");
            let data = match about {
                Some("H41") => json!({"name": about, "level": "PROVINCE"}),
                Some(_) => json!({"name": about, "level": "DEPARTMENT"}),
                None => json!({"name": "S"}),
            };
            let mut event = json!({"specversion": "1.0", "id": id, "unit": unit, "data": data,
                "source": format!("/{unit}/x"), "type": format!("vn.tonghop.{kind}.v1"),
                "subject": about.unwrap_or(&id), "time": "2021-01-01T08:00:00+07:00"});
            if let Some(number) = number {
                event["sequence"] = number.to_string().into();
            }
            let line = event.to_string();
            let subject = route(line.as_bytes()).unwrap();
            let raw = Raw { subject: &subject, headers: &[], payload: line.as_bytes() };
            let recorded = Instant::parse(&format!("{day}T12:00:00+07:00")).unwrap();
            Message { position, recorded, said: Ok(decoder.decode(&raw).unwrap()) }
        })
        .collect();
    let mut projection = Projection::default();
    let plan = Plan::new(messages);
    let values = vec![None; plan.keys().len()];
    projection.fold(plan, values).unwrap();
    let view = View::new(
        world::shared(),
        book,
        projection.registry().clone(),
        projection.position(),
        projection.recorded(),
        projection.counts(),
        FacetSource::empty(),
    );
    let reading = Arc::new(Reading::with_catalogue(world::catalogue()));
    reading.show(Arc::new(view.with_sources(projection.sources())));
    Api { today: || Day::parse("2021-09-20").unwrap(), ..Api::new(reading) }
}

async fn ok(api: &Api, path: &str) -> String {
    let reply = http::ask(&router(api), path).await.unwrap();
    let body = String::from_utf8(reply.body.to_vec()).unwrap();
    assert_eq!(reply.status.as_u16(), 200, "{path}: {body}");
    body
}

async fn answer(api: &Api, path: &str) -> Value {
    serde_json::from_str(&ok(api, path).await).unwrap()
}

/// A book in which units said something of a day, as the log recorded it on another.
fn book(said: &[(&str, &str, &str)]) -> Book {
    let mut book = Book::default();
    let day = |text| Day::parse(text).unwrap();
    for (unit, on, recorded) in said {
        let key = CellKey {
            unit: UnitCode::parse(unit).unwrap(),
            measure: Measure::SiteOpen,
            facet: Facet::All,
            day: day(on),
            recorded: day(recorded),
        };
        book.add(&key, 1);
    }
    book
}

#[tokio::test]
async fn units_are_in_time_if_nothing_changed_after_the_deadline() {
    // The report of the quarter that ends on 14 September is due on the 25th.
    let said = [
        ("H41.16", "2021-09-14", "2021-09-25"),
        // Of the day after the quarter, and so no matter.
        ("H41.16", "2021-09-15", "2021-09-30"),
        ("H41.17", "2021-06-15", "2021-06-16"),
        ("H41.17", "2021-07-01", "2021-09-26"),
    ];
    let api = api_with(book(&said), []);
    let told = answer(&api, "/v1/completeness?period=2021-Q3&lang=en").await;
    assert_eq!(told["deadline"], "2021-09-25");
    assert_eq!(
        told["units"],
        json!([
            {"unit": "H41", "lastChanged": null, "inTime": null},
            {"unit": "H41.16", "lastChanged": "2021-09-25", "inTime": true},
            {"unit": "H41.17", "lastChanged": "2021-09-26", "inTime": false},
        ])
    );
    assert_eq!(
        told["timeliness"],
        "Due 2021-09-25: 1 units in time, 1 changed after it, 1 said nothing."
    );
    let csv = ok(&api, "/v1/completeness?period=2021-Q3&format=csv&unit=H41.17").await;
    assert_eq!(csv, "unit,last_changed,in_time\r\nH41.17,2021-09-26,false\r\n");
    // Days that are no period have no deadline; without days nothing is said of it.
    let told = answer(&api, "/v1/completeness?from=2021-07-01&to=2021-07-01&unit=H41.17").await;
    assert_eq!((&told["deadline"], &told["units"][0]["inTime"]), (&Value::Null, &Value::Null));
    assert_eq!(answer(&api, "/v1/completeness").await.get("units"), None);
}

#[tokio::test]
async fn many_holes_are_named_up_to_a_bound_and_counted() {
    // 2, 4 … 80: forty holes of one number.
    let every_other = (1..=40).map(|n| ("2021-09-20", "H41.16", "site.opened", Some(2 * n)));
    let api = api(every_other.chain([("2021-09-20", "H41.17", "site.opened", None)]));
    let all = answer(&api, "/v1/completeness?lang=en").await;
    assert_eq!(all["text"], "40 events are missing from 1 of the 1 sources that number.");
    let [office, holes, plain] = all["sources"].as_array().unwrap().as_slice() else {
        panic!("{all}");
    };
    assert_eq!((&office["source"], &office["numbered"]), (&json!("/H41/x"), &json!(false)));
    assert_eq!(holes["missing"].as_array().unwrap().len(), 32);
    assert_eq!((&holes["missing"][1], &holes["missingRangesLeftOut"]), (&json!([3, 3]), &json!(8)));
    assert_eq!((&holes["missingCount"], &holes["missingUnnamed"]), (&json!(40), &Value::Null));
    assert_eq!((&plain["numbered"], &plain["missingCount"]), (&json!(false), &json!(0)));
    let csv = ok(&api, "/v1/completeness?unit=H41.16&format=csv").await;
    assert!(csv.contains(",40,1 3 5 "), "{csv}");
    assert!(csv.contains(" 63 …,2021-09-20,"), "{csv}");
    assert_eq!(csv.lines().count(), 2);
    let below = answer(&api, "/v1/completeness?unit=H41.17&lang=en").await;
    assert_eq!(below["text"], "No source numbers its events yet.");
    let metrics = ok(&api, "/metrics").await;
    for line in ["sources 3", "sources_numbered 1", "sources_incomplete 1", "events_missing 40"] {
        assert!(metrics.lines().any(|held| held == format!("tonghop_{line}")), "{metrics}");
    }
    let refused = http::ask(&router(&api), "/v1/completeness?knownAt=2021-09-01").await.unwrap();
    assert_eq!(refused.status.as_u16(), 400, "it is of now");
}

#[tokio::test]
async fn silence_is_told_against_the_usual_interval() {
    let days = ["2021-09-01", "2021-09-02", "2021-09-03", "2021-09-04", "2021-09-05"];
    let daily = days.map(|day| (day, "H41.16", "site.opened", None));
    let source = |all: &Value, name: &str| {
        let sources = all["sources"].as_array().unwrap();
        sources.iter().find(|source| source["source"] == name).unwrap().clone()
    };
    let all = answer(&api(daily), "/v1/completeness").await;
    let held = source(&all, "/H41.16/x");
    assert_eq!((&held["usualIntervalDays"], &held["silent"]), (&json!(1), &json!(true)), "{held}");
    assert_eq!(all["silent"], 1);
    let awake = daily.into_iter().chain([("2021-09-17", "H41.16", "site.opened", None)]);
    let held = source(&answer(&api(awake), "/v1/completeness").await, "/H41.16/x");
    assert_eq!((&held["usualIntervalDays"], &held["silent"]), (&json!(4), &json!(false)), "{held}");
}
