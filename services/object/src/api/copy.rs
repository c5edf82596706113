//! CopyObject and UploadPartCopy. A copied object shares the content of its source, and is one object whatever that
//! was: what was uploaded in parts is read for the digests of the whole. A part that is all of an object in one file shares
//! that file; any other is written anew.

use api_spec::s3::object::CopyPartResult;
use auth::sigv4::hex;
use axum::response::Response;
use futures_util::StreamExt;
use percent_encoding::percent_decode_str;
use store::Read;

use super::access::{Resource, is_expected, may};
use super::access_log;
use super::acl::for_new_object;
use super::conditions::{OF_SOURCE, Verdict, of_read, of_write};
use super::encryption;
use super::exchange::{Exchange, version_in};
use super::get::missing;
use super::header_map::Headers;
use super::headers::{meta, refuse_unsupported, storage_class};
use super::lifecycle::tell_expiry;
use super::lock;
use super::multipart::{algorithm_named, commit_part, part_key, part_number, under_way};
use super::put::{Taken, take_stream};
use super::reply::{document, quoted, set_named, set_version};
use super::sealed::{Sealed, open_for, seal_for};
use crate::body::expect::Expected;
use crate::body::ingest::{Ingest, Sink};
use crate::body::receive::take_in;
use crate::data::cipher::ContentKey;
use crate::domain::checksum::{Algorithm, Checksum, Kind};
use crate::domain::encryption::opaque_etag;
use crate::domain::names::{climbs_out, is_bucket_name};
use crate::domain::object::{Data, Meta, Object};
use crate::domain::upload::{MAX_PUT_BYTES, Part};
use crate::domain::version::{Version, Which};
use crate::error::Error;
use crate::service::Stretch;
use crate::store::objects::{Original, Place, WriteIf, Written, copy as copy_row, put_new};
use crate::store::{BUCKETS, uploads, versions};

/// A source that keeps being replaced is looked up again so often.
const MAX_TRIES: u32 = 8;
const SOURCE: &str = "x-amz-copy-source";

/// What is copied.
struct Source {
    place: Place,
    which: Option<Which>,
    object: Object,
    /// What replies call the version that was copied.
    version: Option<String>,
    snapshot: store::Snapshot,
}

impl Source {
    fn original(&self) -> Original {
        Original { place: self.place.clone(), which: self.which, seen: self.object.data.clone() }
    }
}

/// Answers CopyObject.
pub async fn copy(x: &Exchange) -> Result<Response, Error> {
    refuse_unsupported(&x.headers)?;
    let (place, which) = source_place(x)?;
    let replaces = directive(x)?;
    let retags = tagging_directive(x)?;
    check_headers(x, replaces)?;
    for _ in 0..MAX_TRIES {
        let source = find(x, &place, which).await?;
        source.object.check_readable(x.service.context.clock.now())?;
        if !retags && !source.object.tags.is_empty() {
            may_copy_tags(x, &source).await?;
        }
        match copy_once(x, &source, replaces, retags).await {
            Err(Error::Changed) => {}
            other => return other,
        }
    }
    Err(Error::Changed)
}

async fn copy_once(x: &Exchange, source: &Source, replaces: bool, retags: bool) -> Result<Response, Error> {
    check_size(source.object.size)?;
    check_changes(x, source, replaces)?;
    let asked = x.header("x-amz-checksum-algorithm").map(algorithm_named).transpose()?;
    let condition = WriteIf { quotas: x.quotas().await?, ..of_write(&x.headers)? };
    condition.check(&x.place.key, x.object.as_ref())?;
    let plain = described_anew(x, source, replaces, retags).await?;
    let key = source_key(x, source).await?;
    let sealed = seal_for(x, encryption::asked(x)?, key.clone()).await?;
    let plain = Object { encryption: sealed.as_ref().map(|sealed| sealed.encryption.clone()), ..plain };
    let (object, written) = match plain.encryption.is_some() == source.object.encryption.is_some() {
        true => share(x, source, asked, key.as_ref(), plain, condition).await?,
        false => write_anew(x, source, asked, key.as_ref(), sealed.as_ref(), plain, condition).await?,
    };
    x.service.free(written.freed);
    let from = (&source.place, source.which);
    access_log::copied_from(x, "REST.COPY.OBJECT_GET", &source.snapshot, from, &source.object);
    let kind = object.checksum.as_ref().map(|sum| sum.kind.as_str().to_owned());
    let result = copied(&object.etag, object.modified, object.checksum.as_ref()).of_object(kind);
    let mut response = document("CopyObjectResult", &result)?;
    tell_expiry(x, &mut response, &object)?;
    encryption::tell_written(&mut response, object.encryption.as_ref());
    set_version(&mut response, written.version.as_deref());
    name_source(&mut response, source);
    Ok(response)
}

