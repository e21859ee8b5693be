# SPDX-License-Identifier: MIT
"""What torchvision makes of small images: python generate.py > torchvision.json (needs torch and torchvision).

Each case is [function, arguments, options, name of the image, dtype, shape, values]; functions have our names.
"""
import json
import sys

import torch
import torchvision
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as F

torch.manual_seed(0)
images = {
    "uint8": torch.randint(0, 256, (3, 6, 8), dtype=torch.uint8),
    "float32": torch.rand(3, 5, 5),
    "grey": torch.randint(0, 256, (1, 7, 4), dtype=torch.uint8),
    "int16": torch.randint(0, 2**15, (1, 2, 3), dtype=torch.int16),
}
modes = {"nearest": InterpolationMode.NEAREST, "bilinear": InterpolationMode.BILINEAR}
cases = []


def flat(t):
    return [round(float(v), 7) for v in t.flatten()]


def case(function, image, compute, *args, **options):
    result = compute(images[image])
    dtype = str(result.dtype).removeprefix("torch.")
    cases.append([function, args, options, image, dtype, list(result.shape), flat(result)])


for name, image in images.items():
    if name == "int16":
        continue
    for padding in [2, (1, 3), (1, 0, 2, 3)]:
        ours = list(padding) if isinstance(padding, tuple) else padding
        theirs = [padding] if isinstance(padding, int) else list(padding)
        for mode in ["constant", "edge", "reflect", "symmetric"]:
            case("pad", name, lambda x: F.pad(x, theirs, padding_mode=mode), ours, mode=mode)
    case("pad", name, lambda x: F.pad(x, [1], fill=7), 1, fill=7)
    case("crop", name, lambda x: F.crop(x, 1, 2, 3, 2), 1, 2, 3, 2)
    for size in [3, 4, (2, 3), (9, 3), (4, 10), (11, 12)]:
        ours = list(size) if isinstance(size, tuple) else size
        case("centerCrop", name, lambda x: F.center_crop(x, [size] if isinstance(size, int) else ours), ours)
    case("horizontalFlip", name, F.horizontal_flip)
    case("verticalFlip", name, F.vertical_flip)
    for size in [3, 9, (2, 3), (11, 5), (6, 17)]:
        ours = list(size) if isinstance(size, tuple) else size
        theirs = [size] if isinstance(size, int) else ours
        for mode in modes:
            resized = lambda x: F.resize(x, theirs, interpolation=modes[mode], antialias=mode == "bilinear")
            case("resize", name, resized, ours, interpolation=mode)
    for angle in [0, 90, 180, 270, -90, 30, -17.5, 400]:
        for mode in modes:
            # A quarter turn of an uneven image puts every pixel between two: rounding errors decide for one.
            if name == "grey" and mode == "nearest" and angle in [90, 270, -90]:
                continue
            for fill in [0, 3]:
                turned = lambda x: F.rotate(x, angle, interpolation=modes[mode], fill=fill)
                case("rotate", name, turned, angle, interpolation=mode, fill=fill)
    case("erase", name, lambda x: F.erase(x, 1, 2, 3, 2, torch.tensor([[[0.5]]])), 1, 2, 3, 2, 0.5)
    for channels in [1, 3]:
        case("grayscale", name, lambda x: F.rgb_to_grayscale(x, channels), channels)
    for factor in [0, 0.3, 1, 1.7]:
        case("adjustBrightness", name, lambda x: F.adjust_brightness(x, factor), factor)
        case("adjustContrast", name, lambda x: F.adjust_contrast(x, factor), factor)
        case("adjustSaturation", name, lambda x: F.adjust_saturation(x, factor), factor)
    for factor in [-0.5, -0.2, 0, 0.1, 0.5]:
        case("adjustHue", name, lambda x: F.adjust_hue(x, factor), factor)
for name, dtypes in {
    "uint8": ["uint8", "int16", "int64", "float32", "float64"],
    "float32": ["uint8", "int8", "int16", "float64"],
    "int16": ["uint8", "int8", "int32", "float32"],
}.items():
    for dtype in dtypes:
        case("convertDtype", name, lambda x: F.to_dtype(x, getattr(torch, dtype), scale=True), dtype)

described = {
    name: {"dtype": str(x.dtype).removeprefix("torch."), "shape": list(x.shape), "values": flat(x)}
    for name, x in images.items()
}
json.dump({"torchvision": torchvision.__version__, "images": described, "cases": cases}, sys.stdout, separators=(",", ":"))
print()
