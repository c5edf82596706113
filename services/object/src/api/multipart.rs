//! The life of an upload in parts: begin, parts, complete, abort.

use api_spec::s3::multipart::{
    CompleteMultipartUpload, CompleteMultipartUploadResult, InitiateMultipartUploadResult,
};
use axum::body::Body;
use axum::http::header;
use axum::response::Response;
use store::Read;

use super::acl::for_new_object;
use super::conditions::{of_write, unquoted};
use super::encryption;
use super::exchange::Exchange;
use super::headers::{meta, refuse_unsupported, storage_class};
use super::lifecycle::{tell_abort, tell_expiry};
use super::lock;
use super::put::{Taken, take};
use super::reply::{document, no_content, ok, quoted, set, set_named, set_version};
use super::sealed::{open_for, seal_for};
use super::small_body;
use crate::body::expect::Expected;
use crate::data::cipher::ContentKey;
use crate::domain::checksum::{Algorithm, Kind};
use crate::domain::encryption::Method;
use crate::domain::object::Data;
use crate::domain::upload::{MAX_PART_NUMBER, MAX_PUT_BYTES, Part, Upload};
use crate::error::Error;
use crate::store::OBJECTS;
use crate::store::objects::WriteIf;
use crate::store::uploads::{self, Completion, Wanted};

/// Answers CreateMultipartUpload.
pub async fn begin(x: &Exchange) -> Result<Response, Error> {
    refuse_unsupported(&x.headers)?;
    let (algorithm, kind, asked) = checksum_plan(x)?;
    let owned = for_new_object(x).await?;
    let sealed = seal_for(x, encryption::asked(x)?, None).await?;
    let encryption = sealed.map(|sealed| sealed.encryption);
    let caller = &x.caller;
    let upload = Upload {
        initiated: x.service.context.clock.now(),
        initiator: caller.principal().arn(),
        owner: owned.owner,
        account: owned.account,
        meta: meta(&x.headers)?,
        acl: owned.acl,
        algorithm,
        kind,
        asked,
        lock: lock::of_headers(x)?,
        encryption: encryption.clone(),
        tags: x.tags.clone().unwrap_or_default(),
        class: storage_class(&x.headers)?,
    };
    let upload_id = x.service.fresh_id().to_string();
    let (place, id, initiated) = (x.place.clone(), upload_id.clone(), upload.initiated);
    x.transact(move |tx| uploads::begin(tx, &place, &id, &upload)).await?;
    let mut response = document(
        "InitiateMultipartUploadResult",
        &InitiateMultipartUploadResult {
            bucket: x.place.bucket.clone(),
            key: x.place.key.clone(),
            upload_id,
        },
    )?;
    tell_abort(x, &mut response, initiated)?;
    encryption::tell_written(&mut response, encryption.as_ref());
    if asked {
        set_named(&mut response, "x-amz-checksum-algorithm", algorithm.as_str());
        set_named(&mut response, "x-amz-checksum-type", kind.as_str());
    }
    Ok(response)
}

/// The algorithm of `x-amz-checksum-algorithm`.
pub fn algorithm_named(name: &str) -> Result<Algorithm, Error> {
    Algorithm::of(name).ok_or_else(|| {
        Error::InvalidRequest(
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, \
             CRC32C, CRC64NVME, SHA1, SHA256]"
                .into(),
        )
    })
}

/// Algorithm, kind, and whether the client asked for them.
fn checksum_plan(x: &Exchange) -> Result<(Algorithm, Kind, bool), Error> {
    let kind = match x.header("x-amz-checksum-type") {
        None => None,
        Some("COMPOSITE") => Some(Kind::Composite),
        Some("FULL_OBJECT") => Some(Kind::FullObject),
        Some(_) => {
            return Err(Error::InvalidRequest("Value for x-amz-checksum-type header is invalid.".into()));
        }
    };
    let Some(name) = x.header("x-amz-checksum-algorithm") else {
        return match kind {
            None => Ok((Algorithm::Crc64Nvme, Kind::FullObject, false)),
            Some(_) => Err(Error::InvalidRequest(
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header."
                    .into(),
            )),
        };
    };
    let algorithm = algorithm_named(name)?;
    let kind = algorithm.kind_for_parts(kind).ok_or_else(|| {
        let kind = kind.map_or("", Kind::as_str);
        let name = algorithm.as_str().to_ascii_lowercase();
        Error::InvalidRequest(format!(
            "The {kind} checksum type cannot be used with the {name} checksum algorithm."
        ))
    })?;
    Ok((algorithm, kind, true))
}

