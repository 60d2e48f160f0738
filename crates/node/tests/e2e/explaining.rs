//! The events behind a figure: page by page over HTTP, and in the terminal.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::described::unlike;
use crate::program::{Up, run, sample};
use crate::world::{Data, publish};
use tonghop_node::nats::{ConnectSettings, connect};

const WINDOW: &str = "20210615-20210914";

/// All pages of a figure's events, and what they add up to.
#[derive(Debug, Default)]
struct Listing {
    timelines: Vec<Value>,
    pages: usize,
    part: i64,
    whole: i64,
    once: BTreeMap<String, (i64, i64, i64)>,
    last: Value,
}

impl Listing {
    /// Asks for page after page; `query` begins with `?`.
    async fn of(up: &Up, figure: &str, query: &str) -> Self {
        let mut listing = Self::default();
        let mut next = String::new();
        loop {
            let target = format!("/v1/figures/{figure}/events{query}{next}");
            let reply = up.get(&target).await;
            assert_eq!(reply.status, 200, "{target}: {}", reply.body);
            listing.take(reply.json());
            match listing.last["next"].as_str() {
                Some(cursor) => next = format!("&cursor={cursor}"),
                None => return listing,
            }
        }
    }

    fn take(&mut self, page: Value) {
        self.pages += 1;
        for timeline in page["timelines"].as_array().unwrap() {
            for held in timeline["contributions"].as_array().unwrap() {
                let number = |name: &str| held[name].as_i64().unwrap();
                let amount = number("amount");
                if let Some(name) = held["countedOnce"].as_str() {
                    let weights = (number("part"), number("whole"), 0);
                    self.once.entry(name.to_owned()).or_insert(weights).2 += amount;
                } else {
                    self.part += amount * number("part");
                    self.whole += amount * number("whole");
                }
            }
            self.timelines.push(timeline.clone());
        }
        self.last = page;
    }

    /// What it comes to, as the answer writes a figure.
    fn value(&self) -> Value {
        let there = || self.once.values().filter(|(_, _, amount)| *amount > 0);
        let part = self.part + there().map(|(part, ..)| part).sum::<i64>();
        let whole = self.whole + there().map(|(_, whole, _)| whole).sum::<i64>();
        if self.last.get("ratio").is_some() {
            return json!({"part": part, "whole": whole});
        }
        json!(part)
    }

