//! DescribeVolumeStatus, DescribeVolumeAttribute.

use api_spec::ec2::volumes::{
    BooleanValue, DescribeVolumeAttribute, DescribeVolumeAttributeResult, DescribeVolumeStatus,
    DescribeVolumeStatusResult, VolumeStatusDetails, VolumeStatusEvent, VolumeStatusInfo, VolumeStatusItem,
};
use api_spec::ids::VolumeId;
use api_spec::{ApiError, ErrorCode};
use kit::dispatch::Serve;
use kit::{Access, Caller, filters, paging};

use super::request;
use crate::domain::volume::{State, Volume};
use crate::error::Error;
use crate::service::Service;

const FILTERS: [&str; 11] = [
    "action.code",
    "action.description",
    "action.event-id",
    "availability-zone",
    "event.description",
    "event.event-id",
    "event.event-type",
    "volume-id",
    "volume-status.details-name",
    "volume-status.details-status",
    "volume-status.status",
];

impl Serve<DescribeVolumeStatus> for Service {
    async fn access(&self, _: &DescribeVolumeStatus, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(self.on_anything("DescribeVolumeStatus"))
    }

    async fn handle(
        &self,
        op: DescribeVolumeStatus,
        caller: &Caller,
    ) -> Result<DescribeVolumeStatusResult, ApiError> {
        request::not_both(&op.volume_ids, "volumeIds", op.max_results)?;
        let filters = request::filters(&op.filters, &FILTERS)?;
        let limit = paging::max_results(op.max_results)?;
        let mut found = Vec::new();
        for (id, volume) in self.listed(&op.volume_ids, caller)? {
            let item = item(&id, &volume);
            if filters::passes(&filters, &volume.tags, |name| values(name, &item))? {
                found.push(item);
            }
        }
        let page = paging::page(
            found,
            |item| item.volume_id.clone(),
            op.next_token.as_deref(),
            limit,
            ErrorCode::InvalidNextToken,
        )?;
        Ok(DescribeVolumeStatusResult { volume_statuses: page.items, next_token: page.next })
    }
}

fn item(id: &VolumeId, volume: &Volume) -> VolumeStatusItem {
    let (status, io, event) = match &volume.state {
        State::Ready | State::Deleting => ("ok", "passed", None),
        State::Creating => ("insufficient-data", "insufficient-data", None),
        State::Error(why) => ("impaired", "failed", Some(why.clone())),
    };
    let detail = |name: &str, status: &str| VolumeStatusDetails { name: name.into(), status: status.into() };
    VolumeStatusItem {
        volume_id: id.to_string(),
        availability_zone: volume.zone.clone(),
        volume_status: VolumeStatusInfo {
            status: status.into(),
            details: vec![detail("io-enabled", io), detail("io-performance", "not-applicable")],
        },
        actions: vec![],
        events: event
            .into_iter()
            .map(|why| VolumeStatusEvent {
                description: Some(why),
                event_id: Some(id.as_str().replacen("vol-", "evol-", 1)),
                event_type: Some("potential-data-inconsistency".into()),
            })
            .collect(),
    }
}

fn values(name: &str, item: &VolumeStatusItem) -> Option<Vec<std::borrow::Cow<'static, str>>> {
    let events = |value: fn(&VolumeStatusEvent) -> &Option<String>| {
        item.events.iter().filter_map(|event| value(event).clone().map(Into::into)).collect::<Vec<_>>()
    };
    let details = |value: fn(&VolumeStatusDetails) -> &String| {
        item.volume_status.details.iter().map(|detail| value(detail).clone().into()).collect::<Vec<_>>()
    };
    Some(match name {
        "action.code" | "action.description" | "action.event-id" => vec![],
        "availability-zone" => vec![item.availability_zone.clone().into()],
        "event.description" => events(|event| &event.description),
        "event.event-id" => events(|event| &event.event_id),
        "event.event-type" => events(|event| &event.event_type),
        "volume-id" => vec![item.volume_id.clone().into()],
        "volume-status.details-name" => details(|detail| &detail.name),
        "volume-status.details-status" => details(|detail| &detail.status),
        "volume-status.status" => vec![item.volume_status.status.clone().into()],
        _ => return None,
    })
}

impl Serve<DescribeVolumeAttribute> for Service {
    async fn access(&self, op: &DescribeVolumeAttribute, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let volume = self.own_volume(caller, &op.volume_id)?;
        Ok(vec![self.on_volume(caller, "DescribeVolumeAttribute", &op.volume_id, volume.as_ref())])
    }

    async fn handle(
        &self,
        op: DescribeVolumeAttribute,
        caller: &Caller,
    ) -> Result<DescribeVolumeAttributeResult, ApiError> {
        let id = request::volume_id(&op.volume_id)?;
        if self.own_volume(caller, &op.volume_id)?.is_none() {
            return Err(Error::NoVolume(vec![id]).into());
        }
        let mut result = DescribeVolumeAttributeResult {
            volume_id: op.volume_id,
            auto_enable_io: None,
            product_codes: None,
        };
        match op.attribute.as_str() {
            // nothing here ever disables a volume's I/O
            "autoEnableIO" => result.auto_enable_io = Some(BooleanValue { value: true }),
            "productCodes" => result.product_codes = Some(vec![]),
            other => {
                let shown: String = other.chars().take(64).collect();
                return Err(Error::value(format!(
                    "Value ({shown}) for parameter attribute is invalid. Unknown attribute."
                ))
                .into());
            }
        }
        Ok(result)
    }
}
