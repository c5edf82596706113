//! Reads an XML body into the struct that describes it, by a small tree in between. Documents with a DOCTYPE are
//! refused, and so is anything that is not well-formed.

use std::fmt;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// Bodies nest a few levels; deeper ones are somebody's joke.
const MAX_DEPTH: usize = 32;

/// Why a body is not the document that was expected; for the log, the caller gets AWS's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MalformedXml(pub String);

impl fmt::Display for MalformedXml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for MalformedXml {}

impl serde::de::Error for MalformedXml {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        MalformedXml(reason.to_string())
    }
}

/// Reads a document whose root element is `root`.
pub fn read<T: DeserializeOwned>(body: &[u8], root: &str) -> Result<T, MalformedXml> {
    let text = std::str::from_utf8(body).map_err(|error| malformed(&error))?;
    let tree = parse(text)?;
    if tree.name != root {
        return Err(MalformedXml(format!("the root element is {}, not {root}", tree.name)));
    }
    T::deserialize(Value::Element(&tree))
}

fn malformed(error: &dyn fmt::Display) -> MalformedXml {
    MalformedXml(error.to_string())
}

#[derive(Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Element>,
    text: String,
}

fn parse(text: &str) -> Result<Element, MalformedXml> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    loop {
        let event = reader.read_event().map_err(|error| malformed(&error))?;
        let closed = match event {
            Event::Start(start) => {
                if open.len() >= MAX_DEPTH || root.is_some() {
                    return Err(MalformedXml("too deep, or more than one root".into()));
                }
                open.push(begin(&start)?);
                None
            }
            Event::Empty(start) => Some(begin(&start)?),
            Event::End(_) => open.pop(),
            Event::Text(part) => {
                add_text(&mut open, &part.xml10_content())?;
                None
            }
            Event::CData(part) => {
                add_text(&mut open, &part.xml10_content())?;
                None
            }
            Event::GeneralRef(reference) => {
                let text = match reference.resolve_char_ref().map_err(|error| malformed(&error))? {
                    Some(character) => character.to_string(),
                    None => named(&reference.xml10_content())?.to_owned(),
                };
                add_text(&mut open, &text)?;
                None
            }
            Event::DocType(_) => return Err(MalformedXml("a DOCTYPE is not accepted".into())),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => None,
            Event::Eof => break,
        };
        if let Some(element) = closed {
            match open.last_mut() {
                Some(parent) => parent.children.push(element),
                None if root.is_none() => root = Some(element),
                None => return Err(MalformedXml("more than one root".into())),
            }
        }
    }
    root.filter(|_| open.is_empty()).ok_or_else(|| MalformedXml("the document ends early".into()))
}

fn begin(start: &BytesStart<'_>) -> Result<Element, MalformedXml> {
    let mut element = Element { name: local(start.local_name().as_ref()), ..Element::default() };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| malformed(&error))?;
        let key: &str = attribute.key.as_ref();
        element.attributes.push((format!("@{key}"), attribute.value.to_string()));
    }
    Ok(element)
}

fn local(name: &str) -> String {
    name.to_owned()
}

/// Text outside of the root may only be white space.
fn add_text(open: &mut [Element], text: &str) -> Result<(), MalformedXml> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err(MalformedXml("text outside of the root element".into())),
    }
    Ok(())
}

fn named(name: &str) -> Result<&'static str, MalformedXml> {
    match name {
        "amp" => Ok("&"),
        "lt" => Ok("<"),
        "gt" => Ok(">"),
        "quot" => Ok("\""),
        "apos" => Ok("'"),
        _ => Err(MalformedXml(format!("the entity &{name}; is not known"))),
    }
}

/// What a field is read from: one element, elements of one name, or an attribute.
enum Value<'t> {
    Element(&'t Element),
    Elements(Vec<&'t Element>),
    Text(&'t str),
}

impl<'t> Value<'t> {
    fn one(&self) -> Result<&'t Element, MalformedXml> {
        match self {
            Value::Element(element) => Ok(element),
            Value::Elements(elements) => match elements.as_slice() {
                [element] => Ok(element),
                _ => Err(MalformedXml("an element is given more than once".into())),
            },
            Value::Text(_) => Err(MalformedXml("an attribute where an element is expected".into())),
        }
    }

    fn text(&self) -> Result<&'t str, MalformedXml> {
        match self {
            Value::Text(text) => Ok(text),
            _ => {
                let element = self.one()?;
                match element.children.is_empty() {
                    true => Ok(&element.text),
                    false => {
                        Err(MalformedXml(format!("{} has elements where text is expected", element.name)))
                    }
                }
            }
        }
    }
}

