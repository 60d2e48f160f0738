//! Who may do what on the NATS server: the accounts file that its configuration includes.
//!
//! Each agency has an account of its own, and so have the office, the gateway and the auditor.
//! What they share with the log they import, subject by subject, from the account `tonghop`, which
//! alone has `JetStream`. A subject that a client names as reply means nothing outside its own
//! account, so that no answer of the log can be made to land on the subject of another. The
//! permissions of each user say the same once more, so that what is forbidden is answered with a
//! sentence and not with silence.
//!
//! The projector and the provisioner, which the office runs itself, are users of `tonghop`.
//!
//! It holds public keys and no secret.
//!
//! **Invariant PERM-1:** an agency publishes below `tonghop.v1.<its unit>` and nowhere else, never
//! in a family of the office, and reads nothing but what is told of its own events.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use tonghop_client::receipts;
use tonghop_client::whoami::WHO_AM_I;
use tonghop_core::day::Instant;
use tonghop_core::unit_code::UnitCode;

use crate::agencies::{Agency, Holder, PublicKey, Registry};
use crate::announce::FOLDED_SUBJECT;

use crate::nats::{LOG_ACCOUNT as HUB, StreamName};

/// The families in which the office alone may write.
pub const OFFICE_FAMILIES: [&str; 3] = ["calendar", "period", "unit"];
/// Connections of one account at once: an agency has a few systems.
const CONNECTIONS_MAX: u32 = 64;
/// Subscriptions of one connection.
const SUBSCRIPTIONS_MAX: u32 = 1_000;
/// Where requests to the log of other accounts arrive; the server keeps `$JS.API` of every account
/// for itself.
pub const API: &str = "tonghop.api";
/// What the reply subject of a request from another account begins with.
const ANSWERS: &str = "_R_.>";

/// Whether this holder may publish this family for this unit, over NATS and over HTTP.
pub fn may_publish(holder: Holder, unit: UnitCode, family: &str) -> bool {
    let is_of_office = OFFICE_FAMILIES.contains(&family);
    match holder {
        Holder::Unit(own) => own == unit && !is_of_office,
        Holder::Office => is_of_office || unit == unit.level_1(),
        Holder::Gateway => true,
        Holder::Auditor | Holder::Projector | Holder::Provisioner => false,
    }
}

/// The consumer by which an agency reads its own refusals.
pub fn refusals_consumer(unit: UnitCode) -> String {
    unit.token()
}

/// The units that have a key for NATS which holds.
pub fn units(registry: &Registry, now: Instant) -> BTreeSet<UnitCode> {
    let held = registry.agencies().iter().filter(|agency| agency.held(now).1 > 0);
    held.filter_map(|agency| agency.holder.unit()).collect()
}

/// Whether the projector has a key that holds, without which accounts are of no installation.
pub fn has_projector(registry: &Registry, now: Instant) -> bool {
    let is_one = |agency: &Agency| agency.holder == Holder::Projector && agency.held(now).1 > 0;
    registry.agencies().iter().any(is_one)
}

/// The accounts of all whose keys hold now, and of `own` besides.
pub fn text(registry: &Registry, own: &[(Holder, PublicKey)], now: Instant) -> String {
    let mut keys: BTreeMap<Holder, Vec<&str>> = BTreeMap::new();
    for agency in registry.agencies() {
        for held in agency.keys.iter().filter(|held| held.holds(now)) {
            keys.entry(agency.holder).or_default().push(held.known.as_str());
        }
    }
    for (holder, key) in own {
        keys.entry(*holder).or_default().push(key.as_str());
    }
    // A province whose agencies have tokens alone has an office all the same.
    let held = registry.agencies().iter().filter(|agency| agency.held(now) != (0, 0));
    let level_1 = held.filter_map(|agency| Some(agency.holder.unit()?.level_1()));
    let level_1: BTreeSet<UnitCode> = level_1.collect();
    let accounts = keys.iter().map(|(holder, keys)| Account::new(*holder, keys, &level_1));
    written(&accounts.collect::<Vec<_>>())
}

/// What one holder may do.
#[derive(Debug)]
struct Account<'a> {
    name: String,
    keys: &'a [&'a str],
    /// What it may publish, if it may.
    publish: Vec<String>,
    deny: Vec<String>,
    subscribe: Vec<String>,
    /// Subjects of the log's account that it sends requests to: as they are called there, and here.
    services: Vec<Service>,
    /// Subjects of the log's account that it hears.
    streams: Vec<String>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone)]
struct Service {
    there: String,
    /// As the client calls it, where the server has that name for itself.
    here: Option<String>,
    /// Whether one request may have many answers.
    is_stream: bool,
}

impl Service {
    fn same(subject: impl Into<String>) -> Self {
        Self { there: subject.into(), here: None, is_stream: false }
    }

    /// A request to the log under its usual name.
    fn api(request: &str) -> Self {
        let there = format!("$JS.API.{request}");
        Self { here: Some(format!("{API}.{request}")), there, is_stream: false }
    }
}

