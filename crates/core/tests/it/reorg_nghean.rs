//! Nghệ An, 2024 to 2025, as `reorg_nghean.csv` tells it: districts 21 → 20 → none, communes
//! 460 → 412 → 130, departments 20 → 14, and a quarter in the middle of it.
//!
//! The file names some of the units and counts the others; the ones that it only counts are
//! numbered here, and merged in groups as even as the counts allow.

use std::collections::BTreeMap;

use tonghop_core::catalogue::Layout;
use tonghop_core::day::Window;
use tonghop_core::form::{RowKey, Table, fill};
use tonghop_core::read::{Query, Tree, Value};
use tonghop_core::registry::Registry;
use tonghop_core::words::Level;

use crate::kit::day;
use crate::kit::forms::{BIEU_06, Reader, catalogue};
use crate::kit::line::messages;
use crate::kit::store::World;
use crate::kit::unit;

const FACTS: &str = include_str!("reorg_nghean.csv");
/// The legal Q3/2025 (Nghị định 09/2019/NĐ-CP, art. 12).
const QUARTER: (&str, &str) = ("2025-06-15", "2025-09-14");

/// One row: day, kind, from, to.
type Fact = (String, String, Vec<String>, String);

fn facts() -> Vec<Fact> {
    let fact = |line: &str| {
        let cells = cells(line);
        let units = cells[2].split(';').map(|name| name.trim().to_owned()).collect();
        (cells[0].chars().take(10).collect(), cells[1].clone(), units, cells[3].clone())
    };
    FACTS.lines().skip(1).map(fact).collect()
}

/// The cells of a line of CSV; commas inside quotes do not part them.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    for letter in line.chars() {
        match letter {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            letter => cells.last_mut().unwrap().push(letter),
        }
    }
    cells
}

/// The number that a text begins with.
fn number(text: &str) -> usize {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_else(|_| panic!("how many is {text}?"))
}

/// The number of the row of this kind on this day.
fn counted(on: &str, kind: &str) -> (usize, usize) {
    let facts = facts();
    let (_, _, from, to) = facts.iter().find(|(day, k, ..)| day == on && k == kind).unwrap();
    (number(&from[0]), number(to))
}

/// The lines of a province that is founded and reorganised.
struct Province {
    lines: Vec<String>,
    /// Codes by name; a name is a key only while the tests write it.
    codes: BTreeMap<String, String>,
    communes: Vec<String>,
}

impl Province {
    fn founded() -> Self {
        let mut province = Self { lines: Vec::new(), codes: BTreeMap::new(), communes: Vec::new() };
        province.register("H41", "Nghệ An", "2000-01-01", "PROVINCE", "");
        let merged: Vec<Fact> = facts()
            .into_iter()
            .filter(|(on, kind, ..)| on == "2025-03-01" && (kind == "merge" || kind.contains('+')))
            .collect();
        let bare = |name: &String| name.split(" (+").next().unwrap().to_owned();
        let named: Vec<String> =
            merged.iter().flat_map(|(_, _, from, _)| from.iter().map(bare)).collect();
        let departments = FACTS.split_once(" specialised agencies").unwrap().0;
        let departments = number(departments.rsplit(',').next().unwrap());
        let others = (named.len()..departments).map(|n| format!("Sở {n}"));
        for (n, name) in named.iter().cloned().chain(others).enumerate() {
            province.register(&format!("H41.{}", n + 1), &name, "2000-01-01", "DEPARTMENT", "H41");
        }
        let (communes, _) = counted("2024-12-01", "count");
        let districts = number(FACTS.split_once("districts ").unwrap().1);
        for n in 0..districts {
            let name = ["Thành phố Vinh", "Thị xã Cửa Lò", "Huyện Nghi Lộc"].get(n);
            let name = name.map_or_else(|| format!("Huyện {n}"), |name| (*name).to_owned());
            province.register(&format!("H41.D{n}"), &name, "2000-01-01", "DISTRICT", "H41");
        }
        for n in 0..communes {
            let code = format!("H41.D{}.{n}", n % districts);
            let parent = format!("H41.D{}", n % districts);
            province.register(&code, &format!("Xã {n}"), "2000-01-01", "COMMUNE", &parent);
            province.communes.push(code);
        }
        province
    }

