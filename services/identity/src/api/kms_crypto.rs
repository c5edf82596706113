//! KMS: encrypting and decrypting, and keys for use outside.

use std::collections::BTreeMap;

use api_spec::kms::{
    Decrypt, DecryptResponse, Encrypt, EncryptResponse, GenerateDataKey, GenerateDataKeyResponse,
    GenerateDataKeyWithoutPlaintext, GenerateDataKeyWithoutPlaintextResponse, GenerateRandom,
    GenerateRandomResponse, Plaintext, ReEncrypt, ReEncryptResponse,
};
use api_spec::{ApiError, Blob};
use kit::dispatch::Serve;
use kit::{Access, Caller};
use zeroize::Zeroizing;

use super::kms_access::{Found, Use};
use crate::domain::kms_error::KmsError;
use crate::domain::kms_key::KmsKey;
use crate::domain::{kms_cipher, kms_names};
use crate::error::Error;
use crate::identity::Identity;
use crate::store::kms;

const ALGORITHM: &str = "SYMMETRIC_DEFAULT";
/// The longest ciphertext that is looked at.
const MAX_CIPHERTEXT: usize = 6144;

type Context = BTreeMap<String, String>;

/// Grants are not offered, so no token of one can be right.
pub fn no_grants(tokens: &[String]) -> Result<(), Error> {
    match tokens.is_empty() {
        true => Ok(()),
        false => Err(KmsError::GrantToken.into()),
    }
}

fn not_dry(dry_run: Option<bool>) -> Result<(), Error> {
    match dry_run {
        Some(true) => Err(KmsError::DryRun.into()),
        _ => Ok(()),
    }
}

fn using(context: &Context) -> Use<'_> {
    Use { context: Some(context), via: None }
}

impl Identity {
    /// The key that made a ciphertext; its absence is told as nothing but a refusal.
    pub(super) fn maker(&self, blob: &[u8]) -> Result<KmsKey, Error> {
        if blob.is_empty() || blob.len() > MAX_CIPHERTEXT {
            return Err(KmsError::Validation(format!(
                "1 validation error detected: Value at 'ciphertextBlob' failed to satisfy constraint: Member must \
                 have length between 1 and {MAX_CIPHERTEXT}"
            ))
            .into());
        }
        let (id, _) = kms_cipher::maker(blob)?;
        kms::key(&self.db.read()?, &id)?.ok_or_else(|| KmsError::UnknownCiphertext.into())
    }

    /// What decrypting accesses, with the words of AWS where it is refused.
    pub(super) fn on_ciphertext(
        &self,
        action: &str,
        caller: &Caller,
        blob: &[u8],
        how: Use<'_>,
    ) -> Result<Vec<Access>, ApiError> {
        let key = self.maker(blob)?;
        Ok(vec![self.key_access(&self.db.read()?, action, caller, &key, how)?])
    }

    /// The key of a ciphertext, provided that it is the one that was named, if one was.
    fn named_maker(&self, caller: &Caller, blob: &[u8], named: Option<&str>) -> Result<KmsKey, Error> {
        let key = self.maker(blob)?;
        let Some(text) = named else { return Ok(key) };
        match self.kms_find(&self.db.read()?, caller.account_id(), text)? {
            Found::Key(other) if other.id == key.id => Ok(key),
            Found::Key(_) => Err(KmsError::IncorrectKey.into()),
            Found::Nothing { error, .. } => Err(error),
        }
    }

    /// Random bytes, plain and encrypted.
    pub(super) fn kms_data_key(
        &self,
        key: &KmsKey,
        context: &Context,
        length: usize,
    ) -> Result<(Zeroizing<Vec<u8>>, Vec<u8>), Error> {
        let mut plain = Zeroizing::new(vec![0; length]);
        self.random.fill(&mut plain);
        let blob = self.kms_encrypt(key, context, &plain)?;
        Ok((plain, blob))
    }
}

