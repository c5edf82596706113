//! RunInstances: one transaction makes the instances with their addresses and takes their room; then volume makes the
//! disks, here for a quick answer, and by the reconciler if this is cut off.

use std::collections::BTreeSet;
use std::time::Duration;

use api_spec::ec2::instances::Reservation;
use api_spec::ec2::run_instances::RunInstances;
use api_spec::ids::{
    ImageId, InstanceId, InstanceProfileAssociationId, NetworkAttachmentId, NetworkInterfaceId, ReservationId,
};
use api_spec::{ApiError, ErrorCode};
use calls::volume::{LaunchVolume, RoomForLaunches};
use jiff::Timestamp;
use kit::client_token::ClientToken;
use kit::dispatch::Serve;
use kit::{Access, Caller, Quotas};

use super::describe_instances::reservations;
use crate::domain::devices;
use crate::domain::image::Image;
use crate::domain::launch::Launch;
use crate::domain::life::{Reason, State};
use crate::error::{Error, Kind, id};
use crate::reconcile::launch_volumes::{is_refusal, make_disks};
use crate::service::{Launching, Service};
use crate::store::launches::{Ids, Plan, commit};
use crate::store::{images, instances};

/// How long an answer waits for the disks to be made.
const PATIENCE: Duration = Duration::from_secs(15);

impl Serve<RunInstances> for Service {
    async fn access(&self, op: &RunInstances, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.run_access(op, caller).await
    }

    async fn handle(&self, op: RunInstances, caller: &Caller) -> Result<Reservation, ApiError> {
        let client_token = op.client_token.clone();
        let parameters = RunInstances { client_token: None, ..op.clone() };
        let token =
            ClientToken::of(caller.account_id(), "RunInstances", client_token.as_deref(), &parameters)?;
        if let Some(reservation) = self.replay(token.clone(), caller.now).await? {
            return Ok(self.shown_reservation(&reservation)?);
        }
        let plan = self.plan(&op, caller, token, client_token).await?;
        let quotas = plan.quotas.clone();
        // marked before they exist, so that the reconciler leaves them to us
        let launching: Vec<Launching<'_>> =
            plan.ids.iter().filter_map(|ids| self.begin_launch(&ids.instance)).collect();
        let reservation = self.store.transact(move |tx| commit(tx, &plan)).await?;
        self.make_all_disks(&reservation, &launching, &quotas).await?;
        drop(launching);
        Ok(self.shown_reservation(&reservation)?)
    }
}

impl Service {
    async fn replay(
        &self,
        token: Option<ClientToken>,
        now: Timestamp,
    ) -> Result<Option<ReservationId>, Error> {
        let Some(token) = token else { return Ok(None) };
        let made = self.store.transact(move |tx| Ok::<_, Error>(token.replay(tx, now)?)).await?;
        Ok(made.and_then(|id| id.parse().ok()))
    }

    fn shown_reservation(&self, reservation: &ReservationId) -> Result<Reservation, Error> {
        let read = self.read()?;
        let views = self.views(&read, instances::of_reservation(&read, reservation)?)?;
        reservations(&views).into_iter().next().ok_or_else(|| {
            // all of its instances have been forgotten since
            Error::refused(ErrorCode::InvalidInstanceIdNotFound, format!("The launch {reservation} is over"))
        })
    }

    async fn plan(
        &self,
        op: &RunInstances,
        caller: &Caller,
        token: Option<ClientToken>,
        client_token: Option<String>,
    ) -> Result<Plan, Error> {
        let mut launch = Launch::read(op)?;
        let kind = self.config.instance_type(&launch.instance_type).cloned().ok_or_else(|| {
            Error::value(format!("Invalid value '{}' for InstanceType.", launch.instance_type))
        })?;
        let account = caller.account_id().to_owned();
        let image_id: ImageId = id(Kind::Image, &launch.image)?;
        let image = images::usable(&self.read()?, &account, &image_id)?;
        let volumes = devices::volumes(&image, &launch.devices, &launch.tags[1])?;
        self.check_snapshots(&image, &volumes).await?;
        let quotas = self.quotas(caller, "RunInstances", "instance").await?;
        launch.max = self.room_for_volumes(caller, &launch, &volumes, &quotas).await?;
        let profile = match &op.iam_instance_profile {
            Some(asked) => Some(self.profile(&account, asked).await?),
            None => None,
        };
        let random = || self.context.random.u128();
        let ids = (0..launch.max)
            .map(|_| Ids {
                instance: InstanceId::from_random(random()),
                interface: NetworkInterfaceId::from_random(random()),
                attachment: NetworkAttachmentId::from_random(random()),
                mac: mac(self.context.random.bytes()),
                profile: InstanceProfileAssociationId::from_random(random()),
            })
            .collect();
        Ok(Plan {
            profile: profile.map(|profile| (profile.arn, profile.id)),
            vpc: self.default_vpc(&account).await?,
            account,
            creator: caller.creator().map(str::to_owned),
            kind,
            image,
            volumes,
            reservation: ReservationId::from_random(random()),
            ids,
            token,
            client_token,
            now: caller.now,
            config: self.config.clone(),
            own_zone: self.context.common.zone.clone(),
            pool: self.pool(),
            quotas,
            launch,
        })
    }

