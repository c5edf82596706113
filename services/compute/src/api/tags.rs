//! Tags of every kind of resource. Those of volumes and snapshots are the volume service's; it is asked first whether
//! the change would work, so that all of it happens or nothing.

use api_spec::ApiError;
use api_spec::ec2::tags::{CreateTags, DeleteTags, DescribeTags, DescribeTagsResult, TagDescription};
use api_spec::ids::SecurityGroupRuleId;
use calls::Tag;
use calls::volume::{ChangeTags, ListTags, TaggedId};
use kit::dispatch::Serve;
use kit::{Access, Caller};
use store::{Read, Tx};

use super::filter::{Filtered, one, page, select};
use crate::access::kind_of;
use crate::domain::tags;
use crate::error::{Error, Kind, id};
use crate::service::Service;
use crate::store::addresses::{self, ADDRESSES};
use crate::store::images::{self, IMAGES};
use crate::store::instances;
use crate::store::interfaces::{self, INTERFACES};
use crate::store::key_pairs::{self, KEY_PAIRS};
use crate::store::networks::{self, SUBNETS, VPCS};
use crate::store::security_groups::{self, GROUPS};

/// Resources of one request.
const MAX_RESOURCES: usize = 1000;

/// A change of tags.
#[derive(Clone, Debug)]
enum Change {
    Put(Vec<Tag>),
    Remove(Vec<(String, Option<String>)>),
}

impl Change {
    fn apply(&self, on: &mut Vec<Tag>) -> Result<(), Error> {
        match self {
            Change::Put(put) => tags::put(on, put),
            Change::Remove(keys) => {
                tags::remove(on, keys);
                Ok(())
            }
        }
    }
}

impl Service {
    async fn access_tags(
        &self,
        caller: &Caller,
        action: &str,
        resources: &[String],
        tags: &[Tag],
    ) -> Result<Vec<Access>, ApiError> {
        let mut accesses = Vec::with_capacity(resources.len());
        for resource in resources {
            accesses.push(self.on_tagged(caller, action, resource).await?.request_tags(tags));
        }
        if accesses.is_empty() {
            accesses.push(self.anywhere(action));
        }
        Ok(accesses)
    }

    async fn change_tags(
        &self,
        caller: &Caller,
        resources: Vec<String>,
        change: Change,
    ) -> Result<(), Error> {
        if resources.is_empty() {
            return Err(Error::missing("ResourceId"));
        }
        if resources.len() > MAX_RESOURCES {
            return Err(Error::value(format!("At most {MAX_RESOURCES} resources can be tagged at once")));
        }
        let (theirs, ours): (Vec<String>, Vec<String>) =
            resources.into_iter().partition(|one| matches!(kind_of(one), "volume" | "snapshot"));
        let call = remote(caller, &theirs, &change)?;
        if let Some(call) = &call {
            let check = ChangeTags { check_only: true, ..call.clone() };
            self.volume().call(&check).await.map_err(Error::Peer)?;
        }
        let account = caller.account_id().to_owned();
        self.store
            .transact(move |tx| {
                ours.iter().try_for_each(|resource| change_one(tx, &account, resource, &change))
            })
            .await?;
        if let Some(call) = call {
            self.volume().call(&call).await.map_err(Error::Peer)?;
        }
        Ok(())
    }
}

/// The change as volume gets it; none when it is about nothing of volume's.
fn remote(caller: &Caller, resources: &[String], change: &Change) -> Result<Option<ChangeTags>, Error> {
    if resources.is_empty() {
        return Ok(None);
    }
    let resources = resources
        .iter()
        .map(|text| match kind_of(text) {
            "volume" => id(Kind::Volume, text).map(TaggedId::Volume),
            _ => id(Kind::Snapshot, text).map(TaggedId::Snapshot),
        })
        .collect::<Result<_, _>>()?;
    let (put, remove) = match change {
        Change::Put(put) => (put.clone(), Vec::new()),
        Change::Remove(remove) => (Vec::new(), remove.clone()),
    };
    let remove_all = matches!(change, Change::Remove(keys) if keys.is_empty());
    let account_id = caller.account_id().to_owned();
    Ok(Some(ChangeTags { account_id, resources, put, remove, remove_all, check_only: false }))
}

fn change_one(tx: &mut Tx<'_>, account: &str, resource: &str, change: &Change) -> Result<(), Error> {
    macro_rules! change {
        ($kind:ident, $owned:expr, $table:expr) => {{
            let mut found = $owned(tx, account, &id(Kind::$kind, resource)?)?;
            change.apply(&mut found.tags)?;
            tx.put(&$table, &id(Kind::$kind, resource)?, &found)?;
        }};
    }
    match kind_of(resource) {
        "instance" => {
            let mut found = instances::owned(tx, account, &id(Kind::Instance, resource)?)?;
            change.apply(&mut found.tags)?;
            // they are in the metadata document
            if found.metadata.tags {
                tags::check_for_metadata(&found.tags)?;
                instances::put_desired(tx, found)?;
            } else {
                instances::put(tx, &found)?;
            }
        }
        "image" => change!(Image, images::owned, IMAGES),
        "security-group" => change!(SecurityGroup, security_groups::owned, GROUPS),
        "network-interface" => change!(NetworkInterface, interfaces::owned, INTERFACES),
        "elastic-ip" => change!(Allocation, addresses::owned, ADDRESSES),
        "vpc" => change!(Vpc, networks::vpc, VPCS),
        "subnet" => change!(Subnet, networks::subnet, SUBNETS),
        "key-pair" => {
            let mut found = key_pairs::by_id(tx, account, &id(Kind::KeyPair, resource)?)?
                .ok_or_else(|| Error::not_found(Kind::KeyPair, resource))?;
            change.apply(&mut found.tags)?;
            tx.put(&KEY_PAIRS, &(account.to_owned(), found.name.clone()), &found)?;
        }
        "security-group-rule" => {
            let rule: SecurityGroupRuleId = id(Kind::SecurityGroupRule, resource)?;
            let missing = || Error::not_found(Kind::SecurityGroupRule, resource);
            let mut group = security_groups::by_rule(tx, account, &rule)?.ok_or_else(missing)?;
            let found = group.rules.iter_mut().find(|one| one.id == rule).ok_or_else(missing)?;
            change.apply(&mut found.tags)?;
            tx.put(&GROUPS, &group.id, &group)?;
        }
        _ => return Err(Error::not_found(Kind::Tagged, resource)),
    }
    Ok(())
}

