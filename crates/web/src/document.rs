//! What is the same in every service's OpenAPI document, and would be forgotten in one place or another.

use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::Type;
use utoipa::openapi::{Content, ObjectBuilder, OpenApi, PathItem, Ref, RefOr, Response, Schema};

const PROBLEM: &str = "Problem";
const JSON: &str = "application/json";
const PROBLEM_JSON: &str = "application/problem+json";

/// What may stand between any request and its operation, with why.
const BEFORE_EVERY_OPERATION: &[(&str, &str)] = &[
    ("400", "The request can't be read"),
    ("401", "Who calls is not known"),
    ("403", "The caller may not do this"),
    ("413", "The body is too large"),
    ("415", "The content type is not supported"),
    ("429", "Too many requests"),
    ("503", "A service needed for this is not available"),
];

/// A text that is one of these words, for enumerations whose words a macro gives: the derivation does not see them.
pub fn words_schema(description: &str, words: &[&'static str]) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description.trim()))
        .enum_values(Some(words.iter().copied()))
        .into()
}

/// Says of every operation in which form problems are told, and which of them are nobody's own. A document that knows
/// no problems is left as it is.
pub fn document_problems(api: &mut OpenApi) {
    let knows = |components: &utoipa::openapi::Components| components.schemas.contains_key(PROBLEM);
    if !api.components.as_ref().is_some_and(knows) {
        return;
    }
    for operation in api.paths.paths.values_mut().flat_map(operations) {
        let responses = &mut operation.responses.responses;
        for response in responses.values_mut() {
            if let RefOr::T(response) = response {
                tell_as_problem(response);
            }
        }
        for (status, why) in BEFORE_EVERY_OPERATION {
            responses.entry((*status).to_owned()).or_insert_with(|| {
                let content = Content::new(Some(Ref::from_schema_name(PROBLEM)));
                let mut response = Response::new(*why);
                response.content.insert(PROBLEM_JSON.to_owned(), content.into());
                response.into()
            });
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.delete,
        &mut item.patch,
    ]
    .into_iter()
    .flatten()
}

fn tell_as_problem(response: &mut Response) {
    let is_problem = |content: &RefOr<Content>| {
        let schema = match content {
            RefOr::T(content) => content.schema.as_ref(),
            RefOr::Ref(_) => None,
        };
        matches!(schema, Some(RefOr::Ref(schema)) if *schema == Ref::from_schema_name(PROBLEM))
    };
    if response.content.get(JSON).is_some_and(is_problem)
        && let Some(content) = response.content.shift_remove(JSON)
    {
        response.content.insert(PROBLEM_JSON.to_owned(), content);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Code, Problem};
    use serde_json::{Value, json};
    use utoipa::{OpenApi as _, PartialSchema as _, ToSchema};

    #[derive(ToSchema)]
    #[allow(dead_code, reason = "it is a schema")]
    struct Thing {
        name: String,
    }

    #[utoipa::path(get, path = "/things", responses(
        (status = 200, body = Thing), (status = 404, body = Problem), (status = 429, description = "wait", body = Problem)
    ))]
    #[allow(dead_code, reason = "it is a document")]
    fn things() {}

    #[derive(utoipa::OpenApi)]
    #[openapi(paths(things))]
    struct Documented;

    fn reference(document: &Value, status: &str, kind: &str) -> Value {
        document["paths"]["/things"]["get"]["responses"][status]["content"][kind]["schema"]["$ref"].clone()
    }

    #[test]
    fn problems_are_told_in_their_form_and_those_of_every_operation_stand_at_each() {
        let mut api = Documented::openapi();
        document_problems(&mut api);
        let document = serde_json::to_value(&api).unwrap();
        let problem = json!("#/components/schemas/Problem");
        for status in ["404", "400", "401", "403", "413", "415", "429", "503"] {
            assert_eq!(reference(&document, status, PROBLEM_JSON), problem, "{status}");
            assert_eq!(reference(&document, status, JSON), Value::Null, "{status}");
        }
        assert_eq!(
            reference(&document, "200", JSON),
            json!("#/components/schemas/Thing")
        );
        let own = &document["paths"]["/things"]["get"]["responses"]["429"]["description"];
        assert_eq!(own, "wait", "what an operation says itself stays");
    }

    #[test]
    fn the_document_names_codes_as_they_are_sent() {
        let schema = serde_json::to_value(Code::schema()).unwrap();
        let codes: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(schema["enum"], json!(codes));
        let sent = serde_json::to_value(Code::InvalidField).unwrap();
        assert!(codes.iter().any(|code| sent == *code));
    }
}
