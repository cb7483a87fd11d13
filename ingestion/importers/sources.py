"""Reading other systems' files: plain or gzipped, any delimiter and encoding, in constant memory."""

import codecs
import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from settings import UserError

Progress = Callable[[int], None]  # told how many more bytes of the source are done
TABLES = (".csv", ".csv.gz", ".tsv", ".tsv.gz")
CHUNK = 1 << 20
MAX_LINE = 65_536


def no_progress(_: int) -> None:
    """For callers that show none."""


@dataclass(frozen=True)
class Source:
    """A file that was looked at: what identifies its content and how its bytes become text."""

    path: Path
    digest: str
    encoding: str
    size: int  # bytes on disk


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a table; `line` is where it starts, from 1."""

    line: int
    values: list[str]
    raw: str


def table_files(path: Path) -> list[Path]:
    """The file itself, or the tables in a folder by name. Raises UserError when there is none."""
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise UserError(f"{path}: there is no such file or folder")
    found = sorted(file for file in path.iterdir() if file.is_file() and file.name.endswith(TABLES))
    if not found:
        raise UserError(f"{path}: the folder holds no {', '.join(TABLES)} file")
    return found


def inspect(path: Path, encodings: Sequence[str]) -> Source:
    """Hash a file and find the first of `encodings` that reads all of it.

    Raises UserError naming the file, and the line where its last encoding fails.
    """
    digest = hashlib.sha256()
    # utf-8-sig also drops the byte order mark that spreadsheets put in front.
    names = ["utf-8-sig" if codecs.lookup(name).name == "utf-8" else name for name in encodings]
    decoders = {name: codecs.getincrementaldecoder(name)() for name in names}
    failure = ""
    lines = 1
    with open_bytes(path) as file:
        while chunk := _read(file, path):
            digest.update(chunk)
            if b"\0" in chunk:
                raise UserError(
                    f"{path}: line {lines + chunk[: chunk.index(0)].count(10)}: this is no text file"
                )
            for name in list(decoders):
                try:
                    decoders[name].decode(chunk)
                except UnicodeDecodeError as problem:
                    failure = f"line {lines + problem.object[: problem.start].count(10)}: not {name}"
                    del decoders[name]
            lines += chunk.count(10)
            if not decoders:
                raise UserError(f"{path}: {failure}; name the right encoding")
    return Source(path, digest.hexdigest(), next(iter(decoders)), path.stat().st_size)


def open_bytes(path: Path) -> BinaryIO:
    """Open a file for reading, through gzip when its name says so. Raises UserError when it cannot be."""
    try:
        return cast(BinaryIO, gzip.open(path)) if path.suffix == ".gz" else path.open("rb")
    except OSError as problem:
        raise UserError(f"{path}: {problem.strerror}") from None


def records(source: Source, delimiter: str | None, progress: Progress = no_progress) -> Iterator[Record]:
    """The rows of a table, the header first.

    `delimiter` None goes by the name: a tab in .tsv, else a comma. Raises UserError where it is no table.
    """
    separator = delimiter or ("\t" if ".tsv" in source.path.name else ",")
    pending: list[str] = []

    def lines(text: io.TextIOWrapper) -> Iterator[str]:
        for line in text:
            pending.append(line)
            yield line

    with open_bytes(source.path) as file:
        reader = csv.reader(lines(io.TextIOWrapper(file, source.encoding, newline="")), delimiter=separator)
        line, done = 1, 0
        try:
            for values in reader:
                if values:
                    yield Record(line, values, "".join(pending).rstrip("\r\n"))
                pending.clear()
                line = reader.line_num + 1
                if not line & 1023:
                    position = _position(file)
                    progress(position - done)
                    done = position
        except csv.Error as problem:
            raise UserError(f"{source.path}: line {line}: {problem} (is a quote left open?)") from None
        except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
            raise UserError(f"{source.path}: the gzip file is damaged: {problem}") from None
        progress(source.size - done)


def fingerprint(path: Path) -> str:
    """The hash of a file's content, unzipped. Raises UserError when it cannot be read."""
    digest = hashlib.sha256()
    with open_bytes(path) as file:
        while chunk := _read(file, path):
            digest.update(chunk)
    return digest.hexdigest()


def text_lines(path: Path, progress: Progress = no_progress) -> Iterator[tuple[int, str]]:
    """The lines of a file with their numbers, from 1; bytes that are no UTF-8 are read as Latin-1.

    Of a line longer than MAX_LINE bytes only that much is kept.
    """
    done = 0
    with open_bytes(path) as file:
        number = 0
        while raw := file.readline(MAX_LINE):
            number += 1
            rest = raw
            while len(rest) == MAX_LINE and not rest.endswith(b"\n"):
                rest = file.readline(MAX_LINE)
            try:
                line = raw.decode()
            except UnicodeDecodeError:
                line = raw.decode("latin-1")
            yield number, line.rstrip("\r\n")
            if not number & 4095:
                position = _position(file)
                progress(position - done)
                done = position
    progress(path.stat().st_size - done)


def _position(file: BinaryIO) -> int:
    """Bytes of the file on disk that are read: of the compressed one where there is one."""
    return file.fileobj.tell() if isinstance(file, gzip.GzipFile) and file.fileobj else file.tell()


def _read(file: BinaryIO, path: Path) -> bytes:
    try:
        return file.read(CHUNK)
    except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
        raise UserError(f"{path}: the gzip file is damaged: {problem}") from None