/// What is wrong with the headers is told before anything is looked for.
fn check_headers(x: &Exchange, replaces: bool) -> Result<(), Error> {
    if replaces {
        meta(&x.headers)?;
    }
    storage_class(&x.headers)?;
    lock::of_headers(x)?;
    encryption::asked(x)?;
    x.header("x-amz-checksum-algorithm").map(algorithm_named).transpose()?;
    of_write(&x.headers).map(drop)
}

/// One request copies what one request could have put.
fn check_size(size: u64) -> Result<(), Error> {
    match size > MAX_PUT_BYTES {
        true => Err(Error::InvalidRequest(format!(
            "The specified copy source is larger than the maximum allowable size for a copy source: {MAX_PUT_BYTES}"
        ))),
        false => Ok(()),
    }
}

/// A copy of an object onto itself changes something.
fn check_changes(x: &Exchange, source: &Source, replaces: bool) -> Result<(), Error> {
    let itself = source.place == x.place && source.which.is_none();
    let encrypts = x.headers.keys().any(|name| name.as_str().starts_with("x-amz-server-side-encryption"));
    let changes = ["x-amz-website-redirect-location", "x-amz-storage-class"]
        .iter()
        .any(|name| x.headers.contains_key(*name));
    match itself && !replaces && !encrypts && !changes {
        true => Err(Error::InvalidRequest(
            "This copy request is illegal because it is trying to copy an object to itself without changing the \
             object's metadata, storage class, website redirect location or encryption attributes."
                .into(),
        )),
        false => Ok(()),
    }
}

/// The copy as the request describes it; ETag, checksum, content and encryption are the source's still.
async fn described_anew(
    x: &Exchange,
    source: &Source,
    replaces: bool,
    retags: bool,
) -> Result<Object, Error> {
    let owned = for_new_object(x).await?;
    Ok(Object {
        modified: x.service.context.clock.now(),
        owner: owned.owner,
        account: owned.account,
        acl: owned.acl,
        version: Some(x.service.fresh_version()),
        lock: lock::of_headers(x)?,
        meta: match replaces {
            true => meta(&x.headers)?,
            false => without_redirect(source.object.meta.clone(), &x.headers)?,
        },
        class: storage_class(&x.headers)?,
        restored_until: None,
        tags: match retags {
            true => x.tags.clone().unwrap_or_default(),
            false => source.object.tags.clone(),
        },
        ..source.object.clone()
    })
}

/// A copy that shares the source's content: both are plain, or both are encrypted, by one content key that is sealed
/// for each.
async fn share(
    x: &Exchange,
    source: &Source,
    asked: Option<Algorithm>,
    key: Option<&ContentKey>,
    mut object: Object,
    condition: WriteIf,
) -> Result<(Object, Written), Error> {
    object.whole = matches!(object.data, Data::Parts(_));
    let (etag, checksum) = digests(x, source, asked, key, object.hides_md5()).await?;
    (object.etag, object.checksum) = (etag, Some(checksum));
    let original = source.original();
    let (to, row, fresh) = (x.place.clone(), object.clone(), x.service.fresh_id());
    let copying = move |tx: &mut store::Tx<'_>| copy_row(tx, &original, &to, &row, &condition, fresh);
    Ok((object, x.transact(copying).await?))
}

/// A copy with content of its own, because only one of both is encrypted.
async fn write_anew(
    x: &Exchange,
    source: &Source,
    asked: Option<Algorithm>,
    key: Option<&ContentKey>,
    sealed: Option<&Sealed>,
    mut object: Object,
    condition: WriteIf,
) -> Result<(Object, Written), Error> {
    let stretch = Stretch::whole(source.object.size);
    let wanted = wanted_sum(source, asked);
    let mut taken = rewrite(x, source, stretch, wanted, key, sealed.map(|sealed| &sealed.key)).await?;
    taken.hide_md5(x, sealed.map(|sealed| &sealed.encryption));
    object.etag.clone_from(&taken.etag);
    (object.checksum, object.data, object.whole) = (taken.sums.first().cloned(), Data::Nothing, false);
    let (to, row, data) = (x.place.clone(), object.clone(), taken.data.clone());
    let written = x.transact(move |tx| put_new(tx, &to, &row, &data, &condition)).await?;
    taken.data.published();
    Ok((object, written))
}

