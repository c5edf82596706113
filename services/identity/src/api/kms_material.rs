//! Key material: made, sealed under the master key, opened for one use, wiped.

use std::collections::BTreeMap;

use ::store::Tx;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::domain::kms_cipher;
use crate::domain::kms_error::KmsError;
use crate::domain::kms_key::{KeyState, KmsKey, Material, ServiceKey};
use crate::domain::kms_names;
use crate::domain::kms_policy;
use crate::domain::seal::Secret;
use crate::error::Error;
use crate::identity::Identity;
use crate::store::kms;

/// S3's own key of an account.
pub const S3_ALIAS: &str = "alias/aws/s3";
/// A service's key is followed by another after so many days.
const SERVICE_KEY_DAYS: i32 = 365;

impl Identity {
    /// A fresh UUID.
    pub(super) fn uuid(&self) -> String {
        uuid::Builder::from_random_bytes(self.random.bytes()).into_uuid().hyphenated().to_string()
    }

    /// New material for a key.
    pub(crate) fn kms_material(&self, key_id: &str, number: u32) -> Result<Material, Error> {
        let sealed = self.sealed_bytes(&Material::owner(key_id, number))?;
        Ok(Material { number, sealed, made: self.clock.now() })
    }

    fn sealed_bytes(&self, owner: &str) -> Result<String, Error> {
        let bytes = Zeroizing::new(self.random.bytes::<32>());
        self.sealer.seal(self.random.bytes(), owner, &Secret::new(STANDARD.encode(*bytes)))
    }

    fn opened_bytes(&self, owner: &str, sealed: &str) -> Result<Zeroizing<[u8; 32]>, Error> {
        let text = self.sealer.open(owner, sealed)?;
        let bytes = STANDARD.decode(text.reveal()).map(Zeroizing::new);
        let bytes = bytes.ok().and_then(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok());
        bytes.map(Zeroizing::new).ok_or_else(|| Error::Sealed(owner.to_owned()))
    }

    /// A key with its first material.
    pub(super) fn kms_new_key(&self, account: &str, policy: String) -> Result<KmsKey, Error> {
        let id = self.uuid();
        Ok(KmsKey {
            account: account.to_owned(),
            description: String::new(),
            policy,
            state: KeyState::Enabled,
            managed_by_aws: false,
            created: self.clock.now(),
            tags: Vec::new(),
            rotation: None,
            materials: vec![self.kms_material(&id, 1)?],
            id,
        })
    }

    /// Encrypts with the newest material of a usable key.
    pub(super) fn kms_encrypt(
        &self,
        key: &KmsKey,
        context: &BTreeMap<String, String>,
        plain: &[u8],
    ) -> Result<Vec<u8>, Error> {
        kms_names::context(context)?;
        key.check_usable(&self.common.region)?;
        let Some(material) = key.materials.last() else {
            return Err(Error::Corrupt(format!("the key {} has no material", key.id)));
        };
        let id = uuid::Uuid::try_parse(&key.id).map_err(|error| Error::Corrupt(error.to_string()))?;
        let bytes = self.opened_bytes(&Material::owner(&key.id, material.number), &material.sealed)?;
        Ok(kms_cipher::seal(&bytes, id, material.number, self.random.bytes(), context, plain)?)
    }

    /// Decrypts with the material that made the ciphertext.
    pub(super) fn kms_decrypt(
        &self,
        key: &KmsKey,
        context: &BTreeMap<String, String>,
        blob: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        key.check_usable(&self.common.region)?;
        let (_, number) = kms_cipher::maker(blob)?;
        let material = key.materials.iter().find(|material| material.number == number);
        let material = material.ok_or(KmsError::InvalidCiphertext)?;
        let bytes = self.opened_bytes(&Material::owner(&key.id, number), &material.sealed)?;
        Ok(kms_cipher::open(&bytes, context, blob)?)
    }

    /// S3's key of an account, made when it is first asked for.
    pub(super) async fn kms_s3_key(&self, account: &str) -> Result<KmsKey, Error> {
        let read = self.db.read()?;
        if let Some(alias) = kms::alias(&read, account, S3_ALIAS)?
            && let Some(key) = kms::key(&read, &alias.key_id)?
        {
            return Ok(key);
        }
        drop(read);
        let fresh = KmsKey {
            description: "Default key that protects my S3 objects when no other key is defined".into(),
            managed_by_aws: true,
            ..self.kms_new_key(account, kms_policy::of_s3(account, &self.common.region))?
        };
        let (account, region, now) = (account.to_owned(), self.common.region.clone(), self.clock.now());
        self.db
            .change(move |tx: &mut Tx<'_>| {
                // somebody else may have been first
                if let Some(alias) = kms::alias(tx, &account, S3_ALIAS)?
                    && let Some(key) = kms::key(tx, &alias.key_id)?
                {
                    return Ok(key);
                }
                kms::create(tx, &fresh, usize::MAX)?;
                kms::create_alias(tx, &region, &fresh, S3_ALIAS, now)?;
                Ok(fresh.clone())
            })
            .await
    }

    /// A service's key: the one of this id, or the one to encrypt with now.
    pub(super) async fn service_key(
        &self,
        service: &str,
        id: Option<&str>,
    ) -> Result<(String, Zeroizing<[u8; 32]>), Error> {
        let now = self.clock.now();
        let read = self.db.read()?;
        let found = match id {
            Some(id) => kms::service_key(&read, id)?
                .filter(|key| key.service == service)
                .map(|key| (id.to_owned(), key)),
            None => kms::newest_service_key(&read, service)?.filter(|(_, key)| young(key, now)),
        };
        drop(read);
        let (id, key) = match (found, id) {
            (Some(found), _) => found,
            (None, Some(id)) => return Err(Error::Corrupt(format!("there is no key {id} of {service}"))),
            (None, None) => self.new_service_key(service).await?,
        };
        let bytes = self.opened_bytes(&ServiceKey::owner(service, &id), &key.sealed)?;
        Ok((id, bytes))
    }

    async fn new_service_key(&self, service: &str) -> Result<(String, ServiceKey), Error> {
        let (id, now) = (self.uuid(), self.clock.now());
        let sealed = self.sealed_bytes(&ServiceKey::owner(service, &id))?;
        let fresh = ServiceKey { service: service.to_owned(), sealed, made: now };
        self.db
            .change(move |tx: &mut Tx<'_>| {
                if let Some(found) =
                    kms::newest_service_key(tx, &fresh.service)?.filter(|(_, key)| young(key, now))
                {
                    return Ok(found);
                }
                kms::add_service_key(tx, &id, &fresh)?;
                Ok((id.clone(), fresh.clone()))
            })
            .await
    }
}

fn young(key: &ServiceKey, now: Timestamp) -> bool {
    crate::domain::kms_key::days_after(key.made, SERVICE_KEY_DAYS) > now
}
