"""The one conversion of colours: any mode that Pillow opens becomes grey or sRGB, on white.

An embedded profile is applied first, then what is transparent is laid on white, whether it is an
alpha channel, a palette with alpha or a key colour that says so.
"""

import functools
import io
from typing import Any

import numpy as np
from PIL import Image, ImageCms

# Profiles of printing presses take up to 3 MB; a larger one is no profile that anybody made.
MAXIMUM_PROFILE_BYTES = 8 * 2**20
# A profile that moves no colour by more than this (of 255) says nothing but sRGB.
SRGB_LEVELS = 2
PROFILE_CLASSES = ("mntr", "scnr", "prtr", "spac")
SRGB_GAMMAS = (0.43, 0.48)
USABLE_GAMMAS = (0.1, 5.0)
SRGB_PRIMARIES = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
PRIMARIES_TOLERANCE = 0.005
GREY_MODES = ("1", "L", "LA", "La")


def in_srgb(image: Image.Image, remarks: set[str]) -> Image.Image:
    """The picture in mode "L" or "RGB", 8 bits a value.

    Args:
        image: Of any mode with 8 bits a value, loaded.
        remarks: Gets what was done: "cmyk", "lab", "transparent", "profile", "unusable_profile",
            "gamma", "primaries".
    """
    is_grey = image.mode in GREY_MODES
    alpha = None
    if image.has_transparency_data:
        whole = image.convert("LA") if image.mode == "La" else image
        whole = whole.convert("RGBA")
        alpha = whole.getchannel("A")
        plain = whole.convert("L" if is_grey else "RGB")
    elif image.mode in ("L", "RGB", "CMYK", "LAB"):
        plain = image
    else:
        plain = image.convert("L" if is_grey else "RGB")
    remarks |= {mode.lower() for mode in ("CMYK", "LAB") if plain.mode == mode}
    plain = _profiled(plain, image.info, remarks)
    if alpha is None or alpha.getextrema() == (255, 255):
        return plain
    remarks.add("transparent")
    colour = plain.convert("RGBA")
    colour.putalpha(alpha)
    white = Image.new("RGBA", colour.size, (255, 255, 255, 255))
    flat = Image.alpha_composite(white, colour).convert("RGB")
    return flat.convert("L") if is_grey else flat


def _profiled(image: Image.Image, info: dict[Any, Any], remarks: set[str]) -> Image.Image:
    """The picture of mode "L", "RGB", "CMYK" or "LAB" as its file says that colours are meant."""
    if image.mode == "LAB":
        return _applied(image, _lab_conversion())
    profile = info.get("icc_profile")
    if isinstance(profile, bytes) and profile:
        conversion = _conversion(profile, image.mode)
        if isinstance(conversion, ImageCms.ImageCmsTransform):
            remarks.add("profile")
            return _applied(image, conversion)
        if conversion == "unusable":
            remarks.add("unusable_profile")
    elif "icc_profile" in info:
        remarks.add("unusable_profile")
    elif "srgb" not in info:
        image = _by_chunks(image, info, remarks)
    return image.convert("RGB") if image.mode == "CMYK" else image


def _by_chunks(image: Image.Image, info: dict[Any, Any], remarks: set[str]) -> Image.Image:
    """What PNG says of its colours in the chunks gAMA and cHRM, where it has no profile."""
    primaries = info.get("chromaticity")
    if image.mode == "RGB" and primaries is not None:
        furthest = max(abs(a - b) for a, b in zip(primaries, SRGB_PRIMARIES, strict=True))
        if furthest > PRIMARIES_TOLERANCE:
            remarks.add("primaries")
    gamma = info.get("gamma")
    if gamma is None or SRGB_GAMMAS[0] <= gamma <= SRGB_GAMMAS[1]:
        return image
    if not USABLE_GAMMAS[0] <= gamma <= USABLE_GAMMAS[1]:
        remarks.add("unusable_profile")
        return image
    remarks.add("gamma")
    light = (np.arange(256) / 255) ** (1 / gamma)
    # Source of the curve: IEC 61966-2-1, sRGB.
    curve = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    levels = np.rint(255 * curve).astype(int).tolist()
    return image.point(levels * len(image.getbands()))


def _applied(image: Image.Image, conversion: ImageCms.ImageCmsTransform) -> Image.Image:
    """Grey stays grey: a profile bends its curve, and gives it no hue."""
    taken = image if image.mode == conversion.input_mode else image.convert(conversion.input_mode)
    colour = ImageCms.applyTransform(taken, conversion)
    assert colour is not None
    return colour.convert("L") if image.mode == "L" else colour


@functools.lru_cache(maxsize=32)
def _conversion(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | str:
    """What brings colours of this profile to sRGB; "none" where they are, or "unusable".

    A profile of red, green and blue is used for grey pictures as well.
    """
    if len(profile) > MAXIMUM_PROFILE_BYTES:
        return "unusable"
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        space = opened.profile.xcolor_space.strip()
        kind = opened.profile.device_class.strip()
        spaces = {"L": ("GRAY", "RGB"), "RGB": ("RGB",), "CMYK": ("CMYK",)}[mode]
        if space not in spaces or kind not in PROFILE_CLASSES:
            return "unusable"
        conversion = ImageCms.buildTransform(
            opened,
            ImageCms.createProfile("sRGB"),
            "L" if space == "GRAY" else space,
            "RGB",
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        return conversion if mode == "CMYK" or _moves(conversion, mode) else "none"
    except Exception:
        # The library tells of a broken profile by OSError, PyCMSError, ValueError, TypeError, …
        return "unusable"


def _moves(conversion: ImageCms.ImageCmsTransform, mode: str) -> bool:
    """Whether some colour becomes another one by it."""
    levels = np.linspace(0, 255, 9).astype(np.uint8)
    if mode == "L":
        probe = np.arange(256, dtype=np.uint8)[None]
    else:
        probe = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, -1, 3)
    moved = np.asarray(_applied(Image.fromarray(probe), conversion)).astype(int)
    return bool(np.abs(moved - probe).max() > SRGB_LEVELS)


@functools.lru_cache(maxsize=1)
def _lab_conversion() -> ImageCms.ImageCmsTransform:
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    return ImageCms.buildTransform(
        lab, srgb, "LAB", "RGB", renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC
    )
