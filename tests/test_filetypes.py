"""What a file is, by its content; and names that cannot do harm."""

from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import files
from tracker.filetypes import NAME_LENGTH, FileRefused, clean_name, detect


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        pytest.param(files.JPG, "jpg", id="jpg"),
        pytest.param(files.EXIF_JPG, "jpg", id="jpg_of_a_camera"),
        pytest.param(files.PNG, "png", id="png"),
        pytest.param(files.GIF, "gif", id="gif"),
        pytest.param(files.WEBP, "webp", id="webp"),
        pytest.param(files.PDF, "pdf", id="pdf"),
        pytest.param(files.OFD, "ofd", id="ofd"),
        pytest.param(files.DOCX, "docx", id="docx"),
        pytest.param(files.XLSX, "xlsx", id="xlsx"),
        pytest.param(files.PPTX, "pptx", id="pptx"),
        pytest.param(files.ole("Root Entry", "WordDocument"), "doc", id="doc"),
        pytest.param(files.ole("Root Entry", "Workbook"), "xls", id="xls"),
        pytest.param(files.ole("PowerPoint Document"), "ppt", id="ppt"),
        pytest.param(files.mp4(b"mp42"), "mp4", id="mp42"),
        pytest.param(files.mp4(b"isom"), "mp4", id="mp4_of_a_phone"),
        pytest.param(files.mp4(b"qt  "), "mov", id="mov"),
    ],
)
def test_kind_is_read_from_the_content(content: bytes, kind: str) -> None:
    assert detect(BytesIO(content)) == kind


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"", "空的", id="empty"),
        pytest.param(files.SVG, "不是可以上传", id="svg"),
        pytest.param(files.HTML, "不是可以上传", id="html"),
        pytest.param(files.EXE, "不是可以上传", id="exe"),
        pytest.param(files.TEXT, "不是可以上传", id="text"),
        pytest.param(b"#!/bin/sh\nrm -rf /\n", "不是可以上传", id="script"),
        pytest.param(b"Rar!\x1a\x07\x01\x00" + bytes(40), "不是可以上传", id="rar"),
        pytest.param(files.container("a.txt"), "压缩包", id="zip"),
        pytest.param(files.container("word/document.xml"), "压缩包", id="zip_that_plays_word"),
        pytest.param(files.container("AndroidManifest.xml", "classes.dex"), "压缩包", id="apk"),
        pytest.param(files.DOCX[:60], "损坏", id="half_a_docx"),
        pytest.param(
            files.container("[Content_Types].xml", "word/document.xml", *[f"{n:0200}" for n in range(9000)]),
            "损坏",
            id="endless_table_of_contents",
        ),
        pytest.param(
            files.container("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
            "宏",
            id="docm",
        ),
        pytest.param(files.ole("WordDocument", "_VBA_PROJECT"), "宏", id="doc_with_macros"),
        pytest.param(files.ole("EncryptedPackage"), "加密", id="encrypted_docx"),
        pytest.param(files.ole("__properties_version1.0"), "不是可以上传", id="msg_or_msi"),
        pytest.param(b"\x00" * 3000, "不是可以上传", id="zeros"),
    ],
)
def test_everything_else_is_refused_with_a_reason(content: bytes, words: str) -> None:
    with pytest.raises(FileRefused, match=words):
        detect(BytesIO(content))


def test_long_ole_file_is_searched_across_chunks() -> None:
    content = files.ole() + bytes(1024 * 1024 - 4008 - 7) + "WordDocument".encode("utf-16-le") + bytes(50)

    assert detect(BytesIO(content)) == "doc"


@pytest.mark.parametrize(
    ("given_name", "expected"),
    [
        ("现场照片.jpg", "现场照片.jpg"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\system.ini", "system.ini"),
        ("/绝对/路径/材料.pdf", "材料.pdf"),
        ("a\x00b\nc.pdf", "abc.pdf"),
        ("照片\u202egpj.exe", "照片gpj.exe"),
        ("a<b>:c.pdf", "a_b__c.pdf"),
        ("", "未命名文件"),
        ("..", "未命名文件"),
        ("///", "未命名文件"),
        (" .hidden ", "hidden"),
    ],
)
def test_names_lose_what_could_do_harm(given_name: str, expected: str) -> None:
    assert clean_name(given_name) == expected


def test_long_name_keeps_its_extension() -> None:
    name = clean_name("很长的名字" * 60 + ".docx")

    assert len(name) <= NAME_LENGTH
    assert name.endswith(".docx")


@given(st.text(max_size=300))
def test_no_name_leaves_its_folder_or_is_empty(given_name: str) -> None:
    name = clean_name(given_name)

    assert 0 < len(name) <= NAME_LENGTH
    assert not set(name) & set('/\\\x00\n\r"')
    assert name not in (".", "..")


@given(st.binary(max_size=3000))
def test_random_bytes_are_refused_or_known_but_never_break_it(content: bytes) -> None:
    for head in (b"", b"PK\x03\x04", bytes.fromhex("d0cf11e0a1b11ae1")):
        with suppress(FileRefused):
            assert detect(BytesIO(head + content)).mime
