"""Signs a combination of the matrix through the port that the signing cycle uses (``signing/format.py``)."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

import typst

from conformance.matrix import Combination
from conformance.world import Person, World
from qsignhub.foundation.clock import SystemClock
from qsignhub.foundation.signature_algorithms import algorithm_named
from qsignhub.signing.format import Attachment, DataObject, Format, Intent, Made
from qsignhub.signing.formats import FORMATS
from qsignhub.signing.pades.appearance import Appearance, SummaryMark
from qsignhub.timestamping.model import TimestampToken

_CLOCK = SystemClock()


@dataclass(frozen=True, slots=True)
class Output:
    """A signed file. ``content`` is what a detached signature is over, beside it; ``certificates``
    (DER) are the signers', in the order they signed.
    """

    combination: Combination
    file: Path
    content: Path | None
    certificates: tuple[bytes, ...]

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.file.read_bytes()).hexdigest()


class LevelNotReached(Exception):
    """The format cannot sign so."""


async def signed(world: World, combination: Combination, folder: Path) -> Output:
    """Signs into ``folder``, which has nothing but finished files. Raises what the format raises."""
    form = FORMATS[combination.format, combination.packaging]
    people = await world.people(
        algorithm_named(combination.algorithm), one_time=combination.level in {"B-LT", "B-LTA"}
    )
    work = folder.with_name(f"{folder.name}.work")
    work.mkdir(exist_ok=True)
    signing = _Signing(world, form, combination, work)
    signers = people[: combination.signers]
    for person in signers:
        await signing.add(person)
    if combination.level == "B-LTA":
        await signing.archive()
    target = folder / f"{combination.name}{form.suffix}"
    signing.latest.replace(target)
    content = None
    if combination.packaging == "detached":
        content = target.with_name(f"{target.name}.content") / combination.document.path.name
        content.parent.mkdir()
        shutil.copyfile(combination.document.path, content)
    return Output(combination, target, content, tuple(person.certificate for person in signers))


_STATEMENT = "Approved by the board"
_ATTACHMENT = Attachment(
    "audit-trail.pdf",
    "application/pdf",
    "Audit trail",
    typst.compile(b"= Audit trail", format="pdf", pdf_standards="a-2b"),
)


class _Signing:
    def __init__(self, world: World, form: Format, combination: Combination, work: Path) -> None:
        self._world = world
        self._form = form
        self._level = combination.level
        self._document = combination.document.path
        self._data_object = DataObject(self._document.name, combination.document.mime_type)
        self._visible = combination.format == "pades" and combination.number % 2 == 0
        self._work = work
        self._latest: Path | None = None
        self._count = 0
        self._token: TimestampToken | None = None

    @property
    def latest(self) -> Path:
        if self._latest is None:
            raise LevelNotReached("nothing was signed")
        return self._latest

    async def add(self, person: Person) -> None:
        """One more signature, as the cycle makes it: prepare, sign, timestamp, embed."""
        self._count += 1
        target = self._work / f"revision-{self._count}"
        target.unlink(missing_ok=True)
        chain = person.path[1:-1]
        intent = Intent(
            name=f"Signature-{self._count}",
            certificate=person.certificate,
            algorithm=person.algorithm,
            claimed_time=_CLOCK.now(),
            data_object=self._data_object,
            chain=chain,
            statement=_STATEMENT,
            appearance=_appearance(self._count) if self._visible else None,
            attachment=_ATTACHMENT,
        )
        prepared = self._form.prepare(self._document, self._latest, target, intent)
        signature = person.algorithm.sign(person.key, self._form.message(prepared))
        token = data = None
        if self._level != "B-B":
            imprint = self._form.imprint(prepared, signature, person.certificate)
            token = self._token = await self._world.timestamp(imprint)
        if token is not None and self._level != "B-T":
            data = await self._world.validation_data(token, person.path)
        if prepared.reserved is None:
            shutil.copyfile(self._latest or self._document, target)
        made = Made(
            prepared=prepared,
            first=self._latest is None,
            data_object=self._data_object,
            certificate=person.certificate,
            algorithm=person.algorithm,
            chain=chain,
            signature=signature,
            timestamp_token=token.der if token else None,
            validation_data=data,
        )
        self._form.embed(target, made)
        self._latest = target

    async def archive(self) -> None:
        """Archive timestamps over all of it, with the status of the timestamps so far."""
        if self._token is None:
            raise LevelNotReached("an archive timestamp is over signatures that have timestamps")
        target = self._work / "archived"
        target.unlink(missing_ok=True)
        data = await self._world.validation_data(self._token)
        prepared = self._form.prepare_archive(
            self._document, self.latest, target, name="Timestamp-1", data=data
        )
        tokens = [(await self._world.timestamp(imprint)).der for imprint in prepared.imprints]
        self._form.complete_archive(target, prepared, tokens)
        self._latest = target


def _appearance(number: int) -> Appearance:
    """In the last page's margin, where no document of ours or another's has a field."""
    return Appearance(
        SummaryMark(()),
        signer_name=f"Žofie Żółć {number}",
        level_requested="qes",
        sandbox=True,
        reason=_STATEMENT,
    )
