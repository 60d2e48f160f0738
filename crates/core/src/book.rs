//! The book: cells laid out for reading.
//!
//! A series holds the cells of one (unit, measure) under one facet, by day and recorded day, with
//! running totals of what is known now, so that a flow or a stock is two searches.
//!
//! **Invariant BOOK-1:** the running total of a day is the sum of the amounts of all days up to it.
//! **Invariant BOOK-4:** the series of the whole are the sums of those of the units.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::cells::{CellChange, CellKey};
use crate::day::{Day, Window};
use crate::measure::{Facet, Measure};
use crate::unit_code::UnitCode;

/// The cells of one (unit, measure).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Series {
    /// (day, recorded day, amount), in this order.
    cells: Vec<(Day, Day, i64)>,
    /// (day, running total), one for each day with cells.
    totals: Vec<(Day, i64)>,
}

impl Series {
    /// Adds a run: (day, recorded day, amount) in order of day. The running totals are gone through
    /// once, however long the run is.
    fn add_run(&mut self, run: impl Iterator<Item = (Day, Day, i64)> + Clone) {
        let Some((first, _, _)) = run.clone().next() else { return };
        for (day, recorded, amount) in run.clone() {
            self.add_cell(day, recorded, amount);
        }
        let begin = self.totals.partition_point(|(day, _)| *day < first);
        let mut place = begin;
        for (day, _, _) in run.clone() {
            place = self.place_of(day, place);
        }
        let (mut run, mut more) = (run.peekable(), 0);
        for (day, total) in self.totals.iter_mut().skip(begin) {
            while let Some((_, _, amount)) = run.next_if(|(next, _, _)| next <= day) {
                more += amount;
            }
            *total += more;
        }
    }

    fn add_cell(&mut self, day: Day, recorded: Day, amount: i64) {
        let place = match self.cells.last() {
            Some((d, r, _)) if (*d, *r) < (day, recorded) => self.cells.len(),
            _ => self.cells.partition_point(|(d, r, _)| (*d, *r) < (day, recorded)),
        };
        match self.cells.get_mut(place) {
            Some((d, r, held)) if (*d, *r) == (day, recorded) => *held += amount,
            _ => self.cells.insert(place, (day, recorded, amount)),
        }
    }

    /// The place of a day's running total, which is made if there is none; it is not before `from`.
    fn place_of(&mut self, day: Day, from: usize) -> usize {
        let behind = self.totals.get(from..).unwrap_or_default();
        let place = from + behind.partition_point(|(held, _)| *held < day);
        if self.totals.get(place).is_none_or(|(held, _)| *held != day) {
            let before = place.checked_sub(1).and_then(|i| self.totals.get(i)).map_or(0, |t| t.1);
            self.totals.insert(place, (day, before));
        }
        place
    }

    /// Day, recorded day and amount of each cell, in this order.
    pub fn cells(&self) -> impl Iterator<Item = (Day, Day, i64)> {
        self.cells.iter().copied()
    }

    /// The last recorded day of the cells of the window's days.
    fn last_recorded(&self, window: Window) -> Option<Day> {
        let first = self.cells.partition_point(|(day, _, _)| *day < window.from);
        let cells = self.cells.iter().skip(first).take_while(|(day, _, _)| *day <= window.to);
        cells.map(|(_, recorded, _)| *recorded).max()
    }

    /// The sum of all days up to this one, of what was recorded by `known` (none: everything).
    pub fn up_to(&self, day: Day, known: Option<Day>) -> i64 {
        let Some(known) = known else {
            return self.total(day);
        };
        self.cells
            .iter()
            .take_while(|(d, _, _)| *d <= day)
            .filter(|(_, recorded, _)| *recorded <= known)
            .map(|(_, _, amount)| amount)
            .sum()
    }

    /// The running total of the day. Days with cells are mostly dense, so that the place is looked
    /// for where it would be if none were missing; it cannot be behind that.
    fn total(&self, day: Day) -> i64 {
        let Some(((first, _), (last, total))) = self.totals.first().zip(self.totals.last()) else {
            return 0;
        };
        if *last <= day {
            return *total;
        }
        let Some(ahead) = day.number().checked_sub(first.number()) else { return 0 };
        let dense = usize::from(ahead);
        if let Some((found, total)) = self.totals.get(dense)
            && *found == day
        {
            return *total;
        }
        let head = self.totals.get(..=dense).unwrap_or(&self.totals);
        let place = head.partition_point(|(d, _)| *d <= day);
        place.checked_sub(1).and_then(|i| head.get(i)).map_or(0, |t| t.1)
    }

    /// Whether anything counts on some day up to this one, of what was recorded by `known`. What was
    /// taken back on its own day does not: it leaves no trace in what is read of any window.
    pub fn has_any(&self, day: Day, known: Option<Day>) -> bool {
        let Some(known) = known else {
            let mut totals = self.totals.iter().take_while(|(held, _)| *held <= day);
            return totals.any(|(_, total)| *total != 0);
        };
        let up_to = self.cells.partition_point(|(held, _, _)| *held <= day);
        let mut days = self.cells.get(..up_to).unwrap_or_default().chunk_by(|a, b| a.0 == b.0);
        days.any(|cells| {
            let known = cells.iter().filter(|(_, recorded, _)| *recorded <= known);
            known.map(|(_, _, amount)| amount).sum::<i64>() != 0
        })
    }

