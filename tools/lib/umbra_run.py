# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds what is missing and boots the board in this terminal. Use it as tools/run."""

import contextlib
import fcntl
import pathlib
import subprocess
import sys

import umbra_card
import umbra_debian
import umbra_kernels
import umbra_layout
import umbra_machine
import umbra_system
from umbra_common import Arguments, ToolError, build_dir, make, speaker, tool_main

GDB = "gdb-multiarch"
say = speaker("run")


def arguments_of(arguments):
    parser = Arguments("run", __doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--layout", metavar="NAME",
                       help="one of configs/layouts, or a .dts or .dtb file (what is on the card of `make image`, else linux)")
    which.add_argument("--kernel", metavar="KIND", help=f"one of configs/kernels.toml: {', '.join(umbra_kernels.load())}")
    parser.add_argument("--system", metavar="NAME",
                        help=f"boot into a system on the card's second partition, one of configs/systems.toml: {', '.join(umbra_system.load())}")
    parser.add_argument("--native", action="store_true", help="the same card and guest files, without Umbra")
    parser.add_argument("--direct", action="store_true", help="skip boot ROM and U-Boot: quicker, and the card is only a disk")
    parser.add_argument("--debug", action="store_true", help="stop at the first instruction and attach gdb")
    parser.add_argument("--console", metavar="SOCKET", help="the console on this Unix socket, for tools/gdb, instead of in this terminal")
    parser.add_argument("--qemu", action="append", default=[], metavar="WORD", help="one more word for QEMU's command line; may be repeated")
    options = parser.parse_args(join_words(arguments))
    build_dir()
    if options.debug and options.console:
        parser.error("with --debug the console goes to a file: --console does not go with it")
    if options.console:
        umbra_machine.check_socket(options.console)
    if options.kernel and options.system:
        parser.error("a system has its own kernel: --kernel does not go with --system")
    if options.system:
        umbra_system.find(options.system)
    if options.kernel:
        options.layout = umbra_kernels.find(options.kernel).layout
    options.layout = umbra_card.check_layout(options.layout or (umbra_card.DEFAULT_LAYOUT if options.system else umbra_card.layout_on_card()))
    if not options.kernel and not options.native:
        check_files_of(options)
    return options


def check_files_of(options):
    """Refuse a layout whose guests want files that nobody named."""
    missing = umbra_card.not_on_card(options.layout, {} if options.system else None)
    if missing and options.system:
        raise ToolError(f"layout {options.layout} is none of a system's: it wants {', '.join(missing)}, which a system has not")
    if missing:
        raise ToolError(f"layout {options.layout} wants {', '.join(missing)}, which is not on the card: `make image LAYOUT={options.layout} KERNEL=FILE` "
                        "puts a kernel there under that name")


def join_words(arguments):
    """--qemu WORD as --qemu=WORD: argparse takes a word that begins with a dash for an option."""
    joined = []
    for word in arguments:
        if joined and joined[-1] == "--qemu":
            joined[-1] = f"--qemu={word}"
        else:
            joined.append(word)
    return joined


def build_umbra():
    say("building Umbra")
    done = make()
    if done.returncode:
        raise ToolError("Umbra could not be built (see above)")


def prepare(options):
    """Everything that a boot needs; returns (QEMU program, card image)."""
    umbra_debian.fetch_boot()
    if options.layout.endswith(".dts"):
        umbra_layout.examine(options.layout, build_dir())
    say("building the machine (minutes the first time, nothing to do later)")
    program = umbra_machine.build_machine()
    build_umbra()
    options.ready = umbra_kernels.prepare(options.kernel) if options.kernel else None
    options.root = umbra_system.prepare(options.system) if options.system else None
    say("making the SD card")
    if options.root:
        return program, umbra_system.boot_card(options.root, options.layout, native=options.native)
    if options.ready:
        return program, umbra_kernels.boot_card(options.ready, native=options.native)
    return program, umbra_card.build_card(options.layout, native=options.native)


def files_of(options):
    """{name in the layout: path} of what is booted without a card."""
    if options.root:
        return umbra_system.guest_files(options.root)
    return options.ready.files if options.ready else umbra_card.card_files(options.layout) | umbra_card.remembered(options.layout)


def boot_options(options, image):
    """The part of QEMU's command line that says what is booted."""
    command = umbra_machine.card_boot(image)
    ready = options.ready
    if not (options.direct or (ready and ready.only_direct(options.native))):
        return command
    layout = ready.layout if ready else umbra_card.layout_path(options.layout)
    files = files_of(options)
    if options.native and ready:
        return command + umbra_kernels.native_arguments(ready)
    if options.native:
        return command + umbra_machine.native_boot(files, umbra_machine.layout_bootargs(layout))
    return command + umbra_machine.umbra_boot(layout, files, build_dir())


def run_terminal(command):
    say("booting; after Umbra's last line a Linux unpacks itself for some seconds without a word. To leave, type Ctrl-A and then X (with --console: Ctrl-C)")
    print(flush=True)
    return subprocess.run(command, check=False).returncode


def run_debugger(command):
    """QEMU in the background, its console in a log, gdb in the foreground."""
    gdb_socket, log = build_dir() / "gdb.socket", build_dir() / "debug-console.log"
    gdb_socket.unlink(missing_ok=True)
    command += ["-S", "-chardev", f"socket,id=gdb,path={umbra_machine.file_word(gdb_socket)},server=on,wait=off", "-gdb", "chardev:gdb",
                "-chardev", f"file,id=console,path={umbra_machine.file_word(log)}", "-serial", "chardev:console", "-monitor", "none"]
    say(f"the console goes to {log}; `quit` in gdb ends the machine")
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True) as machine:
        try:
            for _ in range(100):
                if gdb_socket.exists() or machine.poll() is not None:
                    break
                # The socket appears as soon as QEMU has started.
                subprocess.run(["sleep", "0.1"], check=True)
            if machine.poll() is not None:
                raise ToolError("QEMU ended at once (see above)")
            return subprocess.run([GDB, "-q", "-ex", "set architecture armv7", "-ex", f"target remote {gdb_socket}",
                                   build_dir() / "umbra.elf"], check=False).returncode
        finally:
            machine.terminate()


@contextlib.contextmanager
def alone(options):
    """Hold the card for as long as a machine has it: a second one would write to it as well, and QEMU does not keep it from that everywhere."""
    name = f"{options.system or options.kernel or 'card'}{'-native' if options.native else ''}"
    with open(build_dir() / f"run-{name}.lock", "a", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ToolError("another tools/run has this card in its machine: "
                            "end that one, or give this one a build folder of its own, UMBRA_BUILD=FOLDER") from error
        yield


def main(arguments):
    options = arguments_of(arguments)
    with alone(options):
        return start(options)


def start(options):
    say(f"kernel {options.kernel}" if options.kernel else f"layout {options.layout}")
    if options.system:
        say(f"system {options.system}: {umbra_system.LOGIN}")
    program, image = prepare(options)
    command = umbra_machine.base_command(program) + boot_options(options, image) + options.qemu
    if options.debug:
        return run_debugger(command)
    console = umbra_machine.console_on_socket(options.console) if options.console else umbra_machine.console_here()
    return run_terminal(command + console)


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
    tool_main("run", main)
