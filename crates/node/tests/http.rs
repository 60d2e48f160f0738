//! HTTP as a reader meets it: through the router, over the Unix socket, over TCP.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may; the helpers here are part of the tests"
)]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tonghop_core::day::Day;
use tonghop_core::fold::Counts;
use tonghop_node::ask::Lang;
use tonghop_node::http::{self, Api, router};
use tonghop_node::reading::Reading;

use tonghop_node::socket::Reply;
use tonghop_node::view::{FacetSource, View};
use tonghop_report::{FormAnswer, Format, csv, table};

#[path = "http/completeness.rs"]
mod completeness;
#[path = "http/described.rs"]
mod described;
#[path = "http/lineage.rs"]
mod lineage;
#[path = "http/shapes.rs"]
mod shapes;
#[path = "http/sockets.rs"]
mod sockets;
#[path = "http/world.rs"]
mod world;

const QUARTER: &str = "from=2021-06-15&to=2021-09-14";

fn view() -> Arc<View> {
    let view = View::new(
        world::shared(),
        world::book(&world::changes()),
        world::registry(),
        11,
        world::day("2021-09-14"),
        Counts { folded: 10, duplicates: 1, refused: 0 },
        FacetSource::empty(),
    );
    view.set_lag(0);
    view.expect(11);
    Arc::new(view)
}

fn reading() -> Arc<Reading> {
    let reading = Arc::new(Reading::with_catalogue(world::catalogue()));
    reading.show(view());
    reading
}

fn api() -> Api {
    let today = || Day::parse("2021-09-20").unwrap();
    Api { today, ..Api::new(reading()) }
}

async fn get(path: &str) -> Reply {
    http::ask(&router(&api()), path).await.unwrap()
}

async fn ok(path: &str) -> Value {
    let reply = get(path).await;
    assert_eq!(reply.status.as_u16(), 200, "{path}: {}", String::from_utf8_lossy(&reply.body));
    serde_json::from_slice(&reply.body).unwrap()
}

/// The status and the problem of a request that is refused.
async fn refused(path: &str) -> (u16, Value) {
    let reply = get(path).await;
    let shown = path.chars().take(80).collect::<String>();
    let problem: Value = serde_json::from_slice(&reply.body)
        .unwrap_or_else(|error| panic!("{shown}: {error}: {:?}", reply.body));
    assert_eq!(problem["status"], reply.status.as_u16(), "{shown}");
    assert!(problem["type"].as_str().unwrap().starts_with("urn:tonghop:problem:"), "{shown}");
    assert!(problem["title"].is_string() && problem["detail"].is_string(), "{shown}");
    assert!(reply.body.len() < 8_000, "{shown}: {} bytes", reply.body.len());
    (reply.status.as_u16(), problem)
}

