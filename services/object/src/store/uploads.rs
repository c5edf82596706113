//! Uploads in parts: each function is one transaction's work.

use std::collections::HashSet;

use jiff::Timestamp;
use store::{Read, Tx};

use super::data::{NewData, release};
use super::objects::{Original, Place, WriteIf, put};
use super::{COMPLETED, MANIFESTS, PARTS, UPLOADS};
use crate::domain::checksum::{self, Algorithm, Checksum, Kind};
use crate::domain::id::DataId;
use crate::domain::object::{Data, Manifest, ManifestPart, Object};
use crate::domain::upload::{Completed, MAX_OBJECT_BYTES, Part, Upload};
use crate::domain::version::VersionId;
use crate::error::Error;

type UploadKey = (String, String, String);

fn key_of(place: &Place, upload_id: &str) -> UploadKey {
    (place.bucket.clone(), place.key.clone(), upload_id.to_owned())
}

/// The upload, if it is under way.
pub fn find(read: &impl Read, place: &Place, upload_id: &str) -> Result<Upload, Error> {
    read.get(&UPLOADS, &key_of(place, upload_id))?.ok_or_else(|| Error::NoSuchUpload(upload_id.to_owned()))
}

/// Begins one.
pub fn begin(tx: &mut Tx<'_>, place: &Place, upload_id: &str, upload: &Upload) -> Result<(), Error> {
    if !tx.contains(&super::BUCKETS, &place.bucket)? {
        return Err(Error::NoSuchBucket(place.bucket.clone()));
    }
    Ok(tx.put(&UPLOADS, &key_of(place, upload_id), upload)?)
}

/// Adds a part, in place of the one that had its number.
pub fn put_part(
    tx: &mut Tx<'_>,
    place: &Place,
    upload_id: &str,
    number: u32,
    part: &Part,
    data: &NewData,
) -> Result<Vec<DataId>, Error> {
    let data = data.publish(tx)?;
    replace(tx, place, upload_id, number, Part { data, ..part.clone() })
}

/// The same of a part that shares the content of an object.
pub fn share_part(
    tx: &mut Tx<'_>,
    place: &Place,
    upload_id: &str,
    number: u32,
    part: &Part,
    original: &Original,
    fresh: DataId,
) -> Result<Vec<DataId>, Error> {
    let data = original.share(tx, fresh)?;
    replace(tx, place, upload_id, number, Part { data, ..part.clone() })
}

fn replace(
    tx: &mut Tx<'_>,
    place: &Place,
    upload_id: &str,
    number: u32,
    part: Part,
) -> Result<Vec<DataId>, Error> {
    find(tx, place, upload_id)?;
    let key = (upload_id.to_owned(), number);
    let mut freed = Vec::new();
    if let Some(old) = tx.get(&PARTS, &key)? {
        release(tx, &old.data, &mut freed)?;
    }
    tx.put(&PARTS, &key, &part)?;
    Ok(freed)
}

/// Gives one up with all its parts.
pub fn abort(tx: &mut Tx<'_>, place: &Place, upload_id: &str) -> Result<Vec<DataId>, Error> {
    find(tx, place, upload_id)?;
    let mut freed = Vec::new();
    for (key, part) in tx.scan_prefix(&PARTS, &upload_id.to_owned())? {
        release(tx, &part.data, &mut freed)?;
        tx.delete(&PARTS, &key)?;
    }
    tx.delete(&UPLOADS, &key_of(place, upload_id))?;
    Ok(freed)
}

/// A part as the completing client names it.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Number.
    pub number: u32,
    /// Without quotes.
    pub etag: String,
    /// The checksums it gave, in base64.
    pub checksums: Vec<(Algorithm, String)>,
}

/// Everything that completing needs besides the transaction.
#[derive(Clone, Debug)]
pub struct Completion {
    /// Where the object goes.
    pub place: Place,
    /// The upload.
    pub upload_id: String,
    /// Its parts, in order.
    pub wanted: Vec<Wanted>,
    /// The checksum of the whole, if the client gave it.
    pub expected: Option<(Algorithm, String)>,
    /// What every part but the last has at least, in bytes.
    pub least: u64,
    /// The size of the whole, if the client gave it.
    pub expected_size: Option<u64>,
    /// What must be true of the key.
    pub condition: WriteIf,
    /// Name of the manifest.
    pub manifest: DataId,
    /// Name of the version, where versions are kept.
    pub version: VersionId,
    /// The time.
    pub now: Timestamp,
}

/// Makes the object of an upload's parts. Asked again, answers the same again.
pub fn complete(tx: &mut Tx<'_>, asked: &Completion) -> Result<(Completed, Vec<DataId>), Error> {
    let upload = match find(tx, &asked.place, &asked.upload_id) {
        Err(Error::NoSuchUpload(id)) => {
            let done = tx.get(&COMPLETED, &id)?;
            let same = |c: &Completed| c.bucket == asked.place.bucket && c.key == asked.place.key;
            return done.filter(same).map(|c| (c, Vec::new())).ok_or(Error::NoSuchUpload(id));
        }
        found => found?,
    };
    let parts = tx.scan_prefix(&PARTS, &asked.upload_id)?;
    let (chosen, object) = assemble(asked, &upload, &parts)?;
    let kept: HashSet<u32> = chosen.iter().map(|part| part.number).collect();
    let mut freed = Vec::new();
    for ((id, number), part) in &parts {
        if !kept.contains(number) {
            release(tx, &part.data, &mut freed)?;
        }
        tx.delete(&PARTS, &(id.clone(), *number))?;
    }
    tx.put(&MANIFESTS, &asked.manifest, &Manifest { refs: 1, parts: chosen })?;
    let version = put(tx, &asked.place, &object, &asked.condition, &mut freed)?;
    tx.delete(&UPLOADS, &key_of(&asked.place, &asked.upload_id))?;
    let completed = Completed {
        bucket: asked.place.bucket.clone(),
        key: asked.place.key.clone(),
        etag: object.etag,
        checksum: object.checksum,
        at: asked.now,
        version,
    };
    tx.put(&COMPLETED, &asked.upload_id, &completed)?;
    Ok((completed, freed))
}

