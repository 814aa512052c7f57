#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# One stressor of stress-ng, in a folder of its own: stressor USER NAME SECONDS. It ends after one of its operations, or after a second, or is ended
# after SECONDS. Prints `verdict STATUS`: 0 passed, 2 found something wrong, 3 and 4 cannot run here, 124, 137 and 143 did not come to its end; and `skipped`
# if it said that it cannot do its work here.
folder=/tmp/stress
if [ "$(id -u)" != "$1" ]; then
	rm -rf $folder
	mkdir $folder
	chown "$1:$1" $folder
	exec start-stop-daemon -S -n none -c "$1:$1" -a /bin/sh -- "$0" "$@"
fi
mkdir -p $folder
cd $folder || exit
timeout -k 2 "$3" stress-ng --verify --oomable --"$2" 1 --"$2"-ops 1 -t 1 </dev/null >log 2>&1
status=$?
! grep -q 'skipped\|not implemented' log || status="$status skipped"
echo "verdict $status"
[ "$status" != 2 ] || grep -h 'fail:\|error:' log
rm -rf ${folder:?}/*
