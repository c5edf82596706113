//! Identity, faked: a few people whose keys never change.

use api_spec::{ApiError, ErrorCode};
use auth::sigv4::{Scope, SigningKey};
use axum::Router;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use calls::identity::{
    Credential, CredentialVersion, FindCanonicalUsers, FoundCanonicalUsers, NamedPolicy, Principal,
    ResolveCredential, Resolved, SignVersion2, Version2Signature, WatchCredentials,
};
use calls::kms::{DataKey, GetServiceKey, MakeDataKey, OpenDataKey, OpenedDataKey, Requester, ServiceKey};

/// Somebody with a key.
pub struct Somebody {
    pub access_key_id: &'static str,
    pub secret: &'static str,
    pub name: &'static str,
    pub account: &'static str,
    pub canonical: &'static str,
    pub policy: Option<&'static str>,
}

const ALL: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
const READ: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}"#;

/// May everything.
pub const ADMIN: Somebody = Somebody {
    access_key_id: "AKIAADMINADMINADMIN1",
    secret: "admin-secret-admin-secret-admin-secret-1",
    name: "admin",
    account: "000000000001",
    canonical: "1111111111111111111111111111111111111111111111111111111111111111",
    policy: Some(ALL),
};
/// Same account, may nothing.
pub const BOB: Somebody = Somebody {
    access_key_id: "AKIABOBBOBBOBBOBBOB1",
    secret: "bob-secret-bob-secret-bob-secret-bob-se1",
    name: "bob",
    policy: None,
    ..ADMIN
};
/// Same account, may only read objects.
pub const READER: Somebody = Somebody {
    access_key_id: "AKIAREADERREADERREA1",
    secret: "reader-secret-reader-secret-reader-secr1",
    name: "reader",
    policy: Some(READ),
    ..ADMIN
};
/// Same account, may make buckets in us-east-1, said so, and nothing else.
pub const LOCAL: Somebody = Somebody {
    access_key_id: "AKIALOCALLOCALLOCAL1",
    secret: "local-secret-local-secret-local-secret-1",
    name: "local",
    policy: Some(
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:CreateBucket","Resource":"*",
        "Condition":{"StringEquals":{"s3:LocationConstraint":"us-east-1"}}}]}"#,
    ),
    ..ADMIN
};
/// Same account, may everything while its buckets hold at most 100 bytes and three objects.
pub const FRUGAL: Somebody = Somebody {
    access_key_id: "AKIAFRUGALFRUGALFRU1",
    secret: "frugal-secret-frugal-secret-frugal-secr1",
    name: "frugal",
    policy: Some(
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},
        {"Effect":"Deny","Action":"s3:PutObject","Resource":"*","Condition":{"NumericGreaterThan":{"murus:quota-bucket-bytes":"100"}}},
        {"Effect":"Deny","Action":"s3:PutObject","Resource":"*","Condition":{"NumericGreaterThan":{"murus:quota-bucket-objects":"3"}}}]}"#,
    ),
    ..ADMIN
};
/// Same account, may everything while it has at most two buckets of its own.
pub const CAROL: Somebody = Somebody {
    access_key_id: "AKIACAROLCAROLCAROL1",
    secret: "carol-secret-carol-secret-carol-secret-1",
    name: "carol",
    policy: Some(
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},
        {"Effect":"Deny","Action":"s3:CreateBucket","Resource":"*","Condition":{"NumericGreaterThan":{"murus:quota-own-buckets":"2"}}}]}"#,
    ),
    ..ADMIN
};
/// As carol.
pub const DAVE: Somebody = Somebody {
    access_key_id: "AKIADAVEDAVEDAVEDAV1",
    secret: "dave-secret-dave-secret-dave-secret-dav1",
    name: "dave",
    ..CAROL
};
/// Same account, may everything while the account has at most three buckets.
pub const MODEST: Somebody = Somebody {
    access_key_id: "AKIAMODESTMODESTMOD1",
    secret: "modest-secret-modest-secret-modest-secr1",
    name: "modest",
    policy: Some(
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},
        {"Effect":"Deny","Action":"s3:CreateBucket","Resource":"*","Condition":{"NumericGreaterThan":{"murus:quota-buckets":"3"}}}]}"#,
    ),
    ..ADMIN
};
/// May everything, in another account.
pub const EVE: Somebody = Somebody {
    access_key_id: "AKIAEVEEVEEVEEVEEVE1",
    secret: "eve-secret-eve-secret-eve-secret-eve-se1",
    name: "eve",
    account: "000000000002",
    canonical: "2222222222222222222222222222222222222222222222222222222222222222",
    policy: Some(ALL),
};