/// The upload that a request names.
pub fn under_way(x: &Exchange) -> Result<(String, Upload), Error> {
    let id = x.query.get("uploadId").unwrap_or_default().to_owned();
    let upload = uploads::find(&x.snapshot()?, &x.place, &id)?;
    Ok((id, upload))
}

/// `partNumber`.
pub fn part_number(x: &Exchange) -> Result<u32, Error> {
    let text = x.query.get("partNumber").unwrap_or_default();
    text.parse().ok().filter(|number| (1..=MAX_PART_NUMBER).contains(number)).ok_or_else(|| {
        Error::argument("partNumber", text, "Part number must be an integer between 1 and 10000, inclusive")
    })
}

/// Answers UploadPart.
pub async fn put_part(x: &Exchange, body: &mut Option<Body>) -> Result<Response, Error> {
    let number = part_number(x)?;
    let (upload_id, upload) = under_way(x)?;
    let expected = Expected::of(&x.headers, &x.caller, MAX_PUT_BYTES)?;
    let sent = expected.checksum.as_ref().map(|(algorithm, _)| *algorithm).or(expected.trailer);
    check_sum_sent(&upload, sent)?;
    let key = part_key(x, &upload).await?;
    let mut taken = take(x, body, expected, upload.algorithm, key.as_ref()).await?;
    taken.hide_md5(x, upload.encryption.as_ref());
    let part = commit_part(x, &upload_id, number, taken).await?;
    let mut response = ok();
    set(&mut response, header::ETAG, quoted(&part.etag));
    encryption::tell(&mut response, upload.encryption.as_ref());
    let shown = part.sent.as_ref().or(Some(&part.checksum).filter(|_| upload.asked || sent.is_some()));
    if let Some(shown) = shown {
        set_named(&mut response, shown.algorithm.header(), &shown.value);
    }
    Ok(response)
}

/// A part brings the checksum that its upload was begun with. Where that is of the whole object, it may bring none:
/// S3 computes it.
fn check_sum_sent(upload: &Upload, sent: Option<Algorithm>) -> Result<(), Error> {
    let fits = match sent {
        Some(sent) => sent == upload.algorithm,
        None => upload.kind == Kind::FullObject,
    };
    if fits || !upload.asked {
        return Ok(());
    }
    let named = |algorithm: Algorithm| algorithm.as_str().to_ascii_lowercase();
    Err(Error::InvalidRequest(format!(
        "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {}",
        named(upload.algorithm),
        sent.map_or_else(|| "null".into(), named)
    )))
}

/// The key that the parts of an upload are encrypted with, if they are.
pub async fn part_key(x: &Exchange, upload: &Upload) -> Result<Option<ContentKey>, Error> {
    encryption::refuse_method(&x.headers)?;
    open_for(x, &x.place, upload.encryption.as_ref(), encryption::customer(x)?.as_ref()).await
}

/// Makes content that was taken in a part of the upload.
pub async fn commit_part(x: &Exchange, upload_id: &str, number: u32, taken: Taken) -> Result<Part, Error> {
    let mut sums = taken.sums.iter().cloned();
    let checksum = sums.next().ok_or_else(|| Error::Internal("a part without its checksum".into()))?;
    let part = Part {
        size: taken.size,
        etag: taken.etag.clone(),
        modified: x.service.context.clock.now(),
        data: Data::Nothing,
        checksum,
        sent: sums.next(),
    };
    let (place, id, row, data) = (x.place.clone(), upload_id.to_owned(), part.clone(), taken.data.clone());
    let freed = x.transact(move |tx| uploads::put_part(tx, &place, &id, number, &row, &data)).await?;
    taken.data.published();
    x.service.free(freed);
    Ok(part)
}

