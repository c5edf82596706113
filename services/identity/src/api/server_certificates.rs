//! Server certificates. The private key comes in once and is never shown.

use api_spec::iam::{
    self, DeleteServerCertificate, GetServerCertificate, GetServerCertificateResult,
    ListServerCertificateTags, ListServerCertificateTagsResult, ListServerCertificates,
    ListServerCertificatesResult, ServerCertificateMetadata, TagServerCertificate, UntagServerCertificate,
    UpdateServerCertificate, UploadServerCertificate, UploadServerCertificateResult,
};
use api_spec::{ApiError, Empty};
use kit::dispatch::Serve;
use kit::{Access, Caller};

use super::access::{creating, tagged, untagging};
use super::paging::page;
use super::{tags as kept, views};
use crate::bootstrap::blocking;
use crate::domain::seal::Secret;
use crate::domain::server_certificate::{self, ServerCertificate};
use crate::domain::{arn, ids, names, tags};
use crate::error::Error;
use crate::identity::Identity;
use crate::store::server_certificates;

/// Characters of a certificate or a private key.
const MAX_PEM: usize = 16_384;
/// Characters of a chain.
const MAX_CHAIN: usize = 2_097_152;

impl Identity {
    /// An action on a certificate.
    fn on_certificate(&self, action: &str, caller: &Caller, name: &str) -> Result<Vec<Access>, ApiError> {
        let account = caller.account_id();
        match server_certificates::named(&self.db.read()?, account, name) {
            Ok(found) => Ok(vec![tagged(Access::new(action, found.arn()), &found.tags)]),
            Err(Error::NoSuchServerCertificate(name)) => {
                Ok(vec![Access::new(action, arn::server_certificate(account, "/", &name))])
            }
            Err(other) => Err(other.into()),
        }
    }
}

fn metadata(certificate: &ServerCertificate) -> ServerCertificateMetadata {
    ServerCertificateMetadata {
        path: certificate.path.clone(),
        server_certificate_name: certificate.name.clone(),
        server_certificate_id: certificate.id.clone(),
        arn: certificate.arn(),
        upload_date: certificate.uploaded.into(),
        expiration: certificate.expires.into(),
    }
}

/// Its tags; an answer leaves them out when there are none.
fn shown_tags(certificate: &ServerCertificate) -> Option<Vec<iam::Tag>> {
    let mut shown = views::tags(&certificate.tags);
    shown.sort_by(|a, b| a.key.cmp(&b.key));
    (!shown.is_empty()).then_some(shown)
}

impl Serve<UploadServerCertificate> for Identity {
    async fn access(&self, op: &UploadServerCertificate, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let path = op.path.as_deref().unwrap_or("/");
        let arn = arn::server_certificate(caller.account_id(), path, &op.server_certificate_name);
        Ok(creating("iam:UploadServerCertificate", "iam:TagServerCertificate", arn, &kept(&op.tags)))
    }

    async fn handle(
        &self,
        op: UploadServerCertificate,
        caller: &Caller,
    ) -> Result<UploadServerCertificateResult, ApiError> {
        let (id, now) = (ids::server_certificate(&self.random), self.clock.now());
        let key = Secret::new(op.private_key.0);
        let mut certificate = ServerCertificate {
            account: caller.account_id().to_owned(),
            name: op.server_certificate_name,
            path: op.path.unwrap_or_else(|| "/".into()),
            uploaded: now,
            expires: now,
            body: op.certificate_body,
            chain: op.certificate_chain,
            sealed_key: String::new(),
            tags: kept(&op.tags),
            id,
        };
        check(&certificate, &key)?;
        let owner = ServerCertificate::seal_owner(&certificate.id);
        certificate.sealed_key = self.sealer.seal(self.random.bytes(), &owner, &key)?;
        let (body, chain) = (certificate.body.clone(), certificate.chain.clone());
        // signatures of a long chain take their time
        certificate.expires =
            blocking(move || server_certificate::check(&body, &key, chain.as_deref(), now)).await?;
        let (made, limit) = (certificate.clone(), self.config.max_server_certificates);
        self.db.note(move |tx| server_certificates::create(tx, &made, limit)).await?;
        Ok(UploadServerCertificateResult {
            server_certificate_metadata: metadata(&certificate),
            tags: shown_tags(&certificate),
        })
    }
}

/// The rules of the request's own texts.
fn check(certificate: &ServerCertificate, key: &Secret) -> Result<(), Error> {
    names::name_128("serverCertificateName", &certificate.name)?;
    names::path("path", &certificate.path)?;
    names::pem("certificateBody", &certificate.body, MAX_PEM)?;
    names::pem("privateKey", key.reveal(), MAX_PEM)?;
    if let Some(chain) = &certificate.chain {
        names::pem("certificateChain", chain, MAX_CHAIN)?;
    }
    tags::check(&certificate.tags)
}

impl Serve<GetServerCertificate> for Identity {
    async fn access(&self, op: &GetServerCertificate, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_certificate("iam:GetServerCertificate", caller, &op.server_certificate_name)
    }