/// How long a data key is to be.
fn key_length(spec: Option<&str>, bytes: Option<i32>) -> Result<usize, Error> {
    match (spec, bytes) {
        (Some("AES_256"), None) => Ok(32),
        (Some("AES_128"), None) => Ok(16),
        (Some(other), None) => Err(kms_names::not_one_of("keySpec", other, &["AES_256", "AES_128"]).into()),
        (None, Some(bytes)) => random_length(Some(bytes)),
        (None, None) | (Some(_), Some(_)) => {
            Err(KmsError::Validation("Please specify either number of bytes or key spec.".into()).into())
        }
    }
}

fn random_length(bytes: Option<i32>) -> Result<usize, Error> {
    let Some(bytes) = bytes else {
        return Err(KmsError::Validation("NumberOfBytes is required.".into()).into());
    };
    kms_names::between("numberOfBytes", bytes, 1, 1024)?;
    Ok(usize::try_from(bytes).unwrap_or(1))
}

impl Serve<Encrypt> for Identity {
    async fn access(&self, op: &Encrypt, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_key_for("kms:Encrypt", caller, &op.key_id, using(&op.encryption_context))
    }

    async fn handle(&self, op: Encrypt, caller: &Caller) -> Result<EncryptResponse, ApiError> {
        no_grants(&op.grant_tokens)?;
        kms_names::algorithm(op.encryption_algorithm.as_deref()).map_err(Error::from)?;
        let plain = Zeroizing::new(op.plaintext.0.0);
        if !(1..=4096).contains(&plain.len()) {
            return Err(Error::from(KmsError::Validation(
                "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have \
                 length between 1 and 4096"
                    .into(),
            ))
            .into());
        }
        let key = self.kms_key(&self.db.read()?, caller, &op.key_id)?;
        let blob = self.kms_encrypt(&key, &op.encryption_context, &plain)?;
        not_dry(op.dry_run)?;
        Ok(EncryptResponse {
            ciphertext_blob: Blob(blob),
            key_id: key.arn(&self.common.region),
            encryption_algorithm: ALGORITHM.into(),
        })
    }
}

impl Serve<Decrypt> for Identity {
    async fn access(&self, op: &Decrypt, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_ciphertext("kms:Decrypt", caller, &op.ciphertext_blob.0, using(&op.encryption_context))
    }

    async fn handle(&self, op: Decrypt, caller: &Caller) -> Result<DecryptResponse, ApiError> {
        no_grants(&op.grant_tokens)?;
        kms_names::algorithm(op.encryption_algorithm.as_deref()).map_err(Error::from)?;
        let key = self.named_maker(caller, &op.ciphertext_blob.0, op.key_id.as_deref())?;
        let plain = self.kms_decrypt(&key, &op.encryption_context, &op.ciphertext_blob.0)?;
        not_dry(op.dry_run)?;
        Ok(DecryptResponse {
            key_id: key.arn(&self.common.region),
            plaintext: Plaintext(Blob(plain.to_vec())),
            encryption_algorithm: ALGORITHM.into(),
        })
    }
}

impl Serve<ReEncrypt> for Identity {
    async fn access(&self, op: &ReEncrypt, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let from = using(&op.source_encryption_context);
        let mut accesses = self.on_ciphertext("kms:ReEncryptFrom", caller, &op.ciphertext_blob.0, from)?;
        let to = using(&op.destination_encryption_context);
        accesses.extend(self.on_key_for("kms:ReEncryptTo", caller, &op.destination_key_id, to)?);
        let same =
            accesses.first().map(|access| &access.resource) == accesses.last().map(|access| &access.resource);
        for access in &mut accesses {
            access.keys.insert_bool("kms:ReEncryptOnSameKey", same);
        }
        Ok(accesses)
    }

