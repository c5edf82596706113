# shellcheck shell=bash
# Starting and stopping the cloud's processes, by systemd's units where systemd
# runs, by hand where it does not. Sourced by deploy/up and deploy/down.

CLOUD_PROGRAM=/usr/local/bin/murus
CLOUD_DEFAULT_CONFIG=/etc/murus/murus.toml
CLOUD_CONFIG=$CLOUD_DEFAULT_CONFIG
CLOUD_LOG=/var/log/murus.log
CLOUD_PID=/run/murus.pid
CLOUD_UNITS=(murus.target murus-identity.service murus-node.service murus-volume.service murus-compute.service
	murus-object.service murus-directories.service)

step() { printf '\n== %s\n' "$*"; }
die() {
	printf 'error: %s\n' "$*" >&2
	exit 1
}

cloud_arguments() {
	while [[ $# -gt 0 ]]; do
		case $1 in
		--config)
			[[ $# -ge 2 ]] || die "--config needs a file"
			CLOUD_CONFIG=$(realpath "$2")
			shift
			;;
		*) die "unknown argument $1: see the head of $0" ;;
		esac
		shift
	done
	[[ $CLOUD_CONFIG == "$CLOUD_DEFAULT_CONFIG" || -r $CLOUD_CONFIG ]] || die "$CLOUD_CONFIG cannot be read"
	! cloud_by_systemd || [[ $CLOUD_CONFIG == "$CLOUD_DEFAULT_CONFIG" ]] ||
		die "the systemd units read $CLOUD_DEFAULT_CONFIG: put the configuration there"
}

cloud() { "$CLOUD_PROGRAM" --config "$CLOUD_CONFIG" "$@"; }
cloud_by_systemd() { host_has_systemd; }

# Success when the binary had to be put in place.
cloud_install_binary() {
	! cmp -s target/release/murus "$CLOUD_PROGRAM" || return 1
	# A new file, not new content: the old one may be running.
	install -m 755 target/release/murus "$CLOUD_PROGRAM.new"
	mv "$CLOUD_PROGRAM.new" "$CLOUD_PROGRAM"
}

cloud_running() {
	if cloud_by_systemd; then
		systemctl --quiet is-active murus.target
	else
		[[ -r $CLOUD_PID ]] && [[ $(readlink "/proc/$(cat "$CLOUD_PID")/exe" 2>/dev/null) == "$CLOUD_PROGRAM"* ]]
	fi
}

cloud_start() {
	if cloud_by_systemd; then
		install -m 644 deploy/systemd/*.service deploy/systemd/*.target /etc/systemd/system/
		systemctl daemon-reload
		systemctl enable --now --quiet murus.target || die "systemd did not start murus.target: systemctl status 'murus*'"
		return
	fi
	setsid "$CLOUD_PROGRAM" --config "$CLOUD_CONFIG" up </dev/null >>"$CLOUD_LOG" 2>&1 &
	echo $! >"$CLOUD_PID"
}

cloud_log_hint() { cloud_by_systemd && echo "journalctl -u 'murus*'" || echo "$CLOUD_LOG"; }

cloud_stop() {
	if cloud_by_systemd; then
		systemctl disable --now --quiet murus.target 2>/dev/null || true
		systemctl stop "${CLOUD_UNITS[@]}" 2>/dev/null || true
		return
	fi
	cloud_running || return 0
	local pid deadline=$((SECONDS + 60))
	pid=$(cat "$CLOUD_PID")
	kill "$pid"
	while kill -0 "$pid" 2>/dev/null; do
		((SECONDS < deadline)) || die "process $pid does not end; see $CLOUD_LOG, then kill -9 $pid"
		sleep 0.1
	done
	rm -f "$CLOUD_PID"
}

# The id of our image of this name, if there is one.
cloud_has_image() { cloud admin image find --name "$1"; }

cloud_uninstall() {
	if cloud_by_systemd; then
		(cd /etc/systemd/system && rm -f "${CLOUD_UNITS[@]}")
		systemctl daemon-reload
	fi
	rm -f "$CLOUD_PROGRAM" "$CLOUD_LOG" "$CLOUD_PID"
}
