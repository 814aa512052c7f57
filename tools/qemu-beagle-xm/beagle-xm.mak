# SPDX-License-Identifier: GPL-2.0-or-later
# The device configuration of our qemu-system-arm: this machine and what a user may add to it on the command line.

CONFIG_BEAGLE_XM=y
CONFIG_GENERIC_LOADER=y
