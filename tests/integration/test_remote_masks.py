"""Masks from a service of its own process, over loopback and between network namespaces, with keys and faults."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeGuard

import numpy as np
import pytest
from building import chain
from key_rings import allow, client_ring, key_rings
from mask_host import MaskHost
from media import write_video
from people import GREEN, finder, person, slide

from pipeline.config import PipelineConfig
from pipeline.errors import ConfigError, ExitCode
from pipeline.frame import Plane
from pipeline.messages import BusMessage, Element
from pipeline.supervisor import run
from stages.segmentation.models import MODELS
from stages.segmentation.remote import FarError, RemoteSegmenter
from stages.segmentation.segmenter import Segmenter
from stages.segmentation.session import Session

SIDE = 32
FPS, LONG_S = 10, 12
ANY_PORT = "tcp://127.0.0.2:*"
Remote = Callable[..., RemoteSegmenter]

# What a client on another host does: masks of green stripes, and how wide each is found.
CLIENT = """
import json, sys
from pathlib import Path
import numpy as np
from stages.segmentation.remote import RemoteSegmenter
address, keys, widths, green = sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3]), json.loads(sys.argv[4])
far = RemoteSegmenter(address, keys)
pictures = []
for width in widths:
    picture = np.full((32, 32, 3), 255, np.uint8)
    picture[:, :width] = green
    pictures.append(picture)
found = [int(np.count_nonzero(each.mask[0])) for _ in range(20) for each in far.segment(pictures)]
print(json.dumps([far.device, found]))
far.close()
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finder(tmp_path_factory.mktemp("model") / "green.onnx", SIDE)


@pytest.fixture
def remote() -> Iterator[Remote]:
    made: list[RemoteSegmenter] = []

    def make(address: str, keys: Path | None = None, patience_s: float = 30.0) -> RemoteSegmenter:
        made.append(RemoteSegmenter(address, keys, patience_s=patience_s))
        return made[-1]

    yield make
    for each in made:
        each.close()


def stripe(width: int) -> Plane:
    picture = np.full((SIDE, SIDE, 3), 255, np.uint8)
    picture[:, :width] = GREEN
    return picture


def width(far: RemoteSegmenter, wide: int) -> int:
    (found,) = far.segment([stripe(wide)])
    return int(np.count_nonzero(found.mask[0]))


