//! Attaching and detaching, with instances that obey and instances that do not.

use calls::volume::{ReleaseInstance, SetDeleteOnTermination};

use crate::peers::Instance;
use crate::world::{ADMIN, OTHER_ACCOUNT, World, first};

async fn attach(world: &World, volume: &str, instance: &str, device: &str) -> Result<String, String> {
    let request = [("VolumeId", volume), ("InstanceId", instance), ("Device", device)];
    world.ask(ADMIN, "AttachVolume", &request).await.map_err(|r| format!("{}: {}", r.code, r.message))
}

async fn wait(world: &World, volume: &str, state: &str) {
    world.until(state, async || world.attachment(volume).await == state).await;
}

#[tokio::test]
async fn a_disk_comes_to_a_running_instance_and_goes_again() {
    let world = World::new().await;
    let (volume, instance) = (world.volume(&[("Size", "1")]).await, world.instance("running"));
    let answer = attach(&world, &volume, instance.as_str(), "/dev/sdf").await.unwrap();
    assert_eq!(first(&answer, "status"), "attaching");
    wait(&world, &volume, "attached").await;
    assert_eq!(world.volume_status(&volume).await, "in-use");
    world
        .until("compute shows it attached", async || {
            world.around.facts().instances[&instance].told.iter().any(|disk| disk.state == "attached")
        })
        .await;
    let told = world.around.facts().instances[&instance].told.clone();
    assert_eq!((told[0].disk.device.as_str(), told[0].disk.boot), ("/dev/sdf", false));
    let (code, words) = world.refused("DeleteVolume", &[("VolumeId", &volume)]).await;
    assert_eq!(
        (code.as_str(), words),
        ("VolumeInUse", format!("Volume {volume} is currently attached to {instance}"))
    );
    let answer = world.ok("DetachVolume", &[("VolumeId", &volume)]).await;
    assert_eq!(first(&answer, "status"), "detaching");
    wait(&world, &volume, "detached").await;
    assert_eq!(world.volume_status(&volume).await, "available");
    assert!(world.around.facts().instances[&instance].held.is_empty());
    let (code, words) = world.refused("DetachVolume", &[("VolumeId", &volume)]).await;
    assert_eq!(
        (code.as_str(), words),
        ("IncorrectState", format!("Volume '{volume}' is in the 'available' state."))
    );
}

#[tokio::test]
async fn what_cannot_be_attached_is_refused_in_awss_words() {
    let world = World::new().await;
    let (volume, second) = (world.volume(&[("Size", "1")]).await, world.volume(&[("Size", "1")]).await);
    let (running, pending) = (world.instance("running"), world.instance("pending"));
    let stranger = world.instance("running");
    world.change(&stranger, |i: &mut Instance| i.account = OTHER_ACCOUNT.into());
    attach(&world, &volume, running.as_str(), "/dev/sdf").await.unwrap();
    for (vol, instance, device, expected) in [
        (&volume, running.as_str(), "/dev/sdg", format!("VolumeInUse: {volume} is already attached to an instance")),
        (
            &second,
            running.as_str(),
            "/dev/sdf",
            "InvalidParameterValue: Invalid value '/dev/sdf' for unixDevice. Attachment point /dev/sdf is already in use".into(),
        ),
        (
            &second,
            running.as_str(),
            "/dev/xvda",
            "InvalidParameterValue: Invalid value '/dev/xvda' for unixDevice. Attachment point /dev/xvda is already in use".into(),
        ),
        (
            &second,
            running.as_str(),
            "/dev/zzz",
            "InvalidParameterValue: Value (/dev/zzz) for parameter device is invalid. /dev/zzz is not a valid EBS device name.".into(),
        ),
        (&second, pending.as_str(), "/dev/sdf", format!("IncorrectState: Instance '{pending}' is not 'running'.")),
        (
            &second,
            "i-0123456789abcdef0",
            "/dev/sdf",
            "InvalidInstanceID.NotFound: The instance ID 'i-0123456789abcdef0' does not exist".into(),
        ),
        (
            &second,
            stranger.as_str(),
            "/dev/sdf",
            format!("InvalidInstanceID.NotFound: The instance ID '{stranger}' does not exist"),
        ),
    ] {
        assert_eq!(attach(&world, vol, instance, device).await.unwrap_err(), expected);
    }
    let absent = "vol-0123456789abcdef0";
    let refusal = attach(&world, absent, running.as_str(), "/dev/sdf").await.unwrap_err();
    assert!(refusal.starts_with("InvalidVolume.NotFound"), "{refusal}");
    let malformed = attach(&world, &second, "nonsense", "/dev/sdf").await.unwrap_err();
    assert!(malformed.starts_with("InvalidInstanceID.Malformed"), "{malformed}");
    assert_eq!(world.attachment(&second).await, "detached");
}