    /// As many instances as there may be disks for: volume counts again when it makes them, but then the launch fails.
    async fn room_for_volumes(
        &self,
        caller: &Caller,
        launch: &Launch,
        volumes: &[LaunchVolume],
        quotas: &Quotas,
    ) -> Result<usize, Error> {
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let question = RoomForLaunches {
            account_id: caller.account_id().to_owned(),
            creator: caller.creator().map(str::to_owned),
            volumes: volumes.to_vec(),
            least: number(launch.min),
            most: number(launch.max),
            quotas: quotas.to_text(),
        };
        let room = self.volume().call(&question).await.map_err(Error::Peer)?;
        Ok(usize::try_from(room).unwrap_or(launch.max).clamp(launch.min, launch.max))
    }

    /// Snapshots must exist and fit, so that volume has no reason to refuse later. The image's are its owner's.
    async fn check_snapshots(&self, image: &Image, volumes: &[LaunchVolume]) -> Result<(), Error> {
        let snapshots: BTreeSet<_> = volumes.iter().filter_map(|volume| volume.snapshot.clone()).collect();
        let found = self.look_up_snapshots(&image.account_id, snapshots.into_iter().collect()).await?;
        for volume in volumes {
            let Some(snapshot) = found.iter().find(|one| Some(&one.id) == volume.snapshot.as_ref()) else {
                continue;
            };
            if snapshot.state != "completed" {
                let message = format!("Snapshot {} is {}", snapshot.id, snapshot.state);
                return Err(Error::refused(ErrorCode::IncorrectState, message));
            }
            if volume.size_gib.is_some_and(|size| size < snapshot.size_gib) {
                let message = format!(
                    "Volume of size {}GB is smaller than snapshot '{}', expect size >= {}GB",
                    volume.size_gib.unwrap_or_default(),
                    snapshot.id,
                    snapshot.size_gib
                );
                return Err(Error::refused(ErrorCode::InvalidBlockDeviceMapping, message));
            }
        }
        Ok(())
    }

    /// Has the disks made. A refusal fails the launch and ends all of its instances; what cannot be done now is left
    /// to the reconciler.
    async fn make_all_disks(
        &self,
        reservation: &ReservationId,
        launching: &[Launching<'_>],
        quotas: &Quotas,
    ) -> Result<(), ApiError> {
        let launched = instances::of_reservation(&self.read()?, reservation).map_err(Error::from)?;
        let all = async {
            for instance in &launched {
                let Some(mark) = launching.iter().find(|mark| mark.is_for(&instance.id)) else { continue };
                make_disks(self, instance, mark, quotas).await?;
            }
            Ok::<_, ApiError>(())
        };
        match tokio::time::timeout(PATIENCE, all).await {
            Ok(Ok(())) | Err(_) => Ok(()),
            Ok(Err(error)) if is_refusal(&error) => {
                self.end_all(reservation.clone()).await?;
                Err(error)
            }
            Ok(Err(error)) => {
                tracing::warn!(%reservation, %error, "the disks of a launch will be made later");
                Ok(())
            }
        }
    }

    async fn end_all(&self, reservation: ReservationId) -> Result<(), Error> {
        let now = self.context.clock.now();
        self.store
            .transact(move |tx| {
                for instance in instances::of_reservation(tx, &reservation)? {
                    if matches!(instance.life.state, State::Pending | State::Running) {
                        let reason = Reason::new("Server.InternalError", "Internal error on launch");
                        let life = instance.life.fail(reason, now);
                        instances::settle(tx, instance, life)?;
                    }
                }
                Ok(())
            })
            .await
    }
}

/// A locally administered address.
fn mac(random: [u8; 5]) -> String {
    let [a, b, c, d, e] = random;
    format!("02:{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}")
}
