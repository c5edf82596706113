//! Decoding of ec2Query and awsQuery: `Filter.1.Value.2=x` pairs into typed requests.
//!
//! Pairs first become a tree of [`Node`]s; a request then takes from it exactly what its fields name. A parameter
//! that no field names is `UnknownParameter`, a missing one `MissingParameter`, and so on: the caller learns which.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;

use crate::error_code::{ApiError, ErrorCode};
use crate::protocol::query_serde::NodeDeserializer;

/// A request may hold this many parameters; more is refused before anything is built from them.
pub const MAX_PARAMETERS: usize = 20_000;
/// Names nest this deep (`A.1.B.1.C`); AWS's own stay below 10.
const MAX_DEPTH: usize = 16;

/// One name of a dotted path: its own value, if it had one, and what stands below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    pub(super) value: Option<String>,
    pub(super) children: BTreeMap<String, Node>,
}

/// Why a query could not become the request it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// Not percent-encoded UTF-8 `name=value` pairs, or too many, or too deep.
    Malformed(String),
    /// The same name twice.
    Repeated(String),
    /// A name that the action does not have.
    Unknown(String),
    /// A required parameter is absent.
    Missing(String),
    /// A value that cannot be read as the parameter's type.
    Invalid {
        /// Dotted name.
        name: String,
        /// The value sent, empty for a list or a structure.
        value: String,
        /// What was wrong with it.
        reason: String,
    },
}

impl From<DecodeError> for ApiError {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::Malformed(why) => ApiError::new(ErrorCode::MalformedQueryString, why),
            DecodeError::Repeated(name) => ApiError::new(
                ErrorCode::InvalidParameterCombination,
                format!("The parameter {name} may only be specified once"),
            ),
            DecodeError::Unknown(name) => {
                ApiError::new(ErrorCode::UnknownParameter, format!("The parameter {name} is not recognized"))
            }
            DecodeError::Missing(name) => ApiError::new(
                ErrorCode::MissingParameter,
                format!("The request must contain the parameter {name}"),
            ),
            DecodeError::Invalid { name, value, reason } => ApiError::new(
                ErrorCode::InvalidParameterValue,
                format!("Invalid value '{value}' for {name}: {reason}"),
            ),
        }
    }
}

/// Reads `a=b&c.1=d` (a form body or a query string) into the tree of its names.
pub fn parse(form: &str) -> Result<Node, DecodeError> {
    let mut root = Node::default();
    for (count, pair) in form.split('&').filter(|pair| !pair.is_empty()).enumerate() {
        if count >= MAX_PARAMETERS {
            return Err(DecodeError::Malformed(format!("more than {MAX_PARAMETERS} parameters")));
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        root.insert(&decode(name)?, decode(value)?)?;
    }
    Ok(root)
}

/// Undoes form encoding: `+` is a space, `%XX` a byte; the result must be UTF-8 without NUL.
fn decode(text: &str) -> Result<String, DecodeError> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced)
        .decode_utf8()
        .map_err(|_| DecodeError::Malformed("a parameter is not UTF-8".into()))?;
    if decoded.contains('\0') {
        return Err(DecodeError::Malformed("a parameter contains a NUL character".into()));
    }
    Ok(decoded.into_owned())
}

impl Node {
    fn insert(&mut self, name: &str, value: String) -> Result<(), DecodeError> {
        let mut node = self;
        for (depth, part) in name.split('.').enumerate() {
            if depth >= MAX_DEPTH || part.is_empty() {
                return Err(DecodeError::Malformed(format!("{name} is not a parameter name")));
            }
            node = node.children.entry(part.to_owned()).or_default();
        }
        if node.value.is_some() {
            return Err(DecodeError::Repeated(name.to_owned()));
        }
        node.value = Some(value);
        Ok(())
    }

    /// Takes a top-level parameter out of the tree (`Action`, `Version`, `DryRun`, signature parameters).
    pub fn take(&mut self, name: &str) -> Option<String> {
        self.children.remove(name).and_then(|node| node.value)
    }

