//! The contract as `AsyncAPI` 3: a channel, a message and an operation for each kind of event, and
//! one channel for what was refused.

use serde_json::{Map, Value, json};
use tonghop_core::refusal::RefusalCode;
use tonghop_core::unit_code::UnitCode;
use tonghop_wire::kind::Kind;
use tonghop_wire::{describe, schema, subject};

const ABOUT: &str = "One CloudEvent for each thing that happens in an agency; every figure is \
computed from them. Here each message is in structured JSON, the simplest of three encodings: an \
event may also carry its attributes in `ce-` headers, its data being JSON or the protobuf message \
that `x-protobuf` names. The operations are those of the system: it receives what agencies \
publish, and sends what it refused. Send no `Nats-Msg-Id`: an event is known by its source and id. \
Made from the .proto files by `make contract`.";

/// The document.
pub fn document() -> Value {
    let mut channels = Map::new();
    let mut operations = Map::new();
    let mut messages = Map::new();
    let mut schemas = Map::new();
    for kind in Kind::ALL {
        let name = kind.name();
        channels.insert(name.clone(), channel(*kind));
        operations.insert(format!("publish.{name}"), operation("receive", &name));
        messages.insert(name.clone(), message(*kind));
        schemas.insert(format!("data.{name}"), bare(schema::data(*kind)));
    }
    channels.insert("refused".to_owned(), refused_channel());
    operations.insert("refused".to_owned(), operation("send", "refused"));
    messages.insert("refused".to_owned(), refused_message());
    let envelope = json!({
        "title": "Envelope", "type": "object", "properties": schema::attributes(),
        "required": ["specversion", "id", "source", "type", "subject", "time", "unit"],
    });
    schemas.insert("envelope".to_owned(), envelope);
    json!({
        "asyncapi": "3.0.0",
        "info": {"title": "Tổng Hợp: events of agencies", "version": "v1", "description": ABOUT},
        "defaultContentType": "application/cloudevents+json",
        "servers": {"local": {
            "host": "127.0.0.1:4222", "protocol": "nats",
            "description": "What `tonghop up` starts. The office names the one to publish to.",
        }},
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": schemas},
    })
}

/// The subject by which a unit publishes the kind: `tonghop.v1.<place>.dossier.accepted`.
pub fn address(kind: Kind, place: &str) -> String {
    // Any unit: its token is replaced.
    UnitCode::parse("H41")
        .map_or_else(String::new, |unit| subject::of(unit, kind).replacen(&unit.token(), place, 1))
}

fn unit_parameter() -> Value {
    json!({"unit": {
        "description": "The unit's code with `.` written `-`: H41.16 is H41-16.",
        "examples": ["H41-16"],
    }})
}

fn channel(kind: Kind) -> Value {
    let text = describe::kind(kind);
    let name = kind.name();
    json!({
        "address": address(kind, "{unit}"),
        "title": text.vietnamese,
        "description": format!("{} Sent when {}.", text.about, text.when),
        "parameters": unit_parameter(),
        "messages": {name.clone(): {"$ref": format!("#/components/messages/{name}")}},
    })
}

fn operation(action: &str, name: &str) -> Value {
    json!({
        "action": action,
        "channel": {"$ref": format!("#/channels/{name}")},
        "messages": [{"$ref": format!("#/channels/{name}/messages/{name}")}],
    })
}

fn message(kind: Kind) -> Value {
    let name = kind.name();
    let spec = kind.spec();
    let mut required = Vec::new();
    let mut properties = json!({
        "type": {"const": schema::type_of(kind)},
        "subject": schema::subject(kind),
        "data": {"$ref": format!("#/components/schemas/data.{name}")},
    });
    if spec.fields.iter().any(|field| field.required) {
        required.push("data");
    }
    if let (Kind::Retracted(_), Some(properties)) = (kind, properties.as_object_mut()) {
        required.push("replaces");
        properties.insert("replaces".to_owned(), json!({"type": "string"}));
    }
    let text = describe::kind(kind);
    json!({
        "name": schema::type_of(kind),
        "title": text.vietnamese,
        "summary": text.about,
        "contentType": "application/cloudevents+json",
        "tags": [{"name": spec.family.word()}],
        "payload": {"allOf": [
            {"$ref": "#/components/schemas/envelope"},
            {"type": "object", "properties": properties, "required": required},
        ]},
        "examples": [{"payload": schema::example(kind)}],
        "x-protobuf": format!("tonghop.v1.{}", spec.message),
    })
}

fn refused_channel() -> Value {
    json!({
        "address": "tonghop.refused.{unit}",
        "title": "Sự kiện bị từ chối",
        "description": "Every event of the unit that was refused, whole, with a code and arguments.",
        "parameters": unit_parameter(),
        "messages": {"refused": {"$ref": "#/components/messages/refused"}},
    })
}

fn refused_message() -> Value {
    let codes: Vec<&str> = RefusalCode::ALL.iter().map(|code| code.word()).collect();
    let text_or_null = json!({"type": ["string", "null"]});
    json!({
        "name": "refused",
        "title": "Sự kiện bị từ chối",
        "summary": "Why an event was refused, and the event as it came.",
        "contentType": "application/json",
        "payload": {
            "type": "object",
            "required": ["code", "args", "subject", "position", "source", "id", "recordedAt", "message"],
            "properties": {
                "code": {"description": "Codes may be added.", "type": "string", "examples": codes},
                "args": {"type": "object", "additionalProperties": {"type": "string"}},
                "subject": {"description": "The NATS subject that it came by.", "type": "string"},
                "position": {"description": "Its place in the log.", "type": "integer"},
                "source": text_or_null, "id": text_or_null,
                "recordedAt": {"type": "string", "format": "date-time"},
                "message": {"type": "object", "properties": {
                    "headers": {"type": "array", "items": {
                        "type": "array", "items": {"type": "string"},
                    }},
                    "payload": {"type": "string", "contentEncoding": "base64"},
                }},
            },
        },
    })
}

/// Without what stands only in a schema of its own.
fn bare(mut schema: Value) -> Value {
    if let Some(members) = schema.as_object_mut() {
        members.retain(|name, _| !name.starts_with('$'));
    }
    schema
}