/// The parts in order and the object they make.
fn assemble(
    asked: &Completion,
    upload: &Upload,
    parts: &[((String, u32), Part)],
) -> Result<(Vec<ManifestPart>, Object), Error> {
    let chosen = choose(asked, parts)?;
    check_sums_given(asked, upload)?;
    let md5s: Vec<[u8; 16]> = chosen.iter().map(|(_, part)| md5_of(&part.etag)).collect();
    let raw = |part: &Part| upload.algorithm.decode(&part.checksum.value).unwrap_or_default();
    let sums: Vec<_> = chosen.iter().map(|(_, part)| (raw(part), part.size)).collect();
    let size = chosen.iter().map(|(_, part)| part.size).sum();
    let checksum = checksum::join(upload.algorithm, upload.kind, &sums);
    check_whole(asked, size, &checksum)?;
    let object = Object {
        size,
        etag: checksum::etag_of_parts(&md5s),
        modified: asked.now,
        data: Data::Parts(asked.manifest),
        owner: upload.owner.clone(),
        account: upload.account.clone(),
        checksum: Some(checksum),
        meta: upload.meta.clone(),
        acl: upload.acl.clone(),
        version: Some(asked.version),
        encryption: upload.encryption.clone(),
        lock: upload.lock,
        tags: upload.tags.clone(),
        class: upload.class,
        restored_until: None,
        whole: false,
    };
    let row = |(number, part): (u32, &Part)| ManifestPart {
        number,
        size: part.size,
        data: part.data.clone(),
        checksum: upload.asked.then(|| part.checksum.clone()).or_else(|| part.sent.clone()),
    };
    Ok((chosen.into_iter().map(row).collect(), object))
}

/// The parts that are wanted, provided that they are in order, all there, and large enough; complained of in that
/// order.
fn choose<'p>(asked: &Completion, parts: &'p [((String, u32), Part)]) -> Result<Vec<(u32, &'p Part)>, Error> {
    if asked.wanted.windows(2).any(|pair| pair[0].number >= pair[1].number) {
        return Err(Error::InvalidPartOrder);
    }
    let mut chosen = Vec::with_capacity(asked.wanted.len());
    for wanted in &asked.wanted {
        let found = parts.binary_search_by_key(&wanted.number, |((_, number), _)| *number);
        let part = found.ok().and_then(|at| parts.get(at)).map(|(_, part)| part);
        let part = part.filter(|part| matches(part, wanted)).ok_or_else(|| Error::InvalidPart {
            upload_id: asked.upload_id.clone(),
            number: wanted.number,
            etag: wanted.etag.clone(),
        })?;
        chosen.push((wanted.number, part));
    }
    let all_but_last = &chosen[..chosen.len().saturating_sub(1)];
    match all_but_last.iter().find(|(_, part)| part.size < asked.least) {
        None => Ok(chosen),
        Some((number, part)) => Err(Error::PartTooSmall {
            number: *number,
            size: part.size,
            least: asked.least,
            etag: part.etag.clone(),
        }),
    }
}

/// Who asked for a checksum of checksums must name those of the parts.
fn check_sums_given(asked: &Completion, upload: &Upload) -> Result<(), Error> {
    if !upload.asked || upload.kind != Kind::Composite {
        return Ok(());
    }
    let given =
        |wanted: &&Wanted| wanted.checksums.iter().any(|(algorithm, _)| *algorithm == upload.algorithm);
    match asked.wanted.iter().find(|wanted| !given(wanted)) {
        None => Ok(()),
        Some(without) => Err(Error::InvalidRequest(format!(
            "The upload was created using a {} checksum. The complete request must include the checksum for each \
             part. It was missing for part {} in the request.",
            upload.algorithm.as_str().to_ascii_lowercase(),
            without.number
        ))),
    }
}

fn matches(part: &Part, wanted: &Wanted) -> bool {
    let known = |algorithm: &Algorithm, value: &String| {
        [Some(&part.checksum), part.sent.as_ref()]
            .into_iter()
            .flatten()
            .any(|sum| sum.algorithm == *algorithm && sum.value == *value)
    };
    part.etag == wanted.etag && wanted.checksums.iter().all(|(algorithm, value)| known(algorithm, value))
}

fn check_whole(asked: &Completion, size: u64, checksum: &Checksum) -> Result<(), Error> {
    if size > MAX_OBJECT_BYTES {
        return Err(Error::EntityTooLarge { size, limit: MAX_OBJECT_BYTES });
    }
    if asked.expected_size.is_some_and(|expected| expected != size) {
        return Err(Error::InvalidRequest(
            "The provided 'x-amz-mp-object-size' header does not match the size of the object".into(),
        ));
    }
    match &asked.expected {
        Some((algorithm, _)) if *algorithm != checksum.algorithm => Err(Error::InvalidRequest(format!(
            "The upload was created using the {} checksum; {} was given",
            checksum.algorithm.as_str(),
            algorithm.as_str()
        ))),
        Some((algorithm, value)) if *value != checksum.value => Err(Error::ChecksumMismatch(*algorithm)),
        _ => Ok(()),
    }
}

/// The raw MD5 of a part's ETag.
fn md5_of(etag: &str) -> [u8; 16] {
    u128::from_str_radix(etag, 16).unwrap_or(0).to_be_bytes()
}