/// The key of the source's content, if it is encrypted.
async fn source_key(x: &Exchange, source: &Source) -> Result<Option<ContentKey>, Error> {
    let customer = encryption::customer_of_source(x)?;
    open_for(x, &source.place, source.object.encryption.as_ref(), customer.as_ref()).await
}

/// The algorithm of the copy's checksum: what is asked for, else the source's.
fn wanted_sum(source: &Source, asked: Option<Algorithm>) -> Algorithm {
    let kept = source.object.checksum.as_ref().map(|sum| sum.algorithm);
    asked.or(kept).unwrap_or(Algorithm::Crc64Nvme)
}

/// ETag and checksum of a copy: of the whole content, which is read for what the source does not know of it and stays
/// where it is.
async fn digests(
    x: &Exchange,
    source: &Source,
    asked: Option<Algorithm>,
    key: Option<&ContentKey>,
    hides_md5: bool,
) -> Result<(String, Checksum), Error> {
    let object = &source.object;
    let wanted = wanted_sum(source, asked);
    let whole = |sum: &Checksum| sum.algorithm == wanted && sum.kind == Kind::FullObject;
    let known_sum = object.checksum.clone().filter(whole);
    let known_md5 = (!object.hides_md5()).then(|| object.etag.clone());
    let opaque = hides_md5.then(|| opaque_etag(x.service.context.random.bytes()));
    if let (Some(etag), Some(sum)) = (opaque.clone().or(known_md5), known_sum.clone()) {
        return Ok((etag, sum));
    }
    let content = x.service.open(&source.snapshot, object, Stretch::whole(object.size), key)?;
    let content = content.into_stream().map(|piece| piece.map_err(Error::from));
    let missing = known_sum.is_none().then_some(wanted);
    let ingest = Ingest::new(Expected::of_ours(object.size), missing, Sink::Nowhere);
    let read = take_in(content, ingest, object.size, &x.service.pool, x.service.patience()).await?;
    let sum = known_sum.or(read.sums.into_iter().next().map(Checksum::from));
    let sum = sum.ok_or_else(|| Error::Internal("a copy without its checksum".into()))?;
    Ok((opaque.unwrap_or_else(|| hex(&read.md5)), sum))
}

/// Takes in a stretch of the source as if it had been sent.
async fn rewrite(
    x: &Exchange,
    source: &Source,
    stretch: Stretch,
    algorithm: Algorithm,
    key: Option<&ContentKey>,
    new_key: Option<&ContentKey>,
) -> Result<Taken, Error> {
    let content = x.service.open(&source.snapshot, &source.object, stretch, key)?;
    let stream = content.into_stream().map(|piece| piece.map_err(Error::from));
    take_stream(x, stream, Expected::of_ours(stretch.length), algorithm, new_key).await
}

/// Says which version was copied.
fn name_source(response: &mut Response, source: &Source) {
    if let Some(version) = &source.version {
        set_named(response, "x-amz-copy-source-version-id", version);
    }
}

/// The redirect location is not copied with the other metadata.
fn without_redirect(mut kept: Meta, headers: &Headers) -> Result<Meta, Error> {
    const REDIRECT: &str = "x-amz-website-redirect-location";
    kept.system.remove(REDIRECT);
    if let Some(given) = meta(headers)?.system.remove(REDIRECT) {
        kept.system.insert(REDIRECT.into(), given);
    }
    Ok(kept)
}

fn copied(etag: &str, modified: jiff::Timestamp, checksum: Option<&Checksum>) -> CopyPartResult {
    let mut result = CopyPartResult {
        etag: quoted(etag),
        last_modified: Some(modified.into()),
        ..CopyPartResult::default()
    };
    if let Some(checksum) = checksum {
        let slot = match checksum.algorithm {
            Algorithm::Crc32 => &mut result.crc32,
            Algorithm::Crc32c => &mut result.crc32c,
            Algorithm::Crc64Nvme => &mut result.crc64nvme,
            Algorithm::Sha1 => &mut result.sha1,
            Algorithm::Sha256 => &mut result.sha256,
        };
        *slot = Some(checksum.value.clone());
    }
    result
}

