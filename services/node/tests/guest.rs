//! The whole agent with real guests: libvirt, QEMU, namespaces. Needs root, libvirtd and the `tiny` image.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panic")]

mod support;

use std::process::{Command, Stdio};

use api_spec::ids::SnapshotId;
use calls::node::*;
use support::{World, must, random, sh, wait};

#[test]
#[ignore = "the agent's own process, started by the other tests"]
fn the_agent() {
    support::agent();
}

/// Tracked TCP connections to port 22 in the world's namespace.
fn tracked_ssh(world: &World) -> usize {
    let listing = must("ip", &["netns", "exec", &world.namespace(), "conntrack", "-L", "-p", "tcp"]);
    listing.lines().filter(|line| line.contains("ESTABLISHED") && line.contains("dport=22 ")).count()
}

#[test]
fn a_guest_gets_its_address_metadata_and_disks_and_its_group_filters_it() {
    let mut world = World::new();
    world.start_agent();
    let mut instance = world.instance(4);
    instance.metadata.user_data = Some("aGVsbG8=".into());
    world.desired.instances = vec![instance.clone()];
    world.apply();
    world.wait_for(&instance.id, DomainState::Running, 30);
    world.wait_ssh(&instance, 120);

    address_and_metadata(&world, &instance);
    group_closes_and_opens(&mut world, &instance);
    disks_come_and_go(&mut world, &instance);

    let console = world.call(&ConsoleOutput { instance: instance.id.clone() });
    assert!(console.at.is_some() && console.output.len() > 100, "{console:?}");

    world.desired.instances.clear();
    world.apply();
    wait("the instance is gone", 30, || world.see(&instance.id).is_none().then_some(()));
    assert_eq!(std::fs::read_dir(world.dir.path().join("data/node/console")).unwrap().count(), 0);
    world.desired.vpcs.clear();
    world.apply();
    let namespace = world.namespace_of(&instance);
    wait("the namespace is gone", 10, || {
        (!must("ip", &["netns", "list"]).contains(&namespace)).then_some(())
    });
    world.purge();
    assert_eq!(world.traces(), Vec::<String>::new());
}

fn address_and_metadata(world: &World, instance: &Instance) {
    let ask =
        |command: &str| world.ssh(instance, command).unwrap_or_else(|| panic!("{command}\n{}", world.log()));
    assert!(ask("ip -4 addr show eth0").contains("172.31.0.4/20"));
    assert!(ask("ip route").contains("default via 172.31.0.1"));
    assert!(ask("cat /etc/resolv.conf").contains("172.31.0.2"));
    assert_eq!(ask("imds latest/meta-data/instance-id"), instance.id.as_str());
    assert_eq!(ask("imds latest/user-data"), "hello");
    let first = "busybox wget -q -O - http://169.254.169.254/latest/meta-data/local-ipv4";
    assert_eq!(ask(first), "172.31.0.4");
    assert!(ask("nslookup ip-172-31-0-4.ec2.internal 172.31.0.2").contains("172.31.0.4"));
    // an address that is not its own gets nothing through, not even to the metadata
    let forged = "sudo ip addr add 172.31.0.5/32 dev eth0; \
                  timeout 3 sudo ip route get 169.254.169.254 from 172.31.0.5 >/dev/null; \
                  echo 'GET /latest/meta-data/instance-id HTTP/1.0\n' | timeout 3 nc -s 172.31.0.5 169.254.169.254 80; \
                  sudo ip addr del 172.31.0.5/32 dev eth0";
    assert!(!ask(&format!("{forged}; true")).contains("i-"));
}

fn group_closes_and_opens(world: &mut World, instance: &Instance) {
    let key = world.dir.path().join("key");
    let mut session = Command::new("ssh")
        .args([
            "-i",
            key.to_str().unwrap(),
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
        ])
        .args(["-o", "LogLevel=ERROR", &format!("ec2-user@{}", instance.nics[0].public.unwrap())])
        // the guest goes on sending: no segment of its may bring the connection back
        .arg("while sleep 0.1; do date; done")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    wait("a session is tracked", 20, || (tracked_ssh(world) > 0).then_some(()));
    let rules = std::mem::take(&mut world.desired.vpcs[0].groups[0].ingress);
    world.apply();
    wait("the session is cut", 10, || (tracked_ssh(world) == 0).then_some(()));
    assert_eq!(world.ssh(instance, "true"), None, "a closed port let someone in");
    assert_eq!(tracked_ssh(world), 0, "a connection that was cut came back");
    session.kill().unwrap();
    session.wait().unwrap();
    world.desired.vpcs[0].groups[0].ingress = rules;
    world.apply();
    world.wait_ssh(instance, 20);
}

