//! What the policies decide: for every action, and by what it is done to.

use crate::world::{ADMIN, World, first};

#[tokio::test]
async fn without_permission_every_action_is_refused_whatever_it_is_given() {
    let world = World::new().await;
    let nobody = world.key(r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#);
    let volume = ("VolumeId", "vol-0123456789abcdef0");
    let actions: [(&str, &[(&str, &str)]); 14] = [
        ("CreateVolume", &[("AvailabilityZone", "us-east-1a"), ("Size", "1")]),
        ("CreateVolume", &[("AvailabilityZone", "nowhere"), ("VolumeType", "nonsense")]),
        ("DeleteVolume", &[volume]),
        ("DeleteVolume", &[("VolumeId", "nonsense")]),
        ("DescribeVolumes", &[]),
        ("DescribeVolumeStatus", &[]),
        ("DescribeVolumeAttribute", &[volume, ("Attribute", "autoEnableIO")]),
        ("AttachVolume", &[volume, ("InstanceId", "i-0123456789abcdef0"), ("Device", "/dev/sdf")]),
        ("DetachVolume", &[volume]),
        ("CreateSnapshot", &[volume]),
        ("DeleteSnapshot", &[("SnapshotId", "snap-0123456789abcdef0")]),
        ("DescribeSnapshots", &[]),
        ("ImportSnapshot", &[]),
        ("DescribeImportSnapshotTasks", &[]),
    ];
    for (action, parameters) in actions {
        let refusal = world.ask(&nobody, action, parameters).await.unwrap_err();
        assert_eq!(refusal.code, "UnauthorizedOperation", "{action}");
        assert!(refusal.message.contains(&format!("ec2:{action}")), "{}", refusal.message);
        let mut dry = parameters.to_vec();
        dry.push(("DryRun", "true"));
        assert_eq!(world.ask(&nobody, action, &dry).await.unwrap_err().code, "UnauthorizedOperation");
    }
    let dry = [("AvailabilityZone", "us-east-1a"), ("Size", "1"), ("DryRun", "true")];
    assert_eq!(world.refused("CreateVolume", &dry).await.0, "DryRunOperation");
    assert!(!world.ok("DescribeVolumes", &[]).await.contains("<item>"));
    assert_eq!(world.ask("AKIAUNKNOWN", "DescribeVolumes", &[]).await.unwrap_err().code, "AuthFailure");
}

#[tokio::test]
async fn tags_at_creation_need_the_permission_to_tag() {
    let world = World::new().await;
    let create = r#"{"Effect":"Allow","Action":"ec2:CreateVolume","Resource":"*"}"#;
    let tag = r#"{"Effect":"Allow","Action":"ec2:CreateTags","Resource":"*",
        "Condition":{"StringEquals":{"ec2:CreateAction":"CreateVolume"}}}"#;
    let request = [
        ("AvailabilityZone", "us-east-1a"),
        ("Size", "1"),
        ("TagSpecification.1.ResourceType", "volume"),
        ("TagSpecification.1.Tag.1.Key", "team"),
        ("TagSpecification.1.Tag.1.Value", "blue"),
    ];
    let only_create = world.key(create);
    let refusal = world.ask(&only_create, "CreateVolume", &request).await.unwrap_err();
    assert!(refusal.message.contains("ec2:CreateTags"), "{}", refusal.message);
    world.ask(&only_create, "CreateVolume", &request[..2]).await.unwrap();
    let both = world.key(&format!("{create},{tag}"));
    let made = world.ask(&both, "CreateVolume", &request).await.unwrap();
    assert!(made.contains("<key>team</key><value>blue</value>"), "{made}");
}