/// Whether tags are replaced. Tags that come with a copy which keeps those of its source mean nothing.
fn tagging_directive(x: &Exchange) -> Result<bool, Error> {
    match x.header("x-amz-tagging-directive") {
        None | Some("COPY") => Ok(false),
        Some("REPLACE") => Ok(true),
        Some(other) => Err(Error::argument("x-amz-tagging-directive", other, "Unknown tagging directive.")),
    }
}

/// Tags that are copied are read there and written here.
async fn may_copy_tags(x: &Exchange, source: &Source) -> Result<(), Error> {
    let from = &source.place;
    let bucket = source
        .snapshot
        .get(&BUCKETS, &from.bucket)?
        .ok_or_else(|| Error::NoSuchBucket(from.bucket.clone()))?;
    let read = Resource { name: &from.bucket, bucket: &bucket, key: &from.key, object: Some(&source.object) };
    may(x, "s3:GetObjectTagging", &read).await?;
    let write = Resource { name: &x.place.bucket, bucket: x.bucket()?, key: &x.place.key, object: None };
    may(x, "s3:PutObjectTagging", &write).await.map(drop)
}

/// Whether metadata is replaced.
fn directive(x: &Exchange) -> Result<bool, Error> {
    match x.header("x-amz-metadata-directive") {
        None | Some("COPY") => Ok(false),
        Some("REPLACE") => Ok(true),
        Some(other) => Err(Error::argument("x-amz-metadata-directive", other, "Unknown metadata directive.")),
    }
}

/// `[/]bucket/key[?versionId=id]`, percent-encoded.
fn source_place(x: &Exchange) -> Result<(Place, Option<Which>), Error> {
    let text = x.header(SOURCE).unwrap_or_default();
    let invalid = || {
        Error::argument(
            SOURCE,
            text,
            "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
        )
    };
    let (path, version) = match text.rsplit_once("?versionId=") {
        Some((path, version)) => (path, Some(version)),
        None => (text, None),
    };
    let which = version.map(version_in).transpose()?;
    let decoded = percent_decode_str(path).decode_utf8().map_err(|_| invalid())?;
    let (bucket, key) = decoded.trim_start_matches('/').split_once('/').ok_or_else(invalid)?;
    if key.is_empty() || !is_bucket_name(bucket) || climbs_out(key) {
        return Err(invalid());
    }
    Ok((Place { bucket: bucket.to_owned(), key: key.to_owned() }, which))
}

/// Finds the source as it is now; decides whether the caller may read it.
async fn find(x: &Exchange, place: &Place, which: Option<Which>) -> Result<Source, Error> {
    let snapshot = x.service.store.snapshot()?;
    let bucket =
        snapshot.get(&BUCKETS, &place.bucket)?.ok_or_else(|| Error::NoSuchBucket(place.bucket.clone()))?;
    is_expected(x, "x-amz-source-expected-bucket-owner", &bucket.account)?;
    let found = versions::find(&snapshot, &bucket, place, which)?;
    let object = match &found {
        Some(Version::Object(object)) => Some(object),
        Some(Version::Marker(_)) | None => None,
    };
    let resource = Resource { name: &place.bucket, bucket: &bucket, key: &place.key, object };
    may(x, if which.is_some() { "s3:GetObjectVersion" } else { "s3:GetObject" }, &resource).await?;
    let object = match (found, which) {
        (Some(Version::Object(object)), _) => object,
        (Some(Version::Marker(_)), Some(_)) => {
            return Err(Error::InvalidRequest(
                "The source of a copy request may not specifically refer to a delete marker by version id."
                    .into(),
            ));
        }
        (None, Some(which)) => {
            return Err(Error::NoSuchVersion { key: place.key.clone(), version: which.to_string() });
        }
        (Some(Version::Marker(_)) | None, None) => {
            return Err(missing(x, &place.bucket, &bucket, &place.key).await);
        }
    };
    let version = bucket.version_shown(object.version);
    match of_read(&x.headers, &OF_SOURCE, &object) {
        Verdict::Holds => Ok(Source { place: place.clone(), which, object, version, snapshot }),
        Verdict::NotModified => Err(Error::PreconditionFailed("x-amz-copy-source-If-None-Match")),
        Verdict::Failed(_) => Err(Error::PreconditionFailed("x-amz-copy-source-If-Match")),
    }
}