/// Answers AbortMultipartUpload.
pub async fn abort(x: &Exchange) -> Result<Response, Error> {
    let (id, _) = under_way(x)?;
    let place = x.place.clone();
    let freed = x.transact(move |tx| uploads::abort(tx, &place, &id)).await?;
    x.service.free(freed);
    Ok(no_content())
}

/// Answers CompleteMultipartUpload.
pub async fn complete(x: &Exchange, body: &mut Option<Body>) -> Result<Response, Error> {
    // the checksum headers of this request are about the object, not about the document
    let listed: CompleteMultipartUpload =
        small_body::document_alone(x, body, "CompleteMultipartUpload").await?;
    if listed.parts.is_empty() || listed.parts.len() > MAX_PART_NUMBER as usize {
        return Err(Error::MalformedXml(format!("{} parts", listed.parts.len())));
    }
    let asked = Completion {
        place: x.place.clone(),
        upload_id: x.query.get("uploadId").unwrap_or_default().to_owned(),
        wanted: listed.parts.into_iter().map(wanted).collect(),
        expected: given(x),
        least: x.service.config.min_part_bytes,
        expected_size: x.header("x-amz-mp-object-size").map(object_size).transpose()?,
        condition: WriteIf { quotas: x.quotas().await?, ..of_write(&x.headers)? },
        manifest: x.service.fresh_id(),
        version: x.service.fresh_version(),
        now: x.service.context.clock.now(),
    };
    let upload = uploads::find(&x.snapshot()?, &x.place, &asked.upload_id).ok();
    let (done, freed) = x.transact(move |tx| uploads::complete(tx, &asked)).await?;
    x.service.free(freed);
    let host = x.header("host").unwrap_or("localhost");
    let scheme = if x.caller.origin.secure { "https" } else { "http" };
    let mut result = CompleteMultipartUploadResult {
        location: format!("{scheme}://{host}/{}/{}", x.place.bucket, x.place.key),
        bucket: x.place.bucket.clone(),
        key: x.place.key.clone(),
        etag: quoted(&done.etag),
        ..CompleteMultipartUploadResult::default()
    };
    if let Some(checksum) = done.checksum {
        result.checksum_type = Some(checksum.kind.as_str().to_owned());
        let slot = match checksum.algorithm {
            Algorithm::Crc32 => &mut result.crc32,
            Algorithm::Crc32c => &mut result.crc32c,
            Algorithm::Crc64Nvme => &mut result.crc64nvme,
            Algorithm::Sha1 => &mut result.sha1,
            Algorithm::Sha256 => &mut result.sha256,
        };
        *slot = Some(checksum.value);
    }
    let mut response = document("CompleteMultipartUploadResult", &result)?;
    set_version(&mut response, done.version.as_deref());
    if let Some(object) = x.service.store.snapshot()?.get(&OBJECTS, &x.place.row())? {
        tell_expiry(x, &mut response, &object)?;
    }
    // AWS does not tell here of keys that the client brought
    let encryption = upload.and_then(|upload| upload.encryption);
    let encryption = encryption.filter(|encryption| !matches!(encryption.method, Method::Customer { .. }));
    encryption::tell(&mut response, encryption.as_ref());
    Ok(response)
}

fn object_size(text: &str) -> Result<u64, Error> {
    text.parse()
        .map_err(|_| Error::InvalidRequest("Value for x-amz-mp-object-size header is invalid.".into()))
}

/// The checksum header as text: of a composite one `-N` is part of it.
fn given(x: &Exchange) -> Option<(Algorithm, String)> {
    Algorithm::ALL
        .into_iter()
        .find_map(|algorithm| Some((algorithm, x.header(algorithm.header())?.trim().to_owned())))
}

fn wanted(part: api_spec::s3::multipart::CompletedPart) -> Wanted {
    let checksums = [
        (Algorithm::Crc32, part.crc32),
        (Algorithm::Crc32c, part.crc32c),
        (Algorithm::Crc64Nvme, part.crc64nvme),
        (Algorithm::Sha1, part.sha1),
        (Algorithm::Sha256, part.sha256),
    ];
    Wanted {
        number: part.part_number,
        etag: unquoted(&part.etag).to_ascii_lowercase(),
        checksums: checksums.into_iter().filter_map(|(algorithm, value)| Some((algorithm, value?))).collect(),
    }
}
