//! Who a request comes from, proven: the only way to a [`Caller`] is through [`authenticate`].

use std::net::IpAddr;
use std::sync::Arc;

use api_spec::{ApiError, ErrorCode, Service};
use auth::policy::Principal;
use auth::sigv2::{self, QueryV2};
use auth::sigv4::{self, Carrier, Payload, Presented, RequestParts, Scope, SigError, SigV4, Verified};
use calls::identity::SignVersion2;
use jiff::Timestamp;

use crate::context::{Context, ServiceName};
use crate::credentials::{Holder, NoHolder};
use crate::request::Origin;

/// The sender of a request.
#[derive(Clone)]
pub struct Caller {
    /// Where it came from.
    pub origin: Arc<Origin>,
    /// Its signature, none for anonymous requests.
    pub signature: Option<Arc<Signature>>,
    /// When the request arrived.
    pub now: Timestamp,
    holder: Option<Arc<Holder>>,
    /// A service that asks for itself, and has no key.
    service: Option<Principal>,
}

/// A verified signature.
pub struct Signature {
    /// What the request said of itself.
    pub sig: SigV4,
    /// What verification added.
    pub verified: Verified,
    /// Whether it was made by Signature Version 2.
    pub version_2: bool,
}

impl Signature {
    /// `s3:signatureversion`.
    pub fn version(&self) -> &'static str {
        if self.version_2 { "AWS" } else { sigv4::ALGORITHM }
    }
}

impl Caller {
    /// A request whose signature was verified.
    fn signed(signature: Signature, holder: Arc<Holder>, origin: Arc<Origin>, now: Timestamp) -> Self {
        Caller { origin, signature: Some(Arc::new(signature)), now, holder: Some(holder), service: None }
    }

    /// A request without credentials.
    pub fn anonymous(origin: impl Into<Arc<Origin>>, now: Timestamp) -> Self {
        let origin = origin.into();
        Caller { origin, signature: None, now, holder: None, service: None }
    }

    /// A service of this cloud that asks for itself, such as `cloudtrail.amazonaws.com`. Resources' policies decide.
    pub fn service(name: &str, origin: impl Into<Arc<Origin>>, now: Timestamp) -> Self {
        let origin = origin.into();
        let service = Some(Principal::Service { name: name.to_owned() });
        Caller { origin, signature: None, now, holder: None, service }
    }

    /// 12 digits; empty for anonymous requests.
    pub fn account_id(&self) -> &str {
        self.holder.as_ref().map_or("", |holder| &holder.account_id)
    }

    /// S3's name for the account; empty for anonymous requests.
    pub fn canonical_user_id(&self) -> &str {
        self.holder.as_ref().map_or("", |holder| &holder.canonical_user_id)
    }

    /// Who it is.
    pub fn principal(&self) -> &Principal {
        let own = self.holder.as_ref().map(|holder| &holder.principal);
        own.or(self.service.as_ref()).unwrap_or(&Principal::Anonymous)
    }

    /// Who has made what it makes, for quotas on what is somebody's own: the id of its user or role, whatever the
    /// session, or the account's for root; none for nobody and for services.
    pub fn creator(&self) -> Option<&str> {
        self.holder.as_ref().map(|holder| holder.creator.as_str())
    }

    /// The access key it signed with.
    pub fn access_key_id(&self) -> Option<&str> {
        self.signature.as_ref().map(|signature| signature.sig.access_key_id.as_str())
    }

    /// The session token it sent.
    pub fn session_token(&self) -> Option<&str> {
        self.signature.as_ref().and_then(|signature| signature.sig.session_token.as_deref())
    }

    /// The key's holder; none for anonymous requests.
    pub fn holder(&self) -> Option<&Arc<Holder>> {
        self.holder.as_ref()
    }

    /// A caller known by its key but without a signature of its own (a call that one service makes for a caller).
    pub fn on_behalf(holder: Arc<Holder>, origin: impl Into<Arc<Origin>>, now: Timestamp) -> Self {
        let origin = origin.into();
        Caller { origin, signature: None, now, holder: Some(holder), service: None }
    }
}

