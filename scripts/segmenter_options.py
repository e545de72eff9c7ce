"""The command line of train_segmenter, and the plan that it makes. No torch: --help works without it."""

from __future__ import annotations

import argparse
import math
from dataclasses import replace
from pathlib import Path

from segmenter_recipes import ENCODER, MIX, PRECISIONS, RECIPES, SCHEDULES, Plan

LEAST_PX = 32
_KINDS = 4


def parser(description: str) -> argparse.ArgumentParser:
    """All options; figures in brackets are what holds without one."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("net", choices=RECIPES, help="which net")
    made.add_argument("out", type=Path, help="the folder of the run; made if it is not there")

    data = made.add_argument_group("data")
    data.add_argument(
        "--pairs", type=Path, required=True, action="append", metavar="DIR",
        help="folder with images/ and masks/, pairs having the same name; an index.csv with id and split (train, val)"
        " is honoured, without one every tenth pair is for validation; may be given several times",
    )  # fmt: skip
    data.add_argument("--slides", type=Path, metavar="DIR", help="pictures of slides to compose with; else drawn ones")
    data.add_argument("--valid-slides", type=Path, metavar="DIR", help="others, to measure with; else drawn ones")
    data.add_argument(
        "--longest",
        type=pixels,
        metavar="PX",
        help="pairs are kept in memory with no longer side (half more than --size)",
    )
    data.add_argument("--valid", type=number, default=0, metavar="N", help="so many pairs of validation at most (all)")
    data.add_argument("--checks", type=number, default=96, metavar="N", help="composed scenes to measure with (96)")

    scenes = made.add_argument_group("scenes")
    scenes.add_argument(
        "--mix", type=weights, default=MIX, metavar="P,F,S,E",
        help="how often: pairs as they are, as face cam, standing before slides, nobody"
        f" ({','.join(f'{each:g}' for each in MIX)}); 1,0,0,0 is the papers'",
    )  # fmt: skip
    scenes.add_argument(
        "--unvaried", action="store_true",
        help="no zoom, light, blur, noise and JPEG blocks: only flips and crop, as published",
    )  # fmt: skip
    scenes.add_argument("--size", type=pixels, metavar="PX", help="pictures are made squares of it (320; isnet 1024)")
    scenes.add_argument(
        "--crop", type=pixels, metavar="PX",
        help="and a square of this side is cut out of it (nine tenths of --size; isnet all of it); for lectures take"
        " --size, since face cams are in the corners",
    )  # fmt: skip
    scenes.add_argument("--horizontal-flip", type=share, metavar="P", help="of pairs as they are (0.5)")
    scenes.add_argument("--vertical-flip", type=share, metavar="P", help="of the same (0.5; isnet 0)")

    training = made.add_argument_group("training")
    training.add_argument("--epochs", type=count, default=100, metavar="N", help="in all, also after --resume (100)")
    training.add_argument("--samples", type=count, metavar="N", help="scenes in an epoch (as many as pairs)")
    training.add_argument("--batch", type=several, metavar="N", help="scenes in a step of each process (12; isnet 8)")
    training.add_argument("--rate", type=positive, metavar="R", help="learning rate of Adam (0.001)")
    training.add_argument(
        "--schedule", choices=SCHEDULES, default="constant", help="of the rate over all epochs (constant, as published)"
    )
    training.add_argument(
        "--average", type=share, default=0.0, metavar="SHARE",
        help="measure and keep the running average of the weights, of which a step leaves this share: 0.999 (0: none)",
    )  # fmt: skip
    training.add_argument("--weights", type=Path, metavar="FILE", help="begin with these instead of random ones")
    training.add_argument("--encoder", type=Path, metavar="FILE", help="isnet: a ground-truth encoder that is trained")
    training.add_argument(
        "--encoder-epochs", type=count, default=20, metavar="N",
        help="isnet, without --encoder: epochs of stage one, which trains it in OUT/encoder (20)",
    )  # fmt: skip
    training.add_argument("--seed", type=number, default=0, metavar="N", help="of weights, order and scenes (0)")

    running = made.add_argument_group("running")
    running.add_argument("--resume", action="store_true", help="go on with the run in the folder, if there is one")
    running.add_argument("--device", metavar="NAME", help="cpu, cuda, cuda:1 (cuda where there is one)")
    running.add_argument(
        "--precision", choices=PRECISIONS,
        help="inside the net; bf16 and fp16 are mixed, fp16 needs cuda (bf16 on cuda; fp32 on the cpu)",
    )  # fmt: skip
    running.add_argument("--threads", type=count, metavar="N", help="of the cpu's arithmetic (as PyTorch chooses)")
    running.add_argument("--workers", type=number, default=0, metavar="N", help="threads that compose scenes (0)")
    running.add_argument("--valid-size", type=pixels, default=0, metavar="PX", help="side of what is measured (--size)")
    running.add_argument("-q", "--quiet", action="store_true", help="print nothing but errors")
    return made


def plan_of(options: argparse.Namespace, device: str) -> Plan:
    """The plan; its samples are 0 if they are to be as many as there are pairs. Raises ConfigError."""
    from pipeline.errors import ConfigError

    known = RECIPES[options.net]
    size = options.size or known.size
    recipe = replace(
        known,
        size=size,
        crop=options.crop or size * known.crop // known.size,
        batch=options.batch or known.batch,
        rate=options.rate or known.rate,
        horizontal=known.horizontal if options.horizontal_flip is None else options.horizontal_flip,
        vertical=known.vertical if options.vertical_flip is None else options.vertical_flip,
    )
    if recipe.crop > recipe.size:
        raise ConfigError(f"--crop {recipe.crop} is more than --size {recipe.size}; take less")
    cuda = device.startswith("cuda")
    if options.precision == "fp16" and not cuda:
        raise ConfigError(f"--precision fp16 needs cuda, not {device}; take bf16 or fp32")
    if options.encoder is not None and options.net != "isnet":
        raise ConfigError(f"--encoder is for isnet; {options.net} has none")
    return Plan(
        net=options.net,
        recipe=recipe,
        out=options.out,
        epochs=options.epochs,
        samples=options.samples or 0,
        seed=options.seed,
        schedule=options.schedule,
        average=options.average,
        precision=options.precision or ("bf16" if cuda else "fp32"),
        device=device,
        mix=options.mix,
        encoder=options.encoder,
        checks=options.checks,
        valid_px=options.valid_size,
        workers=options.workers,
    )


def stage_one(plan: Plan, epochs: int) -> Plan:
    """The plan by which the ground-truth encoder is trained for ``plan``: on masks alone, in a folder of its own."""
    return replace(plan, net=ENCODER, out=plan.out / "encoder", epochs=epochs)


def pixels(text: str) -> int:
    """A side in px. Raises ArgumentTypeError."""
    if not text.isdecimal() or int(text) < LEAST_PX:
        raise argparse.ArgumentTypeError(f"'{text}': a number of pixels is needed, at least {LEAST_PX}")
    return int(text)


def number(text: str) -> int:
    """Zero or more. Raises ArgumentTypeError."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"'{text}': 0 or a whole number is needed")
    return int(text)


