//! From query parameters to what is asked. An unknown parameter is refused: a typing error must
//! not silently answer something else.

use tonghop_core::calendar::PeriodName;
use tonghop_core::catalogue::Catalogue;
use tonghop_core::day::{Day, Window};
use tonghop_core::read::{Query, Tree};
use tonghop_core::registry::Registry;
use tonghop_core::unit_code::UnitCode;
use tonghop_core::words::Level;

use crate::http::Problem;
use crate::view::Moment;

pub use tonghop_report::Lang;
pub use tonghop_wire::KnownAt;

#[cfg(test)]
mod tests;
mod text;

use text::decode;

/// Parameters that every reading of figures takes.
pub const FIGURE_PARAMETERS: &[&str] =
    &["unit", "period", "calendar", "from", "to", "knownAt", "tree", "lang"];
/// Parameters of one request.
const PARAMETERS_MAX: usize = 32;

/// The day of knowledge, for a view at this position; none: all that the view has.
pub fn known_day(known_at: KnownAt, position: u64) -> Result<Option<Day>, AskError> {
    match known_at {
        KnownAt::Now => Ok(None),
        KnownAt::Day(day) => Ok(Some(day)),
        KnownAt::Position(asked) if asked == position => Ok(None),
        KnownAt::Position(asked) if asked < position => Err(AskError::KnownAtPosition(asked)),
        KnownAt::Position(asked) => Err(Problem::ahead(asked, position).into()),
    }
}

/// Why a question has no answer from the view at hand.
#[derive(Debug)]
pub enum AskError {
    /// It is answered with a problem.
    Problem(Problem),
    /// It asks for an earlier position of the log, which only a replay can answer.
    KnownAtPosition(u64),
}

