//! The members of a request, whatever protocol brought them: each with the path that rules know it by and the place that
//! an error names.

use crate::protocol::query::Node;

/// A request before it is decoded.
pub enum Given<'r> {
    /// Of a query.
    Query(&'r Node),
    /// A JSON body.
    Json(&'r serde_json::Value),
}

/// A member's value, as far as rules look at it.
#[derive(Clone, Copy)]
pub(super) enum Value<'r> {
    Text(&'r str),
    Number(i64),
    /// So many elements.
    List(usize),
}

impl Value<'_> {
    /// The number that it is; what cannot be read as one is the decoder's to tell.
    pub(super) fn number(self) -> Option<i64> {
        match self {
            Value::Text(text) => text.parse().ok(),
            Value::Number(number) => Some(number),
            Value::List(_) => None,
        }
    }
}

/// Takes path, place and value of a member.
pub(super) type Visit<'v> = &'v mut dyn FnMut(&str, &str, Value<'_>);

impl Given<'_> {
    /// Whether it has a member of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Given::Query(tree) => tree.children().any(|(member, _)| member == name),
            Given::Json(value) => value.get(name).is_some_and(|member| !member.is_null()),
        }
    }

    /// Shows every member.
    pub(super) fn visit(&self, visit: Visit<'_>) {
        match self {
            Given::Query(tree) => {
                for (name, child) in tree.children() {
                    query(child, name, &camel(name), visit);
                }
            }
            Given::Json(serde_json::Value::Object(members)) => {
                for (name, child) in members {
                    json(child, name, &camel(name), visit);
                }
            }
            Given::Json(_) => {}
        }
    }
}

fn query(node: &Node, member: &str, place: &str, visit: Visit<'_>) {
    if let Some(text) = node.value() {
        visit(member, place, Value::Text(text));
    }
    let listed = node.children().find(|(name, _)| *name == "member").map_or(node, |(_, list)| list);
    let elements = || listed.children().filter(|(name, _)| is_index(name));
    let count = elements().count();
    if count > 0 {
        visit(member, place, Value::List(count));
        for (index, child) in elements() {
            query(child, &format!("{member}.*"), &format!("{place}.{index}.member"), visit);
        }
    }
    for (name, child) in node.children().filter(|(name, _)| *name != "member" && !is_index(name)) {
        query(child, &format!("{member}.{name}"), &format!("{place}.{}", camel(name)), visit);
    }
}

fn json(value: &serde_json::Value, member: &str, place: &str, visit: Visit<'_>) {
    match value {
        serde_json::Value::String(text) => visit(member, place, Value::Text(text)),
        serde_json::Value::Number(number) => {
            if let Some(number) = number.as_i64() {
                visit(member, place, Value::Number(number));
            }
        }
        serde_json::Value::Array(elements) => {
            visit(member, place, Value::List(elements.len()));
            for (index, child) in (1..).zip(elements) {
                json(child, &format!("{member}.*"), &format!("{place}.{index}.member"), visit);
            }
        }
        serde_json::Value::Object(members) => {
            for (name, child) in members {
                json(child, &format!("{member}.{name}"), &format!("{place}.{}", camel(name)), visit);
            }
        }
        serde_json::Value::Null | serde_json::Value::Bool(_) => {}
    }
}

/// How errors call what the wire calls `Tags.member.1.Key`: `tags.1.member.key`.
pub(super) fn place_of(wire: &str) -> String {
    let parts = wire.split('.').filter(|part| *part != "member");
    let named = parts.map(|part| if is_index(part) { format!("{part}.member") } else { camel(part) });
    named.collect::<Vec<_>>().join(".")
}

fn is_index(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit())
}

fn camel(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// Bytes that a base64 text stands for.
pub(super) fn base64_length(text: &str) -> usize {
    text.trim_end_matches('=').len() * 3 / 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_lengths() {
        assert_eq!(place_of("Tags.member.1.Key"), "tags.1.member.key");
        assert_eq!(place_of("UserName"), "userName");
        for (text, bytes) in [("", 0), ("aGk=", 2), ("aA==", 1), ("YWFh", 3)] {
            assert_eq!(base64_length(text), bytes, "{text}");
        }
    }
}