/// Verifies a request's signature. `body_sha256` gives the digest of the body where the request does not declare one.
///
/// Whoever reads the body must hold it to the digest that the request declares.
///
/// # Errors
/// The code that `service` uses for each cause.
pub async fn authenticate(
    context: &Context,
    service: Service,
    parts: RequestParts<'_>,
    origin: Arc<Origin>,
    body_sha256: impl FnOnce() -> String,
) -> Result<Caller, ApiError> {
    let now = context.clock.now();
    if service == Service::S3
        && let Some(query) =
            sigv2::parse(parts).map_err(|error| ApiError::new(ErrorCode::AccessDenied, error.to_string()))?
    {
        return version_2(context, query, parts, origin, now).await;
    }
    let sig = match sigv4::parse(parts).map_err(|error| unreadable(service, &error, parts))? {
        Presented::None => return Ok(Caller::anonymous(origin, now)),
        Presented::Header(sig) | Presented::Query(sig) => sig,
    };
    if sig.scope.service != service.name() {
        return Err(wrong_scope(service, &sig));
    }
    if service == Service::S3 {
        // a credential of another day is malformed to S3, whoever's it is
        sigv4::check_scope_date(&sig).map_err(|error| refuse(service, &error, &sig))?;
    }
    let guard = Guard::before(context, service, &sig, origin.source_ip, now)?;
    let holder = context.credentials.holder(&sig, now).await;
    let holder = holder.map_err(|why| no_holder(service, guard.unheld(why), &sig))?;
    let digest = match sig.payload.declared() {
        Some(declared) => declared.to_owned(),
        None => body_sha256(),
    };
    let verified = sigv4::verify(&sig, &holder.signing_key, parts, &digest, now);
    let verified = verified.map_err(|error| refuse(service, &guard.unverified(error), &sig))?;
    Ok(Caller::signed(Signature { sig, verified, version_2: false }, holder, origin, now))
}

/// Verifies what signs a browser's form: `signature` over its policy, as that was sent.
///
/// # Errors
/// S3's code for each cause.
pub async fn authenticate_form(
    context: &Context,
    form: FormSignature,
    policy: &str,
    origin: Arc<Origin>,
) -> Result<Caller, ApiError> {
    let now = context.clock.now();
    let (sig, version_2) = match form {
        FormSignature::Version4(sig) => (sig, false),
        FormSignature::Version2 { access_key_id, signature, session_token } => {
            (stand_in(access_key_id, signature, session_token, Carrier::Form, now), true)
        }
    };
    let guard = Guard::before(context, Service::S3, &sig, origin.source_ip, now)?;
    let holder = context.credentials.holder(&sig, now).await;
    let holder = holder.map_err(|why| no_holder(Service::S3, guard.unheld(why), &sig))?;
    let verified = match version_2 {
        true => version_2_matches(context, &sig, policy)
            .await?
            .then_some(Verified { signed_at: now, age_ms: 0, expires_at: None })
            .ok_or_else(|| mismatch(policy.to_owned())),
        false => sigv4::verify_form(&sig, &holder.signing_key, policy, now),
    };
    let verified = verified.map_err(|error| refuse(Service::S3, &guard.unverified(error), &sig))?;
    Ok(Caller::signed(Signature { sig, verified, version_2 }, holder, origin, now))
}

/// What signs a browser's form, not yet verified.
pub enum FormSignature {
    /// `x-amz-credential` and its siblings.
    Version4(SigV4),
    /// `AWSAccessKeyId` and `signature`.
    Version2 {
        /// The access key that claims to have signed.
        access_key_id: String,
        /// Base64, as sent.
        signature: String,
        /// The token that goes with temporary credentials.
        session_token: Option<String>,
    },
}

/// Counts a request's failure to prove its signature, see [`crate::attempts`].
struct Guard<'a> {
    context: &'a Context,
    key: &'a str,
    from: Option<IpAddr>,
    now: Timestamp,
}