impl From<Problem> for AskError {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// The decoded parameters of a request: each known to the path, each at most once.
#[derive(Debug, Clone, Default)]
pub struct Parameters(Vec<(&'static str, String)>);

impl Parameters {
    /// Reads a query string against the parameters that the path takes.
    pub fn parse(query: &str, allowed: &[&'static str]) -> Result<Self, Problem> {
        let mut held: Vec<(&'static str, String)> = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name).ok_or_else(|| Problem::undecodable(pair))?;
            let value = decode(value).ok_or_else(|| Problem::undecodable(pair))?;
            let Some(known) = allowed.iter().find(|known| **known == name) else {
                return Err(Problem::unknown_parameter(&name, allowed));
            };
            if held.len() >= PARAMETERS_MAX || held.iter().any(|(other, _)| other == known) {
                return Err(Problem::parameter(known, "it is given more than once; give it once"));
            }
            held.push((known, value));
        }
        Ok(Self(held))
    }

    /// The value of a parameter; an empty one counts as not given.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(held, _)| *held == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The language asked for.
    pub fn lang(&self) -> Result<Lang, Problem> {
        let Some(word) = self.get("lang") else { return Ok(Lang::default()) };
        Lang::parse(word).ok_or_else(|| Problem::one_of("lang", word, &["vi", "en"]))
    }

    /// A day, if the parameter is given.
    pub fn day(&self, name: &'static str) -> Result<Option<Day>, Problem> {
        self.get(name).map(|value| day(name, value)).transpose()
    }

    /// A unit code in either official form, if the parameter is given.
    pub fn unit(&self) -> Result<Option<UnitCode>, Problem> {
        let Some(text) = self.get("unit") else { return Ok(None) };
        let hint = "give a code such as H41.16 or 000.00.16.H41: groups of 0-9 A-Z joined by dots";
        // People type codes in lower case too; events must not.
        let code = UnitCode::parse(&text.to_ascii_uppercase());
        code.map(Some).ok_or_else(|| Problem::value("unit", text, hint))
    }

    /// Until when something must have been known.
    pub fn known_at(&self) -> Result<KnownAt, Problem> {
        self.day_or_position("knownAt")
    }

    /// A day of knowledge or a position of the log; all that is folded if it is not given.
    pub fn day_or_position(&self, name: &'static str) -> Result<KnownAt, Problem> {
        let Some(text) = self.get(name) else { return Ok(KnownAt::Now) };
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text
                .parse()
                .map(KnownAt::Position)
                .map_err(|_| Problem::value(name, text, "positions of the log are below 2^64"));
        }
        day(name, text).map(KnownAt::Day)
    }
}

/// Reads `YYYY-MM-DD`, exactly.
pub fn day(name: &'static str, value: &str) -> Result<Day, Problem> {
    let shaped = value.len() == 10
        && value.bytes().enumerate().all(|(place, byte)| match place {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let day = if shaped { Day::parse(value) } else { None };
    day.ok_or_else(|| {
        let hint = format!("give a day as YYYY-MM-DD, from {} to {}", Day::MIN, Day::MAX);
        Problem::value(name, value, &hint)
    })
}

/// A window with the period that it was asked by, if it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The days.
    pub window: Window,
    /// The name of the calendar and the period.
    pub period: Option<(String, PeriodName)>,
}

/// A question as its text says, before the units are looked up.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The unit; none: the province.
    pub unit: Option<UnitCode>,
    /// The days.
    pub asked: Asked,
    /// Until when something must have been known.
    pub known_at: KnownAt,
    /// The tree.
    pub tree: Tree,
    /// The language of labels.
    pub lang: Lang,
}

impl Wish {
    /// Reads the parameters of [`FIGURE_PARAMETERS`].
    pub fn read(parameters: &Parameters, catalogue: &Catalogue) -> Result<Self, Problem> {
        let tree = match parameters.get("tree") {
            None | Some("as-was") => Tree::AsWas,
            Some(text) => Tree::On(day("tree", text).map_err(|_| {
                Problem::value("tree", text, "give as-was, or a day as YYYY-MM-DD")
            })?),
        };
        Ok(Self {
            unit: parameters.unit()?,
            asked: asked(parameters, catalogue)?,
            known_at: parameters.known_at()?,
            tree,
            lang: parameters.lang()?,
        })
    }

    /// What is read at a moment of the view: the unit looked up, the day of knowledge settled.
    pub fn query(&self, moment: &Moment<'_>, today: Day) -> Result<Query, AskError> {
        let known = known_day(self.known_at, moment.position)?;
        let root = root(self.unit, &moment.registry(None))?;
        // What is asked for as it was known on a day was read on that day.
        let read_on = Some(match self.known_at {
            KnownAt::Now => today,
            KnownAt::Day(day) => day.min(today),
            KnownAt::Position(_) => moment.recorded.min(today),
        });
        Ok(Query { root, window: self.asked.window, known, tree: self.tree, read_on })
    }
}

/// The unit asked for, by its own code or by another that was assigned to it; none: the province.
pub fn root(unit: Option<UnitCode>, registry: &Registry) -> Result<UnitCode, Problem> {
    let Some(code) = unit else { return province(registry) };
    if registry.get(code).is_some() {
        return Ok(code);
    }
    let by_alias =
        registry.units().find(|(_, unit)| unit.aliases().iter().any(|(_, alias)| *alias == code));
    by_alias.map(|(code, _)| code).ok_or_else(|| {
        let codes = registry.units().map(|(code, _)| code.to_string());
        Problem::unknown_thing("unit", code.as_str(), "GET /v1/units lists the units", codes)
    })
}

fn province(registry: &Registry) -> Result<UnitCode, Problem> {
    let mut provinces = registry
        .units()
        .filter(|(_, unit)| unit.level(Day::MAX) == Some(Level::Province))
        .filter(|(_, unit)| unit.exists(Day::MAX))
        .map(|(code, _)| code);
    match (provinces.next(), provinces.next()) {
        (Some(code), None) => Ok(code),
        (None, _) => Err(Problem::not_found(
            "unit.unknown",
            "no unit of level PROVINCE is registered yet, so there is no default; give unit=",
        )),
        (Some(_), Some(_)) => {
            Err(Problem::parameter("unit", "there are several provinces; give one of them"))
        }
    }
}

/// The days that are asked for.
pub fn asked(parameters: &Parameters, catalogue: &Catalogue) -> Result<Asked, Problem> {
    let days = (parameters.day("from")?, parameters.day("to")?);
    match (parameters.get("period"), days) {
        (Some(_), (Some(_), _) | (_, Some(_))) => Err(Problem::parameter(
            "period",
            "a period and from, to exclude each other; give period=2021-Q3, or from= and to=",
        )),
        (Some(period), (None, None)) => of_period(period, parameters.get("calendar"), catalogue),
        (None, (None, None)) => Err(Problem::parameter(
            "period",
            "which days? give period=2021-Q3 (with calendar=, default legal), or from= and to=",
        )),
        (None, _) if parameters.get("calendar").is_some() => Err(Problem::parameter(
            "calendar",
            "a calendar goes with period=; from= and to= are days already",
        )),
        (None, (Some(from), Some(to))) => {
            let window = Window::new(from, to).ok_or_else(|| {
                Problem::value("to", &to.to_string(), &format!("it lies before from={from}"))
            })?;
            Ok(Asked { window, period: None })
        }
        (None, (Some(_), None)) => {
            Err(Problem::parameter("to", "from= needs to=, the last day of the window"))
        }
        (None, (None, Some(_))) => {
            Err(Problem::parameter("from", "to= needs from=, the first day of the window"))
        }
    }
}

fn of_period(text: &str, calendar: Option<&str>, catalogue: &Catalogue) -> Result<Asked, Problem> {
    let known = || catalogue.calendars.iter().map(|calendar| calendar.name.clone());
    let calendar = match calendar {
        Some(name) => catalogue.calendar(name).ok_or_else(|| {
            Problem::unknown_value("calendar", name, "GET /v1/calendars lists them", known())
        })?,
        None => catalogue.calendar("legal").or_else(|| catalogue.calendars.first()).ok_or_else(
            || Problem::parameter("period", "this server has no calendar; give from= and to="),
        )?,
    };
    let names = || calendar.periods.iter().map(|rule| rule.name.clone());
    let period = PeriodName::parse(text).ok_or_else(|| {
        let all = names().collect::<Vec<_>>().join(", ");
        let hint = format!("give a year and one of {all}, such as 2021-Q3, or a year alone");
        Problem::value("period", text, &hint)
    })?;
    if calendar.rule(&period.name).is_none() {
        let hint = format!("calendar {} has no such period", calendar.name);
        let names = names().map(|name| format!("{:04}-{name}", period.year));
        return Err(Problem::unknown_value("period", text, &hint, names));
    }
    let window = calendar.window(&period).ok_or_else(|| {
        let hint = format!("its days must lie between {} and {}", Day::MIN, Day::MAX);
        Problem::value("period", text, &hint)
    })?;
    Ok(Asked { window, period: Some((calendar.name.clone(), period)) })
}
