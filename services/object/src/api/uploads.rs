//! ListMultipartUploads and ListParts.

use api_spec::s3::Initiator;
use api_spec::s3::list::CommonPrefix;
use api_spec::s3::multipart::{ListMultipartUploadsResult, ListPartsResult, PartEntry, UploadEntry};
use axum::response::Response;
use store::{Read, StartsWith};

use super::exchange::Exchange;
use super::lifecycle::tell_abort;
use super::list::{Asked, MAX_KEYS, owner_of};
use super::multipart::under_way;
use super::reply::{document, quoted};
use crate::domain::checksum::Algorithm;
use crate::domain::upload::{Part, Upload};
use crate::error::Error;
use crate::store::list::Walk;
use crate::store::{PARTS, UPLOADS};

/// Answers ListMultipartUploads.
pub fn list(x: &Exchange) -> Result<Response, Error> {
    let asked = Asked::of(x, "max-uploads")?;
    let key_marker = x.query.get("key-marker").unwrap_or_default().to_owned();
    let id_marker = x.query.get("upload-id-marker").filter(|_| !key_marker.is_empty()).unwrap_or_default();
    let walk = Walk {
        prefix: asked.prefix.clone(),
        delimiter: asked.delimiter.clone(),
        after: None,
        limit: asked.limit as usize,
    };
    let mut result = ListMultipartUploadsResult {
        bucket: x.place.bucket.clone(),
        key_marker: asked.show(&key_marker),
        upload_id_marker: id_marker.to_owned(),
        delimiter: asked.delimiter.as_deref().map(|d| asked.show(d)),
        prefix: asked.show(&asked.prefix),
        max_uploads: asked.limit,
        encoding_type: asked.encoding(),
        ..ListMultipartUploadsResult::default()
    };
    let bucket = &x.place.bucket;
    let mut scan = x.snapshot()?.iter_prefix(&UPLOADS, &(bucket.clone(), StartsWith(&asked.prefix)))?;
    if !key_marker.is_empty() {
        scan.seek(&(bucket.clone(), key_marker.clone(), String::new()))?;
    }
    let mut last = (String::new(), String::new());
    while let Some(row) = scan.next() {
        let ((_, key, id), upload) = row?;
        let folded = walk.fold(&key).map(str::to_owned);
        if is_behind(&key, &id, folded.as_deref(), &key_marker, id_marker) {
            continue;
        }
        if result.uploads.len() + result.common_prefixes.len() >= walk.limit {
            result.is_truncated = walk.limit > 0;
            break;
        }
        match folded {
            Some(prefix) => {
                scan.seek_past(&(bucket.clone(), StartsWith(&prefix)))?;
                result.common_prefixes.push(CommonPrefix { prefix: asked.show(&prefix) });
                last = (prefix, String::new());
            }
            None => {
                last = (key.clone(), id.clone());
                result.uploads.push(entry(asked.show(&key), id, upload));
            }
        }
    }
    if result.is_truncated {
        result.next_key_marker = Some(asked.show(&last.0));
        result.next_upload_id_marker = Some(last.1);
    }
    document("ListMultipartUploadsResult", &result)
}

/// Whether an upload belongs to a page before.
fn is_behind(key: &str, id: &str, folded: Option<&str>, key_marker: &str, id_marker: &str) -> bool {
    if key_marker.is_empty() {
        return false;
    }
    let within_marker = folded == Some(key_marker);
    key < key_marker || within_marker || (key == key_marker && (id_marker.is_empty() || id <= id_marker))
}

fn entry(key: String, upload_id: String, upload: Upload) -> UploadEntry {
    let (algorithm, kind) = plan(&upload);
    UploadEntry {
        key,
        upload_id,
        initiator: Some(initiator(&upload)),
        owner: Some(owner_of(upload.owner)),
        storage_class: upload.class.as_str().into(),
        initiated: upload.initiated.into(),
        checksum_algorithm: algorithm,
        checksum_type: kind,
    }
}

fn plan(upload: &Upload) -> (Option<String>, Option<String>) {
    match upload.asked {
        true => (Some(upload.algorithm.as_str().to_owned()), Some(upload.kind.as_str().to_owned())),
        false => (None, None),
    }
}

fn initiator(upload: &Upload) -> Initiator {
    let name = upload.initiator.rsplit('/').next().unwrap_or_default();
    Initiator { id: upload.initiator.clone(), display_name: Some(name.to_owned()) }
}

/// Answers ListParts.
pub fn list_parts(x: &Exchange) -> Result<Response, Error> {
    let (upload_id, upload) = under_way(x)?;
    let limit = x.query.number("max-parts")?.unwrap_or(MAX_KEYS).min(MAX_KEYS);
    let marker = x.query.number("part-number-marker")?.unwrap_or(0);
    let after = (upload_id.clone(), marker);
    let page = x.snapshot()?.page(&PARTS, &upload_id, Some(&after), limit as usize)?;
    let truncated = page.more && limit > 0;
    let (algorithm, kind) = plan(&upload);
    let mut response = document(
        "ListPartsResult",
        &ListPartsResult {
            bucket: x.place.bucket.clone(),
            key: x.place.key.clone(),
            upload_id,
            initiator: Some(initiator(&upload)),
            owner: Some(owner_of(&upload.owner)),
            storage_class: upload.class.as_str().into(),
            part_number_marker: marker,
            next_part_number_marker: page.items.last().map(|((_, number), _)| *number),
            max_parts: limit,
            is_truncated: truncated,
            checksum_algorithm: algorithm,
            checksum_type: kind,
            parts: page
                .items
                .into_iter()
                .map(|((_, number), part)| part_entry(number, part, &upload))
                .collect(),
        },
    )?;
    tell_abort(x, &mut response, upload.initiated)?;
    Ok(response)
}

fn part_entry(part_number: u32, part: Part, upload: &Upload) -> PartEntry {
    let mut entry = PartEntry {
        part_number,
        last_modified: part.modified.into(),
        etag: quoted(&part.etag),
        size: part.size,
        crc32: None,
        crc32c: None,
        crc64nvme: None,
        sha1: None,
        sha256: None,
    };
    if let Some(shown) = part.sent.or(Some(part.checksum).filter(|_| upload.asked)) {
        let slot = match shown.algorithm {
            Algorithm::Crc32 => &mut entry.crc32,
            Algorithm::Crc32c => &mut entry.crc32c,
            Algorithm::Crc64Nvme => &mut entry.crc64nvme,
            Algorithm::Sha1 => &mut entry.sha1,
            Algorithm::Sha256 => &mut entry.sha256,
        };
        *slot = Some(shown.value);
    }
    entry
}
