//! What operations declare before they run: action, ARN and condition keys as AWS's service authorization reference
//! lists them.
//!
//! Nothing here refuses: an id that is malformed or unknown still has an ARN, so that who may not ask learns nothing.

use api_spec::ApiError;
use calls::Tag;
use kit::{Access, Caller, Quotas};

use crate::error::Error;
use crate::facts::Facts;
use crate::service::Service;

impl Service {
    /// The ARN of something that belongs to an account.
    pub fn arn(&self, account_id: &str, kind: &str, id: &str) -> String {
        format!("arn:aws:ec2:{}:{account_id}:{kind}/{id}", self.region())
    }

    /// An access to no resource in particular.
    pub fn anywhere(&self, action: &str) -> Access {
        self.access(action, "*".into())
    }

    fn access(&self, action: &str, resource: String) -> Access {
        Access::new(format!("ec2:{action}"), resource).key("ec2:Region", self.region())
    }

    /// An access to a resource of the caller's account, with its tags.
    pub fn on(&self, caller: &Caller, action: &str, kind: &str, id: &str, tags: &[Tag]) -> Access {
        let owner = if matches!(kind, "image" | "snapshot") { "" } else { caller.account_id() };
        self.access(action, self.arn(owner, kind, id)).resource_tags(tags)
    }

    /// An access to what the request makes, with the tags it brings; with tags, also the right to set them.
    pub fn creating(&self, caller: &Caller, action: &str, kind: &str, tags: &[Tag]) -> Vec<Access> {
        let mut accesses = vec![self.on(caller, action, kind, "*", &[]).request_tags(tags)];
        if !tags.is_empty() {
            let tagging = self.on(caller, "CreateTags", kind, "*", &[]).request_tags(tags);
            accesses.push(tagging.key("ec2:CreateAction", action));
        }
        accesses
    }

    /// An access to a resource of the caller's account, with all that policies may ask about it.
    pub fn on_known(&self, caller: &Caller, action: &str, kind: &str, id: &str, facts: Facts) -> Access {
        self.on(caller, action, kind, id, &facts.tags).keys(facts.keys)
    }

    /// The quotas that bear on making something of this kind.
    ///
    /// # Errors
    /// When identity cannot be asked.
    pub async fn quotas(&self, caller: &Caller, action: &str, kind: &str) -> Result<Quotas, Error> {
        let access = self.on(caller, action, kind, "*", &[]);
        Quotas::of(&self.context, caller, &access).await.map_err(Error::Peer)
    }

    /// An access to an instance.
    ///
    /// # Errors
    /// When the store fails.
    pub fn on_instance(&self, caller: &Caller, action: &str, id: &str) -> Result<Access, ApiError> {
        let facts = self.own_facts(caller, id)?;
        Ok(self.on_known(caller, action, "instance", id, facts))
    }

    /// Accesses to instances.
    ///
    /// # Errors
    /// When the store fails.
    pub fn on_instances(
        &self,
        caller: &Caller,
        action: &str,
        ids: &[String],
    ) -> Result<Vec<Access>, ApiError> {
        if ids.is_empty() {
            return Ok(vec![self.on(caller, action, "instance", "*", &[])]);
        }
        ids.iter().map(|id| self.on_instance(caller, action, id)).collect()
    }

    /// An access to a thing whose kind its id tells, with its tags.
    ///
    /// # Errors
    /// When the store fails, or the volume service does where it has to be asked.
    pub async fn on_tagged(&self, caller: &Caller, action: &str, id: &str) -> Result<Access, ApiError> {
        let kind = kind_of(id);
        let facts = match kind {
            "volume" | "snapshot" => self.volume_facts(caller, id).await?,
            _ => self.own_facts(caller, id)?,
        };
        Ok(self.on_known(caller, action, kind, id, facts))
    }
}

/// The kind of resource, in ARNs and in DescribeTags, that an id is of.
pub fn kind_of(id: &str) -> &'static str {
    match id.rsplit_once('-').map_or("", |(prefix, _)| prefix) {
        "i" => "instance",
        "ami" => "image",
        "vol" => "volume",
        "snap" => "snapshot",
        "sg" => "security-group",
        "sgr" => "security-group-rule",
        "eni" => "network-interface",
        "eipalloc" => "elastic-ip",
        "vpc" => "vpc",
        "subnet" => "subnet",
        "key" => "key-pair",
        _ => "*",
    }
}
