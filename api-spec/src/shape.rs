//! What a wire type looks like, read off its serde implementation: the contract test compares it with AWS's models.
//!
//! A deserializer that answers every question with an empty value learns the names and kinds that a type asks for,
//! so that no second description of any shape exists that could differ from the code.

use std::fmt;

use serde::Serialize;
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// A wire shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Shape {
    /// Text, also enumerations and ids.
    String,
    /// true or false.
    Boolean,
    /// A whole number.
    Integer,
    /// A floating-point number.
    Double,
    /// A [`crate::Timestamp`].
    Timestamp,
    /// A [`crate::Blob`].
    Blob,
    /// A list.
    List {
        /// What its elements are.
        member: Box<Shape>,
    },
    /// Texts by names of the caller's choice.
    Map,
    /// A structure.
    Structure {
        /// Wire name and shape of every field.
        members: Vec<(String, Shape)>,
    },
}

/// The shape of `T`, or why it has none (a tuple).
pub fn of<T: DeserializeOwned>() -> Result<Shape, String> {
    let mut shape = None;
    T::deserialize(Tracer(&mut shape)).map_err(|error| error.0)?;
    shape.ok_or_else(|| "the type asked for nothing".into())
}

#[derive(Debug)]
struct TraceError(String);

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for TraceError {}
impl serde::de::Error for TraceError {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        TraceError(reason.to_string())
    }
}

struct Tracer<'s>(&'s mut Option<Shape>);

macro_rules! integers {
    ($($method:ident $visit:ident),* $(,)?) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TraceError> {
            *self.0 = Some(Shape::Integer);
            visitor.$visit(0)
        }
    )*};
}

impl<'de> Deserializer<'de> for Tracer<'_> {
    type Error = TraceError;

    integers! {
        deserialize_i8 visit_i8, deserialize_i16 visit_i16, deserialize_i32 visit_i32, deserialize_i64 visit_i64,
        deserialize_u8 visit_u8, deserialize_u16 visit_u16, deserialize_u32 visit_u32, deserialize_u64 visit_u64,
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, TraceError> {
        Err(TraceError("this type has no wire shape".into()))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TraceError> {
        *self.0 = Some(Shape::Boolean);
        visitor.visit_bool(false)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TraceError> {
        if *self.0 != Some(Shape::Timestamp) {
            *self.0 = Some(Shape::Double);
        }
        visitor.visit_f64(0.0)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TraceError> {
        let sample = match self.0 {
            Some(Shape::Timestamp) => "1970-01-01T00:00:00Z",
            Some(_) => "",
            None => {
                *self.0 = Some(Shape::String);
                ""
            }
        };
        visitor.visit_str(sample)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TraceError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TraceError> {
        *self.0 = Some(Shape::String);
        visitor.visit_enum(StrDeserializer::<TraceError>::new(variants.first().unwrap_or(&"")))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TraceError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, TraceError> {
        match name {
            "Timestamp" | "EpochSeconds" => *self.0 = Some(Shape::Timestamp),
            "Blob" => *self.0 = Some(Shape::Blob),
            _ => {}
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TraceError> {
        let mut member = None;
        let value = visitor.visit_seq(OneElement { member: &mut member, given: false })?;
        let member = member.ok_or_else(|| TraceError("a list of nothing".into()))?;
        *self.0 = Some(Shape::List { member: Box::new(member) });
        Ok(value)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TraceError> {
        *self.0 = Some(Shape::Map);
        visitor.visit_map(EachField { fields: [].iter(), name: "", members: &mut Vec::new() })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TraceError> {
        let mut members = Vec::new();
        let value =
            visitor.visit_map(EachField { fields: fields.iter(), name: "", members: &mut members })?;
        *self.0 = Some(Shape::Structure { members });
        Ok(value)
    }

    serde::forward_to_deserialize_any! {
        i128 u128 f32 char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}

struct OneElement<'s> {
    member: &'s mut Option<Shape>,
    given: bool,
}

impl<'de> SeqAccess<'de> for OneElement<'_> {
    type Error = TraceError;
    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, TraceError> {
        if std::mem::replace(&mut self.given, true) {
            return Ok(None);
        }
        seed.deserialize(Tracer(self.member)).map(Some)
    }
}

struct EachField<'s> {
    fields: std::slice::Iter<'static, &'static str>,
    name: &'static str,
    members: &'s mut Vec<(String, Shape)>,
}

impl<'de> MapAccess<'de> for EachField<'_> {
    type Error = TraceError;
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, TraceError> {
        let Some(name) = self.fields.next() else { return Ok(None) };
        self.name = name;
        seed.deserialize(StrDeserializer::<TraceError>::new(name)).map(Some)
    }
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, TraceError> {
        let mut shape = None;
        let value = seed.deserialize(Tracer(&mut shape))?;
        let shape = shape.ok_or_else(|| TraceError(format!("{} asked for nothing", self.name)))?;
        self.members.push((self.name.to_owned(), shape));
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::values::{Blob, EpochSeconds, Timestamp};

    #[test]
    fn a_type_tells_its_own_shape() {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        #[allow(dead_code, reason = "only its shape is looked at")]
        struct Inner {
            at: Option<Timestamp>,
            since: EpochSeconds,
            context: std::collections::BTreeMap<String, String>,
            data: Blob,
        }
        #[derive(Deserialize)]
        #[allow(dead_code, reason = "only its shape is looked at")]
        struct Outer {
            #[serde(rename = "Thing")]
            things: Vec<Inner>,
            count: i32,
        }
        let inner = Shape::Structure {
            members: vec![
                ("At".into(), Shape::Timestamp),
                ("Since".into(), Shape::Timestamp),
                ("Context".into(), Shape::Map),
                ("Data".into(), Shape::Blob),
            ],
        };
        let expected = Shape::Structure {
            members: vec![
                ("Thing".into(), Shape::List { member: Box::new(inner) }),
                ("count".into(), Shape::Integer),
            ],
        };
        assert_eq!(of::<Outer>(), Ok(expected));
    }
}
