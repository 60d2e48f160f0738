//! `/v1/indicators`: what figures there are.

use super::json::Json;
use super::{Answer, Request, forms};
use crate::ask::AskError;

/// `/v1/indicators`.
pub(super) fn list(request: &Request<'_>) -> Result<Answer, AskError> {
    let lang = request.parameters(&["lang"])?.lang()?;
    let now = forms::stand(request)?;
    let mut json = Json::with_capacity(32 * 1024);
    json.raw("{\"position\":").number(now.position).raw(",\"lag\":").number(now.lag);
    json.raw(",\"indicators\":[");
    for (place, indicator) in request.view()?.catalogue().indicators.iter().enumerate() {
        json.raw(if place > 0 { ",{" } else { "{" });
        json.key("id").text(&indicator.id);
        json.raw(",\"label\":").text(lang.of(&indicator.label));
        json.raw(",\"counted\":").text(lang.of(&indicator.counted));
        json.raw(",\"nature\":").text(indicator.nature.word());
        json.raw(",\"source\":").text(&indicator.source).raw("}");
    }
    json.raw("]}");
    Ok(Answer::json(json))
}
