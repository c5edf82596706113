//! Security groups and their rules.

use calls::node::{Rule, RulePeer};

use crate::world::{World, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_reaches_the_node_of_a_running_instance_and_goes_again() {
    let world = World::new().await;
    let made = world.ok("CreateSecurityGroup", &[("GroupName", "ssh"), ("GroupDescription", "d")]).await;
    let group = made.one("groupId");
    let id = world.run(&[("SecurityGroupId.1", &group)]).await;
    world.until_state(&id, "running").await;
    let ingress = || {
        let desired = world.node.desired();
        desired.vpcs[0].groups.iter().find(|one| one.id.as_str() == group).unwrap().ingress.clone()
    };
    assert_eq!(ingress(), []);
    let open = [
        ("GroupId", group.as_str()),
        ("IpPermissions.1.IpProtocol", "tcp"),
        ("IpPermissions.1.FromPort", "22"),
        ("IpPermissions.1.ToPort", "22"),
        ("IpPermissions.1.IpRanges.1.CidrIp", "192.0.2.7/32"),
        ("IpPermissions.1.IpRanges.1.Description", "me"),
    ];
    let added = world.ok("AuthorizeSecurityGroupIngress", &open).await;
    assert!(added.one("securityGroupRuleId").starts_with("sgr-"));
    let rule = Rule {
        protocol: Some(6),
        ports: Some((22, 22)),
        icmp: None,
        peer: RulePeer::Cidr("192.0.2.7/32".parse().unwrap()),
    };
    eventually("the node filters so", || async { ingress() == [rule.clone()] }).await;
    let message = world.fails("AuthorizeSecurityGroupIngress", &open, "InvalidPermission.Duplicate").await;
    assert!(message.contains("peer: 192.0.2.7/32, TCP, from port: 22, to port: 22, ALLOW"), "{message}");
    let listed = world.ok("DescribeSecurityGroups", &[("GroupId.1", &group)]).await;
    assert_eq!(listed.all("cidrIp"), ["0.0.0.0/0", "192.0.2.7/32"]);
    world.ok("RevokeSecurityGroupIngress", &open).await;
    eventually("the node filters so", || async { ingress().is_empty() }).await;
    world.fails("RevokeSecurityGroupIngress", &open, "InvalidPermission.NotFound").await;

    world.fails("DeleteSecurityGroup", &[("GroupId", &group)], "DependencyViolation").await;
    world.ok("TerminateInstances", &[("InstanceId.1", &id)]).await;
    world.until_state(&id, "terminated").await;
    world.ok("DeleteSecurityGroup", &[("GroupId", &group)]).await;
    world.fails("DescribeSecurityGroups", &[("GroupId.1", &group)], "InvalidGroup.NotFound").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_name_groups_and_have_ids_and_tags_of_their_own() {
    let world = World::new().await;
    let group = |name: &'static str| {
        let world = &world;
        async move {
            world
                .ok("CreateSecurityGroup", &[("GroupName", name), ("GroupDescription", "d")])
                .await
                .one("groupId")
        }
    };
    let (web, database) = (group("web").await, group("database").await);
    let rule = world
        .ok(
            "AuthorizeSecurityGroupIngress",
            &[
                ("GroupId", &database),
                ("IpPermissions.1.IpProtocol", "-1"),
                ("IpPermissions.1.Groups.1.GroupId", &web),
                ("TagSpecification.1.ResourceType", "security-group-rule"),
                ("TagSpecification.1.Tag.1.Key", "why"),
                ("TagSpecification.1.Tag.1.Value", "queries"),
            ],
        )
        .await
        .one("securityGroupRuleId");
    world.fails("DeleteSecurityGroup", &[("GroupId", &web)], "DependencyViolation").await;
    let by_tag = world
        .ok("DescribeSecurityGroupRules", &[("Filter.1.Name", "tag:why"), ("Filter.1.Value.1", "quer*")])
        .await;
    assert_eq!(by_tag.all("securityGroupRuleId"), std::slice::from_ref(&rule));
    let revoke = [("GroupId", database.as_str()), ("SecurityGroupRuleId.1", rule.as_str())];
    world.ok("RevokeSecurityGroupIngress", &revoke).await;
    world.fails("RevokeSecurityGroupIngress", &revoke, "InvalidSecurityGroupRuleId.NotFound").await;
    world.ok("DeleteSecurityGroup", &[("GroupId", &web)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_account_has_a_default_vpc_with_its_group() {
    let world = World::new().await;
    let vpc =
        world.ok("DescribeVpcs", &[("Filter.1.Name", "is-default"), ("Filter.1.Value.1", "true")]).await;
    assert_eq!((vpc.one("cidrBlock"), vpc.one("isDefault")), ("172.31.0.0/16".into(), "true".into()));
    let again = world.ok("DescribeVpcs", &[]).await;
    assert_eq!(again.all("vpcId"), vpc.all("vpcId"));
    let subnets = world.ok("DescribeSubnets", &[]).await;
    assert_eq!(subnets.all("availableIpAddressCount"), ["4091"]);
    let group = world.ok("DescribeSecurityGroups", &[("GroupName.1", "default")]).await.one("groupId");
    world.fails("DeleteSecurityGroup", &[("GroupId", &group)], "CannotDelete").await;
    let twice = [("GroupName", "one"), ("GroupDescription", "d")];
    world.ok("CreateSecurityGroup", &twice).await;
    world.fails("CreateSecurityGroup", &twice, "InvalidGroup.Duplicate").await;
}
