"""From a video to a pipeline, and what is done and said at the end of its run."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from pipeline.config import PipelineConfig
from pipeline.errors import ConfigError, SourceError, StageError
from pipeline.following import Followed
from pipeline.messages import Element, Ledger
from pipeline.stage import validated
from pipeline.supervisor import Outcome
from pipeline.tally import Tally
from pipeline.testing import Recorder
from pipeline.toml_config import load
from pipeline.topology import validate
from stages.bgsub import Bgsub, BgsubProperties
from stages.conversion import Conversion, Options, finish, pipeline, plan
from stages.decoder.properties import DecoderProperties
from stages.exporter import index
from stages.journal import FILE_NAME as JOURNAL_NAME
from stages.journal import Journal
from stages.keeper import keeper
from stages.keeper.settings import LectureSettings
from stages.presets import PRESETS
from stages.segmentation import Segmentation, SegmentationProperties

LECTURE = Path(__file__).parents[2] / "configs" / "lecture.toml"
ROOM = LECTURE.with_name("room.toml")
PRESENTER = LECTURE.with_name("presenter.toml")


@pytest.fixture
def video(tmp_path: Path) -> Conversion:
    path = tmp_path / "talk.mp4"
    path.write_bytes(b"")
    return Conversion(str(path), tmp_path / "out")


def properties(config: PipelineConfig, stage: str) -> dict[str, object]:
    return dict(next(each.properties for each in config.stages if each.name == stage))


def test_each_video_gets_a_folder_beside_where_the_command_stands() -> None:
    assert plan(["a/talk.mp4", "b/intro.v2.mkv", "http://host/live.mp4?key=1"], None) == [
        Conversion("a/talk.mp4", Path("talk_slides")),
        Conversion("b/intro.v2.mkv", Path("intro.v2_slides")),
        Conversion("http://host/live.mp4?key=1", Path("live_slides")),
    ]


def test_an_output_is_the_folder_of_one_video_and_the_parent_of_several() -> None:
    assert plan(["talk.mp4"], Path("out"))[0].location == Path("out")
    assert [each.location for each in plan(["a.mp4", "b.mp4"], Path("out"))] == [
        Path("out/a_slides"),
        Path("out/b_slides"),
    ]


def test_two_videos_for_one_folder_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"'x/talk.mp4' and 'y/talk.mkv' would both go to 'talk_slides'"):
        plan(["x/talk.mp4", "y/talk.mkv"], None)


@pytest.mark.parametrize("method", PRESETS)
def test_every_method_is_a_pipeline_of_five_processes(method: str, video: Conversion) -> None:
    config = validate(pipeline(video, Options(method)))
    assert [stage.process for stage in config.stages] == ["decoder", "bgsub", "trigger", "dedup", "exporter"]
    assert properties(config, "decoder")["uri"] == video.video
    assert properties(config, "exporter")["location"] == str(video.location)
    for stage, wanted in PRESETS[method].items():
        assert wanted.items() <= properties(config, stage).items()


def test_a_file_is_analysed_as_often_as_the_method_looks(video: Conversion) -> None:
    assert properties(pipeline(video, Options()), "decoder")["rate"] == 5
    assert "rate" not in properties(pipeline(video, Options("knn")), "decoder")


def test_where_slides_are_waited_for_or_a_mask_follows_a_presenter_it_is_not_that_seldom(video: Conversion) -> None:
    camera = Conversion("rtsp://host/room", video.location)
    assert "rate" not in properties(pipeline(camera, Options("auto")), "decoder")
    masked = pipeline(video, Options(segmentation={"model": "u2net"}))
    assert "rate" not in properties(masked, "decoder")


def test_a_file_is_decoded_where_something_happens_unless_all_is_asked_for_or_a_mask_follows(
    video: Conversion,
) -> None:
    def mode(options: Options, source: Conversion = video) -> object:
        given = properties(pipeline(source, options), "decoder")
        return given.get("mode", DecoderProperties.model_fields["mode"].default)

    assert mode(Options()) == "auto"
    assert mode(Options(mode="full")) == "full"
    assert mode(Options(mode="sparse")) == "sparse"
    masks = {"model": "u2net"}
    assert mode(Options(segmentation=masks)) == "full"
    assert mode(Options(segmentation=masks, mode="sparse")) == "sparse"
    assert mode(Options(segmentation=masks), Conversion("rtsp://host/room", video.location)) == "auto"


def test_fused_is_one_process(video: Conversion) -> None:
    assert {stage.process for stage in validate(pipeline(video, Options(fused=True))).stages} == {"convert"}


def test_options_go_to_their_stages(video: Conversion) -> None:
    config = pipeline(video, Options("knn", 5.0, 320, "webp", pdf=False, pptx=True, force=True, post_process=False))
    assert {"rate": 5.0, "width": 320}.items() <= properties(config, "decoder").items()
    assert properties(config, "dedup") == {"hash": "none"}
    exporter = properties(config, "exporter")
    assert (exporter["format"], exporter["pdf"], exporter["pptx"], exporter["force"]) == ("webp", False, True, True)


def test_a_url_with_a_password_is_not_written_into_the_result() -> None:
    open_one = pipeline(Conversion("http://host/a.mp4", Path("out")), Options())
    assert properties(open_one, "exporter")["source"] == "http://host/a.mp4"
    secret = pipeline(Conversion("http://me:pw@host/a.mp4", Path("out")), Options())
    assert properties(secret, "exporter")["source"] == ""


@pytest.mark.parametrize(("name", "words"), [("no.mp4", "No such file"), ("", "is a folder")])
def test_a_video_that_cannot_be_there_is_named_before_anything_starts(name: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=words):
        pipeline(Conversion(str(tmp_path / name), tmp_path / "out"), Options())


def test_the_config_that_is_shipped_does_what_convert_does() -> None:
    config = load(LECTURE)
    for stage in ("bgsub", "trigger", "dedup"):
        assert properties(config, stage) == dict(PRESETS["default"].get(stage, {}))
    assert properties(config, "decoder") == {"uri": "lecture.mp4", **PRESETS["default"].get("decoder", {})}


def test_the_room_that_is_shipped_does_what_the_live_preset_says() -> None:
    config = load(ROOM, application=("lectures",))
    for stage in ("bgsub", "trigger", "dedup"):
        assert properties(config, stage) == dict(PRESETS["live"].get(stage, {}))
    assert (config.restart.policy, config.service is not None) == ("process", True)
    links = {link.id: link for link in config.links}
    assert (links["decoder-bgsub"].leaky, links["decoder.packets-recorder"].leaky) == ("downstream", "no")
    assert links["decoder.packets-recorder"].window == 512
    assert keeper(config) is not None


def test_every_setting_of_a_lecture_room_is_in_the_config_that_is_shipped() -> None:
    text = ROOM.read_text()
    for name, field in LectureSettings.model_fields.items():
        (line,) = [line for line in text.splitlines() if line.removeprefix("# ").startswith(f"{name} = ")][-1:]
        if name not in ("schedule", "title"):
            (value,) = tomllib.loads(line.removeprefix("# ")).values()
            assert LectureSettings.model_validate({name: value}) == LectureSettings(), field.description


def test_nobody_looks_for_a_presenter_unless_asked(video: Conversion) -> None:
    assert [stage.name for stage in pipeline(video, Options()).stages] == [
        "decoder",
        "bgsub",
        "trigger",
        "dedup",
        "exporter",
    ]


def test_a_presenter_is_looked_for_between_decoder_and_bgsub(video: Conversion) -> None:
    config = validate(
        pipeline(video, Options(segmentation={"model": "u2net", "device": "cpu"}, pages="presenter-free"))
    )
    assert [stage.name for stage in config.stages][:3] == ["decoder", "segmentation", "bgsub"]
    assert [link.id for link in config.links][:2] == ["decoder-segmentation", "segmentation-bgsub"]
    wanted = {"model": "u2net", "device": "cpu", "wait": True, "format": "gray8"}
    assert properties(config, "segmentation") == wanted
    assert properties(config, "exporter")["pages"] == "presenter-free"


@pytest.mark.parametrize("method", PRESETS)
def test_the_planes_pass_segmentation_as_the_method_needs_them(method: str, video: Conversion) -> None:
    config = pipeline(video, Options(method, segmentation={"model": "u2net"}))
    finder = validated(SegmentationProperties, properties(config, "segmentation"))
    made = Segmentation(finder, Recorder())
    wanted = Bgsub(validated(BgsubProperties, properties(config, "bgsub")), Recorder()).sink_caps
    assert made.src_caps["frames"].can_link(wanted)


def test_a_camera_does_not_wait_for_masks() -> None:
    config = pipeline(Conversion("rtsp://camera/1", Path("out")), Options(segmentation={"model": "u2net"}))
    assert properties(config, "segmentation")["wait"] is False
    assert [link.leaky for link in config.links] == ["downstream", "no", "no", "no", "no"]


def test_the_config_for_presenters_does_what_convert_does() -> None:
    config = load(PRESENTER)
    by_hand = load(LECTURE)
    for stage in ("bgsub", "trigger", "dedup", "exporter"):
        assert properties(config, stage) == properties(by_hand, stage)
    assert properties(config, "decoder") == {"uri": "lecture.mp4", "mode": "full"}
    assert properties(config, "segmentation") == {"model": SegmentationProperties().model}


def test_the_config_for_presenters_names_defaults_that_are_true() -> None:
    told = PRESENTER.read_text().split("Of a file of your own")[0]
    for name, field in SegmentationProperties.model_fields.items():
        for line in (line for line in told.splitlines() if line.startswith(f"# {name} = ")):
            assert tomllib.loads(line.removeprefix("# ")) == {name: field.default}


@pytest.mark.parametrize("uri", ["rtsp://camera/1", "v4l2:///dev/video0"])
def test_a_camera_is_watched_live(uri: str) -> None:
    config = validate(pipeline(Conversion(uri, Path("out")), Options()))
    assert [link.leaky for link in config.links] == ["downstream", "no", "no", "no"]
    assert config.restart.policy == "process"
    assert properties(config, "dedup") == PRESETS["live"]["dedup"]


def test_a_file_is_begun_again_when_a_stage_dies(video: Conversion) -> None:
    config = pipeline(video, Options())
    assert config.restart.policy == "rollback"
    assert {link.leaky for link in config.links} == {"no"}


def test_whether_a_web_stream_is_live_may_be_said() -> None:
    address = Conversion("https://host/a.m3u8", Path("out"))
    assert pipeline(address, Options()).restart.policy == "rollback"
    live = pipeline(address, Options(live=True, credentials="env:CAMERA"))
    assert live.restart.policy == "process"
    assert {"live": "yes", "credentials": "env:CAMERA"}.items() <= properties(live, "decoder").items()


def ended(
    video: Conversion, *messages: Element, error: StageError | None = None, signal: int | None = None
) -> Followed:
    config = pipeline(video, Options())
    tally = Tally(config)
    for message in messages:
        tally.hear(message)
    return Followed(config, Outcome({"decoder": Ledger(9, 9)}, error, signal, 1.0), tally)


def result(folder: Path, slides: int, transients: int = 0, areas: int = 0) -> Element:
    """A folder with a journal, and the exporter's word that it is the result."""
    folder.mkdir()
    with Journal(folder / JOURNAL_NAME, create=True) as journal:
        journal.note("ended", "eos")
    made = {"json": str(folder / "slides.json"), "pdf": None, "pptx": None}
    found = {"slides": slides, "transients": transients, "areas": areas}
    return Element("exporter", "result", {"location": str(folder), **found, **made})


