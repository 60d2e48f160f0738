//! What the values of an event's data mean: the bodies of `core`.

use tonghop_core::event::Body;
use tonghop_core::family::{
    account, certificate, deployment, document, dossier, feedback, figure, inspection, meeting,
    narrative, norm, portal, post, procedure, site, source, staff, task, unit,
};
use tonghop_core::measure::Code;
use tonghop_core::refusal::{Refusal, RefusalCode};
use tonghop_core::unit_code::UnitCode;
use tonghop_core::words::{
    About, Channel, Holder, HomeLevel, Interlinked, Level, Movement, Outcome, Qualifier, Scope,
    ServiceLevel,
};

use crate::interner::Interner;
use crate::kind::{
    self as k, AccountKind, CertificateKind, DeploymentKind, DocumentKind, DossierKind,
    FeedbackKind, FigureKind, InspectionKind, Kind, MeetingKind, NarrativeKind, NormKind,
    PortalKind, PostKind, ProcedureKind, SiteKind, SourceKind, StaffKind, TaskKind, UnitKind,
};
use crate::text::national_procedure;
use crate::value::Values;

/// Makes bodies; holds the codes that it met lately.
#[derive(Debug)]
pub(crate) struct Bodies {
    codes: Interner,
}

/// The values say less than [`Values::missing`] lets through: a broken table, not a bad event.
fn incomplete() -> Refusal {
    Refusal::new(RefusalCode::DataUnreadable)
}

impl Bodies {
    pub(crate) fn new() -> Self {
        Self { codes: Interner::new() }
    }

    /// The body of an event of this kind about this subject.
    pub(crate) fn of(
        &mut self,
        kind: Kind,
        subject: &str,
        values: &Values<'_>,
    ) -> Result<Body, Refusal> {
        let body = match kind {
            Kind::Retracted(_) => Some(Body::Retracted),
            Kind::Unit(kind) => {
                self.unit(kind, subject, values).map(|event| Body::Unit(Box::new(event)))
            }
            Kind::Procedure(kind) => Some(Body::Procedure(Box::new(self.procedure(kind, values)))),
            Kind::Dossier(kind) => self.dossier(kind, values).map(Body::Dossier),
            Kind::Document(kind) => self.document(kind, values).map(Body::Document),
            Kind::Meeting(MeetingKind::Served) => meeting_body(values).map(Body::Meeting),
            Kind::Site(kind) => site_body(kind, values).map(Body::Site),
            Kind::Post(kind) => self.post(kind, values).map(Body::Post),
            Kind::Feedback(kind) => feedback_body(kind, values).map(Body::Feedback),
            Kind::Portal(PortalKind::Posted) => Some(Body::Portal(portal::Event::Posted)),
            Kind::Portal(PortalKind::Removed) => Some(Body::Portal(portal::Event::Removed)),
            Kind::Task(kind) => self.task(kind, values).map(Body::Task),
            Kind::Inspection(InspectionKind::Held) => inspection_body(values).map(Body::Inspection),
            Kind::Norm(kind) => self.norm(kind, values).map(Body::Norm),
            Kind::Certificate(kind) => certificate_body(kind, values).map(Body::Certificate),
            Kind::Account(kind) => self.account(kind, values).map(Body::Account),
            Kind::Deployment(kind) => Some(Body::Deployment(self.deployment(kind, subject))),
            Kind::Staff(kind) => staff_body(kind, values).map(Body::Staff),
            Kind::Figure(kind) => {
                figure_body(kind, subject, values).map(|event| Body::Figure(Box::new(event)))
            }
            Kind::Narrative(NarrativeKind::Submitted) => {
                narrative_body(subject, values).map(|event| Body::Narrative(Box::new(event)))
            }
            Kind::Source(SourceKind::Heartbeat) => source_body(values).map(Body::Source),
        };
        body.ok_or_else(incomplete)
    }

    fn code(&mut self, values: &Values<'_>, place: usize) -> Option<Code> {
        Some(self.codes.get(values.text(place)?))
    }

