# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# What tools/check_* that are shell scripts begin with: --help prints their head, other options mean nothing.
check=${0##*/}
case ${1:-} in
-h | --help)
	sed -n '3,/^set/{s/^# \{0,1\}//p}' "$0"
	exit 0
	;;
-*)
	echo "$check: unknown word '$1'; see tools/$check --help" >&2
	exit 2
	;;
esac
