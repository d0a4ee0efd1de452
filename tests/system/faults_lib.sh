# shellcheck shell=bash
# Disks that fail and clocks that jump under a running estuaryd and its signer:
# to be sourced in place of lib.sh, which it sources.
#
#	. "$(dirname "$0")/faults_lib.sh"
#	start_estuaryd main
#	faults sync both
#	faults none both
#	clock_ahead 86400
#
# The test runs again in a mount namespace of its own, in which every program
# has faults.c in it by /etc/ld.so.preload: an environment would not reach the
# signer.

if [ -z "${ESTUARY_FAULTS_INSIDE:-}" ]; then
	if [ "$(id -u)" -ne 0 ] || ! unshare -m true 2>/dev/null; then
		echo "mount namespaces are not possible here"
		exit 77
	fi
	ESTUARY_FAULTS_INSIDE=yes exec unshare -m --propagation private "$0" "$@"
fi

# shellcheck source=tests/system/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

faults_file=$work/faults
export SYSTEM_DIR=$system_dir

# set_faults AT FORMAT VALUE: into the file that the programs have mapped.
set_faults() {
	"$python" -c 'import struct, sys
with open(sys.argv[1], "r+b") as f:
    f.seek(int(sys.argv[2]))
    f.write(struct.pack(sys.argv[3], int(sys.argv[4])))' \
		"$faults_file" "$@"
}

# faults WHAT WHOSE: sync, write, half, full, lose (as sync, and what was written
# is lost; estuaryd's alone) or none; of estuaryd, signer or both.
faults() {
	local bits

	case $1 in
	none) bits=0 ;;
	sync) bits=1 ;;
	write) bits=2 ;;
	half) bits=4 ;;
	full) bits=8 ;;
	lose) bits=16 ;;
	*) return 2 ;;
	esac
	[ "$2" = signer ] || set_faults 0 B "$bits"
	[ "$2" = estuaryd ] || set_faults 1 B "$bits"
}

# clock_ahead SECONDS: of estuaryd and its signer, and of programs that run with
# FAULTS_CLOCK=yes.
clock_ahead() {
	set_faults 8 q "$1"
}

faults_begin() {
	head -c 16 /dev/zero >"$faults_file"
	"${CC:-cc}" -shared -fPIC -O1 -Wall -Wextra -Werror \
		-DFAULTS_FILE="\"$faults_file\"" -o "$work/faults.so" \
		"$system_dir/faults.c" -ldl || return 1
	cp -a /etc "$work/etc" && mount --bind "$work/etc" /etc &&
		echo "$work/faults.so" >/etc/ld.so.preload
}

# A sanitizer's runtime wants to be the first.
export ASAN_OPTIONS="$ASAN_OPTIONS:verify_asan_link_order=0"
if ! faults_begin; then
	not_ok "faults.c is preloaded"
	exit 1
fi

faults_cleanup() {
	[ "$BASHPID" = "$$" ] || return 0
	rm -f /etc/ld.so.preload
	umount -l /etc "$work/main" 2>/dev/null
	cleanup
}
trap faults_cleanup EXIT