impl<'a> Account<'a> {
    fn new(holder: Holder, keys: &'a [&'a str], level_1: &BTreeSet<UnitCode>) -> Self {
        let mut account = Self {
            name: holder.to_string(),
            keys,
            publish: vec![WHO_AM_I.to_owned()],
            deny: Vec::new(),
            subscribe: vec!["_INBOX.>".to_owned()],
            services: Vec::new(),
            streams: Vec::new(),
        };
        match holder {
            Holder::Unit(unit) => account.agency(unit),
            Holder::Office => {
                let all = "tonghop.v1.>";
                account.services.push(Service::same(all));
                let families = OFFICE_FAMILIES.map(|family| format!("tonghop.v1.*.{family}.>"));
                account.publish.extend(families);
                let provinces = level_1.iter().map(|unit| format!("tonghop.v1.{}.>", unit.token()));
                account.publish.extend(provinces);
                account.sends(Service::same(format!("{}*", receipts::PREFIX)));
                account.sends(Service::same("tonghop.evidence.closing.*"));
                account.sends(Service::same("tonghop.evidence.reopened.*"));
                account.reads_the_log();
                account.hears(FOLDED_SUBJECT);
                account.hears(StreamName::Refused.subjects());
            }
            Holder::Auditor => account.reads_the_log(),
            Holder::Gateway => {
                account.sends(Service::same("tonghop.v1.>"));
                account.sends(Service::same("tonghop.evidence.requeued.*"));
                account.reads_the_log();
                account.hears(FOLDED_SUBJECT);
            }
            Holder::Projector => {
                account.subscribe.push(format!("{}*", receipts::PREFIX));
                let folded_of_units = format!("{FOLDED_SUBJECT}.*");
                for subject in [
                    StreamName::Refused.subjects(),
                    StreamName::Evidence.subjects(),
                    FOLDED_SUBJECT,
                    &folded_of_units,
                    ANSWERS,
                    "$JS.API.STREAM.INFO.*",
                    "$JS.API.STREAM.MSG.GET.*",
                    "$JS.API.CONSUMER.CREATE.>",
                    "$JS.API.CONSUMER.MSG.NEXT.*.*",
                ] {
                    account.publish.push(subject.to_owned());
                }
            }
            Holder::Provisioner => {
                for subject in [
                    "$JS.API.STREAM.INFO.*",
                    "$JS.API.STREAM.CREATE.*",
                    "$JS.API.CONSUMER.INFO.TONGHOP_REFUSED.*",
                    "$JS.API.CONSUMER.CREATE.TONGHOP_REFUSED.>",
                ] {
                    account.publish.push(subject.to_owned());
                }
            }
        }
        account
    }

    fn agency(&mut self, unit: UnitCode) {
        let token = unit.token();
        let (refused, consumer) = (StreamName::Refused.as_str(), refusals_consumer(unit));
        self.name.clone_from(&token);
        self.sends(Service::same(format!("tonghop.v1.{token}.>")));
        let not = |family: &&str| !may_publish(Holder::Unit(unit), unit, family);
        let families = OFFICE_FAMILIES.into_iter().filter(not);
        self.deny.extend(families.map(|family| format!("tonghop.v1.{token}.{family}.>")));
        self.hears(&format!("tonghop.refused.{token}"));
        self.hears(&format!("{FOLDED_SUBJECT}.{token}"));
        self.sends(Service::same(receipts::subject(unit)));
        self.sends(Service::api(&format!("CONSUMER.INFO.{refused}.{consumer}")));
        let next = format!("$JS.API.CONSUMER.MSG.NEXT.{refused}.{consumer}");
        self.sends(Service { there: next, here: None, is_stream: true });
        self.sends(Service::same(format!("$JS.ACK.{refused}.{consumer}.>")));
    }

    /// May look at the streams and at each message, and has nothing stored anywhere.
    fn reads_the_log(&mut self) {
        for stream in StreamName::ALL {
            self.sends(Service::api(&format!("STREAM.INFO.{stream}")));
            self.sends(Service::api(&format!("STREAM.MSG.GET.{stream}")));
        }
        // Answered with "JetStream not enabled for account", by which the reader knows at once
        // that it has to fetch messages one by one.
        self.publish.push("$JS.API.CONSUMER.CREATE.>".to_owned());
    }

    fn sends(&mut self, service: Service) {
        // The server asks for the permission of the name that a subject is mapped to.
        self.publish.push(service.here.as_ref().unwrap_or(&service.there).clone());
        self.services.push(service);
    }

    fn hears(&mut self, subject: &str) {
        self.subscribe.push(subject.to_owned());
        self.streams.push(subject.to_owned());
    }

    fn is_of_hub(&self) -> bool {
        self.services.is_empty() && self.streams.is_empty()
    }

    /// Its users, each with the permissions of all of them.
    fn users(&self, text: &mut String) {
        for key in self.keys {
            let (publish, subscribe) = (listed(&self.publish), listed(&self.subscribe));
            let deny = match self.deny.as_slice() {
                [] => String::new(),
                deny => format!(", deny: {}", listed(deny)),
            };
            writeln!(
                text,
                "      {{nkey: {key}, permissions: {{publish: {{allow: {publish}{deny}}}, \
                 subscribe: {{allow: {subscribe}}}}}}}"
            )
            .ok();
        }
    }
}