    async fn handle(
        &self,
        op: GetServerCertificate,
        caller: &Caller,
    ) -> Result<GetServerCertificateResult, ApiError> {
        let name = &op.server_certificate_name;
        let found = server_certificates::named(&self.db.read()?, caller.account_id(), name)?;
        Ok(GetServerCertificateResult {
            server_certificate: iam::ServerCertificate {
                server_certificate_metadata: metadata(&found),
                tags: shown_tags(&found),
                certificate_body: found.body,
                certificate_chain: found.chain,
            },
        })
    }
}

impl Serve<ListServerCertificates> for Identity {
    async fn access(&self, op: &ListServerCertificates, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let prefix = op.path_prefix.as_deref().unwrap_or("/");
        let arn = arn::server_certificate(caller.account_id(), prefix, "");
        Ok(vec![Access::new("iam:ListServerCertificates", arn)])
    }

    async fn handle(
        &self,
        op: ListServerCertificates,
        caller: &Caller,
    ) -> Result<ListServerCertificatesResult, ApiError> {
        let prefix = op.path_prefix.unwrap_or_else(|| "/".into());
        names::path_prefix(&prefix)?;
        let mut all = server_certificates::list(&self.db.read()?, caller.account_id())?;
        all.retain(|certificate| certificate.path.starts_with(&prefix));
        let page = page(all, |one| one.name.to_lowercase(), op.marker.as_deref(), op.max_items)?;
        Ok(ListServerCertificatesResult {
            server_certificate_metadata_list: page.items.iter().map(metadata).collect(),
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}

impl Serve<UpdateServerCertificate> for Identity {
    /// Renaming and moving need the permission on the certificate as it is and as it will be.
    async fn access(&self, op: &UpdateServerCertificate, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let (action, name) = ("iam:UpdateServerCertificate", &op.server_certificate_name);
        let mut accesses = self.on_certificate(action, caller, name)?;
        if op.new_server_certificate_name.is_some() || op.new_path.is_some() {
            let account = caller.account_id();
            let path = match server_certificates::named(&self.db.read()?, account, name) {
                Ok(found) => found.path,
                Err(_) => "/".to_owned(),
            };
            let path = op.new_path.as_ref().unwrap_or(&path);
            let name = op.new_server_certificate_name.as_ref().unwrap_or(name);
            accesses.push(Access::new(action, arn::server_certificate(account, path, name)));
        }
        Ok(accesses)
    }

    async fn handle(&self, op: UpdateServerCertificate, caller: &Caller) -> Result<Empty, ApiError> {
        if let Some(name) = &op.new_server_certificate_name {
            names::name_128("newServerCertificateName", name)?;
        }
        if let Some(path) = &op.new_path {
            names::path("newPath", path)?;
        }
        let account = caller.account_id().to_owned();
        self.db
            .note(move |tx| {
                let (name, path) = (op.new_server_certificate_name.as_deref(), op.new_path.as_deref());
                server_certificates::update(tx, &account, &op.server_certificate_name, name, path)
            })
            .await?;
        Ok(Empty {})
    }
}

impl Serve<DeleteServerCertificate> for Identity {
    async fn access(&self, op: &DeleteServerCertificate, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_certificate("iam:DeleteServerCertificate", caller, &op.server_certificate_name)
    }

    async fn handle(&self, op: DeleteServerCertificate, caller: &Caller) -> Result<Empty, ApiError> {
        let account = caller.account_id().to_owned();
        let name = op.server_certificate_name;
        self.db.note(move |tx| server_certificates::delete(tx, &account, &name)).await?;
        Ok(Empty {})
    }
}

impl Serve<TagServerCertificate> for Identity {
    async fn access(&self, op: &TagServerCertificate, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let accesses =
            self.on_certificate("iam:TagServerCertificate", caller, &op.server_certificate_name)?;
        Ok(accesses.into_iter().map(|access| access.request_tags(&kept(&op.tags))).collect())
    }

    async fn handle(&self, op: TagServerCertificate, caller: &Caller) -> Result<Empty, ApiError> {
        self.tag::<ServerCertificate>(caller, op.server_certificate_name, &op.tags).await
    }
}

impl Serve<UntagServerCertificate> for Identity {
    async fn access(&self, op: &UntagServerCertificate, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let accesses =
            self.on_certificate("iam:UntagServerCertificate", caller, &op.server_certificate_name)?;
        Ok(untagging(accesses, &op.tag_keys))
    }

    async fn handle(&self, op: UntagServerCertificate, caller: &Caller) -> Result<Empty, ApiError> {
        self.untag::<ServerCertificate>(caller, op.server_certificate_name, op.tag_keys).await
    }
}

impl Serve<ListServerCertificateTags> for Identity {
    async fn access(&self, op: &ListServerCertificateTags, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_certificate("iam:ListServerCertificateTags", caller, &op.server_certificate_name)
    }

    async fn handle(
        &self,
        op: ListServerCertificateTags,
        caller: &Caller,
    ) -> Result<ListServerCertificateTagsResult, ApiError> {
        let (name, marker) = (&op.server_certificate_name, op.marker.as_deref());
        let page = self.tags_of::<ServerCertificate>(caller, name, marker, op.max_items)?;
        Ok(ListServerCertificateTagsResult {
            tags: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}
