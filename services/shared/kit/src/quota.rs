//! Quotas at work: who makes something asks, inside the transaction that makes it, whether there would be too much.
//!
//! [`Quotas::of`] gathers the quota statements that bear on a caller before the transaction begins; most callers have
//! none, and then nothing is counted. A quota is never refused by from the cache: whoever has one is asked about again.

use std::sync::Arc;

use api_spec::{ApiError, ErrorCode};
pub use auth::policy::Quota;
use auth::policy::{self, Policies, Principal, Source, exceeded};
use serde::{Deserialize, Serialize};

use crate::authorize::{Access, global_keys};
use crate::caller::Caller;
use crate::config::Common;
use crate::context::Context;
use crate::credentials::NoHolder;

/// The quotas that bear on one request. Cheap to clone, so that a transaction can take them along.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quotas(Option<Arc<Set>>);

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Set {
    principal: Principal,
    policies: Policies,
    keys: policy::Context,
    action: String,
    resource: String,
}

/// There would be too much of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverQuota {
    /// Of what.
    pub quota: Quota,
    /// How much there would be.
    pub count: u64,
}

impl Quotas {
    /// No quotas: for what is carried on, not asked for.
    pub fn none() -> Self {
        Quotas::default()
    }

    /// The quotas of a caller for one of the accesses of its request.
    ///
    /// # Errors
    /// When identity cannot be asked.
    pub async fn of(context: &Context, caller: &Caller, access: &Access) -> Result<Self, ApiError> {
        let Some(holder) = caller.holder().filter(|holder| holder.policies.set_quotas()) else {
            return Ok(Quotas::none());
        };
        let policies = match context.credentials.ask(holder.question.clone()).await {
            Ok(now) => now.policies.clone(),
            Err(NoHolder::Failed(error)) => return Err(error),
            // the key is being taken away: the quotas it had still hold
            Err(NoHolder::Unknown | NoHolder::Inactive | NoHolder::InvalidToken | NoHolder::Expired) => {
                holder.policies.clone()
            }
        };
        Ok(Quotas::set(&context.common, caller, access, policies))
    }

    /// The quotas of a caller as the service knows them already: for identity, which need not ask itself.
    pub fn known(common: &Common, caller: &Caller, access: &Access) -> Self {
        let policies =
            caller.holder().map(|holder| &holder.policies).filter(|policies| policies.set_quotas());
        policies.map_or_else(Quotas::none, |policies| Quotas::set(common, caller, access, policies.clone()))
    }

    fn set(common: &Common, caller: &Caller, access: &Access, policies: Policies) -> Self {
        let mut keys = global_keys(common, caller);
        keys.extend(access.keys.clone());
        let set = Set {
            principal: caller.principal().clone(),
            policies: only_quotas(policies),
            keys,
            action: access.action.clone(),
            resource: access.resource.clone(),
        };
        Quotas(set.policies.set_quotas().then(|| Arc::new(set)))
    }

    /// Whether there are any: else there is no need to count.
    pub fn any(&self) -> bool {
        self.0.is_some()
    }

    /// Whether all of it may be, `account` being what the account would have, and `own` what its maker would of the
    /// same things; none where nobody is known to have made it.
    ///
    /// # Errors
    /// The first quota that would be exceeded.
    pub fn check_with_own<const N: usize>(
        &self,
        account: [(Quota, u64); N],
        own: Option<[(Quota, u64); N]>,
    ) -> Result<(), OverQuota> {
        let own = own.into_iter().flatten();
        let own = own.filter_map(|(quota, count)| Some((quota.own()?, count)));
        self.check(&account.into_iter().chain(own).collect::<Vec<_>>())
    }

    /// Whether there may be one more of what the account has `all` of and its maker `own`; none where nobody is known
    /// to make it.
    ///
    /// # Errors
    /// The first quota that would be exceeded.
    pub fn check_one_more(&self, quota: Quota, all: usize, own: Option<usize>) -> Result<(), OverQuota> {
        let after = |count| [(quota, u64::try_from(count).unwrap_or(u64::MAX).saturating_add(1))];
        self.check_with_own(after(all), own.map(after))
    }