fn written(accounts: &[Account<'_>]) -> String {
    let (hub, others): (Vec<_>, Vec<_>) = accounts.iter().partition(|one| one.is_of_hub());
    let mut services: BTreeMap<(&str, bool), Vec<&str>> = BTreeMap::new();
    let mut streams: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for account in &others {
        for service in &account.services {
            let key = (service.there.as_str(), service.is_stream);
            services.entry(key).or_default().push(&account.name);
        }
        for subject in &account.streams {
            streams.entry(subject).or_default().push(&account.name);
        }
    }
    let mut text = String::from(
        "# Written by `tonghop`; changes are lost. `tonghop agency` says who may publish.\n\
         accounts {\n",
    );
    writeln!(text, "  {HUB} {{\n    jetstream: enabled\n    users: [").ok();
    for account in hub {
        writeln!(text, "      # {}", account.name).ok();
        account.users(&mut text);
    }
    text.push_str("    ]\n    exports: [\n");
    for ((subject, is_stream), names) in services {
        let many = if is_stream { ", response_type: Stream" } else { "" };
        let names = listed(&names);
        writeln!(text, "      {{service: {}{many}, accounts: {names}}}", quoted(subject)).ok();
    }
    for (subject, names) in streams {
        writeln!(text, "      {{stream: {}, accounts: {}}}", quoted(subject), listed(&names)).ok();
    }
    text.push_str("    ]\n  }\n");
    for account in others {
        account_text(account, &mut text);
    }
    text.push_str("}\n");
    text
}

fn account_text(account: &Account<'_>, text: &mut String) {
    writeln!(text, "  {} {{\n    users: [", quoted(&account.name)).ok();
    account.users(text);
    text.push_str("    ]\n    imports: [\n");
    for service in &account.services {
        let from = quoted(&service.there);
        let to =
            service.here.as_ref().map_or(String::new(), |here| format!(", to: {}", quoted(here)));
        writeln!(text, "      {{service: {{account: {HUB}, subject: {from}}}{to}}}").ok();
    }
    for subject in &account.streams {
        let subject = quoted(subject);
        writeln!(text, "      {{stream: {{account: {HUB}, subject: {subject}}}}}").ok();
    }
    text.push_str("    ]\n");
    let renamed = account.services.iter().filter_map(|service| {
        service.here.as_ref().map(|here| format!("{}: {}", quoted(&service.there), quoted(here)))
    });
    let renamed: Vec<String> = renamed.collect();
    if !renamed.is_empty() {
        writeln!(text, "    mappings: {{{}}}", renamed.join(", ")).ok();
    }
    writeln!(
        text,
        "    limits: {{max_connections: {CONNECTIONS_MAX}, max_subscriptions: {SUBSCRIPTIONS_MAX}, \
         max_payload: {}}}\n  }}",
        crate::nats::streams::EVENT_MAX
    )
    .ok();
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

fn listed(texts: &[impl AsRef<str>]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| quoted(text.as_ref())).collect();
    format!("[{}]", quoted.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agencies::Seed;
    use tonghop_client::whoami::covers;

    fn of(code: &str) -> UnitCode {
        UnitCode::parse(code).unwrap()
    }

    #[test]
    fn the_office_speaks_for_a_province_whose_agencies_have_tokens_alone() {
        let now = Instant::from_unix_ms(0);
        let mut registry = Registry::default();
        let key = Seed::new().unwrap().public().clone();
        registry.add_key(Holder::Office, None, key, now).unwrap();
        assert!(!text(&registry, &[], now).contains("\"tonghop.v1.H41.>\""));
        registry.add(Holder::Unit(of("H41.16")), None, now).unwrap();
        assert!(text(&registry, &[], now).contains("\"tonghop.v1.H41.>\""));
        registry.end_all(Holder::Unit(of("H41.16")), now).unwrap();
        assert!(!text(&registry, &[], now).contains("\"tonghop.v1.H41.>\""));
    }

    #[test]
    fn the_accounts_say_of_each_family_what_is_said_over_http() {
        let level_1 = BTreeSet::from([of("H41")]);
        let holders = ["H41", "H41.16", "office", "auditor", "gateway", "projector", "provisioner"];
        for holder in holders.map(|name| Holder::parse(name).unwrap()) {
            let Account { publish, deny, .. } = Account::new(holder, &[], &level_1);
            for unit in ["H41", "H41.16", "H41.17"].map(of) {
                for family in ["dossier", "unit", "calendar", "period"] {
                    let subject = format!("tonghop.v1.{}.{family}.kind", unit.token());
                    let is_in = |rules: &[String]| rules.iter().any(|rule| covers(rule, &subject));
                    let may = is_in(&publish) && !is_in(&deny);
                    assert_eq!(may, may_publish(holder, unit, family), "{holder} {subject}");
                }
            }
        }
    }
}