/// Answers UploadPartCopy.
pub async fn copy_part(x: &Exchange) -> Result<Response, Error> {
    let number = part_number(x)?;
    let (place, which) = source_place(x)?;
    let (upload_id, upload) = under_way(x)?;
    for _ in 0..MAX_TRIES {
        let source = find(x, &place, which).await?;
        source.object.check_readable(x.service.context.clock.now())?;
        let stretch = source_stretch(x, &source.object)?;
        let key = source_key(x, &source).await?;
        let new_key = part_key(x, &upload).await?;
        let plain = key.is_none() && new_key.is_none();
        let made = if plain && is_one_file(&source.object, stretch) {
            share_part(x, &source, &upload_id, number, upload.algorithm).await
        } else {
            let read = rewrite(x, &source, stretch, upload.algorithm, key.as_ref(), new_key.as_ref()).await;
            match read {
                Err(error) => Err(error),
                Ok(mut taken) => {
                    taken.hide_md5(x, upload.encryption.as_ref());
                    commit_part(x, &upload_id, number, taken).await
                }
            }
        };
        let part = match made {
            Err(Error::Changed) => continue,
            made => made?,
        };
        let from = (&source.place, source.which);
        access_log::copied_from(x, "REST.COPY.PART_GET", &source.snapshot, from, &source.object);
        let shown = upload.asked.then_some(&part.checksum);
        let mut response = document("CopyPartResult", &copied(&part.etag, part.modified, shown))?;
        encryption::tell(&mut response, upload.encryption.as_ref());
        name_source(&mut response, &source);
        return Ok(response);
    }
    Err(Error::Changed)
}

/// Whether a stretch is all of an object that lies in a file of its own.
fn is_one_file(object: &Object, stretch: Stretch) -> bool {
    matches!(object.data, Data::File(_)) && stretch == Stretch::whole(object.size)
}

/// A part that shares its source's content. Only a checksum that the source does not have is computed.
async fn share_part(
    x: &Exchange,
    source: &Source,
    upload_id: &str,
    number: u32,
    algorithm: Algorithm,
) -> Result<Part, Error> {
    let (etag, checksum) = digests(x, source, Some(algorithm), None, false).await?;
    let modified = x.service.context.clock.now();
    let part = Part { size: source.object.size, etag, modified, data: Data::Nothing, checksum, sent: None };
    let (original, fresh) = (source.original(), x.service.fresh_id());
    let (place, id, row) = (x.place.clone(), upload_id.to_owned(), part.clone());
    let sharing =
        move |tx: &mut store::Tx<'_>| uploads::share_part(tx, &place, &id, number, &row, &original, fresh);
    let freed = x.transact(sharing).await?;
    x.service.free(freed);
    Ok(part)
}

/// `bytes=first-last`, both given and within the source.
fn source_stretch(x: &Exchange, object: &Object) -> Result<Stretch, Error> {
    const RANGE: &str = "x-amz-copy-source-range";
    let Some(text) = x.header(RANGE) else {
        return check_size(object.size).map(|()| Stretch::whole(object.size));
    };
    let invalid = || {
        Error::argument(
            RANGE,
            text,
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the \
             zero-based offsets of the first and last bytes to copy",
        )
    };
    let (first, last) =
        text.strip_prefix("bytes=").and_then(|range| range.split_once('-')).ok_or_else(invalid)?;
    let (Ok(first), Ok(last)) = (first.parse::<u64>(), last.parse::<u64>()) else { return Err(invalid()) };
    if first > last {
        return Err(invalid());
    }
    if last >= object.size {
        return Err(Error::argument(
            RANGE,
            text,
            format!("Range specified is not valid for source object of size: {}", object.size),
        ));
    }
    let length = last - first + 1;
    match length > MAX_PUT_BYTES {
        true => Err(Error::EntityTooLarge { size: length, limit: MAX_PUT_BYTES }),
        false => Ok(Stretch { offset: first, length }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_request_could_put_no_request_copies() {
        assert!(check_size(5 << 30).is_ok());
        let refused = check_size((5 << 30) + 1).unwrap_err().to_string();
        assert!(refused.ends_with("maximum allowable size for a copy source: 5368709120"), "{refused}");
    }
}
