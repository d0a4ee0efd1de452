#!/usr/bin/env bash
# Every kind of credential with every other one, at every operation: the status
# that RFC 7030 implies.
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

need_python cryptography

if ! curl --version | grep -q TLS-SRP; then
	echo "this curl does no TLS-SRP"
	exit 77
fi

# Each row stands for all combinations of what it names ("any": all there are),
# the first row that fits decides, and one that no row fits is a failure.
# Credentials, one column each:
#   pake    -, or right
#   srp     -, right or wrong: an onboarding code over TLS-SRP, by curl
#   cert    -, ours, foreign (another CA's), expired, removed or disabled (ours,
#           of an identity that is)
#   http    -, right, wrong, noflag (Basic of an identity that was not made for
#           it)
# A PAKE connection is made without a certificate and without TLS-SRP. On one by
# TLS-SRP the server may ask for no certificate (RFC 5246 7.4.4), so whichever
# the client has counts for nothing [RFC7030 3.3.3]. "none" in place of a
# status: there is no connection. Operations: the last two are eecerts and
# resolvers.json with either value of eecerts.access.
# [RFC7030 3.2.3] [RFC7030 3.3.2]
cat >"$work/matrix" <<'TABLE'
pake  srp   cert             http          | cacerts csrattrs simpleenroll simplereenroll anonymous authenticated
right -     -                any           |     200      200          200            403       200           200
-     right any              any           |     200      200          200            403       200           200
-     wrong any              any           |    none     none         none           none      none          none
-     -     ours             any           |     200      200          200            200       200           200
-     -     removed,disabled any           |     200      200          403            403       200           403
-     -     -                -             |     200      200          401            401       200           401
-     -     foreign,expired  -             |     200      200          401            403       200           401
-     -     any              right         |     200      200          200            403       200           200
-     -     -                wrong,noflag  |     200      401          401            401       200           401
-     -     foreign,expired  wrong,noflag  |     200      401          401            403       200           401
TABLE

# One source makes all attempts here, many of them wrong.
for access in anonymous authenticated; do
	start_estuaryd "$access" --set "eecerts.access=$access" \
		--set srp.enabled=yes \
		--set pake.source_burst=1000000 --set pake.total_burst=1000000 \
		--set pake.backoff_max=0s
	save_root "$access"
	"$python" -B "$system_dir/credentials_matrix.py" "$build" "$work" \
		"$access" "${estuaryd_listen[$access]}" <"$work/matrix" ||
		checks_failed=$((checks_failed + 1))
done
finish