def count(text: str) -> int:
    """One or more. Raises ArgumentTypeError."""
    if number(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}': 1 or more is needed")
    return int(text)


def several(text: str) -> int:
    """Two or more: batch normalisation has no statistics of one. Raises ArgumentTypeError."""
    if number(text) < 2:
        raise argparse.ArgumentTypeError(f"'{text}': 2 or more is needed")
    return int(text)


def share(text: str) -> float:
    """From 0 to 1. Raises ArgumentTypeError."""
    if not 0.0 <= (read := _real(text)) <= 1.0:
        raise argparse.ArgumentTypeError(f"'{text}': a number from 0 to 1 is needed")
    return read


def positive(text: str) -> float:
    """More than 0. Raises ArgumentTypeError."""
    if (read := _real(text)) <= 0.0:
        raise argparse.ArgumentTypeError(f"'{text}': a number above 0 is needed")
    return read


def weights(text: str) -> tuple[float, ...]:
    """Four weights, not all of them 0. Raises ArgumentTypeError."""
    read = tuple(_real(each) for each in text.split(","))
    if len(read) != _KINDS or min(read) < 0 or sum(read) == 0:
        raise argparse.ArgumentTypeError(f"'{text}': four weights are needed, such as 45,22,23,10")
    return read


def _real(text: str) -> float:
    try:
        read = float(text)
    except ValueError:
        read = math.nan
    if not math.isfinite(read):
        raise argparse.ArgumentTypeError(f"'{text}': a number is needed")
    return read