    async fn handle(&self, op: ReEncrypt, caller: &Caller) -> Result<ReEncryptResponse, ApiError> {
        no_grants(&op.grant_tokens)?;
        for algorithm in [&op.source_encryption_algorithm, &op.destination_encryption_algorithm] {
            kms_names::algorithm(algorithm.as_deref()).map_err(Error::from)?;
        }
        let source = self.named_maker(caller, &op.ciphertext_blob.0, op.source_key_id.as_deref())?;
        let plain = self.kms_decrypt(&source, &op.source_encryption_context, &op.ciphertext_blob.0)?;
        let key = self.kms_key(&self.db.read()?, caller, &op.destination_key_id)?;
        let blob = self.kms_encrypt(&key, &op.destination_encryption_context, &plain)?;
        not_dry(op.dry_run)?;
        Ok(ReEncryptResponse {
            ciphertext_blob: Blob(blob),
            source_key_id: source.arn(&self.common.region),
            key_id: key.arn(&self.common.region),
            source_encryption_algorithm: ALGORITHM.into(),
            destination_encryption_algorithm: ALGORITHM.into(),
        })
    }
}

impl Serve<GenerateDataKey> for Identity {
    async fn access(&self, op: &GenerateDataKey, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_key_for("kms:GenerateDataKey", caller, &op.key_id, using(&op.encryption_context))
    }

    async fn handle(
        &self,
        op: GenerateDataKey,
        caller: &Caller,
    ) -> Result<GenerateDataKeyResponse, ApiError> {
        no_grants(&op.grant_tokens)?;
        let length = key_length(op.key_spec.as_deref(), op.number_of_bytes)?;
        let key = self.kms_key(&self.db.read()?, caller, &op.key_id)?;
        let (plain, blob) = self.kms_data_key(&key, &op.encryption_context, length)?;
        not_dry(op.dry_run)?;
        Ok(GenerateDataKeyResponse {
            ciphertext_blob: Blob(blob),
            plaintext: Plaintext(Blob(plain.to_vec())),
            key_id: key.arn(&self.common.region),
        })
    }
}

impl Serve<GenerateDataKeyWithoutPlaintext> for Identity {
    async fn access(
        &self,
        op: &GenerateDataKeyWithoutPlaintext,
        caller: &Caller,
    ) -> Result<Vec<Access>, ApiError> {
        let action = "kms:GenerateDataKeyWithoutPlaintext";
        self.on_key_for(action, caller, &op.key_id, using(&op.encryption_context))
    }

    async fn handle(
        &self,
        op: GenerateDataKeyWithoutPlaintext,
        caller: &Caller,
    ) -> Result<GenerateDataKeyWithoutPlaintextResponse, ApiError> {
        no_grants(&op.grant_tokens)?;
        let length = key_length(op.key_spec.as_deref(), op.number_of_bytes)?;
        let key = self.kms_key(&self.db.read()?, caller, &op.key_id)?;
        let (_, blob) = self.kms_data_key(&key, &op.encryption_context, length)?;
        not_dry(op.dry_run)?;
        Ok(GenerateDataKeyWithoutPlaintextResponse {
            ciphertext_blob: Blob(blob),
            key_id: key.arn(&self.common.region),
        })
    }
}

impl Serve<GenerateRandom> for Identity {
    async fn access(&self, _: &GenerateRandom, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![Access::new("kms:GenerateRandom", "*").key("kms:CallerAccount", caller.account_id())])
    }

    async fn handle(&self, op: GenerateRandom, _: &Caller) -> Result<GenerateRandomResponse, ApiError> {
        if op.custom_key_store_id.is_some() {
            return Err(Error::from(KmsError::Unsupported("Custom key stores are not offered".into())).into());
        }
        let mut bytes = vec![0; random_length(op.number_of_bytes)?];
        self.random.fill(&mut bytes);
        Ok(GenerateRandomResponse { plaintext: Plaintext(Blob(bytes)) })
    }
}
