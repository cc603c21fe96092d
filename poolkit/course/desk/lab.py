"""`poolkit lab`: the lessons as the learner's own copies, open in JupyterLab.

The copies go to my_work/ beside notebooks/, one folder deep like the lessons, so that every link
in a lesson leads to the same place from its copy. What the server is set to is written in a folder
of its own, so that the user's own settings of Jupyter stay untouched, and every option wins.
"""

import errno
import hashlib
import json
import os
import re
import socket
import sys
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
LESSON = re.compile(r"(\d\d)_\w+\.ipynb")
CELLS = "cells"  # in the record: the same for the cells of each notebook
RECORD = ".handed_out.json"  # in my_work: the digest of each file as it was handed out
SETTINGS = ".jupyter"  # in my_work: for this server only, written anew at every start

HELP = """\
usage: poolkit lab [LESSON] [option of `jupyter lab` ...]

Copy the lessons to my_work/, where they are yours, and open one in JupyterLab.
A file of yours in my_work/ is never overwritten. To begin a lesson afresh,
rename or delete your copy and run this again.

  LESSON          a lesson's number or name, such as 2 or 02_simple (default: 0)
  -h, --help      this text; --help-all shows the options of `jupyter lab`
  --port PORT     a port of your choice, for example 8889
  --no-browser    print the address, open no browser
"""


class LabError(Exception):
    """Something the user can mend; the message says how."""


def main(argv=None, *, root=ROOT, serve=None):
    """Hand out the lessons and run JupyterLab until it ends; return the exit code.

    `serve` takes Jupyter's options and runs the server, in this very process, so that no
    server is left behind when this one ends. What the user can mend is one line and code 2.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    if {"-h", "--help"} & set(argv):
        print(HELP, end="")
        return 0
    try:
        serve = serve or find_jupyterlab()
        work = root / "my_work"
        lessons = find_lessons(root / "notebooks")
        lesson, options = choose_lesson(lessons, argv)
        check_port(options)
        hand_out(root / "notebooks", work)
        configure(work, lesson, port_asked=asked_port(options) is not None)
    except LabError as error:
        print(f"poolkit lab: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return run(serve, options)


def run(serve, options):
    """Run the server; return its exit code."""
    print("Starting JupyterLab. Press Ctrl-C in this window to end it.", flush=True)
    try:
        serve(options)
    except KeyboardInterrupt:  # before Jupyter's own handler stands
        return 130
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else int(bool(ending.code))
    return 0


def find_jupyterlab():
    """Return JupyterLab's entry. Raises LabError where it is not installed."""
    try:
        from jupyterlab.labapp import main as serve
    except ImportError as missing:
        raise LabError(
            f"JupyterLab is not installed for {sys.executable} ({missing}); "
            "in the clone, run: python -m pip install -r requirements.txt"
        ) from missing
    return serve


def find_lessons(folder):
    """Return the lessons' file names, in order. Raises LabError where there are none."""
    try:
        lessons = sorted(path.name for path in folder.iterdir() if LESSON.fullmatch(path.name))
    except OSError:
        lessons = []
    if not lessons:
        raise LabError(
            f"no lessons in {folder}; run it from a clone of the course, "
            "installed there with: python -m pip install -r requirements.txt"
        )
    return lessons


def choose_lesson(lessons, argv):
    """Return the lesson to open and the options that are Jupyter's."""
    if not argv or argv[0].startswith("-"):
        return lessons[0], argv
    try:
        return known_lesson(lessons, argv[0]), argv[1:]
    except LabError:
        if Path(argv[0]).exists():
            return lessons[0], argv  # a file for Jupyter to open
        raise


def known_lesson(lessons, asked):
    """Return the file name of a lesson, by its number or name. Raises LabError."""
    for lesson in lessons:
        stem = lesson.removesuffix(".ipynb")
        number, name = stem.split("_", 1)
        if asked.removesuffix(".ipynb") in (number, str(int(number)), name, stem):
            return lesson
    known = ", ".join(lesson.removesuffix(".ipynb") for lesson in lessons)
    raise LabError(f"no lesson {asked!r}; there are {known}")