def test_the_ledger_goes_into_slides_json(video: Conversion) -> None:
    stream = Element("decoder", "stream", {"uri": "talk.mp4", "width": 640})
    told = finish(ended(video, stream, result(video.location, 2)))
    assert told == f"2 slides in {video.location}: slides.json"
    written = index.read(video.location)
    assert written.ledger is not None
    assert written.ledger["decoder"]["received"] == 9
    assert (written.source.width, written.ended) == (640, "eos")


def test_no_slides_is_said_in_a_plain_sentence(video: Conversion) -> None:
    stream = Element("decoder", "stream", {"uri": "talk.mp4"})
    told = finish(ended(video, stream, result(video.location, 0)))
    assert told == f"no slides were found in 'talk.mp4'; {video.location / 'slides.json'} says so"


def test_who_wants_no_slide_area_says_so(video: Conversion) -> None:
    assert "area" not in properties(pipeline(video, Options()), "exporter")
    assert properties(pipeline(video, Options(area=False)), "exporter")["area"] == "off"


def test_a_slide_area_is_said_in_the_closing_line(video: Conversion) -> None:
    stream = Element("decoder", "stream", {"uri": "talk.mp4"})
    told = finish(ended(video, stream, result(video.location, 3, areas=2)))
    assert told.endswith("slides.json; the slide area was found, upright pictures: 2, slides/slide-*-area.*")