    fn procedure_code(&mut self, values: &Values<'_>, place: usize) -> Option<Code> {
        Some(self.codes.get(national_procedure(values.text(place)?)))
    }

    fn unit(&mut self, kind: UnitKind, subject: &str, values: &Values<'_>) -> Option<unit::Event> {
        use unit::Change;
        let boxed = |place| values.text(place).map(Into::into);
        let change = match kind {
            UnitKind::Registered => {
                use k::unit_registered::{LEGAL_BASIS, LEVEL, NAME, PARENT};
                Change::Registered {
                    name: boxed(NAME)?,
                    level: Level::from_byte(values.word(LEVEL)?)?,
                    parent: values.unit(PARENT),
                    legal_basis: boxed(LEGAL_BASIS),
                }
            }
            UnitKind::Renamed => Change::Renamed { name: boxed(k::unit_renamed::NAME)? },
            UnitKind::Moved => Change::Moved { parent: values.unit(k::unit_moved::PARENT)? },
            UnitKind::Closed => Change::Closed { legal_basis: boxed(k::unit_closed::LEGAL_BASIS) },
            UnitKind::CodeAssigned => {
                Change::CodeAssigned { code: values.unit(k::unit_code_assigned::CODE)? }
            }
            UnitKind::Merged => {
                use k::unit_merged::{INTO, LEGAL_BASIS};
                Change::Merged { into: values.unit(INTO)?, legal_basis: boxed(LEGAL_BASIS) }
            }
            UnitKind::Split => {
                use k::unit_split::{CLOSES, PARTS};
                let parts = values.parts(PARTS).iter().map(|part| self.part(part));
                Change::Split { parts: parts.collect::<Option<_>>()?, closes: values.flag(CLOSES)? }
            }
        };
        Some(unit::Event { code: UnitCode::parse(subject)?, change })
    }

    fn part(&mut self, values: &Values<'_>) -> Option<unit::Part> {
        use k::unit_split_part::{FIELDS, INTO};
        let fields = values.codes(FIELDS).iter().map(|code| self.codes.get(code)).collect();
        Some(unit::Part { into: values.unit(INTO)?, fields })
    }

    fn dossier(&mut self, kind: DossierKind, values: &Values<'_>) -> Option<dossier::Event> {
        use dossier::Event;
        Some(match kind {
            DossierKind::Accepted => {
                use k::dossier_accepted::{CHANNEL, DUE_ON, FIELD, PROCEDURE, SUBMITTED_AT};
                Event::Accepted {
                    procedure: self.procedure_code(values, PROCEDURE)?,
                    field: self.code(values, FIELD)?,
                    channel: Channel::from_byte(values.word(CHANNEL)?)?,
                    submitted: values.day(SUBMITTED_AT),
                    due: values.day(DUE_ON),
                }
            }
            DossierKind::TransferredIn => {
                use k::dossier_transferred_in::{DUE_ON, FIELD, PROCEDURE};
                Event::TransferredIn {
                    procedure: self.procedure_code(values, PROCEDURE)?,
                    field: self.code(values, FIELD)?,
                    due: values.day(DUE_ON),
                }
            }
            DossierKind::Promised => {
                Event::Promised { due: values.day(k::dossier_promised::DUE_ON) }
            }
            DossierKind::FeePaid => {
                Event::FeePaid { online: values.flag(k::dossier_fee_paid::ONLINE)? }
            }
            DossierKind::Digitised => {
                use k::dossier_digitised::{COMPONENTS, RESULT};
                Event::Digitised {
                    components: values.flag(COMPONENTS)?,
                    result: values.flag(RESULT)?,
                }
            }
            DossierKind::Settled => {
                let outcome = values.word(k::dossier_settled::OUTCOME)?;
                Event::Settled { outcome: Outcome::from_byte(outcome)? }
            }
            DossierKind::Returned => {
                let channel = values.word(k::dossier_returned::CHANNEL)?;
                Event::Returned { channel: Channel::from_byte(channel)? }
            }
            DossierKind::SupplementRequested => Event::SupplementRequested,
            DossierKind::Supplemented => Event::Supplemented,
            DossierKind::Withdrawn => Event::Withdrawn,
            DossierKind::Stopped => Event::Stopped,
            DossierKind::Reopened => Event::Reopened,
            DossierKind::TransferredOut => Event::TransferredOut,
        })
    }

