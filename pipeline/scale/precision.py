"""Whether this machine multiplies in bfloat16 by itself, or only imitates it in software.

Imitated it is 2.6 times (AVX-512 without BF16) to 12 times (AVX2) slower than fp32.
"""

import functools
import logging
import os
import platform
import time

import torch
from torch import nn

log = logging.getLogger(__name__)

# By these oneDNN is told to use less of the processor than there is.
CAPS = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA")
ROUNDS = 5
PROBE_SAMPLES, PROBE_PLANES, PROBE_SIDE_PX = 32, 32, 14


@functools.cache
def bf16_is_native() -> bool:
    """Whether bf16 pays here; decided once a process.

    A GPU says so itself. On a CPU both oneDNN and the processor must have it: oneDNN alone says yes
    wherever it can imitate bf16 with AVX-512, and the processor alone knows nothing of a cap on
    oneDNN. Where neither answer settles it, a convolution is timed in both precisions.
    """
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if not onednn_has_bf16():
        return False
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return bf16_is_faster()
    return processor_has_bf16() and (not any(map(os.environ.get, CAPS)) or bf16_is_faster())


def onednn_has_bf16() -> bool:
    """Whether oneDNN runs bf16 at all, a cap on it included."""
    mkldnn = torch.ops.mkldnn
    # Absent where torch was built without oneDNN.
    asked = getattr(mkldnn, "_is_mkldnn_bf16_supported", None)
    return asked is not None and bool(asked())


def processor_has_bf16() -> bool:
    """Whether the x86 processor has AVX512-BF16 or AMX-BF16, whatever oneDNN is told."""
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def bf16_is_faster() -> bool:
    """Whether a convolution, forward and backward, takes less time in bf16 than in fp32.

    The best of a few rounds taken in turns, well below half a second; where bf16 is imitated the
    two differ by a factor, so that other work on the machine does not turn the answer.
    """
    best = dict.fromkeys((torch.float32, torch.bfloat16), float("inf"))
    with torch.random.fork_rng(devices=[]):
        probes = {precision: _probe(precision) for precision in best}
        for _ in range(ROUNDS):
            for precision, (layer, batch) in probes.items():
                start = time.perf_counter()
                layer(batch).float().square().sum().backward()
                best[precision] = min(best[precision], time.perf_counter() - start)
    log.debug("A convolution took %s s.", best)
    return best[torch.bfloat16] < best[torch.float32]


def _probe(precision: torch.dtype) -> tuple[nn.Conv2d, torch.Tensor]:
    layer = nn.Conv2d(PROBE_PLANES, PROBE_PLANES, 3, padding=1, dtype=precision)
    batch = torch.randn(PROBE_SAMPLES, PROBE_PLANES, PROBE_SIDE_PX, PROBE_SIDE_PX)
    return layer, batch.to(precision).requires_grad_(True)
