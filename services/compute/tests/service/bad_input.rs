//! Bad input: AWS's own code, the parameter named, and nothing changed.

use crate::fakes::ADMIN;
use crate::world::World;

const NEVER: &str = "0123456789abcdef0";

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_parameter_has_its_code_and_changes_nothing() {
    let world = World::new().await;
    let image = world.image("tiny").await;
    let never = |prefix: &str| format!("{prefix}-{NEVER}");
    let (i, ami, sg, subnet, eipalloc) =
        (never("i"), never("ami"), never("sg"), never("subnet"), never("eipalloc"));
    let long = "x".repeat(256);
    let run = |more: &[(&'static str, &str)]| {
        let mut all = vec![("ImageId", image.clone()), ("MinCount", "1".into()), ("MaxCount", "1".into())];
        for (name, value) in more {
            all.retain(|(known, _)| known != name);
            all.push((name, (*value).to_owned()));
        }
        ("RunInstances", all)
    };
    let other = |action: &'static str, all: &[(&'static str, &str)]| {
        (action, all.iter().map(|(name, value)| (*name, (*value).to_owned())).collect::<Vec<_>>())
    };
    let table = [
        (run(&[("MinCount", "0")]), "InvalidParameterValue"),
        (run(&[("MaxCount", "-1")]), "InvalidParameterValue"),
        (run(&[("MinCount", "2")]), "InvalidParameterCombination"),
        (run(&[("MinCount", "99999999999")]), "InvalidParameterValue"),
        (run(&[("ImageId", "tiny")]), "InvalidAMIID.Malformed"),
        (run(&[("ImageId", &ami)]), "InvalidAMIID.NotFound"),
        (run(&[("InstanceType", "t9.huge")]), "InvalidParameterValue"),
        (run(&[("KeyName", "never")]), "InvalidKeyPair.NotFound"),
        (run(&[("SecurityGroupId.1", &sg)]), "InvalidGroup.NotFound"),
        (run(&[("SecurityGroupId.1", "sg-x")]), "InvalidGroupId.Malformed"),
        (run(&[("SecurityGroup.1", "never")]), "InvalidGroup.NotFound"),
        (run(&[("SubnetId", &subnet)]), "InvalidSubnetID.NotFound"),
        (run(&[("SubnetId", "../etc")]), "InvalidSubnetID.Malformed"),
        (run(&[("Placement.AvailabilityZone", "us-east-1z")]), "InvalidParameterValue"),
        (run(&[("PrivateIpAddress", "172.31.0.3")]), "InvalidParameterValue"),
        (run(&[("PrivateIpAddress", "10.0.0.9")]), "InvalidParameterValue"),
        (run(&[("PrivateIpAddress", "nowhere")]), "InvalidParameterValue"),
        (run(&[("UserData", "!!")]), "InvalidUserData.Malformed"),
        (
            run(&[("BlockDeviceMapping.1.DeviceName", "/dev/sda1"), ("BlockDeviceMapping.1.NoDevice", "")]),
            "InvalidBlockDeviceMapping",
        ),
        (run(&[("BlockDeviceMapping.2.DeviceName", "/dev/sdb")]), "InvalidParameterValue"),
        (run(&[("NetworkInterface.1.DeviceIndex", "1")]), "InvalidParameterValue"),
        (
            run(&[("NetworkInterface.1.DeviceIndex", "0"), ("SecurityGroupId.1", &sg)]),
            "InvalidParameterCombination",
        ),
        (run(&[("IamInstanceProfile.Name", "x")]), "InvalidParameterValue"),
        (run(&[("Monitoring.Enabled", "true")]), "Unsupported"),
        (run(&[("Monitoring.Enabled", "maybe")]), "InvalidParameterValue"),
        (run(&[("InstanceInitiatedShutdownBehavior", "explode")]), "InvalidParameterValue"),
        (
            run(&[("TagSpecification.1.ResourceType", "vpc"), ("TagSpecification.1.Tag.1.Key", "a")]),
            "InvalidParameterValue",
        ),
        (
            run(&[
                ("TagSpecification.1.ResourceType", "instance"),
                ("TagSpecification.1.Tag.1.Key", "aws:a"),
            ]),
            "InvalidParameterValue",
        ),
        (run(&[("Surprise", "1")]), "UnknownParameter"),
        (other("RunInstances", &[("MinCount", "1"), ("MaxCount", "1")]), "MissingParameter"),
        (other("StopInstances", &[]), "MissingParameter"),
        (other("StopInstances", &[("InstanceId.1", &i)]), "InvalidInstanceID.NotFound"),
        (other("StopInstances", &[("InstanceId.1", "i-..")]), "InvalidInstanceID.Malformed"),
        (other("StopInstances", &[("InstanceId.1", "i-\0")]), "MalformedQueryString"),
        (other("StopInstances", &[("InstanceId.1", &i), ("InstanceId.3", &i)]), "InvalidParameterValue"),
        (other("DescribeInstances", &[("InstanceId.1", &i)]), "InvalidInstanceID.NotFound"),
        (
            other("DescribeInstances", &[("Filter.1.Name", "no-such"), ("Filter.1.Value.1", "x")]),
            "InvalidParameterValue",
        ),
        (other("DescribeInstances", &[("MaxResults", "4")]), "InvalidParameterValue"),
        (other("DescribeInstances", &[("MaxResults", "1001")]), "InvalidParameterValue"),
        (other("DescribeInstances", &[("NextToken", "%%%")]), "InvalidNextToken"),
        (
            other("DescribeInstances", &[("MaxResults", "5"), ("InstanceId.1", &i)]),
            "InvalidInstanceID.NotFound",
        ),
        (other("CreateKeyPair", &[("KeyName", "")]), "InvalidParameterValue"),
        (other("CreateKeyPair", &[("KeyName", &long)]), "InvalidParameterValue"),
        (other("CreateKeyPair", &[("KeyName", "k"), ("KeyType", "dsa")]), "InvalidParameterValue"),
        (other("CreateKeyPair", &[]), "MissingParameter"),
        (other("ImportKeyPair", &[("KeyName", "k"), ("PublicKeyMaterial", "AAAA")]), "InvalidKey.Format"),
        (other("DescribeKeyPairs", &[("KeyName.1", "never")]), "InvalidKeyPair.NotFound"),
        (
            other("CreateSecurityGroup", &[("GroupName", "default"), ("GroupDescription", "d")]),
            "InvalidParameterValue",
        ),
        (
            other("CreateSecurityGroup", &[("GroupName", "sg-x"), ("GroupDescription", "d")]),
            "InvalidParameterValue",
        ),
        (
            other("CreateSecurityGroup", &[("GroupName", &long), ("GroupDescription", "d")]),
            "InvalidParameterValue",
        ),
        (other("CreateSecurityGroup", &[("GroupName", "g")]), "MissingParameter"),
        (other("DeleteSecurityGroup", &[("GroupId", &sg)]), "InvalidGroup.NotFound"),
        (
            other("AssociateAddress", &[("AllocationId", &eipalloc), ("InstanceId", &i)]),
            "InvalidAllocationID.NotFound",
        ),
        (other("ReleaseAddress", &[("PublicIp", "nowhere")]), "InvalidAddress.Malformed"),
        (other("ReleaseAddress", &[("PublicIp", "198.18.0.9")]), "InvalidAddress.NotFound"),
        (other("ReleaseAddress", &[]), "MissingParameter"),
        (other("DescribeRegions", &[("RegionName.1", "mars-1")]), "InvalidParameterValue"),
        (other("DescribeAvailabilityZones", &[("ZoneName.1", "us-east-1z")]), "InvalidZone.NotFound"),
        (other("DescribeInstanceTypes", &[("InstanceType.1", "t9.huge")]), "InvalidInstanceType"),
        (
            other("DescribeInstanceAttribute", &[("InstanceId", &i), ("Attribute", "x")]),
            "InvalidInstanceID.NotFound",
        ),
        (
            other("ModifyInstanceAttribute", &[("InstanceId", &i), ("InstanceType.Value", "t2.nano")]),
            "InvalidInstanceID.NotFound",
        ),
        (other("CreateTags", &[("ResourceId.1", &i)]), "MissingParameter"),
        (other("MakeCoffee", &[]), "InvalidAction"),
    ];
    let before = everything(&world).await;
    let mut wrong = Vec::new();
    for ((action, parameters), code) in &table {
        let borrowed: Vec<_> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let reply = world.call(ADMIN, action, &borrowed).await;
        if reply.all("Code") != [*code] {
            wrong.push(format!("{action} {borrowed:?}: not {code}: {}", reply.body));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(everything(&world).await, before);
}

/// What there is, without request ids.
async fn everything(world: &World) -> Vec<String> {
    let mut all = Vec::new();
    for action in [
        "DescribeInstances",
        "DescribeKeyPairs",
        "DescribeImages",
        "DescribeSecurityGroups",
        "DescribeAddresses",
        "DescribeNetworkInterfaces",
        "DescribeTags",
    ] {
        let body = world.ok(action, &[]).await.body;
        all.push(body.split("</requestId>").nth(1).unwrap().to_owned());
    }
    all
}