fn find(access_key_id: &str) -> Option<&'static Somebody> {
    [&ADMIN, &BOB, &READER, &LOCAL, &FRUGAL, &CAROL, &DAVE, &MODEST, &EVE]
        .into_iter()
        .find(|who| who.access_key_id == access_key_id)
}

fn resolve(question: &ResolveCredential) -> Resolved {
    let Some(who) = find(&question.access_key_id) else { return Resolved::Unknown };
    let scope = Scope {
        date: question.date.clone(),
        region: question.region.clone(),
        service: question.service.clone(),
    };
    let policies = who
        .policy
        .map(|document| NamedPolicy { source: "inline:policy".into(), document: document.into() })
        .into_iter()
        .collect();
    Resolved::Active(Box::new(Credential {
        signing_key: STANDARD.encode(SigningKey::derive(who.secret, &scope).as_bytes()),
        account_id: who.account.into(),
        canonical_user_id: who.canonical.into(),
        principal: Principal::User {
            user_id: who.access_key_id.replacen("AKIA", "AIDA", 1),
            path: "/".into(),
            name: who.name.into(),
        },
        policies,
        boundary: None,
        session_policies: vec![],
        tags: vec![],
        session: None,
        version: 1,
    }))
}

/// A KMS whose ciphertexts say what they hold. It has the keys `alias/aws/s3` and `alias/own`; `alias/off` is
/// disabled; the reader may use none.
fn kms(router: Router) -> Router {
    let router = kit::internal::answer(router, |call: GetServiceKey| async move {
        let id = call.id.unwrap_or_else(|| "service-key-1".into());
        Ok::<_, ApiError>(ServiceKey { id, key: STANDARD.encode([42; 32]) })
    });
    let router = kit::internal::answer(router, |call: MakeDataKey| async move {
        let key = call.key.unwrap_or_else(|| "alias/aws/s3".into());
        may(&call.requester)?;
        match key.as_str() {
            "alias/aws/s3" | "alias/own" => {}
            "alias/off" => return Err(ApiError::new(ErrorCode::DisabledException, "is disabled.")),
            _ => return Err(ApiError::new(ErrorCode::NotFoundException, "does not exist")),
        }
        let context = serde_json::to_string(&call.context).unwrap();
        Ok(DataKey {
            key_arn: format!("arn:aws:kms:us-east-1:000000000001:{key}"),
            plaintext: STANDARD.encode([7; 32]),
            ciphertext: STANDARD.encode(context),
        })
    });
    kit::internal::answer(router, |call: OpenDataKey| async move {
        may(&call.requester)?;
        assert_eq!(STANDARD.encode(serde_json::to_string(&call.context).unwrap()), call.ciphertext);
        Ok(OpenedDataKey { plaintext: STANDARD.encode([7; 32]) })
    })
}

fn may(requester: &Requester) -> Result<(), ApiError> {
    match requester.access_key_id == READER.access_key_id {
        true => Err(ApiError::new(ErrorCode::AccessDenied, "no key for you")),
        false => Ok(()),
    }
}

/// Identity's internal door.
pub fn router() -> Router {
    let router = kit::internal::answer(kms(Router::new()), |question: ResolveCredential| async move {
        Ok::<_, ApiError>(resolve(&question))
    });
    let router = kit::internal::answer(router, |question: SignVersion2| async move {
        let sign = |who: &Somebody| auth::sigv2::sign(who.secret, &question.string_to_sign);
        Ok::<_, ApiError>(Version2Signature { signature: find(&question.access_key_id).map(sign) })
    });
    let router = kit::internal::answer(router, |question: FindCanonicalUsers| async move {
        let there = |id: &String| [&ADMIN, &EVE].iter().any(|who| who.canonical == id);
        Ok::<_, ApiError>(FoundCanonicalUsers { found: question.ids.into_iter().filter(there).collect() })
    });
    kit::internal::answer(router, |_: WatchCredentials| async move {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        Ok::<_, ApiError>(CredentialVersion { version: 1 })
    })
}
