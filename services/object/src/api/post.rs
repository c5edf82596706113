//! PostObject: an upload by a browser's form. The file goes the way of a PutObject; how it is answered is for the form to
//! say.

use std::sync::Arc;

use api_spec::protocol::xml::{self, DECLARATION, Lists};
use api_spec::s3::object::PostResponse;
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use futures_util::{Stream, StreamExt};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::exchange::Exchange;
use super::form::Form;
use super::put::{Draft, Taken, take_stream};
use super::reply::{no_content, set};
use crate::body::expect::Expected;
use crate::body::form_file::{self, Limit};
use crate::data::cipher::ContentKey;
use crate::domain::checksum::Algorithm;
use crate::domain::post_policy::Sizes;
use crate::domain::upload::MAX_PUT_BYTES;
use crate::error::Error;
use crate::service::Stretch;
use crate::store::data::NewData;
use crate::store::objects::Place;

/// What stands for itself in a key within a URL.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Answers PostObject.
pub async fn post(x: &Exchange, body: &mut Option<Body>) -> Result<Response, Error> {
    let form = x.form.as_ref().ok_or_else(|| Error::Internal("an upload by form without its form".into()))?;
    let draft = Draft::of(x).await?;
    let expected = Expected::of_form(&x.headers, form.room)?;
    let plan = draft.begin(x).await?;
    let wanted = expected.checksum.as_ref().map_or(Algorithm::Crc64Nvme, |(algorithm, _)| *algorithm);
    let Some(body) = body.take() else { return Err(Error::IncompleteBody) };
    let Sizes { least, most } = form.sizes;
    let limit = Limit { least, most: most.min(MAX_PUT_BYTES), room: form.room };
    let content = form_file::content(body, &form.boundary, limit);
    let taken = match plan.key() {
        None => take_stream(x, content, expected, wanted, None).await?,
        Some(key) => take_sealed(x, content, expected, wanted, key).await?,
    };
    let mut response = no_content();
    plan.commit(x, taken, &mut response).await?;
    answer(x, form, response)
}

/// Takes in what is to be encrypted. Encryption needs the length, which is known only when the form has ended: what is
/// small waits in memory for it, what is not is kept encrypted until then, and encrypted anew.
async fn take_sealed(
    x: &Exchange,
    content: impl Stream<Item = Result<Bytes, Error>> + Send,
    expected: Expected,
    wanted: Algorithm,
    key: &ContentKey,
) -> Result<Taken, Error> {
    let room = expected.length;
    if room <= u64::from(x.service.config.inline_max_bytes) {
        let mut taken = take_stream(x, content, expected, wanted, None).await?;
        if let NewData::Small(id, plain) = &taken.data {
            let mut stored = Vec::new();
            let mut keep = |piece: &[u8]| {
                stored.extend_from_slice(piece);
                Ok::<(), Error>(())
            };
            let mut sealing = x.service.sealing(key, taken.size)?;
            sealing.push(plain, &mut keep)?;
            sealing.finish(&mut keep)?;
            taken.data = NewData::Small(*id, Arc::new(stored));
        }
        return Ok(taken);
    }
    let kept = take_stream(x, content, expected, wanted, Some(key)).await?;
    let NewData::File(file, _) = &kept.data else { return Ok(kept) };
    let again = x.service.open_new(file.id(), room, Stretch::whole(kept.size), key)?;
    let again = again.into_stream().map(|piece| piece.map_err(Error::from));
    take_stream(x, again, Expected::of_ours(kept.size), wanted, Some(key)).await
}

/// The answer that the form asks for: a redirect, or a status of three.
fn answer(x: &Exchange, form: &Form, mut response: Response) -> Result<Response, Error> {
    let etag = response.headers().get(header::ETAG).and_then(|etag| etag.to_str().ok()).unwrap_or_default();
    let etag = etag.to_owned();
    if let Some(to) = redirect(x, form, &etag) {
        *response.status_mut() = StatusCode::SEE_OTHER;
        response.headers_mut().insert(header::LOCATION, to);
        return Ok(response);
    }
    let location = format!("{}{}", form.base, utf8_percent_encode(&x.place.key, UNRESERVED));
    set(&mut response, header::LOCATION, &location);
    match form.field("success_action_status").map(str::trim) {
        Some("200") => *response.status_mut() = StatusCode::OK,
        Some("201") => {
            let Place { bucket, key } = x.place.clone();
            let document = PostResponse { location, bucket, key, etag };
            let mut text = format!("{DECLARATION}\n");
            // S3 names no namespace here
            xml::element(&mut text, "PostResponse", &document, Lists::Flat)
                .map_err(|error| Error::Internal(error.to_string()))?;
            *response.status_mut() = StatusCode::CREATED;
            *response.body_mut() = Body::from(text);
            set(&mut response, header::CONTENT_TYPE, "application/xml");
        }
        _ => {}
    }
    Ok(response)
}

/// Where the browser is sent. What is no URL is as good as none.
fn redirect(x: &Exchange, form: &Form, etag: &str) -> Option<HeaderValue> {
    let url = form.field("success_action_redirect").or_else(|| form.field("redirect"))?.trim();
    let (scheme, rest) = url.split_once("://")?;
    let is_http = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    if !is_http || rest.is_empty() || rest.starts_with(['/', '?', '#']) {
        return None;
    }
    let (url, fragment) = match url.find('#') {
        Some(at) => url.split_at(at),
        None => (url, ""),
    };
    let sign = if url.contains('?') { '&' } else { '?' };
    let encoded = |text: &str| utf8_percent_encode(text, UNRESERVED).to_string().replace("%20", "+");
    let (bucket, key, etag) = (encoded(&x.place.bucket), encoded(&x.place.key), encoded(etag));
    HeaderValue::from_str(&format!("{url}{sign}bucket={bucket}&key={key}&etag={etag}{fragment}")).ok()
}