@pytest.mark.parametrize("slides", [0, 2])
def test_what_was_too_short_for_a_page_is_counted_in_the_closing_line(video: Conversion, slides: int) -> None:
    stream = Element("decoder", "stream", {"uri": "talk.mp4"})
    told = finish(ended(video, stream, result(video.location, slides, transients=3)))
    assert told.endswith("; transients, too short for a page: 3, listed in slides.json")


def test_builds_go_to_dedup_and_else_it_is_as_the_preset_says(video: Conversion) -> None:
    assert properties(pipeline(video, Options(builds="all")), "dedup")["builds"] == "all"
    assert properties(pipeline(video, Options()), "dedup")["builds"] == "final"
    validate(pipeline(video, Options("knn", builds="all")))


def test_a_drained_run_says_where_it_was_stopped(video: Conversion) -> None:
    told = finish(ended(video, result(video.location, 1), signal=2))
    assert told.startswith("stopped at 0.0 s: 1 slide in ")
    assert index.read(video.location).ended == "interrupted"


def test_a_run_stopped_before_there_was_a_result_says_so(video: Conversion) -> None:
    assert finish(ended(video, signal=15)) == "stopped before there was a result"


def test_a_crash_after_a_slide_says_where_the_slides_are(video: Conversion) -> None:
    partial = video.location.with_name("out.partial")
    result(partial, 1)
    told = finish(ended(video, Element("exporter", "slide"), error=StageError("x")))
    assert told == f"; 1 slide written before that, listed in '{partial / 'slides.json'}'"
    assert index.read(partial).ledger is not None


def test_a_crash_before_any_slide_leaves_no_folder(video: Conversion) -> None:
    partial = video.location.with_name("out.partial")
    (partial / "slides").mkdir(parents=True)
    assert finish(ended(video, error=StageError("x"))) == ""
    assert not partial.exists()


def test_what_an_older_run_has_left_is_not_touched(video: Conversion) -> None:
    picture = video.location.with_name("out.partial") / "slides" / "slide-0001.png"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"x")
    assert finish(ended(video, error=StageError("x"))) == ""
    assert picture.exists()