impl<'a> Guard<'a> {
    /// Refuses a request whose sender had too many wrong signatures of late, before anything is asked or computed.
    fn before(
        context: &'a Context,
        service: Service,
        sig: &'a SigV4,
        from: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<Self, ApiError> {
        let key = sig.access_key_id.as_str();
        if context.credentials.attempts().allows(key, from, now) {
            return Ok(Guard { context, key, from, now });
        }
        context.metrics.count("murus_throttled_signatures_total", "", 1);
        let (code, message) = match service {
            Service::S3 => (ErrorCode::SlowDown, "Please reduce your request rate."),
            Service::Ec2 => (ErrorCode::RequestLimitExceeded, "Request limit exceeded."),
            Service::Iam | Service::Sts | Service::Kms => (ErrorCode::Throttling, "Rate exceeded"),
        };
        Err(ApiError::new(code, message))
    }

    fn count(&self) {
        self.context.credentials.attempts().failed(self.key, self.from, self.now);
    }

    /// A key that nobody holds may be a guess.
    fn unheld(&self, why: NoHolder) -> NoHolder {
        match why {
            NoHolder::Unknown | NoHolder::Inactive | NoHolder::InvalidToken => self.count(),
            NoHolder::Expired | NoHolder::Failed(_) => {}
        }
        why
    }

    /// So may a signature be; a clock that is wrong is not.
    fn unverified(&self, error: SigError) -> SigError {
        if matches!(error, SigError::SignatureMismatch { .. }) {
            self.count();
        }
        error
    }
}

/// A request presigned by Signature Version 2, held to the same rules as one by version 4.
async fn version_2(
    context: &Context,
    query: QueryV2,
    parts: RequestParts<'_>,
    origin: Arc<Origin>,
    now: Timestamp,
) -> Result<Caller, ApiError> {
    if parts.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization")) {
        return Err(unreadable(Service::S3, &SigError::MultipleMechanisms, parts));
    }
    let (key, token) = (query.access_key_id.clone(), query.session_token.clone());
    let sig = stand_in(key, query.signature().to_owned(), token, Carrier::Query, now);
    let guard = Guard::before(context, Service::S3, &sig, origin.source_ip, now)?;
    let holder = context.credentials.holder(&sig, now).await;
    let holder = holder.map_err(|why| no_holder(Service::S3, guard.unheld(why), &sig))?;
    if now > query.expires {
        let (expired, server) = (query.expires, now);
        return Err(refuse(Service::S3, &SigError::Expired { expired, expires_s: 0, server }, &sig));
    }
    let mut holds = version_2_matches(context, &sig, &query.string_to_sign).await?;
    if let (false, Some(of_bucket)) = (holds, &query.of_bucket) {
        holds = version_2_matches(context, &sig, of_bucket).await?;
    }
    if !holds {
        return Err(refuse(Service::S3, &guard.unverified(mismatch(query.string_to_sign)), &sig));
    }
    let verified = Verified { signed_at: now, age_ms: 0, expires_at: Some(query.expires) };
    Ok(Caller::signed(Signature { sig, verified, version_2: true }, holder, origin, now))
}

/// Whether a signature of version 2 is the one that identity makes.
async fn version_2_matches(context: &Context, sig: &SigV4, string_to_sign: &str) -> Result<bool, ApiError> {
    let question = SignVersion2 {
        access_key_id: sig.access_key_id.clone(),
        session_token: sig.session_token.clone(),
        string_to_sign: string_to_sign.to_owned(),
    };
    let answer = context.peers.internal(ServiceName::Identity).call(&question).await?;
    Ok(answer.signature.is_some_and(|expected| sigv2::matches(string_to_sign, &sig.signature, &expected)))
}

fn mismatch(string_to_sign: String) -> SigError {
    SigError::SignatureMismatch { canonical_request: String::new(), string_to_sign }
}

/// What a version 4 signature would say of such a request. It does not tell when it was signed.
fn stand_in(
    access_key_id: String,
    signature: String,
    session_token: Option<String>,
    carrier: Carrier,
    now: Timestamp,
) -> SigV4 {
    SigV4 {
        access_key_id,
        scope: Scope {
            date: now.strftime("%Y%m%d").to_string(),
            region: String::new(),
            service: "s3".into(),
        },
        signed_headers: Vec::new(),
        signature,
        timestamp: now,
        session_token,
        payload: Payload::Unsigned,
        expires_s: None,
        carrier,
    }
}

/// The error for a request that had to be signed and was not.
pub fn unsigned(service: Service) -> ApiError {
    match service {
        Service::S3 => ApiError::new(ErrorCode::AccessDenied, "Access Denied"),
        Service::Ec2 | Service::Iam | Service::Sts | Service::Kms => {
            ApiError::new(ErrorCode::MissingAuthenticationToken, "Request is missing Authentication Token")
        }
    }
}

/// A signature made for another API, which must not work here.
fn wrong_scope(service: Service, sig: &SigV4) -> ApiError {
    let code = match service {
        Service::S3 => return crate::s3_signature::wrong_service(sig),
        Service::Ec2 => ErrorCode::AuthFailure,
        Service::Iam | Service::Sts | Service::Kms => ErrorCode::SignatureDoesNotMatch,
    };
    ApiError::new(code, format!("Credential should be scoped to correct service: '{}'.", service.name()))
}

const NOT_VALIDATED: &str = "AWS was not able to validate the provided access credentials";
const INVALID_TOKEN: &str = "The security token included in the request is invalid.";

