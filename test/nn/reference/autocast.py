# SPDX-License-Identifier: MIT
"""Prints the result dtypes of functions under torch.autocast("cpu"), for float32 and for bfloat16 arguments.

python3 autocast.py > autocast.json (written with PyTorch 2.15)
"""
import json

import torch
from torch.nn import functional as F


def functions(dtype):
    def x(*shape):
        return torch.rand(*shape).clamp(0.1, 0.9).to(dtype)

    classes, signs = torch.tensor([0, 1, 2]), torch.ones(3)
    return {
        "matmul": lambda: torch.matmul(x(3, 4), x(4, 5)),
        "mm": lambda: torch.mm(x(3, 4), x(4, 5)),
        "bmm": lambda: torch.bmm(x(2, 3, 4), x(2, 4, 5)),
        "mv": lambda: torch.mv(x(3, 4), x(4)),
        "dot": lambda: torch.dot(x(4), x(4)),
        "addmm": lambda: torch.addmm(x(3, 5), x(3, 4), x(4, 5)),
        "addbmm": lambda: torch.addbmm(x(3, 5), x(2, 3, 4), x(2, 4, 5)),
        "baddbmm": lambda: torch.baddbmm(x(2, 3, 5), x(2, 3, 4), x(2, 4, 5)),
        "addmv": lambda: torch.addmv(x(3), x(3, 4), x(4)),
        "einsum": lambda: torch.einsum("ij,jk->ik", x(3, 4), x(4, 5)),
        "linear": lambda: F.linear(x(3, 4), x(5, 4), x(5)),
        "bilinear": lambda: F.bilinear(x(3, 4), x(3, 5), x(6, 4, 5), x(6)),
        "conv1d": lambda: F.conv1d(x(1, 2, 8), x(3, 2, 3), x(3)),
        "conv2d": lambda: F.conv2d(x(1, 2, 8, 8), x(3, 2, 3, 3), x(3)),
        "convTranspose2d": lambda: F.conv_transpose2d(x(1, 2, 8, 8), x(2, 3, 3, 3)),
        "scaledDotProductAttention": lambda: F.scaled_dot_product_attention(x(1, 2, 3, 4), x(1, 2, 3, 4), x(1, 2, 3, 4)),
        "relu": lambda: F.relu(x(3)),
        "gelu": lambda: F.gelu(x(3)),
        "add": lambda: x(3) + x(3),
        "sum": lambda: x(3).sum(),
        "softmax": lambda: x(3).softmax(0),
        "layerNorm": lambda: F.layer_norm(x(3, 4), (4,)),
        "cat": lambda: torch.cat([x(3), signs]),
        "cdist": lambda: torch.cdist(x(3, 4), x(3, 4)),
        "mseLoss": lambda: F.mse_loss(x(3), x(3)),
        "l1Loss": lambda: F.l1_loss(x(3), x(3)),
        "smoothL1Loss": lambda: F.smooth_l1_loss(x(3), x(3)),
        "huberLoss": lambda: F.huber_loss(x(3), x(3)),
        "binaryCrossEntropy": lambda: F.binary_cross_entropy(x(3), x(3)),
        "binaryCrossEntropyWithLogits": lambda: F.binary_cross_entropy_with_logits(x(3), x(3)),
        "klDiv": lambda: F.kl_div(x(3), x(3), reduction="sum"),
        "poissonNllLoss": lambda: F.poisson_nll_loss(x(3), x(3)),
        "gaussianNllLoss": lambda: F.gaussian_nll_loss(x(3), x(3), x(3)),
        "hingeEmbeddingLoss": lambda: F.hinge_embedding_loss(x(3), signs),
        "marginRankingLoss": lambda: F.margin_ranking_loss(x(3), x(3), signs),
        "cosineEmbeddingLoss": lambda: F.cosine_embedding_loss(x(3, 4), x(3, 4), signs),
        "softMarginLoss": lambda: F.soft_margin_loss(x(3), signs),
        "multilabelSoftMarginLoss": lambda: F.multilabel_soft_margin_loss(x(3, 4), torch.ones(3, 4)),
        "multiMarginLoss": lambda: F.multi_margin_loss(x(3, 4), classes),
        "tripletMarginLoss": lambda: F.triplet_margin_loss(x(3, 4), x(3, 4), x(3, 4)),
        "crossEntropy": lambda: F.cross_entropy(x(3, 4), classes),
        "nllLoss": lambda: F.nll_loss(x(3, 4), classes),
    }


found = {}
with torch.autocast("cpu", dtype=torch.bfloat16):
    for dtype in (torch.float32, torch.bfloat16):
        for name, run in functions(dtype).items():
            found.setdefault(name, []).append(str(run().dtype).removeprefix("torch."))
print(json.dumps(found, indent=1))
