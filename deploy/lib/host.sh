# shellcheck shell=bash
# What a host needs before Murus can run on it. Sourced by deploy/up,
# deploy/down and tests/run, which have `set -euo pipefail` on.
#
# Every function here may run any number of times: it looks first, does only
# what is missing, says what it did on stderr, and on failure says what to do
# next and returns 1. Nothing asks a question.
#
#   host_check                    a Debian, root, what the kernel must have
#   host_packages GROUP...        Debian packages: build, run, image, tests
#   host_cargo                    a cargo new enough; puts it in PATH
#   host_users                    users and groups of the services
#   host_libvirt                  virtlogd and libvirtd, answering
#   host_libvirt_stop             those of them that host_libvirt started by hand
#   host_users_remove             for deploy/down --purge
#   host_has_systemd              is systemd process 1?

# Pids of daemons started by hand, each with its start time. Gone after a reboot, like the daemons.
HOST_STARTED=/run/murus-host

# Services and the user each runs as; the node agent is root. The gateway
# lives in the object service's process.
HOST_SERVICE_USERS=(identity:murus-identity object:murus-object gateway:murus-object volume:murus-volume compute:murus-compute)
HOST_GROUP=murus # may open the services' sockets

# shellcheck disable=SC2034 # host_packages names them by what it is asked for
{
	HOST_PACKAGES_build=(gcc libc6-dev pkg-config libvirt-dev ca-certificates)
	HOST_PACKAGES_run=(libvirt-daemon-system libvirt-daemon-driver-qemu libvirt-clients qemu-system-x86 qemu-utils
		nftables iproute2 conntrack kmod openssh-client)
	HOST_PACKAGES_image=(grub-pc-bin grub-common e2fsprogs kmod cpio gzip)
	HOST_PACKAGES_tests=(python3 python3-venv openssh-client openssl iputils-ping s3cmd rclone restic)
}

host_say() { printf 'host: %s\n' "$*" >&2; }
host_fail() {
	host_say "error: $*"
	return 1
}

host_has_systemd() { [[ -d /run/systemd/system ]]; }

host_check() {
	[[ $EUID == 0 ]] || host_fail "must be root: run it with sudo" || return 1
	command -v apt-get >/dev/null || host_fail "no apt-get: this host set-up is for Debian 12 and its relatives" || return 1
	if [[ ! -c /dev/net/tun ]]; then
		modprobe tun 2>/dev/null || true
		[[ -c /dev/net/tun ]] ||
			host_fail "/dev/net/tun is missing: load the tun module, or give this container the device" || return 1
	fi
	local probe=murus-probe-$$
	# iproute2 may not be installed yet; then host_packages brings it.
	if command -v ip >/dev/null; then
		ip netns add "$probe" 2>/dev/null ||
			host_fail "cannot make a network namespace: the host or container must allow CAP_SYS_ADMIN" || return 1
		ip netns delete "$probe"
	fi
}

host_installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

host_apt() {
	DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a apt-get -q -y -o DPkg::Lock::Timeout=300 \
		-o Dpkg::Options::=--force-confold "$@" </dev/null
}

