//! What stays the same while the sample is written: the registry, the volumes and the seed.

use super::apportion::Wheel;
use super::expected::Volumes;
use super::procedures::{self, Home, Procedure};
use super::stated::{self, Statement};
use super::units::{self, FIRST_DISTRICT, INSURANCE, POLICE, Unit};
use super::{Options, Scale};

/// Of the procedures used through the post: how many are the police's, and the insurance's.
const POST_OF_POLICE: usize = 6;
/// See [`POST_OF_POLICE`].
const POST_OF_INSURANCE: usize = 6;
/// Procedures that only deliveries outside the report's window use.
const POST_OTHERS: usize = 20;

/// The registry, the volumes and the seed.
#[derive(Debug)]
pub(super) struct World {
    pub(super) seed: u64,
    pub(super) scale: Scale,
    pub(super) volumes: Volumes,
    pub(super) units: Vec<Unit>,
    pub(super) procedures: Vec<Procedure>,
    /// What is stated once, its payload written already.
    pub(super) statements: Vec<Statement>,
    /// For each department, by its place, the procedures that it decides itself.
    departments: Vec<Vec<usize>>,
    districts: Vec<usize>,
    communes: Vec<usize>,
    /// The procedures used through the post in the report's window: outside owners first.
    pub(super) post_used: Vec<usize>,
    /// How often each of them is used, against the others.
    pub(super) post_wheel: Wheel,
    /// Procedures used through the post before and after.
    pub(super) post_others: Vec<usize>,
}

impl World {
    /// The world of these options.
    pub(super) fn new(options: &Options) -> Self {
        let procedures = procedures::all();
        let post = PostProcedures::of(&procedures, options);
        let decided = |home| {
            let of_home = |procedure: &Procedure| {
                procedure.lasts() && procedure.home == home && procedure.owner < FIRST_DISTRICT
            };
            places(&procedures, of_home).collect::<Vec<_>>()
        };
        let departments = (0..FIRST_DISTRICT).map(|owner| {
            let own = |procedure: &Procedure| {
                procedure.lasts() && procedure.home == Home::Province && procedure.owner == owner
            };
            places(&procedures, own).collect()
        });
        let units = units::all();
        let places = (0..).zip(&units).map(|(place, unit)| (unit.code.as_str(), place)).collect();
        Self {
            seed: options.seed,
            scale: options.scale,
            volumes: Volumes::of(options),
            statements: stated::all(&places),
            units,
            departments: departments.collect(),
            districts: decided(Home::District),
            communes: decided(Home::Commune),
            post_used: post.used,
            post_wheel: post.wheel,
            post_others: post.others,
            procedures,
        }
    }

    /// The unit at a place.
    pub(super) fn unit(&self, place: usize) -> &Unit {
        self.units.get(place).expect("a place in the table of units")
    }

    /// The statement at a place.
    pub(super) fn statement(&self, place: usize) -> &Statement {
        self.statements.get(place).expect("a place in the table of statements")
    }

    /// The procedure at a place.
    pub(super) fn procedure(&self, place: usize) -> &Procedure {
        self.procedures.get(place).expect("a place in the table of procedures")
    }

    /// The procedures whose dossiers a unit takes in.
    pub(super) fn procedures_of(&self, unit: usize) -> &[usize] {
        match self.unit(unit).level {
            units::Level::District => &self.districts,
            units::Level::Commune => &self.communes,
            units::Level::Department => self.departments.get(unit).map_or(&[], Vec::as_slice),
            units::Level::Province
            | units::Level::Affiliate
            | units::Level::School
            | units::Level::Outside => &[],
        }
    }
}

/// One of several, by a number of any size.
pub(super) fn pick<T: Copy>(things: &[T], number: u64) -> T {
    let length = u64::try_from(things.len()).unwrap_or(u64::MAX);
    let place = number.checked_rem(length).and_then(|place| usize::try_from(place).ok());
    place.and_then(|place| things.get(place).copied()).expect("something to pick from")
}

fn places(
    procedures: &[Procedure],
    wanted: impl Fn(&Procedure) -> bool,
) -> impl Iterator<Item = usize> {
    (0..).zip(procedures).filter(move |(_, procedure)| wanted(procedure)).map(|(place, _)| place)
}

struct PostProcedures {
    used: Vec<usize>,
    wheel: Wheel,
    others: Vec<usize>,
}

impl PostProcedures {
    fn of(procedures: &[Procedure], options: &Options) -> Self {
        let of_owner = |owner| {
            places(procedures, move |procedure: &Procedure| {
                procedure.by_post && procedure.lasts() && procedure.owner == owner
            })
        };
        let inside: Vec<usize> = places(procedures, |procedure| {
            procedure.by_post && procedure.lasts() && procedure.owner < FIRST_DISTRICT
        })
        .collect();
        let wanted = usize::try_from(Volumes::of(options).procedures_used).unwrap_or(usize::MAX);
        let police = of_owner(POLICE).take(POST_OF_POLICE);
        let insurance = of_owner(INSURANCE).take(POST_OF_INSURANCE);
        let spread = inside.iter().copied().step_by(31);
        let used: Vec<usize> = police.chain(insurance).chain(spread).take(wanted).collect();
        assert!(used.len() == wanted, "SAM-1: too few procedures for the post");
        let weights = (0..used.len()).map(|place| match place {
            _ if place < POST_OF_POLICE => 8,
            _ if place < POST_OF_POLICE + POST_OF_INSURANCE => 4,
            _ => 1,
        });
        let wheel = Wheel::new(weights);
        let others = inside.iter().copied().skip(15).step_by(31).take(POST_OTHERS).collect();
        Self { used, wheel, others }
    }
}