    fn say(&mut self, about: &str, on: &str, what: &str) {
        let n = self.lines.len();
        self.lines
            .push(format!("H41 unit {about} {on}T00:00 {what} source=/H41/u id=u{n} rec={on}"));
    }

    fn register(&mut self, code: &str, name: &str, on: &str, level: &str, parent: &str) {
        let parent = if parent.is_empty() { String::new() } else { format!("parent={parent}") };
        let shown = name.replace(' ', "_");
        self.say(code, on, &format!("registered {level} name={shown} {parent}"));
        self.codes.insert(name.to_owned(), code.to_owned());
    }

    /// Merges communes, from the front of the list, in as many groups, into new ones.
    fn rearrange(&mut self, on: &str, old: usize, new: usize, parent: Option<&str>) {
        let waiting: Vec<String> = self.communes.drain(..old).collect();
        for n in 0..new {
            let group = &waiting[old * n / new..old * (n + 1) / new];
            let district = group[0].rsplit_once('.').unwrap().0.to_owned();
            // Cửa Lò ends on that day too.
            let district = if district == "H41.D1" { "H41.D0".to_owned() } else { district };
            let (parent, year) = (parent.unwrap_or(&district), day(on).year() % 100);
            let code = format!("H41.X{year}.{n}");
            self.register(&code, &format!("Xã mới {year} {n}"), on, "COMMUNE", parent);
            for before in group {
                self.say(before, on, &format!("merged into={code}"));
            }
            self.communes.push(code);
        }
    }

    fn reorganised() -> Self {
        let mut province = Self::founded();
        province.districts_and_communes_of_2024();
        province.departments_of_2025();
        let (before, after) = counted("2025-07-01", "count");
        assert_eq!(province.communes.len(), before);
        province.rearrange("2025-07-01", before, after, Some("H41"));
        assert_eq!(province.communes.len(), after);
        for n in (0..21).filter(|n| *n != 1) {
            province.say(&format!("H41.D{n}"), "2025-07-01", "closed");
        }
        province
    }

    fn districts_and_communes_of_2024(&mut self) {
        let on = "2024-12-01";
        let (_, _, _, into) = facts().into_iter().find(|(day, ..)| day == on).unwrap();
        let vinh = self.codes[&into].clone();
        self.say(&self.codes["Thị xã Cửa Lò"].clone(), on, &format!("merged into={vinh}"));
        for n in 0..self.communes.len() {
            if self.communes[n].starts_with("H41.D1.") {
                self.say(&self.communes[n].clone(), on, &format!("moved parent={vinh}"));
            }
        }
        let note = FACTS.lines().find(|line| line.contains("units rearranged into")).unwrap();
        let note = cells(note)[4].clone();
        let into = note.rsplit_once(' ').unwrap().1;
        self.rearrange(on, number(&note), number(into), None);
    }

    fn departments_of_2025(&mut self) {
        let on = "2025-03-01";
        let ict = self.codes["Sở Thông tin và Truyền thông"].clone();
        for (place, (_, _, from, to)) in
            facts().into_iter().filter(|(day, kind, ..)| day == on && kind == "merge").enumerate()
        {
            // The name of the new agency may be that of an old one: the code is another.
            let old: Vec<String> = from.iter().map(|name| self.codes[name].clone()).collect();
            let code = format!("H41.N{place}");
            self.register(&code, &to, on, "DEPARTMENT", "H41");
            for before in old.iter().filter(|before| **before != ict) {
                self.say(before, on, &format!("merged into={code}"));
            }
        }
        let culture = self.codes["Sở Văn hóa, Thể thao và Du lịch"].clone();
        let science = self.codes["Sở Khoa học và Công nghệ"].clone();
        self.say(&ict, on, &format!("split {culture}:bao-chi,xuat-ban {science} closes"));
        let ethnic = self.codes["Ban Dân tộc"].clone();
        self.say(&ethnic, on, "renamed name=Sở_Dân_tộc_và_Tôn_giáo");
    }

