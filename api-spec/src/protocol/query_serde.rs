//! The serde side of query decoding: hands the tree of a query to a request's fields.
//!
//! Every field of a struct is offered, absent ones too, so that an absent list is empty, an absent option none, and
//! anything else a `MissingParameter`; requests need no `#[serde(default)]`.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::query::{DecodeError, Node};

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for DecodeError {}

impl serde::de::Error for DecodeError {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        DecodeError::Invalid { name: String::new(), value: String::new(), reason: reason.to_string() }
    }
}

/// A place in the tree, with the dotted path that led to it. `node` is none where the request had nothing.
#[derive(Clone)]
pub(super) struct NodeDeserializer<'a> {
    node: Option<&'a Node>,
    path: String,
}

impl<'a> NodeDeserializer<'a> {
    pub(super) fn root(node: &'a Node) -> Self {
        NodeDeserializer { node: Some(node), path: String::new() }
    }

    fn child(&self, name: &str, node: Option<&'a Node>) -> Self {
        let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        NodeDeserializer { node, path }
    }

    fn scalar(&self) -> Result<&'a str, DecodeError> {
        let Some(node) = self.node else { return Err(DecodeError::Missing(self.path.clone())) };
        match &node.value {
            Some(value) if node.children.is_empty() => Ok(value),
            _ => Err(self.invalid("expected a single value")),
        }
    }

    fn parse<T: std::str::FromStr>(&self, expected: &str) -> Result<T, DecodeError> {
        self.scalar()?.parse().map_err(|_| self.invalid(expected))
    }

    fn invalid(&self, reason: &str) -> DecodeError {
        let value = self.node.and_then(|n| n.value.clone()).unwrap_or_default();
        DecodeError::Invalid { name: self.path.clone(), value, reason: reason.to_owned() }
    }

    /// A visitor's own complaint (bad base64, bad time) does not know where it stands; this adds it.
    fn located<T>(&self, result: Result<T, DecodeError>) -> Result<T, DecodeError> {
        result.map_err(|error| match error {
            DecodeError::Invalid { name, reason, .. } if name.is_empty() => self.invalid(&reason),
            other => other,
        })
    }

    /// The elements of a list in order: `X.1`, `X.2` ... or `X.member.1` ...; counting may begin at 0 (HTCondor).
    fn elements(&self) -> Result<Vec<NodeDeserializer<'a>>, DecodeError> {
        let Some(mut list) = self.node else { return Ok(Vec::new()) };
        let mut place = self.clone();
        if let (Some(member), 1) = (list.children.get("member"), list.children.len()) {
            place = self.child("member", Some(member));
            list = member;
        }
        if list.value.as_deref().is_some_and(|value| !value.is_empty()) {
            return Err(self.invalid("expected a list: number its elements from 1"));
        }
        let mut numbered = Vec::with_capacity(list.children.len());
        for (name, node) in &list.children {
            let index: usize =
                name.parse().map_err(|_| place.child(name, None).invalid("not a list index"))?;
            numbered.push((index, place.child(name, Some(node))));
        }
        numbered.sort_by_key(|(index, _)| *index);
        let first = numbered.first().map_or(1, |(index, _)| *index).min(1);
        for (expected, (index, _)) in (first..).zip(&numbered) {
            if expected != *index {
                return Err(place.child(&expected.to_string(), None).invalid("the list has a hole here"));
            }
        }
        Ok(numbered.into_iter().map(|(_, element)| element).collect())
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $type:ty),* $(,)?) => {$(
        fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            let value = self.parse::<$type>("expected a whole number in range")?;
            self.located(visitor.$visit(value))
        }
    )*};
}

impl<'a> Deserializer<'a> for NodeDeserializer<'a> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_str<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let text = self.scalar()?;
        self.located(visitor.visit_borrowed_str(text))
    }

    fn deserialize_bool<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let text = self.scalar()?;
        let value = match text.to_ascii_lowercase().as_str() {
            "true" => true,
            "false" => false,
            _ => return Err(self.invalid("expected true or false")),
        };
        visitor.visit_bool(value)
    }

    numbers! {
        deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64, deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64, deserialize_f64 visit_f64 f64,
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.node.is_none() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let place = self.clone();
        place.located(visitor.visit_newtype_struct(self))
    }

    fn deserialize_seq<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_seq(Elements(self.elements()?.into_iter()))
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let Some(node) = self.node else { return Err(DecodeError::Missing(self.path)) };
        if let Some(unknown) = node.children.keys().find(|name| !fields.contains(&name.as_str())) {
            return Err(DecodeError::Unknown(self.child(unknown, None).path));
        }
        if node.value.as_deref().is_some_and(|value| !value.is_empty()) {
            return Err(self.invalid("expected a structure, not a single value"));
        }
        visitor.visit_map(Fields { place: self, fields: fields.iter(), next: None })
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let text = self.scalar()?;
        self.located(visitor.visit_enum(StrDeserializer::<DecodeError>::new(text)))
    }

    serde::forward_to_deserialize_any! {
        <W: Visitor<'a>>
        i128 u128 f32 char string bytes byte_buf unit unit_struct tuple tuple_struct map identifier ignored_any
    }
}

struct Elements<'a>(std::vec::IntoIter<NodeDeserializer<'a>>);

impl<'a> SeqAccess<'a> for Elements<'a> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'a>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        self.0.next().map(|element| seed.deserialize(element)).transpose()
    }
}

struct Fields<'a> {
    place: NodeDeserializer<'a>,
    fields: std::slice::Iter<'static, &'static str>,
    next: Option<NodeDeserializer<'a>>,
}

impl<'a> MapAccess<'a> for Fields<'a> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        let Some(name) = self.fields.next() else { return Ok(None) };
        let node = self.place.node.and_then(|node| node.children.get(*name));
        self.next = Some(self.place.child(name, node));
        seed.deserialize(StrDeserializer::<DecodeError>::new(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, DecodeError> {
        match self.next.take() {
            Some(value) => seed.deserialize(value),
            None => Err(DecodeError::custom("a value was asked for before its name")),
        }
    }
}
