//! Server access logging: where a bucket's access log goes, and what the log objects are called.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::acl::Grant;

/// Where the requests for a bucket are logged.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Logging {
    /// Target bucket, of the same account.
    pub bucket: String,
    /// What the keys of log objects begin with.
    pub prefix: String,
    /// Grants on the log objects besides those of the target's owner.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<Grant>,
    /// As it was asked for; where it was not, it is the simple one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<KeyFormat>,
}

/// How the keys of log objects go on behind the prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyFormat {
    /// The time of delivery.
    Simple,
    /// Account, region, bucket, and the day of the events: one object is about one day.
    EventTime,
    /// Account, region, bucket, and the day and time of delivery.
    DeliveryTime,
}

/// What the lines of one log object have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stream {
    /// The bucket whose requests they are.
    pub source: String,
    /// Its account.
    pub account: String,
    /// Where they go.
    pub logging: Logging,
    /// The day of the events in days since 1970, where the keys are by that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<i64>,
}

const DAY_SECONDS: i64 = 86_400;

impl Stream {
    /// The stream of an event.
    pub fn new(source: &str, account: &str, logging: &Logging, at: Timestamp) -> Stream {
        let by_event = logging.format == Some(KeyFormat::EventTime);
        Stream {
            source: source.to_owned(),
            account: account.to_owned(),
            logging: logging.clone(),
            day: by_event.then(|| at.as_second().div_euclid(DAY_SECONDS)),
        }
    }

    /// The key of a log object: `[prefix]YYYY-mm-DD-HH-MM-SS-unique`, partitioned where that was asked for.
    pub fn key(&self, region: &str, delivered: Timestamp, unique: &str) -> String {
        let (prefix, account, source) = (&self.logging.prefix, &self.account, &self.source);
        let at = self.day.and_then(|day| Timestamp::from_second(day.saturating_mul(DAY_SECONDS)).ok());
        let at = at.unwrap_or(delivered);
        let name = at.strftime("%Y-%m-%d-%H-%M-%S");
        match self.logging.format {
            None | Some(KeyFormat::Simple) => format!("{prefix}{name}-{unique}"),
            Some(KeyFormat::EventTime | KeyFormat::DeliveryTime) => {
                let day = at.strftime("%Y/%m/%d");
                format!("{prefix}{account}/{region}/{source}/{day}/{name}-{unique}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(format: Option<KeyFormat>) -> String {
        let logging = Logging { bucket: "logs".into(), prefix: "p/".into(), grants: vec![], format };
        let event = "2026-01-02T23:59:59Z".parse().unwrap();
        let stream = Stream::new("source", "111122223333", &logging, event);
        stream.key("us-east-1", "2026-01-03T00:04:05Z".parse().unwrap(), "A1B2")
    }

    #[test]
    fn keys_are_as_aws_writes_them() {
        assert_eq!(key(None), "p/2026-01-03-00-04-05-A1B2");
        assert_eq!(key(Some(KeyFormat::Simple)), "p/2026-01-03-00-04-05-A1B2");
        assert_eq!(
            key(Some(KeyFormat::DeliveryTime)),
            "p/111122223333/us-east-1/source/2026/01/03/2026-01-03-00-04-05-A1B2"
        );
        assert_eq!(
            key(Some(KeyFormat::EventTime)),
            "p/111122223333/us-east-1/source/2026/01/02/2026-01-02-00-00-00-A1B2"
        );
    }
}
