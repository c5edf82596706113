//! GetObjectAttributes: what is known of an object, without its content.

use api_spec::s3::Checksums;
use api_spec::s3::attributes::{
    Checksum as WireChecksum, GetObjectAttributesOutput, ObjectPart, ObjectParts,
};
use axum::http::header;
use axum::response::Response;
use store::Read;

use super::encryption;
use super::exchange::Exchange;
use super::get::existing;
use super::reply::{document, http_date, set, set_version};
use super::sealed::check_key;
use crate::domain::checksum::{Algorithm, Checksum};
use crate::domain::object::{ManifestPart, Object};
use crate::error::Error;
use crate::store::MANIFESTS;

const HEADER: &str = "x-amz-object-attributes";
const MAX_PARTS: u32 = 1000;

/// A checksum under the name of its algorithm.
pub fn sums(checksum: Option<&Checksum>) -> Checksums {
    let mut sums = Checksums::default();
    if let Some(checksum) = checksum {
        let slot = match checksum.algorithm {
            Algorithm::Crc32 => &mut sums.crc32,
            Algorithm::Crc32c => &mut sums.crc32c,
            Algorithm::Crc64Nvme => &mut sums.crc64nvme,
            Algorithm::Sha1 => &mut sums.sha1,
            Algorithm::Sha256 => &mut sums.sha256,
        };
        *slot = Some(checksum.value.clone());
    }
    sums
}

/// Answers GetObjectAttributes.
pub async fn get(x: &Exchange) -> Result<Response, Error> {
    let object = existing(x).await?;
    encryption::refuse_method(&x.headers)?;
    let customer = encryption::customer(x)?;
    check_key(&x.place, object.encryption.as_ref(), customer.as_ref())?;
    let mut output = GetObjectAttributesOutput::default();
    for name in asked(x)? {
        match name.as_str() {
            "ETag" => output.etag = Some(object.etag.clone()),
            "Checksum" => {
                output.checksum = object.checksum.as_ref().map(bare);
            }
            "ObjectParts" => output.object_parts = parts(x, object)?,
            "StorageClass" => output.storage_class = Some(object.class.as_str().to_owned()),
            "ObjectSize" => output.object_size = Some(object.size),
            other => {
                return Err(Error::argument(HEADER, other, "Invalid attribute name specified."));
            }
        }
    }
    let mut response = document("GetObjectAttributesOutput", &output)?;
    set(&mut response, header::LAST_MODIFIED, http_date(object.modified));
    set_version(&mut response, x.bucket()?.version_shown(object.version).as_deref());
    Ok(response)
}

/// AWS leaves out here of how many parts a checksum of checksums is.
fn bare(sum: &Checksum) -> WireChecksum {
    let value = sum.value.split('-').next().unwrap_or_default().to_owned();
    WireChecksum::new(sums(Some(&Checksum { value, ..sum.clone() })), sum.kind.as_str())
}

fn asked(x: &Exchange) -> Result<Vec<String>, Error> {
    let lines = x.headers.get_all(HEADER).iter().filter_map(|value| value.to_str().ok());
    let names = lines.flat_map(|line| line.split(',')).map(str::trim).filter(|name| !name.is_empty());
    let names: Vec<String> = names.map(str::to_owned).collect();
    match names.is_empty() {
        true => Err(Error::InvalidRequest(
            "The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or \
             empty"
                .into(),
        )),
        false => Ok(names),
    }
}

/// A page of the parts; none for an object that was not uploaded in parts.
fn parts(x: &Exchange, object: &Object) -> Result<Option<ObjectParts>, Error> {
    let Some(id) = object.parts() else { return Ok(None) };
    let manifest = x.snapshot()?.get(&MANIFESTS, &id)?.ok_or(Error::Changed)?;
    let limit = number(x, "x-amz-max-parts")?.unwrap_or(MAX_PARTS).min(MAX_PARTS);
    let marker = number(x, "x-amz-part-number-marker")?.unwrap_or(0);
    // parts are numbered anew, without the gaps of the upload
    let behind = (1u32..).zip(&manifest.parts).filter(|(number, _)| *number > marker);
    let page: Vec<(u32, &ManifestPart)> = behind.take(limit as usize).collect();
    let last = page.last().map_or(marker, |(number, _)| *number);
    let count = u32::try_from(manifest.parts.len()).unwrap_or(u32::MAX);
    let has_sums = manifest.parts.iter().all(|part| part.checksum.is_some());
    Ok(Some(ObjectParts {
        parts_count: count,
        part_number_marker: marker,
        next_part_number_marker: last,
        max_parts: limit,
        is_truncated: last < count,
        parts: page.into_iter().filter(|_| has_sums).map(|(number, part)| shown(number, part)).collect(),
    }))
}

fn shown(part_number: u32, part: &ManifestPart) -> ObjectPart {
    let Checksums { crc32, crc32c, crc64nvme, sha1, sha256 } = sums(part.checksum.as_ref());
    ObjectPart { part_number, size: part.size, crc32, crc32c, crc64nvme, sha1, sha256 }
}

fn number(x: &Exchange, name: &str) -> Result<Option<u32>, Error> {
    let Some(text) = x.header(name) else { return Ok(None) };
    text.trim().parse().map(Some).map_err(|_| {
        Error::argument(name, text, format!("Provided {name} not an integer or within integer range"))
    })
}
