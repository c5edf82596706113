//! Key pairs.

use api_spec::ec2::common::TagSpecification;
use api_spec::ec2::key_pairs::{
    self as wire, CreateKeyPair, DeleteKeyPair, DeleteKeyPairResult, DescribeKeyPairs,
    DescribeKeyPairsResult, ImportKeyPair, ImportKeyPairResult, KeyPairInfo,
};
use api_spec::ids::KeyPairId;
use api_spec::{ApiError, ErrorCode};
use calls::Tag;
use kit::dispatch::Serve;
use kit::{Access, Caller};
use store::Read;

use super::filter::{Filtered, by_id, by_name, one, select};
use super::shown;
use crate::domain::key_pair::{self, KeyKind, KeyPair};
use crate::domain::tags;
use crate::error::{Error, Kind, id};
use crate::facts;
use crate::service::Service;
use crate::store::key_pairs::{self, KEY_PAIRS};

fn tags_of(specifications: &[TagSpecification]) -> Result<Vec<Tag>, Error> {
    let [tags] = tags::specified(specifications, ["key-pair"])?;
    Ok(tags)
}

impl Service {
    fn access_new_key(
        &self,
        caller: &Caller,
        action: &str,
        name: &str,
        tags: &[TagSpecification],
    ) -> Result<Vec<Access>, ApiError> {
        let tags = tags_of(tags)?;
        let mut accesses = self.creating(caller, action, "key-pair", &tags);
        if let Some(first) = accesses.first_mut() {
            first.resource = self.arn(caller.account_id(), "key-pair", name);
            first.keys.insert("ec2:KeyPairName", name);
        }
        Ok(accesses)
    }

    fn check_new_key(&self, caller: &Caller, name: &str) -> Result<(), Error> {
        if !key_pair::is_name(name) {
            return Err(Error::value(format!(
                "Value ({}) for parameter keyName is invalid: 1 to 255 ASCII characters are expected",
                name.chars().take(300).collect::<String>()
            )));
        }
        match key_pairs::by_name(&self.read()?, caller.account_id(), name) {
            Ok(_) => Err(duplicate(name)),
            Err(Error::NotFound { .. }) => Ok(()),
            Err(other) => Err(other),
        }
    }

    async fn put_new_key(&self, key: KeyPair) -> Result<KeyPair, Error> {
        self.store
            .transact(move |tx| {
                let at = (key.account_id.clone(), key.name.clone());
                if tx.contains(&KEY_PAIRS, &at)? {
                    return Err(duplicate(&key.name));
                }
                tx.put(&KEY_PAIRS, &at, &key)?;
                Ok(key.clone())
            })
            .await
    }
}

fn duplicate(name: &str) -> Error {
    Error::refused(ErrorCode::InvalidKeyPairDuplicate, format!("The keypair '{name}' already exists."))
}

impl Serve<CreateKeyPair> for Service {
    async fn access(&self, op: &CreateKeyPair, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.access_new_key(caller, "CreateKeyPair", &op.key_name, &op.tag_specifications)
    }

    async fn handle(&self, op: CreateKeyPair, caller: &Caller) -> Result<wire::KeyPair, ApiError> {
        let kind = match op.key_type.as_deref() {
            None | Some("rsa") => KeyKind::Rsa,
            Some("ed25519") => KeyKind::Ed25519,
            Some(other) => {
                return Err(Error::value(format!("Value ({other}) for parameter keyType is invalid.")).into());
            }
        };
        match op.key_format.as_deref() {
            None | Some("pem") => {}
            Some("ppk") => {
                return Err(Error::unsupported("The key format ppk is not supported; use pem").into());
            }
            Some(other) => {
                return Err(
                    Error::value(format!("Value ({other}) for parameter keyFormat is invalid.")).into()
                );
            }
        }
        self.check_new_key(caller, &op.key_name)?;
        let random = self.context.random.clone();
        let made = tokio::task::spawn_blocking(move || key_pair::make(kind, &random))
            .await
            .map_err(ApiError::internal)??;
        let key = KeyPair {
            id: KeyPairId::from_random(self.context.random.u128()),
            account_id: caller.account_id().to_owned(),
            name: op.key_name,
            kind,
            fingerprint: made.fingerprint,
            public_key: made.public_key,
            created_at: caller.now,
            tags: tags_of(&op.tag_specifications)?,
        };
        let key = self.put_new_key(key).await?;
        Ok(wire::KeyPair {
            key_pair_id: key.id.to_string(),
            tags: shown(&key.tags),
            key_name: key.name,
            key_material: made.private_pem.as_str().to_owned(),
            key_fingerprint: key.fingerprint,
        })
    }
}