    fn procedure(&mut self, kind: ProcedureKind, values: &Values<'_>) -> procedure::Event {
        // The two messages have the same fields at the same places; a test says so.
        use k::procedure_published::{
            BY_POST, FIELD, HOME_LEVEL, INTERLINKED, NAME, ONE_STOP, SERVICE_LEVEL,
        };
        let mut attributes = || procedure::Attributes {
            name: values.text(NAME).map(Into::into),
            field: self.code(values, FIELD),
            service_level: values.word(SERVICE_LEVEL).and_then(ServiceLevel::from_byte),
            one_stop: values.flag(ONE_STOP),
            interlinked: values.word(INTERLINKED).and_then(Interlinked::from_byte),
            home_level: values.word(HOME_LEVEL).and_then(HomeLevel::from_byte),
            by_post: values.flag(BY_POST),
        };
        match kind {
            ProcedureKind::Published => procedure::Event::Published(attributes()),
            ProcedureKind::Changed => procedure::Event::Changed(attributes()),
            ProcedureKind::Withdrawn => procedure::Event::Withdrawn,
        }
    }

    fn document(&mut self, kind: DocumentKind, values: &Values<'_>) -> Option<document::Event> {
        Some(match kind {
            DocumentKind::Issued => {
                use k::document_issued::{
                    ELECTRONIC, KIND, NORMATIVE, ORGANISATION_SIGNATURE, PERSONAL_SIGNATURE,
                };
                document::Event::Issued {
                    kind: self.code(values, KIND)?,
                    electronic: values.flag(ELECTRONIC)?,
                    personal_signature: values.flag(PERSONAL_SIGNATURE)?,
                    organisation_signature: values.flag(ORGANISATION_SIGNATURE)?,
                    normative: values.flag(NORMATIVE)?,
                }
            }
            DocumentKind::Received => document::Event::Received {
                electronic: values.flag(k::document_received::ELECTRONIC)?,
            },
            DocumentKind::Recalled => document::Event::Recalled,
        })
    }

    fn post(&mut self, kind: PostKind, values: &Values<'_>) -> Option<post::Event> {
        // The two messages have the same fields at the same places; a test says so.
        use k::post_accepted::{OUTSIDE, PROCEDURE};
        let step = match kind {
            PostKind::Accepted => post::Step::Accepted,
            PostKind::Delivered => post::Step::Delivered,
        };
        let procedure = self.procedure_code(values, PROCEDURE)?;
        Some(post::Event { step, procedure, outside: values.flag(OUTSIDE)? })
    }

    fn task(&mut self, kind: TaskKind, values: &Values<'_>) -> Option<task::Event> {
        use k::task_planned::{AD_HOC, DUE_ON, PLAN};
        Some(match kind {
            TaskKind::Planned => task::Event::Planned {
                plan: self.code(values, PLAN)?,
                ad_hoc: values.flag(AD_HOC)?,
                due: values.day(DUE_ON),
            },
            TaskKind::Done => task::Event::Done,
        })
    }

    fn norm(&mut self, kind: NormKind, values: &Values<'_>) -> Option<norm::Event> {
        Some(match kind {
            NormKind::Effective => {
                norm::Event::Effective { kind: self.code(values, k::norm_effective::KIND)? }
            }
            NormKind::Repealed => norm::Event::Repealed,
            NormKind::Reviewed => norm::Event::Reviewed,
        })
    }

    fn account(&mut self, kind: AccountKind, values: &Values<'_>) -> Option<account::Event> {
        Some(match kind {
            AccountKind::Opened => {
                account::Event::Opened { system: self.code(values, k::account_opened::SYSTEM)? }
            }
            AccountKind::Closed => account::Event::Closed,
        })
    }