def hand_out(shipped, work):
    """Copy what is missing in `work`, and bring up to date what nobody has changed since.

    A file that differs from what was handed out is the learner's and stays as it is; where the
    shipped one has changed, one line says so. Raises LabError where nothing can be written.
    """
    if os.path.lexists(work) and not work.is_dir():
        raise LabError(f"{work} is no folder, and your lessons need one of that name: rename it")
    try:
        work.mkdir(exist_ok=True)
        record = read_record(work / RECORD)
        behind = [name for name in shipped_files(shipped) if not copy(shipped, work, name, record)]
        # Always written: where the lessons could not be saved, that is said now.
        write_whole(work / RECORD, json.dumps(record, indent=1).encode())
    except OSError as error:
        raise unwritable(work, error) from error
    for name in left_over(shipped, work, record):
        print(
            f"{name} is no longer in the course, or has another name now; yours was left as it is."
        )
    if behind:
        print(
            f"There is a newer version of {', '.join(behind)}. Your own in {work.name} was left as "
            "it is; to get the new one, rename yours and run this again."
        )


def left_over(shipped, work, record):
    """What was handed out once, is still in `work`, and is shipped no more."""
    return [
        name
        for name in record
        if name != CELLS and not (shipped / name).exists() and (work / name).exists()
    ]


def unwritable(folder, error):
    return LabError(
        f"cannot write to {folder} ({error.strerror}), where your work is saved: "
        "make it writable, or clone the course into a folder of your own"
    )


def shipped_files(folder):
    """Return the names, relative to `folder`, of the lessons and of what lies beside them."""
    names = (path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file())
    return [
        name.as_posix()
        for name in names
        if name.parts[0] != "solved" and not any(part.startswith(".") for part in name.parts)
    ]


def copy(shipped, work, name, record):
    """Hand out one file and record it; return False where the learner's own is behind it."""
    content, target = (shipped / name).read_bytes(), work / name
    digest = hashlib.sha256(content).hexdigest()
    if not os.path.lexists(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, content)
    elif record.get(name) != digest:
        theirs = digest_of(target)
        if theirs is None or theirs not in (digest, record.get(name)):
            return name not in record  # never handed out by us: nothing to compare it with
        write_whole(target, content)
    record[name] = digest
    if name.endswith(".ipynb"):
        record.setdefault(CELLS, {})[name] = cell_digests(content)
    return True


def cell_digests(content):
    """Each cell's id and the digest of its source, from which `update` knows what nobody changed."""
    try:
        cells = json.loads(content)["cells"]
        return {cell["id"]: digest_of_cell(cell) for cell in cells}
    except (ValueError, KeyError, TypeError):
        return {}


def digest_of_cell(cell):
    source = cell.get("source", "")
    text = source if isinstance(source, str) else "".join(source)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def digest_of(path):
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None  # not ours to read, so not ours to replace


def read_record(path):
    """Return what was handed out; a missing or damaged record is an empty one."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(record, dict):
        return {}
    if not isinstance(record.get(CELLS, {}), dict):
        del record[CELLS]
    return record


def write_whole(path, content):
    """Write all of it or nothing, under the permissions that a new file gets."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def check_port(options):
    """Raise LabError if a port that was asked for is no port, or is taken."""
    port, host = asked_port(options), value_of(options, "--ip", "--ServerApp.ip")
    if port is None:
        return
    if not (port.isascii() and port.isdigit() and int(port) < 65536):
        raise LabError(f"--port {port}: a port is a whole number up to 65535")
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
        raise LabError(
            f"port {port} is taken, perhaps by a JupyterLab that still runs; "
            "end that one, or choose another --port, or leave the option out"
        ) from error
    if error.errno == errno.EACCES:
        raise LabError(f"no permission for port {port}; try one above 1023") from error
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
    sys.exit(main())