host_packages() {
	local group name missing=() log
	for group; do
		local -n wanted=HOST_PACKAGES_$group
		for name in "${wanted[@]}"; do
			host_installed "$name" || [[ " ${missing[*]-} " == *" $name "* ]] || missing+=("$name")
		done
	done
	[[ ${#missing[@]} -gt 0 ]] || return 0
	log=$(mktemp /tmp/murus-packages.XXXXXX)
	host_say "installing ${missing[*]}"
	# The lists at hand may do; they are fetched only if they do not.
	if ! host_apt install --no-install-recommends "${missing[@]}" >"$log" 2>&1; then
		host_say "not with the package lists at hand; apt-get update, and once more"
		host_apt update >>"$log" 2>&1 ||
			host_fail "apt-get update failed: see $log, repair the network or /etc/apt/sources.list*, run again" || return 1
		host_apt install --no-install-recommends "${missing[@]}" >>"$log" 2>&1 ||
			host_fail "apt-get install failed: see $log, then run again" || return 1
	fi
	rm -f "$log"
}

# host_cargo MINIMUM (such as 1.95): finds cargo also where rustup puts it.
host_cargo() {
	local minimum=$1 version directory
	for directory in "${CARGO_HOME:-$HOME/.cargo}/bin" /usr/local/cargo/bin "${SUDO_USER:+$(getent passwd "${SUDO_USER:-}" | cut -d: -f6)/.cargo/bin}"; do
		command -v cargo >/dev/null && break
		[[ ! -x $directory/cargo ]] || PATH=$directory:$PATH
	done
	command -v cargo >/dev/null ||
		host_fail "cargo is missing, and Debian 12's is too old: install Rust $minimum or newer from https://rustup.rs, then run again" || return 1
	version=$(rustc --version 2>/dev/null | cut -d' ' -f2)
	[[ $(printf '%s\n%s\n' "$minimum" "$version" | sort -V | head -1) == "$minimum" ]] ||
		host_fail "Rust ${version:-of unknown version} is too old, $minimum is needed: rustup update stable, then run again" || return 1
}

host_users() {
	local pair user made=()
	if ! getent group "$HOST_GROUP" >/dev/null; then
		groupadd --system "$HOST_GROUP" || host_fail "groupadd $HOST_GROUP failed: see above" || return 1
		made+=("group $HOST_GROUP")
	fi
	for pair in "${HOST_SERVICE_USERS[@]}"; do
		user=${pair#*:}
		if ! getent group "$user" >/dev/null; then
			groupadd --system "$user" || host_fail "groupadd $user failed: see above" || return 1
		fi
		if ! getent passwd "$user" >/dev/null; then
			useradd --system --gid "$user" --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin \
				--comment "Murus ${pair%%:*} service" "$user" || host_fail "useradd $user failed: see above" || return 1
			made+=("user $user")
		fi
		id -nG "$user" | grep -qw -- "$HOST_GROUP\( \|$\)" || usermod --append --groups "$HOST_GROUP" "$user" ||
			host_fail "usermod $user failed: see above" || return 1
	done
	[[ ${#made[@]} -eq 0 ]] || host_say "made ${made[*]}"
}

host_users_remove() {
	local pair user
	for pair in "${HOST_SERVICE_USERS[@]}"; do
		user=${pair#*:}
		! getent passwd "$user" >/dev/null || userdel "$user" ||
			host_fail "userdel $user failed: stop what still runs as $user (ps -u $user), then run again" || return 1
		! getent group "$user" >/dev/null || groupdel "$user" || return 1
	done
	! getent group "$HOST_GROUP" >/dev/null || groupdel "$HOST_GROUP"
}

host_libvirt_answers() { timeout 15 virsh -q -c qemu:///system version >/dev/null 2>&1; }

# host_listens virtlogd-sock | libvirt-sock
host_listens() { ss -xlH 2>/dev/null | grep -q "/libvirt/$1 "; }

# A /dev/kvm that QEMU cannot open makes libvirtd probe QEMU anew, for seconds,
# at every look-up. Debian's own mode is root:kvm 660; a container may differ.
host_kvm_device() {
	[[ -c /dev/kvm ]] || return 0
	local group mode
	read -r group mode < <(stat -c '%G %a' /dev/kvm)
	[[ $mode == 666 || ($group == kvm && $mode == *66?) ]] && return 0
	{ chgrp kvm /dev/kvm && chmod 660 /dev/kvm; } ||
		host_fail "cannot let QEMU open /dev/kvm: chgrp kvm /dev/kvm && chmod 660 /dev/kvm, then run again" || return 1
	host_say "/dev/kvm was $mode of group $group; QEMU may open it now"
}

# When a process began; nothing if it has ended, reaped or not.
host_start_time() { awk '$3 != "Z" { print $22 }' "/proc/$1/stat" 2>/dev/null || true; }

# host_daemon NAME: starts it detached, holding none of our descriptors, and
# remembers that it was us.
host_daemon() {
	local name=$1 pid_file=$HOST_STARTED/$1.pid pid
	mkdir -p "$HOST_STARTED"
	(
		local fd
		for fd in /proc/self/fd/*; do
			fd=${fd##*/}
			[[ $fd -le 2 ]] || eval "exec $fd>&-"
		done
		cd /
		LIBVIRT_LOG_OUTPUTS="3:file:$HOST_STARTED/$name.log" \
			exec setsid "/usr/sbin/$name" --daemon --pid-file "$pid_file" </dev/null >"$HOST_STARTED/$name.log" 2>&1
	) || host_fail "$name did not start: $(tail -n 3 "$HOST_STARTED/$name.log"); try /usr/sbin/$name by hand" || return 1
	pid=$(cat "$pid_file")
	echo "$pid $(host_start_time "$pid")" >"$HOST_STARTED/$name"
	host_say "started $name (process $pid)"
}

host_libvirt_start() {
	if host_has_systemd; then
		systemctl enable --now --quiet virtlogd.socket libvirtd.socket libvirtd.service ||
			host_fail "systemd did not start libvirtd: see systemctl status libvirtd and journalctl -u libvirtd"
		return
	fi
	host_listens virtlogd-sock || host_daemon virtlogd || return 1
	host_listens libvirt-sock || host_daemon libvirtd
}

host_libvirt() {
	local deadline=$((SECONDS + 90)) next=$((SECONDS + 10))
	host_kvm_device || return 1
	if host_listens virtlogd-sock && host_libvirt_answers; then return 0; fi
	host_libvirt_start || return 1
	until host_libvirt_answers; do
		if ((SECONDS >= deadline)); then
			host_fail "libvirt does not answer after 90 s: try virsh -c qemu:///system version; its log is $(host_has_systemd && echo 'journalctl -u libvirtd' || echo "$HOST_STARTED/libvirtd.log")"
			return 1
		fi
		((SECONDS < next)) || { host_say "waiting for libvirt to answer" && next=$((SECONDS + 10)); }
		sleep 0.2
	done
}

# Stops a daemon if the process is the one that host_daemon started.
host_daemon_stop() {
	local name=$1 pid started
	[[ -r $HOST_STARTED/$name ]] || return 0
	read -r pid started <"$HOST_STARTED/$name"
	if [[ -n $started && $(host_start_time "$pid") == "$started" ]]; then
		kill "$pid"
		for _ in {1..100}; do
			[[ $(host_start_time "$pid") == "$started" ]] || break
			sleep 0.1
		done
		[[ $(host_start_time "$pid") != "$started" ]] ||
			host_fail "$name (process $pid) does not end: kill -9 $pid" || return 1
		host_say "stopped $name"
	fi
	rm -f "$HOST_STARTED/$name" "$HOST_STARTED/$name.pid" "$HOST_STARTED/$name.log"
}

# Guests outlive libvirtd, but while one runs virtlogd writes its console log.
host_libvirt_stop() {
	host_daemon_stop libvirtd || return 1
	if pgrep -f 'qemu-system.* -name guest=' >/dev/null; then
		[[ ! -e $HOST_STARTED/virtlogd ]] || host_say "guests still run: virtlogd stays, it writes their console logs"
		return 0
	fi
	host_daemon_stop virtlogd || return 1
	rmdir "$HOST_STARTED" 2>/dev/null || true
}
