//! Calls that identity's KMS answers: data keys for a caller of another service, and the keys of services themselves.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::internal_call;

/// For whom a service asks. It has verified the signature; KMS decides whether that principal may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requester {
    /// `AKIA...` or `ASIA...`.
    pub access_key_id: String,
    /// The session token that came with it.
    pub session_token: Option<String>,
    /// Id of the request that this is part of.
    pub request_id: String,
    /// The client's address.
    pub source_ip: Option<IpAddr>,
    /// Whether the client came over TLS.
    pub secure: bool,
    /// The version of TLS, where known.
    pub tls_version: Option<String>,
    /// The client's User-Agent.
    pub user_agent: String,
}

/// Makes a data key of 32 bytes for S3: `kms:GenerateDataKey` of the requester. Each call makes another key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MakeDataKey {
    /// For whom.
    pub requester: Requester,
    /// Id, ARN or alias of the key that encrypts it; S3's own of the requester's account when absent.
    pub key: Option<String>,
    /// The encryption context.
    pub context: BTreeMap<String, String>,
}
internal_call!(MakeDataKey, "kms-make-data-key" => DataKey);

/// The answer to [`MakeDataKey`].
#[derive(Clone, Serialize, Deserialize)]
pub struct DataKey {
    /// ARN of the key that encrypted it.
    pub key_arn: String,
    /// The data key, base64.
    pub plaintext: String,
    /// The data key, encrypted, base64.
    pub ciphertext: String,
}

/// Opens a data key: `kms:Decrypt` of the requester.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OpenDataKey {
    /// For whom.
    pub requester: Requester,
    /// As [`DataKey::ciphertext`].
    pub ciphertext: String,
    /// The context it was made with.
    pub context: BTreeMap<String, String>,
}
internal_call!(OpenDataKey, "kms-open-data-key" => OpenedDataKey);

/// The answer to [`OpenDataKey`].
#[derive(Clone, Serialize, Deserialize)]
pub struct OpenedDataKey {
    /// The data key, base64.
    pub plaintext: String,
}

/// A key that a service encrypts its own data with (SSE-S3).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GetServiceKey {
    /// `s3`.
    pub service: String,
    /// The key of this id; the one to encrypt with now when absent.
    pub id: Option<String>,
}
internal_call!(GetServiceKey, "kms-get-service-key" => ServiceKey);

/// The answer to [`GetServiceKey`].
#[derive(Clone, Serialize, Deserialize)]
pub struct ServiceKey {
    /// Its id.
    pub id: String,
    /// 32 bytes, base64.
    pub key: String,
}

macro_rules! hidden {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )*};
}
hidden!(DataKey, OpenedDataKey, ServiceKey);
