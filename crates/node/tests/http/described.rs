//! Whether an answer is as `proto/openapi.json` describes it.

use serde_json::Value;

/// What a value has that its description has not, or the other way round.
pub(crate) fn unlike(
    value: &Value,
    schema: &Value,
    all: &Value,
    at: &str,
    found: &mut Vec<String>,
) {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.strip_prefix('#').unwrap();
        return unlike(value, all.pointer(name).unwrap(), all, at, found);
    }
    if let Some(known) = schema["enum"].as_array()
        && !known.contains(value)
    {
        found.push(format!("{at} is {value}"));
    }
    for item in value.as_array().into_iter().flatten() {
        unlike(item, &schema["items"], all, &format!("{at}[]"), found);
    }
    let required = schema["required"].as_array().into_iter().flatten();
    for name in required.filter(|name| value.get(name.as_str().unwrap()).is_none()) {
        found.push(format!("{at} has no {name}"));
    }
    for (name, held) in value.as_object().into_iter().flatten() {
        match schema["properties"].get(name).or(schema.get("additionalProperties")) {
            Some(own) if own.is_object() => {
                unlike(held, own, all, &format!("{at}.{name}"), found);
            }
            _ => found.push(format!("{at} has {name}")),
        }
    }
}