#[tokio::test]
async fn conditions_see_size_type_and_request_tags() {
    let world = World::new().await;
    let key = world.key(
        r#"{"Effect":"Allow","Action":["ec2:CreateVolume","ec2:CreateTags"],
            "Resource":"arn:aws:ec2:us-east-1:111122223333:volume/*",
            "Condition":{"NumericLessThanEquals":{"ec2:VolumeSize":"10"},
                "StringEquals":{"ec2:VolumeType":"gp3","ec2:AvailabilityZone":"us-east-1a","aws:RequestTag/team":"blue"},
                "Bool":{"ec2:Encrypted":"false"}}},
           {"Effect":"Allow","Action":"ec2:CreateTags","Resource":"*"}"#,
    );
    let attempt = async |size: &str, kind: &str, team: &str| {
        let request = [
            ("AvailabilityZone", "us-east-1a"),
            ("Size", size),
            ("VolumeType", kind),
            ("TagSpecification.1.ResourceType", "volume"),
            ("TagSpecification.1.Tag.1.Key", "team"),
            ("TagSpecification.1.Tag.1.Value", team),
        ];
        world.ask(&key, "CreateVolume", &request).await.is_ok()
    };
    assert!(attempt("10", "gp3", "blue").await);
    assert!(!attempt("11", "gp3", "blue").await);
    assert!(!attempt("10", "gp2", "blue").await);
    assert!(!attempt("10", "gp3", "red").await);
}

#[tokio::test]
async fn resource_tags_decide_who_deletes_attaches_and_copies() {
    let world = World::new().await;
    let tagged = |team: &'static str| {
        [
            ("Size", "1"),
            ("TagSpecification.1.ResourceType", "volume"),
            ("TagSpecification.1.Tag.1.Key", "team"),
            ("TagSpecification.1.Tag.1.Value", team),
        ]
    };
    let (blue, red) = (world.volume(&tagged("blue")).await, world.volume(&tagged("red")).await);
    let key = world.key(
        r#"{"Effect":"Allow","Action":["ec2:DeleteVolume","ec2:AttachVolume","ec2:DetachVolume"],"Resource":"*",
            "Condition":{"StringEquals":{"aws:ResourceTag/team":"blue"}}},
           {"Effect":"Allow","Action":"ec2:CreateSnapshot","Resource":"arn:aws:ec2:us-east-1::snapshot/*"},
           {"Effect":"Allow","Action":"ec2:CreateSnapshot","Resource":"arn:aws:ec2:us-east-1:111122223333:volume/*",
            "Condition":{"StringEquals":{"ec2:ResourceTag/team":"blue"}}}"#,
    );
    let instance = world.instance("running");
    let attach = |volume: &str| {
        [
            ("VolumeId", volume.to_owned()),
            ("InstanceId", instance.to_string()),
            ("Device", "/dev/sdf".to_owned()),
        ]
    };
    for (volume, allowed) in [(&red, false), (&blue, true)] {
        let request = attach(volume);
        let request: Vec<_> = request.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let given = world.ask(&key, "AttachVolume", &request).await;
        assert_eq!(given.is_ok(), allowed, "{given:?}");
        let given = world.ask(&key, "CreateSnapshot", &[("VolumeId", volume)]).await;
        assert_eq!(given.is_ok(), allowed, "{given:?}");
    }
    world.until("attached", async || world.attachment(&blue).await == "attached").await;
    world.ask(&key, "DetachVolume", &[("VolumeId", &blue)]).await.unwrap();
    world.until("detached", async || world.attachment(&blue).await == "detached").await;
    assert!(world.ask(&key, "DeleteVolume", &[("VolumeId", &red)]).await.is_err());
    world.ask(&key, "DeleteVolume", &[("VolumeId", &blue)]).await.unwrap();
}

#[tokio::test]
async fn a_denied_source_snapshot_makes_no_volume() {
    let world = World::new().await;
    let snapshot = world.snapshot(&world.volume(&[("Size", "1")]).await).await;
    let key = world.key(&format!(
        r#"{{"Effect":"Allow","Action":"ec2:*","Resource":"*"}},
           {{"Effect":"Deny","Action":"ec2:CreateVolume","Resource":"arn:aws:ec2:us-east-1::snapshot/{snapshot}"}}"#
    ));
    let request = [("AvailabilityZone", "us-east-1a"), ("SnapshotId", snapshot.as_str())];
    assert_eq!(world.ask(&key, "CreateVolume", &request).await.unwrap_err().code, "UnauthorizedOperation");
    assert!(!first(&world.ask(ADMIN, "CreateVolume", &request).await.unwrap(), "volumeId").is_empty());
}
