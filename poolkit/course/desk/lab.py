"""`poolkit lab`: the lessons as the learner's own copies, open in JupyterLab.

The copies go to my_work/ beside notebooks/, one folder deep like the lessons, so that every link
in a lesson leads to the same place from its copy. What the server is set to is written in a folder
of its own, so that the user's own settings of Jupyter stay untouched, and every option wins.
"""

import errno
import json
import os
import socket
import sys
from itertools import pairwise
from pathlib import Path

from poolkit.course.desk.copies import (
    find_lessons,
    hand_out,
    known_lesson,
    unwritable,
    write_whole,
)
from poolkit.course.desk.speaking import DeskError, command, say
from poolkit.course.files import ROOT

SETTINGS = ".jupyter"  # in my_work: for this server only, written anew at every start

HELP = """\
usage: poolkit lab [LESSON] [option of `jupyter lab` ...]

Copy the lessons to my_work/, where they are yours, and open one in JupyterLab.
A file of yours in my_work/ is never overwritten: `poolkit reset` begins a lesson
afresh, `poolkit update` brings in what is new. Ctrl-C ends JupyterLab.

  LESSON          a lesson's number or name, such as 2 or 02_simple (default: 0)
  -h, --help      this text; --help-all shows the options of `jupyter lab`
  --port PORT     a port of your choice, for example 8889
  --no-browser    print the address, open no browser
"""


@command("lab")
def main(argv, *, root=ROOT, serve=None):
    """Hand out the lessons and run JupyterLab until it ends; return the exit code.

    `serve` takes Jupyter's options and runs the server, in this very process, so that no
    server is left behind when this one ends. What the user can mend is one line and code 2.
    """
    if {"-h", "--help"} & set(argv):
        say(HELP.splitlines())
        return 0
    serve = serve or find_jupyterlab()
    work = root / "my_work"
    lessons = find_lessons(root / "notebooks")
    lesson, options = choose_lesson(lessons, argv)
    check_port(options)
    hand_out(root / "notebooks", work)
    configure(work, lesson, port_asked=asked_port(options) is not None)
    return run(serve, options)


def run(serve, options):
    """Run the server; return its exit code."""
    say(["Starting JupyterLab. Press Ctrl-C in this window to end it."])
    try:
        serve(options)
    except KeyboardInterrupt:  # before Jupyter's own handler stands
        return 130
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else int(bool(ending.code))
    return 0


def find_jupyterlab():
    """Return JupyterLab's entry. Raises DeskError where it is not installed."""
    try:
        from jupyterlab.labapp import main as serve
    except ImportError as missing:
        raise DeskError(
            f"JupyterLab is not installed for {sys.executable} ({missing}); "
            "in the clone, run: python -m pip install -r requirements.txt"
        ) from missing
    return serve


def choose_lesson(lessons, argv):
    """Return the lesson to open and the options that are Jupyter's."""
    if not argv or argv[0].startswith("-"):
        return lessons[0], argv
    try:
        return known_lesson(lessons, argv[0]), argv[1:]
    except DeskError:
        if Path(argv[0]).exists():
            return lessons[0], argv  # a file for Jupyter to open
        raise


def check_port(options):
    """Raise DeskError if a port that was asked for is no port, or is taken."""
    port, host = asked_port(options), value_of(options, "--ip", "--ServerApp.ip")
    if port is None:
        return
    if not (port.isascii() and port.isdigit() and int(port) < 65536):
        raise DeskError(f"--port {port}: a port is a whole number up to 65535")
    for family, kind, _, _, address in addresses(host or "localhost", int(port)):
        with socket.socket(family, kind) as probe:
            if os.name == "posix":  # as the server will: a port that has just closed is free
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(address)
            except OSError as error:
                explain_port(port, error)


def asked_port(options):
    return value_of(options, "--port", "--ServerApp.port")


def explain_port(port, error):
    if error.errno == errno.EADDRINUSE:
        raise DeskError(
            f"port {port} is taken, perhaps by a JupyterLab that still runs; "
            "end that one, or choose another --port, or leave the option out"
        ) from error
    if error.errno == errno.EACCES:
        raise DeskError(f"no permission for port {port}; try one above 1023") from error
    # Anything else, such as an address family that is switched off, is Jupyter's to judge.


def addresses(host, port):
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return []


def value_of(options, *names):
    """Return the value given for an option, in either form, or None."""
    for option, following in pairwise([*options, ""]):
        name, equals, value = option.partition("=")
        if name in names:
            return value if equals else following
    return None


def configure(work, lesson, *, port_asked):
    """Write the settings of this server, and let Jupyter find them. The user's options win."""
    folder = work / SETTINGS
    settings = {
        "jupyter_server_config.json": server_settings(work.parent, port_asked),
        "jupyter_lab_config.json": {
            "LabApp": {
                "default_url": f"/lab/tree/{work.name}/{lesson}",
                # Tabs are remembered with the course, not mixed with the user's other work.
                "workspaces_dir": str(folder / "workspaces"),
                # Nothing is fetched from anywhere: no news, no updates, no list of extensions.
                "news_url": None,
                "check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
                "extension_manager": "readonly",
            }
        },
        # Nor is anybody asked whether news should be fetched.
        "labconfig/default_setting_overrides.json": {
            "@jupyterlab/apputils-extension:notification": {
                "fetchNews": "false",
                "checkForUpdates": False,
            }
        },
    }
    try:
        for name, content in settings.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            write_whole(folder / name, json.dumps(content, indent=1).encode())
    except OSError as error:
        raise unwritable(folder, error) from error
    # For its kernels: a linked folder, a subfolder or a %cd changes nothing then.
    os.environ.setdefault("POOLKIT_PROGRESS", str(work / "progress.db"))
    others = os.environ.get("JUPYTER_CONFIG_PATH")
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, (str(folder), others)))


def server_settings(root, port_asked):
    server = {
        # The clone, so that links to data/ and to the library's source can be followed.
        "root_dir": str(root),
        "answer_yes": True,  # one Ctrl-C ends it; notebooks save themselves
    }
    if port_asked:
        server["port_retries"] = 0  # that one or none
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        # Whoever is root, mostly in a container, has chosen so; only this machine is listened to.
        server["allow_root"] = True
    settings = {"ServerApp": server, "Application": {"log_level": "ERROR"}}
    if has_encryption():
        settings["KernelManager"] = {"transport_encryption": "auto"}
    return settings


def has_encryption():
    """Whether server and kernel can talk in private; without, each kernel prints a warning."""
    try:
        import zmq
    except ImportError:
        return False
    return zmq.has("curve")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