    /// Whether all of it may be, `counts` being what there would be.
    ///
    /// # Errors
    /// The first quota that would be exceeded.
    pub fn check(&self, counts: &[(Quota, u64)]) -> Result<(), OverQuota> {
        let Some(set) = &self.0 else { return Ok(()) };
        let request = policy::Request {
            principal: &set.principal,
            action: &set.action,
            resource: &set.resource,
            context: &set.keys,
        };
        match exceeded(&request, &set.policies, counts) {
            None => Ok(()),
            Some(over) => {
                let count =
                    counts.iter().find(|(quota, _)| *quota == over.quota).map_or(0, |(_, count)| *count);
                tracing::info!(quota = over.quota.key(), count, by = over.by.policy, "over quota");
                Err(OverQuota { quota: over.quota, count })
            }
        }
    }

    /// As text, for a service that makes things for a caller of another.
    pub fn to_text(&self) -> Option<String> {
        self.0.as_ref().and_then(|set| serde_json::to_string(&**set).ok())
    }

    /// From such text.
    ///
    /// # Errors
    /// An internal one when it is not that.
    pub fn from_text(text: Option<&str>) -> Result<Self, ApiError> {
        let set = text.map(serde_json::from_str).transpose();
        let set = set.map_err(|error| ApiError::internal(format!("unreadable quotas: {error}")))?;
        Ok(Quotas(set.map(Arc::new)))
    }
}

/// Leaves out policies that set no quota.
fn only_quotas(policies: Policies) -> Policies {
    let sets = |source: &Source| source.policy.sets_quotas();
    Policies {
        identity: policies.identity.into_iter().filter(sets).collect(),
        boundary: policies.boundary.filter(sets),
        session: policies.session.into_iter().filter(sets).collect(),
    }
}

impl OverQuota {
    /// The code that AWS's service gives for its own limit of the same thing.
    pub const fn code(&self) -> ErrorCode {
        match self.quota {
            Quota::Instances | Quota::OwnInstances | Quota::MemoryMib | Quota::OwnMemoryMib => {
                ErrorCode::InstanceLimitExceeded
            }
            Quota::Vcpus | Quota::OwnVcpus => ErrorCode::VcpuLimitExceeded,
            Quota::Volumes | Quota::OwnVolumes | Quota::VolumeGib | Quota::OwnVolumeGib => {
                ErrorCode::VolumeLimitExceeded
            }
            Quota::Snapshots | Quota::OwnSnapshots => ErrorCode::SnapshotLimitExceeded,
            Quota::Addresses | Quota::OwnAddresses => ErrorCode::AddressLimitExceeded,
            Quota::Buckets | Quota::OwnBuckets => ErrorCode::TooManyBuckets,
            Quota::BucketBytes | Quota::BucketObjects => ErrorCode::QuotaExceeded,
            Quota::Users
            | Quota::OwnUsers
            | Quota::Groups
            | Quota::OwnGroups
            | Quota::Roles
            | Quota::OwnRoles => ErrorCode::LimitExceeded,
        }
    }
}

