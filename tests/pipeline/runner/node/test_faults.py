"""What a node makes of a stage that fails, breaks the contract, or cannot be built."""

from __future__ import annotations

import pytest
from misfits import RAW
from surroundings import CAPS, Around, accept, frame, misfit, node

from pipeline.caps import Caps
from pipeline.errors import CapsError, ConfigError, PipelineError, StageError, WriteError
from pipeline.frame import Event, EventKind, caps_event
from pipeline.runner.node import Node, load_class
from pipeline.runner.spec import NodeSpec
from pipeline.states import State


@pytest.mark.parametrize(
    ("how", "kind", "words"),
    [
        ("memory", StageError, "out of memory; lower the analysis width"),
        ("nothing", StageError, "TypeError: 'NoneType' object is not iterable"),
        ("late", StageError, "LookupError: in the middle of a generator"),
        ("own error", WriteError, "the disk is full"),
    ],
)
def test_a_fault_of_a_stage_names_it(how: str, kind: type[PipelineError], words: str) -> None:
    made, _, _ = misfit(how)
    with pytest.raises(kind, match=words) as caught:
        accept(made, frame())
    assert caught.value.stage == "it"


def test_a_fault_further_down_keeps_the_name_of_the_stage_that_has_it() -> None:
    around = Around()
    first, second = node(around, name="first"), node(around, name="second", how="memory")
    first.connect("", second)
    with pytest.raises(StageError) as caught:
        accept(first, frame())
    assert caught.value.stage == "second"


def test_caps_outside_the_template_are_refused() -> None:
    made, _, _ = misfit()
    with pytest.raises(CapsError, match="takes video/raw,format=gray8, but was given video/raw,format=bgr24") as caught:
        accept(made, caps_event(Caps.of("video/raw", format="bgr24")))
    assert caught.value.stage == "it"


@pytest.mark.parametrize("data", [{}, {"caps": None}, {"caps": "video"}])
def test_caps_that_cannot_be_read_are_a_fault_and_not_a_crash(data: dict[str, None]) -> None:
    made, _, _ = misfit()
    with pytest.raises(PipelineError) as caught:
        accept(made, Event(EventKind.CAPS, 0, data))
    assert caught.value.stage == "it"


def test_caps_for_one_pad_only_are_a_fault_that_names_the_pad() -> None:
    made, _, _ = misfit("caps for one pad")
    with pytest.raises(StageError, match="right"):
        accept(made, caps_event(CAPS))


def test_a_source_takes_no_items() -> None:
    with pytest.raises(StageError, match="'it' is a source and takes no items"):
        accept(node(Around(), "playthings:Counting"), frame())


def test_a_move_that_is_not_legal_is_refused_and_not_announced() -> None:
    made, around, _ = misfit()
    with pytest.raises(StageError, match="'it' cannot go from playing to null"):
        made.move(State.NULL)
    assert made.state is State.PLAYING and around.said == []


@pytest.mark.parametrize(
    "factory",
    [
        "misfits:NOT_A_CLASS",
        "misfits:Missing",
        "misfits:Properties",
        "misfits:",
        "misfits",
        "missing_module:Stage",
        ":Misfit",
        "",
        "os:system",
        "builtins:dict",
        "pipeline.frame:Frame",
    ],
)
def test_what_is_no_stage_class_is_named(factory: str) -> None:
    with pytest.raises(ConfigError, match=f"'{factory}'"):
        load_class(factory)


@pytest.mark.parametrize("properties", [{"hwo": "pass"}, {"how": []}, {"how": None}])
def test_properties_that_are_wrong_are_a_config_error(properties: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="property 'h"):
        Node(NodeSpec("it", "misfits:Misfit", properties), Around())


def test_a_node_describes_its_pads() -> None:
    made = node(Around()).describe()
    assert (made.stage, made.sink_caps) == ("it", str(RAW))
    assert made.src_caps == {"left": str(RAW), "right": str(RAW)}
    assert node(Around(), "playthings:Counting").describe().sink_caps is None
    assert node(Around(), "misfits:User").describe().src_caps == {}
