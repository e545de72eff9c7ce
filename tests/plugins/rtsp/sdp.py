"""What DESCRIBE answers: the session description of a clip and its sound, RFC 8866. Pure."""

from __future__ import annotations

import base64

from rtsp.clips import Clip
from rtsp.rtp import nals
from rtsp.sound import Sound

VIDEO_TYPE, AAC_TYPE, PCMU_TYPE = 96, 97, 0
VIDEO_CLOCK = 90_000
VIDEO_CONTROL, AUDIO_CONTROL = "video", "audio"
_NAMES = {"h264": "H264", "hevc": "H265", "mpeg4": "MP4V-ES"}
_H264_SPS, _H264_PPS = 7, 8
_HEVC_SETS = {32: "sprop-vps", 33: "sprop-sps", 34: "sprop-pps"}


def describe(clip: Clip, sound: Sound | None = None) -> str:
    """The description, with relative control names."""
    lines = [
        *("v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=test", "c=IN IP4 127.0.0.1", "t=0 0", "a=control:*"),
        f"m=video 0 RTP/AVP {VIDEO_TYPE}",
        f"a=rtpmap:{VIDEO_TYPE} {_NAMES[clip.codec]}/{VIDEO_CLOCK}",
        f"a=fmtp:{VIDEO_TYPE} {_format(clip)}",
        f"a=control:{VIDEO_CONTROL}",
    ]
    if sound is not None and sound.codec == "aac":
        sizes = "streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3"
        lines += [
            f"m=audio 0 RTP/AVP {AAC_TYPE}",
            f"a=rtpmap:{AAC_TYPE} mpeg4-generic/{sound.rate}/1",
            f"a=fmtp:{AAC_TYPE} {sizes};config={sound.config.hex()}",
            f"a=control:{AUDIO_CONTROL}",
        ]
    elif sound is not None:
        lines += [f"m=audio 0 RTP/AVP {PCMU_TYPE}", f"a=rtpmap:{PCMU_TYPE} PCMU/8000", f"a=control:{AUDIO_CONTROL}"]
    return "".join(f"{line}\r\n" for line in lines)


def _format(clip: Clip) -> str:
    first = clip.units[0].data
    if clip.codec == "mpeg4":  # everything before the first picture is configuration
        return f"profile-level-id=1;config={first[: first.index(bytes((0, 0, 1, 0xB6)))].hex()}"
    units = nals(first)
    if clip.codec == "hevc":
        sets = {nal[0] >> 1 & 0x3F: nal for nal in units}
        return ";".join(f"{name}={_text(sets[kind])}" for kind, name in _HEVC_SETS.items())
    sps = next(nal for nal in units if nal[0] & 0x1F == _H264_SPS)
    pps = next(nal for nal in units if nal[0] & 0x1F == _H264_PPS)
    return f"packetization-mode=1;profile-level-id={sps[1:4].hex()};sprop-parameter-sets={_text(sps)},{_text(pps)}"


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