impl std::fmt::Display for OverQuota {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = self.count;
        let of_iam = |f: &mut std::fmt::Formatter<'_>, limit: &str| {
            write!(f, "Cannot exceed quota for {limit}: there would be {count}")
        };
        match self.quota {
            Quota::Instances | Quota::OwnInstances => write!(
                f,
                "You have requested more instances ({count}) than your current instance limit allows for."
            ),
            Quota::Vcpus | Quota::OwnVcpus => write!(
                f,
                "You have requested more vCPU capacity than your current vCPU limit allows for ({count} vCPUs)."
            ),
            Quota::MemoryMib | Quota::OwnMemoryMib => {
                write!(f, "You have requested more memory ({count} MiB) than your current limit allows for.")
            }
            Quota::Volumes | Quota::OwnVolumes => {
                write!(f, "Maximum number of volumes exceeded: there would be {count}.")
            }
            Quota::VolumeGib | Quota::OwnVolumeGib => {
                write!(f, "Maximum number of gibibytes of volumes exceeded: there would be {count}.")
            }
            Quota::Snapshots | Quota::OwnSnapshots => {
                write!(f, "Maximum number of snapshots exceeded: there would be {count}.")
            }
            Quota::Addresses | Quota::OwnAddresses => {
                f.write_str("The maximum number of addresses has been reached.")
            }
            Quota::Buckets | Quota::OwnBuckets => {
                f.write_str("You have attempted to create more buckets than allowed")
            }
            Quota::BucketBytes => write!(f, "The bucket would hold {count} bytes, more than its quota."),
            Quota::BucketObjects => write!(f, "The bucket would hold {count} objects, more than its quota."),
            Quota::Users => of_iam(f, "UsersPerAccount"),
            Quota::OwnUsers => of_iam(f, "UsersPerCreator"),
            Quota::Groups => of_iam(f, "GroupsPerAccount"),
            Quota::OwnGroups => of_iam(f, "GroupsPerCreator"),
            Quota::Roles => of_iam(f, "RolesPerAccount"),
            Quota::OwnRoles => of_iam(f, "RolesPerCreator"),
        }
    }
}

impl std::error::Error for OverQuota {}

impl From<OverQuota> for ApiError {
    fn from(over: OverQuota) -> Self {
        ApiError::new(over.code(), over.to_string())
    }
}

#[cfg(test)]
mod tests {
    use auth::policy::Policy;

    use super::*;

    fn quotas(key: &str, limit: u64) -> Quotas {
        let document = format!(
            r#"{{"Statement":{{"Effect":"Deny","Action":"ec2:RunInstances","Resource":"*",
                "Condition":{{"NumericGreaterThan":{{"murus:quota-{key}":"{limit}"}}}}}}}}"#
        );
        let source = Source::new("p", Policy::parse_identity(&document).unwrap());
        Quotas(Some(Arc::new(Set {
            principal: Principal::Root { account: "111122223333".into() },
            policies: Policies { identity: vec![source], ..Policies::default() },
            keys: policy::Context::new(),
            action: "ec2:RunInstances".into(),
            resource: "*".into(),
        })))
    }

    #[test]
    fn quotas_mean_the_same_after_a_journey() {
        let there = Quotas::from_text(quotas("instances", 2).to_text().as_deref()).unwrap();
        assert_eq!(there.check(&[(Quota::Instances, 2)]), Ok(()));
        let over = there.check(&[(Quota::Instances, 3)]).unwrap_err();
        assert_eq!(
            (over.quota, over.count, over.code().as_str()),
            (Quota::Instances, 3, "InstanceLimitExceeded")
        );
        assert!(!Quotas::from_text(None).unwrap().any());
        assert!(Quotas::from_text(Some("nonsense")).is_err());
    }

    #[test]
    fn what_is_ones_own_is_counted_apart_and_not_at_all_where_it_is_nobodys() {
        let check = |key: &str, account: u64, own: Option<u64>| {
            let own = own.map(|own| [(Quota::Instances, own)]);
            quotas(key, 2).check_with_own([(Quota::Instances, account)], own).map_err(|over| over.quota)
        };
        assert_eq!(check("instances", 3, Some(1)), Err(Quota::Instances));
        assert_eq!(check("own-instances", 9, Some(2)), Ok(()));
        assert_eq!(check("own-instances", 9, Some(3)), Err(Quota::OwnInstances));
        assert_eq!(check("own-instances", 9, None), Ok(()));
    }

    #[test]
    fn what_is_ones_own_is_refused_as_what_is_the_accounts() {
        for quota in Quota::ALL {
            let Some(own) = quota.own() else { continue };
            assert_eq!(own.key(), quota.key().replace("quota-", "quota-own-"));
            let code = |quota| OverQuota { quota, count: 7 }.code();
            assert_eq!(code(own), code(*quota));
        }
    }

    #[test]
    fn every_quota_has_a_code_of_its_service() {
        for quota in Quota::ALL {
            let over = OverQuota { quota: *quota, count: 7 };
            let code = over.code().as_str();
            assert!(code.contains("Limit") || code.contains("TooMany") || code == "QuotaExceeded", "{code}");
        }
    }
}