    fn world(&self, more: &str) -> World {
        World::of(&messages(&format!("{}\n{more}", self.lines.join("\n")), 1))
    }
}

/// How many units of the level exist on the day.
fn count(registry: &Registry, level: Level, on: &str) -> usize {
    let on = day(on);
    registry.units().filter(|(_, unit)| unit.exists(on) && unit.level(on) == Some(level)).count()
}

#[test]
fn the_units_are_as_many_as_the_resolutions_say() {
    let province = Province::reorganised();
    let world = province.world("");
    assert!(world.refusals.is_empty(), "{:?}", world.refusals.first());
    let registry = world.projection.registry();
    for (on, departments, districts, communes) in [
        ("2024-11-30", 20, 21, 460),
        ("2024-12-01", 20, 20, 412),
        ("2025-02-28", 20, 20, 412),
        ("2025-03-01", 14, 20, 412),
        ("2025-06-30", 14, 20, 412),
        ("2025-07-01", 14, 0, 130),
    ] {
        let levels = [Level::Department, Level::District, Level::Commune];
        let found = levels.map(|level| count(registry, level, on));
        assert_eq!(found, [departments, districts, communes], "{on}");
    }
    let window = Window::new(day(QUARTER.0), day(QUARTER.1)).unwrap();
    for n in (0..21).filter(|n| *n != 1) {
        let district = registry.get(unit(&format!("H41.D{n}"))).unwrap();
        let mut days = 0;
        let mut on = window.from;
        while on <= window.to {
            days += usize::from(district.exists(on));
            on = on.next();
        }
        assert_eq!(days, 16, "days of the quarter on which district {n} exists");
    }
}

/// A dossier that is carried in, one of the quarter that is settled, and one that stays pending, at
/// each commune and district; the same at the new communes and the departments after July.
fn work(province: &Province) -> String {
    let mut lines = Vec::new();
    let mut handle = |unit: &str, days: [&str; 4], field: &str| {
        let [carried, accepted, settled, last] = days;
        for (subject, on, kind) in [
            ("D1", carried, format!("accepted ONLINE {field} p1")),
            ("D2", accepted, format!("accepted DIRECT {field} p1")),
            ("D1", settled, "settled APPROVED".to_owned()),
            ("D3", last, format!("accepted ONLINE {field} p2")),
        ] {
            let n = lines.len();
            lines.push(format!("{unit} dossier {subject} {on} {kind} id=w{n}"));
        }
    };
    let world = province.world("");
    for (code, unit) in world.projection.registry().units() {
        let (code, level) = (code.as_str(), unit.level(day("2025-06-20")));
        let exists = |on: &str| unit.exists(day(on));
        if level == Some(Level::Province) {
        } else if exists("2025-06-20") {
            handle(code, ["2025-05-05", "2025-06-15", "2025-06-30", "2025-06-30"], "dat-dai");
        } else if exists("2025-07-01") {
            handle(code, ["2025-07-01", "2025-08-01", "2025-08-05", "2025-09-14"], "ho-tich");
        }
    }
    lines.join("\n")
}

fn form(world: &World, tree: Tree, (from, to): (&str, &str)) -> Table {
    let reader = Reader::new(&world.store, world.projection.registry());
    let catalogue = catalogue(Layout::ByUnit, &BIEU_06[..13]);
    let window = Window::new(day(from), day(to)).unwrap();
    let query = Query { root: unit("H41"), window, known: None, tree, read_on: None };
    fill(&catalogue.forms[0], &catalogue, query, reader.sources())
}

fn rows(table: &Table, level: Level) -> Vec<(&str, &[Value])> {
    let rows = table.rows.iter().filter_map(|row| match &row.key {
        RowKey::Unit(code, found) if *found == Some(level) => {
            Some((code.as_str(), row.values.as_slice()))
        }
        RowKey::Unit(..) | RowKey::Code(_) | RowKey::Slot(_) | RowKey::Total => None,
    });
    rows.collect()
}

