//! The query of an S3 request: sub-resources without a value, parameters with one.

use percent_encoding::percent_decode_str;

use crate::error::Error;

/// The parameters of a signature by Signature Version 2.
const VERSION_2: [&str; 4] = ["AWSAccessKeyId", "Signature", "Expires", "x-amz-security-token"];

/// A decoded query, in order of arrival.
#[derive(Clone, Debug, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Decodes; the parameters of a presigned signature are left out.
    pub fn parse(text: &str) -> Result<Query, Error> {
        let mut pairs = form_pairs(text)?;
        pairs.retain(|(name, _)| !name.starts_with("X-Amz-") && !VERSION_2.contains(&&**name));
        Ok(Query(pairs))
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether a parameter is there at all.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// A number between 0 and 2147483647.
    ///
    /// # Errors
    /// `InvalidArgument` in AWS's words.
    pub fn number(&self, name: &str) -> Result<Option<u32>, Error> {
        let Some(text) = self.get(name).filter(|text| !text.is_empty()) else { return Ok(None) };
        let wrong = |message: String| Error::argument(name, text, message);
        match text.parse::<i64>() {
            Err(_) => Err(wrong(format!("Provided {name} not an integer or within integer range"))),
            Ok(number) => match i32::try_from(number).ok().and_then(|n| u32::try_from(n).ok()) {
                Some(number) => Ok(Some(number)),
                None => Err(wrong(format!("Argument {name} must be an integer between 0 and 2147483647"))),
            },
        }
    }
}

/// `name=value&name=value`, decoded, in order of arrival.
pub fn form_pairs(text: &str) -> Result<Vec<(String, String)>, Error> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}

fn decode(text: &str) -> Result<String, Error> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8();
    decoded.map(Into::into).map_err(|_| Error::InvalidUri(text.to_owned()))
}