#[tokio::test]
async fn detach_waits_for_the_guest_to_let_go() {
    let world = World::new().await;
    let (volume, instance) = (world.volume(&[("Size", "1")]).await, world.instance("running"));
    attach(&world, &volume, instance.as_str(), "/dev/sdf").await.unwrap();
    wait(&world, &volume, "attached").await;
    world.change(&instance, |i| i.obeys = false);
    world.ok("DetachVolume", &[("VolumeId", &volume), ("InstanceId", instance.as_str())]).await;
    world
        .until("it was told to let go", async || world.around.facts().instances[&instance].told.is_empty())
        .await;
    assert_eq!(world.attachment(&volume).await, "detaching");
    assert_eq!(world.refused("DetachVolume", &[("VolumeId", &volume)]).await.0, "IncorrectState");
    world.ok("DetachVolume", &[("VolumeId", &volume), ("Force", "true")]).await;
    assert_eq!(world.attachment(&volume).await, "detaching");
    world.change(&instance, |i| i.state = "stopped");
    wait(&world, &volume, "detached").await;
}

#[tokio::test]
async fn a_stopped_instance_has_its_disk_at_once_and_an_absent_compute_is_waited_for() {
    let world = World::new().await;
    let (volume, instance) = (world.volume(&[("Size", "1")]).await, world.instance("stopped"));
    attach(&world, &volume, instance.as_str(), "xvdf").await.unwrap();
    wait(&world, &volume, "attached").await;
    world.around.facts().compute_is_down = true;
    let refusal = world.refused("DetachVolume", &[("VolumeId", &volume)]).await;
    assert_eq!(refusal.0, "ServiceUnavailable");
    world.around.facts().compute_is_down = false;
    world.ok("DetachVolume", &[("VolumeId", &volume), ("Device", "/dev/xvdf")]).await;
    wait(&world, &volume, "detached").await;
}

#[tokio::test]
async fn a_terminated_instance_frees_its_volumes_or_takes_them_along() {
    let world = World::new().await;
    let (kept, dies) = (world.volume(&[("Size", "1")]).await, world.volume(&[("Size", "1")]).await);
    let instance = world.instance("running");
    attach(&world, &kept, instance.as_str(), "/dev/sdf").await.unwrap();
    attach(&world, &dies, instance.as_str(), "/dev/sdg").await.unwrap();
    wait(&world, &dies, "attached").await;
    let call = SetDeleteOnTermination { instance: instance.clone(), device: "/dev/sdg".into(), value: true };
    world.call(call.clone()).await.unwrap();
    world
        .until("compute hears of it", async || {
            world.around.facts().instances[&instance].told.iter().any(|disk| disk.delete_on_termination)
        })
        .await;
    let wrong = SetDeleteOnTermination { device: "/dev/sdz".into(), ..call };
    assert!(world.call(wrong).await.unwrap_err().message.contains("/dev/sdz"));
    world.around.facts().instances.remove(&instance);
    for _ in 0..2 {
        world.call(ReleaseInstance { instance: instance.clone() }).await.unwrap();
    }
    assert_eq!(world.volume_status(&kept).await, "available");
    world.until("gone", async || world.volume_status(&dies).await == "gone").await;
}

#[tokio::test]
async fn nothing_is_attached_to_an_instance_that_was_released() {
    let world = World::new().await;
    let (volume, instance) = (world.volume(&[("Size", "1")]).await, world.instance("running"));
    world.call(ReleaseInstance { instance: instance.clone() }).await.unwrap();
    let refusal = attach(&world, &volume, instance.as_str(), "/dev/sdf").await.unwrap_err();
    assert!(refusal.starts_with("IncorrectState"), "{refusal}");
    assert_eq!(world.volume_status(&volume).await, "available");
}

#[tokio::test]
async fn two_requests_for_one_volume_make_one_attachment() {
    let world = World::new().await;
    let volume = world.volume(&[("Size", "1")]).await;
    let instances: Vec<_> = (0..8).map(|_| world.instance("running")).collect();
    let tries = instances.iter().map(|instance| attach(&world, &volume, instance.as_str(), "/dev/sdf"));
    let results = futures_util::future::join_all(tries).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(results.iter().all(|result| result.as_ref().err().is_none_or(|e| e.starts_with("VolumeInUse"))));
}