macro_rules! parsed {
    ($($method:ident $visit:ident),* $(,)?) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, MalformedXml> {
            let text = self.text()?.trim();
            visitor.$visit(text.parse().map_err(|_| MalformedXml(format!("`{text}` is not a valid value")))?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Value<'de> {
    type Error = MalformedXml;

    parsed! {
        deserialize_bool visit_bool, deserialize_i32 visit_i32, deserialize_i64 visit_i64,
        deserialize_u16 visit_u16, deserialize_u32 visit_u32, deserialize_u64 visit_u64,
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, MalformedXml> {
        visitor.visit_str(self.text()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, MalformedXml> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, MalformedXml> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, MalformedXml> {
        let elements = match self {
            Value::Elements(elements) => elements,
            Value::Element(element) => vec![element],
            Value::Text(_) => return Err(MalformedXml("an attribute is no list".into())),
        };
        visitor.visit_seq(List(elements.into_iter()))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, MalformedXml> {
        let element = self.one()?;
        if !element.text.trim().is_empty() {
            return Err(MalformedXml(format!("{} has text where elements are expected", element.name)));
        }
        if let Some(unknown) = element.children.iter().find(|child| !fields.contains(&child.name.as_str())) {
            return Err(MalformedXml(format!("{} is not an element of {}", unknown.name, element.name)));
        }
        visitor.visit_map(Fields { element, fields: fields.iter(), value: None })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, MalformedXml> {
        visitor.visit_enum(StrDeserializer::<MalformedXml>::new(self.text()?.trim()))
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i128 u8 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple tuple_struct map
        identifier ignored_any
    }
}

struct List<'t>(std::vec::IntoIter<&'t Element>);

impl<'de> SeqAccess<'de> for List<'de> {
    type Error = MalformedXml;
    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, MalformedXml> {
        self.0.next().map(|element| seed.deserialize(Value::Element(element))).transpose()
    }
}

struct Fields<'t> {
    element: &'t Element,
    fields: std::slice::Iter<'static, &'static str>,
    value: Option<Value<'t>>,
}

impl<'de> MapAccess<'de> for Fields<'de> {
    type Error = MalformedXml;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, MalformedXml> {
        for name in self.fields.by_ref() {
            let value = match name.strip_prefix('@') {
                Some(_) => {
                    let found = self.element.attributes.iter().find(|(key, _)| key == name);
                    found.map(|(_, text)| Value::Text(text))
                }
                None => {
                    let found: Vec<_> =
                        self.element.children.iter().filter(|child| child.name == *name).collect();
                    (!found.is_empty()).then_some(Value::Elements(found))
                }
            };
            if value.is_some() {
                self.value = value;
                return seed.deserialize(StrDeserializer::<MalformedXml>::new(name)).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, MalformedXml> {
        match self.value.take() {
            Some(value) => seed.deserialize(value),
            None => Err(MalformedXml("a value without its name".into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Item {
        key: String,
        size: Option<u64>,
        #[serde(rename = "@kind")]
        kind: Option<String>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Doc {
        quiet: Option<bool>,
        #[serde(rename = "Item", default)]
        items: Vec<Item>,
    }

    #[test]
    fn a_document_is_read_with_its_white_space_and_references() {
        let text = "<?xml version=\"1.0\"?>\n<Doc xmlns=\"x\"> <Item kind=\"a\"><Key> a&amp;&#x41;\t</Key></Item>\n\
                    <Quiet> true </Quiet><Item><Size>7</Size><Key><![CDATA[<b>]]></Key></Item></Doc>\n";
        let item =
            |key: &str, size, kind: Option<&str>| Item { key: key.into(), size, kind: kind.map(Into::into) };
        assert_eq!(
            read(text.as_bytes(), "Doc"),
            Ok(Doc {
                quiet: Some(true),
                items: vec![item(" a&A\t", None, Some("a")), item("<b>", Some(7), None)]
            })
        );
    }

    #[test]
    fn what_is_not_that_document_is_refused() {
        for text in [
            "",
            "<Doc>",
            "<Doc></Other>",
            "<Other/>",
            "<Doc/><Doc/>",
            "<Doc>text</Doc>",
            "<Doc><Unknown/></Doc>",
            "<Doc><Item/></Doc>",
            "<Doc><Quiet>perhaps</Quiet></Doc>",
            "<Doc><Quiet>true</Quiet><Quiet>true</Quiet></Doc>",
            "<!DOCTYPE Doc [<!ENTITY x \"y\">]><Doc/>",
            "<Doc><Item><Key>&x;</Key></Item></Doc>",
            "\u{1}<Doc/>",
        ] {
            assert!(read::<Doc>(text.as_bytes(), "Doc").is_err(), "{text}");
        }
        let deep = "<Doc>".repeat(100);
        assert!(read::<Doc>(deep.as_bytes(), "Doc").is_err());
        assert!(read::<Doc>(b"\xff", "Doc").is_err());
    }
}
