//! SSH public keys of users.

use api_spec::iam::{
    self, DeleteSSHPublicKey, GetSSHPublicKey, GetSSHPublicKeyResult, ListSSHPublicKeys,
    ListSSHPublicKeysResult, SshPublicKeyMetadata, UpdateSSHPublicKey, UploadSSHPublicKey,
    UploadSSHPublicKeyResult,
};
use api_spec::{ApiError, Empty};
use kit::dispatch::Serve;
use kit::{Access, Caller};

use super::access::who;
use super::paging::page;
use crate::domain::access_key::Status;
use crate::domain::entity::User;
use crate::domain::ssh_key::{self, SshKey};
use crate::domain::{ids, names};
use crate::error::Error;
use crate::identity::Identity;
use crate::store::{ssh_keys, users};

/// A key with its body in this form.
fn view(user: &User, key: &SshKey, body: String) -> Result<iam::SshPublicKey, Error> {
    Ok(iam::SshPublicKey {
        user_name: user.name.clone(),
        ssh_public_key_id: key.id.clone(),
        fingerprint: key.fingerprint()?,
        ssh_public_key_body: body,
        status: key.status.as_str().to_owned(),
        upload_date: key.uploaded.into(),
    })
}

impl Serve<UploadSSHPublicKey> for Identity {
    async fn access(&self, op: &UploadSSHPublicKey, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_user("iam:UploadSSHPublicKey", caller, &op.user_name)
    }

    async fn handle(
        &self,
        op: UploadSSHPublicKey,
        caller: &Caller,
    ) -> Result<UploadSSHPublicKeyResult, ApiError> {
        names::length("sSHPublicKeyBody", &op.ssh_public_key_body, 1, 16_384)?;
        let key = SshKey {
            id: ids::ssh_key(&self.random),
            blob: ssh_key::read(&op.ssh_public_key_body)?,
            status: Status::Active,
            uploaded: self.clock.now(),
        };
        let (account, made) = (caller.account_id().to_owned(), key.clone());
        let user = self
            .db
            .note(move |tx| {
                let user = users::named(tx, &account, &op.user_name)?;
                ssh_keys::create(tx, &user, &made)?;
                Ok::<_, Error>(user)
            })
            .await?;
        let body = key.openssh();
        Ok(UploadSSHPublicKeyResult { ssh_public_key: view(&user, &key, body)? })
    }
}

impl Serve<GetSSHPublicKey> for Identity {
    async fn access(&self, op: &GetSSHPublicKey, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_user("iam:GetSSHPublicKey", caller, &op.user_name)
    }

    async fn handle(&self, op: GetSSHPublicKey, caller: &Caller) -> Result<GetSSHPublicKeyResult, ApiError> {
        let encode: fn(&SshKey) -> Result<String, Error> = match op.encoding.as_str() {
            "SSH" => |key| Ok(key.openssh()),
            "PEM" => SshKey::pem,
            _ => return Err(Error::UnrecognizedPublicKeyEncoding.into()),
        };
        let read = self.db.read()?;
        let user = users::named(&read, caller.account_id(), &op.user_name)?;
        let key = ssh_keys::of(&read, &user, &op.ssh_public_key_id)?;
        let body = encode(&key)?;
        Ok(GetSSHPublicKeyResult { ssh_public_key: view(&user, &key, body)? })
    }
}

impl Serve<ListSSHPublicKeys> for Identity {
    async fn access(&self, op: &ListSSHPublicKeys, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_who("iam:ListSSHPublicKeys", caller, &who(caller, op.user_name.as_deref())?)
    }

    async fn handle(
        &self,
        op: ListSSHPublicKeys,
        caller: &Caller,
    ) -> Result<ListSSHPublicKeysResult, ApiError> {
        let read = self.db.read()?;
        let user = users::find(&read, caller.account_id(), &who(caller, op.user_name.as_deref())?)?;
        let all = ssh_keys::of_user(&read, &user)?;
        let page = page(all, |key| key.id.clone(), op.marker.as_deref(), op.max_items)?;
        let shown = page.items.into_iter().map(|key| SshPublicKeyMetadata {
            user_name: user.name.clone(),
            ssh_public_key_id: key.id,
            status: key.status.as_str().to_owned(),
            upload_date: key.uploaded.into(),
        });
        Ok(ListSSHPublicKeysResult {
            ssh_public_keys: shown.collect(),
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}

impl Serve<UpdateSSHPublicKey> for Identity {
    async fn access(&self, op: &UpdateSSHPublicKey, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_user("iam:UpdateSSHPublicKey", caller, &op.user_name)
    }

    async fn handle(&self, op: UpdateSSHPublicKey, caller: &Caller) -> Result<Empty, ApiError> {
        let status = Status::wanted(&op.status)?;
        let account = caller.account_id().to_owned();
        self.db
            .note(move |tx| {
                let user = users::named(tx, &account, &op.user_name)?;
                let key = ssh_keys::of(tx, &user, &op.ssh_public_key_id)?;
                ssh_keys::put(tx, &user, &SshKey { status, ..key })
            })
            .await?;
        Ok(Empty {})
    }
}

impl Serve<DeleteSSHPublicKey> for Identity {
    async fn access(&self, op: &DeleteSSHPublicKey, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_user("iam:DeleteSSHPublicKey", caller, &op.user_name)
    }

    async fn handle(&self, op: DeleteSSHPublicKey, caller: &Caller) -> Result<Empty, ApiError> {
        let account = caller.account_id().to_owned();
        self.db
            .note(move |tx| {
                let user = users::named(tx, &account, &op.user_name)?;
                ssh_keys::delete(tx, &user, &op.ssh_public_key_id)
            })
            .await?;
        Ok(Empty {})
    }
}
