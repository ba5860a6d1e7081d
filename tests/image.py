"""The file system of a Dockerfile's image, built without an engine, and commands in it.

The instructions are followed in a root folder of their own. A base image is this machine's system, read-only, with another Python at /usr/local, as in the
images of python. Commands run there by chroot, in mounts that no other process sees, so only root can do it.
"""
import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

SYSTEM = ("bin", "etc", "lib", "lib64", "opt", "sbin", "usr")  # of this machine, read-only
ENTER = """
set -e
root=$1 python=$2; shift 2
for folder in bin etc lib lib64 opt sbin usr; do
    if [ -d "$root/$folder" ] && ! [ -L "$root/$folder" ]; then mount --bind -o ro "/$folder" "$root/$folder"; fi
done
mount --bind -o ro "$python" "$root/usr/local"
for folder in dev proc sys; do mount --rbind "/$folder" "$root/$folder"; done
exec chroot "$@"
"""
PATH = "/usr/local/bin:/usr/bin:/bin"
TMPFS_MODE = 0o1777


@dataclass(frozen=True)
class Image:
    """A root folder, and what the Dockerfile says of processes in it."""

    root: Path
    python: Path                                             # the folder of the Python at /usr/local
    environment: dict[str, str] = field(default_factory=dict)
    folder: str = "/"                                        # of WORKDIR
    user: str = "0:0"
    command: tuple[str, ...] = ()                            # of CMD
    health: tuple[str, ...] = ()                             # of HEALTHCHECK

    def entering(self, *command: str, **environment: str) -> list[str]:
        """A command of this machine that becomes a command in the image; the process keeps its id."""
        given = {"PATH": PATH, "HOME": "/root" if self.user == "0:0" else "/", "LD_LIBRARY_PATH": "/usr/local/lib"} | self.environment | environment
        words = [str(self.root), str(self.python), f"--userspec={self.user}", str(self.root)]
        inner = ["env", "--ignore-environment", f"--chdir={self.folder}", *(f"{name}={value}" for name, value in given.items()), *command]
        return ["unshare", "--mount", "sh", "-c", ENTER, "enter", *words, *inner]


def can_build() -> bool:
    """Whether this process may mount and change its root."""
    return os.geteuid() == 0 and shutil.which("unshare") is not None and subprocess.run(["unshare", "--mount", "true"], check=False).returncode == 0


def build(dockerfile: Path, context: Path, files: Iterable[str], python: Path, folder: Path) -> Image:
    """The image of a Dockerfile's last stage. files: paths within the context; python: folder of the Python at /usr/local; folder: where roots are made."""
    sent = allowed(files, dockerignore(dockerfile, context))
    stages: dict[str, Image] = {}
    image = None
    for number, (word, text) in enumerate(instructions(dockerfile)):
        if word == "FROM":
            _, *name = re.split(" AS ", text)
            image = empty(folder / str(number), python)
            stages[name[0] if name else ""] = image
            continue
        assert image, "a Dockerfile begins with FROM"
        image = follow(image, word, text, context, sent, stages)
        stages = {name: image if stage.root == image.root else stage for name, stage in stages.items()}
    assert image
    return image


def empty(root: Path, python: Path) -> Image:
    """A base image: mount points and links for the system, and folders that every system has."""
    for name in (*SYSTEM, "dev", "proc", "sys", "root", "tmp"):
        if (Path("/") / name).is_symlink():
            root.mkdir(parents=True, exist_ok=True)
            (root / name).symlink_to((Path("/") / name).readlink())
        elif (Path("/") / name).is_dir():
            (root / name).mkdir(parents=True)
    (root / "tmp").chmod(TMPFS_MODE)
    return Image(root, python)


def follow(image: Image, word: str, text: str, context: Path, sent: list[str], stages: dict[str, Image]) -> Image:
    """The image after one instruction."""
    match word:
        case "RUN":
            pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_") or name.lower().endswith("_proxy")}
            ended = subprocess.run(image.entering("sh", "-c", text, **pip), capture_output=True, text=True, check=False)
            assert ended.returncode == 0, f"RUN {text}\n{ended.stdout}{ended.stderr}"
        case "COPY":
            copy(image, text, context, sent, stages)
        case "ENV":
            given = dict(pair.split("=", 1) for pair in shlex.split(text))
            known = {"PATH": PATH} | image.environment
            values = {name: re.sub(r"\$(\w+)", lambda found: known[found[1]], value) for name, value in given.items()}
            return replace(image, environment=image.environment | values)
        case "WORKDIR":
            (image.root / text.lstrip("/")).mkdir(parents=True, exist_ok=True)
            return replace(image, folder=text)
        case "USER":
            return replace(image, user=text)
        case "CMD":
            return replace(image, command=tuple(json.loads(text)))
        case "HEALTHCHECK":
            return replace(image, health=tuple(json.loads(text.partition("CMD ")[2])))
        case "EXPOSE":
            pass
        case _:
            raise AssertionError(f"{word}: an instruction that this builder does not know")
    return image


def copy(image: Image, text: str, context: Path, sent: list[str], stages: dict[str, Image]) -> None:
    *flags, source, target = text.split()
    to = image.root / (PurePosixPath(image.folder) / target).relative_to("/")
    if flags:
        stage = stages[flags[0].removeprefix("--from=")]
        shutil.copytree(stage.root / source.lstrip("/"), to, symlinks=True, dirs_exist_ok=True, copy_function=linked)
        return
    files = sent if source == "." else [path for path in sent if path == source or path.startswith(f"{source}/")]
    assert files, f"COPY {text}: nothing is sent"
    for path in files:
        into = to / path if source == "." or target.endswith("/") else to / PurePosixPath(path).relative_to(source)
        into.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(context / path, into)


def linked(source: str, target: str) -> None:
    """Stages share their files here: nothing changes a file after it was copied."""
    os.link(source, target, follow_symlinks=False)


def instructions(dockerfile: Path) -> Iterator[tuple[str, str]]:
    """Each instruction's word and the rest of it, in one line."""
    lines = [line for line in dockerfile.read_text().splitlines() if line and not line.startswith("#")]
    for line in re.sub(r"\s*\\\n\s*", " ", "\n".join(lines)).splitlines():
        word, _, text = line.partition(" ")
        yield word, text.strip()


def dockerignore(dockerfile: Path, context: Path) -> list[str]:
    """The rules for a Dockerfile: its own file, else the context's. Source: https://docs.docker.com/build/concepts/context/#dockerignore-files"""
    own = dockerfile.with_name(f"{dockerfile.name}.dockerignore")
    file = own if own.exists() else context / ".dockerignore"
    return [line.strip() for line in file.read_text().splitlines() if line.strip() and not line.startswith("#")]


def allowed(paths: Iterable[str], rules: list[str]) -> list[str]:
    """Paths that are sent to the engine: a rule counts for a path and all below it, the last one that matches decides."""
    patterns = [(rule.startswith("!"), pattern(rule.lstrip("!").strip("/"))) for rule in rules]

    def kept(path: str) -> bool:
        parts = PurePosixPath(path).parts
        prefixes = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
        matching = [kept for kept, expression in patterns if any(expression.fullmatch(prefix) for prefix in prefixes)]
        return matching[-1] if matching else True

    return [path for path in paths if kept(path)]


def pattern(rule: str) -> re.Pattern[str]:
    meanings = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile(re.sub(r"\*\*/|\*\*|\*|\?|[^*?]+", lambda piece: meanings.get(piece[0]) or re.escape(piece[0]), rule))