    /// The sum of the days of the window, of what was recorded by `known`.
    pub fn flow(&self, window: Window, known: Option<Day>) -> i64 {
        let Some(known) = known else {
            let before = window.from.previous().map_or(0, |day| self.up_to(day, None));
            return self.up_to(window.to, None) - before;
        };
        let first = self.cells.partition_point(|(day, _, _)| *day < window.from);
        self.cells
            .iter()
            .skip(first)
            .take_while(|(day, _, _)| *day <= window.to)
            .filter(|(_, recorded, _)| *recorded <= known)
            .map(|(_, _, amount)| amount)
            .sum()
    }
}

/// The series of one unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnitBook(Vec<(Measure, Series)>);

impl UnitBook {
    /// The series of a measure, if it has cells.
    pub fn series(&self, measure: Measure) -> Option<&Series> {
        let place = self.0.binary_search_by_key(&measure, |(held, _)| *held).ok()?;
        self.0.get(place).map(|(_, series)| series)
    }

    /// The last recorded day on which anything of the window's days changed.
    pub fn last_recorded(&self, window: Window) -> Option<Day> {
        self.0.iter().filter_map(|(_, series)| series.last_recorded(window)).max()
    }

    /// Every series, in order of measure.
    pub fn all(&self) -> impl Iterator<Item = (Measure, &Series)> {
        self.0.iter().map(|(measure, series)| (*measure, series))
    }

    fn series_mut(&mut self, measure: Measure) -> Option<&mut Series> {
        let place = match self.0.binary_search_by_key(&measure, |(held, _)| *held) {
            Ok(place) => place,
            Err(place) => {
                self.0.insert(place, (measure, Series::default()));
                place
            }
        };
        self.0.get_mut(place).map(|(_, series)| series)
    }
}

/// Cells of many units under one facet, and of all of them together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Book {
    units: BTreeMap<UnitCode, UnitBook>,
    whole: UnitBook,
}

impl Book {
    /// Adds an amount to a cell; the facet of the key is not looked at.
    pub fn add(&mut self, key: &CellKey, amount: i64) {
        self.add_to(key, &std::iter::once((key.day, key.recorded, amount)));
    }

    /// Adds changes of one unit and one measure under one facet, in canonical order.
    pub fn add_run(&mut self, run: &[CellChange]) {
        if let Some(first) = run.first() {
            let cells =
                run.iter().map(|change| (change.key.day, change.key.recorded, change.amount));
            self.add_to(&first.key, &cells);
        }
    }

    fn add_to(&mut self, key: &CellKey, run: &(impl Iterator<Item = (Day, Day, i64)> + Clone)) {
        for book in [self.units.entry(key.unit).or_default(), &mut self.whole] {
            if let Some(series) = book.series_mut(key.measure) {
                series.add_run(run.clone());
            }
        }
    }

    /// The series of a unit, if it has cells.
    pub fn unit(&self, unit: UnitCode) -> Option<&UnitBook> {
        self.units.get(&unit)
    }

    /// The series of all units together.
    pub fn whole(&self) -> &UnitBook {
        &self.whole
    }

    /// How many units have cells.
    pub fn len(&self) -> usize {
        self.units.len()
    }

    /// Whether no unit has cells.
    pub fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// The units that have cells, in order of code.
    pub fn units(&self) -> impl Iterator<Item = (UnitCode, &UnitBook)> {
        self.units.iter().map(|(code, unit)| (*code, unit))
    }
}

/// A book for each code of a facet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FacetBooks(BTreeMap<String, Book>);

impl FacetBooks {
    /// Adds an amount to a cell under a facet; a cell of all is left out.
    pub fn add(&mut self, key: &CellKey, amount: i64) {
        if let Some(book) = self.of(&key.facet) {
            book.add(key, amount);
        }
    }

    /// Adds changes of one unit and one measure under one facet, in canonical order.
    pub fn add_run(&mut self, run: &[CellChange]) {
        if let Some(book) = run.first().and_then(|first| self.of(&first.key.facet)) {
            book.add_run(run);
        }
    }

    fn of(&mut self, facet: &Facet) -> Option<&mut Book> {
        let Facet::Of(_, code) = facet else { return None };
        if !self.0.contains_key(&**code) {
            self.0.insert(code.as_ref().to_owned(), Book::default());
        }
        self.0.get_mut(&**code)
    }

    /// The book of a code, if it has cells.
    pub fn get(&self, code: &str) -> Option<&Book> {
        self.0.get(code)
    }

    /// The codes and their books, in order of code.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Book)> {
        self.0.iter().map(|(code, book)| (code.as_str(), book))
    }

    /// The codes that begin so and their books, in order of code; no other is looked at.
    pub fn starting<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a Book)> {
        let from = (Bound::Included(prefix), Bound::Unbounded);
        let after = self.0.range::<str, _>(from).map(|(code, book)| (code.as_str(), book));
        after.take_while(move |(code, _)| code.starts_with(prefix))
    }
}
