//! A node with a world of its own: prefix, public range, state; its agent a process of its own that can be killed.
//! Everything is purged when the test ends, however it ends.

use std::net::Ipv4Addr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use api_spec::ids::{InstanceId, NetworkInterfaceId, SecurityGroupId, SubnetId, VolumeId, VpcId};
use calls::node::*;
use kit::credentials::Credentials;
use kit::metrics::Metrics;
use kit::peer::{Door, Peers, socket_path};
use kit::{Clock, Common, Context, Random, ServiceName, Shutdown};

pub const IMAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../images/tiny/out/tiny.qcow2");
const AGENT_OF: &str = "MURUS_NODE_TEST_WORLD";

/// One test's node.
pub struct World {
    pub dir: tempfile::TempDir,
    pub config: node::Config,
    pub desired: Desired,
    agent: Option<Child>,
}

pub fn random() -> u128 {
    let mut bytes = [0; 16];
    std::io::Read::read_exact(&mut std::fs::File::open("/dev/urandom").unwrap(), &mut bytes).unwrap();
    u128::from_le_bytes(bytes)
}

pub fn sh(program: &str, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).output().unwrap()
}

pub fn must(program: &str, arguments: &[&str]) -> String {
    let output = sh(program, arguments);
    assert!(output.status.success(), "{program} {arguments:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Waits for `condition`, looking often, never longer than `seconds`.
pub fn wait<T>(what: &str, seconds: u64, mut condition: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(begun.elapsed() < Duration::from_secs(seconds), "not within {seconds} s: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn common(dir: &Path) -> Common {
    Common { data_dir: dir.join("data"), run_dir: dir.join("run"), ..Common::default() }
}

/// The agent's process: the test binary calls itself with the world's directory in the environment.
pub fn agent() {
    let Some(dir) = std::env::var_os(AGENT_OF).map(PathBuf::from) else { return };
    let mut config: node::Config = kit::config::load(&dir.join("node.toml")).unwrap();
    config.public_pool = std::fs::read_to_string(dir.join("public-pool")).unwrap().parse().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let common = common(&dir);
        let peers = Peers::new(&common.run_dir);
        let shutdown = Shutdown::default();
        let context = Context {
            service: ServiceName::Node,
            credentials: Credentials::new(peers.internal(ServiceName::Identity)),
            peers,
            clock: Clock::system(),
            random: Random::system(),
            metrics: Metrics::default(),
            shutdown: shutdown.clone(),
            common: Arc::new(common.clone()),
        };
        let routes = node::start(config, context).await.unwrap();
        let socket = socket_path(&common.run_dir, ServiceName::Node, Door::Internal);
        kit::server::serve_unix(&socket, routes.internal, &shutdown).unwrap();
        std::future::pending::<()>().await;
    });
}

impl World {
    pub fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("murus-node-").tempdir_in("/var/tmp").unwrap();
        must("chmod", &["755", dir.path().to_str().unwrap()]);
        for below in ["data/node", "run"] {
            std::fs::create_dir_all(dir.path().join(below)).unwrap();
        }
        let number = random();
        assert!(Path::new(IMAGE).exists(), "no {IMAGE}: run images/tiny/build");
        // QEMU's user may not be let into where this work tree lies
        std::fs::copy(IMAGE, dir.path().join("base.qcow2")).unwrap();
        let config = node::Config {
            prefix: format!("t{:04x}", number & 0xffff),
            public_pool: format!("198.19.{}.0/24", (number >> 16) & 0xff).parse().unwrap(),
            qemu_user: "libvirt-qemu".into(),
            qemu_group: "libvirt-qemu".into(),
            shutdown_grace_s: 30,
            tick_ms: 300,
            ..node::Config::default()
        };
        let text = format!(
            "prefix = \"{}\"\nqemu_group = \"libvirt-qemu\"\nshutdown_grace_s = 30\ntick_ms = 300\n",
            config.prefix
        );
        std::fs::write(dir.path().join("node.toml"), text).unwrap();
        std::fs::write(dir.path().join("public-pool"), config.public_pool.to_string()).unwrap();
        let key = dir.path().join("key");
        must("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", key.to_str().unwrap()]);
        let desired = Desired { generation: 0, vpcs: vec![vpc(number)], instances: vec![] };
        World { dir, config, desired, agent: None }
    }

    pub fn start_agent(&mut self) {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.dir.path().join("agent.log"))
            .unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "the_agent", "--ignored", "--nocapture"])
            .env(AGENT_OF, self.dir.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .process_group(0);
        self.agent = Some(command.spawn().unwrap());
    }

    pub fn kill_agent(&mut self) {
        if let Some(mut agent) = self.agent.take() {
            agent.kill().unwrap();
            agent.wait().unwrap();
        }
    }

    fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    pub fn call<C: calls::InternalCall>(&self, call: &C) -> C::Reply {
        self.block_on(async {
            Peers::new(&self.dir.path().join("run")).internal(ServiceName::Node).call(call).await
        })
        .unwrap()
    }

    /// Sends the desired state under the next generation.
    pub fn apply(&mut self) {
        self.desired.generation += 1;
        let accepted = self.call(&self.desired.clone());
        assert_eq!(accepted.generation, self.desired.generation);
    }

    pub fn observed(&self, since: u64) -> Observed {
        self.call(&WatchObserved { since, timeout_ms: 500 })
    }

    pub fn see(&self, id: &InstanceId) -> Option<ObservedInstance> {
        self.observed(0).instances.into_iter().find(|instance| instance.id == *id)
    }

    pub fn wait_for(&self, id: &InstanceId, state: DomainState, seconds: u64) -> ObservedInstance {
        let mut last = None;
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(seconds) {
            last = self.see(id);
            if let Some(seen) = &last
                && seen.domain == state
            {
                return seen.clone();
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("{id} not {state:?} within {seconds} s: {last:?}")
    }

    /// A disk over the tiny image (or an empty one), owned as the volume service owns them.
    pub fn disk(&self, boot: bool) -> Disk {
        let volume = VolumeId::from_random(random());
        let path = self.dir.path().join(format!("{volume}.qcow2"));
        let file = path.to_str().unwrap();
        if boot {
            must(
                "qemu-img",
                &["create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", "base.qcow2", file, "512M"],
            );
        } else {
            must("qemu-img", &["create", "-q", "-f", "qcow2", file, "64M"]);
        }
        must("chown", &["libvirt-qemu:libvirt-qemu", file]);
        let device = if boot { "/dev/sda1" } else { "/dev/sdf" };
        Disk { volume, source: DiskSource::Qcow2(path), device: device.into(), boot }
    }

    /// An instance with the last digit of its addresses.
    pub fn instance(&self, last: u8) -> Instance {
        let vpc = &self.desired.vpcs[0];
        let id = InstanceId::from_random(random());
        let address = Ipv4Addr::new(172, 31, 0, last);
        let [a, b, c, _] = self.config.public_pool.network().octets();
        let public = Ipv4Addr::new(a, b, c, last);
        let mac = format!("02:00:00:00:00:{last:02x}");
        let key = std::fs::read_to_string(self.dir.path().join("key.pub")).unwrap();
        let nic_leaf = |name: &str| format!("meta-data/network/interfaces/macs/{mac}/{name}");
        let leaves = [
            ("meta-data/instance-id".to_owned(), id.to_string()),
            ("meta-data/instance-type".to_owned(), "t2.nano".to_owned()),
            ("meta-data/local-ipv4".to_owned(), address.to_string()),
            ("meta-data/public-keys/0/openssh-key".to_owned(), key.trim().to_owned()),
            (nic_leaf("device-number"), "0".to_owned()),
        ];
        Instance {
            id,
            power: Power::Running,
            start_sequence: 1,
            reboot_sequence: 0,
            vcpus: 1,
            memory_mib: 256,
            disks: vec![self.disk(true)],
            nics: vec![Nic {
                id: NetworkInterfaceId::from_random(random()),
                vpc: vpc.id.clone(),
                subnet: vpc.subnets[0].id.clone(),
                mac,
                address,
                public: Some(public),
                groups: vec![vpc.groups[0].id.clone()],
                device_index: 0,
                host_name: format!("ip-172-31-0-{last}"),
                domain_name: "ec2.internal".into(),
            }],
            metadata: Metadata {
                leaves: leaves.into(),
                public_key_name: Some("me".into()),
                user_data: None,
                token_required: false,
                enabled: true,
                profile: None,
            },
        }
    }

    /// Runs a command in a guest; none if ssh does not get through.
    pub fn ssh(&self, instance: &Instance, command: &str) -> Option<String> {
        let key = self.dir.path().join("key");
        let public = instance.nics[0].public.unwrap();
        let options = [
            "StrictHostKeyChecking=no",
            "UserKnownHostsFile=/dev/null",
            "BatchMode=yes",
            "ConnectTimeout=3",
            "LogLevel=ERROR",
        ];
        let to = format!("ec2-user@{public}");
        // a session whose guest vanishes would never end by itself
        let mut arguments = vec!["20", "ssh", "-i", key.to_str().unwrap()];
        arguments.extend(options.iter().flat_map(|option| ["-o", option]));
        arguments.extend([to.as_str(), command]);
        let output = sh("timeout", &arguments);
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    pub fn wait_ssh(&self, instance: &Instance, seconds: u64) {
        let what = format!("ssh to {}\n{}", instance.id, self.log());
        wait(&what, seconds, || self.ssh(instance, "true"));
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("agent.log")).unwrap_or_default()
    }

    pub fn domain(&self, instance: &Instance) -> String {
        format!("{}-{}", self.config.prefix, instance.id)
    }

    pub fn namespace(&self) -> String {
        format!("{}-{}", self.config.prefix, self.desired.vpcs[0].id)
    }

    pub fn namespace_of(&self, instance: &Instance) -> String {
        format!("{}-{}", self.config.prefix, instance.nics[0].vpc)
    }

    pub fn purge(&mut self) {
        self.kill_agent();
        node::purge(&self.config, &common(self.dir.path())).unwrap();
    }

    /// What carries this world's prefix on the host, as every tool tells it.
    pub fn traces(&self) -> Vec<String> {
        let listings = [
            must("virsh", &["list", "--all", "--name"]),
            must("ip", &["netns", "list"]),
            must("ip", &["-o", "link"]),
            must("nft", &["list", "tables"]),
        ];
        let prefix = &self.config.prefix;
        let mut traces: Vec<String> = listings
            .iter()
            .flat_map(|listing| listing.lines())
            .filter(|line| line.contains(&format!("{prefix}-")) || line.contains(&format!("{prefix}_")))
            .map(str::to_owned)
            .collect();
        let net = self.config.public_pool.network().to_string();
        let stem = net.trim_end_matches('0');
        traces.extend(must("ip", &["route"]).lines().filter(|line| line.contains(stem)).map(str::to_owned));
        traces
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- agent ---\n{}", self.log());
            for instance in &self.desired.instances {
                let log = self.dir.path().join(format!("data/node/console/{}.log", instance.id));
                eprintln!("--- console ---\n{}", std::fs::read_to_string(log).unwrap_or_default());
            }
        }
        self.kill_agent();
        let _ = node::purge(&self.config, &common(self.dir.path()));
    }
}

fn vpc(number: u128) -> Vpc {
    let everyone = || RulePeer::Cidr("0.0.0.0/0".parse().unwrap());
    Vpc {
        id: VpcId::from_random(number >> 3),
        cidr: "172.31.0.0/16".parse().unwrap(),
        subnets: vec![Subnet { id: SubnetId::from_random(random()), cidr: "172.31.0.0/20".parse().unwrap() }],
        groups: vec![SecurityGroup {
            id: SecurityGroupId::from_random(random()),
            members: vec![Ipv4Addr::new(172, 31, 0, 4), Ipv4Addr::new(172, 31, 0, 5)],
            ingress: vec![Rule { protocol: Some(6), ports: Some((22, 22)), icmp: None, peer: everyone() }],
            egress: vec![Rule { protocol: None, ports: None, icmp: None, peer: everyone() }],
        }],
    }
}