def client(address: str, keys: Path, widths: list[int], *prefix: str) -> subprocess.Popen[str]:
    command = [*prefix, sys.executable, "-c", CLIENT, address, str(keys), json.dumps(widths), json.dumps(GREEN)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def told(process: subprocess.Popen[str]) -> list[object]:
    out, _ = process.communicate(timeout=100)
    assert process.returncode == 0
    found: list[object] = json.loads(out)
    return found


def test_masks_from_afar_are_those_made_here(model: Path, remote: Remote, tmp_path: Path) -> None:
    service, clients = key_rings(tmp_path)
    here = Segmenter(Session(model, device="cpu", threads=1), MODELS["u2net_human_seg"])
    noise = np.random.default_rng(5)
    pictures = [noise.integers(0, 256, (60, 80, 3), np.uint8) for _ in range(9)]
    with MaskHost(model, ANY_PORT, keys=service) as host:
        found = remote(host.address, clients["hall"]).segment(pictures)
    for far, near in zip(found, here.segment(pictures), strict=True):
        np.testing.assert_array_equal(far.mask, near.mask)
        assert float(np.abs(far.probabilities - near.probabilities).max()) <= 1 / 255


def test_two_hosts_share_a_service_and_each_gets_its_own_masks(model: Path, tmp_path: Path) -> None:
    service, clients = key_rings(tmp_path, ("hall", "room"))
    with MaskHost(model, ANY_PORT, keys=service) as host:
        hall = client(host.address, clients["hall"], [1, 5, 9])
        room = client(host.address, clients["room"], [20, 30])
        assert told(hall) == ["remote cpu", [1, 5, 9] * 20]
        assert told(room) == ["remote cpu", [20, 30] * 20]
        code, figures = host.end()
    assert code == 0
    assert (figures["masks"], figures["hellos"], figures["malformed"]) == (100, 2, 0)
    assert re.search(r"to 2: hall, room", "\n".join(host.said))


@pytest.fixture
def hosts() -> Iterator[tuple[str, str]]:
    """Two network namespaces joined by a pair of veth, which have 192.0.2.1 and 192.0.2.2; their names."""
    names = f"sa{os.getpid()}", f"sb{os.getpid()}"
    ip = shutil.which("ip") or pytest.skip("there is no ip(8)")

    def do(*arguments: str) -> None:
        subprocess.run([ip, *arguments], check=True, capture_output=True, text=True)

    with contextlib.ExitStack() as undo:
        try:
            for name in names:
                do("netns", "add", name)
                undo.callback(subprocess.run, [ip, "netns", "del", name], check=True)
            do("-n", names[0], "link", "add", "masks", "type", "veth", "peer", "name", "masks", "netns", names[1])
            for number, name in enumerate(names, 1):
                do("-n", name, "addr", "add", f"192.0.2.{number}/30", "dev", "masks")
                do("-n", name, "link", "set", "masks", "up")
        except subprocess.CalledProcessError as e:
            pytest.skip(f"no network namespaces here: {e.stderr.strip()}")
        yield names


def test_a_host_behind_a_network_is_served(model: Path, tmp_path: Path, hosts: tuple[str, str]) -> None:
    service, clients = key_rings(tmp_path)
    first, second = (("ip", "netns", "exec", name) for name in hosts)
    with MaskHost(model, "tcp://192.0.2.1:*", keys=service, prefix=first) as host:
        assert told(client(host.address, clients["hall"], [3, 17], *second)) == ["remote cpu", [3, 17] * 20]
        code, figures = host.end()
    assert (code, figures["masks"]) == (0, 40)


def test_without_keys_nothing_listens_to_the_network(model: Path) -> None:
    command = [sys.executable, "-m", "stages", "masks", "serve", str(model), "--bind", "tcp://0.0.0.0:5570"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == ExitCode.CONFIG
    assert ended.stderr.startswith("slidetap: error: cannot listen on 'tcp://0.0.0.0:5570' without keys")
    assert len(ended.stderr.splitlines()) == 1


def test_a_service_that_is_killed_and_comes_back_is_used_again(model: Path, remote: Remote, tmp_path: Path) -> None:
    service, clients = key_rings(tmp_path)
    with MaskHost(model, ANY_PORT, keys=service) as first:
        far = remote(first.address, clients["hall"])
        assert width(far, 4) == 4
        first.kill()
        with MaskHost(model, first.address, keys=service):
            assert width(far, 5) == 5


def test_a_service_that_is_frozen_is_given_up_and_used_again_when_it_thaws(
    model: Path, remote: Remote, tmp_path: Path
) -> None:
    service, clients = key_rings(tmp_path)
    with MaskHost(model, ANY_PORT, keys=service) as host:
        impatient = remote(host.address, clients["hall"], patience_s=2.0)
        host.tell(signal.SIGSTOP)
        with pytest.raises(FarError, match="does not answer"):
            impatient.segment([stripe(1)])
        host.tell(signal.SIGCONT)
        assert width(remote(host.address, clients["hall"]), 6) == 6


def test_the_list_of_clients_is_read_again_at_sighup(model: Path, remote: Remote, tmp_path: Path) -> None:
    service, clients = key_rings(tmp_path)
    new = client_ring(tmp_path / "new", "new", service / "gpu.public")
    with MaskHost(model, ANY_PORT, keys=service) as host:
        old = remote(host.address, clients["hall"])
        assert width(old, 3) == 3
        with pytest.raises(ConfigError, match="refuses this key"):
            remote(host.address, new).connect()
        allow(service, new / "new.public")
        (service / "clients" / "hall.public").unlink()
        before = len(host.said)
        host.tell(signal.SIGHUP)
        host.wait_for(re.compile("serving on, to 1: new"), before)
        assert width(remote(host.address, new), 8) == 8
        with pytest.raises(FarError, match="not on the list any more"):  # it may be put back, so that is not the end
            old.segment([stripe(1)])
        _, figures = host.end()
    assert figures["refused"] == 2


def test_a_list_of_clients_that_cannot_be_read_changes_nothing(model: Path, remote: Remote, tmp_path: Path) -> None:
    service, clients = key_rings(tmp_path)
    with MaskHost(model, ANY_PORT, keys=service) as host:
        (service / "clients" / "broken.public").write_text("no key")
        host.tell(signal.SIGHUP)
        host.wait_for(re.compile(r"the clients stay as they were: .*broken.public"))
        assert width(remote(host.address, clients["hall"]), 8) == 8


def test_no_secret_is_in_what_a_service_says_or_shows(model: Path, remote: Remote, tmp_path: Path) -> None:
    service, clients = key_rings(tmp_path)
    with MaskHost(model, ANY_PORT, keys=service) as host:
        assert width(remote(host.address, clients["hall"]), 8) == 8
        shown = [Path(f"/proc/{host.process.pid}/{name}").read_bytes() for name in ("cmdline", "environ")]
        host.end()
    secret = (service / "gpu.secret").read_bytes().strip()
    assert len(secret) == 40
    assert not any(secret in text for text in (*shown, "\n".join(host.said).encode()))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_service_without_clients_ends_at_once(model: Path, number: int) -> None:
    with MaskHost(model, "tcp://127.0.0.1:*") as host:
        code, figures = host.end(number)
    assert code == 0
    assert set(figures.values()) == {0}


@pytest.fixture(scope="module")
def lecture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A slide, and somebody before it who walks."""
    frames = [person(slide(1), 0.2 + 0.5 * number / (LONG_S * FPS)) for number in range(LONG_S * FPS)]
    return write_video(tmp_path_factory.mktemp("video") / "lecture.mp4", frames, rate=FPS)


def begins(message: BusMessage) -> TypeGuard[Element]:
    """Whether the stage says that it has its network."""
    return isinstance(message, Element) and message.stage == "finder" and "model" in message.data


def remote_chain(lecture: Path, address: str, keys: Path, **more: object) -> PipelineConfig:
    return chain(
        ("decoder", "stages.decoder:Decoder", {"uri": str(lecture)}),
        (
            "finder",
            "stages.segmentation:Segmentation",
            {"remote": address, "keys": str(keys), "rate": float(FPS), **more},
        ),
        ("behind", "Pass", {}),
    )


def test_a_pipeline_goes_on_over_a_restart_of_the_service(model: Path, lecture: Path, tmp_path: Path) -> None:
    service, clients = key_rings(tmp_path)
    heard: list[BusMessage] = []
    with contextlib.ExitStack() as hosts:
        running = [hosts.enter_context(MaskHost(model, ANY_PORT, keys=service))]

        def hear(message: BusMessage) -> None:
            heard.append(message)
            if begins(message):  # it is ready, and looks at nothing yet
                running[0].kill()
                running.append(hosts.enter_context(MaskHost(model, running[0].address, keys=service)))

        outcome = run(remote_chain(lecture, running[0].address, clients["hall"]), hear)
        _, figures = running[1].end()
    assert outcome.error is None
    assert outcome.ledgers["finder"].received == outcome.ledgers["finder"].sent == LONG_S * FPS
    assert figures["masks"] > 0
    assert [each.data["device"] for each in heard if begins(each)] == ["remote cpu"]


def test_a_live_pipeline_passes_its_frames_on_while_the_service_is_away(lecture: Path, tmp_path: Path) -> None:
    _, clients = key_rings(tmp_path)
    pipeline = remote_chain(lecture, "tcp://127.0.0.1:1", clients["hall"], wait=False)
    outcome = run(pipeline, lambda _: None)
    assert outcome.error is None
    assert outcome.ledgers["finder"].received == outcome.ledgers["finder"].sent == LONG_S * FPS
