"""Files that are no video, and uris that are no file: each refused in one line that names the culprit."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from media import cards, cut, write_audio, write_video

from pipeline.errors import DataError, ExitCode, SourceError
from pipeline.testing import Harness
from stages.decoder import Decoder
from stages.decoder.opening import check_size, open_file, path_of, video_stream


def refusal(uri: str | Path) -> SourceError:
    with pytest.raises(SourceError) as caught:
        list(Harness(Decoder, uri=str(uri)).run())
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    error = refusal(tmp_path / "nowhere.mp4")
    assert "nowhere.mp4' does not exist" in str(error)
    assert error.exit_code is ExitCode.NO_INPUT


def test_a_folder_is_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path)
    assert "is a folder" in str(error)
    assert error.exit_code is ExitCode.NO_INPUT


def test_a_path_through_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    assert "Not a directory" in str(refusal(tmp_path / "file" / "x.mp4"))


def test_a_device_is_refused() -> None:
    assert "no regular file" in str(refusal(os.devnull))


def test_a_name_with_a_zero_byte_is_refused() -> None:
    assert "no file name" in str(refusal("a\0b"))


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_video(tmp_path / "a.mp4", cards(1))
    monkeypatch.setattr("stages.decoder.opening.os.access", lambda *_: False)  # root may read everything
    assert "permission denied" in str(refusal(path))


def test_zero_bytes_are_no_video(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    error = refusal(tmp_path / "empty.mp4")
    assert "is empty" in str(error)
    assert error.exit_code is ExitCode.DATA


@pytest.mark.parametrize("name", ["text.mp4", "text.txt", "text.mkv", "text"])
def test_text_under_any_name_is_no_video(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("All the words of the lecture, but none of its pictures.\n" * 50)
    error = refusal(path)
    assert str(path) in str(error)
    assert error.exit_code is ExitCode.DATA


def test_noise_is_no_video(tmp_path: Path) -> None:
    (tmp_path / "noise.mp4").write_bytes(os.urandom(20_000))
    assert refusal(tmp_path / "noise.mp4").exit_code is ExitCode.DATA


def test_an_mp4_that_was_cut_off_says_that_its_index_is_missing(tmp_path: Path) -> None:
    path = cut(write_video(tmp_path / "cut.mp4", cards(8)), 0.5)
    error = refusal(path)
    assert "truncated mp4" in str(error)
    assert "untrunc" in str(error)
    assert error.exit_code is ExitCode.DATA


@pytest.mark.parametrize("name", ["sound.m4a", "sound.mp4", "sound.mkv"])
def test_sound_without_pictures_is_refused(tmp_path: Path, name: str) -> None:
    error = refusal(write_audio(tmp_path / name))
    assert "has no video, only audio" in str(error)
    assert error.exit_code is ExitCode.DATA


def test_the_cover_of_an_album_is_no_video(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "album.mp4", cover=cards(1)[0])
    with open_file(path) as container:
        assert len(container.streams.video) == 1
        with pytest.raises(DataError, match="has no video"):
            video_stream(container, path)


def test_video_is_found_beside_sound(tmp_path: Path) -> None:
    path = write_video(tmp_path / "talk.mp4", cards(2), tone=True)
    with open_file(path) as container:
        assert len(container.streams.audio) == 1
        assert video_stream(container, path).type == "video"


def test_pictures_beyond_16384_px_are_refused(tmp_path: Path) -> None:
    path = write_video(tmp_path / "wide.mkv", cards(1, 16386, 16), codec="mjpeg", pix_fmt="yuvj420p")
    error = refusal(path)
    assert "16386x16" in str(error)
    assert "16384" in str(error)
    assert error.exit_code is ExitCode.DATA


def test_the_limit_is_on_the_area_as_well() -> None:
    check_size(16384, 4096, Path("a"))
    with pytest.raises(DataError, match="megapixels"):
        check_size(16384, 4097, Path("a"))


@pytest.mark.parametrize("uri", ["rtmp://me:secret@camera/1", "ftp://me:secret@host/a.mp4", "file://server/share.mp4"])
def test_other_schemes_are_refused_and_passwords_kept_out_of_it(uri: str) -> None:
    error = refusal(uri)
    assert "give a path" in str(error)
    assert "secret" not in str(error)


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("/a/b c.mp4", "/a/b c.mp4"),
        ("file:///a/b%20c.mp4", "/a/b c.mp4"),
        ("file://localhost/a.mp4", "/a.mp4"),
        ("100%25.mp4", "100%25.mp4"),
        ("part 1: caches.mp4", "part 1: caches.mp4"),
    ],
)
def test_paths_and_file_uris_name_files(uri: str, path: str) -> None:
    assert path_of(uri) == Path(path)


@pytest.mark.parametrize(
    "name", ["part 1: caches.mp4", "-i.mp4", "slides%03d.mp4", "Vorlesung äöü 講義.mp4", "http:.mp4"]
)
def test_awkward_file_names_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    write_video(tmp_path / "plain.mp4", cards(1)).rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    open_file(Path(name)).close()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:1/a.ts\n#EXT-X-ENDLIST\n"),
        ("list.ffconcat", "ffconcat version 1.0\nfile 'http://127.0.0.1:1/a.mp4'\n"),
    ],
)
def test_a_playlist_makes_nothing_be_fetched_from_elsewhere(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert refusal(tmp_path / name).exit_code is ExitCode.DATA


def test_nothing_of_ffmpegs_log_is_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    refusal(cut(write_video(tmp_path / "cut.mp4", cards(8)), 0.5))
    assert capfd.readouterr().err.count("moov") == 0