impl Serve<CreateTags> for Service {
    async fn access(&self, op: &CreateTags, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.access_tags(caller, "CreateTags", &op.resources, &tags::read(&op.tags)?).await
    }

    async fn handle(&self, op: CreateTags, caller: &Caller) -> Result<api_spec::Return, ApiError> {
        if op.tags.is_empty() {
            return Err(Error::missing("Tag").into());
        }
        let put = tags::read(&op.tags)?;
        self.change_tags(caller, op.resources, Change::Put(put)).await?;
        Ok(api_spec::Return::TRUE)
    }
}

impl Serve<DeleteTags> for Service {
    async fn access(&self, op: &DeleteTags, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let tags: Vec<Tag> = (op.tags.iter())
            .map(|tag| Tag {
                key: tag.key.clone().unwrap_or_default(),
                value: tag.value.clone().unwrap_or_default(),
            })
            .collect();
        self.access_tags(caller, "DeleteTags", &op.resources, &tags).await
    }

    async fn handle(&self, op: DeleteTags, caller: &Caller) -> Result<api_spec::Return, ApiError> {
        let mut remove = Vec::with_capacity(op.tags.len());
        for tag in op.tags {
            let key = tag.key.filter(|key| !key.is_empty()).ok_or_else(|| Error::missing("Tag.Key"))?;
            remove.push((key, tag.value));
        }
        self.change_tags(caller, op.resources, Change::Remove(remove)).await?;
        Ok(api_spec::Return::TRUE)
    }
}

/// One tag of one resource.
struct Listed {
    resource: String,
    kind: &'static str,
    tag: Tag,
}

impl Filtered for Listed {
    const FILTERS: &'static [&'static str] = &["key", "resource-id", "resource-type", "value"];
    fn tags(&self) -> &[Tag] {
        std::slice::from_ref(&self.tag)
    }
    fn values(&self, filter: &str) -> Vec<String> {
        match filter {
            "key" => one(&self.tag.key),
            "resource-id" => one(&self.resource),
            "resource-type" => one(self.kind),
            _ => one(&self.tag.value),
        }
    }
}

fn listed(resource: impl ToString, tags: Vec<Tag>) -> impl Iterator<Item = Listed> {
    let resource = resource.to_string();
    tags.into_iter().map(move |tag| Listed { kind: kind_of(&resource), resource: resource.clone(), tag })
}

/// All tags of the account's resources that are compute's.
fn own(read: &impl Read, account: &str) -> Result<Vec<Listed>, Error> {
    let mut all: Vec<Listed> = Vec::new();
    for one in instances::of_account(read, account)? {
        all.extend(listed(one.id, one.tags));
    }
    for one in images::all(read)?.into_iter().filter(|image| image.account_id == account) {
        all.extend(listed(one.id, one.tags));
    }
    for one in security_groups::of_account(read, account)? {
        all.extend(listed(one.id, one.tags));
        all.extend(one.rules.into_iter().flat_map(|rule| listed(rule.id, rule.tags)));
    }
    for one in interfaces::of_account(read, account)? {
        all.extend(listed(one.id, one.tags));
    }
    for one in addresses::of_account(read, account)? {
        all.extend(listed(one.allocation_id, one.tags));
    }
    for one in networks::vpcs_of_account(read, account)? {
        all.extend(listed(one.id, one.tags));
    }
    for one in networks::subnets_of_account(read, account)? {
        all.extend(listed(one.id, one.tags));
    }
    for one in key_pairs::of_account(read, account)? {
        all.extend(listed(one.id, one.tags));
    }
    Ok(all)
}

impl Serve<DescribeTags> for Service {
    async fn access(&self, _: &DescribeTags, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![self.anywhere("DescribeTags")])
    }

    async fn handle(&self, op: DescribeTags, caller: &Caller) -> Result<DescribeTagsResult, ApiError> {
        let account_id = caller.account_id().to_owned();
        let mut all = own(&self.read()?, &account_id)?;
        for (resource, tags) in self.volume().call(&ListTags { account_id }).await? {
            match resource {
                TaggedId::Volume(id) => all.extend(listed(id, tags)),
                TaggedId::Snapshot(id) => all.extend(listed(id, tags)),
            }
        }
        let chosen = select(all, &op.filters)?;
        let key = |one: &Listed| format!("{} {}", one.resource, one.tag.key);
        let (found, next_token) = page(chosen, key, op.max_results, op.next_token.as_deref(), &[])?;
        let shown = found.into_iter().map(|one| TagDescription {
            key: one.tag.key,
            resource_id: one.resource,
            resource_type: one.kind.into(),
            value: one.tag.value,
        });
        Ok(DescribeTagsResult { next_token, tags: shown.collect() })
    }
}