fn no_holder(service: Service, why: NoHolder, sig: &SigV4) -> ApiError {
    let (code, message) = match (why, service) {
        (NoHolder::Failed(error), _) => return error,
        (NoHolder::Unknown | NoHolder::Inactive | NoHolder::InvalidToken, Service::Ec2) => {
            (ErrorCode::AuthFailure, NOT_VALIDATED)
        }
        (
            NoHolder::Unknown | NoHolder::Inactive | NoHolder::InvalidToken,
            Service::Iam | Service::Sts | Service::Kms,
        ) => (ErrorCode::InvalidClientTokenId, INVALID_TOKEN),
        (NoHolder::InvalidToken, Service::S3) => {
            (ErrorCode::InvalidToken, "The provided token is malformed or otherwise invalid.")
        }
        (NoHolder::Unknown | NoHolder::Inactive, Service::S3) => (
            ErrorCode::InvalidAccessKeyId,
            "The AWS Access Key Id you provided does not exist in our records.",
        ),
        (NoHolder::Expired, Service::Ec2) => (ErrorCode::RequestExpired, "Request has expired."),
        (NoHolder::Expired, Service::Iam | Service::Sts | Service::Kms) => {
            (ErrorCode::ExpiredToken, "The security token included in the request is expired")
        }
        (NoHolder::Expired, Service::S3) => (ErrorCode::ExpiredToken, "The provided token has expired."),
    };
    let error = ApiError::new(code, message);
    if service == Service::S3 { error.detail("AWSAccessKeyId", &sig.access_key_id) } else { error }
}

/// Credentials that cannot be read, in the words of the service that was asked.
fn unreadable(service: Service, error: &SigError, parts: RequestParts<'_>) -> ApiError {
    let carrier = match parts.values("authorization").next() {
        Some(_) => Carrier::Header,
        None => Carrier::Query,
    };
    refusal(service, error, carrier, None)
}

/// A signature that was not accepted, in the words of the service that was asked.
fn refuse(service: Service, error: &SigError, sig: &SigV4) -> ApiError {
    refusal(service, error, sig.carrier, Some(sig))
}

fn refusal(service: Service, error: &SigError, carrier: Carrier, sig: Option<&SigV4>) -> ApiError {
    match service {
        Service::S3 => crate::s3_signature::refusal(error, carrier, sig),
        Service::Ec2 => {
            if let SigError::Skewed { .. } | SigError::Expired { .. } | SigError::NotYetValid { .. } = error {
                return ApiError::new(ErrorCode::RequestExpired, format!("Request has expired. {error}"));
            }
            let refused = ApiError::new(ErrorCode::AuthFailure, NOT_VALIDATED);
            ApiError { internal: Some(error.to_string()), ..refused }
        }
        Service::Iam | Service::Sts | Service::Kms => refuse_query(error),
    }
}

fn refuse_query(error: &SigError) -> ApiError {
    let code = match error {
        SigError::Skewed { .. }
        | SigError::NotYetValid { .. }
        | SigError::Expired { .. }
        | SigError::ScopeDateMismatch { .. }
        | SigError::HostNotSigned
        | SigError::UnsignedHeader(_)
        | SigError::SignatureMismatch { .. }
        | SigError::ChunkSignatureMismatch => ErrorCode::SignatureDoesNotMatch,
        SigError::MultipleMechanisms
        | SigError::UnsupportedAlgorithm(_)
        | SigError::MissingAuthorizationPart(_)
        | SigError::MalformedAuthorization(_)
        | SigError::MissingParameter(_)
        | SigError::MalformedParameter { .. }
        | SigError::MalformedCredential(_)
        | SigError::MalformedSignedHeaders(_)
        | SigError::MissingDate
        | SigError::MalformedDate(_)
        | SigError::MalformedExpires
        | SigError::MalformedContentSha256(_) => ErrorCode::IncompleteSignature,
        SigError::MalformedToken => ErrorCode::InvalidClientTokenId,
    };
    let message = match error {
        SigError::Skewed { request, server } if request < server => {
            format!("Signature expired: {request} is now earlier than {server} - 15 min.")
        }
        SigError::Skewed { request, server } => {
            format!("Signature not yet current: {request} is still later than {server} + 15 min.")
        }
        other => other.to_string(),
    };
    ApiError::new(code, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s3_tells_a_session_that_ran_out_from_a_key_that_never_was() {
        let now = Timestamp::UNIX_EPOCH;
        let sig = stand_in("ASIAX".into(), String::new(), None, Carrier::Header, now);
        let told = |why| {
            let error = no_holder(Service::S3, why, &sig);
            (error.code.as_str(), error.code.status(), error.details)
        };
        let key = vec![("AWSAccessKeyId", "ASIAX".to_owned())];
        assert_eq!(told(NoHolder::Expired), ("ExpiredToken", 400, key.clone()));
        assert_eq!(told(NoHolder::InvalidToken), ("InvalidToken", 400, key.clone()));
        assert_eq!(told(NoHolder::Unknown), ("InvalidAccessKeyId", 403, key.clone()));
        assert_eq!(told(NoHolder::Inactive), ("InvalidAccessKeyId", 403, key));
    }
}
