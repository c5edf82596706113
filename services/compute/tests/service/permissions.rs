//! What policies allow and refuse.

use crate::fakes::{ADMIN, NOBODY, PICKY, RED};
use crate::world::World;

const ID: &str = "0123456789abcdef0";

#[tokio::test(flavor = "multi_thread")]
async fn without_a_policy_every_action_is_refused() {
    let world = World::new().await;
    let (instance, image, group) = (format!("i-{ID}"), format!("ami-{ID}"), format!("sg-{ID}"));
    for (action, parameters) in [
        ("DescribeInstances", vec![]),
        ("RunInstances", vec![("ImageId", image.as_str()), ("MinCount", "1"), ("MaxCount", "1")]),
        ("TerminateInstances", vec![("InstanceId.1", instance.as_str())]),
        ("GetConsoleOutput", vec![("InstanceId", instance.as_str())]),
        ("CreateKeyPair", vec![("KeyName", "k")]),
        ("DeregisterImage", vec![("ImageId", image.as_str())]),
        ("CreateTags", vec![("ResourceId.1", group.as_str()), ("Tag.1.Key", "a"), ("Tag.1.Value", "b")]),
        ("DeleteSecurityGroup", vec![("GroupId", group.as_str())]),
        ("AllocateAddress", vec![]),
    ] {
        let reply = world.call(NOBODY, action, &parameters).await;
        assert_eq!(
            (reply.status, reply.all("Code")),
            (403, vec!["UnauthorizedOperation".to_owned()]),
            "{action}"
        );
        assert!(reply.one("Message").contains(&format!("ec2:{action}")), "{}", reply.body);
    }
    assert!(!world.ok("DescribeKeyPairs", &[]).await.has("keyName"));
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_of_requests_and_resources_decide() {
    let world = World::new().await;
    let image = world.image("tiny").await;
    let launch = |team: &'static str| {
        vec![
            ("ImageId", image.as_str()),
            ("InstanceType", "t2.nano"),
            ("MinCount", "1"),
            ("MaxCount", "1"),
            ("TagSpecification.1.ResourceType", "instance"),
            ("TagSpecification.1.Tag.1.Key", "team"),
            ("TagSpecification.1.Tag.1.Value", team),
        ]
    };
    let blue = world.call(RED, "RunInstances", &launch("blue")).await;
    assert_eq!(blue.all("Code"), ["UnauthorizedOperation"]);
    let red = world.call(RED, "RunInstances", &launch("red")).await;
    assert_eq!(red.status, 200, "{}", red.body);
    let other = world.call(ADMIN, "RunInstances", &launch("blue")).await.one("instanceId");
    let refused = world.call(RED, "TerminateInstances", &[("InstanceId.1", &other)]).await;
    assert_eq!(refused.all("Code"), ["UnauthorizedOperation"]);
    let allowed = world.call(RED, "TerminateInstances", &[("InstanceId.1", &red.one("instanceId"))]).await;
    assert_eq!(allowed.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_changes_nothing() {
    let world = World::new().await;
    let reply = world.call(ADMIN, "AllocateAddress", &[("DryRun", "true")]).await;
    assert_eq!((reply.status, reply.all("Code")), (412, vec!["DryRunOperation".to_owned()]));
    assert!(!world.ok("DescribeAddresses", &[]).await.has("publicIp"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_launch_shows_every_resource_with_its_condition_keys() {
    let world = World::new().await;
    let image = world.image("tiny").await;
    world.ok("CreateKeyPair", &[("KeyName", "mine"), ("KeyType", "ed25519")]).await;
    world.ok("DescribeSubnets", &[]).await;
    let launch = [
        ("ImageId", image.as_str()),
        ("InstanceType", "t2.nano"),
        ("MinCount", "1"),
        ("MaxCount", "1"),
        ("KeyName", "mine"),
        ("MetadataOptions.HttpTokens", "required"),
    ];
    let allowed = world.call(PICKY, "RunInstances", &launch).await;
    assert_eq!(allowed.status, 200, "{}", allowed.body);
    let size =
        [("BlockDeviceMapping.1.DeviceName", "/dev/sda1"), ("BlockDeviceMapping.1.Ebs.VolumeSize", "5")];
    for (changed, resource) in [
        ([&launch[..1], &[("InstanceType", "t2.micro")], &launch[2..]].concat(), "instance/"),
        (launch[..5].to_vec(), "instance/"),
        ([&launch[..], &size].concat(), "volume/"),
        ([&launch[..], &[("SubnetId", "subnet-0123456789abcdef0")]].concat(), "instance/"),
    ] {
        let refused = world.call(PICKY, "RunInstances", &changed).await;
        assert_eq!(refused.all("Code"), ["UnauthorizedOperation"], "{changed:?}");
        assert!(refused.one("Message").contains(resource), "{}", refused.body);
    }
}
