//! OpenID Connect providers.

use api_spec::iam::{
    AddClientIDToOpenIDConnectProvider, CreateOpenIDConnectProvider, CreateOpenIDConnectProviderResult,
    DeleteOpenIDConnectProvider, GetOpenIDConnectProvider, GetOpenIDConnectProviderResult,
    ListOpenIDConnectProviderTags, ListOpenIDConnectProviderTagsResult, ListOpenIDConnectProviders,
    ListOpenIDConnectProvidersResult, OpenIDConnectProviderListEntry,
    RemoveClientIDFromOpenIDConnectProvider, TagOpenIDConnectProvider, UntagOpenIDConnectProvider,
    UpdateOpenIDConnectProviderThumbprint,
};
use api_spec::{ApiError, Empty};
use kit::dispatch::Serve;
use kit::{Access, Caller};

use super::access::{creating, untagging};
use super::paging::page;
use super::{tags, views};
use crate::domain;
use crate::domain::oidc_provider::{self, OidcProvider};
use crate::error::Error;
use crate::identity::Identity;
use crate::store::oidc_providers;

impl Identity {
    /// An action on a provider, with its tags. Nobody but its account may.
    fn on_provider(&self, action: &str, caller: &Caller, arn: &str) -> Result<Access, ApiError> {
        let (owner, _) = oidc_provider::parse_arn(arn)?;
        let tags = match oidc_providers::by_arn(&self.db.read()?, caller.account_id(), arn) {
            Ok(provider) => provider.tags,
            Err(Error::NoSuchOidcProvider(_)) => Vec::new(),
            Err(other) => return Err(other.into()),
        };
        let mut access = Access::new(action, arn).resource_tags(&tags).owned_by(owner, None);
        access.keys.insert_tags("iam:ResourceTag", tags.iter().map(|tag| (&tag.key, tag.value.as_str())));
        Ok(access)
    }

    /// Changes one of the account's providers.
    async fn change_provider<F>(&self, caller: &Caller, arn: String, change: F) -> Result<Empty, ApiError>
    where
        F: Fn(&mut OidcProvider) -> Result<(), Error> + Send + 'static,
    {
        let account = caller.account_id().to_owned();
        self.db
            .change(move |tx| {
                let mut provider = oidc_providers::by_arn(tx, &account, &arn)?;
                change(&mut provider)?;
                oidc_providers::put(tx, &provider)
            })
            .await?;
        Ok(Empty {})
    }
}

impl Serve<CreateOpenIDConnectProvider> for Identity {
    async fn access(
        &self,
        op: &CreateOpenIDConnectProvider,
        caller: &Caller,
    ) -> Result<Vec<Access>, ApiError> {
        let url = oidc_provider::url(&op.url, self.config.oidc_loopback)?;
        let arn = oidc_provider::arn(caller.account_id(), &url.name);
        let (create, tag) = ("iam:CreateOpenIDConnectProvider", "iam:TagOpenIDConnectProvider");
        Ok(creating(create, tag, arn, &tags(&op.tags)))
    }

    async fn handle(
        &self,
        op: CreateOpenIDConnectProvider,
        caller: &Caller,
    ) -> Result<CreateOpenIDConnectProviderResult, ApiError> {
        let url = oidc_provider::url(&op.url, self.config.oidc_loopback)?;
        let provider = OidcProvider {
            account: caller.account_id().to_owned(),
            name: url.name,
            plain: url.plain,
            client_ids: oidc_provider::client_ids(op.client_id_list)?,
            thumbprints: oidc_provider::thumbprints(op.thumbprint_list)?,
            created: self.clock.now(),
            tags: tags(&op.tags),
        };
        domain::tags::check(&provider.tags)?;
        let (made, limit) = (provider.clone(), self.config.max_oidc_providers);
        self.db.change(move |tx| oidc_providers::create(tx, &made, limit)).await?;
        Ok(CreateOpenIDConnectProviderResult { arn: provider.arn(), tags: views::some_tags(&provider.tags) })
    }
}

impl Serve<GetOpenIDConnectProvider> for Identity {
    async fn access(&self, op: &GetOpenIDConnectProvider, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![self.on_provider("iam:GetOpenIDConnectProvider", caller, &op.arn)?])
    }

    async fn handle(
        &self,
        op: GetOpenIDConnectProvider,
        caller: &Caller,
    ) -> Result<GetOpenIDConnectProviderResult, ApiError> {
        let provider = oidc_providers::by_arn(&self.db.read()?, caller.account_id(), &op.arn)?;
        Ok(GetOpenIDConnectProviderResult {
            tags: views::some_tags(&provider.tags),
            url: provider.name,
            client_id_list: provider.client_ids,
            thumbprint_list: provider.thumbprints,
            create_date: provider.created.into(),
        })
    }
}

impl Serve<ListOpenIDConnectProviders> for Identity {
    async fn access(&self, _: &ListOpenIDConnectProviders, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![Access::new("iam:ListOpenIDConnectProviders", "*")])
    }

    async fn handle(
        &self,
        _: ListOpenIDConnectProviders,
        caller: &Caller,
    ) -> Result<ListOpenIDConnectProvidersResult, ApiError> {
        let all = oidc_providers::list(&self.db.read()?, caller.account_id())?;
        let providers = all.iter().map(|one| OpenIDConnectProviderListEntry { arn: one.arn() }).collect();
        Ok(ListOpenIDConnectProvidersResult { providers })
    }
}