    fn subjects(&self) -> Vec<&str> {
        self.timelines.iter().map(|timeline| timeline["subject"].as_str().unwrap()).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exp_1_every_indicator_of_the_sample_is_explained() {
    let data = Data::new("explaining");
    let up = Up::start(&data).await;
    let published = up.publish(&data, &sample(&data, "0.002").await).await;
    up.reaches(published["position"].as_u64().unwrap_or(1)).await;
    let indicators = up.get("/v1/indicators").await.json();
    let described = up.get("/openapi.json").await.json();
    let schema = &described["components"]["schemas"]["Explained"];
    let (mut explained, mut declared) = (0, 0);
    for indicator in indicators["indicators"].as_array().unwrap() {
        let id = indicator["id"].as_str().unwrap();
        for figure in [
            format!("{id}~H41~{WINDOW}"),
            format!("{id}~H41.16~{WINDOW}"),
            format!("{id}~H41~20210501-20210830~t20250701"),
        ] {
            let listing = Listing::of(&up, &figure, "?limit=1000").await;
            assert_eq!(listing.last["complete"], true, "{figure}");
            let mut found = Vec::new();
            unlike(&listing.last, schema, &described, "page", &mut found);
            assert_eq!(found, Vec::<String>::new(), "{figure}");
            let count = listing.last["count"].as_u64().unwrap();
            assert_eq!(count, u64::try_from(listing.timelines.len()).unwrap());
            if listing.last["nature"] == "declared" {
                declared += listing.timelines.len();
                continue;
            }
            let figure_is = listing.last.get("ratio").unwrap_or(&listing.last["value"]);
            // Of what nobody was heard nothing is listed, and nothing is what that comes to.
            let figure_is = if figure_is.is_null() { json!(0) } else { figure_is.clone() };
            assert_eq!(figure_is, listing.value(), "{figure}");
            explained += usize::from(!listing.timelines.is_empty());
        }
    }
    assert!(explained > 100 && declared > 10, "{explained} and {declared} were explained");

    // However the list is cut into pages, it is the same.
    let figure = format!("dossiers.settled~H41~{WINDOW}");
    let whole = Listing::of(&up, &figure, "?limit=1000").await;
    let cut = Listing::of(&up, &figure, "?limit=7").await;
    assert_eq!(whole.timelines, cut.timelines);
    assert!(cut.pages > 3, "{} pages", cut.pages);

    // Into a pipe the terminal's command writes all of it, and adds it up.
    let args = ["explain", "--indicator", "dossiers.settled", "--period", "2021-Q3"];
    let told = run(&data, &args).await.expect(0);
    assert!(told.out.contains("cộng lại đúng bằng số liệu trên"), "{}", told.out);
    assert!(told.out.matches("dossier.settled ").count() >= whole.timelines.len());
    let told = run(&data, &[&args[..], &["--json"]].concat()).await.expect(0).json();
    assert_eq!(told["timelines"], json!(whole.timelines));
    assert_eq!(told["value"], whole.last["value"]);
    let told = run(&data, &["explain", &figure, "--limit", "2", "--lang", "en"]).await.expect(0);
    assert!(told.out.contains("2 listed, and there may be more"), "{}", told.out);
}

/// An event of H41.16's system: kind, subject, day, what it says, and what it replaces.
fn dossier(id: &str, kind: &str, subject: &str, day: &str, data: &Value, replaces: &str) -> String {
    let mut event = json!({
        "specversion": "1.0", "id": id, "source": "/H41.16/igate", "unit": "H41.16",
        "type": format!("vn.tonghop.dossier.{kind}.v1"), "subject": subject,
        "time": format!("{day}T08:30:00+07:00"), "data": data,
    });
    if !replaces.is_empty() {
        event["replaces"] = json!(replaces);
    }
    event.to_string()
}

fn unit(code: &str, level: &str, parent: Option<&str>) -> String {
    let mut data = json!({"name": format!("Sở {code}"), "level": level});
    if let Some(parent) = parent {
        data["parent"] = json!(parent);
    }
    let id = format!("unit-{code}");
    json!({
        "specversion": "1.0", "id": id, "source": "/H41/office", "unit": "H41",
        "type": "vn.tonghop.unit.registered.v1", "subject": code,
        "time": "2000-01-01T00:00:00+07:00", "data": data,
    })
    .to_string()
}

/// A dossier promised for 30 June.
fn accepted(subject: &str) -> String {
    let data =
        json!({"procedure": "1.005129", "field": "f", "channel": "DIRECT", "dueOn": "2021-06-30"});
    dossier(&format!("{subject}-a"), "accepted", subject, "2021-06-20", &data, "")
}

fn settled(id: &str, subject: &str, day: &str, replaces: &str) -> String {
    dossier(id, "settled", subject, day, &json!({"outcome": "APPROVED"}), replaces)
}

/// Three dossiers, of which D1 and D3 are late; then D1 is corrected, D3's settlement is taken
/// back, and D4 comes late in both senses.
fn story() -> (Vec<String>, Vec<String>) {
    let before = vec![
        unit("H41", "PROVINCE", None),
        unit("H41.16", "DEPARTMENT", Some("H41")),
        accepted("D1"),
        settled("D1-s", "D1", "2021-07-02", ""),
        accepted("D2"),
        settled("D2-s", "D2", "2021-06-29", ""),
        accepted("D3"),
        settled("D3-s", "D3", "2021-07-05", ""),
    ];
    let after = vec![
        settled("D1-c", "D1", "2021-06-30", "D1-s"),
        dossier("D3-r", "retracted", "D3", "2021-07-06", &json!({}), "D3-s"),
        accepted("D4"),
        settled("D4-s", "D4", "2021-08-01", ""),
    ];
    (before, after)
}

async fn said(up: &Up, lines: &[String]) -> u64 {
    // Before the stream is there, what is sent first may be stored last.
    up.reaches(0).await;
    let client = connect(&ConnectSettings::new(&up.nats, "test")).await.unwrap();
    let last = publish(&client, lines).await;
    up.reaches(last).await;
    last
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_a_retraction_and_a_late_event_are_seen_as_causes() {
    let data = Data::new("causes");
    let up = Up::start(&data).await;
    let (before, after) = story();
    let then = said(&up, &before).await;
    let figure = format!("dossiers.settled_late~H41~{WINDOW}");
    let late = Listing::of(&up, &figure, "?limit=10").await;
    assert_eq!((late.subjects(), &late.last["value"]), (vec!["D1", "D3"], &json!(2)));

    let now = said(&up, &after).await;
    let late = Listing::of(&up, &figure, "?limit=10").await;
    assert_eq!((late.subjects(), &late.last["value"]), (vec!["D4"], &json!(1)));
    // As it was known at the position before, nothing of this was.
    let known = Listing::of(&up, &format!("{figure}~p{then}"), "?limit=1").await;
    assert_eq!((known.subjects(), &known.last["value"]), (vec!["D1", "D3"], &json!(2)));

    let causes = Listing::of(&up, &figure, &format!("?limit=2&since={then}")).await;
    assert_eq!(causes.last["since"], json!({"knownAt": then, "value": 2}));
    assert_eq!((causes.subjects(), causes.part), (vec!["D1", "D3", "D4"], -1));
    let standings = |timeline: &Value| -> Vec<String> {
        let events = timeline["events"].as_array().unwrap().iter();
        let one = |said: &Value| {
            let new = if said["isNew"] == true { "+" } else { "" };
            format!("{new}{} {}", said["id"].as_str().unwrap(), said["standing"].as_str().unwrap())
        };
        events.map(one).collect()
    };
    let expected = [
        vec!["D1-a in_force", "+D1-c in_force", "D1-s replaced"],
        vec!["D3-a in_force", "D3-s retracted", "+D3-r retraction"],
        vec!["+D4-a in_force", "+D4-s in_force"],
    ];
    assert_eq!(causes.timelines.iter().map(standings).collect::<Vec<_>>(), expected);
    // Nothing was known on the last day of 2020: all there is has come since.
    let causes = Listing::of(&up, &figure, "?since=2020-12-31").await;
    assert_eq!((causes.subjects(), causes.part), (vec!["D4"], 1));

    let (then, now) = (then.to_string(), now.to_string());
    let told = run(&data, &["explain", &figure, "--between", &then, &now]).await.expect(0);
    for words in [
        "H41 · 15/6/2021–14/9/2021: 1 hồ sơ",
        &format!("Trước đó, theo số liệu biết đến #{then}: 2"),
        "D1  -1",
        "D4  +1",
        "rút lại D3-s",
        "MỚI thay cho D1-s",
        "3 đối tượng; cộng lại đúng bằng phần chênh lệch.",
    ] {
        assert!(told.out.contains(words), "{words} in {}", told.out);
    }
    for wrong in [["--between", &now, &then], ["--between", "then", "now"]] {
        run(&data, &[&["explain", &figure], &wrong[..]].concat()).await.expect(2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_goes_on_as_it_began_after_a_kill() {
    let data = Data::new("explain-kill");
    let mut up = Up::start(&data).await;
    let (before, after) = story();
    said(&up, &before).await;
    let figure = format!("dossiers.settled~H41.16~{WINDOW}");
    let events = format!("/v1/figures/{figure}/events");
    let first = up.get(&format!("{events}?limit=1")).await.json();
    let mut listing = Listing::default();
    listing.take(first);
    said(&up, &after).await;
    up.running.kill();

    let up = Up::start(&data).await;
    up.reaches(12).await;
    while let Some(cursor) = listing.last["next"].as_str() {
        let page = up.get(&format!("{events}?limit=1&cursor={cursor}")).await;
        listing.take(page.json());
    }
    assert_eq!(listing.subjects(), ["D1", "D2", "D3"], "what was known on the first page");
    assert_eq!((&listing.last["value"], listing.value()), (&json!(3), json!(3)));
    assert_eq!(listing.last["position"], 8);
    let fresh = Listing::of(&up, &figure, "?limit=1").await;
    assert_eq!((fresh.subjects(), fresh.value()), (vec!["D1", "D2", "D4"], json!(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_explained_is_answered_with_a_problem() {
    let data = Data::new("explain-wrong");
    let up = Up::start(&data).await;
    said(&up, &story().0).await;
    let figure = format!("dossiers.settled~H41.16~{WINDOW}");
    let events = format!("/v1/figures/{figure}/events");
    let first = up.get(&format!("{events}?limit=1")).await.json();
    let cursor = first["next"].as_str().unwrap();
    let other = format!("/v1/figures/dossiers.settled~H41~{WINDOW}/events");
    let huge = "9".repeat(2_000);
    for (target, status) in [
        (format!("{events}?limit=0"), 400),
        (format!("{events}?limit=1001"), 400),
        (format!("{events}?limit={}", u64::MAX), 400),
        (format!("{events}?limit=-1"), 400),
        (format!("{events}?cursor=1"), 400),
        (format!("{events}?cursor={huge}"), 400),
        (format!("{events}?cursor={cursor}0"), 400),
        (format!("{events}?cursor={}", cursor.replacen("1.8.", "1.7.", 1)), 400),
        (format!("{events}?since=1&cursor={cursor}"), 400),
        (format!("{other}?cursor={cursor}"), 400),
        (format!("{events}?since=9"), 400),
        (format!("{events}?since={huge}"), 400),
        (format!("{events}?since=someday"), 400),
        (format!("{events}?unit=H41"), 400),
        (format!("/v1/figures/{figure}~p99/events"), 400),
        ("/v1/figures/dossiers.none~H41~20210615-20210914/events".to_owned(), 404),
        (format!("/v1/figures/dossiers.settled~H49~{WINDOW}/events"), 404),
    ] {
        let reply = up.get(&target).await;
        assert_eq!(reply.status, status, "{target}: {}", reply.body);
        assert_eq!(reply.kind, "application/problem+json", "{target}");
    }
    let up = up.running.stop("TERM").await.expect(0);
    assert!(!up.err.contains("EXP-1"), "{}", up.err);
    // The store alone has no events.
    let told = run(&data, &["explain", &figure]).await.expect(3);
    assert!(told.err.contains("tonghop up"), "{}", told.err);
}
