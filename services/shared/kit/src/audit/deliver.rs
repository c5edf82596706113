//! For every closed file of the trail that was not delivered: put it into the configured bucket, one object an account,
//! then move it to `delivered/`.
//!
//! Objects are named as CloudTrail names them. A file that is delivered again after a crash gets the same names.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use api_spec::ApiError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use calls::object::PutLog;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::value::RawValue;

use super::AuditConfig;
use super::trail::{DELIVERED, closed_files};
use crate::context::{Context, ServiceName};
use crate::peer::Peer;
use crate::reconcile::{self, Reconciler};

/// Between two looks for closed files.
const EVERY: Duration = Duration::from_secs(5);

/// Starts delivering, if there is a bucket.
pub(super) fn start(config: &AuditConfig, context: &Context, directory: PathBuf) {
    if config.bucket.is_empty() {
        return;
    }
    let deliver = Deliver {
        directory,
        bucket: config.bucket.clone(),
        region: context.common.region.clone(),
        service: context.service,
        object: context.peers.internal(ServiceName::Object),
    };
    reconcile::run(context, deliver, EVERY, vec![]);
}

/// The reconciler.
struct Deliver {
    directory: PathBuf,
    bucket: String,
    region: String,
    service: ServiceName,
    object: Peer,
}

impl Reconciler for Deliver {
    const NAME: &'static str = "audit-delivery";
    type Error = ApiError;

    async fn pass(&self) -> Result<usize, ApiError> {
        let files = closed_files(&self.directory).map_err(ApiError::internal)?;
        for file in &files {
            let text = tokio::fs::read_to_string(file).await.map_err(ApiError::internal)?;
            for (account, records) in by_account(&text) {
                let key = key(&account, &self.region, self.service, file);
                let content = STANDARD.encode(object(&records).map_err(ApiError::internal)?);
                self.object.call(&PutLog { bucket: self.bucket.clone(), key, content }).await?;
            }
            let name = file.file_name().unwrap_or_default();
            let to = self.directory.join(DELIVERED).join(name);
            tokio::fs::rename(file, to).await.map_err(ApiError::internal)?;
        }
        Ok(files.len())
    }
}

/// The records of each account; those that are nobody's stay in the file alone.
fn by_account(text: &str) -> BTreeMap<String, Vec<&RawValue>> {
    #[derive(serde::Deserialize)]
    struct Recipient {
        #[serde(rename = "recipientAccountId")]
        account: Option<String>,
    }
    let mut by_account: BTreeMap<String, Vec<&RawValue>> = BTreeMap::new();
    for line in text.lines() {
        // a line that a crash cut short is no record
        let Ok(Recipient { account: Some(account) }) = serde_json::from_str(line) else { continue };
        if let Ok(record) = serde_json::from_str::<&RawValue>(line) {
            by_account.entry(account).or_default().push(record);
        }
    }
    by_account
}

/// `{"Records": [...]}`, compressed.
fn object(records: &[&RawValue]) -> std::io::Result<Vec<u8>> {
    #[derive(serde::Serialize)]
    struct Log<'a> {
        #[serde(rename = "Records")]
        records: &'a [&'a RawValue],
    }
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    serde_json::to_writer(&mut gzip, &Log { records })?;
    gzip.flush()?;
    gzip.finish()
}

/// `AWSLogs/<account>/CloudTrail/<region>/yyyy/mm/dd/<account>_CloudTrail_<region>_<time>_<unique>.json.gz`
fn key(account: &str, region: &str, service: ServiceName, file: &Path) -> String {
    let name = file.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
    // audit-20260102T030405678Z-000001
    let (time, number) = name.trim_start_matches("audit-").split_once('-').unwrap_or((name, "0"));
    let part = |from: usize, to: usize| time.get(from..to).unwrap_or("00");
    let minute = format!("{}Z", time.get(..13).unwrap_or(time));
    let unique = format!("{service}{}{number}", part(13, 18));
    format!(
        "AWSLogs/{account}/CloudTrail/{region}/{}/{}/{}/{account}_CloudTrail_{region}_{minute}_{unique}.json.gz",
        part(0, 4),
        part(4, 6),
        part(6, 8),
    )
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn a_file_becomes_one_object_an_account() {
        let text = "{\"recipientAccountId\":\"1\",\"n\":1}\n{\"n\":2}\ntorn\n{\"recipientAccountId\":\"2\",\"n\":3}\n\
                    {\"recipientAccountId\":\"1\",\"n\":4}\n";
        let sorted = by_account(text);
        assert_eq!(sorted.keys().collect::<Vec<_>>(), ["1", "2"]);
        let mut back = String::new();
        GzDecoder::new(object(&sorted["1"]).unwrap().as_slice()).read_to_string(&mut back).unwrap();
        let log: serde_json::Value = serde_json::from_str(&back).unwrap();
        assert_eq!((log["Records"][0]["n"].as_i64(), log["Records"][1]["n"].as_i64()), (Some(1), Some(4)));
    }

    #[test]
    fn objects_are_named_as_cloudtrail_names_them() {
        let file = Path::new("/x/audit-20260102T030405678Z-000007.jsonl");
        assert_eq!(
            key("111122223333", "us-east-1", ServiceName::Compute, file),
            "AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/02/\
             111122223333_CloudTrail_us-east-1_20260102T0304Z_compute05678000007.json.gz"
        );
    }
}