#[tokio::test]
async fn a_form_is_the_json_of_the_contract() {
    let reply = get(&format!("/v1/forms/bieu-06a?unit=H41&{QUARTER}")).await;
    let text = String::from_utf8(reply.body.to_vec()).unwrap();
    let expected = "{\"form\":\"bieu-06a\",\"unit\":\"H41\",\"window\":{\"from\":\"2021-06-15\",\
        \"to\":\"2021-09-14\"},\"calendar\":null,\"period\":null,\"tree\":\"as-was\",\
        \"knownAt\":null,\"position\":11,\"lag\":0,\"computedTo\":null,\"rows\":[{\"key\":\"H41\",\
        \"label\":\"Nghệ An\",\"level\":\"PROVINCE\",\"kind\":\"unit\",\"cells\":{\"c3\":{\"value\":88,\
        \"status\":\"computed\",\"figure\":\"dossiers.to_handle~H41~20210615-20210914\"},";
    assert!(text.starts_with(expected), "{text}");
    let form: Value = serde_json::from_str(&text).unwrap();
    let rows = form["rows"].as_array().unwrap();
    let keys: Vec<_> = rows.iter().map(|row| row["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["H41", "H41.16", "H41.30", "H41.30.1", "H41.30.2", "TOTAL"]);
    assert_eq!(rows[1]["cells"]["c7"]["value"], 78);
    assert_eq!(rows[2]["label"], "Huyện \"Nghi Lộc\"");
    assert_eq!(rows[2]["cells"]["c3"]["value"], 8);
    assert_eq!((&rows[5]["level"], &rows[5]["kind"]), (&Value::Null, &json!("total")));
    let list = ok(&format!("/v1/forms/documents?{QUARTER}")).await;
    assert!(list["rows"].as_array().unwrap().iter().all(|row| row["kind"] == "slot"), "{list}");
    assert_eq!(rows[5]["cells"]["c13"]["value"], 1);
    let communes = form["levels"].as_array().unwrap().iter().find(|l| l["level"] == "COMMUNE");
    assert_eq!(communes.unwrap()["cells"]["c3"], json!({"value": 8, "status": "computed"}));
}

#[tokio::test]
async fn the_period_of_a_calendar_is_the_same_window() {
    let mut by_period = ok("/v1/forms/bieu-06a?period=2021-Q3").await;
    assert_eq!(by_period["calendar"], "legal");
    assert_eq!(by_period["period"], "2021-Q3");
    by_period["calendar"] = Value::Null;
    by_period["period"] = Value::Null;
    assert_eq!(by_period, ok(&format!("/v1/forms/bieu-06a?{QUARTER}")).await);
}

/// The values and statuses of a form, without the ids of its figures.
fn cells(form: &Value) -> Vec<(Value, Value, Value)> {
    let rows = form["rows"].as_array().unwrap().iter().chain(form["levels"].as_array().unwrap());
    rows.flat_map(|row| row["cells"].as_object().unwrap().values())
        .map(|cell| (cell["value"].clone(), cell["ratio"].clone(), cell["status"].clone()))
        .collect()
}

#[tokio::test]
async fn a_window_that_is_not_over_is_read_up_to_the_day_of_reading() {
    let read = async |today, window: &str| {
        let router = router(&Api { today, ..api() });
        let path = format!("/v1/forms/bieu-06a?unit=H41&{window}");
        let reply = http::ask(&router, &path).await.unwrap();
        cells(&serde_json::from_slice(&reply.body).unwrap())
    };
    let during: fn() -> Day = || Day::parse("2021-07-20").unwrap();
    let last = || Day::parse("2021-09-14").unwrap();
    let after = || Day::parse("2021-09-15").unwrap();
    let before = || Day::parse("2021-06-01").unwrap();
    let status = |cells: &[(Value, Value, Value)], said: &str| {
        assert!(!cells.is_empty() && cells.iter().all(|cell| cell.2 == said), "{cells:?}");
    };
    let values = |cells: Vec<(Value, Value, Value)>| -> Vec<_> {
        cells.into_iter().map(|(value, ratio, _)| (value, ratio)).collect()
    };

    let (now, whole) = (read(during, QUARTER).await, read(after, QUARTER).await);
    status(&now, "provisional");
    status(&whole, "computed");
    assert_ne!(values(now.clone()), values(whole.clone()));
    let so_far = read(after, "from=2021-06-15&to=2021-07-20").await;
    status(&so_far, "computed");
    assert_eq!(values(now.clone()), values(so_far));
    // As it was known on a day, it was read on that day.
    let known = read(after, &format!("{QUARTER}&knownAt=2021-07-20")).await;
    status(&known, "provisional");

    let on_the_last_day = read(last, QUARTER).await;
    status(&on_the_last_day, "provisional");
    assert_eq!(values(on_the_last_day), values(whole.clone()));
    // Nothing of it has come: there is nothing to leave out.
    let future = read(before, QUARTER).await;
    status(&future, "provisional");
    assert_eq!(values(future), values(whole));
    // The whole form says up to which day it was computed, in whatever format.
    for (today, query, to) in [
        (during, QUARTER.to_owned(), json!("2021-07-20")),
        (after, QUARTER.to_owned(), Value::Null),
        (after, format!("{QUARTER}&knownAt=2021-07-20"), json!("2021-07-20")),
        (last, QUARTER.to_owned(), json!("2021-09-14")),
        (before, QUARTER.to_owned(), json!("2021-09-14")),
    ] {
        let router = router(&Api { today, ..api() });
        let path = format!("/v1/forms/bieu-06a?unit=H41&{query}");
        let reply = http::ask(&router, &path).await.unwrap();
        let form: Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(form["computedTo"], to, "{path}");
        let csv = http::ask(&router, &format!("{path}&format=csv")).await.unwrap();
        let csv = String::from_utf8(csv.body.to_vec()).unwrap();
        let wanted = format!(",total,{},", to.as_str().unwrap_or_default());
        assert!(csv.contains(&wanted), "{wanted}: {csv}");
    }
    let figure = "/v1/figures?indicator=dossiers.pending_overdue&unit=H41";
    let router = router(&Api { today: during, ..api() });
    let reply = http::ask(&router, &format!("{figure}&{QUARTER}")).await.unwrap();
    let answer: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(answer["status"], "provisional");
    assert_eq!(answer["window"]["to"], "2021-09-14");
}

#[tokio::test]
async fn a_list_has_a_row_for_each_slot() {
    let form = ok(&format!("/v1/forms/documents?lang=en&{QUARTER}")).await;
    assert_eq!(form["rows"][0]["cells"]["value"]["value"], 200);
    let share = &form["rows"][1];
    assert_eq!(share["cells"]["value"]["ratio"], json!({"part": 147, "whole": 200}));
    assert_eq!(share["counted"], "documents");
    assert!(form.get("levels").is_none());
    let figure = share["cells"]["value"]["figure"].as_str().unwrap();
    let figure = ok(&format!("/v1/figures/{figure}")).await;
    assert_eq!(figure["ratio"], json!({"part": 147, "whole": 200}));
}

#[tokio::test]
async fn every_figure_of_a_form_is_found_by_its_id() {
    for question in [QUARTER, "period=2021-Q3&knownAt=2021-08-01&tree=2021-09-14", "period=2021"] {
        let form = ok(&format!("/v1/forms/bieu-06a?{question}")).await;
        for row in form["rows"].as_array().unwrap() {
            for (key, cell) in row["cells"].as_object().unwrap() {
                let id = cell["figure"].as_str().unwrap();
                let figure = ok(&format!("/v1/figures/{id}")).await;
                assert_eq!(figure["value"], cell["value"], "{question} {key} {id}");
                assert_eq!(figure["figure"], id);
            }
        }
    }
}

#[tokio::test]
async fn a_figure_is_the_json_of_the_contract() {
    let figure =
        ok(&format!("/v1/figures?indicator=dossiers.settled&unit=000.00.16.H41&{QUARTER}")).await;
    for (key, value) in [
        ("indicator", json!("dossiers.settled")),
        ("unit", json!("H41.16")),
        ("window", json!({"from": "2021-06-15", "to": "2021-09-14"})),
        ("value", json!(78)),
        ("position", json!(11)),
        ("lag", json!(0)),
        ("nature", json!("flow")),
        ("counted", json!("hồ sơ")),
    ] {
        assert_eq!(figure[key], value, "{key}");
    }
    let path = "/v1/figures?indicator=dossiers.settled&unit=H41.16&knownAt=2021-09-13";
    assert_eq!(ok(&format!("{path}&{QUARTER}")).await["value"], 0);
}

#[tokio::test]
async fn known_at_the_position_is_now() {
    let now = ok(&format!("/v1/forms/bieu-06a?{QUARTER}&knownAt=11")).await;
    assert_eq!(now["knownAt"], 11);
    assert_eq!(now["rows"][1]["cells"]["c3"]["value"], 80);
    let (status, problem) = refused(&format!("/v1/forms/bieu-06a?{QUARTER}&knownAt=10")).await;
    assert_eq!(
        (status, problem["type"].as_str()),
        (501, Some("urn:tonghop:problem:known_at.no_replay"))
    );
    let (status, _) = refused(&format!("/v1/forms/bieu-06a?{QUARTER}&knownAt=12")).await;
    assert_eq!(status, 400);
    // With a replay, the answer is that of the replayed view.
    let make = |position| {
        assert_eq!(position, 4);
        let (book, registry) = (world::book(&world::changes()[..2]), world::registry());
        let source = FacetSource::empty();
        let (recorded, counts) = (world::day("2021-08-10"), Counts::default());
        Ok(Arc::new(View::new(world::shared(), book, registry, position, recorded, counts, source)))
    };
    let router = router(&Api { replay: Some(Arc::new(make)), ..api() });
    let path = format!("/v1/forms/bieu-06a?{QUARTER}&knownAt=4");
    let reply = http::ask(&router, &path).await.unwrap();
    let form: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!((&form["position"], &form["knownAt"]), (&json!(4), &json!(4)));
    let cell = &form["rows"][1]["cells"]["c7"];
    assert_eq!(cell["value"], 0);
    assert_eq!(cell["status"], "provisional", "the position was recorded before the quarter ended");
    assert_eq!(cell["figure"], "dossiers.settled~H41.16~20210615-20210914~p4");
}

#[tokio::test]
async fn the_registry_is_read_as_of_a_day() {
    let codes = |units: &Value| -> Vec<String> {
        let units = units["units"].as_array().unwrap().iter();
        units.map(|unit| unit["code"].as_str().unwrap().to_owned()).collect()
    };
    let units = ok("/v1/units").await;
    assert_eq!(codes(&units), ["H41", "H41.16", "H41.30", "H41.30.1", "H41.30.2"]);
    assert_eq!(units["on"], "2021-09-20");
    assert_eq!(units["units"][1]["parent"], "H41");
    assert_eq!(units["units"][1]["registered"], "2021-01-01");
    let below = ok("/v1/units?unit=H41.30&on=2021-09-20").await;
    assert_eq!(codes(&below), ["H41.30", "H41.30.1", "H41.30.2"]);
    assert!(codes(&ok("/v1/units?on=2020-12-31").await).is_empty());
    assert!(codes(&ok("/v1/units?knownAt=2021-01-01").await).is_empty());
    // A closed unit is still read under its own code and under the other one.
    let question = format!("/v1/figures?indicator=documents.issued&{QUARTER}&unit=");
    assert_eq!(ok(&(question.clone() + "H41.99")).await["unit"], "H41.40");
    assert_eq!(ok(&(question + "H41.40")).await["missing"], true);
}

#[tokio::test]
async fn calendars_forms_and_indicators_are_listed() {
    let calendars = ok("/v1/calendars?year=2021").await;
    let quarter = &calendars["calendars"][0]["periods"][0];
    assert_eq!(quarter["period"], "2021-Q3");
    assert_eq!((&quarter["from"], &quarter["to"]), (&json!("2021-06-15"), &json!("2021-09-14")));
    assert_eq!((&quarter["days"], &quarter["deadline"]), (&json!(92), &json!("2021-09-25")));
    assert_eq!(ok("/v1/calendars").await, calendars);
    // At the ends of time, only the periods that have all their days are there.
    assert_eq!(ok("/v1/calendars?year=2149").await["calendars"][0]["periods"], json!([]));
    let forms = ok("/v1/forms?lang=en").await;
    assert_eq!(forms["forms"][1]["layout"], "field");
    assert_eq!(forms["forms"][0]["slots"][7]["key"], "c10");
    assert_eq!(ok("/v1/indicators").await["indicators"][4]["id"], "dossiers.settled");
}

#[tokio::test]
async fn what_cannot_be_answered_says_what_to_do() {
    for (path, status, says) in [
        ("/v1/forms/bieu-06a?unit=H41&form=x&period=2021-Q3", 400, "it takes unit, period"),
        ("/v1/forms/bieu-06a?peroid=2021-Q3", 400, "did you mean period?"),
        ("/v1/forms/bieu-06b?period=2021-Q3", 404, "did you mean bieu-06a?"),
        ("/v1/forms/bieu-06a", 400, "give period=2021-Q3"),
        ("/v1/forms/bieu-06a?period=2021-Q3&from=2021-01-01&to=2021-01-02", 400, "exclude each"),
        ("/v1/forms/bieu-06a?from=2021-01-01", 400, "needs to="),
        ("/v1/forms/bieu-06a?to=2021-01-01", 400, "needs from="),
        ("/v1/forms/bieu-06a?from=2021-09-14&to=2021-06-15", 400, "before from=2021-09-14"),
        ("/v1/forms/bieu-06a?from=9999-01-01&to=9999-12-31", 400, "2149-06-06"),
        ("/v1/forms/bieu-06a?from=-001-01-01&to=2021-12-31", 400, "YYYY-MM-DD"),
        ("/v1/forms/bieu-06a?from=+2021-6-15&to=2021-12-31", 400, "YYYY-MM-DD"),
        ("/v1/forms/bieu-06a?from=2021-02-30&to=2021-12-31", 400, "YYYY-MM-DD"),
        ("/v1/forms/bieu-06a?period=2021-Q5", 400, "did you mean 2021-Q3?"),
        ("/v1/forms/bieu-06a?period=9999-Q3", 400, "must lie between"),
        ("/v1/forms/bieu-06a?period=-1", 400, "such as 2021-Q3"),
        ("/v1/forms/bieu-06a?period=2021-Q3&calendar=lunar", 400, "GET /v1/calendars"),
        (
            "/v1/forms/bieu-06a?calendar=legal&from=2021-01-01&to=2021-01-02",
            400,
            "goes with period",
        ),
        ("/v1/forms/bieu-06a?period=2021-Q3&period=2021-Q3", 400, "give it once"),
        ("/v1/forms/bieu-06a?period=2021-Q3&unit=h41,16", 400, "such as H41.16"),
        ("/v1/forms/bieu-06a?period=2021-Q3&unit=H41.17", 404, "did you mean H41.16?"),
        ("/v1/forms/bieu-06a?period=2021-Q3&tree=is", 400, "as-was"),
        ("/v1/forms/bieu-06a?period=2021-Q3&lang=fr", 400, "one of vi, en"),
        ("/v1/forms/bieu-06a?period=2021-Q3&format=doc", 400, "one of json, csv, xlsx, docx, pdf"),
        ("/v1/forms/bieu-06a?period=2021-Q3&knownAt=-5", 400, "YYYY-MM-DD"),
        ("/v1/forms/bieu-06a?period=2021-Q3&knownAt=99999999999999999999", 400, "below 2^64"),
        ("/v1/forms/bieu-06a?period=%FF", 400, "UTF-8"),
        ("/v1/forms/bieu-06a?period=%2", 400, "UTF-8"),
        ("/v1/forms/%FF?period=2021-Q3", 400, "UTF-8"),
        ("/v1/forms/%F0%9F%92%A5%00%1B[2J?period=2021-Q3", 404, "GET /v1/forms lists"),
        ("/v1/figures?period=2021-Q3", 400, "GET /v1/indicators"),
        (
            "/v1/figures?indicator=document.issued&period=2021-Q3",
            400,
            "did you mean documents.issued?",
        ),
        ("/v1/figures/nonsense", 404, "figure ids stand in"),
        ("/v1/figures/no.such~H41~20210615-20210914", 404, "figure ids stand in"),
        ("/v1/figures/documents.issued~H41~20210615-20210914~ffield.x", 404, "figure ids stand in"),
        ("/v1/calendars?year=9999", 400, "from 1970 to 2149"),
        ("/v1/calendars?year=-5", 400, "from 1970 to 2149"),
        ("/v1/units?on=today", 400, "YYYY-MM-DD"),
        ("/healthz?x=1", 400, "it takes none"),
        ("/v1/form", 404, "did you mean /v1/forms?"),
        ("/v1/forms/", 404, "/openapi.json"),
        ("/?x=1", 400, "it takes none"),
    ] {
        let (found, problem) = refused(path).await;
        let detail = problem["detail"].as_str().unwrap();
        assert_eq!(found, status, "{path}: {detail}");
        assert!(detail.contains(says), "{path}: {detail}");
        assert!(!detail.contains(|c: char| c.is_control()), "{path}: {detail:?}");
    }
    let (_, problem) = refused("/v1/figures?indicator=document.issued&period=2021-Q3").await;
    assert_eq!(problem["didYouMean"], "documents.issued");
    assert_eq!(problem["parameter"], "indicator");
    let (status, _) = refused(&format!("/v1/units?unit={}", "A".repeat(60_000))).await;
    assert_eq!(status, 414);
    let many = "&".repeat(2_000) + &"period=2021-Q3&".repeat(100);
    assert_eq!(refused(&format!("/v1/forms/bieu-06a?{many}")).await.0, 400);
}

#[tokio::test]
async fn the_widest_window_is_answered() {
    let path = "/v1/forms/bieu-06a?from=1970-01-01&to=2149-06-06&tree=1970-01-01";
    let form = ok(path).await;
    assert_eq!(form["rows"][0]["cells"]["c3"]["value"], 88);
    assert_eq!(form["rows"][0]["cells"]["c6"]["value"], 0);
}

#[tokio::test]
async fn health_tells_a_late_view_from_a_ready_one() {
    let reading = Arc::new(Reading::with_catalogue(world::catalogue()));
    let router = router(&Api::new(Arc::clone(&reading)));
    let status = async |path: &str| http::ask(&router, path).await.unwrap().status.as_u16();
    assert_eq!(status("/healthz").await, 200);
    assert_eq!(status("/readyz").await, 503);
    assert_eq!(status("/v1/units").await, 503);
    let view = view();
    view.expect(13);
    view.set_lag(2);
    reading.show(Arc::clone(&view));
    assert_eq!(status("/readyz").await, 503);
    view.metrics().committed(Duration::from_millis(3));
    view.metrics().refused("unit.unknown");
    view.apply(&[], &world::step(12, 13), None);
    assert_eq!(status("/readyz").await, 200);
    let metrics = http::ask(&router, "/metrics").await.unwrap();
    let text = String::from_utf8(metrics.body.to_vec()).unwrap();
    for line in [
        "tonghop_position 13",
        "tonghop_lag 0",
        "tonghop_folded_total 13",
        "tonghop_refused_by_code_total{code=\"unit.unknown\"} 1",
        "tonghop_commit_seconds_count 1",
        "tonghop_commit_seconds_bucket{le=\"0.005\"} 1",
    ] {
        assert!(text.lines().any(|held| held == line), "{line}\n{text}");
    }
    assert!(text.contains("tonghop_resident_memory_bytes "), "{text}");
}

#[tokio::test]
async fn the_description_names_every_path() {
    let described = ok("/openapi.json").await;
    let mut paths: Vec<_> = described["paths"].as_object().unwrap().keys().cloned().collect();
    let mut served: Vec<_> = http::paths().collect();
    paths.sort();
    served.sort();
    assert_eq!(paths, served);
    assert_eq!(described["openapi"], "3.1.0");
}

#[tokio::test]
async fn the_front_page_leads_to_what_is_served() {
    let reply = get("/").await;
    let page = String::from_utf8(reply.body.to_vec()).unwrap();
    assert_eq!(reply.status.as_u16(), 200);
    assert!(page.starts_with("<!doctype html>"), "{page}");
    let links: Vec<&str> =
        page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    for wanted in ["/v1/forms", "/openapi.json", "/asyncapi.json"] {
        assert!(links.contains(&wanted), "{wanted}");
    }
    for link in links {
        let status = get(link).await.status.as_u16();
        assert!(!matches!(status, 400 | 404 | 405), "{link}: {status}");
    }
}

#[tokio::test]
async fn a_form_is_rendered_from_its_answer() {
    let reply = get("/v1/forms/bieu-06a?period=2021-Q3").await;
    let form = FormAnswer::parse(&reply.body).unwrap();
    assert_eq!(serde_json::to_vec(&form).unwrap(), reply.body, "read and written again");
    assert_eq!(form.lang, Lang::Vi);
    let by_level = table::by_level(&form);
    assert!(by_level.contains("Sở, ban, ngành"), "{by_level}");
    let csv_reply = get("/v1/forms/bieu-06a?period=2021-Q3&format=csv").await;
    assert_eq!(csv_reply.body, csv::csv(&form));
    let text = String::from_utf8(csv_reply.body.to_vec()).unwrap();
    assert!(text.contains("\r\nH41.30.2,\"'=HYPERLINK(\"\"x\"\")\",COMMUNE,3,"), "{text}");
    for (format, begins) in
        [(Format::Xlsx, &b"PK"[..]), (Format::Docx, b"PK"), (Format::Pdf, b"%PDF-")]
    {
        let path = format!("/v1/forms/bieu-06a?period=2021-Q3&format={}", format.word());
        let reply = get(&path).await;
        assert_eq!((reply.status.as_u16(), &reply.body[..begins.len()]), (200, begins), "{path}");
        assert_eq!(reply.body, format.form(&form).unwrap(), "{path}: the same bytes each time");
        let path = format!("/v1/forms/documents?period=2021-Q3&format={}", format.word());
        assert_eq!(get(&path).await.status.as_u16(), 200, "{path}");
    }
}

#[tokio::test]
async fn the_contract_is_served_as_it_is_written_out() {
    let proto = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto");
    let written = |name: &str| fs::read(proto.join(name)).unwrap();
    assert_eq!(get("/asyncapi.json").await.body, written("asyncapi.json"));
    for (asked, name) in [
        ("dossier.accepted", "dossier.accepted"),
        ("dossier.accepted.json", "dossier.accepted"),
        ("vn.tonghop.dossier.accepted.v1", "dossier.accepted"),
        ("envelope.json", "envelope"),
    ] {
        let reply = get(&format!("/schemas/{asked}")).await;
        assert_eq!(reply.body, written(&format!("schema/{name}.json")), "{asked}");
    }
    let reply = get("/schemas/dossier.acepted").await;
    let says = String::from_utf8(reply.body.to_vec()).unwrap();
    assert_eq!(reply.status.as_u16(), 404);
    assert!(says.contains("dossier.accepted") && says.contains("/asyncapi.json"), "{says}");
}
