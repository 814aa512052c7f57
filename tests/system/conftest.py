# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures of the system tests, and the end of the console of every board in the report of a failed test."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import board as board_module  # noqa: E402
import umbra_card  # noqa: E402
import umbra_system  # noqa: E402
from board import WORKER, Board  # noqa: E402
from guest_report import NativeReports  # noqa: E402


# Files of tests that share no machine. Each test may go to any worker, and they come last, the short ones at the very end, so that the workers
# end together. The tests of all other files stay together.
SPREAD = ("test_card", "test_kernels", "test_duo", "test_guests", "test_strategies", "test_adversary")


def spread_place(item):
    return SPREAD.index(item.path.stem) if item.path.stem in SPREAD else -1


def pytest_collection_modifyitems(items):
    items.sort(key=spread_place)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid):
            name = pathlib.Path(nodeid.split("::", 1)[0]).stem
            return nodeid if name in SPREAD else super()._split_scope(nodeid)

    return Scheduling(config, log)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.failed:
        for one in board_module.boards:
            if one.log.exists() and not one.child.closed:
                report.sections.append((f"console of {one.name} ({one.log})", one.tail(30)))


@pytest.fixture
def boot(request):
    """boot(arguments, exact=True, record=False) starts a board that ends with the test."""
    started = []

    def start(arguments, **options):
        started.append(Board(f"{request.node.name}-{len(started)}" if started else request.node.name, arguments, **options))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture(scope="session")
def native_reports(tmp_path_factory):
    """What bare-metal guests say natively."""
    folder = tmp_path_factory.getbasetemp()
    return NativeReports(folder.parent if WORKER else folder)


@pytest.fixture(scope="session")
def card_image(tmp_path_factory):
    """A finished SD card with Umbra, and an 8 MiB file that no compression or sparse file can fake."""
    folder = tmp_path_factory.mktemp("card")
    return umbra_card.build_card("linux", folder / "card.img", extra=umbra_card.test_data(folder))


@pytest.fixture(scope="session")
def system():
    """The full Debian: in the cache, or made."""
    return umbra_system.prepare("debian")


@pytest.fixture(scope="session")
def system_card(system, tmp_path_factory):
    """A card with it. Nobody writes to this one."""
    return umbra_system.boot_card(system, "linux", tmp_path_factory.mktemp("system") / "card.img")


@pytest.fixture(scope="session")
def several_layouts(tmp_path_factory):
    """A card with a choice of layouts, which does not wait long; nobody writes to it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(umbra_card, "MENU_SECONDS", 0.1)
        return umbra_card.build_card("linux", tmp_path_factory.mktemp("layouts") / "card.img", others=["linux-small"])


@pytest.fixture
def card(card_image, tmp_path):
    """A private copy of the card, which the test may change."""
    return umbra_card.copy(card_image, tmp_path / "card.img")