fn column(values: &[Value], name: &str) -> i64 {
    let place = BIEU_06.iter().position(|(key, _)| *key == name).unwrap();
    let Value::Count(count) = values[place] else { panic!("{name} is no count") };
    count
}

#[test]
fn the_quarter_of_the_reform_has_one_total_in_every_tree() {
    let province = Province::reorganised();
    let world = province.world(&work(&province));
    assert!(world.refusals.is_empty(), "{:?}", world.refusals.first());
    let as_was = form(&world, Tree::AsWas, QUARTER);
    let total = as_was.rows.last().unwrap().values.clone();
    assert!(column(&total, "c6") > 0 && column(&total, "c8") + column(&total, "c9") > 0);
    for on in ["2024-11-30", "2024-12-01", "2025-03-01", "2025-06-30", "2025-07-01", "2025-09-14"] {
        let table = form(&world, Tree::On(day(on)), QUARTER);
        assert_eq!(table.rows.last().unwrap().values, total, "as it is on {on}");
    }
    for table in [&as_was, &form(&world, Tree::On(day(QUARTER.1)), QUARTER)] {
        for (name, _) in &BIEU_06[..11] {
            let sum: i64 = table.levels.iter().map(|(_, values)| column(values, name)).sum();
            assert_eq!(sum, column(&total, name), "{name} of all levels");
        }
    }
}

#[test]
fn as_it_was_the_districts_stand_in_the_quarter_for_their_sixteen_days() {
    let province = Province::reorganised();
    let world = province.world(&work(&province));
    let as_was = form(&world, Tree::AsWas, QUARTER);
    let districts = rows(&as_was, Level::District);
    assert_eq!(districts.len(), 20);
    let registry = world.projection.registry();
    for (code, values) in districts {
        // Its own dossier and those of the communes that were below it to the end.
        let below = registry.units().filter(|(commune, held)| {
            held.exists(day("2025-06-30"))
                && registry.is_below(*commune, unit(code), day("2025-06-30"))
        });
        let units = i64::try_from(below.count()).unwrap();
        assert!(units > 1);
        let found = ["c6", "c5", "c4", "c7", "c11"].map(|name| column(values, name));
        assert_eq!(found, [units, units, units, units, 2 * units], "{code}");
    }
    let levels: BTreeMap<Option<Level>, i64> =
        as_was.levels.iter().map(|(level, values)| (*level, column(values, "c4"))).collect();
    let expected =
        [(Level::Department, 14), (Level::District, 20), (Level::Commune, 412 + 130 * 2)];
    assert_eq!(levels, expected.map(|(level, count)| (Some(level), count)).into());
}

#[test]
fn as_it_is_only_the_units_of_today_stand_and_districts_keep_what_was_theirs() {
    let province = Province::reorganised();
    let world = province.world(&work(&province));
    let as_is = form(&world, Tree::On(day(QUARTER.1)), QUARTER);
    let communes = rows(&as_is, Level::Commune);
    assert_eq!(communes.len(), 130);
    assert!(communes.iter().all(|(code, _)| code.starts_with("H41.X25.")));
    let handled: i64 = communes.iter().map(|(_, values)| column(values, "c4")).sum();
    assert_eq!(handled, 412 + 130 * 2);
    for (code, values) in rows(&as_is, Level::District) {
        assert_eq!(column(values, "c4"), 1, "{code}");
    }
    assert_eq!(rows(&as_is, Level::District).len(), 20);
}

