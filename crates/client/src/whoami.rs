//! Who a connection is to the server, and what it may do there.
//!
//! The server tells each client so itself. A publish that is denied is answered by nothing but a
//! line on the connection, which many clients hide; asked before, it can be explained.

use std::time::Duration;

use async_nats::Client;
use serde::Deserialize;
use tokio::time::timeout;
use tonghop_core::unit_code::UnitCode;

/// By what the server is asked.
pub const WHO_AM_I: &str = "$SYS.REQ.USER.INFO";
/// How long it may take; a server that does not answer such a question says nothing.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// Who a connection is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Identity {
    /// The user: the public half of its key, if it has one.
    #[serde(default)]
    pub user: String,
    /// The account that the user belongs to; `$G` is that of a server that asks nobody who he is.
    #[serde(default)]
    pub account: String,
    /// What it may send and hear; everything, if this is missing.
    #[serde(default)]
    permissions: Permissions,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
struct Permissions {
    #[serde(default)]
    publish: Rules,
    #[serde(default)]
    subscribe: Rules,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
struct Rules {
    #[serde(default)]
    allow: Vec<String>,
    #[serde(default)]
    deny: Vec<String>,
}

#[derive(Deserialize)]
struct Answer {
    data: Identity,
}

/// Asks the server who this connection is; none if it does not say.
pub async fn who_am_i(client: &Client) -> Option<Identity> {
    let answered = timeout(ANSWER_MAX, client.request(WHO_AM_I, "".into())).await;
    let answer: Answer = serde_json::from_slice(&answered.ok()?.ok()?.payload).ok()?;
    Some(answer.data)
}

impl Identity {
    /// Whether the server asks nobody who he is.
    pub fn is_nobody(&self) -> bool {
        self.account == "$G"
    }

    /// The unit of the agency that it is, if it is one.
    pub fn unit(&self) -> Option<UnitCode> {
        UnitCode::parse_token(&self.account)
    }

    /// What it may publish: the subjects allowed, and those of them denied.
    pub fn publishes(&self) -> (&[String], &[String]) {
        (&self.permissions.publish.allow, &self.permissions.publish.deny)
    }

    /// What it may hear.
    pub fn hears(&self) -> &[String] {
        &self.permissions.subscribe.allow
    }

    /// Why it may not publish to this subject; none if it may.
    pub fn why_not(&self, subject: &str) -> Option<String> {
        let may = self.may_publish(subject);
        (!may).then(|| format!("{} may not publish to {subject}", self.account))
    }

    /// Whether it may publish to this subject.
    pub fn may_publish(&self, subject: &str) -> bool {
        let Rules { allow, deny } = &self.permissions.publish;
        let is_in = |rules: &[String]| rules.iter().any(|rule| covers(rule, subject));
        (allow.is_empty() || is_in(allow)) && !is_in(deny)
    }
}

/// Whether a rule with `*` and `>` speaks of a subject.
pub fn covers(rule: &str, subject: &str) -> bool {
    let (mut rule, mut subject) = (rule.split('.'), subject.split('.'));
    loop {
        match (rule.next(), subject.next()) {
            (Some(">"), Some(_)) | (None, None) => return true,
            (Some("*"), Some(_)) => {}
            (Some(one), Some(other)) if one == other => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_as_the_server_reads_them() {
        for (rule, subject, does) in [
            ("a.b", "a.b", true),
            ("a.b", "a.b.c", false),
            ("a.*", "a.b", true),
            ("a.*", "a", false),
            ("a.>", "a.b.c", true),
            ("a.>", "a", false),
            ("*.b.>", "x.b.y", true),
            (">", "a", true),
        ] {
            assert_eq!(covers(rule, subject), does, "{rule} {subject}");
        }
    }

    #[test]
    fn what_is_denied_is_not_allowed_and_no_rules_allow_all() {
        let said = r#"{"data":{"user":"U","account":"H41-16","permissions":{"publish":
            {"allow":["tonghop.v1.H41-16.>"],"deny":["tonghop.v1.H41-16.unit.>"]}}}}"#;
        let answer: Answer = serde_json::from_str(said).unwrap();
        let identity = answer.data;
        assert!(identity.may_publish("tonghop.v1.H41-16.dossier.accepted"));
        assert!(!identity.may_publish("tonghop.v1.H41-16.unit.registered"));
        assert!(!identity.may_publish("tonghop.v1.H41-17.dossier.accepted"));
        let nobody: Answer = serde_json::from_str(r#"{"data":{"account":"$G"}}"#).unwrap();
        assert!(nobody.data.is_nobody() && nobody.data.may_publish("anything"));
    }
}
