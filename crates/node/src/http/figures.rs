//! `/v1/figures`: one figure, by indicator and question or by its id.

use tonghop_core::catalogue::Indicator;
use tonghop_core::form::{Sources, figure, figure_of_code};
use tonghop_core::measure::FacetKind;
use tonghop_wire::FigureId;

use super::json::Json;
use super::{Answer, Problem, Request, completeness, facets, forms};
use crate::ask::{AskError, Asked, FIGURE_PARAMETERS, Lang, Wish};

/// A code of a facet.
type FacetCode = (FacetKind, String);

/// `/v1/figures?indicator=…`.
pub(super) fn by_indicator(request: &Request<'_>) -> Result<Answer, AskError> {
    let allowed: Vec<&'static str> =
        ["indicator"].iter().chain(FIGURE_PARAMETERS).copied().collect();
    let parameters = request.parameters(&allowed)?;
    let catalogue = &*request.view()?.catalogue();
    let id = parameters
        .get("indicator")
        .ok_or_else(|| Problem::parameter("indicator", "which? GET /v1/indicators lists them"))?;
    let indicator = catalogue.indicator(id).ok_or_else(|| {
        let known = catalogue.indicators.iter().map(|indicator| indicator.id.clone());
        let mut hint = "GET /v1/indicators lists them".to_owned();
        if catalogue.indicators.is_empty() {
            hint += "; this server has none";
        }
        Problem::unknown_value("indicator", id, &hint, known)
    })?;
    let wish = Wish::read(&parameters, catalogue)?;
    answer(request, indicator, &wish, None)
}

/// `/v1/figures/{figure}`.
pub(super) fn by_id(request: &Request<'_>) -> Result<Answer, AskError> {
    let lang = request.parameters(&["lang"])?.lang()?;
    let (id, indicator) = of_path(request)?;
    answer(request, &indicator, &wish(&id, lang), id.facet)
}

/// The figure that the path names, and its indicator.
pub(super) fn of_path(request: &Request<'_>) -> Result<(FigureId, Indicator), AskError> {
    let unknown = || {
        let hint = "figure ids stand in the answers of /v1/forms/{form} and /v1/figures";
        Problem::unknown_thing("figure", request.name, hint, std::iter::empty())
    };
    let id = FigureId::parse(request.name).ok_or_else(unknown)?;
    let catalogue = request.view()?.catalogue();
    let indicator = catalogue.indicator(&id.indicator).ok_or_else(unknown)?;
    if id.facet.as_ref().is_some_and(|(kind, _)| !indicator.rule.can_be_read_by(*kind)) {
        return Err(unknown().into());
    }
    Ok((id, indicator.clone()))
}

/// What is asked for by an id.
pub(super) fn wish(id: &FigureId, lang: Lang) -> Wish {
    let asked = Asked { window: id.window, period: None };
    Wish { unit: Some(id.unit), asked, known_at: id.known_at, tree: id.tree, lang }
}

fn answer(
    request: &Request<'_>,
    indicator: &Indicator,
    wish: &Wish,
    facet: Option<FacetCode>,
) -> Result<Answer, AskError> {
    let needs = facets::of_indicator(indicator, facet.as_ref().map(|(kind, _)| *kind));
    let divided = facets::divided(wish, std::iter::once(indicator));
    let read = request.figures()?.read_divided(&needs, divided.as_ref(), |moment| {
        let query = wish.query(moment, (request.today)())?;
        let registry = moment.registry(query.known);
        let sources = Sources { registry: &registry, book: moment.book, facets: moment.facets };
        let value = match &facet {
            None => figure(indicator, query, sources),
            Some((kind, code)) => figure_of_code(indicator, query, sources, *kind, code),
        };
        let incomplete = completeness::incomplete(moment, &registry, query);
        Ok::<_, AskError>((value, query, moment.position, moment.lag, incomplete))
    });
    let (value, query, position, lag, incomplete) = read.map_err(Problem::from)??;
    let id = FigureId {
        indicator: indicator.id.clone(),
        unit: query.root,
        window: wish.asked.window,
        tree: wish.tree,
        known_at: wish.known_at,
        facet,
    };
    let mut json = Json::with_capacity(512);
    json.raw("{").key("indicator").text(&indicator.id);
    json.raw(",\"unit\":").text(query.root.as_str()).raw(",");
    forms::question(&mut json, wish);
    json.raw(",");
    forms::value(&mut json, value);
    json.raw(",\"status\":").text(forms::status(indicator, forms::computed(request, query)));
    let computed_to = query.computed_to().map(|day| day.to_string());
    json.raw(",\"computedTo\":").optional(computed_to.as_deref());
    json.raw(",\"figure\":").text(&id.to_string());
    about(&mut json, indicator, wish.lang);
    if let Some((kind, code)) = &id.facet {
        json.raw(",\"facet\":{\"kind\":").text(kind.word()).raw(",\"code\":").text(code).raw("}");
    }
    json.raw(",\"incomplete\":").number(incomplete);
    json.raw(",\"position\":").number(position).raw(",\"lag\":").number(lag).raw("}");
    Ok(Answer::json(json))
}

/// What the indicator is: `label`, `nature`, `counted`.
pub(super) fn about(json: &mut Json, indicator: &Indicator, lang: Lang) {
    json.raw(",\"label\":").text(lang.of(&indicator.label));
    json.raw(",\"nature\":").text(indicator.nature.word());
    json.raw(",\"counted\":").text(lang.of(&indicator.counted));
}
