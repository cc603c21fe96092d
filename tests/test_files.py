import json
import os
import stat
import sys
import threading

import pytest

from poolkit.files import naming, open_labels, replacing, summary_lines

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX permissions, links or pipes")
not_root = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere, permissions or not"
)


def labels_of(path):
    with open_labels(path) as labels:
        return list(labels)


# open_labels


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", []),
        (b"\n\n  \n\t\n", []),
        (b"one", ["one"]),
        (b"one\ntwo\n", ["one", "two"]),
        (b"  one \n\n two\t\n", ["one", "two"]),
        (b"one\r\ntwo\r\n", ["one", "two"]),
        ("café\n日本\n".encode(), ["café", "日本"]),
        (b"\xef\xbb\xbfone\ntwo\n", ["one", "two"]),
        (b"\xef\xbb\xbf", []),
        (b"same\nsame\n", ["same", "same"]),
        (b"'; DROP TABLE events; --\n", ["'; DROP TABLE events; --"]),
    ],
)
def test_one_label_a_line_stripped_and_blanks_skipped(tmp_path, content, expected):
    path = tmp_path / "labels.txt"
    path.write_bytes(content)

    assert labels_of(path) == expected
    assert labels_of(str(path)) == expected


@pytest.mark.parametrize("mark", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\r", "\0"])
def test_only_a_newline_ends_a_line(tmp_path, mark):
    # str.splitlines would cut at each of these but the last
    path = tmp_path / "labels.txt"
    path.write_bytes(f"one{mark}two\nthree\n".encode())

    assert labels_of(path) == [f"one{mark}two", "three"]


def test_a_byte_order_mark_further_down_is_part_of_the_label(tmp_path):
    path = tmp_path / "labels.txt"
    path.write_bytes("one\n\ufefftwo\n".encode())

    assert labels_of(path) == ["one", "\ufefftwo"]


def test_a_very_long_line_is_one_label(tmp_path):
    path = tmp_path / "labels.txt"
    path.write_text("x" * 5_000_000 + "\nshort\n", encoding="utf-8")

    assert [len(label) for label in labels_of(path)] == [5_000_000, 5]


@pytest.mark.parametrize(
    "content",
    [b"caf\xe9", "one".encode("utf-16"), b"\xed\xa0\x80", b"\xf8", b"\xc3"],
    ids=["latin-1", "utf-16", "surrogate", "no such byte", "cut short"],
)
def test_what_is_not_utf8_is_told_by_file_and_line(tmp_path, content):
    path = tmp_path / "labels.txt"
    path.write_bytes(b"good\n\ngood\n" + content + b"\n")

    with open_labels(path) as labels:
        assert [next(labels), next(labels)] == ["good", "good"]
        with pytest.raises(ValueError, match="is not UTF-8 text: save the file as UTF-8") as caught:
            next(labels)
    assert str(caught.value).startswith(f"line 4 of {path} ")


def test_a_missing_file_is_told_before_the_block_begins(tmp_path):
    with (
        pytest.raises(FileNotFoundError) as caught,
        open_labels(tmp_path / "nowhere.txt"),
    ):
        pytest.fail("the block was entered")
    assert caught.value.filename == str(tmp_path / "nowhere.txt")


@posix
def test_a_folder_is_no_input(tmp_path):
    with pytest.raises(IsADirectoryError), open_labels(tmp_path):
        pass


@posix
def test_a_pipe_will_do(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_text, args=("one\ntwo\n",))
    writer.start()

    assert labels_of(path) == ["one", "two"]
    writer.join()


def test_the_file_is_closed_after_the_block_even_when_not_read_to_its_end(tmp_path):
    path = tmp_path / "labels.txt"
    path.write_text("one\ntwo\n", encoding="utf-8")

    with open_labels(path) as labels:
        next(labels)

    with pytest.raises(ValueError, match="closed file"):
        next(labels)


def test_an_error_of_the_block_keeps_its_own_file_name(tmp_path):
    path = tmp_path / "labels.txt"
    path.touch()

    with pytest.raises(TimeoutError) as caught, open_labels(path):
        raise TimeoutError(1, "no connection")
    assert caught.value.filename is None


# replacing


def test_the_file_is_there_when_the_block_has_ended(tmp_path):
    path = tmp_path / "new" / "folders" / "summary.json"

    with replacing(path) as file:
        file.write("café\n")
        assert not path.exists()

    assert path.read_bytes() == "café\n".encode()
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt])
def test_a_block_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, kind):
    path = tmp_path / "summary.json"
    path.write_text("old", encoding="utf-8")

    def write_half():
        with replacing(path) as file:
            file.write("half")
            raise kind

    with pytest.raises(kind):
        write_half()

    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_reader_sees_the_old_file_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "summary.json"
    path.write_text("old", encoding="utf-8")

    with replacing(path) as file:
        file.write("new")
        file.flush()
        assert path.read_text(encoding="utf-8") == "old"

    assert path.read_text(encoding="utf-8") == "new"


@posix
def test_a_new_file_has_the_permissions_that_the_umask_leaves(tmp_path):
    before = os.umask(0o027)
    try:
        with replacing(tmp_path / "summary.json"):
            pass
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "summary.json").stat().st_mode) == 0o640


