# SPDX-License-Identifier: GPL-2.0-or-later
"""30 s of Debian's stress-ng with verification, unpacked from the passed-through card into memory."""

import re

import umbra_machine
from board import umbra_arguments

STRESSORS = "--cpu 1 --vm 1 --vm-bytes 24m --fork 1 --pipe 1 --switch 1 --mmap 1 --mmap-bytes 16m"


def test_stress(boot, card):
    # Time is real here: the guest is to work for 30 s of it, not for 30e9 instructions.
    board = boot(umbra_arguments("stress") + umbra_machine.card_boot(card), exact=False)
    board.wait_for_shell(timeout=300)
    board.run("card && mkdir /tmp/s && cd /tmp/s && zcat /mnt/stress.cpio.gz | cpio -id 2>/dev/null && umount /mnt", timeout=300)
    board.run("ln -s /tmp/s/lib/* /lib/ && cd /root")
    output = board.run(f"/tmp/s/usr/bin/stress-ng --verify {STRESSORS} --timeout 30 2>&1", timeout=400)
    assert re.search(r"successful run completed", output), output
    assert not re.search(r"\bfail(ed)?:", output), output
    log = board.run("dmesg")
    assert not re.search(r"Oops|BUG:|Internal error|Unhandled", log), log[-3000:]
    assert re.search(r"^unrewritten\s+0\b", board.monitor("stats"), re.M)
    assert "0 violations" in board.monitor("guest audit").splitlines()