    fn deployment(&mut self, kind: DeploymentKind, subject: &str) -> deployment::Event {
        let step = match kind {
            DeploymentKind::Done => deployment::Step::Done,
            DeploymentKind::Withdrawn => deployment::Step::Withdrawn,
        };
        deployment::Event { system: self.codes.get(subject), step }
    }
}

fn meeting_body(values: &Values<'_>) -> Option<meeting::Event> {
    use k::meeting_served::{MINUTES, ONLINE, SCOPE, SITES};
    Some(meeting::Event::Served {
        scope: Scope::from_byte(values.word(SCOPE)?)?,
        online: values.flag(ONLINE)?,
        sites: values.count(SITES)?,
        minutes: values.count(MINUTES)?,
    })
}

fn site_body(kind: SiteKind, values: &Values<'_>) -> Option<site::Event> {
    Some(match kind {
        SiteKind::Opened => site::Event::Opened { name: values.text(k::site_opened::NAME)?.into() },
        SiteKind::Closed => site::Event::Closed,
    })
}

fn feedback_body(kind: FeedbackKind, values: &Values<'_>) -> Option<feedback::Event> {
    Some(match kind {
        FeedbackKind::Received => {
            let about = values.word(k::feedback_received::ABOUT)?;
            feedback::Event::Received { about: About::from_byte(about)? }
        }
        FeedbackKind::Resolved => feedback::Event::Resolved,
    })
}

fn inspection_body(values: &Values<'_>) -> Option<inspection::Event> {
    use k::inspection_held::{DAYS, FINDINGS, FIXED, UNITS};
    Some(inspection::Event::Held {
        days: values.count(DAYS)?,
        units: values.count(UNITS)?,
        findings: values.count(FINDINGS)?,
        fixed: values.count(FIXED)?,
    })
}

fn certificate_body(kind: CertificateKind, values: &Values<'_>) -> Option<certificate::Event> {
    use k::certificate_issued::{EXPIRES_ON, HOLDER};
    Some(match kind {
        CertificateKind::Issued => certificate::Event::Issued {
            holder: Holder::from_byte(values.word(HOLDER)?)?,
            expires: values.day(EXPIRES_ON),
        },
        CertificateKind::Revoked => certificate::Event::Revoked,
    })
}

fn staff_body(kind: StaffKind, values: &Values<'_>) -> Option<staff::Event> {
    Some(match kind {
        StaffKind::Posts => {
            use k::staff_posts::{FILLED, QUOTA};
            staff::Event::Posts { quota: values.count(QUOTA)?, filled: values.count(FILLED)? }
        }
        StaffKind::Moved => {
            let kind = values.word(k::staff_moved::KIND)?;
            staff::Event::Moved { kind: Movement::from_byte(kind)? }
        }
    })
}

fn figure_body(kind: FigureKind, subject: &str, values: &Values<'_>) -> Option<figure::Event> {
    use k::figure_declared::{AS_OF, FROM, NOTE, OF, QUALIFIER, TO, VALUE};
    Some(match kind {
        FigureKind::Declared => figure::Event::Declared(figure::Declaration {
            indicator: Code::from(subject),
            from: values.day(FROM),
            to: values.day(TO),
            as_of: values.day(AS_OF),
            value: values.count(VALUE).unwrap_or(0),
            of: values.count(OF),
            qualifier: Qualifier::from_byte(values.word(QUALIFIER)?)?,
            note: values.text(NOTE).map(Into::into),
        }),
        FigureKind::Withdrawn => figure::Event::Withdrawn,
    })
}

fn narrative_body(subject: &str, values: &Values<'_>) -> Option<narrative::Event> {
    use k::narrative_submitted::{PERIOD, TEXT};
    Some(narrative::Event::Submitted(narrative::Narrative {
        section: Code::from(subject),
        period: Code::from(values.text(PERIOD)?),
        text: values.text(TEXT)?.into(),
    }))
}

fn source_body(values: &Values<'_>) -> Option<source::Event> {
    let last_sequence = values.count(k::source_heartbeat::LAST_SEQUENCE)?;
    Some(source::Event::Heartbeat { last_sequence })
}
