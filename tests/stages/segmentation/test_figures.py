"""What the stage tells of itself in numbers."""

from __future__ import annotations

from pipeline.daemon.figures import Figures as Heard
from pipeline.frame import SECOND_NS
from stages.segmentation.figures import Figures
from stages.segmentation.session import WarmUp

WARM = WarmUp(3 * SECOND_NS, SECOND_NS)


def test_time_per_mask_and_the_oldest_age_are_since_they_were_told_last() -> None:
    figures = Figures()
    for took_ns, there in ((SECOND_NS, False), (3 * SECOND_NS, True)):
        figures.made(took_ns)
        figures.saw(there)
    figures.passed(4 * SECOND_NS)
    figures.passed(SECOND_NS)
    told = figures.told("cuda", False, WARM)
    assert (told["masks_total"], told["presenter_share"], told["mask_seconds"]) == (2, 0.5, 2.0)
    assert (told["mask_age_seconds"], told["mask_age_seconds_max"]) == (1.0, 4.0)
    assert (told["masks_on_gpu"], told["first_mask_seconds"], told["warm_mask_seconds"]) == (1, 3.0, 1.0)
    figures.made(5 * SECOND_NS)
    again = figures.told("cpu", True, WARM)
    assert (again["mask_seconds"], again["mask_age_seconds_max"]) == (5.0, 1.0)
    assert (again["masks_on_gpu"], again["masks_fell_back"]) == (0, 1)


def test_a_gpu_of_another_host_is_one() -> None:
    assert Figures().told("remote cuda", False, WARM)["masks_on_gpu"] == 1
    assert Figures().told("remote", False, WARM)["masks_on_gpu"] == 0


def test_without_a_mask_since_then_the_last_time_stays() -> None:
    figures = Figures()
    figures.made(SECOND_NS)
    figures.told("cpu", False, WARM)
    assert figures.told("cpu", False, WARM)["mask_seconds"] == 1.0


def test_a_daemon_takes_all_of_them() -> None:
    told = Figures().told("cpu", False, WARM)
    heard = Heard()
    assert heard.hear("segmentation", told) == []
    assert {figure.name for figure in heard.all()} == told.keys()