impl Serve<DeleteOpenIDConnectProvider> for Identity {
    async fn access(
        &self,
        op: &DeleteOpenIDConnectProvider,
        caller: &Caller,
    ) -> Result<Vec<Access>, ApiError> {
        Ok(vec![self.on_provider("iam:DeleteOpenIDConnectProvider", caller, &op.arn)?])
    }

    async fn handle(&self, op: DeleteOpenIDConnectProvider, caller: &Caller) -> Result<Empty, ApiError> {
        let account = caller.account_id().to_owned();
        self.db.change(move |tx| oidc_providers::delete(tx, &account, &op.arn)).await?;
        Ok(Empty {})
    }
}

impl Serve<UpdateOpenIDConnectProviderThumbprint> for Identity {
    async fn access(
        &self,
        op: &UpdateOpenIDConnectProviderThumbprint,
        caller: &Caller,
    ) -> Result<Vec<Access>, ApiError> {
        Ok(vec![self.on_provider("iam:UpdateOpenIDConnectProviderThumbprint", caller, &op.arn)?])
    }

    async fn handle(
        &self,
        op: UpdateOpenIDConnectProviderThumbprint,
        caller: &Caller,
    ) -> Result<Empty, ApiError> {
        let thumbprints = oidc_provider::thumbprints(op.thumbprint_list)?;
        self.change_provider(caller, op.arn, move |provider| {
            provider.thumbprints.clone_from(&thumbprints);
            Ok(())
        })
        .await
    }
}

impl Serve<AddClientIDToOpenIDConnectProvider> for Identity {
    async fn access(
        &self,
        op: &AddClientIDToOpenIDConnectProvider,
        caller: &Caller,
    ) -> Result<Vec<Access>, ApiError> {
        Ok(vec![self.on_provider("iam:AddClientIDToOpenIDConnectProvider", caller, &op.arn)?])
    }

    async fn handle(
        &self,
        op: AddClientIDToOpenIDConnectProvider,
        caller: &Caller,
    ) -> Result<Empty, ApiError> {
        self.change_provider(caller, op.arn, move |provider| provider.add_client_id(op.client_id.clone()))
            .await
    }
}

impl Serve<RemoveClientIDFromOpenIDConnectProvider> for Identity {
    async fn access(
        &self,
        op: &RemoveClientIDFromOpenIDConnectProvider,
        caller: &Caller,
    ) -> Result<Vec<Access>, ApiError> {
        Ok(vec![self.on_provider("iam:RemoveClientIDFromOpenIDConnectProvider", caller, &op.arn)?])
    }

    /// As AWS has it, one that is not there is no error.
    async fn handle(
        &self,
        op: RemoveClientIDFromOpenIDConnectProvider,
        caller: &Caller,
    ) -> Result<Empty, ApiError> {
        self.change_provider(caller, op.arn, move |provider| {
            provider.client_ids.retain(|id| *id != op.client_id);
            Ok(())
        })
        .await
    }
}

impl Serve<TagOpenIDConnectProvider> for Identity {
    async fn access(&self, op: &TagOpenIDConnectProvider, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let access = self.on_provider("iam:TagOpenIDConnectProvider", caller, &op.arn)?;
        Ok(vec![access.request_tags(&tags(&op.tags))])
    }

    async fn handle(&self, op: TagOpenIDConnectProvider, caller: &Caller) -> Result<Empty, ApiError> {
        let tags = tags(&op.tags);
        domain::tags::check(&tags)?;
        self.change_provider(caller, op.arn, move |provider| {
            domain::tags::merge(&mut provider.tags, tags.clone())
        })
        .await
    }
}

impl Serve<UntagOpenIDConnectProvider> for Identity {
    async fn access(
        &self,
        op: &UntagOpenIDConnectProvider,
        caller: &Caller,
    ) -> Result<Vec<Access>, ApiError> {
        let access = self.on_provider("iam:UntagOpenIDConnectProvider", caller, &op.arn)?;
        Ok(untagging(vec![access], &op.tag_keys))
    }

    async fn handle(&self, op: UntagOpenIDConnectProvider, caller: &Caller) -> Result<Empty, ApiError> {
        domain::tags::check_keys(&op.tag_keys)?;
        self.change_provider(caller, op.arn, move |provider| {
            domain::tags::remove(&mut provider.tags, &op.tag_keys);
            Ok(())
        })
        .await
    }
}

impl Serve<ListOpenIDConnectProviderTags> for Identity {
    async fn access(
        &self,
        op: &ListOpenIDConnectProviderTags,
        caller: &Caller,
    ) -> Result<Vec<Access>, ApiError> {
        Ok(vec![self.on_provider("iam:ListOpenIDConnectProviderTags", caller, &op.arn)?])
    }

    async fn handle(
        &self,
        op: ListOpenIDConnectProviderTags,
        caller: &Caller,
    ) -> Result<ListOpenIDConnectProviderTagsResult, ApiError> {
        let provider = oidc_providers::by_arn(&self.db.read()?, caller.account_id(), &op.arn)?;
        let mut all = provider.tags;
        all.sort();
        let page = page(all, |tag| tag.key.clone(), op.marker.as_deref(), op.max_items)?;
        Ok(ListOpenIDConnectProviderTagsResult {
            tags: views::tags(&page.items),
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}
