#!/usr/bin/env bash
# 200 devices at once, through a voucher service that answers after two seconds,
# on two workers: each gets its voucher, and EST goes on beside them.
# Most functions are called by their names, through check.
# shellcheck disable=SC2317
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/pledge_lib.sh
. "$(dirname "$0")/pledge_lib.sh"

n=200
make_maker "$n"
start_masa --policy open --delay 2
# The first device is connected long before the last one, and all ask then.
start_estuaryd main --set server.workers=2 --set server.idle_timeout=10m
check "the manufacturer is entered" add_maker main || finish
check "the devices ask" "$python" "$system_dir/voucher_load.py" \
	"${estuaryd_listen[main]}" "$maker" || finish
cp "$work/out" "$work/load.json"

load() {
	json "d['$1']" <"$work/load.json"
}

echo "# all after $(load took_s) s, $(load waits) times 202; cacerts:" \
	"$(load cacerts) times, median $(load median_s) s," \
	"slowest $(load slowest_s) s; longest answer $(load longest_s) s"
same "each gets its voucher" "{\"200\": $n}" "$(load results)"
same "after some 202" true "$(json 'd["waits"] > 0' <"$work/load.json")"
same "no cacerts failed" 0 "$(load cacerts_failed)"
check "half of them within half a second: $(load median_s) s" \
	"$python" -c 'import sys; sys.exit(float(sys.argv[1]) >= 0.5)' \
	"$(load median_s)"
same "the appliance knows them all" "$n" "$(ctl_json main device list |
	json 'sum(i["state"] == "vouchered" for i in d["items"])')"
same "the voucher service gave each one" "$n" "$(ctl_json main audit |
	json 'sum(i["event"] == "voucher.issued" for i in d["items"])')"
finish