@posix
def test_a_replaced_file_keeps_its_permissions_from_the_first_byte_on(tmp_path):
    path = tmp_path / "summary.json"
    path.touch()
    path.chmod(0o600)

    with replacing(path):
        assert [stat.S_IMODE(p.stat().st_mode) for p in tmp_path.iterdir()] == [0o600, 0o600]

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@posix
def test_a_link_is_followed(tmp_path):
    (tmp_path / "real").mkdir()
    link = tmp_path / "summary.json"
    link.symlink_to(tmp_path / "real" / "summary.json")

    with replacing(link) as file:
        file.write("new")

    assert link.is_symlink()
    assert (tmp_path / "real" / "summary.json").read_text(encoding="utf-8") == "new"


@posix
def test_a_device_is_written_to_and_not_replaced():
    ours, theirs = os.openpty()  # not /dev/null, which a mistake would take from the whole machine
    path = os.ttyname(theirs)

    with replacing(path) as file:
        file.write("new")

    assert os.read(ours, 100) == b"new"
    assert stat.S_ISCHR(os.stat(path).st_mode)
    os.close(ours)
    os.close(theirs)


@posix
def test_a_pipe_is_written_to(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    got = []
    reader = threading.Thread(target=lambda: got.append(path.read_text()))
    reader.start()

    with replacing(path) as file:
        file.write("new")
    reader.join()

    assert got == ["new"]
    assert stat.S_ISFIFO(path.stat().st_mode)


def refused_before_the_block(path):
    with pytest.raises(OSError) as caught, replacing(path):  # noqa: PT011 - the caller looks
        pytest.fail("the block was entered")
    assert caught.value.filename == os.fspath(path)
    return type(caught.value)


def test_a_folder_is_no_output(tmp_path):
    assert refused_before_the_block(tmp_path) is IsADirectoryError
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").touch()

    assert refused_before_the_block(tmp_path / "file" / "summary.json") in (
        FileExistsError,
        NotADirectoryError,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="needs a folder that takes no files, /proc")
def test_a_folder_that_takes_no_files_is_refused():
    assert refused_before_the_block("/proc/summary.json") is FileNotFoundError


@not_root
def test_a_folder_without_permission_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    try:
        assert refused_before_the_block(tmp_path / "summary.json") is PermissionError
    finally:
        tmp_path.chmod(0o700)


def test_a_write_protected_file_is_not_replaced(tmp_path, monkeypatch):
    path = tmp_path / "summary.json"
    path.write_text("old", encoding="utf-8")
    path.chmod(0o400)
    if os.access(path, os.W_OK):  # root may; it is asked as anybody else would be answered
        monkeypatch.setattr(os, "access", lambda path, mode: False)

    assert refused_before_the_block(path) is PermissionError
    assert list(tmp_path.iterdir()) == [path]
    path.chmod(0o600)


@posix
def test_a_file_that_cannot_grow_is_told_by_the_name_of_the_output(tmp_path):
    import resource

    path = tmp_path / "summary.json"
    path.write_text("old", encoding="utf-8")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        with pytest.raises(OSError, match="File too large") as caught, replacing(path) as file:
            file.write("x" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert caught.value.filename == str(path)
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_replacement_that_fails_leaves_no_trace(tmp_path, monkeypatch):
    def fails(source, target):
        raise PermissionError(13, "in use", source)

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(PermissionError) as caught, replacing(tmp_path / "summary.json"):
        pass

    assert caught.value.filename == str(tmp_path / "summary.json")
    assert list(tmp_path.iterdir()) == []


def test_two_at_once_do_not_meet(tmp_path):
    path = tmp_path / "summary.json"

    with replacing(path) as one, replacing(path) as other:
        one.write("one")
        other.write("other")

    assert path.read_text(encoding="utf-8") == "one"  # the last to end wins, whole
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform != "linux", reason="names of 255 bytes, as Linux has them")
def test_the_longest_name_still_has_a_neighbour(tmp_path):
    with replacing(tmp_path / ("x" * 255)) as file:
        file.write("new")

    assert (tmp_path / ("x" * 255)).read_text(encoding="utf-8") == "new"


def test_naming_leaves_other_errors_alone():
    with pytest.raises(KeyError), naming("some.txt"):
        raise KeyError


# summary_lines


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"rows": []},
        {"rows": [{"id": 1, "label": "a"}]},
        {"n": 2, "rows": [{"id": 1}, {"id": 2}], "health": {"a": "b"}, "none": None},
        {"rows": [{"label": 'quote " and \\ and \x00 and \u2028 and é'}]},
    ],
)
@pytest.mark.parametrize("ensure_ascii", [True, False])
def test_the_text_reads_back_as_the_same(value, ensure_ascii):
    assert json.loads("".join(summary_lines(value, ensure_ascii))) == value


def test_the_text_looks_like_this():
    summary = {"n": 2, "rows": [{"id": 1, "label": "é"}, {"id": 2, "label": "b"}], "empty": []}

    assert "".join(summary_lines(summary)) == (
        "{\n"
        '  "n": 2,\n'
        '  "rows": [\n'
        '    {"id": 1, "label": "é"},\n'
        '    {"id": 2, "label": "b"}\n'
        "  ],\n"
        '  "empty": []\n'
        "}\n"
    )


def test_ascii_can_be_asked_for():
    assert "".join(summary_lines({"é": ["日"]}, ensure_ascii=True)).isascii()


def test_the_text_comes_in_pieces():
    rows = [{"id": n} for n in range(1000)]

    assert max(map(len, summary_lines({"rows": rows}))) < 50
