//! The payload of each kind of event: the fields of the contract and nothing else.

use super::days::{Day, day};
use super::event::{
    Channel, Document, DocumentSaid, DossierSaid, Meeting, PostSaid, ProcedureSaid, Said, Scope,
};
use super::meetings::site_name;
use super::procedures::{Home, Interlinked, Procedure};
use super::text::Text;
use super::units::{Level, Unit};
use super::world::World;

/// The system that is rolled out, and has the accounts.
pub(super) const IOFFICE: &str = "ioffice";
/// Until when the certificates are valid.
const CERTIFIED_UNTIL: Day = day(2025, 12, 31);

/// Writes what stands between the braces of `data`.
pub(super) fn write(world: &World, said: &Said, out: &mut Text) {
    match said {
        Said::UnitRegistered(place) => unit(world, world.unit(*place), out),
        Said::Procedure(place, said) => match said {
            ProcedureSaid::Published => procedure(world.procedure(*place), out),
            ProcedureSaid::GoesByPost => out.flag(r#""byPost":"#, true),
            ProcedureSaid::Withdrawn => {}
        },
        Said::Dossier(_, said) => dossier(world, said, out),
        Said::Document(document, said) => self::document(document, *said, out),
        Said::MeetingServed(_, meeting) => self::meeting(meeting, out),
        Said::SiteOpened(number) => out.field(r#""name":"#, &site_name(*number)),
        Said::Stated(place) => out.raw(&world.statement(*place).data),
        Said::Deployed => {}
        Said::AccountOpened(_) => out.field(r#""system":"#, IOFFICE),
        Said::Certificate { organisation, .. } => {
            out.field(r#""holder":"#, if *organisation { "ORGANISATION" } else { "PERSON" });
            out.optional_day(r#","expiresOn":"#, Some(CERTIFIED_UNTIL));
        }
        Said::Post(_, PostSaid::Accepted { procedure } | PostSaid::Delivered { procedure }) => {
            let procedure = world.procedure(*procedure);
            out.field(r#""procedure":"#, &procedure.code);
            out.flag(r#","outside":"#, procedure.is_outside());
        }
    }
}

fn unit(world: &World, unit: &Unit, out: &mut Text) {
    out.field(r#""name":"#, &unit.name);
    let level = match unit.level {
        Level::Province => "PROVINCE",
        Level::Department => "DEPARTMENT",
        Level::District => "DISTRICT",
        Level::Commune => "COMMUNE",
        Level::Affiliate => "AFFILIATE",
        Level::School => "SCHOOL",
        Level::Outside => "OUTSIDE",
    };
    out.field(r#","level":"#, level);
    if let Some(parent) = unit.parent {
        out.field(r#","parent":"#, &world.unit(parent).code);
    }
}

fn procedure(procedure: &Procedure, out: &mut Text) {
    let interlinked = match procedure.interlinked {
        Interlinked::None => "NONE",
        Interlinked::SameLevel => "SAME_LEVEL",
        Interlinked::CrossLevel => "CROSS_LEVEL",
    };
    let home = match procedure.home {
        Home::Province => "PROVINCE",
        Home::District => "DISTRICT",
        Home::Commune => "COMMUNE",
    };
    out.field(r#""name":"#, &procedure.name);
    out.field(r#","field":"#, procedure.field);
    service_level(procedure, out);
    out.flag(r#","oneStop":"#, procedure.one_stop);
    out.field(r#","interlinked":"#, interlinked);
    out.field(r#","homeLevel":"#, home);
    out.flag(r#","byPost":"#, procedure.by_post);
}

fn service_level(procedure: &Procedure, out: &mut Text) {
    out.raw(r#","serviceLevel":"LEVEL_"#);
    out.number(procedure.level);
    out.raw("\"");
}

fn document(document: &Document, said: DocumentSaid, out: &mut Text) {
    match said {
        DocumentSaid::Issued { personal, organisation } => {
            out.field(r#""kind":"#, document.kind.code);
            out.flag(r#","electronic":"#, document.electronic);
            out.flag(r#","personalSignature":"#, personal);
            out.flag(r#","organisationSignature":"#, organisation);
            out.flag(r#","normative":"#, document.normative);
        }
        DocumentSaid::Received => out.flag(r#""electronic":"#, document.electronic),
        DocumentSaid::Recalled => {}
    }
}

fn meeting(meeting: &Meeting, out: &mut Text) {
    let scope = match meeting.scope {
        Scope::MinistryProvince => "MINISTRY_PROVINCE",
        Scope::ProvinceDistrict => "PROVINCE_DISTRICT",
        Scope::ProvinceCommune => "PROVINCE_COMMUNE",
        Scope::Internal => "INTERNAL",
    };
    out.field(r#""scope":"#, scope);
    out.flag(r#","online":"#, meeting.online);
    out.raw(r#","sites":"#);
    out.number(meeting.sites);
    out.raw(r#","minutes":"#);
    out.number(meeting.minutes);
}

fn dossier(world: &World, said: &DossierSaid, out: &mut Text) {
    match *said {
        DossierSaid::Accepted { procedure, channel, submitted, due } => {
            let procedure = world.procedure(procedure);
            opening(procedure, channel, out);
            if let Some((day, second)) = submitted {
                out.raw(r#","submittedAt":""#);
                out.instant(day, second);
                out.raw("\"");
            }
            out.optional_day(r#","dueOn":"#, due);
            if channel == Channel::Online {
                service_level(procedure, out);
            }
        }
        DossierSaid::TransferredIn { from, procedure, channel, accepted_on, due } => {
            out.field(r#""from":"#, &world.unit(from).code);
            out.raw(",");
            opening(world.procedure(procedure), channel, out);
            out.optional_day(r#","acceptedOn":"#, Some(accepted_on));
            out.optional_day(r#","dueOn":"#, due);
        }
        DossierSaid::TransferredOut { to } => out.field(r#""to":"#, &world.unit(to).code),
        DossierSaid::Promised { due, reason } => {
            out.optional_day(r#""dueOn":"#, Some(due));
            out.field(r#","reason":"#, reason);
        }
        DossierSaid::FeePaid { online } => out.flag(r#""online":"#, online),
        DossierSaid::Digitised { result } => {
            out.flag(r#""components":"#, !result);
            out.flag(r#","result":"#, result);
        }
        DossierSaid::Approved => out.field(r#""outcome":"#, "APPROVED"),
        DossierSaid::Refused => out.field(r#""outcome":"#, "REFUSED"),
        DossierSaid::Returned { channel } => out.field(r#""channel":"#, channel_word(channel)),
        DossierSaid::Withdrawn => out.field(r#""reason":"#, "Công dân rút hồ sơ"),
        DossierSaid::Stopped => out.field(r#""reason":"#, "Không đủ điều kiện giải quyết"),
        DossierSaid::Reopened => out.field(r#""reason":"#, "Kết quả có sai sót"),
        DossierSaid::SupplementRequested | DossierSaid::Supplemented | DossierSaid::Retracted => {}
    }
}

fn opening(procedure: &Procedure, channel: Channel, out: &mut Text) {
    out.field(r#""procedure":"#, &procedure.code);
    out.field(r#","field":"#, procedure.field);
    out.field(r#","channel":"#, channel_word(channel));
}

const fn channel_word(channel: Channel) -> &'static str {
    match channel {
        Channel::Online => "ONLINE",
        Channel::Direct => "DIRECT",
        Channel::Post => "POST",
    }
}