fn disks_come_and_go(world: &mut World, instance: &Instance) {
    let disk = world.disk(false);
    let DiskSource::Qcow2(path) = &disk.source;
    let serial = disk.volume.as_str().replace("-", "");
    let device = format!("/dev/disk/by-id/virtio-{serial}");
    world.desired.instances[0].disks.push(disk.clone());
    world.apply();
    wait("the disk is attached", 20, || {
        world.see(&instance.id).filter(|seen| seen.attached.contains(&disk.volume))
    });
    wait("the guest sees it", 20, || world.ssh(instance, &format!("test -b {device}")));
    let write = format!("echo 'kept by the volume' | sudo dd of={device} conv=fsync");
    wait("the guest writes", 10, || world.ssh(instance, &write));

    backup_holds_what_was_written(world, instance, &disk);

    world.desired.instances[0].disks.pop();
    world.apply();
    wait("the disk is let go", 30, || {
        world.see(&instance.id).filter(|seen| !seen.attached.contains(&disk.volume))
    });
    wait("the guest sees it go", 10, || world.ssh(instance, &format!("test ! -e {device}")));
    assert!(content(path.to_str().unwrap(), world).starts_with("kept by the volume"));
    let owner = must("stat", &["-c", "%U", path.to_str().unwrap()]);
    assert_eq!(owner.trim(), "libvirt-qemu", "libvirt changed the owner of a disk");
}

fn backup_holds_what_was_written(world: &World, instance: &Instance, disk: &Disk) {
    let target = world.dir.path().join("snapshot.qcow2");
    let file = target.to_str().unwrap();
    must("qemu-img", &["create", "-q", "-f", "qcow2", file, "64M"]);
    must("chown", &["libvirt-qemu:libvirt-qemu", file]);
    let call = BackupDisk {
        instance: instance.id.clone(),
        volume: disk.volume.clone(),
        snapshot: SnapshotId::from_random(random()),
        target: target.clone(),
    };
    let end = wait("the copy ends", 30, || match world.call(&call) {
        BackupState::Copying(_) => None,
        end => Some(end),
    });
    assert_eq!(end, BackupState::Done);
    assert_eq!(world.call(&call), BackupState::Done, "asked again it is still done");
    assert!(content(file, world).starts_with("kept by the volume"));
    let elsewhere = BackupDisk {
        volume: api_spec::ids::VolumeId::from_random(random()),
        snapshot: SnapshotId::from_random(random()),
        ..call
    };
    assert_eq!(world.call(&elsewhere), BackupState::NotRunning);
}

/// The first bytes of a qcow2 file that may be in use.
fn content(file: &str, world: &World) -> String {
    let raw = world.dir.path().join("raw");
    must(
        "qemu-img",
        &[
            "dd",
            "-U",
            "-f",
            "qcow2",
            "-O",
            "raw",
            "bs=512",
            "count=1",
            &format!("if={file}"),
            &format!("of={}", raw.display()),
        ],
    );
    String::from_utf8_lossy(&std::fs::read(raw).unwrap()).into_owned()
}

#[test]
fn an_instance_outlives_its_agent_and_comes_back_from_whatever_befalls_its_host() {
    let mut world = World::new();
    world.start_agent();
    let instance = world.instance(4);
    let id = instance.id.clone();
    world.desired.instances = vec![instance.clone()];
    world.apply();
    world.wait_ssh(&instance, 120);

    // the agent dies: the guest and its network go on, the next agent takes over without touching it
    let boot = boot_id(&world, &instance).unwrap();
    let version = world.observed(0).version;
    world.kill_agent();
    assert_eq!(boot_id(&world, &instance).as_ref(), Some(&boot));
    world.start_agent();
    world.wait_for(&id, DomainState::Running, 30);
    assert!(world.observed(0).version > version);
    let imds = wait("metadata is back", 20, || world.ssh(&instance, "imds latest/meta-data/instance-id"));
    assert_eq!(imds, id.as_str());
    assert_eq!(boot_id(&world, &instance), Some(boot.clone()));

    // the host reboots: no domain runs, no namespace is there
    world.kill_agent();
    must("virsh", &["destroy", &world.domain(&instance)]);
    must("ip", &["netns", "delete", &world.namespace()]);
    world.start_agent();
    world.wait_ssh(&instance, 120);
    let second = boot_id(&world, &instance).unwrap();
    assert_ne!(second, boot);

    // its namespace is taken from under it: it is started again with a new one
    must("ip", &["netns", "delete", &world.namespace()]);
    wait("it runs anew", 120, || boot_id(&world, &instance).filter(|boot| *boot != second));

    reboots_stops_and_starts(&mut world, &instance);
}

fn boot_id(world: &World, instance: &Instance) -> Option<String> {
    world.ssh(instance, "cat /proc/sys/kernel/random/boot_id")
}