    /// Its own value, if it has one.
    pub fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }

    /// What stands below it, by name.
    pub fn children(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.children.iter().map(|(name, child)| (name.as_str(), child))
    }

    /// Reads the tree as a request.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        T::deserialize(NodeDeserializer::root(self))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::values::{Blob, Timestamp};

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "PascalCase")]
    struct Filter {
        name: String,
        #[serde(rename = "Value")]
        values: Vec<String>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "PascalCase")]
    struct Describe {
        image_id: String,
        min_count: i32,
        ebs_optimized: Option<bool>,
        user_data: Option<Blob>,
        since: Option<Timestamp>,
        #[serde(rename = "Filter")]
        filters: Vec<Filter>,
        #[serde(rename = "Tags")]
        tags: Vec<String>,
    }

    fn read(form: &str) -> Result<Describe, DecodeError> {
        parse(form)?.decode()
    }

    #[test]
    fn nested_lists_in_both_query_dialects() {
        let got = read(
            "ImageId=ami-1&MinCount=2&Filter.1.Name=tag%3Aa&Filter.1.Value.1=x&Filter.1.Value.2=y+z\
             &Filter.2.Name=n&Tags.member.1=t&UserData=aGk%3D&EbsOptimized=true&Since=2020-01-02T03:04:05Z",
        )
        .unwrap();
        assert_eq!(got.filters[0].values, ["x", "y z"]);
        assert_eq!(got.filters[1], Filter { name: "n".into(), values: vec![] });
        assert_eq!(got.tags, ["t"]);
        assert_eq!(got.user_data, Some(Blob(b"hi".to_vec())));
        assert_eq!(got.since.unwrap().to_string(), "2020-01-02T03:04:05.000Z");
        assert_eq!((got.min_count, got.ebs_optimized), (2, Some(true)));
    }

    #[test]
    fn a_list_may_count_from_zero() {
        let got = read("ImageId=a&MinCount=1&Tags.0=x&Tags.1=y").unwrap();
        assert_eq!(got.tags, ["x", "y"]);
    }

    #[test]
    fn a_list_of_more_than_nine_keeps_its_order() {
        let form: String = (1..=12).map(|n| format!("&Tags.{n}={n}")).collect();
        let got = read(&format!("ImageId=a&MinCount=1{form}")).unwrap();
        assert_eq!(got.tags.last().unwrap(), "12");
        assert_eq!(got.tags[1], "2");
    }

    #[test]
    fn each_mistake_names_its_parameter() {
        use DecodeError::*;
        let cases = [
            ("ImageId=a", Missing("MinCount".into())),
            ("ImageId=a&MinCount=1&Nope=1", Unknown("Nope".into())),
            ("ImageId=a&MinCount=1&Filter.1.Nam=1", Unknown("Filter.1.Nam".into())),
            ("ImageId=a&MinCount=1&Filter.1.Value.1=1", Missing("Filter.1.Name".into())),
            ("ImageId=a&MinCount=1&MinCount=1", Repeated("MinCount".into())),
        ];
        for (form, expected) in cases {
            assert_eq!(read(form), Err(expected), "{form}");
        }
        for form in [
            "ImageId=a&MinCount=x",
            "ImageId=a&MinCount=99999999999",
            "ImageId=a&MinCount=1&EbsOptimized=maybe",
            "ImageId=a&MinCount=1&Tags.1=x&Tags.3=y",
            "ImageId=a&MinCount=1&Tags.x=y",
            "ImageId=a&MinCount=1&Tags=y",
            "ImageId=a&MinCount=1&UserData=%21",
            "ImageId.1=a&MinCount=1",
        ] {
            assert!(matches!(read(form), Err(Invalid { .. })), "{form}: {:?}", read(form));
        }
        for form in ["ImageId=%FF", "ImageId=%00", ".=1", "a..b=1"] {
            assert!(matches!(read(form), Err(Malformed(_))), "{form}");
        }
    }

    proptest! {
        #[test]
        fn no_input_panics(form in "[A-Za-z0-9.&=%+]{0,80}") {
            let _ = read(&form);
        }
    }
}
