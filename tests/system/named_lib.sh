# shellcheck shell=bash
# A real bind9, for the tests that need one: to be sourced after lib.sh.
# shellcheck disable=SC2154 # what lib.sh sets

# The programs are in /usr/sbin on some systems.
PATH=$PATH:/usr/sbin

# The beginning of a zone's file: zone_head DOMAIN
zone_head() {
	cat <<-ZONE
		\$TTL 60
		@ IN SOA ns.$1. hostmaster.$1. 1 3600 600 86400 60
		@ IN NS ns.$1.
		ns.$1. IN A 127.0.0.1
	ZONE
}

# named_options DIRECTORY: what makes it leave the machine's own files alone.
# bind 9.20 has no lock file any more, nor the option.
named_options() {
	if named -C | grep lock-file >/dev/null; then
		echo 'lock-file none;'
	fi
	cat <<-CONFIG
		directory "$1";
		pid-file none;
		session-keyfile none;
		managed-keys-directory "$1";
		dnssec-validation no;
		recursion no;
		notify no;
		empty-zones-enable no;
		max-cache-size 8M;
	CONFIG
}

# named_is_running LOG
named_is_running() {
	grep -q ' running$' "$1"
}