#[test]
fn the_author_of_the_report_of_2021_is_read_as_its_heirs() {
    let province = Province::reorganised();
    let ict = province.codes["Sở Thông tin và Truyền thông"].clone();
    let lines = format!(
        "{ict} dossier A1 2021-06-28 accepted ONLINE buu-chinh p1 id=a1
         {ict} dossier A2 2021-06-28 accepted ONLINE bao-chi p1 id=a2
         {ict} dossier A3 2021-06-28 accepted ONLINE xuat-ban p1 id=a3
         {ict} document 1/KH 2021-06-28 issued KH id=a4"
    );
    let world = province.world(&lines);
    let quarter = ("2021-06-15", "2021-09-14");
    let of = |table: &Table, name: &str| {
        let code = &province.codes[name];
        let row = table
            .rows
            .iter()
            .find(|row| matches!(&row.key, RowKey::Unit(c, _) if c.as_str() == code));
        row.map_or(0, |row| column(&row.values, "c4"))
    };
    let as_was = form(&world, Tree::AsWas, quarter);
    assert_eq!(of(&as_was, "Sở Thông tin và Truyền thông"), 3);
    for on in ["2025-03-01", "2025-09-14"] {
        let as_is = form(&world, Tree::On(day(on)), quarter);
        assert_eq!(of(&as_is, "Sở Thông tin và Truyền thông"), 0, "{on}");
        assert_eq!(of(&as_is, "Sở Khoa học và Công nghệ"), 1, "{on}");
        assert_eq!(of(&as_is, "Sở Văn hóa, Thể thao và Du lịch"), 2, "{on}");
        assert_eq!(as_is.rows.last().unwrap().values, as_was.rows.last().unwrap().values);
    }
    assert_eq!(
        of(&form(&world, Tree::On(day("2025-02-28")), quarter), "Sở Thông tin và Truyền thông"),
        3
    );
}

#[test]
fn a_district_speaks_of_june_in_august_and_of_july_never() {
    let province = Province::reorganised();
    let world = province.world(
        "H41.D5 dossier D1 2025-06-30 accepted DIRECT f p rec=2025-08-20 id=x
         H41.D5 dossier D2 2025-07-01 accepted DIRECT f p rec=2025-08-20 id=y
         H41.D5.26 dossier D3 2025-07-01 accepted DIRECT f p rec=2025-08-20 id=z",
    );
    let refused: Vec<String> = world
        .refusals
        .iter()
        .map(|(_, refusal)| format!("{} {}", refusal.code.word(), refusal.args[1].1))
        .collect();
    assert_eq!(refused, ["unit.closed 2025-07-01", "unit.closed 2024-12-01"]);
}

#[test]
fn what_was_known_in_june_has_the_units_of_june_in_every_tree() {
    let province = Province::reorganised();
    let july = province.lines.iter().position(|line| line.contains(" 2025-07-01T")).unwrap();
    let (before, after) = province.lines.split_at(july);
    let communes: Vec<&str> = before
        .iter()
        .filter(|line| line.contains("registered COMMUNE name=Xã_mới_24"))
        .map(|line| line.split(' ').nth(2).unwrap())
        .collect();
    let said = communes.iter().enumerate().map(|(n, code)| {
        format!("{code} dossier D1 2025-06-16 accepted ONLINE f p id=w{n} rec=2025-06-20")
    });
    let lines: Vec<String> =
        before.iter().cloned().chain(said).chain(after.iter().cloned()).collect();
    let world = World::of(&messages(&lines.join("\n"), 1));
    assert!(world.refusals.is_empty(), "{:?}", world.refusals.first());
    for (known, prefix) in [("2025-06-30", "H41.X24."), ("2025-07-01", "H41.X25.")] {
        let registry = world.projection.registry().as_known(day(known));
        let reader = Reader::new(&world.store, &registry);
        let catalogue = catalogue(Layout::ByUnit, &BIEU_06[..13]);
        let window = Window::new(day(QUARTER.0), day(QUARTER.1)).unwrap();
        let tree = Tree::On(day(QUARTER.1));
        let query =
            Query { root: unit("H41"), window, known: Some(day(known)), tree, read_on: None };
        let table = fill(&catalogue.forms[0], &catalogue, query, reader.sources());
        let rows = rows(&table, Level::Commune);
        assert!(rows.iter().all(|(code, _)| code.starts_with(prefix)), "{rows:?}");
        let handled: i64 = rows.iter().map(|(_, values)| column(values, "c4")).sum();
        assert_eq!(handled, i64::try_from(communes.len()).unwrap());
    }
}