fn reboots_stops_and_starts(world: &mut World, instance: &Instance) {
    let id = &instance.id;
    let boot = wait("it answers", 60, || boot_id(world, instance));
    world.desired.instances[0].reboot_sequence = 1;
    world.apply();
    wait("the reboot is told", 60, || world.see(id).filter(|seen| seen.reboot_sequence == 1));
    let after = wait("it is back", 120, || boot_id(world, instance));
    assert_ne!(after, boot);

    // the guest switches itself off: off it stays, agent killed or not, until it is started
    world.ssh(instance, "sudo poweroff");
    world.wait_for(id, DomainState::OffByGuest, 60);
    world.kill_agent();
    world.start_agent();
    let seen = world.wait_for(id, DomainState::OffByGuest, 20);
    assert_eq!(seen.start_sequence, 1);
    assert!(!must("virsh", &["list", "--all", "--name"]).contains(id.as_str()));
    world.desired.instances[0].start_sequence = 2;
    world.apply();
    world.wait_ssh(instance, 120);

    world.desired.instances[0].power = Power::Stopped;
    world.apply();
    let seen = world.wait_for(id, DomainState::Off, 60);
    assert_eq!(seen.start_sequence, 2);
    let console = world.call(&ConsoleOutput { instance: id.clone() });
    assert!(!console.output.is_empty(), "the console of a stopped instance is kept");

    // stopped and forced off while booting: no guest listens yet
    world.desired.instances[0].power = Power::Running;
    world.desired.instances[0].start_sequence = 3;
    world.apply();
    world.wait_for(id, DomainState::Running, 30);
    world.desired.instances[0].power = Power::ForcedOff;
    world.apply();
    world.wait_for(id, DomainState::Off, 10);
    let older = Desired { generation: 1, ..world.desired.clone() };
    assert_eq!(world.call(&older).generation, world.desired.generation, "an older state is not taken");
    world.purge();
    assert_eq!(world.traces(), Vec::<String>::new());
}

#[test]
fn two_instances_reach_each_other_only_by_a_rule_and_a_dead_start_is_taken_up() {
    let mut world = World::new();
    world.start_agent();
    let (one, two) = (world.instance(4), world.instance(5));
    world.desired.instances = vec![one.clone(), two.clone()];
    world.apply();
    // the agent dies in the middle of starting them
    wait("a domain is there", 20, || {
        must("virsh", &["list", "--all", "--name"]).contains(one.id.as_str()).then_some(())
    });
    world.kill_agent();
    world.start_agent();
    world.wait_ssh(&one, 180);
    world.wait_ssh(&two, 180);
    let greet = "timeout 5 nc 172.31.0.5 22 </dev/null | head -c 4";
    assert_eq!(world.ssh(&one, greet).as_deref(), Some("SSH-"));

    let [a, b] =
        [world.desired.vpcs[0].groups[0].id.clone(), api_spec::ids::SecurityGroupId::from_random(random())];
    let ssh = |peer| Rule { protocol: Some(6), ports: Some((22, 22)), icmp: None, peer };
    let all = || Rule {
        protocol: None,
        ports: None,
        icmp: None,
        peer: RulePeer::Cidr("0.0.0.0/0".parse().unwrap()),
    };
    let group = |id, last, ingress| SecurityGroup {
        id,
        members: vec![[172, 31, 0, last].into()],
        ingress,
        egress: vec![all()],
    };
    // the first is open to the world, the second to the members of no one's group
    let open = ssh(RulePeer::Cidr("0.0.0.0/0".parse().unwrap()));
    world.desired.vpcs[0].groups =
        vec![group(a.clone(), 4, vec![open]), group(b.clone(), 5, vec![ssh(RulePeer::Group(b.clone()))])];
    world.desired.instances[1].nics[0].groups = vec![b.clone()];
    world.apply();
    wait("the second is closed", 60, || (world.ssh(&one, greet)?.is_empty()).then_some(()));
    assert_eq!(world.ssh(&two, "true"), None);
    // now to the members of the first's
    world.desired.vpcs[0].groups[1].ingress = vec![ssh(RulePeer::Group(a))];
    world.apply();
    wait("members of the group get in", 60, || (world.ssh(&one, greet)? == "SSH-").then_some(()));
    assert_eq!(world.ssh(&two, "true"), None, "the world is not a member");
    // a public address moves from one to the other while both run
    let (first, second) = (one.nics[0].public, two.nics[0].public);
    let nics = &mut world.desired.instances;
    (nics[0].nics[0].public, nics[1].nics[0].public) = (None, first);
    world.desired.vpcs[0].groups[1].ingress = world.desired.vpcs[0].groups[0].ingress.clone();
    world.apply();
    wait("the address leads to the other", 60, || {
        (world.ssh(&one, "imds latest/meta-data/instance-id")? == two.id.as_str()).then_some(())
    });
    let leads_nowhere =
        || (!sh("ip", &["route", "get", &second.unwrap().to_string()]).status.success()).then_some(());
    wait("the address that was left leads nowhere", 20, leads_nowhere);
    // an address of the pool that no instance has goes nowhere
    let unused = world.config.public_pool.broadcast().to_string();
    assert!(!sh("ip", &["route", "get", &unused]).status.success(), "unused public addresses leak");
}