impl Serve<ImportKeyPair> for Service {
    async fn access(&self, op: &ImportKeyPair, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.access_new_key(caller, "ImportKeyPair", &op.key_name, &op.tag_specifications)
    }

    async fn handle(&self, op: ImportKeyPair, caller: &Caller) -> Result<ImportKeyPairResult, ApiError> {
        self.check_new_key(caller, &op.key_name)?;
        let (kind, public_key, fingerprint) = key_pair::import(&op.public_key_material.0)?;
        let key = KeyPair {
            id: KeyPairId::from_random(self.context.random.u128()),
            account_id: caller.account_id().to_owned(),
            name: op.key_name,
            kind,
            fingerprint,
            public_key,
            created_at: caller.now,
            tags: tags_of(&op.tag_specifications)?,
        };
        let key = self.put_new_key(key).await?;
        Ok(ImportKeyPairResult {
            key_pair_id: key.id.to_string(),
            tags: shown(&key.tags),
            key_name: key.name,
            key_fingerprint: key.fingerprint,
        })
    }
}

impl Filtered for KeyPair {
    const FILTERS: &'static [&'static str] = &["fingerprint", "key-name", "key-pair-id"];
    fn tags(&self) -> &[Tag] {
        &self.tags
    }
    fn values(&self, filter: &str) -> Vec<String> {
        match filter {
            "fingerprint" => one(&self.fingerprint),
            "key-name" => one(&self.name),
            _ => one(&self.id),
        }
    }
}

impl Serve<DescribeKeyPairs> for Service {
    async fn access(&self, _: &DescribeKeyPairs, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![self.anywhere("DescribeKeyPairs")])
    }

    async fn handle(
        &self,
        op: DescribeKeyPairs,
        caller: &Caller,
    ) -> Result<DescribeKeyPairsResult, ApiError> {
        let all = key_pairs::of_account(&self.read()?, caller.account_id()).map_err(Error::from)?;
        let named = by_name(all, &op.key_names, Kind::KeyPair, |key| key.name.clone())?;
        let chosen = by_id::<_, KeyPairId>(named, &op.key_pair_ids, Kind::KeyPair, |key| key.id.to_string())?;
        let with_key = op.include_public_key == Some(true);
        let key_pairs = select(chosen, &op.filters)?.into_iter().map(|key| KeyPairInfo {
            key_pair_id: key.id.to_string(),
            key_type: key.kind.name().into(),
            tags: shown(&key.tags),
            public_key: with_key.then(|| format!("{} {}\n", key.public_key, key.name)),
            create_time: key.created_at.into(),
            key_name: key.name,
            key_fingerprint: key.fingerprint,
        });
        Ok(DescribeKeyPairsResult { key_pairs: key_pairs.collect() })
    }
}

impl Service {
    /// The key pair that a request names, by name or id; none when there is no such one.
    fn named_key(&self, caller: &Caller, op: &DeleteKeyPair) -> Result<Option<KeyPair>, Error> {
        let (read, account) = (self.read()?, caller.account_id());
        match (&op.key_pair_id, &op.key_name) {
            (Some(text), _) => Ok(key_pairs::by_id(&read, account, &id(Kind::KeyPair, text)?)?),
            (None, Some(name)) => match key_pairs::by_name(&read, account, name) {
                Ok(key) => Ok(Some(key)),
                Err(Error::NotFound { .. }) => Ok(None),
                Err(other) => Err(other),
            },
            (None, None) => Err(Error::missing("KeyName")),
        }
    }
}

impl Serve<DeleteKeyPair> for Service {
    async fn access(&self, op: &DeleteKeyPair, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let found = self.named_key(caller, op).ok().flatten();
        let named = op.key_name.as_deref().or(op.key_pair_id.as_deref()).unwrap_or("*");
        let name = found.as_ref().map_or(named, |key| key.name.as_str());
        let facts = found.as_ref().map(facts::key_pair).unwrap_or_default();
        Ok(vec![self.on_known(caller, "DeleteKeyPair", "key-pair", name, facts)])
    }

    async fn handle(&self, op: DeleteKeyPair, caller: &Caller) -> Result<DeleteKeyPairResult, ApiError> {
        let Some(key) = self.named_key(caller, &op)? else {
            // deleting what is not there succeeds, as in AWS
            return Ok(DeleteKeyPairResult { value: true, key_pair_id: None });
        };
        let at = (key.account_id.clone(), key.name.clone());
        self.store.transact(move |tx| Ok::<_, Error>(tx.delete(&KEY_PAIRS, &at)?)).await?;
        Ok(DeleteKeyPairResult { value: true, key_pair_id: Some(key.id.to_string()) })
    }
}
